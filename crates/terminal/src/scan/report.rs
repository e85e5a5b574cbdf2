//! The grammar of program status reports (OSC 7501): pairs `key=value` with `:` between.
//!
//! A malformed pair and an unknown key are passed over, the last of a repeated key counts; a broken limit, bad
//! base64 or a control character spoils the whole report, and a spoiled report changes nothing.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use protocol::{BlockKind, ProgramReport, ProgramState};

/// Bytes of a report from `ESC ]` to its terminator, both included.
pub(super) const MAX_BYTES: usize = 4096;
/// Levels of an id.
const MAX_LEVELS: usize = 8;
/// Bytes of one level of an id, and of the program's name.
const MAX_NAME: usize = 32;

/// Standard base64, whose padding may be left out.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Reads what stands after `7501;` of a sequence of `bytes` bytes.
pub(super) fn parse(rest: &[u8], bytes: u64) -> Option<ProgramReport> {
    let rest = std::str::from_utf8(rest).ok()?;
    if bytes > MAX_BYTES as u64 || rest.chars().any(char::is_control) {
        return None;
    }
    let mut report = ProgramReport::default();
    let mut state = None;
    for (key, value) in rest.split(':').filter_map(|pair| pair.split_once('=')) {
        match key {
            "state" => state = Some(parse_state(value)?),
            "kind" => report.kind = parse_kind(value),
            "id" => report.id = Some(parse_id(value)?),
            "app" => report.app = Some(parse_name(value)?),
            "msg" => report.msg = Some(parse_text(value)?),
            "title" => report.title = Some(parse_text(value)?),
            _ => {}
        }
    }
    report.state = state?;
    if report.state != ProgramState::Blocked {
        report.kind = None;
    }
    Some(report)
}

fn parse_state(value: &str) -> Option<ProgramState> {
    Some(match value {
        "idle" => ProgramState::Idle,
        "working" => ProgramState::Working,
        "blocked" => ProgramState::Blocked,
        "done" => ProgramState::Done,
        "error" => ProgramState::Error,
        "clear" => ProgramState::Unknown,
        _ => return None,
    })
}

/// A kind we do not know leaves the program blocked, without a kind.
fn parse_kind(value: &str) -> Option<BlockKind> {
    match value {
        "permission" => Some(BlockKind::Permission),
        "question" => Some(BlockKind::Question),
        _ => None,
    }
}

fn parse_id(value: &str) -> Option<String> {
    let levels = value.split('/').count();
    (levels <= MAX_LEVELS && value.split('/').all(is_name)).then(|| value.to_owned())
}

fn parse_name(value: &str) -> Option<String> {
    is_name(value).then(|| value.to_owned())
}

fn is_name(value: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.+-".contains(&b);
    (1..=MAX_NAME).contains(&value.len()) && value.bytes().all(plain)
}

fn parse_text(value: &str) -> Option<String> {
    let text = String::from_utf8(BASE64.decode(value).ok()?).ok()?;
    (!text.chars().any(char::is_control)).then_some(text)
}
