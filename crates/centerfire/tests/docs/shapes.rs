//! The examples of files and frames, read with the real types and compared with a real session.

use crate::{Block, document, instance, shell};
use protocol::frame::{Answer, Call, Event, Message, Request};
use protocol::{Body, ExitStatus, Meta, Offset, Size, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// The example lines of a kind, as values.
fn examples<T: DeserializeOwned + Serialize>(blocks: &[Block], info: &str) -> Vec<T> {
    let lines = blocks.iter().filter(|block| block.info == info).flat_map(|block| block.text.lines());
    let read = |line: &str| {
        let value: T = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        let written = serde_json::to_value(&value).expect("frames are JSON");
        let shown: Value = serde_json::from_str(line).expect("read before");
        assert_eq!(written, shown, "the example is not what the program writes");
        value
    };
    lines.map(read).collect()
}

/// Each kind has a number, without a hole, so that none can be forgotten: a new one does not compile here.
fn request_number(call: &Call) -> usize {
    match call.request {
        Request::Hello { .. } => 0,
        Request::Attach(_) => 1,
        Request::Release => 2,
        Request::Input { .. } => 3,
        Request::Resize { .. } => 4,
        Request::Snapshot { .. } => 5,
        Request::Follow => 6,
        Request::Status => 7,
        Request::Signal { .. } => 8,
        Request::Upgrade { .. } => 9,
        Request::Hook { .. } => 10,
        Request::AwaitApproval { .. } => 11,
        Request::Approvals { .. } => 12,
        Request::Decide { .. } => 13,
        Request::Claim { .. } => 14,
    }
}

fn message_number(message: &Message) -> usize {
    match message {
        Message::Answer { answer, .. } => match answer {
            Answer::Welcome { .. } => 0,
            Answer::Attached { .. } => 1,
            Answer::Done { .. } => 2,
            Answer::Snapshot(_) => 3,
            Answer::Status(_) => 4,
            Answer::Refused { .. } => 5,
            Answer::Asked { .. } => 6,
            Answer::Approvals { .. } => 7,
            Answer::Settled { .. } => 8,
        },
        Message::Event(event) => match event {
            Event::Head { .. } => 0,
            Event::Resized { .. } => 1,
            Event::Program { .. } => 2,
            Event::Exited { .. } => 3,
            Event::Detached { .. } => 4,
            Event::Control { .. } => 5,
            Event::Asked { .. } => 6,
            Event::Settled { .. } => 7,
            Event::State { .. } => 8,
        },
    }
}

#[test]
fn every_frame_has_an_example_that_can_be_read() {
    let (_, blocks) = document("docs/host-protocol.md");
    let all = |numbers: BTreeSet<usize>, count: usize, what: &str| {
        assert_eq!(numbers, (0..count).collect(), "not every {what} has an example");
    };
    all(examples(&blocks, "json request").iter().map(request_number).collect(), 15, "request");
    all(examples(&blocks, "json answer").iter().map(message_number).collect(), 9, "answer");
    all(examples(&blocks, "json event").iter().map(message_number).collect(), 9, "event");
}

#[test]
fn the_python_client_talks_to_a_session() {
    let (_, blocks) = document("docs/host-protocol.md");
    let script = &blocks.iter().find(|block| block.info == "python").expect("a client in Python").text;
    let instance = instance();
    let started = instance.json(&["--json", "run", "--detached", "--name", "peer", "--", "cat"]);
    let file = instance.work().join("client.py");
    std::fs::write(&file, script).expect("write the client");
    let line = format!("python3 {} {}", file.display(), started["folder"].as_str().expect("a folder"));
    let done = testkit::instance::finish(shell(&instance, &line), Duration::from_secs(20));
    let printed = String::from_utf8_lossy(&done.stdout);
    let story = format!("{printed}{}", String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{story}");
    assert!(printed.starts_with("done at ") && printed.contains("\n80 columns, "), "{story}");
    let seen = instance.run(&["wait", "peer", "--for", "text", "--match", "hello from python"]);
    assert!(seen.status.success(), "the session did not get the line");
}

/// Keys that stand in the example and not in the file are optional ones; the other way round the example is old.
fn compare<T: DeserializeOwned>(blocks: &[Block], folder: &Path, name: &str, optional: &[&str]) {
    let info = format!("json {name}");
    let text = &blocks.iter().find(|block| block.info == info).unwrap_or_else(|| panic!("no {info}")).text;
    serde_json::from_str::<T>(text).unwrap_or_else(|error| panic!("the example of {name}: {error}"));
    let file = std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let keys = |text: &str| -> BTreeSet<String> {
        let value: Value = serde_json::from_str(text).expect("JSON");
        value.as_object().expect("an object").keys().cloned().collect()
    };
    let (shown, real) = (keys(text), keys(&file));
    let missing: Vec<_> =
        shown.symmetric_difference(&real).filter(|key| !optional.contains(&key.as_str())).collect();
    assert!(missing.is_empty(), "{name} and its example differ in {missing:?}");
}

#[test]
fn the_files_of_a_session_have_the_documented_keys() {
    let (_, blocks) = document("docs/status-json.md");
    let instance = instance();
    let started = instance.json(&[
        "--json",
        "run",
        "--detached",
        "--name",
        "files",
        "--",
        "sh",
        "-c",
        "read x; sleep 0.5",
    ]);
    let folder = Path::new(started["folder"].as_str().expect("a folder"));
    assert!(instance.run(&["send", "files", "--key", "Enter"]).status.success());
    assert!(instance.run(&["wait", "files", "--for", "exit"]).status.success());
    compare::<Meta>(&blocks, folder, "meta.json", &["parent"]);
    compare::<protocol::Exit>(&blocks, folder, "exit.json", &[]);
    compare::<Status>(
        &blocks,
        folder,
        "status.json",
        &["approvals", "last_approval", "answered", "degraded", "unsynced"],
    );
}

#[test]
fn the_example_of_the_journal_is_a_sound_journal() {
    let (_, blocks) = document("docs/journal-format.md");
    let dump = &blocks.iter().find(|block| block.info == "xxd").expect("a dump").text;
    let byte = |pair: &str| u8::from_str_radix(pair, 16).expect("two digits");
    let line = |line: &str| -> Vec<u8> { line[10..57].split_whitespace().map(byte).collect() };
    let bytes: Vec<u8> = dump.lines().flat_map(line).collect();
    let instance = instance();
    std::fs::write(instance.work().join("00000001.seg"), bytes).expect("write the segment");
    assert!(journal::verify(&instance.work(), |_| ()).expect("read it").is_sound());

    let mut reader = journal::Reader::open(&instance.work(), Offset::ZERO).expect("open it");
    let mut next = || reader.next().expect("sound").map(|record| format!("{:?}", record.body));
    assert_eq!(next(), Some(format!("{:?}", Body::Resize(Size::DEFAULT))));
    let ranges = std::iter::once(Offset(3)..Offset(6)).collect();
    assert_eq!(next(), Some(format!("{:?}", Body::Answered { ranges })));
    assert_eq!(next(), Some(format!("{:?}", Body::Output { bytes: b"hi \x1b[c", held: 0 })));
    assert_eq!(next(), Some(format!("{:?}", Body::Reply { bytes: b"\x1b[?62;22c" })));
    assert_eq!(next(), Some(format!("{:?}", Body::Exit(ExitStatus::Code(0)))));
    assert_eq!(next(), None);
}
