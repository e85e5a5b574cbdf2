//! The real Claude Code in a session, on the scripted model: it tells its state to whoever answers OSC 7501, and here
//! that is the host. So a program can ask, wait, permit and go on without looking at the screen.

use crate::rig::detach;
use crate::session::{NAME, Session};
use serde_json::Value;
use tempfile::TempDir;
use testkit::terminal::PATIENCE;
use testkit::{Claude, ModelServer, eventually};

/// An answer that takes its time; see [`ask`].
const SLOW: &str = "[[sleep:500]] [[say:the answer]]";
/// Seconds that Claude Code may take for anything here.
const LIMIT: &str = "30";

/// A user of Claude Code with a model of their own.
pub struct Desk {
    pub claude: Claude,
    pub server: ModelServer,
    _folder: TempDir,
}

impl Desk {
    pub fn new() -> Desk {
        let folder = tempfile::Builder::new().prefix("cc").tempdir_in("/tmp").unwrap();
        let server = ModelServer::start().unwrap();
        let claude = Claude::prepare(folder.path(), &server).unwrap();
        Desk { claude, server, _folder: folder }
    }

    /// Claude Code in a session, ready for input.
    pub fn session(&self) -> Session {
        self.session_with(&[])
    }

    /// The same with words of its command line.
    pub fn session_with(&self, words: &[&str]) -> Session {
        self.start(words, |_| {})
    }

    /// The same with settings of ours in the environment.
    pub fn session_set(&self, settings: &[(&str, &str)]) -> Session {
        self.start(&[], |command| {
            command.envs(settings.iter().copied());
        })
    }

    fn start(&self, words: &[&str], change: impl FnOnce(&mut std::process::Command)) -> Session {
        let program = self.claude.program().to_str().unwrap();
        let words: Vec<&str> = [program].iter().chain(words).copied().collect();
        let session = Session::start_with(&words, |command| {
            let home = command.get_envs().find(|(name, _)| *name == "CENTERFIRE_HOME");
            let home = home.and_then(|(_, value)| value).unwrap().to_owned();
            command.env_clear().envs(self.claude.environment()).env("CENTERFIRE_HOME", home);
            command.current_dir(self.claude.project());
            change(command);
        });
        session.get(&["wait", "--for", "idle", "--timeout", LIMIT]);
        session
    }
}

/// Asks, waits for the state that comes of it, and returns the report and its offset.
///
/// The answer must take longer than a tenth of a second: Claude Code reports at intervals, and is as done as before
/// when a turn begins and ends within one.
fn ask(session: &Session, prompt: &str, state: &str) -> (Value, u64) {
    let sent = session.json(&["send", "--submit", prompt])["offset"].as_u64().unwrap();
    await_state(session, state, sent)
}

fn await_state(session: &Session, state: &str, since: u64) -> (Value, u64) {
    let since = since.to_string();
    let told = session.json(&["wait", "--for", state, "--since", &since, "--timeout", LIMIT]);
    (told["agent"].clone(), told["offset"].as_u64().unwrap())
}

/// The state that `list`, `show` and `status.json` tell, which must come to be the same one: the file follows the
/// event by a moment, because no byte waits for it.
fn told_state(session: &Session) -> Value {
    let agreed = eventually(PATIENCE, || {
        let listed = session.instance.json(&["list", "--json"])[0]["agent"].clone();
        let shown = session.json(&["show"])["agent"].clone();
        let status = std::fs::read(session.folder.join("status.json")).unwrap();
        let status: Value = serde_json::from_slice(&status).unwrap();
        (listed == shown && status["agent"] == shown).then_some(shown)
    });
    agreed.expect("list, show and status.json tell the same state")
}

/// All prompts that the model was sent, as JSON.
fn prompts(desk: &Desk) -> String {
    desk.server.requests().iter().map(|request| request.body["messages"].to_string()).collect()
}

/// T38, C5: idle, then a question, then done; every place that tells the state agrees.
#[test]
fn a_question_is_asked_and_answered_and_its_end_is_awaited() {
    let desk = Desk::new();
    let session = desk.session();
    assert_eq!(told_state(&session)["state"], "idle");
    let (agent, done) = ask(&session, SLOW, "done");
    assert_eq!(agent["source"], "report");
    assert_eq!(session.json(&["show"])["program"]["app"], "claude-code");
    assert_eq!(told_state(&session)["state"], "done");
    session.wait_for_line("● the answer");
    // Done is idle enough for who waits for idle, and what was done before does not count (T38).
    await_state(&session, "idle", done);
    let output =
        session.run(&["wait", "--for", "done", "--since", &(done + 1).to_string(), "--timeout", "0.3"]);
    assert_eq!(output.status.code(), Some(124));
    let (_, again) = ask(&session, "[[sleep:500]] [[say:once more]]", "done");
    assert!(again > done);
    session.wait_for_line("● once more");
}

/// T8: a prompt as long as a page reaches the model whole, in one turn.
#[test]
fn a_prompt_of_2000_characters_and_one_of_20_lines_arrive_whole() {
    let desk = Desk::new();
    let session = desk.session();
    let words: Vec<String> = (0..250).map(|number| format!("word{number:03}")).collect();
    let long = words.join(" ");
    assert_eq!(long.len(), 1999);
    ask(&session, &format!("{long} {SLOW}"), "done");
    assert!(prompts(&desk).contains(&long), "{}", session.text());
    let lines: Vec<String> = (0..20).map(|number| format!("line {number} of many")).collect();
    ask(&session, &format!("{}\n{SLOW}", lines.join("\n")), "done");
    assert!(prompts(&desk).contains(&lines.join("\\n")), "{}", session.text());
}

/// T31: who writes about passwords writes no password: a message is recorded, on its first line and on the next.
#[test]
fn a_message_that_reads_like_a_prompt_for_a_password_is_recorded() {
    let desk = Desk::new();
    let session = desk.session();
    let typed = ["Enter the password: ", "one", "\\", "\r", "My token: ", "two", "\\", "\r", "three"];
    for text in typed {
        session.get(&["send", "--text", text]);
        if text.len() > 1 {
            session.wait_for_line(text.trim_end());
        }
    }
    session.get(&["send", "--key", "Enter"]);
    let mut reader = journal::Reader::open(&session.folder.join("journal"), protocol::Offset::ZERO).unwrap();
    let mut recorded = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        match record.body {
            protocol::Body::Input { bytes, .. } => recorded.extend_from_slice(bytes),
            protocol::Body::Secret { .. } => panic!("taken for a secret:\n{}", session.text()),
            _ => {}
        }
    }
    assert_eq!(String::from_utf8_lossy(&recorded), format!("{}\r", typed.concat()));
}

/// A25, T38: a tool that needs leave makes the session blocked, a key gives it, and the turn ends.
#[test]
fn a_permission_is_seen_as_blocked_and_given_by_a_key() {
    let desk = Desk::new();
    let session = desk.session();
    let file = desk.claude.project().join("made.txt");
    let (agent, blocked) = ask(&session, "[[bash:touch made.txt]] [[say:it is made]]", "blocked");
    assert_eq!(agent["on"], "permission");
    assert_eq!(told_state(&session)["on"], "permission");
    session.wait_for_line("Esc to cancel");
    assert!(!file.exists());
    session.press_in_dialog("Esc to cancel", "1");
    await_state(&session, "done", blocked);
    session.wait_for_line("● it is made");
    assert!(file.exists());
}

/// A failed request ends the turn as an error, which is neither done nor idle.
#[test]
fn an_error_of_the_model_is_a_state_of_its_own() {
    let desk = Desk::new();
    let session = desk.session();
    let sent = session.json(&["send", "--submit", "[[error:400|invalid_request_error]]"]);
    session.wait_for_line("scripted 400");
    let error = || (told_state(&session)["state"] == "error").then_some(());
    assert!(eventually(PATIENCE, error).is_some(), "{}", told_state(&session));
    let since = sent["offset"].to_string();
    let output = session.run(&["wait", "--for", "idle", "--since", &since, "--timeout", "0.3"]);
    assert_eq!(output.status.code(), Some(124));
}

/// A2, A4, C3: a whole day of a session: joined, left, its host killed, joined again, asked again, ended.
#[test]
fn a_session_goes_on_through_detach_and_a_killed_host_to_its_exit() {
    let desk = Desk::new();
    let session = desk.session();
    ask(&session, "[[sleep:500]] [[say:before]]", "done");
    let first = session.attach(&[]);
    first.wait_for_shown("● before").unwrap();
    detach(&first);
    assert!(first.wait(PATIENCE).unwrap().success());
    let child = session.pid("child");
    session.kill_host();
    assert_eq!(session.pid("child"), child);
    assert_eq!(told_state(&session)["state"], "done");
    let second = session.attach(&[]);
    second.wait_for_shown("● before").unwrap();
    let (_, after) = ask(&session, "[[sleep:500]] [[say:after]]", "done");
    second.wait_for_shown("● after").unwrap();
    let mark = second.mark();
    second.write(b"/exit").unwrap();
    second.wait_for_shown_since(mark, "/exit", PATIENCE).unwrap();
    second.write(b"\r").unwrap();
    assert_eq!(second.wait(PATIENCE).unwrap().code(), Some(0));
    assert_eq!(session.json(&["wait", "--for", "exit", "--timeout", LIMIT])["exit"]["code"], 0);
    let report = session.json(&["verify"]);
    assert_eq!(report["sound"], true, "{report:#}");
    assert!(report["output_bytes"].as_u64().unwrap() > after);
    assert_eq!(session.instance.json(&["list", "--all", "--json"])[0]["name"], NAME);
    // The journal has all of it, the parts that the dead host wrote as well.
    let mut whole = session.never_left();
    whole.pull();
    let text = String::from_utf8_lossy(&whole.bytes).into_owned();
    assert!(text.contains("before") && text.contains("after"));
    replayed_and_exported(&session);
}

/// C6: what is kept of a session with sixteen answers to read takes at most 0.3 of what was written; it is 0.25 here, and 0.30
/// to 0.31 with half as many, in which each redrawn line of a spinner weighs more. What hooks tell is no output, and is kept
/// beside it.
#[test]
fn a_recording_is_small_once_it_is_sealed() {
    let desk = Desk::new();
    let session = desk.session_set(&[("CENTERFIRE_CLAUDE_HOOKS", "false")]);
    // Prose that somebody wrote: what a test makes up packs too well or not at all.
    let prose = std::fs::read_to_string(testkit::tools::repository().join("ARCHITECTURE.md")).unwrap();
    let paragraphs = prose.split("\n\n").filter(|text| text.starts_with(char::is_uppercase));
    for paragraph in paragraphs.take(16) {
        ask(&session, &format!("[[sleep:500]] [[say:{}]]", paragraph.replace(['[', ']'], "")), "done");
    }
    session.get(&["send", "--text", "/exit"]);
    session.wait_for_line("/exit");
    session.get(&["send", "--key", "Enter"]);
    session.get(&["wait", "--for", "exit", "--timeout", LIMIT]);
    let output = session.json(&["verify"])["output_bytes"].as_u64().unwrap();
    let journal = session.folder.join("journal");
    let sealed = || {
        let files = std::fs::read_dir(&journal).unwrap().map(|entry| entry.unwrap());
        let sizes = files.map(|file| {
            let packed = file.file_name().to_string_lossy().ends_with(".zst");
            packed.then(|| file.metadata().unwrap().len())
        });
        sizes.sum::<Option<u64>>()
    };
    let packed = eventually(PATIENCE, sealed).expect("the recording is sealed");
    println!("{packed} bytes keep {output} bytes of output");
    assert!(packed * 10 <= output * 3, "{packed} bytes keep {output} bytes of output");
}

/// Point for point what a player, a reader and a program make of the same recording.
fn replayed_and_exported(session: &Session) {
    let export = |format: &str| session.get(&["export", "--format", format]);
    // Not at a terminal a replay is what terminals were shown, without its pauses.
    let shown = session.get(&["output"]);
    assert_eq!(session.get(&["replay"]), shown);
    assert!(shown.contains("before") && shown.contains("after"));
    let file = session.instance.work().join("claude.cast");
    session.get(&["export", "--format", "asciicast-v2", "-o", file.to_str().unwrap()]);
    let mut asciinema = std::process::Command::new(testkit::tools::asciinema().unwrap());
    asciinema.arg("cat").arg(&file);
    session.instance.settle(&mut asciinema);
    let played = testkit::instance::finish(asciinema, PATIENCE);
    assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stderr));
    assert_eq!(String::from_utf8_lossy(&played.stdout), shown, "asciinema plays what was shown");
    let lines = |text: String| -> Vec<Value> {
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    };
    let cast = lines(export("asciicast-v3"));
    assert_eq!((&cast[0]["version"], &cast.last().unwrap()[2]), (&Value::from(3), &Value::from("0")));
    let log = lines(export("log"));
    let said = log.iter().filter(|entry| entry["entry_type"] == "ClaudeOutput");
    assert_eq!(said.map(|entry| entry["content"].as_str().unwrap()).collect::<String>(), shown);
    let events = lines(export("events"));
    assert!(events[0]["SessionStart"].is_object() && events.last().unwrap()["SessionEnd"].is_object());
    assert!(export("raw").len() > shown.len(), "raw has the questions as well that the host answered");
    export("text");
}
