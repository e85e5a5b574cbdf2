//! `centerfire status`.

use crate::{instance, out, started};

#[test]
fn sessions_are_counted_by_state() {
    let instance = instance();
    out(&instance, &["run", "-d", "--name", "x", "--", "false"]);
    out(&instance, &["wait", "x", "--for", "exit"]);
    started(&instance, "read line");
    let status = instance.json(&["status", "--json"]);
    assert_eq!(status["sessions"]["running"], 1);
    assert_eq!(status["sessions"]["by_state"]["exited"], 1);
    assert!(status["disk"]["bytes"].as_u64().unwrap() > 0);
    assert!(status["ptys"]["used"].as_u64().unwrap() <= status["ptys"]["max"].as_u64().unwrap());
    let page = out(&instance, &["status"]);
    assert!(page.contains("1 exited, 1 running"), "{page}");
}
