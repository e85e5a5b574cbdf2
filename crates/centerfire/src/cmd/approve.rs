//! `centerfire approve`: gives leave, or an answer.

use super::decide::{self, Which};
use crate::context::Context;
use adapter::claude::hooks::{Question, open_questions, questions};
use protocol::approval::{Behaviour, Decision};
use protocol::{Approval, BlockKind};
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Give a program the leave it asks for, or answer its question
///
/// It is what a yes in the terminal is: this once. The first answer counts, wherever it comes from; a later one is
/// refused, and told who was first. A question with options is answered with one of them, or with words of your own.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire approve claude\n  centerfire approve claude 3\n  centerfire approve claude --answer 'Which database?=SQLite'"
)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// Tell the program TEXT with it
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    /// The answer to a question; may be given more than once, and needs no question where there is one alone
    #[arg(long, value_name = "QUESTION=LABEL")]
    answer: Vec<String>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let Self { which, message, answer } = self;
        decide::run(context, &which, "approve", |approval| {
            let answers = match approval {
                Some(approval) => answers(approval, &answer)?,
                None => BTreeMap::new(),
            };
            Ok(Decision { behaviour: Behaviour::Allow, message, answers, input: None })
        })
    }
}

/// To each question its answer.
fn answers(approval: &Approval, given: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    if approval.ask.kind != BlockKind::Question {
        anyhow::ensure!(given.is_empty(), "question {} asks for leave, and takes no --answer", approval.id);
        return Ok(BTreeMap::new());
    }
    let asked = questions(&approval.ask.input);
    let mut answers = BTreeMap::new();
    for text in given {
        let of = |question: &Question| Some(text.strip_prefix(&question.text)?.strip_prefix('=')?.to_owned());
        let named = asked.iter().find_map(|question| Some((question.text.clone(), of(question)?)));
        let alone =
            || asked.first().filter(|_| asked.len() == 1).map(|only| (only.text.clone(), text.clone()));
        let (question, label) = named
            .or_else(alone)
            .ok_or_else(|| anyhow::anyhow!("`{text}` answers none of the questions; {}", offered(&asked)))?;
        answers.insert(question, label);
    }
    let open = open_questions(&approval.ask.input, &answers);
    anyhow::ensure!(open.is_empty(), "{}", offered(&open));
    Ok(answers)
}

/// What is still to be answered, as it is to be written.
fn offered(open: &[Question]) -> String {
    let lines =
        open.iter().map(|question| format!("--answer '{}={}'", question.text, question.labels.join("|")));
    format!("give {}", lines.collect::<Vec<_>>().join(" "))
}
