//! Installs a model: its files are copied into a folder that nobody looks at, tried, and then given their name.

use super::package::Package;
use super::{Error, KNOWN, MANIFEST, Manifest, Part, Result, WAITING, check_name, clear, lock};
use crate::embed::local::WEIGHTS;
use crate::embed::{Embedder, Local};
use protocol::{Time, hex};
use sha2::{Digest, Sha256};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Bytes of a file of a model, at most: four times the weights of the largest that [`Local`] is made for.
const FILE_BYTES: u64 = 2 << 30;
/// Characters of the weights' SHA-256 in a model's id.
const MARK_CHARS: usize = 8;

/// Installs what is at `source`, under that name or the one that is known of it. `true`: it was not there before.
pub fn install(models: &Path, source: &str, name: Option<&str>) -> Result<(Manifest, bool)> {
    if let Some(name) = name {
        check_name(name)?;
    }
    let path = Path::new(source);
    if !path.exists() {
        let known = KNOWN.iter().find(|known| known.name == source);
        return Err(known.map_or_else(|| Error::NotThere(source.to_owned()), Error::Fetch));
    }
    let package = Package::open(path)?;
    let found = package.find()?;
    let disk = |source| Error::Disk { path: models.to_owned(), source };
    private().recursive(true).create(models).map_err(disk)?;
    let _lock = lock(models)?;
    let waiting = Waiting::new(models).map_err(disk)?;
    let copied = found.iter().map(|(name, from)| copy(&package, from, &waiting.0, name));
    let files = copied.collect::<Result<Vec<Part>>>()?;
    let weights = files.iter().find(|part| part.path == WEIGHTS).map_or("", |part| &part.sha256);
    let known = KNOWN.iter().find(|known| known.sha256 == weights);
    let name = match name.or(known.map(|known| known.name)) {
        Some(name) => name.to_owned(),
        None => name_of(path),
    };
    let dim = try_out(&waiting.0)?;
    let id = format!("{name}@{}", &weights[..MARK_CHARS]);
    let manifest = Manifest { name, id, dim, installed: Time::now(), files };
    match Manifest::read(&models.join(&manifest.name)) {
        Some(there) if there.files == manifest.files => Ok((there, false)),
        Some(_) => Err(Error::Taken(manifest.name)),
        None => {
            waiting.keep(models, &manifest).map_err(disk)?;
            Ok((manifest, true))
        }
    }
}

/// A folder with a model that is not there yet; it goes when nobody keeps it.
struct Waiting(std::path::PathBuf);

impl Waiting {
    fn new(models: &Path) -> io::Result<Self> {
        let folder = models.join(WAITING);
        clear(&folder)?;
        private().create(&folder)?;
        Ok(Self(folder))
    }

    /// Gives it its name, and makes sure that it has it after a power cut too.
    fn keep(self, models: &Path, manifest: &Manifest) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(manifest)?;
        let mut file = new_file(&self.0.join(MANIFEST))?;
        file.write_all(&text)?;
        file.sync_all()?;
        File::open(&self.0)?.sync_all()?;
        fs::rename(&self.0, models.join(&manifest.name))?;
        File::open(models)?.sync_all()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // After a rename there is nothing of that name; what cannot be removed now is by the next one.
        let _ = clear(&self.0);
    }
}

fn copy(package: &Package, from: &str, folder: &Path, name: &str) -> Result<Part> {
    let path = folder.join(name);
    let copied = package.read(from, |reader| {
        if let Some(parent) = path.parent() {
            private().recursive(true).create(parent)?;
        }
        let mut file = new_file(&path)?;
        let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 18]);
        loop {
            let count = reader.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            bytes += count as u64;
            if bytes > FILE_BYTES {
                return Err(io::Error::other(format!("{from} has more than {FILE_BYTES} bytes")));
            }
            hash.update(&buffer[..count]);
            file.write_all(&buffer[..count])?;
        }
        file.sync_all()?;
        let sha256 = hex(&hash.finalize());
        Ok(Part { path: name.to_owned(), bytes, sha256 })
    });
    copied.map_err(|source| Error::Disk { path, source })
}

/// Whether it gives vectors that are numbers; how many in each.
fn try_out(folder: &Path) -> Result<usize> {
    let model = Local::load(folder)?;
    let vector = model.embed(&["a first text"])?.pop().unwrap_or_default();
    if vector.iter().all(|number| number.is_finite()) && !vector.is_empty() {
        return Ok(vector.len());
    }
    let path = folder.join(WEIGHTS);
    Err(crate::embed::Error::Unfit { path, what: "it makes of a text what is no vector".to_owned() }.into())
}

/// A name for a model of which nothing is known, from that of its file.
fn name_of(path: &Path) -> String {
    let stem = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let stem = stem.trim_end_matches(".whl").trim_end_matches(".zip");
    let named: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    let named: String = named.trim_matches(['-', '.']).chars().take(super::NAME_CHARS).collect();
    if check_name(&named).is_ok() { named } else { "model".to_owned() }
}

fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}
