//! The command line.

mod operand;

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use contract::Operand;
use contract::arguments::{AwsArguments, ChangeArguments, CommonArguments, parse_duration, parse_text};

pub use self::operand::{BucketOperand, SourceOperand, StateOperand, Tag};
use crate::lock::id::LockId;
use crate::lock::lease::{Lease, SHORTEST_TTL};
use crate::process::child::GuardArguments;
use crate::state::address::{DEFAULT_PREFIX, Workspace, WorkspaceKeyPrefix};

/// Hold Terraform's S3 state lock around anything.
///
/// The lock is the object that Terraform 1.10 and OpenTofu 1.10 write with `use_lockfile`: whoever holds it keeps both out, and is kept out by
/// them. It is no fence: Terraform does not look at the lock again before it writes the state.
///
/// A lease says how long a lock lasts if its holder is never heard of again. It keeps those apart who keep leases and whose clocks run at the
/// speed of others'. It cannot keep a state from a holder that was stopped in the middle (a suspended machine, a lost network) and goes on
/// when its lease is over; and locks of Terraform itself have none.
#[derive(Debug, Parser)]
#[command(
    mut_args(|argument| argument.global(true)),
    after_long_help = "\
STATE is s3://BUCKET/KEY, or a folder in which `terraform init` was run: its backend block says the rest. Without it, this folder is meant.

Examples:
  tfstate-lock run -- sh -c 'terraform plan -out p && terraform apply p'
  tfstate-lock acquire s3://states/prod/app.tfstate --info 'schema migration' --wait 10m > lock.json
  tfstate-lock release < lock.json
  tfstate-lock inspect s3://states/prod/app.tfstate
  tfstate-lock break s3://states/prod/app.tfstate --id 01682d0f-aea8-6cd4-b90b-399e37df4794 --reason 'the runner is gone'
  tfstate-lock list s3://states
  tfstate-lock backup s3://states/prod/app.tfstate > backup.json
  tfstate-lock restore < backup.json

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
    /// Say who holds the lock: exit code 0 if it is free, 1 if it is held. With `-`, whether the lock of the document is still held by it.
    Inspect(InspectArguments),
    /// Say all locks in a bucket, or below a prefix, with their ages.
    List(ListArguments),
    /// Take a lock away whose holder is gone.
    Break(BreakArguments),
    /// Hold the lock while a command runs, and give its exit code back.
    Run(RunArguments),
    /// Check that the bucket keeps what the lock promises, and that the state behind it is safe.
    Doctor(DoctorArguments),
    /// Make a copy of the state, under its lock; in a bucket with versions, name the version.
    Backup(BackupArguments),
    /// Put a copy of the state back, under its lock.
    Restore(RestoreArguments),
    /// Start a command for another process, and stop it if that one is killed.
    #[command(hide = true)]
    Guard(GuardArguments),
}

/// Which state.
#[derive(Args, Clone, Debug)]
pub struct StateArguments {
    /// The workspace; by default that of the folder, or `default`.
    #[arg(long, value_name = "NAME", help_heading = "State")]
    pub workspace: Option<Workspace>,

    /// `workspace_key_prefix` of the backend block.
    #[arg(long, value_name = "PREFIX", default_value = DEFAULT_PREFIX, help_heading = "State")]
    pub workspace_key_prefix: WorkspaceKeyPrefix,

    /// The DynamoDB table in which Terraform locks as well: both locks are held.
    #[arg(long, value_name = "TABLE", value_parser = parse_text, help_heading = "State")]
    pub dynamodb_table: Option<String>,
}

/// What a lock says, and how it is written.
#[derive(Args, Clone, Debug)]
pub struct LockArguments {
    /// What it is held for: `Operation` of the lock; by default the command.
    #[arg(long, value_name = "TEXT", value_parser = parse_text, help_heading = "Lock")]
    pub operation: Option<String>,

    /// What whoever is kept out is to read: `Info` of the lock.
    #[arg(long, value_name = "TEXT", value_parser = parse_info, default_value = "", help_heading = "Lock")]
    pub info: String,

    /// Who holds it; by default user@host.
    #[arg(long, value_name = "TEXT", value_parser = parse_text, help_heading = "Lock")]
    pub who: Option<String>,

    /// How long to wait for a holder, for example 10m; the last attempt is at the end of it.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "0s", help_heading = "Lock")]
    pub wait: Duration,

    /// Encrypt the lock with S3's own keys (AES256), as `encrypt = true` has it.
    #[arg(long, help_heading = "Lock")]
    pub encrypt: bool,

    /// Encrypt the lock with this key of KMS.
    #[arg(long, value_name = "KEY", value_parser = parse_text, help_heading = "Lock")]
    pub kms_key_id: Option<String>,

    /// Canned ACL of the lock, for example bucket-owner-full-control.
    #[arg(long, value_name = "ACL", value_parser = parse_text, help_heading = "Lock")]
    pub acl: Option<String>,

    /// Tag of the lock object, for rules of the bucket's life cycle. Can be repeated.
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Lock")]
    pub tag: Vec<Tag>,
}

/// Arguments of `acquire`.
#[derive(Args, Debug)]
pub struct AcquireArguments {
    /// The state, `s3://BUCKET/KEY` or a folder.
    #[arg(value_name = "STATE")]
    pub operand: Option<StateOperand>,

    /// Which state.
    #[command(flatten)]
    pub state: StateArguments,

    /// What the lock says.
    #[command(flatten)]
    pub lock: LockArguments,

    /// How long the lock lasts if it is not given back: nobody renews it, and others may take it over then; at least 10s. By default it lasts for ever.
    #[arg(long, value_name = "DURATION", value_parser = parse_lease, help_heading = "Lock")]
    pub expires: Option<Duration>,
}

/// Arguments of `release`.
#[derive(Args, Debug)]
pub struct ReleaseArguments {
    /// The state; without it, or with `-`, the lock is read from standard input: the document of `acquire` or a lock object.
    #[arg(value_name = "STATE")]
    pub operand: Option<StateOperand>,

    /// Which state.
    #[command(flatten)]
    pub state: StateArguments,

    /// The lock's id, as `acquire` or Terraform said it. Without STATE, the lock of this folder's state is meant.
    #[arg(long, value_name = "ID")]
    pub id: Option<LockId>,
}

/// Arguments of `inspect`.
#[derive(Args, Debug)]
pub struct InspectArguments {
    /// The state, `s3://BUCKET/KEY` or a folder; `-` reads a document with a lock from standard input.
    #[arg(value_name = "STATE")]
    pub operand: Option<StateOperand>,

    /// Which state.
    #[command(flatten)]
    pub state: StateArguments,
}

/// Arguments of `list`.
#[derive(Args, Debug)]
pub struct ListArguments {
    /// The bucket and perhaps a prefix, `s3://BUCKET/PREFIX`, or a folder whose bucket is meant.
    #[arg(value_name = "BUCKET")]
    pub operand: Option<BucketOperand>,

    /// The DynamoDB table in which Terraform locks as well.
    #[arg(long, value_name = "TABLE", value_parser = parse_text, help_heading = "State")]
    pub dynamodb_table: Option<String>,
}

/// Arguments of `break`.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Without --id, --etag and --older-than the lock is taken away only if it is proved that its holder is gone: its lease is over, or its process ran \
on this machine and is no more. The age of a lock proves nothing by itself: an apply may take hours.")]
pub struct BreakArguments {
    /// The state, `s3://BUCKET/KEY` or a folder.
    #[arg(value_name = "STATE")]
    pub operand: Option<StateOperand>,

    /// Which state.
    #[command(flatten)]
    pub state: StateArguments,

    /// The lock's id, as `inspect` says it.
    #[arg(long, value_name = "ID", requires = "reason")]
    pub id: Option<LockId>,

    /// The `ETag` of the lock object, as `inspect` says it: for objects that nobody can read.
    #[arg(long, value_name = "ETAG", value_parser = parse_text, requires = "reason", conflicts_with = "id")]
    pub etag: Option<String>,

    /// Take it away if it is older than this by the server's clock, and no lease of it still runs.
    #[arg(long, value_name = "DURATION", value_parser = parse_age, conflicts_with_all = ["id", "etag"])]
    pub older_than: Option<Duration>,

    /// Why it is known that nobody works on the state: for the record.
    #[arg(long, value_name = "TEXT", value_parser = parse_text)]
    pub reason: Option<String>,
}

/// Arguments of `run`.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Every Terraform below the command runs with -lock=false, by TF_CLI_ARGS_plan and its like: it works on the state whose lock is held. Terragrunt \
works on states of its own, and locks them itself.

Standard input, output and error are the command's; a document is written only if the command was not started. Signals (HUP, INT, QUIT, TERM, \
USR1, USR2) go to the command's whole process group. The exit code is the command's, 128+n if signal n ended it, and 4 if the lock was lost: \
then the command was ended by INT, TERM and KILL before the lease was over.

--timeout ends the command in the same way, gives the lock back, and is exit code 4.

The lease is renewed five times in its duration. Should tfstate-lock itself be killed, the command is ended as well, within a fifth \
of the lease and at most 30 s. A lease cannot stop a command that is suspended together with tfstate-lock and goes on when the lease is over.")]
pub struct RunArguments {
    /// The state, `s3://BUCKET/KEY` or a folder.
    #[arg(value_name = "STATE")]
    pub operand: Option<StateOperand>,

    /// Which state.
    #[command(flatten)]
    pub state: StateArguments,

    /// What the lock says.
    #[command(flatten)]
    pub lock: LockArguments,

    /// How long the lock lasts if it is not renewed; at least 10s.
    #[arg(long, value_name = "DURATION", value_parser = parse_lease, default_value = "5m", help_heading = "Lock")]
    pub lease: Duration,

    /// Let the command's own Terraform lock as ever: for commands that work on other states.
    #[arg(long, help_heading = "Lock")]
    pub child_locks: bool,

    /// What stands behind STATE without `--`: a command that was meant.
    #[arg(hide = true)]
    pub misplaced: Vec<OsString>,

    /// The command and its arguments.
    #[arg(value_name = "COMMAND", last = true)]
    pub command: Vec<OsString>,
}

/// Arguments of `doctor`.
#[derive(Args, Debug)]
#[command(after_long_help = "\
An object of its own, KEY.tflock-probe-…, is written, replaced and deleted as locks are, and removed again with all its versions, also if a \
signal comes; the state and its lock are only read. With --dry-run nothing is written, and what the store does with conditions is unknown.

Exit code 0 if every check passes, 1 if one fails or is unknown. What cannot be seen is unknown, and never a pass.")]
pub struct DoctorArguments {
    /// The state, `s3://BUCKET/KEY` or a folder.
    #[arg(value_name = "STATE")]
    pub operand: Option<StateOperand>,

    /// Which state.
    #[command(flatten)]
    pub state: StateArguments,

    /// What the lock says.
    #[command(flatten)]
    pub lock: LockArguments,
}

/// Arguments of `backup`.
#[derive(Args, Debug)]
#[command(after_long_help = "\
In a bucket with versions the version that lies there is the copy: nothing is written. Else the state is copied to KEY.backup-TIME beside it, and \
read back. The bucket's life cycle may end either.

With `-` the lock of the document is used, and stays held. A lock that is taken for this is given back whatever happens, also when a signal comes.")]
pub struct BackupArguments {
    /// The state, `s3://BUCKET/KEY` or a folder; `-` reads a document whose lock is held.
    #[arg(value_name = "STATE")]
    pub operand: Option<StateOperand>,

    /// Which state.
    #[command(flatten)]
    pub state: StateArguments,

    /// What the lock says.
    #[command(flatten)]
    pub lock: LockArguments,
}

/// Arguments of `restore`.
#[derive(Args, Debug)]
#[command(after_long_help = "\
The copy gets a serial that is higher than its own and than that of the state that is there, so Terraform refuses plans that were made before as \
stale. It is written only while what was looked at still lies there. That is kept as `backup` would keep it: `restored.replaced` says where. If \
there is a DynamoDB table, the state's digest is set in it. A state is restored from itself to do only that: --from with its own address.

A document whose lock is held is restored under that lock, which stays held. A lock that is taken for this is given back whatever happens; a \
signal waits until what was begun is whole, and the document says what was done.")]
pub struct RestoreArguments {
    /// The state, `s3://BUCKET/KEY` or a folder; without it, --version-id and --from, the document of `backup` is read from standard input.
    #[arg(value_name = "STATE")]
    pub operand: Option<StateOperand>,

    /// Which state.
    #[command(flatten)]
    pub state: StateArguments,

    /// The version of the state to put back.
    #[arg(long, value_name = "ID", value_parser = parse_text)]
    pub version_id: Option<String>,

    /// What to put back: an object of the same bucket, `s3://BUCKET/KEY`, or a file.
    #[arg(long, value_name = "SOURCE", conflicts_with = "version_id")]
    pub from: Option<SourceOperand>,

    /// What the lock says.
    #[command(flatten)]
    pub lock: LockArguments,
}

/// Reads the duration of a lease: whole seconds, and not too few.
fn parse_lease(text: &str) -> Result<Duration, String> {
    let lease = parse_duration(text)?;
    if lease < SHORTEST_TTL || lease.subsec_nanos() > 0 {
        return Err(format!("a lease lasts whole seconds, and at least {}", SHORTEST_TTL.as_secs()));
    }
    Ok(lease)
}

/// Reads an age at which a lock counts as left behind.
fn parse_age(text: &str) -> Result<Duration, String> {
    let age = parse_duration(text)?;
    if age < Duration::from_mins(1) {
        return Err("an age of less than a minute says nothing: name the lock by --id".to_owned());
    }
    Ok(age)
}

/// Reads the text for whoever is kept out: one that reads as a lease would be taken for one.
fn parse_info(text: &str) -> Result<String, String> {
    if Lease::reads(text) {
        return Err("it reads as a lease: give the lock one by --expires or --lease".to_owned());
    }
    Ok(text.to_owned())
}

impl Arguments {
    pub(crate) fn guard(&self) -> Option<&GuardArguments> {
        match &self.command {
            Some(Command::Guard(guard)) => Some(guard),
            _ => None,
        }
    }

    pub(crate) fn operand(&self) -> Operand {
        let of = |operand: &Option<StateOperand>, without: Operand| match operand {
            Some(StateOperand::StandardInput) => Operand::StandardInput,
            Some(_) => Operand::Named,
            None => without,
        };
        match &self.command {
            Some(Command::Release(release)) if release.id.is_none() => of(&release.operand, Operand::Missing),
            Some(Command::Release(release)) => of(&release.operand, Operand::Named),
            Some(Command::Restore(restore)) => {
                let names_source = restore.from.is_some() || restore.version_id.is_some();
                of(&restore.operand, if names_source { Operand::Named } else { Operand::Missing })
            }
            Some(Command::Inspect(inspect)) => of(&inspect.operand, Operand::Named),
            Some(Command::Backup(backup)) => of(&backup.operand, Operand::Named),
            _ => Operand::Named,
        }
    }
}
