//! Reads a whole journal and says what it found.

use crate::writer::advance;
use crate::{Error, Reader, Result, segment};
use protocol::{Body, Offset, Time};
use std::path::Path;

/// What a check of every byte found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// Segments read.
    pub segments: u64,
    /// How many of them are sealed.
    pub sealed: u64,
    /// Whole records.
    pub records: u64,
    /// Bytes of output held.
    pub output_bytes: u64,
    /// Bytes of input held, without those of secrets.
    pub input_bytes: u64,
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// Bytes of output that were shown and could not be stored.
    pub gap_bytes: u64,
    /// Bytes of torn records at the ends of segments.
    pub torn_bytes: u64,
    /// When the first and the last record were written.
    pub times: Option<(Time, Time)>,
    /// Damage, each with its place; empty for a sound journal.
    pub damage: Vec<String>,
}

impl Report {
    /// Whether every byte that was stored can be read.
    pub fn is_sound(&self) -> bool {
        self.damage.is_empty()
    }
}

/// Reads everything in `dir` and tells `progress` after each segment how many bytes of output were read so far.
pub fn verify(dir: &Path, mut progress: impl FnMut(u64)) -> Result<Report> {
    let segments = segment::list(dir)?;
    let mut report = Report {
        segments: segments.len() as u64,
        sealed: segments.iter().filter(|segment| segment.sealed).count() as u64,
        disk_bytes: segment::bytes_on_disk(dir)?,
        ..Report::default()
    };
    for pair in segments.windows(2) {
        if pair[1].number != pair[0].number + 1 {
            report.damage.push(format!(
                "segments {} to {} are missing",
                pair[0].number + 1,
                pair[1].number - 1
            ));
        }
    }
    let first = segments.first().ok_or_else(|| Error::Missing(dir.to_owned()))?;
    let mut reader = Reader::at_segment(dir, first.number)?;
    let mut expected = Offset::ZERO;
    let mut number = first.number;
    loop {
        match reader.next() {
            Ok(Some(record)) => {
                if record.offset != expected {
                    let text = format!("a record at offset {} where {expected} was expected", record.offset);
                    report.damage.push(text);
                }
                expected = record.offset + advance(&record.body);
                count(&mut report, &record.body, record.time);
            }
            Ok(None) => break,
            Err(error @ (Error::Corrupt { .. } | Error::Version { .. })) => {
                report.damage.push(error.to_string());
                if !reader.skip_segment()? {
                    break;
                }
                // What follows cannot be where it was expected.
                expected = reader.peek_offset().ok().flatten().unwrap_or(expected);
            }
            Err(error) => return Err(error),
        }
        if reader.segment() != number {
            number = reader.segment();
            progress(report.output_bytes);
        }
    }
    report.torn_bytes = reader.torn_bytes() + reader.unfinished();
    Ok(report)
}

fn count(report: &mut Report, body: &Body<'_>, time: Time) {
    report.records += 1;
    let first = report.times.map_or(time, |(first, _)| first);
    report.times = Some((first, time));
    match body {
        Body::Output { bytes, .. } => report.output_bytes += bytes.len() as u64,
        Body::Input { bytes, .. } | Body::Reply { bytes } => report.input_bytes += bytes.len() as u64,
        // A number that stands in the record, which may claim anything.
        Body::Gap(bytes) => report.gap_bytes = report.gap_bytes.saturating_add(*bytes),
        _ => {}
    }
}
