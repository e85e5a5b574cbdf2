//! The script of an answer, as it stands in the prompt: its grammar, independent of any API.
//!
//! | mark | what the model does |
//! |---|---|
//! | `[[say:TEXT]]`, `[[think:TEXT]]` | says or thinks it, word by word |
//! | `[[lorem:N]]` | says N words |
//! | `[[bash:CMD]]`, `[[write:PATH\|TEXT]]`, `[[read:PATH]]` | calls that tool, then waits for its result |
//! | `[[tool:NAME\|JSON]]` | calls any tool |
//! | `[[and]]` between two calls | makes both in one answer |
//! | `[[sleep:MS]]`, `[[rate:WORDS_PER_SECOND]]` | pauses; speaks at this rate from here on |
//! | `[[error:STATUS\|TYPE]]`, `[[drop]]`, `[[stall]]` | fails; closes the connection; falls silent |
//! | `[[error:STATUS\|TYPE\|once]]`, `[[drop:once]]` | does so at the first try only |
//! | `[[error:429\|usage_limit_reached]]` | a subscription is used up |
//! | `[[usage:IN\|OUT]]` | reports these numbers of tokens |
//!
//! A text without marks is echoed as `FAKE: TEXT`; beside marks, text counts for nothing. `]]` ends a mark, except
//! within the JSON of a tool.

use std::time::Duration;

use serde_json::Value;

/// One thing that the model does.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Says this text.
    Say(String),
    /// Thinks this text.
    Think(String),
    /// Calls a tool.
    Call(Call),
    /// Pauses.
    Sleep(Duration),
    /// Speaks at so many words per second from here on.
    Rate(f64),
    /// Fails with a status and a type; perhaps at the first try only.
    Error {
        /// The HTTP status.
        status: u16,
        /// The type of error, such as `overloaded_error`.
        kind: String,
        /// Whether a second try succeeds.
        once: bool,
    },
    /// Closes the connection; perhaps at the first try only.
    Drop {
        /// Whether a second try succeeds.
        once: bool,
    },
    /// Sends nothing more and leaves the connection open.
    Stall,
    /// Reports these numbers of tokens.
    Usage {
        /// Tokens read.
        input: u64,
        /// Tokens written.
        output: u64,
    },
}

/// A call of a tool; each CLI has its own names for the first three.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// Runs a shell command.
    Bash(String),
    /// Writes a file.
    Write {
        /// The file.
        path: String,
        /// Its new text.
        text: String,
    },
    /// Reads a file.
    Read(String),
    /// Calls the tool of this name.
    Tool {
        /// The name of the tool.
        name: String,
        /// What it is given.
        input: Value,
    },
}

/// Cuts a prompt into the answers that it asks for: each but the last ends with calls of tools.
pub fn parse(prompt: &str) -> Vec<Vec<Step>> {
    let mut answers = vec![Vec::new()];
    let mut called = false;
    let mut marked = false;
    let mut rest = prompt;
    while let Some((mark, after)) = next_mark(rest) {
        rest = after;
        marked = true;
        if mark == "and" {
            called = false;
            continue;
        }
        let Some(step) = step(mark) else { continue };
        if std::mem::take(&mut called) {
            answers.push(Vec::new());
        }
        called = matches!(step, Step::Call(_));
        answers.last_mut().expect("there is a first answer").push(step);
    }
    if !marked {
        answers[0].push(Step::Say(format!("FAKE: {}", prompt.trim())));
    } else if called {
        answers.push(Vec::new());
    }
    answers
}

/// The inside of the next mark, and what follows it.
fn next_mark(text: &str) -> Option<(&str, &str)> {
    let inside = &text[text.find("[[")? + 2..];
    let ends = inside.match_indices("]]").map(|(end, _)| end);
    let json =
        inside.strip_prefix("tool:").and_then(|rest| rest.split_once('|')).map(|(name, _)| name.len() + 6);
    let end = match json {
        // JSON may hold `]]` itself: the mark ends where it is complete.
        Some(start) => ends
            .clone()
            .find(|&end| start <= end && serde_json::from_str::<Value>(&inside[start..end]).is_ok()),
        None => None,
    };
    let end = end.or_else(|| inside.find("]]"))?;
    Some((&inside[..end], &inside[end + 2..]))
}

/// The step that a mark stands for; an unknown mark says that it is unknown.
fn step(mark: &str) -> Option<Step> {
    let (name, value) = mark.split_once(':').unwrap_or((mark, ""));
    let known = match name {
        "say" => Some(Step::Say(value.to_owned())),
        "think" => Some(Step::Think(value.to_owned())),
        "lorem" => value.parse().ok().map(|words| Step::Say(lorem(words))),
        "bash" => Some(Step::Call(Call::Bash(value.to_owned()))),
        "read" => Some(Step::Call(Call::Read(value.to_owned()))),
        "write" => pair(value).map(|(path, text)| Step::Call(Call::Write { path, text })),
        "tool" => tool(value),
        "sleep" => value.parse().ok().map(|ms| Step::Sleep(Duration::from_millis(ms))),
        "rate" => value.parse().ok().filter(|rate: &f64| *rate > 0.0).map(Step::Rate),
        "error" => error(value),
        "drop" => Some(Step::Drop { once: value == "once" }),
        "stall" => Some(Step::Stall),
        "usage" => usage(value),
        _ => None,
    };
    known.or_else(|| Some(Step::Say(format!("FAKE: unknown mark {mark:?}"))))
}

fn pair(value: &str) -> Option<(String, String)> {
    value.split_once('|').map(|(left, right)| (left.to_owned(), right.to_owned()))
}

fn tool(value: &str) -> Option<Step> {
    let (name, json) = pair(value)?;
    let input = serde_json::from_str(&json).ok()?;
    Some(Step::Call(Call::Tool { name, input }))
}

fn error(value: &str) -> Option<Step> {
    let mut words = value.split('|');
    let status = words.next()?.parse().ok()?;
    let kind = words.next().unwrap_or("api_error").to_owned();
    Some(Step::Error { status, kind, once: words.next() == Some("once") })
}

fn usage(value: &str) -> Option<Step> {
    let (input, output) = value.split_once('|')?;
    Some(Step::Usage { input: input.parse().ok()?, output: output.parse().ok()? })
}

/// So many words, always the same.
fn lorem(words: usize) -> String {
    const WORDS: [&str; 12] = [
        "lorem",
        "ipsum",
        "dolor",
        "sit",
        "amet",
        "consectetur",
        "adipiscing",
        "elit",
        "sed",
        "do",
        "eiusmod",
        "tempor",
    ];
    WORDS.iter().cycle().take(words).copied().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn say(text: &str) -> Step {
        Step::Say(text.to_owned())
    }

    fn bash(command: &str) -> Step {
        Step::Call(Call::Bash(command.to_owned()))
    }

    #[test]
    fn a_text_without_marks_is_echoed() {
        assert_eq!(parse(" hello\n"), [[say("FAKE: hello")]]);
    }

    #[test]
    fn an_answer_ends_with_its_calls() {
        let expect = [vec![say("a"), bash("x"), bash("y")], vec![bash("z")], vec![say("b")]];
        assert_eq!(parse("[[say:a]] [[bash:x]] [[and]] [[bash:y]] [[bash:z]] [[say:b]]"), expect);
        assert_eq!(parse("[[bash:x]]"), [vec![bash("x")], vec![]]);
    }

    #[test]
    fn every_mark_is_understood() {
        let check = |mark: &str, expect: Step| assert_eq!(parse(mark)[0], [expect], "{mark}");
        check("[[think:hm]]", Step::Think("hm".to_owned()));
        check("[[lorem:3]]", say("lorem ipsum dolor"));
        check("[[read:/a]]", Step::Call(Call::Read("/a".to_owned())));
        check("[[write:/a|b|c]]", Step::Call(Call::Write { path: "/a".to_owned(), text: "b|c".to_owned() }));
        check(
            r#"[[tool:Ask|{"q":[["a"]]}]]"#,
            Step::Call(Call::Tool { name: "Ask".to_owned(), input: json!({"q": [["a"]]}) }),
        );
        check("[[sleep:20]]", Step::Sleep(Duration::from_millis(20)));
        check("[[rate:50]]", Step::Rate(50.0));
        let overloaded = Step::Error { status: 529, kind: "overloaded_error".to_owned(), once: true };
        check("[[error:529|overloaded_error|once]]", overloaded);
        check("[[error:400]]", Step::Error { status: 400, kind: "api_error".to_owned(), once: false });
        check("[[drop]]", Step::Drop { once: false });
        check("[[drop:once]]", Step::Drop { once: true });
        check("[[stall]]", Step::Stall);
        check("[[usage:7|8]]", Step::Usage { input: 7, output: 8 });
        check("[[sing:la]]", say("FAKE: unknown mark \"sing:la\""));
    }
}
