//! A folder in which `terraform init` ran: which backend it recorded, and which workspace is selected.
//!
//! Source: measured with Terraform 1.11.4; hashicorp/terraform, `internal/command/meta.go`; opentofu/opentofu, ditto.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use contract::{Exit, Fault};
use thiserror::Error;

use crate::backend::{Backend, BackendError};
use crate::state::address::{AddressError, Workspace};

/// What `terraform init` wrote into a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkingDirectory {
    /// The record of the backend.
    pub record: PathBuf,
    /// The workspace.
    pub workspace: Workspace,
    /// The backend, with the workspace's own state. The files it names are whole paths.
    pub backend: Backend,
}

/// Terraform's own variables that say where its files lie and what is selected. What is empty is as good as not set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    /// `TF_DATA_DIR`, relative to the folder.
    pub data_dir: Option<PathBuf>,
    /// `TF_WORKSPACE`.
    pub workspace: Option<OsString>,
    /// The home, for which `~` stands.
    pub home: Option<PathBuf>,
}

/// Why a folder does not say where its state lies.
#[derive(Debug, Error)]
pub enum WorkingDirectoryError {
    /// There is no record: `init` never ran there, or there is no backend block. Both look alike.
    #[error("`{}` is not there: nothing says where the state lies", .0.display())]
    NotInitialised(PathBuf),
    /// There is no such folder: an address was meant, perhaps.
    #[error("there is no folder `{}`", .0.display())]
    NoFolder(PathBuf),
    /// A file was named where a state or a folder belongs.
    #[error("`{}` is a file", .0.display())]
    IsFile(PathBuf),
    /// A file of Terraform's cannot be read.
    #[error("`{}` cannot be read: {cause}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The system's own words.
        cause: io::Error,
    },
    /// The record does not say it.
    #[error("`{}` does not say where the state lies: {cause}", file.display())]
    Backend {
        /// The record.
        file: PathBuf,
        /// Why not.
        cause: BackendError,
    },
    /// The workspace that is selected is none.
    #[error("`{}` selects no workspace: {cause}", file.display())]
    Selected {
        /// The file that selects it.
        file: PathBuf,
        /// Why not.
        cause: AddressError,
    },
    /// The workspace in the environment is none.
    #[error("`TF_WORKSPACE` selects no workspace: {0}")]
    Variable(AddressError),
}

impl Variables {
    /// Those of this process.
    #[must_use]
    pub fn of_environment() -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            data_dir: variable("TF_DATA_DIR").map(PathBuf::from),
            workspace: variable("TF_WORKSPACE"),
            home: variable("HOME").map(PathBuf::from),
        }
    }
}

/// Reads what `terraform init` wrote into a folder. A workspace that is given comes before `TF_WORKSPACE`, that before the selected one.
///
/// # Errors
/// A file is missing or cannot be read, or does not name a state in S3 or a workspace.
pub fn read(
    folder: &Path,
    workspace: Option<Workspace>,
    variables: &Variables,
) -> Result<WorkingDirectory, WorkingDirectoryError> {
    let data = folder.join(variables.data_dir.as_deref().unwrap_or(Path::new(".terraform")));
    let file = data.join("terraform.tfstate");
    let Some(bytes) = content(&file)? else {
        return Err(missing(folder, file));
    };
    let workspace = match workspace {
        Some(workspace) => workspace,
        None => selected(&data, variables)?,
    };
    let mut backend = match Backend::parse(&bytes, &workspace) {
        Ok(backend) => backend,
        Err(cause) => return Err(WorkingDirectoryError::Backend { file, cause }),
    };
    let files = backend.shared_credentials_files.iter_mut().chain(&mut backend.shared_config_files);
    files.for_each(|path| *path = whole(folder, path, variables.home.as_deref()));
    Ok(WorkingDirectory { record: file, workspace, backend })
}

/// Why there is no record.
fn missing(folder: &Path, record: PathBuf) -> WorkingDirectoryError {
    match folder.metadata() {
        Ok(metadata) if !metadata.is_dir() => WorkingDirectoryError::IsFile(folder.to_owned()),
        Ok(_) => WorkingDirectoryError::NotInitialised(record),
        Err(_) => WorkingDirectoryError::NoFolder(folder.to_owned()),
    }
}

/// The workspace that Terraform would take.
fn selected(data: &Path, variables: &Variables) -> Result<Workspace, WorkingDirectoryError> {
    if let Some(workspace) = &variables.workspace {
        return workspace.to_string_lossy().parse().map_err(WorkingDirectoryError::Variable);
    }
    let file = data.join("environment");
    let bytes = content(&file)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let name = match text.trim() {
        "" => "default",
        name => name,
    };
    name.parse().map_err(|cause| WorkingDirectoryError::Selected { file, cause })
}

/// What is in a file, if it is there.
fn content(file: &Path) -> Result<Option<Vec<u8>>, WorkingDirectoryError> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(cause) => Err(WorkingDirectoryError::File { file: file.to_owned(), cause }),
    }
}

fn whole(folder: &Path, path: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => folder.join(path),
    }
}

impl Fault for WorkingDirectoryError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn code(&self) -> String {
        let code = match self {
            Self::NotInitialised(_) | Self::NoFolder(_) | Self::IsFile(_) => "backend.missing",
            Self::File { .. } => "backend.unreadable",
            Self::Backend { cause: BackendError::NoBackend, .. } => "backend.local",
            Self::Backend { cause: BackendError::OtherBackend(_), .. } => "backend.other",
            Self::Backend { .. } => "backend.invalid",
            Self::Selected { .. } | Self::Variable(_) => "backend.workspace",
        };
        code.to_owned()
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotInitialised(_) => {
                "terraform init, in the folder whose backend is s3; or name the state: s3://BUCKET/KEY"
            }
            Self::NoFolder(_) => "a state is named s3://BUCKET/KEY",
            Self::IsFile(_) => "what acquire wrote is read from standard input: tfstate-lock release < FILE",
            Self::File { .. } => "it has to be readable, as it is for: terraform init",
            Self::Backend { cause: BackendError::NoBackend | BackendError::OtherBackend(_), .. } => {
                "only states in S3 are locked here: give the configuration a backend \"s3\", then: terraform init"
            }
            Self::Backend { .. } => "terraform init -reconfigure",
            Self::Selected { .. } => "terraform workspace select default",
            Self::Variable(_) => "unset TF_WORKSPACE",
        };
        Some(hint.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use testkit::sandbox::Sandbox;

    use super::*;

    const MINIMAL: &str = include_str!("../tests/fixtures/backend/minimal.tfstate");
    const RECORD: &str = ".terraform/terraform.tfstate";
    const SELECTED: &str = ".terraform/environment";

    fn key(sandbox: &Sandbox, workspace: Option<&str>, variables: &Variables) -> String {
        let workspace = workspace.map(|workspace| workspace.parse().unwrap());
        read(sandbox.path(), workspace, variables).unwrap().backend.state.state_key().to_owned()
    }

    /// Code, message and hint of the refusal, with the folder taken out.
    fn refusal(sandbox: &Sandbox, variables: &Variables) -> (String, String, String) {
        let error = read(sandbox.path(), None, variables).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        let message = error.to_string().replace(&format!("{}/", sandbox.path().display()), "");
        (error.code(), message, error.hint().unwrap())
    }

    #[test]
    fn the_workspace_is_the_given_one_or_the_variables_or_the_selected_one_or_default() {
        let sandbox = Sandbox::new();
        sandbox.write(RECORD, MINIMAL);
        let none = Variables::default();
        let green = Variables { workspace: Some("green".into()), ..Variables::default() };
        assert_eq!(key(&sandbox, None, &none), "prod/app.tfstate");
        sandbox.write(SELECTED, " blue\n");
        assert_eq!(key(&sandbox, None, &none), "env:/blue/prod/app.tfstate");
        assert_eq!(key(&sandbox, None, &green), "env:/green/prod/app.tfstate");
        assert_eq!(key(&sandbox, Some("red"), &green), "env:/red/prod/app.tfstate");
        assert_eq!(key(&sandbox, Some("default"), &green), "prod/app.tfstate");
        sandbox.write(SELECTED, "\n");
        assert_eq!(key(&sandbox, None, &none), "prod/app.tfstate");
    }

    #[test]
    fn the_folder_of_terraforms_files_is_relative_to_the_working_directory() {
        let sandbox = Sandbox::new();
        let record = sandbox.write("some/where/terraform.tfstate", MINIMAL);
        sandbox.write("some/where/environment", "blue");
        for data_dir in [PathBuf::from("some/where"), sandbox.path().join("some/where")] {
            let variables = Variables { data_dir: Some(data_dir), ..Variables::default() };
            let directory = read(sandbox.path(), None, &variables).unwrap();
            assert_eq!(directory.record, record);
            assert_eq!(directory.workspace, "blue".parse().unwrap());
            assert_eq!(directory.backend.state.path(), "states/env:/blue/prod/app.tfstate");
        }
    }

    #[test]
    fn the_files_of_credentials_are_whole_paths() {
        let sandbox = Sandbox::new();
        let files = r#""shared_config_files": ["~/config", "/etc/config", "own/config", "~ana/config"]"#;
        sandbox.write(RECORD, MINIMAL.replace(r#""shared_config_files": null"#, files));
        let variables = Variables { home: Some("/home/ana".into()), ..Variables::default() };
        let files = read(sandbox.path(), None, &variables).unwrap().backend.shared_config_files;
        let own = |name| sandbox.path().join(name);
        assert_eq!(files, ["/home/ana/config".into(), "/etc/config".into(), own("own/config"), own("~ana/config")]);
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_file_and_the_next_command() {
        let sandbox = Sandbox::new();
        let none = Variables::default();
        let (code, message, hint) = refusal(&sandbox, &none);
        assert_eq!(code, "backend.missing");
        assert_eq!(message, format!("`{RECORD}` is not there: nothing says where the state lies"));
        assert!(hint.starts_with("terraform init"), "{hint}");

        let cases = [
            (r#"{"version":3}"#, "backend.local", "it names no backend", "terraform init"),
            (r#"{"version":3,"backend":{"type":"gcs"}}"#, "backend.other", "kept by `gcs`", "terraform init"),
            ("{", "backend.invalid", "not one JSON object", "terraform init -reconfigure"),
        ];
        for (record, expected_code, cause, next) in cases {
            sandbox.write(RECORD, record);
            let (code, message, hint) = refusal(&sandbox, &none);
            assert_eq!(code, expected_code);
            assert!(message.starts_with(&format!("`{RECORD}` does not say where the state lies: ")), "{message}");
            assert!(message.contains(cause) && hint.contains(next), "{message} {hint}");
        }
    }

    #[test]
    fn a_workspace_that_is_none_is_refused_where_it_is_selected() {
        let sandbox = Sandbox::new();
        sandbox.write(RECORD, MINIMAL);
        sandbox.write(SELECTED, "a b");
        let (code, message, hint) = refusal(&sandbox, &Variables::default());
        assert_eq!((code.as_str(), hint.as_str()), ("backend.workspace", "terraform workspace select default"));
        assert!(message.starts_with(&format!("`{SELECTED}` selects no workspace: `a b`")), "{message}");

        let variables = Variables { workspace: Some("a/b".into()), ..Variables::default() };
        let (code, message, hint) = refusal(&sandbox, &variables);
        assert_eq!((code.as_str(), hint.as_str()), ("backend.workspace", "unset TF_WORKSPACE"));
        assert!(message.starts_with("`TF_WORKSPACE` selects no workspace: `a/b`"), "{message}");
        assert_eq!(key(&sandbox, Some("red"), &variables), "env:/red/prod/app.tfstate");
    }

    #[test]
    fn a_folder_where_a_file_belongs_cannot_be_read() {
        let sandbox = Sandbox::new();
        sandbox.write(&format!("{RECORD}/x"), "");
        let (code, message, _) = refusal(&sandbox, &Variables::default());
        assert_eq!(code, "backend.unreadable");
        assert!(message.starts_with(&format!("`{RECORD}` cannot be read: ")), "{message}");
    }
}
