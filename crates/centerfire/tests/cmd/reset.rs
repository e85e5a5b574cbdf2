//! `centerfire reset`.

use crate::{LIMIT, instance, text};
use rustix::termios::LocalModes;
use std::process::Command;
use testkit::Terminal;

#[test]
fn a_terminal_left_raw_and_in_full_screen_is_usable_again() {
    let instance = instance();
    let script = format!("stty raw -echo; {} reset </dev/null >/dev/null", instance.binary().display());
    let mut command = Command::new("sh");
    command.args(["-c", &script]);
    instance.settle(&mut command);
    let terminal = Terminal::spawn(command, 80, 24).unwrap();
    assert!(terminal.wait(LIMIT).unwrap().success(), "{}", text(&terminal.output()));
    let modes = terminal.termios().unwrap();
    assert!(modes.local_modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG));
    let seen = text(&terminal.output());
    assert!(seen.contains("\x1b[?1049l") && seen.contains("\x1b[?2004l"), "{seen:?}");
}
