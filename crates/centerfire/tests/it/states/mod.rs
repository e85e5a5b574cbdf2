//! What the real CLIs do is told, by all sources together and by each subset of them.
//!
//! At each step every source that is to know says so; then the claims that the host holds are put together in all ways, and
//! each way must come to the same state, but for what a source alone cannot know, which is said beside the step and in
//! docs/states.md.

mod claude;
mod codex;
mod elsewhere;
mod failures;
mod hooks;
mod opencode;
mod others;
mod turns;

use crate::session::Session;
use adapter::state::Fusion;
use protocol::{AgentState, AgentStatus, BlockKind, Body, Claim, Offset, Source, Time};
use serde_json::json;
use std::ffi::OsString;
use std::path::Path;
use testkit::eventually;
use testkit::terminal::PATIENCE;

/// A state, and on what.
type State = (AgentState, Option<BlockKind>);

const IDLE: State = (AgentState::Idle, None);
const WORKING: State = (AgentState::Working, None);
const DONE: State = (AgentState::Done, None);
const ERROR: State = (AgentState::Error, None);
const LIMIT: State = (AgentState::Limit, None);
const PERMISSION: State = (AgentState::Blocked, Some(BlockKind::Permission));
const QUESTION: State = (AgentState::Blocked, Some(BlockKind::Question));
const PLAN: State = (AgentState::Blocked, Some(BlockKind::Plan));

fn agent(session: &Session) -> AgentStatus {
    serde_json::from_value(session.json(&["show"])["agent"].clone()).unwrap()
}

fn state(claim: &Claim) -> State {
    (claim.state, claim.on)
}

/// What a source says of the agent itself.
fn said(agent: &AgentStatus, source: Source) -> Option<State> {
    let own = |claim: &&Claim| claim.source == source && claim.agent.is_none();
    agent.claims.iter().find(own).map(state)
}

/// Waits until the session is in a state.
#[track_caller]
fn comes_to(session: &Session, wanted: State) -> AgentStatus {
    let there = || Some(agent(session)).filter(|agent| state(&agent.claim) == wanted);
    eventually(PATIENCE, there)
        .unwrap_or_else(|| panic!("not {wanted:?}: {:#?}\n{}", agent(session), session.text()))
}

/// Waits until the session is in a state, and each of these sources says what is given for it; then tries all subsets of
/// them: the claims of a subset come to what the best of them says, the first of those that are as good.
#[track_caller]
fn all_say(session: &Session, wanted: State, sources: &[(Source, State)]) {
    let there = || {
        let agent = comes_to(session, wanted);
        sources.iter().all(|(source, state)| said(&agent, *source) == Some(*state)).then_some(agent)
    };
    let agent = eventually(2 * PATIENCE, there)
        .unwrap_or_else(|| panic!("not {sources:?}: {:#?}\n{}", self::agent(session), session.text()));
    for chosen in subsets(sources) {
        let speaks: Vec<Source> = chosen.iter().map(|(source, _)| *source).collect();
        let quality = |(state, on): &State| (*state == wanted.0, *on == wanted.1);
        let expected = chosen.iter().rev().map(|(_, state)| *state).max_by_key(quality);
        assert_eq!(Some(fused(&agent, &speaks, None)), expected, "{chosen:?} of {:#?}", agent.claims);
    }
}

/// Waits until a sub-agent asks leave, which its hook tells as that one's, and each of these sources says of the agent itself
/// what is given for it; then tries all subsets of them: each that holds more than a transcript is blocked.
#[track_caller]
fn a_sub_agent_asks(session: &Session, sources: &[(Source, State)]) {
    let there = || {
        let agent = comes_to(session, PERMISSION);
        sources.iter().all(|(source, state)| said(&agent, *source) == Some(*state)).then_some(agent)
    };
    let agent = eventually(2 * PATIENCE, there)
        .unwrap_or_else(|| panic!("not {sources:?}: {:#?}\n{}", self::agent(session), session.text()));
    let of =
        agent.claims.iter().find(|claim| claim.source == Source::Hook && claim.state == AgentState::Blocked);
    let is_hooked = sources.iter().any(|(source, _)| *source == Source::Hook);
    assert_eq!(of.is_some_and(|claim| claim.agent.is_some()), is_hooked, "whose it is: {agent:#?}");
    let sources: Vec<Source> = sources.iter().map(|(source, _)| *source).collect();
    for chosen in subsets(&sources) {
        let knows = chosen.iter().any(|source| *source != Source::Transcript);
        let expected = if knows { PERMISSION } else { WORKING };
        assert_eq!(fused(&agent, &chosen, None), expected, "{chosen:?} of {:#?}", agent.claims);
    }
}

/// All subsets but the empty one.
fn subsets<T: Clone>(all: &[T]) -> impl Iterator<Item = Vec<T>> {
    let has = |subset: u32, bit: usize| subset & 1 << bit != 0;
    (1..1_u32 << all.len()).map(move |subset| {
        all.iter().enumerate().filter(|(bit, _)| has(subset, *bit)).map(|(_, one)| one.clone()).collect()
    })
}

/// What comes of the claims of these sources alone, heard in the order in which they were made, and of a question that a hook
/// holds open.
fn fused(agent: &AgentStatus, sources: &[Source], open: Option<&Claim>) -> State {
    let mut claims: Vec<&Claim> =
        agent.claims.iter().filter(|claim| sources.contains(&claim.source)).collect();
    claims.sort_by_key(|claim| claim.since);
    let mut fusion = Fusion::new(Time(0));
    for claim in claims {
        fusion.hear(claim.clone());
        fusion.decide(None, claim.since, Offset::ZERO);
    }
    fusion.decide(open, Time::now(), Offset::ZERO);
    state(&fusion.status().claim)
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

/// A server, which ends with the test.
struct Server(std::process::Child);

impl Server {
    /// Starts one that follows what the CLI writes down, and asks until each of these sources is heard.
    #[track_caller]
    fn follow(session: &Session, environment: Vec<(&'static str, OsString)>, sources: &[Source]) -> Self {
        Self::follow_by(session, environment, sources, &|prompt| send(session, prompt))
    }

    /// The same with a way to ask.
    #[track_caller]
    fn follow_by(
        session: &Session,
        environment: Vec<(&'static str, OsString)>,
        sources: &[Source],
        ask: &dyn Fn(&str),
    ) -> Self {
        let mut command = session.instance.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.envs(environment).stdout(std::process::Stdio::null());
        let server = Self(command.spawn().unwrap());
        let heard = || {
            let before = recorded(session).len();
            ask("[[sleep:500]] [[say:hello]]");
            // On a busy machine it may be over before anybody looks.
            let works = || recorded(session)[before..].contains(&WORKING).then_some(());
            eventually(PATIENCE, works)
                .unwrap_or_else(|| panic!("{:#?}\n{}", agent(session), session.text()));
            // A screen says so last, and of the first turn late.
            let rests = |agent: &AgentStatus| {
                matches!(state(&agent.claim), IDLE | DONE) && said(agent, Source::Screen) == Some(IDLE)
            };
            let agent = eventually(3 * PATIENCE, || Some(agent(session)).filter(rests))?;
            sources.iter().all(|source| said(&agent, *source).is_some()).then_some(())
        };
        eventually(2 * PATIENCE, heard).unwrap_or_else(|| panic!("{:#?}", agent(session)));
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Kills the CLI the hard way: it is told as ended, and never as something else in between.
#[track_caller]
fn killed(session: &Session) {
    crate::rig::kill(session.pid("child"));
    let gone = || recorded(session).last().copied().filter(|last| last.0 == AgentState::Exited);
    assert!(eventually(PATIENCE, gone).is_some(), "{:?}", recorded(session));
    // One that takes long to start on a busy machine is unknown until it rests for the first time.
    let all = recorded(session);
    let ready = all.iter().position(|state| *state == IDLE).unwrap_or_default();
    assert!(!all[ready..].contains(&(AgentState::Unknown, None)), "{all:?}");
}

/// The conversation of a session, each entry as its kind and its text, name or question; without the CLI's own notices.
fn entries(session: &Session, environment: &[(&'static str, OsString)]) -> Vec<(String, String)> {
    let mut command = session.instance.command(&["conversation", crate::session::NAME, "--json"]);
    command.envs(environment.iter().cloned());
    let output = testkit::instance::finish(command, PATIENCE);
    assert!(output.status.success(), "{output:?}");
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let short = |entry: &serde_json::Value| {
        let text = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
        (text("kind"), if entry["kind"] == "tool_call" { text("name") } else { text("text") })
    };
    let all = told[0]["entries"].as_array().unwrap();
    all.iter().filter(|entry| entry["kind"] != "notice").map(short).collect()
}

/// The same as a test writes it down.
fn are(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(kind, text)| ((*kind).to_owned(), (*text).to_owned())).collect()
}

/// A CLI of which there is no desk, in a session.
fn session_of(program: &Path, environment: Vec<(&'static str, OsString)>, project: &Path) -> Session {
    session_with(program, &[], environment, project)
}

/// The same with words of its command line.
fn session_with(
    program: &Path,
    words: &[&str],
    environment: Vec<(&'static str, OsString)>,
    project: &Path,
) -> Session {
    let words = [&[program.to_str().unwrap()], words].concat();
    Session::start_with(&words, |command| {
        let home = command.get_envs().find(|(name, _)| *name == "CENTERFIRE_HOME");
        let home = home.and_then(|(_, value)| value).unwrap().to_owned();
        // What hooks say is tried by itself: a turn that they call done is idle on a screen.
        let without = [
            ("CENTERFIRE_CODEX_HOOKS", "false"),
            ("CENTERFIRE_OPENCODE_HOOKS", "false"),
            ("CENTERFIRE_GEMINI_QUESTIONS", "false"),
        ];
        command.env_clear().envs(without).envs(environment).env("CENTERFIRE_HOME", home);
        command.current_dir(project);
    })
}
