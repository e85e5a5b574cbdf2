//! One answer of a script: what a request asks for, whichever API it came by.
//!
//! Which answer of a script comes next is read from the conversation itself: the server keeps no state of it, and a
//! conversation can be resumed, branched or retried.

use serde_json::Value;

use super::Shared;
use super::script::{self, Step};

/// What one request asks for.
pub struct Turn {
    /// The steps of the answer.
    pub steps: Vec<Step>,
    /// Whether it is to be streamed.
    pub streaming: bool,
    /// The model asked for.
    pub model: String,
    /// The size of the request in tokens, roughly.
    pub input_tokens: u64,
    /// What distinguishes this point of the conversation from others, but not from its retries.
    pub place: String,
}

/// The user's last text.
#[derive(Debug, Default, PartialEq)]
pub struct Prompt {
    /// What the user wrote.
    pub text: String,
    /// Which message of the conversation it is, from 0.
    pub at: usize,
    /// How many answers with calls of tools followed it.
    pub answered: usize,
}

/// How an answer begins.
pub(super) enum Beginning<'a> {
    /// It is an error of this status and type.
    Failure(u16, &'a str),
    /// The connection is closed instead.
    Cut,
    /// It is these steps.
    Steps(Vec<&'a Step>),
}

impl Turn {
    /// The answer that follows a prompt; `side` is said instead, where the request is one beside the conversation.
    pub fn new(prompt: &Prompt, side: Option<String>, streaming: bool, model: &Value, body: &Value) -> Turn {
        Turn {
            steps: side.map_or_else(|| next_answer(prompt), |text| vec![Step::Say(text)]),
            streaming,
            model: model.as_str().unwrap_or("unknown").to_owned(),
            input_tokens: estimate(body),
            place: format!("{} {} {}", prompt.at, prompt.answered, prompt.text),
        }
    }

    /// Passes the pauses before the answer, and says how it begins.
    pub(super) fn begin(&self, shared: &Shared) -> Beginning<'_> {
        let mut steps = self.steps.iter().peekable();
        // A pause before a failure belongs to the time before the reply begins.
        while let Some(Step::Sleep(time)) = steps.peek() {
            shared.pace.pause(*time);
            steps.next();
        }
        let steps: Vec<&Step> = steps.filter(|step| !self.spent(step, shared)).collect();
        match steps.first() {
            Some(Step::Error { status, kind, .. }) => Beginning::Failure(*status, kind),
            Some(Step::Drop { .. }) => Beginning::Cut,
            _ => Beginning::Steps(steps),
        }
    }

    /// Whether this step was to come once, and has come.
    fn spent(&self, step: &Step, shared: &Shared) -> bool {
        let once = matches!(step, Step::Error { once: true, .. } | Step::Drop { once: true });
        once && !shared.first_time(format!("{} {step:?}", self.place))
    }

    /// Tokens read and written: as the script says, or else estimated.
    pub(super) fn usage(&self, steps: &[&Step]) -> (u64, u64) {
        let scripted = steps.iter().find_map(|step| match step {
            Step::Usage { input, output } => Some((*input, *output)),
            _ => None,
        });
        let words = |step: &&Step| match step {
            Step::Say(text) | Step::Think(text) => text.split_whitespace().count() as u64,
            _ => 1,
        };
        scripted.unwrap_or_else(|| (self.input_tokens, steps.iter().map(words).sum()))
    }
}

/// Whether an answer of these steps calls a tool.
pub(super) fn calls(steps: &[&Step]) -> bool {
    steps.iter().any(|step| matches!(step, Step::Call(_)))
}

/// The number of tokens in a request, at four bytes each.
pub fn estimate(body: &Value) -> u64 {
    (body.to_string().len() / 4) as u64
}

fn next_answer(prompt: &Prompt) -> Vec<Step> {
    let steps = script::parse(&prompt.text).into_iter().nth(prompt.answered).unwrap_or_default();
    // An answer must hold something: after its last call, a script may say nothing more.
    if steps.is_empty() { vec![Step::Say("FAKE: done".to_owned())] } else { steps }
}

/// A value that fits a JSON schema of the simple kinds.
pub(super) fn sample(schema: &Value) -> Value {
    // Gemini writes its types in capitals.
    match schema["type"].as_str().unwrap_or_default().to_ascii_lowercase().as_str() {
        "object" => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties.map(|(name, schema)| (name.clone(), sample(schema))).collect()
        }
        "array" => Value::Array(Vec::new()),
        "boolean" => Value::Bool(false),
        "integer" | "number" => 0.into(),
        _ => schema["enum"].get(0).cloned().unwrap_or_else(|| "FAKE".into()),
    }
}
