//! The vectors of chunks: a table of the store, and the matrix in memory in which the nearest ones are looked for.
//!
//! A number of a vector takes one byte, with one factor for each vector: a quarter of the room, and no other order among the
//! first results that anybody would see. Every vector is compared; 200,000 of 384 numbers are 77 MB, read from end to end
//! in milliseconds, so that an index which finds only most of the nearest is not worth its upkeep.

use rusqlite::{Connection, Result, params};
use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashSet};

/// The tables, as the store has them.
pub const SCHEMA: &str = include_str!("vectors.sql");

/// A chunk's vector, and where in its entry's text it begins, in bytes.
pub type Vector = (usize, Vec<f32>);

/// Writes the vectors of an entry's chunks in place of those that it had of this model.
pub fn put(store: &Connection, entry: i64, model: &str, vectors: &[Vector]) -> Result<()> {
    store
        .prepare_cached("DELETE FROM vectors WHERE entry = ?1 AND model = ?2")?
        .execute(params![entry, model])?;
    let sql =
        "INSERT INTO vectors (entry, chunk, model, start, scale, vector) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let mut insert = store.prepare_cached(sql)?;
    for (chunk, (start, vector)) in vectors.iter().enumerate() {
        let (numbers, scale) = quantise(vector);
        let bytes: Vec<u8> = numbers.iter().map(|number| number.cast_unsigned()).collect();
        insert.execute(params![entry, chunk as i64, model, *start as i64, f64::from(scale), bytes])?;
    }
    Ok(())
}

/// Removes so many vectors of other models: what they made is never compared with this one's. How many went.
pub fn remove_others(store: &Connection, model: &str, most: usize) -> Result<usize> {
    let sql = "DELETE FROM vectors WHERE id IN (SELECT id FROM vectors WHERE model <> ?1 LIMIT ?2)";
    store.prepare_cached(sql)?.execute(params![model, most as i64])
}

/// A chunk's place among the results.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Near {
    /// Its entry, by the key that the store has for it.
    pub entry: i64,
    /// The chunk of that entry which is nearest.
    pub chunk: u32,
    /// The cosine of the angle between it and what was looked for.
    pub score: f32,
}

/// All vectors of one model, in memory: a byte for each number, and 20 for each vector.
pub struct Matrix {
    /// The file of a connection in which the table is.
    schema: &'static str,
    model: String,
    dim: usize,
    numbers: Vec<i8>,
    scales: Vec<f32>,
    keys: Vec<(i64, u32)>,
    /// The last row that is here.
    last: i64,
    /// Which store it was loaded of, and how many had been removed there by then; `None` before.
    of: Option<(String, i64)>,
}

impl Matrix {
    /// An empty one; nothing is read before [`Matrix::refresh`].
    pub fn new(model: &str, dim: usize) -> Self {
        Self::within("main", model, dim)
    }

    /// One of the table in a file that a connection has attached.
    pub fn within(schema: &'static str, model: &str, dim: usize) -> Self {
        let model = model.to_owned();
        Self {
            schema,
            model,
            dim,
            numbers: Vec::new(),
            scales: Vec::new(),
            keys: Vec::new(),
            last: 0,
            of: None,
        }
    }

    /// Whose vectors it has.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// How many vectors there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        self.numbers.capacity() + self.scales.capacity() * 4 + self.keys.capacity() * size_of::<(i64, u32)>()
    }

    /// Reads the rows that came since the last time; all of them, if any went. The store may be in no transaction.
    pub fn refresh(&mut self, store: &Connection) -> Result<()> {
        let read = store.unchecked_transaction()?;
        let schema = self.schema;
        let sql = format!("SELECT born, gone FROM {schema}.meaning");
        let of = read.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if self.of.as_ref() != Some(&of) {
            *self = Self { of: Some(of), ..Self::within(schema, &self.model, self.dim) };
        }
        if self.is_empty() {
            // Growing by doubling would take up to twice the room.
            let sql = format!("SELECT count(*) FROM {schema}.vectors WHERE model = ?1");
            let coming: u32 = read.query_row(&sql, [&self.model], |row| row.get(0))?;
            self.numbers.reserve_exact(coming as usize * self.dim);
            self.scales.reserve_exact(coming as usize);
            self.keys.reserve_exact(coming as usize);
        }
        let sql = format!(
            "SELECT id, entry, chunk, scale, vector FROM {schema}.vectors WHERE id > ?1 AND model = ?2 ORDER BY id"
        );
        let mut select = read.prepare_cached(&sql)?;
        let mut rows = select.query(params![self.last, self.model])?;
        while let Some(row) = rows.next()? {
            self.last = row.get(0)?;
            let bytes = row.get_ref(4)?.as_blob()?;
            // Of another length it cannot be compared: damage, or the model of a server that changed under its name.
            if bytes.len() == self.dim {
                self.numbers.extend(bytes.iter().map(|byte| byte.cast_signed()));
                self.scales.push(row.get::<_, f64>(3)? as f32);
                self.keys.push((row.get(1)?, row.get(2)?));
            }
        }
        Ok(())
    }

    /// The nearest entries, each once with its nearest chunk, the best first; only those that `allowed` has, if it is given.
    pub fn nearest(&self, query: &[f32], most: usize, allowed: Option<&HashSet<i64>>) -> Vec<Near> {
        if query.len() != self.dim || most == 0 {
            return Vec::new();
        }
        let (query, factor) = quantise(query);
        let mut best = Best { most, heap: BinaryHeap::with_capacity(most + 1) };
        let mut near: Option<Near> = None;
        let mut scores = [0.0; BLOCK];
        let blocks =
            self.numbers.chunks(BLOCK * self.dim).zip(self.scales.chunks(BLOCK)).zip(self.keys.chunks(BLOCK));
        for ((numbers, scales), keys) in blocks {
            dot_all(&query, numbers, &mut scores);
            for ((score, scale), (entry, chunk)) in scores.iter().zip(scales).zip(keys) {
                let next = Near { entry: *entry, chunk: *chunk, score: score * scale * factor };
                match &mut near {
                    Some(near) if near.entry == next.entry => {
                        if next.score > near.score {
                            *near = next;
                        }
                    }
                    _ => best.offer(near.replace(next), allowed),
                }
            }
        }
        best.offer(near, allowed);
        best.sorted()
    }
}

/// The best so far, with the worst of them on top.
struct Best {
    most: usize,
    heap: BinaryHeap<Worst>,
}

impl Best {
    fn offer(&mut self, near: Option<Near>, allowed: Option<&HashSet<i64>>) {
        let Some(near) = near else { return };
        let full = self.heap.len() == self.most;
        if full && self.heap.peek().is_some_and(|worst| worst.0.score >= near.score) {
            return;
        }
        if allowed.is_none_or(|allowed| allowed.contains(&near.entry)) {
            self.heap.push(Worst(near));
            if full {
                self.heap.pop();
            }
        }
    }

    fn sorted(self) -> Vec<Near> {
        self.heap.into_sorted_vec().into_iter().map(|worst| worst.0).collect()
    }
}

/// Ordered so that the greatest is the one with the least score, and of equals the one that came last.
#[derive(PartialEq)]
struct Worst(Near);

impl Eq for Worst {}

impl PartialOrd for Worst {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Worst {
    fn cmp(&self, other: &Self) -> Ordering {
        other.0.score.total_cmp(&self.0.score).then(self.0.entry.cmp(&other.0.entry))
    }
}

/// Vectors that are compared in one go: their scores stay in the processor's nearest cache.
const BLOCK: usize = 256;

/// A byte for each number, and the factor that gives the numbers back.
fn quantise(vector: &[f32]) -> (Vec<i8>, f32) {
    let most = vector.iter().fold(0.0_f32, |most, number| most.max(number.abs()));
    let scale = if most > 0.0 { most / 127.0 } else { 1.0 };
    (vector.iter().map(|number| (number / scale).round() as i8).collect(), scale)
}

/// The product of a vector with each row of a matrix.
fn dot_all(vector: &[i8], rows: &[i8], products: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has what the function is compiled for.
        return unsafe { dot_all_avx2(vector, rows, products) };
    }
    dot_rows(vector, rows, products);
}

/// The same code, compiled for wider registers: twice as fast as what every processor of this kind can do.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn dot_all_avx2(vector: &[i8], rows: &[i8], products: &mut [f32]) {
    dot_rows(vector, rows, products);
}

#[inline(always)]
fn dot_rows(vector: &[i8], rows: &[i8], products: &mut [f32]) {
    for (row, product) in rows.chunks_exact(vector.len()).zip(products) {
        // 127 · 127 · 4096 is far below 2³¹.
        let sum: i32 = vector.iter().zip(row).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
        *product = sum as f32;
    }
}

#[cfg(test)]
mod tests;
