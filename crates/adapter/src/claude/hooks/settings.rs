//! How the hooks are put into a Claude Code that is started: `--settings`, in front of what the user typed, so that
//! nothing of the user's own configuration is touched. Their own hooks run beside ours.

use super::{PERMISSION, PLAN, QUESTION};
use crate::hooks::RESTORE;
use crate::start::START;
use serde_json::{Map, Value, json};
use std::ffi::OsString;

/// Seconds that a question may wait: a week. After that the dialog stays, and only the terminal can answer. The program's
/// timers take no more than 24 days.
const ASK_SECONDS: u32 = 7 * 24 * 3600;
/// Seconds after which any other hook is given up; it takes half of one at most.
const TELL_SECONDS: u32 = 5;
/// Bytes of settings that a word of a command line may have: the system takes 128 KiB.
const MAX_SETTINGS_BYTES: usize = 96 << 10; // 96 KiB

/// The events that are told: those that 2.1.197 knows as well, because a name that is unknown opens a dialog. `async`
/// hooks are never waited for. The end of the session is: what is started beside it would not outlive it.
const EVENTS: &[(&str, Option<&str>, Wait)] = &[
    (START, None, Wait::No),
    ("UserPromptSubmit", None, Wait::No),
    (PERMISSION, None, Wait::ForAnswer),
    ("PreToolUse", Some(TALKS), Wait::No),
    ("PostToolUse", Some(TALKS), Wait::No),
    ("Notification", None, Wait::No),
    ("Stop", None, Wait::IfLast),
    ("StopFailure", None, Wait::IfLast),
    ("SubagentStart", None, Wait::No),
    ("SubagentStop", None, Wait::No),
    ("PreCompact", None, Wait::No),
    ("PostCompact", None, Wait::No),
    ("SessionEnd", None, Wait::ForReceipt),
];

/// The tools that talk to the person.
const TALKS: &str = "AskUserQuestion|ExitPlanMode";

/// Words that begin a command of the CLI other than a conversation.
const OTHER_COMMANDS: &[&str] = &[
    "agents",
    "attach",
    "auth",
    "auto-mode",
    "config",
    "daemon",
    "doctor",
    "install",
    "logs",
    "mcp",
    "migrate-installer",
    "plugin",
    "plugins",
    "remote-control",
    "setup-token",
    "stop",
    "update",
    "upgrade",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wait {
    No,
    /// Where there is no terminal, the end of a turn is that of the program, which waits for nothing that it has not asked for.
    IfLast,
    ForReceipt,
    ForAnswer,
}

/// What became of the words of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Put {
    /// These are to be started.
    In(Vec<OsString>),
    /// This is no conversation.
    Needless,
    /// It cannot be done, for this reason.
    Not(String),
}

/// Puts the hooks into the words that start the CLI. `role` is the hook's own program and arguments; `read` gives the text
/// of a file of settings that the user named. With `restore` the hook of the start is waited for, and gives the program a history of
/// so many tokens.
pub fn put_in(
    words: &[OsString],
    role: &[&str],
    restore: Option<u64>,
    read: &dyn Fn(&str) -> Option<String>,
) -> Put {
    let Some((program, given)) = words.split_first() else { return Put::Needless };
    let texts: Vec<&str> = given.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    if texts.first().is_some_and(|first| OTHER_COMMANDS.contains(first)) {
        return Put::Needless;
    }
    let options = &texts[..texts.iter().position(|word| *word == "--").unwrap_or(texts.len())];
    let headless = options.iter().any(|word| matches!(*word, "-p" | "--print"));
    let mut ours = hooks(role, headless);
    if let Some(tokens) = restore {
        let hook = &mut ours[START][0]["hooks"][0];
        hook["async"] = json!(false);
        let words = role.iter().skip(1).map(|word| (*word).to_owned());
        hook["args"] = words.chain([RESTORE.to_owned(), tokens.to_string()]).collect();
    }
    let (settings, without) = match given_settings(options) {
        None => (json!({ "hooks": ours }), None),
        Some((place, text)) => match merged(text, ours, read) {
            Ok(settings) => (settings, Some(place)),
            Err(why) => return Put::Not(why),
        },
    };
    let settings = settings.to_string();
    if settings.len() > MAX_SETTINGS_BYTES {
        return Put::Not("the settings given with --settings are too long".to_owned());
    }
    let mut all = vec![program.clone(), "--settings".into(), settings.into()];
    let rest = given.iter().enumerate();
    let kept = rest.filter(|(at, _)| !without.as_ref().is_some_and(|without| without.contains(at)));
    all.extend(kept.map(|(_, word)| word.clone()));
    Put::In(all)
}

/// The settings among the options, and which words they are.
fn given_settings<'a>(options: &[&'a str]) -> Option<(std::ops::Range<usize>, &'a str)> {
    options.iter().enumerate().find_map(|(at, word)| match word.strip_prefix("--settings") {
        Some("") => Some((at..at + 2, *options.get(at + 1)?)),
        Some(rest) => Some((at..at + 1, rest.strip_prefix('=')?)),
        None => None,
    })
}

/// The user's settings with our hooks behind theirs.
fn merged(text: &str, ours: Value, read: &dyn Fn(&str) -> Option<String>) -> Result<Value, String> {
    let is_json = text.trim_start().starts_with('{');
    let text = if is_json { text.to_owned() } else { read(text).ok_or(format!("{text} cannot be read"))? };
    let mut settings: Map<String, Value> = serde_json::from_str(&text)
        .map_err(|error| format!("what is given with --settings is no JSON: {error}"))?;
    // On a command line everybody on the machine could read them.
    if !is_json && ["env", "apiKeyHelper"].iter().any(|key| settings.contains_key(*key)) {
        return Err("the file given with --settings may hold secrets".to_owned());
    }
    let hooks = settings.entry("hooks").or_insert_with(|| json!({}));
    let hooks = hooks.as_object_mut().ok_or("`hooks` in --settings is no object")?;
    for (event, entries) in ours.as_object().into_iter().flatten() {
        let list = hooks.entry(event.clone()).or_insert_with(|| json!([]));
        let list = list.as_array_mut().ok_or(format!("`hooks.{event}` in --settings is no list"))?;
        list.extend(entries.as_array().cloned().unwrap_or_default());
    }
    Ok(settings.into())
}

/// The hooks, as settings have them. Without a terminal there is no dialog beside which a question could wait: the program
/// decides at once, as it does without us.
fn hooks(role: &[&str], headless: bool) -> Value {
    let all: Map<String, Value> = entries(role, headless)
        .into_iter()
        .map(|(event, entry)| (event.to_owned(), json!([entry])))
        .collect();
    all.into()
}

/// The entry for each event.
pub(super) fn entries(role: &[&str], headless: bool) -> Vec<(&'static str, Value)> {
    let (command, arguments) = role.split_first().unwrap_or((&"", &[]));
    let mut all = Vec::new();
    for (event, matcher, wait) in EVENTS {
        if headless && *wait == Wait::ForAnswer {
            continue;
        }
        let timeout = if *wait == Wait::ForAnswer { ASK_SECONDS } else { TELL_SECONDS };
        // Program and arguments apart: no shell is started, and none has to be quoted for.
        let mut hook =
            json!({ "type": "command", "command": command, "args": arguments, "timeout": timeout });
        if *wait == Wait::No || *wait == Wait::IfLast && !headless {
            hook["async"] = json!(true);
        }
        let mut entry = json!({ "hooks": [hook] });
        if let Some(matcher) = matcher {
            entry["matcher"] = json!(matcher);
        }
        all.push((*event, entry));
    }
    debug_assert!(TALKS.contains(QUESTION) && TALKS.contains(PLAN));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &[&str] = &["/bin/cf", "__hook", "claude"];

    fn put(words: &[&str]) -> Put {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let read = |path: &str| match path {
            "plain.json" => Some(r#"{"model":"opus"}"#.to_owned()),
            "secret.json" => Some(r#"{"env":{"TOKEN":"x"}}"#.to_owned()),
            _ => None,
        };
        put_in(&words, ROLE, None, &read)
    }

    fn words(words: &[&str]) -> (Value, Vec<String>) {
        let Put::In(all) = put(words) else { panic!("{:?}", put(words)) };
        let mut all: Vec<String> = all.into_iter().map(|word| word.into_string().unwrap()).collect();
        assert_eq!((all[0].as_str(), all[1].as_str()), (words[0], "--settings"));
        (serde_json::from_str(&all[2]).unwrap(), all.split_off(3))
    }

    #[test]
    fn hooks_stand_before_what_the_user_typed() {
        let (settings, rest) = words(&["claude", "--model", "opus", "--", "do --settings x"]);
        assert_eq!(rest, ["--model", "opus", "--", "do --settings x"]);
        let hook = &settings["hooks"]["Stop"][0]["hooks"][0];
        assert_eq!((&hook["command"], &hook["args"]), (&json!("/bin/cf"), &json!(["__hook", "claude"])));
        assert_eq!(hook["async"], true);
        assert_eq!(settings["hooks"][PERMISSION][0]["hooks"][0].get("async"), None);
        assert_eq!(settings["hooks"]["PreToolUse"][0]["matcher"], TALKS);
    }

    #[test]
    fn who_restores_a_history_is_waited_for_and_nobody_else_is() {
        let words: Vec<OsString> = ["claude", "-c"].map(OsString::from).into();
        let Put::In(all) = put_in(&words, ROLE, Some(700), &|_| None) else { panic!("no hooks") };
        let settings: Value = serde_json::from_str(all[2].to_str().unwrap()).unwrap();
        let hook = &settings["hooks"]["SessionStart"][0]["hooks"][0];
        assert_eq!(hook["args"], json!(["__hook", "claude", "restore", "700"]));
        assert_eq!(
            (&hook["async"], &settings["hooks"]["Stop"][0]["hooks"][0]["async"]),
            (&json!(false), &json!(true))
        );
    }

    #[test]
    fn what_has_no_terminal_does_not_wait_for_leave() {
        let (settings, _) = words(&["claude", "-p", "hello"]);
        assert_eq!(settings["hooks"].get(PERMISSION), None);
        let is_async = |event: &str| settings["hooks"][event][0]["hooks"][0].get("async").is_some();
        assert!(!is_async("Stop") && is_async("UserPromptSubmit"), "the last word is waited for");
    }

    #[test]
    fn settings_of_the_user_are_kept_and_secrets_are_not_shown() {
        let own = r#"{"model":"x","hooks":{"Stop":[{"hooks":[{"type":"command","command":"mine"}]}]}}"#;
        for given in
            [vec!["claude", "--settings", own, "-c"], vec!["claude", &format!("--settings={own}"), "-c"]]
        {
            let (settings, rest) = words(&given);
            assert_eq!((rest, &settings["model"]), (vec!["-c".to_owned()], &json!("x")));
            let stop = settings["hooks"]["Stop"].as_array().unwrap();
            assert_eq!((stop.len(), &stop[0]["hooks"][0]["command"]), (2, &json!("mine")));
        }
        assert_eq!(words(&["claude", "--settings", "plain.json"]).0["model"], "opus");
        for wrong in ["secret.json", "missing.json", "{no json", r#"{"hooks":3}"#] {
            assert!(matches!(put(&["claude", "--settings", wrong]), Put::Not(_)), "{wrong}");
        }
    }

    #[test]
    fn other_commands_of_the_program_get_no_hooks() {
        assert_eq!(put(&["claude", "mcp", "list"]), Put::Needless);
        assert_eq!(put(&[]), Put::Needless);
        assert!(matches!(put(&["claude", "mcp servers are nice"]), Put::In(_)));
    }
}
