//! A password is in no file of the session, and everything around it is.

use crate::rig::{LIMIT, Rig, Session};
use protocol::frame::{Answer, Refusal, Request};
use protocol::{Body, LengthClass};
use session::Error;
use testkit::eventually;

/// What is typed, and in which pieces: a person's keys come one by one.
const SECRET: &str = "correct horse battery";
const PIECES: [&str; 4] = ["c", "orrect ", "horse ", "battery"];

/// In raw mode reads up to a return into `$secret`, and shows `$star` for each key.
const STARS: &str = "secret=; while IFS= read -rn1 key && [ -n \"${key%$'\\r'}\" ]; do secret=$secret$key; \
    printf \"$star\"; done; stty sane";

/// Types the secret where `prompt` (a script of bash) asks for it on a line with `pattern`, then a word that is none.
/// Where it shows stars, each piece is typed after those of the one before are there.
fn asked(name: &str, prompt: &str, pattern: &str, stars: bool) -> (Rig, Session) {
    let rig = Rig::new();
    // The command is recorded, so it knows of the secret no more than its length.
    let check = format!("[ ${{#secret}} = {} ] && echo thanks", SECRET.len());
    let session = rig.start(name, &format!("{prompt}; echo; {check}; read -r word; echo got $word; read -r"));
    rig.wait_for_line(name, pattern);
    let mut typed = 0;
    for piece in PIECES {
        assert!(rig.run(&["send", name, "--text", piece]).status.success());
        typed += piece.len();
        let shown = || session.output().iter().filter(|byte| **byte == b'*').count() == typed;
        assert!(!stars || eventually(LIMIT, || shown().then_some(())).is_some(), "{}", rig.screen(name));
    }
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
    assert_eq!(classes.first(), Some(&LengthClass::One), "that something was typed is kept");
    let input = session.input().escape_ascii().to_string();
    assert_eq!(
        input, "no secret\\r",
        "what is no secret is kept, and nothing else: {:?}",
        session.meta.command
    );
    let written = |folder: &std::path::Path| {
        std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|file| std::fs::read(file.unwrap().path()).ok())
            .collect::<Vec<_>>()
    };
    for bytes in [written(session.folder.path()), written(&session.journal())].concat() {
        for word in SECRET.split(' ') {
            let written = bytes.windows(word.len()).any(|some| some == word.as_bytes());
            assert!(!written, "{word}, of the password, was written");
        }
    }
}

/// T31: no echo while lines are edited, as `sudo` and `ssh` ask.
#[test]
fn a_password_is_not_in_the_recording() {
    let (_rig, session) = asked("cooked", "read -rsp 'Password: ' secret", "Password:", false);
    assert_unwritten(&session);
}

/// T31: raw mode with stars, as programs with their own input field ask: only the screen tells.
#[test]
fn a_password_behind_stars_is_not_in_the_recording() {
    for (name, prompt, pattern) in [
        ("plain", "Password for you: ", "Password"),
        ("remark", "Password (press TAB for no echo): ", "echo"),
        ("token", "GITHUB_TOKEN: ", "TOKEN"),
        ("wraps", "\\033[70CPassword: ", "Pa"),
        ("above", "Enter the API key:\\r\\n> ", "^>"),
        ("box", "\\033[?1049h\\033[H┌Password───────────────┐\\r\\n│\\033[23C│\\033[2;2H", "Password"),
    ] {
        let script = format!("stty raw -echo; star='*'; printf '{prompt}'; {STARS}; printf '\\033[?1049l'");
        let (_rig, session) = asked(name, &script, pattern, true);
        assert_unwritten(&session);
    }
}

/// T31: after the first key the screen tells nothing any more, and still the line is a secret until it is over.
#[test]
fn a_password_stays_unwritten_when_its_prompt_is_gone() {
    let script = format!("stty raw -echo; star='\\r\\033[KSomething typed: *'; printf 'Password: '; {STARS}");
    let (_rig, session) = asked("gone", &script, "Password", true);
    assert_unwritten(&session);
}

/// T20, T31: the host that takes over would see a screen that asks for nothing: it comes once the line is over.
#[test]
fn a_password_stays_unwritten_over_an_upgrade() {
    let rig = Rig::new();
    let script = format!(
        "stty raw -echo; star='\\r\\033[KSomething typed: *'; printf 'Password: '; {STARS}; echo; echo thanks; \
            read -r word; echo got $word; read -r"
    );
    let session = rig.start("moved", &script);
    rig.wait_for_line("moved", "Password");
    let (begin, rest) = PIECES.split_at(1);
    assert!(rig.run(&["send", "moved", "--text", begin[0]]).status.success());
    rig.wait_for_line("moved", "Something typed");
    let binary = rig.instance.binary().display().to_string();
    let upgrade = || session.client().call(Request::Upgrade { binary: binary.clone() });
    let refused = upgrade();
    assert!(matches!(refused, Err(Error::Refused { code: Refusal::Failed, .. })), "{refused:?}");
    for piece in rest {
        assert!(rig.run(&["send", "moved", "--text", piece]).status.success());
    }
    assert!(rig.run(&["send", "moved", "--key", "Enter"]).status.success());
    rig.wait_for_line("moved", "thanks");
    let done = upgrade();
    assert!(matches!(done, Ok(Answer::Done { .. })), "{done:?}");
    assert!(rig.run(&["send", "moved", "--submit", "no secret"]).status.success());
    rig.wait_for_line("moved", "got no secret");
    assert_unwritten(&session);
}

/// T31: a real dialog on the alternate screen, the one that asks for the passphrases of GnuPG.
#[test]
fn a_passphrase_for_pinentry_is_not_in_the_recording() {
    let pinentry = testkit::tools::program("pinentry-curses").unwrap();
    let script = format!(
        "printf 'OPTION ttyname=%s\\nOPTION ttytype=xterm\\nSETDESC Unlock the card\\nSETPROMPT Passphrase:\\nGETPIN\\n' \
            \"$(tty)\" > commands; secret=$({} < commands | sed -n 's/^D //p')",
        pinentry.display()
    );
    let (_rig, session) = asked("pinentry", &script, "Passphrase:", true);
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
    assert!(why.ends_with("MB left, less than min_free_mb (1000000000 MB)"), "{why}");
    assert_eq!(session.status().offset.0, shown.len() as u64, "what is lost is counted");
    terminal.write(b"x").unwrap();
    assert!(terminal.wait(LIMIT).unwrap().success());
}
