//! Who is connected now.

use crate::App;
use crate::extract::Json;
use crate::guard::Access;
use axum::extract::State;
use serde_json::{Value, json};

/// `GET /api/v1/connections`.
pub(super) async fn list(State(app): State<App>, access: Access) -> Json<Value> {
    Json(json!({ "connections": app.0.connections.list(&access) }))
}
