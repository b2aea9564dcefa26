//! Terraform's S3 state lock as a Unix tool.
//!
//! ```text
//! tfstate-lock acquire s3://states/prod/app.tfstate --input release.json | ecs-deploy --input - | tfstate-lock release
//! ```
//!
//! Byte for byte what Terraform and OpenTofu write, so each keeps the others out: taken by one conditional PUT, freed by one DELETE.

mod aws;
pub mod backend;
pub mod cli;
pub mod encryption;
pub mod error;
pub mod examine;
pub mod lock;
pub mod object_settings;
mod permissions;
pub mod process;
pub mod protocol;
pub mod report;
pub mod request;
mod run;
pub mod state;
pub mod working_directory;

use contract::arguments::CommonArguments;
use contract::policy::Statement;
use contract::{Fetched, Input, Operand, Session};

use crate::cli::Arguments;
use crate::error::Error;
use crate::report::Section;

/// The tool.
#[derive(Debug)]
pub struct TfstateLock;

impl contract::Tool for TfstateLock {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const SECTION: &'static str = "lock";
    const INNER_COMMANDS: &'static [&'static str] = &[process::child::GUARD];
    const TYPED_ONLY: &'static [&'static str] = &["id", "etag", "older-than", "reason", "from", "version-id"];
    type Arguments = Arguments;
    type Section = Section;
    type Error = Error;

    fn common(arguments: &Arguments) -> &CommonArguments {
        &arguments.common
    }

    fn operand(arguments: &Arguments) -> Operand {
        arguments.operand()
    }

    fn permissions(arguments: &Arguments) -> Vec<Statement> {
        run::permissions(arguments)
    }

    async fn run(arguments: Arguments, input: Input, session: &Session) -> Result<contract::Report<Self>, Error> {
        Box::pin(run::run(arguments, input, session)).await
    }

    fn fetch(arguments: &Arguments, session: &Session) -> Option<impl Future<Output = Result<Fetched, Error>>> {
        Some(run::guard(arguments.guard()?, session))
    }

    fn table(section: &Section) -> String {
        section.table()
    }
}
