//! A recording that a page plays: what it shows at each moment is what painting it says.

use crate::http::{Answer, Call, dial};
use crate::rig::Rig;
use crate::stream;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use protocol::Size;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::Ipv4Addr;
use terminal::Screen;

/// Lines that scrolled off are not part of what is compared.
const HISTORY: usize = 0;

fn ask(rig: &Rig, path: &str) -> Answer {
    Call::get(&format!("/api/v1/sessions/{path}")).bearer(&rig.manage).send(rig)
}

#[track_caller]
fn get(rig: &Rig, path: &str) -> Value {
    let answer = ask(rig, path);
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()
}

fn resize(rig: &Rig, name: &str, cols: u16, rows: u16) {
    let path = format!("/api/v1/sessions/{name}/resize");
    let answer = Call::post(&path, &json!({ "cols": cols, "rows": rows })).bearer(&rig.manage).send(rig);
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))
}

fn bytes(frame: &Value) -> Vec<u8> {
    BASE64.decode(frame["bytes"].as_str().expect("a frame has bytes")).expect("they are base64")
}

/// A terminal that is written what frames say.
struct Terminal(Screen);

impl Terminal {
    fn new() -> Self {
        Self(Screen::new(Size { cols: 1, rows: 1 }, HISTORY))
    }

    fn show(&mut self, frame: &Value) {
        if let Some(size) = frame.get("size") {
            self.0 = Screen::new(serde_json::from_value(size.clone()).expect("a size"), HISTORY);
        }
        self.0.feed(&bytes(frame));
    }
}

/// All frames of a recording, asked for in parts.
fn whole(rig: &Rig, name: &str, limit: usize) -> Vec<Value> {
    let mut frames: Vec<Value> = Vec::new();
    loop {
        let at = frames.last().map_or(0, |frame| number(&frame["offset"]));
        let place = if frames.is_empty() { "time=0".to_owned() } else { format!("at={at}") };
        let part = get(rig, &format!("{name}/recording?{place}&limit={limit}"));
        let more = part["frames"].as_array().expect("frames").clone();
        // The first frame of a part is the screen where the one before it ended.
        let is_known = frames
            .last()
            .is_some_and(|last| (&last["time"], &last["offset"]) == (&more[0]["time"], &more[0]["offset"]));
        frames.extend(more.into_iter().skip(usize::from(is_known)));
        if part["end"] == true {
            return frames;
        }
    }
}

/// A session that paints wildly, is resized in between, and stops in the middle of a sequence.
fn wild(rig: &Rig) {
    rig.file("first", &stream::noise_without_queries(11, 200_000));
    rig.file("second", &stream::noise_without_queries(12, 200_000));
    rig.start(
        "wild",
        "stty raw -echo; echo ready; head -c1 >/dev/null; cat first; printf '\\033cmiddle\\r\\n'; \
         head -c1 >/dev/null; cat second; printf '\\033cnearly\\r\\n'; head -c1 >/dev/null; printf 'a \\033[3'; \
         head -c1 >/dev/null; printf '1mred'",
    );
    rig.press("wild", "x");
    rig.wait_for_line("wild", "middle");
    resize(rig, "wild", 61, 17);
    resize(rig, "wild", 100, 30);
    rig.press("wild", "x");
    rig.wait_for_line("wild", "nearly");
    let before = rig.offset("wild");
    rig.press("wild", "x");
    rig.wait_for_stored("wild", before + 2);
    resize(rig, "wild", 90, 28);
    rig.press("wild", "x");
    rig.wait_for_end("wild");
}

/// Whoever plays a recording to some place, whoever jumps there by offset or by time, and whoever knows only the end see
/// the same.
#[test]
fn a_jump_shows_what_playing_shows() {
    let rig = Rig::new();
    wild(&rig);
    let frames = whole(&rig, "wild", 30_000);
    let sizes: Vec<String> = frames.iter().filter_map(|frame| Some(frame.get("size")?.to_string())).collect();
    assert!(sizes.iter().any(|size| size.contains("61")) && sizes.len() >= 4, "{sizes:?}");
    let mut played = Terminal::new();
    let mut checked = 0;
    // From the back, so that the server has to go back as well.
    let last = frames.len() - 1;
    let mut places: Vec<usize> = (0..=last).step_by(1 + last / 25).chain([last]).collect();
    let mut expected = Vec::new();
    for (at, frame) in frames.iter().enumerate() {
        played.show(frame);
        let is_last_of_its_time = frames.get(at + 1).is_none_or(|next| next["time"] != frame["time"]);
        let is_last_of_its_offset = frames.get(at + 1).is_none_or(|next| next["offset"] != frame["offset"]);
        expected.push((is_last_of_its_time, is_last_of_its_offset, played.0.dump(HISTORY)));
    }
    places.reverse();
    for at in places {
        let (by_time, by_offset, dump) = &expected[at];
        for (is_wanted, place) in [
            (by_time, format!("time={}", frames[at]["time"])),
            (by_offset, format!("at={}", frames[at]["offset"])),
        ] {
            if !is_wanted {
                continue;
            }
            let part = get(&rig, &format!("wild/recording?{place}&limit=0"));
            let mut jumped = Terminal::new();
            jumped.show(&part["frames"][0]);
            let shown = jumped.0.dump(HISTORY);
            assert!(shown == *dump, "{place}:\n{:#?}\n{:#?}", jumped.0.lines(), frames[at]);
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked}");
    // In the middle of what came at once as well, also byte by byte through sequences.
    let long = frames.iter().rposition(|frame| bytes(frame).len() > 1_000).expect("much came at once");
    let (end, long) = (number(&frames[long]["offset"]), bytes(&frames[long]));
    let start = end - long.len() as u64;
    let mut byte_by_byte = Terminal::new();
    byte_by_byte.show(&get(&rig, &format!("wild/recording?at={start}&limit=0"))["frames"][0]);
    for (at, byte) in (start + 1..).zip(&long[..40]) {
        byte_by_byte.0.feed(&[*byte]);
        let part = get(&rig, &format!("wild/recording?at={at}&limit=0"));
        let mut jumped = Terminal::new();
        jumped.show(&part["frames"][0]);
        assert_eq!(part["frames"][0]["offset"], at);
        assert!(jumped.0.dump(HISTORY) == byte_by_byte.0.dump(HISTORY), "{at}: {:#?}", jumped.0.lines());
    }
    let screen = get(&rig, "wild/screen");
    assert_eq!(json!(played.0.lines()), screen["lines"], "the end is what `screen` says");
    assert_eq!(screen["offset"], frames[last]["offset"]);
    assert!(played.0.lines().iter().any(|line| line == "a red"), "a sequence goes on over a resize");
}

/// The timeline tells how long a recording is, where nothing happened, and what else did.
#[test]
fn a_timeline_tells_pauses_and_moments() {
    let rig = Rig::new();
    rig.start(
        "calm",
        "echo ready; read line; echo one; sleep 1.2; printf '\\033]7501;state=working\\033\\\\two\\n'",
    );
    resize(&rig, "calm", 70, 20);
    rig.press("calm", "go\r");
    rig.wait_for_end("calm");
    let plain = get(&rig, "calm/timeline");
    assert_eq!((&plain["played"], &plain["pauses"]), (&plain["duration"], &json!([])), "{plain}");
    assert_eq!(plain["end"], rig.stored("calm").len(), "{plain}");
    let cut = get(&rig, "calm/timeline?idle_limit=0.5&parts=8");
    let pauses = cut["pauses"].as_array().expect("pauses");
    let gone: u64 = pauses.iter().map(|pause| number(&pause["length"]) - 500_000).sum();
    // The line before it was read a little late, or more than that.
    assert!(pauses.iter().any(|pause| number(&pause["length"]) >= 900_000), "{cut}");
    assert_eq!(number(&cut["played"]) + gone, number(&cut["duration"]), "{cut}");
    let activity = cut["activity"].as_array().expect("activity");
    let sum: u64 = activity.iter().map(number).sum();
    assert!(activity.len() <= 8 && sum > 0 && sum <= number(&cut["end"]), "{cut}");
    assert!(number(&cut["part"]) * 8 > number(&cut["played"]), "{cut}");
    let moments: Vec<&str> = cut["moments"]
        .as_array()
        .expect("moments")
        .iter()
        .filter_map(|moment| moment["state"].as_str().or(moment["what"].as_str()))
        .collect();
    assert_eq!(moments, ["resize", "enter", "working", "exited"], "{cut}");
    for wrong in ["calm/timeline?idle_limit=-1", "calm/timeline?idle_limit=0", "calm/timeline?parts=x"] {
        assert_eq!(ask(&rig, wrong).status, 400, "{wrong}");
    }
}

/// A search finds lines that scrolled off and lines that were painted over, and a jump to a hit shows it.
#[test]
fn a_search_finds_what_is_long_gone() {
    let rig = Rig::new();
    rig.start(
        "hay",
        "echo ready; read line; seq 30000; echo 'the NEEDLE one'; seq 30000; printf marked; until [ -e second ]; do sleep 0.02; done; sleep 0.2; \
         printf '\\033[?1049h\\033[2J\\033[5;3Hsome \\033[1mneed\\033[31mle\\033[0m two'; \
         until [ -e third ]; do sleep 0.02; done; sleep 0.2; printf '\\033[2Jbye'",
    );
    rig.press("hay", "\n");
    // Each is stored before the next is told to come, and long enough before it for a person to see it.
    for (shown, next) in [("^marked", "second"), ("needle two", "third")] {
        rig.wait_for_line("hay", shown);
        rig.file(next, b"");
    }
    rig.wait_for_end("hay");
    let found = get(&rig, "hay/search?q=needle");
    let lines: Vec<&Value> = found["hits"].as_array().expect("hits").iter().map(|hit| &hit["line"]).collect();
    assert_eq!(lines, ["the NEEDLE one", "some needle two"], "{found}");
    assert_eq!(found["complete"], true);
    for hit in found["hits"].as_array().expect("hits") {
        let part = get(&rig, &format!("hay/recording?at={}&limit=0", hit["offset"]));
        let mut jumped = Terminal::new();
        jumped.show(&part["frames"][0]);
        let line = hit["line"].as_str().expect("a line");
        let lines = jumped.0.lines();
        assert!(lines.iter().any(|shown| shown.trim() == line), "{line}: {lines:#?}");
    }
    let hit = &found["hits"][1];
    assert_eq!(get(&rig, "hay/search?q=NEEDLE")["hits"].as_array().map(Vec::len), Some(1));
    // What is too much is told in parts, openly.
    let some = get(&rig, "hay/search?q=99&limit=3");
    assert_eq!(
        (some["hits"].as_array().map(Vec::len), &some["complete"]),
        (Some(3), &json!(false)),
        "{some}"
    );
    let mut hits = Vec::new();
    let mut part = json!({ "offset": 0, "complete": false });
    while part["complete"] == false {
        part = get(&rig, &format!("hay/search?q=999&limit=3&from={}", part["offset"]));
        hits.extend(part["hits"].as_array().expect("hits").iter().map(|hit| hit["line"].to_string()));
    }
    let all = (1..=30_000).chain(1..=30_000).map(|line: u32| format!("\"{line}\""));
    let all: Vec<String> = all.filter(|line| line.contains("999")).collect();
    assert_eq!(hits, all, "parts are the whole");
    let on = get(&rig, &format!("hay/search?q=needle&from={}", hit["offset"]));
    assert_eq!(on["hits"], json!([]), "what is on the screen already is no hit: {on}");
    for wrong in ["hay/search", "hay/search?q=", "hay/search?q=%20", "hay/recording?at=1&time=1"] {
        assert_eq!(ask(&rig, wrong).status, 400, "{wrong}");
    }
}

/// Lines of one place are told together: who goes on behind them gets the rest, and nothing is left out.
#[test]
fn a_search_in_parts_leaves_out_nothing_of_one_place() {
    let rig = Rig::new();
    // The text is in one piece on the screen alone, so that all of a screen are found where it was painted whole.
    let line = r"printf '%s ne\033[0medle\r\n' $screen$row";
    rig.start(
        "hay",
        &format!(
            "next() {{ until [ -e $1 ]; do sleep 0.02; done; sleep 0.2; }}; echo ready; read line; for screen in x y z; do \
             for row in a b c d e; do {line}; done; next $screen-is-shown; \
             printf '\\033[2J\\033[H'; next $screen-is-gone; done"
        ),
    );
    rig.press("hay", "\n");
    // What stands together comes together, and what does not does not.
    for screen in ["x", "y", "z"] {
        rig.wait_for_line("hay", &format!("^{screen}e needle"));
        let shown = rig.offset("hay");
        rig.file(&format!("{screen}-is-shown"), b"");
        rig.wait_for_stored("hay", shown + 1);
        rig.file(&format!("{screen}-is-gone"), b"");
    }
    rig.wait_for_end("hay");
    let lines = |found: &Value| -> Vec<String> {
        let hits = found["hits"].as_array().expect("hits");
        hits.iter().map(|hit| hit["line"].as_str().expect("a line").to_owned()).collect()
    };
    let all = lines(&get(&rig, "hay/search?q=needle"));
    assert_eq!(all.len(), 15, "{all:?}");
    for limit in [1, 2, 7] {
        let mut hits = Vec::new();
        let mut part = json!({ "offset": 0, "complete": false });
        while part["complete"] == false {
            part = get(&rig, &format!("hay/search?q=needle&limit={limit}&from={}", part["offset"]));
            hits.extend(lines(&part));
        }
        assert_eq!(hits, all, "in parts of {limit}");
    }
}

/// A recording that still grows is played as far as it goes, and then on.
#[test]
fn a_recording_that_grows_goes_on() {
    let rig = Rig::new();
    rig.start("grows", "stty -echo; echo ready; read line; echo more; exec cat");
    let before = whole(&rig, "grows", 1_000);
    rig.press("grows", "\n");
    rig.wait_for_line("grows", "more");
    let after = whole(&rig, "grows", 1_000);
    assert_eq!(after[..before.len()], before[..]);
    let rest: Vec<u8> = after[before.len()..].iter().flat_map(bytes).collect();
    assert_eq!(rest.escape_ascii().to_string(), "more\\r\\n");
}

/// A page that played a recording asks again after a purge: what it gets is that of the new one.
#[test]
fn what_was_purged_is_shown_to_nobody_any_more() {
    let rig = Rig::new();
    rig.instance.out(&["run", "-d", "--name", "s", "--", "sh", "-c", "echo to-be-purged; seq 10"]);
    rig.instance.out(&["wait", "s", "--for", "exit"]);
    let shown = || {
        let frames = whole(&rig, "s", 1 << 20);
        frames.iter().map(|frame| String::from_utf8_lossy(&bytes(frame)).into_owned()).collect::<String>()
    };
    assert!(shown().contains("to-be-purged"));
    rig.instance.out(&["purge", "--match", "to-be-purged"]);
    let after = shown();
    assert!(after.contains("************") && !after.contains("purged"), "{after:?}");
}

#[test]
fn an_export_over_http_has_no_secrets_but_the_recording_itself() {
    const TOKEN: &str = "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
    let rig = Rig::new();
    // It is shown in two pieces.
    let script = "printf 'push %.20s' $t; sleep 0.1; echo ${t:20}; echo ready; read line";
    rig.start("own", &format!("t={TOKEN}; {script}"));
    let typed = json!({ "text": format!("{TOKEN}\n") });
    let answer = Call::post("/api/v1/sessions/own/input", &typed).bearer(&rig.manage).send(&rig);
    assert_eq!(answer.status, 200, "{answer:?}");
    rig.instance.out(&["wait", "own", "--for", "exit"]);
    for format in ["asciicast-v3", "asciicast-v2", "text", "log"] {
        // It cannot be asked for unmasked.
        for more in ["", "&unmasked=true"] {
            let text = streamed(&rig, &format!("own/export?format={format}&input=true{more}"));
            assert!(text.contains("push [redacted:github-tok"), "{format}: {text}");
            assert!(!text.contains(&TOKEN[4..20]) && !text.contains(&TOKEN[20..]), "{format}: {text}");
        }
    }
    let raw = streamed(&rig, "own/export?format=raw");
    assert!(raw.contains(TOKEN), "{raw}");
}

/// An answer without a length, with its head: short enough to come in one piece.
fn streamed(rig: &Rig, path: &str) -> String {
    let call = Call::get(&format!("/api/v1/sessions/{path}")).bearer(&rig.manage);
    let mut stream = dial(Ipv4Addr::LOCALHOST, rig.address()).expect("connect to the server");
    stream.write_all(&call.bytes(rig.address())).expect("ask");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("read the answer");
    String::from_utf8_lossy(&answer).into_owned()
}
