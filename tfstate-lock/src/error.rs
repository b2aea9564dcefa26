//! What can go wrong, and what to do then.

mod commands;
mod state;
mod unsound;
mod words;

use std::time::Duration;

use contract::aws::CallError;
use contract::document::DocumentError;
use contract::requirement::Unmet;
use contract::{Exit, Fault};
use thiserror::Error;

pub(crate) use self::commands::{break_command, call_hint, on_state, quoted, release_command};
use self::commands::{break_hint, table_flag};
pub use self::state::StateError;
pub(crate) use self::state::repair_command;
pub use self::unsound::Unsound;
pub(crate) use self::words::held_by;
use self::words::{because, in_table, instead, lost_to};
use crate::encryption::EncryptionError;
use crate::lock::breaking::Missing;
use crate::lock::id::LockId;
use crate::lock::info::LockInfoError;
use crate::process::child::ChildError;
use crate::protocol::Found;
use crate::request::Target;
use crate::state::address::{AddressError, StateAddress};
use crate::state::aftermath::Aftermath;
use crate::working_directory::WorkingDirectoryError;

/// An error of `tfstate-lock`.
#[derive(Debug, Error)]
pub enum Error {
    /// No command was given.
    #[error("there is no command: say what to do")]
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
    /// The folder does not say where its state lies.
    #[error(transparent)]
    WorkingDirectory(#[from] WorkingDirectoryError),
    /// The backend block says what is not taken over, so that another might be asked, or as another.
    #[error("the backend block has settings that are not taken over: {}", .0.join(", "))]
    Unhonoured(Vec<String>),
    /// The key of SSE-C in the environment is none.
    #[error("AWS_SSE_CUSTOMER_KEY is set, but {0}")]
    CustomerKey(EncryptionError),
    /// Nothing says what to restore.
    #[error("nothing says what to put back: the input has no `lock.backup`")]
    NoCopy,
    /// Someone else holds the lock.
    #[error("{}{}", held_by(&target.state, found), in_table(table.as_deref()))]
    Held {
        /// Of which state.
        target: Box<Target>,
        /// What lies there.
        found: Box<Found>,
        /// The table in which it lies; none if it lies in the bucket.
        table: Option<String>,
    },
    /// The lock of a document is not held any more.
    #[error("lock {id} of {} is not held any more: {}{}", target.state, instead(found.as_deref()), in_table(table.as_deref()))]
    Lost {
        /// Of which state.
        target: Box<Target>,
        /// Its id.
        id: LockId,
        /// What lies in its place.
        found: Option<Box<Found>>,
        /// The table in which it is missing; none if that is the bucket.
        table: Option<String>,
    },
    /// Nothing shows that the holder is gone.
    #[error("it is not proved that the holder of the lock of {} is gone: {missing}{}", target.state, in_table(table.as_deref()))]
    NotProved {
        /// Of which state.
        target: Box<Target>,
        /// What lies there.
        found: Box<Found>,
        /// The table in which it lies; none if it lies in the bucket.
        table: Option<String>,
        /// What the proof lacks.
        missing: Missing,
    },
    /// The holder was faster than the break.
    #[error("the lock of {} was renewed while it was to be broken: its holder is alive, and keeps it", target.state)]
    Renewed {
        /// Of which state.
        target: Box<Target>,
    },
    /// Nobody can say whether the lock was taken away.
    #[error("it is not known whether the lock of {} was broken{}{}", target.state, in_table(table.as_deref()), because(cause.as_deref()))]
    BreakUncertain {
        /// Of which state.
        target: Box<Target>,
        /// The table in which it lay; none if it lay in the bucket.
        table: Option<String>,
        /// What AWS said last.
        cause: Option<Box<CallError>>,
    },
    /// The lock to release is not there.
    #[error("the lock of {} is not there: it was released or removed before", target.state)]
    Gone {
        /// Of which state.
        target: Box<Target>,
    },
    /// The lock was taken away while something relied on it.
    #[error("the lock of {} was lost: {}", target.state, lost_to(&target.state, found.as_deref()))]
    LostMeanwhile {
        /// Of which state.
        target: Box<Target>,
        /// What lies there now; none if nothing does.
        found: Option<Box<Found>>,
    },
    /// The lease could not be renewed in time.
    #[error("the lock of {} was lost: its lease could not be renewed in time", target.state)]
    LeaseOver {
        /// Of which state.
        target: Box<Target>,
        /// Its id.
        id: LockId,
    },
    /// `--timeout` was over while the command ran.
    #[error("gave up waiting after {} s: the command was stopped", .0.as_secs_f64())]
    OutOfTime(Duration),
    /// The state is not as a command should leave it.
    #[error("{}: {after}", target.state)]
    Aftermath {
        /// Which state.
        target: Box<Target>,
        /// What became of it.
        after: Aftermath,
    },
    /// This folder's Terraform works on another state than the one whose lock is asked for.
    #[error("this folder's state is {here}, and the lock is that of {}: terraform would run here without a lock", target.state)]
    OtherState {
        /// The state whose lock is asked for.
        target: Box<Target>,
        /// The folder's.
        here: StateAddress,
    },
    /// The lock is the one under which this process runs.
    #[error("the lock of {} is held by the tfstate-lock run around this command", .0.state)]
    HeldAround(Box<Target>),
    /// A lock has another id than the one that was named.
    #[error("the lock of {} has another id than {id}: {}{}", target.state, instead(Some(found)), in_table(table.as_deref()))]
    OtherId {
        /// Of which state.
        target: Box<Target>,
        /// The id that was named.
        id: LockId,
        /// What lies there.
        found: Box<Found>,
        /// The table in which it lies; none if it lies in the bucket.
        table: Option<String>,
    },
    /// The lock of a document lies there, but its lease is over.
    #[error("the lease of lock {id} of {} is over: whoever takes the lock now takes it over", target.state)]
    Expired {
        /// Of which state.
        target: Box<Target>,
        /// Its id.
        id: LockId,
    },
    /// A lock that is ours could not be given back.
    #[error("lock {id} of {} was not given back: {why}", target.state)]
    NotReleased {
        /// Of which state.
        target: Box<Target>,
        /// Its id.
        id: LockId,
        /// Why not.
        why: String,
    },
    /// The prefix is not that of the folder's backend block.
    #[error("--workspace-key-prefix is not that of this folder's backend block")]
    OtherPrefix,
    /// There is no command behind `--`.
    #[error("nothing says what to run: the command stands behind --")]
    NoDashes,
    /// The command cannot be run.
    #[error(transparent)]
    Child(#[from] ChildError),
    /// It went to and fro.
    #[error("the lock of {} was contended {attempts} times in a row", target.state)]
    Busy {
        /// Of which state.
        target: Box<Target>,
        /// How often we tried.
        attempts: u32,
    },
    /// Nobody can say whether we hold the lock.
    #[error("it is not known whether lock {id} of {} is there{}", target.state, because(cause.as_deref()))]
    Uncertain {
        /// Of which state.
        target: Box<Target>,
        /// Its id.
        id: LockId,
        /// What S3 said last.
        cause: Option<Box<CallError>>,
    },
    /// Not all that was examined is as it should be.
    #[error("{0}")]
    Unsound(Box<Unsound>),
    /// The state, or a copy of it, is not what it has to be.
    #[error(transparent)]
    State(Box<StateError>),
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

impl From<StateError> for Error {
    fn from(error: StateError) -> Self {
        Self::State(Box::new(error))
    }
}

impl Fault for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NoCommand
            | Self::NoLock
            | Self::NoId
            | Self::NoCopy
            | Self::PipedLock(_)
            | Self::Path(_)
            | Self::WorkingDirectory(_)
            | Self::Unhonoured(_)
            | Self::OtherState { .. }
            | Self::NoDashes
            | Self::OtherPrefix
            | Self::CustomerKey(_) => Exit::Usage,
            Self::Held { .. }
            | Self::Lost { .. }
            | Self::NotProved { .. }
            | Self::Renewed { .. }
            | Self::HeldAround(_)
            | Self::OtherId { .. }
            | Self::Expired { .. }
            | Self::Gone { .. }
            | Self::Busy { .. }
            | Self::Aftermath { .. }
            | Self::Unsound(_) => Exit::No,
            Self::LostMeanwhile { .. }
            | Self::LeaseOver { .. }
            | Self::OutOfTime(_)
            | Self::Uncertain { .. }
            | Self::BreakUncertain { .. } => Exit::Unknown,
            Self::Child(error) => error.exit(),
            Self::State(error) => error.exit(),
            Self::Call(error) => error.exit(),
            Self::Randomness(_) | Self::NotReleased { .. } => Exit::World,
            Self::Document(error) => error.exit(),
            Self::Require(error) => error.exit(),
        }
    }

    fn code(&self) -> String {
        match self {
            Self::NoCommand | Self::NoDashes | Self::OtherPrefix | Self::CustomerKey(_) => "usage".to_owned(),
            Self::NotReleased { .. } => "lock.not_released".to_owned(),
            Self::NoLock => "lock.missing".to_owned(),
            Self::NoId => "lock.no_id".to_owned(),
            Self::PipedLock(_) => "lock.invalid".to_owned(),
            Self::Path(_) => "lock.no_path".to_owned(),
            Self::NoCopy => "backup.missing".to_owned(),
            Self::WorkingDirectory(error) => error.code(),
            Self::Unhonoured(_) => "backend.unhonoured".to_owned(),
            Self::Held { found, .. } if found.lock.is_err() => "lock.unreadable".to_owned(),
            Self::Held { .. } | Self::HeldAround(_) | Self::OtherId { .. } => "lock.held".to_owned(),
            Self::Expired { .. } => "lock.expired".to_owned(),
            Self::Lost { .. } | Self::LostMeanwhile { .. } | Self::LeaseOver { .. } => "lock.lost".to_owned(),
            Self::OutOfTime(_) => "timeout".to_owned(),
            Self::Aftermath { .. } => "state.suspect".to_owned(),
            Self::OtherState { .. } => "state.other".to_owned(),
            Self::Child(error) => error.code(),
            Self::NotProved { .. } => "lock.not_proved".to_owned(),
            Self::Renewed { .. } => "lock.renewed".to_owned(),
            Self::Gone { .. } => "lock.gone".to_owned(),
            Self::Busy { .. } => "lock.busy".to_owned(),
            Self::Uncertain { .. } | Self::BreakUncertain { .. } => "lock.uncertain".to_owned(),
            Self::State(error) => error.code(),
            Self::Unsound(found) if found.failed.is_empty() => "doctor.unknown".to_owned(),
            Self::Unsound(_) => "doctor.failed".to_owned(),
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
            Self::WorkingDirectory(error) => error.hint(),
            Self::Unhonoured(_) => Some(
                "name the state as s3://BUCKET/KEY, and say the rest by flags and the variables of the AWS SDK"
                    .to_owned(),
            ),
            Self::CustomerKey(_) => Some("unset AWS_SSE_CUSTOMER_KEY, or set it to the key in base64".to_owned()),
            Self::NoCopy => {
                Some("pipe in what backup wrote, or: tfstate-lock restore STATE --version-id ID".to_owned())
            }
            Self::Held { target, found, .. } => Some(break_hint(target, found)),
            Self::HeldAround(_) => Some("leave it out: the command runs under the lock already".to_owned()),
            Self::OtherId { target, .. } => Some(format!("tfstate-lock inspect {}", on_state(target))),
            Self::Expired { target, .. } => Some(format!("take it anew: tfstate-lock acquire {}", on_state(target))),
            Self::NoDashes => Some("tfstate-lock run [STATE] -- COMMAND ARGUMENTS".to_owned()),
            Self::LostMeanwhile { .. } | Self::OutOfTime(_) => {
                Some("look what was done, before anything else is: terraform plan".to_owned())
            }
            Self::Aftermath { .. } => {
                Some("compare it with its last versions, before anything else is done: terraform state pull".to_owned())
            }
            Self::OtherState { .. } => {
                Some("run it in the folder of that state, or let terraform lock as ever: --child-locks".to_owned())
            }
            Self::Child(error) => error.hint(),
            Self::NotProved { target, found, .. } => {
                Some(format!("if it is known from elsewhere: {}", break_command(target, found)))
            }
            Self::Renewed { target } | Self::BreakUncertain { target, .. } => {
                Some(format!("tfstate-lock inspect {}", on_state(target)))
            }
            Self::Gone { .. } | Self::Lost { .. } => {
                Some("look whether someone else wrote the state meanwhile: terraform plan".to_owned())
            }
            Self::Busy { .. } => Some("run it again later".to_owned()),
            Self::OtherPrefix => Some("leave it out, or name the state: s3://BUCKET/KEY".to_owned()),
            Self::LeaseOver { target, id }
            | Self::Uncertain { target, id, .. }
            | Self::NotReleased { target, id, .. } => Some(release_command(target, id)),
            Self::State(error) => error.hint(),
            Self::Unsound(found) => found.hint.clone(),
            Self::Call(error) => call_hint(error),
            Self::Randomness(_) => Some("check that /dev/urandom can be read".to_owned()),
            Self::Document(error) => error.hint(),
            Self::Require(error) => error.hint(),
        }
    }

    fn request_id(&self) -> Option<String> {
        match self {
            Self::State(error) => error.request_id(),
            Self::Call(error) => error.request_id(),
            Self::Uncertain { cause, .. } | Self::BreakUncertain { cause, .. } => cause.as_ref()?.request_id(),
            _ => None,
        }
    }
}
