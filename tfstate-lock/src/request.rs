//! From what was typed and piped to what is asked.

mod piped;
mod source;
mod target;

use std::ffi::OsString;
use std::time::Duration;

use contract::arguments::CommonArguments;
use contract::{Digest, Document, Input, requirement};

pub use self::piped::PipedLock;
pub use self::source::Source;
pub use self::target::Target;
use crate::backend::Backend;
use crate::cli::{self, Arguments, Command, LockArguments, StateOperand};
use crate::encryption::CustomerKey;
use crate::error::Error;
use crate::lock::id::LockId;
use crate::lock::info::LockInfo;
use crate::lock::lease::DEFAULT_TTL;
use crate::protocol::Token;
use crate::protocol::give_back;
use crate::state::address::{Prefix, StateAddress, Workspace, WorkspaceKeyPrefix};

/// What is asked, and of which state.
#[derive(Debug)]
pub struct Request {
    /// The state and what belongs to it.
    pub target: Target,
    /// What to do.
    pub act: Act,
}

/// What to do.
#[derive(Debug)]
pub enum Act {
    /// To take the lock.
    Acquire(Lock),
    /// To give it back.
    Release(Release),
    /// To look at it. With the lock of a document, whether that is held still.
    Inspect(Option<PipedLock>),
    /// To list the locks below a prefix.
    List(Prefix),
    /// To take it away.
    Break(Break),
    /// To hold it while a command runs.
    Run(Run),
    /// To check the bucket.
    Doctor(Doctor),
    /// To make a copy.
    Backup(Copying),
    /// To put a copy back.
    Restore(Restore),
}

/// A lock to take.
#[derive(Clone, Debug)]
pub struct Lock {
    /// `Operation`.
    pub operation: String,
    /// What whoever is kept out is to read.
    pub info: String,
    /// `Who`, if it was said.
    pub who: Option<String>,
    /// How long to wait for a holder.
    pub wait: Duration,
    /// How long it lasts if its holder is never heard of again; none if for ever.
    pub lease: Option<Duration>,
}

/// A lock to give back.
#[derive(Debug)]
pub struct Release {
    /// The id that the lock must have.
    pub id: LockId,
    /// What came with the input, if that is the lock that is meant.
    pub known: Option<PipedLock>,
}

/// A lock to take away.
#[derive(Debug)]
pub struct Break {
    /// Why that may be.
    pub ground: Ground,
    /// What a person says about it.
    pub reason: Option<String>,
}

/// Why a lock may be taken away.
#[derive(Clone, Debug)]
pub enum Ground {
    /// A person says so, of exactly this lock.
    Named(give_back::Target),
    /// A person says so of any that is older.
    Older(Duration),
    /// It has to be proved that the holder is gone.
    Proof,
}

/// A command to run under the lock.
#[derive(Debug)]
pub struct Run {
    /// The lock; it has a lease.
    pub lock: Lock,
    /// The workspace on which the command's Terraform is to work; none if it was not said.
    pub workspace: Option<Workspace>,
    /// Whether the command's own Terraform locks as ever.
    pub child_locks: bool,
    /// The command and its arguments: never empty.
    pub command: Vec<OsString>,
}

/// A bucket to check.
#[derive(Debug)]
pub struct Doctor {
    /// The lock to probe it with.
    pub lock: Lock,
    /// What stands before the workspace in a key.
    pub workspace_key_prefix: WorkspaceKeyPrefix,
}

/// A copy to make.
#[derive(Debug)]
pub struct Copying {
    /// The lock to take for it.
    pub lock: Lock,
    /// A lock that is held already.
    pub held: Option<PipedLock>,
}

/// A copy to put back.
#[derive(Debug)]
pub struct Restore {
    /// The lock to take for it.
    pub lock: Lock,
    /// A lock that is held already.
    pub held: Option<PipedLock>,
    /// Where the copy lies.
    pub source: Source,
    /// The SHA-256 that the copy had when it was made, if that is known.
    pub digest: Option<Digest>,
}

/// What `.terraform` of a folder and the environment say beside the command line.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// The backend block of the folder that was named, or of this one if none was.
    pub backend: Option<Backend>,
    /// The workspace of that folder.
    pub workspace: Option<Workspace>,
    /// The lock under which this process runs, if `run` has started it.
    pub around: Option<LockInfo>,
    /// The state of this folder, if Terraform was initialised here.
    pub here: Option<StateAddress>,
    /// `AWS_SSE_CUSTOMER_KEY`.
    pub customer_key: Option<CustomerKey>,
}

impl Surroundings {
    /// The lock under which this process runs, if it is that of this state.
    fn held_around(&self, target: &Target) -> Option<PipedLock> {
        let lock = self.around.clone().filter(|lock| lock.path == target.state.path())?;
        Some(PipedLock { lock, is_held: true, token: None, table: target.table.clone() })
    }

    /// Whoever runs under a lock would wait for itself.
    fn is_free_of(&self, target: &Target) -> Result<(), Error> {
        match self.held_around(target) {
            None => Ok(()),
            Some(_) => Err(Error::HeldAround(Box::new(target.clone()))),
        }
    }
}

impl Request {
    /// Resolves arguments, input and surroundings.
    ///
    /// # Errors
    /// There is no command, nothing says which lock is meant, or `--require` is not met.
    pub fn resolve(arguments: Arguments, input: &Input, surroundings: &Surroundings) -> Result<Self, Error> {
        check_requirements(&arguments.common, input)?;
        let piped = |operand: &Option<StateOperand>| match operand {
            None | Some(StateOperand::StandardInput) => PipedLock::of(input),
            Some(StateOperand::State(_) | StateOperand::Folder(_)) => Ok(None),
        };
        let explicitly = |operand: &Option<StateOperand>| match operand {
            Some(StateOperand::StandardInput) => PipedLock::of(input)?.ok_or(Error::NoLock).map(Some),
            _ => Ok(None),
        };
        match arguments.command.ok_or(Error::NoCommand)? {
            Command::Guard(_) => Err(Error::NoCommand),
            Command::Acquire(given) => {
                let target = Target::of(given.operand, &given.state, Some(&given.lock), None, surroundings)?;
                surroundings.is_free_of(&target)?;
                Ok(Self { target, act: Act::Acquire(Lock::of(given.lock, "acquire", given.expires)) })
            }
            Command::Release(given) => {
                let piped = if given.id.is_some() { explicitly(&given.operand)? } else { piped(&given.operand)? };
                let target = Target::of(given.operand, &given.state, None, piped.as_ref(), surroundings)?;
                Release::of(given.id, piped, &target).map(|release| Self { target, act: Act::Release(release) })
            }
            Command::Inspect(given) => {
                let piped = explicitly(&given.operand)?;
                let target = Target::of(given.operand, &given.state, None, piped.as_ref(), surroundings)?;
                let piped = piped.or_else(|| surroundings.held_around(&target));
                Ok(Self { target, act: Act::Inspect(piped) })
            }
            Command::List(given) => {
                let (target, prefix) = Target::of_bucket(given.operand, given.dynamodb_table, surroundings)?;
                Ok(Self { target, act: Act::List(prefix) })
            }
            Command::Break(given) => {
                let target = Target::of(given.operand.clone(), &given.state, None, None, surroundings)?;
                Ok(Self { target, act: Act::Break(Break::of(given)) })
            }
            Command::Run(given) => {
                let target = Target::of(given.operand, &given.state, Some(&given.lock), None, surroundings)?;
                if given.command.is_empty() || !given.misplaced.is_empty() {
                    return Err(Error::NoDashes);
                }
                surroundings.is_free_of(&target)?;
                if let Some(here) = surroundings.here.clone().filter(|here| !given.child_locks && *here != target.state)
                {
                    return Err(Error::OtherState { target: Box::new(target), here });
                }
                let lock = Lock::of(given.lock, "run", Some(given.lease));
                let workspace = given.state.workspace.or_else(|| surroundings.workspace.clone());
                let run = Run { lock, workspace, child_locks: given.child_locks, command: given.command };
                Ok(Self { target, act: Act::Run(run) })
            }
            Command::Doctor(given) => {
                let target = Target::of(given.operand, &given.state, Some(&given.lock), None, surroundings)?;
                let of_block = surroundings.backend.as_ref().map(|backend| backend.workspace_key_prefix.clone());
                let workspace_key_prefix = of_block.unwrap_or(given.state.workspace_key_prefix);
                let lock = Lock::of(given.lock, "doctor", Some(DEFAULT_TTL));
                Ok(Self { target, act: Act::Doctor(Doctor { lock, workspace_key_prefix }) })
            }
            Command::Backup(given) => {
                let held = explicitly(&given.operand)?;
                let target = Target::of(given.operand, &given.state, Some(&given.lock), held.as_ref(), surroundings)?;
                let held = held.or_else(|| surroundings.held_around(&target));
                let lock = Lock::of(given.lock, "backup", Some(DEFAULT_TTL));
                Ok(Self { target, act: Act::Backup(Copying { lock, held }) })
            }
            Command::Restore(given) => {
                let (source, digest) = Source::of(given.from, given.version_id, input)?;
                let piped = piped(&given.operand)?;
                let target = Target::of(given.operand, &given.state, Some(&given.lock), piped.as_ref(), surroundings)?;
                let lock = Lock::of(given.lock, "restore", Some(DEFAULT_TTL));
                let held = piped.filter(|piped| piped.is_held).or_else(|| surroundings.held_around(&target));
                Ok(Self { target, act: Act::Restore(Restore { lock, held, source, digest }) })
            }
        }
    }
}

fn check_requirements(common: &CommonArguments, input: &Input) -> Result<(), Error> {
    let document = input.document.as_ref();
    let image = document.map(Document::image).transpose()?.flatten();
    let subjects: Vec<Digest> = image.iter().flat_map(|image| image.names().cloned()).collect();
    Ok(requirement::check(document, &common.require, &subjects)?)
}

impl Lock {
    fn of(given: LockArguments, act: &str, lease: Option<Duration>) -> Self {
        let operation = given.operation.unwrap_or_else(|| format!("tfstate-lock {act}"));
        Self { operation, info: given.info, who: given.who, wait: given.wait, lease }
    }
}

impl Release {
    fn of(id: Option<LockId>, piped: Option<PipedLock>, target: &Target) -> Result<Self, Error> {
        let id = match (id, &piped) {
            (Some(id), _) => id,
            (None, Some(piped)) => piped.lock.id.clone(),
            (None, None) => return Err(Error::NoId),
        };
        // An `ETag` is good only for the very lock that is meant.
        let known = piped.filter(|piped| piped.lock.id == id && piped.lock.path == target.state.path());
        Ok(Self { id, known })
    }
}

impl Break {
    fn of(given: cli::BreakArguments) -> Self {
        let ground = match (given.id, given.etag, given.older_than) {
            (Some(id), _, _) => Ground::Named(give_back::Target::Id(id)),
            (_, Some(etag), _) => Ground::Named(give_back::Target::Token(Token(etag))),
            (_, _, Some(age)) => Ground::Older(age),
            (None, None, None) => Ground::Proof,
        };
        Self { ground, reason: given.reason }
    }
}
