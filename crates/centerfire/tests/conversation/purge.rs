//! What is purged is nowhere, does not come back, and harms nothing beside it.

use crate::kills::{Kills, time};
use crate::written::{Transcript, told_without_cursors};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use testkit::{Instance, eventually};

const KILLS: u64 = 40;
const SECRET: &str = "correct-horse-\"bättery\"-staple";

fn instance() -> Instance {
    Instance::new(env!("CARGO_BIN_EXE_centerfire"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn has(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// The files below a folder that have a text, in whatever spelling, those unpacked that are packed.
fn places(folder: &Path, secret: &str) -> Vec<String> {
    let escaped = json!(secret).to_string();
    // What depends on its last byte may depend on the one behind it.
    let coded = STANDARD_NO_PAD.encode(secret);
    let spellings =
        [secret, escaped.trim_matches('"'), &escaped[1..escaped.len() - 1], &coded[..coded.len() - 2]];
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(places(&path, secret));
            continue;
        }
        // A socket has no bytes.
        let Ok(mut bytes) = fs::read(&path) else { continue };
        if path.to_str().unwrap().ends_with(".seg.zst") {
            bytes = unpacked(&bytes);
        }
        if spellings.iter().any(|spelling| has(&bytes, spelling)) {
            found.push(path.display().to_string());
        }
    }
    found
}

/// The records of a sealed segment.
fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let index = u64::from_le_bytes(bytes[bytes.len() - 24..][..8].try_into().unwrap()) as usize;
    zstd::stream::decode_all(&bytes[64..index]).unwrap()
}

/// A session that was told a secret, and said it again.
fn recorded(instance: &Instance, name: &str, secret: &str) {
    let (begin, end) = secret.split_at(secret.len() / 2);
    let script = format!(
        "printf '\\033]0;%s\\007' '{secret}'; printf '\\033]7501;state=working:msg=%s\\007' \"$(printf 'run %s' '{secret}' | base64 -w0)\"
         printf '\\033]52;c;%s\\007' \"$(printf %s '{secret}' | base64 -w0)\"; printf '%s\\033]0;title\\007%s\\r\\nready\\r\\n' '{begin}' '{end}'
         read line; printf 'got \\033[1m%s\\033[m\\r\\n' \"$line\"; exit 3"
    );
    instance.out(&["run", "-d", "--name", name, "--", "sh", "-c", &script]);
    // An echo amid the output would take it apart.
    instance.out(&["wait", name, "--for", "text", "--match", "ready", "--since", "0"]);
    for key in secret.chars() {
        instance.out(&["send", name, "--text", &key.to_string()]);
    }
    instance.out(&["send", name, "--text", "\n"]);
    instance.out(&["wait", name, "--for", "exit"]);
    let gone = || instance.leaked().is_empty().then_some(());
    eventually(testkit::instance::LIMIT, gone).expect("the recording is packed");
}

/// A transcript with a secret in what was said, in what a tool was given, and in what it gave.
fn transcript(instance: &Instance, number: u64, secret: &str) -> Transcript {
    let mut transcript = Transcript::new(instance, number);
    transcript.grow(4);
    let mut lines: Vec<Value> = (0..4).map(|_| transcript.next_line()).collect();
    lines[0]["message"]["content"] = json!(format!("use {secret} please"));
    lines[1]["message"]["content"][0]["input"]["command"] =
        json!(format!("curl -u me:{secret} https://example.org/{secret}"));
    lines[2]["message"]["content"][0]["content"] = json!(format!("error: {secret} is wrong"));
    lines[2]["toolUseResult"] = json!({ "stdout": json!({ "key": secret }).to_string() });
    transcript.append(lines.iter().map(|line| format!("{line}\n")).collect::<String>().as_bytes());
    transcript.grow(4);
    transcript
}

/// A conversation that a client handed over, and what a hook told of another one.
fn given(instance: &Instance, captured: &str, hooked: &str, secret: &str) {
    let state = instance.home().join("state");
    let data = format!("use {secret} please");
    let capture = json!({ "session_id": captured, "id": "0123", "working_dir": "/w", "timestamp": "2026-01-01T00:00:00Z",
        "conversation_data": data });
    let hook = json!({ "session_id": hooked, "hook_event_name": "UserPromptSubmit", "prompt": format!("use {secret}") });
    for (path, line) in
        [(format!("captured/{captured}.jsonl"), capture), (format!("hooks/{hooked}.jsonl"), hook)]
    {
        let path = state.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{line}\n")).unwrap();
    }
}

#[test]
fn what_clients_and_hooks_told_goes_with_its_conversation_or_entry() {
    let instance = instance();
    let transcript = transcript(&instance, 1, "secret-of-the-other");
    given(&instance, "handed-over", &transcript.name, "handed-over-secret");
    instance.out(&["import"]);
    instance.out(&["purge", "handed-over"]);
    let left = places(&instance.home(), "handed-over-secret");
    assert!(left.len() == 1 && left[0].contains("hooks"), "{left:?}");
    let told = told_without_cursors(&instance);
    let entry = told[0]["entries"][4]["id"].as_str().unwrap();
    instance.out(&["purge", &transcript.name, "--entry", entry]);
    assert_eq!(places(&instance.home(), "handed-over-secret"), Vec::<String>::new());
    instance.out(&["import", "--rebuild"]);
    assert_eq!(told_without_cursors(&instance).len(), 1, "it came back");
}

/// The session's folder.
fn folder(instance: &Instance, name: &str) -> PathBuf {
    instance.json(&["show", name, "--json"])["folder"].as_str().unwrap().into()
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn words_of_our_own_break_no_file_and_what_is_not_looked_through_is_told() {
    let instance = instance();
    recorded(&instance, "s", "a-secret");
    let folder = folder(&instance, "s");
    let gateway = instance.home().join("state/gateway");
    fs::create_dir_all(&gateway).unwrap();
    fs::create_dir_all(folder.join("uploads")).unwrap();
    fs::write(gateway.join("tokens.json"), r#"{"tokens": [{"name": "true"}]}"#).unwrap();
    fs::write(gateway.join("audit.jsonl"), "{\"ok\": true, \"session\": \"it is true\"}\n").unwrap();
    fs::write(folder.join("uploads/models.py"), "true").unwrap();
    let before = [folder.join("meta.json"), folder.join("status.json"), gateway.join("tokens.json")]
        .map(|path| (json_of(&path), path));
    for word in ["true", "exited", "session", "socket", "version"] {
        instance.out(&["purge", "--match", word]);
    }
    for (value, path) in before {
        assert_eq!(json_of(&path), value, "{}", path.display());
    }
    assert_eq!(
        fs::read_to_string(gateway.join("audit.jsonl")).unwrap(),
        "{\"ok\": true, \"session\": \"it is ****\"}\n"
    );
    assert_eq!(fs::read_to_string(folder.join("uploads/models.py")).unwrap(), "****");
    fs::File::create(folder.join("uploads/large")).unwrap().set_len((64 << 20) + 1).unwrap();
    fs::write(folder.join("screen.ckpt"), "none").unwrap();
    let output = instance.run(&["purge", "--match", "no-such-text"]);
    assert!(folder.join("screen.ckpt").exists(), "of a recording that has nothing of it");
    assert!(!output.status.success() && text(&output.stderr).contains("64 MiB"), "{}", text(&output.stderr));
}

#[test]
fn who_is_cut_off_before_the_store_leaves_no_request() {
    let instance = instance();
    let transcript = transcript(&instance, 1, SECRET);
    instance.out(&["import"]);
    let store = instance.home().join("state/conversation.db");
    let (told, before) = (told_without_cursors(&instance), fs::read(&store).unwrap());
    let entries = told[0]["entries"].as_array().unwrap();
    let request = entries.iter().map(|entry| &entry["request"]).find(|request| request.is_string()).unwrap();
    let of_request = entries.iter().filter(|entry| entry["request"] == *request);
    let ids = of_request.flat_map(|entry| ["--entry", entry["id"].as_str().unwrap()]);
    let arguments: Vec<&str> = ["purge", &transcript.name].into_iter().chain(ids).collect();
    let purge = || instance.out(&arguments);
    purge();
    let after = told_without_cursors(&instance);
    assert_ne!(told[0]["usage"], after[0]["usage"]);
    // The store as it was, and all else as it is now.
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{end}", store.display()));
    }
    fs::write(&store, before).unwrap();
    purge();
    assert_eq!(told_without_cursors(&instance), after);
}

#[test]
fn a_text_is_nowhere_afterwards_and_does_not_come_back() {
    let instance = instance();
    recorded(&instance, "s", SECRET);
    let mut transcript = transcript(&instance, 1, SECRET);
    instance.out(&["import"]);
    let state = instance.home().join("state");
    fs::write(state.join("other.log"), format!("a line\n{SECRET}\n")).unwrap();
    given(&instance, "handed-over", &transcript.name, SECRET);
    let before = told_without_cursors(&instance);
    let output = instance.out(&["output", "s"]);
    let dry = instance.json(&["purge", "--match", SECRET, "--dry-run", "--json"]);
    assert!(places(&instance.home(), SECRET).len() >= 5, "{:?}", places(&instance.home(), SECRET));
    // Three of a transcript, one that a client gave, and three that the recording of a shell tells: it wrote it, was told it, and
    // wrote it again.
    let entries = dry["conversations"]["entries"].as_array().unwrap();
    let of_recording = entries.iter().filter(|id| id.as_str().unwrap().starts_with("generic:")).count();
    assert_eq!((entries.len(), of_recording), (7, 3), "{dry}");

    // Given so that no list of processes shows it.
    let mut command = instance.command(&["purge", "--match", "-", "--json"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("{SECRET}\n").as_bytes()).unwrap();
    let purged: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    for key in ["recordings", "conversations"] {
        assert_eq!(purged[key], dry[key]);
    }
    assert_eq!(places(&instance.home(), SECRET), Vec::<String>::new());

    // The recording is sound, as long as it was, and plays.
    instance.out(&["verify", "s"]);
    let after = instance.out(&["output", "s"]);
    assert_eq!((after.len(), after.ends_with(b"\r\n")), (output.len(), true));
    assert!(text(&after).contains("got \x1b[1m***"), "{}", text(&after));
    let screen = text(&instance.out(&["screen", "s"]));
    assert!(screen.contains("got ***") && !screen.contains(&SECRET[SECRET.len() / 2..]), "{screen}");
    instance.out(&["replay", "s", "--speed", "1000"]);
    let log = text(&instance.out(&["export", "s", "--format", "log"]));
    assert!(log.contains("bytes of output were purged"), "{log}");

    // The conversation is what it was but for the text, and stays so: when the CLI's file, which has it still, is
    // read again, when it grows, and when the store is made anew.
    let after = told_without_cursors(&instance);
    let same = |one: &Value, other: &Value| one["id"] == other["id"] && one["kind"] == other["kind"];
    let entries = |told: &[Value]| told[0]["entries"].as_array().unwrap().clone();
    assert!(entries(&before).iter().zip(&entries(&after)).all(|(one, other)| same(one, other)));
    assert_eq!(before[0]["usage"], after[0]["usage"]);
    assert!(after[0].to_string().contains("use ***"));
    instance.out(&["import", "--rebuild"]);
    assert_eq!(told_without_cursors(&instance), after, "made anew, it is another");
    transcript.grow(4);
    instance.out(&["import"]);
    assert_eq!(entries(&told_without_cursors(&instance)).len(), entries(&after).len() + 4);
    assert_eq!(places(&instance.home(), SECRET), Vec::<String>::new());
    let nothing = instance.json(&["purge", "--match", SECRET, "--json"]);
    assert_eq!((&nothing["recordings"], &nothing["conversations"]["records"]), (&json!([]), &json!(0)));
}

#[test]
fn a_span_goes_with_what_was_typed_there() {
    let instance = instance();
    recorded(&instance, "s", "tell-nobody-of-this");
    instance.out(&["import"]);
    let in_store = || {
        let places = places(&instance.home(), "tell-nobody-of-this");
        places.iter().any(|path| path.contains("conversation.db"))
    };
    assert!(in_store(), "the recording is a conversation");
    let output = text(&instance.out(&["output", "s"]));
    let from = output.find("got").unwrap();
    let (from, to) = (from.to_string(), output.len().to_string());
    // What was told of the program, and what it asked.
    let status = folder(&instance, "s").join("status.json");
    let mut value = json_of(&status);
    let claim =
        json!({ "state": "working", "source": "hook", "since": 1, "reason": "nobody", "evidence": "nobody" });
    value["agent"] = claim.clone();
    value["agent"]["offset"] = json!(0);
    value["agent"]["claims"] = json!([claim]);
    value["approvals"] = json!([{ "id": 1, "since": 1, "offset": 0, "kind": "permission", "tool": "Bash", "input": { "command": "nobody" } }]);
    fs::write(&status, value.to_string()).unwrap();
    instance.json(&["show", "s", "--json"]);
    instance.out(&["purge", "s", "--from", &from, "--to", &to]);
    let after = text(&instance.out(&["output", "s"]));
    assert_eq!(
        (after.len(), &after[..from.parse().unwrap()]),
        (output.len(), &output[..from.parse().unwrap()])
    );
    assert!(after.ends_with("***\r\r\n") && !after.contains("got"), "{after:?}");
    instance.out(&["verify", "s"]);
    // What was typed stands where it was echoed.
    let typed = || {
        let log = text(&instance.out(&["export", "s", "--format", "log"]));
        let entries = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let typed = entries.filter(|entry| entry["entry_type"] == "UserInput");
        typed.map(|entry| entry["content"].as_str().unwrap().to_owned()).collect::<String>()
    };
    assert!(typed().starts_with("tell-nobody"));
    instance.out(&["purge", "s", "--from", "0", "--to", &to]);
    assert!(!in_store());
    let told = &instance.json(&["conversation", "s", "--json"])[0];
    assert!(
        told["entries"]
            .as_array()
            .unwrap()
            .iter()
            .all(|entry| !entry["text"].as_str().unwrap().contains("nobody")),
        "{told}"
    );
    let name = told["name"].as_str().unwrap();
    let refused = instance.run(&["purge", name]);
    assert!(
        !refused.status.success() && text(&refused.stderr).contains("--match"),
        "{}",
        text(&refused.stderr)
    );
    assert!(!text(&fs::read(&status).unwrap()).contains("nobody"));
    // As somebody leaves it who was killed behind the recording.
    value["title"] = json!("nobody");
    fs::write(&status, value.to_string()).unwrap();
    instance.out(&["purge", "s", "--from", "0", "--to", &to]);
    assert!(!text(&fs::read(&status).unwrap()).contains("nobody"));
    assert_eq!(typed().trim_end_matches('\r'), "*".repeat("tell-nobody-of-this".len()));
    assert!(!text(&instance.out(&["output", "s"])).contains("nobody"));
}

/// The recording of a program that keeps no conversation is its conversation.
#[test]
fn a_text_of_one_recording_goes_from_the_conversation_that_is_read_from_it() {
    let instance = instance();
    recorded(&instance, "s", SECRET);
    instance.out(&["import"]);
    assert!(!places(&instance.home(), SECRET).is_empty());
    instance.out(&["purge", "s", "--match", SECRET]);
    assert_eq!(places(&instance.home(), SECRET), Vec::<String>::new());
    let told = told_without_cursors(&instance);
    assert!(told[0]["entries"].to_string().contains("got ***"), "{told:?}");
    instance.out(&["import", "--rebuild"]);
    assert_eq!(told_without_cursors(&instance), told, "made anew, it is another");
}

#[test]
fn an_entry_and_a_conversation_go_and_do_not_come_back() {
    let instance = instance();
    let mut first = transcript(&instance, 1, "first-secret-of-all");
    let second = transcript(&instance, 2, "second-secret-of-all");
    instance.out(&["import"]);
    let told = told_without_cursors(&instance);
    let doomed = told[0]["entries"][4]["id"].as_str().unwrap().to_owned();
    assert!(told[0]["entries"][4]["text"].as_str().unwrap().contains("use first-secret"));
    instance.out(&["purge", &first.name, "--entry", &doomed]);
    let without = told_without_cursors(&instance);
    let ids = |told: &Value| -> Vec<String> {
        told["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let left: Vec<String> = ids(&told[0]).into_iter().filter(|id| *id != doomed).collect();
    assert_eq!((ids(&without[0]), &without[1]), (left, &told[1]));

    instance.out(&["purge", &second.name]);
    assert_eq!(places(&instance.home(), "second-secret-of-all"), Vec::<String>::new());
    let one = told_without_cursors(&instance);
    assert_eq!((one.len(), &one[0]), (1, &without[0]));
    // The CLI's files have both still, and one is written anew, so that it is copied once more.
    let whole = fs::read(&first.path).unwrap();
    fs::write(&first.path, [b"{\"type\":\"mode\"}\n", &whole[..]].concat()).unwrap();
    first.grow(2);
    instance.out(&["import"]);
    let grown = told_without_cursors(&instance);
    assert_eq!((grown.len(), ids(&grown[0]).len()), (1, ids(&one[0]).len() + 2));
    assert!(!ids(&grown[0]).contains(&doomed));
    instance.out(&["import", "--rebuild"]);
    assert_eq!(told_without_cursors(&instance), grown, "made anew, it is another");
}

#[test]
fn what_runs_is_refused_and_nothing_is_touched() {
    let instance = instance();
    transcript(&instance, 1, SECRET);
    instance.out(&["run", "-d", "--name", "over", "--", "echo", "to-be-purged"]);
    instance.out(&["wait", "over", "--for", "exit"]);
    let gone = || instance.leaked().is_empty().then_some(());
    eventually(testkit::instance::LIMIT, gone).expect("the recording is packed");
    instance.out(&["run", "-d", "--name", "s", "--", "sh", "-c", "echo ready to-be-purged; read line"]);
    instance.out(&["wait", "s", "--for", "text", "--match", "to-be-purged"]);
    // The others are purged, and this one is told; a dry run says so before.
    for dry in [&["--dry-run"][..], &[]] {
        let output = instance.run(&[&["purge", "--match", "to-be-purged", "--json"][..], dry].concat());
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), &told["failed"][0]["name"]), (Some(1), &json!("s")), "{told}");
        assert_eq!(
            (told["recordings"].as_array().unwrap().len(), &told["recordings"][0]["name"]),
            (1, &json!("over"))
        );
    }
    assert!(!text(&instance.out(&["output", "over"])).contains("to-be-purged"));
    for arguments in [&["purge", "--match", "to-be-purged"][..], &["purge", "s", "--from", "0", "--to", "5"]]
    {
        let output = instance.run(arguments);
        assert!(
            !output.status.success() && text(&output.stderr).contains("is running"),
            "{}",
            text(&output.stderr)
        );
    }
    assert!(text(&instance.out(&["output", "s"])).contains("to-be-purged"));
    // What it does not have can go.
    instance.out(&["import"]);
    instance.out(&["purge", "--match", SECRET]);
    assert_eq!(places(&instance.home(), SECRET), Vec::<String>::new());
    let short = instance.run(&["purge", "--match", "abc"]);
    assert!(text(&short.stderr).contains("4 bytes or more"), "{}", text(&short.stderr));
}

#[test]
fn a_damaged_recording_is_told_and_the_others_are_purged() {
    let instance = instance();
    for name in ["bent", "whole"] {
        instance.out(&["run", "-d", "--name", name, "--", "sh", "-c", "echo to-be-purged; seq 5000"]);
        instance.out(&["wait", name, "--for", "exit"]);
    }
    let gone = || instance.leaked().is_empty().then_some(());
    eventually(testkit::instance::LIMIT, gone).expect("the recordings are packed");
    let folder = instance.json(&["show", "bent", "--json"])["folder"].as_str().unwrap().to_owned();
    let segment = Path::new(&folder).join("journal/00000001.seg.zst");
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(segment, bytes).unwrap();
    let output = instance.run(&["purge", "--match", "to-be-purged"]);
    let told = text(&output.stderr);
    assert!(
        output.status.code() == Some(1) && told.contains("bent") && told.contains("centerfire remove"),
        "{told}"
    );
    assert!(!text(&instance.out(&["output", "whole"])).contains("to-be-purged"));
}

/// The server follows what CLIs write, and lets go of the store for who purges or imports.
#[test]
fn a_server_that_follows_is_no_hindrance() {
    let instance = instance();
    transcript(&instance, 1, SECRET);
    let mut command = instance.command(&["serve", "--listen", "127.0.0.1:0"]);
    let mut server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    // Nobody else was started that could have: a command would take in itself what it is asked for.
    let known = || (!places(&instance.home(), SECRET).is_empty()).then_some(());
    eventually(testkit::instance::LIMIT, known).expect("the server has taken it in");
    instance.out(&["purge", "--match", SECRET]);
    assert_eq!(places(&instance.home(), SECRET), Vec::<String>::new());
    instance.out(&["import"]);
    instance.out(&["import", "--rebuild"]);
    let log = instance.work().join("x.cast");
    fs::write(&log, "{\"version\":2,\"width\":80,\"height\":24}\n[0.1,\"o\",\"hi\"]\n").unwrap();
    instance.out(&["import", "--log", log.to_str().unwrap()]);
    assert!(server.try_wait().unwrap().is_none(), "the server is there still");
    server.kill().unwrap();
    server.wait().unwrap();
}

/// Whoever is killed leaves each recording as it was or without the text, and who does it again finds what is left.
#[test]
fn who_is_killed_while_purging_leaves_the_old_or_the_new() {
    let instance = instance();
    let secrets: Vec<String> = (0..KILLS).map(|number| format!("secret-{number:03}-of-many")).collect();
    let all = secrets.iter().map(|secret| format!("say {secret} again {secret}\\n")).collect::<String>();
    instance.out(&[
        "run",
        "-d",
        "--name",
        "s",
        "--",
        "sh",
        "-c",
        &format!("printf '{all}'; seq 100000; printf '{all}'"),
    ]);
    instance.out(&["wait", "s", "--for", "exit"]);
    for (number, secret) in secrets.iter().enumerate() {
        transcript(&instance, number as u64 + 1, secret);
    }
    instance.out(&["import"]);
    let mut kills = Kills::new(5);
    let mut whole = time(|| drop(instance.out(&["purge", "--match", "of-nobody"])));
    for (number, secret) in secrets.iter().enumerate() {
        kills.strike(instance.command(&["purge", "--match", secret]), whole, &instance.home().join("state"));
        instance.out(&["verify", "s"]);
        let output = text(&instance.out(&["output", "s"]));
        let times = output.matches(secret.as_str()).count();
        assert!(times == 0 || times == 4, "{secret} stands there {times} times");
        // Often there is something left to do: the longest of them is a whole one.
        whole = whole.max(time(|| drop(instance.out(&["purge", "--match", secret]))));
        assert_eq!(places(&instance.home(), secret), Vec::<String>::new());
        let left = text(&instance.out(&["output", "s"])).matches("-of-many").count();
        assert_eq!(left, 4 * (secrets.len() - number - 1), "others went with it");
    }
    assert!(kills.in_the_middle > 0, "none was killed in the middle");
    instance.out(&["verify", "s"]);
    let mut told = told_without_cursors(&instance);
    // The recording of the shell is a conversation as well.
    told.retain(|one| one["cli"] == "claude");
    assert!(
        told.len() == secrets.len() && told.iter().all(|one| one["entries"].as_array().unwrap().len() == 12)
    );
}
