//! The real opencode against our model server: its folders laid out so that it starts without a single dialog.
//!
//! As with [`crate::Claude`], what is written here belongs to the pinned version (scripts/tools.sh).
//!
//! Use: [`Opencode::prepare`], then [`Opencode::command`] in a [`crate::Terminal`], or [`Opencode::headless`].

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::folders;
use crate::model::ModelServer;
use crate::terminal::Terminal;
use crate::tools;
use crate::wait::TimedOut;

/// Folders and environment of one user of opencode.
pub struct Opencode {
    program: PathBuf,
    folder: PathBuf,
    base_url: String,
}

impl Opencode {
    /// Lays out home, settings and an empty project in an existing folder.
    pub fn prepare(folder: &Path, server: &ModelServer) -> io::Result<Opencode> {
        let program = tools::opencode().map_err(io::Error::other)?;
        let opencode = Opencode { program, folder: folder.canonicalize()?, base_url: server.base_url() };
        for folder in [opencode.home(), opencode.project()] {
            fs::create_dir_all(folder)?;
        }
        let model = "scripted/scripted-model";
        let options = json!({ "baseURL": format!("{}/v1", server.base_url()), "apiKey": "scripted" });
        // A model that takes pictures, and has room enough that it is never shortened unasked.
        let known = json!({
            "attachment": true, "reasoning": true, "limit": { "context": 200_000, "output": 32_000 },
            "modalities": { "input": ["text", "image"], "output": ["text"] },
        });
        let provider = json!({
            "npm": "@ai-sdk/openai-compatible", "options": options, "models": { "scripted-model": known },
        });
        let settings = json!({
            "autoupdate": false, "share": "disabled", "model": model, "small_model": model,
            "permission": { "bash": "ask", "edit": "ask" }, "provider": { "scripted": provider },
        });
        fs::write(opencode.project().join("opencode.json"), settings.to_string())?;
        Ok(opencode)
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

    /// The program with the terminal as its interface.
    pub fn command(&self) -> Command {
        folders::command(&self.program, self.environment(), &self.project())
    }

    /// The program answering one prompt on its standard output; it may do whatever it likes.
    pub fn headless(&self, prompt: &str) -> Command {
        self.run(&[], prompt)
    }

    /// As [`headless`](Opencode::headless), with more arguments, such as which conversation goes on.
    pub fn run(&self, arguments: &[&str], prompt: &str) -> Command {
        let mut command = self.command();
        command.args(["run", "--auto", "--format", "json"]).args(arguments).arg("--");
        // It puts the words together with single blanks, and a word that holds one in quotes.
        command.args(prompt.split(' '));
        command
    }

    /// Types a prompt of one line and sends it off once the program has taken it; returns the mark from which the answer
    /// comes.
    pub fn submit(&self, terminal: &Terminal, prompt: &str) -> Result<usize, TimedOut> {
        folders::submit(terminal, prompt)
    }

    /// All that the program needs in its environment.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        let mut environment = folders::environment(&self.home());
        // It would install a library for plugins, of 60 MB; our server says that there is none, which is as good.
        environment.push(("npm_config_registry", self.base_url.clone().into()));
        // Each of them keeps it from the network.
        for name in [
            "OPENCODE_DISABLE_AUTOUPDATE",
            "OPENCODE_DISABLE_MODELS_FETCH",
            "OPENCODE_DISABLE_LSP_DOWNLOAD",
            "OPENCODE_DISABLE_DEFAULT_PLUGINS",
        ] {
            environment.push((name, "1".into()));
        }
        environment
    }

    /// The database of all conversations, if there are any.
    pub fn transcripts(&self) -> io::Result<Vec<PathBuf>> {
        folders::files(&self.home().join(".local/share/opencode"), "db")
    }
}
