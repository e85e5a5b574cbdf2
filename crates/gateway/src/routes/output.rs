//! A session's output, in parts of bounded size.

use crate::blocking::blocking;
use crate::extract::{Path, Query};
use crate::guard::Access;
use crate::{ApiError, App};
use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use protocol::{Body, Offset};
use schemars::JsonSchema;
use serde::Deserialize;
use session::source::{Kind, Source};

/// Bytes of one answer at most.
const PART_MAX_BYTES: usize = 8 << 20; // 8 MiB
/// Where the part ends: where the next one begins.
const NEXT: HeaderName = HeaderName::from_static("centerfire-next-offset");

/// Which part is wanted.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Part {
    /// The offset at which it begins.
    #[serde(default)]
    #[schemars(with = "u64")]
    from: Offset,
    /// Bytes at most.
    limit: Option<usize>,
    /// Every byte, with the queries that terminals did not get.
    #[serde(default)]
    raw: bool,
}

/// `GET /api/v1/sessions/{session}/output`.
pub(super) async fn output(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
    Query(part): Query<Part>,
) -> Result<Response, ApiError> {
    let entry = access.find(&app, session).await?;
    let limit = part.limit.unwrap_or(PART_MAX_BYTES).min(PART_MAX_BYTES);
    let kind = if part.raw { Kind::Stored } else { Kind::Shown };
    blocking(move || {
        let mut source = Source::of(&entry.folder, &entry.meta, part.from, kind)?;
        let mut bytes = Vec::new();
        while bytes.len() < limit {
            let Some(record) = source.next()? else { break };
            if let Body::Output { bytes: more, .. } = record.body {
                bytes.extend_from_slice(more);
            }
        }
        let headers = [
            (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
            (NEXT, source.position().to_string()),
        ];
        Ok((headers, bytes).into_response())
    })
    .await
}
