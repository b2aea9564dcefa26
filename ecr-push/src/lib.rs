//! Pushes a container image out of a folder or an archive into ECR.
//!
//! ```text
//! scan-gate report.json | ecr-push web/ --repository web --tag 1.4.0 --input - --require scan | ecs-deploy --cluster stage --service web
//! ```
//!
//! A layout that is not whole never reaches the registry, and what the registry has already is not sent again.

mod attach;
pub mod attachment;
pub mod attempts;
mod await_scan;
pub mod aws;
pub mod byte_size;
pub mod cli;
pub mod compress;
pub mod create;
mod credentials;
pub mod ecr_host;
pub mod error;
mod fetch;
pub mod image_name;
pub mod manifest;
pub mod mounts;
pub mod pace;
mod pack;
pub mod plan;
pub mod reference;
pub mod registry;
pub mod report;
pub mod repository;
pub mod request;
mod run;
pub mod scan;
mod ship;
pub mod source;
mod stream;
pub mod tag;
mod upload;

use std::path::Path;

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
        match arguments.source.as_deref() {
            // A document in a file leaves standard input to the image.
            None if arguments.common.input.is_some() => Operand::StandardInput,
            None => Operand::Missing,
            Some(path) if path == Path::new("-") => Operand::StandardInput,
            Some(_) => Operand::Named,
        }
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
