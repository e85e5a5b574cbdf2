//! Dialogs in a CLI's terminal: which question the screen shows, and the key that answers it.
//!
//! A key answers whatever dialog is there. So a dialog is known only where all of it is on the screen that tells it from
//! another one.

use protocol::approval::{Ask, Behaviour, Decision};

/// The keys that choose among options, the first one first.
pub(crate) const DIGITS: [&str; 9] = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// The dialogs of one CLI.
pub trait Dialogs: Sync {
    /// The dialog of a question that is [typed](Ask::typed), if these lines of the screen show it.
    fn dialog(&self, ask: &Ask, lines: &[String]) -> Option<Dialog>;

    /// Whether these lines may show it, for all that can be told: nothing else is answered then.
    fn may_be(&self, ask: &Ask, lines: &[String]) -> bool {
        self.dialog(ask, lines).is_some()
    }

    /// Whether words that are pasted now would stand alone, and not behind some that a person left there.
    fn takes_words(&self, lines: &[String]) -> bool;

    /// Whether the CLI tells of what it asks in no other way.
    fn are_all(&self) -> bool {
        false
    }

    /// What these lines of the screen ask, if the CLI tells of it in no other way.
    fn asked(&self, _lines: &[String]) -> Option<Ask> {
        None
    }
}

/// A dialog by the names of the keys that answer it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dialog {
    /// Yes, this once.
    pub allow: &'static str,
    /// Yes, and for later as well: in words, and its key.
    pub always: Vec<(String, &'static str)>,
    /// No.
    pub deny: &'static str,
    /// The questions that it puts, one after the other: the words of each, and what each digit chooses.
    pub questions: Vec<(String, Vec<String>)>,
    /// Which of them it shows.
    pub at: usize,
}

impl Dialog {
    /// One that asks leave.
    pub fn of_leave(allow: &'static str, deny: &'static str) -> Self {
        Self { allow, always: Vec::new(), deny, questions: Vec::new(), at: 0 }
    }

    /// The key for a decision; `None` for one that it does not take as a whole.
    pub fn key(&self, decision: &Decision) -> Option<&'static str> {
        match decision.behaviour {
            Behaviour::Deny => Some(self.deny),
            Behaviour::Allow if self.questions.len() != decision.answers.len() => None,
            Behaviour::Allow if self.questions.is_empty() => match &decision.always {
                None => Some(self.allow),
                Some(words) => self.always.iter().find(|(offered, _)| offered == words).map(|(_, key)| *key),
            },
            Behaviour::Allow => {
                let places: Option<Vec<usize>> =
                    self.questions.iter().map(|question| self.place(question, decision)).collect();
                DIGITS.get(*places?.get(self.at)?).copied()
            }
        }
    }

    /// Whether another question comes once this one has its answer.
    pub fn goes_on(&self, decision: &Decision) -> bool {
        decision.behaviour == Behaviour::Allow && self.at + 1 < self.questions.len()
    }

    /// Which option was chosen. Of one question alone it is clear which one is meant.
    fn place(&self, (text, options): &(String, Vec<String>), decision: &Decision) -> Option<usize> {
        let alone = decision.answers.values().next().filter(|_| self.questions.len() == 1);
        let answer = decision.answers.get(text).or(alone)?;
        options.iter().position(|option| option == answer)
    }
}
