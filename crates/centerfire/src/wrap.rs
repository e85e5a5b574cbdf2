//! Markdown for a terminal: prose that is too wide is broken between words, below the beginning of its own text. What stands in
//! columns stays as it is: code, differences, tables.

use crate::fit::width;
use terminal::screen::cells;

/// Fewer columns than these are no room for prose.
const LEAST_COLS: usize = 16;

/// A text of lines that are no wider than that, where they are prose.
pub(crate) fn prose(text: &str, cols: usize) -> String {
    let mut fence = None;
    let mut wrapped = String::with_capacity(text.len());
    for line in text.lines() {
        let (quote, rest) = line.split_at(line.len() - line.trim_start_matches(['>', ' ']).len());
        // The indentation of a line is its own, behind the sign of a quotation.
        let quote = &quote[..quote.rfind('>').map_or(0, |at| (at + 2).min(quote.len()))];
        let is_code = is_code(&mut fence, rest, &line[quote.len()..]);
        match is_code || width(line) <= cols {
            true => wrapped.push_str(line),
            false => wrap(&mut wrapped, quote, &line[quote.len()..], cols),
        }
        wrapped.push('\n');
    }
    wrapped
}

/// Whether a line is part of what stands in columns; `fence` is the one that is open.
fn is_code(fence: &mut Option<String>, trimmed: &str, line: &str) -> bool {
    let length = trimmed.len() - trimmed.trim_start_matches('`').len();
    let closes = |open: &String| length >= open.len() && trimmed.trim_end().len() == length;
    if let Some(open) = fence {
        if closes(open) {
            *fence = None;
        }
        return true;
    }
    if length >= 3 {
        *fence = Some(trimmed[..length].to_owned());
        return true;
    }
    let is_call = trimmed.starts_with('`') && trimmed.trim_end().ends_with('`');
    let is_indented = line.starts_with("    ") && marker(trimmed) == 0;
    is_call || is_indented || line.starts_with('\t') || trimmed.starts_with('|')
}

/// The length of what begins an item of a list: `- `, `12. `, `- [x] `.
fn marker(text: &str) -> usize {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let sign = match digits {
        0 => ["- ", "* ", "+ "].iter().find(|sign| text.starts_with(**sign)).map_or(0, |sign| sign.len()),
        1..=3 => {
            [". ", ") "].iter().find(|sign| text[digits..].starts_with(**sign)).map_or(0, |_| digits + 2)
        }
        _ => 0,
    };
    let has_box = sign > 0 && ["[ ] ", "[x] "].iter().any(|it| text[sign..].starts_with(it));
    sign + if has_box { 4 } else { 0 }
}

fn wrap(wrapped: &mut String, quote: &str, text: &str, cols: usize) {
    let words = text.trim_start();
    let indent = (text.len() - words.len()) + marker(words);
    let below = format!("{quote}{}", " ".repeat(indent));
    if cols < width(&below) + LEAST_COLS {
        wrapped.push_str(quote);
        wrapped.push_str(text);
        return;
    }
    wrapped.push_str(quote);
    wrapped.push_str(&text[..indent]);
    let mut used = width(&below);
    let mut begins = true;
    for (piece, is_apart) in pieces(&text[indent..]) {
        let blank = usize::from(is_apart && !begins);
        if !begins && used + blank + width(piece) > cols {
            wrapped.push('\n');
            wrapped.push_str(&below);
            used = width(&below);
        } else if blank > 0 {
            wrapped.push(' ');
            used += 1;
        }
        wrapped.push_str(piece);
        used += width(piece);
        begins = false;
    }
}

/// What is not broken, each with whether a blank stands before it: words, and the characters of a script without blanks.
fn pieces(text: &str) -> impl Iterator<Item = (&str, bool)> {
    text.split_whitespace().flat_map(|word| {
        let mut cuts: Vec<usize> = word
            .char_indices()
            .scan(false, |was_wide, (at, c)| {
                let is_wide = cells(c) > 1;
                let cut = is_wide || std::mem::replace(was_wide, is_wide);
                *was_wide = is_wide;
                Some((at, cut && cells(c) > 0))
            })
            .filter_map(|(at, cut)| (cut && at > 0).then_some(at))
            .collect();
        cuts.push(word.len());
        let mut from = 0;
        let piece = move |to: usize| {
            let piece = (&word[from..to], from == 0);
            from = to;
            piece
        };
        cuts.into_iter().map(piece).collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, wrapped: &str) {
        assert_eq!(prose(text, 24), format!("{wrapped}\n"));
    }

    #[test]
    fn prose_is_broken_between_words_below_its_own_beginning() {
        check("one two three four five six", "one two three four five\nsix");
        check("> one two three four five six", "> one two three four\n> five six");
        check("- one two three four five six", "- one two three four\n  five six");
        check("> 12. one two three four five", "> 12. one two three four\n>     five");
        check("- [x] one two three four five", "- [x] one two three four\n      five");
        check("see https://example.org/a/very/long/way now", "see\nhttps://example.org/a/very/long/way\nnow");
        check("日本語日本語日本語日本語日本語", "日本語日本語日本語日本語\n日本語");
    }

    #[test]
    fn code_and_what_fits_stay_as_they_are() {
        for text in [
            "a   b",
            "```diff\n-one two three four five six seven\n```",
            "> ````\n> ```\n> one two three four five six seven\n> ````",
            "    indented one two three four five",
            "`Bash: one two three four five six`",
            "| one two three | four five six |",
        ] {
            check(text, text);
        }
        check("```\na\n```\none two three four five six", "```\na\n```\none two three four five\nsix");
    }
}
