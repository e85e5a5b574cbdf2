//! The table of what the server answers. Every line names the role that it needs; the tests attack each of them.

use super::endpoint::{BYTES, Endpoint, JSON, SizeForm, TEXT};
use super::{
    agentapi, approvals, capture, compatible, connections, conversations, events, export, health, input,
    jobs, login, output, page, projects, recording, screen, screen_events, search, sessions, share, tokens,
    wait,
};
use crate::places::{EXPORTS_EACH, EXPORTS_MAX, WAITS_EACH, WAITS_MAX};
use crate::token::Role;
use crate::{metrics, ws};
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::{delete, get, patch, post};

/// All of them.
pub fn endpoints() -> Vec<Endpoint> {
    [
        of_server(),
        of_sessions(),
        of_terminals(),
        of_recordings(),
        of_conversations(),
        of_approvals(),
        of_projects(),
        agentapi::endpoints(),
        compatible(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn of_server() -> Vec<Endpoint> {
    use Role::{Manage, View};
    let route = Endpoint::new;
    vec![
        route("GET", "/api/v1/health", None, get(health::health)).about("Tells whether the server is well"),
        route("GET", "/api/v1/health/history", Some(View), get(health::history))
            .about("The last hour in figures: a sample every 10 s")
            .query::<health::Part>(),
        route("GET", "/api/v1/connections", Some(Manage), get(connections::list))
            .about("Lists who is connected now, to which session, and since when"),
        route("GET", "/api/v1/login", None, get(login::who))
            .about("Tells who a browser is, or that it is nobody yet"),
        route("POST", "/api/v1/login", None, post(login::login))
            .about("Trades a login token for a browser's cookie, once")
            .body::<login::Login>(),
        route("POST", "/api/v1/logout", Some(View), post(login::logout))
            .about("Ends the token that asks")
            .gives(204, ""),
        route("GET", "/api/v1/me", Some(View), get(login::me)).about("Tells what the token may do"),
        route("GET", "/api/v1/tokens", Some(Manage), get(tokens::list)).about("Lists the tokens that hold"),
        route("POST", "/api/v1/tokens", Some(Manage), post(tokens::create))
            .about("Makes a token; its secret is told once")
            .body::<tokens::New>()
            .gives(201, JSON),
        route("DELETE", "/api/v1/tokens/{token}", Some(Manage), delete(tokens::revoke))
            .about("Ends a token at once")
            .gives(204, ""),
        route("GET", "/metrics", Some(View), get(metrics::metrics))
            .about("Numbers for Prometheus")
            .gives(200, "application/openmetrics-text"),
        route("GET", "/openapi.json", None, get(openapi)).about("This description"),
        route("GET", "/", None, get(page::page)),
        route("GET", "/{*path}", None, get(page::asset)),
    ]
}

fn of_sessions() -> Vec<Endpoint> {
    use Role::{Manage, View};
    let route = Endpoint::new;
    vec![
        route("GET", "/api/v1/sessions", Some(View), get(sessions::list))
            .about("Lists sessions: those that run, or all")
            .query::<sessions::Which>(),
        route("POST", "/api/v1/sessions", Some(Manage), post(sessions::create))
            .about("Starts a session")
            .body::<sessions::New>()
            .gives(201, JSON),
        route("GET", "/api/v1/sessions/{session}", Some(View), get(sessions::show))
            .about("Tells all that is known of a session"),
        route("GET", "/api/v1/sessions/{session}/explain", Some(View), get(sessions::explain))
            .about("Tells why a session is in its state: which source said what, and when")
            .query::<sessions::Last>(),
        route("PATCH", "/api/v1/sessions/{session}", Some(Manage), patch(sessions::rename))
            .about("Gives a session another name")
            .body::<sessions::Change>(),
        route("DELETE", "/api/v1/sessions/{session}", Some(Manage), delete(sessions::remove))
            .about("Removes an ended session and its recording")
            .gives(204, ""),
        route("POST", "/api/v1/sessions/{session}/kill", Some(Manage), post(sessions::kill))
            .about("Ends a session's program: HUP, then TERM, then KILL, or one signal alone")
            .body::<Option<sessions::Kill>>(),
        route("POST", "/api/v1/sessions/{session}/restart", Some(Manage), post(sessions::restart))
            .about("Runs an ended session's command again, as a new session; `missing` names the variables that were set then and are not now")
            .gives(201, JSON),
        route("POST", "/api/v1/sessions/{session}/wait", Some(View), post(wait::wait))
            .about(format!(
                "Waits until a session's program ends or is in a state; 408 after the time-out, 503 `BUSY` with Retry-After while \
                 {WAITS_MAX} others wait, or {WAITS_EACH} of the token's"
            ))
            .body::<wait::Wait>(),
        route("POST", "/api/v1/sessions/{session}/share", Some(Manage), post(share::share))
            .about("Makes a link that opens this session alone, to one browser, for a time")
            .body::<Option<share::Wish>>()
            .gives(201, JSON),
        route("GET", "/api/v1/sessions/{session}/export", Some(View), get(export::export))
            .about(format!(
                "A session as a recording, as text, raw, or as a log, secrets masked in all but raw and events; 503 `BUSY` with \
                 Retry-After while {EXPORTS_MAX} others are made, or {EXPORTS_EACH} of the token's"
            ))
            .query::<export::How>()
            .gives(200, BYTES)
            .or(&[TEXT, "application/x-ndjson", "application/x-asciicast"]),
    ]
}

fn of_terminals() -> Vec<Endpoint> {
    use Role::{Type, View};
    let route = Endpoint::new;
    vec![
        route("POST", "/api/v1/sessions/{session}/input", Some(Type), post(input::input))
            .about("Types or pastes text, as one transaction; the answer's offset is where the output was then")
            .body::<input::Text>(),
        route("POST", "/api/v1/sessions/{session}/submit", Some(Type), post(input::submit))
            .about("Pastes text, then presses Enter, as one transaction")
            .body::<input::Prompt>(),
        route("POST", "/api/v1/sessions/{session}/keys", Some(Type), post(input::keys))
            .about("Presses keys, such as Enter, Escape, C-c, Up, F5")
            .body::<input::Keys>(),
        route("POST", "/api/v1/sessions/{session}/resize", Some(Type), post(input::resize))
            .about("Changes the terminal's size, where nobody controls it; 409 while somebody does")
            .body::<SizeForm>(),
        route("GET", "/api/v1/sessions/{session}/screen", Some(View), get(screen::screen))
            .about("What a person would see now, or saw at an offset of the recording")
            .query::<screen::How>()
            .or(&[TEXT, BYTES]),
        route("GET", "/api/v1/sessions/{session}/output", Some(View), get(output::output))
            .about("Output from an offset on, 8 MiB at most; `centerfire-next-offset` tells where the next part begins")
            .query::<output::Part>()
            .gives(200, BYTES),
        route("GET", "/api/v1/sessions/{session}/events", Some(View), get(events::events))
            .about("Output and what happens as server-sent events; the id of each is the offset behind it")
            .query::<events::Place>()
            .gives(200, "text/event-stream"),
        route("GET", "/api/v1/sessions/{session}/screen/events", Some(View), get(screen_events::events))
            .about("The screen as server-sent events: now, and after each change, ten times a second at most")
            .gives(200, "text/event-stream"),
        route("GET", "/ws/{session}", Some(View), get(ws::session))
            .about("The terminal as a WebSocket (docs/websocket.md)")
            .query::<ws::Join>()
            .gives(101, ""),
        route("GET", "/ws", Some(View), get(ws::hub))
            .about("The list of sessions and its changes as a WebSocket; with `centerfire.many.v1`, several sessions on one")
            .gives(101, ""),
    ]
}

fn of_recordings() -> Vec<Endpoint> {
    use Role::View;
    let route = Endpoint::new;
    vec![
        route("GET", "/api/v1/sessions/{session}/timeline", Some(View), get(recording::timeline))
            .about("What a recording looks like along its time: activity, pauses, and moments to jump to")
            .query::<recording::Picture>(),
        route("GET", "/api/v1/sessions/{session}/recording", Some(View), get(recording::recording))
            .about("The screen at a moment of a recording, and what came after it, with its times")
            .query::<recording::Part>(),
        route("GET", "/api/v1/sessions/{session}/search", Some(View), get(recording::search))
            .about("Looks for a text on the screens and in the history of a recording: 200 hits and 10 s at most")
            .query::<recording::Text>(),
    ]
}

fn of_conversations() -> Vec<Endpoint> {
    use Role::{Manage, View};
    let route = Endpoint::new;
    vec![
        route("GET", "/api/v1/conversations", Some(View), get(conversations::list))
            .about("Lists conversations, the newest first: of all CLIs on this machine, with and without a session")
            .query::<conversations::Which>(),
        route("GET", "/api/v1/conversations/events", Some(View), get(conversations::events))
            .about("Tells as server-sent events to which conversations something came")
            .gives(200, "text/event-stream"),
        route("GET", "/api/v1/conversations/{cli}/{conversation}", Some(View), get(conversations::show))
            .about("A conversation and its entries, each with its place in a recording")
            .query::<conversations::Part>(),
        route("GET", "/api/v1/conversations/{cli}/{conversation}/export", Some(View), get(conversations::export))
            .about("A conversation as Markdown or as a page of its own")
            .query::<conversations::Form>()
            .gives(200, "text/markdown")
            .or(&["text/html"]),
        route("GET", "/api/v1/sessions/{session}/conversations", Some(View), get(conversations::of_session))
            .about("Lists the conversations that were held in a session, the oldest first"),
        route("GET", "/api/v1/jobs", Some(View), get(jobs::show))
            .about("Tells what a model was asked about conversations: what waits, runs, failed and why, and what was spent today"),
        route("POST", "/api/v1/jobs/run", Some(Manage), post(jobs::run))
            .about("Has a model asked now about what is to do, also conversations that are not over; 202 at once, and GET /api/v1/jobs tells how far it is")
            .body::<Option<jobs::Run>>()
            .gives(202, JSON),
        route("POST", "/api/v1/jobs/retry", Some(Manage), post(jobs::retry))
            .about("Tries again what was given up, and ends what all others wait for")
            .body::<Option<jobs::Retry>>(),
        route("GET", "/api/v1/mentions", Some(View), get(search::mentions))
            .about("What was touched, run, met, named and decided: files, symbols, commands, errors, decisions; with a value, where")
            .query::<conversations::Which>()
            .query::<search::Mentions>(),
        route("GET", "/api/v1/relations", Some(View), get(search::relations))
            .about("How what was mentioned belongs together: which error a command failed with, which edit fixed it")
            .query::<conversations::Which>()
            .query::<search::Relations>(),
        route("GET", "/api/v1/search", Some(View), get(search::search))
            .about("Searches everything that was said and done, and titles and summaries by a model, told by `said_by`; what was found stands between U+0002 and U+0003")
            .query::<conversations::Which>()
            .query::<search::Wanted>(),
    ]
}

fn of_approvals() -> Vec<Endpoint> {
    use Role::{Type, View};
    let route = Endpoint::new;
    vec![
        route("GET", "/api/v1/approvals", Some(View), get(approvals::list))
            .about("Lists what programs ask leave for, the oldest first in each session, long inputs cut"),
        route("GET", "/api/v1/sessions/{session}/approvals", Some(View), get(approvals::of_session))
            .about("The questions of a session that wait for an answer, each with all of its input"),
        route("GET", "/api/v1/sessions/{session}/approvals/{approval}", Some(View), get(approvals::show))
            .about("One question by its number: as `approval` while it waits, then as `settled`, by whom and when"),
        route("POST", "/api/v1/sessions/{session}/approvals/{approval}", Some(Type), post(approvals::decide))
            .about("Answers a question. The first answer counts: a later one is refused with 409 `SETTLED` and who was first")
            .body::<approvals::Answer>(),
    ]
}

fn of_projects() -> Vec<Endpoint> {
    use Role::View;
    let route = Endpoint::new;
    vec![
        route("GET", "/api/v1/projects", Some(View), get(projects::list)).about(
            "Lists projects, the latest first: sessions, conversations, time, tokens, cost, what waits for somebody",
        ),
        route("GET", "/api/v1/projects/{project}", Some(View), get(projects::show))
            .about("A project: its figures, files, failing commands, days, needs and latest conversations"),
    ]
}

/// The addresses of the first plans.
fn compatible() -> Vec<Endpoint> {
    use Role::{Manage, Type, View};
    let route = Endpoint::new;
    let not_yet = |method, path, role, handler| Endpoint::new(method, path, role, handler).gives(501, JSON);
    let agents = "Agents; 501 until there are any";
    vec![
        route("GET", "/api/health", Some(View), get(compatible::health))
            .about("Tells whether the server is well"),
        route("GET", "/api/metrics", Some(View), get(metrics::metrics))
            .about("Numbers for Prometheus")
            .gives(200, "application/openmetrics-text"),
        not_yet("POST", "/api/agent/{agent}/{action}", Some(Manage), post(compatible::agents)).about(agents),
        not_yet("GET", "/api/agents/status", Some(View), get(compatible::agents)).about(agents),
        not_yet("GET", "/api/agents/health", Some(View), get(compatible::agents)).about(agents),
        route("POST", "/api/conversation/capture", Some(Type), post(capture::capture))
            .about("Takes in what was said elsewhere; `processed` tells whether it is in the store already")
            .body::<capture::Request>(),
        route("GET", "/api/conversation/session/{session}", Some(View), get(compatible::of_session))
            .about("The conversations of a session with all their entries"),
        route("GET", "/api/conversation/active", Some(View), get(compatible::active))
            .about("The conversations of sessions that run"),
        route("POST", "/api/projects/detect", Some(Type), post(projects::detect))
            .about("Tells to which project a folder belongs")
            .body::<projects::Place>(),
        route("GET", "/api/projects/list", Some(View), get(projects::compatible_list))
            .about("Lists projects, the latest first"),
        route("GET", "/api/projects/{project}/summary", Some(View), get(projects::compatible_summary))
            .about("A project: its figures, files, failing commands, days, needs and latest conversations"),
    ]
}

/// `GET /openapi.json`.
async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, JSON)], crate::openapi::TEXT.as_str())
}
