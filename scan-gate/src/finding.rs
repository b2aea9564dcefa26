//! What a report says, whatever scanner wrote it.

use contract::Digest;
use schemars::JsonSchema;
use serde::Serialize;

use crate::severity::Rating;

/// A report that was read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The scanner: `trivy`.
    pub scanner: &'static str,
    /// What was scanned, in the scanner's words.
    pub target: String,
    /// The digests by which the report names the image: its own and its configuration's. Empty if it names none.
    pub digests: Vec<Digest>,
    /// When the report was made, as the report says it.
    pub created_at: Option<String>,
    /// All findings.
    pub findings: Vec<Finding>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of finding it is.
    pub kind: Kind,
    /// Its id, for example `CVE-2024-1234`.
    pub id: String,
    /// How bad it is.
    pub rating: Rating,
    /// The package or file.
    pub subject: String,
    /// The version that is installed.
    pub installed: Option<String>,
    /// The version that has the fix.
    pub fixed: Option<String>,
}

/// Kinds of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A known vulnerability of a package.
    Vulnerability,
    /// A configuration that is not safe.
    Misconfiguration,
    /// A secret that lies open.
    Secret,
    /// A licence that is not wanted.
    License,
}
