//! A repository that is not there yet is created and set up.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_ecr::error::ProvideErrorMetadata;
use aws_sdk_ecr::types::{
    EncryptionConfiguration, EncryptionType, ImageScanningConfiguration, ImageTagMutability,
    ImageTagMutabilityExclusionFilter, ImageTagMutabilityExclusionFilterType, Tag,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::FinalizerInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use contract::aws::CallError;

use super::{CREATE, Ecr, PUT_POLICY, not_understood};
use crate::error::Error;
use crate::report::RepositoryAction;
use crate::repository::settings::{Encryption, RepositorySettings, RepositoryTag, TagMutability, WildcardFilter};

impl Ecr {
    /// Creates the repository, and sets it up. One that somebody else created in the meantime stays as it is.
    ///
    /// # Errors
    /// A call failed.
    pub async fn create(&self) -> Result<RepositoryAction, Error> {
        let Some(settings) = &self.settings else { return Ok(RepositoryAction::Exists) };
        let lost = LostAnswer::default();
        let call = self.client.create_repository().repository_name(self.repository.as_str());
        let call = call
            .set_registry_id(self.account.clone())
            .image_scanning_configuration(
                ImageScanningConfiguration::builder().scan_on_push(settings.scan_on_push).build(),
            )
            .image_tag_mutability(mutability(settings))
            .set_image_tag_mutability_exclusion_filters(filters(settings)?)
            .encryption_configuration(encryption(&settings.encryption)?)
            .set_tags(tags(settings)?);
        match call.customize().interceptor(lost.clone()).send().await {
            Ok(_) => {}
            // What an attempt before may have created is ours, and not set up yet.
            Err(error) if error.code() == Some("RepositoryAlreadyExistsException") => {
                if !lost.happened() {
                    return Ok(RepositoryAction::Exists);
                }
            }
            Err(error) => return Err(self.refused(CallError::new(CREATE, &error))),
        }
        if let Some(policy) = &settings.lifecycle_policy {
            let call = self.client.put_lifecycle_policy().repository_name(self.repository.as_str());
            let call = call.set_registry_id(self.account.clone()).lifecycle_policy_text(policy);
            call.send().await.map_err(|error| Error::PolicyNotPut {
                repository: self.repository.clone(),
                cause: Box::new(CallError::new(PUT_POLICY, &error)),
            })?;
        }
        Ok(RepositoryAction::Created)
    }
}

fn mutability(settings: &RepositorySettings) -> ImageTagMutability {
    match (settings.tag_mutability, settings.mutability_except.is_empty()) {
        (TagMutability::Mutable, true) => ImageTagMutability::Mutable,
        (TagMutability::Mutable, false) => ImageTagMutability::MutableWithExclusion,
        (TagMutability::Immutable, true) => ImageTagMutability::Immutable,
        (TagMutability::Immutable, false) => ImageTagMutability::ImmutableWithExclusion,
    }
}

/// The SDK's builders refuse what lacks a member; none does here.
fn unbuilt(cause: impl fmt::Display) -> CallError {
    not_understood(CREATE, &cause.to_string())
}

fn filters(settings: &RepositorySettings) -> Result<Option<Vec<ImageTagMutabilityExclusionFilter>>, CallError> {
    if settings.mutability_except.is_empty() {
        return Ok(None);
    }
    let filter = |WildcardFilter(filter): &WildcardFilter| {
        let built = ImageTagMutabilityExclusionFilter::builder()
            .filter_type(ImageTagMutabilityExclusionFilterType::Wildcard)
            .filter(filter)
            .build();
        built.map_err(unbuilt)
    };
    settings.mutability_except.iter().map(filter).collect::<Result<_, _>>().map(Some)
}

fn encryption(encryption: &Encryption) -> Result<EncryptionConfiguration, CallError> {
    let builder = EncryptionConfiguration::builder();
    let builder = match encryption {
        Encryption::Aes256 => builder.encryption_type(EncryptionType::Aes256),
        Encryption::Kms(key) => builder.encryption_type(EncryptionType::Kms).set_kms_key(key.clone()),
    };
    builder.build().map_err(unbuilt)
}

fn tags(settings: &RepositorySettings) -> Result<Option<Vec<Tag>>, CallError> {
    if settings.tags.is_empty() {
        return Ok(None);
    }
    let tag = |RepositoryTag { key, value }: &RepositoryTag| Tag::builder().key(key).value(value).build();
    settings.tags.iter().map(|given| tag(given).map_err(unbuilt)).collect::<Result<_, _>>().map(Some)
}

/// Notes whether an attempt ended without an answer, or with one that does not say what was done.
#[derive(Clone, Debug, Default)]
struct LostAnswer(Arc<AtomicBool>);

impl LostAnswer {
    fn happened(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Intercept for LostAnswer {
    fn name(&self) -> &'static str {
        "LostAnswer"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if context.response().is_none_or(|response| response.status().as_u16() >= 500) {
            self.0.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}
