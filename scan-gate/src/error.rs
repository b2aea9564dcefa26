//! What can go wrong, and what to do then.

use std::path::PathBuf;

use contract::document::DocumentError;
use contract::requirement::Unmet;
use contract::{Exit, Fault};
use thiserror::Error;

use crate::reader::ReadError;
use crate::severity::Severity;

/// An error of `scan-gate`.
#[derive(Debug, Error)]
pub enum Error {
    /// A release document came, but no report.
    #[error("there is no report to judge: the input is a release document")]
    NoReport,
    /// The report's file cannot be read.
    #[error("`{}` cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The report is no proof.
    #[error(transparent)]
    Report(#[from] ReadError),
    /// The report is about another image than the release document.
    #[error("the report is about {found}, the release is about {expected}")]
    OtherImage {
        /// What the report names.
        found: String,
        /// What the release document names.
        expected: String,
    },
    /// Findings shut the gate.
    #[error("{} at or above {}, worst: {worst}", counted(*violations), word(*fail_on))]
    GateShut {
        /// How many.
        violations: usize,
        /// The threshold.
        fail_on: Severity,
        /// The first of them.
        worst: String,
    },
    /// The release document is not understood.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// `--require` is not met.
    #[error(transparent)]
    Require(#[from] Unmet),
}

fn counted(violations: usize) -> String {
    if violations == 1 { "1 finding".to_owned() } else { format!("{violations} findings") }
}

fn word(severity: Severity) -> &'static str {
    crate::severity::Rating::Known(severity).word()
}

impl Fault for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NoReport | Self::Unreadable { .. } | Self::Report(_) => Exit::Usage,
            Self::OtherImage { .. } | Self::GateShut { .. } => Exit::No,
            Self::Document(error) => error.exit(),
            Self::Require(error) => error.exit(),
        }
    }

    fn code(&self) -> String {
        match self {
            Self::NoReport => "report.missing".to_owned(),
            Self::Unreadable { .. } => "report.unreadable".to_owned(),
            Self::Report(ReadError::Empty) => "report.empty".to_owned(),
            Self::Report(ReadError::Truncated(_)) => "report.truncated".to_owned(),
            Self::Report(ReadError::Malformed(_)) => "report.malformed".to_owned(),
            Self::Report(ReadError::Utf16) => "report.utf16".to_owned(),
            Self::Report(ReadError::Alien(_)) => "report.unknown_format".to_owned(),
            Self::OtherImage { .. } => "report.other_image".to_owned(),
            Self::GateShut { .. } => "gate.shut".to_owned(),
            Self::Document(error) => error.code(),
            Self::Require(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoReport => Some("name the report: scan-gate REPORT --input -".to_owned()),
            Self::Unreadable { .. } => Some("check the name, and that the scanner wrote it".to_owned()),
            Self::Report(ReadError::Empty | ReadError::Truncated(_)) => {
                Some("look at the scanner's own exit code and standard error".to_owned())
            }
            Self::Report(ReadError::Malformed(_)) => Some("look at the report with: jq . REPORT".to_owned()),
            Self::Report(ReadError::Utf16) => {
                Some("let the scanner write the file itself: trivy --output REPORT".to_owned())
            }
            Self::Report(ReadError::Alien(_)) => Some(
                "scan-gate reads Trivy's JSON (schema 2): trivy image --format json --output REPORT IMAGE".to_owned(),
            ),
            Self::OtherImage { .. } => Some("scan the image that is released".to_owned()),
            Self::GateShut { .. } => {
                Some("scan-gate REPORT --output table shows the findings and their fixes".to_owned())
            }
            Self::Document(error) => error.hint(),
            Self::Require(error) => error.hint(),
        }
    }
}
