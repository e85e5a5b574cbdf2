//! Dialogs as Gemini CLI 0.61.0 draws them.

use super::*;
use crate::dialog::Step;
use protocol::approval::{Behaviour, Decision};
use std::collections::BTreeMap;

const SHELL: &str = "\
✦ made

╭──────────────────────────────────────────────────────────────────────────────╮
│ ? Shell touch aaa; echo a long line that goes on and on until it has to …    │
│ ╭──────────────────────────────────────────────────────────────────────────╮ │
│ │ touch aaa; echo a long line that goes on and on until it has to be       │ │
│ │ broken into two of them > out.txt                                        │ │
│ ╰──────────────────────────────────────────────────────────────────────────╯ │
│ Allow execution of [Shell]?                                                  │
│ Redirection detected. To auto-accept, press Shift+Tab                        │
│                                                                              │
│ ● 1. Allow once                                                              │
│   2. Allow for this session                                                  │
│   3. No, suggest changes (esc)                                               │
╰──────────────────────────────────────────────────────────────────────────────╯


";
const SECOND: &str = "\
╭──────────────────────────────────────────────────────────────────────────────╮
│ o  Shell touch one                                                           │
│                                                                              │
╰──────────────────────────────────────────────────────────────────────────────╯
╭──────────────────────────────────────────────────────────────────────────────╮
│ ? Shell  touch two                                                    2 of 2 │
│ ╭──────────────────────────────────────────────────────────────────────────╮ │
│ │ touch two                                                                │ │
│ ╰──────────────────────────────────────────────────────────────────────────╯ │
│ Allow execution of [Shell]?                                                  │
│                                                                              │
│   1. Allow once                                                              │
│ ● 2. Allow for this session                                                  │
│   3. No, suggest changes (esc)                                               │
╰──────────────────────────────────────────────────────────────────────────────╯
";
const WRITE: &str = "\
╭──────────────────────────────────────────────────────────────────────────────╮
│ ? WriteFile  Writing to long.txt                                             │
│ ╭──────────────────────────────────────────────────────────────────────────╮ │
│ │ ... 58 hidden (Ctrl+O) ...                                               │ │
│ │ 59 line 58 of it                                                         │ │
│ │ 60 line 59 of it                                                         │ │
│ ╰──────────────────────────────────────────────────────────────────────────╯ │
│ Apply this change?                                                           │
│                                                                              │
│ ● 1. Allow once                                                              │
│   2. Allow for this session                                                  │
│   3. Modify with external editor                                             │
│   4. No, suggest changes (esc)                                               │
╰──────────────────────────────────────────────────────────────────────────────╯
";
const MCP: &str = "\
╭──────────────────────────────────────────────────────────────────────────────╮
│ Action Required                                                              │
│                                                                              │
│ ?  add (notes MCP Server) {\"text\":\"buy milk\"}                                │
│                                                                              │
│ MCP Server: notes                                                            │
│ Tool: add                                                                    │
│                                                                              │
│ Allow execution of MCP tool \"add\" from server \"notes\"?                       │
│                                                                              │
│ ● 1. Allow once                                                              │
│   2. Allow tool for this session                                             │
│   3. Allow all server tools for this session                                 │
│   4. No, suggest changes (esc)                                               │
╰──────────────────────────────────────────────────────────────────────────────╯
";
const PLAN: &str = "\
╭──────────────────────────────────────────────────────────────────────────────╮
│ Ready to start implementation?                                               │
│                                                                              │
│ Count to three                                                               │
│ 1. one                                                                       │
│                                                                              │
│ ● 1.  Yes, automatically accept edits                                        │
│       Approves plan and allows tools to run automatically                    │
│   2.  Yes, manually accept edits                                             │
│       Approves plan but requires confirmation for each tool                  │
│   3.  Type your feedback...                                                  │
│                                                                              │
│ Enter to select · ↑/↓ to navigate · Ctrl+G to edit plan · Esc to cancel      │
╰──────────────────────────────────────────────────────────────────────────────╯
";
const QUESTION: &str = "\
╭──────────────────────────────────────────────────────────────────────────────╮
│ Answer Questions                                                             │
│                                                                              │
│ Which db?                                                                    │
│                                                                              │
│ ● 1.  SQLite                                                                 │
│       small                                                                  │
│   2.  Postgres                                                               │
│       big                                                                    │
│   3.  Enter a custom value                                                   │
│                                                                              │
│ Enter to select · ↑/↓ to navigate · Esc to cancel                            │
╰──────────────────────────────────────────────────────────────────────────────╯
";
const SEVERAL: &str = "\
╭──────────────────────────────────────────────────────────────────────────────╮
│ Answer Questions                                                             │
│                                                                              │
│ ← □ DB │ □ X │ ≡ Review →                                                    │
│                                                                              │
│ Which db                                                                     │
│                                                                              │
│ ● 1.  SQLite                                                                 │
│       small                                                                  │
│   2.  Enter a custom value                                                   │
│                                                                              │
│ Enter to select · ←/→ to switch questions · Esc to cancel                    │
╰──────────────────────────────────────────────────────────────────────────────╯
";

fn lines(screen: &str) -> Vec<String> {
    screen.lines().map(str::to_owned).collect()
}

fn asked(screen: &str) -> Option<Ask> {
    GeminiDialogs.asked(&lines(screen))
}

#[track_caller]
fn check(screen: &str, kind: BlockKind, tool: &str, input: Value) {
    let ask = asked(screen).expect("the screen shows a dialog");
    assert_eq!((ask.kind, ask.tool.as_str(), &ask.input), (kind, tool, &input));
    assert!(ask.typed && ask.screen);
    assert!(GeminiDialogs.dialog(&ask, &lines(screen)).is_some());
}

#[test]
fn a_dialog_says_what_is_asked_for() {
    let command = "touch aaa; echo a long line that goes on and on until it has to be\nbroken into two of them > out.txt";
    let about = "Redirection detected. To auto-accept, press Shift+Tab";
    check(SHELL, BlockKind::Permission, "Shell", json!({ "command": command, "description": about }));
    check(SECOND, BlockKind::Permission, "Shell", json!({ "command": "touch two", "call": "2 of 2" }));
    let shown = "Writing to long.txt\n... 58 hidden (Ctrl+O) ...\n59 line 58 of it\n60 line 59 of it\nApply this change?";
    check(WRITE, BlockKind::Permission, "WriteFile", json!({ "shown": shown }));
    let shown = "{\"text\":\"buy milk\"}\n\nMCP Server: notes\nTool: add\n\nAllow execution of MCP tool \"add\" from server \"notes\"?";
    check(MCP, BlockKind::Permission, "add (notes MCP Server)", json!({ "shown": shown }));
    check(PLAN, BlockKind::Plan, "exit_plan_mode", json!({ "plan": "Count to three\n1. one" }));
}

#[test]
fn one_question_is_answered_by_the_digit_of_its_option() {
    let option = |label: &str, about: &str| json!({ "label": label, "description": about });
    let options = [option("SQLite", "small"), option("Postgres", "big")];
    let asks = json!({ "questions": [{ "question": "Which db?", "header": "", "options": options }] });
    check(QUESTION, BlockKind::Question, "ask_user", asks);
    let dialog = GeminiDialogs.dialog(&asked(QUESTION).unwrap(), &lines(QUESTION)).unwrap();
    let key = |behaviour, answers: &[&str]| {
        let answers: BTreeMap<String, String> =
            answers.iter().map(|answer| ((*answer).to_owned(), (*answer).to_owned())).collect();
        dialog.step(&Decision { behaviour, message: None, answers, input: None, always: None }, false)
    };
    assert_eq!(key(Behaviour::Allow, &["Postgres"]), Some(Step::Answer("2")));
    assert_eq!(key(Behaviour::Deny, &[]), Some(Step::Answer("Escape")));
    for other in [&["MySQL"][..], &[], &["SQLite", "Postgres"]] {
        assert_eq!(key(Behaviour::Allow, other), None, "{other:?}");
    }
    // Of several it is not known which one an answer is for.
    let shown = asked(SEVERAL).unwrap().input["shown"].as_str().unwrap().to_owned();
    assert!(shown.contains("Which db"), "{shown}");
}

/// Descriptions and labels are words of the model, as is the question above them.
#[test]
fn a_number_in_the_words_of_a_model_is_no_option() {
    let shown = |screen: &str| asked(screen).unwrap().input["shown"].is_string();
    let with = |about: &str| QUESTION.replace(&format!("{:<10}", "small"), &format!("{about:<10}"));
    assert!(!shown(&with("very small")));
    for about in ["1. backs", "2. Keep", "● 2. Keep", "12. is all"] {
        assert!(shown(&with(about)), "{about}");
    }
    assert!(shown(&QUESTION.replace("big     ", "1. big  ")), "below the last option");
    assert!(shown(&QUESTION.replace("Postgres", "SQLite  ")), "two of one label");
    let above = asked(&QUESTION.replace("Which db?     ", "● 1.  Postgres")).unwrap();
    let question = &above.input["questions"][0];
    assert_eq!(
        (&question["question"], &question["options"][0]["label"]),
        (&json!("● 1.  Postgres"), &json!("SQLite"))
    );
    let broken = QUESTION.replace("       small   ", "      of today ");
    assert_eq!(asked(&broken).unwrap().input["questions"][0]["options"][0]["label"], "SQLite of today");
}

#[test]
fn a_yes_is_the_option_that_allows_once_wherever_the_highlight_is() {
    let keys = |screen: &str| {
        let dialog = GeminiDialogs.dialog(&asked(screen).unwrap(), &lines(screen)).unwrap();
        (dialog.allow, dialog.deny)
    };
    assert_eq!((keys(SECOND), keys(PLAN)), (("1", "Escape"), ("2", "Escape")));
}

#[test]
fn what_a_dialog_offers_for_later_has_the_digit_of_its_option() {
    let keys = |screen: &str| {
        let ask = asked(screen).unwrap();
        let dialog = GeminiDialogs.dialog(&ask, &lines(screen)).unwrap();
        assert_eq!(
            dialog.always.iter().map(|(words, _)| words).collect::<Vec<_>>(),
            ask.always.iter().collect::<Vec<_>>()
        );
        dialog.always.iter().map(|(words, key)| format!("{key} {words}")).collect::<Vec<_>>()
    };
    let session = "2 every command of the programs that this one calls, for this session";
    assert_eq!((keys(SHELL), keys(SECOND)), (vec![session.to_owned()], vec![session.to_owned()]));
    assert_eq!(keys(WRITE), ["2 all edits of files (mode auto_edit), for this session"]);
    let of_server = [
        "2 this tool of its MCP server, for this session",
        "3 all tools of this MCP server, for this session",
    ];
    assert_eq!(keys(MCP), of_server);
    let none: [String; 0] = [];
    for screen in [PLAN, QUESTION, SEVERAL] {
        assert_eq!(keys(screen), none);
    }
    // A folder that is not trusted, labels that are not known, and a tool of which it is not known what they mean.
    let without = SHELL
        .replace("│   2. Allow for this session                                                  │\n", "");
    assert_eq!(keys(&without.replace("3. No", "2. No")), none);
    assert_eq!(keys(&SHELL.replace("for this session ", "for this evening ")), none);
    assert_eq!(keys(&SHELL.replace("? Shell touch", "? Fetch touch")), none);
    // The key is that of the screen at the moment, and no other choice has one.
    let dialog = GeminiDialogs.dialog(&asked(MCP).unwrap(), &lines(MCP)).unwrap();
    let key = |always: &str| {
        let always = Some(always.to_owned());
        let answers = BTreeMap::new();
        let decision = Decision { behaviour: Behaviour::Allow, message: None, answers, input: None, always };
        dialog.step(&decision, false)
    };
    assert_eq!(key("all tools of this MCP server, for this session"), Some(Step::Answer("3")));
    assert_eq!(key("every tool"), None);
}

#[test]
fn a_dialog_is_that_of_its_own_question_alone() {
    let all = [SHELL, SECOND, WRITE, MCP, PLAN, QUESTION, SEVERAL];
    for (at, one) in all.iter().enumerate() {
        for (other, screen) in all.iter().enumerate() {
            let dialog = GeminiDialogs.dialog(&asked(one).unwrap(), &lines(screen));
            assert_eq!(dialog.is_some(), at == other, "{at} {other}");
        }
    }
    // The same in a terminal of another width, with the highlight elsewhere.
    let ask = asked(SECOND).unwrap();
    let narrow = SECOND.replace("│ │ touch two ", "│ │ touch     │ │\n│ │ two ").replace('●', " ");
    assert!(GeminiDialogs.dialog(&ask, &lines(&narrow)).is_some(), "{narrow}");
    let first = SECOND.replace("2 of 2", "1 of 2");
    assert!(GeminiDialogs.dialog(&ask, &lines(&first)).is_none(), "another call of the same words");
}

#[test]
fn a_blank_makes_another_question_but_where_a_line_is_broken() {
    let of = |body: &str| SECOND.replace(&format!("{:<72} │ │", "touch two"), body);
    let line = |text: &str| format!("{text:<72} │ │");
    let is_same = |one: &str, other: &str| {
        let ask = asked(&of(one)).unwrap();
        GeminiDialogs.dialog(&ask, &lines(&of(other))).is_some()
    };
    let [apart, together] = ["rm -rf build /", "rm -rf build/"].map(line);
    assert!(!is_same(&apart, &together) && !is_same(&together, &apart));
    let broken = format!("{}\n│ │ {}", line("rm -rf"), line("build /"));
    assert!(is_same(&apart, &broken) && is_same(&broken, &apart));
    assert!(!is_same(&together, &broken) && !is_same(&broken, &together));
    let within = format!("{}\n│ │ {}", line("rm -rf bu"), line("ild /"));
    assert!(is_same(&apart, &within) && is_same(&within, &broken), "each is the first one, narrower");
}

#[test]
fn words_go_to_an_empty_prompt_alone() {
    let takes = |screen: &str| GeminiDialogs.takes_words(&lines(screen));
    let foot = "\n\n workspace (/directory)            sandbox\n /tmp/project\n";
    let empty = " >   Type your message or @path/to/file       ";
    assert!(takes(&format!("✦ hello\n\n{empty}{foot}")));
    assert!(
        !takes(&format!("✦ It says:\n{empty}\n\n > rm -rf build{foot}")),
        "a draft below what a reply shows"
    );
    assert!(!takes(&format!(" > a draft\n   {}{foot}", empty.trim())), "and in its second line");
    assert!(!takes(" > Type your message or @path/to/file and more"));
}

#[test]
fn what_is_no_whole_dialog_at_the_end_of_the_screen_is_none() {
    let below = format!("{SHELL}\n > Type your message");
    let half: String = SHELL.lines().take(9).map(|line| format!("{line}\n")).collect();
    let beheaded: String = SHELL.lines().skip(4).map(|line| format!("{line}\n")).collect();
    for screen in [below.as_str(), &half, &beheaded, "", &SHELL.replace("1. Allow once", "1. Allow always")] {
        assert_eq!(asked(screen), None, "{screen}");
    }
}
