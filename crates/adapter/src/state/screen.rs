//! What a screen says: rules as data, `<cli>/screen.json`.
//!
//! A rule names texts that must be in the title or on the screen; the first that fits tells the state. They are plain texts, so that a rule can be read beside the screen it was made of (`cases/<cli>/screens/`).

use super::super::gist::line;
use protocol::{AgentState, BlockKind, Claim, Source, Time};
use serde::Deserialize;
use std::cmp::Ordering;

/// The rules of one CLI, in the order in which they are tried.
#[derive(Deserialize, Debug)]
#[serde(transparent)]
pub struct Rules(Vec<Rule>);

/// A screen, as far as rules look at it.
pub struct Shown<'a> {
    /// The title that the program set.
    pub title: &'a str,
    /// Its lines, from above.
    pub lines: &'a [String],
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// Names it in what is told as evidence.
    name: String,
    state: AgentState,
    #[serde(default)]
    on: Option<BlockKind>,
    /// The first version of the CLI whose screen it is for, and the first whose screen is another one.
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    until: Option<String>,
    /// All of these are in the title.
    #[serde(default)]
    title: Vec<String>,
    /// The title begins with one of these: a spinner turns.
    #[serde(default)]
    title_begins: Vec<String>,
    /// All of these are in lines.
    #[serde(default)]
    screen: Vec<String>,
    /// How many lines are looked at, from the last that is not blank; all, if it is not said.
    #[serde(default)]
    last: Option<usize>,
}

impl Rules {
    /// No rules.
    pub(crate) const fn none() -> Self {
        Self(Vec::new())
    }

    /// Reads rules.
    ///
    /// # Panics
    /// At a text that holds none: it is a part of the program, and a test reads each.
    pub(crate) fn read(text: &str) -> Self {
        serde_json::from_str(text).expect("the rules are a part of the program")
    }

    /// What a screen says; nothing where no rule fits. A version that is not known may be any.
    pub fn judge(&self, shown: &Shown<'_>, version: Option<&str>, since: Time) -> Option<Claim> {
        let end = shown.lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
        let lines = &shown.lines[..end];
        let rules = self.0.iter().filter(|rule| version.is_none_or(|version| rule.is_for(version)));
        rules.filter_map(|rule| rule.judge(shown.title, lines, since)).next()
    }
}

impl Rule {
    fn is_for(&self, version: &str) -> bool {
        let at_least = |other: &String| compare(version, other) != Ordering::Less;
        self.from.as_ref().is_none_or(at_least) && !self.until.as_ref().is_some_and(at_least)
    }

    fn judge(&self, title: &str, lines: &[String], since: Time) -> Option<Claim> {
        let lines = &lines[lines.len() - self.last.unwrap_or(lines.len()).min(lines.len())..];
        let find = |text: &String| lines.iter().find(|line| line.contains(text.as_str()));
        let begins = |text: &String| title.starts_with(text.as_str());
        let fits = self.title.iter().all(|text| title.contains(text.as_str()))
            && (self.title_begins.is_empty() || self.title_begins.iter().any(begins))
            && self.screen.iter().all(|text| find(text).is_some());
        let seen = || self.screen.first().and_then(find).map_or(title, String::as_str);
        fits.then(|| Claim {
            state: self.state,
            on: self.on,
            reason: (self.state == AgentState::Blocked).then(|| line(seen().trim_matches(is_frame))),
            source: Source::Screen,
            since,
            evidence: format!("{}: {}", self.name, line(seen())),
            agent: None,
        })
    }
}

/// What boxes are drawn with.
fn is_frame(c: char) -> bool {
    c.is_whitespace() || ('\u{2500}'..='\u{259f}').contains(&c)
}

/// Compares versions number by number.
fn compare(one: &str, other: &str) -> Ordering {
    let numbers = |text: &str| -> Vec<u64> {
        text.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().unwrap_or(0)).collect()
    };
    numbers(one).cmp(&numbers(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_numbers() {
        assert_eq!(compare("2.1.329", "2.1.33"), Ordering::Greater);
        assert_eq!(compare("0.61.0", "0.61"), Ordering::Greater);
        let rule: Rules = Rules::read(r#"[{"name":"r","state":"idle","from":"0.60","until":"0.62"}]"#);
        let shown = Shown { title: "", lines: &[] };
        let fits = |version| rule.judge(&shown, version, Time(1)).is_some();
        assert!(fits(None) && fits(Some("0.61.0")) && !fits(Some("0.59.9")) && !fits(Some("0.62.0")));
    }

    #[test]
    fn a_rule_looks_at_the_last_lines() {
        let text = r#"[{"name":"r","state":"blocked","on":"permission","screen":["Allow"],"last":2}]"#;
        let rules = Rules::read(text);
        let fits = |lines: &[&str]| {
            let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            rules.judge(&Shown { title: "", lines: &lines }, None, Time(1))
        };
        let claim = fits(&["│ Allow this? │", "x", "", ""]).unwrap();
        assert_eq!(claim.reason.as_deref(), Some("Allow this?"));
        assert_eq!(claim.evidence, "r: │ Allow this? │");
        assert!(fits(&["Allow", "x", "y"]).is_none());
    }
}
