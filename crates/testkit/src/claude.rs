//! The real Claude Code against our model server: its folders laid out so that it starts without a single dialog.
//!
//! Every file and variable written here keeps one dialog, side connection or shared socket away; which one is said
//! beside it. What the program does with them belongs to the pinned version (scripts/tools.sh): a new one may ask
//! something new, and then the tests say so by showing its screen.
//!
//! Use: [`Claude::prepare`], then [`Claude::command`] in a [`crate::Terminal`], or [`Claude::headless`].

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::folders;
use crate::model::ModelServer;
use crate::proc;
use crate::terminal::{PATIENCE, Terminal};
use crate::tools;
use crate::wait::TimedOut;

/// Stands at the beginning of the input line once the program takes input.
pub const PROMPT: &str = "❯";

/// The last line of a permission dialog begins so.
const DIALOG_END: &str = "Esc to cancel";

/// A dialog loses keys in its first 200 ms, to be safe from what was meant for the prompt: nobody could press sooner who has
/// read it.
const READ_WITHIN: Duration = Duration::from_millis(300);

/// How long a key may go unanswered until it is pressed again. It is answered within 40 ms, and on a busy machine late; a key
/// too many would be one for the next dialog.
const PRESS_AGAIN: Duration = Duration::from_secs(8);

/// Folders and environment of one user of Claude Code.
pub struct Claude {
    program: PathBuf,
    folder: PathBuf,
    base_url: String,
}

impl Claude {
    /// Lays out home, settings and an empty project in an existing folder.
    pub fn prepare(folder: &Path, server: &ModelServer) -> io::Result<Claude> {
        let program = tools::claude().map_err(io::Error::other)?;
        // Trust is looked up under the resolved path.
        let claude = Claude { program, folder: folder.canonicalize()?, base_url: server.base_url() };
        for folder in [claude.home(), claude.config(), claude.project(), claude.runtime(), claude.temp()] {
            fs::create_dir_all(folder)?;
        }
        claude.trust(&claude.project())?;
        // Asks before it runs tools; without this the program decides by itself.
        let settings = json!({ "permissions": { "defaultMode": "default" } });
        fs::write(claude.config().join("settings.json"), settings.to_string())?;
        Ok(claude)
    }

    /// Makes a folder one that the program starts in without asking; a trusted folder above it would not do.
    pub fn trust(&self, folder: &Path) -> io::Result<()> {
        let file = self.config().join(".claude.json");
        let mut state: Value = match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            // The first-run wizard wants the network and ends the program without it; the other keeps away the
            // question whether to stop asking for permissions.
            Err(_) => {
                json!({ "hasCompletedOnboarding": true, "theme": "dark", "hasSeenAutoDefaultNudge": true })
            }
        };
        let folder = folder.to_string_lossy().into_owned();
        state["projects"][folder] = json!({ "hasTrustDialogAccepted": true });
        fs::write(file, state.to_string())
    }

    /// The pinned program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// HOME of the user.
    pub fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// The folder of settings, transcripts and the registry of sessions.
    pub fn config(&self) -> PathBuf {
        self.folder.join("config")
    }

    /// The folder that the program works in.
    pub fn project(&self) -> PathBuf {
        self.folder.join("project")
    }

    fn runtime(&self) -> PathBuf {
        self.folder.join("run")
    }

    fn temp(&self) -> PathBuf {
        self.folder.join("tmp")
    }

    /// The program with the terminal as its interface.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().envs(self.environment()).current_dir(self.project());
        command
    }

    /// The program answering one prompt on its standard output.
    pub fn headless(&self, prompt: &str) -> Command {
        let mut command = self.command();
        command.args(["-p", prompt]);
        command
    }

    /// All that the program needs in its environment; it should be given nothing else, since the variables of an
    /// enclosing session would change what it does.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        let mut environment: Vec<(&'static str, OsString)> = vec![
            ("HOME", self.home().into()),
            ("CLAUDE_CONFIG_DIR", self.config().into()),
            // Else the socket of the session lies in a folder that all runs on the machine share.
            ("XDG_RUNTIME_DIR", self.runtime().into()),
            ("TMPDIR", self.temp().into()),
            ("ANTHROPIC_BASE_URL", self.base_url.clone().into()),
            // A token, not a key: a key would have to be approved in a dialog.
            ("ANTHROPIC_AUTH_TOKEN", "scripted".into()),
        ];
        let fixed = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("SHELL", "/bin/bash"),
            ("LANG", "C.UTF-8"),
            ("TERM", "xterm-256color"),
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
            ("CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL", "1"),
            ("DISABLE_AUTOUPDATER", "1"),
            ("DISABLE_TELEMETRY", "1"),
            ("DISABLE_ERROR_REPORTING", "1"),
        ];
        environment.extend(fixed.map(|(name, value)| (name, value.into())));
        environment
    }

    /// Types a prompt of one line, at most some 700 characters, and sends it off once the program has taken it;
    /// returns the mark from which the answer comes.
    ///
    /// A text longer than about 45 characters that comes in one write with its Enter is taken for a paste, and the
    /// Enter for a part of it; so it is pasted openly, and Enter follows when the end of the text is shown.
    pub fn submit(&self, terminal: &Terminal, prompt: &str) -> Result<usize, TimedOut> {
        folders::submit(terminal, prompt)
    }

    /// Presses the key of a choice in the permission dialog that is drawn after `mark`, until the program says that
    /// it works on.
    ///
    /// Needs [`crate::Answers::with_program_status`]; but the state `blocked` is told half a second before the
    /// dialog is drawn, and keys that come in between are typed into the prompt and put the dialog off.
    pub fn choose(&self, terminal: &Terminal, mark: usize, key: &str) -> Result<(), TimedOut> {
        terminal.wait_for_shown_since(mark, DIALOG_END, PATIENCE)?;
        thread::sleep(READ_WITHIN);
        let mark = terminal.mark();
        let start = Instant::now();
        loop {
            terminal.write(key.as_bytes()).expect("press a key");
            match terminal.wait_for_text_since(mark, "]7501;state=working", PRESS_AGAIN) {
                Err(_) if start.elapsed() < PATIENCE => {}
                outcome => return outcome.map(|_| ()),
            }
        }
    }

    /// What the program itself says about its running session: `status` is `idle`, `busy` or `waiting`.
    pub fn registered(&self, pid: proc::Pid) -> Option<Value> {
        let file = self.config().join("sessions").join(format!("{pid}.json"));
        serde_json::from_slice(&fs::read(file).ok()?).ok()
    }

    /// The transcripts of all sessions in the project, oldest first.
    pub fn transcripts(&self) -> io::Result<Vec<PathBuf>> {
        let name = self.project().to_string_lossy().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let entries = match fs::read_dir(self.config().join("projects").join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
        files.sort_by_key(|file| fs::metadata(file).and_then(|data| data.modified()).ok());
        Ok(files)
    }
}
