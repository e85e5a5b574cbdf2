//! `cargo xtask picture`: the picture of the README, from the real program in a real terminal.
//!
//! Sessions are started, a shell in a terminal looks at them, and what the terminal shows is drawn. Nothing in the
//! picture is written by hand but the programs that run in the sessions.

mod svg;

use anyhow::{Context, Result, ensure};
use protocol::Size;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use terminal::Screen;
use testkit::{Instance, Terminal};

/// The picture's terminal.
const SIZE: Size = Size { cols: 92, rows: 16 };
/// One line of the picture may take this long to be there.
const PATIENCE: Duration = Duration::from_secs(20);
/// What the shell says before each command; the words are waited for to know that one is done.
const PROMPT: &str = "\x1b[32m$\x1b[0m ";

/// The sessions of the picture: programs that tell their state, as AI CLIs do, and a shell.
const SESSIONS: &[(&str, &str)] = &[
    ("review", r"printf '\033]7501;state=working:app=demo\033\\'; read line"),
    ("migrate", r"printf '\033]7501;state=blocked:kind=permission:app=demo\033\\'; read line"),
    ("shell", "export PS1='% '; exec sh"),
];

/// What is typed at the shell, and what must be seen before the next.
const TYPED: &[(&str, &str)] = &[
    ("centerfire list", "shell"),
    ("centerfire send shell --submit 'ls -x --color=always crates'", "\n"),
    ("centerfire wait shell --for text --match protocol", "\n"),
    ("centerfire screen shell --format ansi | head -n 4", "protocol"),
    ("centerfire verify shell", "sound:"),
];

/// Draws the picture.
pub fn run(words: &[String]) -> Result<()> {
    ensure!(words.is_empty(), "usage: cargo xtask picture");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("find the repository")?;
    let instance = Instance::new(build(root)?);
    for (name, program) in SESSIONS {
        start(&instance, name, program, root)?;
    }
    let mut screen = Screen::new(SIZE, 0);
    screen.feed(&look(&instance)?);
    let file = root.join("docs/images/terminal.svg");
    std::fs::write(&file, svg::draw(&screen)).with_context(|| format!("write {}", file.display()))?;
    println!("{}", file.display());
    Ok(())
}

fn build(root: &Path) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built =
        Command::new(cargo).args(["build", "--quiet", "--package", "centerfire"]).current_dir(root).status();
    ensure!(built.context("start cargo")?.success(), "centerfire does not build");
    Ok(root.join("target/debug/centerfire"))
}

/// Starts a session whose program is a script of its name, in the repository's folder.
fn start(instance: &Instance, name: &str, program: &str, root: &Path) -> Result<()> {
    let script = instance.work().join(name);
    std::fs::write(&script, format!("#!/bin/sh\ncd {}\n{program}\n", root.display()))?;
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let done = instance.run(&["run", "--detached", "--name", name, "--", &format!("./{name}")]);
    ensure!(done.status.success(), "`run` failed: {}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}

/// Types at a shell and gives what its terminal received.
fn look(instance: &Instance) -> Result<Vec<u8>> {
    let mut shell = Command::new("/bin/sh");
    instance.settle(&mut shell);
    let folder = instance.binary().parent().context("find the binary's folder")?;
    let path = std::env::var("PATH").unwrap_or_default();
    shell.env("PATH", format!("{}:{path}", folder.display())).env("PS1", PROMPT);
    let terminal = Terminal::spawn(shell, SIZE.cols, SIZE.rows).context("open a terminal")?;
    let mut mark = 0;
    for (line, seen) in TYPED {
        prompted(&terminal, mark)?;
        mark = terminal.mark();
        terminal.write(format!("{line}\r").as_bytes())?;
        // The line itself comes back first.
        terminal.wait_for_text_since(mark, "\r\n", PATIENCE).map_err(anyhow::Error::new)?;
        mark = if *seen == "\n" { terminal.mark() - 2 } else { terminal.mark() };
        terminal.wait_for_text_since(mark, seen, PATIENCE).map_err(anyhow::Error::new)?;
    }
    prompted(&terminal, mark)?;
    Ok(terminal.output())
}

fn prompted(terminal: &Terminal, mark: usize) -> Result<()> {
    terminal.wait_for_text_since(mark, PROMPT, PATIENCE).map(drop).map_err(anyhow::Error::new)
}
