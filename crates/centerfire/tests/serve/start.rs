//! How the server begins and ends.

use crate::http::Call;
use crate::rig::{LIMIT, Rig};
use crate::socket::Came;
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::Signal;
use serde_json::json;
use std::os::fd::AsRawFd as _;
use std::process::Command;
use std::time::{Duration, Instant};
use testkit::{Claude, Instance, ModelServer, Terminal, eventually};

/// What is in the way of a start is told, with a next step, and no token is made.
#[test]
fn what_is_in_the_way_is_told() {
    let rig = Rig::new();
    let listen = |address: &str| rig.run(&["serve", "--listen", address]);
    let refused = |output: std::process::Output| {
        assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let why = refused(listen("127.0.0.1:0"));
    assert!(why.contains("has a server") && why.contains(&rig.address().to_string()), "{why}");
    let mut other = Rig::new();
    other.stop_server(Signal::TERM);
    let why = refused(other.run(&["serve", "--listen", &rig.address().to_string()]));
    assert!(why.contains("taken by another program") && why.contains("--listen"), "{why}");
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let open = listen(address);
        assert!(!open.status.success() && open.stdout.is_empty(), "{open:?}");
        let why = String::from_utf8_lossy(&open.stderr);
        assert!(why.contains("no loopback address") && why.contains("ssh -L"), "{why}");
    }
    assert!(!listen("nonsense").status.success());
    // That of the rig, and the link of its server.
    assert_eq!(rig.instance.json(&["token", "list", "--json"]).as_array().map(Vec::len), Some(2));
}

/// A socket that the server is given, as by systemd, is held to the same: where it listens somebody else decided.
#[test]
fn a_socket_that_others_reach_is_not_served_plainly() {
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let open = std::net::TcpListener::bind("0.0.0.0:0").expect("listen");
    let mut shell = Command::new("/bin/bash");
    instance.settle(&mut shell);
    fcntl_setfd(&open, FdFlags::empty()).expect("pass the socket on");
    let script = format!("exec 3<&{}; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$cf\" serve", open.as_raw_fd());
    shell.args(["-c", &script]).env("cf", instance.binary());
    let output = testkit::instance::finish(shell, LIMIT);
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(why.contains("0.0.0.0") && why.contains("no loopback address"), "{why}");
}

/// A server that is told to end does so soon and well, whoever watches; sessions do not notice.
#[test]
fn a_server_that_is_told_to_end_does() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut rig = Rig::new();
        rig.start("own", "echo ready; exec cat");
        let mut client = rig.join("own", "");
        client.wait_for("hello", |said| said["type"] == "hello");
        let begun = Instant::now();
        let status = rig.stop_server(signal);
        assert!(status.success(), "{status}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        let deadline = Instant::now() + LIMIT;
        while !matches!(client.next_until(deadline), Came::Broken | Came::Closed(_)) {
            assert!(Instant::now() < deadline, "the connection holds");
        }
        assert!(rig.run(&["send", "own", "--submit", "still here"]).status.success());
        rig.wait_for_line("own", "still here");
        assert!(Call::get("/api/v1/health").try_send(&rig).is_err(), "nobody listens");
    }
}

/// An instance, and a shell in a window of its own that runs this line.
fn in_window(line: &str) -> (Instance, Terminal) {
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let mut shell = Command::new("/bin/bash");
    instance.settle(&mut shell);
    shell.args(["--norc", "--noprofile", "-i"]).env("cf", instance.binary());
    let window = Terminal::spawn(shell, 100, 30).expect("open a window");
    window.write(format!("{line}\n").as_bytes()).expect("type into the window");
    (instance, window)
}

/// The process that serves, and when it began or became what it is.
fn server_of(instance: &Instance) -> Option<(u32, u64)> {
    let file = std::fs::read(instance.home().join("state/gateway/server.json")).ok()?;
    let told: serde_json::Value = serde_json::from_slice(&file).ok()?;
    Some((u32::try_from(told["pid"].as_u64()?).ok()?, told["started"].as_u64()?))
}

/// A server ends with the window in which it was started, and sessions do not: it is not taken for an upgrade.
#[test]
fn a_server_ends_with_its_window() {
    for line in ["\"$cf\" serve --listen 127.0.0.1:0", "\"$cf\" serve --listen 127.0.0.1:0 &"] {
        let (instance, mut window) = in_window(line);
        let (pid, _) = eventually(LIMIT, || server_of(&instance)).expect("the server starts");
        let started =
            instance.run(&["run", "--detached", "--name", "own", "--", "sh", "-c", "echo ready; exec cat"]);
        assert!(started.status.success(), "{started:?}");
        window.hang_up();
        eventually(LIMIT, || (!testkit::proc::is_running(pid)).then_some(())).expect("the server ends");
        assert!(!instance.run(&["upgrade"]).status.success(), "there is no server");
        assert!(instance.run(&["send", "own", "--submit", "still here"]).status.success());
    }
}

/// One that was started to outlive its window does, and can be replaced afterwards, more than once.
#[test]
fn a_server_that_was_started_to_outlive_its_window_does() {
    for start in ["nohup", "setsid"] {
        let (instance, mut window) =
            in_window(&format!("{start} \"$cf\" serve --listen 127.0.0.1:0 >out 2>err </dev/null &"));
        let (pid, begun) = eventually(LIMIT, || server_of(&instance)).expect("the server starts");
        window.hang_up();
        window.wait(LIMIT).expect("the shell ends");
        for _ in 0..2 {
            let upgraded = instance.run(&["upgrade"]);
            let words = || std::fs::read_to_string(instance.work().join("err"));
            assert!(upgraded.status.success(), "{start}: {upgraded:?} {:?}", words());
            let (same, after) = server_of(&instance).expect("a server");
            assert!(same == pid && after > begun, "{start}: {pid} {begun} {same} {after}");
        }
    }
}

/// A server that runs inside of a tapped session starts programs that do not lean on that tap.
#[test]
fn a_session_asks_its_model_where_it_would_without_the_tap_around_the_server() {
    let rig = Rig::with_variable("CENTERFIRE_TAP_BEHIND", "http://before");
    for (name, env, base) in [
        ("plain", json!({}), "http://before"),
        ("own", json!({ "ANTHROPIC_BASE_URL": "http://own" }), "http://own"),
    ] {
        let script = "echo \"base=$ANTHROPIC_BASE_URL behind=$CENTERFIRE_TAP_BEHIND.\"; exec cat";
        let new = json!({ "name": name, "command": ["sh", "-c", script], "env": env });
        let made = Call::post("/api/v1/sessions", &new).bearer(&rig.manage).send(&rig);
        assert_eq!(made.status, 201, "{made:?}");
        rig.wait_for_line(name, &format!("^base={base} behind=[.]"));
    }
}

/// What is told of a restart over HTTP, and that nothing is run which came with a recording of others.
#[test]
fn only_what_ran_here_is_run_again() {
    let rig = Rig::new();
    let cast = rig.instance.work().join("old.cast");
    let head = json!({ "version": 2, "width": 80, "height": 24, "command": "touch was-run" });
    std::fs::write(&cast, format!("{head}\n[0.1, \"o\", \"hello\"]\n")).unwrap();
    rig.instance.out(&["import", "--log", cast.to_str().unwrap()]);
    let again = |name: &str| {
        Call::new("POST", &format!("/api/v1/sessions/{name}/restart")).bearer(&rig.manage).send(&rig)
    };
    let refused = again("old");
    assert_eq!((refused.status, refused.code().as_str()), (409, "IMPORTED"), "{refused:?}");
    rig.instance.out(&["run", "--detached", "--name", "own", "--env", "WORD=x", "--", "true"]);
    rig.instance.out(&["wait", "own", "--for", "exit", "--timeout", "25"]);
    let made = again("own");
    assert_eq!((made.status, &made.json()["name"]), (201, &json!("own")), "{made:?}");
    assert_eq!(made.json()["missing"], json!(["WORD"]));
    assert_eq!(rig.instance.json(&["list", "--all", "--json"]).as_array().map(Vec::len), Some(3));
}

/// What is read along in sessions that a terminal starts is read along in those of the server, which has no child left of it.
#[test]
fn a_session_that_is_started_over_http_is_tapped_where_that_is_the_setting() {
    let rig = Rig::with_setting("tap.enabled=true");
    let folder = tempfile::Builder::new().prefix("cc").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let claude = Claude::prepare(folder.path(), &server).unwrap();
    let variables =
        claude.environment().into_iter().map(|(name, value)| (name, value.into_string().unwrap()));
    let wish = json!({
        "name": "s", "command": [claude.program(), "-p", "[[say:over http]]"], "cwd": claude.project(),
        "env": variables.collect::<std::collections::BTreeMap<_, _>>(),
    });
    let started = Call::post("/api/v1/sessions", &wish).bearer(&rig.manage).send(&rig);
    assert_eq!(started.status, 201, "{started:?}");
    rig.wait_for_end("s");
    assert!(String::from_utf8_lossy(&rig.stored("s")).contains("over http"));
    let requests =
        || Some(rig.instance.json(&["api", "s", "--json"])).filter(|told| told[0]["status"] == 200);
    eventually(LIMIT, requests).expect("what was asked of the model is told");
    let pid = rig.server_pid();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    assert_eq!(children, "", "the server's children");
}
