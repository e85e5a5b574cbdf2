//! Ctrl-C during a run: a thread takes the signal, ends every process that this run began (servers of tmux and
//! their like would live on for ever) and removes the folders.

use anyhow::{Context, Result};

use super::ground;

/// Exit status of a program ended by SIGINT, as shells count it.
const INTERRUPTED: i32 = 130;

/// Takes SIGINT, SIGTERM and SIGHUP from here on. Call it before the first other thread begins.
pub fn clean_up_when_interrupted() -> Result<()> {
    let signals = block_signals();
    let thread = std::thread::Builder::new().name("interrupt".into());
    thread
        .spawn(move || {
            let mut signal = 0;
            // SAFETY: the set was initialised by block_signals, and the signal is a live local.
            unsafe { libc::sigwait(&signals, &mut signal) };
            clean_up();
            #[expect(clippy::disallowed_methods, reason = "the main thread may be blocked in a measurement")]
            std::process::exit(INTERRUPTED);
        })
        .context("start the thread that takes signals")?;
    Ok(())
}

fn block_signals() -> libc::sigset_t {
    // SAFETY: sigemptyset initialises the set before any other use; the null pointer means "no old set wanted".
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
            libc::sigaddset(&mut set, signal);
        }
        libc::sigprocmask(libc::SIG_BLOCK, &set, std::ptr::null_mut());
        set
    }
}

fn clean_up() {
    let tag = ground::run_tag();
    ground::sweep(&tag);
    let entries = std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&tag)) {
        let _ = std::fs::remove_dir_all(entry.path());
    }
}
