//! Reading the copy that is to be put back.

use contract::{Digest, input};
use sha2::{Digest as _, Sha256};

use crate::aws::{Object, Store};
use crate::cli::SourceOperand;
use crate::error::{Error, StateError};
use crate::request::{Restore, Source, Target};
use crate::state::file::StateFile;
use crate::state::restoration::Refusal;

/// The copy that is to be put back.
pub(super) struct Candidate {
    /// Its bytes: secrets.
    pub(super) bytes: Vec<u8>,
    /// What it says about itself.
    pub(super) state: StateFile,
    /// The object that it is, if it lies in the bucket.
    pub(super) object: Option<Object>,
}

/// Reads the copy. None if it is the state itself, which is read under the lock.
///
/// # Errors
/// It is not there, it is no state, or not what `backup` made.
pub(super) async fn read(target: &Target, asked: &Restore, store: &Store) -> Result<Option<Candidate>, Error> {
    let place = asked.source.place(&target.state);
    let object = match &asked.source {
        Source::Other(SourceOperand::File(file)) => {
            let read = input::read_file(file).await;
            let bytes = read.map_err(|cause| StateError::Unreadable { file: file.clone(), cause })?;
            return candidate(bytes, None, asked.digest.as_ref(), place).map(Some);
        }
        Source::Other(SourceOperand::Object(copy)) if *copy == target.state => return Ok(None),
        Source::Other(SourceOperand::Object(copy)) if copy.bucket() != target.state.bucket() => {
            return Err(StateError::OtherBucket(copy.clone()).into());
        }
        Source::Other(SourceOperand::Object(copy)) => store.state.copy_at(copy).await?,
        Source::Version(id) => store.state.version(id).await?,
    };
    let Some(mut object) = object else {
        return Err(StateError::NoSource(place).into());
    };
    let bytes = std::mem::take(&mut object.body);
    candidate(bytes, Some(object), asked.digest.as_ref(), place).map(Some)
}

fn candidate(
    bytes: Vec<u8>,
    object: Option<Object>,
    expected: Option<&Digest>,
    place: String,
) -> Result<Candidate, Error> {
    let found = Digest::of_bytes(&Sha256::digest(&bytes));
    if let Some(expected) = expected.filter(|expected| **expected != found) {
        return Err(StateError::OtherDigest { place, expected: expected.clone(), found }.into());
    }
    let state = StateFile::parse(&bytes).map_err(|cause| StateError::Refused(Refusal::Candidate(cause)))?;
    Ok(Candidate { bytes, state, object })
}
