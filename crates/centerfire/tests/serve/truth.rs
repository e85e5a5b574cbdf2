//! What a viewer's terminal shows after any reconnect is what the host's screen is: text, styles, cursor, modes.
//!
//! The server is killed in the middle of bursts, the client comes back by its offset, or now and then anew, and both
//! pictures are judged by xterm.js: what the client was sent in all, and the dump of the host's screen.

use crate::http::Call;
use crate::rig::{LIMIT, Rig};
use crate::socket::{Came, Socket};
use crate::stream::Chance;
use serde_json::Value;
use std::time::{Duration, Instant};
use testkit::xterm::{Window, differences};
use testkit::{Claude, Judge, ModelServer, eventually, tools};

const NAME: &str = "truth";
const SEED: u64 = 5;
/// How long a burst may take to bring the bytes after which the server dies; some bring fewer.
const BURST: Duration = Duration::from_millis(80);
/// One in so many comes back without an offset.
const ANEW: u64 = 4;

struct Scene {
    rig: Rig,
    client: Socket,
    /// What its terminal was sent since it was clear.
    sent: Vec<u8>,
    chance: Chance,
    /// Bytes of a burst after which the server dies, at most.
    dies_within: u64,
    clients: Judge,
    hosts: Judge,
    /// The host's screen as text, and how each client came, for the story of a failure.
    told: Vec<(Value, String)>,
    story: String,
}

impl Scene {
    /// With the session under way.
    fn new(rig: Rig, dies_within: u64) -> Self {
        let client = join(&rig, "?from=0");
        Self {
            rig,
            client,
            sent: Vec::new(),
            chance: Chance::new(SEED),
            dies_within,
            clients: Judge::default(),
            hosts: Judge::default(),
            told: Vec::new(),
            story: String::new(),
        }
    }

    /// Starts what brings a burst; the server dies some way into it, and the client comes back.
    fn reconnect(&mut self, burst: impl FnOnce(&Rig, &mut Socket)) {
        self.take_in_what_is_there();
        burst(&self.rig, &mut self.client);
        let (enough, deadline) = (self.chance.below(self.dies_within) as usize, Instant::now() + BURST);
        while self.client.output.len() < enough && !matches!(self.client.next_until(deadline), Came::Nothing)
        {
            self.client.paint();
        }
        self.rig.restart_server();
        self.take_in();
        let query = match self.chance.below(ANEW) {
            0 => String::new(),
            _ => format!("?from={}", self.client.offset),
        };
        self.client = join(&self.rig, &query);
        self.story += &format!("killed {enough} bytes into a burst or at its end, back with `{query}`\n");
    }

    fn take_in(&mut self) {
        if let Some(screen) = self.client.screens.drain(..).next_back() {
            self.sent = screen.bytes;
        }
        self.sent.append(&mut self.client.output);
    }

    fn take_in_what_is_there(&mut self) {
        while !matches!(self.client.next_until(Instant::now()), Came::Nothing) {
            self.client.paint();
        }
        self.take_in();
    }

    /// Takes down both pictures, once the host's is at rest and the client has all of it.
    fn compare(&mut self, shown: &str) {
        self.rig.wait_for_line(NAME, shown);
        let (told, dump) = eventually(LIMIT, || self.at_rest()).expect("the program comes to rest");
        self.take_in();
        self.clients.fresh(window(), &self.sent);
        self.hosts.fresh(window(), &dump);
        self.told.push((told, std::mem::take(&mut self.story)));
    }

    fn at_rest(&mut self) -> Option<(Value, Vec<u8>)> {
        let get = |what: &str| {
            let path = format!("/api/v1/sessions/{NAME}/{what}");
            Call::get(&path).bearer(&self.rig.manage).send(&self.rig)
        };
        let before = get("screen").json();
        let dump = get("screen?format=ansi").body;
        let from = self.client.offset;
        let all_came = get(&format!("output?from={from}")).body.is_empty();
        let rests = get("screen").json()["offset"] == before["offset"];
        if !all_came && !matches!(self.client.next_until(Instant::now() + BURST), Came::Nothing) {
            self.client.paint();
        }
        (all_came && rests).then_some((before, dump))
    }

    /// Asks the judge.
    fn end(self) {
        let verdicts = self.clients.judge().into_iter().zip(self.hosts.judge());
        for ((client, host), (told, story)) in verdicts.zip(&self.told) {
            let mut wrong = differences(&client, &host);
            // The row of a saved cursor moves with the scrollback in xterm.js, as in no other terminal.
            wrong.retain(|story| !story.starts_with("saved:"));
            assert!(wrong.is_empty(), "{story}client / host\n{}", wrong.join("\n"));
            assert_eq!(text(&client), lines(told), "{story}");
            let cursor = serde_json::json!([told["cursor"]["row"], told["cursor"]["col"]]);
            assert_eq!(client["cursor"], cursor, "{story}");
        }
    }
}

/// What lies above the screen is not compared: who begins with a screen gets as much of it as he asks for.
fn window() -> Window {
    Window::new(80, 24, 0)
}

fn join(rig: &Rig, query: &str) -> Socket {
    let mut client = rig.join(NAME, query);
    // What the program asks of its terminal is left out of the output.
    client.leaps = true;
    client
}

fn text(verdict: &Value) -> Vec<String> {
    let rows = verdict["rows"].as_array().expect("there are rows");
    let row = |row: &Value| {
        row.as_array().expect("a row has runs").iter().map(|run| run[0].as_str().expect("a text")).collect()
    };
    rows.iter().map(row).map(|row: String| row.trim_end().to_owned()).collect()
}

fn lines(told: &Value) -> Vec<String> {
    let lines = told["lines"].as_array().expect("there are lines");
    lines.iter().map(|line| line.as_str().expect("a text").trim_end().to_owned()).collect()
}

/// Starts a program in the session.
fn run(rig: &Rig, program: &[&str]) {
    rig.instance.out(&[&["run", "--detached", "--name", NAME, "--"], program].concat());
}

/// C3: a storm of redraws that holds what makes a screen hard to restore.
#[test]
fn after_a_reconnect_in_a_storm_of_redraws_the_terminal_shows_the_hosts_screen() {
    let rig = Rig::new();
    let storm = tools::repository().join("tests/programs/storm.py");
    run(&rig, &["python3", storm.to_str().unwrap(), &SEED.to_string()]);
    rig.wait_for_line(NAME, "storm");
    let mut scene = Scene::new(rig, 6000);
    for round in 0..16 {
        scene.reconnect(|_, client| client.keys(0, b"bbb"));
        let mark = format!("<{round}>");
        scene.client.keys(0, format!("\x1b[2;2H{mark}").as_bytes());
        scene.compare(&mark);
    }
    scene.end();
}

/// C3: vim, on the alternate screen, edited and scrolled.
#[test]
fn after_a_reconnect_while_vim_edits_the_terminal_shows_the_hosts_screen() {
    const BURSTS: [&str; 8] = [
        "\x06\x06\x06\x06",
        "GggG",
        "ihello world, 世界\x1b",
        "dddddd",
        "yy20p",
        ":split\r\x06\x06",
        ":syntax on\r\x06\x06",
        "ggVG\x1b",
    ];
    let rig = Rig::new();
    let file = tools::repository().join("Cargo.lock");
    run(&rig, &["vim", "-u", "NONE", "-i", "NONE", "-nN", file.to_str().unwrap()]);
    rig.wait_for_line(NAME, "Cargo.lock");
    let mut scene = Scene::new(rig, 400);
    for round in 0..12 {
        scene.reconnect(|_, client| client.keys(0, BURSTS[round % BURSTS.len()].as_bytes()));
        let mark = format!("mark{round}");
        scene.client.keys(0, format!("\x1b:echo '{mark}'\r").as_bytes());
        scene.compare(&mark);
    }
    scene.end();
}

/// C3, A1: the real Claude Code, answering.
#[test]
fn after_a_reconnect_while_claude_code_answers_the_terminal_shows_the_hosts_screen() {
    let folder = tempfile::Builder::new().prefix("cc").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let claude = Claude::prepare(folder.path(), &server).unwrap();
    let rig = Rig::new();
    let program = claude.program().to_str().unwrap();
    let mut command = rig.instance.command(&["run", "--detached", "--name", NAME, "--", program]);
    command.env_clear().envs(claude.environment()).env("CENTERFIRE_HOME", rig.instance.home());
    command.current_dir(claude.project());
    let started = testkit::instance::finish(command, LIMIT);
    assert!(started.status.success(), "{started:?}");
    rig.instance.out(&["wait", NAME, "--for", "idle", "--timeout", "30"]);
    let mut scene = Scene::new(rig, 3000);
    for round in 0..6 {
        let mut asked = Value::Null;
        scene.reconnect(|rig, _| {
            asked = rig.instance.json(&["send", NAME, "--submit", "[[rate:500]] [[lorem:150]]", "--json"]);
        });
        let since = asked["offset"].to_string();
        scene.rig.instance.out(&["wait", NAME, "--for", "idle", "--since", &since, "--timeout", "30"]);
        let mark = format!("mark{round}");
        scene.client.keys(0, format!("\x15{mark}").as_bytes());
        scene.compare(&mark);
        scene.client.keys(0, b"\x15");
    }
    scene.end();
}
