//! Which subnets are public, private or isolated, with the routes that prove it.
//!
//! ```text
//! net-audit vpc.json --input release.json | ecs-deploy --cluster production --service web --input - --require network
//! ```
//!
//! What the snapshot does not tell is unknown, and unknown never passes.
pub mod address_set;
pub mod audit;
pub mod check;
pub mod class;
pub mod classify;
pub mod cli;
pub mod difference;
pub mod error;
pub mod explain;
pub mod exposure;
pub mod facts;
pub mod finding;
pub mod gap;
pub mod intent;
pub mod inventory;
pub mod prefix;
pub mod price;
pub mod purpose;
pub mod region;
pub mod report;
pub mod request;
pub mod routing;
pub mod rule;
mod run;
pub mod snapshot;
pub mod traffic;
pub mod waiver;

use contract::arguments::CommonArguments;
use contract::policy::Statement;
use contract::{Input, Operand, Session};

use crate::cli::Arguments;
use crate::error::Error;
use crate::report::Network;

/// The tool.
#[derive(Debug)]
pub struct NetAudit;

impl contract::Tool for NetAudit {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const SECTION: &'static str = "network";
    type Arguments = Arguments;
    type Section = Network;
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

    fn table(network: &Network) -> String {
        network.table()
    }
}
