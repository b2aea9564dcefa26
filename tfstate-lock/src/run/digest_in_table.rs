//! The state's digest in the table: without it Terraform does not read the state.

use contract::aws::CallError;

use crate::aws::{LockItem, Store, is_unclear};
use crate::error::{Error, StateError, repair_command};
use crate::request::Target;
use crate::state::table_digest::{Standing, TableDigest};

/// What the table says; none if it says nothing, or there is no table.
pub(super) async fn said(store: &Store) -> Result<Option<String>, Error> {
    match &store.item {
        Some(item) => Ok(item.digest().await?),
        None => Ok(None),
    }
}

/// Whether Terraform would read the state that has this digest.
pub(super) fn check(target: &Target, digest: &TableDigest, said: Option<&str>) -> Result<(), Error> {
    match (digest.against(said), &target.table) {
        (Standing::OutOfStep(said), Some(table)) => Err(StateError::OutOfStep {
            state: target.state.clone(),
            table: table.clone(),
            said,
            digest: digest.clone(),
            repair: repair_command(target),
        }
        .into()),
        _ => Ok(()),
    }
}

/// Makes the table say this digest, if it still says what it said before, and reads it back. Says whether it had to; none if there is no table.
pub(super) async fn settle(
    target: &Target,
    digest: &TableDigest,
    before: Option<&str>,
    store: &Store,
) -> Result<Option<bool>, Error> {
    let Some(item) = &store.item else {
        return Ok(None);
    };
    if digest.against(before) == Standing::InStep {
        return Ok(Some(false));
    }
    match set(item, digest, before).await {
        Ok(()) => Ok(Some(true)),
        Err(NotSet { cause, is_unclear }) => Err(StateError::DigestNotSet {
            state: target.state.clone(),
            table: item.table().to_owned(),
            cause,
            is_unclear,
            repair: repair_command(target),
        }
        .into()),
    }
}

struct NotSet {
    cause: Option<Box<CallError>>,
    is_unclear: bool,
}

async fn set(item: &LockItem, digest: &TableDigest, before: Option<&str>) -> Result<(), NotSet> {
    let set = item.set_digest(digest.as_str(), before).await;
    let now = match item.digest().await {
        Ok(now) => now,
        Err(cause) => return Err(NotSet { cause: Some(Box::new(set.err().unwrap_or(cause))), is_unclear: true }),
    };
    if digest.against(now.as_deref()) == Standing::InStep {
        return Ok(());
    }
    match set {
        // The next look may still find it.
        Err(cause) if is_unclear(cause.kind) => Err(NotSet { cause: Some(Box::new(cause)), is_unclear: true }),
        Err(cause) => Err(NotSet { cause: Some(Box::new(cause)), is_unclear: false }),
        Ok(_) => Err(NotSet { cause: None, is_unclear: false }),
    }
}
