//! Version 0 of the wire, frozen: what was spoken before the first release. A host of it, played from samples, serves
//! this version's commands; a client of it is told clearly that it is too old. The samples are never made anew from
//! the types: they stand for programs that cannot be changed any more.

use crate::rig::{LIMIT, Rig};
use serde_json::Value;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Output;
use std::sync::mpsc::{Receiver, Sender, channel};

const ID: &str = "01a1fd8e-d0f9-75a2-ac16-15a3f4e38958";
const META: &str = r#"{"version":1,"id":"01a1fd8e-d0f9-75a2-ac16-15a3f4e38958","command":["sh"],"cwd":"/","size":{"cols":80,"rows":24},"created":1795255357689382,"boot":"BOOT","machine":"laptop","socket":"SOCKET"}"#;

/// A head with `ID` for the number of the request, and a tail.
type Says = (&'static str, &'static [u8]);

/// What a host of version 0 says to each request.
const HOST_0: &[(&str, &[Says])] = &[
    (
        "hello",
        &[(
            r#"{"answer":{"id":ID,"answer":"welcome","version":0,"session":"01a1fd8e-d0f9-75a2-ac16-15a3f4e38958","client":3}}"#,
            b"",
        )],
    ),
    (
        "status",
        &[(
            r#"{"answer":{"id":ID,"answer":"status","version":1,"session":"01a1fd8e-d0f9-75a2-ac16-15a3f4e38958","name":"old","phase":"running","program":{"state":"idle"},"program_since":0,"offset":4711,"size":{"cols":80,"rows":24},"last_output":1795255357739997,"updated":1795255357740933,"pids":{"keeper":11145,"host":11147,"child":11146},"clients":[]}}"#,
            b"",
        )],
    ),
    ("input", &[(r#"{"answer":{"id":ID,"answer":"done","offset":4712}}"#, b"")]),
    (
        "snapshot",
        &[(
            r#"{"answer":{"id":ID,"answer":"snapshot","offset":4711,"size":{"cols":80,"rows":24}}}"#,
            b"hello from version 0",
        )],
    ),
    (
        "follow",
        &[
            (r#"{"answer":{"id":ID,"answer":"done","offset":4711}}"#, b""),
            (r#"{"event":{"event":"head","offset":4711}}"#, b""),
            // No version 0 said this; it stands for a word of any other version.
            (r#"{"event":{"event":"danced","steps":[1,2]}}"#, b"tail"),
            (r#"{"event":{"event":"exited","status":{"code":3},"offset":4711}}"#, b""),
        ],
    ),
];

/// What a host says to a hello of a version that it does not speak.
const REFUSED: &str = r#"{"answer":{"id":ID,"answer":"refused","code":"VERSION","message":"this session's host speaks version SPOKEN, not ASKED"}}"#;

/// A session whose host is played by this test.
struct Fixture {
    rig: Rig,
    /// The requests that came, with their tails.
    heard: Receiver<(Value, Vec<u8>)>,
    /// The lock that says that the session is alive.
    _alive: File,
}

impl Fixture {
    /// A session named `old` in the hands of a host of that version.
    fn of(version: u16) -> Self {
        let rig = Rig::new();
        let folder = rig.instance.home().join("state/sessions").join(ID);
        std::fs::create_dir_all(&folder).unwrap();
        let socket = rig.instance.home().join("old.sock");
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        let meta = META.replace("BOOT", boot.trim());
        let meta = meta.replace("SOCKET", socket.to_str().unwrap());
        std::fs::write(folder.join("meta.json"), meta).unwrap();
        std::fs::write(folder.join("name"), "old").unwrap();
        let alive = File::create(folder.join("alive")).unwrap();
        alive.lock().unwrap();
        let listener = UnixListener::bind(socket).unwrap();
        let (tell, heard) = channel();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                // A client that leaves in the middle of a word has heard enough.
                let _ = serve(client.unwrap(), version, &tell);
            }
        });
        Self { rig, heard, _alive: alive }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.rig.run(arguments)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        self.rig.instance.json(arguments)
    }
}

/// Plays the host for one client.
fn serve(
    mut client: UnixStream,
    version: u16,
    tell: &Sender<(Value, Vec<u8>)>,
) -> Result<(), std::io::Error> {
    loop {
        let (head, tail) = read_frame(&mut client)?;
        let request: Value = serde_json::from_slice(&head).unwrap();
        let id = request["id"].to_string();
        let name = request["request"].as_str().unwrap().to_owned();
        let asked = request["version"].clone();
        let _ = tell.send((request, tail));
        if name == "hello" && asked != version {
            let head = REFUSED.replace("SPOKEN", &version.to_string()).replace("ASKED", &asked.to_string());
            client.write_all(&frame(&head.replace("ID", &id), b""))?;
            continue;
        }
        let (_, says) = HOST_0.iter().find(|(request, _)| *request == name).expect("a request of version 0");
        for (head, tail) in *says {
            client.write_all(&frame(&head.replace("\"id\":ID", &format!("\"id\":{id}")), tail))?;
        }
    }
}

fn frame(head: &str, tail: &[u8]) -> Vec<u8> {
    let mut bytes = ((4 + head.len() + tail.len()) as u32).to_le_bytes().to_vec();
    bytes.extend((head.len() as u32).to_le_bytes());
    bytes.extend(head.as_bytes());
    bytes.extend(tail);
    bytes
}

fn read_frame(from: &mut UnixStream) -> Result<(Vec<u8>, Vec<u8>), std::io::Error> {
    let mut lengths = [0; 8];
    from.read_exact(&mut lengths)?;
    let [all, head] =
        [0, 4].map(|at| u32::from_le_bytes(lengths[at..at + 4].try_into().expect("four bytes")) as usize);
    let mut bytes = vec![0; all - 4];
    from.read_exact(&mut bytes)?;
    let tail = bytes.split_off(head);
    Ok((bytes, tail))
}

/// Invariant 11: a host of the version before serves the commands of this one.
#[test]
fn the_commands_work_with_a_host_of_version_0() {
    let old = Fixture::of(0);
    assert_eq!(old.json(&["list", "--json"])[0]["name"], "old");
    let shown = old.json(&["show", "old", "--json"]);
    assert_eq!((&shown["offset"], &shown["title"]), (&4711.into(), &"".into()), "{shown}");
    assert_eq!(shown["state"], "idle");
    assert_eq!(old.json(&["send", "old", "--text", "words", "--json"])["offset"], 4712);
    assert!(old.run(&["screen", "old"]).stdout.starts_with(b"hello from version 0\n"));
    assert_eq!(old.json(&["wait", "old", "--for", "exit", "--json"])["exit"]["code"], 3);
    let heard: Vec<_> = old.heard.try_iter().collect();
    let typed = heard.iter().find(|(request, _)| request["request"] == "input").expect("input was sent");
    assert_eq!((&typed.0["form"], &typed.1[..]), (&"text".into(), &b"words"[..]));
}

/// Invariant 11: a host of a version that this client cannot know is named, with what to do.
#[test]
fn a_host_that_is_too_new_is_named_with_the_way_on() {
    let new = Fixture::of(9);
    let output = new.run(&["send", "old", "--text", "words"]);
    assert_eq!(output.status.code(), Some(5));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("host speaks version 9"), "{told}");
    assert!(told.contains("this centerfire speaks versions 0 to 1: use the newer one"), "{told}");
    let hellos: Vec<_> = new.heard.try_iter().map(|(request, _)| request["version"].clone()).collect();
    assert_eq!(hellos, [1, 0]);
}

/// Invariant 11: a client of version 0, by its very bytes, is told by this version's host what is
/// wrong and what to do, in words that it can read; the session is as before.
#[test]
fn a_client_of_version_0_is_told_that_it_is_too_old() {
    const HELLO_0: &[u8] =
        b"\x40\0\0\0\x3c\0\0\0{\"id\":7,\"request\":\"hello\",\"version\":0,\"name\":\"old\",\"pid\":99}";
    const TOLD: &str = r#"{"answer":{"id":7,"answer":"refused","code":"VERSION","message":"this session's host speaks version 1, not 0; a newer centerfire can talk to it"}}"#;
    let rig = Rig::new();
    let session = rig.start("open", "echo ready; cat");
    rig.wait_for_line("open", "ready");
    let before = session.pids();
    let mut client = UnixStream::connect(&session.meta.socket).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    client.write_all(HELLO_0).unwrap();
    let (head, tail) = read_frame(&mut client).unwrap();
    assert_eq!((String::from_utf8(head).unwrap().as_str(), &tail[..]), (TOLD, &b""[..]));
    assert_eq!(session.pids(), before);
}
