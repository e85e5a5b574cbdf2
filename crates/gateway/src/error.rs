//! What went wrong, for programs and people: a status, a code, a sentence. The form of every error is
//! `{"error": sentence, "code": CODE}`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::frame::Refusal;
use serde_json::json;
use std::time::Duration;

/// An answer that is an error.
#[derive(Clone, Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after: Option<Duration>,
}

impl ApiError {
    /// One with a sentence that says what to do.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
    }

    /// The same under another code.
    pub(crate) fn called(self, code: &'static str) -> Self {
        Self { code, ..self }
    }

    /// Says when it may be done.
    pub(crate) fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// A word for programs.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// A sentence for people.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl From<session::Error> for ApiError {
    fn from(error: session::Error) -> Self {
        use session::Error as E;
        let status = match &error {
            E::NoSuchSession { .. } => StatusCode::NOT_FOUND,
            E::NoHost(_) => StatusCode::GONE,
            E::Ambiguous { .. }
            | E::Running(_)
            | E::Imported { .. }
            | E::Occupied(_)
            | E::Ended { .. }
            | E::Refused {
                code: Refusal::NotInControl | Refusal::WriteRejected | Refusal::Ended | Refusal::Settled,
                ..
            } => StatusCode::CONFLICT,
            E::BadName { .. }
            | E::Exec { .. }
            | E::Folder { .. }
            | E::NoSuchSignal(_)
            | E::Refused { code: Refusal::BadRequest, .. } => StatusCode::UNPROCESSABLE_ENTITY,
            E::Connection { .. } => StatusCode::GATEWAY_TIMEOUT,
            E::Protocol(_) | E::Refused { .. } => StatusCode::BAD_GATEWAY,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.word(), error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": &self.message, "code": self.code }));
        let mut response = (self.status, body).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // For the log, and for who gives it another form.
        response.extensions_mut().insert(self);
        response
    }
}
