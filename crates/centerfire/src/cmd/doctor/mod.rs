//! `centerfire doctor`: looks for what may go wrong, and says what to do about it.
//!
//! A check is a function that gives findings, and a line in [`CHECKS`]. It looks and changes nothing; what is safe to
//! clean up is done by `--fix` alone.

mod places;
mod sessions;
mod system;

use crate::context::Context;
use crate::fit;
use crate::term::{paint, say};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

/// Check this machine and this instance: each finding with its cause and a next step
///
/// The exit code is 1 if anything failed. Warnings are for what works now and may not later.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  centerfire doctor\n  centerfire doctor --fix")]
pub(crate) struct Args {
    /// Remove what is surely nobody's: stale sockets, drafts, what interrupted removals left
    #[arg(long)]
    fix: bool,
}

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Level {
    Ok,
    Warn,
    Fail,
}

/// What a check found.
struct Finding {
    level: Level,
    what: String,
    /// What to do about it.
    next: Option<String>,
    /// What may be removed without loss.
    litter: Vec<PathBuf>,
}

impl Finding {
    fn ok(what: impl Into<String>) -> Self {
        Self { level: Level::Ok, what: what.into(), next: None, litter: Vec::new() }
    }

    fn warn(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { level: Level::Warn, what: what.into(), next: Some(next.into()), litter: Vec::new() }
    }

    fn fail(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { level: Level::Fail, what: what.into(), next: Some(next.into()), litter: Vec::new() }
    }
}

/// One thing to look at.
struct Check {
    name: &'static str,
    look: fn(&Context) -> Vec<Finding>,
}

/// All checks, in the order in which one thing needs the other.
const CHECKS: &[Check] = &[
    Check { name: "config", look: places::config },
    Check { name: "folders", look: places::folders },
    Check { name: "disk", look: places::disk },
    Check { name: "sockets", look: places::sockets },
    Check { name: "terminals", look: system::terminals },
    Check { name: "kernel", look: system::kernel },
    Check { name: "nesting", look: system::nesting },
    Check { name: "logout", look: system::logout },
    Check { name: "sessions", look: sessions::unreadable },
    Check { name: "logs", look: sessions::logs },
    Check { name: "journals", look: sessions::journals },
    Check { name: "leftovers", look: sessions::leftovers },
];

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let mut worst = Level::Ok;
        let mut all = Vec::new();
        for check in CHECKS {
            for mut finding in (check.look)(context) {
                if self.fix && !finding.litter.is_empty() {
                    clean(&mut finding);
                }
                worst = worst.max(finding.level);
                if context.json {
                    all.push(finding.json(check.name));
                } else {
                    finding.print(check.name);
                }
            }
        }
        if context.json {
            say(json!({ "healthy": worst != Level::Fail, "findings": all }));
        }
        Ok(if worst == Level::Fail { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

impl Finding {
    fn json(&self, check: &str) -> Value {
        json!({ "check": check, "level": self.word(), "what": self.what, "next": self.next })
    }

    fn word(&self) -> &'static str {
        match self.level {
            Level::Ok => "OK",
            Level::Warn => "WARN",
            Level::Fail => "FAIL",
        }
    }

    fn print(&self, check: &str) {
        let colour = match self.level {
            Level::Ok => "32",
            Level::Warn => "33",
            Level::Fail => "31",
        };
        fit::say(&format!("{}  {check:<9}  {}", paint(&format!("{:<4}", self.word()), colour), self.what));
        if let Some(next) = &self.next {
            fit::say(&format!("                 {next}"));
        }
    }
}

/// Removes the litter of a finding, which is well then.
fn clean(finding: &mut Finding) {
    let mut failed = Vec::new();
    for path in &finding.litter {
        let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        if let Err(error) = removed {
            failed.push(format!("{}: {error}", path.display()));
        }
    }
    *finding = match failed.is_empty() {
        true => Finding::ok(format!("removed: {}", finding.what)),
        false => Finding::warn(failed.join("; "), "remove it by hand"),
    };
}
