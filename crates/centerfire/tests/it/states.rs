//! What the real CLIs do is told, by all sources together and by each subset of them.
//!
//! At each step every source that is to know says so; then the claims that the host holds are put together in all ways, and
//! each way must come to the same state, but for what a source alone cannot know, which is said beside the step.

use crate::claude_code::Desk;
use crate::session::Session;
use adapter::state::Fusion;
use protocol::{AgentState, AgentStatus, BlockKind, Body, Claim, Offset, Source, Time};
use serde_json::json;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;
use testkit::terminal::PATIENCE;
use testkit::{Codex, Gemini, ModelServer, Opencode, eventually};

/// A state, and on what.
type State = (AgentState, Option<BlockKind>);

const IDLE: State = (AgentState::Idle, None);
const WORKING: State = (AgentState::Working, None);
const DONE: State = (AgentState::Done, None);
const ERROR: State = (AgentState::Error, None);
const PERMISSION: State = (AgentState::Blocked, Some(BlockKind::Permission));
const QUESTION: State = (AgentState::Blocked, Some(BlockKind::Question));
const PLAN: State = (AgentState::Blocked, Some(BlockKind::Plan));

fn agent(session: &Session) -> AgentStatus {
    serde_json::from_value(session.json(&["show"])["agent"].clone()).unwrap()
}

fn state(claim: &Claim) -> State {
    (claim.state, claim.on)
}

/// Waits until the session is in a state.
#[track_caller]
fn comes_to(session: &Session, wanted: State) -> AgentStatus {
    let there = || Some(agent(session)).filter(|agent| state(&agent.claim) == wanted);
    eventually(PATIENCE, there)
        .unwrap_or_else(|| panic!("not {wanted:?}: {:#?}\n{}", agent(session), session.text()))
}

/// Waits until the session is in a state, and each of these sources says what is given for it; then tries all subsets of
/// them: the claims of a subset come to what the best of them says, in this order.
#[track_caller]
fn all_say(session: &Session, wanted: State, sources: &[(Source, State)]) {
    let said = |agent: &AgentStatus, source: Source| {
        let own = |claim: &&Claim| claim.source == source && claim.agent.is_none();
        agent.claims.iter().find(own).map(state)
    };
    let there = || {
        let agent = comes_to(session, wanted);
        sources.iter().all(|(source, state)| said(&agent, *source) == Some(*state)).then_some(agent)
    };
    let agent = eventually(PATIENCE, there)
        .unwrap_or_else(|| panic!("not {sources:?}: {:#?}\n{}", self::agent(session), session.text()));
    for subset in 1..1_u32 << sources.len() {
        let chosen: Vec<(Source, State)> = sources
            .iter()
            .enumerate()
            .filter(|(bit, _)| subset & 1 << bit != 0)
            .map(|(_, one)| *one)
            .collect();
        let mut fusion = Fusion::new(Time(0));
        let among = |claim: &&Claim| chosen.iter().any(|(source, _)| *source == claim.source);
        for claim in agent.claims.iter().filter(among) {
            fusion.hear(claim.clone());
        }
        fusion.decide(None, Time::now(), Offset::ZERO);
        let came = state(&fusion.status().claim);
        let expected = chosen.iter().map(|(_, state)| *state).max_by_key(|(state, on)| {
            let is_right = *state == wanted.0;
            (is_right, *on == wanted.1)
        });
        assert_eq!(Some(came), expected, "{chosen:?} of {:#?}", agent.claims);
    }
}

/// The states of the journal, in order.
fn recorded(session: &Session) -> Vec<State> {
    let mut reader = journal::Reader::open(&session.folder.join("journal"), Offset::ZERO).unwrap();
    let mut all = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        if let Body::State(claim) = record.body {
            all.push(state(&claim));
        }
    }
    all
}

/// Keeps the recording of a session as a case for the rules of screens, with `CASES=record`.
fn keep_recording(session: &Session, cli: &str, name: &str) {
    if std::env::var("CASES").is_ok_and(|what| what == "record") {
        let folder = testkit::tools::repository().join("crates/adapter/cases").join(cli).join("screens");
        std::fs::create_dir_all(&folder).unwrap();
        let cast = session.get(&["export", "--format", "asciicast-v3"]);
        // Where it was recorded is nobody's business.
        let (head, events) = cast.split_once('\n').unwrap();
        let head: serde_json::Value = serde_json::from_str(head).unwrap();
        let head = json!({ "version": 3, "term": head["term"] });
        std::fs::write(folder.join(format!("{name}.cast")), format!("{head}\n{events}")).unwrap();
    }
}

fn send(session: &Session, prompt: &str) {
    session.get(&["send", "--submit", prompt]);
}

fn press(session: &Session, key: &str) {
    session.get(&["send", "--key", key]);
}

#[test]
fn claude_code_is_known_by_each_source() {
    let desk = Desk::new();
    let session = desk.session();
    use Source::{Hook, Report, Screen};
    all_say(&session, IDLE, &[(Report, IDLE), (Screen, IDLE)]);
    send(&session, "[[sleep:2500]] [[say:the answer]]");
    all_say(&session, WORKING, &[(Report, WORKING), (Hook, WORKING), (Screen, WORKING)]);
    all_say(&session, DONE, &[(Report, DONE), (Hook, DONE), (Screen, IDLE)]);
    send(&session, "[[bash:touch f]] [[sleep:1500]] [[say:made]]");
    all_say(&session, PERMISSION, &[(Report, PERMISSION), (Hook, PERMISSION), (Screen, PERMISSION)]);
    session.wait_for_line("Esc to cancel");
    press(&session, "1");
    all_say(&session, WORKING, &[(Report, WORKING), (Hook, WORKING), (Screen, WORKING)]);
    all_say(&session, DONE, &[(Report, DONE), (Hook, DONE), (Screen, IDLE)]);
    let asks = r#"{"questions":[{"question":"Which db?","header":"DB","multiSelect":false,"options":[{"label":"A","description":"a"},{"label":"B","description":"b"}]}]}"#;
    send(&session, &format!("[[tool:AskUserQuestion|{asks}]] [[sleep:1500]] [[say:chosen]]"));
    all_say(&session, QUESTION, &[(Report, QUESTION), (Hook, QUESTION), (Screen, QUESTION)]);
    press(&session, "Enter");
    all_say(&session, DONE, &[(Report, DONE), (Hook, DONE), (Screen, IDLE)]);
    // No hook tells of an interrupt.
    send(&session, "[[rate:20]] [[lorem:500]]");
    all_say(&session, WORKING, &[(Report, WORKING), (Hook, WORKING), (Screen, WORKING)]);
    session.wait_for_line("lorem ipsum");
    press(&session, "Escape");
    all_say(&session, IDLE, &[(Report, IDLE), (Hook, WORKING), (Screen, IDLE)]);
    send(&session, "[[error:400|invalid_request_error]]");
    all_say(&session, ERROR, &[(Report, ERROR), (Hook, ERROR), (Screen, IDLE)]);
    keep_recording(&session, "claude", "2.1.329");
    let told = session.json(&["explain", "--last", "1000"]);
    assert_eq!(told["agent"]["state"], "error");
    let history = told["history"].as_array().unwrap();
    for what in ["said", "decided", "asked", "settled"] {
        assert!(history.iter().any(|moment| moment["what"] == what), "{what}: {history:#?}");
    }
    let page = session.get(&["explain"]);
    assert!(page.starts_with("s: error, since") && page.contains("\nreport      error"), "{page}");
    session.get(&["kill"]);
    let over = eventually(PATIENCE, || {
        recorded(&session).last().copied().filter(|last| last.0 == AgentState::Exited)
    });
    assert!(over.is_some(), "{:?}", recorded(&session));
    assert!(!recorded(&session).contains(&(AgentState::Unknown, None)));
}

/// A plan has no word in OSC 7501: the hook knows that it is one. A sub-agent's prompt blocks the whole. A killed program
/// is gone.
#[test]
fn a_plan_a_sub_agents_prompt_and_a_killed_claude_code() {
    use Source::{Hook, Report, Screen};
    let desk = Desk::new();
    let session = desk.session_with(&["--permission-mode", "plan"]);
    session.get(&["send", "--submit", "hello"]);
    comes_to(&session, DONE);
    let plans = desk.claude.config().join("plans").to_str().unwrap().to_owned();
    let requests = desk.server.requests();
    let told: String = requests.iter().map(|request| request.body.to_string()).collect();
    let start = told.find(&plans).expect("the model is told the plan's file");
    let file = told[start..].split(".md").next().unwrap().to_owned() + ".md";
    send(&session, &format!("[[write:{file}|# Count to three]] [[tool:ExitPlanMode|{{}}]] [[say:on it]]"));
    all_say(&session, PLAN, &[(Report, PERMISSION), (Hook, PLAN), (Screen, PLAN)]);
    keep_recording(&session, "claude", "2.1.329-plan");
    let session = desk.session();
    let job = json!({ "description": "job", "prompt": "[[bash:touch sub]] [[sleep:1500]] [[say:sub]]", "subagent_type": "general-purpose" });
    send(&session, &format!("[[tool:Agent|{job}]] [[say:all done]]"));
    let blocked = comes_to(&session, PERMISSION);
    assert!(blocked.claim.agent.is_some(), "it says whose prompt it is: {blocked:#?}");
    assert_eq!(blocked.claim.reason.as_deref(), Some("Bash: touch sub"));
    session.get(&["approve"]);
    comes_to(&session, WORKING);
    comes_to(&session, DONE);
    crate::rig::kill(session.pid("child"));
    let gone = || recorded(&session).last().copied().filter(|last| last.0 == AgentState::Exited);
    assert!(eventually(PATIENCE, gone).is_some(), "{:?}", recorded(&session));
}

/// A server, which ends with the test.
struct Server(std::process::Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the CLI writes down itself is heard while a server follows it.
#[test]
fn a_transcript_and_a_register_say_what_claude_code_does() {
    use Source::{Hook, Register, Report, Screen, Transcript};
    let desk = Desk::new();
    let session = desk.session();
    let mut command = session.instance.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.envs(desk.claude.environment()).stdout(std::process::Stdio::null());
    let _server = Server(command.spawn().unwrap());
    // Once it follows, both are heard.
    let follows = || {
        send(&session, "[[sleep:500]] [[say:hello]]");
        comes_to(&session, WORKING);
        let claims = comes_to(&session, DONE).claims;
        let speaks = |source: Source| claims.iter().any(|claim| claim.source == source);
        (speaks(Transcript) && speaks(Register)).then_some(())
    };
    eventually(2 * PATIENCE, follows).unwrap_or_else(|| panic!("{:#?}", agent(&session)));
    let all = |others: State, register: State, transcript: State, screen: State| {
        [(Report, others), (Hook, others), (Register, register), (Transcript, transcript), (Screen, screen)]
    };
    send(&session, "[[sleep:3000]] [[bash:echo hi]] [[sleep:3000]] [[say:the answer]]");
    all_say(&session, WORKING, &all(WORKING, WORKING, WORKING, WORKING));
    all_say(&session, DONE, &all(DONE, IDLE, DONE, IDLE));
    send(&session, "[[bash:touch f]] [[say:made]]");
    // A transcript does not tell that somebody is asked.
    all_say(&session, PERMISSION, &all(PERMISSION, PERMISSION, WORKING, PERMISSION));
    session.get(&["deny"]);
    comes_to(&session, DONE);
    send(&session, "[[rate:20]] [[lorem:500]]");
    session.wait_for_line("lorem ipsum");
    press(&session, "Escape");
    let sources = [(Report, IDLE), (Hook, WORKING), (Register, IDLE), (Transcript, IDLE), (Screen, IDLE)];
    all_say(&session, IDLE, &sources);
}

/// A CLI of which there is no desk, in a session.
fn session_of(program: &Path, environment: Vec<(&'static str, OsString)>, project: &Path) -> Session {
    Session::start_with(&[program.to_str().unwrap()], |command| {
        let home = command.get_envs().find(|(name, _)| *name == "CENTERFIRE_HOME");
        let home = home.and_then(|(_, value)| value).unwrap().to_owned();
        command.env_clear().envs(environment).env("CENTERFIRE_HOME", home).current_dir(project);
    })
}

#[test]
fn codex_is_known_by_each_source() {
    use Source::{Hook, Report, Screen};
    let folder = tempfile::Builder::new().prefix("cx").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let codex = Codex::prepare(folder.path(), &server).unwrap();
    let session = session_of(codex.program(), codex.environment(), &codex.project());
    all_say(&session, IDLE, &[(Report, IDLE), (Screen, IDLE)]);
    send(&session, "[[sleep:2500]] [[say:the answer]]");
    all_say(&session, WORKING, &[(Report, WORKING), (Hook, WORKING), (Screen, WORKING)]);
    all_say(&session, DONE, &[(Report, DONE), (Hook, DONE), (Screen, IDLE)]);
    let asks = r#"{"cmd":"touch f","sandbox_permissions":"require_escalated","justification":"may I"}"#;
    send(&session, &format!("[[tool:exec_command|{asks}]] [[sleep:1500]] [[say:made]]"));
    all_say(&session, PERMISSION, &[(Report, PERMISSION), (Hook, PERMISSION), (Screen, PERMISSION)]);
    press(&session, "y");
    all_say(&session, WORKING, &[(Report, WORKING), (Hook, WORKING), (Screen, WORKING)]);
    all_say(&session, DONE, &[(Report, DONE), (Hook, DONE), (Screen, IDLE)]);
    send(&session, "[[rate:20]] [[lorem:500]]");
    session.wait_for_line("lorem ipsum");
    press(&session, "Escape");
    all_say(&session, IDLE, &[(Report, IDLE), (Hook, IDLE), (Screen, IDLE)]);
    send(&session, "[[error:400|invalid_request_error]]");
    all_say(&session, ERROR, &[(Report, ERROR), (Screen, IDLE)]);
    keep_recording(&session, "codex", "0.169.0");
}

#[test]
fn gemini_is_known_by_its_screen() {
    use Source::Screen;
    let folder = tempfile::Builder::new().prefix("gm").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let gemini = Gemini::prepare(folder.path(), &server).unwrap();
    let session = session_of(gemini.program(), gemini.environment(), &gemini.project());
    all_say(&session, IDLE, &[(Screen, IDLE)]);
    // An Enter that comes within 30 ms of other keys is taken for a part of a paste.
    let submit = |prompt: &str| {
        session.get(&["send", "--text", prompt]);
        let went = || {
            press(&session, "Enter");
            let went = |state: State| state != IDLE;
            eventually(Duration::from_secs(2), || {
                Some(state(&agent(&session).claim)).filter(|state| went(*state))
            })
        };
        eventually(PATIENCE, went).unwrap_or_else(|| panic!("not taken: {}", session.text()));
    };
    submit("[[sleep:2500]] [[say:the answer]]");
    all_say(&session, WORKING, &[(Screen, WORKING)]);
    all_say(&session, IDLE, &[(Screen, IDLE)]);
    submit("[[bash:touch f]] [[sleep:1500]] [[say:was made]]");
    all_say(&session, PERMISSION, &[(Screen, PERMISSION)]);
    session.wait_for_line("Allow once");
    press(&session, "Enter");
    all_say(&session, WORKING, &[(Screen, WORKING)]);
    all_say(&session, IDLE, &[(Screen, IDLE)]);
    submit("[[rate:20]] [[lorem:500]]");
    session.wait_for_line("lorem ipsum");
    press(&session, "Escape");
    all_say(&session, IDLE, &[(Screen, IDLE)]);
    keep_recording(&session, "gemini", "0.61.0");
}

#[test]
fn opencode_is_known_by_its_screen_and_its_plugin() {
    use Source::{Hook, Screen};
    let folder = tempfile::Builder::new().prefix("oc").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let opencode = Opencode::prepare(folder.path(), &server).unwrap();
    let session = session_of(opencode.program(), opencode.environment(), &opencode.project());
    // It takes seconds to start, and many on a busy machine.
    session.get(&["wait", "--for", "idle", "--timeout", "60"]);
    all_say(&session, IDLE, &[(Screen, IDLE)]);
    send(&session, "[[sleep:2500]] [[say:the answer]]");
    all_say(&session, WORKING, &[(Hook, WORKING), (Screen, WORKING)]);
    all_say(&session, DONE, &[(Hook, DONE), (Screen, IDLE)]);
    send(&session, "[[bash:touch f]] [[sleep:1500]] [[say:was made]]");
    all_say(&session, PERMISSION, &[(Hook, PERMISSION), (Screen, PERMISSION)]);
    press(&session, "Enter");
    all_say(&session, WORKING, &[(Hook, WORKING), (Screen, WORKING)]);
    all_say(&session, DONE, &[(Hook, DONE), (Screen, IDLE)]);
    let asks = r#"{"questions":[{"question":"Which?","header":"Q","options":[{"label":"A","description":"a"},{"label":"B","description":"b"}]}]}"#;
    send(&session, &format!("[[tool:question|{asks}]] [[sleep:1500]] [[say:chosen]]"));
    all_say(&session, QUESTION, &[(Hook, QUESTION), (Screen, QUESTION)]);
    press(&session, "Enter");
    all_say(&session, DONE, &[(Hook, DONE), (Screen, IDLE)]);
    keep_recording(&session, "opencode", "1.18.33");
}
