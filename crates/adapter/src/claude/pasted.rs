//! Pieces that were pasted into a prompt, which Claude Code wraps for the model:
//!
//! ```text
//! <pasted_content id="0a1f">
//! the piece
//! </pasted_content id="0a1f">
//! ```

use std::borrow::Cow;

const BEGIN: &str = "<pasted_content id=\"";
const ID_CHARS: usize = 4;

/// A prompt as it was meant: what was pasted stands in its place, without its wrapper.
pub(super) fn unwrapped(text: &str) -> Cow<'_, str> {
    if !text.contains(BEGIN) {
        return Cow::Borrowed(text);
    }
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(begin) = rest.find(BEGIN) {
        let (before, from) = rest.split_at(begin);
        // Where the prompt begins with a piece, Claude Code puts blank lines before it.
        plain.push_str(if plain.is_empty() { before.trim_start_matches('\n') } else { before });
        match piece(from) {
            Some((inside, behind)) => {
                plain.push_str(inside);
                rest = behind;
            }
            // It only looks like one.
            None => {
                plain.push_str(BEGIN);
                rest = &from[BEGIN.len()..];
            }
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// What is in a wrapper at the beginning of a text, and what stands behind it.
fn piece(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix(BEGIN)?;
    let id = rest.get(..ID_CHARS).filter(|id| id.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    // The line's end stays, so that an empty piece is found as well.
    let inside = rest[ID_CHARS..].strip_prefix("\">")?;
    let end = format!("\n</pasted_content id=\"{id}\">");
    let (inside, behind) = inside.split_once(&end)?;
    Some((inside.strip_prefix('\n').unwrap_or(inside), behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_pasted_stands_without_its_wrapper() {
        let wrapped = |id: &str, text: &str| {
            format!("<pasted_content id=\"{id}\">\n{text}\n</pasted_content id=\"{id}\">")
        };
        let one = wrapped("0a1f", "a\n\nb");
        assert_eq!(
            unwrapped(&format!("see\n\n{one}\n\nand {}", wrapped("ffff", "c"))),
            "see\n\na\n\nb\n\nand c"
        );
        assert_eq!(unwrapped(&format!("\n\n{one}")), "a\n\nb", "no blank lines of the wrapper's");
        let inner = wrapped("ffff", "c");
        assert_eq!(unwrapped(&wrapped("0a1f", &inner)), inner, "what was pasted is as it is");
        for other in [
            "plain",
            "<pasted_content id=\"0a1f\">\nno end",
            "<pasted_content id=\"zzzz\">\n\n</pasted_content id=\"zzzz\">",
        ] {
            assert_eq!(unwrapped(other), other);
        }
        assert_eq!(unwrapped("<pasted_content id=\"0a1f\">\n</pasted_content id=\"0a1f\">"), "");
    }
}
