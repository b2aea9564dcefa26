//! Taking the lock, for whoever comes next.

use contract::{Report, Session};

use super::{report, take};
use crate::TfstateLock;
use crate::aws::{Place, Store};
use crate::error::{Error, release_command};
use crate::protocol::{Answer, Found, Request};
use crate::report::{Lock, LockState};
use crate::request::{self, Target};

pub(super) async fn acquire(
    target: &Target,
    asked: &request::Lock,
    store: &Store,
    session: &Session,
) -> Result<Report<TfstateLock>, Error> {
    match take::take(target, asked, None, store, session).await {
        Ok(held) => {
            let summary = match &held.instead_of {
                None => format!(
                    "{}: locked, id {}; to give it back: {}",
                    target.state,
                    held.lock.id,
                    release_command(target, &held.lock.id)
                ),
                Some(dead) => format!(
                    "{}: locked, id {}, instead of {} whose lease was over (id {})",
                    target.state, held.lock.id, dead.who, dead.id
                ),
            };
            let section = Lock::new(target, LockState::Held).saying(&held.lock).named(&held.object);
            Ok(report(section.instead_of(held.instead_of), summary, None))
        }
        Err(Error::Held { target, found, table }) => Ok(refused(&target, found, table)),
        Err(error) => Err(error),
    }
}

/// Says what would be: whether the lock is free now.
pub(super) async fn foresee(target: &Target, store: &Store) -> Result<Report<TfstateLock>, Error> {
    for (place, table) in places(store) {
        match place.ask(&Request::Look(None)).await? {
            Answer::Found(found) => return Ok(refused(target, found, table)),
            Answer::Unclear(Some(cause)) => return Err(Error::Call(cause)),
            _ => {}
        }
    }
    let summary = format!("{}: the lock is free and would be taken", target.state);
    Ok(report(Lock::new(target, LockState::Free), summary, None))
}

/// The places of a lock; with the table's name, if it is that.
pub(super) fn places(store: &Store) -> impl Iterator<Item = (Place<'_>, Option<String>)> {
    let item = store.item.as_ref().map(|item| (Place::Item(item), Some(item.table().to_owned())));
    std::iter::once((Place::Object(&store.lock), None)).chain(item)
}

/// The lock is someone else's.
pub(super) fn refused(target: &Target, found: Box<Found>, table: Option<String>) -> Report<TfstateLock> {
    let section = Lock::new(target, LockState::HeldByOther).found(&found);
    report(section, String::new(), Some(Error::Held { target: Box::new(target.clone()), found, table }))
}
