//! The real Codex against our model server: its folders laid out so that it starts without a single dialog.
//!
//! As with [`crate::Claude`], what is written here belongs to the pinned version (scripts/tools.sh).
//!
//! Use: [`Codex::prepare`], then [`Codex::command`] in a [`crate::Terminal`], or [`Codex::headless`].

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::folders;
use crate::model::ModelServer;
use crate::terminal::{PATIENCE, Terminal};
use crate::tools;
use crate::wait::TimedOut;

/// One of the models that the program knows by itself: of others it says that it knows nothing, and offers them fewer tools.
const MODEL: &str = "gpt-5.5";

/// The workspace of a login of ChatGPT.
pub const ACCOUNT: &str = "acc-made-up";

/// In the last line of the dialog of an approval.
pub const APPROVAL: &str = "Press enter to confirm";

/// In the last line of a question.
pub const QUESTION: &str = "to submit answer";

/// A dialog loses the keys that come at once with it: nobody could press sooner who has read it.
const READ_WITHIN: Duration = Duration::from_millis(300);

/// How long a key may go unanswered until it is pressed again: a key too many would be one for the next dialog.
const PRESS_AGAIN: Duration = Duration::from_secs(8);

/// Folders and environment of one user of Codex.
pub struct Codex {
    program: PathBuf,
    folder: PathBuf,
}

impl Codex {
    /// Lays out home, settings and an empty project in an existing folder.
    pub fn prepare(folder: &Path, server: &ModelServer) -> io::Result<Codex> {
        let program = tools::codex().map_err(io::Error::other)?;
        // Trust is looked up under the resolved path.
        let codex = Codex { program, folder: folder.canonicalize()? };
        for folder in [codex.home(), codex.config(), codex.project()] {
            fs::create_dir_all(folder)?;
        }
        // Neither looks for a newer version nor offers a newer model, nor asks whether the project is trusted; asks before it
        // changes anything.
        let settings = format!(
            "model = \"{MODEL}\"\n\
             model_provider = \"scripted\"\n\
             check_for_update_on_startup = false\n\
             approval_policy = \"on-request\"\n\
             sandbox_mode = \"read-only\"\n\
             [analytics]\n\
             enabled = false\n\
             [model_providers.scripted]\n\
             name = \"scripted\"\n\
             base_url = \"{}/v1\"\n\
             wire_api = \"responses\"\n\
             env_key = \"SCRIPTED_KEY\"\n\
             request_max_retries = 2\n\
             stream_max_retries = 2\n\
             [notice.model_migrations]\n\
             \"{MODEL}\" = \"gpt-6-sol\"\n\
             [projects.{:?}]\n\
             trust_level = \"trusted\"\n",
            server.base_url(),
            codex.project(),
        );
        fs::write(codex.config().join("config.toml"), settings)?;
        Ok(codex)
    }

    /// The pinned program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// HOME of the user.
    pub fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// The folder of settings and transcripts.
    pub fn config(&self) -> PathBuf {
        self.folder.join("codex")
    }

    /// The folder that the program works in.
    pub fn project(&self) -> PathBuf {
        self.folder.join("project")
    }

    /// Logs in with ChatGPT: tokens that nobody signed, and that end in 2100. Returns the one that requests have.
    pub fn log_in(&self) -> io::Result<String> {
        let claims = json!({
            "exp": 4_102_444_800_u64, "email": "a@example.com",
            "https://api.openai.com/auth": { "chatgpt_plan_type": "plus", "chatgpt_account_id": ACCOUNT },
        });
        let token = format!("{}.{}.c2ln", base64url(r#"{"alg":"none"}"#), base64url(&claims.to_string()));
        let tokens = json!({
            "id_token": token, "access_token": token, "refresh_token": "rt-made-up", "account_id": ACCOUNT,
        });
        // Tokens that were made anew long ago it makes anew.
        let login =
            json!({ "auth_mode": "chatgpt", "tokens": tokens, "last_refresh": "2099-01-01T00:00:00Z" });
        fs::write(self.config().join("auth.json"), login.to_string())?;
        Ok(token)
    }

    /// The program with the terminal as its interface.
    pub fn command(&self) -> Command {
        let mut command = folders::command(&self.program, self.environment(), &self.project());
        // Else it leaves processes of its own behind, which serve later runs.
        command.arg("--no-daemon");
        command
    }

    /// The program answering one prompt on its standard output; it may do whatever it likes.
    pub fn headless(&self, prompt: &str) -> Command {
        self.exec(&[prompt])
    }

    /// The program going on with a conversation, as [`headless`](Codex::headless).
    pub fn resume(&self, conversation: &str, prompt: &str) -> Command {
        self.exec(&["resume", conversation, prompt])
    }

    /// The program going on from a conversation in a new one, as [`headless`](Codex::headless).
    pub fn fork(&self, conversation: &str, prompt: &str) -> Command {
        self.exec(&["fork", conversation, prompt])
    }

    fn exec(&self, arguments: &[&str]) -> Command {
        let mut command = folders::command(&self.program, self.environment(), &self.project());
        command.args([
            "exec",
            "--json",
            "--skip-git-repo-check",
            "-c",
            "sandbox_mode=\"danger-full-access\"",
        ]);
        command.args(arguments);
        command
    }

    /// Types a prompt of one line and sends it off once the program has taken it; returns the mark from which the answer
    /// comes.
    pub fn submit(&self, terminal: &Terminal, prompt: &str) -> Result<usize, TimedOut> {
        folders::submit(terminal, prompt)
    }

    /// Presses the key of a choice in the dialog, an [`APPROVAL`] or a [`QUESTION`], that is drawn after `mark`, until the
    /// program tells another state: it works on, or was refused and is idle at once. The state `blocked` is told a second
    /// before the dialog, which loses the keys that come at once.
    pub fn choose(&self, terminal: &Terminal, mark: usize, dialog: &str, key: &str) -> Result<(), TimedOut> {
        terminal.wait_for_shown_since(mark, dialog, PATIENCE)?;
        thread::sleep(READ_WITHIN);
        let mark = terminal.mark();
        let start = Instant::now();
        loop {
            terminal.write(key.as_bytes()).expect("press a key");
            match terminal.wait_for_text_since(mark, "]7501;state=", PRESS_AGAIN) {
                Err(_) if start.elapsed() < PATIENCE => {}
                outcome => return outcome.map(|_| ()),
            }
        }
    }

    /// All that the program needs in its environment.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        let mut environment = folders::environment(&self.home());
        environment.push(("CODEX_HOME", self.config().into()));
        environment.push(("SCRIPTED_KEY", "scripted".into()));
        environment
    }

    /// The transcripts of all conversations, oldest first.
    pub fn transcripts(&self) -> io::Result<Vec<PathBuf>> {
        folders::files(&self.config().join("sessions"), "jsonl")
    }
}

/// As the parts of a token are written.
fn base64url(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digit = |bits: u32| char::from(DIGITS[bits as usize & 63]);
    let mut encoded = String::new();
    for piece in text.as_bytes().chunks(3) {
        let bits = piece.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - piece.len()));
        encoded.extend((0..=piece.len()).map(|at| digit(bits >> (18 - 6 * at))));
    }
    encoded
}
