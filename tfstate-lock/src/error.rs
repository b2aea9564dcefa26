//! What can go wrong, and what to do then.

use contract::aws::CallError;
use contract::document::DocumentError;
use contract::requirement::Unmet;
use contract::{Exit, Fault};
use thiserror::Error;

use crate::decide::Holder;
use crate::lock_id::LockId;
use crate::lock_info::LockInfoError;
use crate::state_address::{AddressError, StateAddress};

/// An error of `tfstate-lock`.
#[derive(Debug, Error)]
pub enum Error {
    /// No command was given.
    #[error("there is no command: say acquire or release")]
    NoCommand,
    /// Nothing says which lock to release.
    #[error("nothing says which lock to release: the input has no `lock`")]
    NoLock,
    /// Nothing says that the lock is the caller's to release.
    #[error("nothing says which lock to release: its id is missing")]
    NoId,
    /// The lock on standard input is none.
    #[error("the lock on standard input is not understood: {0}")]
    PipedLock(LockInfoError),
    /// The lock on standard input does not say where it lies.
    #[error("the lock on standard input does not say where it lies: {0}")]
    Path(AddressError),
    /// Someone else holds the lock.
    #[error("{}", held(state, holder))]
    Held {
        /// Of which state.
        state: StateAddress,
        /// Who.
        holder: Holder,
    },
    /// The lock to release is not there.
    #[error("the lock of {state} is not there: it was released or removed before")]
    Gone {
        /// Of which state.
        state: StateAddress,
    },
    /// It went to and fro.
    #[error("the lock of {state} was contended {attempts} times in a row")]
    Busy {
        /// Of which state.
        state: StateAddress,
        /// How often we tried.
        attempts: u32,
    },
    /// Nobody can say whether we hold the lock.
    #[error("it is not known whether lock {id} of {state} is there: {cause}")]
    Uncertain {
        /// Of which state.
        state: StateAddress,
        /// Its id.
        id: LockId,
        /// What S3 said last.
        cause: Box<CallError>,
    },
    /// S3 gave no answer, again and again.
    #[error("S3 gave no clear answer about lock {id} of {state}")]
    NoAnswer {
        /// Of which state.
        state: StateAddress,
        /// Its id.
        id: LockId,
    },
    /// AWS said no.
    #[error("{0}")]
    Call(Box<CallError>),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers for the lock's id: {0}")]
    Randomness(std::io::Error),
    /// The release document is not understood.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// `--require` is not met.
    #[error(transparent)]
    Require(#[from] Unmet),
}

impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        Self::Call(Box::new(error))
    }
}

fn held(state: &StateAddress, holder: &Holder) -> String {
    match holder {
        Holder::Unreadable(cause) => format!("the lock of {state} is held, but nobody can say by whom: {cause}"),
        Holder::Known(lock) => {
            let mut text = format!("the lock of {state} is held by {} since {}", lock.who, lock.created);
            for (name, value) in [("operation", &lock.operation), ("info", &lock.info)] {
                if !value.is_empty() {
                    text = format!("{text}, {name}: {value}");
                }
            }
            format!("{text}, id: {}", lock.id)
        }
    }
}

impl Fault for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NoCommand | Self::NoLock | Self::NoId | Self::PipedLock(_) | Self::Path(_) => Exit::Usage,
            Self::Held { .. } | Self::Gone { .. } | Self::Busy { .. } => Exit::No,
            Self::Uncertain { .. } | Self::NoAnswer { .. } => Exit::Unknown,
            Self::Call(error) => error.exit(),
            Self::Randomness(_) => Exit::World,
            Self::Document(error) => error.exit(),
            Self::Require(error) => error.exit(),
        }
    }

    fn code(&self) -> String {
        match self {
            Self::NoCommand => "usage".to_owned(),
            Self::NoLock => "lock.missing".to_owned(),
            Self::NoId => "lock.no_id".to_owned(),
            Self::PipedLock(_) => "lock.invalid".to_owned(),
            Self::Path(_) => "lock.no_path".to_owned(),
            Self::Held { holder: Holder::Known(_), .. } => "lock.held".to_owned(),
            Self::Held { holder: Holder::Unreadable(_), .. } => "lock.unreadable".to_owned(),
            Self::Gone { .. } => "lock.gone".to_owned(),
            Self::Busy { .. } => "lock.busy".to_owned(),
            Self::Uncertain { .. } | Self::NoAnswer { .. } => "lock.uncertain".to_owned(),
            Self::Call(error) => error.code(),
            Self::Randomness(_) => "system".to_owned(),
            Self::Document(error) => error.code(),
            Self::Require(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoCommand => Some("tfstate-lock --help".to_owned()),
            Self::NoLock => {
                Some("pipe in what acquire wrote, or: tfstate-lock release s3://BUCKET/KEY --id ID".to_owned())
            }
            Self::NoId => Some("acquire wrote it: jq -r .lock.ID FILE".to_owned()),
            Self::PipedLock(_) => Some("what acquire wrote belongs here, or the lock object itself".to_owned()),
            Self::Path(_) => Some("name the state: tfstate-lock release s3://BUCKET/KEY --id ID".to_owned()),
            Self::Held { state, holder } => Some(match holder {
                Holder::Known(lock) => format!(
                    "wait for the holder; if it is surely dead: tfstate-lock release {state} --id {}",
                    quoted(lock.id.as_str())
                ),
                Holder::Unreadable(_) => format!(
                    "look at it, and remove it if no one works on the state: aws s3 cp s3://{}/{} -",
                    state.bucket(),
                    state.lock_key()
                ),
            }),
            Self::Gone { .. } => Some("look whether someone else wrote the state meanwhile: terraform plan".to_owned()),
            Self::Busy { .. } => Some("run it again later".to_owned()),
            Self::Uncertain { state, id, .. } | Self::NoAnswer { state, id } => Some(release_command(state, id)),
            Self::Call(error) => call_hint(error),
            Self::Randomness(_) => Some("check that /dev/urandom can be read".to_owned()),
            Self::Document(error) => error.hint(),
            Self::Require(error) => error.hint(),
        }
    }

    fn request_id(&self) -> Option<String> {
        match self {
            Self::Call(error) | Self::Uncertain { cause: error, .. } => error.request_id(),
            _ => None,
        }
    }
}

/// The command that gives a lock back, wherever it was left.
pub(crate) fn release_command(state: &StateAddress, id: &LockId) -> String {
    format!("tfstate-lock release {} --id {}", quoted(&state.to_string()), quoted(id.as_str()))
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:=@+".contains(character);
    if word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn call_hint(error: &CallError) -> Option<String> {
    match (error.code.as_deref(), error.status, error.operation) {
        (Some("NoSuchBucket"), _, _) => Some("check the bucket's name and the account: aws s3 ls".to_owned()),
        (Some("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException"), _, _)
        | (_, Some(301), _) => Some("the bucket is in another region: name it with --region".to_owned()),
        (_, Some(403), "s3:GetObject") => Some(
            "allow s3:GetObject, and s3:ListBucket: without that S3 says 403 for a lock that is not there".to_owned(),
        ),
        _ => error.hint(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("01682d0f-aea8"), "01682d0f-aea8");
        assert_eq!(quoted("it's; rm"), "'it'\\''s; rm'");
    }
}
