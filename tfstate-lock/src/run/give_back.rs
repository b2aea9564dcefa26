//! Giving the lock back at all its places.

use contract::Session;

use super::take::Held;
use crate::aws::{Place, Store};
use crate::error::Error;
use crate::process::boot_time;
use crate::protocol::give_back::{GiveBack, GivenBack, Target as Which};
use crate::protocol::pace::Jitter;
use crate::protocol::{Found, Request, Step, Token};
use crate::report::{Lock, LockState};
use crate::request::Target;

/// What became of a lock at its places: in the table first, so that a run that breaks off leaves the one that has a lease.
#[derive(Debug)]
pub(super) struct Places {
    /// In the table, if there is one.
    pub(super) item: Option<Result<GivenBack, Error>>,
    /// In the bucket.
    pub(super) object: Result<GivenBack, Error>,
}

/// Deletes the lock everywhere.
pub(super) async fn everywhere(store: &Store, which: &Which, object: Option<Token>, item: Option<Token>) -> Places {
    let of_item = match &store.item {
        // What names an object names no item.
        Some(place) if !matches!(which, Which::Token(_)) => Some(at(Place::Item(place), which.clone(), item).await),
        _ => None,
    };
    Places { item: of_item, object: at(Place::Object(&store.lock), which.clone(), object).await }
}

/// Deletes the lock at one place.
pub(super) async fn at(place: Place<'_>, which: Which, known: Option<Token>) -> Result<GivenBack, Error> {
    let (give_back, request) = GiveBack::begin(which, known, Jitter::new(boot_time::seed()));
    to_its_end(place, give_back, request).await
}

/// Deletes exactly what was found at a place.
pub(super) async fn exactly(place: Place<'_>, found: &Found) -> Result<GivenBack, Error> {
    let token = found.token.clone();
    let (give_back, request) =
        GiveBack::begin(Which::Token(token.clone()), Some(token), Jitter::new(boot_time::seed()));
    to_its_end(place, give_back.saying(found.lock.clone().ok()), request).await
}

async fn to_its_end(place: Place<'_>, mut give_back: GiveBack, mut request: Request) -> Result<GivenBack, Error> {
    loop {
        let answer = match Box::pin(place.ask(&request)).await {
            Ok(answer) => answer,
            // After a DELETE without an answer, no later error says that the lock is still there.
            Err(cause) if give_back.is_unclear() => return Ok(GivenBack::Unknown(Some(Box::new(cause)))),
            Err(cause) => return Err(cause.into()),
        };
        request = match give_back.hear(answer) {
            Step::Ask(next) => next,
            Step::End(end) => return Ok(end),
            Step::Pause(pause, _) => {
                tokio::time::sleep(pause).await;
                give_back.resume()
            }
        };
    }
}

/// Gives back what nobody will use, and says whether it is free. Should it not be, the checkpoint of before says how to.
pub(super) async fn quietly(target: &Target, store: &Store, held: &Held, session: &Session) -> bool {
    let which = Which::Id(held.lock.id.clone());
    let item = match (&held.item, &store.item) {
        (Some(token), Some(place)) => Some(at(Place::Item(place), which.clone(), Some(token.clone())).await),
        _ => None,
    };
    let object = at(Place::Object(&store.lock), which, Some(held.object.clone())).await;
    let is_free = |given: &Result<GivenBack, Error>| matches!(given, Ok(GivenBack::Deleted(_) | GivenBack::Gone));
    let is_free = is_free(&object) && item.as_ref().is_none_or(is_free);
    if is_free {
        let released = Lock::new(target, LockState::Released).saying(&held.lock);
        session.checkpoint(&released, "the lock was given back; run it again");
    }
    is_free
}
