//! A browser trades the secret of its login link for a cookie.

use crate::blocking::blocking;
use crate::extract::Json;
use crate::guard::{Access, broken_store};
use crate::journey::tell_who;
use crate::{ApiError, App};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// What is traded.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Login {
    token: String,
}

/// `POST /api/v1/login`.
pub(super) async fn login(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(login): Json<Login>,
) -> Result<impl IntoResponse, ApiError> {
    let store = app.clone();
    let redeemed = blocking(move || store.0.tokens.redeem(&login.token).map_err(broken_store));
    let Some((secret, grant)) = redeemed.await? else {
        let message = "this link was used or has ended; `centerfire token create --login` makes another";
        return Err(app.0.guard.fail(peer.ip(), message));
    };
    tell_who(&grant.id);
    app.0.audit.note(&grant, "login", grant.session);
    let lasts = grant.expires.map_or(0, |expires| expires.since(grant.created).as_secs());
    let cookie = app.0.guard.set_cookie(&headers, &secret, lasts);
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), Json(describe(&Access(grant)))))
}

/// `GET /api/v1/login`: a browser that asks first thing whether it is let in is no error where it is not.
pub(super) async fn who(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    if !app.0.guard.has_secret(&headers) && !app.0.options.open_loopback {
        return Ok(Json(json!({ "me": null })));
    }
    match app.admit(&headers, &Method::GET, peer.ip()) {
        Ok(access) => Ok(Json(json!({ "me": describe(&access) }))),
        Err(error) if error.code() == "UNAUTHORIZED" => {
            Ok(Json(json!({ "me": null, "why": error.message() })))
        }
        Err(error) => Err(error),
    }
}

/// `POST /api/v1/logout`.
pub(super) async fn logout(
    State(app): State<App>,
    access: Access,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let cookie = app.0.guard.set_cookie(&headers, "", 0);
    blocking(move || app.0.tokens.revoke(&access.0.id).map_err(broken_store)).await?;
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, cookie)])))
}

/// `GET /api/v1/me`.
pub(super) async fn me(access: Access) -> Json<Value> {
    Json(describe(&access))
}

fn describe(Access(grant): &Access) -> Value {
    json!({ "role": grant.role, "label": grant.label, "session": grant.session, "expires": grant.expires })
}
