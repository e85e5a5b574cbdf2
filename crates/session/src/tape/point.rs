//! A place in a recording: an offset in its output, or a time since its start.

use protocol::Offset;
use std::str::FromStr;
use std::time::Duration;

/// Where to begin, to go, or to end.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Point {
    /// Behind so much output.
    Offset(Offset),
    /// So long after the start.
    Time(Duration),
}

impl FromStr for Point {
    type Err = String;

    /// `12345` is an offset; `90s`, `1:30` and `1:02:03.5` are times.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(offset) = text.parse() {
            return Ok(Self::Offset(Offset(offset)));
        }
        let seconds = match text.strip_suffix('s') {
            Some(seconds) => seconds.parse().ok(),
            None if text.contains(':') => {
                text.split(':').try_fold(0.0, |sum, part| Some(sum * 60.0 + part.parse::<f64>().ok()?))
            }
            None => None,
        };
        let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        time.map(Self::Time)
            .ok_or_else(|| "write an offset such as 12345, or a time such as 90s or 1:30".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_times_are_told_apart() {
        let time = |seconds| Ok(Point::Time(Duration::from_secs_f64(seconds)));
        assert_eq!("12345".parse(), Ok(Point::Offset(Offset(12345))));
        assert_eq!("90s".parse(), time(90.0));
        assert_eq!("1:30".parse(), time(90.0));
        assert_eq!("1:02:03.5".parse(), time(3723.5));
        for bad in ["", "x", "-5", "1:x", "-5s", ":"] {
            assert!(bad.parse::<Point>().is_err(), "{bad}");
        }
    }
}
