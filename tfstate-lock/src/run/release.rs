//! Giving the lock back.

use contract::{Report, Session};

use super::give_back::{self, Places};
use super::{acquire, report};
use crate::TfstateLock;
use crate::aws::Store;
use crate::error::{Error, release_command};
use crate::lock::info::LockInfo;
use crate::protocol::give_back::{GivenBack, Target as Which};
use crate::protocol::{Answer, Found, Request};
use crate::report::{Lock, LockState};
use crate::request::{Release, Target};

pub(super) async fn release(
    target: &Target,
    release: &Release,
    store: &Store,
    session: &Session,
) -> Result<Report<TfstateLock>, Error> {
    let known = release.known.as_ref().map(|known| &known.lock);
    let left = Lock::new(target, LockState::Unknown).maybe_saying(known);
    session.checkpoint(&left, &release_command(target, &release.id));
    let token = release.known.as_ref().and_then(|known| known.token.clone());
    let which = Which::Id(release.id.clone());
    let places = session.to_the_end(Box::pin(give_back::everywhere(store, &which, token, None))).await;
    told(target, release, places)
}

/// The lock is free if it is free everywhere; the worst of its places is told.
fn told(target: &Target, release: &Release, places: Places) -> Result<Report<TfstateLock>, Error> {
    let Places { item, object } = places;
    let object = object?;
    let item = item.transpose()?;
    let boxed = || Box::new(target.clone());
    let known = release.known.as_ref().map(|known| known.lock.clone());
    let mut last: Option<LockInfo> = known;
    let mut deleted = false;
    let ends = [(Some(object), None), (item, target.table.clone())];
    for (end, table) in ends.into_iter().filter_map(|(end, table)| end.map(|end| (end, table))) {
        match end {
            GivenBack::Deleted(lock) => {
                deleted = true;
                last = lock.map(|lock| *lock).or(last);
            }
            GivenBack::Gone => {}
            GivenBack::HeldBy(found) => return Ok(other_id(target, release, found, table)),
            GivenBack::Busy(attempts) => return Err(Error::Busy { target: boxed(), attempts }),
            GivenBack::Unknown(cause) => {
                return Err(Error::Uncertain { target: boxed(), id: release.id.clone(), cause });
            }
        }
    }
    if !deleted {
        let section = Lock::new(target, LockState::Gone).maybe_saying(last.as_ref());
        return Ok(report(section, String::new(), Some(Error::Gone { target: boxed() })));
    }
    let summary = format!("{}: released, id {}", target.state, release.id);
    Ok(report(Lock::new(target, LockState::Released).maybe_saying(last.as_ref()), summary, None))
}

/// Another lock lies there than the one that is meant.
fn other_id(target: &Target, release: &Release, found: Box<Found>, table: Option<String>) -> Report<TfstateLock> {
    let section = Lock::new(target, LockState::HeldByOther).found(&found);
    let target = Box::new(target.clone());
    report(section, String::new(), Some(Error::OtherId { target, id: release.id.clone(), found, table }))
}

/// Says what would be: whether the lock is there and has the id.
pub(super) async fn foresee(target: &Target, release: &Release, store: &Store) -> Result<Report<TfstateLock>, Error> {
    let mut ours = None;
    for (place, table) in acquire::places(store) {
        match place.ask(&Request::Look(None)).await? {
            Answer::Found(found) => match &found.lock {
                Ok(lock) if lock.id == release.id => ours = ours.or(Some(found)),
                _ => return Ok(other_id(target, release, found, table)),
            },
            Answer::Unclear(Some(cause)) => return Err(Error::Call(cause)),
            _ => {}
        }
    }
    let Some(found) = ours else {
        let section = Lock::new(target, LockState::Gone);
        return Ok(report(section, String::new(), Some(Error::Gone { target: Box::new(target.clone()) })));
    };
    let summary = format!("{}: lock {} is there and would be released", target.state, release.id);
    Ok(report(Lock::new(target, LockState::Held).found(&found), summary, None))
}
