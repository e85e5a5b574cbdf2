//! The real opencode with the plugin of its session: what it asks is seen and answered from elsewhere, beside its own dialog.

use crate::overlays::{ask, screen_says, session_of, settings_below, settled, told, waiting};
use crate::session::{NAME, Session};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use testkit::terminal::PATIENCE;
use testkit::{ModelServer, Opencode, eventually};

/// A user of opencode with a model of their own.
pub(crate) struct Desk {
    pub opencode: Opencode,
    server: ModelServer,
    _folder: TempDir,
}

const DIALOG: &str = "Allow once";
/// The folder of plans below its user's.
const PLANS: &str = ".local/share/opencode/plans/";

impl Desk {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("oc").tempdir_in("/tmp").unwrap();
        let server = ModelServer::start().unwrap();
        let opencode = Opencode::prepare(folder.path(), &server).unwrap();
        Self { opencode, server, _folder: folder }
    }

    fn session(&self, settings: &[(&str, &str)]) -> Session {
        let Self { opencode, .. } = self;
        let program = opencode.program().to_str().unwrap();
        session_of(&[program], opencode.environment(), &opencode.project(), settings)
    }

    /// The file for the plan, as the model was told of it.
    pub fn plan(&self) -> PathBuf {
        let told = self.told();
        let (_, rest) = told.rsplit_once(PLANS).expect("a plan has a file");
        let name = rest.split_once(".md").expect("in Markdown").0;
        self.opencode.home().join(format!("{PLANS}{name}.md"))
    }

    fn made(&self, name: &str) -> bool {
        self.opencode.project().join(name).exists()
    }

    fn is_made(&self, name: &str) {
        eventually(PATIENCE, || self.made(name).then_some(())).expect(name);
    }

    /// What the model was told.
    fn told(&self) -> String {
        self.server.requests().iter().map(|request| request.body["messages"].to_string()).collect()
    }
}

/// A yes, a no with words and an answer, from another terminal, with the dialog on the screen; no server runs.
#[test]
fn what_opencode_asks_is_answered_from_elsewhere() {
    let desk = Desk::new();
    let session = desk.session(&[]);
    let asked = &ask(&session, "[[bash:touch yes]] [[say:was made]]", 1)[0];
    assert_eq!((&asked["tool"], &asked["input"]["command"]), (&json!("bash"), &json!("touch yes")));
    session.wait_for_line(DIALOG);
    session.get(&["approve"]);
    desk.is_made("yes");
    session.wait_for_line("was made$");
    ask(&session, "[[bash:touch no]] [[say:well then]]", 1);
    session.get(&["deny", "--message", "rather not today"]);
    session.wait_for_line("well then$");
    assert!(!desk.made("no") && desk.told().contains("rather not today"));
    let asks = r#"{"questions":[{"question":"Which db?","header":"Q","options":[{"label":"SQLite","description":"a"},{"label":"Redis","description":"b"}]}]}"#;
    let asked = &ask(&session, &format!("[[tool:question|{asks}]] [[say:chosen]]"), 1)[0];
    assert_eq!(asked["kind"], "question");
    session.get(&["approve", "--answer", "Redis"]);
    session.wait_for_line("chosen$");
    assert!(desk.told().contains("Redis"));
    let settled = settled(&session);
    assert!(
        settled.len() == 3 && settled.iter().all(|one| one.by.contains("with centerfire")),
        "{settled:?}"
    );
    let (events, conversations) = told(&session);
    for event in ["session.created", "session.status", "permission.asked", "question.asked"] {
        assert!(events.iter().any(|told| told == event), "{event} is not among {events:?}");
    }
    assert!(conversations[0].starts_with("ses_") && conversations.iter().all(|one| *one == conversations[0]));
}

/// The commands that opencode itself names; and edits, of which it names all.
#[test]
fn opencode_does_not_ask_again_for_what_was_allowed_for_later() {
    let desk = Desk::new();
    let session = desk.session(&[]);
    let is_not_asked = |prompt: &str, name: &str| {
        let questions = settled(&session).len();
        session.get(&["wait", "--for", "done", "--timeout", "30"]);
        session.get(&["send", "--submit", &format!("{prompt} [[say:done with {name}]]")]);
        session.wait_for_line(&format!("done with {name}$"));
        assert!(desk.made(name));
        assert_eq!((session.json(&["approvals"]), settled(&session).len()), (json!([]), questions));
    };
    let asked = &ask(&session, "[[bash:touch one]] [[say:was made]]", 1)[0];
    let words = "bash of touch *, until opencode is restarted";
    assert_eq!(asked["always"], json!([words]));
    session.get(&["approve", "--always"]);
    session.wait_for_line("was made$");
    is_not_asked("[[bash:touch two]]", "two");
    let asked = &ask(&session, "[[bash:mkdir three]] [[say:is there]]", 1)[0];
    assert_eq!(asked["always"], json!(["bash of mkdir *, until opencode is restarted"]));
    session.get(&["approve"]);
    session.wait_for_line("is there$");
    let write = |name: &str| format!("[[write:{}|a line]]", desk.opencode.project().join(name).display());
    let asked = &ask(&session, &format!("{} [[say:was written]]", write("four")), 1)[0];
    assert_eq!(asked["always"], json!(["every edit, until opencode is restarted"]));
    session.get(&["approve", "--always"]);
    session.wait_for_line("was written$");
    is_not_asked(&write("five"), "five");
    let settled = settled(&session);
    assert_eq!(settled[0].decision.as_ref().unwrap().always.as_deref(), Some(words));
    assert!(settled.iter().all(|one| one.by.contains("with centerfire approve")), "{settled:?}");
}

/// Who answers in the terminal answers: the hook is let go, and a later answer is refused.
#[test]
fn what_is_answered_in_opencode_itself_is_over_everywhere() {
    let desk = Desk::new();
    let session = desk.session(&[]);
    let asked = &ask(&session, "[[bash:touch made]] [[say:was made]]", 1)[0];
    session.kill_host();
    assert_eq!(waiting(&session, 1)[0]["id"], asked["id"], "the hook came back");
    session.wait_for_line(DIALOG);
    // A dialog that was just drawn may not listen yet; an Enter too many is an empty prompt, which is none.
    let pressed = || {
        session.get(&["send", "--key", "Enter"]);
        eventually(Duration::from_secs(2), || desk.made("made").then_some(()))
    };
    eventually(PATIENCE, pressed).unwrap_or_else(|| panic!("{}", session.text()));
    waiting(&session, 0);
    let late = session.run(&["deny", &asked["id"].to_string()]);
    let why = String::from_utf8_lossy(&late.stderr).into_owned();
    assert!(late.status.code() == Some(5) && why.contains("by the terminal"), "{why}");
}

#[test]
fn of_two_answers_to_opencode_at_once_one_counts() {
    let desk = Desk::new();
    let session = desk.session(&[]);
    let id = ask(&session, "[[bash:touch made]] [[say:the end]]", 1)[0]["id"].to_string();
    let start = |word: &str| {
        let mut command = session.instance.command(&[word, NAME, &id]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let children = ["approve", "deny", "approve", "deny"].map(start);
    let codes = children.map(|mut child| child.wait().unwrap().code());
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
    session.get(&["wait", "--for", "idle", "--timeout", "30"]);
    let settled = settled(&session);
    let allowed = settled[0].decision.as_ref().unwrap().behaviour == protocol::approval::Behaviour::Allow;
    assert_eq!((settled.len(), desk.made("made")), (1, allowed));
}

/// The user's own plugin runs, the variable that ours came in keeps what it held, no file is changed; and opencode asks by
/// itself where it is switched off.
#[test]
fn opencode_keeps_its_users_configuration() {
    let desk = Desk::new();
    let file = desk.opencode.project().join("opencode.json");
    let mut settings: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let own = desk.opencode.home().join("own.js");
    let plugin = |name: &str| {
        let made = desk.opencode.project().join(name);
        format!(
            "import {{ writeFileSync }} from 'node:fs';\nexport const Own = async () => {{ writeFileSync({:?}, ''); return {{}}; }};\n",
            made
        )
    };
    std::fs::write(&own, plugin("of-file")).unwrap();
    let second = desk.opencode.home().join("second.js");
    std::fs::write(&second, plugin("of-variable")).unwrap();
    settings["plugin"] = json!([format!("file://{}", own.display())]);
    std::fs::write(&file, settings.to_string()).unwrap();
    let given = json!({ "plugin": [format!("file://{}", second.display())] }).to_string();
    let off = desk.session(&[("CENTERFIRE_OPENCODE_HOOKS", "false")]);
    off.get(&["send", "--submit", "[[bash:touch made]] [[say:was made]]"]);
    off.wait_for_line(DIALOG);
    assert_eq!((off.json(&["approvals"]), told(&off).0.len()), (json!([]), 0));
    off.get(&["kill"]);
    let all = || settings_below(desk.opencode.home().parent().unwrap());
    let before = all();
    let session = desk.session(&[("OPENCODE_CONFIG_CONTENT", &given)]);
    ask(&session, "[[bash:env > environment]] [[say:was made]]", 1);
    session.get(&["approve"]);
    session.wait_for_line("was made$");
    desk.is_made("of-file");
    desk.is_made("of-variable");
    // An opencode that is started from inside is known by this, and keeps silent.
    let environment = std::fs::read_to_string(desk.opencode.project().join("environment")).unwrap();
    assert!(environment.contains("CENTERFIRE_OPENCODE="), "{environment}");
    session.get(&["kill"]);
    assert_eq!(all(), before);
}

/// The mode for plans ends with a question, which is told as the plan itself.
#[test]
fn what_opencode_plans_is_seen_and_answered_from_elsewhere() {
    let desk = Desk::new();
    let session = desk.session(&[("OPENCODE_EXPERIMENTAL_PLAN_MODE", "1")]);
    session.get(&["send", "--key", "Tab"]);
    session.wait_for_line("Plan · scripted-model");
    session.get(&["send", "--submit", "[[say:let me see]]"]);
    session.wait_for_line("let me see$");
    session.get(&["wait", "--for", "done", "--timeout", "30"]);
    std::fs::write(desk.plan(), "# Count to three\n\n1. one\n").unwrap();
    let asked = &ask(&session, "[[tool:plan_exit|{}]] [[say:not yet]]", 1)[0];
    assert_eq!((&asked["kind"], &asked["tool"]), (&json!("plan"), &json!("plan_exit")), "{asked}");
    assert_eq!(asked["input"]["plan"], "# Count to three\n\n1. one\n");
    assert_eq!(session.json(&["show"])["agent"]["on"], "plan");
    screen_says(&session, "blocked");
    session.get(&["deny"]);
    waiting(&session, 0);
    session.get(&["wait", "--for", "idle", "--timeout", "30"]);
    screen_says(&session, "idle");
    // A question in the words of a plan is none.
    let asks = json!({ "questions": [{ "question": format!("Plan at {} is complete.", desk.plan().display()), "header": "P", "options": [{ "label": "Yes", "description": "" }] }] });
    let asked = &ask(&session, &format!("[[tool:question|{asks}]] [[say:asked]]"), 1)[0];
    assert_eq!(asked["kind"], "question");
    screen_says(&session, "blocked");
    session.get(&["deny"]);
    waiting(&session, 0);
    session.get(&["wait", "--for", "idle", "--timeout", "30"]);
    screen_says(&session, "idle");
    ask(&session, "[[tool:plan_exit|{}]] [[say:on it]]", 1);
    session.get(&["approve"]);
    session.wait_for_line("Build · scripted-model");
    waiting(&session, 0);
}
