//! What the folder and the environment say beside the command line.

use std::path::Path;

use crate::cli::{Arguments, BucketOperand, Command, StateArguments, StateOperand};
use crate::error::Error;
use crate::lock::info::LockInfo;
use crate::process::child::HELD;
use crate::request::Surroundings;
use crate::state::address::{StateAddress, Workspace};
use crate::working_directory::{self, Variables};

/// The variable from which Terraform takes the key of SSE-C: a secret is no flag.
const CUSTOMER_KEY: &str = "AWS_SSE_CUSTOMER_KEY";

/// Looks, if the command line needs it.
pub(super) fn look(arguments: &Arguments) -> Result<Surroundings, Error> {
    let directory = match folder(arguments) {
        None => None,
        Some((folder, state)) => {
            let workspace = state.and_then(|state| state.workspace.clone());
            let directory = working_directory::read(folder, workspace, &Variables::of_environment())?;
            if !directory.backend.unhonoured.is_empty() {
                return Err(Error::Unhonoured(directory.backend.unhonoured));
            }
            Some(directory)
        }
    };
    let (backend, workspace) = directory.map(|directory| (directory.backend, directory.workspace)).unzip();
    let customer_key = std::env::var_os(CUSTOMER_KEY).filter(|text| !text.is_empty());
    let customer_key = customer_key.map(|text| text.to_string_lossy().parse());
    let customer_key = customer_key.transpose().map_err(Error::CustomerKey)?;
    let around = std::env::var_os(HELD).and_then(|text| LockInfo::parse(text.as_encoded_bytes()).ok());
    Ok(Surroundings { here: here(arguments, workspace.clone()), backend, workspace, around, customer_key })
}

/// The state on which Terraform will work, if a command is to run: in this folder, or in the one that it is told to go to. The workspace is the one
/// that is typed, for the command gets it, or else the selected one.
fn here(arguments: &Arguments, workspace: Option<Workspace>) -> Option<StateAddress> {
    let Command::Run(run) = arguments.command.as_ref()? else {
        return None;
    };
    let workspace = run.state.workspace.clone().or(workspace);
    let changed = run.command.iter().find_map(|word| word.to_str()?.strip_prefix("-chdir="));
    let here = working_directory::read(Path::new(changed.unwrap_or(".")), workspace, &Variables::of_environment());
    here.ok().map(|here| here.backend.state)
}

/// The folder whose backend block is meant, if one is.
fn folder(arguments: &Arguments) -> Option<(&Path, Option<&StateArguments>)> {
    match arguments.command.as_ref()? {
        Command::Guard(_) => None,
        Command::Acquire(given) => of_state(given.operand.as_ref(), true, &given.state),
        Command::Release(given) => of_state(given.operand.as_ref(), given.id.is_some(), &given.state),
        Command::Inspect(given) => of_state(given.operand.as_ref(), true, &given.state),
        Command::Break(given) => of_state(given.operand.as_ref(), true, &given.state),
        Command::Run(given) => of_state(given.operand.as_ref(), true, &given.state),
        Command::Doctor(given) => of_state(given.operand.as_ref(), true, &given.state),
        Command::Backup(given) => of_state(given.operand.as_ref(), true, &given.state),
        Command::Restore(given) => {
            let names_source = given.from.is_some() || given.version_id.is_some();
            of_state(given.operand.as_ref(), names_source, &given.state)
        }
        Command::List(given) => match &given.operand {
            Some(BucketOperand::Prefix(_)) => None,
            Some(BucketOperand::Folder(folder)) => Some((folder, None)),
            None => Some((Path::new("."), None)),
        },
    }
}

fn of_state<'a>(
    operand: Option<&'a StateOperand>,
    here_without: bool,
    state: &'a StateArguments,
) -> Option<(&'a Path, Option<&'a StateArguments>)> {
    match operand {
        Some(StateOperand::Folder(folder)) => Some((folder, Some(state))),
        None if here_without => Some((Path::new("."), Some(state))),
        Some(StateOperand::State(_) | StateOperand::StandardInput) | None => None,
    }
}
