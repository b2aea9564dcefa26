//! The command line.

use std::path::PathBuf;

use clap::Parser;
use contract::Operand;
use contract::arguments::CommonArguments;

use crate::severity::Severity;

/// Gate a release on a scanner's report.
///
/// Reads the JSON report of `trivy image`, `fs`, `repo` or `config`, and says no if it holds a finding at or above a severity. A finding of
/// unknown severity always counts.
#[derive(Debug, Parser)]
#[command(after_long_help = "\
Examples:
  trivy image --format json web:1.4 | scan-gate --fail-on critical
  scan-gate report.json | ecr-push web/ --repository web --input - --require scan")]
pub struct Arguments {
    /// The report: a file, or `-` for standard input, which is also read if no report is named.
    #[arg(value_name = "REPORT")]
    pub report: Option<PathBuf>,

    /// The lowest severity that shuts the gate.
    #[arg(long, value_name = "SEVERITY", value_enum, default_value = "high")]
    pub fail_on: Severity,

    /// What all tools share.
    #[command(flatten)]
    pub common: CommonArguments,
}

impl Arguments {
    pub(crate) fn operand(&self) -> Operand {
        match &self.report {
            None => Operand::Missing,
            Some(path) if path.as_os_str() == "-" => Operand::StandardInput,
            Some(_) => Operand::Named,
        }
    }
}
