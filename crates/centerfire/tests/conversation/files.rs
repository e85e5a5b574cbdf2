//! Files that others wrote: conversation logs become conversations, asciicasts sessions. A37.

use crate::kills::{Kills, time};
use crate::written::{Transcript, told_without_cursors};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use testkit::terminal::PATIENCE;
use testkit::{Instance, Terminal};

const KILLS: u64 = 40;

fn instance() -> Instance {
    Instance::new(env!("CARGO_BIN_EXE_centerfire"))
}

/// A line of a log as the seed's programs write it.
fn line(session: &str, number: u64, kind: &str, content: &str) -> String {
    let metadata = json!({
        "session_id": session, "working_directory": "/old", "sequence_number": number,
        "content_length": content.len(), "is_complete_message": true,
    });
    let entry = json!({
        "timestamp": format!("2024-05-06T07:08:{:02}.5Z", number % 60), "entry_type": kind, "content": content,
        "metadata": metadata,
    });
    format!("{entry}\n")
}

fn log(session: &str, turns: u64) -> String {
    let turn = |turn: u64| {
        line(session, 2 * turn, "UserInput", &format!("question {turn}\n"))
            + &line(session, 2 * turn + 1, "ClaudeOutput", &format!("answer {turn}, quetzalcoatl\n"))
    };
    (0..turns).map(turn).collect()
}

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    path
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn logs_are_taken_in_once_and_a_bad_one_harms_no_other() {
    let instance = instance();
    let folder = instance.work().join("logs");
    write(&folder, "a.jsonl", log("aaaa-1", 10));
    // A log that was put aside, with the same beginning of its name.
    write(&folder, "a.jsonl.1", log("aaaa-0", 3));
    write(
        &folder,
        "deeper/b.log",
        format!("{}{{\"half\n17\n{}", log("bbbb-1", 2), line("bbbb-1", 9, "ToolExecution", "ls")),
    );
    write(&folder, "bad.jsonl", b"\xff\xfe\x00".repeat(1000));
    write(&folder, "notes.txt", "nothing of ours");
    let aside = folder.join("a.jsonl.1");
    let import = ["import", "--log", folder.to_str().unwrap(), aside.to_str().unwrap(), "--json"];
    let output = instance.run(&import);
    assert_eq!(output.status.code(), Some(1), "a bad file is told: {}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["failed"].as_array().unwrap().len(), 1, "{report}");
    assert!(
        report["failed"][0]["error"]
            .as_str()
            .unwrap()
            .contains("neither a conversation log nor an asciicast")
    );
    assert_eq!((&report["files"], &report["entries"]), (&json!(3), &json!(20 + 6 + 5)), "{report}");
    assert_eq!(report["garbled"][0]["records"], 2, "{report}");

    let once = told_without_cursors(&instance);
    assert_eq!(once.len(), 3);
    let entries = once[2]["entries"].as_array().unwrap();
    assert_eq!((once[2]["cli"].as_str(), once[2]["cwd"].as_str()), (Some("log"), Some("/old")));
    let kinds: Vec<_> = entries.iter().map(|entry| entry["role"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["user", "assistant", "user", "assistant", "tool"]);
    assert!(entries.iter().all(|entry| entry["source"] == "log"));

    // Again, from elsewhere too: nothing is new, and what comes of the copies alone is the same.
    instance.run(&import);
    let elsewhere = write(&instance.work().join("copy"), "c.jsonl", log("aaaa-1", 10));
    instance.out(&["import", "--log", elsewhere.to_str().unwrap()]);
    assert!(told_without_cursors(&instance) == once, "read twice, it is another");
    instance.out(&["import", "--rebuild"]);
    assert!(told_without_cursors(&instance) == once, "made anew, it is another");
    let hits = instance.json(&["search", "quetzalcoatl", "--json"]);
    assert_eq!(hits["hits"].as_array().or(hits.as_array()).unwrap().len(), 15, "{hits}");
}

#[test]
fn a_log_that_grows_is_taken_in_as_far_as_it_goes() {
    let instance = instance();
    let whole = log("grow-1", 6);
    let cut = whole.len() - 20;
    let path = write(&instance.work(), "grows.log", &whole[..cut]);
    let import = ["import", "--log", path.to_str().unwrap()];
    let output = instance.run(&import);
    assert!(text(&output.stderr).contains("the last line has no end"), "{}", text(&output.stderr));
    assert_eq!(told_without_cursors(&instance)[0]["entries"].as_array().unwrap().len(), 11);
    fs::write(&path, &whole).unwrap();
    instance.out(&import);
    assert_eq!(told_without_cursors(&instance)[0]["entries"].as_array().unwrap().len(), 12);
}

/// What we write ourselves comes back: what was typed and what was shown, in turns.
#[test]
fn a_log_of_our_own_is_read_back() {
    let (ours, other) = (instance(), instance());
    let script = "while read line; do printf '\\033[1mgot\\033[m %s\\n' \"$line\"; done";
    ours.out(&["run", "-d", "--name", "s", "--", "sh", "-c", script]);
    for word in ["first", "second"] {
        ours.out(&["send", "s", "--text", &format!("{word}\n")]);
        ours.out(&["wait", "s", "--for", "text", "--match", &format!("got {word}")]);
    }
    ours.out(&["kill", "s"]);
    let path = write(&other.work(), "s.jsonl", ours.out(&["export", "s", "--format", "log"]));
    other.out(&["import", "--log", path.to_str().unwrap()]);
    let told = told_without_cursors(&other);
    let entries = told[0]["entries"].as_array().unwrap();
    let of = |role: &str| -> Vec<&str> {
        entries
            .iter()
            .filter(|entry| entry["role"] == role)
            .map(|entry| entry["text"].as_str().unwrap())
            .collect()
    };
    assert_eq!(of("user"), ["first", "second"]);
    let shown = of("assistant").join("\n");
    assert!(
        shown.contains("got first") && shown.contains("got second") && !shown.contains('\x1b'),
        "{shown:?}"
    );
}

/// A recording, as both versions of asciicast.
fn casts(instance: &Instance, folder: &Path) -> [PathBuf; 2] {
    let script =
        "printf 'hello \\033[1mw\\303\\266rld\\033[m\\r\\n'; sleep 0.05; seq 40; printf 'bye\\n'; exit 3";
    instance.out(&["run", "-d", "--name", "s", "--", "sh", "-c", script]);
    instance.out(&["wait", "s", "--for", "exit"]);
    ["asciicast-v2", "asciicast-v3"].map(|format| {
        write(folder, &format!("{format}.cast"), instance.out(&["export", "s", "--format", format]))
    })
}

#[test]
fn an_asciicast_is_a_session_that_is_played_searched_and_exported() {
    let (ours, other) = (instance(), instance());
    let paths = casts(&ours, &other.work());
    for (path, end) in paths.iter().zip(["imported", "exit 3"]) {
        let import = ["import", "--log", path.to_str().unwrap(), "--json"];
        let taken = other.json(&import)["recordings"][0].clone();
        assert_eq!((&taken["new"], &taken["garbled"]), (&json!(true), &json!(0)), "{taken}");
        let id = taken["session"].as_str().unwrap();
        assert_eq!(taken["name"], "s");
        let same = |arguments: &[&str]| {
            let of = |instance: &Instance, name| {
                text(&instance.out(&[&[arguments[0], name], &arguments[1..]].concat()))
            };
            assert_eq!(of(&other, id), of(&ours, "s"), "{arguments:?} of {path:?}");
        };
        same(&["output"]);
        same(&["screen"]);
        same(&["export", "--format", "text"]);
        other.out(&["verify", id]);
        let shown = text(&other.out(&["show", id]));
        assert!(shown.contains("imported") && shown.contains("asciicast-v"), "{shown}");
        assert_eq!(other.json(&["show", id, "--json"])["state"], end);
        // The times of all events are what they were.
        let events = |instance: &Instance, name| {
            let cast = text(&instance.out(&["export", name, "--format", "asciicast-v2"]));
            cast.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(events(&other, id).len(), events(&ours, "s").len());
        // Once more, and under another name: it is the session that it was.
        let again = write(&other.work(), "again.cast", fs::read(path).unwrap());
        let again = other.json(&["import", "--log", again.to_str().unwrap(), "--json"]);
        assert_eq!(
            (&again["recordings"][0]["session"], &again["recordings"][0]["new"]),
            (&json!(id), &json!(false))
        );
        let refused = other.run(&["restart", id]);
        assert_eq!(refused.status.code(), Some(5));
        assert!(text(&refused.stderr).contains("was imported from"), "{}", text(&refused.stderr));
    }
    assert_eq!(other.json(&["list", "--all", "--json"]).as_array().unwrap().len(), 2);
}

#[test]
fn of_a_damaged_asciicast_the_rest_is_taken() {
    let instance = instance();
    let folder = instance.work().join("casts");
    let head = "{\"version\": 2, \"width\": 0, \"height\": 9999}\n";
    write(
        &folder,
        "broken.cast",
        format!(
            "{head}[0.1, \"o\", \"one \"]\n[oops\n\n[9, \"m\", \"mark\"]\n[0.2, \"o\", \"two\"]\n[0.3, \"o"
        ),
    );
    write(&folder, "old.cast", "{\"version\": 1, \"width\": 80, \"height\": 24, \"stdout\": []}\n");
    write(&folder, "empty.cast", "");
    let output = instance.run(&["import", "--log", folder.to_str().unwrap(), "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["failed"].as_array().unwrap().len(), 2, "{report}");
    let taken = &report["recordings"][0];
    assert_eq!((&taken["garbled"], &taken["name"]), (&json!(2), &json!("broken")), "{report}");
    assert_eq!(text(&instance.out(&["output", "broken"])), "one two");
}

#[test]
fn who_is_killed_while_importing_leaves_no_half_session() {
    let instance = instance();
    let events = (0..30_000).map(|number| {
        format!("[{}, \"o\", \"line {number} of a recording\\r\\n\"]\n", f64::from(number) / 100.0)
    });
    let cast = format!(
        "{{\"version\":2,\"width\":80,\"height\":24,\"timestamp\":1700000000}}\n{}",
        events.collect::<String>()
    );
    let path = write(&instance.work(), "long.cast", cast);
    let import = ["import", "--log", path.to_str().unwrap()];
    let remove_if_whole = || {
        let listed = instance.json(&["list", "--all", "--json"]);
        if let Some(one) = listed.as_array().unwrap().first() {
            let id = one["id"].as_str().unwrap();
            assert_eq!(text(&instance.out(&["output", id])).lines().count(), 30_000, "half a session");
            instance.out(&["verify", id]);
            instance.out(&["remove", id]);
        }
    };
    let mut kills = Kills::new(11);
    let mut whole = Duration::ZERO;
    for round in 0..KILLS {
        // The machine may be busier now than it was.
        if round % 10 == 0 {
            whole = time(|| drop(instance.out(&import)));
            remove_if_whole();
        }
        kills.strike(instance.command(&import), whole, &instance.home().join("state"));
        remove_if_whole();
    }
    assert!(kills.in_the_middle > 0, "none was killed in the middle");
    instance.out(&import);
    let sessions = fs::read_dir(instance.home().join("state/sessions")).unwrap();
    assert_eq!(sessions.count(), 1, "a draft was left behind");
}

/// Who imports much sees how far it is, in place, and at the end the sum alone.
#[test]
fn a_long_import_shows_how_far_it_is() {
    const FILES: u64 = 60;
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    for number in 0..FILES {
        Transcript::new(&instance, number).grow(400);
    }
    let terminal = Terminal::spawn(instance.command(&["import"]), 100, 24).unwrap();
    terminal.wait_for_text(&format!(" of {FILES}, ")).unwrap();
    terminal.wait(PATIENCE).unwrap();
    let shown = String::from_utf8(terminal.output()).unwrap();
    assert!(shown.contains("\rimport ") && shown.contains(" %  file "), "{shown:?}");
    let line = shown.split(['\r', '\n']).rfind(|line| !line.is_empty()).unwrap();
    assert!(!line.contains('%') && shown.contains("24000"), "{shown:?}");
}
