//! `centerfire approve`: gives leave, or an answer.

use super::decide::{self, Which};
use crate::context::Context;
use crate::term::one_line;
use adapter::question::{Question, open_questions, questions};
use protocol::approval::{Behaviour, Decision};
use protocol::{Approval, BlockKind};
use serde_json::Value;
use session::name::shell_word;
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Give a program the leave it asks for, or answer its question
///
/// It is what a yes in the terminal is: this once, unless --always is given. What that would allow `centerfire approvals`
/// shows, where the program itself offers it for this question. The first answer counts, wherever it comes from; a later one is
/// refused, and told who was first. A question with options is answered with one of them, with several with `, ` between
/// where it takes several, or with words of your own.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire approve\n  centerfire approve claude\n  centerfire approve claude 3\n  centerfire approve claude --answer 'Which database?=SQLite'\n  centerfire approve claude --answer 'Database=SQLite' --answer 'Extras=Backups, Metrics'\n  centerfire approve claude --always"
)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// Tell the program TEXT with it
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
    /// The answer to a question, by its words or its header, once for each; the label alone where one is asked
    #[arg(long, value_name = "QUESTION=LABEL")]
    answer: Vec<String>,
    /// Allow for later as well what the program offers; where it offers several, the one of this number
    #[arg(long, value_name = "NUMBER", require_equals = true, num_args = 0..=1)]
    always: Option<Option<usize>>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let Self { which, message, answer, always } = self;
        decide::run(context, &which, "approve", |approval| {
            let answers = match approval {
                Some(approval) => answers(approval, &answer)?,
                None => BTreeMap::new(),
            };
            let always = match (approval, always) {
                (Some(approval), Some(number)) => Some(offered_for_later(approval, number)?),
                _ => None,
            };
            Ok(Decision { behaviour: Behaviour::Allow, message, answers, input: None, always })
        })
    }
}

/// What is allowed for later, of what is offered.
fn offered_for_later(approval: &Approval, number: Option<usize>) -> anyhow::Result<String> {
    let Approval { id, ask, .. } = approval;
    let listed = || {
        let line = |(at, words): (usize, &String)| format!("\n  --always={}  # {}", at + 1, one_line(words));
        ask.always.iter().enumerate().map(line).collect::<String>()
    };
    match (&ask.always[..], number) {
        ([], _) => anyhow::bail!(
            "with question {id} nothing can be allowed for later from here; without --always it is allowed once"
        ),
        ([only], None | Some(1)) => Ok(only.clone()),
        (_, None) => anyhow::bail!("say what is allowed for later:{}", listed()),
        (offered, Some(number)) => {
            let chosen = number.checked_sub(1).and_then(|at| offered.get(at));
            chosen.cloned().ok_or_else(|| anyhow::anyhow!("question {id} offers for later:{}", listed()))
        }
    }
}

/// To each question its answer.
fn answers(approval: &Approval, given: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    if approval.ask.kind != BlockKind::Question {
        anyhow::ensure!(given.is_empty(), "question {} asks for leave, and takes no --answer", approval.id);
        return Ok(BTreeMap::new());
    }
    answered(&approval.ask.input, given)
}

fn answered(input: &Value, given: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let asked = questions(input);
    let mut answers = BTreeMap::new();
    for text in given {
        let named = asked.iter().find_map(|question| Some((question, label(question, text)?)));
        let alone = || asked.first().filter(|_| asked.len() == 1).map(|only| (only, text.as_str()));
        let (question, label) = named
            .or_else(alone)
            .ok_or_else(|| anyhow::anyhow!("`{text}` answers none of the questions; {}", offered(&asked)))?;
        answers.insert(question.text.clone(), label.to_owned());
    }
    let open = open_questions(input, &answers);
    anyhow::ensure!(open.is_empty(), "{}", offered(&open));
    Ok(answers)
}

/// What a text answers to a question that it names by its words or its header.
fn label<'a>(question: &Question, text: &'a str) -> Option<&'a str> {
    let names = [&question.text, &question.header];
    let named = names.into_iter().filter(|name| !name.is_empty());
    named.filter_map(|name| text.strip_prefix(name.as_str())?.strip_prefix('=')).next()
}

/// What is still to be answered, in a form that can be copied, and what else can be chosen.
fn offered(open: &[Question]) -> String {
    let one = |question: &Question| {
        let name = if question.header.is_empty() { &question.text } else { &question.header };
        let (first, others) = match &question.labels[..] {
            [] => ("…", &[][..]),
            [first, others @ ..] => (first.as_str(), others),
        };
        let others = if others.is_empty() { String::new() } else { format!(" (or {})", others.join(", ")) };
        format!("--answer {}{others}", shell_word(&format!("{name}={first}")))
    };
    format!("give {}", open.iter().map(one).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_question_is_answered_by_its_words_or_its_header_and_what_is_open_is_offered() {
        let options = json!([{ "label": "SQLite" }, { "label": "Redis" }]);
        let one = json!({ "question": "Which db?", "header": "DB", "options": options });
        let two = json!({ "question": "Where is it?", "options": [] });
        let input = json!({ "questions": [one, two] });
        let answer =
            |given: &[&str]| answered(&input, &given.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
        for name in ["DB", "Which db?"] {
            let answers = answer(&[&format!("{name}=Redis"), "Where is it?=a=b"]).unwrap();
            assert_eq!((&answers["Which db?"][..], &answers["Where is it?"][..]), ("Redis", "a=b"));
        }
        let open = "give --answer DB=SQLite (or Redis), --answer 'Where is it?=…'";
        assert_eq!(answer(&[]).unwrap_err().to_string(), open);
        let wrong = answer(&["Db=Redis"]).unwrap_err().to_string();
        assert_eq!(wrong, format!("`Db=Redis` answers none of the questions; {open}"));
    }
}
