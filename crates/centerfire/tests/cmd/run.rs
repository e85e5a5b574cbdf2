//! `centerfire run`.

use crate::{instance, out, text};
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::time::Duration;

/// Longer than a lock is waited for.
const LIMIT: Duration = Duration::from_secs(25);

#[test]
fn a_lock_that_is_never_given_back_is_told_and_not_waited_for_for_ever() {
    let instance = instance();
    out(&instance, &["run", "-d", "--", "true"]);
    let sessions = File::open(instance.home().join("state/sessions")).unwrap();
    flock(&sessions, FlockOperation::LockExclusive).unwrap();
    let run = instance.run_within(&["run", "-d", "--", "true"], LIMIT);
    assert_eq!(run.status.code(), Some(1));
    assert!(text(&run.stderr).contains("fuser -v"), "{}", text(&run.stderr));
    drop(sessions);
    out(&instance, &["run", "-d", "--", "true"]);
}
