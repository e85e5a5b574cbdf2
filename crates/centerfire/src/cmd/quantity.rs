//! Numbers with a unit, as people write them: `30d`, `10GB`.

use std::time::Duration;

/// An age: a number and s, m, h, d or w.
pub(crate) fn age(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let seconds = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        "w" => 7.0 * 86_400.0,
        _ => return Err("write a number and a unit of s, m, h, d or w, such as 30d".to_owned()),
    };
    let duration = number.and_then(|number| Duration::try_from_secs_f64(number * seconds).ok());
    duration.ok_or_else(|| "write an age such as 30d or 12h".to_owned())
}

/// An age after which something ends: more than nothing.
pub(crate) fn lasting(text: &str) -> Result<Duration, String> {
    age(text).and_then(|age| match age.is_zero() {
        true => Err("write more than nothing, such as 12h".to_owned()),
        false => Ok(age),
    })
}

/// Bytes: a number and kB, MB, GB or TB, also their first letter alone, or KiB and so on.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    if unit.is_empty() {
        // Bytes or gigabytes: what is removed for want of a unit is gone.
        return Err("write a number and a unit of B, kB, MB, GB or TB, such as 10GB".to_owned());
    }
    let unit = unit.to_ascii_lowercase();
    let thousand: f64 = if unit.ends_with("ib") { 1024.0 } else { 1000.0 };
    let power = match unit.trim_end_matches("ib").trim_end_matches('b') {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return Err("write a number and a unit of B, kB, MB, GB or TB, such as 10GB".to_owned()),
    };
    let bytes = number.map(|number| number * thousand.powi(power)).filter(|bytes| *bytes < 1e18);
    bytes.map(|bytes| bytes as u64).ok_or_else(|| "write a size such as 10GB".to_owned())
}

/// A time in seconds, with a fraction if wanted.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "write seconds, such as 30 or 0.5".to_owned())
}

fn split(text: &str) -> (Option<f64>, &str) {
    let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number.trim().parse().ok().filter(|number| *number >= 0.0), unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_and_nonsense_is_refused() {
        assert_eq!(age("30d"), Ok(Duration::from_secs(30 * 86_400)));
        assert_eq!(age("1.5h"), Ok(Duration::from_secs(5400)));
        assert_eq!(bytes("10GB"), Ok(10_000_000_000));
        assert_eq!(bytes("7B"), Ok(7));
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert!(["-1", "", "soon", "NaN", "1e99"].iter().all(|text| seconds(text).is_err()));
        assert_eq!(bytes("1.5m"), Ok(1_500_000));
        assert_eq!(bytes("2 KiB"), Ok(2048));
        for bad in ["", "d", "30", "30y", "-1d", "1e400d"] {
            assert!(age(bad).is_err(), "{bad}");
        }
        for bad in ["", "7", "GB", "-1B", "1PB"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }
}
