//! What AWS has to allow, command by command.
//!
//! A conditional PUT needs `s3:PutObject` alone; `If-Match` needs `s3:GetObject` too. Without `s3:ListBucket` a missing lock looks like a
//! forbidden one. Sources: S3 user guide, `conditional-writes.html`, `conditional-deletes.html`; Terraform, "Backend type: s3", permissions.

use contract::policy::Statement;

use crate::cli::{BucketOperand, Command, DoctorArguments, SourceOperand};
use crate::encryption::Encryption;
use crate::request::Target;
use crate::state::workspaces::Workspaces;

/// What is to be filled in where nothing is known: a policy for all buckets would be none.
const BUCKET: &str = "BUCKET";
const KEY: &str = "KEY";

/// The least policy of a command for a state; for placeholders if none is known.
pub(crate) fn of(command: Option<&Command>, target: Option<&Target>) -> Vec<Statement> {
    let bucket = target.map_or(BUCKET, |target| target.state.bucket());
    let key = target.map_or(KEY, |target| target.state.state_key());
    let state = object(bucket, key);
    let lock = object(bucket, &format!("{key}.tflock"));
    let mut of_bucket = vec!["s3:ListBucket"];
    let mut statements = match command {
        None | Some(Command::Acquire(_)) => vec![changing(lock)],
        Some(Command::Release(_) | Command::Break(_)) => {
            vec![Statement::allow(&["s3:GetObject", "s3:DeleteObject"], &[lock])]
        }
        Some(Command::Inspect(_)) => vec![Statement::allow(&["s3:GetObject"], &[lock, state])],
        Some(Command::Guard(_)) => return Vec::new(),
        Some(Command::List(list)) => {
            let prefix = match &list.operand {
                Some(BucketOperand::Prefix(prefix)) => object(&prefix.bucket, &format!("{}*.tflock", prefix.prefix)),
                _ => object(bucket, "*.tflock"),
            };
            vec![Statement::allow(&["s3:GetObject"], &[prefix])]
        }
        Some(Command::Run(_)) => {
            vec![changing(lock), Statement::allow(&["s3:GetObject"], &[state])]
        }
        Some(Command::Doctor(doctor)) => {
            of_bucket.extend([
                "s3:GetBucketLocation",
                "s3:GetBucketPolicy",
                "s3:GetBucketPublicAccessBlock",
                "s3:GetBucketVersioning",
                "s3:GetEncryptionConfiguration",
                "s3:ListBucketVersions",
            ]);
            let probing = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:PutObject"];
            let read = match target {
                Some(target) => vec![lock, state, locks_of_workspaces(doctor, target)],
                None => vec![lock, state],
            };
            vec![
                Statement::allow(&probing, &[object(bucket, &probe_key(key))]),
                Statement::allow(&["s3:GetObject"], &read),
            ]
        }
        Some(Command::Backup(_)) => {
            of_bucket.push("s3:GetBucketVersioning");
            vec![changing(lock), Statement::allow(&["s3:GetObject"], &[state]), copying(bucket, key)]
        }
        Some(Command::Restore(restore)) => {
            of_bucket.push("s3:GetBucketVersioning");
            let state = Statement::allow(&["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], &[state]);
            let mut statements = vec![changing(lock), state, copying(bucket, key)];
            if let Some(SourceOperand::Object(source)) = &restore.from {
                statements.push(Statement::allow(&["s3:GetObject"], &[object(bucket, source.state_key())]));
            }
            statements
        }
    };
    let bucket = if let Some(Command::List(list)) = command
        && let Some(BucketOperand::Prefix(prefix)) = &list.operand
    {
        &prefix.bucket
    } else {
        bucket
    };
    statements.push(Statement::allow(&of_bucket, &[arn(bucket)]));
    let lock = match command {
        Some(Command::Doctor(_)) => probe_key(key),
        _ => format!("{key}.tflock"),
    };
    statements.extend(target.iter().flat_map(|target| {
        let written = Written { lock: object(target.state.bucket(), &lock), states: states(command, target) };
        beside(of_table(command), written, target)
    }));
    statements
}

/// The least policy of `acquire`, `release` and `run` together.
pub(crate) fn of_lock(target: &Target) -> Vec<Statement> {
    let (bucket, key) = (target.state.bucket(), target.state.state_key());
    let mut statements = vec![
        changing(object(bucket, &target.state.lock_key())),
        Statement::allow(&["s3:GetObject"], &[object(bucket, key)]),
        Statement::allow(&["s3:ListBucket"], &[arn(bucket)]),
    ];
    let of_table = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"];
    let written = Written { lock: object(bucket, &target.state.lock_key()), states: Vec::new() };
    statements.extend(beside(&of_table, written, target));
    statements
}

/// The keys of the objects that `doctor` writes and removes.
fn probe_key(key: &str) -> String {
    format!("{key}.tflock-probe-*")
}

/// The locks of all workspaces, as far as the command line says what stands before their names.
fn locks_of_workspaces(doctor: &DoctorArguments, target: &Target) -> String {
    let workspaces = Workspaces::of(&target.state, &doctor.state.workspace_key_prefix);
    let key = workspaces.default_state().map_or_else(|| target.state.lock_key(), |state| state.lock_key());
    object(target.state.bucket(), &format!("{}*/{key}", workspaces.below.prefix))
}

/// What a command does with the items of the table.
fn of_table(command: Option<&Command>) -> &'static [&'static str] {
    match command {
        Some(Command::Guard(_)) => &[],
        Some(Command::List(_)) => &["dynamodb:Scan"],
        Some(Command::Inspect(_)) => &["dynamodb:GetItem"],
        Some(Command::Doctor(_)) => {
            &["dynamodb:DeleteItem", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem"]
        }
        Some(Command::Release(_) | Command::Break(_)) => &["dynamodb:DeleteItem", "dynamodb:GetItem"],
        None | Some(Command::Acquire(_) | Command::Run(_) | Command::Backup(_) | Command::Restore(_)) => {
            &["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"]
        }
    }
}

/// The objects that a command writes.
struct Written {
    /// The lock, or what is written in its stead.
    lock: String,
    /// The state and its copies.
    states: Vec<String>,
}

/// What the table, the key and the tags of a state need beside its objects.
fn beside(of_table: &[&'static str], written: Written, target: &Target) -> Vec<Statement> {
    let Written { lock, states } = written;
    let mut statements = Vec::new();
    if let Some(table) = &target.table {
        statements.push(Statement::allow(of_table, &[format!("arn:aws:dynamodb:*:*:table/{table}")]));
    }
    if let Encryption::Kms { key_id } = &target.settings.encryption {
        let key = if key_id.starts_with("arn:") { key_id.clone() } else { format!("arn:aws:kms:*:*:key/{key_id}") };
        statements.push(Statement::allow(&["kms:Decrypt", "kms:GenerateDataKey"], &[key]));
    }
    if !target.settings.lock_tags.is_empty() {
        statements.push(Statement::allow(&["s3:PutObjectTagging"], std::slice::from_ref(&lock)));
    }
    if !target.settings.state_tags.is_empty() && !states.is_empty() {
        statements.push(Statement::allow(&["s3:PutObjectTagging"], &states));
    }
    if target.settings.acl.is_some() {
        statements.push(Statement::allow(&["s3:PutObjectAcl"], &[vec![lock], states].concat()));
    }
    statements
}

/// What a command writes beside the lock.
fn states(command: Option<&Command>, target: &Target) -> Vec<String> {
    let (bucket, key) = (target.state.bucket(), target.state.state_key());
    let copy = object(bucket, &format!("{key}.backup-*"));
    match command {
        Some(Command::Backup(_)) => vec![copy],
        Some(Command::Restore(_)) => vec![object(bucket, key), copy],
        _ => Vec::new(),
    }
}

/// Making a copy and reading it back.
fn copying(bucket: &str, key: &str) -> Statement {
    Statement::allow(&["s3:GetObject", "s3:PutObject"], &[object(bucket, &format!("{key}.backup-*"))])
}

fn changing(lock: String) -> Statement {
    Statement::allow(&["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], &[lock])
}

/// The ARN of a bucket. One that is an access point's is one already.
fn arn(bucket: &str) -> String {
    if bucket.starts_with("arn:") { bucket.to_owned() } else { format!("arn:aws:s3:::{bucket}") }
}

/// The ARN of an object. Source: S3 user guide, "Access points", policies.
fn object(bucket: &str, key: &str) -> String {
    let between = if bucket.starts_with("arn:") { "/object/" } else { "/" };
    format!("{}{between}{key}", arn(bucket))
}
