//! Lays out a CLI in a folder against a scripted model server and prints how to start it, until killed.
//!
//! `cargo run -p testkit --example clis codex /tmp/x`, then run what it prints.

use std::io::Error;
use std::path::Path;
use std::process::Command;

use testkit::{Codex, Gemini, ModelServer, Opencode};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err(Error::other("give the name of a CLI and a folder"));
    };
    std::fs::create_dir_all(&folder)?;
    let (folder, server) = (Path::new(&folder), ModelServer::start()?);
    let commands = match name.as_str() {
        "codex" => {
            let codex = Codex::prepare(folder, &server)?;
            [codex.command(), codex.headless("hello")]
        }
        "gemini" => {
            let gemini = Gemini::prepare(folder, &server)?;
            [gemini.command(), gemini.headless("hello")]
        }
        "opencode" => {
            let opencode = Opencode::prepare(folder, &server)?;
            [opencode.command(), opencode.headless("hello")]
        }
        _ => return Err(Error::other("no such CLI is known here")),
    };
    for command in &commands {
        println!("{}", shell(command));
    }
    loop {
        std::thread::park();
    }
}

/// The command as a shell takes it.
fn shell(command: &Command) -> String {
    let folder = command.get_current_dir().unwrap_or(Path::new("."));
    let variables = command.get_envs().filter_map(|(name, value)| Some((name.to_str()?, value?.to_str()?)));
    let variables: String = variables.map(|(name, value)| format!(" {name}={value:?}")).collect();
    let arguments: String = command.get_args().map(|argument| format!(" {argument:?}")).collect();
    format!("cd {folder:?} && env -i{variables} {:?}{arguments}", command.get_program())
}
