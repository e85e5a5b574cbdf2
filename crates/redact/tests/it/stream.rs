//! A terminal's bytes in pieces: what is masked is what would be in the whole, and nothing else changes.

use crate::corpus::secrets;
use proptest::prelude::*;
use redact::{Stream, mask, redact};
use std::sync::LazyLock;

static SECRETS: LazyLock<Vec<String>> =
    LazyLock::new(|| secrets().into_iter().map(|(text, _)| text).collect());

/// Letters of a secret that may be seen: less than anybody could use.
const HARMLESS: usize = 4;
/// What a vendor's keys begin with tells nothing.
const VENDORS: usize = 12;

/// Puts a text through a stream; between its pieces it is told of or not.
fn streamed(pieces: &[&[u8]], settle: fn(&mut Stream)) -> Vec<u8> {
    let mut stream = Stream::default();
    let mut out = Vec::new();
    for piece in pieces {
        stream.push(piece);
        settle(&mut stream);
        out.extend_from_slice(stream.take(usize::MAX));
    }
    stream.finish();
    out.extend_from_slice(stream.take(usize::MAX));
    out
}

fn whole(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&streamed(&[bytes], |_| ())).into_owned()
}

/// A text with masks of the same length over what the rules find in it.
fn expected(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for found in redact(text).found {
        let is_letter = |at: &usize| text.as_bytes()[*at] >= b' ' && text.as_bytes()[*at] != 0x7f;
        let letters: Vec<usize> = found.range.clone().filter(is_letter).collect();
        let name = mask(found.rule);
        let named = letters.len() >= name.len() && text[found.range].is_ascii();
        let name = if named { name } else { String::new() };
        letters
            .into_iter()
            .zip(name.bytes().chain(std::iter::repeat(b'*')))
            .for_each(|(at, c)| bytes[at] = c);
    }
    String::from_utf8(bytes).unwrap()
}

/// Asserts that what is masked is what the rules find.
#[track_caller]
fn assert_masked(text: &str, out: &[u8]) {
    let (expected, out) = (expected(text), String::from_utf8_lossy(out));
    let differs = expected.lines().zip(out.lines()).find(|(one, other)| one != other);
    assert!(expected == out, "{differs:?}");
}

fn token() -> String {
    format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8")
}

#[test]
fn a_mask_names_its_rule_and_is_as_long_as_the_secret() {
    let text = format!("push {} now", token());
    assert_eq!(whole(text.as_bytes()), format!("push [redacted:github-token]{} now", "*".repeat(17)));
    assert_eq!(whole(b"password=hunter2horse9 x"), "password=************* x");
}

#[test]
fn every_secret_of_the_corpus_is_masked_wherever_it_is_cut() {
    let mut leaks = Vec::new();
    for text in SECRETS.iter().filter(|text| !text.contains('\x1b') && !text.contains('\x7f')) {
        let whole = streamed(&[text.as_bytes()], |_| ());
        assert_masked(text, &whole);
        for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
            let (first, second) = text.as_bytes().split_at(at);
            let followed = streamed(&[first, second], Stream::settle);
            let seen: String = text
                .bytes()
                .zip(followed.iter().zip(&whole))
                .filter(|(was, (is, must))| is == &was && *must != was)
                .map(|(was, _)| char::from(was))
                .collect();
            if seen.len() > HARMLESS + VENDORS {
                leaks.push(format!("cut at {at} of {text:?}: {}\n", String::from_utf8_lossy(&followed)));
            }
        }
    }
    assert!(leaks.is_empty(), "{} leaks: {}", leaks.len(), leaks.concat());
}

#[test]
fn sequences_within_a_secret_stay_and_the_secret_does_not() {
    let token = token();
    let (a, b) = token.split_at(17);
    for sequence in ["\x1b[1;31m", "\x1b[0m\x1b[K", "\x1b[?25l", "\x1b]8;;x\x1b\\"] {
        let out = whole(format!("{a}{sequence}{b}\r\n").as_bytes());
        assert!(out.contains(sequence) && !out.contains(&a[4..]) && !out.contains(b), "{out:?}");
    }
    let typed: String = token.chars().map(|c| format!("{c}\x08\x1b[4m{c}")).collect();
    let out = whole(typed.as_bytes());
    assert!(out.matches('*').count() > 30, "{out:?}");
    let title = whole(format!("\x1b]0;git push {token}\x07$ ").as_bytes());
    assert!(title.starts_with("\x1b]0;git push [redacted:github-token]") && title.ends_with("\x07$ "));
}

#[test]
fn what_begins_like_a_secret_waits_and_what_does_not_is_told_at_once() {
    let mut stream = Stream::default();
    stream.push(b"Password: ");
    stream.settle();
    assert_eq!(stream.take(usize::MAX), b"Password: ");
    for plain in ["12 tokens, esc to interrupt", "\r\nhttp://localhost:3000", "\r\nsee token.rs\r\n"] {
        stream.push(plain.as_bytes());
        stream.settle();
        assert_eq!(stream.take(usize::MAX), plain.as_bytes());
    }
    let token = token();
    stream.push(format!("push {}", &token[..20]).as_bytes());
    stream.settle();
    assert_eq!(stream.take(usize::MAX), b"push ");
    stream.rest();
    assert_eq!(stream.take(usize::MAX), b"[redacted:cut]******");
    stream.push(&token.as_bytes()[20..]);
    stream.push(b" done");
    stream.settle();
    let rest = String::from_utf8_lossy(stream.take(usize::MAX)).into_owned();
    assert!(rest.ends_with(" done") && !rest.contains(&token[20..28]), "{rest}");
}

#[test]
fn a_long_stream_is_given_out_as_it_comes() {
    let secret = token();
    let mut stream = Stream::default();
    let (mut given, mut most, mut text) = (Vec::new(), 0, String::new());
    for line in 0..200_000 {
        let line = format!("line {line} of a build, {}\r\n", if line % 5000 == 0 { &secret } else { "fine" });
        stream.push(line.as_bytes());
        text += &line;
        given.extend_from_slice(stream.take(usize::MAX));
        most = most.max(text.len() - given.len());
    }
    stream.finish();
    given.extend_from_slice(stream.take(usize::MAX));
    assert!(most < 2 << 20, "{most} bytes were held");
    assert_masked(&text, &given);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_in_any_pieces_keep_their_number(pieces in prop::collection::vec(any::<Vec<u8>>(), 0..8), which: bool) {
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        let settle = if which { Stream::settle } else { Stream::rest };
        prop_assert_eq!(streamed(&pieces, settle).len(), length);
    }
}
