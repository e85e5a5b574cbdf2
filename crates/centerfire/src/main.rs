//! Centerfire: runs an AI coding CLI in a terminal that never loses anything.
//!
//! The keeper and the host of a session are this same file, started with a role as the first argument. A role is
//! taken before anything else, so that those small processes never touch what the commands need.

mod cli;
mod cmd;
mod completion;
mod config;
mod context;
mod exit;
mod fit;
mod hook;
mod intake;
mod math;
mod notify;
mod orchestrator;
mod progress;
mod restore;
mod serve_log;
mod table;
mod tap;
mod term;
mod usage;
mod user;
mod when;
mod wrap;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    match words.get(1).and_then(|word| word.to_str()) {
        Some(session::role::KEEPER) => exit::of_role(keeper(&words)),
        Some(session::role::HOST) => exit::of_role(host(&words)),
        Some(session::role::ATTACH) => attach(&words),
        Some(session::role::HOOK) => hook::run(&words),
        Some(session::role::TAP) => exit::of_role(tap::role(&words)),
        Some(session::role::CHECK) => exit::of_role(check(&words)),
        Some(session::role::NOTIFY) => exit::of_role(notify::run()),
        Some(session::role::TRY) => exit::of_role(try_binary(&words)),
        _ if orchestrator::is_meant(&words) => orchestrator::run(words),
        _ => cli::run(words),
    }
}

fn keeper(words: &[std::ffi::OsString]) -> anyhow::Result<()> {
    let args = session::role::parse(words.get(2))?;
    Ok(session::keeper::main(args, words.get(4..).unwrap_or_default())?)
}

fn host(words: &[std::ffi::OsString]) -> anyhow::Result<()> {
    Ok(session::host::main(session::role::parse(words.get(2))?)?)
}

fn check(words: &[std::ffi::OsString]) -> anyhow::Result<()> {
    Ok(session::trial::check(&session::role::parse(words.get(2))?)?)
}

fn try_binary(words: &[std::ffi::OsString]) -> anyhow::Result<()> {
    Ok(session::trial::main(&session::role::parse(words.get(2))?)?)
}

fn attach(words: &[std::ffi::OsString]) -> ExitCode {
    let joined = session::role::parse(words.get(2)).map_err(anyhow::Error::from).and_then(|args| {
        let outcome = session::attach::main(&args)?;
        Ok(cmd::attach::tell_outcome(outcome, &args.name))
    });
    joined.unwrap_or_else(|error| exit::report(&error, false))
}
