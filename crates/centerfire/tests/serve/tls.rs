//! Encrypted: with the server's own certificate, and with one of the user's.

use crate::http::{Answer, Call, dial};
use crate::rig::{LIMIT, Rig};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tungstenite::client::IntoClientRequest as _;

type Tls = StreamOwned<ClientConnection, TcpStream>;

/// Where a server keeps its own certificate.
fn own_certificate(rig: &Rig) -> PathBuf {
    rig.instance.home().join("state/gateway/tls/cert.pem")
}

/// Connects to who shows this very certificate.
fn connect(rig: &Rig, certificate: &Path) -> Result<Tls, String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).expect("a certificate")).expect("one to trust");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
    let socket = dial(Ipv4Addr::LOCALHOST, rig.address()).expect("connect");
    let mut stream = StreamOwned::new(connection, socket);
    stream.conn.complete_io(&mut stream.sock).map_err(|error| error.to_string())?;
    Ok(stream)
}

fn ask(rig: &Rig, certificate: &Path, call: &Call) -> Answer {
    let mut stream = connect(rig, certificate).expect("they agree on keys");
    stream.write_all(&call.bytes(rig.address())).expect("ask");
    Answer::read(&mut stream).expect("an answer")
}

/// By one flag: requests, the page's cookie, WebSockets, each encrypted; whoever speaks plainly gets nothing.
#[test]
fn one_flag_encrypts_everything() {
    let rig = Rig::serving(&["--tls"]);
    rig.start("own", "echo ready; exec cat");
    assert!(rig.link().starts_with("https://"), "{}", rig.link());
    let certificate = own_certificate(&rig);
    let ask = |call: Call| ask(&rig, &certificate, &call);
    assert_eq!(ask(Call::get("/api/v1/sessions/own").bearer(&rig.manage)).status, 200);
    let page = format!("https://{}", rig.address());
    let login = ask(Call::post("/api/v1/login", &json!({ "token": rig.login() })).origin(&page));
    assert_eq!(login.status, 200, "{login:?}");
    let set = login.header("set-cookie").expect("a cookie");
    let name = format!("__Host-centerfire-{}=", rig.address().port());
    assert!(set.starts_with(&name) && set.ends_with("; Secure"), "{set}");
    let plain = page.replace("https://", "http://");
    assert_eq!(ask(Call::get("/api/v1/me").bearer(&rig.manage).origin(&plain)).status, 403);
    let browser = set.split(';').next().expect("a name and a value");
    assert_eq!(ask(Call::get("/api/v1/me").header("cookie", browser)).status, 200);
    let logout = Call::new("POST", "/api/v1/logout").header("cookie", browser).origin(&page);
    let removed = ask(logout).header("set-cookie").expect("a cookie").to_owned();
    assert!(removed.starts_with(&name) && removed.ends_with("; Secure"), "{removed}");
    assert!(Call::get("/api/v1/health").try_send(&rig).is_err(), "nobody speaks plainly");

    let mut request = format!("wss://{}/ws/own", rig.address()).into_client_request().expect("a request");
    let token = format!("Bearer {}", rig.manage).parse().expect("a header");
    request.headers_mut().insert("authorization", token);
    let stream = connect(&rig, &certificate).expect("they agree on keys");
    let (mut socket, _) = tungstenite::client(request, stream).expect("a WebSocket");
    socket.read().expect("the screen");
    socket.send(tungstenite::Message::binary(&b"typed\r"[..])).expect("type");
    rig.wait_for_line("own", "typed");
}

/// The certificate is made once, and stays when the server is replaced or starts anew; the commands find the server.
#[test]
fn its_own_certificate_stays() {
    let rig = Rig::serving(&["--tls"]);
    let certificate = own_certificate(&rig);
    let before = std::fs::read(&certificate).expect("a certificate");
    let upgraded = rig.run(&["upgrade"]);
    assert!(upgraded.status.success(), "{upgraded:?}");
    let told = String::from_utf8_lossy(&upgraded.stdout).into_owned();
    assert!(told.contains("https://"), "{told}");
    assert_eq!(ask(&rig, &certificate, &Call::get("/api/v1/health")).status, 200);
    assert_eq!(std::fs::read(&certificate).expect("a certificate"), before);
}

/// A certificate of the user's is read again when the server is replaced; one that is broken by then changes nothing.
#[test]
fn a_certificate_is_read_again() {
    let maker = || {
        let other = Rig::serving(&["--tls"]);
        let folder = own_certificate(&other).parent().expect("a folder").to_owned();
        (other, folder)
    };
    let ((_first, one), (_second, two)) = (maker(), maker());
    let folder = tempfile::tempdir().expect("a folder");
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let put = |from: &Path| {
        std::fs::copy(from.join("cert.pem"), &cert).expect("copy");
        std::fs::copy(from.join("key.pem"), &key).expect("copy");
    };
    put(&one);
    let words = ["--tls-cert", cert.to_str().expect("a text"), "--tls-key", key.to_str().expect("a text")];
    let rig = Rig::serving(&words);
    let healthy = |certificate: &Path| {
        ask(&rig, &certificate.join("cert.pem"), &Call::get("/api/v1/health")).status == 200
    };
    assert!(healthy(&one));
    put(&two);
    assert!(healthy(&one), "until it is told");
    assert!(rig.run(&["upgrade"]).status.success());
    assert!(healthy(&two));
    assert!(connect(&rig, &one.join("cert.pem")).is_err(), "the old one is not shown");
    std::fs::copy(one.join("key.pem"), &key).expect("copy");
    assert!(!rig.run(&["upgrade"]).status.success());
    assert!(healthy(&two), "it goes on with what it has");
}

/// What is wrong with a certificate is told before anything listens.
#[test]
fn what_is_wrong_with_a_certificate_is_told() {
    let rig = Rig::serving(&["--tls"]);
    let folder = own_certificate(&rig).parent().expect("a folder").to_owned();
    let path = |name: &str| folder.join(name).to_str().expect("a text").to_owned();
    let other = Rig::serving(&["--tls"]);
    let stranger = own_certificate(&other).with_file_name("key.pem").to_str().expect("a text").to_owned();
    let fresh = testkit::Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let why = |words: &[&str]| {
        let output = fresh.run(&[&["serve", "--listen", "127.0.0.1:0"], words].concat());
        assert!(!output.status.success() && output.stdout.is_empty(), "{words:?}: {output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let cases = [
        (vec!["--tls-cert", "/none", "--tls-key", "/none"], "/none: No such file"),
        (vec!["--tls-cert", "KEY", "--tls-key", "KEY"], "with a certificate"),
        (vec!["--tls-cert", "CERT", "--tls-key", "CERT"], "with a private key"),
        (vec!["--tls-cert", "CERT", "--tls-key", "OTHER"], "is not the key of"),
        (vec!["--tls-cert", "CERT"], "--tls-key"),
        (vec!["--tls", "--tls-cert", "CERT", "--tls-key", "KEY"], "cannot be used with"),
        (vec!["--set", "serve.tls_cert=/x"], "need each other"),
    ];
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    for (words, expected) in cases {
        let words: Vec<String> = words
            .iter()
            .map(|word| match *word {
                "CERT" => cert.clone(),
                "KEY" => key.clone(),
                "OTHER" => stranger.clone(),
                word => word.to_owned(),
            })
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let why = why(&words);
        assert!(why.contains(expected), "{words:?}: {why}");
    }
}

/// Invariant 10: handshakes that are never finished hold nobody up, and are closed after a while.
#[test]
fn half_a_handshake_holds_nobody_up_and_is_closed() {
    let rig = Rig::serving(&["--tls"]);
    let ask_often = || {
        let asked = Instant::now();
        for _ in 0..5 {
            assert_eq!(ask(&rig, &own_certificate(&rig), &Call::get("/api/v1/health")).status, 200);
        }
        asked.elapsed()
    };
    let alone = ask_often();
    let parts: [&[u8]; 3] = [b"", b"\x16\x03\x01\x02\x00\x01", b"\x16\x03\x01\x00\x2f\x01"];
    let mut half: Vec<TcpStream> = (0..300)
        .map(|number| {
            let mut stream = dial(Ipv4Addr::LOCALHOST, rig.address()).expect("connect");
            stream.write_all(parts[number % 3]).expect("begin");
            stream
        })
        .collect();
    let begun = Instant::now();
    let among = ask_often();
    // Less than the 10 s that a handshake may take.
    assert!(among < Duration::from_secs(7) + 3 * alone, "{among:?} instead of {alone:?}");
    for stream in &mut half {
        stream.set_read_timeout(Some(LIMIT)).expect("set a limit");
        // An alert may stand before the end.
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert!(begun.elapsed() < LIMIT, "{:?}", begun.elapsed());
}

/// Others may reach an encrypted server, by the names that it was told.
#[test]
fn an_encrypted_server_may_be_reached_by_others() {
    let rig = Rig::serving(&["--listen", "0.0.0.0:0", "--tls", "--host", "desk.example"]);
    let port = rig.address().port();
    assert!(rig.link().contains(&format!("https://desk.example:{port}/")), "{}", rig.link());
    for (host, status) in [("desk.example", 200), ("localhost", 200), ("evil.example", 421)] {
        let call = Call::get("/api/v1/health").host(&format!("{host}:{port}"));
        assert_eq!(ask(&rig, &own_certificate(&rig), &call).status, status, "{host}");
    }
}
