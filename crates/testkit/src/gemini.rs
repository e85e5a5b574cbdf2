//! The real Gemini CLI against our model server: its folders laid out so that it starts without a single dialog.
//!
//! As with [`crate::Claude`], what is written here belongs to the pinned version (scripts/tools.sh).
//!
//! Use: [`Gemini::prepare`], then [`Gemini::command`] in a [`crate::Terminal`], or [`Gemini::headless`].

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::folders;
use crate::model::ModelServer;
use crate::terminal::{PATIENCE, Terminal};
use crate::tools;
use crate::wait::TimedOut;

/// A model asked by name is not chosen by asking another.
const MODEL: &str = "gemini-3.1-pro-preview";

/// In the title while it works.
const WORKING: &str = "Working";

/// How long an Enter may go unanswered until it is pressed again: one that comes within 30 ms of other keys is taken for a
/// part of a paste.
const PRESS_AGAIN: Duration = Duration::from_secs(5);

/// Folders and environment of one user of Gemini CLI.
pub struct Gemini {
    program: PathBuf,
    folder: PathBuf,
    base_url: String,
}

impl Gemini {
    /// Lays out home, settings and an empty project in an existing folder.
    pub fn prepare(folder: &Path, server: &ModelServer) -> io::Result<Gemini> {
        let program = tools::gemini().map_err(io::Error::other)?;
        let gemini = Gemini { program, folder: folder.canonicalize()?, base_url: server.base_url() };
        for folder in [gemini.home().join(".gemini"), gemini.project(), gemini.temp()] {
            fs::create_dir_all(folder)?;
        }
        // No question how to log in or whether the folder is trusted; nothing told or looked for elsewhere.
        let settings = json!({
            "security": { "auth": { "selectedType": "gemini-api-key" }, "folderTrust": { "enabled": false } },
            "privacy": { "usageStatisticsEnabled": false },
            "general": { "enableAutoUpdate": false },
            "model": { "name": MODEL },
        });
        fs::write(gemini.home().join(".gemini/settings.json"), settings.to_string())?;
        Ok(gemini)
    }

    /// The pinned program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// HOME of the user.
    pub fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// The folder that the program works in.
    pub fn project(&self) -> PathBuf {
        self.folder.join("project")
    }

    fn temp(&self) -> PathBuf {
        self.folder.join("tmp")
    }

    /// The program with the terminal as its interface.
    pub fn command(&self) -> Command {
        folders::command(&self.program, self.environment(), &self.project())
    }

    /// The program answering one prompt on its standard output; it may do whatever it likes.
    pub fn headless(&self, prompt: &str) -> Command {
        let mut command = self.command();
        command.args(["--yolo", "--output-format", "stream-json", "-p", prompt]);
        command
    }

    /// The program going on with the last conversation, as [`headless`](Gemini::headless).
    pub fn resume(&self, prompt: &str) -> Command {
        let mut command = self.headless(prompt);
        command.args(["--resume", "latest"]);
        command
    }

    /// Types a prompt of one line and sends it off, until the program says that it works; returns the mark from which the
    /// answer comes.
    pub fn submit(&self, terminal: &Terminal, prompt: &str) -> Result<usize, TimedOut> {
        let mark = folders::submit_typed(terminal, prompt)?;
        let start = Instant::now();
        loop {
            match terminal.wait_for_text_since(mark, WORKING, PRESS_AGAIN) {
                Err(_) if start.elapsed() < PATIENCE => terminal.write(b"\r").expect("press Enter"),
                outcome => return outcome.map(|_| mark),
            }
        }
    }

    /// All that the program needs in its environment.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        let mut environment = folders::environment(&self.home());
        // It leaves reports of errors there.
        environment.push(("TMPDIR", self.temp().into()));
        environment.push(("GEMINI_API_KEY", "scripted".into()));
        environment.push(("GOOGLE_GEMINI_BASE_URL", self.base_url.clone().into()));
        environment
    }

    /// The folder of the project's conversations.
    pub fn sessions(&self) -> PathBuf {
        self.home().join(".gemini/tmp/project/chats")
    }

    /// The folder for plans of the conversation that was begun first.
    pub fn plans(&self) -> Option<PathBuf> {
        let folders = fs::read_dir(self.home().join(".gemini/tmp/project")).ok()?.flatten();
        folders.map(|folder| folder.path().join("plans")).find(|plans| plans.is_dir())
    }

    /// The transcripts of all conversations, oldest first.
    pub fn transcripts(&self) -> io::Result<Vec<PathBuf>> {
        folders::files(&self.sessions(), "jsonl")
    }
}
