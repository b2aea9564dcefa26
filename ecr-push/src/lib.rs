//! Pushes a container image out of a folder or an archive into ECR.
//!
//! ```text
//! scan-gate report.json | ecr-push web/ --repository web --tag 1.4.0 --input - --require scan | ecs-deploy --cluster stage --service web
//! ```
//!
//! A layout that is not whole never reaches the registry, and what the registry has already is not sent again.

pub mod attempts;
pub mod aws;
pub mod cli;
pub mod compress;
#[cfg_attr(not(test), expect(dead_code, reason = "no registry but ECR's is pushed to so far"))]
mod credentials;
pub mod error;
pub mod manifest;
mod pack;
pub mod plan;
pub mod reference;
pub mod registry;
pub mod report;
pub mod repository;
pub mod request;
mod run;
pub mod source;
pub mod tag;
mod upload;

use contract::arguments::CommonArguments;
use contract::policy::Statement;
use contract::{Input, Operand, Session};

use crate::cli::Arguments;
use crate::error::Error;
use crate::report::Push;

/// The tool.
#[derive(Debug)]
pub struct EcrPush;

impl contract::Tool for EcrPush {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const SECTION: &'static str = "push";
    type Arguments = Arguments;
    type Section = Push;
    type Error = Error;

    fn common(arguments: &Arguments) -> &CommonArguments {
        &arguments.common
    }

    /// Standard input is never the image: it is left alone unless `--input -` asks for the document.
    fn operand(_: &Arguments) -> Operand {
        Operand::Named
    }

    fn permissions(arguments: &Arguments) -> Vec<Statement> {
        aws::permissions(arguments)
    }

    async fn run(arguments: Arguments, input: Input, session: &Session) -> Result<contract::Report<Self>, Error> {
        run::run(arguments, input, session).await
    }

    fn table(push: &Push) -> String {
        push.table()
    }
}
