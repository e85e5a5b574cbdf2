//! Codex: it reports, has a screen, and writes down what becomes of a turn.

use super::*;
use Source::{Report, Screen, Transcript};
use testkit::{Codex, ModelServer};

fn each(state: State) -> [(Source, State); 3] {
    [(Report, state), (Transcript, state), (Screen, state)]
}

/// A screen knows of a turn that is over that it is.
const OVER: [(Source, State); 3] = [(Report, DONE), (Transcript, DONE), (Screen, IDLE)];
/// Of a limit a report has no word.
const LIMITED: [(Source, State); 3] = [(Transcript, LIMIT), (Screen, LIMIT), (Report, ERROR)];
const ASKS: &str = r#"{"cmd":"touch f","sandbox_permissions":"require_escalated","justification":"may I"}"#;

#[test]
fn codex_is_known_by_each_source() {
    let folder = tempfile::Builder::new().prefix("cx").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let codex = Codex::prepare(folder.path(), &server).unwrap();
    let session = session_of(codex.program(), codex.environment(), &codex.project());
    all_say(&session, IDLE, &[(Report, IDLE), (Screen, IDLE)]);
    let _server = Server::follow(&session, codex.environment(), &[Transcript]);
    send(&session, "[[sleep:2500]] [[say:the answer]]");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, DONE, &OVER);
    let asks = format!("[[tool:exec_command|{ASKS}]] [[sleep:1500]] [[say:made]]");
    send(&session, &asks);
    // A transcript does not tell that somebody is asked.
    let asked = [(Report, PERMISSION), (Screen, PERMISSION), (Transcript, WORKING)];
    all_say(&session, PERMISSION, &asked);
    press(&session, "y");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, DONE, &OVER);
    send(&session, &asks);
    all_say(&session, PERMISSION, &asked);
    press(&session, "Escape");
    all_say(&session, IDLE, &each(IDLE));
    send(&session, "[[rate:20]] [[lorem:500]]");
    session.wait_for_line("lorem ipsum");
    press(&session, "Escape");
    all_say(&session, IDLE, &each(IDLE));
    keep_recording(&session, "codex", "0.169.0");
    let told = entries(&session, &codex.environment());
    let spoken = [
        ("message", "[[sleep:2500]] [[say:the answer]]"),
        ("message", "the answer"),
        ("message", asks.as_str()),
        ("tool_call", "exec_command"),
        ("tool_result", ""),
        ("message", "made"),
        ("message", asks.as_str()),
        ("tool_call", "exec_command"),
        ("tool_result", ""),
        // What it said of an answer that was interrupted it does not write down.
        ("message", "[[rate:20]] [[lorem:500]]"),
    ];
    let short = |(kind, text): &(String, String)| {
        (kind.clone(), if kind == "tool_result" { String::new() } else { text.clone() })
    };
    let told: Vec<(String, String)> =
        told.iter().filter(|(_, text)| !text.contains("hello")).map(short).collect();
    assert_eq!(told, are(&spoken));
}

#[test]
fn codex_on_a_model_that_fails() {
    on_a_model_that_fails(false);
}

/// No hook of its tells of a failure, nor that the conversation was shortened: what it said before stands.
#[test]
fn codex_with_its_hooks_on_a_model_that_fails() {
    on_a_model_that_fails(true);
}

fn on_a_model_that_fails(is_hooked: bool) {
    let with = |sources: &[(Source, State)], hook: State| {
        let hook = is_hooked.then_some((Source::Hook, hook));
        sources.iter().copied().chain(hook).collect::<Vec<_>>()
    };
    let each = |state: State| with(&each(state), if state == ERROR { WORKING } else { state });
    let (over, limited) = (with(&OVER, DONE), with(&LIMITED, WORKING));
    let folder = tempfile::Builder::new().prefix("cx").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let codex = Codex::prepare(folder.path(), &server).unwrap();
    let environment = || {
        let on = is_hooked.then(|| ("CENTERFIRE_CODEX_HOOKS", "true".into()));
        codex.environment().into_iter().chain(on).collect::<Vec<_>>()
    };
    let session = session_of(codex.program(), environment(), &codex.project());
    all_say(&session, IDLE, &[(Report, IDLE), (Screen, IDLE)]);
    let follower = Server::follow(&session, codex.environment(), &[Transcript]);
    send(&session, "[[sleep:1000]] [[error:400|invalid_request_error]]");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, ERROR, &each(ERROR));
    send(&session, "[[sleep:1000]] [[error:429|rate_limit_error]]");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, LIMIT, &limited);
    // It is tried again, twice.
    send(&session, "[[sleep:1000]] [[error:529|overloaded_error]]");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, ERROR, &each(ERROR));
    send(&session, "[[sleep:1000]] [[error:429|usage_limit_reached]]");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, LIMIT, &limited);
    send(&session, "[[say:half of it]] [[sleep:1000]] [[drop]]");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, ERROR, &each(ERROR));
    send(&session, "/compact");
    all_say(&session, DONE, &with(&OVER, WORKING));
    let told = entries(&session, &codex.environment());
    let kinds = |kind: &str| -> Vec<&str> {
        told.iter().filter(|entry| entry.0 == kind).map(|entry| entry.1.as_str()).collect()
    };
    let failures = kinds("failure");
    let begin = [
        "scripted 400",
        "exceeded retry limit, last status: 429",
        "unexpected status 529",
        "You’ve hit your usage limit.",
        "stream disconnected before completion",
    ];
    assert_eq!(failures.len(), begin.len(), "{failures:#?}");
    assert!(failures.iter().zip(begin).all(|(told, begin)| told.starts_with(begin)), "{failures:#?}");
    // Each try said half of it.
    assert_eq!(kinds("message").iter().filter(|text| **text == "half of it").count(), 3, "{told:#?}");
    assert_eq!(kinds("compaction").len(), 1, "{told:#?}");
    // While it speaks, only its title tells that it does.
    send(&session, "[[rate:20]] [[lorem:500]]");
    session.wait_for_line("lorem ipsum");
    all_say(&session, WORKING, &each(WORKING));
    if !is_hooked {
        keep_recording(&session, "codex", "0.169.0-failures");
    }
    press(&session, "Escape");
    all_say(&session, IDLE, &each(IDLE));
    drop(follower);
    killed(&session);

    let transcript = codex.transcripts().unwrap().remove(0);
    let name = transcript.file_stem().unwrap().to_str().unwrap();
    let conversation = &name[name.len() - 36..];
    for command in ["resume", "fork"] {
        let session =
            session_with(codex.program(), &[command, conversation], environment(), &codex.project());
        all_say(&session, IDLE, &[(Report, IDLE), (Screen, IDLE)]);
        let _follower = Server::follow(&session, codex.environment(), &[Transcript]);
        send(&session, "[[sleep:1500]] [[say:went on]]");
        all_say(&session, WORKING, &each(WORKING));
        all_say(&session, DONE, &over);
        if command == "fork" {
            // In the middle of a turn, with which Codex's own server goes on: resumed then, it would work at once.
            send(&session, "[[rate:20]] [[lorem:500]]");
            comes_to(&session, WORKING);
        }
        killed(&session);
    }
}
