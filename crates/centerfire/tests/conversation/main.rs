//! Conversations, with the real binary: what CLIs write down becomes entries, whatever happens on the way.

/// What the real Claude Code asked, and what became of it.
mod asked;
/// Files that others wrote: conversation logs and asciicasts.
mod files;
/// Programs that keep none.
mod generic;
/// What is killed, damaged, rewritten or removed costs no entry.
mod hardship;
/// What entries mention, and how it belongs together.
mod history;
/// Titles and summaries by a model.
mod jobs;
/// Kills at moments of chance.
mod kills;
/// What a model made is searched, and told to the next conversation.
mod made;
/// Search by meaning.
mod meaning;
/// Projects, found from folders.
mod projects;
/// What is purged is nowhere, and does not come back.
mod purge;
/// The real Claude Code in sessions.
mod real;
/// The history of a project, told to the next conversation.
mod restore;
/// What the commands print in a terminal.
mod terminal;
/// What hooks told stands for a record that is not there.
mod told;
/// A history that a test writes, in the form of Claude Code.
mod written;
