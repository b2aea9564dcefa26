//! Who can reach what in a network, what is wrong with it, and what it costs. What the snapshot does not tell is unknown, and unknown never passes.
//!
//! ```text
//! net-audit vpc.json --input release.json | ecs-deploy --cluster production --service web --input - --require network
//! ```
pub mod address;
pub mod audit;
pub mod aws;
mod both;
pub mod classify;
pub mod cli;
pub mod error;
pub mod explain;
pub mod exposure;
pub mod facts;
pub mod inventory;
pub mod money;
pub mod report;
pub mod request;
mod run;
pub mod snapshot;

use contract::arguments::{CommonArguments, OwnForm};
use contract::policy::Statement;
use contract::{Failure, Fetched, Input, Operand, Report, Session, WithoutEffectAlone};

/// The tool.
#[derive(Debug)]
pub struct NetAudit;

impl contract::Tool for NetAudit {
    const NAME: &'static str = env!("CARGO_PKG_NAME");
    const SECTION: &'static str = "network";
    const FORMS: &'static [OwnForm] = &report::form::FORMS;
    const WITHOUT_EFFECT: &'static [(&'static str, &'static [&'static str])] = cli::WITHOUT_EFFECT;
    const WITHOUT_EFFECT_ALONE: &'static [WithoutEffectAlone] = cli::WITHOUT_EFFECT_ALONE;
    type Arguments = cli::Arguments;
    type Section = report::Section;
    type Error = error::Error;

    fn common(arguments: &cli::Arguments) -> &CommonArguments {
        &arguments.common
    }

    fn operand(arguments: &cli::Arguments) -> Operand {
        arguments.operand()
    }

    fn permissions(arguments: &cli::Arguments) -> Vec<Statement> {
        request::permissions(arguments)
    }

    fn fetch(
        arguments: &cli::Arguments,
        session: &Session,
    ) -> Option<impl Future<Output = Result<Fetched, Self::Error>>> {
        arguments.live.collect.then(|| run::collect(arguments, session))
    }

    async fn run(arguments: cli::Arguments, input: Input, session: &Session) -> Result<Report<Self>, Self::Error> {
        run::run(arguments, input, session).await
    }

    fn table(section: &Self::Section) -> String {
        report::form::table(section)
    }

    fn render(form: &str, section: Option<&Self::Section>, failure: Option<&Failure>) -> String {
        report::form::render(form, section, failure)
    }
}
