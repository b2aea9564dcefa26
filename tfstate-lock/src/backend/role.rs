//! The role that is assumed before S3 is asked.

use std::time::Duration;

use jiff::SignedDuration;

use super::error::BackendError;
use super::settings::Settings;

/// A role that is assumed before S3 is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssumedRole {
    /// Its ARN.
    pub arn: String,
    /// `RoleSessionName`.
    pub session_name: Option<String>,
    /// `ExternalId`.
    pub external_id: Option<String>,
    /// How long its credentials are good.
    pub duration: Option<Duration>,
    /// A policy, JSON, that takes away permissions of the role.
    pub policy: Option<String>,
    /// ARNs of policies that do.
    pub policy_arns: Vec<String>,
    /// The tags of the session.
    pub tags: Vec<(String, String)>,
    /// `sts_region`: which region's STS is asked, if not the backend's own.
    pub sts_region: Option<String>,
}

/// Takes the role, and names what of it is not taken over. OpenTofu, and Terraform before 1.10, also know it as settings of the backend
/// itself; the block comes first.
pub(super) fn take(backend: &mut Settings) -> Result<(Option<AssumedRole>, Vec<String>), BackendError> {
    let sts_region = backend.text("sts_region")?;
    if let Some(mut block) = backend.block("assume_role")? {
        let role = AssumedRole { sts_region, ..of_block(&mut block)? };
        return Ok((Some(role), block.left(&[])));
    }
    let Some(arn) = backend.text("role_arn")? else {
        return Ok((None, Vec::new()));
    };
    Ok((Some(AssumedRole { arn, sts_region, ..of_backend(backend)? }), Vec::new()))
}

fn of_block(block: &mut Settings) -> Result<AssumedRole, BackendError> {
    Ok(AssumedRole {
        arn: block.needed("role_arn")?,
        session_name: block.text("session_name")?,
        external_id: block.text("external_id")?,
        duration: block.text("duration")?.map(duration).transpose()?,
        policy: block.text("policy")?.map(|policy| policy.trim().to_owned()),
        policy_arns: block.texts("policy_arns")?,
        tags: block.pairs("tags")?,
        sts_region: None,
    })
}

fn of_backend(backend: &mut Settings) -> Result<AssumedRole, BackendError> {
    Ok(AssumedRole {
        session_name: backend.text("session_name")?,
        external_id: backend.text("external_id")?,
        duration: backend.seconds("assume_role_duration_seconds")?,
        policy: backend.text("assume_role_policy")?,
        policy_arns: backend.texts("assume_role_policy_arns")?,
        tags: backend.pairs("assume_role_tags")?,
        ..AssumedRole::default()
    })
}

/// Go's `time.ParseDuration`, as far as a role's session goes: `1h30m`, `900s`, `1.5h`.
fn duration(text: String) -> Result<Duration, BackendError> {
    let duration = text.parse::<SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok());
    duration.ok_or(BackendError::Duration(text))
}
