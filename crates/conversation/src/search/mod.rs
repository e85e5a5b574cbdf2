//! Searching what was said and done: by words (`words`), by meaning ([`crate::meaning`]), or both, fused.
//!
//! A search by both takes what has all the words, or else what has the most of them (`partly`), and what says something
//! like it. What models made of conversations, in pieces, takes part as entries do, and is told as what it is: of each conversation
//! the best piece. All stages in the store together have one deadline: who waits gets what was found until then.

mod partly;
mod query;
mod words;

pub(crate) use words::related;

use crate::embed::Embedder;
use crate::meaning::Meaning;
use crate::store::{By, Candidate, Filter, Hit, Limit, SCORED_CHARS, Store};
use crate::vectors::Near;
use crate::{Error, Result, backlog, fuse};
use partly::partly;
use query::Query;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use words::{Scored, Source, snippet};

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
        let limit = store.within(SEARCH_WITHIN);
        let found = whole(store, &query, filter, &limit)?;
        drop(limit);
        let found = found.iter().map(|one| (one.source, Found::Words(one), By::Words));
        let hits = told(store, &query, "", found, most)?;
        let hint =
            || (hits.is_empty() && mode.is_none() && meaning.may_have_model()).then(|| HINT.to_owned());
        let note = asked.note.or_else(hint);
        return Ok(Answer { mode: Mode::Words, hits, note });
    };
    let mode = mode.unwrap_or(Mode::Both);
    let depth = FUSED.max(most);
    let limit = store.within(SEARCH_WITHIN);
    let mut words = if mode == Mode::Both { whole(store, &query, filter, &limit)? } else { Vec::new() };
    let entries = words.iter().filter(|one| one.source == Source::Entries);
    let known: HashSet<i64> = entries.map(|one| one.candidate.id).collect();
    if mode == Mode::Both && known.len() < FEW && !limit.is_over() {
        let mut more = partly(store, &query.question(), filter)?;
        more.retain(|one| !known.contains(&one.candidate.id) && query.allows(&one.candidate.text));
        words.append(&mut more);
    }
    words.truncate(depth);
    let near = near(store, meaning, (&*model, &vector), &query, filter, depth)?;
    drop(limit);
    let _limit = store.within(TOLD_WITHIN);
    let found = fused(&words, &near).into_iter();
    Ok(Answer { mode, hits: told(store, &query, model.id(), found, most)?, note: asked.note })
}

/// Entries that have the words of a query.
pub(crate) fn by_words(store: &Store, query: &str, filter: &Filter, most: usize) -> Result<Vec<Hit>> {
    let query = Query::parse(query)?;
    let limit = store.within(SEARCH_WITHIN);
    let found = query.whole(store, filter, &limit)?;
    drop(limit);
    let _limit = store.within(TOLD_WITHIN);
    let found = found.iter().map(|one| (one.source, Found::Words(one), By::Words));
    told(store, &query, "", found, most)
}

/// Entries and pieces that have all words, the best first.
fn whole(store: &Store, query: &Query, filter: &Filter, limit: &Limit) -> Result<Vec<Scored>> {
    let mut found = query.whole(store, filter, limit)?;
    let mut pieces = query.pieces(store, filter, limit, found.is_empty())?;
    if !pieces.is_empty() {
        found.append(&mut pieces);
        found.sort_by(|one, other| other.score.total_cmp(&one.score));
    }
    Ok(found)
}

/// Entries and pieces that say something like a question, the nearest first.
fn near(
    store: &Store,
    meaning: &Meaning,
    (model, vector): (&dyn Embedder, &[f32]),
    query: &Query,
    filter: &Filter,
    depth: usize,
) -> Result<Vec<(Source, Near)>> {
    let entries = meaning.nearest(store, model, vector, filter, depth)?;
    let pieces = meaning.nearest_pieces(store, model, vector, filter, depth)?;
    let ids = |near: &[Near]| near.iter().map(|near| near.entry).collect::<Vec<i64>>();
    let allowed = |texts: Vec<Candidate>| -> HashSet<i64> {
        texts.into_iter().filter(|one| query.allows(&one.text)).map(|one| one.id).collect()
    };
    let mut near = Vec::new();
    for (source, found) in [(Source::Entries, entries), (Source::Pieces, pieces)] {
        let allowed = match source {
            _ if !query.forbids() => None,
            Source::Entries => Some(allowed(store.candidates_of(&ids(&found), filter, SCORED_CHARS)?)),
            Source::Pieces => Some(allowed(store.pieces_of(&ids(&found), filter)?)),
        };
        let found =
            found.into_iter().filter(|near| allowed.as_ref().is_none_or(|ids| ids.contains(&near.entry)));
        near.extend(found.map(|near| (source, near)));
    }
    // One model made both.
    near.sort_by(|(_, one), (_, other)| other.score.total_cmp(&one.score));
    near.truncate(depth);
    Ok(near)
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
fn fused<'a>(words: &'a [Scored], near: &'a [(Source, Near)]) -> Vec<(Source, Found<'a>, By)> {
    let key = |one: &Scored| (one.source, one.candidate.id);
    let shares: Vec<((Source, i64), f64)> = words.iter().map(|one| (key(one), one.share)).collect();
    let nearest: Vec<(Source, i64)> = near.iter().map(|(source, near)| (*source, near.entry)).collect();
    let by_words: HashMap<_, &Scored> = words.iter().map(|one| (key(one), one)).collect();
    let by_meaning: HashMap<_, &Near> =
        nearest.iter().copied().zip(near.iter().map(|(_, near)| near)).collect();
    let found = fuse::hybrid(&shares, &nearest).into_iter();
    let told = found.filter_map(|key| match (by_words.get(&key), by_meaning.get(&key)) {
        (Some(one), None) => Some((key.0, Found::Words(one), By::Words)),
        (Some(one), Some(_)) => Some((key.0, Found::Words(one), By::Both)),
        (None, Some(near)) => Some((key.0, Found::Near(near), By::Meaning)),
        (None, None) => None,
    });
    told.collect()
}

/// Of what a hit is told.
enum Found<'a> {
    Words(&'a Scored),
    Near(&'a Near),
}

/// The hits that are told: of what models made of one conversation, the best piece.
fn told<'a>(
    store: &Store,
    query: &Query,
    model: &str,
    found: impl Iterator<Item = (Source, Found<'a>, By)>,
    most: usize,
) -> Result<Vec<Hit>> {
    let mut hits: Vec<Hit> = Vec::new();
    let mut made: HashSet<(String, String)> = HashSet::new();
    for (source, found, by) in found {
        if hits.len() == most {
            break;
        }
        let Some(hit) = hit(store, query, model, source, &found, by)? else { continue };
        if source == Source::Entries || made.insert((hit.cli.clone(), hit.conversation.clone())) {
            hits.push(hit);
        }
    }
    Ok(hits)
}

fn hit(
    store: &Store,
    query: &Query,
    model: &str,
    source: Source,
    found: &Found,
    by: By,
) -> Result<Option<Hit>> {
    let (id, snippet) = match found {
        Found::Words(one) => (one.candidate.id, snippet(&one.candidate.text, &query.shown())),
        Found::Near(near) => {
            let text = match source {
                Source::Entries => store.text_of_chunk(near.entry, model, near.chunk)?,
                Source::Pieces => store.text_of_piece(near.entry)?,
            };
            // Of a question in other words, those that every text has tell nothing.
            let telling = query.shown().into_iter().filter(|word| word.chars().count() >= TELLING_CHARS);
            (near.entry, snippet(&text, &telling.collect::<Vec<_>>()))
        }
    };
    let hit = match source {
        Source::Entries => Some(store.hit(id, snippet)?),
        Source::Pieces => store.piece_hit(id, snippet)?,
    };
    Ok(hit.map(|hit| Hit { found_by: Some(by), ..hit }))
}
