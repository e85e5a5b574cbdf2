//! A paste as a terminal sends it. That the Enter behind it is a write of its own (T8) is the sender's business.

/// Begins a bracketed paste.
pub(crate) const BEGIN: &[u8] = b"\x1b[200~";
/// Ends one.
pub(crate) const END: &[u8] = b"\x1b[201~";
/// What follows an 8-bit CSI in the end of a paste.
const END_TAIL: &[u8] = b"201~";

/// The bytes to send for pasted `text`: newlines become CR, as the Enter key sends it; with mode 2004 on the text is
/// wrapped, and every end of a paste inside it goes, so that the text cannot end its own paste and type.
pub fn bracketed(text: &[u8], on: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + BEGIN.len() + END.len());
    if on {
        out.extend_from_slice(BEGIN);
    }
    let begin = out.len();
    let mut last = 0;
    for &byte in text {
        match byte {
            b'\n' if last == b'\r' => {}
            b'\n' => out.push(b'\r'),
            _ => out.push(byte),
        }
        last = byte;
        if on && byte == b'~' {
            // What is left may meet to a new end, which the next `~` finds.
            let keep = out.len() - end_length(&out[begin..]);
            out.truncate(keep);
        }
    }
    if on {
        out.extend_from_slice(END);
    }
    out
}

/// How many bytes at the end of `text` are an end of a paste.
fn end_length(text: &[u8]) -> usize {
    if text.ends_with(END) {
        return END.len();
    }
    match text.strip_suffix(END_TAIL) {
        Some([.., 0xc2, 0x9b]) => 2 + END_TAIL.len(),
        // A bare 0x9b is CSI to an 8-bit terminal; after another high byte it is part of a character.
        Some([0x9b] | [.., ..0x80, 0x9b]) => 1 + END_TAIL.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pastes_are_wrapped_where_asked_for() {
        for (text, on, expect) in [
            (b"hi".as_slice(), true, b"\x1b[200~hi\x1b[201~".as_slice()),
            (b"hi", false, b"hi"),
            (b"a\nb\r\nc\rd\n\n", false, b"a\rb\rc\rd\r\r"),
            (b"", true, b"\x1b[200~\x1b[201~"),
            (b"a\x1b[201~rm -rf\n", true, b"\x1b[200~arm -rf\r\x1b[201~"),
            (b"a\xc2\x9b201~b\x9b201~c", true, b"\x1b[200~abc\x1b[201~"),
            (b"\xe2\x9b201~", true, b"\x1b[200~\xe2\x9b201~\x1b[201~"),
            (b"\x1b[20\x1b[201~1~x", true, b"\x1b[200~x\x1b[201~"),
            (b"\x1b[201~", false, b"\x1b[201~"),
        ] {
            assert_eq!(bracketed(text, on), expect, "{text:?}");
        }
    }

    proptest! {
        /// T8: however the text is made, the paste ends where it ends.
        #[test]
        fn text_cannot_end_its_own_paste(
            pieces in proptest::collection::vec(
                proptest::sample::select(vec!["\x1b", "[", "2", "0", "1", "~", "\u{9b}", "201~", "\x1b[201~", "x\n", "0\n1"]), 0..40),
        ) {
            let out = bracketed(pieces.concat().as_bytes(), true);
            let inner = &out[BEGIN.len()..out.len() - END.len()];
            prop_assert!(!inner.windows(END.len()).any(|window| window == END));
            prop_assert!(!inner.windows(6).any(|window| window == b"\xc2\x9b201~"));
        }
    }
}
