//! opencode: it reports nothing, has a screen, writes down what becomes of a turn, and has a plugin of ours; all of it with and
//! without that.

use super::*;
use crate::opencode::Desk;
use Source::{Hook, Screen, Transcript};

/// opencode, and whether it has the plugin.
struct Opencode {
    desk: Desk,
    is_hooked: bool,
}

impl Opencode {
    fn new(is_hooked: bool) -> Self {
        Self { desk: Desk::new(), is_hooked }
    }

    fn environment(&self) -> Vec<(&'static str, OsString)> {
        self.desk.opencode.environment()
    }

    fn session(&self, words: &[&str]) -> Session {
        self.session_set(words, &[])
    }

    fn session_set(&self, words: &[&str], settings: &[(&'static str, &str)]) -> Session {
        let opencode = &self.desk.opencode;
        let hooks = if self.is_hooked { "true" } else { "false" };
        let settings = settings.iter().copied().chain([("CENTERFIRE_OPENCODE_HOOKS", hooks)]);
        let mut environment = self.environment();
        environment.extend(settings.map(|(name, value)| (name, value.into())));
        let session = session_with(opencode.program(), words, environment, &opencode.project());
        // It takes seconds to start, and many on a busy machine.
        session.get(&["wait", "--for", "idle", "--timeout", "60"]);
        if !words.is_empty() {
            // What is typed before the conversation is there is lost.
            session.wait_for_line("▣");
        }
        all_say(&session, IDLE, &[(Screen, IDLE)]);
        session
    }

    fn follow(&self, session: &Session) -> Server {
        Server::follow(session, self.environment(), &[Transcript])
    }

    /// What screen and transcript say, and the plugin, if it is there.
    fn all(&self, hook: State, screen: State, transcript: State) -> Vec<(Source, State)> {
        let hook = self.is_hooked.then_some((Hook, hook));
        hook.into_iter().chain([(Screen, screen), (Transcript, transcript)]).collect()
    }

    fn each(&self, state: State) -> Vec<(Source, State)> {
        self.all(state, state, state)
    }

    /// A screen knows of a turn that is over that it is.
    fn over(&self) -> Vec<(Source, State)> {
        self.all(DONE, IDLE, DONE)
    }

    /// A transcript does not tell that somebody is asked.
    fn asks(&self, state: State) -> Vec<(Source, State)> {
        self.all(state, state, WORKING)
    }

    /// Of a turn that ends with a no a transcript tells that the call has ended, and nothing more.
    fn refused(&self) -> Vec<(Source, State)> {
        self.all(IDLE, IDLE, WORKING)
    }
}

#[test]
fn opencode_is_known_by_its_screen_and_its_transcript() {
    asks_and_fails(&Opencode::new(false));
}

#[test]
fn opencode_is_known_by_its_plugin_too() {
    asks_and_fails(&Opencode::new(true));
}

fn asks_and_fails(opencode: &Opencode) {
    let session = opencode.session(&[]);
    let _follower = opencode.follow(&session);
    send(&session, "[[sleep:2500]] [[say:the answer]]");
    all_say(&session, WORKING, &opencode.each(WORKING));
    all_say(&session, DONE, &opencode.over());
    send(&session, "[[bash:touch f]] [[sleep:1500]] [[say:was made]]");
    all_say(&session, PERMISSION, &opencode.asks(PERMISSION));
    press(&session, "Enter");
    all_say(&session, WORKING, &opencode.each(WORKING));
    all_say(&session, DONE, &opencode.over());
    let asks = r#"{"questions":[{"question":"Which?","header":"Q","options":[{"label":"A","description":"a"},{"label":"B","description":"b"}]}]}"#;
    let asks = format!("[[tool:question|{asks}]] [[sleep:1500]] [[say:chosen]]");
    send(&session, &asks);
    all_say(&session, QUESTION, &opencode.each(QUESTION));
    press(&session, "Enter");
    all_say(&session, DONE, &opencode.over());
    for (prompt, asked) in
        [("[[bash:touch g]] [[say:was made]]", opencode.asks(PERMISSION)), (&asks, opencode.each(QUESTION))]
    {
        send(&session, prompt);
        all_say(&session, asked[0].1, &asked);
        press(&session, "Escape");
        all_say(&session, IDLE, &opencode.refused());
    }
    send(&session, "[[rate:20]] [[lorem:500]]");
    session.wait_for_line("lorem ipsum");
    interrupt(&session);
    all_say(&session, IDLE, &opencode.each(IDLE));
    send(&session, "[[sleep:1000]] [[error:400|invalid_request_error]]");
    all_say(&session, WORKING, &opencode.each(WORKING));
    // A failure stands on the screen as an answer does.
    all_say(&session, ERROR, &opencode.all(ERROR, IDLE, ERROR));
    for prompt in [
        "[[error:429|rate_limit_error]]",
        "[[error:529|overloaded_error]]",
        "[[say:half of it]] [[sleep:1000]] [[drop]]",
    ] {
        send(&session, prompt);
        session.wait_for_line("retrying in");
        all_say(&session, WORKING, &opencode.each(WORKING));
        interrupt(&session);
        all_say(&session, IDLE, &opencode.each(IDLE));
    }
    if !opencode.is_hooked {
        keep_recording(&session, "opencode", "1.18.33");
    }
    let told = entries(&session, &opencode.environment());
    let failures: Vec<&str> =
        told.iter().filter(|(kind, _)| kind == "failure").map(|(_, text)| text.as_str()).collect();
    assert_eq!(failures, ["scripted 400"], "{told:#?}");
    send(&session, "[[rate:20]] [[lorem:500]]");
    all_say(&session, WORKING, &opencode.each(WORKING));
    killed(&session);
}

/// It takes Escape twice within five seconds, which on a busy machine are over before it has drawn that it takes one more.
fn interrupt(session: &Session) {
    let pressed = || {
        press(session, "Escape");
        session.wait_for_line("again");
        press(session, "Escape");
        let over = || Some(agent(session)).filter(|agent| agent.claim.state != AgentState::Working);
        eventually(PATIENCE / 4, over)
    };
    eventually(2 * PATIENCE, pressed).unwrap_or_else(|| panic!("{:#?}\n{}", agent(session), session.text()));
}

#[test]
fn opencode_has_work_done_shortens_goes_on_and_forks() {
    delegates_and_goes_on(&Opencode::new(false));
}

#[test]
fn opencode_with_its_plugin_has_work_done_shortens_goes_on_and_forks() {
    delegates_and_goes_on(&Opencode::new(true));
}

fn delegates_and_goes_on(opencode: &Opencode) {
    let session = opencode.session(&[]);
    let follower = opencode.follow(&session);
    send(&session, "[[error:529|overloaded_error|once]] [[sleep:1500]] [[say:came through]]");
    all_say(&session, WORKING, &opencode.each(WORKING));
    session.wait_for_line("came through$");
    all_say(&session, DONE, &opencode.over());
    let job = r#"[[tool:task|{"description":"job","prompt":"[[bash:touch sub]] [[sleep:1500]] [[say:from below]]","subagent_type":"general"}]] [[say:from above]]"#;
    send(&session, job);
    a_sub_agent_asks(&session, &opencode.all(WORKING, PERMISSION, WORKING));
    press(&session, "Enter");
    all_say(&session, WORKING, &opencode.each(WORKING));
    all_say(&session, DONE, &opencode.over());
    // It asks what a sub-agent is told with a no, and that of nothing else.
    send(&session, job);
    a_sub_agent_asks(&session, &opencode.all(WORKING, PERMISSION, WORKING));
    press(&session, "Escape");
    session.wait_for_line("Reject permission");
    a_sub_agent_asks(&session, &opencode.all(WORKING, PERMISSION, WORKING));
    press(&session, "Enter");
    all_say(&session, DONE, &opencode.over());
    send(&session, "/compact");
    let compacted = || {
        let told = entries(&session, &opencode.environment());
        told.iter().any(|(kind, text)| kind == "compaction" && text.contains("FAKE summary")).then_some(())
    };
    eventually(PATIENCE, compacted).unwrap_or_else(|| panic!("{}", session.text()));
    all_say(&session, DONE, &opencode.over());
    if !opencode.is_hooked {
        keep_recording(&session, "opencode", "1.18.33-job");
    }
    let told = entries(&session, &opencode.environment());
    for said in ["came through", "from below", "from above"] {
        assert!(told.iter().any(|(kind, text)| kind == "message" && text == said), "{said}: {told:#?}");
    }
    drop(follower);
    killed(&session);
    for words in [&["--continue"][..], &["--continue", "--fork"]] {
        let session = opencode.session(words);
        let _follower = opencode.follow(&session);
        send(&session, "[[sleep:1500]] [[say:went on]]");
        all_say(&session, WORKING, &opencode.each(WORKING));
        all_say(&session, DONE, &opencode.over());
        let told = entries(&session, &opencode.environment());
        assert!(told.iter().any(|(kind, text)| kind == "message" && text == "went on"), "{told:#?}");
        session.get(&["kill"]);
    }
}

#[test]
fn a_plan_of_opencode_is_known_as_one() {
    plans(&Opencode::new(false));
}

#[test]
fn a_plan_of_opencode_is_known_by_its_plugin_too() {
    plans(&Opencode::new(true));
}

fn plans(opencode: &Opencode) {
    let session = opencode.session_set(&[], &[("OPENCODE_EXPERIMENTAL_PLAN_MODE", "1")]);
    press(&session, "Tab");
    session.wait_for_line("Plan · scripted-model");
    let _follower = opencode.follow(&session);
    std::fs::write(opencode.desk.plan(), "# Count to three\n").unwrap();
    let planned = opencode.asks(PLAN);
    send(&session, "[[tool:plan_exit|{}]] [[say:not yet]]");
    all_say(&session, PLAN, &planned);
    press(&session, "Escape");
    all_say(&session, IDLE, &opencode.refused());
    send(&session, "[[tool:plan_exit|{}]] [[say:on it]]");
    all_say(&session, PLAN, &planned);
    press(&session, "Enter");
    session.wait_for_line("Build · scripted-model");
    all_say(&session, DONE, &opencode.over());
}
