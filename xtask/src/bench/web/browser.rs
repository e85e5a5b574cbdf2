//! A real browser, asked by a script that starts the server itself.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::server::Found;
use crate::bench::command;
use crate::bench::ground::Ground;
use crate::bench::peer::on_path;

/// A browser that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(300);

/// The JSON that a script prints.
pub fn ask(found: &Found, ground: &Ground, script: &str, words: &[&str]) -> Result<Value> {
    let node = on_path("node").context("node is not installed")?;
    let chromium = on_path("chromium").context("chromium is not installed")?;
    let mut command = ground.command(&node);
    command.arg(found.script(script)).args(words);
    command.env("CENTERFIRE", found.program()).env("CHROMIUM", chromium);
    let path = ground.folder().join("page.json");
    let file = std::fs::File::create(&path).context("create a file for the browser's figures")?;
    let status = command::run(command.stdout(file), LIMIT)?;
    ensure!(status.success(), "the browser's script failed: {status}");
    serde_json::from_slice(&std::fs::read(&path)?).context("parse the browser's figures")
}

/// The milliseconds in its answer.
pub fn delays(said: &Value) -> Vec<f64> {
    said["delays"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}
