//! The lines of a private key: up to where it ends, or as far as there are lines of base64.

/// A key's lines are looked for so far.
const BLOCK_MAX_BYTES: usize = 64 << 10; // 64 KiB: the longest keys in use have 13 KiB
/// A line that is not over may have as many.
const LAST_LINE_BYTES: usize = 80;
/// Base64 of a real key has runs of this length; what only speaks of keys has not.
const RUN_MIN: usize = 24;

/// How long the secret is at the beginning of the text that follows a key's first line; 0 if there is none.
pub(super) fn length(rest: &str) -> usize {
    let rest = &rest[..rest.floor_char_boundary(BLOCK_MAX_BYTES)];
    let rest = &rest[..rest.find("-----BEGIN ").unwrap_or(rest.len())];
    match rest.find("-----END ").or_else(|| rest.find("Private-MAC: ")) {
        Some(end) if longest_run(&rest[..end]) >= RUN_MIN => end,
        Some(_) => 0,
        None => lines(rest),
    }
}

/// The end of the key's lines in a text before which its first line is missing; 0 if there are none.
pub(super) fn tail(text: &str) -> usize {
    let head = &text[..text.floor_char_boundary(BLOCK_MAX_BYTES)];
    let end = head.find("-----END ").filter(|end| !head[..*end].contains("-----BEGIN "));
    if let Some(end) =
        end.filter(|end| head[*end..].lines().next().is_some_and(|line| line.contains("PRIVATE KEY")))
    {
        return end;
    }
    // The rest of a line, and then whole ones.
    let first =
        head.find('\n').filter(|first| head[..*first].trim().chars().all(is_base64)).map_or(0, |at| at + 1);
    let more = lines(&head[first..]);
    if more > 0 { first + more } else { 0 }
}

/// Where a key's lines begin at the end of a text, if nothing else came since its first line.
pub(super) fn begun(text: &str) -> Option<usize> {
    let from = text.floor_char_boundary(text.len().saturating_sub(BLOCK_MAX_BYTES));
    let begin = from + text[from..].rfind("PRIVATE KEY").or_else(|| text[from..].rfind("Private-Lines: "))?;
    let rest = &text[begin..];
    let head = rest.find(['\n', '\\']).filter(|head| rest[..*head].trim_end().ends_with(is_head_end))?;
    let (lines, last) = rest[head..].rsplit_once('\n').unwrap_or(("", &rest[head..]));
    let of_key = |line: &str| line.trim().chars().all(is_base64) || line.contains(": ");
    let goes_on = !last.contains("-----") && last.len() <= LAST_LINE_BYTES || last.starts_with('\\');
    (!rest[head..].trim().is_empty() && lines.lines().all(of_key) && goes_on && !last.contains("-----END"))
        .then_some(begin + head)
}

/// How the first line ends: of PEM, or with a number of lines.
fn is_head_end(c: char) -> bool {
    c == '-' || c.is_ascii_digit()
}

/// The lines of base64 at the beginning, where no last line says where the key ends.
fn lines(rest: &str) -> usize {
    let mut length = 0;
    let mut at = 0;
    while at < rest.len() {
        let end = [rest[at..].find('\n'), rest[at..].find("\\n").map(|n| n + 1)].into_iter().flatten().min();
        let next = end.map_or(rest.len(), |end| at + end + 1);
        let line =
            rest[at..next].trim_end_matches("\\n").trim_matches(|c: char| " \t\r\n\"'+,|>\\".contains(c));
        let base64 = line.chars().all(is_base64);
        if line.len() >= RUN_MIN && base64 {
            length = next;
        } else if length > 0 && base64 && !line.is_empty() {
            // The last line is shorter.
            return next;
        } else if !line.is_empty() && !line.contains(": ") {
            break;
        }
        at = next;
    }
    length
}

fn longest_run(text: &str) -> usize {
    text.split(|c| !is_base64(c)).map(str::len).max().unwrap_or(0)
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')
}
