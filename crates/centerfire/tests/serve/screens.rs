//! Screens as they change.

use crate::events::{Events, Heard};
use crate::http::Call;
use crate::rig::{LIMIT, Rig};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::eventually;

const PATH: &str = "/api/v1/sessions/own/screen/events";

fn follow(rig: &Rig, last: Option<u64>) -> Events {
    let viewer = rig.token(&["--role", "view"]);
    Events::at(rig.address(), &viewer, PATH, last).expect("follow a screen")
}

/// The next event, as its kind and data.
#[track_caller]
fn next(events: &mut Events) -> (String, Value) {
    match events.next_until(Instant::now() + LIMIT) {
        Heard::Event { id, kind, data } => {
            assert_eq!(data["offset"], id, "the id is the offset");
            (kind, data)
        }
        other => panic!("{other:?} instead of an event"),
    }
}

/// Reads on to a screen that fits.
#[track_caller]
fn wait_for(events: &mut Events, fits: impl Fn(&Value) -> bool) -> Value {
    loop {
        let (kind, screen) = next(events);
        assert_eq!(kind, "screen", "{screen}");
        if fits(&screen) {
            return screen;
        }
    }
}

fn shows(screen: &Value, text: &str) -> bool {
    screen["lines"].to_string().contains(text)
}

fn screen(rig: &Rig) -> Value {
    Call::get("/api/v1/sessions/own/screen").bearer(&rig.manage).send(rig).json()
}

/// What a follower is told is what whoever asks sees: at the beginning, after what is typed and a new size, and in the
/// end, which is told as well.
#[test]
fn a_screen_is_told_as_it_changes() {
    let rig = Rig::new();
    rig.start("own", "stty -echo; echo ready; while read -r line; do echo \"got $line\"; done; exit 3");
    let mut events = follow(&rig, None);
    assert_eq!(next(&mut events), ("screen".to_owned(), screen(&rig)));
    rig.press("own", "one\r");
    let one = wait_for(&mut events, |screen| shows(screen, "got one"));
    assert_eq!(one, screen(&rig));
    let resize = Call::post("/api/v1/sessions/own/resize", &json!({ "cols": 90, "rows": 30 }));
    assert_eq!(resize.bearer(&rig.manage).send(&rig).status, 200);
    wait_for(&mut events, |screen| screen["size"] == json!({ "cols": 90, "rows": 30 }));

    // Who comes back is told at once what he missed, and of what he has nothing.
    let offset = one["offset"].as_u64().expect("an offset");
    let (_, missed) = next(&mut follow(&rig, Some(offset - 1)));
    assert_eq!(missed["offset"], offset);
    let mut back = follow(&rig, Some(offset));
    rig.press("own", "two\r");
    assert!(next(&mut back).1["offset"].as_u64() > Some(offset));

    rig.press("own", "last\r\x04");
    for events in [&mut events, &mut back, &mut follow(&rig, None)] {
        let exited = loop {
            let (kind, data) = next(events);
            if kind == "exited" {
                break data;
            }
        };
        assert_eq!(exited["status"], json!({ "code": 3 }), "{exited}");
        assert!(matches!(events.next_until(Instant::now() + LIMIT), Heard::Ended));
    }
    // Of a session that is over there is its last screen, and the end.
    let mut late = follow(&rig, None);
    let (_, last) = next(&mut late);
    assert!(shows(&last, "got last"), "{last}");
    assert_eq!(next(&mut late).0, "exited");
}

/// However much a program writes, there are ten screens a second at most, and the last is what it left.
#[test]
fn a_busy_screen_is_told_ten_times_a_second() {
    let rig = Rig::new();
    let script = "stty -echo; echo ready; read -r; for line in {1..250}; do echo line $line; sleep 0.01; done; \
                  printf the-last; exec cat";
    rig.start("own", script);
    let mut events = follow(&rig, None);
    next(&mut events);
    let begun = Instant::now();
    rig.press("own", "\r");
    let mut count = 0;
    let last = loop {
        let (_, screen) = next(&mut events);
        count += 1;
        if shows(&screen, "the-last") {
            break screen;
        }
    };
    let most = begun.elapsed().as_millis() / 100 + 2;
    assert!((10..=most).contains(&count), "{count} screens in {:?}", begun.elapsed());
    assert_eq!(last, screen(&rig));
    // What does not change is not told.
    let quiet = events.next_until(Instant::now() + Duration::from_millis(300));
    assert!(matches!(quiet, Heard::Nothing), "{quiet:?}");
}

/// Screens count among the event streams that there may be, say now and then that they are there, and end with the server.
#[test]
fn screens_are_event_streams_like_others() {
    let mut rig = Rig::serving(&["--sse-max", "1", "--sse-keepalive", "20"]);
    rig.start("own", "echo ready; exec cat");
    let output = Events::open(rig.address(), &rig.manage, "own", None).expect("follow the output");
    let full = Call::get(PATH).bearer(&rig.manage).send(&rig);
    assert_eq!((full.status, full.code().as_str()), (429, "TOO_MANY_STREAMS"));
    drop(output);
    let free = || Events::at(rig.address(), &rig.manage, PATH, None).ok();
    let mut events = eventually(LIMIT, free).expect("the place is free again");
    next(&mut events);
    while events.comments < 3 {
        let quiet = events.next_until(Instant::now() + Duration::from_millis(20));
        assert!(matches!(quiet, Heard::Nothing), "{quiet:?}");
    }
    rig.stop_server(Signal::TERM);
    assert!(matches!(events.next_until(Instant::now() + LIMIT), Heard::Ended));
}
