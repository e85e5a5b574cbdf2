//! What the real Claude Code asked, and what became of it: the entries, each of them, in order (proof 1).

use crate::real::Desk;
use serde_json::Value;
use std::time::Duration;
use testkit::eventually;

const LIMIT: Duration = Duration::from_secs(30);

pub(crate) const ASKS: &str = r#"{"questions":[{"question":"Which db?","header":"DB","multiSelect":false,"options":[{"label":"Redis","description":"a"},{"label":"SQLite","description":"b"}]}]}"#;

/// What an entry is, and what of it matters here.
pub(crate) fn short(entry: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kind = text(&entry["kind"]);
    match kind.as_str() {
        "tool_call" => format!("call {}", text(&entry["name"])),
        "tool_result" => {
            format!("result{}{}: {}", flag(entry, "is_error"), flag(entry, "is_denied"), text(&entry["text"]))
        }
        _ => format!("{} {kind}: {}", text(&entry["role"]), text(&entry["text"])),
    }
}

fn flag(entry: &Value, name: &str) -> String {
    if entry[name] == true { format!(" {name}") } else { String::new() }
}

fn entries(desk: &Desk) -> Vec<String> {
    let told = desk.json(&["conversation", "s"]);
    let entries = told[0]["entries"].as_array().unwrap().clone();
    entries.iter().map(short).collect()
}

/// Leave that was given and refused, a question, and an answer that its user broke off.
#[test]
fn what_was_asked_allowed_refused_chosen_and_broken_off_is_told() {
    let desk = Desk::new();
    desk.run(&[
        "run",
        "-d",
        "--name",
        "s",
        "--size",
        "120x40",
        "--",
        desk.claude.program().to_str().unwrap(),
    ]);
    desk.run(&["wait", "s", "--for", "idle", "--timeout", "30"]);
    desk.ask("s", "[[bash:touch yes]] [[say:made]]", "blocked");
    desk.run(&["approve", "s"]);
    desk.run(&["wait", "s", "--for", "done", "--timeout", "30"]);
    desk.ask("s", "[[bash:touch no]] [[say:alas]]", "blocked");
    desk.run(&["deny", "s", "--message", "rather not"]);
    desk.run(&["wait", "s", "--for", "done", "--timeout", "30"]);
    let question = format!("[[tool:AskUserQuestion|{ASKS}]] [[say:chosen]]");
    desk.ask("s", &question, "blocked");
    desk.run(&["approve", "s", "--answer", "SQLite"]);
    desk.run(&["wait", "s", "--for", "done", "--timeout", "30"]);
    let sent = desk.json(&["send", "s", "--submit", "[[say:whole]] [[rate:20]] [[lorem:500]]"])["offset"]
        .to_string();
    desk.run(&["wait", "s", "--for", "text", "--match", "lorem ipsum", "--since", &sent, "--timeout", "30"]);
    desk.run(&["send", "s", "--key", "Escape"]);
    desk.run(&["wait", "s", "--for", "idle", "--since", &sent, "--timeout", "30"]);
    // It writes down what it had of the answer a moment after it says that it waits.
    let broken_off = || Some(entries(&desk)).filter(|told| told.last().unwrap().contains("interrupted"));
    let mut told = eventually(LIMIT, broken_off).expect("what was broken off is written down");
    let part = told.remove(told.len() - 2);
    assert!(part.starts_with("assistant message: lorem ipsum dolor"), "{part}");
    let expected = [
        "user message: [[bash:touch yes]] [[say:made]]",
        "call Bash",
        "result: (Bash completed with no output)",
        "assistant message: made",
        "user message: [[bash:touch no]] [[say:alas]]",
        "call Bash",
        "result is_error is_denied: rather not",
        "assistant message: alas",
        &format!("user message: {question}"),
        "call AskUserQuestion",
        "result: Your questions have been answered: \"Which db?\"=\"SQLite\". You can now continue with these answers in mind.",
        "assistant message: chosen",
        "user message: [[say:whole]] [[rate:20]] [[lorem:500]]",
        "assistant message: whole",
        "system notice: [Request interrupted by user]",
    ];
    assert_eq!(told, expected);
}

/// A plan that was refused, and one that was let pass.
#[test]
fn a_plan_is_told_with_what_became_of_it() {
    let desk = Desk::new();
    let program = desk.claude.program().to_str().unwrap();
    desk.run(&["run", "-d", "--name", "s", "--size", "120x40", "--", program, "--permission-mode", "plan"]);
    desk.run(&["wait", "s", "--for", "idle", "--timeout", "30"]);
    desk.ask("s", "[[say:hello]]", "done");
    let requests = desk.server.requests();
    let told: String = requests.iter().map(|request| request.body.to_string()).collect();
    let plans = desk.claude.config().join("plans").to_str().unwrap().to_owned();
    let start = told.find(&plans).expect("the model is told the plan's file");
    let file = told[start..].split(".md").next().unwrap().to_owned() + ".md";
    let plan = |text: &str| format!("[[write:{file}|{text}]] [[tool:ExitPlanMode|{{}}]] [[say:on it]]");
    desk.ask("s", &plan("# Count to three"), "blocked");
    desk.run(&["deny", "s", "--message", "count to four"]);
    desk.run(&["wait", "s", "--for", "done", "--timeout", "30"]);
    desk.ask("s", &plan("# Count to four"), "blocked");
    desk.run(&["approve", "s"]);
    desk.run(&["wait", "s", "--for", "done", "--timeout", "30"]);
    let result = |told: &str| told.split(':').next().unwrap().to_owned();
    let whole = || {
        Some(entries(&desk)).filter(|told| told.last().unwrap().starts_with("assistant") && told.len() > 9)
    };
    let told = eventually(LIMIT, whole).unwrap_or_else(|| panic!("{:#?}", entries(&desk)));
    let told: Vec<_> = told
        .iter()
        .map(|told| if told.starts_with("result") { result(told) } else { told.clone() })
        .collect();
    let (three, four) = (
        format!("user message: {}", plan("# Count to three")),
        format!("user message: {}", plan("# Count to four")),
    );
    let expected = [
        "user message: [[say:hello]]",
        "assistant message: hello",
        &three,
        "call Write",
        "result",
        "call ExitPlanMode",
        "result is_error is_denied",
        "assistant message: on it",
        &four,
        "call Write",
        "result",
        "call ExitPlanMode",
        "result",
        "assistant message: on it",
    ];
    assert_eq!(told, expected);
}
