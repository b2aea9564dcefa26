//! What the tests of readers do to a report: cut it, break a byte of it, spoil the name of a member. None of that may lose a finding.

use std::io::Cursor;

use super::{Format, ReadError};
use crate::inspection::Inspection;

/// Reads all documents in these bytes, in a format that is named.
pub(super) fn read_forced(format: &Format, text: &str) -> Result<Vec<Inspection>, ReadError> {
    super::read(Box::new(Cursor::new(text.as_bytes().to_vec())), Some(format))
}

/// How many findings are read that count; none if the bytes are refused.
fn counted(bytes: &[u8]) -> Option<usize> {
    let inspections = super::read(Box::new(Cursor::new(bytes.to_vec())), None).ok()?;
    Some(
        inspections
            .iter()
            .flat_map(|inspection| &inspection.findings)
            .filter(|found| found.suppressed.is_none())
            .count(),
    )
}

/// Holds if a report is refused wherever it is cut off.
pub(super) fn is_refused_when_cut(text: &str) {
    assert!(counted(text.as_bytes()).is_some(), "the report itself must be read: {text}");
    for cut in 0..text.len() {
        assert_eq!(counted(&text.as_bytes()[..cut]), None, "{}", &text[..cut]);
    }
}

/// Holds if no byte of a report can be made into one that the reader panics at.
pub(super) fn survives_any_broken_byte(text: &str) {
    for at in 0..text.len() {
        for byte in [b'"', b'}', b']', b',', b'0', b'-', b'\\', 0, 0xff] {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = byte;
            counted(&bytes);
        }
    }
}

/// Holds if a report with a spoilt name is refused or has no fewer findings: a letter lost, doubled or in another case, the name gone, in capitals or
/// small, and the whole member twice.
pub(super) fn loses_nothing_when_spoilt(text: &str, names: &[&str]) {
    let expected = counted(text.as_bytes()).expect("the report itself must be read");
    for name in names {
        let quoted = format!("\"{name}\":");
        let places: Vec<usize> = text.match_indices(&quoted).map(|(at, _)| at).collect();
        assert!(!places.is_empty(), "`{name}` does not stand in {text}");
        for at in places {
            let (before, behind) = (&text[..at], &text[at + quoted.len()..]);
            let twice = format!("{quoted}{behind_first},{quoted}", behind_first = first_value(behind));
            let spoilt = spellings(name).into_iter().map(|spelling| format!("\"{spelling}\":"));
            for replacement in spoilt.chain([twice, String::new()]) {
                let text = format!("{before}{replacement}{behind}");
                let found = counted(text.as_bytes());
                assert!(found.is_none_or(|found| found >= expected), "{found:?} of {expected} findings in {text}");
            }
        }
    }
}

fn first_value(text: &str) -> &str {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    values.next().unwrap().unwrap();
    &text[..values.byte_offset()]
}

fn spellings(name: &str) -> Vec<String> {
    let mut spellings = vec![name.to_lowercase(), name.to_uppercase()];
    for (at, letter) in name.char_indices() {
        let (before, behind) = (&name[..at], &name[at + 1..]);
        let other_case = if letter.is_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
        spellings.extend([
            format!("{before}{behind}"),
            format!("{before}{letter}{letter}{behind}"),
            format!("{before}{other_case}{behind}"),
        ]);
    }
    spellings.retain(|spelling| spelling != name);
    spellings
}
