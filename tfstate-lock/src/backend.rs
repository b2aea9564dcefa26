//! Where a working directory keeps its state and how it is reached: the backend block, as `terraform init` recorded it.
//!
//! The record has what was said in the configuration, on the command line (`-backend-config`) and in files, all in one; it counts until the
//! next `init`, as Terraform itself has it. Environment variables are not in it. Sources: records written by Terraform 1.11.4;
//! hashicorp/terraform, `internal/command/workdir/backend_state.go` and `internal/backend/remote-state/s3`; opentofu/opentofu, ditto.

mod error;
mod role;
mod settings;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;

use serde_json::{Map, Value};

pub use self::error::BackendError;
pub use self::role::AssumedRole;
use self::settings::Settings;
use crate::encryption::{CustomerKey, Encryption};
use crate::state::address::{AddressError, DEFAULT_PREFIX, StateAddress, Workspace, WorkspaceKeyPrefix};

/// The only version of the record that has a backend.
const VERSION: u64 = 3;

/// Settings that change neither who asks nor where, nor what is written: checks of Terraform's own, its retries, and what only those use.
const WITHOUT_CONSEQUENCE: [&str; 7] = [
    "iam_endpoint",
    "max_retries",
    "retry_mode",
    "skip_credentials_validation",
    "skip_metadata_api_check",
    "skip_region_validation",
    "skip_requesting_account_id",
];

/// Where the state lies and how it is reached. What is `None`, empty or `false` was not said: the environment may say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// The state of the workspace.
    pub state: StateAddress,
    /// What stands before the workspace in a key.
    pub workspace_key_prefix: WorkspaceKeyPrefix,
    /// The region of bucket and table.
    pub region: Option<String>,
    /// The profile whose credentials are used. It comes before keys in the environment.
    pub profile: Option<String>,
    /// Where S3 is, a URL.
    pub s3_endpoint: Option<String>,
    /// Where DynamoDB is, a URL.
    pub dynamodb_endpoint: Option<String>,
    /// Where STS is, a URL.
    pub sts_endpoint: Option<String>,
    /// The role that is assumed before S3 is asked.
    pub role: Option<AssumedRole>,
    /// The keys that stand in the block. They come before everything else.
    pub keys: Option<Keys>,
    /// Files with credentials, as they were written: relative to the folder, `~` for the home.
    pub shared_credentials_files: Vec<PathBuf>,
    /// Files with profiles, likewise.
    pub shared_config_files: Vec<PathBuf>,
    /// Whether the bucket stands in the path of a URL and not in its host.
    pub path_style: bool,
    /// Whether objects are written without a SHA-256, for stores that know none.
    pub skip_s3_checksum: bool,
    /// How what is written is encrypted.
    pub encryption: Encryption,
    /// The canned ACL of what is written.
    pub acl: Option<String>,
    /// The table with the locks and the digests.
    pub dynamodb_table: Option<String>,
    /// Whether the lock object is used.
    pub use_lockfile: bool,
    /// The tags of the lock object. Only OpenTofu has them.
    pub lock_tags: Vec<(String, String)>,
    /// The tags of the state. Only OpenTofu has them.
    pub state_tags: Vec<(String, String)>,
    /// The settings that are set, may change who asks or where, and are not taken over: sorted, `assume_role.source_identity` for example.
    /// A setting that is not known is one of them.
    pub unhonoured: Vec<String>,
}

/// Keys to AWS that stand in the backend block.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// `access_key`.
    pub access_key: String,
    /// `secret_key`, a secret.
    pub secret_key: String,
    /// `token`, a secret.
    pub token: Option<String>,
}

impl Backend {
    /// Reads the record, `.terraform/terraform.tfstate`.
    ///
    /// # Errors
    /// The bytes are no such record, the backend is not `s3`, or its settings name no state or contradict each other.
    pub fn parse(bytes: &[u8], workspace: &Workspace) -> Result<Self, BackendError> {
        let mut block = Settings::new(s3_block(bytes)?);
        let (state, workspace_key_prefix) = state(&mut block, workspace)?;
        let (role, mut unhonoured) = role::take(&mut block)?;
        let mut endpoints = block.block("endpoints")?.unwrap_or_else(|| Settings::new(Map::new()));
        let force_path_style = block.flag("force_path_style")?;
        let backend = Self {
            state,
            workspace_key_prefix,
            region: block.text("region")?,
            profile: block.text("profile")?,
            s3_endpoint: endpoint(&mut endpoints, "s3", &mut block, "endpoint")?,
            dynamodb_endpoint: endpoint(&mut endpoints, "dynamodb", &mut block, "dynamodb_endpoint")?,
            sts_endpoint: endpoint(&mut endpoints, "sts", &mut block, "sts_endpoint")?,
            role,
            keys: keys(&mut block)?,
            shared_credentials_files: credentials_files(&mut block, &mut unhonoured)?,
            shared_config_files: paths("shared_config_files", block.texts("shared_config_files")?, &mut unhonoured),
            path_style: block.flag("use_path_style")?.or(force_path_style).unwrap_or(false),
            skip_s3_checksum: block.flag("skip_s3_checksum")?.unwrap_or(false),
            encryption: encryption(&mut block)?,
            acl: block.text("acl")?,
            dynamodb_table: block.text("dynamodb_table")?,
            use_lockfile: block.flag("use_lockfile")?.unwrap_or(false),
            lock_tags: block.pairs("lock_tags")?,
            state_tags: block.pairs("state_tags")?,
            unhonoured: Vec::new(),
        };
        unhonoured.extend(endpoints.left(&["iam"]));
        unhonoured.extend(block.left(&WITHOUT_CONSEQUENCE));
        unhonoured.sort();
        Ok(Self { unhonoured, ..backend })
    }
}

/// The settings of the backend, if it is `s3`.
fn s3_block(bytes: &[u8]) -> Result<Map<String, Value>, BackendError> {
    let mut record = Settings::new(match serde_json::from_slice(bytes) {
        Ok(Value::Object(members)) => members,
        Ok(_) => return Err(BackendError::NotJson("it is another kind of value".to_owned())),
        Err(error) => return Err(BackendError::NotJson(error.to_string())),
    });
    match record.take("version") {
        Some(Value::Number(version)) if version.as_u64() == Some(VERSION) => {}
        Some(Value::Number(version)) => return Err(BackendError::Version(Some(version.to_string()))),
        _ => return Err(BackendError::Version(None)),
    }
    // What later Terraforms have beside `backend`: a store of states that a provider brings.
    if record.block("state_store")?.is_some() {
        return Err(BackendError::OtherBackend("state_store".to_owned()));
    }
    let mut backend = record.block("backend")?.ok_or(BackendError::NoBackend)?;
    match backend.text("type")? {
        None => Err(BackendError::NoBackend),
        Some(kind) if kind == "s3" => Ok(backend.block("config")?.map(Settings::into_members).unwrap_or_default()),
        Some(kind) => Err(BackendError::OtherBackend(kind)),
    }
}

fn state(block: &mut Settings, workspace: &Workspace) -> Result<(StateAddress, WorkspaceKeyPrefix), BackendError> {
    let bucket = block.needed("bucket")?;
    let key = block.needed("key")?;
    let prefix = block.text_or_nothing("workspace_key_prefix")?;
    let prefix: WorkspaceKeyPrefix = prefix.as_deref().unwrap_or(DEFAULT_PREFIX).parse()?;
    if bucket.contains('/') {
        return Err(AddressError::Bucket(bucket).into());
    }
    let state = StateAddress::from_path(&format!("{bucket}/{key}"))?;
    Ok((state.in_workspace(workspace, &prefix), prefix))
}

/// An endpoint by its name of today, or else by that of before. OpenTofu lets the scheme be left out.
fn endpoint(
    endpoints: &mut Settings,
    name: &str,
    block: &mut Settings,
    former: &str,
) -> Result<Option<String>, BackendError> {
    let former = block.text(former)?;
    let endpoint = endpoints.text(name)?.or(former);
    Ok(endpoint.map(|endpoint| if endpoint.contains("://") { endpoint } else { format!("https://{endpoint}") }))
}

fn keys(block: &mut Settings) -> Result<Option<Keys>, BackendError> {
    match (block.text("access_key")?, block.text("secret_key")?, block.text("token")?) {
        (None, None, None) => Ok(None),
        (Some(access_key), Some(secret_key), token) => Ok(Some(Keys { access_key, secret_key, token })),
        _ => Err(BackendError::HalfAKey),
    }
}

fn credentials_files(block: &mut Settings, unhonoured: &mut Vec<String>) -> Result<Vec<PathBuf>, BackendError> {
    let former: Vec<String> = block.text("shared_credentials_file")?.into_iter().collect();
    let files = block.texts("shared_credentials_files")?;
    let files = if files.is_empty() { former } else { files };
    Ok(paths("shared_credentials_files", files, unhonoured))
}

/// Terraform puts the values of variables into the names of files; whoever has none of them reads another file.
fn paths(name: &str, files: Vec<String>, unhonoured: &mut Vec<String>) -> Vec<PathBuf> {
    if files.iter().any(|file| file.contains('$')) {
        unhonoured.push(name.to_owned());
    }
    files.into_iter().map(PathBuf::from).collect()
}

fn encryption(block: &mut Settings) -> Result<Encryption, BackendError> {
    let customer_key = block.text("sse_customer_key")?;
    let customer_key = customer_key.map(|key| key.parse::<CustomerKey>()).transpose()?;
    let encrypt = block.flag("encrypt")?.unwrap_or(false);
    Ok(Encryption::of(encrypt, block.text("kms_key_id")?, customer_key)?)
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keys").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}
