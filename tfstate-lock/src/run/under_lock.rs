//! Work under the lock: one that is taken for it and given back whatever happens, or one that is held already.

use std::time::Duration;

use contract::{Fault, Report, Session};

use super::give_back::{self, Places};
use super::{acquire, report, take};
use crate::TfstateLock;
use crate::aws::Store;
use crate::error::{Error, release_command};
use crate::lock::info::LockInfo;
use crate::lock::lease::Lease;
use crate::process::identity::ProcessIdentity;
use crate::protocol::give_back::{GivenBack, Target as Which};
use crate::protocol::{Answer, Request};
use crate::report::{Backup, Lock, LockState, Restored};
use crate::request::{self, PipedLock, Target};

/// The lock under which the work is done.
#[derive(Debug)]
pub(super) enum Holding {
    /// It was taken for this.
    Taken(take::Held),
    /// It is held for the release, and stays so.
    Lent(PipedLock),
}

/// What came of the work.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// The copy that was made.
    pub(super) backup: Option<Backup>,
    /// The copy that was put back.
    pub(super) restored: Option<Restored>,
    /// One line for people.
    pub(super) summary: String,
    /// Why the answer is no.
    pub(super) refusal: Option<Error>,
}

impl Done {
    /// Nothing came of it, for this reason.
    pub(super) fn refused(error: Error) -> Self {
        Self { refusal: Some(error), ..Self::default() }
    }
}

/// Does the work under the lock. A signal that comes meanwhile ends the run only when the lock is given back; what is begun is brought to its
/// end, and the document says so.
pub(super) async fn under_lock(
    target: &Target,
    asked: &request::Lock,
    held: Option<&PipedLock>,
    store: &Store,
    session: &Session,
    work: impl AsyncFnOnce(&Holding) -> Done,
) -> Result<Report<TfstateLock>, Error> {
    let holding = Holding::begin(target, asked, held, store, session).await?;
    let ended = Box::pin(async {
        let done = work(&holding).await;
        (done, holding.end(target, store).await)
    });
    let (done, left) = session.to_the_end(ended).await;
    let report = told(target, done, left, session);
    if session.is_interrupted() {
        interrupted(&report, session);
        // The signal ends the run here.
        return std::future::pending().await;
    }
    Ok(report)
}

impl Holding {
    /// Takes the lock, or finds that the one that is held already lies there.
    async fn begin(
        target: &Target,
        asked: &request::Lock,
        held: Option<&PipedLock>,
        store: &Store,
        session: &Session,
    ) -> Result<Self, Error> {
        let Some(lent) = held else {
            return take::take(target, asked, ProcessIdentity::own(), store, session).await.map(Self::Taken);
        };
        borrow(target, lent, store).await.map(Self::Lent)
    }

    /// Whether so much of the lease is left that a write and what follows it will surely end before it does. A lease that others look after, and a
    /// lock that has none, are no concern of ours.
    pub(super) fn has_time(&self, now: Duration) -> bool {
        let Self::Taken(held) = self else {
            return true;
        };
        Lease::of(&held.lock).is_none_or(|lease| now.saturating_sub(held.since) <= lease.ttl / 2)
    }

    /// Gives the lock back if it was taken for this.
    async fn end(self, target: &Target, store: &Store) -> Left {
        match self {
            Self::Lent(lent) => {
                let section = Lock::new(target, LockState::Held).saying(&lent.lock);
                let section = lent.token.iter().fold(section, Lock::named);
                Left { section, trouble: None }
            }
            Self::Taken(held) => {
                let which = Which::Id(held.lock.id.clone());
                let places = give_back::everywhere(store, &which, Some(held.object), held.item).await;
                Left::of(target, &held.lock, places)
            }
        }
    }
}

/// Looks whether the lock is free now, or the one that is held already lies there.
pub(super) async fn foresee(target: &Target, held: Option<&PipedLock>, store: &Store) -> Result<Lock, Error> {
    if let Some(lent) = held {
        let lent = borrow(target, lent, store).await?;
        return Ok(Lock::new(target, LockState::Held).saying(&lent.lock));
    }
    for (place, table) in acquire::places(store) {
        match place.ask(&Request::Look(None)).await? {
            Answer::Found(found) => return Err(Error::Held { target: Box::new(target.clone()), found, table }),
            Answer::Unclear(Some(cause)) => return Err(Error::Call(cause)),
            _ => {}
        }
    }
    Ok(Lock::new(target, LockState::Free))
}

/// A lock of another is an answer, and its section says whose it is.
pub(super) fn or_refused(report: Result<Report<TfstateLock>, Error>) -> Result<Report<TfstateLock>, Error> {
    match report {
        Err(Error::Held { target, found, table }) => Ok(acquire::refused(&target, found, table)),
        report => report,
    }
}

/// Looks whether the lock that is held already lies at all its places.
async fn borrow(target: &Target, lent: &PipedLock, store: &Store) -> Result<PipedLock, Error> {
    let mut token = lent.token.clone();
    for (place, table) in acquire::places(store) {
        let known = token.clone().filter(|_| table.is_none());
        match place.ask(&Request::Look(known)).await? {
            Answer::Unchanged(_) => {}
            Answer::Found(found) if found.lock.as_ref().is_ok_and(|lock| lock.id == lent.lock.id) => {
                if table.is_none() {
                    token = Some(found.token);
                }
            }
            Answer::Found(found) => return Err(Error::Held { target: Box::new(target.clone()), found, table }),
            Answer::Unclear(Some(cause)) => return Err(Error::Call(cause)),
            _ => return Err(Error::Gone { target: Box::new(target.clone()) }),
        }
    }
    Ok(PipedLock { token, ..lent.clone() })
}

/// What became of the lock.
struct Left {
    section: Lock,
    /// Why it is not as it should be.
    trouble: Option<Error>,
}

impl Left {
    /// The lock is free if it is free everywhere; the first of its places that is not is told.
    fn of(target: &Target, lock: &LockInfo, places: Places) -> Self {
        let boxed = || Box::new(target.clone());
        let uncertain = |cause| Error::Uncertain { target: boxed(), id: lock.id.clone(), cause };
        let section = |state| Lock::new(target, state).saying(lock);
        let ends = [(places.item, target.table.clone()), (Some(places.object), None)];
        for (end, table) in ends.into_iter().filter_map(|(end, table)| end.map(|end| (end, table))) {
            let (section, trouble) = match end {
                Ok(GivenBack::Deleted(_)) => continue,
                Ok(GivenBack::Gone) => (section(LockState::Gone), Error::Gone { target: boxed() }),
                Ok(GivenBack::HeldBy(found)) => (
                    Lock::new(target, LockState::HeldByOther).found(&found),
                    Error::Held { target: boxed(), found, table },
                ),
                Ok(GivenBack::Busy(_)) => (section(LockState::Unknown), uncertain(None)),
                Ok(GivenBack::Unknown(cause)) => (section(LockState::Unknown), uncertain(cause)),
                Err(error) => (section(LockState::Held), error),
            };
            return Self { section, trouble: Some(trouble) };
        }
        Self { section: section(LockState::Released), trouble: None }
    }
}

fn told(target: &Target, done: Done, left: Left, session: &Session) -> Report<TfstateLock> {
    let Done { backup, restored, summary, refusal } = done;
    let Left { section, trouble } = left;
    if let (Some(trouble), Some(lock)) = (&trouble, &section.info) {
        let command = release_command(target, &lock.id);
        session.progress.warning(&format!("the lock was not given back: {trouble}; look at it, or: {command}"));
    }
    let section = Lock { backup: backup.map(Box::new), restored: restored.map(Box::new), ..section };
    report(section, summary, refusal.or(trouble))
}

/// Leaves word of what was done before the signal ends the run.
fn interrupted(report: &Report<TfstateLock>, session: &Session) {
    let refusal = report.refusal.as_ref();
    if let Some(refusal) = refusal {
        session.progress.warning(&refusal.to_string());
    }
    let done = match report.summary.as_str() {
        "" => "nothing was done: run it again".to_owned(),
        summary => format!("that was done before: {summary}"),
    };
    session.checkpoint(&report.section, &refusal.and_then(Fault::hint).unwrap_or(done));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Token;

    fn held(info: &str, since: Duration) -> Holding {
        let json = serde_json::json!({ "ID": "a", "Info": info }).to_string();
        let lock = LockInfo::parse(json.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let object = Token("\"e\"".to_owned());
        Holding::Taken(take::Held { lock, object, item: None, since, instead_of: None, is_renewing: false })
    }

    #[test]
    fn nothing_is_written_when_half_of_the_lease_is_over() {
        let since = Duration::from_secs(1000);
        let cases = [(1000, true), (1150, true), (1151, false), (1300, false), (9999, false)];
        for (now, expected) in cases {
            let now = Duration::from_secs(now);
            assert_eq!(held(r#"{"ttl":300}"#, since).has_time(now), expected, "{now:?}");
            assert!(held("", since).has_time(now));
        }
    }
}
