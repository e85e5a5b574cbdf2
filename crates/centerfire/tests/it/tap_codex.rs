//! `run --tap` with the real Codex: its own configuration says where it asks, and stays as it is.

use crate::overlays::{CodexDesk, settings_below};
use crate::rig::kill;
use crate::session::Session;
use crate::tap::{await_pair, files, has, pair};
use regex::Regex;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use testkit::model::http::Request;
use testkit::terminal::PATIENCE;
use testkit::{eventually, proc};

const TAPPED: &[(&str, &str)] = &[("CENTERFIRE_TAP_ENABLED", "true"), ("CENTERFIRE_TAP_BODIES", "true")];

/// The path below ChatGPT's own address.
const CHATGPT: &str = "/backend-api/codex/responses";

fn answered(session: &Session, prompt: &str, words: &str) {
    session.get(&["send", "--submit", prompt]);
    session.wait_for_line(&format!("• {words}"));
    session.get(&["wait", "--for", "idle", "--timeout", "20"]);
}

/// The requests that were heard, when there is one like this.
#[track_caller]
fn heard(session: &Session, like: impl Fn(&Value) -> bool) -> Vec<Value> {
    let all = || {
        let told = session.json(&["api"]);
        told.as_array().filter(|all| all.iter().any(&like)).cloned()
    };
    eventually(PATIENCE, all).unwrap_or_else(|| panic!("{:#?}\n{}", session.json(&["api"]), session.text()))
}

fn end(session: &Session) {
    session.get(&["kill"]);
    session.get(&["wait", "--for", "exit", "--timeout", "30"]);
    let gone = || session.instance.leaked().is_empty().then_some(());
    eventually(PATIENCE, gone).unwrap_or_else(|| panic!("{:?}", session.instance.leaked()));
}

/// Adds to what its user set.
fn configure(desk: &CodexDesk, change: impl FnOnce(String) -> String) {
    let file = desk.codex.config().join("config.toml");
    std::fs::write(&file, change(std::fs::read_to_string(&file).unwrap())).unwrap();
}

/// A request without what is different in each run anyway: ids, times, folders and ports.
fn plain(request: &Request, desk: &CodexDesk) -> String {
    let text = format!(
        "{} {}?{} {:?} {}",
        request.method, request.path, request.query, request.headers, request.body
    );
    let folder = desk.codex.project();
    let folder = folder.parent().unwrap().file_name().unwrap().to_str().unwrap();
    let text = text.replace(folder, "FOLDER").replace(&desk.server.port().to_string(), "PORT");
    let ids = Regex::new(
        r#"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9]{13}|[0-9]{10}\.[0-9]+|(Chunk ID: |Wall time: |"content-length", ")[0-9a-f.]+"#,
    );
    ids.unwrap().replace_all(&text, "ID").into_owned()
}

/// Issue 4, what must hold, 4: the same requests upstream with and without, with the provider, the headers and the query that its
/// user set, and the same answers on the screen; nothing of the configuration changes.
#[test]
fn a_tapped_codex_asks_for_the_same_as_without() {
    let asked = |is_tapped: bool| {
        let desk = CodexDesk::new();
        configure(&desk, |text| {
            let own = "http_headers = { \"x-own\" = \"mine\" }\nquery_params = { \"api-version\" = \"7\" }\n";
            text.replace("env_key = \"SCRIPTED_KEY\"\n", &format!("env_key = \"SCRIPTED_KEY\"\n{own}"))
        });
        let session = desk.session(&[], if is_tapped { TAPPED } else { &[] });
        let before = settings_below(&desk.codex.config());
        answered(&session, "[[sleep:500]] [[say:one]]", "one");
        answered(&session, "[[bash:echo two]] [[sleep:500]] [[say:three]]", "three");
        assert_eq!(pair(&session).is_some(), is_tapped);
        assert_eq!(settings_below(&desk.codex.config()), before);
        // The line below an answer is drawn after Codex said that it is done.
        let lines = || (session.text().matches("Worked for").count() == 2).then_some(());
        eventually(PATIENCE, lines).unwrap_or_else(|| panic!("{}", session.text()));
        let shown = session.text();
        end(&session);
        let requests = desk.server.requests();
        let turns = requests.iter().filter(|request| request.method == "POST");
        assert!(
            turns
                .clone()
                .all(|request| request.header("x-own") == Some("mine") && request.query == "api-version=7")
        );
        (requests.iter().map(|request| plain(request, &desk)).collect::<Vec<_>>(), shown)
    };
    let (with, without) = (asked(true), asked(false));
    assert!(with.0.len() >= 3, "{} requests", with.0.len());
    for (with, without) in with.0.iter().zip(&without.0) {
        let same = with.bytes().zip(without.bytes()).take_while(|(one, other)| one == other).count();
        let from = same.saturating_sub(40);
        let [with, without] = [with, without]
            .map(|text| String::from_utf8_lossy(&text.as_bytes()[from.min(text.len())..]).into_owned());
        assert!(with == without, "with: {with:.300}\nwithout: {without:.300}");
    }
    assert_eq!(with.0.len(), without.0.len());
    let folders = Regex::new(r"cx[A-Za-z0-9]{6}|<?\d+(ms|s)\b|\d\d:\d\d").unwrap();
    let [with, without] = [with.1, without.1].map(|text| folders.replace_all(&text, "X").into_owned());
    assert_eq!(with, without);
}

/// Whatever of it dies, Codex goes on; what fails, breaks off or is hung up on is heard as that. Nobody's key is kept.
#[test]
fn what_a_tapped_codex_asks_is_heard_however_it_ends() {
    let desk = CodexDesk::new();
    let session = desk.session(&[], TAPPED);
    answered(&session, "[[sleep:500]] [[usage:1234|56]] [[say:first]]", "first");
    let before = await_pair(&session, &[]);
    kill(before[1]);
    answered(&session, "[[sleep:500]] [[say:second]]", "second");
    await_pair(&session, &before[1..]);
    answered(&session, "[[say:half]] [[drop:once]] [[say:third]]", "third");
    session.get(&["send", "--submit", "[[error:429|rate_limit_error]]"]);
    session.get(&["wait", "--for", "limit", "--timeout", "30"]);
    session.get(&["send", "--submit", "[[rate:20]] [[lorem:2000]]"]);
    session.wait_for_line("lorem ipsum");
    session.get(&["send", "--key", "Escape"]);
    let all = heard(&session, |one| one["outcome"] == "hung_up");
    let is_turn = |one: &&Value| one["path"] == "/v1/responses" && one["method"] == "POST";
    assert!(all.iter().filter(is_turn).count() >= 5, "{all:#?}");
    let first = all.iter().find(|one| one["usage"]["output"] == 56).expect("its tokens are counted");
    assert_eq!((&first["outcome"], &first["status"]), (&"whole".into(), &200.into()));
    assert!(first["usage"].to_string().contains("1234") && first["model"].is_string(), "{first}");
    assert!(all.iter().any(|one| one["outcome"] == "cut"), "{all:#?}");
    assert!(
        all.iter().any(|one| one["status"] == 429 && one["error"]["kind"] == "rate_limit_error"),
        "{all:#?}"
    );
    // The program itself goes in the middle of an answer.
    session.get(&["send", "--submit", "[[rate:20]] [[lorem:2000]]"]);
    session.wait_for_line("lorem ipsum");
    let count = all.len();
    kill(session.pid("child"));
    session.get(&["wait", "--for", "exit", "--timeout", "30"]);
    let last = || session.json(&["api"]).as_array()?.get(count..)?.last().cloned();
    let last = eventually(PATIENCE, last).expect("the last request is heard");
    assert_eq!(last["outcome"], "hung_up");
    let bodies = std::fs::read_to_string(session.folder.join("api-bodies.jsonl")).unwrap();
    assert!(bodies.contains("[[say:second]]"));
    for file in files(&session.folder) {
        let bytes = std::fs::read(&file).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(!name.starts_with("api") || !has(&bytes, "Bearer") && !has(&bytes, "\"scripted\""), "{name}");
    }
}

/// The provider that it has by itself: a WebSocket is asked for first, and what the server says to that goes through.
#[test]
fn codex_with_its_own_provider_asks_through_the_tap() {
    let desk = CodexDesk::new();
    let base = format!("{}/v1", desk.server.base_url());
    configure(&desk, |text| {
        text.replace("model_provider = \"scripted\"\n", &format!("openai_base_url = {base:?}\n"))
    });
    let key = "sk-test-0123456789";
    std::fs::write(
        desk.codex.config().join("auth.json"),
        format!(r#"{{"auth_mode":"apikey","OPENAI_API_KEY":"{key}"}}"#),
    )
    .unwrap();
    let session = desk.session(&[], TAPPED);
    answered(&session, "[[sleep:500]] [[say:one]]", "one");
    assert!(!session.text().contains("WebSocket"), "{}", session.text());
    heard(&session, |one| one["path"] == "/v1/responses" && one["usage"]["output"].is_u64());
    let asked = desk.server.requests();
    let turn = asked.iter().find(|request| request.method == "POST").unwrap();
    assert_eq!(turn.header("authorization"), Some(format!("Bearer {key}").as_str()));
    assert!(asked.iter().any(|request| request.header("upgrade") == Some("websocket")));
    heard(&session, |one| one["method"] == "GET" && one["status"] == 426);
    end(&session);
    for file in files(&session.folder) {
        assert!(!has(&std::fs::read(&file).unwrap(), key), "{}", file.display());
    }
}

/// A model's server that has WebSockets and nothing else, and what it is asked.
fn websockets() -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let (told, asked) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let told = told.clone();
            std::thread::spawn(move || {
                // Whoever asks over HTTP is hung up on.
                let Ok(mut socket) = tungstenite::accept(stream) else { return };
                while let Ok(message) = socket.read() {
                    let Ok(asked) = serde_json::from_slice(&message.into_data()) else { continue };
                    let _ = told.send(asked);
                    std::thread::sleep(std::time::Duration::from_millis(500));
                    for event in events() {
                        let _ = socket.send(tungstenite::Message::text(event.to_string()));
                    }
                }
            });
        }
    });
    (base, asked)
}

/// An answer of three tokens.
fn events() -> [Value; 3] {
    let content = json!([{ "type": "output_text", "text": "over the socket", "annotations": [] }]);
    let item = json!({ "type": "message", "role": "assistant", "id": "msg_1", "content": content });
    let usage = json!({ "input_tokens": 12, "output_tokens": 3, "total_tokens": 15 });
    let response = json!({ "id": "resp_1", "status": "completed", "model": "gpt-5.5", "output": [item], "usage": usage });
    [
        json!({ "type": "response.created", "response": { "id": "resp_1" } }),
        json!({ "type": "response.output_item.done", "output_index": 0, "item": item }),
        json!({ "type": "response.completed", "response": response }),
    ]
}

/// Over a WebSocket it says what is new alone, and so it does through the tap, which hears each request.
#[test]
fn what_a_tapped_codex_says_over_a_websocket_is_heard() {
    let desk = CodexDesk::new();
    let (base, asked) = websockets();
    configure(&desk, |text| {
        text.replace(&format!("{}/v1", desk.server.base_url()), &base)
            .replace("wire_api", "supports_websockets = true\nwire_api")
    });
    let session = desk.session(&[], TAPPED);
    answered(&session, "the first thing", "over the socket");
    session.get(&["send", "--submit", "the second thing"]);
    let is_second = |one: &Value| one["input"].to_string().contains("the second thing");
    let mut asked = std::iter::from_fn(|| asked.recv_timeout(PATIENCE).ok());
    let second = asked.find(is_second).unwrap_or_else(|| panic!("{}", session.text()));
    assert_eq!(second["previous_response_id"], "resp_1");
    assert!(!second.to_string().contains("the first thing"), "{second:#}");
    let bodies = || std::fs::read_to_string(session.folder.join("api-bodies.jsonl")).ok();
    let kept = || bodies().filter(|bodies| bodies.contains("the second thing"));
    let bodies = eventually(PATIENCE, kept).unwrap_or_else(|| panic!("{}", session.text()));
    assert!(bodies.contains("the first thing") && bodies.contains("over the socket"));
    let is_turn = |one: &&Value| one["usage"]["output"] == 3;
    let all = heard(&session, |one| is_turn(&one));
    let of_turns = all.iter().find(is_turn).unwrap();
    let [path, outcome] = ["path", "outcome"].map(|key| of_turns[key].as_str().unwrap());
    assert_eq!((path, outcome, of_turns["status"].as_u64()), ("/v1/responses", "whole", Some(101)));
    assert!(of_turns["model"] == "gpt-5.5" && of_turns["first_byte_ms"].as_u64() >= Some(500), "{of_turns}");
    session.get(&["wait", "--for", "idle", "--timeout", "20"]);
    end(&session);
    // The connection itself, when it is over.
    heard(&session, |one| one["status"] == 101 && one["usage"].is_null() && one["outcome"] == "whole");
}

/// Whose login is one of ChatGPT: the same requests as without, with the headers of the account, and nothing of them is kept.
#[test]
fn codex_with_a_login_of_chatgpt_asks_through_the_tap() {
    let asked = |is_tapped: bool| {
        let desk = CodexDesk::new();
        let token = desk.codex.log_in().unwrap();
        let base = desk.server.base_url();
        configure(&desk, |text| {
            // Of another name than ChatGPT's own, so that the workspace does not say where to ask.
            let other = base.replace("127.0.0.1", "localhost");
            let own =
                format!("openai_base_url = \"{other}/codex\"\nchatgpt_base_url = \"{base}/backend-api/\"\n");
            text.replace("model_provider = \"scripted\"\n", &own)
        });
        let session = desk.session(&[], if is_tapped { TAPPED } else { &[] });
        answered(&session, "[[sleep:500]] [[say:one]]", "one");
        assert_eq!(pair(&session).is_some(), is_tapped);
        if is_tapped {
            heard(&session, |one| one["path"] == "/codex/responses" && one["usage"]["output"].is_u64());
        }
        end(&session);
        let requests = desk.server.requests();
        let is_turn = |request: &&Request| {
            request.path == "/codex/responses" && request.body.to_string().contains("[[say:one]]")
        };
        let turn = requests.iter().find(is_turn).unwrap_or_else(|| panic!("{requests:#?}"));
        assert_eq!(turn.header("authorization"), Some(format!("Bearer {token}").as_str()));
        assert_eq!(turn.header("chatgpt-account-id"), Some(testkit::codex::ACCOUNT));
        for file in files(&session.folder) {
            let bytes = std::fs::read(&file).unwrap();
            let kept =
                [token.as_str(), testkit::codex::ACCOUNT].into_iter().find(|secret| has(&bytes, secret));
            assert_eq!(kept, None, "{}", file.display());
        }
        plain(turn, &desk)
    };
    assert_eq!(asked(true), asked(false));
}

/// The workspace of a login says where Codex asks, and that is where the tap passes its requests on to.
#[test]
fn the_workspace_of_a_login_says_where_a_tapped_codex_asks() {
    let desk = CodexDesk::new();
    desk.codex.log_in().unwrap();
    let own = format!("chatgpt_base_url = \"{}/backend-api/\"\n", desk.server.base_url());
    configure(&desk, |text| text.replace("model_provider = \"scripted\"\n", &own));
    let session = desk.session(&[], TAPPED);
    session.get(&["send", "--submit", "[[say:nobody listens there]]"]);
    let all = heard(&session, |one| one["outcome"] == "unreachable" && one["path"] == CHATGPT);
    let told = all.iter().find(|one| one["path"] == CHATGPT).unwrap()["error"]["message"].clone();
    assert!(told.as_str().unwrap().starts_with("localhost:1 does not answer"), "{told}");
    end(&session);
}

/// What cannot be heard is said, and nothing is started.
#[test]
fn a_codex_that_asks_elsewhere_is_not_tapped() {
    let desk = CodexDesk::new();
    let instance = testkit::Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let refused = |words: &[&str]| {
        let program = desk.codex.program().to_str().unwrap();
        let words = [&["run", "--tap", "--detached", "--", program], words].concat();
        let mut command = instance.command(&words);
        command.envs(desk.codex.environment()).current_dir(desk.codex.project());
        let output = testkit::instance::finish(command, PATIENCE);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    std::fs::write(desk.codex.config().join("work.config.toml"), "model_provider = \"other\"\n").unwrap();
    for (words, why) in [
        (&["--oss"][..], "with --oss"),
        (&["-c", "openai_base_url=\"http://h\""], "sets openai_base_url"),
        (&["-p", "work"], "the profile `work`"),
        (&["-c", "model_provider=\"ollama\""], "own provider `ollama`"),
        (&["-c", "model_provider=\"openai\""], "log in first"),
        (&["login"], "holds no conversation"),
    ] {
        let told = refused(words);
        assert!(told.contains(why), "{words:?}: {told}");
    }
    assert_eq!(instance.json(&["list", "--all", "--json"]), serde_json::json!([]));
    let left = proc::all().unwrap().into_iter().filter(|pid| {
        proc::variable(*pid, "CODEX_HOME").is_some_and(|home| home.as_path() == desk.codex.config())
    });
    let left: Vec<String> = left.map(proc::command_line).collect();
    assert!(left.is_empty(), "{left:?}");
}
