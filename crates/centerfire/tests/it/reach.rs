//! A session is reached, and ended, whatever became of its socket and its host.

use crate::rig::Rig;

/// The status can be read as soon as the command that starts a session is back.
#[test]
fn a_session_that_was_started_has_a_status() {
    let rig = Rig::new();
    for round in 0..10 {
        let session = rig.start(&format!("s{round}"), "cat");
        let status = session.folder.status().unwrap().expect("a status lies on disk");
        assert_eq!(status.session, session.meta.id);
        assert!(status.pids.host != 0 && status.pids.child != 0);
    }
}
