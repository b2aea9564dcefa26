//! Who asks: as the command line says, else as the backend block does, else as the AWS SDK finds.

use aws_config::Region;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::sts::{AssumeRoleProvider, AssumeRoleProviderBuilder};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use contract::Session;
use contract::arguments::AwsArguments;
use contract::aws::SdkConfig;

use crate::backend::{AssumedRole, Backend};

/// The configuration of every client of a run. A profile that is typed wins over whatever the block says about who asks.
pub(super) async fn configuration(arguments: &AwsArguments, backend: Option<&Backend>, session: &Session) -> SdkConfig {
    let Some(backend) = backend else {
        return contract::aws::configuration(arguments, session).await;
    };
    let files_of_block = !backend.shared_credentials_files.is_empty() || !backend.shared_config_files.is_empty();
    let of_block = backend.profile.clone().filter(|_| !files_of_block && backend.keys.is_none());
    let merged = AwsArguments {
        region: arguments.region.clone().or_else(|| backend.region.clone()),
        profile: arguments.profile.clone().or(of_block),
        endpoint_url: arguments.endpoint_url.clone(),
    };
    let config = contract::aws::configuration(&merged, session).await;
    if arguments.profile.is_some() {
        return config;
    }
    let config = match &backend.keys {
        Some(keys) => {
            let keys = Credentials::new(&keys.access_key, &keys.secret_key, keys.token.clone(), None, "backend block");
            with(&config, SharedCredentialsProvider::new(keys))
        }
        None if files_of_block => with(&config, SharedCredentialsProvider::new(profile(backend))),
        None => config,
    };
    match &backend.role {
        Some(role) => in_role(&config, role, backend, session).await,
        None => config,
    }
}

fn with(config: &SdkConfig, provider: SharedCredentialsProvider) -> SdkConfig {
    config.to_builder().credentials_provider(provider).build()
}

/// A profile of the files that the block names.
fn profile(backend: &Backend) -> ProfileFileCredentialsProvider {
    let mut files = EnvConfigFiles::builder();
    for file in &backend.shared_credentials_files {
        files = files.with_file(EnvConfigFileKind::Credentials, file);
    }
    for file in &backend.shared_config_files {
        files = files.with_file(EnvConfigFileKind::Config, file);
    }
    files = match (backend.shared_credentials_files.is_empty(), backend.shared_config_files.is_empty()) {
        (true, _) => files.include_default_credentials_file(true),
        (_, true) => files.include_default_config_file(true),
        _ => files,
    };
    let mut provider = ProfileFileCredentialsProvider::builder().profile_files(files.build());
    if let Some(name) = &backend.profile {
        provider = provider.profile_name(name);
    }
    provider.build()
}

/// The same in a role, whose credentials are fetched when they are needed, and again when they run out.
async fn in_role(config: &SdkConfig, role: &AssumedRole, backend: &Backend, session: &Session) -> SdkConfig {
    let of_sts = match &backend.sts_endpoint {
        Some(endpoint) => config.to_builder().endpoint_url(endpoint).build(),
        None => config.clone(),
    };
    let name = role.session_name.as_deref().unwrap_or(session.tool);
    let provider = AssumeRoleProvider::builder(&role.arn).session_name(name).configure(&of_sts);
    let provider = as_said(provider, role).build().await;
    with(config, SharedCredentialsProvider::new(provider))
}

fn as_said(mut provider: AssumeRoleProviderBuilder, role: &AssumedRole) -> AssumeRoleProviderBuilder {
    if let Some(id) = &role.external_id {
        provider = provider.external_id(id);
    }
    if let Some(duration) = role.duration {
        provider = provider.session_length(duration);
    }
    if let Some(policy) = &role.policy {
        provider = provider.policy(policy);
    }
    if !role.policy_arns.is_empty() {
        provider = provider.policy_arns(role.policy_arns.clone());
    }
    if !role.tags.is_empty() {
        provider = provider.tags(role.tags.clone());
    }
    match &role.sts_region {
        Some(region) => provider.region(Region::new(region.clone())),
        None => provider,
    }
}
