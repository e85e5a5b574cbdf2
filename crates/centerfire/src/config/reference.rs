//! The reference and the example of the configuration, made of the table of keys. Both are committed, and a test holds
//! them against this.

use super::Config;
use super::keys::KEYS;
use serde_json::Value;
use std::fmt::Write;

const HEAD: &str = "\
# Configuration

<!-- Made by `centerfire config reference`; a test holds it against the program. -->

Centerfire runs without any configuration. What is to differ from the defaults stands in `centerfire.yaml`: in
`$CENTERFIRE_HOME` if that is set, else in `$XDG_CONFIG_HOME/centerfire/` (`~/.config/centerfire/`). Another file is named
with `--config FILE` or `CENTERFIRE_CONFIG`. [`contrib/centerfire.yaml`](../contrib/centerfire.yaml) has every key with its
default.

A value is taken from the last of these places that has it:

1. the default;
2. the file;
3. the chosen profile in it;
4. the environment, such as `CENTERFIRE_HISTORY_LINES=5000`;
5. a flag: `--set history_lines=5000` with any command, or the command's own.

A profile is a set of values under a name, chosen by `profile:` in the file, by `CENTERFIRE_PROFILE` or by `--profile`:

```yaml
profile: laptop
profiles:
  laptop:
    quota_mb: 2000
  server:
    history_lines: 20000
```

`centerfire config` shows the values in force and where each came from. A key that does not exist and a value of the wrong
kind are mistakes that are told with their line. `run`, `restart`, `prune`, `serve` and `config` stop at one; all other
commands go on with the defaults and warn.
";

/// `docs/configuration.md`.
pub(crate) fn markdown() -> String {
    let config = Config::default();
    let mut text = HEAD.to_owned();
    for key in KEYS {
        let default = yaml((key.get)(&config));
        write!(
            text,
            "\n## `{}`\n\n{}\n\n- takes: {}\n- default: `{default}`\n- environment: `{}`\n",
            key.name,
            key.about,
            key.takes,
            key.variable()
        )
        .expect("a string takes everything");
    }
    text
}

/// `contrib/centerfire.yaml`.
pub(crate) fn example() -> String {
    let config = Config::default();
    let mut text =
        "# Every key of Centerfire's configuration with its default; docs/configuration.md explains them.\n"
            .to_owned();
    for key in KEYS {
        let about = wrap(key.about);
        write!(text, "\n{about}# Takes {}.\n{}: {}\n", key.takes, key.name, yaml((key.get)(&config)))
            .expect("a string takes everything");
    }
    text
}

fn yaml(value: Value) -> String {
    match value {
        Value::String(text) if text.chars().all(|c| c.is_ascii_alphanumeric()) => text,
        other => other.to_string(),
    }
}

/// Words as comment lines.
fn wrap(words: &str) -> String {
    let mut lines = vec!["#".to_owned()];
    for word in words.split_whitespace() {
        let line = lines.last_mut().expect("there is always one");
        if line.len() + word.len() > 110 {
            lines.push(format!("# {word}"));
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.push(String::new());
    lines.join("\n")
}
