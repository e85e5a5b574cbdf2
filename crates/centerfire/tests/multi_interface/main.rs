//! The suites of the first plan by their names: one session, and everybody at once.
//!
//! - `concurrent_client`: clients of every kind follow one session, and have the same bytes
//! - `http_api_compatibility`: the addresses of the first plan, in its forms
//! - `websocket_realtime`: what sockets are told, the moment it happens
//! - `load_testing`: hundreds of requests a second beside a busy session

mod concurrent_client;
mod http_api_compatibility;
mod load_testing;
mod websocket_realtime;

#[path = "../serve/busy.rs"]
mod busy;
#[path = "../serve/events.rs"]
mod events;
#[expect(dead_code, reason = "serves another suite as well")]
#[path = "../serve/http.rs"]
mod http;
#[expect(dead_code, reason = "serves another suite as well")]
#[path = "../serve/rig.rs"]
mod rig;
#[expect(dead_code, reason = "serves another suite as well")]
#[path = "../serve/socket.rs"]
mod socket;
#[path = "../it/stream.rs"]
mod stream;
