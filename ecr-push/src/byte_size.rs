//! A number of bytes as people type it: `64M`, `1.5GiB`, `300kB`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

/// A text that is no number of bytes.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not a number of bytes: write for example 64M, 1.5GiB or 300kB")]
pub struct NotAByteSize(String);

/// `M` and `MiB` are powers of 1024, as with curl and dd; `MB` is a power of 1000.
const UNITS: [(&str, u64); 13] = [
    ("", 1),
    ("b", 1),
    ("k", 1 << 10),
    ("kib", 1 << 10),
    ("kb", 1_000),
    ("m", 1 << 20),
    ("mib", 1 << 20),
    ("mb", 1_000_000),
    ("g", 1 << 30),
    ("gib", 1 << 30),
    ("gb", 1_000_000_000),
    ("t", 1 << 40),
    ("tib", 1 << 40),
];

impl FromStr for ByteSize {
    type Err = NotAByteSize;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || NotAByteSize(text.to_owned());
        let digits = text.find(|found: char| !found.is_ascii_digit() && found != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let unit = unit.trim().to_ascii_lowercase();
        let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(refused)?;
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let whole: u64 = whole.parse().map_err(|_| refused())?;
        let part = fraction(part, *unit).ok_or_else(refused)?;
        whole.checked_mul(*unit).and_then(|whole| whole.checked_add(part)).map(Self).ok_or_else(refused)
    }
}

/// The digits behind the point, in units; more than six of them are no size that anyone means.
fn fraction(digits: &str, unit: u64) -> Option<u64> {
    if digits.is_empty() {
        return Some(0);
    }
    let count = u32::try_from(digits.len()).ok().filter(|count| *count <= 6)?;
    let part = u128::from(digits.parse::<u64>().ok()?) * u128::from(unit) / 10_u128.pow(count);
    u64::try_from(part).ok()
}

impl fmt::Display for ByteSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
        match units.into_iter().find(|(unit, _)| self.0 >= *unit) {
            Some((unit, name)) => write!(formatter, "{}.{} {name}", self.0 / unit, self.0 % unit / (unit / 10)),
            None => write!(formatter, "{} B", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_type_them() {
        let cases = [
            ("0", 0),
            ("512", 512),
            ("64M", 64 << 20),
            ("64 MiB", 64 << 20),
            ("64MB", 64_000_000),
            ("1.5GiB", 3 << 29),
            ("10k", 10_240),
            ("2t", 2 << 40),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse(), Ok(ByteSize(expected)), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "M", "-1", "1.2.3M", "64 MBit", "1e3", "99999999999999T", ".", "1.1234567M"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn bytes_are_said_in_the_largest_unit_that_fits() {
        let cases = [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (1_999_999, "1.9 MB"), (52_000_000_000, "52.0 GB")];
        for (bytes, expected) in cases {
            assert_eq!(ByteSize(bytes).to_string(), expected);
        }
    }
}
