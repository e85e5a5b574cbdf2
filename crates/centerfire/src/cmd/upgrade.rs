//! `centerfire upgrade`: the server becomes the binary that lies where its own lay.

use crate::context::Context;
use gateway::presence::Running;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long the server may take: requests end, and the new binary begins.
const COMES_BACK: Duration = Duration::from_secs(15);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Have the server become the present binary, without a request that fails
///
/// Replace the binary's file first. Who watches a session connects again by itself and goes on where he was. Sessions are
/// not touched; `centerfire upgrade-hosts` is for them.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  centerfire upgrade\n  centerfire upgrade && centerfire upgrade-hosts")]
pub(crate) struct Args {}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let Some(before) = Running::find(&context.home) else {
            anyhow::bail!("no server runs for this instance; `centerfire serve` starts one");
        };
        let pid = i32::try_from(before.pid).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| anyhow::anyhow!("the server's file names no process"))?;
        kill_process(pid, Signal::HUP)?;
        let end = Instant::now() + COMES_BACK;
        loop {
            match Running::find(&context.home) {
                Some(after) if after.started > before.started => {
                    context.say(
                        &json!({ "from": before.version, "to": after.version, "pid": after.pid }),
                        || format!("the server at {} runs {} now", after.url(), after.version),
                    );
                    return Ok(ExitCode::SUCCESS);
                }
                _ if Instant::now() >= end => anyhow::bail!(
                    "the server did not become another binary within {} s; its own words tell why",
                    COMES_BACK.as_secs()
                ),
                _ => std::thread::sleep(LOOK_EVERY),
            }
        }
    }
}
