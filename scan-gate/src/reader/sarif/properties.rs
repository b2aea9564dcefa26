//! The bag of properties of a rule or a result. Anything may be in it, so nothing but the names that are read is looked at.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::json::is_nearly;
use crate::reader::plain::Plain;
use crate::severity::Rating;

const SECURITY_SEVERITY: &str = "security-severity";
const SCOUT_SEVERITY: &str = "cvssV3_severity";

const NAMES: [&str; 7] = [
    SECURITY_SEVERITY,
    SCOUT_SEVERITY,
    "cvssV3",
    "cvssV3_vector",
    "cvssv40_baseScore",
    "cvssv3_baseScore",
    "cvssv2_score",
];

/// What is known to stand there.
#[derive(Debug, Default)]
pub(super) struct Properties {
    security_severity: Plain,
    /// Whether `security-severity` is there, whatever it is.
    is_rated: bool,
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
        if self.is_rated && self.security_severity == Plain::Other {
            return Some(Rating::Unknown);
        }
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
        let mut seen = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            let Some(known) = NAMES.iter().find(|known| known.eq_ignore_ascii_case(&name)) else {
                if is_nearly(&name, SECURITY_SEVERITY) {
                    return Err(A::Error::custom(format_args!("member `{name}` is not spelled `{SECURITY_SEVERITY}`")));
                }
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            // Others have names of their own that differ in their case; that of the severity is everybody's.
            if name != *known && [SECURITY_SEVERITY, SCOUT_SEVERITY].contains(known) {
                return Err(A::Error::custom(format_args!("member `{name}` is not spelled `{known}`")));
            }
            if name != *known {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            if seen.contains(known) {
                return Err(A::Error::duplicate_field(known));
            }
            seen.push(*known);
            let place = match *known {
                SECURITY_SEVERITY => {
                    properties.is_rated = true;
                    &mut properties.security_severity
                }
                SCOUT_SEVERITY => &mut properties.scout_severity,
                "cvssV3" => &mut properties.scout_score,
                "cvssV3_vector" => &mut properties.scout_vector,
                "cvssv40_baseScore" => &mut properties.v4_score,
                "cvssv3_baseScore" => &mut properties.v3_score,
                _ => &mut properties.v2_score,
            };
            *place = members.next_value::<Option<Plain>>()?.unwrap_or(Plain::Text(String::new()));
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
            (r#"{"security-severity":["9.8"]}"#, Some(Rating::Unknown)),
            (r#"{"security-severity":{"x":9.8}}"#, Some(Rating::Unknown)),
            (r#"{"other":{"security-severity":"9"}}"#, None),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).rating(), expected, "{text}");
        }
    }

    #[test]
    fn it_must_be_spelled_so_and_stand_there_once() {
        for text in [
            r#"{"cvssV3_severity":"CRITICAL","cvssV3_severity":"LOW"}"#,
            r#"{"CvssV3_severity":"CRITICAL"}"#,
            r#"{"security_severity":"9.8"}"#,
            r#"{"Security-Severity":"9"}"#,
            r#"{"security-severity":"9","security-severity":"1"}"#,
        ] {
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
