//! Times: as AWS sends them, for people, and as people write them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// A time in seconds since 1970 as RFC 3339 in UTC, to the second; `None` if no calendar has it.
#[must_use]
pub fn rfc3339(seconds: f64) -> Option<String> {
    let duration = jiff::SignedDuration::try_from_secs_f64(seconds).ok()?;
    let time = Timestamp::from_duration(duration).ok()?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// The beginning of a day in UTC.
///
/// # Errors
/// It is not written as 2026-01-31.
pub fn day(text: &str) -> Result<Timestamp, String> {
    let wrong = || format!("`{text}` is no date: it must look like 2026-01-31");
    let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date: Date = text.parse().map_err(|_| wrong())?;
    let begin = date.to_zoned(TimeZone::UTC).map_err(|_| format!("`{text}` is too late a date"))?.timestamp();
    if is_plain { Ok(begin) } else { Err(wrong()) }
}

/// The end of a day in UTC, from which the next one begins.
///
/// # Errors
/// As [`day`].
pub fn end_of_day(text: &str) -> Result<Timestamp, String> {
    day(text)?.checked_add(24.hours()).map_err(|_| format!("`{text}` is too late a date"))
}

/// A moment as RFC 3339 writes it.
///
/// # Errors
/// It is none, or has no offset.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| format!("`{text}` is no moment: it must look like 2026-01-31T12:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_to_the_second() {
        assert_eq!(rfc3339(1_767_225_600.75).as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(rfc3339(f64::NAN), None);
        assert_eq!(rfc3339(1e30), None);
    }

    #[test]
    fn a_day_is_a_day_in_utc() {
        assert_eq!(day("2026-01-31").unwrap().to_string(), "2026-01-31T00:00:00Z");
        assert_eq!(end_of_day("2026-12-31").unwrap().to_string(), "2027-01-01T00:00:00Z");
        for text in ["", "2026-02-30", "20260131", "2026-01-31T00:00:00Z", "2026-1-31", "31-01-2026", "soon"] {
            assert!(day(text).is_err(), "{text}");
        }
        assert!(end_of_day("9999-12-31").is_err());
    }

    #[test]
    fn a_moment_needs_its_offset() {
        assert_eq!(
            moment("2023-01-19T02:36:03.290252574-06:00").unwrap().to_string(),
            "2023-01-19T08:36:03.290252574Z"
        );
        assert!(moment("2023-01-19T02:36:03").is_err() && moment("2023-01-19").is_err() && moment("").is_err());
    }
}
