//! What Claude Code's dialog offers to allow for later, by what its hook is told (`permission_suggestions`). Tried with 2.1.329.
//!
//! The hook is told more than the dialog offers: of `touch f` also the mode in which files are edited, which only the dialog of
//! an edit offers. What is left here is what the option of the dialog would do, all of it together, and never more; where that is
//! not certain nothing is left, and the terminal alone offers it.

use protocol::approval::{Ask, Decision};
use serde_json::Value;

/// Tools that run commands.
const SHELLS: &[&str] = &["Bash", "PowerShell"];
/// Tools that change files.
const EDITS: &[&str] = &["Edit", "MultiEdit", "NotebookEdit", "Write"];
/// Tools that read files; rules for all of them are those of the first.
const READS: &[&str] = &["Read", "Glob", "Grep"];
/// The folder of its own settings: the dialog of an edit in it offers something else, of which the hook is not told.
const OWN_FOLDER: &str = ".claude";

/// What may be chosen, in words, and the updates of its permissions that do it.
fn offer(tool: &str, input: &Value, suggestions: &Value) -> Option<(String, Vec<Value>)> {
    let all = suggestions.as_array()?;
    let of_rules = |update: &Value, may: &dyn Fn(&Value) -> bool| {
        let rules = update["rules"].as_array().filter(|rules| !rules.is_empty());
        update["type"] == "addRules"
            && update["behavior"] == "allow"
            && rules.is_some_and(|rules| rules.iter().all(may))
    };
    let has_content = |rule: &Value| rule["ruleContent"].as_str().is_some_and(|text| !text.is_empty());
    let adds_folders = |update: &Value| update["type"] == "addDirectories";
    let edits = |update: &Value| update["type"] == "setMode" && update["mode"] == "acceptEdits";
    let is_own = |rule: &Value| rule["toolName"] == tool;
    let reads = |rule: &Value| rule["toolName"] == READS[0] && has_content(rule);
    let updates: Vec<Value> = if SHELLS.contains(&tool) {
        let rules = |rule: &Value| reads(rule) || is_own(rule) && has_content(rule);
        let shown = all.iter().filter(|update| !edits(update));
        shown
            .map(|update| (adds_folders(update) || of_rules(update, &rules)).then(|| update.clone()))
            .collect()
    } else if EDITS.contains(&tool) && !is_in_own_folder(input) {
        all.iter().map(|update| (adds_folders(update) || edits(update)).then(|| update.clone())).collect()
    } else if READS.contains(&tool) {
        all.iter().map(|update| of_rules(update, &reads).then(|| update.clone())).collect()
    } else {
        let one =
            all.iter().filter(|update| update["rules"].as_array().is_some_and(|rules| rules.len() == 1));
        let one = one.filter(|update| !EDITS.contains(&tool) && of_rules(update, &is_own));
        (all.len() == 1).then(|| one.cloned().collect())
    }?;
    let words: Vec<String> = updates.iter().map(words).collect::<Option<_>>()?;
    (!words.is_empty()).then(|| (words.join("; "), updates))
}

/// What may be chosen for later with a yes, in words.
pub(super) fn offered(tool: &str, input: &Value, suggestions: Option<&Value>) -> Vec<String> {
    suggestions.and_then(|all| offer(tool, input, all)).map(|(words, _)| words).into_iter().collect()
}

/// What was chosen of it, as Claude Code takes it.
pub(super) fn chosen(ask: &Ask, decision: &Decision) -> Option<Vec<Value>> {
    let (words, updates) = offer(&ask.tool, &ask.input, ask.suggestions.as_ref()?)?;
    (decision.always.as_ref() == Some(&words)).then_some(updates)
}

fn is_in_own_folder(input: &Value) -> bool {
    let paths = ["file_path", "notebook_path"].iter().filter_map(|key| input[*key].as_str());
    paths.flat_map(|path| path.split('/')).any(|name| name.eq_ignore_ascii_case(OWN_FOLDER))
}

/// What an update allows, and for how long; `None` for what cannot be told whole.
fn words(update: &Value) -> Option<String> {
    let what = match update["type"].as_str()? {
        "addRules" => listed(&update["rules"], rule)?,
        "addDirectories" => {
            format!(
                "access to {}",
                listed(&update["directories"], |folder| folder.as_str().map(str::to_owned))?
            )
        }
        "setMode" => "all edits of files and common file commands (mode acceptEdits)".to_owned(),
        _ => return None,
    };
    let scope = match update["destination"].as_str()? {
        "session" => "for this session",
        "localSettings" => "in this project from now on (.claude/settings.local.json)",
        "projectSettings" => "in this project from now on, for all who work on it (.claude/settings.json)",
        "userSettings" => "in all projects from now on (~/.claude/settings.json)",
        _ => return None,
    };
    Some(format!("{what}, {scope}"))
}

fn listed(all: &Value, one: impl Fn(&Value) -> Option<String>) -> Option<String> {
    let all: Vec<String> = all.as_array()?.iter().map(one).collect::<Option<_>>()?;
    let is_plain = |text: &String| !text.is_empty() && !text.contains(char::is_control);
    (!all.is_empty() && all.iter().all(is_plain)).then(|| all.join(", "))
}

/// A rule as it stands in the settings.
fn rule(rule: &Value) -> Option<String> {
    let tool = rule["toolName"].as_str()?;
    match &rule["ruleContent"] {
        Value::Null => Some(format!("every {tool}")),
        content => Some(format!("{tool}({})", content.as_str()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const LOCAL: &str = "in this project from now on (.claude/settings.local.json)";

    #[track_caller]
    fn check(tool: &str, suggestions: Value, expected: Option<(&str, usize)>) {
        let found = offer(tool, &json!({ "file_path": "/w/a" }), &suggestions);
        let found = found.as_ref().map(|(words, updates)| (words.as_str(), updates.len()));
        assert_eq!(found, expected, "{tool} {suggestions}");
    }

    fn rules(of: &[(&str, &str)]) -> Value {
        let rules: Vec<Value> =
            of.iter().map(|(tool, text)| json!({ "toolName": tool, "ruleContent": text })).collect();
        json!({ "type": "addRules", "behavior": "allow", "destination": "localSettings", "rules": rules })
    }

    fn folder() -> Value {
        json!({ "type": "addDirectories", "destination": "session", "directories": ["/out"] })
    }

    fn mode() -> Value {
        json!({ "type": "setMode", "destination": "session", "mode": "acceptEdits" })
    }

    /// As the real one suggests them, and as its dialog offers them.
    #[test]
    fn what_the_dialog_offers_is_told_in_words() {
        let all = format!("Bash(npm run *), Bash(touch x *), {LOCAL}");
        check("Bash", json!([rules(&[("Bash", "npm run *"), ("Bash", "touch x *")])]), Some((&all, 1)));
        let all = format!("Read(//out/**), Bash(touch y *), {LOCAL}");
        check("Bash", json!([rules(&[("Read", "//out/**"), ("Bash", "touch y *")])]), Some((&all, 1)));
        let access = "access to /out, for this session";
        check("Bash", json!([folder(), mode()]), Some((access, 1)));
        let edits = "all edits of files and common file commands (mode acceptEdits), for this session";
        check("Write", json!([mode()]), Some((edits, 1)));
        check("Edit", json!([mode(), folder()]), Some((&format!("{edits}; {access}"), 2)));
        check(
            "WebFetch",
            json!([rules(&[("WebFetch", "domain:a.org")])]),
            Some((&format!("WebFetch(domain:a.org), {LOCAL}"), 1)),
        );
        let tool = json!({ "type": "addRules", "behavior": "allow", "destination": "localSettings", "rules": [{ "toolName": "mcp__notes__add" }] });
        check("mcp__notes__add", json!([tool]), Some((&format!("every mcp__notes__add, {LOCAL}"), 1)));
    }

    #[test]
    fn what_is_not_certain_is_not_offered() {
        check("Bash", json!([]), None);
        check("Bash", json!([mode()]), None);
        check("Bash", json!([rules(&[("Bash", "")])]), None);
        check("Bash", json!([rules(&[("Bash", "a *"), ("Write", "//**")])]), None);
        check("Bash", json!([rules(&[("Bash", "a\nb *")])]), None);
        check("Write", json!([rules(&[("Edit", "/.claude/**")])]), None);
        check("Skill", json!([rules(&[("Skill", "a")]), rules(&[("Skill", "a:*")])]), None);
        check("WebFetch", json!([rules(&[("Bash", "*")])]), None);
        let mut other = rules(&[("Bash", "a *")]);
        other["behavior"] = json!("deny");
        check("Bash", json!([other]), None);
        other["behavior"] = json!("allow");
        other["destination"] = json!("elsewhere");
        check("Bash", json!([other]), None);
        let mut bypass = mode();
        bypass["mode"] = json!("bypassPermissions");
        check("Write", json!([bypass]), None);
        let own = json!({ "file_path": "/w/.claude/settings.json" });
        assert_eq!(offer("Write", &own, &json!([mode()])), None, "its dialog offers another thing");
    }
}
