//! Programs that keep no conversation: what was typed and what came back is read from the recording.

use serde_json::Value;
use testkit::terminal::PATIENCE;
use testkit::{Instance, eventually};

const NAME: &str = "s";

/// A program in a session, at which a test types.
struct Desk(Instance);

impl Desk {
    fn start(program: &[&str]) -> Desk {
        let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
        instance.out(&[&["run", "--detached", "--name", NAME, "--size", "160x40", "--"], program].concat());
        Desk(instance)
    }

    fn shell() -> Desk {
        let desk = Desk::start(&["env", "PS1=at your service> ", "bash", "--norc", "--noprofile", "-i"]);
        desk.wait_for("at your service> *$");
        desk
    }

    fn wait_for(&self, line: &str) {
        self.0.out(&["wait", NAME, "--for", "text", "--match", line, "--timeout", "20"]);
    }

    /// Hands a line over, and waits for a line of the screen.
    fn say(&self, line: &str, until: &str) {
        self.0.out(&["send", NAME, "--submit", line]);
        self.wait_for(until);
    }

    fn entries(&self) -> Vec<Value> {
        let told = self.0.json(&["conversation", NAME, "--json"]);
        assert_eq!((told.as_array().unwrap().len(), &told[0]["cli"]), (1, &Value::from("generic")));
        told[0]["entries"].as_array().unwrap().clone()
    }

    /// Who said what.
    fn told(&self) -> Vec<(String, String)> {
        let word = |entry: &Value, field: &str| entry[field].as_str().unwrap().to_owned();
        self.entries().iter().map(|entry| (word(entry, "role"), word(entry, "text"))).collect()
    }

    fn wait_for_told(&self, role: &str, text: &str) {
        let is_told = || self.told().contains(&(role.to_owned(), text.to_owned())).then_some(());
        eventually(PATIENCE, is_told).unwrap_or_else(|| panic!("{role}: {text} in {:#?}", self.told()));
    }
}

#[track_caller]
fn assert_told(told: &[(String, String)], expected: &[(&str, &str)]) {
    let told: Vec<(&str, &str)> = told.iter().map(|(role, text)| (role.as_str(), text.as_str())).collect();
    assert_eq!(told, expected);
}

/// A30: of a shell there are turns to read, to search and to go to, and they are the same however often they are read.
#[test]
fn a_shell_is_told_as_what_was_typed_and_what_came_back() {
    let desk = Desk::shell();
    desk.say("echo one two | tr a-z A-Z", "ONE TWO");
    // Keys, one of which takes another back, and a line from the history.
    for key in
        [&["--text", "echo threex"][..], &["--key", "Backspace"], &["--text", " | rev"], &["--key", "Enter"]]
    {
        desk.0.out(&[&["send", NAME], key].concat());
    }
    desk.wait_for("^eerht");
    desk.0.out(&["send", NAME, "--key", "Up"]);
    desk.wait_for("echo three . rev.*$");
    desk.0.out(&["send", NAME, "--key", "Enter"]);
    desk.say("clear; printf 'bar 1\\rbar 2\\n'", "^bar 2");
    desk.wait_for_told("assistant", "bar 2");
    let before = desk.entries();
    assert_told(
        &desk.told(),
        &[
            ("assistant", "at your service>"),
            ("user", "echo one two | tr a-z A-Z"),
            ("assistant", "ONE TWO"),
            ("user", "echo three | rev"),
            ("assistant", "eerht"),
            ("user", "echo three | rev"),
            ("assistant", "eerht"),
            ("user", "clear; printf 'bar 1\\rbar 2\\n'"),
            ("assistant", "bar 2"),
        ],
    );
    // Each stands where it was said.
    let raw = desk.0.out(&["export", NAME, "--format", "raw"]);
    let places: Vec<usize> =
        before.iter().map(|entry| entry["place"]["offset"].as_u64().unwrap() as usize).collect();
    assert!(places.is_sorted(), "{places:?}");
    let upper = before.iter().position(|entry| entry["text"] == "ONE TWO").unwrap();
    let behind = String::from_utf8_lossy(&raw[places[upper]..places[upper + 1]]).into_owned();
    assert!(behind.contains("ONE TWO"), "{behind:?}");
    let found = desk.0.json(&["search", "ONE TWO", "--cli", "generic", "--json"]);
    assert!(!found.as_array().unwrap().is_empty(), "{found}");
    assert_eq!(desk.entries(), before, "read once more");
    desk.0.out(&["import", "--rebuild"]);
    assert_eq!(desk.entries(), before, "made anew");
    desk.say("exit", ".*");
    let over = || (desk.0.json(&["show", NAME, "--json"])["phase"] == "exited").then_some(());
    eventually(PATIENCE, over).expect("it ends");
    let all = desk.entries();
    assert_eq!((all.len() > before.len(), &all[..before.len()]), (true, &before[..]));
    desk.0.out(&["import", "--rebuild"]);
    assert_eq!(desk.entries(), all);
}

#[test]
fn a_repl_that_edits_lines_is_read_line_by_line() {
    let desk = Desk::start(&["python3", "-q", "-i"]);
    desk.wait_for(">>> *$");
    desk.say("6 * 7", "^42$");
    desk.say("def twice(x): return 2 * x", r"^\.\.\. *$");
    desk.0.out(&["send", NAME, "--key", "Enter"]);
    desk.wait_for(">>> *$");
    desk.say("twice('ab')", "^'abab'$");
    desk.wait_for_told("assistant", "'abab'");
    let told = desk.told();
    for line in ["6 * 7", "def twice(x): return 2 * x", "twice('ab')"] {
        assert!(told.contains(&("user".to_owned(), line.to_owned())), "{told:#?}");
    }
    assert!(told.contains(&("assistant".to_owned(), "42".to_owned())), "{told:#?}");
}

/// A spinner is one line, a picture that is drawn again and again one picture, a full-screen program a short word.
#[test]
fn what_is_drawn_over_and_what_takes_the_whole_screen_is_no_garbage() {
    let desk = Desk::shell();
    let spin = "for n in 1 2 3 4 5 6 7 8 9; do printf '\\r%s of 9' $n; sleep .02; done; echo";
    desk.say(spin, "^9 of 9");
    let picture = "for n in 1 2 3 4 5; do printf '+--+\\n|%2d|\\n+--+\\n\\e[3A' $n; sleep .02; done; printf '\\n\\n\\n'; echo painted";
    desk.say(picture, "^painted");
    let full = "printf '\\e[?1049h\\e[HGARB'; printf 'AGE'; read -rsn1; printf '\\e[?1049l'; echo back";
    desk.say(full, "GARBAGE");
    desk.0.out(&["send", NAME, "--text", "q"]);
    desk.wait_for("^back");
    desk.wait_for_told("assistant", "back");
    let told = desk.told();
    let said = |text: &str| told.iter().any(|(role, said)| role == "assistant" && said == text);
    assert!(said("9 of 9") && said("+--+\n| 5|\n+--+\npainted"), "{told:#?}");
    let shown = told.iter().filter(|(role, _)| role == "system").collect::<Vec<_>>();
    assert!(shown.len() == 1 && shown[0].1.starts_with("a full-screen program ran for"), "{told:#?}");
    assert!(!told.iter().any(|(role, text)| role == "assistant" && text.contains("GARBAGE")), "{told:#?}");
}

#[test]
fn a_password_is_in_no_conversation() {
    let desk = Desk::shell();
    desk.say("read -rsp 'Password: ' word; echo; echo ${#word} bytes", "^Password:");
    desk.say("correct horse", "^13 bytes");
    desk.wait_for_told("assistant", "13 bytes");
    let told = desk.told();
    assert!(told.contains(&("user".to_owned(), "(a secret, which is not recorded)".to_owned())), "{told:#?}");
    assert!(told.contains(&("assistant".to_owned(), "Password:".to_owned())), "{told:#?}");
    assert!(!told.iter().any(|(_, text)| text.contains("horse")), "{told:#?}");
}

/// A flood costs what can be read of it, no more.
#[test]
fn of_a_flood_the_begin_and_the_end_are_told() {
    let desk = Desk::shell();
    desk.say("seq 400000; echo all of them", "^all of them");
    desk.wait_for("at your service> *$");
    let told = desk.told();
    let (_, flood) = told
        .iter()
        .find(|(role, text)| role == "assistant" && text.ends_with("all of them"))
        .expect("it is told");
    assert!(flood.starts_with("1\n2\n") && flood.contains("bytes are left out") && flood.len() < 100_000);
}
