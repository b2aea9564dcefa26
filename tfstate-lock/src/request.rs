//! From what was typed and piped to what is asked.

use contract::{Digest, Document, Input, requirement};
use serde::Deserialize;

use crate::cli::{AcquireArguments, Arguments, Command, ReleaseArguments, StateOperand};
use crate::error::Error;
use crate::lock_id::LockId;
use crate::lock_info::LockInfo;
use crate::state_address::StateAddress;

/// What is asked.
#[derive(Debug)]
pub enum Request {
    /// To take a lock.
    Acquire(Acquire),
    /// To give one back.
    Release(Release),
}

/// A lock to take.
#[derive(Debug)]
pub struct Acquire {
    /// Of which state.
    pub state: StateAddress,
    /// `Operation`.
    pub operation: String,
    /// `Info`.
    pub info: String,
    /// `Who`, if it was said.
    pub who: Option<String>,
}

/// A lock to give back.
#[derive(Debug)]
pub struct Release {
    /// Of which state.
    pub state: StateAddress,
    /// The id that the lock must have.
    pub id: LockId,
    /// What the lock says and its `ETag`, if it came with the input.
    pub known: Option<(LockInfo, String)>,
}

/// Where a document's lock lies, beside what it says.
#[derive(Deserialize)]
struct Place {
    etag: Option<String>,
}

impl Request {
    /// Resolves arguments and input.
    ///
    /// # Errors
    /// There is no command, nothing says which lock is meant, or `--require` is not met.
    pub fn resolve(arguments: Arguments, input: &Input) -> Result<Self, Error> {
        let document = input.document.as_ref();
        let image = document.map(Document::image).transpose()?.flatten();
        let subjects: Vec<Digest> = image.iter().flat_map(|image| image.names().cloned()).collect();
        requirement::check(document, &arguments.common.require, &subjects)?;
        match arguments.command {
            None => Err(Error::NoCommand),
            Some(Command::Acquire(acquire)) => Ok(Self::Acquire(Acquire::from(acquire))),
            Some(Command::Release(release)) => Release::resolve(&release, input).map(Self::Release),
        }
    }
}

impl From<AcquireArguments> for Acquire {
    fn from(arguments: AcquireArguments) -> Self {
        Self {
            state: arguments.workspace.of(&arguments.state),
            operation: arguments.operation,
            info: arguments.info,
            who: arguments.who,
        }
    }
}

impl Release {
    fn resolve(arguments: &ReleaseArguments, input: &Input) -> Result<Self, Error> {
        let piped = piped_lock(input)?;
        let state = match (&arguments.state, &piped) {
            (Some(StateOperand::State(state)), _) => arguments.workspace.of(state),
            (_, Some((lock, _))) => StateAddress::from_path(&lock.path).map_err(Error::Path)?,
            (_, None) => return Err(Error::NoLock),
        };
        let id = match (&arguments.id, &piped) {
            (Some(id), _) => id.clone(),
            (None, Some((lock, _))) => lock.id.clone(),
            (None, None) => return Err(Error::NoId),
        };
        // An `ETag` is good only for the very lock that is meant.
        let known = piped.filter(|(lock, _)| lock.id == id && lock.path == state.path());
        let known = known.and_then(|(lock, etag)| Some((lock, etag?)));
        Ok(Self { state, id, known })
    }
}

/// Whether this names exactly one object: `*` would match whatever lies there.
fn is_one_etag(text: &str) -> bool {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.is_some_and(|inner| !inner.is_empty() && !inner.contains(['"', '*', ',']))
}

/// The lock that came with the input, and its `ETag` if it is known.
fn piped_lock(input: &Input) -> Result<Option<(LockInfo, Option<String>)>, Error> {
    if let Some(bytes) = &input.foreign {
        return Ok(Some((LockInfo::parse(bytes).map_err(Error::PipedLock)?, None)));
    }
    let Some(document) = &input.document else {
        return Ok(None);
    };
    let Some(raw) = document.raw("lock") else {
        return Ok(None);
    };
    let lock = LockInfo::parse(raw.as_bytes()).map_err(Error::PipedLock)?;
    let place: Option<Place> = document.read("lock")?;
    Ok(Some((lock, place.and_then(|place| place.etag).filter(|etag| is_one_etag(etag)))))
}
