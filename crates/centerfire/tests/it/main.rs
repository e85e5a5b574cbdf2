//! The real binary in real terminals, with real programs. Names of tests are sentences; the requirement or the trap
//! that each one is for stands in its comment.

/// What was allowed for later is not asked again.
mod always;
/// What the real Claude Code asks leave for is answered from anywhere, once.
mod approvals;
/// The real Claude Code in a session: states, questions, permissions, and a host that dies.
mod claude_code;
/// What the real Codex wants to know, and servers of tools in it.
mod codex_questions;
/// Clients of any speed share a session, and none costs another a byte.
mod crowd;
/// No process holds a file that is not its own, and no terminal is left over.
mod descriptors;
/// A disk that refuses to take more: nothing ends for it, and what it cost is said exactly.
mod disk;
/// The program gets its user's environment, and folders of any length work.
mod environment;
/// How a program ended is told exactly, after all of its output.
mod exit;
/// Every byte arrives as it was sent, in both directions.
mod fidelity;
/// What a terminal tells of a program of which nothing is known.
mod foreground;
/// Questions that only the user's terminal can answer, in time, late or never.
mod forwarded;
/// What Gemini CLI asks is answered from anywhere, once, at its own dialog.
mod gemini;
/// The hooks of Claude Code: beside the user's own, and no burden to anybody.
mod hooks;
/// What runs in a session does not answer what is asked there.
mod inside;
/// Signals, job control and the size work as in any terminal.
mod jobs;
/// Whatever is killed, nothing that was shown is lost.
mod kill9;
/// How the program is linked: little is private to each of its processes.
mod linking;
/// A name leads to one session.
mod names;
/// No session is shown inside itself.
mod nesting;
/// Somebody is told when a session waits.
mod notify;
/// What opencode asks leave for is answered from anywhere, once.
mod opencode;
/// What outlives the program, or its terminal, is neither lost nor in the way.
mod orphans;
/// What other CLIs ask leave for is answered from anywhere, once.
mod overlays;
/// Input is taken whole, or refused.
mod paste;
/// A session stands in a pipe like any program.
mod pipes;
/// Queries of programs: one answer each, in order, whoever looks on.
mod queries;
/// A session is reached and ended whatever became of its socket and its host.
mod reach;
/// Clients that come and go, against one that never left.
mod reconnect;
/// A terminal comes back as it was.
mod restore;
/// Keeper and host bring each other back for ever.
mod revival;
/// An instance with sessions in it, for the tests that attack them.
mod rig;
/// One terminal that leaves and comes back: nothing twice, nothing left behind.
mod scrollback;
/// Passwords are written nowhere, and a full disk ends nothing.
mod secrets;
/// A session and the terminals around it, for the tests.
mod session;
/// What `screen` prints is what a terminal shows.
mod snapshot;
/// What the real CLIs do is told, by each source.
mod states;
/// Bytes that hurt, the same for the same seed.
mod stream;
/// What Claude Code and its model say to each other is read along, and nothing else changes.
mod tap;
/// The same of Codex and its model.
mod tap_codex;
/// A host has threads beside its loop only while they have something to do.
mod threads;
/// The board of all sessions.
mod top;
/// CLIs whose hooks nobody hears.
mod unheard;
/// Another binary takes over without anybody noticing.
mod upgrade;
/// The version of the wire before the first, frozen: a host that speaks it, and a client.
mod version0;
/// Waiting for a text, a state, an end.
mod wait;
/// No frame, however wrong, harms a session.
mod wire;
