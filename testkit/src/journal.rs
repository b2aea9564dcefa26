//! What the local AWS was asked, in order: the witness of every test that says "nothing was changed".

use bytes::Bytes;
use serde::Serialize;

/// One request that arrived.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// `service:Operation`.
    pub operation: String,
    /// Path and query as sent.
    pub path: String,
    /// Whether the operation can change anything on the server.
    pub write: bool,
    /// The HTTP status that was answered; 0 if the connection was closed without an answer.
    pub status: u16,
    /// The request's body; empty for the bodies of blobs and objects over 64 KiB.
    #[serde(skip)]
    pub body: Bytes,
}

/// The operations that only read, by the verbs they begin with.
const READING_VERBS: [&str; 8] = ["BatchCheck", "BatchGet", "Describe", "Filter", "Get", "Head", "List", "Scan"];

/// Whether an operation, named without its service, can change anything.
#[must_use]
pub fn is_write(operation: &str) -> bool {
    !matches!(operation, "Ping" | "AssumeRole") && !READING_VERBS.iter().any(|verb| operation.starts_with(verb))
}

#[cfg(test)]
mod tests {
    use super::is_write;

    #[test]
    fn reads_and_writes_are_told_apart_by_their_verb() {
        for read in [
            "DescribeServices",
            "GetObject",
            "HeadManifest",
            "BatchCheckLayerAvailability",
            "ListObjectsV2",
            "Scan",
            "Ping",
        ] {
            assert!(!is_write(read), "{read}");
        }
        for write in ["UpdateService", "PutObject", "StartUpload", "DeleteItem", "RegisterTaskDefinition"] {
            assert!(is_write(write), "{write}");
        }
    }
}
