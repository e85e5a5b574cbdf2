//! A session is not shown inside itself; other sessions may be.

use crate::rig::{LIMIT, Rig};

/// The binary, for scripts in sessions.
const CF: &str = env!("CARGO_BIN_EXE_centerfire");

/// Attached to itself, a session would record its own picture without end: refused, also to who only looks on.
#[test]
fn a_session_is_not_shown_inside_itself() {
    let rig = Rig::new();
    for options in ["", "--read-only", "--take"] {
        let name = format!("self{options}");
        let script = format!("{CF} attach {name} {options}; echo code $?; read line");
        let session = rig.start(&name, &script);
        rig.wait_for_line(&name, "code 5");
        let told = String::from_utf8(session.output()).unwrap();
        assert!(told.contains(&format!("inside session `{name}`")), "{told}");
        assert!(told.contains(&format!("centerfire screen {name}")), "no next step: {told}");
    }
}

/// Where the environment was lost on the way, the host knows its own terminal.
#[test]
fn a_session_is_not_shown_inside_itself_whatever_its_environment_says() {
    let rig = Rig::new();
    let script = format!("env -u CENTERFIRE_SESSION {CF} attach lost; echo code $?; read line");
    let session = rig.start("lost", &script);
    rig.wait_for_line("lost", "code 5");
    let told = String::from_utf8(session.output()).unwrap();
    assert!(told.contains("session's own terminal"), "{told}");
    assert!(told.contains("centerfire screen"), "no next step: {told}");
    assert!(session.status().clients.iter().all(|client| !client.control));
}

/// The same through others: the first shows the second, the second the third, and that must not show the first.
#[test]
fn sessions_are_not_shown_inside_each_other_in_a_ring() {
    let rig = Rig::new();
    let shows = |other: &str| format!("read line; {CF} attach {other}; echo code $?; read line");
    let [first, second, third] = ["first", "second", "third"].map(|name| {
        rig.start(
            name,
            &shows(match name {
                "first" => "second",
                "second" => "third",
                _ => "first",
            }),
        )
    });
    for (name, shown) in [("first", &second), ("second", &third)] {
        assert!(rig.run(&["send", name, "--submit", ""]).status.success());
        let session = rig.session(name).meta.id;
        shown.settled("a client inside another session", |status| {
            status.clients.iter().any(|client| client.inside == Some(session))
        });
    }
    assert!(rig.run(&["send", "third", "--submit", ""]).status.success());
    rig.wait_for_line("third", "code 5");
    // Seen through all of them, and said with the way.
    rig.wait_for_line("first", "code 5");
    let told = String::from_utf8(third.output()).unwrap();
    assert!(told.contains("inside session `first` through `third`, `second`"), "{told}");
    let stored = || [&first, &second, &third].map(|session| session.status().offset);
    let before = stored();
    assert!(rig.run(&["wait", "first", "--for", "text", "--match", "code 5"]).status.success());
    assert_eq!(stored(), before, "nothing goes round");
}

/// Who is not shown by a session may show it, inside another one too.
#[test]
fn a_session_may_show_another() {
    let rig = Rig::new();
    rig.start("inner", "echo here I am; read line");
    let outer = rig.open("outer", &format!("{CF} attach inner"));
    outer.wait_for_text("here I am").unwrap();
    outer.write(b"\r").unwrap();
    assert_eq!(outer.wait(LIMIT).unwrap().code(), Some(0));
}
