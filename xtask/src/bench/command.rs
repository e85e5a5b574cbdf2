//! Short commands beside the measurements (versions, ends of servers, exports), each with a limit in time.

use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often the end of a command is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// Runs a command to its end and returns its status; kills it past the limit.
pub fn run(command: &mut Command, limit: Duration) -> Result<ExitStatus> {
    command.stdin(Stdio::null());
    let mut child = command.spawn().with_context(|| format!("start {:?}", command.get_program()))?;
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().context("wait for a command")? {
            return Ok(status);
        }
        if Instant::now() > deadline {
            child.kill().context("kill a command that took too long")?;
            child.wait().context("wait for a killed command")?;
            bail!("{:?} took longer than {limit:?}", command.get_program());
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Runs a command that says little, and returns what it said on both of its outputs.
pub fn text(command: &mut Command, limit: Duration) -> Result<String> {
    let (mut reader, writer) = std::io::pipe().context("open a pipe")?;
    command.stdout(writer.try_clone().context("copy a pipe")?).stderr(writer);
    let ran = run(command, limit);
    // The command holds copies of the pipe's writing end; the reading below ends only without them.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    ran?;
    let mut said = String::new();
    reader.read_to_string(&mut said).context("read what a command said")?;
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_outputs_are_heard_and_a_slow_command_is_killed() {
        let mut speaks = Command::new("/bin/sh");
        speaks.args(["-c", "echo out; echo err >&2"]);
        assert_eq!(text(&mut speaks, Duration::from_secs(5)).unwrap(), "out\nerr\n");
        assert!(run(Command::new("sleep").arg("60"), Duration::from_millis(20)).is_err());
    }
}
