//! The control plane's exceptions, in ECR's words. Codes: ECR API reference.

use crate::wire::ServiceError;
use crate::world::ACCOUNT;

/// `REPOSITORY` in every message, so that the two doors say the same.
pub(crate) fn in_registry(repository: &str) -> String {
    format!("the repository with name '{repository}' in the registry with id '{ACCOUNT}'")
}

pub(crate) fn repository_missing(name: &str) -> String {
    format!("The repository with name '{name}' does not exist in the registry with id '{ACCOUNT}'")
}

pub(crate) fn layers_missing(digests: &[String], repository: &str) -> String {
    missing("Layers", digests, repository)
}

pub(crate) fn images_missing(digests: &[String], repository: &str) -> String {
    missing("Images", digests, repository)
}

/// Sources: oras-project/oras-py#54 (layers), int128/docker-manifest-create-action#63 (images).
fn missing(what: &str, digests: &[String], repository: &str) -> String {
    format!(
        "{what} with digests '[{}]' required for pushing image into repository with name '{repository}' in the \
         registry with id '{ACCOUNT}' do not exist",
        digests.join(", ")
    )
}

/// Source: moby/buildkit#3776.
pub(crate) fn tag_fixed(tag: &str, repository: &str) -> String {
    format!(
        "The image tag '{tag}' already exists in the '{repository}' repository and cannot be overwritten because the \
         repository is immutable."
    )
}

/// Source: google/go-containerregistry#1568.
pub(crate) fn other_image_digest(digest: &str, repository: &str) -> String {
    format!(
        "The image with digest '{digest}' in repository '{repository}' and registry ID '{ACCOUNT}' does not match the \
         image digest that Amazon ECR has calculated."
    )
}

/// Source: apple/container#1895.
pub(crate) fn not_consecutive(got: u64, expected: u64) -> String {
    format!("First byte of the layer part is {got} instead of {expected}")
}

/// Source: dotnet/sdk-container-builds#424.
pub(crate) const PART_TOO_SMALL: &str = "All layer parts except the last part should be at least 5MB";

/// Source: dotnet/sdk-container-builds#424.
pub(crate) const OTHER_LAYER_DIGEST: &str = "None of the provided layer digests match the calculated layer digest";

/// Source: devcontainers/cli#814.
pub(crate) fn empty_upload(id: &str, repository: &str) -> String {
    format!(
        "The upload with id '{id}' in the repository with name '{repository}' in registry with id '{ACCOUNT}' \
         cannot be completed because it does not have any parts"
    )
}

pub(crate) fn upload_missing(id: &str, repository: &str) -> String {
    format!("The upload with id '{id}' does not exist in {}", in_registry(repository))
}

pub(crate) fn repository_not_found(name: &str) -> ServiceError {
    ServiceError::bad_request("RepositoryNotFoundException", repository_missing(name))
}

/// Sources: ministryofjustice/modernisation-platform#4454 (control plane), pytorch/pytorch#137361 (registry).
pub(crate) fn no_policy_allows(operation: &str, resource: &str) -> ServiceError {
    ServiceError::bad_request(
        "AccessDeniedException",
        format!(
            "User: arn:aws:iam::{ACCOUNT}:user/local is not authorized to perform: ecr:{operation} on resource: \
             {resource} because no resource-based policy allows the ecr:{operation} action"
        ),
    )
}

pub(crate) fn invalid_parameter(name: &str, constraint: &str) -> ServiceError {
    ServiceError::bad_request(
        "InvalidParameterException",
        format!("Invalid parameter at '{name}' failed to satisfy constraint: '{constraint}'"),
    )
}
