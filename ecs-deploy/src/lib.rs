//! Rolls an image out to an ECS service and follows its own deployment to the end.
//! A rollback is never a success: the exit code is that of the deployment this run started, whatever the service looks like afterwards.

pub mod aws;
pub mod cause;
pub mod cli;
pub mod decide;
pub mod error;
pub mod finding;
pub mod history;
pub mod image_reference;
pub mod judge;
pub mod log_stream;
pub mod observation;
pub mod pace;
pub mod plan;
pub mod preflight;
pub mod registry_image;
pub mod report;
pub mod request;
mod run;
pub mod service;
pub mod standing;
pub mod strategy;
pub mod task_definition;

use contract::arguments::CommonArguments;
use contract::policy::Statement;
use contract::{Input, Operand, Session};

use crate::cli::Arguments;
use crate::error::Error;
use crate::report::Deployment;

/// The tool.
#[derive(Debug)]
pub struct EcsDeploy;

impl contract::Tool for EcsDeploy {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const SECTION: &'static str = "deployment";
    const WITHOUT_EFFECT: &'static [(&'static str, &'static [&'static str])] = cli::WITHOUT_EFFECT;
    type Arguments = Arguments;
    type Section = Deployment;
    type Error = Error;

    fn common(arguments: &Arguments) -> &CommonArguments {
        &arguments.common
    }

    fn operand(arguments: &Arguments) -> Operand {
        arguments.operand()
    }

    fn takes_up(arguments: &Arguments) -> bool {
        arguments.action.attends() || arguments.action.rollback
    }

    fn permissions(arguments: &Arguments) -> Vec<Statement> {
        aws::permissions(arguments)
    }

    async fn run(arguments: Arguments, input: Input, session: &Session) -> Result<contract::Report<Self>, Error> {
        Box::pin(run::run(arguments, input, session)).await
    }

    fn table(deployment: &Deployment) -> String {
        deployment.table()
    }
}
