//! Running a command under the lock.

mod state;

use std::ffi::OsString;
use std::time::Duration;

use contract::arguments::CommonArguments;
use contract::{Fault, Report, Session};

use self::state::{Before, errored_since, modified};
use super::give_back::{self, Places};
use super::keep::{self, Lost};
use super::take::{self, Held};
use super::{acquire, report};
use crate::TfstateLock;
use crate::aws::Store;
use crate::error::Error;
use crate::lock::lease::Lease;
use crate::process::boot_time;
use crate::process::child::{Child, ChildError, HELD, Launch, find_program};
use crate::process::identity::ProcessIdentity;
use crate::process::terraform_arguments::{errored_state, terraform_arguments};
use crate::protocol::give_back::{GivenBack, Target as Which};
use crate::report::{Lock, LockState};
use crate::request::{Run, Target};
use crate::state::aftermath::Aftermath;

/// How the command ended.
enum End {
    /// By itself, with this code.
    Code(u8),
    /// It was stopped, for the lock was lost.
    Lost(Lost),
    /// It was stopped, for `--timeout` was over.
    OutOfTime(Duration),
}

/// Takes the lock, runs the command while it is kept, and gives it back.
pub(super) async fn run(
    target: &Target,
    asked: &Run,
    common: &CommonArguments,
    store: &Store,
    session: &Session,
) -> Result<Report<TfstateLock>, Error> {
    let started = boot_time::now();
    find(asked)?;
    let mut environment = environment(asked, session);
    let mut held = match take::take(target, &asked.lock, ProcessIdentity::own(), store, session).await {
        Ok(held) => held,
        Err(Error::Held { target, found, table }) => return Ok(acquire::refused(&target, found, table)),
        Err(error) => return Err(error),
    };
    environment.push((HELD.to_owned(), String::from_utf8_lossy(&held.lock.to_bytes()).into_owned().into()));
    let limit = common.timeout.map(|limit| (limit, started + limit));
    let lease = Lease::of(&held.lock);
    let launch = Launch {
        command: &asked.command,
        environment: &environment,
        grace: lease.as_ref().map_or(Duration::ZERO, Lease::grace),
        lease: lease.as_ref().map(Lease::without_word),
        common,
    };
    session.to_the_end(Box::pin(under_lock(target, &launch, limit, &mut held, store, session))).await
}

/// Says what would be: whether the lock is free, and the command there.
pub(super) async fn foresee(target: &Target, asked: &Run, store: &Store) -> Result<Report<TfstateLock>, Error> {
    find(asked)?;
    acquire::foresee(target, store).await
}

fn find(asked: &Run) -> Result<(), ChildError> {
    let path = std::env::var_os("PATH");
    let program = asked.command.first().cloned().unwrap_or_default();
    find_program(&program, path.as_deref()).map(drop)
}

fn environment(asked: &Run, session: &Session) -> Vec<(String, OsString)> {
    if asked.child_locks {
        return Vec::new();
    }
    let arguments = terraform_arguments(&asked.command, |name| std::env::var_os(name));
    for note in &arguments.notes {
        session.progress.event("note", note, &[]);
    }
    let workspace = asked.workspace.as_ref().map(|workspace| ("TF_WORKSPACE".to_owned(), workspace.as_str().into()));
    arguments.variables.into_iter().chain(workspace).collect()
}

/// What is done while the lock is ours. A signal goes to the command, and nothing but the command's end ends it.
async fn under_lock(
    target: &Target,
    launch: &Launch<'_>,
    limit: Option<(Duration, Duration)>,
    held: &mut Held,
    store: &Store,
    session: &Session,
) -> Result<Report<TfstateLock>, Error> {
    let taken = boot_time::now();
    session.progress.event("locked", &format!("{}: locked, id {}", target.state, held.lock.id), &[]);
    let before = tokio::select! {
        before = Before::look(target, store, session) => before,
        lost = keep::keep(held, store, session, || {}) => return told(target, held, End::Lost(lost), None, None, Duration::ZERO, session),
    };
    let errored = errored_state(launch.command);
    let modified = modified(&errored.path);
    let end = match keep::refresh(held, store, session).await {
        Ok(()) => command(launch, limit, held, store, session).await,
        Err(lost) => Ok(End::Lost(lost)),
    };
    // The lock is kept until the state was looked at. If it is lost now, the command has ended in time all the same.
    let after = tokio::select! {
        after = before.after(target, store, session) => after,
        _ = keep::keep(held, store, session, || {}) => None,
    };
    let places = give_back(&end, held, store).await;
    if errored_since(&errored.path, modified) {
        session.progress.warning(&format!(
            "the state could not be stored, and lies in {}: {}",
            errored.path.display(),
            errored.line
        ));
    }
    let held_for = boot_time::now().saturating_sub(taken);
    told(target, held, end?, after.as_ref(), places, held_for, session)
}

async fn give_back(end: &Result<End, ChildError>, held: &Held, store: &Store) -> Option<Places> {
    if matches!(end, Ok(End::Lost(Lost::Taken(_)))) && held.item.is_none() {
        return None;
    }
    let which = Which::Id(held.lock.id.clone());
    Some(give_back::everywhere(store, &which, Some(held.object.clone()), held.item.clone()).await)
}

/// Starts the command, and passes on to it what comes until it has ended.
async fn command(
    launch: &Launch<'_>,
    limit: Option<(Duration, Duration)>,
    held: &mut Held,
    store: &Store,
    session: &Session,
) -> Result<End, ChildError> {
    let mut interruptions = session.all_interruptions();
    session.hand_over_standard_output();
    let mut child = Child::start(launch, session)?;
    let mut keeping = Box::pin(keep::keep(held, store, session, child.renewal()));
    let mut limited = Box::pin(async {
        match limit {
            Some((limit, moment)) => {
                boot_time::sleep_until(moment).await;
                limit
            }
            None => std::future::pending().await,
        }
    });
    loop {
        tokio::select! {
            code = child.ended() => return Ok(End::Code(code)),
            signal = interruptions.next() => child.pass_on(signal),
            lost = &mut keeping => {
                session.progress.warning("the lock is lost: the command is stopped");
                // The last tenth is for the system to carry it out.
                child.stop(launch.grace * 9 / 10).await;
                return Ok(End::Lost(lost));
            }
            limit = &mut limited => {
                session.progress.warning(&format!("{} s are over: the command is stopped", limit.as_secs_f64()));
                let (mut stopping, mut lost) = (Box::pin(child.stop(launch.grace)), None);
                loop {
                    tokio::select! {
                        _ = &mut stopping => return Ok(lost.map_or(End::OutOfTime(limit), End::Lost)),
                        now_lost = &mut keeping, if lost.is_none() => lost = Some(now_lost),
                    }
                }
            }
        }
    }
}

/// What the run ends with: the command's own code, unless it was stopped, or something is wrong that its code does not say.
fn told(
    target: &Target,
    held: &Held,
    end: End,
    after: Option<&Aftermath>,
    places: Option<Places>,
    held_for: Duration,
    session: &Session,
) -> Result<Report<TfstateLock>, Error> {
    let boxed = || Box::new(target.clone());
    let code = match end {
        End::Code(code) => code,
        End::Lost(Lost::Taken(found)) => return Err(Error::LostMeanwhile { target: boxed(), found }),
        End::Lost(Lost::Silence) => {
            return Err(Error::LeaseOver { target: boxed(), id: held.lock.id.clone() });
        }
        End::OutOfTime(limit) => return Err(Error::OutOfTime(limit)),
    };
    let wrong = wrong(target, held, after, places);
    let state = after.map(|after| format!(", {after}")).unwrap_or_default();
    match wrong {
        Some(error) if code == 0 => return Err(error),
        Some(error) => {
            let hint = error.hint().map(|hint| format!(": {hint}")).unwrap_or_default();
            session.progress.warning(&format!("{error}{hint}"));
        }
        None => {}
    }
    session.end_with(code);
    let summary =
        format!("{}: held for {} s, the command ended with exit code {code}{state}", target.state, held_for.as_secs());
    Ok(report(Lock::new(target, LockState::Released).saying(&held.lock), summary, None))
}

/// What is wrong although the command ended by itself.
fn wrong(target: &Target, held: &Held, after: Option<&Aftermath>, places: Option<Places>) -> Option<Error> {
    let boxed = || Box::new(target.clone());
    if let Some(after) = after
        && after.is_alarming()
    {
        return Some(Error::Aftermath { target: boxed(), after: after.clone() });
    }
    let places = places?;
    let ends = [Some(places.object), places.item];
    ends.into_iter().flatten().find_map(|end| match end {
        Ok(GivenBack::Deleted(_)) => None,
        Ok(GivenBack::Gone) => Some(Error::LostMeanwhile { target: boxed(), found: None }),
        Ok(GivenBack::HeldBy(found)) => Some(Error::LostMeanwhile { target: boxed(), found: Some(found) }),
        Ok(GivenBack::Busy(_)) => Some(Error::Uncertain { target: boxed(), id: held.lock.id.clone(), cause: None }),
        Ok(GivenBack::Unknown(cause)) => Some(Error::Uncertain { target: boxed(), id: held.lock.id.clone(), cause }),
        Err(Error::Call(cause)) => {
            Some(Error::NotReleased { target: boxed(), id: held.lock.id.clone(), why: cause.to_string() })
        }
        Err(error) => Some(error),
    })
}
