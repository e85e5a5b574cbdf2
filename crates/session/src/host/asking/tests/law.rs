//! The law of answers, attacked by chance: any questions, any keys, a terminal that takes its time.

use super::*;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::collections::VecDeque;

const KEYS: &[&[u8]] =
    &[b"a", b"\x1b", b"\x1b[A", b"\x1b[1;2R", b"\x1bOP", "é".as_bytes(), b"\x1b[200~x\x1b[201~"];

/// What happens in a life: the program asks, or somebody types, after a pause.
#[derive(Clone, Debug)]
enum Deed {
    /// Each question, with how many milliseconds the terminal takes to answer it, if it does.
    Ask(Vec<(Question, Option<u64>)>),
    Type(&'static [u8]),
}

#[derive(Clone, Copy, Debug)]
enum Question {
    Place,
    Primary,
    Version,
    Mode,
    Palette,
    Setting,
    Strange,
}

impl Question {
    /// What is asked, and what only the terminal would answer. No two such answers are the same.
    fn words(self, number: usize) -> (Query, Vec<u8>) {
        match self {
            Self::Place => (Query::CursorPosition, Vec::new()),
            Self::Primary => (Query::PrimaryAttributes, Vec::new()),
            Self::Version => (Query::Version, Vec::new()),
            Self::Mode => (Query::Mode { private: true, mode: 2026 }, Vec::new()),
            Self::Palette => palette(number as u8),
            Self::Setting => (Query::Setting(b"m".to_vec()), format!("\x1bP1$r{number}m\x1b\\").into()),
            Self::Strange => (Query::Other(b"\x1b[?2;1;0S".to_vec()), format!("\x1b[?2;0;{number}S").into()),
        }
    }
}

fn deeds() -> impl Strategy<Value = Vec<(u64, Deed)>> {
    let question = select(vec![
        Question::Place,
        Question::Primary,
        Question::Version,
        Question::Mode,
        Question::Palette,
        Question::Setting,
        Question::Strange,
    ]);
    let takes = weighted(0.8, select(vec![0_u64, 0, 0, 3, 30, 150, 260, 700]));
    let deed = prop_oneof![
        vec((question, takes), 1..7).prop_map(Deed::Ask),
        select(KEYS.to_vec()).prop_map(Deed::Type),
    ];
    vec((select(vec![0_u64, 1, 10, 60, 250]), deed), 1..12)
}

/// What the terminal sends, in its order: when, and the bytes.
struct Line {
    sent: VecDeque<(Instant, Vec<u8>)>,
    last: Instant,
    /// Answers after which it says nothing more.
    left: usize,
}

impl Line {
    /// Sends an answer, cut somewhere, perhaps with a pause. Gives when it is whole, if it comes. A cut that leaves what may be a
    /// key has no pause behind it: nobody could tell.
    fn send(&mut self, at: Instant, bytes: &[u8], cut: Index, pause: u64) -> Option<Instant> {
        self.left = self.left.checked_sub(1)?;
        let cut = cut.index(bytes.len());
        let begun = bytes[..cut].iter().rposition(|byte| *byte == 0x1b).map(|escape| cut - escape);
        let pause = Duration::from_millis(if begun.is_some_and(|begun| begun > 2) { pause } else { 0 });
        let at = self.last.max(at);
        self.last = at + pause;
        self.sent.push_back((at, bytes[..cut].to_vec()));
        self.sent.push_back((self.last, bytes[cut..].to_vec()));
        Some(self.last)
    }
}

/// One question that was asked, and what may answer it.
struct Asked {
    /// What the host may say; nothing, if only the terminal can.
    ours: Vec<Vec<u8>>,
    theirs: Vec<u8>,
    /// Whether it came in time.
    must_come: bool,
}

proptest! {
    /// T14, T37: each question gets one answer at most, ours always and the terminal's if it is in time, in the order
    /// of the questions; all that is typed arrives, in its order, and nothing else does.
    #[test]
    fn every_answer_comes_in_its_turn_and_nothing_that_was_not_typed_is_typed(
        deeds in deeds(),
        cuts in vec((any::<Index>(), select(vec![0_u64, 0, 5, 300])), 64),
        probe_takes in select(vec![0_u64, 20, 90, 110, 1500]),
        silent_after in weighted(0.2, 0..12_usize),
    ) {
        let mut scene = Scene::new();
        let mut line = Line { sent: VecDeque::new(), last: scene.now, left: silent_after.unwrap_or(usize::MAX) };
        let mut cuts = cuts.into_iter().cycle();
        let (mut asked, mut typed, mut probed) = (Vec::new(), Vec::new(), false);
        let learned = {
            let mut filter = ReplyFilter::new();
            let (mut reader, mut replies) = (ProbeReader::new(SIZE, &mut filter, Ticket(1)), Vec::new());
            filter.feed(ANSWERS, &mut replies);
            replies.iter().for_each(|reply| reader.learn(reply));
            reader.finish()
        };
        let mut deeds: VecDeque<_> = deeds.into();
        let mut next = scene.now;
        if let Some((pause, _)) = deeds.front() {
            next += Duration::from_millis(*pause);
        }
        loop {
            // What comes first: our own clock, the terminal, or a deed. A terminal that waits is never in the middle of
            // an answer while a key is typed: it writes what it writes at once, or the key behind it.
            let in_answer = line.sent.len() % 2 == 1;
            let from_line = line.sent.front().map(|(at, _)| *at);
            let deed = (!deeds.is_empty()).then_some(next).map(|at| match from_line {
                Some(rest) if in_answer => at.max(rest),
                _ => at,
            });
            let Some(at) = [from_line, deed, scene.asking.deadline()].into_iter().flatten().min() else { break };
            scene.wait(at.saturating_duration_since(scene.now));
            if scene.probes == 1 && !std::mem::replace(&mut probed, true) {
                let (cut, pause) = cuts.next().unwrap();
                line.send(scene.now + Duration::from_millis(probe_takes), ANSWERS, cut, pause);
            }
            if from_line == Some(at) {
                let (_, bytes) = line.sent.pop_front().unwrap();
                scene.read(&bytes);
                continue;
            }
            if deed != Some(at) {
                continue;
            }
            match deeds.pop_front().unwrap().1 {
                Deed::Type(keys) => {
                    typed.extend_from_slice(keys);
                    scene.read(keys);
                }
                Deed::Ask(questions) => for (question, takes) in questions {
                    let number = asked.len();
                    scene.screen.feed(format!("\x1b[{};{}H", number / 70 + 1, number % 70 + 1).as_bytes());
                    let (query, theirs) = question.words(number);
                    let who = scene.ask(&query, true);
                    let seen = Seen::at(&query, &scene.screen);
                    let by = |profile: &Profile| {
                        let mut out = Vec::new();
                        answer::answer(&query, &seen, profile, &mut out);
                        out
                    };
                    let ours = match who {
                        Who::Host => vec![by(&Profile::plain("1.2.3")), by(&learned)],
                        _ => Vec::new(),
                    };
                    let mut must_come = false;
                    if who != Who::Host {
                        if let Some(takes) = takes {
                            let (cut, pause) = cuts.next().unwrap();
                            let at = scene.now + Duration::from_millis(takes);
                            let whole = line.send(at, &theirs, cut, pause);
                            must_come = whole.is_some_and(|whole| whole < scene.now + TERMINAL_PATIENCE);
                        }
                        let (cut, pause) = cuts.next().unwrap();
                        line.send(scene.now, FENCED, cut, pause);
                    }
                    asked.push(Asked { ours, theirs, must_come });
                },
            }
            if let Some((pause, _)) = deeds.front() {
                next = scene.now + Duration::from_millis(*pause);
            }
        }
        prop_assert_eq!(scene.typed.escape_ascii().to_string(), typed.escape_ascii().to_string());
        let mut rest = &scene.answered[..];
        for (number, asked) in asked.iter().enumerate() {
            let answer = asked.ours.iter().chain(Some(&asked.theirs)).filter(|answer| !answer.is_empty());
            let came = { answer }.find_map(|answer| rest.strip_prefix(&answer[..]));
            let must = asked.must_come || !asked.ours.is_empty();
            prop_assert!(came.is_some() || !must, "question {number} has no answer at {}", rest.escape_ascii());
            rest = came.unwrap_or(rest);
        }
        prop_assert!(rest.is_empty(), "more than was asked for: {}", rest.escape_ascii());
    }
}
