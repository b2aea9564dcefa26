//! A report that was read whole: what was inspected, by what, when, and what was found.

use contract::Digest;

use crate::finding::{Finding, Pool};

/// A report that was read whole.
#[derive(Debug, Default)]
pub struct Inspection {
    /// The format's name, as `--format` takes it: `trivy`.
    pub format: &'static str,
    /// The scanner, in lower case: `trivy`, `docker-scout`. That of the format unless the report names another.
    pub scanner: String,
    /// The scanner's version.
    pub scanner_version: Option<String>,
    /// What was scanned, in the scanner's words.
    pub target: Option<String>,
    /// The digests by which the report names the image: its own and its configuration's. Empty if it names none.
    pub digests: Vec<Digest>,
    /// When the report was made, as the report says it: RFC 3339 or nearly so.
    pub created_at: Option<String>,
    /// When the scanner's database was made, as the report says it.
    pub database_at: Option<String>,
    /// How many findings the report says it has.
    pub declared: Option<usize>,
    /// What the report itself says was left out before it was written: `only fixed`, `severity CRITICAL`.
    pub filters: Vec<String>,
    /// Why it proves nothing although it can be read: a part of the scan failed. Its findings are told all the same.
    pub faults: Vec<String>,
    /// What a person should know: the operating system gets no more advisories.
    pub notes: Vec<String>,
    /// Whether this is all, or a part of something larger.
    pub part: Part,
    /// All findings, those that the scanner suppressed included.
    pub findings: Vec<Finding>,
    /// Where their texts are kept.
    pub pool: Pool,
}

/// Whether a document is all there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// It is.
    #[default]
    Whole,
    /// A page of a list whose length is known.
    Page {
        /// What the list is of: pages of the same list belong together.
        list: String,
        /// The page's number, from 1.
        number: usize,
        /// How many are on this page.
        count: usize,
        /// How many there are in all.
        total: usize,
    },
    /// A page of a list that says only whether another one follows.
    Chain {
        /// What the list is of: pages of the same list belong together.
        list: String,
        /// Whether another page follows.
        more: bool,
        /// How many are on this page.
        count: usize,
        /// How many there are in all, if each page says so.
        total: Option<usize>,
    },
}
