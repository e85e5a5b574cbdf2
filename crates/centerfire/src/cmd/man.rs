//! `centerfire man`: the manual's pages.

use crate::cli::Cli;
use crate::context::Context;
use crate::term::counted;
use anyhow::Context as _;
use clap::CommandFactory;
use clap_mangen::Man;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Print the manual's first page, or write all pages to a folder
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire man | man -l -\n  centerfire man --dir ~/.local/share/man/man1"
)]
pub(crate) struct Args {
    /// Write a page for each command to DIR
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let mut command = Cli::command();
        command.build();
        let Some(dir) = self.dir else {
            let mut sink = super::sink::Sink::open(None)?;
            sink.write(&page(command)?)?;
            sink.flush()?;
            return Ok(ExitCode::SUCCESS);
        };
        std::fs::create_dir_all(&dir).with_context(|| format!("make {}", dir.display()))?;
        let mut pages = Vec::new();
        write_pages(&command, "centerfire", &dir, &mut pages)?;
        context.say(&json!({ "pages": pages }), || {
            format!("{} in {}", counted(pages.len(), "page"), dir.display())
        });
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes the page of a command and of all below it: `centerfire-config-show.1`.
fn write_pages(
    command: &clap::Command,
    name: &str,
    dir: &Path,
    pages: &mut Vec<PathBuf>,
) -> anyhow::Result<()> {
    let path = dir.join(format!("{name}.1"));
    std::fs::write(&path, page(command.clone())?).with_context(|| format!("write {}", path.display()))?;
    pages.push(path);
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help")
    {
        write_pages(below, &format!("{name}-{}", below.get_name()), dir, pages)?;
    }
    Ok(())
}

fn page(command: clap::Command) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    Man::new(command).render(&mut text).context("make a page")?;
    Ok(text)
}
