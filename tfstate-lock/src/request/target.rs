//! Which state is meant, and what belongs to it.

use super::{PipedLock, Surroundings};
use crate::cli::{Arguments, BucketOperand, Command, LockArguments, StateArguments, StateOperand};
use crate::encryption::Encryption;
use crate::error::Error;
use crate::object_settings::ObjectSettings;
use crate::state::address::{Prefix, StateAddress, WorkspaceKeyPrefix};

/// A state, and how its locks are written.
#[derive(Clone, Debug)]
pub struct Target {
    /// The state.
    pub state: StateAddress,
    /// The table in which it is locked as well.
    pub table: Option<String>,
    /// What objects get beside their bytes.
    pub settings: ObjectSettings,
}

impl Target {
    /// The state that a command line is about, without its input.
    ///
    /// # Errors
    /// It names none.
    pub fn of_command(arguments: &Arguments, surroundings: &Surroundings) -> Result<Self, Error> {
        let (operand, state, lock) = match arguments.command.as_ref().ok_or(Error::NoCommand)? {
            Command::Guard(_) => return Err(Error::NoCommand),
            Command::Acquire(given) => (&given.operand, &given.state, Some(&given.lock)),
            Command::Release(given) => (&given.operand, &given.state, None),
            Command::Inspect(given) => (&given.operand, &given.state, None),
            Command::Break(given) => (&given.operand, &given.state, None),
            Command::Run(given) => (&given.operand, &given.state, Some(&given.lock)),
            Command::Doctor(given) => (&given.operand, &given.state, Some(&given.lock)),
            Command::Backup(given) => (&given.operand, &given.state, Some(&given.lock)),
            Command::Restore(given) => (&given.operand, &given.state, Some(&given.lock)),
            Command::List(given) => {
                let bucket = Self::of_bucket(given.operand.clone(), given.dynamodb_table.clone(), surroundings);
                return bucket.map(|(target, _)| target);
            }
        };
        Self::of(operand.clone(), state, lock, None, surroundings)
    }

    pub(super) fn of(
        operand: Option<StateOperand>,
        arguments: &StateArguments,
        lock: Option<&LockArguments>,
        piped: Option<&PipedLock>,
        surroundings: &Surroundings,
    ) -> Result<Self, Error> {
        let backend = surroundings.backend.as_ref();
        let state = match (operand, piped, backend) {
            (Some(StateOperand::State(state)), _, _) => {
                let workspace = arguments.workspace.clone().unwrap_or_default();
                state.in_workspace(&workspace, &arguments.workspace_key_prefix)
            }
            (_, Some(piped), _) => StateAddress::from_path(&piped.lock.path).map_err(Error::Path)?,
            (_, None, Some(backend)) => {
                let prefix = &arguments.workspace_key_prefix;
                if *prefix != WorkspaceKeyPrefix::default() && *prefix != backend.workspace_key_prefix {
                    return Err(Error::OtherPrefix);
                }
                backend.state.clone()
            }
            (_, None, None) => return Err(Error::NoLock),
        };
        let table = arguments.dynamodb_table.clone();
        let table = table.or_else(|| piped?.table.clone()).or_else(|| backend?.dynamodb_table.clone());
        Ok(Self { state, table, settings: settings(lock, surroundings)? })
    }

    pub(super) fn of_bucket(
        operand: Option<BucketOperand>,
        table: Option<String>,
        surroundings: &Surroundings,
    ) -> Result<(Self, Prefix), Error> {
        let backend = surroundings.backend.as_ref();
        let prefix = match (operand, backend) {
            (Some(BucketOperand::Prefix(prefix)), _) => prefix,
            (_, Some(backend)) => Prefix { bucket: backend.state.bucket().to_owned(), prefix: String::new() },
            (_, None) => return Err(Error::NoLock),
        };
        let table = table.or_else(|| backend?.dynamodb_table.clone());
        let state = StateAddress::somewhere_in(&prefix);
        Ok((Self { state, table, settings: settings(None, surroundings)? }, prefix))
    }
}

/// A flag wins over the backend block, and that over the key in the environment, which is for what is encrypted and names no key.
fn settings(lock: Option<&LockArguments>, surroundings: &Surroundings) -> Result<ObjectSettings, Error> {
    let backend = surroundings.backend.as_ref();
    let own = surroundings.customer_key.clone();
    let typed = match lock {
        Some(LockArguments { kms_key_id: Some(key_id), .. }) => Some(Encryption::Kms { key_id: key_id.clone() }),
        Some(LockArguments { encrypt: true, .. }) => Some(Encryption::S3Managed),
        _ => None,
    };
    let said = typed.or_else(|| backend.map(|backend| backend.encryption.clone()));
    let encryption = match (said, own) {
        (Some(said), Some(own)) => said.or_customer_key(own).map_err(Error::CustomerKey)?,
        (Some(said), None) => said,
        (None, Some(key)) => Encryption::Customer { key },
        (None, None) => Encryption::BucketDefault,
    };
    let acl = lock.and_then(|lock| lock.acl.clone()).or_else(|| backend?.acl.clone());
    let tags: Vec<_> =
        lock.iter().flat_map(|lock| &lock.tag).map(|tag| (tag.name.clone(), tag.value.clone())).collect();
    let of_block = || backend.map(|backend| backend.lock_tags.clone()).unwrap_or_default();
    let state_tags = backend.map(|backend| backend.state_tags.clone()).unwrap_or_default();
    Ok(ObjectSettings { encryption, acl, lock_tags: if tags.is_empty() { of_block() } else { tags }, state_tags })
}
