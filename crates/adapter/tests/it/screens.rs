//! What the screens of recordings say: `cases/CLI/screens/VERSION.cast`, made of sessions of the real CLIs, and beside each in
//! `VERSION.json` the states that its rules see, in order. `CASES=write` writes those anew, to be looked at before they are
//! committed.

use adapter::state::Shown;
use protocol::{AgentState, Size, Time};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use terminal::Screen;

/// Between two looks: more often than a host, which looks in step with the output.
const LOOK_SECONDS: f64 = 0.1;

/// A recording that is played.
struct Play {
    screen: Screen,
    rules: &'static adapter::state::Rules,
    version: String,
    glimpse: Option<Value>,
    seen: Vec<Value>,
}

impl Play {
    /// Looks: what is said twice counts, as with a host.
    fn look(&mut self) {
        let shown = Shown { title: self.screen.title(), lines: &self.screen.lines() };
        let Some(claim) = self.rules.judge(&shown, Some(&self.version), Time(1)) else { return };
        let rule = claim.evidence.split(':').next().unwrap_or_default();
        let said = json!({ "state": claim.state, "on": claim.on, "rule": rule });
        if self.glimpse.as_ref() == Some(&said) && self.seen.last() != Some(&said) {
            self.seen.push(said.clone());
        }
        self.glimpse = Some(said);
    }
}

#[test]
fn every_recording_shows_the_states_that_it_says() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let write = std::env::var("CASES").is_ok_and(|what| what == "write");
    for adapter in adapter::ADAPTERS.iter().filter(|adapter| !adapter.programs().is_empty()) {
        let recordings = recordings(&cases.join(adapter.name()).join("screens"));
        assert!(!recordings.is_empty(), "{} has no recording", adapter.name());
        let mut asks = false;
        for path in recordings {
            let text = fs::read_to_string(&path).unwrap();
            let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            let head = lines.next().unwrap();
            let number = |field: &str| head["term"][field].as_u64().unwrap() as u16;
            let size = Size::new(number("cols"), number("rows")).unwrap();
            let version = path.file_stem().unwrap().to_str().unwrap().split('-').next().unwrap().to_owned();
            let rules = adapter.rules();
            let mut play =
                Play { screen: Screen::new(size, 0), rules, version, glimpse: None, seen: Vec::new() };
            let (mut now, mut next_look) = (0.0, LOOK_SECONDS);
            for event in lines {
                now += event[0].as_f64().unwrap();
                while now >= next_look {
                    play.look();
                    next_look += LOOK_SECONDS;
                }
                if event[1] == "o" {
                    play.screen.feed(event[2].as_str().unwrap().as_bytes());
                }
            }
            (0..2).for_each(|_| play.look());
            let expect = path.with_extension("json");
            if write {
                let lines: Vec<String> = play.seen.iter().map(|seen| format!("  {seen}")).collect();
                fs::write(&expect, format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
            }
            let expected =
                fs::read(&expect).map_or(Value::Null, |text| serde_json::from_slice(&text).unwrap());
            assert_eq!(json!(play.seen), expected, "{}", path.display());
            let blocked = json!(AgentState::Blocked);
            asks |= play.seen.iter().any(|seen| seen["state"] == blocked);
        }
        assert!(asks, "no recording of {} shows a question", adapter.name());
    }
}

fn recordings(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut all: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|kind| kind == "cast")).collect();
    all.sort();
    all
}
