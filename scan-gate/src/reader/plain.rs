//! A text or a number, for what one program writes as the one and the next program as the other.

use std::fmt;

use jiff::{SignedDuration, Timestamp, Unit};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A text or a number. Anything else is taken for absent.
#[derive(Debug, Default, PartialEq)]
pub(super) enum Plain {
    /// Neither.
    #[default]
    Other,
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
}

impl Plain {
    /// The moment that it stands for: a text as it is, or seconds since 1970, as version 1 of the AWS CLI writes them.
    pub(super) fn moment(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text).filter(|text| !text.is_empty()),
            Self::Number(seconds) => {
                let since = SignedDuration::try_from_secs_f64(seconds).ok()?;
                Some(Timestamp::from_duration(since).ok()?.round(Unit::Millisecond).ok()?.to_string())
            }
            Self::Other => None,
        }
    }

    /// The number, if it is one and above zero: zero stands for a score that nobody gave.
    pub(super) fn positive(&self) -> Option<f32> {
        let number = match self {
            Self::Text(text) => text.trim().parse().ok(),
            #[expect(clippy::cast_possible_truncation, reason = "a score has one digit behind the point")]
            Self::Number(number) => Some(*number as f32),
            Self::Other => None,
        };
        number.filter(|number: &f32| number.is_finite() && *number > 0.0)
    }

    /// The text of it, as it would be read aloud.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.trim().to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Other => String::new(),
        }
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either)
    }
}

struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = Plain;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or a number")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Plain, E> {
        Ok(Plain::Text(text.to_owned()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Plain, E> {
        Ok(Plain::Number(number))
    }

    #[expect(clippy::cast_precision_loss, reason = "no score, line or second is that large")]
    fn visit_i64<E: Error>(self, number: i64) -> Result<Plain, E> {
        Ok(Plain::Number(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "no score, line or second is that large")]
    fn visit_u64<E: Error>(self, number: u64) -> Result<Plain, E> {
        Ok(Plain::Number(number as f64))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Plain, E> {
        Ok(Plain::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Plain, E> {
        Ok(Plain::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Plain, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Plain::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Plain, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Plain::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Plain {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_moment_is_a_text_or_seconds_since_1970() {
        let cases = [
            ("\"2021-12-03T20:36:14+00:00\"", Some("2021-12-03T20:36:14+00:00")),
            ("1579839105.0", Some("2020-01-24T04:11:45Z")),
            ("1579839105.25", Some("2020-01-24T04:11:45.25Z")),
            ("1579839105", Some("2020-01-24T04:11:45Z")),
            ("\"\"", None),
            ("null", None),
            ("1e300", None),
            ("{\"a\":[1]}", None),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text).moment().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_score_is_a_number_above_zero_or_the_text_of_one() {
        let cases = [
            ("9.1", Some(9.1)),
            ("\"9.1\"", Some(9.1)),
            ("7", Some(7.0)),
            ("0.0", None),
            ("\"0\"", None),
            ("-1", None),
            ("\"NaN\"", None),
            ("\"high\"", None),
            ("[9.1]", None),
            ("true", None),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text).positive(), expected, "{text}");
        }
    }
}
