//! Making a copy of the state.

use contract::{Report, Session};

use super::under_lock::{self, Done, under_lock};
use super::{copy, digest_in_table, report};
use crate::TfstateLock;
use crate::aws::{Object, Store, Versioning};
use crate::error::{Error, StateError};
use crate::request::{Copying, Target};
use crate::state::file::StateFile;

pub(super) async fn backup(
    target: &Target,
    copying: &Copying,
    store: &Store,
    session: &Session,
) -> Result<Report<TfstateLock>, Error> {
    let versioning = copy::versioning(store, session).await?;
    let work = async |_: &_| make(target, &versioning, store, session).await.unwrap_or_else(Done::refused);
    under_lock(target, &copying.lock, copying.held.as_ref(), store, session, work).await
}

async fn make(target: &Target, versioning: &Versioning, store: &Store, session: &Session) -> Result<Done, Error> {
    let (object, state) = read(target, store).await?;
    if session.is_interrupted() {
        return Ok(Done::default());
    }
    let backup = copy::keep(target, versioning, &object, &state, store).await?;
    let summary = format!("{}: {state} is kept as {}", target.state, backup.place());
    // It is a copy even of a state that Terraform would not read.
    let refusal = in_step(target, &state, store).await.err();
    Ok(Done { backup: Some(backup), summary, refusal, ..Done::default() })
}

/// The state as it is now.
async fn read(target: &Target, store: &Store) -> Result<(Object, StateFile), Error> {
    let object = store.state.get().await?.ok_or_else(|| StateError::Missing(target.state.clone()))?;
    let state = StateFile::parse(&object.body);
    let state = state.map_err(|cause| StateError::Invalid { state: target.state.clone(), cause })?;
    Ok((object, state))
}

async fn in_step(target: &Target, state: &StateFile, store: &Store) -> Result<(), Error> {
    let said = digest_in_table::said(store).await?;
    digest_in_table::check(target, &state.md5, said.as_deref())
}

/// Says what would be.
pub(super) async fn foresee(
    target: &Target,
    copying: &Copying,
    store: &Store,
    session: &Session,
) -> Result<Report<TfstateLock>, Error> {
    let section = under_lock::foresee(target, copying.held.as_ref(), store).await?;
    let versioning = copy::versioning(store, session).await?;
    let (object, state) = read(target, store).await?;
    let summary = match copy::version(&versioning, &object) {
        Some(id) => format!("{}: {state} would be kept as version {id}", target.state),
        None => format!("{}: {state} would be copied to {}.backup-TIME", target.state, target.state),
    };
    let refusal = in_step(target, &state, store).await.err();
    Ok(report(section, summary, refusal))
}
