//! Which conversations are told by the summary that a model made of them.

use super::{SECTIONS, tokens};
use crate::store::Said;
use std::collections::HashSet;

/// A conversation, by its CLI and the CLI's own id.
type Name<'a> = (&'a str, &'a str);

/// How conversations are told.
#[derive(Default)]
pub(super) struct Summed<'a> {
    /// By all of their words that are of use: a summary would say the same again.
    by_words: HashSet<Name<'a>>,
    /// By the summary; their words come only into what room is left at last.
    by_summary: HashSet<Name<'a>>,
}

/// Looks which words fit into their share: those of the latest conversation stay in any case, and an older one that is larger than
/// what is left of the share is told by its summary, if it has one. The parts of a history are in the order of [`SECTIONS`].
pub(super) fn of<'a>(all: &'a [Vec<Said>], lines: &[Vec<String>], room: u64, bytes: usize) -> Summed<'a> {
    let at = |name: &str| SECTIONS.iter().position(|section| section.name == name);
    let (Some(summary), Some(recent)) = (at("summary"), at("recent")) else { return Summed::default() };
    let with_summary: HashSet<Name> = all[summary].iter().map(name).collect();
    let share = SECTIONS[recent].share;
    let (mut room, mut bytes) = (room * share / 100, bytes / 100 * share as usize);
    let mut summed = Summed::default();
    let words: Vec<(&Said, &String)> = all[recent].iter().zip(&lines[recent]).collect();
    for (number, words) in words.chunk_by(|(one, _), (other, _)| name(one) == name(other)).enumerate() {
        let own = name(words[0].0);
        let cost: u64 = words.iter().map(|(_, line)| tokens(line)).sum();
        let length: usize = words.iter().map(|(_, line)| line.len() + 1).sum();
        if cost <= room && length <= bytes {
            summed.by_words.insert(own);
        } else if number > 0 && with_summary.contains(&own) {
            summed.by_summary.insert(own);
            continue;
        }
        (room, bytes) = (room.saturating_sub(cost), bytes.saturating_sub(length));
    }
    summed
}

impl Summed<'_> {
    /// Whether something is left out of a section in a round.
    pub(super) fn leaves_out(&self, section: &str, round: u32, said: &Said) -> bool {
        match section {
            "summary" => self.by_words.contains(&name(said)),
            "recent" => round == 0 && self.by_summary.contains(&name(said)),
            _ => false,
        }
    }
}

fn name(said: &Said) -> Name<'_> {
    (&said.cli, &said.conversation)
}
