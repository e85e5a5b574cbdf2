//! What a command line of Codex asks for.

use crate::command_line::first_free;
use std::ffi::OsString;

/// Commands of the program that hold a conversation; any other one is left alone.
const CONVERSATIONS: &[&str] = &["resume", "fork", "exec", "e", "review"];
/// Those of them that have no terminal.
const HEADLESS: &[&str] = &["exec", "e", "review"];
/// Options that take the word behind them.
const WITH_VALUE: &[&str] = &[
    "-C",
    "-a",
    "-c",
    "-i",
    "-m",
    "-p",
    "-s",
    "--add-dir",
    "--ask-for-approval",
    "--cd",
    "--config",
    "--disable",
    "--enable",
    "--image",
    "--local-provider",
    "--model",
    "--profile",
    "--remote",
    "--remote-auth-token-env",
    "--sandbox",
];
/// Words that are commands of the program.
const COMMANDS: &[&str] = &[
    "agents",
    "app-server",
    "apply",
    "archive",
    "cloud",
    "completion",
    "debug",
    "delete",
    "doctor",
    "e",
    "exec",
    "exec-server",
    "features",
    "fork",
    "help",
    "login",
    "logout",
    "mcp",
    "migrate-nfs-db",
    "migrate-rollouts",
    "plugin",
    "queue",
    "remote-control",
    "resume",
    "review",
    "sandbox",
    "unarchive",
    "update",
];

/// The words behind the program.
pub(super) struct Words<'a> {
    /// All that may be options: what is before `--`.
    pub(super) options: Vec<&'a str>,
    command: Option<&'a str>,
}

impl<'a> Words<'a> {
    pub(super) fn read(given: &'a [OsString]) -> Self {
        let texts = given.iter().map(|word| word.to_str().unwrap_or_default());
        let options: Vec<&str> = texts.take_while(|word| *word != "--").collect();
        // A prompt may begin with the name of a command, and a folder be called like one.
        let command = first_free(options.iter().copied(), WITH_VALUE).filter(|word| COMMANDS.contains(word));
        Self { options, command }
    }

    /// Whether it holds a conversation.
    pub(super) fn is_conversation(&self) -> bool {
        let tells = |word: &&str| matches!(*word, "--help" | "-h" | "--version" | "-V");
        self.command.is_none_or(|command| CONVERSATIONS.contains(&command)) && !self.options.iter().any(tells)
    }

    /// Whether it does without a terminal.
    pub(super) fn is_headless(&self) -> bool {
        self.command.is_some_and(|command| HEADLESS.contains(&command))
    }

    /// Whether it has to be told to do without the server that it shares with others, about which it would warn where its command line
    /// sets something.
    pub(super) fn shares(&self) -> bool {
        !self.is_headless() && !self.options.contains(&"--no-daemon")
    }

    /// What it sets of the configuration, as `KEY=VALUE`.
    pub(super) fn settings(&self) -> Vec<&'a str> {
        let mut settings = Vec::new();
        let mut words = self.options.iter().copied();
        while let Some(word) = words.next() {
            match word {
                "-c" | "--config" => settings.extend(words.next()),
                _ => settings.extend(word.strip_prefix("--config=").or_else(|| short(word, "-c"))),
            }
        }
        settings
    }

    /// The profile that it names.
    pub(super) fn profile(&self) -> Option<&'a str> {
        let mut words = self.options.iter().copied();
        while let Some(word) = words.next() {
            let named = match word {
                "-p" | "--profile" => words.next(),
                _ => word.strip_prefix("--profile=").or_else(|| short(word, "-p")),
            };
            if named.is_some() {
                return named;
            }
        }
        None
    }
}

/// The value of a short option that stands in the same word.
fn short<'a>(word: &'a str, option: &str) -> Option<&'a str> {
    let value = word.strip_prefix(option)?;
    (!value.is_empty()).then(|| value.strip_prefix('=').unwrap_or(value))
}

#[test]
fn words_are_read_as_the_program_reads_them() {
    let read = |words: &[&str]| -> (Vec<String>, Option<String>, bool) {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let words = Words::read(&words);
        let settings = words.settings().into_iter().map(str::to_owned).collect();
        (settings, words.profile().map(str::to_owned), words.is_headless())
    };
    let all = ["-c", "a=1", "exec", "--config=b=2", "-cc=3", "--config", "d=4", "-pwork", "--", "-c", "e=5"];
    let settings = ["a=1", "b=2", "c=3", "d=4"].map(str::to_owned).to_vec();
    assert_eq!(read(&all), (settings, Some("work".to_owned()), true));
    assert_eq!(read(&["--profile", "x"]), (Vec::new(), Some("x".to_owned()), false));
    assert_eq!(read(&["resume", "--last"]), (Vec::new(), None, false));
    assert_eq!(read(&["-C", "exec"]), (Vec::new(), None, false));
    assert_eq!(read(&["-p", "review", "exec"]), (Vec::new(), Some("review".to_owned()), true));
}
