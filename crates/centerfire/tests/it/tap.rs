//! `run --tap`: a proxy between the CLI and its model that lives as long as the session, whatever dies, and leaves nothing.

use crate::claude_code::Desk;
use crate::overlays::screen_says;
use crate::rig::{Rig, kill};
use crate::session::Session;
use serde_json::Value;
use std::path::Path;
use testkit::model::http::Request;
use testkit::terminal::PATIENCE;
use testkit::{eventually, proc};

/// Longer than Claude Code's own look at its state.
const SLOW: &str = "[[sleep:500]]";

/// The two processes of the tap: guard and worker, where both are there.
pub(crate) fn pair(session: &Session) -> Option<[proc::Pid; 2]> {
    let leaked = session.instance.leaked();
    let of = |part: &str| {
        let mut all = leaked.iter().filter(|one| {
            one.command.contains("__tap") && one.command.contains(&format!("\"part\":\"{part}\""))
        });
        all.next().filter(|_| all.next().is_none()).map(|one| one.pid)
    };
    Some([of("guard")?, of("worker")?])
}

pub(crate) fn await_pair(session: &Session, without: &[proc::Pid]) -> [proc::Pid; 2] {
    let there = || pair(session).filter(|pair| !pair.iter().any(|pid| without.contains(pid)));
    eventually(PATIENCE, there).unwrap_or_else(|| panic!("{:?}", session.instance.leaked()))
}

/// What the CLI was told.
fn base(session: &Session) -> String {
    let base = proc::variable(session.pid("child"), "ANTHROPIC_BASE_URL").unwrap();
    base.to_str().unwrap().to_owned()
}

fn answered(session: &Session, words: &str) {
    session.get(&["send", "--submit", &format!("{SLOW} [[say:{words}]]")]);
    session.wait_for_line(&format!("● {words}"));
}

fn end(session: &Session) {
    session.get(&["send", "--text", "/exit"]);
    session.wait_for_line("/exit");
    session.get(&["send", "--key", "Enter"]);
    session.get(&["wait", "--for", "exit", "--timeout", "30"]);
    let gone = || session.instance.leaked().is_empty().then_some(());
    eventually(PATIENCE, gone).unwrap_or_else(|| panic!("{:?}", session.instance.leaked()));
}

fn tapped(desk: &Desk) -> Session {
    desk.session_set(&[("CENTERFIRE_TAP_ENABLED", "true"), ("CENTERFIRE_TAP_BODIES", "true")])
}

/// All files below a folder.
pub(crate) fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let of = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => files(&entry.path()),
        Ok(kind) if kind.is_file() => vec![entry.path()],
        _ => Vec::new(),
    };
    entries.flat_map(of).collect()
}

pub(crate) fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Issue 4, tap: whatever of it dies, in the middle of an answer too, the CLI goes on; with the session it ends.
#[test]
fn a_tapped_claude_code_goes_on_whatever_of_its_tap_dies_and_leaves_nothing() {
    let desk = Desk::new();
    let session = tapped(&desk);
    let base = base(&session);
    let secret = base.rsplit('/').next().unwrap();
    assert!(base.starts_with("http://127.0.0.1:") && secret.len() >= 32, "{base}");
    answered(&session, "first");
    let before = await_pair(&session, &[]);
    kill(before[1]);
    answered(&session, "second");
    let [guard, worker] = await_pair(&session, &before[1..]);
    assert_eq!(guard, before[0]);
    kill(guard);
    let after = await_pair(&session, &[guard]);
    assert_eq!(after[1], worker);
    // In the middle of an answer.
    session.get(&["send", "--submit", "[[say:third a]] [[sleep:1500]] [[say:third b]]"]);
    desk.server
        .wait_for_request(|request| request.body["messages"].to_string().contains("third"), PATIENCE)
        .unwrap();
    kill(after[1]);
    // It asks again, or says that its connection broke where a part of the answer had come.
    session.wait_for_line("● third b|● API Error: Connection lost mid-response");
    session.kill_host();
    answered(&session, "fourth");
    let shown = session.json(&["api"]);
    let shown = shown.as_array().unwrap();
    let whole: Vec<&Value> =
        shown.iter().filter(|one| one["status"] == 200 && one["outcome"] == "whole").collect();
    assert!(whole.len() >= 3 && whole.iter().all(|one| one["took_ms"].is_u64()), "{shown:#?}");
    let asked = whole.iter().filter(|one| one["path"] == "/v1/messages");
    assert!(
        asked.clone().count() >= 3 && asked.clone().all(|one| one["usage"]["output"].is_u64()),
        "{shown:#?}"
    );
    assert!(session.get(&["api"]).lines().count() > shown.len());
    end(&session);
    let bodies = std::fs::read_to_string(session.folder.join("api-bodies.jsonl")).unwrap();
    assert!(bodies.contains("[[say:fourth]]"));
    for file in files(&session.instance.home()).into_iter().chain(files(&desk.claude.config())) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!has(&bytes, secret), "the secret stands in {}", file.display());
        if file.file_name().unwrap().to_str().unwrap().starts_with("api") {
            assert!(!has(&bytes, "Bearer") && !has(&bytes, "\"scripted\""), "{}", file.display());
            let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}

/// A request without what is different in each run anyway: folders, ports and ids, and what is made of them.
fn plain(request: &Request, desk: &Desk) -> String {
    let user: Value = serde_json::from_str(request.body["metadata"]["user_id"].as_str().unwrap()).unwrap();
    let folder = desk.claude.project();
    let ids = [
        folder.parent().unwrap().file_name().unwrap().to_str().unwrap(),
        request.header("x-claude-code-session-id").unwrap(),
        user["device_id"].as_str().unwrap(),
        // Ids of answers and tools begin with it.
        &desk.server.port().to_string(),
    ];
    let text = format!(
        "{} {}?{} {:?} {}",
        request.method, request.path, request.query, request.headers, request.body
    );
    ids.iter().fold(text, |text, id| text.replace(id, "ID"))
}

/// The screen at rest without what is different in each run anyway: folders, how long a turn took, in a word by chance, and the
/// hints around the prompt, which come and go with time.
fn shown(session: &Session, desk: &Desk) -> Vec<String> {
    let folder = desk.claude.project().parent().unwrap().to_str().unwrap().to_owned();
    screen_says(session, "idle");
    let screen = session.get(&["screen"]);
    let prompt = screen.rfind("\n──").expect("a line below the prompt");
    let is_hint = |line: &str| line.trim().is_empty() || line.trim_start().starts_with(['✻', '◐']);
    let lines = screen[..prompt].lines().filter(|line| !is_hint(line));
    lines.map(|line| line.replace(&folder, "FOLDER")).collect()
}

/// Issue 4, what must hold, 4: the same requests upstream with and without, and the same screen, where the model fails as well.
#[test]
fn a_tapped_claude_code_asks_for_the_same_as_without() {
    let asked = |is_tapped: bool| {
        let desk = Desk::new();
        let session = if is_tapped { tapped(&desk) } else { desk.session() };
        answered(&session, "one");
        session.get(&["send", "--submit", "[[bash:echo two]] [[sleep:500]] [[say:three]]"]);
        session.wait_for_line("● three");
        session.get(&["send", "--submit", "[[error:400|invalid_request_error]]"]);
        session.wait_for_line("API Error: 400");
        // Whoever is cut off asks again.
        session.get(&["send", "--submit", "[[say:half]] [[drop:once]] [[say:four]]"]);
        session.wait_for_line("● four");
        session.get(&["wait", "--for", "done", "--timeout", "30"]);
        assert_eq!(pair(&session).is_some(), is_tapped);
        let shown = shown(&session, &desk);
        end(&session);
        let asked: Vec<_> = desk.server.requests().iter().map(|request| plain(request, &desk)).collect();
        (asked, shown)
    };
    let ((with, shown), (without, shown_without)) = (asked(true), asked(false));
    assert_eq!(shown, shown_without);
    assert!(with.len() >= 3, "{} requests", with.len());
    for (with, without) in with.iter().zip(&without) {
        let same = with.bytes().zip(without.bytes()).take_while(|(one, other)| one == other).count();
        let [with, without] = [with, without]
            .map(|text| String::from_utf8_lossy(&text.as_bytes()[same.min(text.len())..]).into_owned());
        assert!(with.is_empty() && without.is_empty(), "with: {with:.200}\nwithout: {without:.200}");
    }
    assert_eq!(with.len(), without.len());
}

/// A program called `claude` that asks its model once when a line is typed.
const STAND_IN: &str = "#!/bin/sh
echo ready; while read line; do python3 -c '
import os, urllib.request
urllib.request.urlopen(os.environ[\"ANTHROPIC_BASE_URL\"] + \"/v1/models\")'; done
";

fn stand_in(rig: &Rig, name: &str) -> String {
    program(rig, name, STAND_IN)
}

fn program(rig: &Rig, name: &str, text: &str) -> String {
    rig.file(name, text.as_bytes());
    let path = rig.instance.work().join(name);
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

fn refused(rig: &Rig, program: &str, change: impl FnOnce(&mut std::process::Command)) -> String {
    let mut command = rig.instance.command(&["run", "--tap", "--detached", "--", program]);
    change(&mut command);
    let output = testkit::instance::finish(command, PATIENCE);
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

/// What cannot be tapped is refused before anything is started.
#[test]
fn a_tap_that_could_hear_nothing_is_refused_with_the_reason() {
    let rig = Rig::new();
    let claude = stand_in(&rig, "claude");
    let codex = program(&rig, "codex", "#!/bin/sh\n");
    let told = [
        (refused(&rig, "sh", |_| {}), "only Claude Code and Codex"),
        (refused(&rig, &codex, |_| {}), "ended without an answer"),
        (
            refused(&rig, &claude, |command| {
                command.env("HTTPS_PROXY", "http://p:1");
            }),
            "HTTPS_PROXY is set",
        ),
        (
            refused(&rig, &claude, |command| {
                command.env("CLAUDE_CODE_USE_BEDROCK", "1");
            }),
            "CLAUDE_CODE_USE_BEDROCK",
        ),
        (
            refused(&rig, &claude, |command| {
                command.env("CENTERFIRE_TAP_UPSTREAM", "api");
            }),
            "`api` is no address",
        ),
        (
            refused(&rig, &claude, |command| {
                command.env("ANTHROPIC_BASE_URL", "https://me:sesame@127.0.0.1");
            }),
            "no password",
        ),
    ];
    for (told, why) in told {
        assert!(told.contains(why) && !told.contains("sesame"), "{told}");
    }
    std::fs::create_dir_all(rig.instance.user_home().join(".claude")).unwrap();
    let settings = rig.instance.user_home().join(".claude/settings.json");
    std::fs::write(settings, r#"{"env":{"ANTHROPIC_BASE_URL":"http://x"}}"#).unwrap();
    assert!(refused(&rig, &claude, |_| {}).contains("counts more"));
    assert_eq!(rig.instance.json(&["list", "--all", "--json"]), serde_json::json!([]));
}

/// A Codex that is wrapped in what neither answers nor ends holds nobody up, and stays nowhere.
#[test]
fn a_codex_that_does_not_end_is_ended() {
    let rig = Rig::new();
    let codex = program(&rig, "codex", "#!/bin/sh\ntrap '' TERM\nexec >&-\nsleep 600\nexit\n");
    let told = refused(&rig, &codex, |_| {});
    assert!(told.contains("ended without an answer"), "{told}");
    let gone = || rig.instance.leaked().is_empty().then_some(());
    eventually(PATIENCE, gone).unwrap_or_else(|| panic!("{:?}", rig.instance.leaked()));
}

/// A program that cannot be started leaves no tap behind, and a session from inside of a tapped one does not lean on its tap.
#[test]
fn a_tap_belongs_to_one_session() {
    let rig = Rig::new();
    let claude = stand_in(&rig, "claude");
    let missing = rig.instance.work().join("no/claude");
    refused(&rig, missing.to_str().unwrap(), |_| {});
    let gone = || rig.instance.leaked().is_empty().then_some(());
    eventually(PATIENCE, gone).unwrap_or_else(|| panic!("{:?}", rig.instance.leaked()));
    let server = testkit::ModelServer::start().unwrap();
    let run = |name: &str, tap: &[&str], env: &[(&str, String)]| {
        let words = [&["--json", "run", "--detached", "--name", name], tap, &["--", &claude]].concat();
        let mut command = rig.instance.command(&words);
        command.envs(env.iter().cloned());
        let output = testkit::instance::finish(command, PATIENCE);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let child = rig.instance.json(&["show", name, "--json"])["pids"]["child"].as_u64().unwrap();
        let of = |variable: &str| {
            let value = proc::variable(child as proc::Pid, variable).unwrap_or_default();
            (variable.to_owned(), value.to_str().unwrap().to_owned())
        };
        [of("ANTHROPIC_BASE_URL"), of("CENTERFIRE_TAP_BEHIND")]
    };
    let outer = run("outer", &["--tap"], &[("ANTHROPIC_BASE_URL", server.base_url())]);
    assert!(outer[0].1 != server.base_url() && outer[1].1 == server.base_url(), "{outer:?}");
    let inside: Vec<(&str, String)> =
        outer.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    assert_eq!(run("plain", &[], &inside)[0].1, server.base_url());
    let own = run("own", &["--env", "ANTHROPIC_BASE_URL=http://own"], &inside);
    assert_eq!(own[0].1, "http://own");
    let inner = run("inner", &["--tap"], &inside);
    assert!(inner[0].1 != outer[0].1 && inner[1].1 == server.base_url(), "{inner:?}");
    rig.run(&["kill", "outer"]);
    rig.run(&["wait", "outer", "--for", "exit"]);
    rig.run(&["send", "inner", "--submit", "go"]);
    server.wait_for_request(|request| request.path == "/v1/models", PATIENCE).unwrap();
}

/// Claude Code keeps the bodies itself where it is told to, and asks where it asked before.
#[test]
fn claude_code_keeps_its_own_bodies_in_the_folder_of_the_session() {
    let desk = Desk::new();
    let session = desk.session_set(&[("CENTERFIRE_CLAUDE_OTEL_BODIES", "true")]);
    assert_eq!(base(&session), desk.server.base_url());
    answered(&session, "kept");
    let kept = || {
        let all: Vec<String> = files(&session.folder.join("raw-bodies"))
            .iter()
            .filter_map(|file| std::fs::read_to_string(file).ok())
            .collect();
        all.iter().any(|text| text.contains("[[say:kept]]")).then_some(all)
    };
    let all = eventually(PATIENCE, kept).expect("the request is kept");
    assert!(!all.concat().contains("Bearer"));
    end(&session);
}
