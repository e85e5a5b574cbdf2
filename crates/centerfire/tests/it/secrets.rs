//! A password is in no file of the session, and everything around it is.

use crate::rig::{LIMIT, Rig, Session};
use protocol::{Body, LengthClass};
use testkit::eventually;

const SECRET: &str = "correct horse battery";

/// Types the secret where `prompt` (a script of bash) asks for it, then a word that is none.
fn asked(name: &str, prompt: &str) -> (Rig, Session) {
    let rig = Rig::new();
    let session = rig.start(name, &format!("{prompt}; echo; echo thanks; read -r word; echo got $word"));
    rig.wait_for_line(name, "assword.*:");
    assert!(rig.run(&["send", name, "--text", SECRET]).status.success());
    assert!(rig.run(&["send", name, "--key", "Enter"]).status.success());
    rig.wait_for_line(name, "thanks");
    assert!(rig.run(&["send", name, "--submit", "no secret"]).status.success());
    rig.wait_for_line(name, "got no secret");
    (rig, session)
}

fn assert_unwritten(session: &Session) {
    let mut classes = Vec::new();
    session.records(|body| {
        if let Body::Secret { length, .. } = body {
            classes.push(*length);
        }
    });
    assert_eq!(classes.first(), Some(&LengthClass::Short), "that something was typed is kept");
    assert!(session.input().windows(9).any(|nine| nine == b"no secret"), "what is no secret is kept");
    let written = |folder: &std::path::Path| {
        std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|file| std::fs::read(file.unwrap().path()).ok())
            .collect::<Vec<_>>()
    };
    for bytes in [written(session.folder.path()), written(&session.journal())].concat() {
        assert!(
            !bytes.windows(SECRET.len()).any(|some| some == SECRET.as_bytes()),
            "the password was written"
        );
    }
}

/// T31: no echo while lines are edited, as `sudo` and `ssh` ask.
#[test]
fn a_password_is_not_in_the_recording() {
    let (_rig, session) = asked("cooked", "read -rsp 'Password: ' secret");
    assert_unwritten(&session);
}

/// T31: raw mode with stars, as programs with their own input field ask: the words before the cursor tell.
#[test]
fn a_password_behind_stars_is_not_in_the_recording() {
    let stars = "stty raw -echo; printf 'Password for you: '; secret=; while IFS= read -rn1 key && [ -n \"${key%$'\\r'}\" ]; \
        do secret=$secret$key; printf '*'; done; stty sane";
    let (_rig, session) = asked("stars", stars);
    assert_unwritten(&session);
}

/// T29: where the disk has no room left the session goes on, and says how it stands.
#[test]
fn a_session_goes_on_where_nothing_can_be_recorded() {
    let rig = Rig::new();
    std::fs::create_dir_all(rig.instance.home()).unwrap();
    std::fs::write(rig.instance.home().join("centerfire.yaml"), "min_free_mb: 1000000000\n").unwrap();
    let script = "stty raw -echo; printf ready; head -c 1 >/dev/null; head -c 9000000 /dev/zero | tr '\\0' x; echo over; \
        head -c 1 >/dev/null";
    let terminal = rig.open("full", script);
    terminal.wait_for_text("ready").unwrap();
    terminal.write(b"x").unwrap();
    let shown = terminal.wait_for(|bytes| bytes.ends_with(b"over\n"), LIMIT).unwrap();
    assert!(shown.iter().filter(|byte| **byte == b'x').count() >= 9_000_000, "all of it was shown");
    let session = rig.session("full");
    let why =
        eventually(LIMIT, || session.status().degraded).expect("the status says that nothing is stored");
    assert!(why.contains("min_free"), "{why}");
    assert_eq!(session.status().offset.0, shown.len() as u64, "what is lost is counted");
    terminal.write(b"x").unwrap();
    assert!(terminal.wait(LIMIT).unwrap().success());
}
