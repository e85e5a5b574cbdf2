//! What redaction promises, seen from outside.
//!
//! - `cases`: the cases in `cases/redact/`, with what chance puts into them
//! - `corpus`: all secret shapes are masked, and nothing else is
//! - `laws`: what holds for any text
//! - `json`: secrets in JSON values

mod cases;
mod corpus;
mod json;
mod laws;
