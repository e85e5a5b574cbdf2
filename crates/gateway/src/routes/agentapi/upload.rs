//! Takes a file for the program: into the session's folder, where it goes when the session is removed.

use super::Target;
use crate::extract::BODY_WITHIN;
use crate::routes::blocking;
use crate::{ApiError, App};
use axum::Json;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest as _, Request, State};
use axum::http::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// A file at most.
const FILE_MAX_BYTES: usize = 10 << 20; // 10 MiB
/// What stands around it in the request.
const FORM_MAX_BYTES: usize = 64 << 10; // 64 KiB
/// All files of a session at most.
const ALL_MAX_BYTES: u64 = 256 << 20; // 256 MiB
/// All files of a session at most.
const FILES_MAX: usize = 1000;
/// Of a file's name.
const NAME_MAX_CHARS: usize = 100;

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
    let folder = entry.folder.path().join("uploads");
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
    let hash: String = Sha256::digest(bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let path = folder.join(format!("{hash}-{}", safe(name)));
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    if path.exists() {
        return Ok(path);
    }
    let (mut files, mut taken) = (0, bytes.len() as u64);
    for file in fs::read_dir(folder).map_err(failed)? {
        files += 1;
        taken += file.and_then(|file| file.metadata()).map_err(failed)?.len();
    }
    if files >= FILES_MAX || taken > ALL_MAX_BYTES {
        let message = format!(
            "{} has {FILES_MAX} files or {} MiB already; delete some",
            folder.display(),
            ALL_MAX_BYTES >> 20
        );
        return Err(ApiError::new(StatusCode::INSUFFICIENT_STORAGE, "TOO_MANY_UPLOADS", message));
    }
    let draft = folder.join(format!(".{hash}.tmp"));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .map_err(failed)?;
    file.write_all(bytes).and_then(|()| fs::rename(&draft, &path)).map_err(failed)?;
    Ok(path)
}

/// A name that leads nowhere else and means nothing to a shell.
fn safe(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    // The end of a name says what the file is.
    let skipped = last.chars().count().saturating_sub(NAME_MAX_CHARS);
    let name: String = last.chars().skip(skipped).map(plain).collect();
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
        let long = safe(&format!("{}.png", "x".repeat(500)));
        assert!(long.ends_with(".png") && long.chars().count() == NAME_MAX_CHARS);
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
}
