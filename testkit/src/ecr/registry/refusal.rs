//! The registry's errors, in ECR's words or in those of the OCI distribution specification ("Error Codes").

use crate::ecr::quirks::Words;
use crate::ecr::{error, push, upload};
use crate::wire::ServiceError;

pub(super) fn repository_missing(name: &str) -> ServiceError {
    ServiceError::new(404, "NAME_UNKNOWN", error::repository_missing(name))
}

pub(super) fn unsupported() -> ServiceError {
    ServiceError::new(405, "UNSUPPORTED", "The operation is unsupported.")
}

pub(super) fn manifest_unknown() -> ServiceError {
    ServiceError::new(404, "MANIFEST_UNKNOWN", "Requested image not found")
}

pub(super) fn blob_unknown() -> ServiceError {
    ServiceError::new(404, "BLOB_UNKNOWN", "blob unknown to registry")
}

pub(super) fn upload_unknown(id: &str, repository: &str) -> ServiceError {
    ServiceError::new(404, "BLOB_UPLOAD_UNKNOWN", error::upload_missing(id, repository))
}

pub(super) fn digest_invalid(message: &str) -> ServiceError {
    ServiceError::new(400, "DIGEST_INVALID", message)
}

/// ECR says 405 where a parameter fails, with the reason in the message. Source: `openai/tart#890`.
pub(super) fn manifest_invalid(words: Words, reason: &str) -> ServiceError {
    match words {
        Words::Ecr => {
            let message = format!("Invalid parameter at 'ImageManifest' failed to satisfy constraint: '{reason}'");
            ServiceError::new(405, "UNSUPPORTED", message)
        }
        Words::Oci => ServiceError::new(400, "MANIFEST_INVALID", reason),
    }
}

/// The manifest has another digest than the one it was pushed by. Source of ECR's code:
/// google/go-containerregistry#1568.
pub(super) fn other_image_digest(words: Words, given: &str, repository: &str) -> ServiceError {
    match words {
        Words::Ecr => ServiceError::new(400, "MANIFEST_INVALID", error::other_image_digest(given, repository)),
        Words::Oci => digest_invalid("provided digest did not match uploaded content"),
    }
}

/// The specification has no code for a tag that may not be moved; `TAG_INVALID` is the one of the Docker Registry HTTP
/// API V2, its ancestor. Sources of ECR's codes: oras-project/oras-py#54, int128/docker-manifest-create-action#63,
/// moby/buildkit#3776.
pub(super) fn push(words: Words, refusal: &push::Refusal, tag: &str, repository: &str) -> ServiceError {
    match (refusal, words) {
        (push::Refusal::LayersMissing(digests), Words::Ecr) => {
            ServiceError::new(404, "BLOB_UPLOAD_UNKNOWN", error::layers_missing(digests, repository))
        }
        (push::Refusal::LayersMissing(digests), Words::Oci) => {
            ServiceError::new(404, "MANIFEST_BLOB_UNKNOWN", error::layers_missing(digests, repository))
        }
        (push::Refusal::ImagesMissing(digests), _) => {
            ServiceError::new(404, "MANIFEST_BLOB_UNKNOWN", error::images_missing(digests, repository))
        }
        (push::Refusal::TagFixed { .. }, _) => ServiceError::new(400, "TAG_INVALID", error::tag_fixed(tag, repository)),
    }
}

/// Sources of ECR's codes: apple/container#1895 (416), dotnet/sdk-container-builds#424, devcontainers/cli#814.
pub(super) fn upload(words: Words, refusal: &upload::Refusal, id: &str, repository: &str) -> ServiceError {
    let invalid = |status, message: String| ServiceError::new(status, "BLOB_UPLOAD_INVALID", message);
    match (refusal, words) {
        (upload::Refusal::NotConsecutive { got, expected }, Words::Ecr) => {
            invalid(416, error::not_consecutive(*got, *expected))
        }
        (upload::Refusal::NotConsecutive { .. }, Words::Oci) => invalid(416, "the chunk is out of order".to_owned()),
        (upload::Refusal::PartTooSmall, _) => invalid(400, error::PART_TOO_SMALL.to_owned()),
        (upload::Refusal::Empty, _) => invalid(400, error::empty_upload(id, repository)),
        (upload::Refusal::OtherDigest, Words::Ecr) => invalid(400, error::OTHER_LAYER_DIGEST.to_owned()),
        (upload::Refusal::OtherDigest, Words::Oci) => digest_invalid("provided digest did not match uploaded content"),
    }
}
