//! Lengths of time for people.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A length of time in its two largest units, `3 h 12 min` for example.
#[must_use]
pub(crate) fn words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (larger, smaller) = match seconds {
        0..MINUTE => return format!("{seconds} s"),
        MINUTE..HOUR => ((seconds / MINUTE, "min"), (seconds % MINUTE, "s")),
        HOUR..DAY => ((seconds / HOUR, "h"), (seconds % HOUR / MINUTE, "min")),
        DAY.. => ((seconds / DAY, "d"), (seconds % DAY / HOUR, "h")),
    };
    match smaller {
        (0, _) => format!("{} {}", larger.0, larger.1),
        (count, unit) => format!("{} {} {count} {unit}", larger.0, larger.1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_has_two_units_at_most() {
        let cases = [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (301, "5 min 1 s"),
            (3600, "1 h"),
            (11_579, "3 h 12 min"),
            (86_400, "1 d"),
            (190_000, "2 d 4 h"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(words(Duration::from_secs(seconds)), expected);
        }
    }
}
