//! A server that becomes another binary, and its description.

use crate::http::Call;
use crate::rig::Rig;
use crate::socket::Came;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A43: nobody's request fails while the server is replaced, and who watches is told to come again.
#[test]
fn no_request_fails_while_the_server_is_replaced() {
    const CLIENTS: usize = 4;
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    let (done, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        // However it ends, they stop.
        let _done = Done(&done);
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let answer = Call::get("/api/v1/sessions").bearer(&rig.manage).try_send(&rig);
                    assert_eq!(answer.map(|answer| answer.status), Ok(200));
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for _ in 0..3 {
            let mut client = rig.join("own", "");
            client.wait_for("hello", |said| said["type"] == "hello");
            let upgraded = rig.run(&["upgrade"]);
            assert!(upgraded.status.success(), "{upgraded:?}");
            let deadline = std::time::Instant::now() + crate::rig::LIMIT;
            loop {
                match client.next_until(deadline) {
                    Came::Closed(why) => break assert_eq!(why, 1012, "the server starts anew"),
                    Came::Broken => panic!("the connection broke without a word"),
                    _ => assert!(std::time::Instant::now() < deadline, "the connection holds"),
                }
            }
        }
    });
    assert!(answered.load(Ordering::Relaxed) > CLIENTS);
    assert!(rig.run(&["send", "own", "--submit", "still here"]).status.success());
}

/// Set when it is dropped.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// `docs/openapi.json` is what the server says of itself: `curl -s localhost:7333/openapi.json | python3 -m json.tool
/// --indent 1 > docs/openapi.json` writes it anew.
#[test]
fn the_description_in_the_repository_is_the_servers() {
    let file = testkit::tools::repository().join("docs/openapi.json");
    let file = std::fs::read(file).expect("the description is in the repository");
    let file: serde_json::Value = serde_json::from_slice(&file).expect("it is JSON");
    let answer = Call::get("/openapi.json").send(&Rig::new());
    assert_eq!(answer.json(), file);
}
