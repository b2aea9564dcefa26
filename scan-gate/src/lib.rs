//! One verdict over a scanner's report.
//!
//! ```text
//! scan-gate report.json --fail-on high | ecr-push web/ --repository web --input - --require scan
//! ```
//!
//! A report that proves nothing does not pass: an unknown shape, half a report, an unknown severity.

pub mod cli;
pub mod error;
pub mod finding;
pub mod judge;
pub mod reader;
pub mod report;
pub mod request;
mod run;
pub mod severity;

use contract::arguments::CommonArguments;
use contract::policy::Statement;
use contract::{Input, Operand, Session};

use crate::cli::Arguments;
use crate::error::Error;
use crate::report::Scan;

/// The tool.
#[derive(Debug)]
pub struct ScanGate;

impl contract::Tool for ScanGate {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const SECTION: &'static str = "scan";
    type Arguments = Arguments;
    type Section = Scan;
    type Error = Error;

    fn common(arguments: &Arguments) -> &CommonArguments {
        &arguments.common
    }

    fn operand(arguments: &Arguments) -> Operand {
        arguments.operand()
    }

    fn permissions(_: &Arguments) -> Vec<Statement> {
        Vec::new()
    }

    async fn run(arguments: Arguments, input: Input, _: &Session) -> Result<contract::Report<Self>, Error> {
        run::run(arguments, input).await
    }

    fn table(scan: &Scan) -> String {
        scan.table()
    }
}
