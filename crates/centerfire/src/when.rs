//! Times as people write and read them.

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
    let timestamp = match text.parse::<jiff::Timestamp>() {
        Ok(timestamp) => timestamp,
        Err(_) => {
            let local: jiff::civil::DateTime = text.parse().map_err(|_| wrong())?;
            local.to_zoned(jiff::tz::TimeZone::system()).map_err(|_| wrong())?.timestamp()
        }
    };
    u64::try_from(timestamp.as_microsecond()).map(Time).map_err(|_| wrong())
}

/// The time of day at the user's place.
pub(crate) fn clock(time: Time) -> String {
    let timestamp = jiff::Timestamp::from_microsecond(i64::try_from(time.0).unwrap_or(i64::MAX));
    let zoned = timestamp.unwrap_or_default().to_zoned(jiff::tz::TimeZone::system());
    zoned.strftime("%H:%M:%S").to_string()
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
