//! The command line.

use std::str::FromStr;

use clap::{Args, Parser, Subcommand};
use contract::Operand;
use contract::arguments::{AwsArguments, ChangeArguments, CommonArguments};
use contract::policy::Statement;

use crate::lock_id::LockId;
use crate::state_address::{AddressError, DEFAULT_PREFIX, StateAddress, Workspace, WorkspaceKeyPrefix};

/// Hold Terraform's S3 state lock around anything.
///
/// The lock is the object that Terraform 1.10 and OpenTofu 1.10 write with `use_lockfile`: whoever holds it keeps both out, and is kept out by
/// them. It is no fence: Terraform does not look at the lock again before it writes the state.
#[derive(Debug, Parser)]
#[command(
    mut_args(|argument| argument.global(true)),
    after_long_help = "\
Examples:
  tfstate-lock acquire s3://states/prod/app.tfstate --info 'schema migration' > lock.json
  tfstate-lock release < lock.json
  tfstate-lock release s3://states/prod/app.tfstate --id 01682d0f-aea8-6cd4-b90b-399e37df4794

A release at the end of a pipe does nothing if a step before it failed, as every tool does: release by address and id then."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Which AWS.
    #[command(flatten)]
    pub aws: AwsArguments,

    /// Whether to change anything.
    #[command(flatten)]
    pub change: ChangeArguments,

    /// What all tools share.
    #[command(flatten)]
    pub common: CommonArguments,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take the lock, or say who has it: exit code 1.
    Acquire(AcquireArguments),
    /// Give the lock back, if it is the one that was taken.
    Release(ReleaseArguments),
}

/// Arguments of `acquire`.
#[derive(Args, Debug)]
pub struct AcquireArguments {
    /// The state, `s3://BUCKET/KEY`, as in Terraform's backend block.
    #[arg(value_name = "STATE")]
    pub state: StateAddress,

    /// Which workspace.
    #[command(flatten)]
    pub workspace: WorkspaceArguments,

    /// What it is held for: `Operation` of the lock.
    #[arg(long, value_name = "TEXT", default_value = "tfstate-lock acquire")]
    pub operation: String,

    /// What whoever is kept out is to read: `Info` of the lock.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub info: String,

    /// Who holds it; by default user@host.
    #[arg(long, value_name = "TEXT")]
    pub who: Option<String>,
}

/// Arguments of `release`.
#[derive(Args, Debug)]
pub struct ReleaseArguments {
    /// The state, `s3://BUCKET/KEY`; without it, or with `-`, the lock is read from standard input: the document of `acquire` or a lock object.
    #[arg(value_name = "STATE")]
    pub state: Option<StateOperand>,

    /// Which workspace.
    #[command(flatten)]
    pub workspace: WorkspaceArguments,

    /// The lock's id, as `acquire` or Terraform said it.
    #[arg(long, value_name = "ID")]
    pub id: Option<LockId>,
}

/// Which workspace of a state.
#[derive(Args, Debug)]
pub struct WorkspaceArguments {
    /// The workspace.
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub workspace: Workspace,

    /// `workspace_key_prefix` of the backend block.
    #[arg(long, value_name = "PREFIX", default_value = DEFAULT_PREFIX)]
    pub workspace_key_prefix: WorkspaceKeyPrefix,
}

impl WorkspaceArguments {
    /// The state in that workspace.
    #[must_use]
    pub fn of(&self, state: &StateAddress) -> StateAddress {
        state.clone().in_workspace(&self.workspace, &self.workspace_key_prefix)
    }
}

/// A state, or `-`.
#[derive(Clone, Debug)]
pub enum StateOperand {
    /// `-`.
    StandardInput,
    /// A state.
    State(StateAddress),
}

impl FromStr for StateOperand {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text == "-" {
            return Ok(Self::StandardInput);
        }
        text.parse().map(Self::State)
    }
}

impl Arguments {
    pub(crate) fn operand(&self) -> Operand {
        match &self.command {
            None | Some(Command::Acquire(_)) => Operand::Named,
            Some(Command::Release(release)) => match release.state {
                None => Operand::Missing,
                Some(StateOperand::StandardInput) => Operand::StandardInput,
                Some(StateOperand::State(_)) => Operand::Named,
            },
        }
    }

    /// What S3 has to allow. A conditional PUT needs `s3:PutObject` alone, `If-Match` on a DELETE needs `s3:GetObject` too; without
    /// `s3:ListBucket` a missing lock looks like a forbidden one. Source: S3 user guide, `conditional-deletes.html`.
    pub(crate) fn permissions(&self) -> Vec<Statement> {
        let (state, writing) = match &self.command {
            None => (None, "s3:PutObject"),
            Some(Command::Acquire(acquire)) => (Some(acquire.workspace.of(&acquire.state)), "s3:PutObject"),
            Some(Command::Release(release)) => match &release.state {
                Some(StateOperand::State(state)) => (Some(release.workspace.of(state)), "s3:DeleteObject"),
                Some(StateOperand::StandardInput) | None => (None, "s3:DeleteObject"),
            },
        };
        // The placeholders are there to be filled in: a policy for all buckets would be none.
        let (bucket, key) = match &state {
            Some(state) => (state.bucket().to_owned(), state.lock_key()),
            None => ("BUCKET".to_owned(), "KEY.tflock".to_owned()),
        };
        vec![
            Statement::allow(&["s3:GetObject", writing], &[format!("arn:aws:s3:::{bucket}/{key}")]),
            Statement::allow(&["s3:ListBucket"], &[format!("arn:aws:s3:::{bucket}")]),
        ]
    }
}
