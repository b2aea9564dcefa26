//! Recognises a report by its shape and has it read.

pub mod trivy;

use thiserror::Error;

use crate::finding::Inspection;

/// Why a report cannot be read. None of these is ever a pass.
#[derive(Debug, Error)]
pub enum ReadError {
    /// Nothing is there.
    #[error("the report is empty")]
    Empty,
    /// It ends too early.
    #[error("the report is cut off: {0}")]
    Truncated(serde_json::Error),
    /// It is no JSON, more than one document, or has a member twice or of the wrong type.
    #[error("the report is not understood: {0}")]
    Malformed(serde_json::Error),
    /// It is UTF-16, as `>` of an old PowerShell writes it.
    #[error("the report is UTF-16")]
    Utf16,
    /// It is another scanner's, or no report.
    #[error("this is not a report that scan-gate reads: {0}")]
    Alien(String),
}

impl From<serde_json::Error> for ReadError {
    fn from(error: serde_json::Error) -> Self {
        if error.is_eof() { Self::Truncated(error) } else { Self::Malformed(error) }
    }
}

/// Reads a report whole, or says why not.
///
/// # Errors
/// Whatever keeps the report from being proof.
pub fn read(bytes: &[u8]) -> Result<Inspection, ReadError> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(ReadError::Utf16);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ReadError::Empty);
    }
    trivy::read(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_proves_nothing_is_refused() {
        let cases: [(&[u8], &str); 9] = [
            (b"", "Empty"),
            (b" \n", "Empty"),
            (b"\xef\xbb\xbf", "Empty"),
            (b"{\"SchemaVersion\":2", "Truncated"),
            (b"[]", "Alien"),
            (b"null", "Alien"),
            (b"{}", "Alien"),
            (b"{\"SchemaVersion\":2,\"ArtifactName\":\"a\",\"ArtifactType\":\"container_image\"} {}", "Malformed"),
            (b"\xff\xfe{\x00}\x00", "Utf16"),
        ];
        for (bytes, expected) in cases {
            let error = format!("{:?}", read(bytes).unwrap_err());
            assert!(error.starts_with(expected), "{} gives {error}", String::from_utf8_lossy(bytes));
        }
    }

    proptest::proptest! {
        #[test]
        fn garbage_is_refused_without_a_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..128)) {
            proptest::prop_assert!(read(&bytes).is_err());
        }
    }
}
