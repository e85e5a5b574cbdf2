//! Work that may take a while, beside the loop that answers everybody.

use crate::ApiError;
use axum::http::StatusCode;

/// Does what may take a while beside the loop.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| {
        Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "the request failed; see the log"))
    })
}
