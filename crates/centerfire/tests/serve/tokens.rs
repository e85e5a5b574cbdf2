//! The file of tokens, which commands and servers share.

use crate::http::Call;
use crate::rig::Rig;
use serde_json::json;
use std::collections::HashSet;
use std::thread;

/// Commands at once.
const WRITERS: usize = 4;
/// Tokens that each of them makes.
const EACH: usize = 8;

/// Commands and the server make tokens at once, and none is lost: each opens the server.
#[test]
fn tokens_that_are_made_at_once_are_all_there() {
    let rig = Rig::new();
    let made: Vec<String> = thread::scope(|scope| {
        let by_command = (0..WRITERS)
            .map(|_| scope.spawn(|| (0..EACH).map(|_| rig.token(&["--role", "view"])).collect::<Vec<_>>()));
        let by_server = scope.spawn(|| {
            let call = Call::post("/api/v1/tokens", &json!({ "role": "view" })).bearer(&rig.manage);
            let token = |_| call.send(&rig).json()["token"].as_str().expect("a secret").to_owned();
            (0..EACH).map(token).collect::<Vec<_>>()
        });
        let threads: Vec<_> = by_command.chain([by_server]).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("tokens are made")).collect()
    });
    assert_eq!(made.iter().collect::<HashSet<_>>().len(), (WRITERS + 1) * EACH);
    for secret in &made {
        assert_eq!(Call::get("/api/v1/me").bearer(secret).send(&rig).status, 200);
    }
}

/// T29: a file of tokens that is damaged is told, opens nothing, and is not written over.
#[test]
fn a_damaged_file_opens_nothing_and_stays() {
    let rig = Rig::new();
    let file = rig.instance.home().join("state/gateway/tokens.json");
    let whole = std::fs::read(&file).expect("there is a file of tokens");
    let half = &whole[..whole.len() / 2];
    for damaged in [half, b"", b"{\"version\":99,\"tokens\":[]}"] {
        std::fs::write(&file, damaged).expect("damage the file");
        for arguments in [&["token", "create", "--role", "view"][..], &["token", "list"]] {
            let output = rig.run(arguments);
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && why.contains("tokens.json"), "{arguments:?}: {why}");
        }
        for call in [
            Call::get("/api/v1/me").bearer(&rig.manage),
            Call::post("/api/v1/login", &json!({ "token": rig.login() })),
        ] {
            let answer = call.send(&rig);
            assert_eq!((answer.status, answer.code().as_str()), (500, "TOKENS_UNREADABLE"), "{answer:?}");
        }
        assert_eq!(Call::get("/api/v1/health").send(&rig).status, 200);
        assert_eq!(std::fs::read(&file).expect("the file is there"), damaged);
    }
    std::fs::write(&file, &whole).expect("mend the file");
    assert_eq!(Call::get("/api/v1/me").bearer(&rig.manage).send(&rig).status, 200);
}
