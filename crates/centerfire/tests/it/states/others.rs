//! Gemini CLI: it reports nothing, has a screen, and writes down what becomes of a turn.

use super::*;
use Source::{Screen, Transcript};
use std::time::Duration;
use testkit::{Gemini, ModelServer};

fn each(state: State) -> [(Source, State); 2] {
    [(Screen, state), (Transcript, state)]
}

/// A transcript does not tell that somebody is asked.
const ASKED: [(Source, State); 2] = [(Screen, PERMISSION), (Transcript, WORKING)];

#[test]
fn gemini_is_known_by_its_screen_and_its_transcript() {
    // What it answered may still be followed by a call of a tool: its transcript tells of no turn that ended well.
    const OVER: [(Source, State); 2] = [(Screen, IDLE), (Transcript, WORKING)];
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
            let went = |state: &State| matches!(*state, WORKING | PERMISSION | QUESTION);
            eventually(Duration::from_secs(2), || Some(state(&agent(&session).claim)).filter(went))
        };
        eventually(PATIENCE, went).unwrap_or_else(|| panic!("not taken: {}", session.text()));
    };
    let _follower = Server::follow_by(&session, gemini.environment(), &[Transcript], &submit);
    submit("[[sleep:2500]] [[say:the answer]]");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, IDLE, &OVER);
    submit("[[bash:touch f]] [[sleep:1500]] [[say:was made]]");
    all_say(&session, PERMISSION, &ASKED);
    session.wait_for_line("Allow once");
    press(&session, "Enter");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, IDLE, &OVER);
    submit("[[bash:touch g]] [[say:was made]]");
    all_say(&session, PERMISSION, &ASKED);
    session.wait_for_line("Allow once");
    press(&session, "Escape");
    all_say(&session, IDLE, &each(IDLE));
    submit("[[rate:20]] [[lorem:500]]");
    session.wait_for_line("lorem ipsum");
    press(&session, "Escape");
    all_say(&session, IDLE, &each(IDLE));
    submit("[[sleep:1000]] [[error:400|INVALID]]");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, ERROR, &each(ERROR));
    // It tries again for minutes.
    submit("[[error:429|RESOURCE_EXHAUSTED]]");
    all_say(&session, WORKING, &each(WORKING));
    press(&session, "Escape");
    all_say(&session, IDLE, &each(IDLE));
    // What to do about the limit of a day it asks at once.
    submit("[[error:429|DAILY_LIMIT]]");
    all_say(&session, QUESTION, &[(Screen, QUESTION), (Transcript, WORKING)]);
    session.wait_for_line("Stop");
    press(&session, "2");
    all_say(&session, LIMIT, &each(LIMIT));
    submit("[[say:half of it]] [[sleep:1500]] [[drop]]");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, ERROR, &each(ERROR));
    keep_recording(&session, "gemini", "0.61.0");
    let told = entries(&session, &gemini.environment());
    let failures: Vec<&str> =
        told.iter().filter(|(kind, _)| kind == "failure").map(|(_, text)| text.as_str()).collect();
    assert_eq!(failures, ["scripted 400", "scripted 429, limit: 0", "terminated"], "{told:#?}");
    submit("[[rate:20]] [[lorem:500]]");
    all_say(&session, WORKING, &each(WORKING));
    killed(&session);
}
