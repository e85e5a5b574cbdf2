//! The order of answers (T37): each question of the program has a turn, and what answers it, we or the terminal, is
//! given to the program only when all turns before it are over.

use std::collections::VecDeque;
use std::time::{Duration, Instant};
use terminal::answer::{self, Seen};
use terminal::profile::Profile;
use terminal::query::Query;
use terminal::reply::{Reply, Ticket};

/// The terminal's answer to a question delays those behind it by no more than this.
pub(super) const TERMINAL_PATIENCE: Duration = Duration::from_millis(200);
/// Turns that wait at most. A program that asks more before it reads is answered at once, with what is known.
const MAX_WAITING: usize = 4096;

/// The program's questions that are not answered yet.
#[derive(Default)]
pub(super) struct Turns {
    waiting: VecDeque<Turn>,
}

enum Turn {
    /// It is answered, and waits for those before it.
    Answer(Vec<u8>),
    /// It is ours to answer as soon as the terminal is known.
    Nature(Query, Seen),
    Terminal(Awaited),
}

/// What only the terminal can answer.
struct Awaited {
    ticket: Ticket,
    said: Vec<u8>,
    /// Replies that are still to come at most.
    due: usize,
    /// Whether a fence behind the question says when its answer is whole.
    fenced: bool,
    until: Instant,
    over: bool,
}

impl Turns {
    /// A question that is ours, with its answer.
    pub(super) fn answer(&mut self, bytes: Vec<u8>) {
        self.waiting.push_back(Turn::Answer(bytes));
    }

    /// A question that is ours, to be answered when the terminal is known.
    pub(super) fn nature(&mut self, query: Query, seen: Seen) {
        self.waiting.push_back(Turn::Nature(query, seen));
    }

    /// A question that the terminal was asked now.
    pub(super) fn terminal(&mut self, query: &Query, ticket: Ticket, fenced: bool, now: Instant) {
        let (due, until) = (query.replies(), now + TERMINAL_PATIENCE);
        self.waiting.push_back(Turn::Terminal(Awaited {
            ticket,
            said: Vec::new(),
            due,
            fenced,
            until,
            over: false,
        }));
    }

    /// Takes a reply of the terminal into its turn. False if that turn is over.
    pub(super) fn hear(&mut self, reply: Reply) -> bool {
        if reply.fence {
            self.awaited().filter(|turn| turn.ticket <= reply.ticket).for_each(|turn| turn.over = true);
            return true;
        }
        let Some(turn) = self.awaited().find(|turn| turn.ticket == reply.ticket && !turn.over) else {
            return false;
        };
        turn.said.extend(reply.bytes);
        turn.due = turn.due.saturating_sub(1);
        turn.over = turn.due == 0 && !turn.fenced;
        true
    }

    /// The terminal will not answer any more.
    pub(super) fn give_up(&mut self) {
        self.awaited().for_each(|turn| turn.over = true);
    }

    fn awaited(&mut self) -> impl Iterator<Item = &mut Awaited> {
        self.waiting.iter_mut().filter_map(|turn| match turn {
            Turn::Terminal(turn) => Some(turn),
            _ => None,
        })
    }

    /// When the patience with the next answer ends.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.waiting.front()? {
            Turn::Terminal(turn) => Some(turn.until),
            _ => None,
        }
    }

    /// Gives what the program can be answered now. `known` says whether the profile is the terminal's own, or will not
    /// become so.
    pub(super) fn release(&mut self, profile: &Profile, known: bool, now: Instant, out: &mut Vec<u8>) {
        let full = self.waiting.len() > MAX_WAITING;
        while let Some(turn) = self.waiting.front_mut() {
            let over = match turn {
                Turn::Answer(bytes) => {
                    out.append(bytes);
                    true
                }
                Turn::Nature(query, seen) => {
                    let over = known || full;
                    if over {
                        answer::answer(query, seen, profile, out);
                    }
                    over
                }
                Turn::Terminal(turn) => {
                    out.append(&mut turn.said);
                    turn.over || turn.until <= now || full
                }
            };
            if !over {
                return;
            }
            self.waiting.pop_front();
        }
    }
}
