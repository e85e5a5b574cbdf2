//! Dialogs in a CLI's terminal: which question the screen shows, and the key that answers it.
//!
//! A key answers whatever dialog is there. So a dialog is known only where all of it is on the screen that tells it from
//! another one.

use protocol::approval::{Ask, Behaviour, Decision};

/// The keys that choose among options, the first one first.
pub(crate) const DIGITS: [&str; 9] = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
/// Characters of words that are typed: of a longer paste Codex shows the length alone, and what is not shown is not sent.
const WORDS_MAX_CHARS: usize = 1000;

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
    /// Where words of one's own go.
    pub field: Option<Field>,
}

/// A field for words, as the screen shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// What stands in it, without its blanks; `None` while it is closed.
    pub words: Option<String>,
    /// What stands there while nothing does: the same words from elsewhere could not be told from it.
    pub placeholder: &'static str,
    /// The key that opens it, where one has to.
    pub open: Option<&'static str>,
    /// The key that takes out what stands in it, and does no harm where nothing does.
    pub clear: &'static str,
    /// The option with which its words go, if there are options, and the one for words that go with none.
    pub beside: Option<(usize, usize)>,
}

/// What is to be typed next for a decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// The key that answers.
    Answer(&'static str),
    /// A key that only brings the field where words are to go, so many times.
    Reach(&'static str, usize),
    /// Words, into the field.
    Words(String),
    /// Nothing: what stands in the field is somebody else's.
    Nothing,
}

impl Dialog {
    /// One that asks leave.
    pub fn of_leave(allow: &'static str, deny: &'static str) -> Self {
        Self { allow, always: Vec::new(), deny, questions: Vec::new(), at: 0, field: None }
    }

    /// What is to be typed next for a decision, where `begun` says that its words are on their way; `None` for a decision that it
    /// does not take as a whole.
    pub fn step(&self, decision: &Decision, begun: bool) -> Option<Step> {
        match decision.behaviour {
            // With notes open the key for a no clears them.
            Behaviour::Deny if self.is_opened() => Some(Step::Nothing),
            Behaviour::Deny => Some(Step::Answer(self.deny)),
            Behaviour::Allow if self.questions.len() != decision.answers.len() => None,
            Behaviour::Allow if self.questions.is_empty() => match &decision.always {
                None => Some(Step::Answer(self.allow)),
                Some(words) => {
                    let offered = self.always.iter().find(|(offered, _)| offered == words);
                    offered.map(|(_, key)| Step::Answer(key))
                }
            },
            Behaviour::Allow => {
                let answers: Option<Vec<Chosen<'_>>> =
                    self.questions.iter().map(|question| self.chosen(question, decision)).collect();
                match answers?.get(self.at)? {
                    Chosen::Option(place) => {
                        let digit = DIGITS.get(*place).copied().map(Step::Answer);
                        if self.is_opened() { digit.and(Some(Step::Nothing)) } else { digit }
                    }
                    Chosen::Words(beside, words) => self.field.as_ref()?.step(*beside, words, begun),
                }
            }
        }
    }

    /// Whether it has a field that is closed at first, and open now.
    fn is_opened(&self) -> bool {
        self.field.as_ref().is_some_and(|field| field.open.is_some() && field.words.is_some())
    }

    /// Whether another question comes once this one has its answer.
    pub fn goes_on(&self, decision: &Decision) -> bool {
        decision.behaviour == Behaviour::Allow && self.at + 1 < self.questions.len()
    }

    /// What was chosen. Of one question alone it is clear which one is meant.
    fn chosen<'a>(
        &self,
        (text, options): &(String, Vec<String>),
        decision: &'a Decision,
    ) -> Option<Chosen<'a>> {
        let alone = decision.answers.values().next().filter(|_| self.questions.len() == 1);
        let answer = decision.answers.get(text).or(alone)?;
        if let Some(place) = options.iter().position(|option| option == answer) {
            return Some(Chosen::Option(place));
        }
        let field = self.field.as_ref()?;
        let note = |label: &String| answer.strip_prefix(label.as_str())?.strip_prefix(", ");
        let noted =
            options.iter().enumerate().filter_map(|(at, label)| Some((label.len(), at, note(label)?)));
        // Of two labels the longer one is meant.
        let noted = noted.max().map(|(_, at, note)| (Some(at), note)).filter(|_| field.beside.is_some());
        let (beside, words) = noted.unwrap_or((field.beside.map(|(_, other)| other), answer));
        field.takes(words).then_some(Chosen::Words(beside, words.trim()))
    }
}

/// What a decision says to a question.
enum Chosen<'a> {
    Option(usize),
    /// Words, and the option with which they go.
    Words(Option<usize>, &'a str),
}

impl Field {
    fn takes(&self, words: &str) -> bool {
        let length = words.chars().count();
        let is_plain = !words.chars().any(char::is_control);
        let shown = dense([words]);
        // Such words in a field below a question would look like its options.
        let is_plain = is_plain && !(self.beside.is_none() && words.trim_start().starts_with("1. "));
        is_plain && length <= WORDS_MAX_CHARS && !shown.is_empty() && shown != dense([self.placeholder])
    }

    /// Brings words there, and sends them where they stand as they are.
    fn step(&self, beside: Option<usize>, words: &str, begun: bool) -> Option<Step> {
        let at = self.beside.map(|(at, _)| at);
        let to_go = at.zip(beside).map(|(at, beside)| beside as isize - at as isize).unwrap_or_default();
        let is_empty = self.words.as_deref().is_none_or(|shown| shown == dense([self.placeholder]));
        Some(match (&self.words, self.open) {
            (Some(shown), _) if begun && to_go == 0 && *shown == dense([words]) => Step::Answer("Enter"),
            _ if !is_empty => Step::Nothing,
            // Who opened it is about to write there.
            (Some(_), Some(_)) if !begun => Step::Nothing,
            _ if to_go != 0 => Step::Reach(if to_go > 0 { "Down" } else { "Up" }, to_go.unsigned_abs()),
            (None, Some(open)) => Step::Reach(open, 1),
            _ => Step::Words(words.to_owned()),
        })
    }
}

/// A text without its blanks: where it is broken into lines makes no difference.
pub(crate) fn dense<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    lines.into_iter().flat_map(str::chars).filter(|char| !char.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(answer: &str) -> Decision {
        let answers = [("Which?".to_owned(), answer.to_owned())].into();
        Decision { behaviour: Behaviour::Allow, message: None, answers, input: None, always: None }
    }

    fn field(words: Option<&str>, at: usize) -> Dialog {
        let words = words.map(|words| dense([words]));
        let field =
            Field { words, placeholder: "Add notes", open: Some("Tab"), clear: "Tab", beside: Some((at, 2)) };
        let questions = vec![("Which?".to_owned(), ["A", "A, B"].map(str::to_owned).to_vec())];
        Dialog { questions, field: Some(field), ..Dialog::of_leave("Enter", "Escape") }
    }

    #[test]
    fn words_are_sent_where_the_right_field_shows_them_and_nothing_else() {
        let step = |words, at, answer: &str| field(words, at).step(&decision(answer), true);
        let words = |words: &str| Some(Step::Words(words.to_owned()));
        assert_eq!(step(None, 0, "my own"), Some(Step::Reach("Down", 2)));
        assert_eq!(step(None, 2, "my own"), Some(Step::Reach("Tab", 1)));
        assert_eq!(step(Some("Add notes"), 2, "my own"), words("my own"));
        assert_eq!(step(Some("my  own"), 2, "my own"), Some(Step::Answer("Enter")));
        for (other, at) in [("my own one", 2), ("my", 2), ("my own", 1)] {
            assert_eq!(step(Some(other), at, "my own"), Some(Step::Nothing), "{other} {at}");
        }
        // A label alone is a digit, and with words behind it a note.
        assert_eq!(step(None, 0, "A, B"), Some(Step::Answer("2")));
        assert_eq!(step(Some("draft"), 0, "A"), Some(Step::Nothing), "a digit would be written there");
        let no = Decision { behaviour: Behaviour::Deny, ..decision("A") };
        assert_eq!(field(Some("draft"), 0).step(&no, false), Some(Step::Nothing), "Escape would take it out");
        assert_eq!(step(None, 2, "A, B, and C"), Some(Step::Reach("Up", 1)));
        assert_eq!(step(Some("Add notes"), 1, "A, B, and C"), words("and C"));
        assert_eq!(step(Some("Add notes"), 0, "A, or C"), words("or C"));
        let long = "x".repeat(WORDS_MAX_CHARS + 1);
        for refused in ["", "  ", "a\nb", "a\u{1b}b", "Add notes", "A, ", &long] {
            assert_eq!(step(None, 2, refused), None, "{refused:?}");
        }
    }

    #[test]
    fn what_somebody_else_began_is_left_alone() {
        for words in ["Add notes", "mine"] {
            assert_eq!(field(Some(words), 2).step(&decision("mine"), false), Some(Step::Nothing), "{words}");
        }
        let none = Dialog { field: None, ..field(None, 0) };
        assert_eq!(
            (none.step(&decision("A"), false), none.step(&decision("C"), false)),
            (Some(Step::Answer("1")), None)
        );
    }
}
