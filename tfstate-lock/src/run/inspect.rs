//! Looking at a lock, and at what lies beside it.

use std::time::Duration;

use contract::aws::CallError;
use contract::{Report, Session};
use jiff::Timestamp;

use super::look::{self, Seen};
use super::report;
use crate::TfstateLock;
use crate::aws::{Head, Read, Store};
use crate::error::Error;
use crate::lock::explain::{Scene, is_consistent, written_since};
use crate::lock::lease::Liveness;
use crate::protocol::Found;
use crate::report::{Inspection, Lock, LockState, StateObject, TableLock};
use crate::request::{PipedLock, Target};
use crate::state::table_digest::TableDigest;

/// Says who holds the lock. With the lock of a document, whether that is held still: then the release goes on with it.
pub(super) async fn inspect(
    target: &Target,
    asked: Option<&PipedLock>,
    store: &Store,
    session: &Session,
) -> Result<Report<TfstateLock>, Error> {
    let state = Box::pin(store.objects.head(target.state.state_key()));
    let (seen, digest, state) = tokio::join!(look::look(target, store), digest(store), state);
    let (seen, digest) = (seen?, digest?);
    if let Err(error) = &state {
        session.progress.warning(&format!("nothing is known of the state: {error}"));
    }
    let head = state.as_ref().ok().and_then(Option::as_ref);
    let digest_in_step = in_step(target, store, digest.as_deref(), head).await?;
    let judged = judged(target, asked, &seen);
    let inspection = beside(target, &seen, &state, digest_in_step, judged.0 == LockState::Held);
    let section = Lock { inspection: Some(inspection), ..section(target, &seen, judged.0) };
    let carries_on = asked.is_some();
    let summary = match (judged.0, asked) {
        (LockState::Held, Some(asked)) => format!("{}: lock {} is held still", target.state, asked.lock.id),
        _ => format!("{}: the lock is free", target.state),
    };
    Ok(Report { carries_on, ..report(section, summary, judged.1) })
}

/// How the lock is for whoever asks, and why the answer is no if it is.
fn judged(target: &Target, asked: Option<&PipedLock>, seen: &Seen) -> (LockState, Option<Error>) {
    let boxed = || Box::new(target.clone());
    let Some(asked) = asked.map(|asked| &asked.lock) else {
        return match seen.lock(target) {
            None => (LockState::Free, None),
            Some((found, table)) => (LockState::HeldByOther, Some(Error::Held { target: boxed(), found, table })),
        };
    };
    let is_asked = |found: &Found| matches!(&found.lock, Ok(lock) if lock.id == asked.id);
    let lost = |found: Option<Box<Found>>, table: Option<String>| {
        let state = if found.is_some() { LockState::HeldByOther } else { LockState::Gone };
        (state, Some(Error::Lost { target: boxed(), id: asked.id.clone(), found, table }))
    };
    if !seen.object.as_deref().is_some_and(is_asked) {
        return lost(seen.object.clone(), None);
    }
    if target.table.is_some() && !seen.item.as_deref().is_some_and(is_asked) {
        return lost(seen.item.clone(), target.table.clone());
    }
    let expired = seen.object.as_deref().is_some_and(Found::is_expired);
    (LockState::Held, expired.then(|| Error::Expired { target: boxed(), id: asked.id.clone() }))
}

fn section(target: &Target, seen: &Seen, state: LockState) -> Lock {
    let section = Lock::new(target, state);
    match seen.lock(target) {
        Some((found, _)) => section.found(&found),
        None => section,
    }
}

fn beside(
    target: &Target,
    seen: &Seen,
    state: &Result<Option<Head>, CallError>,
    digest_in_step: Option<bool>,
    is_ours: bool,
) -> Inspection {
    let found = seen.object.as_deref();
    let state_object = state_object(state, found);
    let head = state.as_ref().ok().and_then(Option::as_ref);
    let holder = seen.object().or(seen.item()).map_or(Liveness::Unknown, |suspect| suspect.holder);
    let scene = Scene {
        target,
        object: found,
        item: seen.item.as_deref(),
        state: &state_object,
        state_age: head.and_then(|head| age(head.answered, head.modified)),
        digest_in_step,
        holder,
        is_ours,
    };
    Inspection {
        table_lock: seen.item.as_deref().map(TableLock::found).map(Box::new),
        consistent: target.table.as_ref().map(|_| is_consistent(scene.object, scene.item)),
        digest_in_step,
        holder: (holder != Liveness::Unknown).then_some(holder),
        explanation: scene.explain(),
        state_object,
    }
}

fn age(answered: Option<Timestamp>, modified: Option<Timestamp>) -> Option<Duration> {
    Duration::try_from(answered?.duration_since(modified?)).ok()
}

fn state_object(state: &Result<Option<Head>, CallError>, lock: Option<&Found>) -> StateObject {
    match state {
        Err(error) => StateObject { unknown: Some(error.to_string()), ..StateObject::default() },
        Ok(None) => StateObject { exists: Some(false), ..StateObject::default() },
        Ok(Some(head)) => StateObject {
            exists: Some(true),
            bytes: Some(head.bytes),
            etag: Some(head.etag.clone()),
            version_id: head.version_id.clone(),
            modified: head.modified.map(|time| time.to_string()),
            written_since_lock: lock.and_then(|found| written_since(found, head.modified)),
            unknown: None,
        },
    }
}

/// The state's digest as the table has it, if there is a table.
async fn digest(store: &Store) -> Result<Option<String>, CallError> {
    match &store.item {
        Some(item) => item.digest().await,
        None => Ok(None),
    }
}

/// Whether the table's digest is that of the state; none if the table has none. An empty one counts as none, as it does for Terraform.
async fn in_step(
    target: &Target,
    store: &Store,
    digest: Option<&str>,
    head: Option<&Head>,
) -> Result<Option<bool>, Error> {
    let Some(digest) = digest.filter(|digest| !digest.is_empty()) else {
        return Ok(None);
    };
    // The `ETag` is the MD5 of most objects; of which ones, is nothing to rely on.
    if head.is_some_and(|head| head.etag.trim_matches('"').eq_ignore_ascii_case(digest)) {
        return Ok(Some(true));
    }
    match Box::pin(store.objects.get(target.state.state_key(), None)).await? {
        Read::Object(state) => Ok(Some(TableDigest::of(&state.body).as_str().eq_ignore_ascii_case(digest))),
        Read::Missing | Read::Unchanged(_) => Ok(Some(false)),
    }
}
