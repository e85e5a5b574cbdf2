//! Cuts the text of one entry into chunks that a model can read as a whole. A cut is best where code begins or ends (a
//! fence of Markdown), then at an empty line, then at any line's end; the next chunk repeats a little of the one before, so
//! that what is said across a cut is found too. What an entry says is never mixed with what another says.

use super::{CHUNK_PIECES, Embedder};
use std::ops::Range;

/// Pieces of a chunk without the marks of its begin and end.
const ROOM: usize = CHUNK_PIECES - 2;
/// Pieces that a chunk has in common with the one before, at most.
const OVERLAP: usize = 32;
/// Bytes of a part of a long line: at most as many pieces, and so little that one can be repeated.
const PART_BYTES: usize = 2 * OVERLAP;
/// Chunks of one entry. What a tool printed may have megabytes; its begin says what it is, and words find the rest.
const MOST: usize = 64;

/// A part of the text that is not cut: a line, or a part of one that is too long.
struct Unit {
    range: Range<usize>,
    pieces: usize,
    /// How good a cut before it is.
    cut: Cut,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cut {
    InLine,
    Line,
    Paragraph,
    Fence,
}

/// The ranges of a text's chunks, in order; none where it says nothing.
pub fn chunks(text: &str, embedder: &dyn Embedder) -> Vec<Range<usize>> {
    let units = units(text, embedder);
    let mut chunks = Vec::new();
    let mut begin = 0;
    while begin < units.len() && chunks.len() < MOST {
        let end = end(&units, begin);
        let range = units[begin].range.start..units[end - 1].range.end;
        if !text[range.clone()].trim().is_empty() {
            chunks.push(range);
        }
        begin = if end < units.len() { next(&units, begin, end) } else { end };
    }
    chunks
}

/// Where a chunk ends: as far as there is room, or at the best cut in the second half of that.
fn end(units: &[Unit], begin: usize) -> usize {
    let mut pieces = 0;
    let fits = |unit: &&Unit| {
        pieces += unit.pieces;
        pieces <= ROOM
    };
    let most = begin + units[begin..].iter().take_while(fits).count().max(1);
    if most == units.len() {
        return most;
    }
    let middle = begin + (most - begin).div_ceil(2);
    (middle..=most).max_by_key(|at| units[*at].cut).unwrap_or(most)
}

/// Where the next chunk begins: a little before the end of the last one, unless that is where code begins or ends.
fn next(units: &[Unit], begin: usize, end: usize) -> usize {
    if units[end].cut == Cut::Fence {
        return end;
    }
    let mut pieces = 0;
    let common = units[begin + 1..end].iter().rev().take_while(|unit| {
        pieces += unit.pieces;
        pieces <= OVERLAP
    });
    end - common.count()
}

fn units(text: &str, embedder: &dyn Embedder) -> Vec<Unit> {
    let mut units = Vec::new();
    let (mut in_code, mut cut, mut at) = (false, Cut::Line, 0);
    for line in text.split_inclusive('\n') {
        if units.len() > MOST * ROOM {
            break;
        }
        let is_fence = line.trim_start().starts_with("```");
        if is_fence && !in_code {
            cut = Cut::Fence;
        }
        push(&mut units, line, at, cut, embedder);
        at += line.len();
        in_code ^= is_fence;
        cut = match (is_fence && !in_code, line.trim().is_empty()) {
            (true, _) => Cut::Fence,
            (_, true) => Cut::Paragraph,
            _ => Cut::Line,
        };
    }
    units
}

/// A line as a unit; one that is too long for that as several, cut where there is space.
fn push(units: &mut Vec<Unit>, line: &str, at: usize, cut: Cut, embedder: &dyn Embedder) {
    // Of an endless line no more is counted than shows that it is too long.
    let pieces = embedder.pieces(cap(line, 16 * ROOM));
    if pieces <= OVERLAP && line.len() <= 16 * ROOM {
        units.push(Unit { range: at..at + line.len(), pieces, cut });
        return;
    }
    let mut cut = cut;
    let mut begin = 0;
    while begin < line.len() && units.len() < MOST * ROOM {
        let mut length = cap(&line[begin..], PART_BYTES).len();
        if begin + length < line.len() {
            length = line[begin..begin + length].rfind(char::is_whitespace).map_or(length, |space| {
                space + line[begin + space..].chars().next().map_or(1, char::len_utf8)
            });
        }
        let part = &line[begin..begin + length];
        units.push(Unit { range: at + begin..at + begin + length, pieces: embedder.pieces(part), cut });
        begin += length;
        cut = Cut::InLine;
    }
}

/// The first bytes of a text, without half a character.
fn cap(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::Result;

    /// A piece for each word.
    struct Words;

    impl Embedder for Words {
        fn id(&self) -> &str {
            "words"
        }

        fn dim(&self) -> usize {
            1
        }

        fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
            Ok(texts.iter().map(|_| vec![1.0]).collect())
        }

        fn pieces(&self, text: &str) -> usize {
            text.split_whitespace().count()
        }
    }

    fn cut(text: &str) -> Vec<&str> {
        chunks(text, &Words).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn a_short_text_is_one_chunk_and_nothing_is_none() {
        assert_eq!(cut("one line\nand another"), ["one line\nand another"]);
        assert!(cut("").is_empty() && cut(" \n\n").is_empty());
    }

    #[test]
    fn every_word_is_in_a_chunk_and_none_is_too_long() {
        let lines: String = (0..200).map(|n| format!("line {n} has some words in it\n")).collect();
        let one_line: String = (0..2000).map(|n| format!("w{n} ")).collect();
        let no_space = "ä".repeat(5000);
        for text in [lines, one_line, no_space] {
            let found = chunks(&text, &Words);
            assert_eq!((found[0].start, found[found.len() - 1].end), (0, text.len()));
            assert!(found.windows(2).all(|two| two[1].start <= two[0].end && two[1].start > two[0].start));
            assert!(found.iter().all(|range| Words.pieces(&text[range.clone()]) <= ROOM));
        }
    }

    #[test]
    fn the_cut_is_where_code_begins_and_nothing_is_repeated_there() {
        let prose = "some words that explain it\n".repeat(35);
        let code = "let x = y;\n".repeat(30);
        let text = format!("{prose}```rust\n{code}```\n{prose}");
        let found = cut(&text);
        assert_eq!(found[0], prose);
        assert!(found[1].starts_with("```rust\n") && found[1].ends_with("```\n"), "{}", found[1]);
    }

    #[test]
    fn chunks_of_prose_overlap_by_a_line_or_more() {
        let text: String = (0..100).map(|n| format!("sentence number {n} of the text\n")).collect();
        let found = chunks(&text, &Words);
        assert!(found.windows(2).all(|two| two[1].start < two[0].end), "{found:?}");
    }

    #[test]
    fn of_an_endless_text_only_the_begin_is_cut() {
        let text = "a few words on each line\n".repeat(100_000);
        assert_eq!(chunks(&text, &Words).len(), MOST);
    }
}
