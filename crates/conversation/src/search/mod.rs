//! Searching what was said and done: by words (`words`), by meaning ([`crate::meaning`]), or both, fused.
//!
//! A search by both takes what has all the words, or else what has the most of them (`partly`), and what says something
//! like it. All stages in the store together have one
//! deadline: who waits gets what was found until then.

mod partly;
mod words;

pub(crate) use words::related;

use crate::embed::Embedder;
use crate::meaning::Meaning;
use crate::store::{By, Filter, Hit, SCORED_CHARS, Store};
use crate::vectors::Near;
use crate::{Error, Result, backlog, fuse};
use partly::partly;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use words::{Query, Scored, snippet};

/// A search takes no longer, but for a model that is still to be loaded.
const SEARCH_WITHIN: Duration = Duration::from_secs(1);
/// What was found until then is told within this time, after that of the search.
const TOLD_WITHIN: Duration = Duration::from_secs(1);
/// Results of each way that are fused.
const FUSED: usize = 50;
/// Entries that have all words: with fewer, those that have some of them are looked for as well.
const FEW: usize = 5;

/// A word of a question that is shown in what was found by meaning.
const TELLING_CHARS: usize = 4;
/// What makes vectors.
const WAITING: &str =
    "`centerfire serve` makes their vectors beside its work, and `centerfire import` at once";
/// For who found nothing by words alone.
const HINT: &str = "only words were looked for; with a model, search finds what means the same: `centerfire models list` shows how";

/// How to search.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// By words alone.
    Words,
    /// By meaning alone.
    Meaning,
    /// By both.
    Both,
}

/// What a search found.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct Answer {
    /// How it was searched.
    pub mode: Mode,
    /// The hits, the best first.
    pub hits: Vec<Hit>,
    /// What the user should know: that meaning was not asked, or that not all entries can be found by it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Searches. Without a mode by both where the model works and has vectors, and else by words.
pub fn search(
    store: &Store,
    meaning: &Meaning,
    query: &str,
    filter: &Filter,
    mode: Option<Mode>,
    most: usize,
) -> Result<Answer> {
    let query = Query::parse(query)?;
    let asked = match mode {
        Some(Mode::Words) => Asked::default(),
        mode => ask(store, meaning, &query, mode)?,
    };
    let Some((model, vector)) = asked.vector else {
        let hits = whole(store, &query, filter, most)?;
        let hint =
            || (hits.is_empty() && mode.is_none() && meaning.may_have_model()).then(|| HINT.to_owned());
        let note = asked.note.or_else(hint);
        return Ok(Answer { mode: Mode::Words, hits, note });
    };
    let mode = mode.unwrap_or(Mode::Both);
    let depth = FUSED.max(most);
    let limit = store.within(SEARCH_WITHIN);
    let mut words = if mode == Mode::Both { query.whole(store, filter, &limit)? } else { Vec::new() };
    if mode == Mode::Both && words.len() < FEW && !limit.is_over() {
        let known: HashSet<i64> = words.iter().map(|one| one.candidate.id).collect();
        let mut more = partly(store, &query.question(), filter)?;
        more.retain(|one| !known.contains(&one.candidate.id) && query.allows(&one.candidate.text));
        words.append(&mut more);
    }
    words.truncate(depth);
    let mut near = meaning.nearest(store, &*model, &vector, filter, depth)?;
    if query.forbids() {
        let entries: Vec<i64> = near.iter().map(|near| near.entry).collect();
        let mut texts = store.candidates_of(&entries, filter, SCORED_CHARS)?;
        texts.retain(|one| query.allows(&one.text));
        let allowed: HashSet<i64> = texts.iter().map(|one| one.id).collect();
        near.retain(|near| allowed.contains(&near.entry));
    }
    drop(limit);
    let _limit = store.within(TOLD_WITHIN);
    let found = fused(&words, &near).into_iter().take(most);
    let hits = found.map(|(found, by)| hit(store, &query, model.id(), &found, by));
    Ok(Answer { mode, hits: hits.collect::<Result<_>>()?, note: asked.note })
}

/// Searches by words alone.
pub(crate) fn by_words(store: &Store, query: &str, filter: &Filter, most: usize) -> Result<Vec<Hit>> {
    whole(store, &Query::parse(query)?, filter, most)
}

fn whole(store: &Store, query: &Query, filter: &Filter, most: usize) -> Result<Vec<Hit>> {
    let limit = store.within(SEARCH_WITHIN);
    let found = query.whole(store, filter, &limit)?;
    drop(limit);
    let _limit = store.within(TOLD_WITHIN);
    found.iter().take(most).map(|one| hit(store, query, "", &Found::Words(one), By::Words)).collect()
}

/// What a model makes of a question.
#[derive(Default)]
struct Asked {
    vector: Option<(Arc<dyn Embedder>, Vec<f32>)>,
    note: Option<String>,
}

/// Asks the model. Where nobody said that it must be asked, what is in the way is only told.
fn ask(store: &Store, meaning: &Meaning, query: &Query, mode: Option<Mode>) -> Result<Asked> {
    let refused = |error: Error| match mode {
        Some(_) => Err(error),
        None => Ok(Asked { vector: None, note: Some(format!("searched by words alone: {error}")) }),
    };
    let model = match meaning.model() {
        Ok(Some(model)) => model,
        Ok(None) if mode.is_none() => return Ok(Asked::default()),
        Ok(None) => return Err(Error::NoModel),
        Err(error) => return refused(error),
    };
    // The model may take its time afterwards, which is not the store's.
    let limit = store.within(SEARCH_WITHIN);
    let known =
        backlog::waiting(store, Some(model.id())).and_then(|waiting| Ok((waiting, backlog::model(store)?)));
    drop(limit);
    let (waiting, known) = match known {
        Ok(known) => known,
        Err(error) => return refused(error),
    };
    if known.as_deref() != Some(model.id()) {
        return refused(Error::NotReady(format!("no entry was read by {} yet; {WAITING}", model.id())));
    }
    let note = (waiting > 0).then(|| format!("{waiting} entries cannot be found by meaning yet; {WAITING}"));
    match meaning.question(&model, &query.question()) {
        Ok(vector) => Ok(Asked { vector: Some((model, vector)), note }),
        Err(error) => refused(error),
    }
}

/// One ranking of both, with how each was found.
fn fused<'a>(words: &'a [Scored], near: &'a [Near]) -> Vec<(Found<'a>, By)> {
    let shares: Vec<(i64, f64)> = words.iter().map(|one| (one.candidate.id, one.share)).collect();
    let nearest: Vec<i64> = near.iter().map(|near| near.entry).collect();
    let by_words: HashMap<i64, &Scored> = words.iter().map(|one| (one.candidate.id, one)).collect();
    let by_meaning: HashMap<i64, &Near> = near.iter().map(|near| (near.entry, near)).collect();
    let found = fuse::hybrid(&shares, &nearest).into_iter();
    let told = found.filter_map(|entry| match (by_words.get(&entry), by_meaning.get(&entry)) {
        (Some(one), None) => Some((Found::Words(one), By::Words)),
        (Some(one), Some(_)) => Some((Found::Words(one), By::Both)),
        (None, Some(near)) => Some((Found::Near(near), By::Meaning)),
        (None, None) => None,
    });
    told.collect()
}

/// Of what a hit is told.
enum Found<'a> {
    Words(&'a Scored),
    Near(&'a Near),
}

fn hit(store: &Store, query: &Query, model: &str, found: &Found, by: By) -> Result<Hit> {
    let (entry, snippet) = match found {
        Found::Words(one) => (one.candidate.id, snippet(&one.candidate.text, &query.shown())),
        Found::Near(near) => {
            let text = store.text_of_chunk(near.entry, model, near.chunk)?;
            // Of a question in other words, those that every text has tell nothing.
            let telling = query.shown().into_iter().filter(|word| word.chars().count() >= TELLING_CHARS);
            (near.entry, snippet(&text, &telling.collect::<Vec<_>>()))
        }
    };
    Ok(Hit { found_by: Some(by), ..store.hit(entry, snippet)? })
}
