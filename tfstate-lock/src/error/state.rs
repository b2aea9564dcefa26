//! What can go wrong with a state and its copies.

use std::path::PathBuf;

use contract::aws::CallError;
use contract::{Digest, Exit, Fault};
use thiserror::Error;

use super::{because, call_hint, quoted, table_flag};
use crate::request::Target;
use crate::state::address::StateAddress;
use crate::state::file::StateFileError;
use crate::state::restoration::Refusal;
use crate::state::table_digest::TableDigest;

/// An error about a state, or a copy of it.
#[derive(Debug, Error)]
pub enum StateError {
    /// There is nothing to copy.
    #[error("there is no state at {0}")]
    Missing(StateAddress),
    /// What lies there is no state, so a copy of it is none either.
    #[error("what lies at {state} is no state: {cause}")]
    Invalid {
        /// Where.
        state: StateAddress,
        /// Why.
        cause: StateFileError,
    },
    /// The table has the digest of another state.
    #[error("the table {table} has digest {said}, and {state} has {digest}: Terraform refuses to read it")]
    OutOfStep {
        /// Which state.
        state: StateAddress,
        /// Which table.
        table: String,
        /// What it says.
        said: TableDigest,
        /// What it should say.
        digest: TableDigest,
        /// The command that makes it say so.
        repair: String,
    },
    /// Someone else wrote it.
    #[error("{0} was written meanwhile by someone who does not hold its lock: nothing of that is touched")]
    Changed(StateAddress),
    /// Others wrote it all the time.
    #[error("{state} was being written by others {attempts} times in a row")]
    Busy {
        /// Which object.
        state: StateAddress,
        /// How often we tried.
        attempts: u32,
    },
    /// Nobody can say whether it was written.
    #[error("it is not known whether {state} was written{}", because(cause.as_deref()))]
    Uncertain {
        /// Which object.
        state: StateAddress,
        /// What S3 said last.
        cause: Option<Box<CallError>>,
    },
    /// Something else lies where the copy was to lie.
    #[error("something else lies at {0} already")]
    CopyExists(StateAddress),
    /// The copy that was read back is not the state.
    #[error("what was read back from {0} is not the state that was copied")]
    CopyDiffers(StateAddress),
    /// The copy lies in another bucket.
    #[error("{0} lies in another bucket than the state")]
    OtherBucket(StateAddress),
    /// There is nothing to put back.
    #[error("there is nothing to put back at {0}")]
    NoSource(String),
    /// The file with the copy cannot be read.
    #[error("`{}` cannot be read: {cause}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The copy is not what `backup` made.
    #[error("{place} has {found}, and the document says that the copy has {expected}")]
    OtherDigest {
        /// Where it lies.
        place: String,
        /// What the document says.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
    /// The copy may not be put back.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// So long that the lease of the lock might end before the work does.
    #[error("so much of the lock's lease is over that nothing was written to {0}")]
    LeaseShort(StateAddress),
    /// The state is there, but the table does not say its digest.
    #[error("the table {table} does not have the digest of {state}, so Terraform will not read it{}", because(cause.as_deref()))]
    DigestNotSet {
        /// Which state.
        state: StateAddress,
        /// Which table.
        table: String,
        /// What DynamoDB said; none if someone else set another digest meanwhile.
        cause: Option<Box<CallError>>,
        /// Whether the digest may be set all the same.
        is_unclear: bool,
        /// The command that sets it.
        repair: String,
    },
}

impl Fault for StateError {
    fn exit(&self) -> Exit {
        match self {
            Self::Missing(_)
            | Self::Invalid { .. }
            | Self::OutOfStep { .. }
            | Self::Changed(_)
            | Self::Busy { .. }
            | Self::CopyExists(_)
            | Self::OtherDigest { .. }
            | Self::DigestNotSet { is_unclear: false, cause: None, .. } => Exit::No,
            Self::OtherBucket(_) | Self::NoSource(_) | Self::Unreadable { .. } => Exit::Usage,
            Self::CopyDiffers(_) | Self::LeaseShort(_) | Self::DigestNotSet { is_unclear: false, .. } => Exit::World,
            Self::Uncertain { .. } | Self::DigestNotSet { is_unclear: true, .. } => Exit::Unknown,
            Self::Refused(refusal) => refusal.exit(),
        }
    }

    fn code(&self) -> String {
        match self {
            Self::Missing(_) => "state.missing",
            Self::Invalid { .. } => "state.invalid",
            Self::OutOfStep { .. } => "state.out_of_step",
            Self::Changed(_) => "state.changed",
            Self::Busy { .. } => "state.busy",
            Self::Uncertain { .. } => "state.uncertain",
            Self::CopyExists(_) => "backup.exists",
            Self::CopyDiffers(_) => "backup.differs",
            Self::OtherBucket(_) => "restore.other_bucket",
            Self::NoSource(_) => "restore.missing",
            Self::Unreadable { .. } => "restore.unreadable",
            Self::OtherDigest { .. } => "restore.other_digest",
            Self::Refused(refusal) => return refusal.code(),
            Self::LeaseShort(_) => "lock.lease_short",
            Self::DigestNotSet { .. } => "state.digest_not_set",
        }
        .to_owned()
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing(state) => {
                format!("look what lies there: aws s3 ls --recursive s3://{}; workspaces have keys of their own: --workspace NAME", state.bucket())
            }
            Self::Invalid { state, .. } => format!("look at it: aws s3 cp {} -", quoted(&state.to_string())),
            Self::OutOfStep { repair, .. } => {
                format!("if a plan shows that this state is the right one, make the table say so: {repair}")
            }
            Self::Changed(_) => {
                "find out who writes it without the lock, for example -lock=false, and look whether it is what it should be: terraform plan"
                    .to_owned()
            }
            Self::Busy { .. } => "find out who writes it without the lock; then run it again".to_owned(),
            Self::Uncertain { .. } => "run it again: what is there already is not written twice".to_owned(),
            Self::CopyExists(_) | Self::LeaseShort(_) => "run it again".to_owned(),
            Self::CopyDiffers(copy) => format!("look what it is: aws s3 cp {} -", quoted(&copy.to_string())),
            Self::OtherBucket(source) => {
                format!("fetch it: aws s3 cp {} FILE; then: tfstate-lock restore STATE --from FILE", quoted(&source.to_string()))
            }
            Self::NoSource(_) => {
                "look what there is: aws s3api list-object-versions --bucket BUCKET --prefix KEY".to_owned()
            }
            Self::Unreadable { .. } => "check the name and the permissions of the file".to_owned(),
            Self::OtherDigest { .. } => {
                "it was written over: look at it, and name it with --from or --version-id if it is right".to_owned()
            }
            Self::Refused(refusal) => return refusal.hint(),
            Self::DigestNotSet { cause: Some(cause), is_unclear: false, repair, .. } => match call_hint(cause) {
                Some(hint) => format!("{hint}; then: {repair}"),
                None => repair.clone(),
            },
            Self::DigestNotSet { repair, .. } => repair.clone(),
        })
    }

    fn request_id(&self) -> Option<String> {
        match self {
            Self::Uncertain { cause, .. } | Self::DigestNotSet { cause, .. } => cause.as_ref()?.request_id(),
            _ => None,
        }
    }
}

/// The command that makes the table say the digest of the state as it is: the state is put back from itself.
pub(crate) fn repair_command(target: &Target) -> String {
    let state = quoted(&target.state.to_string());
    format!("tfstate-lock restore {state}{} --from {state}", table_flag(target))
}
