//! The story of one run: see where we are, resolve, do it, report.

mod acquire;
mod backup;
mod break_lock;
mod command;
mod copy;
mod digest_in_table;
mod doctor;
mod give_back;
mod inspect;
mod keep;
mod list;
mod look;
mod overwrite;
mod release;
mod restore;
mod surroundings;
mod take;
mod under_lock;

use contract::policy::Statement;
use contract::{Fetched, Input, Report, Session};

use self::doctor::Examiner;
use self::under_lock::or_refused;
use crate::TfstateLock;
use crate::aws::Store;
use crate::cli::Arguments;
use crate::error::Error;
use crate::permissions;
use crate::process::child::{self, GuardArguments};
use crate::report::{Lock, Section};
use crate::request::{Act, Request, Target};

pub(crate) async fn run(arguments: Arguments, input: Input, session: &Session) -> Result<Report<TfstateLock>, Error> {
    let (aws, common, dry_run) = (arguments.aws.clone(), arguments.common.clone(), arguments.change.dry_run);
    let surroundings = surroundings::look(&arguments)?;
    let Request { target, act } = Request::resolve(arguments, &input, &surroundings)?;
    let store = Box::pin(Store::connect(&target, &aws, surroundings.backend.as_ref(), session)).await;
    match act {
        Act::Acquire(_) if dry_run => acquire::foresee(&target, &store).await,
        Act::Acquire(lock) => acquire::acquire(&target, &lock, &store, session).await,
        Act::Release(release) if dry_run => release::foresee(&target, &release, &store).await,
        Act::Release(release) => release::release(&target, &release, &store, session).await,
        Act::Run(run) if dry_run => command::foresee(&target, &run, &store).await,
        Act::Run(run) => command::run(&target, &run, &common, &store, session).await,
        Act::Inspect(asked) => inspect::inspect(&target, asked.as_ref(), &store, session).await,
        Act::List(below) => list::list(&target, &below, &store, session).await,
        Act::Break(asked) => break_lock::break_lock(&target, &asked, dry_run, &store, session).await,
        Act::Backup(copying) if dry_run => {
            or_refused(Box::pin(backup::foresee(&target, &copying, &store, session)).await)
        }
        Act::Backup(copying) => or_refused(Box::pin(backup::backup(&target, &copying, &store, session)).await),
        Act::Restore(asked) if dry_run => {
            or_refused(Box::pin(restore::foresee(&target, &asked, &store, session)).await)
        }
        Act::Restore(asked) => or_refused(Box::pin(restore::restore(&target, &asked, &store, session)).await),
        Act::Doctor(asked) => {
            let backend = surroundings.backend.as_ref();
            let examiner = Examiner { target: &target, asked: &asked, backend, store: &store, session };
            Box::pin(doctor::doctor(&examiner, dry_run)).await
        }
    }
}

/// Watches over the command of another process: standard output is that command's.
pub(crate) async fn guard(arguments: &GuardArguments, session: &Session) -> Result<Fetched, Error> {
    child::guard(arguments, session).await?;
    Ok(Fetched { text: String::new(), summary: String::new() })
}

/// What AWS has to allow for this command line, as far as it and the folder say which state is meant.
pub(crate) fn permissions(arguments: &Arguments) -> Vec<Statement> {
    let surroundings = surroundings::look(arguments).unwrap_or_default();
    let target = Target::of_command(arguments, &surroundings).ok();
    permissions::of(arguments.command.as_ref(), target.as_ref())
}

/// A report of a lock, which the release goes on with.
fn report(section: Lock, summary: String, refusal: Option<Error>) -> Report<TfstateLock> {
    Report { section: Section::Lock(Box::new(section)), image: None, summary, refusal, carries_on: true }
}
