//! A session in the words of agentapi.

use crate::http::{Answer, Call};
use crate::rig::{LIMIT, Rig};
use crate::sse::Stream;
use serde_json::{Value, json};
use testkit::{Claude, ModelServer, eventually, tools};

/// The session of the tests.
const NAME: &str = "own";

/// A server with a port for agentapi's clients, which need no token.
struct Desk {
    rig: Rig,
}

impl Desk {
    fn new(arguments: &str) -> Self {
        let rig = Rig::serving(&["--agentapi", "own=127.0.0.1:0"]);
        let program = tools::repository().join("tests/programs/agent.py");
        rig.start(NAME, &format!("exec python3 {} {arguments}", program.display()));
        let desk = Self { rig };
        desk.wait_for_state("stable");
        desk
    }

    /// Asks at the port.
    fn call(&self, call: Call) -> Answer {
        call.at(self.rig.ports()[0]).send(&self.rig)
    }

    fn get(&self, path: &str) -> Value {
        let answer = self.call(Call::get(path));
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    fn say(&self, kind: &str, text: &str) -> Answer {
        self.call(Call::post("/message", &json!({ "content": text, "type": kind })))
    }

    #[track_caller]
    fn submit(&self, text: &str) {
        let answer = self.say("user", text);
        assert_eq!((answer.status, answer.json()), (200, json!({ "ok": true })), "{answer:?}");
    }

    #[track_caller]
    fn wait_for_state(&self, state: &str) {
        let reached = || (self.get("/status")["status"] == state).then_some(());
        eventually(crate::rig::LIMIT, reached).unwrap_or_else(|| panic!("it becomes {state}"));
    }

    /// Ids, roles and texts.
    fn messages(&self) -> Vec<(u64, String, String)> {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let messages = self.get("/messages")["messages"].as_array().expect("a list").clone();
        let each = messages.iter().map(|message| {
            assert!(text(&message["time"]).ends_with('Z'), "{message}");
            (message["id"].as_u64().expect("a number"), text(&message["role"]), text(&message["content"]))
        });
        each.collect()
    }

    #[track_caller]
    fn check(&self, expected: &[(u64, &str, &str)]) {
        let messages = self.messages();
        let got: Vec<_> =
            messages.iter().map(|(id, role, text)| (*id, role.as_str(), text.as_str())).collect();
        assert_eq!(got, expected);
    }
}

/// A problem in the form that agentapi's page reads.
#[track_caller]
fn check_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{answer:?}");
    let problem = answer.json();
    assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)), "{problem}");
    assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
    assert_eq!(problem["errors"], json!([]));
}

/// Asked, answered, asked again: whole turns, each under one id, without the question's echo and the box for input.
#[test]
fn a_conversation_is_read_off_the_screen() {
    let desk = Desk::new("");
    let status = desk.get("/status");
    assert_eq!(status, json!({ "status": "stable", "agent_type": "custom", "transport": "pty" }));
    desk.check(&[(0, "agent", "ready")]);
    let mut expected = vec![(0, "agent", "ready")];
    for (id, question, answer) in
        [(1, "hello", "● hello"), (3, "hello", "● hello"), (5, "two\nlines", "● two / lines")]
    {
        desk.submit(&format!("  {question}\n"));
        desk.wait_for_state("stable");
        expected.extend([(id, "user", question), (id + 1, "agent", answer)]);
        desk.check(&expected);
    }
}

/// While a program works, its message grows under one id, and nothing but `raw` is taken.
#[test]
fn a_message_grows_under_its_id_and_a_program_that_works_is_not_disturbed() {
    let desk = Desk::new("");
    desk.check(&[(0, "agent", "ready")]);
    let mut events = Stream::open(desk.rig.ports()[0], "/events", None);
    desk.submit("steps");
    desk.wait_for_state("running");
    let said = |text: &'static str| {
        move |name: &str, event: &Value| name == "message_update" && event["message"] == text
    };
    let first = events.wait_for("first step", said("● step one"));
    check_problem(&desk.say("user", "more"), 409, "NOT_STABLE");
    assert_eq!(desk.say("raw", "g").status, 200);
    let second = events.wait_for("second step", said("● step one\n● step two"));
    assert_eq!((&first["id"], &second["id"]), (&json!(2), &json!(2)));
    events.wait_for("rest", |name, event| name == "status_change" && event["status"] == "stable");
    let before: Vec<&(String, Value)> = events.events.iter().take(2).collect();
    assert_eq!((before[0].0.as_str(), &before[0].1["message"]), ("message_update", &json!("ready")));
    assert_eq!(
        before[1],
        &("status_change".to_owned(), json!({ "status": "stable", "agent_type": "custom" }))
    );
    // Who comes later gets it all at once, and then the status.
    let mut late = Stream::open(desk.rig.ports()[0], "/events", None);
    late.wait_for("status", |name, _| name == "status_change");
    let ids: Vec<&Value> = late
        .events
        .iter()
        .filter(|(name, _)| name == "message_update")
        .map(|(_, event)| &event["id"])
        .collect();
    assert_eq!(ids, [0, 1, 2]);
    desk.submit("bye");
    let over = late.wait_for("end", |name, _| name == "agent_error");
    assert_eq!(over["level"], "error");
    assert!(late.next().is_none());
    check_problem(&desk.say("raw", "x"), 409, "ENDED");
}

/// A question of the program is `stable`, as clients expect; yet no message answers it by its Enter.
#[test]
fn a_question_is_answered_by_keys_alone() {
    let desk = Desk::new("");
    desk.submit("ask");
    desk.rig.wait_for_line(NAME, "may I");
    desk.wait_for_state("stable");
    check_problem(&desk.say("user", "hello"), 409, "BLOCKED");
    assert_eq!(desk.say("raw", "y").status, 200);
    desk.rig.wait_for_line(NAME, "you said y");
    let answered = || (desk.messages().last()?.2 == "● may I?\n● you said y").then_some(());
    eventually(crate::rig::LIMIT, answered).unwrap_or_else(|| panic!("{:?}", desk.messages()));
}

/// A program that tells no state waits when it is quiet.
#[test]
fn a_program_that_tells_no_state_is_taken_at_its_silence() {
    let desk = Desk::new("mute");
    desk.submit("hello");
    desk.wait_for_state("running");
    desk.wait_for_state("stable");
    assert_eq!(desk.messages().last().expect("an answer").2, "● hello");
}

/// What cannot be done is a problem, and nothing of it is typed.
#[test]
fn problems_have_the_form_that_clients_read() {
    let desk = Desk::new("");
    let blank = desk.say("user", " \n ");
    check_problem(&blank, 422, "BAD_REQUEST");
    check_problem(&desk.say("whisper", "x"), 422, "BAD_REQUEST");
    check_problem(&desk.call(Call::new("POST", "/message").body(b"{}")), 415, "UNSUPPORTED_MEDIA_TYPE");
    let long = "x".repeat((1 << 20) + 1);
    check_problem(&desk.say("raw", &long), 413, "INPUT_TOO_LONG");
    let unknown = Call::get("/agentapi/nobody/status").bearer(&desk.rig.manage).send(&desk.rig);
    check_problem(&unknown, 404, "NO_SUCH_SESSION");
    check_problem(&Call::get("/agentapi/own/status").send(&desk.rig), 401, "UNAUTHORIZED");
    desk.check(&[(0, "agent", "ready")]);
}

/// The port has no token, and so all the more it is its own name and its own pages that are let in.
#[test]
fn a_port_without_tokens_is_shut_to_other_sites() {
    let desk = Desk::new("");
    let raw = Call::post("/message", &json!({ "content": "x", "type": "raw" }));
    let own = format!("http://{}", desk.rig.ports()[0]);
    assert_eq!(desk.call(raw.clone().origin(&own)).status, 200);
    for (call, status, code) in [
        (raw.clone().origin("http://evil.example"), 403, "ORIGIN_NOT_ALLOWED"),
        (raw.clone().origin("null"), 403, "ORIGIN_NOT_ALLOWED"),
        (raw.clone().host("evil.example"), 421, "HOST_NOT_ALLOWED"),
        // The server's own page has the routes with a token.
        (raw.clone().origin(&format!("http://{}", desk.rig.address())), 403, "ORIGIN_NOT_ALLOWED"),
        (raw.host(&desk.rig.address().to_string()), 421, "HOST_NOT_ALLOWED"),
    ] {
        let answer = desk.call(call);
        assert_eq!((answer.status, answer.json()["code"].as_str()), (status, Some(code)), "{answer:?}");
    }
    // Nothing else is there.
    for path in ["/api/v1/sessions", "/", "/agentapi/own/status"] {
        assert_eq!(desk.call(Call::get(path)).status, 404, "{path}");
    }
    for address in ["0.0.0.0:0", "192.0.2.1:3284"] {
        let output = desk.rig.run(&["serve", "--agentapi", &format!("own={address}")]);
        assert!(!output.status.success(), "{output:?}");
    }
}

/// A file comes whole, under a name that leads nowhere else; one that is too long does not.
#[test]
fn a_file_is_taken_into_the_sessions_folder() {
    let desk = Desk::new("");
    let upload = |field: &str, name: &str, bytes: &[u8]| {
        let head =
            format!("--x\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\r\n");
        let body = [head.as_bytes(), bytes, b"\r\n--x--\r\n"].concat();
        desk.call(
            Call::new("POST", "/upload")
                .header("content-type", "multipart/form-data; boundary=x")
                .body(&body),
        )
    };
    let bytes: Vec<u8> = (0..10 << 20).map(|at: u32| (at % 251) as u8).collect();
    let answer = upload("file", "../../a b.png", &bytes);
    assert_eq!(answer.status, 200, "{answer:?}");
    let path = answer.json()["filePath"].as_str().expect("a path").to_owned();
    let folder = desk.rig.instance.home().canonicalize().expect("a home");
    assert!(path.ends_with("-a_b.png") && path.contains("/uploads/"), "{path}");
    assert!(std::fs::canonicalize(&path).expect("it is there").starts_with(folder), "{path}");
    assert!(std::fs::read(&path).expect("read it") == bytes);
    check_problem(&upload("file", "long", &[&bytes[..], b"x"].concat()), 413, "BODY_TOO_LONG");
    check_problem(&upload("other", "a", b"x"), 400, "BAD_REQUEST");
}

/// The screen, first as it is and then as it changes.
#[test]
fn the_screen_is_followed() {
    let desk = Desk::new("");
    let mut screens =
        Stream::open(desk.rig.address(), "/agentapi/own/internal/screen", Some(&desk.rig.manage));
    let shows = |text: &'static str| {
        move |name: &str, event: &Value| {
            name == "screen" && event["screen"].as_str().is_some_and(|screen| screen.contains(text))
        }
    };
    screens.wait_for("screen", shows("ready"));
    desk.submit("hello");
    screens.wait_for("answer", shows("● hello"));
}

/// A server that is replaced keeps the port.
#[test]
fn the_port_stays_when_the_server_is_replaced() {
    let desk = Desk::new("");
    assert!(desk.rig.run(&["upgrade"]).status.success());
    assert_eq!(desk.get("/status")["status"], "stable");
    assert_eq!(desk.get("/openapi.json")["openapi"], "3.0.3");
    assert_eq!(Call::get("/api/v1/health").send(&desk.rig).status, 200);
}

/// The real Claude Code, by agentapi's routes alone.
#[test]
fn claude_code_is_asked_and_answers() {
    let folder = tempfile::Builder::new().prefix("cc").tempdir_in("/tmp").expect("make a folder");
    let server = ModelServer::start().expect("start the model");
    let claude = Claude::prepare(folder.path(), &server).expect("lay out its folders");
    let rig = Rig::serving(&["--agentapi", "own=127.0.0.1:0"]);
    let words = ["run", "--detached", "--name", NAME, "--", claude.program().to_str().expect("a text")];
    let home = rig.instance.home();
    let mut command = rig.instance.command(&words);
    command.env_clear().envs(claude.environment()).env("CENTERFIRE_HOME", home).current_dir(claude.project());
    let output = testkit::instance::finish(command, LIMIT);
    assert!(output.status.success(), "{output:?}");
    assert!(rig.run(&["wait", NAME, "--for", "idle", "--timeout", "30"]).status.success());
    let desk = Desk { rig };
    assert_eq!(desk.get("/status")["agent_type"], "claude");
    desk.wait_for_state("stable");
    for (id, answer) in [(1, "the first answer"), (3, "the second answer")] {
        desk.submit(&format!("[[sleep:500]] [[say:{answer}]]"));
        desk.wait_for_state("stable");
        // What is said of the state may come before the screen that goes with it: a message changes under its id.
        let said = || {
            let messages = desk.messages();
            let (last, role, text) = messages.get(id as usize + 1)?.clone();
            assert_eq!((last, role.as_str()), (id + 1, "agent"), "{messages:?}");
            (text.starts_with(&format!("● {answer}")) && !text.contains("───")).then_some(())
        };
        eventually(LIMIT, said).unwrap_or_else(|| panic!("{:?}", desk.messages()));
    }
}
