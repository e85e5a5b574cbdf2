//! The scanner against tables, against a slow parser of the same language, and against chance.
//!
//! `table` holds one sequence a line; `starts` the first bytes of real programs; `laws` what must hold of any stream.

mod laws;
mod reference;
mod starts;
mod table;

use super::{Found, Item, Scanner};
use protocol::Offset;

/// What one scan of the whole finds.
fn scan(bytes: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    Scanner::new(Offset::ZERO).scan(bytes, &mut found);
    found
}

/// Only what was found, not where.
fn items(bytes: &[u8]) -> Vec<Item> {
    scan(bytes).into_iter().map(|found| found.what).collect()
}

/// The stream without its queries.
fn shown(bytes: &[u8], found: &[Found]) -> Vec<u8> {
    let mut rest = Vec::new();
    let mut at = 0;
    for Found { range, what } in found {
        if let Item::Query(_) = what {
            rest.extend_from_slice(&bytes[at..range.start.0 as usize]);
            at = range.end.0 as usize;
        }
    }
    rest.extend_from_slice(&bytes[at..]);
    rest
}
