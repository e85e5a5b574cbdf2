//! `centerfire config`: the settings in force.

use crate::config::keys::KEYS;
use crate::config::reference;
use crate::context::Context;
use crate::term::say;
use serde_json::{Map, json};
use std::process::ExitCode;

/// Characters that the column of values has at most.
const VALUE_MAX: usize = 32;

/// Show the settings in force and where each came from
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire config\n  centerfire config --set history_lines=5000\n  centerfire config example > ~/.config/centerfire/centerfire.yaml"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Show the settings in force and where each came from
    Show,
    /// Print the reference of all settings, in Markdown
    Reference,
    /// Print a file with every setting at its default
    Example,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        match self.what {
            None | Some(What::Show) => show(context),
            Some(What::Reference) => say(reference::markdown().trim_end()),
            Some(What::Example) => say(reference::example().trim_end()),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn show(context: &Context) {
    let loaded = &context.loaded;
    let values =
        || KEYS.iter().zip(&loaded.origins).map(|(key, origin)| (key, (key.get)(&loaded.config), origin));
    let mut keys = Map::new();
    for (key, value, origin) in values() {
        keys.insert(key.name.to_owned(), json!({ "value": value, "from": origin.to_string() }));
    }
    let value = json!({ "file": loaded.file, "profile": loaded.profile, "keys": keys });
    context.say(&value, || {
        let mut lines = vec![match loaded.file.exists() {
            true => format!("file     {}", loaded.file.display()),
            false => format!("file     {} (not there; all defaults hold without it)", loaded.file.display()),
        }];
        if let Some(profile) = &loaded.profile {
            lines.push(format!("profile  {profile}"));
        }
        lines.push(String::new());
        let rows: Vec<[String; 3]> = values()
            .map(|(key, value, origin)| {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                [key.name.to_owned(), value, origin.to_string()]
            })
            .collect();
        lines.extend(table(&rows));
        lines.join("\n")
    });
}

/// Rows in columns. A long value stands beyond its column, so that the others stay narrow.
fn table(rows: &[[String; 3]]) -> Vec<String> {
    let width = |at: usize| rows.iter().map(|row: &[String; 3]| row[at].chars().count()).max().unwrap_or(0);
    let (names, values) = (width(0), width(1).min(VALUE_MAX));
    rows.iter().map(|[name, value, origin]| format!("{name:<names$}  {value:<values$}  {origin}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_origin_but_those_of_long_values_stands_in_one_column() {
        let row = |name: &str, value: &str| [name.to_owned(), value.to_owned(), "default".to_owned()];
        let long = "x".repeat(VALUE_MAX + 5);
        let lines = table(&[row("a", "1"), row("approvals.escalate_after", "a value"), row("b", &long)]);
        let at: Vec<_> = lines.iter().map(|line| line.find("default").unwrap()).collect();
        assert!(at[0] == at[1] && at[2] > at[0], "{lines:?}");
    }
}
