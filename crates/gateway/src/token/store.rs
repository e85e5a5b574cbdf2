//! The file of tokens. Commands and server share it: who changes it holds its lock, who reads it looks whether it changed.

use super::{Grant, Use, Wanted};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::{Time, hex};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use session::draft::replace_durably;
use session::home::Home;
use sha2::{Digest as _, Sha256};
use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Of the file's form.
const VERSION: u16 = 1;
/// Tokens at most. Those that ended make room first.
const TOKENS_MAX: usize = 10_000;
/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;
/// Before each secret, so that people and scanners know one when they see it.
const PREFIX: &str = "cf_";
/// How long a browser stays logged in.
const COOKIE_LASTS_US: u64 = 30 * 24 * 3600 * 1_000_000; // 30 days

/// All tokens of an instance.
pub struct Store {
    path: PathBuf,
    /// What the file held when it was read last.
    read: Mutex<Option<Seen>>,
}

/// A state of the file. It is kept open: its inode is nobody else's as long.
struct Seen {
    version: Version,
    _file: File,
    tokens: Vec<Entry>,
}

/// Tells one state of the file from the next: each change makes a new file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Version {
    inode: u64,
    changed: (i64, i64),
}

#[derive(Clone, Serialize, Deserialize)]
struct Entry {
    /// SHA-256 of the secret, in hex.
    hash: String,
    #[serde(flatten)]
    grant: Grant,
}

#[derive(Serialize, Deserialize)]
struct Content {
    version: u16,
    tokens: Vec<Entry>,
}

/// Why tokens could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// It is no file of tokens.
    #[error("{}: {why}; remove it to begin anew, then all tokens are void", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There are too many.
    #[error("there are {TOKENS_MAX} tokens already; `centerfire token revoke` makes room")]
    Full,
    /// No token has that id.
    #[error("no token `{0}`; `centerfire token list` shows them")]
    Unknown(String),
}

type Result<T> = std::result::Result<T, StoreError>;

impl Store {
    /// The tokens of an instance, whether there are any or not.
    pub fn new(home: &Home) -> Self {
        Self { path: home.state.join("gateway").join("tokens.json"), read: Mutex::default() }
    }

    /// Makes a token; gives its secret, which nobody can find out later.
    pub fn create(&self, wanted: Wanted) -> Result<(String, Grant)> {
        self.change(|tokens, now| {
            if tokens.len() >= TOKENS_MAX {
                return Err(StoreError::Full);
            }
            Ok(add(tokens, wanted, now))
        })
    }

    /// Trades a login's secret for a cookie's; `None` if it is no login, was used, or has ended.
    pub fn redeem(&self, secret: &str) -> Result<Option<(String, Grant)>> {
        let hash = hash(secret);
        let is_login = |entry: &Entry| entry.hash == hash && entry.grant.kind == Use::Login;
        // Anybody may ask: a wrong secret costs no write.
        if !self.with(|tokens| tokens.iter().any(is_login))? {
            return Ok(None);
        }
        self.change(|tokens, now| {
            let place = tokens.iter().position(is_login);
            let Some(place) = place else { return Ok(None) };
            let login = tokens.remove(place).grant;
            let wanted = Wanted {
                label: login.label,
                role: login.role,
                kind: Use::Cookie,
                session: login.session,
                expires: Some(login.until.unwrap_or(Time(now.0 + COOKIE_LASTS_US))),
                until: None,
            };
            Ok(Some(add(tokens, wanted, now)))
        })
    }

    /// What a secret grants now; `None` if it is none, or is a login's, which is good for nothing else.
    pub fn check(&self, secret: &str) -> Result<Option<Grant>> {
        let hash = hash(secret);
        let now = Time::now();
        self.with(|tokens| {
            let entry = tokens.iter().find(|entry| entry.hash == hash)?;
            let grant = &entry.grant;
            (grant.kind != Use::Login && grant.is_valid(now)).then(|| grant.clone())
        })
    }

    /// Whether the token of this id holds now.
    pub fn holds(&self, id: &str) -> Result<bool> {
        let now = Time::now();
        self.with(|tokens| tokens.iter().any(|entry| entry.grant.id == id && entry.grant.is_valid(now)))
    }

    /// All that still hold, the oldest first.
    pub fn list(&self) -> Result<Vec<Grant>> {
        let now = Time::now();
        self.with(|tokens| {
            tokens.iter().map(|entry| entry.grant.clone()).filter(|grant| grant.is_valid(now)).collect()
        })
    }

    /// Ends a token at once.
    pub fn revoke(&self, id: &str) -> Result<()> {
        self.change(|tokens, _| {
            let before = tokens.len();
            tokens.retain(|entry| entry.grant.id != id);
            if tokens.len() == before { Err(StoreError::Unknown(id.to_owned())) } else { Ok(()) }
        })
    }

    /// Looks at the tokens as the file has them now.
    fn with<T>(&self, look: impl FnOnce(&[Entry]) -> T) -> Result<T> {
        let mut read = self.read.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let failed = |source| StoreError::Io { path: self.path.clone(), source };
        let version = match fs::metadata(&self.path) {
            Ok(facts) => Version::of(&facts),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(look(&[])),
            Err(error) => return Err(failed(error)),
        };
        if let Some(seen) = read.as_ref().filter(|seen| seen.version == version) {
            return Ok(look(&seen.tokens));
        }
        let file = File::open(&self.path).map_err(failed)?;
        let version = Version::of(&file.metadata().map_err(failed)?);
        let tokens = load(&file, &self.path)?;
        Ok(look(&read.insert(Seen { version, _file: file, tokens }).tokens))
    }

    /// Changes the file, alone; those that ended are dropped on the way.
    fn change<T>(&self, change: impl FnOnce(&mut Vec<Entry>, Time) -> Result<T>) -> Result<T> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let failed = |source| StoreError::Io { path: self.path.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let lock = File::open(folder).map_err(failed)?;
        flock(&lock, FlockOperation::LockExclusive).map_err(|error| failed(error.into()))?;
        let now = Time::now();
        let mut tokens = match File::open(&self.path) {
            Ok(file) => load(&file, &self.path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed(error)),
        };
        tokens.retain(|entry| entry.grant.is_valid(now));
        let result = change(&mut tokens, now)?;
        write(&self.path, &Content { version: VERSION, tokens }).map_err(failed)?;
        Ok(result)
    }
}

fn add(tokens: &mut Vec<Entry>, wanted: Wanted, now: Time) -> (String, Grant) {
    let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random::<SECRET_BYTES>()));
    let Wanted { label, role, kind, session, expires, until } = wanted;
    let id = hex(&random::<4>());
    let grant = Grant { id, label, role, kind, session, created: now, expires, until };
    tokens.push(Entry { hash: hash(&secret), grant: grant.clone() });
    (secret, grant)
}

/// Bytes nobody can guess.
///
/// # Panics
///
/// Where the system has none: without them nothing here is safe.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

impl Version {
    fn of(facts: &Metadata) -> Self {
        Self { inode: facts.ino(), changed: (facts.mtime(), facts.mtime_nsec()) }
    }
}

fn load(mut file: &File, path: &Path) -> Result<Vec<Entry>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|source| StoreError::Io { path: path.to_owned(), source })?;
    let damaged = |why: String| StoreError::Damaged { path: path.to_owned(), why };
    let content: Content = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    if content.version != VERSION {
        return Err(damaged(format!("version {} is not known here", content.version)));
    }
    Ok(content.tokens)
}

fn write(path: &Path, content: &Content) -> io::Result<()> {
    replace_durably(path, &serde_json::to_vec_pretty(content)?)
}

#[cfg(test)]
mod tests {
    use super::super::Role;
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let place = tempfile::tempdir().unwrap();
        let store = Store::new(&Home::at(place.path()));
        (place, store)
    }

    fn wanted(kind: Use, expires: Option<Time>) -> Wanted {
        Wanted { label: "test".to_owned(), role: Role::Type, kind, session: None, expires, until: None }
    }

    #[test]
    fn a_token_holds_until_it_is_revoked_and_no_secret_is_on_disk() {
        let (_place, store) = store();
        let (secret, grant) = store.create(wanted(Use::Bearer, None)).unwrap();
        assert_eq!(store.check(&secret).unwrap(), Some(grant.clone()));
        assert_eq!(store.check("cf_other").unwrap(), None);
        let text = fs::read_to_string(&store.path).unwrap();
        assert!(!text.contains(&secret) && !text.contains(secret.trim_start_matches(PREFIX)));
        assert_eq!(fs::metadata(&store.path).unwrap().mode() & 0o777, 0o600);
        // Another process revokes it.
        Store { path: store.path.clone(), read: Mutex::default() }.revoke(&grant.id).unwrap();
        assert_eq!(store.check(&secret).unwrap(), None);
        assert!(matches!(store.revoke(&grant.id), Err(StoreError::Unknown(_))));
    }

    #[test]
    fn a_login_is_good_once_and_for_a_cookie_only() {
        let (_place, store) = store();
        let (login, _) = store.create(wanted(Use::Login, None)).unwrap();
        assert_eq!(store.check(&login).unwrap(), None);
        let (cookie, grant) = store.redeem(&login).unwrap().unwrap();
        assert_eq!((grant.role, grant.kind), (Role::Type, Use::Cookie));
        assert_eq!(store.check(&cookie).unwrap(), Some(grant));
        assert!(store.redeem(&login).unwrap().is_none());
        assert!(store.redeem(&cookie).unwrap().is_none());
    }

    #[test]
    fn a_link_that_nobody_uses_ends_and_what_it_opened_lasts() {
        let (_place, store) = store();
        let wanted = |kind| Wanted::new(kind, Role::View, String::new(), None);
        let (login, link) = store.create(wanted(Use::Login)).unwrap();
        let minutes = link.expires.unwrap().since(link.created).as_secs_f64() / 60.0;
        assert!((14.9..15.1).contains(&minutes), "{minutes}");
        let (_, opened) = store.redeem(&login).unwrap().unwrap();
        assert!(opened.expires.unwrap().since(link.created).as_secs() > 24 * 3600);
        assert_eq!(store.create(wanted(Use::Bearer)).unwrap().1.expires, None);
    }

    #[test]
    fn one_that_ended_grants_nothing() {
        let (_place, store) = store();
        let past = Some(Time(Time::now().0 - 1));
        let (secret, _) = store.create(wanted(Use::Bearer, past)).unwrap();
        let (login, _) = store.create(wanted(Use::Login, past)).unwrap();
        assert_eq!(store.check(&secret).unwrap(), None);
        assert!(store.redeem(&login).unwrap().is_none());
        assert!(store.list().unwrap().is_empty());
    }

    #[test]
    fn a_damaged_file_is_an_error_and_stays() {
        let (_place, store) = store();
        store.create(wanted(Use::Bearer, None)).unwrap();
        fs::write(&store.path, "{").unwrap();
        assert!(matches!(store.check("cf_x"), Err(StoreError::Damaged { .. })));
        assert!(matches!(store.create(wanted(Use::Bearer, None)), Err(StoreError::Damaged { .. })));
        assert_eq!(fs::read_to_string(&store.path).unwrap(), "{");
    }
}
