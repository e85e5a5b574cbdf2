//! What the real CLIs offer to allow for later is offered from anywhere, and chosen once: the like of it is not asked again,
//! and all else is.

use crate::approvals::ask;
use crate::claude_code::Desk;
use crate::overlays::{settled, waiting};
use crate::session::Session;
use serde_json::{Value, json};

/// What a session says of the choice in its journal.
fn chosen(session: &Session) -> Option<String> {
    settled(session).pop()?.decision?.always
}

/// Sends a prompt that asks nothing, and waits for what is said in the end.
fn is_not_asked(session: &Session, prompt: &str, said: &str) {
    let questions = settled(session).len();
    session.get(&["send", "--submit", &format!("{prompt} [[say:{said}]]")]);
    session.wait_for_line(&format!("● {said}"));
    assert_eq!((session.json(&["approvals"]), settled(session).len()), (json!([]), questions), "{prompt}");
}

/// A rule, which Claude Code keeps for the project: the commands that it means, and no others.
#[test]
fn claude_code_does_not_ask_again_for_commands_that_were_allowed_for_later() {
    let desk = Desk::new();
    let session = desk.session();
    let asked = ask(&session, "[[bash:git commit -m one]] [[say:the first]]");
    let words = "Bash(git commit *), in this project from now on (.claude/settings.local.json)";
    assert_eq!(asked["always"], json!([words]));
    let shown = session.get(&["approvals"]);
    assert!(
        shown.contains("\n  git commit -m one\n") && shown.contains(&format!("\n  --always: {words}\n")),
        "{shown}"
    );
    let other = session.run(&["approve", "--always=2"]);
    let why = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(!other.status.success() && why.contains(&format!("--always=1  # {words}")), "{why}");
    let told = session.get(&["approve", "--always"]);
    assert!(told.ends_with(&format!("; for later too: {words}\n")), "{told}");
    session.wait_for_line("● the first");
    assert_eq!(chosen(&session).as_deref(), Some(words));
    let explained = session.get(&["explain"]);
    assert!(explained.contains(&format!("allowed for later too ({words}) by ")), "{explained}");
    let file = desk.claude.project().join(".claude/settings.local.json");
    let kept: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(kept["permissions"]["allow"], json!(["Bash(git commit *)"]));
    is_not_asked(&session, "[[bash:git commit -m two]]", "the second");
    ask(&session, "[[bash:git push]] [[say:refused]]");
    let late = session.run(&["approve", &asked["id"].to_string(), "--always"]);
    let why = String::from_utf8_lossy(&late.stderr).into_owned();
    assert!(
        late.status.code() == Some(5) && why.contains(&format!("allowed for later too ({words}) by")),
        "{why}"
    );
    session.get(&["deny"]);
    session.wait_for_line("● refused");
}

/// Of a command in its folder the dialog offers the folder, and not the mode that its hook is told of beside it; that is offered
/// with an edit, but with none of its own settings.
#[test]
fn claude_code_is_told_no_more_than_its_dialog_offers() {
    let desk = Desk::new();
    let session = desk.session();
    let project = desk.claude.project().display().to_string();
    let asked = ask(&session, "[[bash:touch one]] [[say:the first]]");
    assert!(asked["suggestions"].to_string().contains("acceptEdits"), "{asked}");
    assert_eq!(asked["always"], json!([format!("access to {project}, for this session")]));
    session.wait_for_line("2. Yes, and always allow access to");
    session.get(&["approve", "--always"]);
    session.wait_for_line("● the first");
    let asked = ask(&session, &format!("[[write:{project}/.claude/settings.json|{{}}]] [[say:refused]]"));
    assert_eq!(asked["always"], Value::Null);
    let refused = session.run(&["approve", "--always"]);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && why.contains("nothing can be allowed for later from here"), "{why}");
    assert_eq!(waiting(&session, 1)[0]["id"], asked["id"]);
    session.get(&["deny"]);
    session.wait_for_line("● refused");
    let asked = ask(&session, &format!("[[write:{project}/a|one]] [[say:written]]"));
    let words = "all edits of files and common file commands (mode acceptEdits), for this session";
    assert_eq!(asked["always"], json!([words]), "edits are asked for still");
    session.get(&["approve", "--always"]);
    session.wait_for_line("● written");
    is_not_asked(&session, &format!("[[write:{project}/b|two]]"), "and this");
    assert_eq!(std::fs::read_to_string(desk.claude.project().join("b")).unwrap().trim(), "two");
}
