//! The program gets its user's environment, and an instance works in folders of any length, for nobody else.

use crate::rig::{LIMIT, Rig};
use std::os::unix::fs::PermissionsExt;
use testkit::{Terminal, proc};

/// T30: the marks of an enclosing CLI are left out, a user's settings never; the session is named.
#[test]
fn a_program_sees_its_users_settings_and_no_enclosing_cli() {
    const MARKS: &[&str] = &["CLAUDECODE", "CLAUDE_CODE_SESSION_ID", "CLAUDE_PID", "AI_AGENT", "TMUX", "STY"];
    const SETTINGS: &[&str] =
        &["ANTHROPIC_BASE_URL", "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CONFIG_DIR", "EDITOR"];
    let rig = Rig::new();
    let mut command = rig.instance.command(&[
        "run",
        "--detached",
        "--name",
        "env",
        "--env",
        "GIVEN=by hand",
        "--",
        "bash",
        "-c",
        "echo ready; read line",
    ]);
    for name in MARKS.iter().chain(SETTINGS) {
        command.env(name, "1");
    }
    assert!(testkit::instance::finish(command, LIMIT).status.success());
    rig.wait_for_line("env", "ready");
    let session = rig.session("env");
    let child = session.pids().child;
    let variable = |name: &str| proc::variable(child, name).map(|value| value.to_string_lossy().into_owned());
    for name in MARKS {
        assert_eq!(variable(name), None, "{name}");
    }
    for name in SETTINGS {
        assert_eq!(variable(name).as_deref(), Some("1"), "{name}");
    }
    assert_eq!(variable("GIVEN").as_deref(), Some("by hand"));
    assert_eq!(variable("CENTERFIRE_SESSION"), Some(session.meta.id.to_string()));
    assert_eq!(variable("CENTERFIRE_SESSION_NAME").as_deref(), Some("env"));
    assert_eq!(session.meta.env, ["GIVEN"], "values may be secrets and are not written down");
}

/// T18: what the program makes is as open or as closed as its user wants it; only what we make is private.
#[test]
fn the_umask_inside_is_the_one_outside() {
    let rig = Rig::new();
    for (name, umask) in [("open", "0002"), ("closed", "0027")] {
        let run = "umask $1; exec $cf run --detached --name $2 -- bash -c 'umask; cat'";
        let mut command = std::process::Command::new("/bin/bash");
        rig.instance.settle(&mut command);
        command.args(["-c", run, "bash", umask, name]).env("cf", rig.instance.binary());
        assert!(testkit::instance::finish(command, LIMIT).status.success());
        rig.wait_for_line(name, "^0");
        assert_eq!(rig.screen(name).trim_end(), umask);
    }
}

/// The kill switch runs the program itself, in our place, and makes no session.
#[test]
fn switched_off_it_is_as_if_it_were_not_there() {
    let rig = Rig::new();
    let mut command =
        rig.instance.command(&["run", "--name", "none", "--", "bash", "-c", "echo pid $$; tty; exit 4"]);
    command.env("CENTERFIRE_OFF", "1");
    let terminal = Terminal::spawn(command, 80, 24).unwrap();
    let pid = terminal.pid();
    assert_eq!(terminal.wait(LIMIT).unwrap().code(), Some(4));
    let output = String::from_utf8(terminal.output()).unwrap();
    assert!(output.contains(&format!("pid {pid}")), "{output}");
    assert_eq!(rig.instance.json(&["list", "--all", "--json"]), serde_json::json!([]));
    assert!(!rig.instance.home().join("state/sessions").exists());
}

/// T24: sockets and recordings are their user's alone.
#[test]
fn what_a_session_makes_is_private() {
    let rig = Rig::new();
    let session = rig.start("private", "echo ready; cat");
    rig.wait_for_line("private", "ready");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let home = rig.instance.home();
    for folder in [&home.join("run"), &home.join("state/sessions"), session.folder.path(), &session.journal()]
    {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    for folder in [session.folder.path(), &session.journal()] {
        for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            assert_eq!(mode(&file) & 0o077, 0, "{}", file.display());
        }
    }
}

/// T24: a folder whose path is too long for a socket works all the same.
#[test]
fn a_home_with_a_long_path_works() {
    let rig = Rig::new();
    let home = rig.instance.work().join("a-very-long-name".repeat(10));
    let run = |arguments: &[&str]| {
        let mut command = rig.instance.command(arguments);
        command.env("CENTERFIRE_HOME", &home);
        testkit::instance::finish(command, LIMIT)
    };
    let output = run(&[
        "run",
        "--detached",
        "--name",
        "far",
        "--",
        "bash",
        "-c",
        "echo ready; read line; echo got $line",
    ]);
    assert!(output.status.success(), "{output:?}");
    assert!(run(&["send", "far", "--submit", "words"]).status.success());
    let output = run(&["wait", "far", "--for", "exit", "--timeout", "25"]);
    assert!(output.status.success(), "{output:?}");
    let screen = run(&["screen", "far"]);
    assert!(String::from_utf8_lossy(&screen.stdout).contains("got words"), "{screen:?}");
    let shown = run(&["show", "far", "--json"]);
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    let socket = std::path::PathBuf::from(shown["socket"].as_str().unwrap());
    let folder = socket.parent().unwrap();
    assert!(folder.starts_with("/tmp") && socket.as_os_str().len() < 108, "{}", socket.display());
    assert_eq!(std::fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    let gone = testkit::eventually(LIMIT, || std::fs::remove_dir(folder).ok());
    gone.expect("the socket goes with the session, and nothing else was there");
}

/// The program starts where it was told to, and a folder that is not there is an error with its name.
#[test]
fn a_program_starts_where_it_should() {
    let rig = Rig::new();
    std::fs::create_dir(rig.instance.work().join("below")).unwrap();
    rig.start_with("below", &["--cwd", "below"], "pwd; cat");
    rig.wait_for_line("below", "/below$");
    let output = rig.run(&["run", "--cwd", "nowhere", "--", "true"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nowhere"), "{output:?}");
}

/// A session inside a session is allowed, and says so.
#[test]
fn a_session_inside_a_session_is_allowed() {
    let rig = Rig::new();
    let binary = rig.instance.binary().display();
    let terminal = rig.open(
        "outer",
        &format!("{binary} run --name inner -- bash -c 'echo in side; exit 3'; echo code $?; exit 4"),
    );
    assert_eq!(terminal.wait(LIMIT).unwrap().code(), Some(4));
    let output = String::from_utf8(terminal.output()).unwrap();
    assert!(output.contains("inside the session `outer`"), "{output}");
    assert!(output.contains("in side") && output.contains("code 3"), "{output}");
}
