//! The model and the vectors of an instance, in memory from their first use on and until they were idle for a while:
//! for searches, and for who makes vectors.
//!
//! With MiniLM 60 MB for the model, and 404 bytes for each vector: 81 MB for 200,000 of them, 202 MB at most.

use crate::embed::{Choice, Embedder};
use crate::models::Manifest;
use crate::store::{Filter, Store};
use crate::vectors::{Matrix, Near};
use crate::{Error, Result, backlog};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A model that cannot be had, or failed, is not asked again before; a server that is gone would hold up each search.
const AGAIN_AFTER: Duration = Duration::from_secs(30);
/// Who needs a model that another one opens waits for so long; it takes tenths of a second on this machine.
const OPENING: Duration = Duration::from_secs(2);
/// Entries of the conversations that are meant, to which the search is confined; where there are more, the nearest of all are
/// looked through.
const CONFINED_MAX: usize = 50_000;
/// Then model and vectors go from memory, until somebody searches again.
const IDLE_AFTER: Duration = Duration::from_secs(600);
/// The nearest entries that are looked through for such that fit a filter: first, and then so many times as many.
const DEPTH: usize = 500;
const DEEPER: usize = 10;
const DEPTH_MAX: usize = 50_000;
/// The cosine below which two texts have nothing to do with each other.
const NEAR: f32 = 0.15;

/// What finds by meaning.
pub struct Meaning {
    models: PathBuf,
    choice: Choice,
    model: Mutex<Model>,
    /// It was opened, or could not be.
    opened: Condvar,
    matrix: Mutex<Option<Matrix>>,
    /// Of what models made of conversations.
    pieces: Mutex<Option<Matrix>>,
    /// When they were needed last.
    used: Mutex<Option<Instant>>,
}

/// The model, once it is loaded.
#[derive(Default)]
enum Model {
    #[default]
    No,
    /// Somebody opens it.
    Opening(Key),
    /// What it was loaded of.
    Loaded(Key, Arc<dyn Embedder>),
    Failed(Key, Instant, String),
}

/// By which it is known that another model is meant now.
#[derive(Clone, PartialEq)]
struct Key(Choice, Option<Manifest>);

impl Meaning {
    /// By a choice, with models in a folder. Nothing is loaded yet.
    pub fn new(models: PathBuf, choice: Choice) -> Self {
        Self {
            models,
            choice,
            model: Mutex::default(),
            opened: Condvar::new(),
            matrix: Mutex::default(),
            pieces: Mutex::default(),
            used: Mutex::default(),
        }
    }

    /// The model, loaded if need be; `None` where there is none. A model that was installed, removed or replaced meanwhile is
    /// noticed.
    pub fn model(&self) -> Result<Option<Arc<dyn Embedder>>> {
        let key = self.key();
        *held(&self.used) = Some(Instant::now());
        let is_opening = |model: &mut Model| matches!(model, Model::Opening(of) if *of == key);
        let model = self.opened.wait_timeout_while(held(&self.model), OPENING, is_opening);
        let (mut model, _) = model.unwrap_or_else(PoisonError::into_inner);
        match &*model {
            Model::Loaded(of, model) if *of == key => return Ok(Some(Arc::clone(model))),
            Model::Failed(of, when, why) if *of == key && when.elapsed() < AGAIN_AFTER => {
                return Err(Error::NotReady(why.clone()));
            }
            Model::Opening(of) if *of == key => {
                return Err(Error::NotReady("the model is not loaded yet; try again in a moment".to_owned()));
            }
            _ => *model = Model::Opening(key.clone()),
        }
        // A server may take long to answer, and nobody else is to wait for it.
        drop(model);
        let opened = key.0.open(&self.models);
        let (now, answer) = match opened {
            Ok(None) => (Model::No, Ok(None)),
            Ok(Some(embedder)) => {
                let embedder: Arc<dyn Embedder> = embedder.into();
                (Model::Loaded(key, Arc::clone(&embedder)), Ok(Some(embedder)))
            }
            Err(error) => (Model::Failed(key, Instant::now(), error.to_string()), Err(error.into())),
        };
        *held(&self.model) = now;
        self.opened.notify_all();
        answer
    }

    /// The vector of a question. A model that fails at it is left alone for a while.
    pub(crate) fn question(&self, model: &Arc<dyn Embedder>, question: &str) -> Result<Vec<f32>> {
        let error = match model.embed_question(question) {
            Ok(vector) => return Ok(vector),
            Err(error) => error,
        };
        let mut held = held(&self.model);
        if let Model::Loaded(key, loaded) = &*held
            && Arc::ptr_eq(loaded, model)
        {
            *held = Model::Failed(key.clone(), Instant::now(), error.to_string());
        }
        Err(error.into())
    }

    /// The id of the model, which need not be loaded for that.
    pub(crate) fn id(&self) -> Option<String> {
        match self.key() {
            Key(Choice::Local { name }, manifest) => Some(manifest.map_or(name, |manifest| manifest.id)),
            Key(Choice::Remote(service), _) => Some(service.id()),
            Key(Choice::Off | Choice::Auto, _) => None,
        }
    }

    fn key(&self) -> Key {
        let choice = self.choice.resolve(&self.models);
        let manifest = match &choice {
            Choice::Local { name } => Manifest::read(&self.models.join(name)),
            _ => None,
        };
        Key(choice, manifest)
    }

    /// Gives the memory back if nobody has searched for a while.
    pub(crate) fn rest(&self) {
        let is_idle = held(&self.used).take_if(|used| used.elapsed() > IDLE_AFTER).is_some();
        if is_idle {
            *held(&self.model) = Model::No;
            *held(&self.matrix) = None;
            *held(&self.pieces) = None;
        }
    }

    /// Whether a model would be used if there were one.
    pub(crate) fn may_have_model(&self) -> bool {
        self.choice != Choice::Off
    }

    /// The entries nearest to a question's vector that fit, the best first.
    pub(crate) fn nearest(
        &self,
        store: &Store,
        model: &dyn Embedder,
        vector: &[f32],
        filter: &Filter,
        most: usize,
    ) -> Result<Vec<Near>> {
        self.refresh(store, model)?;
        let near = |depth: usize, allowed: Option<&HashSet<i64>>| {
            let matrix = held(&self.matrix);
            let Some(matrix) = matrix.as_ref().filter(|matrix| matrix.model() == model.id()) else {
                return Vec::new();
            };
            let mut near = matrix.nearest(vector, depth, allowed);
            near.retain(|near| near.score >= NEAR);
            near
        };
        if filter.fits_all() {
            return Ok(near(most, None));
        }
        let allowed = store.of_conversations(filter, CONFINED_MAX)?;
        let mut depth = DEPTH.max(most);
        loop {
            let found = near(depth, allowed.as_ref());
            let is_all = found.len() < depth;
            let entries: Vec<i64> = found.iter().map(|near| near.entry).collect();
            let fit: HashSet<i64> =
                store.candidates_of(&entries, filter, 1)?.into_iter().map(|one| one.id).collect();
            let mut fitting = found;
            fitting.retain(|near| fit.contains(&near.entry));
            if fitting.len() >= most || is_all || depth >= DEPTH_MAX {
                fitting.truncate(most);
                return Ok(fitting);
            }
            depth *= DEEPER;
        }
    }

    /// The nearest pieces of what models made of conversations that fit, the best first: there are few, so that all that are
    /// near are looked through.
    pub(crate) fn nearest_pieces(
        &self,
        store: &Store,
        model: &dyn Embedder,
        vector: &[f32],
        filter: &Filter,
        most: usize,
    ) -> Result<Vec<Near>> {
        if !store.has_pieces()? {
            return Ok(Vec::new());
        }
        let mut near = {
            let mut pieces = held(&self.pieces);
            if pieces.as_ref().is_none_or(|matrix| matrix.model() != model.id()) {
                *pieces = None;
            }
            let matrix = pieces.get_or_insert_with(|| Matrix::within("jobs", model.id(), model.dim()));
            matrix.refresh(store.reading())?;
            matrix.nearest(vector, if filter.fits_all() { most } else { DEPTH_MAX }, None)
        };
        near.retain(|near| near.score >= NEAR);
        let pieces: Vec<i64> = near.iter().map(|near| near.entry).collect();
        let fit: HashSet<i64> = store.pieces_of(&pieces, filter)?.into_iter().map(|one| one.id).collect();
        near.retain(|near| fit.contains(&near.entry));
        near.truncate(most);
        Ok(near)
    }

    /// Reads the vectors that came since the last time.
    fn refresh(&self, store: &Store, model: &dyn Embedder) -> Result<()> {
        if backlog::model(store)?.as_deref() != Some(model.id()) {
            return Ok(());
        }
        let mut matrix = held(&self.matrix);
        if matrix.as_ref().is_none_or(|matrix| matrix.model() != model.id()) {
            *matrix = Some(Matrix::new(model.id(), model.dim()));
        }
        if let Some(matrix) = matrix.as_mut() {
            matrix.refresh(store.reading())?;
        }
        Ok(())
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
