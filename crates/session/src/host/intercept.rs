//! The two places where rules may act on a session's bytes. Today every byte passes, at no cost.
//!
//! Whatever a rule does, the original is in the journal already: output is journaled before [`output`] sees it, and
//! input before [`input`] does. A rewrite is a record of its own.

/// What terminals and the screen get of the program's output.
#[inline]
pub(super) fn output(bytes: &[u8]) -> &[u8] {
    bytes
}

/// What the program gets of its input.
#[inline]
pub(super) fn input(bytes: &[u8]) -> &[u8] {
    bytes
}
