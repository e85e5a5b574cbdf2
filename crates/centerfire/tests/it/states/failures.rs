//! Claude Code on a model that fails, and what becomes of the conversation then: it is shortened, gone on with, forked.
//!
//! A person sees of a limit that the turn failed, and of a conversation that is gone on with the end that it had: what its screen
//! alone says is said beside each step.

use super::*;
use crate::claude_code::Desk;
use Source::{Hook, Register, Report, Screen, Transcript};
use testkit::model::anthropic;

const CONVERSATION: &str = "11111111-1111-4111-8111-111111111111";

fn each(state: State) -> [(Source, State); 5] {
    [(Report, state), (Hook, state), (Register, state), (Transcript, state), (Screen, state)]
}

/// A register and a screen know of a turn that is over that it is.
fn done() -> [(Source, State); 5] {
    [(Report, DONE), (Hook, DONE), (Transcript, DONE), (Register, IDLE), (Screen, IDLE)]
}

fn failed() -> [(Source, State); 5] {
    [(Report, ERROR), (Hook, ERROR), (Transcript, ERROR), (Screen, ERROR), (Register, IDLE)]
}

#[test]
fn claude_code_on_a_model_that_fails() {
    let desk = Desk::new();
    let session = desk.session_set(&[("CLAUDE_CODE_MAX_RETRIES", "3")]);
    let _server = Server::follow(&session, desk.claude.environment(), &[Transcript, Register]);
    // Of a limit a report has no word; on the screen it is a failure as others are.
    send(&session, "[[sleep:1000]] [[error:429|rate_limit_error]]");
    session.wait_for_line("retrying in");
    all_say(&session, WORKING, &each(WORKING));
    let limit = [(Hook, LIMIT), (Transcript, LIMIT), (Report, ERROR), (Screen, ERROR), (Register, IDLE)];
    all_say(&session, LIMIT, &limit);
    // It is tried again, and goes well.
    send(&session, "[[error:529|overloaded_error|once]] [[sleep:1500]] [[say:came through]]");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, DONE, &done());
    send(&session, "[[sleep:1000]] [[error:529|overloaded_error]]");
    session.wait_for_line("retrying in");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, ERROR, &failed());
    send(&session, "[[say:half of it]] [[sleep:1000]] [[drop]]");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, ERROR, &failed());
    keep_recording(&session, "claude", "2.1.329-failures");
    killed(&session);
    let expected = are(&[
        ("message", "[[sleep:1000]] [[error:429|rate_limit_error]]"),
        ("failure", "API Error: Request rejected (429) · scripted 429"),
        ("message", "[[error:529|overloaded_error|once]] [[sleep:1500]] [[say:came through]]"),
        ("message", "came through"),
        ("message", "[[sleep:1000]] [[error:529|overloaded_error]]"),
        ("failure", "API Error: Repeated 529 Overloaded errors."),
        ("message", "[[say:half of it]] [[sleep:1000]] [[drop]]"),
        ("message", "half of it"),
        ("failure", "API Error: Connection lost mid-response. The response above may be incomplete."),
    ]);
    let mut told = entries(&session, &desk.claude.environment());
    told.retain(|(_, text)| !text.contains("hello"));
    for (_, text) in told.iter_mut().filter(|(kind, text)| kind == "failure" && text.contains("Repeated 529"))
    {
        text.truncate("API Error: Repeated 529 Overloaded errors.".len());
    }
    assert_eq!(told, expected);
}

/// A subscription that is used up: known with why and until when, and over with the next good answer. The login is made up; the
/// program asks the scripted model with it as it would its own server.
#[test]
fn claude_code_at_its_limit_of_use() {
    let desk = Desk::new();
    let login = [("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-made-up"), ("ANTHROPIC_AUTH_TOKEN", "")];
    let session = desk.session_set(&login);
    let _server = Server::follow(&session, desk.claude.environment(), &[Transcript, Register]);
    let resets = [anthropic::resets_at(), anthropic::resets_at() + 3600];
    send(&session, "[[sleep:1000]] [[error:429|usage_limit_reached]]");
    all_say(&session, WORKING, &each(WORKING));
    let says = [(Screen, LIMIT), (Hook, LIMIT), (Transcript, LIMIT), (Report, ERROR), (Register, IDLE)];
    all_say(&session, LIMIT, &says);
    let reason = agent(&session).claim.reason.unwrap_or_default();
    let hours = resets.map(|at| {
        let hour = at / 3600 % 24;
        format!("resets {}{} (UTC)", (hour + 11) % 12 + 1, if hour < 12 { "am" } else { "pm" })
    });
    assert!(reason.starts_with("You've hit your 5-hour limit"), "{reason}");
    assert!(hours.iter().any(|hour| reason.ends_with(hour)), "{reason} {hours:?}");
    // It would go on by itself; told not to, it still has ended at its limit, though the screen shows no more of it.
    press(&session, "Escape");
    session.wait_for_line("Automatic continue cancelled");
    all_say(&session, LIMIT, &[(Hook, LIMIT), (Transcript, LIMIT), (Report, ERROR), (Screen, IDLE)]);
    send(&session, "[[sleep:1000]] [[say:there is some again]]");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, DONE, &done());
    let asked = desk.server.requests();
    let bearer = Some("Bearer sk-ant-oat01-made-up");
    assert!(asked.iter().all(|request| request.header("authorization") == bearer));
}

/// The CLI goes on where it stopped, in a session of its own.
fn goes_on(desk: &Desk, words: &[&str]) -> Session {
    let session = desk.session_with(words);
    all_say(&session, IDLE, &[(Report, IDLE), (Hook, IDLE), (Screen, IDLE)]);
    let server = Server::follow(&session, desk.claude.environment(), &[Transcript, Register]);
    send(&session, "[[sleep:1500]] [[say:went on]]");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, DONE, &done());
    drop(server);
    session
}

#[test]
fn a_conversation_that_is_compacted_resumed_and_forked() {
    let desk = Desk::new();
    let session = desk.session_with(&["--session-id", CONVERSATION]);
    let server = Server::follow(&session, desk.claude.environment(), &[Transcript, Register]);
    send(&session, "/compact [[sleep:2500]] [[say:the sum of it]]");
    // The transcript says of it when it is over; until then what it said of the turn before stands.
    let sources =
        [(Report, WORKING), (Hook, WORKING), (Register, WORKING), (Screen, WORKING), (Transcript, DONE)];
    all_say(&session, WORKING, &sources);
    let sources = [(Report, DONE), (Transcript, DONE), (Hook, IDLE), (Register, IDLE), (Screen, IDLE)];
    all_say(&session, DONE, &sources);
    let told = entries(&session, &desk.claude.environment());
    let sums: Vec<&str> =
        told.iter().filter(|(kind, _)| kind == "compaction").map(|(_, text)| text.as_str()).collect();
    assert!(matches!(sums[..], [sum] if sum.contains("the sum of it")), "{told:#?}");
    // In the middle of a turn it is no rest, whichever hook comes first.
    send(&session, "[[usage:995000|5]] [[bash:echo a]] [[say:later]]");
    comes_to(&session, WORKING);
    all_say(&session, DONE, &done());
    let said = session.json(&["explain", "--last", "1000"])["history"].clone();
    let hooks: Vec<&str> = said
        .as_array()
        .unwrap()
        .iter()
        .filter(|moment| moment["claim"]["source"] == "hook" && moment["claim"]["agent"].is_null())
        .map(|moment| moment["claim"]["state"].as_str().unwrap())
        .collect();
    assert!(hooks.ends_with(&["working", "working", "working", "done"]), "{hooks:?} of {said:#?}");
    drop(server);
    killed(&session);
    let resumed = goes_on(&desk, &["--resume", CONVERSATION]);
    killed(&resumed);
    let forked = goes_on(&desk, &["--resume", CONVERSATION, "--fork-session"]);
    killed(&forked);
}
