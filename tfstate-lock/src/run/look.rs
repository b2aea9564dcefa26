//! Looking at both places of a lock at once.

use crate::aws::{Place, Store};
use crate::error::Error;
use crate::lock::breaking::Suspect;
use crate::lock::lease::Liveness;
use crate::protocol::{Answer, Found, Request};
use crate::request::Target;

/// What lies at the places of a lock.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// In the bucket.
    pub(super) object: Option<Box<Found>>,
    /// In the table.
    pub(super) item: Option<Box<Found>>,
}

impl Seen {
    /// The lock, from the bucket if one lies there; with the table if it lies there only.
    pub(super) fn lock(&self, target: &Target) -> Option<(Box<Found>, Option<String>)> {
        let object = self.object.clone().map(|found| (found, None));
        object.or_else(|| Some((self.item.clone()?, target.table.clone())))
    }

    /// What lies in the bucket, and what is known of its holder.
    pub(super) fn object(&self) -> Option<Suspect<'_>> {
        self.object.as_deref().map(suspect)
    }

    /// What lies in the table, and what is known of its holder.
    pub(super) fn item(&self) -> Option<Suspect<'_>> {
        self.item.as_deref().map(suspect)
    }
}

fn suspect(found: &Found) -> Suspect<'_> {
    let process = found.lease().and_then(|lease| lease.process);
    Suspect { found, holder: Liveness::of(process.as_ref()) }
}

/// Looks. What cannot be seen is no free place, but an error.
pub(super) async fn look(target: &Target, store: &Store) -> Result<Seen, Error> {
    let (object, item) = tokio::join!(at(target, Place::Object(&store.lock)), in_table(target, store));
    Ok(Seen { object: object?, item: item? })
}

/// Looks into the table, if there is one.
pub(super) async fn in_table(target: &Target, store: &Store) -> Result<Option<Box<Found>>, Error> {
    match &store.item {
        Some(item) => at(target, Place::Item(item)).await,
        None => Ok(None),
    }
}

async fn at(target: &Target, place: Place<'_>) -> Result<Option<Box<Found>>, Error> {
    match Box::pin(place.ask(&Request::Look(None))).await? {
        Answer::Found(found) => Ok(Some(found)),
        Answer::Missing => Ok(None),
        Answer::Unclear(Some(cause)) => Err(Error::Call(cause)),
        // What no look is answered with.
        _ => Err(Error::Busy { target: Box::new(target.clone()), attempts: 1 }),
    }
}
