//! What programs ask leave for. The hosts of the sessions hold the questions and decide who answered first: here they are
//! listed, shown and answered, and nothing is kept.

use crate::blocking::blocking;
use crate::extract::{Json, Path};
use crate::guard::Access;
use crate::host::Host;
use crate::token::{Grant, Use};
use crate::{ApiError, App};
use adapter::question::{open_questions, questions};
use axum::extract::State;
use axum::http::StatusCode;
use futures_util::{StreamExt as _, stream};
use protocol::approval::{Behaviour, Decision, MAX_ASK_BYTES};
use protocol::frame::{self, Refusal, Request};
use protocol::{Approval, BlockKind, Phase};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use session::client::unexpected;
use session::registry::Entry;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::timeout;

/// How long one host is waited for when all are asked; of a slower one its last words count.
const HOST_WITHIN: Duration = Duration::from_secs(1);
/// Hosts that are asked at once.
const HOSTS_AT_ONCE: usize = 16;
/// Bytes of all inputs in a list.
const LIST_INPUT_BYTES: usize = 4 << 20; // 4 MiB
/// Characters of a token's label in the words for who answered.
const LABEL_CHARS: usize = 60;

/// `GET /api/v1/approvals`.
pub(super) async fn list(State(app): State<App>, access: Access) -> Result<Json<Value>, ApiError> {
    let asking = blocking(move || {
        let entries = app.0.registry.list()?.into_iter().flatten();
        // A status is written with each question, before anybody hears of it here.
        let asks = |entry: &Entry| entry.status.as_ref().is_some_and(|status| !status.approvals.is_empty());
        let seen = |entry: &Entry| entry.phase == Phase::Running && access.0.opens(entry.meta.id);
        Ok(entries.filter(|entry| seen(entry) && asks(entry)).collect::<Vec<_>>())
    });
    let told = stream::iter(asking.await?).map(async |entry| {
        let approvals = match timeout(HOST_WITHIN, pending(&entry)).await {
            Ok(Ok(approvals)) => approvals,
            _ => entry.status.as_ref().map(|status| status.approvals.clone()).unwrap_or_default(),
        };
        (entry, approvals)
    });
    let told: Vec<_> = told.buffered(HOSTS_AT_ONCE).collect().await;
    let mut left = LIST_INPUT_BYTES;
    let mut all = Vec::new();
    for (entry, approval) in told.iter().flat_map(|(entry, all)| all.iter().map(move |one| (entry, one))) {
        let approval = approval.within(left);
        left = left.saturating_sub(approval.ask.input.to_string().len());
        all.push(describe(entry, &approval));
    }
    Ok(Json(json!({ "approvals": all })))
}

/// `GET /api/v1/sessions/{session}/approvals`.
pub(super) async fn of_session(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let entry = access.find(&app, session).await?;
    if entry.phase != Phase::Running {
        return Ok(Json(json!({ "approvals": [] })));
    }
    let (host, _events) = Host::reach(&entry, "serve").await?;
    let mut all = Vec::new();
    for approval in listed(&host).await? {
        let whole = match approval.ask.cut {
            true => match one(&host, approval.id).await {
                Ok(Found::Waits(whole)) => *whole,
                // It was settled just now.
                _ => continue,
            },
            false => approval,
        };
        all.push(describe(&entry, &whole));
    }
    Ok(Json(json!({ "approvals": all })))
}

/// `GET /api/v1/sessions/{session}/approvals/{approval}`.
pub(super) async fn show(
    State(app): State<App>,
    access: Access,
    Path((session, id)): Path<(String, u32)>,
) -> Result<Json<Value>, ApiError> {
    let entry = access.find(&app, session).await?;
    let (host, _events) = Host::reach(&entry, "serve").await?;
    Ok(Json(match one(&host, id).await? {
        Found::Waits(approval) => json!({ "approval": describe(&entry, &approval) }),
        Found::Over(settled) => json!({ "settled": settled }),
    }))
}

/// An answer to a question.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    /// Whether the program may.
    behaviour: May,
    /// What the program is told with a no.
    message: Option<String>,
    /// To each question in the input, by its words, the label that was chosen, or words; several labels with `, ` between.
    #[serde(default)]
    answers: BTreeMap<String, String>,
    /// What the tool is given instead of what was asked for.
    input: Option<serde_json::Map<String, Value>>,
    /// What is allowed for later as well: the words of one of the question's `always`.
    always: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum May {
    Allow,
    Deny,
}

/// `POST /api/v1/sessions/{session}/approvals/{approval}`.
pub(super) async fn decide(
    State(app): State<App>,
    access: Access,
    Path((session, id)): Path<(String, u32)>,
    Json(answer): Json<Answer>,
) -> Result<Json<Value>, ApiError> {
    let entry = access.find(&app, session).await?;
    let (host, _events) = Host::reach(&entry, "serve").await?;
    let decision = decision(answer)?;
    // One that is over is refused by the host, which says who was first.
    if let Found::Waits(approval) = one(&host, id).await?
        && let Some(fault) = fault(&approval, &decision)
    {
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "BAD_REQUEST", fault));
    }
    let action = match decision.behaviour {
        Behaviour::Allow if decision.always.is_some() => "allow_always",
        Behaviour::Allow => "allow",
        Behaviour::Deny => "deny",
    };
    let by = who(&access.0);
    match host.call(Request::Decide { approval: id, by, decision: Box::new(decision) }, &[]).await?.0 {
        frame::Answer::Settled { settled } => {
            // Only the one that counted: the others changed nothing.
            app.0.audit.note(&access.0, action, Some(entry.meta.id));
            Ok(Json(json!({ "settled": settled })))
        }
        other => Err(unexpected(&other).into()),
    }
}

fn decision(answer: Answer) -> Result<Decision, ApiError> {
    let behaviour = match answer.behaviour {
        May::Allow => Behaviour::Allow,
        May::Deny => Behaviour::Deny,
    };
    let Answer { message, answers, input, always, .. } = answer;
    let decision = Decision { behaviour, message, answers, input: input.map(Value::Object), always };
    if json!(decision).to_string().len() > MAX_ASK_BYTES {
        let message = format!("an answer has at most {} KiB", MAX_ASK_BYTES >> 10);
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "INPUT_TOO_LONG", message));
    }
    Ok(decision)
}

/// Why an answer does not fit the question, and what would.
fn fault(approval: &Approval, decision: &Decision) -> Option<String> {
    if let Some(fault) = approval.ask.fault(decision) {
        return Some(fault);
    }
    let asked = questions(&approval.ask.input);
    if let Some(words) = decision.answers.keys().find(|words| asked.iter().all(|one| one.text != **words)) {
        return Some(format!("question {} does not ask `{words}`", approval.id));
    }
    let needs_answers = approval.ask.kind == BlockKind::Question && decision.behaviour == Behaviour::Allow;
    if !needs_answers || decision.input.is_some() {
        return None;
    }
    let open = open_questions(&approval.ask.input, &decision.answers);
    let open: Vec<_> = open.iter().map(|one| format!("`{}` ({})", one.text, one.labels.join(", "))).collect();
    (!open.is_empty()).then(|| format!("`answers` says nothing to {}", open.join(" and ")))
}

/// Who answers, for the record: the token and the way. The log of the server has the token's id.
fn who(grant: &Grant) -> String {
    let label: String = grant.label.chars().filter(|char| !char.is_control()).take(LABEL_CHARS).collect();
    let name = if label.is_empty() { format!("token {}", grant.id) } else { label };
    match grant.kind {
        Use::Cookie => format!("{name} on the page"),
        Use::Bearer | Use::Login => format!("{name} with the API"),
        Use::Open => format!("{name}, over HTTP"),
    }
}

/// One question.
enum Found {
    Waits(Box<Approval>),
    Over(Box<protocol::Settled>),
}

async fn one(host: &Host, id: u32) -> Result<Found, ApiError> {
    match host.call(Request::Approvals { approval: Some(id) }, &[]).await {
        Ok((frame::Answer::Settled { settled }, _)) => Ok(Found::Over(settled)),
        Ok((frame::Answer::Approvals { approvals }, _)) => match approvals.into_iter().next() {
            Some(approval) => Ok(Found::Waits(Box::new(approval))),
            None => Err(unknown(format!("there is no question {id}"))),
        },
        Ok((other, _)) => Err(unexpected(&other).into()),
        Err(session::Error::Refused { code: Refusal::BadRequest, message }) => Err(unknown(message)),
        Err(error) => Err(error.into()),
    }
}

async fn pending(entry: &Entry) -> Result<Vec<Approval>, ApiError> {
    listed(&Host::reach(entry, "serve").await?.0).await
}

async fn listed(host: &Host) -> Result<Vec<Approval>, ApiError> {
    match host.call(Request::Approvals { approval: None }, &[]).await?.0 {
        frame::Answer::Approvals { approvals } => Ok(approvals),
        other => Err(unexpected(&other).into()),
    }
}

fn describe(entry: &Entry, approval: &Approval) -> Value {
    let mut value = json!(approval);
    (value["session"], value["name"]) = (json!(entry.meta.id), json!(entry.name));
    value
}

fn unknown(message: String) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "NO_SUCH_APPROVAL", message)
}
