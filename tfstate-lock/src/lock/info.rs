//! Terraform's lock object: what it says, and its exact bytes.
//!
//! The object is `json.Marshal` of Terraform's `LockInfo`: seven members in a fixed order, compact, no line feed at the end. OpenTofu writes
//! the same bytes. Source: measured with Terraform 1.11.4; hashicorp/terraform and opentofu/opentofu, `statemgr.LockInfo`.

use std::fmt::Write as _;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::lock::id::LockId;

/// The time that a lock without `Created` has: Go's zero time, 0001-01-01T00:00:00Z.
const NO_TIME: Timestamp = Timestamp::constant(-62_135_596_800, 0);

/// What a lock object says about its holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct LockInfo {
    /// Who may release it: only who knows this.
    #[serde(rename = "ID")]
    pub id: LockId,
    /// What it is held for, for example `OperationTypeApply`.
    pub operation: String,
    /// Free text that Terraform shows to whoever is kept out.
    pub info: String,
    /// The holder, `user@host`.
    pub who: String,
    /// The version of the program that took it.
    pub version: String,
    /// When it was taken, RFC 3339.
    #[serde(serialize_with = "as_go_writes_it")]
    #[schemars(with = "String")]
    pub created: Timestamp,
    /// The state that it guards, `bucket/key`: not the lock object's own key.
    pub path: String,
}

/// Why bytes are no lock that Terraform could read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LockInfoError {
    /// There are none. Terraform says "unexpected end of JSON input" and cannot even force-unlock it.
    #[error("it is empty")]
    Empty,
    /// The JSON ends too early.
    #[error("it is cut off: {0}")]
    Truncated(String),
    /// It is not one JSON document.
    #[error("it is not one JSON document: {0}")]
    NotJson(String),
    /// It is JSON but no object.
    #[error("it is JSON but not an object")]
    NotAnObject,
    /// A member is no text.
    #[error("its `{0}` is not a string")]
    NotText(&'static str),
    /// `Created` is no time.
    #[error("its `Created` is not an RFC 3339 time: {0}")]
    NoTime(String),
    /// Nobody could release it.
    #[error("it has no `ID`")]
    NoId,
}

impl LockInfo {
    /// Reads a lock object as Terraform does: members it does not know and white space around are ignored, names match in any case.
    ///
    /// # Errors
    /// The bytes are no JSON object, have no `ID`, or a member has the wrong type.
    pub fn parse(bytes: &[u8]) -> Result<Self, LockInfoError> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(LockInfoError::Empty);
        }
        let value: Value = serde_json::from_slice(bytes).map_err(|error| {
            let (is_cut_off, cause) = (error.is_eof(), error.to_string());
            if is_cut_off { LockInfoError::Truncated(cause) } else { LockInfoError::NotJson(cause) }
        })?;
        let Value::Object(members) = value else {
            return Err(LockInfoError::NotAnObject);
        };
        let text = |name| text(&members, name);
        let created = text("Created")?;
        Ok(Self {
            id: text("ID")?.parse().map_err(|_| LockInfoError::NoId)?,
            operation: text("Operation")?,
            info: text("Info")?,
            who: text("Who")?,
            version: text("Version")?,
            created: match created.as_str() {
                "" if !has(&members, "Created") => NO_TIME,
                _ => created.parse().map_err(|_| LockInfoError::NoTime(created))?,
            },
            path: text("Path")?,
        })
    }

    /// The bytes that Terraform would write.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings and a time always serialise.
        let json = serde_json::to_string(self).unwrap_or_default();
        escaped_as_go_does(&json).into_bytes()
    }
}

/// A member by its name in any case, the exact name first, as Go has it; empty if it is missing or null.
fn text(members: &Map<String, Value>, name: &'static str) -> Result<String, LockInfoError> {
    match member(members, name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(LockInfoError::NotText(name)),
    }
}

fn has(members: &Map<String, Value>, name: &str) -> bool {
    member(members, name).is_some_and(|value| !value.is_null())
}

fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let in_any_case = || members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    members.get(name).or_else(|| in_any_case().map(|(_, value)| value))
}

/// Go's `RFC3339Nano`: nanoseconds with trailing zeros trimmed, no fraction at all if there is none.
fn as_go_writes_it<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

/// Go escapes for HTML what JSON would let pass. These characters stand in strings only, so the whole text can be treated alike.
fn escaped_as_go_does(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut text, character| {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string cannot fail.
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            _ => text.push(character),
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As Terraform 1.11.4 wrote it.
    const GOLDEN: &str = r#"{"ID":"01682d0f-aea8-6cd4-b90b-399e37df4794","Operation":"OperationTypeApply","Info":"","Who":"root@vm","Version":"1.11.4","Created":"2026-11-23T01:11:07.409863923Z","Path":"tfb/prod/app.tfstate"}"#;

    fn lock() -> LockInfo {
        LockInfo::parse(GOLDEN.as_bytes()).unwrap()
    }

    #[test]
    fn terraforms_own_bytes_survive_a_round_trip() {
        assert_eq!(GOLDEN.len(), 196);
        let lock = lock();
        assert_eq!(lock.who, "root@vm");
        assert_eq!(String::from_utf8(lock.to_bytes()).unwrap(), GOLDEN);
    }

    #[test]
    fn text_is_escaped_as_go_escapes_it() {
        // Source: `jsonencode` of Terraform 1.11.4, which is Go's encoder, of the same characters.
        let info = "<a>&\u{2028}\u{2029}\u{8}\u{c}\u{7f}\u{1}é\n\"\\/";
        let bytes = LockInfo { info: info.to_owned(), ..lock() }.to_bytes();
        let expected = "\"Info\":\"\\u003ca\\u003e\\u0026\\u2028\\u2029\\b\\f\u{7f}\\u0001é\\n\\\"\\\\/\"";
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn times_have_no_trailing_zeros() {
        for created in [
            "2026-11-23T01:11:07Z",
            "2026-11-23T01:11:07.4Z",
            "2026-11-23T01:11:07.40986Z",
            "2026-11-23T01:11:07.000000001Z",
        ] {
            let lock = LockInfo { created: created.parse().unwrap(), ..lock() };
            let text = String::from_utf8(lock.to_bytes()).unwrap();
            assert!(text.contains(&format!("\"Created\":\"{created}\"")), "{text}");
        }
    }

    #[test]
    fn what_terraform_tolerates_is_tolerated() {
        let cases = [
            format!("{GOLDEN}\n"),
            GOLDEN.replace("\"Info\"", "\"info\"").replace("\"ID\"", "\"id\""),
            GOLDEN.replace("{\"ID\"", "{\"Lease\":{\"ttl\":[300]},\"ID\""),
            GOLDEN.replace("\"Info\":\"\",", ""),
            GOLDEN.replace("\"Info\":\"\"", "\"Info\":null"),
        ];
        for text in cases {
            assert_eq!(LockInfo::parse(text.as_bytes()).unwrap(), lock(), "{text}");
        }
        let without_uuid = GOLDEN.replace("01682d0f-aea8-6cd4-b90b-399e37df4794", "by hand");
        assert_eq!(LockInfo::parse(without_uuid.as_bytes()).unwrap().id.as_str(), "by hand");
    }

    #[test]
    fn a_lock_without_a_time_has_gos_zero_time() {
        let lock = LockInfo::parse(br#"{"ID":"a"}"#).unwrap();
        assert!(lock.to_bytes().ends_with(br#""Created":"0001-01-01T00:00:00Z","Path":""}"#));
    }

    #[test]
    fn what_terraform_cannot_read_is_named_precisely() {
        let cases = [
            ("", "it is empty"),
            (" \n", "it is empty"),
            ("{\"ID\":\"a\"", "it is cut off: "),
            ("lock", "it is not one JSON document: "),
            ("{\"ID\":\"a\"}{}", "it is not one JSON document: "),
            ("[]", "it is JSON but not an object"),
            ("{}", "it has no `ID`"),
            ("{\"ID\":\"\"}", "it has no `ID`"),
            ("{\"ID\":7}", "its `ID` is not a string"),
            ("{\"ID\":\"a\",\"Who\":[]}", "its `Who` is not a string"),
            ("{\"ID\":\"a\",\"Created\":\"today\"}", "its `Created` is not an RFC 3339 time: today"),
            ("{\"ID\":\"a\",\"Created\":\"\"}", "its `Created` is not an RFC 3339 time: "),
        ];
        for (text, expected) in cases {
            let error = LockInfo::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    prop_compose! {
        fn any_lock()(
            id in any::<[u8; 16]>(),
            texts in any::<[String; 5]>(),
            // The years 0 to 9999, which is all that RFC 3339 can say.
            seconds in -62_167_219_200_i64..253_402_207_200,
            nanoseconds in 0_i32..1_000_000_000,
        ) -> LockInfo {
            let [operation, info, who, version, path] = texts;
            LockInfo {
                id: LockId::from_random(id),
                operation,
                info,
                who,
                version,
                created: Timestamp::new(seconds, if seconds < 0 { 0 } else { nanoseconds }).unwrap(),
                path,
            }
        }
    }

    proptest! {
        #[test]
        fn every_lock_is_read_as_it_was_written(lock in any_lock()) {
            let bytes = lock.to_bytes();
            prop_assert_eq!(LockInfo::parse(&bytes).unwrap(), lock);
        }

        #[test]
        fn bytes_are_compact_and_hold_nothing_that_go_would_escape(lock in any_lock()) {
            let text = String::from_utf8(lock.to_bytes()).unwrap();
            let escaped = text.contains(['<', '>', '&', '\u{2028}', '\u{2029}', '\n']);
            prop_assert!(!escaped, "{}", text);
            let whole = text.starts_with("{\"ID\":\"") && text.ends_with("\"}");
            prop_assert!(whole, "{}", text);
        }

        #[test]
        fn no_bytes_break_the_reader(bytes in any::<Vec<u8>>()) {
            let _ = LockInfo::parse(&bytes);
        }
    }
}
