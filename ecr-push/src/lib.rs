//! Pushes a container image into ECR or another registry, from wherever it is.
//!
//! ```text
//! scan-gate report.json | ecr-push web/ --repository web --tag 1.4.0 --input - --require scan | ecs-deploy --cluster stage --service web
//! ```
//!
//! An image that is not whole is never tagged, and what the registry has already is not sent again.

pub mod attachment;
pub mod aws;
pub mod byte_size;
pub mod cli;
pub mod compress;
mod credentials;
pub mod error;
pub mod image_name;
pub mod manifest;
pub mod pace;
pub mod plan;
pub mod reference;
pub mod registry;
pub mod report;
pub mod repository;
pub mod request;
mod run;
pub mod scan;
mod send;
pub mod source;
pub mod tag;

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
    const STREAMS: bool = true;
    type Arguments = Arguments;
    type Section = Push;
    type Error = Error;

    fn common(arguments: &Arguments) -> &CommonArguments {
        &arguments.common
    }

    fn operand(arguments: &Arguments) -> Operand {
        arguments.operand()
    }

    fn permissions(arguments: &Arguments) -> Vec<Statement> {
        aws::permissions(arguments)
    }

    async fn run(arguments: Arguments, input: Input, session: &Session) -> Result<contract::Report<Self>, Error> {
        Box::pin(run::run(arguments, input, session)).await
    }

    fn table(push: &Push) -> String {
        push.table()
    }
}
