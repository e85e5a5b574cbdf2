//! The command line of `cargo xtask bench`, read once into plain values.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// Text of `cargo xtask bench --help`.
pub const USAGE: &str = "\
usage: cargo xtask bench [options]

  --quick             fewer rounds and less data, about 4 minutes instead of about 20
  --only A,B          only these figures: echo, throughput, start, memory, idle, history, recording,
                      sessions; of the server web-echo, web-throughput, web-viewers, web-stalled,
                      web-idle, web-requests, web-reconnect, web-page, or all of them: web; of conversations
                      talk-search, talk-meaning, talk-quality, talk-tap, talk-hook, talk-chat, or all of
                      them: talk
  --peers A,B         only these peers (the bare PTY, script and node-pty stay, ratios need them)
  --centerfire PATH   the binary to measure [default: target/release/centerfire]
  --docs DIR          where the documents and images/ are written [default: docs]
  --json FILE         write every figure as JSON too";

/// What the caller asked for.
#[derive(Debug, Default, PartialEq)]
pub struct Options {
    pub quick: bool,
    /// Names of figures; empty means all.
    pub only: Vec<String>,
    /// Names of peers; empty means all.
    pub peers: Vec<String>,
    pub centerfire: Option<PathBuf>,
    pub docs: Option<PathBuf>,
    pub json: Option<PathBuf>,
    pub help: bool,
}

impl Options {
    /// Reads the words after `bench`.
    pub fn parse(words: &[String]) -> Result<Options> {
        let mut options = Options::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().cloned().with_context(|| format!("{word} needs a value"));
            match word.as_str() {
                "--quick" => options.quick = true,
                "--only" => options.only = list(&value()?),
                "--peers" => options.peers = list(&value()?),
                "--centerfire" => options.centerfire = Some(value()?.into()),
                "--docs" => options.docs = Some(value()?.into()),
                "--json" => options.json = Some(value()?.into()),
                "--help" | "-h" => options.help = true,
                other => bail!("unknown option {other}\n{USAGE}"),
            }
        }
        Ok(options)
    }

    /// Whether a figure is to be taken.
    pub fn wants(&self, figure: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| means(only, figure))
    }
}

/// Whether a word of `--only` means a figure: its name, or the first part of it.
pub fn means(only: &str, figure: &str) -> bool {
    figure.strip_prefix(only).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn list(text: &str) -> Vec<String> {
    text.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn every_option_is_understood() {
        let options = Options::parse(&words("--quick --only echo,start --peers tmux --json f.json")).unwrap();
        assert!(options.quick);
        assert_eq!(options.only, ["echo", "start"]);
        assert_eq!(options.peers, ["tmux"]);
        assert_eq!(options.json, Some("f.json".into()));
    }

    #[test]
    fn an_unknown_option_and_a_missing_value_are_errors() {
        assert!(Options::parse(&words("--fast")).is_err());
        assert!(Options::parse(&words("--only")).is_err());
    }
}
