//! What a hook costs the CLI that waits for it: a shell with ours, and one with `/bin/true`, begun in turn and handed the same. Goal:
//! less than 5 ms (p99).

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Field;
use crate::bench::command;
use crate::bench::ground::Ground;
use crate::bench::peer::Named as _;
use crate::bench::statistics::percentile;
use crate::bench::table::{Row, Table};

/// Hooks that are not counted, and those that are, for each reconnect of the scale.
const WARM_UP: usize = 20;
const HOOKS: usize = 5;
/// Bytes that a tool gave back, of which the hook is told.
const RESULT_BYTES: usize = 2 << 10; // 2 KiB
/// More than this, by the plan, is too much.
const GOAL_MS: f64 = 5.0;
/// Longest wait for one of our commands.
const LIMIT: Duration = Duration::from_secs(20);

pub fn measure(field: &Field) -> Result<Vec<Table>> {
    let found = field.our_server()?;
    let ground = Ground::new()?;
    let mut run = ground.command(found.program());
    run.args(["--json", "run", "--detached", "--name", "hooked", "--", "sh", "-c", "read line"]);
    let said: Value = serde_json::from_str(&command::text(&mut run, LIMIT)?).context("start a session")?;
    let folder = PathBuf::from(said["folder"].as_str().context("the session has a folder")?);
    let meta = std::fs::read(folder.join("meta.json")).context("read of the session")?;
    let meta: Value = serde_json::from_slice(&meta).context("read of the session")?;
    let socket = meta["socket"].as_str().context("the session has a socket")?.to_owned();
    let ours = format!("'{}' __hook claude", found.program().display());
    let words = ["/bin/true", &ours];
    let hooks = HOOKS * field.scale.reconnects;
    eprintln!("Hooks: {hooks} of ours and of /bin/true");
    let payload = payload();
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..WARM_UP + hooks {
        for (words, times) in words.iter().zip(&mut times) {
            let mut shell = ground.command("/bin/sh".as_ref());
            shell.args(["-c", words]).env("CENTERFIRE_SOCKET", &socket);
            times.push(timed(shell, &payload)?);
        }
    }
    let kept = bytes_in(&folder.join("journal"))?;
    ensure!(kept > hooks * RESULT_BYTES, "the session kept {kept} bytes: its hooks did not reach it");
    let [bare, ours] = times.map(|mut times: Vec<f64>| times.split_off(WARM_UP));
    let at = |percent| Some((percentile(&bare, percent)?, percentile(&ours, percent)?));
    let (p50, p99) = (at(50.0).context("hooks")?, at(99.0).context("hooks")?);
    let columns = ["p50 ms", "p99 ms", "× /bin/true p50", "× /bin/true p99"];
    let title = format!("A hook as the CLI sees it, {hooks} times");
    let mut table = Table::new("talk-hook", &title, &columns);
    let row = |name: &str, cells: [f64; 4]| Row { peer: name.to_owned(), cells: cells.map(Some).to_vec() };
    table.rows.push(row("/bin/true", [p50.0, p99.0, 1.0, 1.0]));
    table.rows.push(row(found.name(), [p50.1, p99.1, p50.1 / p50.0, p99.1 / p99.0]));
    let met = if p99.1 < GOAL_MS { "met" } else { "missed" };
    Ok(vec![table.noting(vec![format!("Goal {met}: p99 {:.2} ms, less than {GOAL_MS} wanted.", p99.1)])])
}

fn bytes_in(folder: &Path) -> Result<usize> {
    let files = std::fs::read_dir(folder).context("look into the recording")?;
    Ok(files.filter_map(|file| file.ok()?.metadata().ok()).map(|facts| facts.len() as usize).sum())
}

/// What Claude Code hands over after a tool was used.
fn payload() -> Vec<u8> {
    let told = serde_json::json!({
        "session_id": "00000000-0000-4000-8000-000000000000", "hook_event_name": "PostToolUse", "tool_name": "Bash",
        "tool_use_id": "toolu_1", "tool_input": { "command": "ls" }, "cwd": "/", "permission_mode": "default",
        "transcript_path": "/nowhere", "tool_response": { "stdout": "x".repeat(RESULT_BYTES) },
    });
    told.to_string().into_bytes()
}

/// Milliseconds from its start to its end.
fn timed(mut shell: Command, payload: &[u8]) -> Result<f64> {
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let mut child = shell.spawn().context("start a shell")?;
    // Who does not read it, as /bin/true, may be gone.
    let _ = child.stdin.take().context("its input")?.write_all(payload);
    let status = child.wait().context("wait for a hook")?;
    let time = began.elapsed();
    ensure!(status.success(), "a hook ended with {status}");
    Ok(time.as_secs_f64() * 1e3)
}
