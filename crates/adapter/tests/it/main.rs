//! What the readers make of real records.
//!
//! `cases/CLI/CASE/` holds the files of a conversation as a CLI wrote them, and in `expect.json` what is read of them. Adding a
//! case is adding a folder; `CASES=write` writes the expectations anew, to be looked at before they are committed. The tests
//! against the real programs record cases with `CASES=record`.

/// Every folder of cases.
mod cases;
/// Where each CLI keeps its conversations.
mod places;
/// Reading whole files, and telling in a line what was read.
mod reading;
/// The real Codex on the scripted model.
mod real_codex;
/// The real Gemini CLI on the scripted model.
mod real_gemini;
/// The real opencode on the scripted model.
mod real_opencode;
/// Making a case of what a real program wrote.
mod record;
/// What screens say.
mod screens;
