//! Takes a file for the program: into the session's folder, where it goes when the session is removed.

use super::Target;
use crate::blocking::blocking;
use crate::extract::BODY_WITHIN;
use crate::{ApiError, App};
use axum::Json;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest as _, Request, State};
use axum::http::StatusCode;
use protocol::hex;
use serde_json::{Value, json};
use session::draft::replace;
use sha2::{Digest as _, Sha256};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// A file at most.
const FILE_MAX_BYTES: usize = 10 << 20; // 10 MiB
/// What stands around it in the request.
const FORM_MAX_BYTES: usize = 64 << 10; // 64 KiB
/// All files of a session at most.
const ALL_MAX_BYTES: u64 = 256 << 20; // 256 MiB
/// How many of them.
const FILES_MAX: usize = 1000;
/// Of a file's name: with the hash before it less than the 255 that file systems take.
const NAME_MAX_BYTES: usize = 200;

/// How long the request may be.
pub(super) fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(FILE_MAX_BYTES + FORM_MAX_BYTES)
}

/// `POST …/upload`.
pub(super) async fn upload(
    State(app): State<App>,
    target: Target,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let (name, bytes) = tokio::time::timeout(BODY_WITHIN, read(&app, request)).await.map_err(|_| {
        let message = format!("the file did not come within {} s", BODY_WITHIN.as_secs());
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "TOO_SLOW", message)
    })??;
    let Target { access, entry, .. } = target;
    app.0.audit.note(&access.0, "upload", Some(entry.meta.id));
    let folder = entry.folder.uploads();
    let path = blocking(move || keep(&folder, &name, &bytes)).await?;
    Ok(Json(json!({ "ok": true, "filePath": path })))
}

/// The field `file`.
async fn read(app: &App, request: Request) -> Result<(String, Vec<u8>), ApiError> {
    let mut form = Multipart::from_request(request, app)
        .await
        .map_err(|rejection| ApiError::new(rejection.status(), "BAD_REQUEST", rejection.body_text()))?;
    while let Some(mut field) = form.next_field().await.map_err(refused)? {
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        let mut bytes = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(refused)? {
            if bytes.len() + chunk.len() > FILE_MAX_BYTES {
                return Err(too_long());
            }
            bytes.extend_from_slice(&chunk);
        }
        return Ok((name, bytes));
    }
    Err(ApiError::bad_request("the form has no field `file`"))
}

fn refused(error: MultipartError) -> ApiError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_long(),
        status => ApiError::new(status, "BAD_REQUEST", error.body_text()),
    }
}

fn too_long() -> ApiError {
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LONG", "a file of more than 10 MiB")
}

/// Writes it; the same file has the same name, however often it comes.
fn keep(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, ApiError> {
    let failed = |error: io::Error| {
        let message = format!("{}: {error}", folder.display());
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "UPLOAD_FAILED", message)
    };
    let hash = hex(&Sha256::digest(bytes)[..8]);
    let path = folder.join(format!("{hash}-{}", safe(name)));
    // Not those above it: a session that was removed meanwhile does not come back.
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    if path.exists() {
        return Ok(path);
    }
    let (mut files, mut taken) = (0, bytes.len() as u64);
    for file in fs::read_dir(folder).map_err(failed)? {
        files += 1;
        // A draft may become a file, or go, at this moment.
        taken += file.and_then(|file| file.metadata()).map_or(0, |facts| facts.len());
    }
    if files >= FILES_MAX || taken > ALL_MAX_BYTES {
        let message = format!(
            "{} has {FILES_MAX} files or {} MiB already; delete some",
            folder.display(),
            ALL_MAX_BYTES >> 20
        );
        return Err(ApiError::new(StatusCode::INSUFFICIENT_STORAGE, "TOO_MANY_UPLOADS", message));
    }
    replace(&path, bytes).map_err(failed)?;
    Ok(path)
}

/// A name that leads nowhere else and means nothing to a shell.
fn safe(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    // The end of a name says what the file is.
    let mut from = last.len().saturating_sub(NAME_MAX_BYTES);
    while !last.is_char_boundary(from) {
        from += 1;
    }
    let name: String = last[from..].chars().map(plain).collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() { "file".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        for (name, expected) in [
            ("a b.txt", "a_b.txt"),
            ("../../etc/passwd", "passwd"),
            ("..\\x", "x"),
            ("..", "file"),
            ("", "file"),
            (".bashrc", "bashrc"),
            ("$(id);é\n.png", "__id__é_.png"),
        ] {
            assert_eq!(safe(name), expected);
        }
        for long in ["x", "é", "漢"] {
            let name = safe(&format!("{}.png", long.repeat(500)));
            assert!(name.ends_with(".png") && name.len() > NAME_MAX_BYTES / 2, "{name}");
            assert!(name.len() <= NAME_MAX_BYTES, "{name}");
        }
    }

    #[test]
    fn the_same_file_is_kept_once() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("uploads");
        let first = keep(&folder, "a", b"1").unwrap();
        assert_eq!(keep(&folder, "a", b"1").unwrap(), first);
        let other = keep(&folder, "a", b"2").unwrap();
        assert_ne!(other, first);
        assert_eq!((fs::read(first).unwrap(), fs::read(other).unwrap()), (b"1".to_vec(), b"2".to_vec()));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
    }

    /// However often the same file comes at once, whoever is told where it lies finds all of it there, and no draft stays.
    #[test]
    fn the_same_file_may_come_twice_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("uploads");
        let bytes = vec![b'x'; 1 << 20];
        for round in 0..8_u8 {
            let bytes = [&bytes[..], &[round]].concat();
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| assert!(fs::read(keep(&folder, "a", &bytes).unwrap()).unwrap() == bytes));
                }
            });
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 8);
    }

    #[test]
    fn a_session_that_was_removed_does_not_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let session = folder.path().join("session");
        assert!(keep(&session.join("uploads"), "a", b"1").is_err());
        assert!(!session.exists());
    }
}
