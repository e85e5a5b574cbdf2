//! Errors as agentapi's clients read them: `application/problem+json`, with our word for programs beside it.

use crate::ApiError;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

/// Gives an error of ours that form.
pub(crate) async fn form(response: Response) -> Response {
    let status = response.status();
    let Some(error) = response.extensions().get::<ApiError>().cloned() else { return response };
    let body = json!({
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "detail": error.message(),
        "code": error.code(),
        // Their page goes through it, without asking whether it is there.
        "errors": [],
    });
    let (parts, _) = response.into_parts();
    let mut response = (status, body.to_string()).into_response();
    response.headers_mut().extend(parts.headers);
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    *response.extensions_mut() = parts.extensions;
    response
}
