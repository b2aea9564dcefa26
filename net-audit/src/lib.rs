//! Which subnets are public, private or isolated, with the routes that prove it.
//!
//! ```text
//! net-audit vpc.json --input release.json | ecs-deploy --cluster production --service web --input - --require network
//! ```
//!
//! What the snapshot does not tell is unknown, and unknown never passes.
pub mod address_set;
pub mod audit;
pub mod aws;
pub mod capture;
pub mod check;
pub mod class;
pub mod classify;
pub mod cli;
pub mod difference;
pub mod environment;
pub mod error;
pub mod explain;
pub mod exposure;
pub mod facts;
pub mod finding;
pub mod gap;
pub mod hop;
pub mod intent;
pub mod inventory;
pub mod judge;
pub mod live;
pub mod money;
pub mod names;
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
pub mod terraform;
pub mod traffic;
pub mod waiver;

use contract::arguments::{CommonArguments, OwnForm};
use contract::policy::Statement;
use contract::{Fetched, Input, Operand, Session};

use crate::cli::Arguments;
use crate::error::Error;
use crate::report::Section;

/// The tool.
#[derive(Debug)]
pub struct NetAudit;

impl contract::Tool for NetAudit {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const SECTION: &'static str = "network";
    const FORMS: &'static [OwnForm] = &report::form::FORMS;
    const WITHOUT_EFFECT: &'static [(&'static str, &'static [&'static str])] = cli::WITHOUT_EFFECT;
    const WITHOUT_EFFECT_ALONE: &'static [(&'static [&'static str], &'static [&'static str])] =
        cli::WITHOUT_EFFECT_ALONE;
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
        request::permissions(arguments)
    }

    fn fetch(arguments: &Arguments, session: &Session) -> Option<impl Future<Output = Result<Fetched, Error>>> {
        arguments.live.collect.then(|| run::collect(arguments, session))
    }

    async fn run(arguments: Arguments, input: Input, session: &Session) -> Result<contract::Report<Self>, Error> {
        run::run(arguments, input, session).await
    }

    fn table(section: &Section) -> String {
        report::form::table(section)
    }

    fn render(form: &str, section: Option<&Section>, failure: Option<&contract::Failure>) -> String {
        report::form::render(form, section, failure)
    }
}
