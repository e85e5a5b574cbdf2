//! How the hooks are put into a Codex that is started: `-c`, in front of what the user typed. Hooks of its other layers of
//! configuration run beside them.
//!
//! Codex runs a hook only if somebody trusts its fingerprint, and asks in a dialog otherwise. For hooks of the command line
//! the command line may say so. How the fingerprint is made belongs to the program's version, so one
//! outside of those with which that was tried gets no hooks.

use super::{CALL, PERMISSION, question};
use crate::codex::words::Words;
use crate::hooks::{Launching, Overlaid, Overlay};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::ffi::OsString;

/// The first and the last version with which this was tried, by their minor number; the major one is 0. Those to 0.155 do not
/// know `--no-daemon`.
const FIRST_MINOR: u32 = 160;
const LAST_MINOR: u32 = 169;
/// What the command line is called as a source of hooks.
const SOURCE: &str = "/<session-flags>/config.toml";
/// Seconds after which a hook is given up; it takes a quarter of one at most.
const TELL_SECONDS: u32 = 5;
/// Codex gives these no more.
const LAST_SECONDS: u32 = 3;

/// The events of people, which a CLI without a terminal has not.
const ASKS: [&str; 2] = [PERMISSION, CALL];

/// The events that are told, with their names in fingerprints.
const EVENTS: &[(&str, &str, u32)] = &[
    ("SessionStart", "session_start", TELL_SECONDS),
    ("UserPromptSubmit", "user_prompt_submit", TELL_SECONDS),
    (PERMISSION, "permission_request", TELL_SECONDS),
    (CALL, "pre_tool_use", TELL_SECONDS),
    ("Stop", "stop", TELL_SECONDS),
    ("SubagentStart", "subagent_start", TELL_SECONDS),
    ("SubagentStop", "subagent_stop", TELL_SECONDS),
    ("PreCompact", "pre_compact", TELL_SECONDS),
    ("Interrupt", "interrupt", LAST_SECONDS),
    ("SessionEnd", "session_end", LAST_SECONDS),
];

pub(super) fn overlay(start: &Launching<'_>) -> Overlaid {
    let Some((program, given)) = start.words.split_first() else { return Overlaid::Needless };
    let words = Words::read(given);
    let options = &words.options;
    if !words.is_conversation() {
        return Overlaid::Needless;
    }
    // Its hooks would run elsewhere.
    if options.iter().any(|word| word.starts_with("--remote")) {
        return Overlaid::Needless;
    }
    if words.settings().iter().any(|setting| setting.trim_start().starts_with("hooks")) {
        return Overlaid::Not("its command line sets hooks".to_owned());
    }
    if let Err(why) = tried(start.version) {
        return Overlaid::Not(why);
    }
    let (headless, shares) = (words.is_headless(), words.shares());
    let mut words = vec![program.clone()];
    if shares {
        words.push("--no-daemon".into());
    }
    words.extend(hooks(start.role, headless));
    words.extend(given.iter().cloned());
    Overlaid::With(Overlay { words, ..Overlay::default() })
}

/// Whether a version lies within those with which the hooks were tried, or why it gets none.
fn tried(version: Option<&str>) -> Result<(), String> {
    let range = format!("0.{FIRST_MINOR} to 0.{LAST_MINOR}");
    let version = version
        .ok_or_else(|| format!("it does not say its version, and they were tried with {range} alone"))?;
    let minor = version.strip_prefix("0.").and_then(|rest| rest.split('.').next()?.parse().ok());
    match minor {
        Some(FIRST_MINOR..=LAST_MINOR) => Ok(()),
        _ => Err(format!(
            "version {version} might ask whether it may run them, which were tried with {range} alone"
        )),
    }
}

/// The hooks, and the trust in them. A CLI without a terminal asks nobody.
fn hooks(role: &[&str], headless: bool) -> Vec<OsString> {
    let quoted: Vec<String> = role.iter().map(|word| quote(word)).collect();
    let command = quoted.join(" ");
    let mut words = Vec::new();
    let mut trusted = Vec::new();
    for (event, label, seconds) in EVENTS.iter().filter(|(event, ..)| !headless || !ASKS.contains(event)) {
        let hook = format!("{{type=\"command\",command={},timeout={seconds}}}", toml(&command));
        let matcher = matcher(label).map(|tool| format!("matcher={},", toml(&tool))).unwrap_or_default();
        words.extend(["-c".into(), format!("hooks.{event}=[{{{matcher}hooks=[{hook}]}}]").into()]);
        let key = toml(&format!("{SOURCE}:{label}:0:0"));
        trusted.push(format!("{key}={{trusted_hash=\"{}\"}}", fingerprint(label, &command, *seconds)));
    }
    words.extend(["-c".into(), format!("hooks.state={{{}}}", trusted.join(",")).into()]);
    words
}

/// Which tools an event is told of, where that is not all: a hook for each call would hold up each.
fn matcher(label: &str) -> Option<String> {
    (label == "pre_tool_use").then(|| format!("^{}$", question::TOOL))
}

/// What Codex makes of a hook: the digest of its parts as JSON, the keys in their order.
fn fingerprint(label: &str, command: &str, seconds: u32) -> String {
    let hook = json!({ "async": false, "command": command, "timeout": seconds, "type": "command" });
    let mut identity = json!({ "event_name": label, "hooks": [hook] });
    if let Some(tool) = matcher(label) {
        identity["matcher"] = tool.into();
    }
    let digest = Sha256::digest(identity.to_string().as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// A word as a shell reads it: Codex has one run the command.
fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A text in TOML, which reads the strings of JSON.
fn toml(text: &str) -> String {
    json!(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn put(words: &[&str], version: Option<&str>) -> Overlaid {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        overlay(&Launching {
            words: &words,
            role: &["/bin/it's", "__hook", "codex"],
            version,
            restore: None,
            folder: Path::new("/s"),
            variable: &|_| None,
            read: &|_| None,
        })
    }

    fn words(words: &[&str]) -> Vec<String> {
        let Overlaid::With(overlay) = put(words, Some("0.169.0")) else { panic!("{words:?}") };
        overlay.words.into_iter().map(|word| word.into_string().unwrap()).collect()
    }

    #[test]
    fn hooks_stand_before_what_the_user_typed() {
        let all = words(&["codex", "-m", "gpt", "--", "do exec"]);
        assert_eq!(all[..3], ["codex", "--no-daemon", "-c"]);
        assert_eq!(all[all.len() - 4..], ["-m", "gpt", "--", "do exec"]);
        let stop = all.iter().find(|word| word.starts_with("hooks.Stop=")).unwrap();
        let command = r#"command="'/bin/it'\\''s' '__hook' 'codex'",timeout=5"#;
        assert!(stop.contains(command), "{stop}");
        assert!(all.iter().any(|word| word.contains(":permission_request:0:0\"={trusted_hash=\"sha256:")));
        let headless = words(&["codex", "exec", "hello"]);
        assert!(!headless.iter().any(|word| word.contains(PERMISSION) || word == "--no-daemon"));
        assert_eq!(headless[headless.len() - 2..], ["exec", "hello"]);
        assert_eq!(words(&["codex", "resume", "--last"])[1], "--no-daemon");
    }

    #[test]
    fn what_is_no_conversation_or_is_not_known_is_left_as_it_is() {
        for other in [&["codex", "login"][..], &["codex", "--remote", "ws://h"], &["codex", "--version"], &[]]
        {
            assert_eq!(put(other, Some("0.169.0")), Overlaid::Needless, "{other:?}");
        }
        for version in [None, Some("0.159.3"), Some("0.170.0"), Some("0.16.9"), Some("1.165.0"), Some("0.x")]
        {
            let Overlaid::Not(why) = put(&["codex"], version) else { panic!("{version:?}") };
            assert!(why.contains("0.160 to 0.169"), "{why}");
        }
        for version in ["0.160.0", "0.166.0", "0.169.12"] {
            assert!(matches!(put(&["codex"], Some(version)), Overlaid::With(_)), "{version}");
        }
        for own in [
            &["codex", "-c", "hooks.Stop=[]"][..],
            &["codex", "-chooks.Stop=[]"],
            &["codex", "--config=hooks={}"],
        ] {
            assert!(matches!(put(own, Some("0.169.0")), Overlaid::Not(_)), "{own:?}");
        }
        // Neither a prompt nor the value of an option is one of these.
        for plain in [
            &["codex", "hooks fail at start"][..],
            &["codex", "-C", "debug"],
            &["codex", "--profile", "login"],
        ] {
            assert!(matches!(put(plain, Some("0.169.0")), Overlaid::With(_)), "{plain:?}");
        }
    }
}
