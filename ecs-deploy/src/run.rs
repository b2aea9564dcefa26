//! The story of a run, a file for each thing that can be asked.

mod attend;
mod begin;
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
use crate::request::{Action, Request, Verb};

pub(crate) async fn run(arguments: Arguments, input: Input, session: &Session) -> Result<Report<EcsDeploy>, Error> {
    let request = Request::resolve(&arguments, &input)?;
    let aws = Aws::connect(&arguments, &request.cluster, session).await;
    let mut report = match &request.action {
        Action::Deploy(deploy) => deploy::run(&aws, &request, deploy, session).await?,
        Action::Rollback(services) => rollback::run(&aws, &request, services, session).await?,
        Action::Attend(verb, subjects) => attend::run(&aws, &request, *verb, subjects, session).await?,
    };
    report.carries_on = carries_on(&request, &report);
    Ok(report)
}

/// What was taken back is no release any more; and a document that said no is lifted only by what it began.
fn carries_on(request: &Request, report: &Report<EcsDeploy>) -> bool {
    let says_no = report.refusal.is_some();
    match &request.action {
        Action::Deploy(_) => true,
        Action::Rollback(_) | Action::Attend(Verb::Stop, _) => says_no,
        Action::Attend(_, _) => {
            says_no || request.origin.as_ref().is_none_or(|origin| origin.is_confirmed_by(&report.section))
        }
    }
}

fn report(section: Deployment, refusal: Option<Error>) -> Report<EcsDeploy> {
    Report { summary: section.summary(), section, image: None, refusal, carries_on: true }
}

/// A number that nobody can foresee.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// The same between 0 and 1.
fn chance() -> f64 {
    f64::from(u32::try_from(random() >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}
