//! Projects, found from the folders in which conversations were.

use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use testkit::Instance;

/// One line of a transcript.
struct Line<'a> {
    conversation: u64,
    cwd: &'a Path,
    second: u64,
    kind: &'a str,
    message: Value,
}

fn write(instance: &Instance, line: &Line) {
    let folder = instance.user_home().join(".claude/projects/-w");
    fs::create_dir_all(&folder).unwrap();
    let name = format!("{:08x}-0000-4000-8000-000000000000", line.conversation);
    let path = folder.join(format!("{name}.jsonl"));
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    let second = line.second;
    let value = json!({
        "type": line.kind, "uuid": format!("{name}-{second}"), "sessionId": name, "cwd": line.cwd, "version": "2.1.329",
        "timestamp": format!("2026-01-01T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60),
        "message": line.message,
    });
    writeln!(file, "{value}").unwrap();
}

fn says(instance: &Instance, conversation: u64, cwd: &Path, second: u64, text: &str) {
    let message = json!({ "role": "user", "content": text });
    write(instance, &Line { conversation, cwd, second, kind: "user", message });
}

/// A call of a tool and what came of it.
fn calls(instance: &Instance, conversation: u64, cwd: &Path, second: u64, input: &Value, failed: bool) {
    let id = format!("call{second}");
    let message = json!({ "role": "assistant", "id": format!("m{conversation}-{second}"), "model": "claude-opus-5-5",
        "content": [{ "type": "tool_use", "id": id, "name": "Tool", "input": input }],
        "usage": { "input_tokens": 100_000, "output_tokens": 1_000 } });
    write(instance, &Line { conversation, cwd, second, kind: "assistant", message });
    let content = json!([{ "type": "tool_result", "tool_use_id": id, "content": "out", "is_error": failed }]);
    let message = json!({ "role": "user", "content": content });
    write(instance, &Line { conversation, cwd, second: second + 1, kind: "user", message });
}

/// A repository with a worktree beside it.
fn repository(instance: &Instance) -> (PathBuf, PathBuf) {
    let (main, tree) = (instance.work().join("main"), instance.work().join("tree"));
    let own = main.join(".git/worktrees/tree");
    for folder in [&own, &main.join("src"), &tree] {
        fs::create_dir_all(folder).unwrap();
    }
    fs::write(main.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    fs::write(own.join("commondir"), "../..\n").unwrap();
    fs::write(tree.join(".git"), format!("gitdir: {}\n", own.display())).unwrap();
    (main, tree)
}

fn projects(instance: &Instance) -> Vec<Value> {
    instance.json(&["projects", "--json"]).as_array().unwrap().clone()
}

/// A36: a worktree's conversations are those of its repository, and stay so when it is gone and the store is made anew.
#[test]
fn a_project_is_its_repository_with_all_worktrees_also_those_that_are_gone() {
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let (main, tree) = repository(&instance);
    says(&instance, 1, &main.join("src"), 0, "in the repository");
    says(&instance, 2, &tree, 600, "in the worktree");
    says(&instance, 3, Path::new("/nowhere/at all"), 0, "elsewhere");
    let found = projects(&instance);
    let of_main = found.iter().find(|one| one["name"] == "main").expect("the repository");
    assert_eq!((&of_main["kind"], &of_main["conversations"]), (&json!("git"), &json!(2)), "{of_main}");
    assert_eq!(of_main["root"], main.canonicalize().unwrap().to_str().unwrap());
    // Ten minutes apart, each of them is five minutes of somebody's time.
    assert_eq!(of_main["active_s"], 600);
    let lost = found.iter().find(|one| one["name"] == "at all").expect("a folder that nobody saw");
    assert_eq!((&lost["kind"], &lost["conversations"], found.len()), (&json!("folder"), &json!(1), 2));
    fs::remove_dir_all(&tree).unwrap();
    assert_eq!(projects(&instance), found);
    instance.out(&["import", "--rebuild"]);
    assert_eq!(projects(&instance), found, "what was known of a folder is no part of the store");
    let listed = |filter: &str| {
        let listed = instance.json(&["conversation", "--list", "--project", filter, "--json"]);
        listed.as_array().unwrap().len()
    };
    assert_eq!((listed("main"), listed(of_main["id"].as_str().unwrap())), (2, 2));
    assert_eq!(listed(main.join("src").to_str().unwrap()), 2);
    let hits = instance.json(&["search", "--project", "main", "--json", "--", "worktree"]);
    assert_eq!(hits.as_array().unwrap().len(), 1);
    let none = instance.run(&["search", "--project", "main", "elsewhere"]);
    assert_eq!(none.status.code(), Some(1));
    let unknown = instance.run(&["projects", "show", "nobody"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("`centerfire projects` lists all"));
}

/// A folder that becomes a repository is one from then on.
#[test]
fn a_folder_that_becomes_a_repository_is_found_again() {
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let root = instance.work().join("young");
    let deep = root.join("deep");
    fs::create_dir_all(&deep).unwrap();
    says(&instance, 1, &deep, 0, "hello");
    let kind_and_name = |one: &Value| (one["kind"].clone(), one["name"].clone());
    assert_eq!(kind_and_name(&projects(&instance)[0]), (json!("folder"), json!("deep")));
    fs::write(root.join("package.json"), "{}").unwrap();
    assert_eq!(kind_and_name(&projects(&instance)[0]), (json!("manifest"), json!("young")));
    fs::create_dir_all(root.join(".git")).unwrap();
    fs::write(root.join(".git/HEAD"), "").unwrap();
    assert_eq!(kind_and_name(&projects(&instance)[0]), (json!("git"), json!("young")));
    assert_eq!(projects(&instance).len(), 1);
}

/// The summary tells what was touched, what fails, what it cost and when, and which sessions there were.
#[test]
fn a_summary_tells_what_was_done_and_what_it_cost() {
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let (main, _) = repository(&instance);
    let edit = |file: &str| json!({ "file_path": file, "old_string": "a", "new_string": "b" });
    calls(&instance, 1, &main, 0, &edit("/w/often.rs"), false);
    calls(&instance, 1, &main, 10, &edit("/w/often.rs"), false);
    calls(&instance, 1, &main, 20, &edit("/w/once.rs"), false);
    calls(&instance, 1, &main, 30, &json!({ "command": "make check" }), true);
    calls(&instance, 1, &main, 40, &json!({ "command": "make check" }), false);
    calls(&instance, 1, &main, 50, &json!({ "command": "ls" }), false);
    let session = ["run", "--detached", "--name", "s", "--cwd", main.to_str().unwrap(), "--", "sleep", "60"];
    instance.out(&session);
    let told = instance.json(&["projects", "show", "main", "--json"]);
    assert_eq!(
        (&told["sessions"], &told["running"], &told["conversations"]),
        (&json!(1), &json!(1), &json!(1))
    );
    let files: Vec<(&str, u64)> = told["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| (file["value"].as_str().unwrap(), file["times"].as_u64().unwrap()))
        .collect();
    assert_eq!(files, [("/w/often.rs", 2), ("/w/once.rs", 1)]);
    let failing = &told["failing"];
    assert_eq!(failing.as_array().unwrap().len(), 1, "{failing}");
    assert_eq!(
        (&failing[0]["command"], &failing[0]["runs"], &failing[0]["failed"]),
        (&json!("make check"), &json!(2), &json!(1))
    );
    // Six requests of 100,000 tokens at $4 a million, and 1,000 at $20.
    assert_eq!((&told["tokens"], &told["cost"]), (&json!(606_000), &json!(6 * 420_000)));
    let days = told["days"].as_array().unwrap();
    assert_eq!((days.len(), &days[0]["active_s"], &days[0]["cost"]), (1, &json!(300), &told["cost"]));
    assert_eq!(told["recent"][0]["cli"], "claude");
    let text = String::from_utf8(instance.out(&["projects", "show", "main"])).unwrap();
    assert!(text.contains("1 of 2    make check") && text.contains("$2.52"), "{text}");
    instance.out(&["kill", "s"]);
}

/// A cost that lacks the requests of some models is one of at least so much.
#[test]
fn a_cost_says_which_models_it_lacks() {
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let (main, _) = repository(&instance);
    let asks = |second: u64, model: &str| {
        let message = json!({ "role": "assistant", "id": format!("m{second}"), "model": model,
            "content": [{ "type": "text", "text": "words" }], "usage": { "input_tokens": 100_000, "output_tokens": 0 } });
        write(&instance, &Line { conversation: 1, cwd: &main, second, kind: "assistant", message });
    };
    asks(0, "home-made");
    let told = |part: &str| {
        let words: &[&str] = if part == "show" { &["projects", "show", "main"] } else { &["projects"] };
        String::from_utf8(instance.out(words)).unwrap()
    };
    assert_eq!(projects(&instance)[0]["unpriced"], json!(["home-made"]));
    assert!(told("list").contains("no price"), "{}", told("list"));
    asks(10, "claude-opus-5-5");
    assert!(told("list").contains("≥ $0.40"), "{}", told("list"));
    assert!(
        told("show").contains("≥ $0.40 by the price list, which has no price of home-made"),
        "{}",
        told("show")
    );
}

/// A recording of others has no folder: it is of no project, least of all of the one that whoever asks is in.
#[test]
fn a_recording_of_others_is_of_no_project() {
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let (main, _) = repository(&instance);
    let cast = instance.work().join("x.cast");
    fs::write(&cast, "{\"version\":2,\"width\":80,\"height\":24}\n[0.1,\"o\",\"hi\"]\n").unwrap();
    let told = String::from_utf8(instance.out(&["import", "--log", cast.to_str().unwrap()])).unwrap();
    assert!(told.starts_with("1 new session\n") && told.contains("x.cast is session x ("), "{told}");
    let mut inside = instance.command(&["projects", "--json"]);
    let output = inside.current_dir(&main).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "[]\n");
    let lost = instance.run(&["context", "x"]);
    assert!(String::from_utf8_lossy(&lost.stderr).contains("name a folder with --cwd"), "{lost:?}");
}

/// Who waits is what all sources together say, not the program's own reports alone.
#[test]
fn a_session_that_a_hook_says_is_blocked_needs_somebody() {
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    instance.out(&[
        "run",
        "--detached",
        "--name",
        "s",
        "--cwd",
        instance.work().to_str().unwrap(),
        "--",
        "sleep",
        "60",
    ]);
    let told = json!({ "hook_event_name": "Notification", "notification_type": "elicitation_dialog", "message": "which?" });
    let file = instance.work().join("payload.json");
    fs::write(&file, told.to_string()).unwrap();
    let socket = instance.json(&["show", "s", "--json"])["socket"].as_str().unwrap().to_owned();
    let mut hook = instance.command(&["__hook", "claude"]);
    hook.env("CENTERFIRE_SOCKET", socket).stdin(fs::File::open(file).unwrap());
    assert!(hook.output().unwrap().status.success());
    let needs = || Some(projects(&instance)[0]["needs"].as_array()?.first()?.clone());
    let need = testkit::eventually(testkit::terminal::PATIENCE, needs).expect("somebody is needed");
    assert_eq!((&need["name"], &need["kind"]), (&json!("s"), &json!("question")));
    let since = &instance.json(&["explain", "s", "--json"])["agent"]["since"];
    assert_eq!(&need["since"], since);
    instance.out(&["kill", "s"]);
}
