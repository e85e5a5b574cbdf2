//! CLIs whose hooks nobody hears: the host stands still, or its socket is dead. Each asks in its own way, and none is slowed by a
//! second in a turn, however many hooks that has.

use crate::claude_code;
use crate::hooks::hook;
use crate::overlays::{codex_runs, start};
use crate::rig::signal;
use crate::session::Session;
use adapter::hooks::{Launching, Overlaid};
use rustix::process::Signal;
use std::ffi::{OsStr, OsString};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use testkit::terminal::PATIENCE;
use testkit::{Codex, ModelServer, eventually};

/// What a turn may take longer with hooks than without.
const SLOWED_BY: Duration = Duration::from_secs(1);
/// Turns of which the quickest counts, because others use this machine too.
const TURNS: usize = 3;

/// A socket that takes everybody in and never answers; and one behind which nobody is.
fn sockets(folder: &Path) -> [PathBuf; 2] {
    let [silent, dead] = ["silent.sock", "dead.sock"].map(|name| folder.join(name));
    let listener = UnixListener::bind(&silent).unwrap();
    std::thread::spawn(move || listener.incoming().collect::<Vec<_>>());
    drop(UnixListener::bind(&dead).unwrap());
    [silent, dead]
}

/// A CLI with a project, and how it is used.
struct Cli<'a> {
    name: &'a str,
    program: &'a Path,
    version: &'a str,
    environment: Vec<(&'static str, OsString)>,
    project: PathBuf,
    /// On its screen once it takes a prompt.
    ready: &'a str,
    /// What it is told to do without leave, several times.
    does: String,
    /// What it asks leave for, the words of that dialog, and the key for a yes.
    asks: String,
    dialog: &'a str,
    key: &'a str,
}

/// A line that starts a CLI with its hooks, which talk to a socket; its files lie in a folder.
fn with_hooks(name: &str, version: &str, words: &[OsString], folder: &Path, socket: &Path) -> Vec<OsString> {
    let overlaid = adapter::by_name(name).unwrap().hooks().unwrap().overlay(&Launching {
        words,
        role: &[env!("CARGO_BIN_EXE_centerfire"), "__hook", name],
        version: Some(version),
        restore: None,
        folder,
        variable: &|_| None,
        read: &|_| None,
    });
    let Overlaid::With(overlay) = overlaid else { panic!("{overlaid:?}") };
    for (file, text) in overlay.files {
        std::fs::write(folder.join(file), text).unwrap();
    }
    let assign = |name: &str, value: &OsStr| {
        let mut word = OsString::from(format!("{name}="));
        word.push(value);
        word
    };
    let variables = overlay.variables.iter().map(|(name, value)| assign(name, value));
    let socket = assign("CENTERFIRE_SOCKET", socket.as_os_str());
    ["env".into(), socket].into_iter().chain(variables).chain(overlay.words).collect()
}

impl Cli<'_> {
    /// In a session, with hooks that talk to a socket, or without any.
    fn session(&self, folder: &Path, socket: Option<&Path>) -> Session {
        let plain = [self.program.as_os_str().to_owned()];
        let words = match socket {
            Some(socket) => with_hooks(self.name, self.version, &plain, folder, socket),
            // By another program too, so that its session puts no hooks in.
            None => ["env".into()].into_iter().chain(plain).collect(),
        };
        let words: Vec<&str> = words.iter().map(|word| word.to_str().unwrap()).collect();
        let session = start(&words, self.environment.clone(), &self.project, &[]);
        let line = ["wait", "--for", "text", "--match", self.ready, "--timeout", "60"];
        session.get(&line);
        session
    }

    fn turn(&self, session: &Session, number: usize) -> Duration {
        let begin = Instant::now();
        session.get(&["send", "--submit", &format!("{} [[say:end{number}]]", self.does)]);
        session.wait_for_line(&format!("end{number}$"));
        begin.elapsed()
    }

    #[track_caller]
    fn is_not_slowed_and_asks_itself(&self) {
        let folder = tempfile::tempdir().unwrap();
        let [silent, dead] = sockets(folder.path());
        let sessions = [None, Some(&silent), Some(&dead)]
            .map(|socket| self.session(folder.path(), socket.map(PathBuf::as_path)));
        let mut took = [Duration::MAX; 3];
        for number in 0..TURNS {
            // Each turn is as the first.
            let _ = std::fs::remove_file(silent.with_extension("silent"));
            for (session, took) in sessions.iter().zip(&mut took) {
                *took = self.turn(session, number).min(*took);
            }
        }
        let [without, ..] = took;
        assert!(took.iter().all(|took| *took < without + SLOWED_BY), "{}: {took:?}", self.name);
        for (number, session) in sessions.iter().enumerate().skip(1) {
            let made = format!("made{number}");
            session.get(&["send", "--submit", &self.asks.replace("MADE", &made)]);
            session.press_in_dialog(self.dialog, self.key);
            let is_made = || self.project.join(&made).exists().then_some(());
            eventually(PATIENCE, is_made).unwrap_or_else(|| panic!("{}", session.text()));
        }
    }
}

#[test]
fn claude_code_that_nobody_hears() {
    let desk = claude_code::Desk::new();
    Cli {
        name: "claude",
        program: desk.claude.program(),
        version: "2.1.329",
        environment: desk.claude.environment(),
        project: desk.claude.project(),
        ready: "shortcuts",
        does: "[[bash:echo a]] [[bash:echo b]] [[bash:echo c]]".to_owned(),
        asks: "[[bash:touch MADE]] [[say:was made]]".to_owned(),
        dialog: "Esc to cancel",
        key: "1",
    }
    .is_not_slowed_and_asks_itself();
}

#[test]
fn codex_that_nobody_hears() {
    let folder = tempfile::Builder::new().prefix("cx").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let codex = Codex::prepare(folder.path(), &server).unwrap();
    let spawn = r#"[[tool:multi_agent_v1.spawn_agent|{"message":"[[say:below]]"}]]"#;
    Cli {
        name: "codex",
        program: codex.program(),
        version: "0.169.0",
        environment: codex.environment(),
        project: codex.project(),
        ready: "Ask Codex to do anything",
        does: format!("{spawn} {spawn} [[sleep:500]]"),
        asks: format!("{} [[say:was made]]", codex_runs("touch MADE")),
        dialog: "Press enter to confirm",
        key: "y",
    }
    .is_not_slowed_and_asks_itself();
    // Without a terminal, from its start to its end.
    let [silent, dead] = sockets(folder.path());
    let plain = codex.headless("hello");
    let plain: Vec<OsString> =
        [plain.get_program()].into_iter().chain(plain.get_args()).map(Into::into).collect();
    let run = |words: &[OsString]| {
        let _ = std::fs::remove_file(silent.with_extension("silent"));
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_clear().envs(codex.environment()).current_dir(codex.project());
        let begin = Instant::now();
        let output = testkit::instance::finish(command, PATIENCE);
        assert!(String::from_utf8_lossy(&output.stdout).contains("FAKE: hello"), "{output:?}");
        begin.elapsed()
    };
    let best = |words: &[OsString]| (0..TURNS).map(|_| run(words)).min().unwrap();
    let without = best(&plain);
    for socket in [&silent, &dead] {
        let with = best(&with_hooks("codex", "0.169.0", &plain, folder.path(), socket));
        assert!(with < without + SLOWED_BY, "{with:?} instead of {without:?} at {}", socket.display());
    }
}

#[test]
fn opencode_that_nobody_hears() {
    let desk = crate::opencode::Desk::new();
    let opencode = &desk.opencode;
    Cli {
        name: "opencode",
        program: opencode.program(),
        version: "1.18.33",
        environment: opencode.environment(),
        project: opencode.project(),
        ready: r"ctrl\+p commands",
        does: r#"[[tool:glob|{"pattern":"*.a"}]] [[tool:glob|{"pattern":"*.b"}]]"#.to_owned(),
        asks: "[[bash:touch MADE]] [[say:was made]]".to_owned(),
        dialog: "Allow once",
        key: "Enter",
    }
    .is_not_slowed_and_asks_itself();
}

/// However many hooks tell something to a host that stands still, one of them waits; and all that they told is heard, in its
/// order, by the host that was stopped, or by the next. Then they wait for their receipts again.
#[test]
fn hooks_wait_once_for_a_host_that_stands_still_and_nothing_is_lost() {
    const HOOKS: usize = 12;
    let session = Session::start(&["cat"]);
    let meta: serde_json::Value =
        serde_json::from_slice(&std::fs::read(session.folder.join("meta.json")).unwrap()).unwrap();
    let mark = Path::new(meta["socket"].as_str().unwrap()).with_extension("silent");
    let told = std::cell::Cell::new(0);
    let tell = || {
        let number = told.replace(told.get() + 1);
        // One that is longer than what a socket holds by itself.
        let long = "x".repeat(if number % HOOKS == 1 { 240 << 10 } else { 1 });
        let payload = format!(r#"{{"hook_event_name":"Stop","number":{number},"long":"{long}"}}"#);
        assert!(hook(&session, &payload).output().unwrap().status.success());
    };
    let all = || {
        let begin = Instant::now();
        (0..HOOKS).for_each(|_| tell());
        begin.elapsed()
    };
    let heard = || {
        let mut reader =
            journal::Reader::open(&session.folder.join("journal"), protocol::Offset::ZERO).unwrap();
        let mut numbers = Vec::new();
        while let Some(record) = reader.next().unwrap() {
            if let protocol::Body::Hook { bytes, cut } = record.body {
                let told: serde_json::Value = serde_json::from_slice(bytes).unwrap();
                assert!(!cut, "{told}");
                numbers.push(usize::try_from(told["number"].as_u64().unwrap()).unwrap());
            }
        }
        numbers
    };
    let are_heard = || {
        let wanted: Vec<usize> = (0..told.get()).collect();
        let came = || Some(heard()).filter(|heard| *heard == wanted).map(drop);
        eventually(PATIENCE, came).unwrap_or_else(|| panic!("{:?}", heard()));
    };
    let without = all();
    are_heard();
    for dies in [false, true] {
        let host = session.pid("host");
        signal(host, Signal::STOP);
        let took = all();
        assert!(took < without + SLOWED_BY && mark.exists(), "{took:?} instead of {without:?}");
        signal(host, if dies { Signal::KILL } else { Signal::CONT });
        are_heard();
        assert!(!mark.exists(), "they wait for the host that hears them");
    }
    session.get(&["kill"]);
}
