//! What the parser of the command line has to say: that it is wrong, help, the version. It is told as our own words
//! are: in colours only where they are wanted, an error as JSON where `--json` stands among the words.

use crate::config::merge::Overrides;
use crate::{config, exit, term};
use clap::Error;
use clap::error::ErrorKind;
use std::ffi::OsString;
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

/// Tells it, and gives the exit code. The words are those of a command line of `centerfire`; without them no flag has
/// a say.
pub(crate) fn tell(error: &Error, words: &[OsString]) -> ExitCode {
    let words = Words::of(words);
    if error.use_stderr() && words.have("--json") {
        return exit::report(&exit::Usage(sentence(error)).into(), true);
    }
    choose_colours(&words);
    let text = error.render();
    // Whoever stopped reading has what they wanted.
    let _ = match error.use_stderr() {
        true if term::colour_on_stderr() => write!(stderr(), "{}", text.ansi()),
        true => write!(stderr(), "{text}"),
        false if term::colour_on_stdout() => write!(stdout(), "{}", text.ansi()),
        false => write!(stdout(), "{text}"),
    };
    if error.use_stderr() { ExitCode::from(exit::USAGE) } else { ExitCode::SUCCESS }
}

/// Takes the choice of colours from the configuration, where that can be read: the error at hand comes first.
fn choose_colours(words: &Words<'_>) {
    let file = words.value("--config").map(Into::into).or_else(|| std::env::var_os("CENTERFIRE_CONFIG"));
    let set = words.values("--set").filter_map(|set| set.split_once('='));
    let overrides = Overrides {
        file: file.map(Into::into),
        profile: words.value("--profile").map(str::to_owned),
        set: set.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
    };
    let variable = |name: &str| std::env::var(name).ok();
    if let Ok(loaded) = config::home().and_then(|home| config::load(&home.config, &overrides, variable)) {
        term::choose(loaded.config.colours);
    }
}

/// The error in one line: what comes before the usage, and no word about where help is.
fn sentence(error: &Error) -> String {
    let missing = [ErrorKind::MissingSubcommand, ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand];
    if missing.contains(&error.kind()) {
        return "a command is missing; `--help` lists all".to_owned();
    }
    let text = error.render().to_string();
    let lines = text.lines().map(str::trim);
    let said =
        lines.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"));
    let said: Vec<_> = said.filter(|line| !line.is_empty()).collect();
    let line = said.join(" ");
    line.strip_prefix("error: ").map_or(line.clone(), str::to_owned)
}

/// The words of a command line that the parser did not take, as far as they are for us.
struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    /// Behind two dashes stand the words of a program.
    fn of(words: &'a [OsString]) -> Self {
        let words = words.iter().skip(1).take_while(|word| *word != "--");
        Self(words.filter_map(|word| word.to_str()).collect())
    }

    fn have(&self, flag: &str) -> bool {
        self.0.contains(&flag)
    }

    /// What stands behind a flag, as a word of its own or behind `=`.
    fn values(&self, flag: &str) -> impl Iterator<Item = &'a str> {
        let next = self.0.iter().skip(1).map(Some).chain([None]);
        self.0.iter().zip(next).filter_map(move |(word, next)| match word.strip_prefix(flag)? {
            "" => next.copied(),
            rest => rest.strip_prefix('='),
        })
    }

    fn value(&self, flag: &str) -> Option<&'a str> {
        self.values(flag).last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_found_in_both_forms_and_only_before_two_dashes() {
        let words: Vec<OsString> =
            ["cf", "--set", "a=1", "--set=b=2", "--settle=c", "--", "--set", "d=4", "--json"]
                .map(OsString::from)
                .into();
        let words = Words::of(&words);
        assert_eq!(words.values("--set").collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert!(!words.have("--json"));
    }
}
