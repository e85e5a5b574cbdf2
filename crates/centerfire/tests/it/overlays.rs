//! CLIs other than Claude Code with the hooks of their session: what they ask is seen and answered from elsewhere, beside
//! their own dialog, and nothing of their user's configuration is touched.

use crate::session::Session;
use adapter::hooks::{Launching, Overlaid};
use rustix::process::{Pid, Signal};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use testkit::terminal::PATIENCE;
use testkit::{Codex, ModelServer, eventually};

/// Seconds that a CLI may take to start on a busy machine.
const START_WITHIN: &str = "60";

/// A CLI in a session, ready for input.
pub(crate) fn session_of(
    words: &[&str],
    environment: Vec<(&'static str, OsString)>,
    project: &Path,
    settings: &[(&str, &str)],
) -> Session {
    let session = start(words, environment, project, settings);
    session.get(&["wait", "--for", "idle", "--timeout", START_WITHIN]);
    session
}

pub(crate) fn start(
    words: &[&str],
    environment: Vec<(&'static str, OsString)>,
    project: &Path,
    settings: &[(&str, &str)],
) -> Session {
    Session::start_with(words, |command| {
        let home = command.get_envs().find(|(name, _)| *name == "CENTERFIRE_HOME");
        let home = home.and_then(|(_, value)| value).unwrap().to_owned();
        command.env_clear().envs(environment).env("CENTERFIRE_HOME", home).current_dir(project);
        command.envs(settings.iter().copied());
    })
}

/// Presses a key until something is on the screen: a dialog that was just drawn loses some.
fn press(session: &Session, key: &str, said: &str) {
    let pressed = || {
        session.get(&["send", "--key", key]);
        let line = ["wait", "--for", "text", "--match", said, "--timeout", "2"];
        session.run(&line).status.success().then_some(())
    };
    eventually(PATIENCE, pressed).unwrap_or_else(|| panic!("{}", session.text()));
}

/// Sends a prompt and waits for so many questions to come of it.
pub(crate) fn ask(session: &Session, prompt: &str, count: usize) -> Vec<Value> {
    session.get(&["send", "--submit", prompt]);
    waiting(session, count)
}

pub(crate) fn waiting(session: &Session, count: usize) -> Vec<Value> {
    let all = || {
        let told = session.json(&["approvals"]);
        told.as_array().filter(|all| all.len() == count).cloned()
    };
    eventually(PATIENCE, all).unwrap_or_else(|| panic!("{} {}", session.json(&["approvals"]), session.text()))
}

/// Waits until the screen shows a state as well: a dialog that is still being drawn, or closed, takes what is typed.
pub(crate) fn screen_says(session: &Session, state: &str) {
    let says = || {
        let claims = session.json(&["show"])["agent"]["claims"].clone();
        let says = |claim: &Value| claim["source"] == "screen" && claim["state"] == state;
        claims.as_array().unwrap().iter().any(says).then_some(())
    };
    eventually(PATIENCE, says).unwrap_or_else(|| panic!("not {state}: {}", session.text()));
}

/// What the journal says of questions that are over: who settled them, and how.
pub(crate) fn settled(session: &Session) -> Vec<protocol::Settled> {
    let mut reader = journal::Reader::open(&session.folder.join("journal"), protocol::Offset::ZERO).unwrap();
    let mut all = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        if let protocol::Body::Settled(settled) = record.body {
            all.push(*settled);
        }
    }
    all
}

/// The events that hooks told, by name, and the conversations that they named.
pub(crate) fn told(session: &Session) -> (Vec<String>, Vec<String>) {
    let (mut events, mut conversations) = (Vec::new(), Vec::new());
    let mut reader = journal::Reader::open(&session.folder.join("journal"), protocol::Offset::ZERO).unwrap();
    while let Some(record) = reader.next().unwrap() {
        if let protocol::Body::Hook { bytes, cut: false } = record.body {
            let told: Value = serde_json::from_slice(bytes).unwrap();
            events.push(told["hook_event_name"].as_str().unwrap().to_owned());
            conversations.push(told["session_id"].as_str().unwrap().to_owned());
        }
    }
    (events, conversations)
}

/// The texts of the files in a folder that a user writes: settings and hooks.
pub(crate) fn settings_below(folder: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(settings_below(&path));
        } else if path.extension().is_some_and(|kind| kind == "toml" || kind == "json" || kind == "js") {
            all.insert(path.display().to_string(), std::fs::read_to_string(&path).unwrap_or_default());
        }
    }
    all
}

/// A user of Codex with a model of their own.
pub(crate) struct CodexDesk {
    pub(crate) codex: Codex,
    pub(crate) server: ModelServer,
    _folder: TempDir,
}

/// What makes Codex ask before it runs a command.
pub(crate) fn codex_runs(command: &str) -> String {
    let input =
        json!({ "cmd": command, "sandbox_permissions": "require_escalated", "justification": "may I" });
    format!("[[tool:exec_command|{input}]]")
}

/// As the host has it: a dialog that is there so long after its key has lost it.
const LOST_AFTER: Duration = Duration::from_secs(1);
const CODEX_DIALOG: &str = "Press enter to confirm";

impl CodexDesk {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("cx").tempdir_in("/tmp").unwrap();
        let server = ModelServer::start().unwrap();
        let codex = Codex::prepare(folder.path(), &server).unwrap();
        Self { codex, server, _folder: folder }
    }

    pub(crate) fn session(&self, words: &[&str], settings: &[(&str, &str)]) -> Session {
        let Self { codex, .. } = self;
        let words: Vec<&str> = [codex.program().to_str().unwrap()].iter().chain(words).copied().collect();
        session_of(&words, codex.environment(), &codex.project(), settings)
    }

    fn made(&self, name: &str) -> bool {
        self.codex.project().join(name).exists()
    }
}

/// A yes, a no with words, and an edit, from another terminal, with the dialog on the screen; no server runs.
#[test]
fn what_codex_asks_is_answered_from_elsewhere() {
    let desk = CodexDesk::new();
    let session = desk.session(&[], &[]);
    let asked = &ask(&session, &format!("{} [[say:it is made]]", codex_runs("touch yes")), 1)[0];
    assert_eq!((&asked["tool"], &asked["kind"]), (&json!("Bash"), &json!("permission")));
    assert_eq!((&asked["input"]["command"], &asked["typed"]), (&json!("touch yes"), &json!(true)));
    session.get(&["approve"]);
    session.wait_for_line("it is made$");
    assert!(desk.made("yes"));
    let asked = &ask(&session, &format!("{} [[say:never]]", codex_runs("touch no")), 1)[0];
    session.wait_for_line(CODEX_DIALOG);
    session.get(&["deny", "--message", "rather not today"]);
    session.wait_for_line("FAKE: rather not today");
    assert!(!desk.made("no"));
    let late = session.run(&["approve", &asked["id"].to_string()]);
    let why = String::from_utf8_lossy(&late.stderr).into_owned();
    assert!(late.status.code() == Some(5) && why.contains("was denied by"), "{why}");
    let file = desk.codex.project().join("edit.txt");
    let asked = &ask(&session, &format!("[[write:{}|hi]] [[say:it is written]]", file.display()), 1)[0];
    assert_eq!(asked["tool"], "apply_patch");
    session.get(&["approve"]);
    session.wait_for_line("it is written$");
    assert!(settled(&session).iter().all(|one| one.by.contains("with centerfire") && one.decision.is_some()));
    let (events, conversations) = told(&session);
    for event in ["SessionStart", "UserPromptSubmit", "PermissionRequest", "Interrupt", "Stop"] {
        assert!(events.iter().any(|told| told == event), "{event} is not among {events:?}");
    }
    let transcripts = desk.codex.transcripts().unwrap();
    let is_its = |id: &String| transcripts[0].to_str().unwrap().contains(id.as_str());
    assert!(transcripts.len() == 1 && conversations.iter().all(is_its), "{conversations:?} {transcripts:?}");
}

/// Who answers in the terminal answers, also the first of two; who dies meanwhile loses no question.
#[test]
fn what_is_answered_in_codex_itself_is_over_everywhere() {
    let desk = CodexDesk::new();
    let session = desk.session(&[], &[]);
    for (key, said) in [("y", "it is done$"), ("Escape", "Conversation interrupted")] {
        let asked =
            &ask(&session, &format!("{} [[say:it is done]]", codex_runs(&format!("touch {key}"))), 1)[0];
        session.wait_for_line(CODEX_DIALOG);
        press(&session, key, said);
        waiting(&session, 0);
        let late = session.run(&["approve", &asked["id"].to_string()]);
        assert_eq!(late.status.code(), Some(5));
    }
    let both = format!("{} [[and]] {} [[say:both]]", codex_runs("touch one"), codex_runs("touch two"));
    ask(&session, &both, 2);
    session.kill_host();
    waiting(&session, 2);
    // A person reads a dialog before they answer it, and so does the host.
    let is_read = |claim: &Value| claim["source"] == "screen" && claim["state"] == "blocked";
    let read = || session.json(&["show"])["agent"]["claims"].as_array()?.iter().any(is_read).then_some(());
    eventually(PATIENCE, read).unwrap_or_else(|| panic!("{}", session.text()));
    let first = if session.text().contains("$ touch one") { "touch one" } else { "touch two" };
    let second = if first == "touch one" { "\\$ touch two" } else { "\\$ touch one" };
    press(&session, "y", second);
    let left = &waiting(&session, 1)[0];
    assert_ne!(left["input"]["command"], first, "the dialog that was answered is over, and not the other");
    session.get(&["approve"]);
    session.wait_for_line("both$");
    waiting(&session, 0);
    assert!(desk.made("one") && desk.made("two"));
}

/// A key is typed again where a dialog lost it, and not to a Codex that has yet to read it: the second would answer the next
/// dialog.
#[test]
fn a_codex_that_stands_still_has_one_key_to_read() {
    let desk = CodexDesk::new();
    let session = desk.session(&[], &[]);
    ask(&session, &format!("{} [[say:it is made]]", codex_runs("touch made")), 1);
    session.wait_for_line(CODEX_DIALOG);
    let child = Pid::from_raw(session.pid("child").cast_signed()).unwrap();
    let signal = |signal| rustix::process::kill_process_group(child, signal).unwrap();
    signal(Signal::STOP);
    session.get(&["approve"]);
    let terminal = std::fs::File::open(format!("/proc/{}/fd/0", child.as_raw_pid())).unwrap();
    let unread = || rustix::io::ioctl_fionread(&terminal).unwrap();
    eventually(PATIENCE, || (unread() > 0).then_some(())).expect("the key is typed");
    let more = eventually(LOST_AFTER * 2, || (unread() > 1).then_some(()));
    signal(Signal::CONT);
    assert_eq!(more, None);
    session.wait_for_line("it is made$");
}

#[test]
fn of_two_answers_to_codex_at_once_one_counts() {
    let desk = CodexDesk::new();
    let session = desk.session(&[], &[]);
    let asked = &ask(&session, &format!("{} [[say:the end]]", codex_runs("touch made")), 1)[0];
    let id = asked["id"].to_string();
    let words = ["approve", "deny", "approve", "deny"];
    let start = |word: &&str| {
        let mut command = session.instance.command(&[word, crate::session::NAME, &id]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = words.iter().map(start).collect();
    let codes: Vec<_> = children.into_iter().map(|mut child| child.wait().unwrap().code()).collect();
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| matches!(code, Some(0 | 5))), "{codes:?}");
    session.get(&["wait", "--for", "idle", "--timeout", "20"]);
    let settled = settled(&session);
    let allowed = settled[0].decision.as_ref().unwrap().behaviour == protocol::approval::Behaviour::Allow;
    assert_eq!((settled.len(), desk.made("made")), (1, allowed));
}

/// The user's own hook runs, and no file of theirs is changed.
#[test]
fn codex_keeps_its_users_configuration() {
    let desk = CodexDesk::new();
    let (settings, own) = (desk.codex.config().join("config.toml"), desk.codex.project().join("own"));
    let hook = format!(
        "[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = \"command\"\ncommand = \"touch {}\"\n",
        own.display()
    );
    std::fs::write(&settings, std::fs::read_to_string(&settings).unwrap() + &hook).unwrap();
    // Codex itself counts there how often it showed its news.
    let all = || {
        let is_counted = |line: &&str| !line.contains("gpt-6") && !line.contains("[tui");
        let kept = |text: String| {
            text.lines().filter(is_counted).collect::<Vec<_>>().join("\n").trim_end().to_owned()
        };
        let files = settings_below(desk.codex.home().parent().unwrap());
        files.into_iter().map(|(path, text)| (path, kept(text))).collect::<BTreeMap<_, _>>()
    };
    desk.session(&["--dangerously-bypass-hook-trust"], &[("CENTERFIRE_CODEX_HOOKS", "false")]).get(&["kill"]);
    let before = all();
    // Trust in a hook of their own is given in a dialog otherwise.
    let session = desk.session(&["--dangerously-bypass-hook-trust"], &[]);
    let meta: Value =
        serde_json::from_slice(&std::fs::read(session.folder.join("meta.json")).unwrap()).unwrap();
    let words = [desk.codex.program().to_str().unwrap(), "--dangerously-bypass-hook-trust"];
    assert_eq!(meta["command"], json!(words), "as it was asked for");
    ask(&session, &format!("{} [[say:it is made]]", codex_runs("touch made")), 1);
    session.get(&["approve"]);
    session.wait_for_line("it is made$");
    eventually(PATIENCE, || own.exists().then_some(())).expect("the user's own hook ran");
    session.get(&["kill"]);
    let after = all();
    for (path, text) in &before {
        assert_eq!(after.get(path), Some(text), "{path}");
    }
    assert!(after.values().all(|text| !text.contains("__hook")), "{:?}", after.keys());
}

/// Switched off, or with a session that is gone, Codex asks as it does without us.
#[test]
fn codex_asks_by_itself_where_nobody_hears_its_hooks() {
    let desk = CodexDesk::new();
    let prompt = format!("{} [[say:it is made]]", codex_runs("touch made"));
    let off = desk.session(&[], &[("CENTERFIRE_CODEX_HOOKS", "false")]);
    off.get(&["send", "--submit", &prompt]);
    off.wait_for_line(CODEX_DIALOG);
    assert_eq!((off.json(&["approvals"]), told(&off).0.len()), (json!([]), 0));
    off.get(&["kill"]);
    let plain = desk.codex.command();
    let words: Vec<OsString> =
        [plain.get_program()].into_iter().chain(plain.get_args()).map(Into::into).collect();
    let overlaid = adapter::by_name("codex").unwrap().hooks().unwrap().overlay(&Launching {
        words: &words,
        role: &[env!("CARGO_BIN_EXE_centerfire"), "__hook", "codex"],
        version: Some("0.169.0"),
        restore: None,
        folder: Path::new("/"),
        variable: &|_| None,
        read: &|_| None,
    });
    let Overlaid::With(overlay) = overlaid else { panic!("{overlaid:?}") };
    let words = overlay.words.iter().map(|word| word.to_str().unwrap());
    let gone: Vec<&str> = ["env", "CENTERFIRE_SOCKET=/nowhere/s"].into_iter().chain(words).collect();
    let session = start(&gone, desk.codex.environment(), &desk.codex.project(), &[]);
    session.wait_for_line("Ask Codex to do anything");
    session.get(&["send", "--submit", &prompt]);
    session.wait_for_line(CODEX_DIALOG);
    assert_eq!((session.json(&["approvals"]), told(&session).0.len()), (json!([]), 0));
    press(&session, "y", "it is made$");
    eventually(PATIENCE, || desk.made("made").then_some(())).expect("it was allowed in its own dialog");
}
