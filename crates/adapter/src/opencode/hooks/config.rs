//! How the plugin comes into an opencode that is started: a variable with settings, which are put together with those of
//! files. What stands in the variable stays there.

use crate::command_line::first_free;
use crate::hooks::{Launching, Overlaid, Overlay};
use serde_json::{Value, json};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The variable with settings.
const SETTINGS: &str = "OPENCODE_CONFIG_CONTENT";
/// The plugin's file.
const FILE: &str = "centerfire.js";
/// Its text, but for the word that its settings take the place of.
const PLUGIN: &str = include_str!("plugin.js");
/// Options that take the word behind them.
const WITH_VALUE: &[&str] = &[
    "-m",
    "-s",
    "--agent",
    "--cors",
    "--hostname",
    "--log-level",
    "--mdns-domain",
    "--model",
    "--port",
    "--prompt",
    "--replay-limit",
    "--session",
];
/// Commands of the program that hold no conversation, or hold it elsewhere.
const OTHER_COMMANDS: &[&str] = &[
    "acp",
    "agent",
    "attach",
    "auth",
    "completion",
    "db",
    "debug",
    "export",
    "github",
    "import",
    "mcp",
    "models",
    "plugin",
    "pr",
    "providers",
    "serve",
    "session",
    "stats",
    "uninstall",
    "upgrade",
    "web",
];

pub(super) fn overlay(start: &Launching<'_>) -> Overlaid {
    let texts = || start.words.iter().skip(1).filter_map(|word| word.to_str());
    let command = first_free(texts(), WITH_VALUE);
    let is_other = command.is_some_and(|command| OTHER_COMMANDS.contains(&command));
    let asks_for_words = texts().any(|word| matches!(word, "--help" | "-h" | "--version" | "-v"));
    if start.words.is_empty() || is_other || asks_for_words {
        return Overlaid::Needless;
    }
    if let Some(version) = start.version.filter(|version| !version.starts_with("1.")) {
        return Overlaid::Not(format!("version {version} is not known to take a plugin so"));
    }
    let given = (start.variable)(SETTINGS).unwrap_or_default();
    let settings = match given.to_str().map(str::trim) {
        Some("") => Some(json!({})),
        Some(text) => serde_json::from_str(text).ok(),
        None => None,
    };
    let Some(mut settings) = settings.filter(Value::is_object) else {
        return Overlaid::Not(format!("{SETTINGS} is set and holds no plain JSON"));
    };
    let plugins = settings.get("plugin").cloned().unwrap_or_else(|| json!([]));
    let Value::Array(mut plugins) = plugins else {
        return Overlaid::Not(format!("`plugin` in {SETTINGS} is no list"));
    };
    // That of a session around this one.
    plugins.retain(|plugin| !plugin.as_str().is_some_and(|url| url.ends_with(&format!("/{FILE}"))));
    plugins.push(json!(url(&start.folder.join(FILE))));
    settings["plugin"] = plugins.into();
    // Without a terminal it asks nobody, and decides at once.
    let own = json!({ "hook": start.role, "asks": command != Some("run") });
    let text = PLUGIN.replacen("SETTINGS", &own.to_string(), 1);
    Overlaid::With(Overlay {
        words: start.words.to_vec(),
        variables: vec![(SETTINGS.to_owned(), settings.to_string().into())],
        files: vec![(FILE, text)],
    })
}

/// A path as a URL.
fn url(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let encode =
        |byte: &u8| if plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    let path: String = path.as_os_str().as_bytes().iter().map(encode).collect();
    format!("file://{path}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn put(words: &[&str], version: Option<&str>, given: &str) -> Overlaid {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        overlay(&Launching {
            words: &words,
            role: &["/bin/cf", "__hook", "opencode"],
            version,
            restore: None,
            folder: Path::new("/a b/overlay"),
            variable: &|name| (name == SETTINGS).then(|| given.into()),
            read: &|_| None,
        })
    }

    #[test]
    fn a_plugin_stands_beside_what_the_variable_held() {
        let given = r#"{"model":"m","plugin":["mine","file:///outer/overlay/centerfire.js"]}"#;
        let Overlaid::With(overlay) = put(&["opencode", "run", "hi"], Some("1.18.33"), given) else {
            panic!()
        };
        assert_eq!(overlay.words, ["opencode", "run", "hi"]);
        let settings: Value = serde_json::from_str(overlay.variables[0].1.to_str().unwrap()).unwrap();
        let plugins = json!(["mine", "file:///a%20b/overlay/centerfire.js"]);
        assert_eq!((&settings["model"], &settings["plugin"]), (&json!("m"), &plugins));
        let text = &overlay.files[0].1;
        assert!(text.contains(r#"{"asks":false,"hook":["/bin/cf","__hook","opencode"]}"#), "{text}");
        let Overlaid::With(alone) = put(&["opencode"], None, "") else { panic!() };
        assert!(alone.files[0].1.contains(r#""asks":true"#));
    }

    #[test]
    fn what_is_no_conversation_or_cannot_be_read_is_left_as_it_is() {
        for other in [&["opencode", "serve"][..], &["opencode", "--version"], &[]] {
            assert_eq!(put(other, None, ""), Overlaid::Needless, "{other:?}");
        }
        for (version, given) in
            [("2.0.0", ""), ("1.0.0", "{ // no"), ("1.0.0", "[]"), ("1.0.0", r#"{"plugin":3}"#)]
        {
            assert!(
                matches!(put(&["opencode"], Some(version), given), Overlaid::Not(_)),
                "{version} {given}"
            );
        }
    }
}
