//! One strict verdict over the reports of scanners.
//!
//! ```text
//! trivy image --format json web:1.4 | scan-gate --fail-on high
//! scan-gate trivy.json sonar.json --input release.json | ecs-deploy --require scan
//! ```

pub mod cli;
mod consult;
pub mod error;
pub mod finding;
pub mod inspection;
pub mod json;
pub mod judge;
pub mod policy;
pub mod proof;
pub mod reader;
pub mod report;
pub mod request;
mod run;
pub mod severity;
pub mod threat;
pub mod waiver;

use contract::arguments::{CommonArguments, OwnForm};
use contract::policy::Statement;
use contract::{Failure, Input, Operand, Session};

use crate::cli::Arguments;
use crate::error::Error;
use crate::report::{Scan, form};

/// The tool.
#[derive(Debug)]
pub struct ScanGate;

impl contract::Tool for ScanGate {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const SECTION: &'static str = "scan";
    const STREAMS: bool = true;
    const FORMS: &'static [OwnForm] = &form::FORMS;
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
        form::table(scan)
    }

    fn render(form: &str, scan: Option<&Scan>, failure: Option<&Failure>) -> String {
        form::render(form, scan, failure)
    }
}
