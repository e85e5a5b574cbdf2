//! A sentence model on this machine, without network: a folder with `config.json`, `vocab.txt` or `tokenizer.json`,
//! `model.safetensors` and, where it says how a text's vector is taken, `1_Pooling/config.json`, as such models are passed around.
//!
//! The layers are in memory, 43 MB for MiniLM; of the 47 MB of word vectors only the rows that a text needs are read.

use super::bert::{Bert, Pooling, Shape};
use super::wordpiece::Vocabulary;
use super::{CHUNK_PIECES, Embedder, Error, Result};
use crate::models::Manifest;
use std::fs;
use std::path::Path;

/// The weights in a model's folder.
pub const WEIGHTS: &str = "model.safetensors";
/// The vocabulary: a piece of a word on each line.
pub const VOCABULARY: &str = "vocab.txt";
/// The vocabulary as others write it; read where there is no [`VOCABULARY`].
pub const TOKENIZER: &str = "tokenizer.json";
/// The shape.
pub const SHAPE: &str = "config.json";
/// How the vector of a text is taken; without this file it is the mean.
pub const POOLING: &str = "1_Pooling/config.json";

/// Tokens that go through the model at once: more costs memory, 18 KB each, and saves no more time.
const BATCH_TOKENS: usize = 256;

/// A model in memory.
pub struct Local {
    id: String,
    dim: usize,
    most: usize,
    vocabulary: Vocabulary,
    bert: Bert,
    pooling: Pooling,
}

impl Local {
    /// Loads a model; its id is what its manifest says, or the folder's name.
    pub fn load(folder: &Path) -> Result<Self> {
        let path = folder.join(SHAPE);
        let shape: Shape = serde_json::from_str(&read(&path)?)
            .map_err(|error| Error::Unfit { path: path.clone(), what: error.to_string() })?;
        if let Some(what) = shape.unfit() {
            return Err(Error::Unfit { path, what });
        }
        let mut path = folder.join(VOCABULARY);
        let mut parse: fn(&str) -> _ = Vocabulary::parse;
        if !path.exists() && folder.join(TOKENIZER).exists() {
            (path, parse) = (folder.join(TOKENIZER), Vocabulary::parse_json);
        }
        let vocabulary = parse(&read(&path)?).map_err(|what| Error::Unfit { path: path.clone(), what })?;
        if vocabulary.len() != shape.vocab_size {
            let what =
                format!("it has {} pieces, and the model knows {}", vocabulary.len(), shape.vocab_size);
            return Err(Error::Unfit { path, what });
        }
        let (dim, most) = (shape.dim(), shape.max_position_embeddings.min(CHUNK_PIECES));
        let id = Manifest::read(folder).map(|manifest| manifest.id);
        let id = id.or_else(|| folder.file_name()?.to_str().map(str::to_owned)).unwrap_or_default();
        let pooling = pooling(&folder.join(POOLING))?;
        Ok(Self { id, dim, most, vocabulary, bert: Bert::load(&folder.join(WEIGHTS), shape)?, pooling })
    }
}

impl Embedder for Local {
    fn id(&self) -> &str {
        &self.id
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let mut vectors = Vec::with_capacity(texts.len());
        let (mut batch, mut tokens) = (Vec::new(), 0);
        for text in texts {
            let ids = self.vocabulary.encode(text, self.most);
            if tokens + ids.len() > BATCH_TOKENS {
                vectors.append(&mut self.bert.run(&std::mem::take(&mut batch), self.pooling)?);
                tokens = 0;
            }
            tokens += ids.len();
            batch.push(ids);
        }
        vectors.append(&mut self.bert.run(&batch, self.pooling)?);
        Ok(vectors)
    }

    fn pieces(&self, text: &str) -> usize {
        self.vocabulary.encode(text, usize::MAX).len() - 2
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|source| Error::Unreadable { path: path.to_owned(), source })
}

fn pooling(path: &Path) -> Result<Pooling> {
    if !path.exists() {
        return Ok(Pooling::Mean);
    }
    let unfit = |what: String| Error::Unfit { path: path.to_owned(), what };
    let config: serde_json::Value =
        serde_json::from_str(&read(path)?).map_err(|error| unfit(error.to_string()))?;
    let is_set = |mode: &str| config.get(mode).and_then(serde_json::Value::as_bool) == Some(true);
    match (is_set("pooling_mode_mean_tokens"), is_set("pooling_mode_cls_token")) {
        (true, false) => Ok(Pooling::Mean),
        (false, true) => Ok(Pooling::First),
        _ => Err(unfit("only the mean of all tokens or the first of them can be taken".to_owned())),
    }
}

#[cfg(test)]
mod tests;
