//! `centerfire run`.

use crate::{instance, out, text};
use protocol::SessionId;
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::process::Command;

#[test]
fn a_lock_that_is_never_given_back_is_told_and_not_waited_for_for_ever() {
    let instance = instance();
    out(&instance, &["run", "-d", "--", "true"]);
    let sessions = File::open(instance.home().join("state/sessions")).unwrap();
    flock(&sessions, FlockOperation::LockExclusive).unwrap();
    let run = instance.run(&["run", "-d", "--", "true"]);
    assert_eq!(run.status.code(), Some(1));
    assert!(text(&run.stderr).contains("fuser -v"), "{}", text(&run.stderr));
    drop(sessions);
    out(&instance, &["run", "-d", "--", "true"]);
}

/// Whichever step is the first without a descriptor, it is told by what it was about, which is never the whole session.
#[test]
fn a_start_that_fails_is_told_by_the_step_and_not_by_the_folder() {
    let instance = instance();
    let told = |descriptors: u32| {
        let mut command = Command::new("/bin/sh");
        instance.settle(&mut command);
        let script = format!("ulimit -n {descriptors}; exec \"$cf\" run -d -- true");
        command.args(["-c", &script]).env("cf", instance.binary());
        text(&testkit::instance::finish(command, testkit::instance::LIMIT).stderr)
    };
    let all: Vec<String> = (3..16).map(told).collect();
    let subject = |told: &String| Some(told.split_once(": Too many open files")?.0.to_owned());
    let subjects: Vec<String> = all.iter().filter_map(subject).collect();
    assert!(subjects.iter().any(|subject| subject == "centerfire: start a process"), "{all:#?}");
    let is_session =
        |subject: &String| subject.rsplit('/').next().is_some_and(|last| last.parse::<SessionId>().is_ok());
    assert!(!subjects.iter().any(is_session), "{all:#?}");
}
