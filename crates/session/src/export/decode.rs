//! Bytes that come in pieces, as text: a character that is cut by a piece's end waits for its rest.

/// Decodes UTF-8 piece by piece. What is no UTF-8 becomes U+FFFD, as in any terminal.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    /// The beginning of a character: three bytes at most.
    begun: Vec<u8>,
}

impl Decoder {
    /// The text of the next bytes, up to the last whole character.
    pub fn decode(&mut self, bytes: &[u8]) -> String {
        self.begun.extend_from_slice(bytes);
        let mut text = String::with_capacity(self.begun.len());
        let mut rest = self.begun.as_slice();
        let kept = loop {
            match std::str::from_utf8(rest) {
                Ok(valid) => {
                    text.push_str(valid);
                    break 0;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    text.push_str(std::str::from_utf8(valid).expect("checked up to here"));
                    let Some(bad) = error.error_len() else { break after.len() };
                    text.push('\u{fffd}');
                    rest = &after[bad..];
                }
            }
        };
        self.begun.drain(..self.begun.len() - kept);
        text
    }

    /// How many bytes of a character that is not whole wait.
    pub fn waiting(&self) -> usize {
        self.begun.len()
    }

    /// What is left when no more bytes come.
    pub fn finish(&mut self) -> &'static str {
        if std::mem::take(&mut self.begun).is_empty() { "" } else { "\u{fffd}" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_the_same_however_its_bytes_are_cut() {
        let bytes = b"a\xc3\xa4\xe2\x82\xac\xf0\x9f\xa6\x80 \xff\xc3( \xf0\x9f".to_vec();
        let expected = String::from_utf8_lossy(&bytes).into_owned();
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                let mut decoder = Decoder::default();
                let mut text = decoder.decode(&bytes[..first]);
                text += &decoder.decode(&bytes[first..second]);
                text += &decoder.decode(&bytes[second..]);
                text += decoder.finish();
                assert_eq!(text, expected, "cut at {first} and {second}");
            }
        }
    }
}
