//! Who is measured: one row per peer in `PEERS`, with how to find it, start it around a child, attach to it again
//! and end it. A peer that is not on this machine is a line in the report.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::command;
use super::ground::Ground;

/// The child alone on the PTY: what every peer adds to.
pub const BARE: &str = "bare";
/// The yardstick: every ratio is to this recorder.
pub const YARDSTICK: &str = "script";
/// The usual way to keep a session: reattaching is compared with this.
pub const ATTACH_YARDSTICK: &str = "tmux";
/// Our own row.
pub const OURS: &str = "centerfire";

/// Longest wait for a version or a help text.
const ASK_LIMIT: Duration = Duration::from_secs(10);

/// What a row's functions may put into a command line.
pub struct Stage<'a> {
    pub ground: &'a Ground,
    pub session: &'a str,
    pub child: &'a [String],
}

/// What has rows of its own in the tables.
pub trait Named {
    fn name(&self) -> &'static str;
}

/// Where the programs that are not on the search path may be.
#[derive(Clone)]
pub struct Places {
    /// The root of the repository.
    pub root: PathBuf,
    pub centerfire: PathBuf,
}

type Line = fn(&Stage) -> Vec<String>;

/// One row: a program and how it is used.
pub struct Peer {
    pub name: &'static str,
    program: fn(&Places) -> Option<PathBuf>,
    /// Words that make it say its version.
    version: &'static str,
    /// Said of it when it is missing.
    missing: &'static str,
    /// The row exists only if this word stands in the help of `run`.
    needs_option: Option<&'static str>,
    start: Line,
    attach: Option<Line>,
    end: Option<Line>,
    /// It keeps what was shown in a file.
    pub records: bool,
}

/// A peer that was found, or the child itself for the bare PTY.
pub struct Present {
    pub peer: &'static Peer,
    program: PathBuf,
    pub version: String,
}

/// Everyone that is measured, in the order of the tables.
pub const PEERS: &[Peer] = &[
    Peer {
        name: BARE,
        program: |_| std::env::current_exe().ok(),
        version: "",
        missing: "cannot find this program",
        needs_option: None,
        start: |stage| stage.child[1..].to_vec(),
        attach: None,
        end: None,
        records: false,
    },
    Peer {
        name: YARDSTICK,
        program: |_| on_path("script"),
        version: "--version",
        missing: "not installed (package bsdutils or util-linux)",
        needs_option: None,
        start: |stage| {
            let recording = stage.ground.path(&format!("{}.typescript", stage.session));
            words(&["-q", "-f", "-c", &shell_line(stage.child), &recording])
        },
        attach: None,
        end: None,
        records: true,
    },
    Peer {
        name: "script-in-out",
        program: |_| on_path("script"),
        version: "--version",
        missing: "not installed (package bsdutils or util-linux)",
        needs_option: None,
        start: |stage| {
            let output = stage.ground.path(&format!("{}.out", stage.session));
            let input = stage.ground.path(&format!("{}.in", stage.session));
            words(&["-q", "-f", "--log-out", &output, "--log-in", &input, "-c", &shell_line(stage.child)])
        },
        attach: None,
        end: None,
        records: true,
    },
    Peer {
        name: "asciinema",
        program: |places| {
            existing(places.root.join(".tools/venv/bin/asciinema")).or_else(|| on_path("asciinema"))
        },
        version: "--version",
        missing: "not installed (Python package asciinema)",
        needs_option: None,
        start: |stage| {
            let recording = stage.ground.path(&format!("{}.cast", stage.session));
            words(&["rec", "-q", "-c", &shell_line(stage.child), &recording])
        },
        attach: None,
        end: None,
        records: true,
    },
    Peer {
        name: "dtach",
        program: |_| on_path("dtach"),
        version: "--version",
        missing: "not installed (package dtach)",
        needs_option: None,
        start: |stage| with_child(&["-A", &stage.ground.path(stage.session), "-r", "winch"], stage.child),
        attach: Some(|stage| words(&["-a", &stage.ground.path(stage.session), "-r", "winch"])),
        end: None,
        records: false,
    },
    Peer {
        name: ATTACH_YARDSTICK,
        program: |_| on_path("tmux"),
        version: "-V",
        missing: "not installed (package tmux)",
        needs_option: None,
        start: |stage| {
            let server = stage.ground.tag();
            with_child(&["-L", server, "-f", "/dev/null", "new-session", "-s", stage.session], stage.child)
        },
        attach: Some(|stage| words(&["-L", stage.ground.tag(), "attach", "-t", stage.session])),
        end: Some(|stage| words(&["-L", stage.ground.tag(), "kill-server"])),
        records: false,
    },
    Peer {
        name: "screen",
        program: |_| on_path("screen"),
        version: "--version",
        missing: "not installed (package screen)",
        needs_option: None,
        start: |stage| with_child(&["-c", "/dev/null", "-S", &screen_name(stage)], stage.child),
        attach: Some(|stage| words(&["-c", "/dev/null", "-r", &screen_name(stage)])),
        end: None,
        records: false,
    },
    Peer {
        name: OURS,
        program: |places| existing(places.centerfire.clone()),
        version: "--version",
        missing: "not built",
        needs_option: None,
        start: |stage| with_child(&["run", "--name", stage.session, "--"], stage.child),
        attach: Some(|stage| words(&["attach", stage.session])),
        end: Some(|stage| words(&["kill", stage.session])),
        records: true,
    },
    Peer {
        name: "centerfire-no-screen",
        program: |places| existing(places.centerfire.clone()),
        version: "--version",
        missing: "not built",
        needs_option: Some("--no-screen"),
        start: |stage| with_child(&["run", "--no-screen", "--name", stage.session, "--"], stage.child),
        attach: Some(|stage| words(&["attach", stage.session])),
        end: Some(|stage| words(&["kill", stage.session])),
        records: true,
    },
];

impl Peer {
    /// Finds the peer on this machine, or says why it is not there. `None`: there is no such row here.
    pub fn find(&'static self, places: &Places) -> Option<Result<Present, String>> {
        let Some(program) = (self.program)(places) else {
            return self.needs_option.is_none().then(|| Err(self.missing.to_owned()));
        };
        if let Some(option) = self.needs_option {
            let help = command::text(Command::new(&program).args(["run", "--help"]), ASK_LIMIT);
            help.ok().filter(|help| help.contains(option))?;
        }
        Some(Ok(Present { peer: self, version: self.ask_version(&program), program }))
    }

    fn ask_version(&self, program: &Path) -> String {
        if self.version.is_empty() {
            return "the child alone on the PTY".to_owned();
        }
        let said = command::text(Command::new(program).arg(self.version), ASK_LIMIT).unwrap_or_default();
        said.lines().next().unwrap_or("version unknown").trim().to_owned()
    }
}

impl Named for Present {
    fn name(&self) -> &'static str {
        self.peer.name
    }
}

impl Present {
    pub fn is(&self, name: &str) -> bool {
        self.peer.name == name
    }

    /// A command of this peer on some ground.
    pub fn command(&self, ground: &Ground) -> Command {
        ground.command(&self.program)
    }

    /// The command that starts the child of `stage` in the peer, attached.
    pub fn start(&self, stage: &Stage) -> Command {
        self.line(self.peer.start, stage)
    }

    pub fn can_attach(&self) -> bool {
        self.peer.attach.is_some()
    }

    /// The command that attaches to a session again.
    pub fn attach(&self, stage: &Stage) -> Option<Command> {
        Some(self.line(self.peer.attach?, stage))
    }

    /// The command that ends a session or its server, where there is one.
    pub fn end(&self, stage: &Stage) -> Option<Command> {
        Some(self.line(self.peer.end?, stage))
    }

    fn line(&self, line: Line, stage: &Stage) -> Command {
        let mut command = self.command(stage.ground);
        command.args(line(stage));
        command
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn with_child(before: &[&str], child: &[String]) -> Vec<String> {
    [&words(before)[..], child].concat()
}

/// The session's name among those of all users: screen keeps them by name alone.
fn screen_name(stage: &Stage) -> String {
    format!("{}{}", stage.ground.tag(), stage.session)
}

/// For peers that take one line for a shell; the shell is replaced, so that it is in no figure.
fn shell_line(child: &[String]) -> String {
    let quoted: Vec<String> = child.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
    format!("exec {}", quoted.join(" "))
}

/// The path, if a file is there.
pub fn existing(path: PathBuf) -> Option<PathBuf> {
    path.is_file().then_some(path)
}

/// A program on the search path.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find_map(|folder| existing(folder.join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bare_pty_and_the_yardsticks_are_rows_and_names_are_unique() {
        let names: std::collections::BTreeSet<_> = PEERS.iter().map(|peer| peer.name).collect();
        assert_eq!(names.len(), PEERS.len());
        assert!([BARE, YARDSTICK, ATTACH_YARDSTICK, OURS].iter().all(|name| names.contains(name)));
    }

    #[test]
    fn a_shell_line_survives_quotes_and_spaces() {
        let line = shell_line(&words(&["/bin/printf", "%s", "it's a word"]));
        assert_eq!(
            command::text(Command::new("/bin/sh").args(["-c", &line]), ASK_LIMIT).unwrap(),
            "it's a word"
        );
    }

    #[test]
    fn a_missing_binary_of_ours_is_a_note_and_its_variant_no_row() {
        let places = Places { root: "/nowhere".into(), centerfire: "/nowhere/centerfire".into() };
        let find = |name: &str| PEERS.iter().find(|peer| peer.name == name).unwrap().find(&places);
        assert_eq!(find(OURS).unwrap().err(), Some("not built".to_owned()));
        assert!(find("centerfire-no-screen").is_none());
    }
}
