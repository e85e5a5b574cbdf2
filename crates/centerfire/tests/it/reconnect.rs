//! Clients that come and go during real output, against one that never left: the same screen, cursor, modes, history.
//!
//! 200 times in all a terminal leaves in the middle of a burst and another one joins, by each of the ways in which
//! terminals leave. Both are compared at one very byte: after the join the program writes something live, and each
//! stream is cut where that ends. The judge is xterm.js.

use crate::claude_code::Desk;
use crate::rig::{detach, kill};
use crate::session::{NeverLeft, Random, Session, end_of, window, without_our_titles};
use std::time::Duration;
use testkit::terminal::PATIENCE;
use testkit::xterm::differences;
use testkit::{Judge, Terminal, tools};

/// How long a burst may take to bring the bytes after which a client leaves; some bring fewer.
const BURST: Duration = Duration::from_millis(60);
/// Bytes of a burst after which a client leaves, at most.
const LEAVE_WITHIN: usize = 6000;

/// The seed, unless RECONNECT_SEED names another: of the storm, and of when and how clients leave.
fn seed() -> u64 {
    let seed = std::env::var("RECONNECT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    println!("RECONNECT_SEED={seed}");
    seed
}

/// A session with the one terminal that controls it now.
struct Scene {
    session: Session,
    never_left: NeverLeft,
    client: Terminal,
    random: Random,
    /// What clients showed, and what the terminal that never left showed at the same bytes.
    clients: Judge,
    stayed: Judge,
    judged: usize,
    /// How each came, for the story of a failure.
    stories: Vec<String>,
}

impl Scene {
    fn new(session: Session, seed: u64) -> Scene {
        let never_left = session.never_left();
        let client = session.attach(&[]);
        let (clients, stayed) = (Judge::default(), Judge::default());
        let random = Random(seed);
        Scene { session, never_left, client, random, clients, stayed, judged: 0, stories: Vec::new() }
    }

    /// Types what brings a burst, leaves some way into it, and comes back.
    fn reconnect(&mut self, burst: &str) {
        let mark = self.client.mark();
        self.client.write(burst.as_bytes()).unwrap();
        let enough = self.random.below(LEAVE_WITHIN);
        let _ = self.client.wait_for(|bytes| bytes.len() >= mark + enough, BURST);
        let mut arguments = vec!["--history", "10000"];
        let way = self.random.pick(&["key", "closed", "killed", "taken"]);
        match way {
            "key" => {
                detach(&self.client);
                self.client.wait(PATIENCE).unwrap();
            }
            "closed" => {
                self.client.hang_up();
                self.client.wait(PATIENCE).unwrap();
            }
            "killed" => {
                kill(self.client.pid());
                self.client.wait(PATIENCE).unwrap();
            }
            _ => arguments.push("--take"),
        }
        self.client = self.session.attach(&arguments);
        self.stories.push(format!("left by {way} {enough} bytes into {burst:?}"));
    }

    /// Compares, once the program has shown what these keys make it show.
    fn compare(&mut self, keys: &str, shown: &str) {
        self.never_left.pull();
        let live = self.never_left.bytes.len();
        self.client.write(keys.as_bytes()).unwrap();
        self.session.wait_for_line(shown);
        self.never_left.pull();
        let stayed = &self.never_left.bytes;
        let last = &stayed[live..];
        let received = self.client.wait_for(|bytes| end_of(last, bytes).is_some(), PATIENCE).unwrap();
        let end = end_of(last, &received).unwrap();
        self.clients.fresh(window(), &received[..end]);
        match std::mem::replace(&mut self.judged, stayed.len()) {
            0 => self.stayed.fresh(window(), stayed),
            before => self.stayed.more(&stayed[before..]),
        };
    }

    /// Leaves and comes back so many times, each time with one of these bursts; a mark as `<mark>` and a number
    /// behind it shows that the program has come that far.
    fn reconnect_often(mut self, rounds: usize, bursts: &[&str], (before, after): (&str, &str)) {
        for round in 0..rounds {
            let burst = self.random.pick(bursts);
            self.reconnect(burst);
            let mark = format!("mark{round}");
            self.compare(&format!("{before}{mark}{after}"), &mark);
        }
        self.end();
    }

    /// Asks the judge.
    fn end(self) {
        let verdicts = self.clients.judge().into_iter().zip(self.stayed.judge());
        for ((came_back, stayed), story) in verdicts.zip(&self.stories) {
            let mut wrong = differences(&came_back, &stayed);
            // The row of a saved cursor moves with the scrollback in xterm.js, as in no other terminal.
            wrong.retain(|story| !story.starts_with("saved:"));
            assert!(wrong.is_empty(), "{story}\ncame back / stayed\n{}", wrong.join("\n"));
        }
    }
}

/// C3, A1: a generated storm of redraws. A client that only watched from the start got the very bytes that the
/// others are measured by.
#[test]
fn after_100_reconnects_in_a_storm_of_redraws_the_terminal_is_as_if_it_had_stayed() {
    let seed = seed();
    let session = Session::start_python("storm.py", &[&seed.to_string()]);
    session.wait_for_line("storm");
    let watcher = session.attach(&["--read-only"]);
    let mut scene = Scene::new(session, seed);
    scene.never_left.pull();
    let joined = scene.never_left.bytes.len();
    for round in 0..100 {
        scene.reconnect("bbb");
        scene.compare(&format!("\x1b[2;2H<{round}>"), &format!("<{round}>"));
    }
    let live = &scene.never_left.bytes[joined..];
    watcher.wait_for(|bytes| without_our_titles(bytes).ends_with(live), PATIENCE).unwrap();
    scene.end();
}

/// C3: vim, on the alternate screen, edited and scrolled.
#[test]
fn after_40_reconnects_while_vim_edits_and_scrolls_the_terminal_is_as_if_it_had_stayed() {
    let file = tools::repository().join("Cargo.lock");
    let session = Session::start(&["vim", "-u", "NONE", "-i", "NONE", "-nN", file.to_str().unwrap()]);
    session.wait_for_line("Cargo.lock");
    let bursts = [
        "\x06\x06\x06\x06",
        "\x02\x02",
        "GggG",
        "30j10k",
        "ihello world, 世界\x1b",
        "dddddd",
        "yy20p",
        ":set number!\r",
        ":split\r\x06\x06",
        ":only\r",
        ":syntax on\r\x06\x06",
        "ggVG\x1b",
    ];
    Scene::new(session, seed()).reconnect_often(40, &bursts, ("\x1b:echo '", "'\r"));
}

/// C3: less on the main screen, so that pages go into the history.
#[test]
fn after_30_reconnects_while_less_pages_the_terminal_is_as_if_it_had_stayed() {
    let file = tools::repository().join("Cargo.lock");
    let session = Session::start(&["less", "-XN", file.to_str().unwrap()]);
    session.wait_for_line("Cargo.lock");
    let pages = ["      ", "bbb", "G", "g", "/version\rnnn", "jjjjj", "15k", "200d"];
    // The mark is typed as a text to look for. Enter looks in vain, and a second one goes on.
    let bursts = pages.map(|keys| format!("\r\r{keys}"));
    Scene::new(session, seed()).reconnect_often(30, &bursts.each_ref().map(String::as_str), ("/", ""));
}

/// C3: htop, which redraws by itself all the time.
#[test]
fn after_15_reconnects_while_htop_redraws_the_terminal_is_as_if_it_had_stayed() {
    let session = Session::start(&["htop", "-d", "1"]);
    session.wait_for_line("F10");
    let down = "\x1bOB";
    let bursts = [&format!("\r{}", down.repeat(9)), "\rt", "\rI", "\rP", "\rM", "\rH", "\rK"];
    // F3 looks for the text; Enter, with which each burst begins, ends that.
    Scene::new(session, seed()).reconnect_often(15, &bursts, ("\x1bOR", ""));
}

/// C3, A1: the real Claude Code, answering.
#[test]
fn after_15_reconnects_while_claude_code_answers_the_terminal_is_as_if_it_had_stayed() {
    let desk = Desk::new();
    let mut scene = Scene::new(desk.session(), seed());
    for round in 0..15 {
        let session = &scene.session;
        // What stands in the input line is from the round before.
        session.get(&["send", "--key", "C-u"]);
        session.get(&["send", "--submit", "[[rate:500]] [[lorem:200]]"]);
        scene.reconnect("");
        let mark = format!("mark{round}");
        scene.compare(&mark, &mark);
    }
    scene.end();
}
