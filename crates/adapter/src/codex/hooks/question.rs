//! The dialog of questions with options, as `request_user_input` puts them, one after the other.
//!
//! What is asked is known from the hook, and compared as a whole with what the screen shows: the words, each option and what is
//! said of it, which stand in two columns whose lines are broken each for itself.
//!
//! ```text
//!   Question 1/2 (2 unanswered)
//!   Which database shall I use?
//!
//!   › 1. SQLite             small
//!     2. Postgres           big
//!     3. None of the above  Optionally, add details in notes (tab)
//!
//!   tab to add notes | enter to submit answer | ←/→ to navigate questions
//!   esc to interrupt
//! ```
//!
//! Words of one's own are notes: Tab opens a field for them below the options, which goes with the option that has the highlight,
//! and in which digits are words.
//!
//! ```text
//!   › Add notes
//!
//!   tab or esc to clear notes | enter to submit answer
//! ```

use crate::dialog::{Dialog, Field, dense};
use crate::question::{Question, questions};
use protocol::approval::Ask;

/// The tool.
pub(super) const TOOL: &str = "request_user_input";
/// What ends the first line of the dialog.
const HEAD_ENDS: &str = " unanswered)";
/// What stands below, in up to so many lines, while the digits choose: with notes it is another.
const FOOT: &str = "  tab to add notes | enter to submit ";
const FOOT_ENDS: &[&str] = &["esctointerrupt"];
/// The same with notes.
const NOTES_FOOT: &str = "  tab or esc to clear notes | enter to submit ";
const NOTES_FOOT_ENDS: &[&str] = &["entertosubmitanswer", "entertosubmitall"];
const EMPTY_NOTES: &str = "Add notes";
const FOOT_LINES: usize = 4;
/// The option that Codex adds.
const OTHER: (&str, &str) = ("None of the above", "Optionally, add details in notes (tab)");
/// How the line with the highlight begins.
const HIGHLIGHT: &str = "  › ";

/// The dialog, if the lines show the one of these questions, with those before answered and none of the rest.
pub(super) fn shown(ask: &Ask, lines: &[String]) -> Option<Dialog> {
    let all = compared(ask)?;
    let shown = dialog(lines)?;
    let count = all.len();
    let is_at = |at: &usize| shown.head == format!("Question {}/{count} ({}{HEAD_ENDS}", at + 1, count - at);
    let at = (0..count).find(is_at)?;
    let (options, has_other) = options(&all[at], shown.body)?;
    let place = highlighted(options).filter(|_| has_other);
    // In open notes a digit is a word, so they must be known for what they are.
    if place.is_none() && shown.notes.is_some() {
        return None;
    }
    let field = place.map(|place| Field {
        words: shown.notes,
        placeholder: EMPTY_NOTES,
        open: Some("Tab"),
        clear: "Tab",
        beside: Some((place, all[at].labels.len())),
    });
    let questions = all.into_iter().map(|question| (question.text, question.labels)).collect();
    Some(Dialog { questions, at, field, ..Dialog::of_leave("Enter", "Escape") })
}

/// Whether the lines may show it: of what cannot be compared any dialog of this kind may be the one.
pub(super) fn may_be_shown(ask: &Ask, lines: &[String]) -> bool {
    match compared(ask) {
        Some(_) => shown(ask, lines).is_some(),
        None => foot(lines).is_some(),
    }
}

/// What is to be compared; `None` where that would tell nothing.
fn compared(ask: &Ask) -> Option<Vec<Question>> {
    let is_whole = !ask.cut && !dense([ask.input.to_string().as_str()]).contains(&dense([HEAD_ENDS]));
    let all = questions(&ask.input);
    let is_choice = |question: &Question| !question.labels.is_empty();
    (is_whole && !all.is_empty() && all.iter().all(is_choice)).then_some(all)
}

/// A dialog at the end of the screen.
struct Shown<'a> {
    head: &'a str,
    /// What stands between it and the notes.
    body: &'a [String],
    /// The notes without their blanks, while they are open.
    notes: Option<String>,
}

/// The dialog with which the lines end. Of two heads one is a model's.
fn dialog(lines: &[String]) -> Option<Shown<'_>> {
    let (foot, has_notes) = foot(lines)?;
    let lines = &lines[..foot];
    let (lines, notes) = if has_notes {
        let begin = lines.iter().rposition(|line| line.starts_with(HIGHLIGHT))?;
        let first = &lines[begin][HIGHLIGHT.len()..];
        let rest = lines[begin + 1..].iter().map(String::as_str);
        (&lines[..begin], Some(dense([first].into_iter().chain(rest))))
    } else {
        (lines, None)
    };
    let mut heads = lines.iter().enumerate().filter(|(_, line)| line.contains(HEAD_ENDS));
    let (at, head) = heads.next().filter(|_| heads.next().is_none())?;
    Some(Shown { head: head.trim(), body: &lines[at + 1..], notes })
}

/// Where the foot is, and whether it is that of notes.
fn foot(lines: &[String]) -> Option<(usize, bool)> {
    let last = lines.iter().rposition(|line| !line.trim().is_empty())?;
    let begins = |line: &String| line.starts_with(FOOT) || line.starts_with(NOTES_FOOT);
    let foot = lines[..=last].iter().rposition(begins)?;
    let has_notes = lines[foot].starts_with(NOTES_FOOT);
    let text = dense(lines[foot..=last].iter().map(String::as_str));
    let ends = if has_notes { NOTES_FOOT_ENDS } else { FOOT_ENDS };
    let is_whole = ends.iter().any(|end| text.ends_with(end));
    (is_whole && last - foot < FOOT_LINES).then_some((foot, has_notes))
}

/// The lines of a question's options, if it is the one, and whether the one that Codex adds is among them.
fn options<'a>(question: &Question, body: &'a [String]) -> Option<(&'a [String], bool)> {
    let text = dense([question.text.as_str()]);
    let begins = |at: &usize| dense(body[..*at].iter().map(String::as_str)) == text;
    (0..body.len()).filter(begins).find_map(|at| Some((&body[at..], offered(question, &body[at..])?)))
}

/// The place of the option with the highlight.
fn highlighted(options: &[String]) -> Option<usize> {
    let mut all = options.iter().filter_map(|line| line.strip_prefix(HIGHLIGHT));
    let (number, _) = all.next().filter(|_| all.next().is_none())?.split_once(". ")?;
    number.parse::<usize>().ok()?.checked_sub(1)
}

/// Whether the one that Codex adds is among the options, if the lines are those in their two columns, wherever the second one
/// begins.
fn offered(question: &Question, lines: &[String]) -> Option<bool> {
    let plain: Vec<Vec<char>> =
        lines.iter().map(|line| line.replacen(HIGHLIGHT, "    ", 1).chars().collect()).collect();
    let width = plain.iter().map(Vec::len).max().unwrap_or_default();
    let with_other = |(label, about): (&str, &str)| {
        let number = question.labels.len() + 1;
        (format!("{number}. {label}"), about.to_owned())
    };
    let own = question.labels.iter().zip(&question.descriptions).enumerate();
    let own: Vec<(String, String)> =
        own.map(|(at, (label, about))| (format!("{}. {label}", at + 1), about.clone())).collect();
    let columns = |all: &[(String, String)]| {
        (
            dense(all.iter().map(|(label, _)| label.as_str())),
            dense(all.iter().map(|(_, about)| about.as_str())),
        )
    };
    let expected = [columns(&own), columns(&[own.as_slice(), &[with_other(OTHER)]].concat())];
    (0..=width).find_map(|column| {
        let side = |is_left: bool| -> String {
            let part = |line: &Vec<char>| {
                let (left, right) = line.split_at(column.min(line.len()));
                String::from_iter(if is_left { left } else { right })
            };
            dense(plain.iter().map(part).collect::<Vec<_>>().iter().map(String::as_str))
        };
        let sides = (side(true), side(false));
        expected.iter().position(|expected| *expected == sides).map(|which| which == 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog::Step;
    use protocol::BlockKind;
    use protocol::approval::{Behaviour, Decision};
    use serde_json::{Value, json};

    const ONE: &str = "
  Question 1/1 (1 unanswered)
  Which database shall I use?

  › 1. SQLite             small
    2. Postgres           big
    3. None of the above  Optionally, add details in notes (tab)

  tab to add notes | enter to submit answer | esc to interrupt
";
    const SECOND: &str = "
  Question 2/2 (1 unanswered)
  How shall it be called, and please think about it for a while before you
  answer because names matter a great deal?

  › 1. One that is rather long and goes on and on      and a description that
       until it must be broken                         is long as well so that
                                                       both break here
    2. 2. two                                          1. one
    3. None of the above                               Optionally, add details
                                                       in notes (tab)

  tab to add notes | enter to submit all | ←/→ to navigate questions
  esc to interrupt
";

    fn asks(questions: Value) -> Ask {
        let ask = json!({ "kind": BlockKind::Question, "tool": TOOL, "input": { "questions": questions } });
        serde_json::from_value(ask).unwrap()
    }

    fn database() -> Value {
        let options = [
            json!({ "label": "SQLite", "description": "small" }),
            json!({ "label": "Postgres", "description": "big" }),
        ];
        json!({ "question": "Which database shall I use?", "options": options })
    }

    fn name() -> Value {
        let options = [
            json!({ "label": "One that is rather long and goes on and on until it must be broken", "description": "and a description that is long as well so that both break here" }),
            json!({ "label": "2. two", "description": "1. one" }),
        ];
        json!({ "question": "How shall it be called, and please think about it for a while before you answer because names matter a great deal?", "options": options })
    }

    fn lines(screen: &str) -> Vec<String> {
        screen.lines().map(str::to_owned).collect()
    }

    fn step(ask: &Ask, screen: &str, answers: &[(&str, &str)], begun: bool) -> Option<Step> {
        let answers =
            answers.iter().map(|(text, answer)| ((*text).to_owned(), (*answer).to_owned())).collect();
        let decision =
            Decision { behaviour: Behaviour::Allow, message: None, answers, input: None, always: None };
        shown(ask, &lines(screen))?.step(&decision, begun)
    }

    fn key(ask: &Ask, screen: &str, answers: &[(&str, &str)]) -> Option<&'static str> {
        match step(ask, screen, answers, false)? {
            Step::Answer(key) => Some(key),
            other => panic!("{other:?}"),
        }
    }

    /// The dialog with notes and the highlight at an option.
    fn noted(screen: &str, notes: &str, place: usize) -> String {
        let screen =
            screen.replace("  › 1.", "    1.").replace(&format!("    {place}."), &format!("  › {place}."));
        let (above, _) = screen.split_once("  tab to add").unwrap();
        format!("{above}  › {notes}\n\n  tab or esc to clear notes | enter to submit answer\n")
    }

    #[test]
    fn each_of_several_questions_is_answered_while_it_is_shown() {
        assert_eq!(key(&asks(json!([database()])), ONE, &[("DB", "Postgres")]), Some("2"));
        let (first, second) = (database(), name());
        let both = asks(json!([first, second]));
        let text = |question: &Value| question["question"].as_str().unwrap().to_owned();
        let (of_first, of_second) = (text(&first), text(&second));
        let answers = [(of_first.as_str(), "Postgres"), (of_second.as_str(), "2. two")];
        let begin = ONE.replace("1/1 (1", "1/2 (2");
        assert_eq!((key(&both, &begin, &answers), key(&both, SECOND, &answers)), (Some("2"), Some("2")));
        assert_eq!(key(&both, &begin, &answers[..1]), None, "all are answered, or none");
        assert!(shown(&both, &lines(&ONE.replace("1/1 (1", "1/2 (1"))).is_none(), "somebody answers there");
    }

    #[test]
    fn words_go_into_the_notes_of_the_option_that_they_are_for() {
        let ask = asks(json!([database()]));
        let step =
            |screen: &str, answer: &str| step(&ask, screen, &[("Which database shall I use?", answer)], true);
        assert_eq!(step(ONE, "DuckDB"), Some(Step::Reach("Down", 2)));
        assert_eq!(step(&noted(ONE, EMPTY_NOTES, 3), "DuckDB"), Some(Step::Words("DuckDB".to_owned())));
        let long = "DuckDB, since its files are small (1 unanswered) and › 1. it is fast";
        let broken = "DuckDB, since its files are small (1 unanswered)\n    and › 1. it is fast";
        assert_eq!(step(&noted(ONE, broken, 3), long), Some(Step::Answer("Enter")));
        assert_eq!(
            step(&noted(ONE, broken, 2), long),
            Some(Step::Nothing),
            "it would go with another option"
        );
        assert_eq!(step(&noted(ONE, "[Pasted Content 65 chars]", 3), long), Some(Step::Nothing));
        assert_eq!(
            step(&noted(ONE, "if it is free", 2), "Postgres, if it is free"),
            Some(Step::Answer("Enter"))
        );
        assert_eq!(step(&noted(ONE, "", 2), "Postgres"), Some(Step::Nothing), "a digit is a word there");
        let own_alone = ONE.replace("    3. None of the above  Optionally, add details in notes (tab)\n", "");
        assert_eq!(step(&own_alone, "DuckDB"), None);
        assert_eq!(step(&own_alone, "Postgres"), Some(Step::Answer("2")));
        let own_noted = noted(&own_alone, "mine", 2);
        assert_eq!(step(&own_noted, "Postgres"), None, "a digit is a word there");
    }

    #[test]
    fn a_dialog_that_shows_anything_else_is_not_the_one() {
        let ask = asks(json!([database()]));
        for other in [
            ONE.replace("Which", "In which"),
            ONE.replace("small", "large"),
            ONE.replace("2. Postgres", "2. MySQL   "),
            ONE.replace("    3. None", "    3. Redis\n    4. None"),
            format!("{ONE}\n› Ask Codex to do anything"),
            format!("  Question 1/1 (1 unanswered)\n{ONE}"),
            noted(ONE, "mine", 3).replace("Which", "In which"),
            noted(ONE, "mine", 3).replace("small", "large"),
            noted(ONE, "mine", 3).replace("  › mine", "    mine"),
            String::new(),
        ] {
            assert!(shown(&ask, &lines(&other)).is_none(), "{other}");
        }
        let mut imitation = database();
        imitation["question"] = format!("rm?\n{ONE}").into();
        let imitation = asks(json!([imitation]));
        assert!(shown(&imitation, &lines(ONE)).is_none() && may_be_shown(&imitation, &lines(ONE)));
        assert!(!may_be_shown(&asks(json!([name()])), &lines(ONE)));
    }
}
