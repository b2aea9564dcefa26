//! Taking the lock.

use std::fs::File;
use std::io::Read;

use contract::{Report, Session};
use jiff::Timestamp;

use super::{ATTEMPTS, pause, report};
use crate::TfstateLock;
use crate::aws::LockStore;
use crate::decide::{self, Acquisition, AfterPut, DeleteOutcome, Found, Holder, PutOutcome, Reason};
use crate::error::{Error, release_command};
use crate::lock_id::LockId;
use crate::lock_info::LockInfo;
use crate::report::{Lock, LockState};
use crate::request::Acquire;
use crate::state_address::StateAddress;
use crate::who::user_at_host;

pub(super) async fn acquire(
    request: Acquire,
    store: &LockStore,
    session: &Session,
) -> Result<Report<TfstateLock>, Error> {
    let random = random().map_err(Error::Randomness)?;
    let state = request.state.clone();
    let lock = lock_info(request, LockId::from_random(random), session.version);
    let left = Lock::new(&state, LockState::Unknown, Some(lock.clone()), None);
    session.checkpoint(&left, &release_command(&state, &lock.id));
    let mut unclear = false;
    for nth in 0..ATTEMPTS {
        let attempt = Box::pin(attempt(&state, &lock, store, session, &mut unclear));
        match session.to_the_end(attempt).await? {
            None => return std::future::pending().await,
            Some(Acquisition::Acquired { etag }) => return Ok(held(&state, lock, etag)),
            Some(Acquisition::HeldBy(holder)) => return Ok(refused(&state, holder)),
            Some(Acquisition::TryAgain(reason)) => say_again(session, reason),
        }
        tokio::time::sleep(pause(nth, random[nth as usize])).await;
    }
    if unclear {
        return Err(Error::NoAnswer { state, id: lock.id });
    }
    Err(Error::Busy { state, attempts: ATTEMPTS })
}

/// One PUT, and a look if its answer needs one. A signal waits for its outcome; nothing comes back if it led to the lock being given back,
/// and the signal ends the run.
async fn attempt(
    state: &StateAddress,
    lock: &LockInfo,
    store: &LockStore,
    session: &Session,
    unclear: &mut bool,
) -> Result<Option<Acquisition>, Error> {
    let outcome = match store.put(state, lock).await {
        Ok(outcome) => outcome,
        // An earlier attempt may still have been done, whatever is wrong with this one.
        Err(cause) if *unclear => return Err(uncertain(state, lock, cause)),
        Err(cause) => return Err(cause.into()),
    };
    let unanswered = matches!(outcome, PutOutcome::Unclear);
    *unclear |= unanswered;
    let acquisition = match decide::after_put(outcome) {
        AfterPut::Acquired { etag } => Acquisition::Acquired { etag },
        AfterPut::TryAgain(reason) => Acquisition::TryAgain(reason),
        AfterPut::Look => match store.find(state).await {
            Ok(found) => decide::after_put_look(&lock.id, found, unanswered),
            Err(cause) if *unclear => return Err(uncertain(state, lock, cause)),
            Err(cause) => return Err(cause.into()),
        },
    };
    if let Acquisition::Acquired { etag } = &acquisition
        && session.is_interrupted()
    {
        give_back(state, lock, etag, store, session).await;
        return Ok(None);
    }
    Ok(Some(acquisition))
}

/// Nobody waits for the lock any more who could release it. Should this fail, the checkpoint of before says how to.
async fn give_back(state: &StateAddress, lock: &LockInfo, etag: &str, store: &LockStore, session: &Session) {
    if store.delete(state, etag).await == Ok(DeleteOutcome::Deleted) {
        let released = Lock::new(state, LockState::Released, Some(lock.clone()), None);
        session.checkpoint(&released, "the lock was given back; run it again");
    }
}

fn uncertain(state: &StateAddress, lock: &LockInfo, cause: contract::aws::CallError) -> Error {
    Error::Uncertain { state: state.clone(), id: lock.id.clone(), cause: Box::new(cause) }
}

/// Says what would be: whether the lock is free now.
pub(super) async fn foresee(request: &Acquire, store: &LockStore) -> Result<Report<TfstateLock>, Error> {
    let state = &request.state;
    Ok(match store.find(state).await? {
        Found::Nothing => report(
            Lock::new(state, LockState::Free, None, None),
            format!("{state}: the lock is free and would be taken"),
            None,
        ),
        Found::Lock { info, .. } => refused(state, Holder::Known(Box::new(info))),
        Found::Garbage(error) => refused(state, Holder::Unreadable(error)),
    })
}

fn held(state: &StateAddress, lock: LockInfo, etag: String) -> Report<TfstateLock> {
    let summary = format!("{state}: locked, id {}", lock.id);
    report(Lock::new(state, LockState::Held, Some(lock), Some(etag)), summary, None)
}

fn refused(state: &StateAddress, holder: Holder) -> Report<TfstateLock> {
    let info = match &holder {
        Holder::Known(info) => Some(info.as_ref().clone()),
        Holder::Unreadable(_) => None,
    };
    let section = Lock::new(state, LockState::HeldByOther, info, None);
    let state = state.clone();
    report(section, String::new(), Some(Error::Held { state, holder }))
}

fn say_again(session: &Session, reason: Reason) {
    let message = match reason {
        Reason::Conflict => "another request was faster: trying again",
        Reason::Released => "the lock was just released: trying again",
        Reason::Lost => "S3 gave no answer and has no lock: trying again",
    };
    session.progress.event("again", message, &[]);
}

fn lock_info(request: Acquire, id: LockId, version: &str) -> LockInfo {
    LockInfo {
        id,
        operation: request.operation,
        info: request.info,
        who: request.who.unwrap_or_else(user_at_host),
        version: format!("tfstate-lock {version}"),
        created: Timestamp::now(),
        path: request.state.path(),
    }
}

fn random() -> std::io::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}
