//! The forward pass of a small BERT, such as MiniLM: words in, one vector out. No training, no graphics card, one thread;
//! the products of matrices are the library's, what is between them is here.
//!
//! All tokens of a batch are the rows of one matrix. Only attention looks at one text at a time.

use super::matrix::{View, add, add_product, gelu, softmax};
use super::weights::{Table, Weights};
use super::{Result, normalise};
use serde::Deserialize;
use std::path::Path;

/// The part of `config.json` that decides the shape.
#[derive(Deserialize)]
pub(super) struct Shape {
    hidden_size: usize,
    intermediate_size: usize,
    num_attention_heads: usize,
    num_hidden_layers: usize,
    pub max_position_embeddings: usize,
    pub vocab_size: usize,
    type_vocab_size: usize,
    layer_norm_eps: f32,
    hidden_act: String,
    model_type: String,
}

impl Shape {
    /// Why a model of this shape cannot be used here.
    pub fn unfit(&self) -> Option<String> {
        let Self { model_type, hidden_act, hidden_size, num_attention_heads, .. } = self;
        if model_type != "bert" || hidden_act != "gelu" {
            return Some(format!(
                "a `bert` with `gelu` is needed, and it is a `{model_type}` with `{hidden_act}`"
            ));
        }
        let sizes = [*hidden_size, self.intermediate_size, *num_attention_heads, self.num_hidden_layers];
        let small = sizes.iter().zip([1024, 4096, 16, 24]).all(|(size, most)| (1..=most).contains(size));
        let tables = [self.vocab_size, self.max_position_embeddings, self.type_vocab_size];
        let small = small && tables.iter().zip([1 << 20, 1 << 14, 16]).all(|(size, most)| *size <= most);
        // A piece, and the marks of begin and end.
        let fits = small && self.max_position_embeddings >= 3 && self.type_vocab_size > 0;
        let fits = fits && hidden_size.is_multiple_of(*num_attention_heads);
        (!fits).then(|| format!("{sizes:?} and {tables:?} are no sizes of a small model"))
    }

    pub fn dim(&self) -> usize {
        self.hidden_size
    }
}

/// Which vector stands for a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pooling {
    /// The mean of all tokens.
    Mean,
    /// That of the mark at the begin.
    First,
}

pub(super) struct Bert {
    shape: Shape,
    words: Table,
    /// Of each place in a text, with that of the first sentence, which is the only one here.
    places: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
}

struct Layer {
    /// Queries, keys and values as one product.
    attend: Linear,
    attended: Linear,
    attended_norm: Norm,
    widen: Linear,
    narrow: Linear,
    norm: Norm,
}

/// `y = x W + b`, a column of `weight` for each number of `y`. Files have it the other way round, which is slower to use.
struct Linear {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
    eps: f32,
}

impl Bert {
    pub fn load(path: &Path, shape: Shape) -> Result<Self> {
        let weights = Weights::open(path)?;
        let hidden = shape.hidden_size;
        let mut places = weights
            .tensor("embeddings.position_embeddings.weight", &[shape.max_position_embeddings, hidden])?;
        let kinds =
            weights.tensor("embeddings.token_type_embeddings.weight", &[shape.type_vocab_size, hidden])?;
        for place in places.chunks_exact_mut(hidden) {
            add(place, &kinds[..hidden]);
        }
        let norm = Norm::load(&weights, "embeddings.LayerNorm", &shape)?;
        let layers = (0..shape.num_hidden_layers)
            .map(|index| Layer::load(&weights, index, &shape))
            .collect::<Result<_>>()?;
        let words = weights.table("embeddings.word_embeddings.weight", [shape.vocab_size, hidden])?;
        Ok(Self { shape, words, places, norm, layers })
    }

    /// A vector of length 1 for each text, which is given as the ids of its pieces.
    pub fn run(&self, texts: &[Vec<u32>], pooling: Pooling) -> Result<Vec<Vec<f32>>> {
        let hidden = self.shape.hidden_size;
        let mut x = Vec::with_capacity(texts.iter().map(Vec::len).sum::<usize>() * hidden);
        for text in texts {
            for (id, place) in text.iter().zip(self.places.chunks_exact(hidden)) {
                let mut row = self.words.row(*id)?;
                add(&mut row, place);
                x.append(&mut row);
            }
        }
        self.norm.apply(&mut x);
        let lengths: Vec<usize> = texts.iter().map(Vec::len).collect();
        for layer in &self.layers {
            layer.apply(&mut x, &lengths, self.shape.num_attention_heads);
        }
        let mut rest = x.as_slice();
        let pool = |length: &usize| {
            let (own, other) = rest.split_at(length * hidden);
            rest = other;
            let mut vector = own[..hidden].to_vec();
            if pooling == Pooling::Mean {
                own[hidden..].chunks_exact(hidden).for_each(|row| add(&mut vector, row));
            }
            normalise(&mut vector);
            vector
        };
        Ok(lengths.iter().map(pool).collect())
    }
}

impl Layer {
    fn load(weights: &Weights, index: usize, shape: &Shape) -> Result<Self> {
        let (hidden, wide) = (shape.hidden_size, shape.intermediate_size);
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        let linear = |parts: &[&str], outputs, inputs| {
            let names: Vec<String> = parts.iter().map(|part| name(part)).collect();
            Linear::load(weights, &names, outputs, inputs)
        };
        Ok(Self {
            attend: linear(
                &["attention.self.query", "attention.self.key", "attention.self.value"],
                hidden,
                hidden,
            )?,
            attended: linear(&["attention.output.dense"], hidden, hidden)?,
            attended_norm: Norm::load(weights, &name("attention.output.LayerNorm"), shape)?,
            widen: linear(&["intermediate.dense"], wide, hidden)?,
            narrow: linear(&["output.dense"], hidden, wide)?,
            norm: Norm::load(weights, &name("output.LayerNorm"), shape)?,
        })
    }

    fn apply(&self, x: &mut Vec<f32>, lengths: &[usize], heads: usize) {
        let hidden = self.attended.bias.len();
        let seen = attention(&self.attend.apply(x), lengths, hidden, heads);
        let mut y = self.attended.apply(&seen);
        add(&mut y, x);
        self.attended_norm.apply(&mut y);
        let mut wide = self.widen.apply(&y);
        wide.iter_mut().for_each(|x| *x = gelu(*x));
        *x = self.narrow.apply(&wide);
        add(x, &y);
        self.norm.apply(x);
    }
}

impl Linear {
    /// Several of one input become one, with their outputs side by side.
    fn load(weights: &Weights, names: &[String], outputs: usize, inputs: usize) -> Result<Self> {
        let width = names.len() * outputs;
        let (mut weight, mut bias) = (vec![0.0; inputs * width], Vec::with_capacity(width));
        for name in names {
            let one = weights.tensor(&format!("{name}.weight"), &[outputs, inputs])?;
            for (output, row) in one.chunks_exact(inputs).enumerate() {
                let column = weight[bias.len() + output..].iter_mut().step_by(width);
                column.zip(row).for_each(|(to, from)| *to = *from);
            }
            bias.append(&mut weights.tensor(&format!("{name}.bias"), &[outputs])?);
        }
        Ok(Self { weight, bias })
    }

    fn apply(&self, x: &[f32]) -> Vec<f32> {
        let (inputs, outputs) = (self.weight.len() / self.bias.len(), self.bias.len());
        let rows = x.len() / inputs;
        let mut y = self.bias.repeat(rows);
        let weight = View::plain(&self.weight, inputs, outputs);
        add_product(View::plain(x, rows, inputs), weight, &mut y, outputs);
        y
    }
}

impl Norm {
    fn load(weights: &Weights, name: &str, shape: &Shape) -> Result<Self> {
        let tensor = |part: &str| weights.tensor(&format!("{name}.{part}"), &[shape.hidden_size]);
        Ok(Self { weight: tensor("weight")?, bias: tensor("bias")?, eps: shape.layer_norm_eps })
    }

    fn apply(&self, x: &mut [f32]) {
        let count = self.weight.len() as f32;
        for row in x.chunks_exact_mut(self.weight.len()) {
            let mean = row.iter().sum::<f32>() / count;
            let spread = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / count;
            let scale = 1.0 / (spread + self.eps).sqrt();
            for ((x, weight), bias) in row.iter_mut().zip(&self.weight).zip(&self.bias) {
                *x = (*x - mean) * scale * weight + bias;
            }
        }
    }
}

/// Each token of a text takes from its others, as much as its query fits their keys.
fn attention(qkv: &[f32], lengths: &[usize], hidden: usize, heads: usize) -> Vec<f32> {
    let head = hidden / heads;
    let scale = 1.0 / (head as f32).sqrt();
    let mut seen = vec![0.0; qkv.len() / 3];
    let mut first = 0;
    for &rows in lengths {
        let mine = &qkv[3 * first * hidden..3 * (first + rows) * hidden];
        let out = &mut seen[first * hidden..(first + rows) * hidden];
        for at in (0..hidden).step_by(head) {
            let part = |which: usize| &mine[which * hidden + at..];
            let queries = View { of: part(0), rows, columns: head, step: 3 * hidden, stride: 1 };
            let keys = View { of: part(1), rows: head, columns: rows, step: 1, stride: 3 * hidden };
            let values = View { of: part(2), rows, columns: head, step: 3 * hidden, stride: 1 };
            let mut fits = vec![0.0; rows * rows];
            add_product(queries, keys, &mut fits, rows);
            fits.chunks_exact_mut(rows).for_each(|row| softmax(row, scale));
            add_product(View::plain(&fits, rows, rows), values, &mut out[at..], hidden);
        }
        first += rows;
    }
    seen
}
