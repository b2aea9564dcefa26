//! Terraform's S3 state lock as a Unix tool.
//!
//! ```text
//! tfstate-lock acquire s3://states/prod/app.tfstate --input release.json | ecs-deploy --input - | tfstate-lock release
//! ```
//!
//! The object is byte for byte what Terraform and OpenTofu write, so each keeps the others out. It is taken by one conditional PUT and given
//! back by one DELETE of exactly that object.

mod aws;
pub mod cli;
pub mod decide;
pub mod error;
pub mod lock_id;
pub mod lock_info;
pub mod report;
pub mod request;
mod run;
pub mod state_address;
mod who;

use contract::arguments::CommonArguments;
use contract::policy::Statement;
use contract::{Input, Operand, Session};

use crate::cli::Arguments;
use crate::error::Error;
use crate::report::Lock;

/// The tool.
#[derive(Debug)]
pub struct TfstateLock;

impl contract::Tool for TfstateLock {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const SECTION: &'static str = "lock";
    type Arguments = Arguments;
    type Section = Lock;
    type Error = Error;

    fn common(arguments: &Arguments) -> &CommonArguments {
        &arguments.common
    }

    fn operand(arguments: &Arguments) -> Operand {
        arguments.operand()
    }

    fn permissions(arguments: &Arguments) -> Vec<Statement> {
        arguments.permissions()
    }

    async fn run(arguments: Arguments, input: Input, session: &Session) -> Result<contract::Report<Self>, Error> {
        run::run(arguments, input, session).await
    }

    fn table(lock: &Lock) -> String {
        lock.table()
    }
}
