//! The OSC strings that tell rather than ask, as far as somebody here wants to know: titles and program reports.

use super::item::Item;
use super::report;
use super::string::split;

/// Bytes of a title that are kept; the rest is cut, since it is shown on one line.
const MAX_TEXT: usize = 1024;
/// Bytes of a title's string that are read: the text, the number, and room for a character that is cut.
const MAX_TITLE: usize = MAX_TEXT + 8;

/// How many bytes of an OSC string with this beginning are worth keeping, where it is no question.
pub(super) fn room(body: &[u8]) -> usize {
    match split(body, b';').map(|(number, _)| number) {
        Some(b"0" | b"2") => MAX_TITLE,
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
        b"7501" if whole => report::parse(rest, bytes).map(Item::Report),
        _ => None,
    }
}

/// Text for one line: without control characters, at most [`MAX_TEXT`] bytes, cut between characters.
fn text(bytes: &[u8]) -> String {
    let mut text: String = String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control()).collect();
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    text
}
