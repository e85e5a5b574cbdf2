//! The commands, one file each: arguments, help text, `run`.

pub(crate) mod attach;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod kill;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod output;
pub(crate) mod prune;
mod quantity;
pub(crate) mod remove;
pub(crate) mod rename;
pub(crate) mod replay;
pub(crate) mod reset;
pub(crate) mod resize;
pub(crate) mod restart;
mod resume;
pub(crate) mod run;
pub(crate) mod screen;
pub(crate) mod send;
pub(crate) mod show;
mod sink;
pub(crate) mod status;
pub(crate) mod upgrade_hosts;
pub(crate) mod verify;
pub(crate) mod wait;
