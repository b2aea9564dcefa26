//! Recognises a report by its shape and has it read. Each scanner's format is one file below this one, and one line in [`FORMATS`].

mod alert;
pub mod alertmanager;
pub mod asff;
mod aws;
pub mod cloudwatch;
pub mod cyclonedx;
pub mod dependency_check;
pub mod docker_scout;
pub mod ecr;
pub mod gitlab;
pub mod grype;
pub mod inspector;
mod plain;
pub mod prometheus;
pub mod sarif;
pub mod sonarqube;
mod source;
#[cfg(test)]
mod tampering;
pub mod trivy;

use std::io::Read;

use thiserror::Error;

use crate::finding::Pool;
use crate::inspection::Inspection;
use crate::json::{Json, Outline};

pub(crate) use source::{decoded, whole_text};

/// A format of reports.
#[derive(Debug)]
pub struct Format {
    /// Its name, as `--format` takes it, and the scanner's name unless a report says otherwise.
    pub name: &'static str,
    /// Whether a document is of this format, as far as it is in sight. What is not in sight yet must not be taken for missing.
    pub claims: fn(&Outline) -> bool,
    /// Reads one document. Whatever keeps it from being proof is an error.
    pub read: fn(&mut Json, &Outline, &mut Inspection) -> Result<(), ReadError>,
}

/// The formats, in the order in which they are asked.
pub static FORMATS: &[Format] = &[
    sarif::FORMAT,
    trivy::FORMAT,
    ecr::FORMAT,
    inspector::FORMAT,
    asff::FORMAT,
    cyclonedx::FORMAT,
    grype::FORMAT,
    dependency_check::FORMAT,
    sonarqube::FORMAT,
    gitlab::FORMAT,
    docker_scout::FORMAT,
    cloudwatch::FORMAT,
    alertmanager::FORMAT,
    prometheus::FORMAT,
];

/// Why a report cannot be read. None of these is ever a pass.
#[derive(Debug, Error)]
pub enum ReadError {
    /// Nothing is there.
    #[error("it is empty")]
    Empty,
    /// It ends too early.
    #[error("it is cut off at byte {at}")]
    Truncated {
        /// How long it is.
        at: u64,
    },
    /// It is no JSON, or has a member twice or of the wrong type.
    #[error("it is no JSON at byte {at}: {cause}")]
    Malformed {
        /// Where.
        at: u64,
        /// What is wrong.
        cause: String,
    },
    /// A member is nearly one that would have been read.
    #[error("its member `{found}` is nearly `{known}`: what stands there would be lost")]
    Misspelled {
        /// What stands there.
        found: String,
        /// What is known.
        known: String,
    },
    /// One value is too large.
    #[error("one value at byte {at} is larger than {limit} bytes")]
    TooLarge {
        /// Where.
        at: u64,
        /// The limit.
        limit: usize,
    },
    /// The system cannot give it.
    #[error("it cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// It is not text that JSON can be in.
    #[error("it is no UTF-8 and no UTF-16 with a byte order mark")]
    Encoding,
    /// It is no report, or none of a known format.
    #[error("its format is not known: {0}")]
    Alien(String),
    /// It is of the format, and yet no proof: an unfinished scan, a missing page, fewer findings than it says.
    #[error("it proves nothing: {0}")]
    NoProof(String),
}

/// Reads every document of a stream, each in the format that it claims, or in `forced`.
///
/// # Errors
/// Whatever keeps one of them from being proof; also if there is none.
pub fn read(stream: Box<dyn Read + Send>, forced: Option<&Format>) -> Result<Vec<Inspection>, ReadError> {
    let mut json = Json::new(decoded(stream)?);
    let mut inspections = Vec::new();
    while !json.is_at_end()? {
        inspections.push(read_one(&mut json, forced)?);
    }
    if inspections.is_empty() { Err(ReadError::Empty) } else { Ok(inspections) }
}

/// Reads the next document of a stream.
///
/// # Errors
/// Whatever keeps it from being proof.
pub fn read_one(json: &mut Json, forced: Option<&Format>) -> Result<Inspection, ReadError> {
    let (format, outline) = match forced {
        Some(format) => (format, json.outline()),
        None => recognise(json)?,
    };
    let mut inspection = Inspection { format: format.name, scanner: format.name.to_owned(), ..Inspection::default() };
    (format.read)(json, &outline, &mut inspection)?;
    // What is shared is shared by now.
    inspection.pool = Pool::default();
    inspection.findings.shrink_to_fit();
    Ok(inspection)
}

fn recognise(json: &mut Json) -> Result<(&'static Format, Outline), ReadError> {
    loop {
        let outline = json.outline();
        if let Some(format) = FORMATS.iter().find(|format| (format.claims)(&outline)) {
            return Ok((format, outline));
        }
        if outline.whole || !json.look_further()? {
            let outline = json.outline();
            return match FORMATS.iter().find(|format| (format.claims)(&outline)) {
                Some(format) => Ok((format, outline)),
                None => Err(unknown(json, &outline)),
            };
        }
    }
}

/// Says what it is instead. What is no JSON is told as that.
fn unknown(json: &mut Json, outline: &Outline) -> ReadError {
    use crate::json::Shape;

    if !outline.whole
        && let Err(error) = json.skip()
    {
        return error;
    }
    let names: Vec<&str> = outline.members.iter().take(8).map(|(name, _)| name.as_str()).collect();
    let what = match &outline.shape {
        Shape::Object(_) if names.is_empty() => "an object without members".to_owned(),
        Shape::Object(_) => format!("an object with {}", names.join(", ")),
        Shape::List(first) if first.is_empty() => "a list".to_owned(),
        Shape::List(first) => format!("a list of objects with {}", first[..first.len().min(8)].join(", ")),
        Shape::Null => "null".to_owned(),
        _ => "neither an object nor a list".to_owned(),
    };
    ReadError::Alien(format!("it is {what}"))
}

/// What the tests of all readers need.
#[cfg(test)]
pub(crate) mod fixture {
    use super::*;

    /// All documents in a text.
    pub(crate) fn read_all(text: &str) -> Result<Vec<Inspection>, ReadError> {
        super::read(Box::new(std::io::Cursor::new(text.as_bytes().to_vec())), None)
    }

    /// The one document in a text.
    pub(crate) fn read(text: &str) -> Inspection {
        let mut inspections = read_all(text).unwrap();
        assert_eq!(inspections.len(), 1);
        inspections.remove(0)
    }

    /// The name of the error that a text is refused with.
    pub(crate) fn refusal(text: &str) -> String {
        match read_all(text) {
            Ok(_) => "passed".to_owned(),
            Err(error) => format!("{error:?}").split(|end: char| !end.is_alphanumeric()).next().unwrap().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(bytes: &[u8]) -> String {
        format!("{:?}", read(Box::new(std::io::Cursor::new(bytes.to_vec())), None).unwrap_err())
    }

    #[test]
    fn what_proves_nothing_is_refused() {
        let cases: [(&[u8], &str); 12] = [
            (b"", "Empty"),
            (b" \n", "Empty"),
            (b"\xef\xbb\xbf", "Empty"),
            (b"\xff\xfe", "Empty"),
            (b"{\"SchemaVersion\":2", "Truncated"),
            (b"{\"SchemaVersion\":2,\"ArtifactName\":\"a\",\"Results\":[", "Truncated"),
            (b"[]", "Alien"),
            (b"null", "Alien"),
            (b"{}", "Alien"),
            (b"[0000]  WARN no database\n{}", "Malformed"),
            (b"{\x00}\x00", "Encoding"),
            (
                b"{\"SchemaVersion\":2,\"ArtifactName\":\"a\",\"ArtifactType\":\"container_image\"} What's next?",
                "Malformed",
            ),
        ];
        for (bytes, expected) in cases {
            let error = error(bytes);
            assert!(error.starts_with(expected), "{} gives {error}", String::from_utf8_lossy(bytes));
        }
    }

    proptest::proptest! {
        #[test]
        fn garbage_is_refused_without_a_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..128)) {
            proptest::prop_assert!(!error(&bytes).is_empty());
        }
    }
}
