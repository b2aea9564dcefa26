//! What can go wrong, and what to do then.

use std::path::PathBuf;

use contract::document::DocumentError;
use contract::requirement::Unmet;
use contract::{Exit, Fault};
use thiserror::Error;

use crate::proof::Doubt;

/// An error of `scan-gate`.
#[derive(Debug, Error)]
pub enum Error {
    /// A release document came, but no report; or standard input is named twice.
    #[error("there is no report to judge on standard input")]
    NoReport,
    /// A file that is to be consulted cannot be used.
    #[error("{role} `{}`: {cause}", path.display())]
    Consulted {
        /// What it is for.
        role: Role,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// The reports prove nothing.
    #[error("{doubt}{}", and_more(*more))]
    CannotTell {
        /// The first reason.
        doubt: Box<Doubt>,
        /// How many more there are.
        more: usize,
    },
    /// Issues shut the gate.
    #[error("{} the gate, worst: {worst}", shut(*violations))]
    GateShut {
        /// How many.
        violations: usize,
        /// The first of them.
        worst: String,
        /// How many waivers would have silenced something, and have expired.
        expired: usize,
    },
    /// The summary for GitHub cannot be written.
    #[error("the summary cannot be written to `{}`: {cause}", path.display())]
    StepSummary {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The release document is not understood.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// `--require` is not met.
    #[error(transparent)]
    Require(#[from] Unmet),
}

/// What a consulted file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The policy.
    Policy,
    /// Waivers.
    Waivers,
    /// The catalog of known exploited vulnerabilities.
    KnownExploited,
    /// The exploit predictions.
    ExploitPrediction,
    /// An earlier verdict or report.
    Baseline,
}

impl std::fmt::Display for Role {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Policy => "policy",
            Self::Waivers => "waivers",
            Self::KnownExploited => "catalog of known exploited vulnerabilities",
            Self::ExploitPrediction => "exploit predictions",
            Self::Baseline => "baseline",
        })
    }
}

fn and_more(more: usize) -> String {
    if more == 0 { String::new() } else { format!("; and {more} more") }
}

fn shut(violations: usize) -> String {
    if violations == 1 { "1 issue shuts".to_owned() } else { format!("{violations} issues shut") }
}

impl Fault for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NoReport | Self::Consulted { .. } | Self::CannotTell { .. } => Exit::Usage,
            Self::GateShut { .. } => Exit::No,
            Self::StepSummary { .. } => Exit::World,
            Self::Document(error) => error.exit(),
            Self::Require(error) => error.exit(),
        }
    }

    fn code(&self) -> String {
        match self {
            Self::NoReport => "report.missing".to_owned(),
            Self::Consulted { role, .. } => match role {
                Role::Policy => "policy.invalid",
                Role::Waivers => "waivers.invalid",
                Role::KnownExploited => "kev.invalid",
                Role::ExploitPrediction => "epss.invalid",
                Role::Baseline => "baseline.invalid",
            }
            .to_owned(),
            Self::CannotTell { doubt, .. } => doubt.code().to_owned(),
            Self::GateShut { .. } => "gate.shut".to_owned(),
            Self::StepSummary { .. } => "summary.unwritable".to_owned(),
            Self::Document(error) => error.code(),
            Self::Require(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoReport => Some("name the report: scan-gate REPORT --input -".to_owned()),
            Self::Consulted { role, .. } => Some(match role {
                Role::Policy | Role::Waivers => "docs/scan-gate.md shows what belongs into it".to_owned(),
                Role::KnownExploited => "fetch the catalog as JSON from cisa.gov".to_owned(),
                Role::ExploitPrediction => "fetch epss_scores-current.csv.gz from FIRST".to_owned(),
                Role::Baseline => "name a report, or the document of an earlier run that could tell".to_owned(),
            }),
            Self::CannotTell { doubt, .. } => Some(doubt.hint()),
            Self::GateShut { expired: 0, .. } => {
                Some("scan-gate REPORT --output table shows the issues, their fixes and waivers".to_owned())
            }
            Self::GateShut { expired, .. } => Some(format!(
                "{}: scan-gate REPORT --waivers FILE --output table shows which",
                if *expired == 1 {
                    "a waiver has expired".to_owned()
                } else {
                    format!("{expired} waivers have expired")
                }
            )),
            Self::StepSummary { .. } => Some("name another file: --step-summary FILE".to_owned()),
            Self::Document(error) => error.hint(),
            Self::Require(error) => error.hint(),
        }
    }
}
