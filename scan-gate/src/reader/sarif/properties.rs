//! The bag of properties of a rule or a result. Anything may be in it, so nothing but the names that are read is looked at.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::reader::plain::Plain;
use crate::severity::Rating;

const SECURITY_SEVERITY: &str = "security-severity";

/// What is known to stand there.
#[derive(Debug, Default)]
pub(super) struct Properties {
    security_severity: Plain,
    /// Docker Scout's own word, whatever the version of CVSS.
    pub(super) scout_severity: Plain,
    scout_score: Plain,
    scout_vector: Plain,
    v2_score: Plain,
    v3_score: Plain,
    v4_score: Plain,
}

impl Properties {
    /// The rating by `security-severity`. Zero says nothing, and what is neither a score nor a word is unknown.
    pub(super) fn rating(&self) -> Option<Rating> {
        let text = self.security_severity.text();
        match text.parse::<f32>() {
            Ok(0.0) => None,
            Ok(score) => Some(Rating::of_score(score)),
            Err(_) => Some(Rating::of_word(Some(&text))).filter(|_| !text.is_empty()),
        }
    }

    /// The CVSS scores, each with its version.
    pub(super) fn scores(&self) -> Box<[(u8, f32)]> {
        // Docker Scout names it after CVSS 3 even if the vector is one of CVSS 4.
        let scout_version = if self.scout_vector.text().starts_with("CVSS:4") { 4 } else { 3 };
        let all = [(4, &self.v4_score), (3, &self.v3_score), (2, &self.v2_score), (scout_version, &self.scout_score)];
        all.into_iter().filter_map(|(version, score)| Some((version, score.positive()?))).collect()
    }
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Bag)
    }
}

struct Bag;

impl<'de> Visitor<'de> for Bag {
    type Value = Properties;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a bag of properties")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Properties, A::Error> {
        let mut properties = Properties::default();
        let mut is_rated = false;
        while let Some(name) = members.next_key::<String>()? {
            let place = match name.as_str() {
                SECURITY_SEVERITY if is_rated => return Err(A::Error::duplicate_field(SECURITY_SEVERITY)),
                SECURITY_SEVERITY => {
                    is_rated = true;
                    &mut properties.security_severity
                }
                "cvssV3_severity" => &mut properties.scout_severity,
                "cvssV3" => &mut properties.scout_score,
                "cvssV3_vector" => &mut properties.scout_vector,
                "cvssv40_baseScore" => &mut properties.v4_score,
                "cvssv3_baseScore" => &mut properties.v3_score,
                "cvssv2_score" => &mut properties.v2_score,
                other if other.eq_ignore_ascii_case(SECURITY_SEVERITY) => {
                    let cause = format_args!("member `{other}` is not spelled `{SECURITY_SEVERITY}`");
                    return Err(A::Error::custom(cause));
                }
                _ => {
                    members.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *place = members.next_value()?;
        }
        Ok(properties)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::severity::Severity;

    fn read(text: &str) -> Properties {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_security_severity_is_a_score_or_a_word_and_zero_is_neither() {
        let known = |severity| Some(Rating::Known(severity));
        let cases = [
            (r#"{"security-severity":"9.0"}"#, known(Severity::Critical)),
            (r#"{"security-severity":8.9}"#, known(Severity::High)),
            (r#"{"security-severity":" 6.9 "}"#, known(Severity::Medium)),
            (r#"{"security-severity":"0.1"}"#, known(Severity::Low)),
            (r#"{"security-severity":"High"}"#, known(Severity::High)),
            (r#"{"security-severity":"grave"}"#, Some(Rating::Unknown)),
            (r#"{"security-severity":"11"}"#, Some(Rating::Unknown)),
            (r#"{"security-severity":"NaN"}"#, Some(Rating::Unknown)),
            (r#"{"security-severity":"-1"}"#, Some(Rating::Unknown)),
            (r#"{"security-severity":"0.0"}"#, None),
            (r#"{"security-severity":0}"#, None),
            (r#"{"security-severity":""}"#, None),
            (r#"{"security-severity":null}"#, None),
            (r#"{"other":{"security-severity":"9"}}"#, None),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).rating(), expected, "{text}");
        }
    }

    #[test]
    fn it_must_be_spelled_so_and_stand_there_once() {
        for text in [r#"{"Security-Severity":"9"}"#, r#"{"security-severity":"9","security-severity":"1"}"#] {
            assert!(serde_json::from_str::<Properties>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn scores_are_read_with_their_version() {
        let read = |text| read(text).scores().into_vec();
        assert_eq!(read(r#"{"cvssv2_score":5,"cvssv3_baseScore":"7.5","cvssv40_baseScore":0}"#), [(3, 7.5), (2, 5.0)]);
        assert_eq!(read(r#"{"cvssV3":7.3,"cvssV3_vector":"CVSS:4.0/AV:N"}"#), [(4, 7.3)]);
        assert_eq!(read(r#"{"cvssV3":7.3,"cvssV3_vector":"CVSS:3.1/AV:N"}"#), [(3, 7.3)]);
        assert_eq!(read(r#"{"cvssV3":"high","CVSSv3":[]}"#), []);
    }
}
