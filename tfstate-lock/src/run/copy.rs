//! Keeping what a state is now: as a version if the bucket has versions, else as a copy beside it.

use contract::{Digest, Session};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::overwrite::overwrite;
use crate::aws::{Object, Store, Stored, Versioning};
use crate::error::{Error, StateError};
use crate::protocol::overwrite::{Overwritten, Sight};
use crate::report::Backup;
use crate::request::Target;
use crate::state::address::StateAddress;
use crate::state::file::StateFile;

/// Copies of different states that are made in one second. There is one lock, so more than a few are someone else's work.
const MOST_IN_A_SECOND: u32 = 9;

/// Whether the bucket keeps versions. Who may not know makes a copy.
pub(super) async fn versioning(store: &Store, session: &Session) -> Result<Versioning, Error> {
    let versioning = store.state.versioning().await?;
    if let Versioning::Unknown(cause) = &versioning {
        session
            .progress
            .warning(&format!("it is not known whether the bucket keeps versions, so a copy is made: {cause}"));
    }
    Ok(versioning)
}

/// The version that the bucket keeps of an object; none if it keeps none.
pub(super) fn version<'a>(versioning: &Versioning, object: &'a Object) -> Option<&'a str> {
    object.version_id.as_deref().filter(|_| *versioning == Versioning::Enabled)
}

/// Sees to it that this state will still be there when another one lies in its place.
pub(super) async fn keep(
    target: &Target,
    versioning: &Versioning,
    object: &Object,
    state: &StateFile,
    store: &Store,
) -> Result<Backup, Error> {
    let backup = Backup::of(state, &object.etag, object.modified);
    if let Some(version) = version(versioning, object) {
        return Ok(backup.as_version(version));
    }
    let at = object.answered.unwrap_or_else(Timestamp::now);
    for nth in 1..=MOST_IN_A_SECOND {
        let copy = target.state.backup(at, nth);
        // Not every store keeps the condition of a copy. Under the lock nobody else makes copies of this state.
        match store.state.copy_at(&copy).await? {
            Some(found) if digest(&found) == state.digest => return Ok(backup.as_copy(&copy, &found.etag)),
            Some(_) => continue,
            None => {}
        }
        if copied(object, state, target, &copy, store).await? {
            let etag = verified(&copy, state, store).await?;
            return Ok(backup.as_copy(&copy, &etag));
        }
    }
    Err(StateError::CopyExists(target.state.backup(at, MOST_IN_A_SECOND)).into())
}

/// Copies the state; false if something else lies there already.
async fn copied(
    object: &Object,
    state: &StateFile,
    target: &Target,
    copy: &StateAddress,
    store: &Store,
) -> Result<bool, Error> {
    let look = async || {
        Ok(match store.state.copy_at(copy).await? {
            None => Sight::AsBefore,
            Some(found) if digest(&found) == state.digest => Sight::Ours(stored(&found)),
            Some(_) => Sight::Other,
        })
    };
    match overwrite(async || store.state.copy(object, copy).await, look).await {
        Overwritten::Done(_) => Ok(true),
        Overwritten::Overtaken => Ok(false),
        Overwritten::Refused => Err(StateError::Changed(target.state.clone()).into()),
        Overwritten::Busy(attempts) => Err(StateError::Busy { state: copy.clone(), attempts }.into()),
        Overwritten::Failed(cause) => Err(Error::Call(cause)),
        Overwritten::Unknown(cause) => Err(StateError::Uncertain { state: copy.clone(), cause }.into()),
    }
}

/// Reads the copy back: nobody is told of one that is not there, or not whole.
async fn verified(copy: &StateAddress, state: &StateFile, store: &Store) -> Result<String, Error> {
    match store.state.copy_at(copy).await? {
        Some(found) if digest(&found) == state.digest => Ok(found.etag),
        _ => Err(StateError::CopyDiffers(copy.clone()).into()),
    }
}

/// The SHA-256 of an object's bytes.
pub(super) fn digest(object: &Object) -> Digest {
    Digest::of_bytes(&Sha256::digest(&object.body))
}

/// What names an object that was found.
pub(super) fn stored(object: &Object) -> Stored {
    Stored { etag: object.etag.clone(), version_id: object.version_id.clone() }
}
