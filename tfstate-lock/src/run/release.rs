//! Giving the lock back.

use contract::aws::CallError;
use contract::{Report, Session};

use super::{ATTEMPTS, pause, report};
use crate::TfstateLock;
use crate::aws::LockStore;
use crate::decide::{self, AfterDelete, DeleteOutcome, Found, Holder};
use crate::error::{Error, release_command};
use crate::lock_info::LockInfo;
use crate::report::{Lock, LockState};
use crate::request::Release;

pub(super) async fn release(
    request: Release,
    store: &LockStore,
    session: &Session,
) -> Result<Report<TfstateLock>, Error> {
    let state = &request.state;
    let info = request.known.as_ref().map(|(info, _)| info.clone());
    let left = Lock::new(state, LockState::Unknown, info, None);
    session.checkpoint(&left, &release_command(state, &request.id));
    session.to_the_end(Box::pin(to_the_end(&request, store))).await
}

async fn to_the_end(request: &Release, store: &LockStore) -> Result<Report<TfstateLock>, Error> {
    let state = &request.state;
    let mut known = request.known.clone();
    let mut last = known.clone().map(|(info, _)| info);
    let mut unclear = false;
    for nth in 0..ATTEMPTS {
        let (info, etag) = match known.take() {
            Some(known) => known,
            None => match decide::before_delete(&request.id, looked(request, store, unclear).await?, unclear) {
                decide::Release::Delete { info, etag } => (info, etag),
                decide::Release::Released => return Ok(released(request, last)),
                decide::Release::Gone => return Ok(gone(request, last)),
                decide::Release::HeldBy(holder) => return Ok(refused(request, holder)),
            },
        };
        last = Some(info.clone());
        let outcome = match store.delete(state, &etag).await {
            Ok(outcome) => outcome,
            Err(cause) => return Err(error(request, cause, unclear)),
        };
        match decide::after_delete(outcome, unclear) {
            AfterDelete::Released => return Ok(released(request, last)),
            AfterDelete::Gone => return Ok(gone(request, last)),
            AfterDelete::Look => {}
            AfterDelete::TryAgain => known = Some((info, etag)),
        }
        unclear |= outcome == DeleteOutcome::Unclear;
        tokio::time::sleep(pause(nth, 128)).await;
    }
    if unclear {
        let (state, id) = (state.clone(), request.id.clone());
        return Err(Error::NoAnswer { state, id });
    }
    Err(Error::Busy { state: state.clone(), attempts: ATTEMPTS })
}

async fn looked(request: &Release, store: &LockStore, unclear: bool) -> Result<Found, Error> {
    let found = store.find(&request.state).await;
    found.map_err(|cause| error(request, cause, unclear))
}

/// After a DELETE without an answer, no later error says that the lock is still there.
fn error(request: &Release, cause: CallError, unclear: bool) -> Error {
    if !unclear {
        return cause.into();
    }
    Error::Uncertain { state: request.state.clone(), id: request.id.clone(), cause: Box::new(cause) }
}

/// Says what would be: whether the lock is there and has the id.
pub(super) async fn foresee(request: &Release, store: &LockStore) -> Result<Report<TfstateLock>, Error> {
    let state = &request.state;
    let found = store.find(state).await?;
    Ok(match decide::before_delete(&request.id, found, false) {
        decide::Release::Delete { info, etag } => report(
            Lock::new(state, LockState::Held, Some(info), Some(etag)),
            format!("{state}: lock {} is there and would be released", request.id),
            None,
        ),
        decide::Release::HeldBy(holder) => refused(request, holder),
        decide::Release::Gone | decide::Release::Released => gone(request, None),
    })
}

fn released(request: &Release, info: Option<LockInfo>) -> Report<TfstateLock> {
    let summary = format!("{}: released, id {}", request.state, request.id);
    report(Lock::new(&request.state, LockState::Released, info, None), summary, None)
}

fn gone(request: &Release, info: Option<LockInfo>) -> Report<TfstateLock> {
    let state = request.state.clone();
    let section = Lock::new(&state, LockState::Gone, info, None);
    report(section, String::new(), Some(Error::Gone { state }))
}

fn refused(request: &Release, holder: Holder) -> Report<TfstateLock> {
    let info = match &holder {
        Holder::Known(info) => Some(info.as_ref().clone()),
        Holder::Unreadable(_) => None,
    };
    let state = request.state.clone();
    let section = Lock::new(&state, LockState::HeldByOther, info, None);
    report(section, String::new(), Some(Error::Held { state, holder }))
}
