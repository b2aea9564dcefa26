//! Taking a lock away whose holder is gone.

use contract::{Report, Session};

use super::look::{self, Seen};
use super::{acquire, give_back, report};
use crate::TfstateLock;
use crate::aws::{Place, Store};
use crate::error::{Error, on_state};
use crate::lock::breaking::{Verdict, judge};
use crate::process::who::user_at_host;
use crate::protocol::Found;
use crate::protocol::give_back::{GivenBack, Target as Which};
use crate::report::{Broken, BrokenOn, Lock, LockPlace, LockState, Section};
use crate::request::{Break, Ground, Target};

/// A lock that may be taken away.
struct Breaking<'a> {
    target: &'a Target,
    seen: &'a Seen,
    /// What is to go in the bucket.
    object: Option<&'a Found>,
    /// What is to go in the table.
    item: Option<&'a Found>,
    section: Lock,
    store: &'a Store,
    session: &'a Session,
}

/// Takes the lock away if that is right, or says that it would with `dry_run`. A lock that is free already is no failure: nothing is to do.
pub(super) async fn break_lock(
    target: &Target,
    asked: &Break,
    dry_run: bool,
    store: &Store,
    session: &Session,
) -> Result<Report<TfstateLock>, Error> {
    let seen = look::look(target, store).await?;
    let (object, item, ground) = match judge(&asked.ground, seen.object(), seen.item()) {
        Verdict::Break { object, item, ground } => (object, item, ground),
        verdict => return Ok(refused(target, &asked.ground, &seen, verdict)),
    };
    let (object, item) = (seen.object.as_deref().filter(|_| object), seen.item.as_deref().filter(|_| item));
    let Some(found) = object.or(item) else {
        return Ok(free(target));
    };
    if dry_run {
        let summary = format!("{}: {} would be broken: {}", target.state, named(found), ground.words());
        return Ok(report(Lock::new(target, LockState::HeldByOther).found(found), summary, None));
    }
    let section = broken(target, asked, found, ground);
    let left = Lock { state: LockState::Unknown, broken: None, ..section.clone() };
    session.checkpoint(&left, &format!("tfstate-lock inspect {}", on_state(target)));
    let breaking = Breaking { target, seen: &seen, object, item, section, store, session };
    session.to_the_end(Box::pin(breaking.carry_out())).await
}

/// The section of a lock that was taken away: it says whose it was.
fn broken(target: &Target, asked: &Break, found: &Found, ground: BrokenOn) -> Lock {
    let age_seconds = found.age().map(|age| age.as_secs());
    let broken = Broken { by: user_at_host(), ground, reason: asked.reason.clone(), age_seconds };
    Lock { etag: None, broken: Some(broken), ..Lock::new(target, LockState::Broken).found(found) }
}

fn refused(target: &Target, ground: &Ground, seen: &Seen, verdict: Verdict) -> Report<TfstateLock> {
    let (place, missing) = match verdict {
        Verdict::Free | Verdict::Break { .. } => return free(target),
        Verdict::Another(place) => (place, None),
        Verdict::NotProved(place, missing) => (place, Some(missing)),
    };
    let (found, table) = match place {
        LockPlace::Bucket => (&seen.object, None),
        LockPlace::Table => (&seen.item, target.table.clone()),
    };
    let Some(found) = found.clone() else {
        return free(target);
    };
    let section = Lock::new(target, LockState::HeldByOther).found(&found);
    let target = Box::new(target.clone());
    let error = match (missing, ground) {
        (Some(missing), _) => Error::NotProved { target, found, table, missing },
        (None, Ground::Named(Which::Id(id))) => Error::OtherId { target, id: id.clone(), found, table },
        (None, _) => Error::Held { target, found, table },
    };
    report(section, String::new(), Some(error))
}

fn free(target: &Target) -> Report<TfstateLock> {
    let summary = format!("{}: the lock is free, nothing was broken", target.state);
    report(Lock::new(target, LockState::Free), summary, None)
}

fn named(found: &Found) -> String {
    match &found.lock {
        Ok(lock) => format!("lock {} of {}", lock.id, lock.who),
        Err(cause) => format!("the lock that says nothing ({cause})"),
    }
}

impl Breaking<'_> {
    /// The object first: only its `ETag` shows whether the holder has renewed its lease meanwhile, and then the item stays too.
    async fn carry_out(self) -> Result<Report<TfstateLock>, Error> {
        if let Some(found) = self.object {
            match give_back::exactly(Place::Object(&self.store.lock), found).await? {
                GivenBack::Deleted(_) => {}
                end => return self.kept(end, found, None).await,
            }
            self.session.checkpoint(&self.section, &format!("tfstate-lock inspect {}", on_state(self.target)));
        }
        if let (Some(found), Some(place)) = (self.item, &self.store.item) {
            match give_back::exactly(Place::Item(place), found).await? {
                GivenBack::Deleted(_) => {}
                GivenBack::Gone if self.object.is_some() => {}
                end => {
                    let report = self.kept(end, found, Some(place.table())).await?;
                    return Ok(if self.object.is_some() { self.broken_in_bucket(report) } else { report });
                }
            }
        }
        let whose = self.object.or(self.item).map(named).unwrap_or_default();
        let summary = format!("{}: broken: {whose}{}", self.target.state, self.rest());
        Ok(report(self.section, summary, None))
    }

    /// What is to be said of a lock that was not taken away.
    async fn kept(&self, end: GivenBack, looked: &Found, table: Option<&str>) -> Result<Report<TfstateLock>, Error> {
        let target = Box::new(self.target.clone());
        let table = table.map(str::to_owned);
        match end {
            GivenBack::HeldBy(found) if is_renewed(looked, &found) => {
                let section = Lock::new(self.target, LockState::HeldByOther).found(&found);
                Ok(report(section, String::new(), Some(Error::Renewed { target })))
            }
            GivenBack::HeldBy(found) => Ok(acquire::refused(self.target, found, table)),
            GivenBack::Busy(attempts) => Err(Error::Busy { target, attempts }),
            GivenBack::Unknown(cause) => Err(Error::BreakUncertain { target, table, cause }),
            // Its holder gave it back, perhaps not everywhere yet.
            GivenBack::Gone | GivenBack::Deleted(_) => {
                match look::look(self.target, self.store).await?.lock(self.target) {
                    None => Ok(free(self.target)),
                    Some((found, table)) => Ok(acquire::refused(self.target, found, table)),
                }
            }
        }
    }

    /// The refusal of the table, beside what was done in the bucket before.
    fn broken_in_bucket(self, refusal: Report<TfstateLock>) -> Report<TfstateLock> {
        Report { section: Section::Lock(Box::new(self.section)), ..refusal }
    }

    /// What lies there still: a lock under another id.
    fn rest(&self) -> String {
        let left = |seen: Option<&Found>, broken: Option<&Found>, place: &str| {
            let rest = seen.filter(|_| broken.is_none())?;
            Some(format!("; {place} still has {}", named(rest)))
        };
        let in_bucket = left(self.seen.object.as_deref(), self.object, "the bucket");
        in_bucket.or_else(|| left(self.seen.item.as_deref(), self.item, "the table")).unwrap_or_default()
    }
}

/// Whether it is the lock that was looked at, with another text.
fn is_renewed(looked: &Found, found: &Found) -> bool {
    matches!((&looked.lock, &found.lock), (Ok(looked), Ok(lock)) if looked.id == lock.id)
}
