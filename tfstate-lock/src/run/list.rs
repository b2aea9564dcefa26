//! Listing the locks below a prefix.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::{Report, Session};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::TfstateLock;
use crate::aws::{LockObject, Objects, Place, Store};
use crate::error::Error;
use crate::object_settings::ObjectSettings;
use crate::protocol::{Answer, Found, Request};
use crate::report::{ListedLock, Listing, Lock, LockPlace, LockState, Section};
use crate::request::Target;
use crate::state::address::{Prefix, StateAddress};

/// Objects that are read at the same time.
const AT_ONCE: usize = 16;

/// Says all locks below a prefix.
pub(super) async fn list(
    target: &Target,
    below: &Prefix,
    store: &Store,
    session: &Session,
) -> Result<Report<TfstateLock>, Error> {
    let (objects, items) = tokio::join!(of_bucket(&store.objects, below), of_table(store, below));
    let (objects, items) = (objects?, items?);
    for (state, seen) in &objects {
        if let Seen::Unknown(cause) = seen {
            session.progress.warning(&format!("nothing is known of the lock of {state}: {cause}"));
        }
    }
    let locks = merged(target, objects, items);
    let listing = Listing {
        ok: false,
        bucket: below.bucket.clone(),
        prefix: below.prefix.clone(),
        table: target.table.clone(),
        locks,
    };
    let summary = summary(&listing, below);
    Ok(Report { section: Section::Listing(listing), image: None, summary, refusal: None, carries_on: false })
}

fn summary(listing: &Listing, below: &Prefix) -> String {
    let count = match listing.locks.len() {
        0 => "no lock".to_owned(),
        1 => "1 lock".to_owned(),
        many => format!("{many} locks"),
    };
    match listing.locks.iter().filter(|lock| lock.is_unknown()).count() {
        0 => format!("{below}: {count}"),
        unknown => format!("{below}: {count}, of {unknown} of which nothing is known"),
    }
}

/// What was seen of a lock object.
#[derive(Debug)]
enum Seen {
    Found(Box<Found>),
    /// It was there a moment ago.
    Vanished,
    /// It is there, but cannot be read.
    Unknown(String),
}

async fn of_bucket(objects: &Objects, below: &Prefix) -> Result<Vec<(StateAddress, Seen)>, Error> {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut looks = JoinSet::new();
    for state in objects.locked_states(below).await? {
        let lock = LockObject { objects: objects.clone(), key: state.lock_key() };
        let permits = Arc::clone(&permits);
        looks.spawn(async move {
            // It is never closed.
            let _permit = permits.acquire().await;
            (state, look(&lock).await)
        });
    }
    Ok(looks.join_all().await)
}

async fn look(lock: &LockObject) -> Seen {
    match Place::Object(lock).ask(&Request::Look(None)).await {
        Ok(Answer::Found(found)) => Seen::Found(found),
        Ok(Answer::Unclear(Some(cause))) => Seen::Unknown(cause.to_string()),
        Ok(_) => Seen::Vanished,
        Err(cause) => Seen::Unknown(cause.to_string()),
    }
}

async fn of_table(store: &Store, below: &Prefix) -> Result<Vec<(StateAddress, Found)>, Error> {
    match &store.item {
        Some(item) => Ok(item.locked_states(below).await?),
        None => Ok(Vec::new()),
    }
}

/// One entry for what is the same lock at both places.
fn merged(target: &Target, objects: Vec<(StateAddress, Seen)>, items: Vec<(StateAddress, Found)>) -> Vec<ListedLock> {
    let mut locks: BTreeMap<(String, LockPlace), ListedLock> = BTreeMap::new();
    for (state, seen) in objects {
        locks.insert((state.state_key().to_owned(), LockPlace::Bucket), of_object(target, &state, seen));
    }
    for (state, found) in items {
        let key = state.state_key().to_owned();
        let id = found.lock.as_ref().ok().map(|lock| &lock.id);
        let twin = locks.get_mut(&(key.clone(), LockPlace::Bucket));
        if let Some(twin) = twin.filter(|twin| id.is_some() && twin.lock.info.as_ref().map(|info| &info.id) == id) {
            twin.places.push(LockPlace::Table);
            continue;
        }
        let lock = entry(target, &state, LockState::HeldByOther).found(&found);
        locks.insert((key, LockPlace::Table), listed(&state, LockPlace::Table, lock, None));
    }
    locks.into_values().collect()
}

fn of_object(target: &Target, state: &StateAddress, seen: Seen) -> ListedLock {
    let (lock, unknown) = match seen {
        Seen::Found(found) => (entry(target, state, LockState::HeldByOther).found(&found), None),
        Seen::Vanished => (entry(target, state, LockState::Gone), None),
        Seen::Unknown(cause) => (entry(target, state, LockState::Unknown), Some(cause)),
    };
    listed(state, LockPlace::Bucket, lock, unknown)
}

fn entry(target: &Target, state: &StateAddress, is: LockState) -> Lock {
    let table = target.table.clone();
    Lock::new(&Target { state: state.clone(), table, settings: ObjectSettings::default() }, is)
}

fn listed(state: &StateAddress, place: LockPlace, lock: Lock, unknown: Option<String>) -> ListedLock {
    ListedLock { address: state.to_string(), places: vec![place], lock, unknown }
}
