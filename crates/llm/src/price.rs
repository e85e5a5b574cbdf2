//! What tokens cost: list prices, as a table that the user can overrule.

use protocol::Usage;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The list prices that come with us.
const LIST: &str = include_str!("../prices.json");

static BUILT_IN: LazyLock<Prices> =
    LazyLock::new(|| serde_json::from_str(LIST).expect("prices.json is read by a test"));

/// A table of prices by the beginnings of models' names.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Prices {
    /// From when they are, and from where.
    #[serde(default)]
    pub about: String,
    /// By the beginning of a model's name.
    #[serde(default)]
    pub models: BTreeMap<String, Price>,
    /// How many tokens a model takes before it, likewise.
    #[serde(default)]
    pub windows: BTreeMap<String, u64>,
}

/// What a model costs, in US dollars for a million tokens.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Price {
    /// Read, and not kept in the cache.
    pub input: f64,
    /// Written.
    pub output: f64,
    /// Read from the cache.
    pub cache_read: f64,
    /// Put into the cache for five minutes.
    pub cache_write: f64,
    /// Put into the cache for an hour.
    pub cache_write_hour: f64,
    /// What a long request costs instead.
    #[serde(default)]
    pub long: Option<Box<Long>>,
}

/// The price of a request with much before it.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Long {
    /// It has more tokens than this before it, those from the cache included.
    pub over: u64,
    /// What it costs, all of it.
    #[serde(flatten)]
    pub price: Price,
}

impl Prices {
    /// The list prices that come with us.
    pub fn list() -> Self {
        BUILT_IN.clone()
    }

    /// The list prices with those of the user's file put over them, which has the same form.
    pub fn with(text: &str) -> serde_json::Result<Self> {
        let own: Self = serde_json::from_str(text)?;
        let mut prices = Self::list();
        prices.models.extend(own.models);
        prices.windows.extend(own.windows);
        Ok(Self { about: format!("{} Overruled in part by the user's own.", prices.about), ..prices })
    }

    /// The price of a model: that of the longest name which it begins with. What follows may be a date or a variant, but no other version:
    /// `claude-opus-4` says nothing of a `claude-opus-4-9`.
    pub fn of(&self, model: &str) -> Option<&Price> {
        longest(&self.models, model)
    }

    /// How many tokens a model takes before it, by the same rule; nothing where that is not known.
    pub fn window(&self, model: &str) -> Option<u64> {
        // So a larger one is asked for where it costs extra.
        if model.ends_with("[1m]") {
            return Some(1_000_000);
        }
        longest(&self.windows, model).copied()
    }

    /// What one request to a model costs, in millionths of a dollar; nothing if the model is unknown.
    pub fn cost(&self, model: &str, usage: &Usage) -> Option<u64> {
        let price = self.of(model)?;
        let long = price.long.as_ref().filter(|long| usage.context() > long.over);
        let price = long.map_or(price, |long| &long.price);
        // Dollars for a million tokens are millionths of a dollar for one.
        let cost = usage.input as f64 * price.input
            + usage.output as f64 * price.output
            + usage.cache_read as f64 * price.cache_read
            + usage.cache_write as f64 * price.cache_write
            + usage.cache_write_hour as f64 * price.cache_write_hour;
        Some(cost.round() as u64)
    }
}

/// What belongs to the longest name which a model's begins with.
fn longest<'a, T>(all: &'a BTreeMap<String, T>, model: &str) -> Option<&'a T> {
    let name = plain(model);
    let fits = |known: &&String| name.strip_prefix(known.as_str()).is_some_and(is_variant);
    let longest = all.keys().filter(fits).max_by_key(|known| known.len())?;
    all.get(longest)
}

/// A model's name without what resellers put before it: `us.anthropic.claude-…`, `openai/gpt-…`.
fn plain(model: &str) -> &str {
    let name = model.rsplit('/').next().unwrap_or(model);
    name.split_once("anthropic.").map_or(name, |(_, name)| name)
}

/// Whether the rest of a name leaves the version as it is.
fn is_variant(rest: &str) -> bool {
    let Some(first) = rest.chars().next() else { return true };
    let word = rest[first.len_utf8()..].split(['-', '.', '@', ':', '[']).next().unwrap_or_default();
    let is_date = word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    match first {
        '-' => is_date || matches!(word, "latest" | "preview" | "v1"),
        '@' | ':' | '[' => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLION: Usage =
        Usage { input: 1_000_000, output: 1_000_000, cache_read: 0, cache_write: 0, cache_write_hour: 0 };

    fn cost(model: &str, usage: &Usage) -> Option<u64> {
        Prices::list().cost(model, usage)
    }

    #[test]
    fn the_list_is_read_and_says_from_when_it_is() {
        assert!(BUILT_IN.about.contains("to be checked by the user") && BUILT_IN.models.len() > 20);
        let orderly = |price: &Price| price.cache_read <= price.input && price.input <= price.output;
        assert!(BUILT_IN.models.values().all(orderly));
    }

    #[test]
    fn a_model_costs_what_the_longest_name_says() {
        assert_eq!(cost("claude-opus-4-20250514", &MILLION), Some(90_000_000));
        assert_eq!(cost("claude-opus-4-5-20251101", &MILLION), Some(30_000_000));
        assert_eq!(cost("us.anthropic.claude-opus-4-1-20250805-v1:0", &MILLION), Some(90_000_000));
        assert_eq!(cost("claude-sonnet-4-5[1m]", &MILLION), Some(18_000_000));
        assert_eq!(cost("openai/gpt-5-mini-2025-08-07", &MILLION), Some(2_250_000));
        assert_eq!(cost("gpt-5.1", &MILLION), Some(11_250_000));
    }

    #[test]
    fn a_model_that_nobody_knows_has_no_price() {
        for model in
            ["claude-opus-4-9", "claude-opus-4.9", "claude-opus-40", "gpt-5-turbo", "llama", "", "gpt"]
        {
            assert_eq!(cost(model, &MILLION), None, "{model}");
        }
    }

    #[test]
    fn each_kind_of_token_has_its_own_price() {
        let usage =
            Usage { input: 10, output: 100, cache_read: 1000, cache_write: 10_000, cache_write_hour: 100 };
        // 10 * 3 + 100 * 15 + 1000 * 0.3 + 10,000 * 3.75 + 100 * 6 millionths of a dollar.
        assert_eq!(cost("claude-sonnet-4-5", &usage), Some(39_930));
        let long = Usage { input: 200_000, ..Usage::default() };
        assert_eq!(cost("claude-haiku-5-5", &long), Some(100_000));
        assert_eq!(cost("claude-haiku-5-5", &Usage { input: 100_000, ..long }), Some(10_000));
    }

    #[test]
    fn windows_are_known_by_the_same_names() {
        let list = Prices::list();
        assert_eq!(list.window("us.anthropic.claude-sonnet-4-5-20250929-v1:0"), Some(200_000));
        assert_eq!(list.window("claude-sonnet-4-5[1m]"), Some(1_000_000));
        assert_eq!((list.window("claude-opus-5-5"), list.window("llama")), (Some(1_000_000), None));
        let own = Prices::with(r#"{"windows": {"claude-opus-5-5": 300000, "llama": 8192}}"#).unwrap();
        assert_eq!((own.window("claude-opus-5-5"), own.window("llama")), (Some(300_000), Some(8_192)));
        assert_eq!(own.cost("claude-opus-5-5", &MILLION), Some(24_000_000));
    }

    #[test]
    fn the_users_own_prices_come_first() {
        let price = r#"{"input": 1, "output": 2, "cache_read": 0, "cache_write": 0, "cache_write_hour": 0}"#;
        let own = format!(r#"{{"models": {{"claude-opus-4-5": {price}, "house-model": {price}}}}}"#);
        let prices = Prices::with(&own).unwrap();
        assert_eq!(prices.cost("claude-opus-4-5", &MILLION), Some(3_000_000));
        assert_eq!(prices.cost("house-model", &MILLION), Some(3_000_000));
        assert_eq!(prices.cost("claude-opus-5", &MILLION), Some(30_000_000));
        assert!(Prices::with("{").is_err());
    }
}
