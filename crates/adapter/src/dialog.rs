//! Dialogs in a CLI's terminal: which question the screen shows, and the key that answers it.
//!
//! A key answers whatever dialog is there. So a dialog is known only where all of it is on the screen that tells it from
//! another one.

use protocol::approval::{Ask, Behaviour, Decision};

/// The keys that choose among options, the first one first.
const DIGITS: [&str; 9] = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

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

    /// What these lines of the screen ask, where [that](Dialogs::are_all) is so.
    fn asked(&self, _lines: &[String]) -> Option<Ask> {
        None
    }
}

/// A dialog by the names of the keys that answer it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dialog {
    /// Yes, this once.
    pub allow: &'static str,
    /// No.
    pub deny: &'static str,
    /// What each digit chooses, where it puts a question.
    pub options: Vec<String>,
}

impl Dialog {
    /// One that asks leave.
    pub fn of_leave(allow: &'static str, deny: &'static str) -> Self {
        Self { allow, deny, options: Vec::new() }
    }

    /// The key for a decision; `None` for one that it does not take.
    pub fn key(&self, decision: &Decision) -> Option<&'static str> {
        let mut answers = decision.answers.values();
        match (decision.behaviour, answers.next(), answers.next()) {
            (Behaviour::Deny, ..) => Some(self.deny),
            (Behaviour::Allow, None, _) => Some(self.allow).filter(|_| self.options.is_empty()),
            (Behaviour::Allow, Some(answer), None) => {
                let place = self.options.iter().position(|option| option == answer)?;
                DIGITS.get(place).copied()
            }
            (Behaviour::Allow, Some(_), Some(_)) => None,
        }
    }
}
