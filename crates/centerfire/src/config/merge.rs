//! Puts the configuration together, and remembers where each value came from.

use super::Config;
use super::keys::{KEYS, Key};
use super::tree::{self, Node, Value};
use crate::exit::Usage;
use anyhow::{Context as _, Error, anyhow};
use session::nearest::did_you_mean;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where a value came from; later ones win.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    Default,
    File { path: PathBuf, line: u64 },
    Profile { name: String, path: PathBuf, line: u64 },
    Variable(String),
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Profile { name, path, line } => write!(f, "profile {name}, {}:{line}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag => f.write_str("--set"),
        }
    }
}

/// The configuration with its origins, one for each of [`KEYS`].
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub config: Config,
    pub origins: Vec<Origin>,
    /// The file that was read, or would be if it were there.
    pub file: PathBuf,
    pub profile: Option<String>,
}

/// What else has a say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    /// A file in the place of the instance's own; it must exist.
    pub file: Option<PathBuf>,
    pub profile: Option<String>,
    /// `KEY=VALUE` of flags.
    pub set: Vec<(String, String)>,
}

/// The profiles of a file, by name.
type Profiles = Vec<(String, Node)>;

/// Reads the configuration of an instance. `variable` is the environment.
pub(crate) fn load(
    own_file: &Path,
    overrides: &Overrides,
    variable: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Loaded> {
    let file = overrides.file.clone().unwrap_or_else(|| own_file.to_owned());
    let mut loaded = Loaded::defaults(file);
    let profile_variable = variable("CENTERFIRE_PROFILE");
    let text = match std::fs::read_to_string(&loaded.file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && overrides.file.is_none() => {
            String::new()
        }
        Err(error) => return Err(error).with_context(|| format!("read {}", loaded.file.display())),
    };
    let (chosen, profiles) = loaded.take_file(&text)?;
    match (&overrides.profile, profile_variable.or(chosen)) {
        // Who names a profile on the command line can write another one there.
        (Some(flag), _) => loaded.take_profile_of(flag, &profiles).map_err(Usage)?,
        (None, Some(name)) => loaded.take_profile_of(&name, &profiles).map_err(Error::msg)?,
        (None, None) => {}
    }
    for key in KEYS {
        let name = key.variable();
        if let Some(text) = variable(&name).filter(|text| !text.is_empty()) {
            loaded
                .set(key, &Value::of_text(&text), Origin::Variable(name.clone()))
                .map_err(|why| anyhow!("{name}: {why}"))?;
        }
    }
    loaded.take_flags(overrides)?;
    Ok(loaded)
}

impl Loaded {
    /// The defaults.
    pub(crate) fn defaults(file: PathBuf) -> Self {
        Self { config: Config::default(), origins: vec![Origin::Default; KEYS.len()], file, profile: None }
    }

    /// What holds where nothing but the flags can be read.
    pub(crate) fn of_flags(file: PathBuf, overrides: &Overrides) -> Result<Self, Usage> {
        let mut loaded = Self::defaults(file);
        loaded.take_flags(overrides)?;
        Ok(loaded)
    }

    fn take_flags(&mut self, overrides: &Overrides) -> Result<(), Usage> {
        for (name, text) in &overrides.set {
            let Some(key) = KEYS.iter().find(|key| key.name == name) else {
                return Err(Usage(format!("--set: {}", unknown(name))));
            };
            let set = self.set(key, &Value::of_text(text), Origin::Flag);
            set.map_err(|why| Usage(format!("--set {name}: {why}")))?;
        }
        Ok(())
    }

    fn set(&mut self, key: &Key, value: &Value, origin: Origin) -> Result<(), String> {
        (key.set)(&mut self.config, value)?;
        let at = KEYS.iter().position(|known| known.name == key.name).expect("a key is one of KEYS");
        self.origins[at] = origin;
        Ok(())
    }

    /// Takes what holds for all. Gives the profile that the file chooses, and all profiles.
    fn take_file(&mut self, text: &str) -> anyhow::Result<(Option<String>, Profiles)> {
        let path = self.file.clone();
        let fail = |why: String| anyhow!("{}: {why}", path.display());
        let root = tree::parse(text).map_err(fail)?;
        let Value::Map(entries) = root.value else {
            return Err(fail(format!("line {}: needs keys", root.line)));
        };
        let (mut chosen, mut profiles) = (None, Vec::new());
        for (name, node) in &entries {
            let at_line = |why: String| fail(format!("line {}: {why}", node.line));
            match (name.as_str(), &node.value) {
                ("profile", Value::Text(name)) => chosen = Some(name.clone()),
                ("profile", other) => return Err(at_line(format!("profile needs a name, not {other}"))),
                ("profiles", Value::Map(all)) => profiles.clone_from(all),
                ("profiles", Value::Null) => {}
                ("profiles", other) => {
                    return Err(at_line(format!("profiles needs names with keys, not {other}")));
                }
                _ => {
                    let origin = |line| Origin::File { path: path.clone(), line };
                    self.take(name, node, &origin).map_err(fail)?;
                }
            }
        }
        // Also those that are not chosen, so that a slip is told when it is made.
        for (name, node) in &profiles {
            let origin = |line| Origin::Profile { name: name.clone(), path: path.clone(), line };
            self.clone().take_profile(node, &origin).map_err(fail)?;
        }
        Ok((chosen, profiles))
    }

    fn take_profile_of(&mut self, chosen: &str, profiles: &Profiles) -> Result<(), String> {
        let path = self.file.clone();
        let fail = |why: String| format!("{}: {why}", path.display());
        let Some((name, node)) = profiles.iter().find(|(name, _)| name == chosen) else {
            let known = profiles.iter().map(|(name, _)| name.as_str());
            return Err(fail(format!("no profile `{chosen}`{}", did_you_mean(chosen, known))));
        };
        let origin = |line| Origin::Profile { name: name.clone(), path: path.clone(), line };
        self.take_profile(node, &origin).map_err(fail)?;
        self.profile = Some(chosen.to_owned());
        Ok(())
    }

    fn take_profile(&mut self, node: &Node, origin: &dyn Fn(u64) -> Origin) -> Result<(), String> {
        match &node.value {
            Value::Map(entries) => entries.iter().try_for_each(|(name, node)| self.take(name, node, origin)),
            Value::Null => Ok(()),
            other => Err(format!("line {}: a profile needs keys, not {other}", node.line)),
        }
    }

    /// Takes a key, or all keys below it.
    fn take(&mut self, name: &str, node: &Node, origin: &dyn Fn(u64) -> Origin) -> Result<(), String> {
        if let Some(key) = KEYS.iter().find(|key| key.name == name) {
            let set = self.set(key, &node.value, origin(node.line));
            return set.map_err(|why| format!("line {}: {name}: {why}", node.line));
        }
        let above = format!("{name}.");
        match &node.value {
            Value::Map(below) if KEYS.iter().any(|key| key.name.starts_with(&above)) => {
                below.iter().try_for_each(|(last, node)| self.take(&format!("{above}{last}"), node, origin))
            }
            _ => Err(format!("line {}: {}", node.line, unknown(name))),
        }
    }
}

fn unknown(name: &str) -> String {
    let hint = did_you_mean(name, KEYS.iter().map(|key| key.name));
    let hint = if hint.is_empty() { "; `centerfire config` lists all keys".to_owned() } else { hint };
    format!("there is no key `{name}`{hint}")
}

#[cfg(test)]
mod tests;
