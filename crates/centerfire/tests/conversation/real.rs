//! The real Claude Code in sessions: what was said and done is told, linked to its place in the recording.

use serde_json::Value;
use std::process::Command;
use tempfile::TempDir;
use testkit::instance::finish;
use testkit::{Claude, Instance, ModelServer, eventually};

const LIMIT: std::time::Duration = std::time::Duration::from_secs(60);

/// A user of Claude Code, with an instance.
pub struct Desk {
    pub instance: Instance,
    pub claude: Claude,
    pub server: ModelServer,
    _folder: TempDir,
}

impl Desk {
    pub fn new() -> Desk {
        let folder = tempfile::Builder::new().prefix("cc").tempdir_in("/tmp").unwrap();
        let server = ModelServer::start().unwrap();
        let claude = Claude::prepare(folder.path(), &server).unwrap();
        Desk { instance: Instance::new(env!("CARGO_BIN_EXE_centerfire")), claude, server, _folder: folder }
    }

    pub fn out(&self, command: Command) -> Vec<u8> {
        let told = format!("{command:?}");
        let output = finish(command, LIMIT);
        assert!(output.status.success(), "{told}: {output:?}");
        output.stdout
    }

    pub fn run(&self, arguments: &[&str]) -> Vec<u8> {
        let mut command = self.instance.command(arguments);
        command.envs(self.claude.environment()).current_dir(self.claude.project());
        self.out(command)
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        let told = self.run(&[arguments, &["--json"]].concat());
        serde_json::from_slice(&told).unwrap()
    }

    pub fn ask(&self, session: &str, prompt: &str, state: &str) {
        let sent = self.json(&["send", session, "--submit", prompt])["offset"].to_string();
        self.run(&["wait", session, "--for", state, "--since", &sent, "--timeout", "30"]);
    }
}

/// What an entry is, in short: kind, and its text or its tool.
fn short(entry: &Value) -> (String, String) {
    let text = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    let told = if entry["kind"] == "tool_call" { text("name") } else { text("text") };
    (text("kind"), told)
}

/// A30: a session of several turns gives its entries in order, each where it stands in the recording; tokens count once.
#[test]
fn a_session_of_claude_code_is_told_with_its_places_in_the_recording() {
    let desk = Desk::new();
    let program = desk.claude.program().to_str().unwrap();
    desk.run(&["run", "-d", "--name", "s", "--size", "120x40", "--", program]);
    desk.run(&["wait", "s", "--for", "idle", "--timeout", "30"]);
    desk.ask("s", "[[sleep:500]] [[think:pondering]] [[say:quixotic answer]]", "done");
    desk.ask("s", "[[sleep:300]] [[bash:echo inside]] [[sleep:300]] [[say:ran it]]", "done");
    desk.run(&["send", "s", "--submit", "[[sleep:300]] [[error:400|invalid_request_error]]"]);
    desk.run(&["wait", "s", "--for", "text", "--match", "API Error: 400", "--timeout", "30"]);
    desk.run(&["kill", "s"]);
    let told = desk.json(&["conversation", "s"]);
    assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
    let conversation = &told[0];
    assert_eq!(conversation["cli"], "claude");
    assert_eq!(conversation["cwd"], desk.claude.project().to_str().unwrap());
    let entries = conversation["entries"].as_array().unwrap();
    let spoken: Vec<(String, String)> =
        entries.iter().filter(|entry| entry["kind"] != "notice").map(short).collect();
    let expected = [
        ("message", "[[sleep:500]] [[think:pondering]] [[say:quixotic answer]]"),
        ("thinking", "pondering"),
        ("message", "quixotic answer"),
        ("message", "[[sleep:300]] [[bash:echo inside]] [[sleep:300]] [[say:ran it]]"),
        ("tool_call", "Bash"),
        ("tool_result", "inside"),
        ("message", "ran it"),
        ("message", "[[sleep:300]] [[error:400|invalid_request_error]]"),
        ("failure", "API Error: 400 scripted 400"),
    ];
    let expected: Vec<(String, String)> =
        expected.iter().map(|(kind, text)| ((*kind).to_owned(), (*text).to_owned())).collect();
    assert_eq!(spoken, expected);
    let turns: Vec<u64> = entries.iter().map(|entry| entry["turn"].as_u64().unwrap()).collect();
    assert!(turns.is_sorted() && turns.last() == Some(&3), "{turns:?}");
    assert_eq!(conversation["usage"][0]["requests"], 3, "{conversation}");

    // Each stands in the recording, in order; an answer not before it was begun to be shown, and not long after.
    let places: Vec<u64> = entries.iter().map(|entry| entry["place"]["offset"].as_u64().unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
    let raw = desk.run(&["export", "s", "--format", "raw"]);
    let shown = raw.windows(8).position(|window| window == b"quixotic").unwrap() as u64;
    let answer = entries.iter().position(|entry| entry["text"] == "quixotic answer").unwrap();
    assert!(places[answer].abs_diff(shown) < 20_000, "{} and {shown} of {}", places[answer], raw.len());
    let hit = &desk.json(&["search", "quixotic", "--role", "assistant"])[0];
    assert_eq!(hit["place"]["offset"], places[answer]);

    // The store can be made anew; and what the CLI deletes stays.
    desk.run(&["import", "--rebuild"]);
    let mut again = desk.json(&["conversation", "s"]);
    for entry in again[0]["entries"].as_array_mut().unwrap() {
        let index = entry["index"].as_u64().unwrap() as usize;
        entry["cursor"] = entries[index]["cursor"].clone();
    }
    assert_eq!(again, told);
    std::fs::remove_dir_all(desk.claude.config().join("projects")).unwrap();
    assert_eq!(desk.json(&["conversation", "s"])[0]["entries"], again[0]["entries"]);
    let markdown = String::from_utf8(desk.run(&["conversation", "s"])).unwrap();
    assert!(markdown.contains("> [[sleep:500]]") && markdown.contains("\nquixotic answer\n"), "{markdown}");
    let page = String::from_utf8(desk.run(&["conversation", "s", "--html"])).unwrap();
    assert!(page.contains("<p>quixotic answer</p>") && !page.contains("<script"), "{page}");
}

/// A resumed conversation goes on; a fork has what it comes from, whose requests count there and not again; a sub-agent's
/// entries are its own; a change of a file is a diff.
#[test]
fn what_was_resumed_forked_or_handed_on_is_told_as_such() {
    let desk = Desk::new();
    let (first, other) = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222");
    let file = desk.claude.project().join("a.txt");
    let file = file.to_str().unwrap();
    let edit =
        format!("[[tool:Edit|{{\"file_path\":\"{file}\",\"old_string\":\"one\",\"new_string\":\"two\"}}]]");
    let claude = |prompt: &str, options: &[&str]| {
        let mut command = desk.claude.headless(prompt);
        command.args(options);
        desk.out(command);
    };
    claude(
        &format!("[[write:{file}|one]] [[say:written]]"),
        &["--session-id", first, "--permission-mode", "acceptEdits"],
    );
    claude(
        &format!("[[read:{file}]] {edit} [[say:edited]]"),
        &["--resume", first, "--permission-mode", "acceptEdits"],
    );
    claude("[[say:on another way]]", &["--resume", first, "--fork-session"]);
    let task = r#"[[tool:Task|{"description":"sub job","prompt":"[[bash:echo inside]] [[say:sub said]]","subagent_type":"general-purpose"}]] [[say:after sub]]"#;
    claude(task, &["--session-id", other]);

    let listed = desk.json(&["conversation", "--list"]);
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 3, "{listed:?}");
    let of = |name: &str| desk.json(&["conversation", name])[0].clone();
    let kinds = |conversation: &Value| -> Vec<(String, String)> {
        conversation["entries"].as_array().unwrap().iter().map(short).collect()
    };
    let original = of(first);
    let texts = kinds(&original);
    assert!(
        texts.contains(&("message".into(), "written".into()))
            && texts.contains(&("message".into(), "edited".into())),
        "{texts:?}"
    );
    let fork = listed.iter().find(|one| one["parent"] == first).expect("a fork");
    let fork = of(fork["name"].as_str().unwrap());
    let forked = kinds(&fork);
    assert_eq!(forked.first(), texts.first());
    assert!(forked.contains(&("message".into(), "on another way".into())), "{forked:?}");
    let ids = |conversation: &Value| -> Vec<String> {
        conversation["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let shared = ids(&fork).into_iter().filter(|id| ids(&original).contains(id)).count();
    assert!(shared >= 9, "{shared} entries are the original's");
    assert_eq!(
        desk.json(&["search", "\"written\"", "--role", "assistant"]).as_array().unwrap().len(),
        1,
        "each is found once"
    );
    assert_eq!(fork["usage"][0]["requests"], 1, "{}", fork["usage"]);

    let sub = of(other);
    let inside: Vec<&Value> =
        sub["entries"].as_array().unwrap().iter().filter(|entry| entry["agent"].is_string()).collect();
    let said: Vec<(String, String)> = inside.iter().map(|entry| short(entry)).collect();
    assert!(
        said.contains(&("tool_call".into(), "Bash".into()))
            && said.contains(&("message".into(), "sub said".into())),
        "{said:?}"
    );
    assert_eq!(sub["entries"].as_array().unwrap().last().unwrap()["text"], "after sub");
    let markdown = String::from_utf8(desk.run(&["conversation", first])).unwrap();
    assert!(
        markdown.contains("```diff\n") && markdown.contains("\n-one\n") && markdown.contains("\n+two\n"),
        "{markdown}"
    );
}

/// Point 7: two sessions of Claude Code in one folder at a time: their hooks tell which conversation is whose.
#[test]
fn two_sessions_in_one_folder_are_told_apart() {
    let desk = Desk::new();
    let program = desk.claude.program().to_str().unwrap();
    for name in ["one", "other"] {
        desk.run(&["run", "-d", "--name", name, "--", program]);
    }
    for name in ["one", "other"] {
        desk.run(&["wait", name, "--for", "idle", "--timeout", "30"]);
        desk.ask(name, &format!("[[sleep:500]] [[say:spoken in {name}]]"), "done");
    }
    for name in ["one", "other"] {
        let answer = format!("spoken in {name}");
        // The CLI reports that it is done, and writes it down a moment later.
        let told = eventually(LIMIT, || {
            let told = desk.json(&["conversation", name]);
            assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
            let entries = told[0]["entries"].as_array().unwrap();
            entries.iter().any(|entry| entry["text"] == answer.as_str()).then(|| told.clone())
        });
        let told = told.expect("its own answer");
        assert!(
            !told.to_string().contains(&answer.replace(name, if name == "one" { "other" } else { "one" })),
            "{told}"
        );
        assert!(told[0]["entries"][0]["place"]["session"].is_string(), "{told}");
    }
}

/// What the other CLIs write down is taken in, each by its own adapter, and found by one search.
#[test]
fn what_codex_gemini_and_opencode_write_down_is_taken_in() {
    let folder = tempfile::Builder::new().prefix("cc").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let folder = |name: &str| {
        let folder = folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        folder
    };
    let codex = testkit::Codex::prepare(&folder("codex"), &server).unwrap();
    let gemini = testkit::Gemini::prepare(&folder("gemini"), &server).unwrap();
    let opencode = testkit::Opencode::prepare(&folder("opencode"), &server).unwrap();
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let prompt = "[[think:first]] [[bash:echo inside]] [[say:the same words]]";
    for (cli, headless, environment) in [
        ("codex", codex.headless(prompt), codex.environment()),
        ("gemini", gemini.headless(prompt), gemini.environment()),
        ("opencode", opencode.headless(prompt), opencode.environment()),
    ] {
        let output = finish(headless, 2 * LIMIT);
        assert!(output.status.success(), "{cli}: {output:?}");
        for _ in 0..2 {
            let mut import = instance.command(&["import", cli, "--json"]);
            import.envs(environment.clone());
            let output = finish(import, LIMIT);
            assert!(output.status.success(), "{cli}: {output:?}");
        }
        let hits =
            instance.json(&["search", "--json", "--cli", cli, "--role", "assistant", "the same words"]);
        assert_eq!(hits.as_array().unwrap().len(), 1, "{cli}: {hits}");
    }
    // Made anew it is the same, entry by entry; but for the order in which all was taken in.
    let told = || {
        let listed = instance.json(&["conversation", "--list", "--json"]);
        let ids = listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap());
        let mut told: Vec<Value> = ids.map(|id| instance.json(&["conversation", id, "--json"])).collect();
        for one in told.iter_mut().flat_map(|told| told.as_array_mut().unwrap()) {
            one["entries"].as_array_mut().unwrap().iter_mut().for_each(|entry| entry["cursor"] = Value::Null);
        }
        told
    };
    let before = told();
    assert_eq!(before.len(), 3);
    instance.out(&["import", "--rebuild"]);
    assert_eq!(told(), before);
}
