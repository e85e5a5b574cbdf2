//! The file of tokens, which commands and servers share.

use crate::http::{Answer, Call, dial};
use crate::rig::{LIMIT, Rig, cookie_of};
use rustix::fs::{FlockOperation, flock};
use serde_json::json;
use std::collections::HashSet;
use std::fs::File;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::thread;
use testkit::eventually;

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

/// Who logs in or out while somebody else changes the file waits for him; nobody else does.
#[test]
fn who_waits_for_the_file_holds_up_nobody() {
    let rig = Rig::new();
    let cookie = rig.cookie(&["--role", "view"]);
    let folder = File::open(rig.instance.home().join("state/gateway")).expect("open the folder");
    flock(&folder, FlockOperation::LockExclusive).expect("take its lock");
    let page = format!("http://{}", rig.address());
    let login = Call::post("/api/v1/login", &json!({ "token": rig.login() }));
    let logout = Call::new("POST", "/api/v1/logout").cookie(&cookie).origin(&page);
    let asked = [login, logout].map(|call| {
        let mut stream = dial(Ipv4Addr::LOCALHOST, rig.address()).expect("connect to the server");
        stream.write_all(&call.bytes(rig.address())).expect("ask");
        // Behind it on the server's one thread.
        assert_eq!(Call::get("/api/v1/health").send(&rig).status, 200);
        stream
    });
    drop(folder);
    let answers = asked.map(|mut stream| Answer::read(&mut stream).expect("an answer").status);
    assert_eq!(answers, [200, 204]);
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

/// `centerfire share`: a link that opens one session to one browser, read-only unless it says more, and for a time.
#[test]
fn a_shared_link_opens_one_session_for_a_while() {
    let mut rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    rig.start("other", "echo ready; exec cat");
    let share = |rig: &Rig, arguments: &[&str]| {
        let output = rig.run(&[&["share", "own"], arguments].concat());
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("a text").trim().to_owned()
    };
    let link = share(&rig, &[]);
    let id = Call::get("/api/v1/sessions/own").bearer(&rig.manage).send(&rig).json()["id"].clone();
    let address = format!("http://{}/s/{}#login=", rig.address(), id.as_str().expect("an id"));
    let secret = link.strip_prefix(&address).unwrap_or_else(|| panic!("{link} begins with {address}"));
    let answer = rig.log_in(secret);
    assert_eq!(
        (answer.status, &answer.json()["role"], &answer.json()["session"]),
        (200, &json!("view"), &id)
    );
    assert_eq!(rig.log_in(secret).status, 401, "it works once");
    let lasts = answer.header("set-cookie").and_then(|set| set.split("Max-Age=").nth(1)?.split(';').next());
    let lasts: u64 = lasts.and_then(|lasts| lasts.parse().ok()).expect("a cookie has an age");
    assert!((3_590..=3_600).contains(&lasts), "an hour: {lasts} s");
    let guest = |path: &str| Call::get(path).cookie(&cookie_of(&answer)).send(&rig).status;
    assert_eq!((guest("/api/v1/sessions/own/screen"), guest("/api/v1/sessions/other/screen")), (200, 404));

    // What it opened ends with it.
    let brief = share(&rig, &["--role", "type", "--expires", "2s", "--label", "for a moment"]);
    let opened = rig.log_in(brief.split_once("#login=").expect("a secret").1);
    assert_eq!((&opened.json()["role"], &opened.json()["label"]), (&json!("type"), &json!("for a moment")));
    let over = || {
        let me = Call::get("/api/v1/me").cookie(&cookie_of(&opened)).send(&rig);
        (me.status == 401).then_some(())
    };
    eventually(LIMIT, over).expect("its time is over");

    let told: serde_json::Value = rig.instance.json(&["share", "own", "--json"]);
    assert!(told["url"].as_str().is_some_and(|url| url.starts_with(&address)), "{told}");
    for (arguments, status, why) in [
        (&["own", "--role", "manage"][..], 2, "write view or type"),
        (&["own", "--expires", "31d"], 2, "30d at most"),
        (&["own", "--expires", "0s"], 2, "more than nothing"),
    ] {
        let output = rig.run(&[&["share"], arguments].concat());
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(status) && told.contains(why), "{arguments:?}: {told}");
    }
    rig.stop_server(rustix::process::Signal::TERM);
    let told = String::from_utf8_lossy(&rig.run(&["share", "own"]).stderr).into_owned();
    assert!(told.contains("no server runs"), "{told}");
}

/// The page makes the same links.
#[test]
fn a_link_is_also_made_over_http() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    let share = |body| Call::post("/api/v1/sessions/own/share", &body).bearer(&rig.manage).send(&rig);
    for wrong in [json!({ "role": "manage" }), json!({ "expires_in": 0 }), json!({ "expires_in": 3_000_000 })]
    {
        assert_eq!((share(wrong.clone()).status, share(wrong).code().as_str()), (400, "BAD_REQUEST"));
    }
    let made = share(json!({ "role": "type", "expires_in": 60, "label": "a guest" }));
    assert_eq!(made.status, 201, "{made:?}");
    let path = made.json()["path"].as_str().expect("a path").to_owned();
    let (path, secret) = path.split_once("#login=").expect("a secret");
    assert_eq!(Call::get(path).send(&rig).status, 200, "{path} is the page's");
    let answer = rig.log_in(secret);
    assert_eq!((&answer.json()["role"], &answer.json()["label"]), (&json!("type"), &json!("a guest")));
}

/// Nobody makes what outlives his own token, and what a link opened ends when the link was said to.
#[test]
fn an_end_is_kept() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    let brief = rig.token(&["--role", "manage", "--expires", "1h"]);
    let post = |secret: &str, path: &str, body| Call::post(path, &body).bearer(secret).send(&rig);
    let end = Call::get("/api/v1/me").bearer(&brief).send(&rig).json()["expires"].clone();
    let (tokens, share) = ("/api/v1/tokens", "/api/v1/sessions/own/share");
    let end_of = |answer: Answer| answer.json()["grant"]["expires"].clone();
    for (path, body) in [
        (tokens, json!({ "role": "manage" })),
        (tokens, json!({ "role": "manage", "expires_in": 7200 })),
        (tokens, json!({ "role": "view", "login": true, "expires_in": 7200 })),
        (share, json!({ "expires_in": 7200 })),
    ] {
        let made = post(&brief, path, body.clone());
        assert_eq!((made.status, end_of(made)), (201, end.clone()), "{body}");
    }
    let sooner = end_of(post(&brief, tokens, json!({ "role": "view", "expires_in": 60 })));
    assert!(sooner.as_u64() < end.as_u64(), "{sooner}");
    assert_eq!(end_of(post(&rig.manage, tokens, json!({ "role": "view" }))), json!(null));

    let by_link =
        post(&rig.manage, tokens, json!({ "role": "view", "login": true, "expires_in": 600 })).json();
    let by_maker = post(&brief, tokens, json!({ "role": "view", "login": true })).json();
    let secret = |made: serde_json::Value| made["token"].as_str().expect("a secret").to_owned();
    let by_command = rig.token(&["--role", "view", "--login", "--expires", "10m"]);
    for (login, most) in [(secret(by_link), 600), (secret(by_maker), 3600), (by_command, 600)] {
        let set = rig.log_in(&login);
        let lasts = set.header("set-cookie").and_then(|set| set.split("Max-Age=").nth(1)?.split(';').next());
        let lasts: u64 = lasts.and_then(|lasts| lasts.parse().ok()).expect("a cookie has an age");
        assert!((most - 60..=most).contains(&lasts), "{lasts} s of {most}");
    }
    let never = post(&rig.manage, tokens, json!({ "role": "view", "expires_in": 0 }));
    assert_eq!((never.status, never.code().as_str()), (400, "BAD_REQUEST"));
    assert_eq!(rig.run(&["token", "create", "--expires", "0s"]).status.code(), Some(2));
}

/// A26: where the configuration says so, this machine needs no token, as the first plans' own lines have none; pages of
/// other sites and names of others are refused all the same.
#[test]
fn an_open_loopback_needs_no_token_and_lets_no_other_site_in() {
    let rig = Rig::with_setting("auth.loopback=open");
    rig.start("open", "echo ready; exec cat");
    let list = || Call::get("/api/v1/sessions");
    assert_eq!(list().send(&rig).json()["sessions"][0]["name"], "open");
    let submit = || Call::post("/api/v1/sessions/open/submit", &json!({ "text": "hello" }));
    assert_eq!(submit().send(&rig).status, 200);
    rig.wait_for_line("open", "hello");
    assert_eq!(Call::get("/api/v1/login").send(&rig).json()["me"]["role"], "manage");
    assert_eq!(list().host("evil.example").send(&rig).code(), "HOST_NOT_ALLOWED");
    assert_eq!(submit().origin("http://evil.example").send(&rig).code(), "ORIGIN_NOT_ALLOWED");
    assert_eq!(list().header("sec-fetch-site", "cross-site").send(&rig).code(), "UNAUTHORIZED");
    assert_eq!(list().bearer("cf_wrong").send(&rig).code(), "UNAUTHORIZED", "a wrong token is none");
    let closed = Rig::new();
    assert_eq!(list().send(&closed).code(), "UNAUTHORIZED");
}
