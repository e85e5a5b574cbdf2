//! What one token takes is not taken from all: places, threads, the time of a host.

use crate::http::{Answer, Call, dial};
use crate::rig::{LIMIT, Rig};
use crate::socket::{Came, Many};
use crate::sse::Stream;
use rustix::process::{Signal, kill_process};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};
use testkit::eventually;

/// Output that fits in no socket's buffers.
const FLOOD_BYTES: usize = 32 << 20; // 32 MiB
/// Less than the 20 s for which a host is asked.
const SOON: Duration = Duration::from_secs(16);
/// More than the threads that the server has for what takes a while.
const CROWD: usize = 600;

fn ask(rig: &Rig, call: &Call) -> TcpStream {
    let mut stream = dial(Ipv4Addr::LOCALHOST, rig.address()).expect("connect to the server");
    stream.write_all(&call.bytes(rig.address())).expect("ask");
    stream
}

/// Whether something came on a connection.
fn has_more(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).expect("do not wait");
    let came = stream.peek(&mut [0]).is_ok();
    stream.set_nonblocking(false).expect("wait again");
    came
}

#[test]
fn a_token_waits_so_often_at_once_and_no_longer_than_it_holds() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    let (viewer, id) = rig.token_and_id(&["--role", "view"]);
    let what = json!({ "for": "exit", "timeout": 250 });
    let wait = Call::post("/api/v1/sessions/own/wait", &what).bearer(&viewer);
    let mut held: Vec<_> = (0..33).map(|_| ask(&rig, &wait)).collect();
    let answered = || held.iter().position(has_more);
    let one = eventually(LIMIT, answered).expect("one is too many");
    let refused = Answer::read(&mut held.remove(one)).expect("an answer");
    assert_eq!((refused.status, refused.code().as_str()), (503, "BUSY"), "{refused:?}");
    assert_eq!(refused.header("retry-after"), Some("5"));
    assert!(!held.iter().any(has_more), "the others wait");
    let other = json!({ "for": "exit", "timeout": 0.1 });
    let other = Call::post("/api/v1/sessions/own/wait", &other).bearer(&rig.manage).send(&rig);
    assert_eq!(other.status, 408, "another token waits all the same");
    rig.instance.out(&["token", "revoke", &id]);
    for stream in &mut held {
        stream.set_read_timeout(Some(LIMIT)).expect("set a limit");
        assert_eq!(Answer::read(stream).expect("an answer").status, 401);
    }
}

#[test]
fn a_host_without_an_ear_for_one_more_is_busy_and_not_lost() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    kill_process(rig.host("own"), Signal::STOP).expect("stop the host");
    // Who connects is not heard, as where there are too many already.
    let what = json!({ "for": "exit", "timeout": 250 });
    let mut asked = ask(&rig, &Call::post("/api/v1/sessions/own/wait", &what).bearer(&rig.manage));
    asked.set_read_timeout(Some(LIMIT)).expect("set a limit");
    let answer = Answer::read(&mut asked).expect("an answer");
    assert_eq!((answer.status, answer.code().as_str()), (503, "BUSY"), "{answer:?}");
}

#[test]
fn many_who_ask_a_stopped_host_leave_threads_to_the_others() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    let viewer = rig.token(&["--role", "view"]);
    let host = rig.host("own");
    kill_process(host, Signal::STOP).expect("stop the host");
    let shown = Call::get("/api/v1/sessions/own").bearer(&viewer);
    let held: Vec<_> = (0..CROWD).map(|_| ask(&rig, &shown)).collect();
    let begun = Instant::now();
    let listed = || Call::get("/api/v1/sessions").bearer(&rig.manage).send(&rig);
    for _ in 0..10 {
        assert_eq!(listed().status, 200);
    }
    let screen = Call::get("/api/v1/sessions/own/screen").bearer(&viewer).send(&rig);
    assert_eq!((screen.status, screen.code().as_str()), (503, "BUSY"), "{screen:?}");
    let known = shown.send(&rig);
    assert_eq!((known.status, known.json()["name"].as_str()), (200, Some("own")), "what was known is told");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    kill_process(host, Signal::CONT).expect("let the host go on");
    drop(held);
    let screen = Call::get("/api/v1/sessions/own/screen").bearer(&viewer);
    eventually(LIMIT, || (screen.send(&rig).status == 200).then_some(())).expect("it answers again");
}

#[test]
fn a_stuck_session_holds_up_its_own_channel_alone() {
    let rig = Rig::new();
    rig.start("stuck", "stty -echo; echo ready; exec cat");
    rig.start("own", "stty -echo; echo ready; exec cat");
    let mut many = Many::open(rig.address(), &rig.manage);
    for (channel, session) in [(1, "stuck"), (2, "own")] {
        many.say(&json!({ "type": "open", "channel": channel, "session": session }));
        many.wait_for(|said| said["type"] == "hello" && said["channel"] == channel);
    }
    let host = rig.host("stuck");
    kill_process(host, Signal::STOP).expect("stop the host");
    let size = json!({ "cols": 90, "rows": 30 });
    let begun = Instant::now();
    for id in 1..=200 {
        many.say(&json!({ "type": "resize", "channel": 1, "id": id, "size": size }));
    }
    // What is refused is told while the other channel goes on.
    many.wait_for(|said| said["channel"] == 1 && said["code"] == "WRITE_REJECTED" && said["id"].is_u64());
    many.press(2, 7, "x\r");
    many.wait_for(|said| said["channel"] == 2 && said["type"] == "ack" && said["id"] == 7);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    kill_process(host, Signal::CONT).expect("let the host go on");
}

#[test]
fn channels_are_opened_no_faster_than_sockets() {
    let rig = Rig::serving(&["--set", "serve.writes_per_second=10"]);
    rig.start("own", "echo ready; exec cat");
    let viewer = rig.token(&["--role", "view"]);
    let mut many = Many::open(rig.address(), &viewer);
    for _ in 0..100 {
        many.say(&json!({ "type": "open", "channel": 1, "session": "own" }));
        many.say(&json!({ "type": "close", "channel": 1 }));
    }
    let refused = many.wait_for(|said| said["type"] == "refused");
    assert_eq!(refused["code"], "RATE_LIMITED");
}

#[test]
fn a_token_makes_two_exports_at_once_and_none_when_it_holds_no_more() {
    let rig = Rig::new();
    rig.file("part", &vec![b'x'; FLOOD_BYTES]);
    rig.start("own", "stty raw -echo; echo ready; head -c 1 >/dev/null; cat part; head -c 1 >/dev/null");
    rig.press("own", "x");
    rig.wait_for_stored("own", FLOOD_BYTES as u64);
    let (viewer, id) = rig.token_and_id(&["--role", "view"]);
    let export =
        |query: &str| Call::get(&format!("/api/v1/sessions/own/export?format=raw{query}")).bearer(&viewer);
    assert_eq!(export("&idle_limit=-1").send(&rig).code(), "BAD_REQUEST");
    let mut held = [(); 2].map(|()| {
        let mut stream = ask(&rig, &export(""));
        let mut begun = [0; 12];
        stream.read_exact(&mut begun).expect("an answer begins");
        assert_eq!(&begun, b"HTTP/1.1 200");
        stream
    });
    let refused = export("").send(&rig);
    assert_eq!((refused.status, refused.code().as_str()), (503, "BUSY"), "{refused:?}");
    rig.instance.out(&["token", "revoke", &id]);
    // Longer than the server takes to see it: it looks once a second, and again when the client reads.
    thread::sleep(Duration::from_secs(3));
    for stream in &mut held {
        let mut rest = Vec::new();
        stream.set_read_timeout(Some(LIMIT)).expect("set a limit");
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.len() < FLOOD_BYTES, "all of it came");
        assert!(!rest.ends_with(b"0\r\n\r\n"), "it looks whole");
    }
}

#[test]
fn a_token_follows_so_many_event_streams_and_sockets() {
    let rig = Rig::with_files(400);
    rig.start("own", "echo ready; exec cat");
    let viewer = rig.token(&["--role", "view"]);
    let path = "/api/v1/sessions/own/events";
    let held: Vec<_> = (0..32).map(|_| Stream::open(rig.address(), path, Some(&viewer))).collect();
    let refused = Call::get(path).bearer(&viewer).send(&rig);
    assert_eq!((refused.status, refused.code().as_str()), (429, "TOO_MANY_STREAMS"), "{refused:?}");
    Stream::open(rig.address(), path, Some(&rig.manage));
    drop(held);
    // Of 400 files half are connections, of which a quarter may be one token's sockets.
    let sockets: Vec<_> = (0..50).map(|_| rig.join_as(&viewer, "own", "")).collect();
    let refused = Call::get("/ws/own").upgrade().bearer(&viewer).send(&rig);
    assert_eq!((refused.status, refused.code().as_str()), (429, "TOO_MANY_STREAMS"), "{refused:?}");
    rig.join("own", "").wait_for("a word", |said| said["type"] == "hello");
    drop(sockets);
}

#[test]
fn a_client_gets_the_screen_anew_once_a_second() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    let mut client = rig.join("own", "");
    while client.screens.is_empty() {
        client.next();
    }
    let begun = Instant::now();
    // For two seconds at least; on a busy machine the screens come later.
    while begun.elapsed() < Duration::from_millis(2_500) || client.screens.len() < 4 {
        assert!(begun.elapsed() < LIMIT, "{} screens", client.screens.len());
        client.say(&json!({ "type": "resync" }));
        while matches!(
            client.next_until(Instant::now() + Duration::from_millis(5)),
            Came::Screen | Came::Said(_)
        ) {}
    }
    let count = client.screens.len();
    // The first, one at once, and one for each second.
    let most = 3 + begun.elapsed().as_secs() as usize;
    assert!(count <= most, "{count} screens in {:?}", begun.elapsed());
    // The last wish is granted, too.
    client.say(&json!({ "type": "resync" }));
    while client.screens.len() == count {
        assert!(begun.elapsed() < 2 * LIMIT, "no screen came");
        client.next();
    }
}

/// Who asks again and again why a session is in its state has its journal read so often at once and no more.
#[test]
fn a_token_has_so_many_journals_read_at_once() {
    let rig = Rig::new();
    rig.start("long", "echo ready; read line; yes | head -c 4000000; exec cat");
    rig.press("long", "\n");
    rig.wait_for_stored("long", 4_000_000);
    let (viewer, _) = rig.token_and_id(&["--role", "view"]);
    let explain = Call::get("/api/v1/sessions/long/explain").bearer(&viewer);
    // While the host is stopped none of them is over: many are under way at once on any machine.
    let host = rig.host("long");
    kill_process(host, Signal::STOP).expect("stop the host");
    let mut asked: Vec<_> = (0..24).map(|_| ask(&rig, &explain)).collect();
    eventually(LIMIT, || asked.iter().any(has_more).then_some(())).expect("one is too many");
    kill_process(host, Signal::CONT).expect("let the host go on");
    let answers: Vec<Answer> =
        asked.iter_mut().map(|stream| Answer::read(stream).expect("an answer")).collect();
    let (told, refused): (Vec<&Answer>, Vec<&Answer>) = answers.iter().partition(|one| one.status == 200);
    assert!(told.len() >= 4 && !refused.is_empty(), "{} of {} were told", told.len(), answers.len());
    assert!(refused.iter().all(|one| (one.status, one.code().as_str()) == (503, "BUSY")), "{refused:?}");
    assert_eq!(explain.send(&rig).status, 200, "places are given back");
}
