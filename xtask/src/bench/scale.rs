//! How much is measured: enough for steady medians in a full run, or a first look in a quick one.

use std::time::Duration;

const MB: usize = 1 << 20;

/// Rounds and sizes of every figure.
pub struct Scale {
    /// Rounds of keys, and keys per round; the full run types 2000 keys per peer and set-up.
    pub key_rounds: usize,
    pub keys_per_round: usize,
    /// Rounds beside busy sessions, which are begun anew for each.
    pub busy_key_rounds: usize,
    pub busy_keys_per_round: usize,
    pub flood_bytes: usize,
    /// Rounds with idle cores, and in each of the two other set-ups.
    pub flood_rounds: usize,
    pub loaded_flood_rounds: usize,
    pub starts: usize,
    /// Sessions that share one server in the figure of memory.
    pub idle_sessions: usize,
    pub idle_rounds: usize,
    pub idle_time: Duration,
    /// Output before a reattach, and over which memory may grow.
    pub history_bytes: usize,
    pub reattaches: usize,
    pub recording_bytes: usize,
    /// Sessions side by side that nobody is attached to.
    pub detached_sessions: usize,
    /// Seconds of a session that many watch, and how often.
    pub viewed_seconds: usize,
    pub viewer_rounds: usize,
    /// Seconds of requests.
    pub request_seconds: usize,
    pub reconnects: usize,
    pub restarts: usize,
    /// Of transcripts, a kilobyte for each entry; and chunks that have vectors.
    pub transcript_bytes: usize,
    pub chunks: usize,
    /// Times that each query is asked of the server; the command and others are asked fewer times.
    pub queries: usize,
}

impl Scale {
    pub fn full() -> Scale {
        Scale {
            key_rounds: 20,
            keys_per_round: 100,
            busy_key_rounds: 4,
            busy_keys_per_round: 500,
            flood_bytes: 64 * MB,
            flood_rounds: 5,
            loaded_flood_rounds: 2,
            starts: 30,
            idle_sessions: 20,
            idle_rounds: 3,
            idle_time: Duration::from_secs(10),
            history_bytes: 1024 * MB,
            reattaches: 5,
            recording_bytes: 64 * MB,
            detached_sessions: 500,
            viewed_seconds: 10,
            viewer_rounds: 3,
            request_seconds: 10,
            reconnects: 200,
            restarts: 10,
            transcript_bytes: 1024 * MB,
            chunks: 200_000,
            queries: 100,
        }
    }

    pub fn quick() -> Scale {
        Scale {
            key_rounds: 8,
            keys_per_round: 25,
            busy_key_rounds: 2,
            busy_keys_per_round: 100,
            flood_bytes: 16 * MB,
            flood_rounds: 2,
            loaded_flood_rounds: 1,
            starts: 8,
            idle_sessions: 20,
            idle_rounds: 1,
            idle_time: Duration::from_secs(5),
            history_bytes: 64 * MB,
            reattaches: 3,
            recording_bytes: 16 * MB,
            detached_sessions: 50,
            viewed_seconds: 5,
            viewer_rounds: 1,
            request_seconds: 3,
            reconnects: 50,
            restarts: 3,
            transcript_bytes: 256 * MB,
            chunks: 50_000,
            queries: 20,
        }
    }
}

/// Megabytes of so many bytes, as the tables count them.
pub fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / MB as f64
}

/// Longest wait for so many bytes to come through: no peer in use is slower than 2 MB/s.
pub fn flood_limit(bytes: usize) -> Duration {
    Duration::from_secs(20) + Duration::from_secs((bytes / MB / 2) as u64)
}
