//! The story of a run, a file for each thing that can be asked.

mod attend;
mod causes;
mod check;
mod cleanup;
mod deploy;
mod find;
mod follow;
mod look;
mod one_off;
mod preflight;
mod rollback;
mod start;
mod watched;

use std::hash::{BuildHasher, Hasher, RandomState};

use contract::{Input, Report, Session};

use crate::EcsDeploy;
use crate::aws::Aws;
use crate::cli::Arguments;
use crate::error::Error;
use crate::report::Deployment;
use crate::request::{Action, Request};

pub(crate) async fn run(arguments: Arguments, input: Input, session: &Session) -> Result<Report<EcsDeploy>, Error> {
    let request = Request::resolve(&arguments, &input)?;
    let aws = Aws::connect(&arguments, &request.cluster, session).await;
    match &request.action {
        Action::Deploy(deploy) => deploy::run(&aws, &request, deploy, session).await,
        Action::Rollback(services) => rollback::run(&aws, &request, services, session).await,
        Action::Attend(verb, subjects) => attend::run(&aws, &request, *verb, subjects, session).await,
    }
}

fn report(section: Deployment, refusal: Option<Error>) -> Report<EcsDeploy> {
    Report { summary: section.summary(), section, image: None, refusal }
}

/// A number that nobody can foresee.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// The same between 0 and 1.
fn chance() -> f64 {
    f64::from(u32::try_from(random() >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}
