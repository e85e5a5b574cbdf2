//! Times as people write and read them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use protocol::Time;

/// Reads `2026-11-21`, `2026-11-21T09:30`, an RFC 3339 time, or how long ago: `30m`, `12h`, `3d`, `2w`.
pub(crate) fn parse(text: &str) -> Result<Time, String> {
    let wrong = || {
        format!(
            "{text:?} is no time: write 2026-11-21, 2026-11-21T09:30, or how long ago, such as 12h, 3d or 2w"
        )
    };
    let unit = |unit: char| match unit {
        'm' => Some(60),
        'h' => Some(3_600),
        'd' => Some(86_400),
        'w' => Some(7 * 86_400),
        _ => None,
    };
    if let Some((number, seconds)) =
        text.char_indices().last().and_then(|(end, last)| Some((&text[..end], unit(last)?)))
        && let Ok(number) = number.parse::<u64>()
    {
        let ago_us = number.saturating_mul(seconds).saturating_mul(1_000_000);
        return Ok(Time(Time::now().0.saturating_sub(ago_us)));
    }
    Time::parse(text).or_else(|| local(text)).ok_or_else(wrong)
}

/// A time of the user's place, whole or a date alone.
fn local(text: &str) -> Option<Time> {
    let time: DateTime = text.parse().ok()?;
    let time = time.to_zoned(TimeZone::system()).ok()?.timestamp();
    u64::try_from(time.as_microsecond()).ok().map(Time)
}

/// At the user's place, in the form of `strftime`.
pub(crate) fn at_home(time: Time, form: &str) -> String {
    time.utc().to_zoned(TimeZone::system()).strftime(form).to_string()
}

/// The time of day at the user's place.
pub(crate) fn clock(time: Time) -> String {
    at_home(time, "%H:%M:%S")
}

/// How long ago, in its largest unit.
pub(crate) fn ago(then: Time) -> String {
    let seconds = Time::now().since(then).as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form() {
        assert_eq!(parse("1970-01-01T00:00:01Z"), Ok(Time(1_000_000)));
        let day = parse("2026-11-21").unwrap();
        assert_eq!(parse("2026-11-21T00:00").unwrap(), day);
        let ago = Time::now().since(parse("2d").unwrap()).as_secs();
        assert!((172_799..172_860).contains(&ago), "{ago}");
        for wrong in ["", "d", "yesterday", "3y", "2026-13-01", "µ"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
