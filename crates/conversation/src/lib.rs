//! Conversations: from the CLIs' own records to entries that can be read, searched and trusted.

pub mod redact;
