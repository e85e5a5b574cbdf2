//! Background jobs, as the configuration has them.

use super::Config;
use super::tree::Value;
use conversation::jobs::{Choice, Key, Kinds, Settings, UPSTREAM};
use serde_json::{Value as Json, json};

/// More than this in a day is a slip of the pen. In dollars.
const BUDGET_MAX: f64 = 10_000.0;

impl Config {
    /// Whether a model is asked, and how. A key that merely stands in the environment turns nothing on.
    pub(crate) fn jobs(&self) -> Choice {
        if self.jobs_endpoint.is_none() && self.jobs_key_env.is_none() {
            return Choice::Off;
        }
        let key = match self.jobs_key_env.as_deref().map(|name| (name, std::env::var(name))) {
            Some((_, Ok(key))) if !key.trim().is_empty() => Some(Key(key.trim().to_owned())),
            Some((name, _)) => {
                return Choice::Wrong(format!(
                    "`jobs.key_env` names {name}, which is not set where this runs; set it there, and start it again"
                ));
            }
            None => None,
        };
        let endpoint = self.jobs_endpoint.clone().unwrap_or_else(|| UPSTREAM.to_owned());
        // It is shown to everybody who may see jobs, and the key has a place of its own.
        if endpoint.contains(['@', '?', '#']) {
            let why = "`jobs.endpoint` has a name, a password or a query in it: leave only the address there, and name the variable \
                       that holds the key with `jobs.key_env`";
            return Choice::Wrong(why.to_owned());
        }
        let is_plain = endpoint.starts_with("http://");
        if !is_plain && !endpoint.starts_with("https://") {
            let why =
                format!("`jobs.endpoint` is no address: {endpoint:?}; it begins with https:// or http://");
            return Choice::Wrong(why);
        }
        if is_plain && key.is_some() && !conversation::caller::is_here(&endpoint) {
            let why = "`jobs.endpoint` would be shown the key over a network without encryption; use https://, or no key";
            return Choice::Wrong(why.to_owned());
        }
        let (model, daily_budget, kinds) = (self.jobs_model.clone(), self.jobs_daily_budget, self.jobs_kinds);
        Choice::On(Settings { endpoint, key, model, daily_budget, kinds })
    }
}

/// Dollars as millionths.
pub(super) fn read_budget(value: &Value) -> Result<u64, String> {
    let dollars = match value {
        Value::Number(number) => Some(*number as f64),
        Value::Fraction(number) => Some(*number),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    let fits = |dollars: &f64| (0.0..=BUDGET_MAX).contains(dollars);
    let dollars = dollars.filter(fits);
    dollars
        .map(|dollars| (dollars * 1e6).round() as u64)
        .ok_or_else(|| format!("needs a number of dollars from 0 to {BUDGET_MAX}, not {value}"))
}

/// Millionths as dollars.
pub(super) fn budget(millionths: u64) -> Json {
    json!(millionths as f64 / 1e6)
}

/// Words with commas in between.
pub(super) fn read_kinds(text: &str) -> Result<Kinds, String> {
    let mut kinds = Kinds { titles: false, summaries: false, extraction: false };
    for word in text.split(',') {
        match word.trim() {
            "titles" => kinds.titles = true,
            "summaries" => kinds.summaries = true,
            "extraction" => kinds.extraction = true,
            other => return Err(format!("`{other}` is none of titles, summaries, extraction")),
        }
    }
    Ok(kinds)
}

pub(super) fn kinds(kinds: Kinds) -> Json {
    json!(words(kinds).join(","))
}

/// What is made, in words.
pub(crate) fn words(kinds: Kinds) -> Vec<&'static str> {
    let all = [(kinds.titles, "titles"), (kinds.summaries, "summaries"), (kinds.extraction, "extraction")];
    all.into_iter().filter_map(|(wanted, word)| wanted.then_some(word)).collect()
}

#[test]
fn only_the_configuration_turns_jobs_on_and_what_is_wrong_is_told() {
    assert_eq!(Config::default().jobs(), Choice::Off);
    let with = |endpoint: Option<&str>, variable: Option<&str>| {
        let (jobs_endpoint, jobs_key_env) = (endpoint.map(str::to_owned), variable.map(str::to_owned));
        Config { jobs_endpoint, jobs_key_env, ..Config::default() }.jobs()
    };
    // PATH is set, whatever else is.
    let Choice::On(on) = with(None, Some("PATH")) else { panic!() };
    assert_eq!(
        (on.endpoint.as_str(), on.daily_budget, format!("{:?}", on.key)),
        (UPSTREAM, 1_000_000, "Some(Key)".to_owned())
    );
    let Choice::On(on) = with(Some("http://127.0.0.1:1"), None) else { panic!() };
    assert_eq!(on.key, None);
    for (endpoint, variable, why) in [
        (None, Some("NO_SUCH_VARIABLE"), "names NO_SUCH_VARIABLE, which is not set"),
        (Some("localhost:1"), None, "is no address"),
        (Some("http://models.example"), Some("PATH"), "without encryption"),
        (Some("http://me:sesame@127.0.0.1:1"), None, "has a name, a password"),
        (Some("me:sesame@models.example"), None, "has a name, a password"),
        (Some("https://models.example/v1?key=sesame"), None, "or a query"),
    ] {
        let Choice::Wrong(told) = with(endpoint, variable) else { panic!("{endpoint:?}") };
        assert!(told.contains(why) && !told.contains("sesame"), "{told}");
    }
}

#[test]
fn a_budget_is_in_dollars() {
    for (text, millionths) in [("1", 1_000_000), ("0.25", 250_000), ("0", 0)] {
        assert_eq!(read_budget(&Value::of_text(text)), Ok(millionths));
    }
    for text in ["-1", "much", "NaN", "1e9"] {
        assert!(read_budget(&Value::of_text(text)).is_err(), "{text}");
    }
}
