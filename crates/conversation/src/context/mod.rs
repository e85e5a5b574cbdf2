//! The history of a project, as much of it as fits: for a model that is to know what was done before.
//!
//! Of each kind of history, what is worth most comes first, and each has a share of the budget; what one does not need the
//! others get. Where the words of an older conversation do not fit, and a model summed it up, that is told first, as a model's.
//! The same store gives the same text. Tokens are counted by [`tokens`], on the safe side.

mod collect;
mod summed;

use crate::Result;
use crate::project::Project;
use crate::store::{Filter, Said, Store};
use llm::count::estimate;
use protocol::{SessionId, Time};
use serde::Serialize;
use std::collections::HashSet;

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The project whose history it is.
    pub project: Project,
    /// A session whose conversation is told first.
    pub session: Option<SessionId>,
    /// Or that conversation: the CLI and its own id of it.
    pub conversation: Option<(String, String)>,
    /// Whether the model knows that conversation already: then it is left out.
    pub is_known: bool,
    /// What to look for; without it, what that conversation's user said last.
    pub query: Option<String>,
    /// Tokens at most.
    pub budget: u64,
    /// Bytes at most, where there is such a limit.
    pub bytes_max: Option<usize>,
}

/// A history that fits.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Context {
    /// The project's name.
    pub project: String,
    /// Where it begins.
    pub root: String,
    /// Tokens that it may have.
    pub budget: u64,
    /// Tokens that it has.
    pub tokens: u64,
    /// All of it, as a model is given it.
    pub text: String,
    /// What it is made of, in this order.
    pub pieces: Vec<Piece>,
}

/// A part of it, and where it is from.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Piece {
    /// What kind of history it is.
    pub section: &'static str,
    /// Its text.
    pub text: String,
    /// Its tokens.
    pub tokens: u64,
    /// The CLI whose conversation it is from.
    pub cli: String,
    /// The conversation.
    pub conversation: String,
    /// The entry.
    pub entry: String,
    /// When it was said.
    pub time: Time,
}

/// One kind of history.
struct Section {
    name: &'static str,
    heading: &'static str,
    /// Of the budget, in percent.
    share: u64,
    /// Of one text, in characters.
    chars: usize,
}

const SECTIONS: &[Section] = &[
    Section {
        name: "summary",
        heading: "Conversations of before, summed up by a model",
        share: 15,
        chars: 1_400,
    },
    Section { name: "recent", heading: "Said last", share: 30, chars: 1_200 },
    Section { name: "found", heading: "Found for what is asked now", share: 20, chars: 700 },
    Section { name: "decision", heading: "Decided", share: 10, chars: 300 },
    Section { name: "todo", heading: "Left to do", share: 8, chars: 200 },
    Section { name: "error", heading: "Errors that came", share: 8, chars: 200 },
    Section { name: "file", heading: "Files that were touched most", share: 9, chars: 200 },
];

/// An estimate of a text's tokens, on the safe side: tokenizers that are not public count up to a third more than the one
/// by which the estimate was made.
pub fn tokens(text: &str) -> u64 {
    (estimate(text) * 4).div_ceil(3)
}

/// Puts a history together.
pub fn assemble(store: &Store, wanted: &Wanted) -> Result<Context> {
    let Project { name, root, .. } = &wanted.project;
    let head = format!("Earlier work in {} ({}), as it was recorded:", one_line(name), one_line(root));
    let mut budget = Budget { tokens: wanted.budget, bytes: wanted.bytes_max.unwrap_or(usize::MAX) };
    let mut context = Context {
        project: name.clone(),
        root: root.clone(),
        budget: wanted.budget,
        tokens: 0,
        text: String::new(),
        pieces: Vec::new(),
    };
    if !budget.take(&head) {
        return Ok(context);
    }
    let all = collect::all(store, wanted)?;
    let lines: Vec<Vec<String>> = SECTIONS
        .iter()
        .zip(&all)
        .map(|(section, said)| said.iter().map(|said| line(section, said)).collect())
        .collect();
    let mut taken: Vec<Vec<(usize, Piece)>> = SECTIONS.iter().map(|_| Vec::new()).collect();
    let mut seen: HashSet<&str> = HashSet::new();
    // First each its share, then whoever needs more.
    let whole = budget.tokens;
    let summed = summed::of(&all, &lines, whole, budget.bytes);
    for round in 0..2 {
        for (at, section) in SECTIONS.iter().enumerate() {
            let mut share = if round == 0 { whole * section.share / 100 } else { budget.tokens };
            for (place, text) in lines[at].iter().enumerate() {
                if summed.leaves_out(section.name, round, &all[at][place]) {
                    continue;
                }
                let heading = if taken[at].is_empty() { tokens(section.heading) + 3 } else { 0 };
                let cost = tokens(text) + heading;
                let bytes = text.len() + 1 + if heading > 0 { section.heading.len() + 6 } else { 0 };
                // What was taken before, or said in the same words, is told once, wherever it was found.
                if cost > share.min(budget.tokens) || bytes > budget.bytes || !seen.insert(text) {
                    continue;
                }
                share -= cost;
                budget.tokens -= cost;
                budget.bytes -= bytes;
                taken[at].push((place, piece(section, &all[at][place], text.clone())));
            }
        }
    }
    let mut text = head;
    for (section, mut pieces) in SECTIONS.iter().zip(taken).filter(|(_, pieces)| !pieces.is_empty()) {
        // Words are read in the order in which they were said, the rest by its worth.
        pieces.sort_by_key(|(place, _)| *place);
        if matches!(section.name, "summary" | "recent") {
            // The latest came first; of one time, they stay in their order.
            pieces.reverse();
            pieces.sort_by_key(|(_, piece)| piece.time);
        }
        text.push_str(&format!("\n\n## {}", section.heading));
        for (_, piece) in pieces {
            text.push('\n');
            text.push_str(&piece.text);
            context.pieces.push(piece);
        }
    }
    if context.pieces.is_empty() {
        return Ok(context);
    }
    context.tokens = tokens(&text);
    context.text = text;
    Ok(context)
}

struct Budget {
    tokens: u64,
    bytes: usize,
}

impl Budget {
    fn take(&mut self, text: &str) -> bool {
        let (tokens, bytes) = (tokens(text), text.len());
        let fits = tokens <= self.tokens && bytes <= self.bytes;
        self.tokens = self.tokens.saturating_sub(tokens);
        self.bytes = self.bytes.saturating_sub(bytes);
        fits
    }
}

fn piece(section: &Section, said: &Said, text: String) -> Piece {
    Piece {
        section: section.name,
        tokens: tokens(&text),
        text,
        cli: said.cli.clone(),
        conversation: said.conversation.clone(),
        entry: said.entry.clone(),
        time: said.time,
    }
}

/// A line of the history: where it is from, and what it is. A line's end within it is followed by blanks, so that nothing in
/// it looks like another line of ours.
fn line(section: &Section, said: &Said) -> String {
    let who = match section.name {
        "recent" | "found" => format!(" {}:", if said.kind == "compaction" { "summary" } else { &said.role }),
        "summary" => " summary by a model:".to_owned(),
        _ if said.times > 1 => format!(" {} times:", said.times),
        _ => String::new(),
    };
    let name: String = said.conversation.chars().take(8).collect();
    let time = said.time.utc().strftime("%Y-%m-%d %H:%M");
    // Secrets are masked in all that is stored.
    let text = said.text.trim();
    let mut cut: String = text.chars().take(section.chars).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    let text = cut.split('\n').map(str::trim_end).collect::<Vec<_>>().join("\n    ");
    format!("- [{} {name} {time}Z]{who} {text}", said.cli)
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Which conversations belong to it.
fn filter(wanted: &Wanted) -> Filter {
    Filter { project: Some(wanted.project.id.clone()), ..Filter::default() }
}
