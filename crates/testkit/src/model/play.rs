//! An answer as a stream, word by word: what is the same in every API.

use std::io;
use std::time::Duration;

use super::Shared;
use super::http::Events;
use super::script::{Call, Step};

/// Whether a text is said or thought.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoken {
    /// It is said.
    Said,
    /// It is thought.
    Thought,
}

/// An API's form of a stream.
pub(super) trait Form {
    /// What leads the stream.
    fn start(&mut self, events: &mut Events<'_>) -> io::Result<()>;
    /// Begins a text.
    fn open(&mut self, spoken: Spoken, events: &mut Events<'_>) -> io::Result<()>;
    /// Sends a word of the text that was begun.
    fn word(&mut self, word: &str, events: &mut Events<'_>) -> io::Result<()>;
    /// Ends the text that was begun.
    fn close(&mut self, events: &mut Events<'_>) -> io::Result<()>;
    /// Calls a tool.
    fn call(&mut self, call: &Call, events: &mut Events<'_>) -> io::Result<()>;
    /// Fails in mid-stream.
    fn fail(&mut self, status: u16, kind: &str, events: &mut Events<'_>) -> io::Result<()>;
    /// What ends the stream.
    fn end(&mut self, events: &mut Events<'_>) -> io::Result<()>;
}

/// Plays the steps into a stream.
pub(super) fn play(
    form: &mut dyn Form,
    steps: &[&Step],
    mut events: Events<'_>,
    shared: &Shared,
) -> io::Result<()> {
    let mut between_words = Duration::ZERO;
    form.start(&mut events)?;
    for step in steps {
        let (spoken, text) = match step {
            Step::Say(text) => (Spoken::Said, text),
            Step::Think(text) => (Spoken::Thought, text),
            Step::Call(call) => {
                form.call(call, &mut events)?;
                continue;
            }
            Step::Sleep(time) => {
                shared.pace.pause(*time);
                continue;
            }
            Step::Rate(words_per_second) => {
                between_words = Duration::from_secs_f64(1.0 / words_per_second);
                continue;
            }
            Step::Error { status, kind, .. } => {
                form.fail(*status, kind, &mut events)?;
                return events.end();
            }
            Step::Drop { .. } => return events.cut(),
            Step::Stall => return events.stall(),
            Step::Usage { .. } => continue,
        };
        form.open(spoken, &mut events)?;
        for word in text.split_inclusive(char::is_whitespace) {
            form.word(word, &mut events)?;
            shared.pace.pause(between_words);
        }
        form.close(&mut events)?;
    }
    form.end(&mut events)?;
    events.end()
}
