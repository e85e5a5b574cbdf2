//! What the real Claude Code asks leave for, beside its dialog: seen and answered by commands, without any server.
//!
//! The first answer counts, wherever it comes from; whatever dies meanwhile, the question is neither lost nor asked twice.

use crate::claude_code::Desk;
use crate::hooks::hook;
use crate::overlays::settled;
use crate::session::{NAME, Session};
use serde_json::{Value, json};
use std::process::Stdio;
use testkit::terminal::PATIENCE;
use testkit::{eventually, proc};

/// The last line of a dialog about a tool.
pub(crate) const DIALOG: &str = "Esc to cancel";

/// Sends a prompt and waits for the question that comes of it.
pub(crate) fn ask(session: &Session, prompt: &str) -> Value {
    session.get(&["send", "--submit", prompt]);
    question(session)
}

/// The one question that waits.
pub(crate) fn question(session: &Session) -> Value {
    let one =
        || session.json(&["approvals"]).as_array().filter(|all| all.len() == 1).map(|all| all[0].clone());
    eventually(PATIENCE, one).unwrap_or_else(|| panic!("no question: {}", session.text()))
}

fn wait_until_nothing_waits(session: &Session) {
    let none = || (session.json(&["approvals"]) == json!([])).then_some(());
    eventually(PATIENCE, none).unwrap_or_else(|| panic!("{}", session.json(&["approvals"])));
}

/// The hooks that wait, processes of the binary under test below Claude Code.
pub(crate) fn waiting_hooks(session: &Session) -> usize {
    let children = proc::children(session.pid("child")).unwrap_or_default();
    let is_hook = |pid: &proc::Pid| proc::command_line(*pid).contains("__hook");
    children.iter().filter(|pid| is_hook(pid)).count()
}

/// What the model was told.
fn told(desk: &Desk) -> String {
    desk.server.requests().iter().map(|request| request.body["messages"].to_string()).collect()
}

/// A yes and a no from another terminal, while the dialog is on the screen; no server runs. All of it is recorded.
#[test]
fn leave_is_given_and_refused_by_a_command_beside_the_dialog() {
    let desk = Desk::new();
    let session = desk.session();
    let asked = ask(&session, "[[bash:touch yes.txt]] [[say:it is made]]");
    assert_eq!((&asked["kind"], &asked["tool"]), (&json!("permission"), &json!("Bash")));
    assert_eq!(asked["input"]["command"], "touch yes.txt");
    assert!(asked["suggestions"].is_array() && asked["name"] == NAME, "{asked}");
    session.wait_for_line(DIALOG);
    let status: Value =
        serde_json::from_slice(&std::fs::read(session.folder.join("status.json")).unwrap()).unwrap();
    assert_eq!(status["approvals"][0]["id"], asked["id"]);
    let shown = session.get(&["approvals"]);
    assert!(shown.contains(": Bash, for ") && shown.contains("\n  touch yes.txt\n"), "{shown}");
    assert_eq!(session.get(&["approve"]), format!("allowed {}: Bash touch yes.txt\n", asked["id"]));
    session.wait_for_line("● it is made");
    assert!(desk.claude.project().join("yes.txt").exists());
    let asked = ask(&session, "[[bash:touch no.txt]] [[say:well then]]");
    session.get(&["deny", "--message", "rather not today"]);
    session.wait_for_line("● well then");
    assert!(!desk.claude.project().join("no.txt").exists());
    assert!(told(&desk).contains("rather not today"));
    let late = session.run(&["approve", &asked["id"].to_string()]);
    let why = String::from_utf8_lossy(&late.stderr).into_owned();
    assert_eq!(late.status.code(), Some(5), "{why}");
    assert!(why.contains("was denied by") && why.contains("with centerfire deny at 20"), "{why}");
    let settled = settled(&session);
    assert!(
        settled.iter().all(|one| one.by.contains("with centerfire")) && settled.len() == 2,
        "{settled:?}"
    );
}

/// Who answers in the terminal answers: the hook is let go, and a later answer is refused.
#[test]
fn what_the_terminal_answered_is_over_everywhere() {
    let desk = Desk::new();
    let session = desk.session();
    for (key, said) in [("1", "● it is done"), ("Escape", "Interrupted")] {
        let prompt = format!("[[bash:touch file{key}]] [[say:it is done]]");
        ask(&session, &prompt);
        session.wait_for_line(DIALOG);
        assert_eq!(waiting_hooks(&session), 1);
        session.press_in_dialog(DIALOG, key);
        session.wait_for_line(said);
        wait_until_nothing_waits(&session);
        let gone = eventually(PATIENCE, || (waiting_hooks(&session) == 0).then_some(()));
        assert!(gone.is_some(), "the hook waits on");
        let late = session.run(&["approve"]);
        let why = String::from_utf8_lossy(&late.stderr).into_owned();
        assert!(late.status.code() == Some(5) && why.contains("by the terminal"), "{why}");
    }
    assert!(settled(&session).iter().all(|one| one.decision.is_none()));
}

#[test]
fn of_two_answers_at_once_one_counts() {
    let desk = Desk::new();
    let session = desk.session();
    for round in 0..3 {
        let id = ask(&session, &format!("[[bash:touch round{round}]] [[say:end {round}]]"))["id"].to_string();
        let answers: Vec<_> = ["approve", "deny", "approve", "deny"]
            .map(|word| {
                let mut command = session.instance.command(&[word, NAME, &id]);
                command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
            })
            .into_iter()
            .map(|mut child| child.wait().unwrap().code())
            .collect();
        assert_eq!(answers.iter().filter(|code| **code == Some(0)).count(), 1, "{answers:?}");
        assert!(answers.iter().all(|code| matches!(code, Some(0 | 5))), "{answers:?}");
        session.wait_for_line(&format!("● end {round}"));
        let allowed = settled(&session).last().unwrap().decision.as_ref().unwrap().behaviour;
        let made = desk.claude.project().join(format!("round{round}")).exists();
        assert_eq!(made, allowed == protocol::approval::Behaviour::Allow);
    }
    assert_eq!(settled(&session).len(), 3);
}

/// The question lies in the journal, and the hook comes back to the next host.
#[test]
fn a_question_survives_a_killed_host() {
    let desk = Desk::new();
    let session = desk.session();
    let before = ask(&session, "[[bash:touch made.txt]] [[say:it is made]]");
    for _ in 0..2 {
        session.kill_host();
        assert_eq!(question(&session), before);
    }
    session.wait_for_line(DIALOG);
    session.get(&["approve"]);
    session.wait_for_line("● it is made");
    assert!(desk.claude.project().join("made.txt").exists());
    let next = ask(&session, "[[bash:touch next.txt]] [[say:next]]");
    assert_eq!(next["id"].as_u64(), before["id"].as_u64().map(|id| id + 1), "no number comes twice");
}

#[test]
fn a_question_with_options_is_answered_with_one_of_them() {
    let desk = Desk::new();
    let session = desk.session();
    let options =
        json!([{ "label": "SQLite", "description": "a" }, { "label": "Redis", "description": "b" }]);
    let one = json!({ "question": "Which db?", "header": "DB", "multiSelect": false, "options": options });
    let two = json!({ "question": "Where?", "header": "Place", "multiSelect": false, "options": options });
    let tool = |questions: Value| format!("[[tool:AskUserQuestion|{}]]", json!({ "questions": questions }));
    let asked = ask(&session, &format!("{} [[say:chosen]]", tool(json!([one]))));
    assert_eq!(asked["kind"], "question");
    let bare = session.run(&["approve"]);
    let why = String::from_utf8_lossy(&bare.stderr).into_owned();
    assert!(!bare.status.success() && why.contains("--answer DB=SQLite (or Redis)"), "{why}");
    session.get(&["approve", "--answer", "Redis"]);
    session.wait_for_line("● chosen");
    session.wait_for_line("Which db\\? → Redis");
    ask(&session, &format!("{} [[say:both chosen]]", tool(json!([one, two]))));
    assert!(!session.run(&["approve", "--answer", "Where?=here"]).status.success());
    session.get(&["approve", "--answer", "Where?=here", "--answer", "DB=SQLite"]);
    session.wait_for_line("● both chosen");
    session.wait_for_line("Where\\? → here");
    wait_until_nothing_waits(&session);
}

/// Claude Code writes its plan into a file of its own, and asks with what stands there.
#[test]
fn a_plan_is_approved() {
    let desk = Desk::new();
    let session = desk.session_with(&["--permission-mode", "plan"]);
    session.get(&["send", "--submit", "[[sleep:300]] [[say:hello]]"]);
    session.wait_for_line("● hello");
    let all = told(&desk);
    let plans = desk.claude.config().join("plans").to_str().unwrap().to_owned();
    let start = all.find(&plans).expect("the model is told the plan's file");
    let end = start + all[start..].find(".md").unwrap() + 3;
    let file = &all[start..end];
    let plan =
        format!("[[write:{file}|# The plan: count to three]] [[tool:ExitPlanMode|{{}}]] [[say:on it]]");
    let asked = ask(&session, &plan);
    assert_eq!(asked["kind"], "plan");
    assert_eq!(asked["input"]["plan"], "# The plan: count to three");
    session.get(&["approve"]);
    session.wait_for_line("● on it");
    wait_until_nothing_waits(&session);
}

#[test]
fn a_sub_agent_asks_under_its_own_name() {
    let desk = Desk::new();
    let session = desk.session();
    let job = json!({
        "description": "sub job", "subagent_type": "general-purpose",
        "prompt": "[[bash:touch sub.txt]] [[say:sub done]]",
    });
    let asked = ask(&session, &format!("[[tool:Agent|{job}]] [[say:main done]]"));
    assert!(asked["agent"].is_string() && asked["unseen"] == true, "{asked}");
    session.get(&["approve"]);
    let made = || desk.claude.project().join("sub.txt").exists().then_some(());
    eventually(PATIENCE, made).unwrap_or_else(|| panic!("{}", session.text()));
    wait_until_nothing_waits(&session);
}

#[test]
fn what_nobody_answers_is_denied_if_that_is_the_setting() {
    let desk = Desk::new();
    let session =
        desk.session_set(&[("CENTERFIRE_APPROVALS_UNANSWERED", "deny"), ("CENTERFIRE_APPROVALS_AFTER", "1")]);
    session.get(&["send", "--submit", "[[bash:touch made.txt]] [[say:well then]]"]);
    session.wait_for_line("● well then");
    assert!(told(&desk).contains("nobody answered within 1 s"));
    assert_eq!(settled(&session)[0].by, "the setting approvals.unanswered");
}

/// The program tells its state before its hook asks: who waits for it and answers at once means the question that comes.
#[test]
fn what_is_blocked_is_answered_before_its_hook_asks() {
    let session = Session::start(&["sh"]);
    let tell = |state: &str| {
        session.get(&["send", "--text", &format!("printf '\\033]7501;state={state}:app=test\\007'\n")]);
        let state = state.split(':').next().unwrap();
        session.get(&["wait", "--for", state, "--timeout", "20"]);
    };
    let asks = |command: &str| {
        let input = json!({ "command": command });
        let told =
            json!({ "hook_event_name": "PermissionRequest", "tool_name": "Bash", "tool_input": input });
        hook(&session, &told.to_string()).stdout(Stdio::piped()).spawn().unwrap()
    };
    let mut first = asks("first");
    question(&session);
    session.get(&["approve"]);
    assert!(first.wait().unwrap().success());
    tell("blocked:kind=permission");
    let words = ["approve", NAME];
    let approve = session.instance.command(&words).stdout(Stdio::piped()).spawn().unwrap();
    let waits = || {
        let clients = session.json(&["show"])["clients"].to_string();
        clients.contains("approve").then_some(())
    };
    eventually(PATIENCE, waits).expect("approve waits for the question");
    let mut second = asks("second");
    let answered = approve.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&answered.stdout), "allowed 2: Bash second\n", "{answered:?}");
    assert!(second.wait().unwrap().success());
    let none = session.run(&["approve"]);
    let why = String::from_utf8_lossy(&none.stderr).into_owned();
    assert!(!none.status.success() && why.contains("only its terminal"), "{why}");
    tell("working");
    let late = session.run(&["approve"]);
    let why = String::from_utf8_lossy(&late.stderr).into_owned();
    assert!(late.status.code() == Some(5) && why.contains("question 2 was allowed by"), "{why}");
    assert!(!why.contains("by user "), "{why}");
}

/// The same with the real CLI, as a script does it.
#[test]
fn a_script_that_waits_for_blocked_can_approve() {
    let desk = Desk::new();
    let session = desk.session();
    for round in 0..6 {
        let prompt = format!("[[bash:touch round{round}]] [[say:end {round}]]");
        let sent = session.json(&["send", "--submit", &prompt])["offset"].to_string();
        session.get(&["wait", "--for", "blocked", "--since", &sent, "--timeout", "20"]);
        assert!(session.get(&["approve"]).contains(&format!("touch round{round}")));
        session.wait_for_line(&format!("● end {round}"));
    }
}

/// A question of numbers in lists is many times as long where each has a line of its own: the session is there all the same.
/// Without a session the one question that waits is meant; of several they are listed as they can be answered.
#[test]
fn a_question_is_answered_without_its_session_where_one_alone_waits() {
    let ask = |tool: &str| {
        let told = json!({ "session_id": tool, "hook_event_name": "PermissionRequest", "tool_name": tool, "tool_input": { "path": "/w/a" } });
        format!("echo '{told}' | {} __hook claude & ", env!("CARGO_BIN_EXE_centerfire"))
    };
    let session = Session::start(&["sh", "-c", &format!("{}{}wait", ask("draw"), ask("paint"))]);
    let both = || session.json(&["approvals"]).as_array().filter(|all| all.len() == 2).cloned();
    let both = eventually(PATIENCE, both).expect("both are asked");
    let deny = |words: &[&str]| session.instance.run(&[&["deny"], words].concat());
    let listed = String::from_utf8(deny(&[]).stderr).unwrap();
    for one in &both {
        let line = format!("centerfire deny {NAME} {}  # {} /w/a", one["id"], one["tool"].as_str().unwrap());
        assert!(listed.contains(&line), "{listed}");
    }
    assert!(deny(&[NAME, &both[0]["id"].to_string()]).status.success());
    let denied = deny(&["-m", "not today"]);
    let due = format!("denied {}: {} /w/a\n", both[1]["id"], both[1]["tool"].as_str().unwrap());
    assert_eq!(String::from_utf8(denied.stdout).unwrap(), due);
    let decision = settled(&session).pop().unwrap().decision.unwrap();
    assert_eq!(decision.message.as_deref(), Some("not today"));
    let none = String::from_utf8(deny(&[]).stderr).unwrap();
    assert!(none.contains("nothing waits for an answer in any session"), "{none}");
}

#[test]
fn a_question_of_many_numbers_hides_no_session() {
    let ask = "import json\nv=[1]*32000\nfor i in range(20): v=[v]\n\
        print(json.dumps({'session_id':'a','hook_event_name':'PermissionRequest','tool_name':'draw','tool_input':{'p':v}}))";
    let script = format!("python3 -c \"{ask}\" | {} __hook claude", env!("CARGO_BIN_EXE_centerfire"));
    let session = Session::start(&["sh", "-c", &script]);
    let asked = || Some(session.json(&["show"])).filter(|told| told["approvals"][0]["id"] == 1);
    eventually(PATIENCE, asked).expect("the question is listed");
    assert_eq!(session.instance.json(&["list", "--json"]).as_array().map(Vec::len), Some(1));
    session.get(&["deny"]);
}
