//! The OSC strings that tell rather than ask: titles, shell marks, notifications, program reports.

use super::item::{Item, Mark, Notice};
use super::report;
use super::string::{decimal, split};
use base64::Engine;

/// Bytes of a title or notification that are kept; the rest is cut, since it is shown on one line.
const MAX_TEXT: usize = 1024;
/// Bytes of a title's string that are read: the text, the number, and room for a character that is cut.
const MAX_TITLE: usize = MAX_TEXT + 8;
/// Bytes of a notification's string that are read: text in base64, and its metadata.
const MAX_NOTICE: usize = 4096;
/// Bytes of a shell mark that are read: a mark may carry a command line, which we do not keep.
const MAX_MARK: usize = 512;

/// How many bytes of an OSC string with this beginning are worth keeping, where it is no question.
pub(super) fn room(body: &[u8]) -> usize {
    match split(body, b';').map(|(number, _)| number) {
        Some(b"0" | b"2") => MAX_TITLE,
        Some(b"9" | b"99" | b"777") => MAX_NOTICE,
        Some(b"133") => MAX_MARK,
        Some(b"7501") => report::MAX_BYTES,
        _ => 0,
    }
}

/// What an OSC string tells, if anything. `whole` says that no byte of it was cut; `bytes` is its length from the
/// introducer to the terminator.
pub(super) fn item(body: &[u8], whole: bool, bytes: u64) -> Option<Item> {
    let (number, rest) = split(body, b';')?;
    match number {
        b"0" | b"2" => Some(Item::Title(text(rest))),
        b"9" if !is_conemu(rest) => notice(None, None, text(rest)),
        b"99" if whole => kitty(rest),
        b"777" => urxvt(rest),
        b"133" => mark(rest).map(Item::Mark),
        b"7501" if whole => report::parse(rest, bytes).map(Item::Report),
        _ => None,
    }
}

fn notice(id: Option<String>, title: Option<String>, text: String) -> Option<Item> {
    let empty = text.is_empty() && title.as_ref().is_none_or(String::is_empty);
    (!empty).then_some(Item::Notice(Notice { id, title, text }))
}

/// ConEmu's own commands share OSC 9 with notifications: `9;4;1;50` is a progress bar. They are 1 to 12.
fn is_conemu(rest: &[u8]) -> bool {
    let number = split(rest, b';').map_or(rest, |(number, _)| number);
    matches!(decimal::<u8>(number), Some(1..=12))
}

fn urxvt(rest: &[u8]) -> Option<Item> {
    let rest = rest.strip_prefix(b"notify;")?;
    match split(rest, b';') {
        Some((title, body)) => notice(None, Some(text(title)), text(body)),
        None => notice(None, None, text(rest)),
    }
}

/// `metadata;payload`: `p` says what the payload is (a title unless told), `e=1` that it is base64.
fn kitty(rest: &[u8]) -> Option<Item> {
    let (metadata, payload) = split(rest, b';')?;
    let value = |key: u8| {
        metadata.split(|b| *b == b':').find_map(|pair| match pair {
            [k, b'=', value @ ..] if *k == key => Some(value),
            _ => None,
        })
    };
    let decoded = match value(b'e') {
        Some(b"1") => report::BASE64.decode(payload).ok()?,
        _ => payload.to_vec(),
    };
    let id = value(b'i').map(text);
    match value(b'p').unwrap_or(b"title") {
        b"title" => notice(id, Some(text(&decoded)), String::new()),
        b"body" => notice(id, None, text(&decoded)),
        _ => None,
    }
}

fn mark(rest: &[u8]) -> Option<Mark> {
    let mut fields = rest.split(|b| *b == b';');
    match fields.next()? {
        b"A" => Some(Mark::Prompt),
        b"B" => Some(Mark::Input),
        b"C" => Some(Mark::Output),
        b"D" => Some(Mark::Finished(fields.next().and_then(decimal))),
        _ => None,
    }
}

/// Text for one line: without control characters, at most [`MAX_TEXT`] bytes, cut between characters.
fn text(bytes: &[u8]) -> String {
    let mut text: String = String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control()).collect();
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    text
}
