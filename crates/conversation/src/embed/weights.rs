//! Reads tensors from a file in the safetensors form: eight bytes with the length of a JSON header, the header, then the
//! numbers. Only 32-bit floats; one tensor is read at a time, so that a file need never be in memory as a whole.

use super::{Error, Result};
use serde::Deserialize;
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bytes of a header at most: MiniLM's has 11 KiB.
const HEADER_BYTES: u64 = 1 << 20;

pub(super) struct Weights {
    path: PathBuf,
    file: File,
    tensors: HashMap<String, Tensor>,
    /// Where the numbers begin.
    body: u64,
}

#[derive(Deserialize)]
struct Tensor {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (u64, u64),
}

impl Weights {
    pub fn open(path: &Path) -> Result<Self> {
        let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
        let unfit = |what: String| Error::Unfit { path: path.to_owned(), what };
        let file = File::open(path).map_err(unreadable)?;
        let mut length = [0; 8];
        file.read_exact_at(&mut length, 0).map_err(unreadable)?;
        let length = u64::from_le_bytes(length);
        if length > HEADER_BYTES {
            return Err(unfit(format!("its header would have {length} bytes; is it a safetensors file?")));
        }
        let mut header = vec![0; length as usize];
        file.read_exact_at(&mut header, 8).map_err(unreadable)?;
        let mut fields: HashMap<String, serde_json::Value> =
            serde_json::from_slice(&header).map_err(|error| unfit(format!("its header: {error}")))?;
        fields.remove("__metadata__");
        let tensors = fields.into_iter().map(|(name, value)| Ok((name, serde_json::from_value(value)?)));
        let tensors = tensors
            .collect::<serde_json::Result<_>>()
            .map_err(|error| unfit(format!("its header: {error}")))?;
        Ok(Self { path: path.to_owned(), file, tensors, body: 8 + length })
    }

    /// Where a tensor's numbers begin in the file, once it is sure that it has that shape.
    fn find(&self, name: &str, shape: &[usize]) -> Result<u64> {
        let unfit = |what| Error::Unfit { path: self.path.clone(), what };
        let tensor = self.tensors.get(name).ok_or_else(|| unfit(format!("it has no tensor `{name}`")))?;
        let (begin, end) = tensor.data_offsets;
        let bytes = 4 * shape.iter().product::<usize>() as u64;
        if tensor.dtype != "F32" || tensor.shape != shape || end.checked_sub(begin) != Some(bytes) {
            let what =
                format!("`{name}` is {} {:?}, and F32 {shape:?} is needed", tensor.dtype, tensor.shape);
            return Err(unfit(what));
        }
        self.body.checked_add(begin).ok_or_else(|| unfit(format!("`{name}` lies outside")))
    }

    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let at = self.find(name, shape)?;
        self.floats(at, shape.iter().product())
    }

    /// A table of which only single rows are needed stays in the file.
    pub fn table(self, name: &str, shape: [usize; 2]) -> Result<Table> {
        let at = self.find(name, &shape)?;
        Ok(Table { at, width: shape[1], weights: self })
    }

    fn floats(&self, at: u64, count: usize) -> Result<Vec<f32>> {
        let mut bytes = vec![0; 4 * count];
        let read = self.file.read_exact_at(&mut bytes, at);
        read.map_err(|source| Error::Unreadable { path: self.path.clone(), source })?;
        let (numbers, _) = bytes.as_chunks::<4>();
        Ok(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }
}

pub(super) struct Table {
    weights: Weights,
    at: u64,
    width: usize,
}

impl Table {
    pub fn row(&self, index: u32) -> Result<Vec<f32>> {
        self.weights.floats(self.at + 4 * (index as usize * self.width) as u64, self.width)
    }
}
