//! What redaction promises, seen from outside.
//!
//! - `cases`: the cases in `cases/`, with what chance puts into them
//! - `corpus`: all secret shapes are masked, and nothing else is
//! - `laws`: what holds for any text
//! - `json`: secrets in JSON values
//! - `stream`: bytes of a terminal, in pieces

mod cases;
mod corpus;
mod json;
mod laws;
mod stream;
