//! What the llm crate promises, seen from outside.
//!
//! - `anthropic`: streams of the Messages API
//! - `openai`: streams of the Responses API
//! - `stream`: bytes cut at every place

mod anthropic;
mod openai;
mod stream;
