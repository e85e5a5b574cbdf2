//! The dialogs of servers of tools (MCP): leave for one of their tools, of which the hook tells, and what they ask themselves
//! (elicitation), of which the screen alone does.
//!
//! ```text
//!   Field 1/1
//!   Allow the notes MCP server to run tool "add"?
//!
//!   n: 3
//!   text: milk
//!
//!   › 1. Allow                   Run the tool and continue
//!     2. Cancel                  Cancel this tool call
//!   enter to submit | esc to cancel
//! ```
//!
//! A field for words begins with the highlight, and has no options:
//!
//! ```text
//!   › Type your answer (optional)
//!
//!   enter to submit | esc to cancel
//! ```
//!
//! Each of several fields is a question of its own: Codex shows one at a time, and the next one once it has its answer.
//!
//! Of what a tool is given the dialog shows the first three values and the beginning of each. So leave is given from elsewhere
//! only where that is all of it.

use crate::dialog::{Dialog, Field, dense};
use crate::question::questions;
use protocol::BlockKind;
use protocol::approval::Ask;
use serde_json::{Map, Value, json};

/// What the tools of such servers are called in hooks: `mcp__SERVER__TOOL`.
pub(super) const PREFIX: &str = "mcp__";
/// What the questions of servers are told as: their dialog does not name the server.
pub(super) const TOOL: &str = "MCP server";
/// How the first line begins, and the last one, which may be broken into so many.
const HEAD: &str = "  Field ";
const FOOT: &str = "  enter to submit";
const FOOT_ENDS: &str = "esctocancel";
const FOOT_LINES: usize = 3;
/// The first option of leave for a tool.
const RUN: &str = "1.AllowRunthetoolandcontinue";
/// All options of a question without fields.
const YES_OR_NO: &str =
    "1.AllowAllowthisrequestandcontinue2.DenyDeclinethisrequestandcontinue3.CancelCancelthisrequest";
/// Values of a tool's input that the dialog shows at most.
const VALUES_MAX: usize = 3;
/// The column of the options' numbers.
const NUMBER_COLUMN: &str = "    ";
const HIGHLIGHT: &str = "  › ";
/// What a field for words shows while nothing stands in it.
const EMPTY_FIELDS: [&str; 2] = ["Type your answer (optional)", "Type your answer"];

/// A dialog at the end of the screen.
struct Form<'a> {
    /// The first line, without what begins all of them.
    head: &'a str,
    /// What stands between it and the foot.
    body: Vec<String>,
    /// Where the field for words begins in it, or the option with the highlight.
    highlight: Option<usize>,
}

impl Form<'_> {
    /// Where the field for words begins, and what stands in it, without its blanks. Where there are options, the highlight is one's.
    fn field(&self) -> Option<(usize, String)> {
        let at = self.highlight?;
        let has_options = self.body[..=at].iter().any(|line| begins_options(line));
        (!has_options).then(|| (at, dense(self.body[at..].iter().map(String::as_str))))
    }

    /// Which of several fields it is.
    fn place(&self) -> String {
        let place = self.head.split_whitespace().next().unwrap_or_default();
        if place == "1/1" { String::new() } else { format!("Field {place}") }
    }
}

fn begins_options(line: &str) -> bool {
    line.strip_prefix(NUMBER_COLUMN).is_some_and(|rest| rest.starts_with("1. "))
}

/// The dialog of leave for a tool, if the lines show it.
pub(super) fn shown(ask: &Ask, lines: &[String]) -> Option<Dialog> {
    let asked = compared(ask)?;
    let form = form(lines)?;
    let text = |at: &usize| dense(form.body[..*at].iter().map(String::as_str)) == asked;
    let options = |at: usize| dense(form.body[at..].iter().map(String::as_str));
    (0..form.body.len()).filter(text).find(|at| options(*at).starts_with(RUN))?;
    Some(Dialog::of_leave("1", "Escape"))
}

/// Whether the lines may show it: of what cannot be compared any dialog of a server may be the one.
pub(super) fn may_be_shown(ask: &Ask, lines: &[String]) -> bool {
    match compared(ask) {
        Some(_) => shown(ask, lines).is_some(),
        None => foot(lines).is_some(),
    }
}

/// What a server asks itself, as the lines show it.
pub(super) fn asked(lines: &[String]) -> Option<Ask> {
    let form = form(lines)?;
    // Words in a field may be the end of an option list that does not fit.
    let field = form.field().filter(|(_, words)| EMPTY_FIELDS.iter().any(|empty| *words == dense([*empty])));
    read(&form, field.map(|(at, _)| at))
}

/// What a form asks, whose field for words begins at a line.
fn read(form: &Form<'_>, field: Option<usize>) -> Option<Ask> {
    let mut first = form.body.iter().enumerate().filter(|(_, line)| begins_options(line)).map(|(at, _)| at);
    // Of two lines that begin options one is in the server's words.
    let options = first.next().filter(|_| first.next().is_none());
    let text = |lines: &[String]| {
        lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n").trim().to_owned()
    };
    let question = |above: &[String], labels: &[String]| {
        let options: Vec<Value> = labels.iter().map(|label| json!({ "label": label })).collect();
        let question = json!({ "question": text(above), "header": form.place(), "options": options });
        (BlockKind::Question, json!({ "questions": [question] }))
    };
    let all = || (BlockKind::Question, json!({ "shown": text(&form.body) }));
    let (kind, input) = match (field, options.map(|at| form.body.split_at(at))) {
        (Some(at), _) => question(&form.body[..at], &[]),
        (None, Some((above, below))) => {
            let offered = dense(below.iter().map(String::as_str));
            match labels(below) {
                _ if offered.starts_with(RUN) => return None,
                _ if offered == YES_OR_NO => (BlockKind::Permission, json!({ "shown": text(above) })),
                Some(labels) => question(above, &labels),
                None => all(),
            }
        }
        (None, None) => all(),
    };
    let (cut, unseen, typed, screen, notes) = (false, false, true, true, false);
    let (suggestions, agent, turn) = (None, None, None);
    Some(Ask {
        kind,
        tool: TOOL.to_owned(),
        input,
        cut,
        suggestions,
        always: Vec::new(),
        agent,
        turn,
        unseen,
        typed,
        screen,
        notes,
    })
}

/// The dialog of such a question, if the lines show it in the very same words, whatever stands in its field.
pub(super) fn shown_again(ask: &Ask, lines: &[String]) -> Option<Dialog> {
    let form = form(lines)?;
    let is_it = |shown: &Ask| (shown.kind, &shown.input) == (ask.kind, &ask.input);
    let field = form.field().filter(|(at, _)| read(&form, Some(*at)).as_ref().is_some_and(is_it));
    if field.is_none() && !read(&form, None).as_ref().is_some_and(is_it) {
        return None;
    }
    let no = if ask.kind == BlockKind::Permission { "2" } else { "Escape" };
    let asked = questions(&ask.input).into_iter().map(|question| (question.text, question.labels));
    let field = field.map(|(_, words)| Field {
        placeholder: EMPTY_FIELDS.into_iter().find(|empty| words == dense([*empty])).unwrap_or_default(),
        words: Some(words),
        open: None,
        clear: "C-u",
        beside: None,
    });
    Some(Dialog { questions: asked.collect(), field, ..Dialog::of_leave("1", no) })
}

/// What is to be compared; `None` where the dialog does not show all of it, or would tell nothing.
fn compared(ask: &Ask) -> Option<String> {
    let (server, tool) = ask.tool.strip_prefix(PREFIX)?.split_once("__")?;
    let none = Map::new();
    let input = ask.input.as_object().or_else(|| ask.input.is_null().then_some(&none))?;
    let imitates = dense([ask.input.to_string().as_str()]).contains(&dense([HEAD]));
    if ask.cut || imitates || input.len() > VALUES_MAX {
        return None;
    }
    let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let values = input.iter().map(|(key, of)| format!("{key}: {}", value(of)));
    let words = [format!("Allow the {server} MCP server to run tool \"{tool}\"?")];
    let words: Vec<String> = words.into_iter().chain(values).collect();
    Some(dense(words.iter().map(String::as_str)))
}

/// The dialog with which the lines end. Of two heads one is not Codex's.
fn form(lines: &[String]) -> Option<Form<'_>> {
    let lines = &lines[..foot(lines)?];
    let number = |line: &str| line.trim_start().starts_with(|first: char| first.is_ascii_digit());
    let heads = lines.iter().enumerate().filter_map(|(at, line)| Some((at, line.strip_prefix(HEAD)?)));
    let mut heads = heads.filter(|(_, rest)| number(rest));
    let (at, head) = heads.next().filter(|_| heads.next().is_none())?;
    let body = lines[at + 1..].iter().map(|line| line.replacen(HIGHLIGHT, NUMBER_COLUMN, 1)).collect();
    let mut highlights = lines[at + 1..].iter().enumerate().filter(|(_, line)| line.starts_with(HIGHLIGHT));
    let highlight = highlights.next().filter(|_| highlights.next().is_none()).map(|(at, _)| at);
    Some(Form { head, body, highlight })
}

fn foot(lines: &[String]) -> Option<usize> {
    let last = lines.iter().rposition(|line| !line.trim().is_empty())?;
    let foot = lines[..=last].iter().rposition(|line| line.starts_with(FOOT))?;
    let is_whole = dense(lines[foot..=last].iter().map(String::as_str)).ends_with(FOOT_ENDS);
    (is_whole && last - foot < FOOT_LINES).then_some(foot)
}

/// What the digits choose; `None` where a line is no option, or two are the same.
fn labels(lines: &[String]) -> Option<Vec<String>> {
    let mut labels: Vec<String> = Vec::new();
    for line in lines.iter().map(|line| line.trim_end()).filter(|line| !line.is_empty()) {
        let rest = line.strip_prefix(NUMBER_COLUMN)?;
        match (rest.strip_prefix(&format!("{}. ", labels.len() + 1)), labels.last_mut()) {
            (Some(label), _) => labels.push(label.to_owned()),
            (None, Some(last)) if rest.starts_with("   ") => *last = format!("{last} {}", rest.trim()),
            _ => return None,
        }
    }
    let is_alone = |at: usize| !labels[..at].contains(&labels[at]);
    (0..labels.len()).all(is_alone).then_some(labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog::Step;
    use protocol::approval::{Behaviour, Decision};

    const LEAVE: &str = "\
• Calling notes.add

  Field 1/1
  Allow the notes MCP server to run tool \"add\"?

  n: 3
  text: milk and
  honey

  › 1. Allow                   Run the tool and continue
    2. Allow for this session  Run the tool and remember this choice for this
                               session
    3. Cancel                  Cancel this tool call
  enter to submit | esc to cancel
";
    const CHOICE: &str = "
  Field 1/1
  Which one shall it be?

  Database
  the database to use
    1. SQLite
  › 2. Postgres, which is long and
       broken
  enter to submit | esc to cancel
";
    const CONSENT: &str = "
  Field 1/1
  Just say yes
  › 1. Allow   Allow this request and continue
    2. Deny    Decline this request and continue
    3. Cancel  Cancel this request
  enter to submit | esc to cancel
";
    const TEXT: &str = "
  Field 1/2 (1 required unanswered)
  Are you sure?

  name
  a name

  › Type your answer (optional)

  enter to submit answer | ^p / ^n change field | esc to cancel
";

    #[test]
    fn words_go_into_a_field_that_is_empty() {
        let ask = asked(&lines(TEXT)).unwrap();
        let question = &ask.input["questions"][0];
        assert_eq!(
            (&question["question"], &question["header"]),
            (&json!("Are you sure?\n\nname\na name"), &json!("Field 1/2"))
        );
        let step = |words: &str, answer: &str, begun: bool| {
            let screen = TEXT.replace("Type your answer (optional)", words);
            let answers = [(question["question"].as_str().unwrap().to_owned(), answer.to_owned())].into();
            let decision =
                Decision { behaviour: Behaviour::Allow, message: None, answers, input: None, always: None };
            shown_again(&ask, &lines(&screen))?.step(&decision, begun)
        };
        let empty = EMPTY_FIELDS[0];
        assert_eq!(step(empty, "Anna", false), Some(Step::Words("Anna".to_owned())));
        assert_eq!(step("Anna", "Anna", true), Some(Step::Answer("Enter")));
        assert_eq!(step("Anna, and\n    1. more", "Anna, and 1. more", true), Some(Step::Answer("Enter")));
        assert_eq!(step("Anna", "Anna", false), Some(Step::Nothing), "somebody else wrote it");
        assert_eq!(step("Anna B", "Anna", true), Some(Step::Nothing));
        for refused in ["1. Anna", empty, "", "a\tb"] {
            assert_eq!(step(empty, refused, false), None, "{refused}");
        }
    }

    fn lines(screen: &str) -> Vec<String> {
        screen.lines().map(str::to_owned).collect()
    }

    fn leave(input: Value) -> Ask {
        let ask = json!({ "kind": BlockKind::Permission, "tool": "mcp__notes__add", "input": input });
        serde_json::from_value(ask).unwrap()
    }

    #[test]
    fn leave_is_given_where_the_dialog_shows_all_of_it() {
        let ask = leave(json!({ "n": 3, "text": "milk and honey" }));
        assert_eq!(shown(&ask, &lines(LEAVE)), Some(Dialog::of_leave("1", "Escape")));
        for (other, screen) in [
            (json!({ "n": 3, "text": "milk and wine" }), LEAVE),
            (json!({ "n": 3 }), LEAVE),
            (json!({ "n": 3, "text": "milk and honey" }), CONSENT),
            (json!({ "n": 3, "text": "milk and honey" }), &LEAVE.replace("notes MCP", "other MCP")),
        ] {
            assert!(shown(&leave(other), &lines(screen)).is_none(), "{screen}");
        }
        // Of the fourth value nothing is shown, and of a long one only the beginning.
        let four = leave(json!({ "a": 1, "b": 2, "c": 3, "d": 4 }));
        let imitation = leave(json!({ "a": format!("x\n{LEAVE}") }));
        for hidden in [four, imitation] {
            assert!(shown(&hidden, &lines(LEAVE)).is_none() && may_be_shown(&hidden, &lines(LEAVE)));
        }
        assert_eq!(asked(&lines(LEAVE)), None, "the hook tells of it");
    }

    #[test]
    fn what_a_server_asks_is_told_as_its_form_shows_it() {
        let ask = |screen: &str| asked(&lines(screen)).expect("it is a form");
        let choice = ask(CHOICE);
        let question = &choice.input["questions"][0];
        assert_eq!(question["question"], "Which one shall it be?\n\nDatabase\nthe database to use");
        assert_eq!(question["options"][1]["label"], "Postgres, which is long and broken");
        assert!(choice.screen && shown_again(&choice, &lines(CHOICE)).is_some());
        let consent = ask(CONSENT);
        assert_eq!(
            (consent.kind, &consent.input),
            (BlockKind::Permission, &json!({ "shown": "Just say yes" }))
        );
        let dialog = shown_again(&consent, &lines(CONSENT)).unwrap();
        assert_eq!((dialog.allow, dialog.deny), ("1", "2"));
        assert!(shown_again(&consent, &lines(&CONSENT.replace("yes", "no"))).is_none());
        // One of several fields is a question of its own.
        let second = ask(&CHOICE.replace("1/1", "2/2 (1 unanswered)"));
        assert_eq!(second.input["questions"][0]["header"], "Field 2/2");
        // What is no field for sure is shown, and must be given in the terminal.
        for screen in [
            &TEXT.replace("  a name", "  › a name"),
            &TEXT.replace("Type your answer (optional)", "7. Redis"),
            &CHOICE.replace("1. SQLite", "1. Postgres, which is long and broken"),
        ] {
            let words = ask(screen);
            assert!(words.kind == BlockKind::Question && words.input["shown"].is_string(), "{screen}");
        }
    }
}
