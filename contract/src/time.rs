//! Times as AWS sends them, for people.

use jiff::Timestamp;

/// A time in seconds since 1970 as RFC 3339 in UTC, to the second; `None` if no calendar has it.
#[must_use]
pub fn rfc3339(seconds: f64) -> Option<String> {
    let duration = jiff::SignedDuration::try_from_secs_f64(seconds).ok()?;
    let time = Timestamp::from_duration(duration).ok()?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
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
}
