//! From words to vectors: texts of like meaning get vectors that point alike, and so are found without a common word.
//!
//! Where the vectors come from is one of [`Choice`]: a model on this machine ([`local`]), a server ([`remote`]), or nowhere.
//! Whoever keeps vectors keeps [`Embedder::id`] beside them: those of two models cannot be compared.

mod bert;
pub mod chunk;
pub mod local;
mod matrix;
pub mod remote;
mod weights;
mod wordpiece;

pub use local::Local;
pub use remote::{Remote, Service};

use std::path::{Path, PathBuf};

/// Pieces of words that a chunk may have, the marks of its begin and end included: what MiniLM was trained on.
pub const CHUNK_PIECES: usize = 256;

/// Turns texts into vectors of length 1. May take long: never call it where bytes flow.
pub trait Embedder: Send + Sync {
    /// The model, such as `all-minilm-l6-v2`, or `ollama:nomic-embed-text` for one of a server.
    fn id(&self) -> &str;
    /// Numbers in each of its vectors.
    fn dim(&self) -> usize;
    /// One vector for each text, in the same order. What is longer than the model can read is cut.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>>;
    /// The vector of a question, for which somebody waits.
    fn embed_question(&self, question: &str) -> Result<Vec<f32>> {
        let none =
            || Error::Refused { url: self.id().to_owned(), what: "no vector".to_owned(), is_of_texts: false };
        self.embed(&[question])?.pop().ok_or_else(none)
    }
    /// How many pieces the model makes of a text; a guess where only its server knows.
    fn pieces(&self, text: &str) -> usize {
        text.len().div_ceil(remote::BYTES_PER_PIECE)
    }
}

/// Where vectors come from.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Choice {
    /// The model that was installed last, if there is one.
    #[default]
    Auto,
    /// There are none: search is by words alone.
    Off,
    /// A model that `centerfire models install` put into the folder of models.
    Local {
        /// Its name there.
        name: String,
    },
    /// A server.
    Remote(Service),
}

impl Choice {
    /// What is meant now: a name for [`Choice::Auto`], if a model is installed.
    pub fn resolve(&self, models: &Path) -> Self {
        match self {
            Self::Auto => {
                let last = crate::models::list(models).into_iter().max_by_key(|manifest| manifest.installed);
                last.map_or(Self::Off, |manifest| Self::Local { name: manifest.name })
            }
            choice => choice.clone(),
        }
    }

    /// Loads the model, or asks the server for a first vector; `None` where there shall be none.
    pub fn open(&self, models: &Path) -> Result<Option<Box<dyn Embedder>>> {
        Ok(match self.resolve(models) {
            Self::Off | Self::Auto => None,
            Self::Local { name } => Some(Box::new(Local::load(&models.join(name))?)),
            Self::Remote(service) => Some(Box::new(Remote::connect(service)?)),
        })
    }
}

/// Why there is no vector.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the model cannot be read.
    #[error("cannot read {path}: {source}; `centerfire models install PATH` puts a model there", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not what a model of this kind has.
    #[error("{path} is not of a model that can be used here: {what}", path = path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The server could not be asked, or did not answer.
    #[error(
        "the server of embeddings at {url} cannot be asked: {what}; is it running, and the address right?"
    )]
    Unreachable {
        /// Its address.
        url: String,
        /// Why.
        what: String,
    },
    /// The server answered with something else than vectors.
    #[error("the server of embeddings at {url} gave no vectors: {what}")]
    Refused {
        /// Its address.
        url: String,
        /// What it said.
        what: String,
        /// Whether it says so of the texts: they are too long for its model, or have something that it cannot read.
        is_of_texts: bool,
    },
}

/// What comes of it.
pub type Result<T> = std::result::Result<T, Error>;

/// Gives a vector the length 1, so that a product of two is the cosine between them.
fn normalise(vector: &mut [f32]) {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
}
