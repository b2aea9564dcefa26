//! Moments as scanners write them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How far ahead of this machine's clock another one may be.
const SKEW: SignedDuration = SignedDuration::from_hours(1);

/// Reads RFC 3339, and the same without an offset, which is taken for UTC.
#[must_use]
pub fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let local = |text: &str| text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    text.parse().ok().or_else(|| local(text).map(|zoned| zoned.timestamp()))
}

/// How old something is; `None` if it comes from the future, which no honest clock says.
#[must_use]
pub fn age(made: Timestamp, now: Timestamp) -> Option<SignedDuration> {
    let age = now.duration_since(made);
    (age >= -SKEW).then(|| age.max(SignedDuration::ZERO))
}

/// A duration in the largest unit that leaves little out: `3 days`, `5 hours`.
#[must_use]
pub fn in_words(age: SignedDuration) -> String {
    let seconds = age.as_secs();
    let (count, unit) = match seconds {
        ..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_scanners_write_them() {
        let cases = [
            ("2021-08-25T12:20:30.000000005Z", Some("2021-08-25T12:20:30.000000005Z")),
            ("2021-08-25T12:20:30+03:00", Some("2021-08-25T09:20:30Z")),
            ("2023-01-02T03:04:05", Some("2023-01-02T03:04:05Z")),
            ("2023-01-02", Some("2023-01-02T00:00:00Z")),
            ("yesterday", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(moment(text).map(|moment| moment.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_future_has_no_age() {
        let now = moment("2026-01-02T00:00:00Z").unwrap();
        let age = |made: &str| age(moment(made).unwrap(), now).map(in_words);
        assert_eq!(age("2026-01-01T00:00:00Z").as_deref(), Some("24 hours"));
        assert_eq!(age("2026-01-02T00:30:00Z").as_deref(), Some("0 seconds"));
        assert_eq!(age("2026-01-02T02:00:00Z"), None);
        assert_eq!(age("2025-12-02T00:00:00Z").as_deref(), Some("31 days"));
    }
}
