//! The state's own object, its versions, and the copies beside it.

use aws_sdk_s3::types::{BucketVersioningStatus, ObjectCannedAcl, ServerSideEncryption, TaggingDirective};
use contract::aws::{CallError, CallErrorKind};
use contract::uri::component;

use super::objects::{Condition, Object, Objects, Read, Stored, Written, query};
use super::refusal::Refusal;
use crate::encryption::Encryption;
use crate::object_settings::ObjectSettings;
use crate::state::address::StateAddress;

/// The object of a state.
#[derive(Clone, Debug)]
pub(crate) struct StateObject {
    pub(super) objects: Objects,
    pub(super) key: String,
}

/// Whether the bucket keeps what is written over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Versioning {
    /// As versions.
    Enabled,
    /// Not, or not any more.
    Off,
    /// Nobody may know.
    Unknown(Box<CallError>),
}

impl StateObject {
    /// The state as it is now.
    pub(crate) async fn get(&self) -> Result<Option<Object>, CallError> {
        self.objects.get(&self.key, None).await.map(object)
    }

    /// A version of it; none if there is no such version, or it says that the state was deleted.
    pub(crate) async fn version(&self, id: &str) -> Result<Option<Object>, CallError> {
        match self.objects.get_version(&self.key, id).await {
            // Source: S3 user guide, "Working with delete markers"; S3 answers so to what cannot be an id.
            Err(error) if error.status == Some(405) || error.message.contains("Invalid version id") => Ok(None),
            read => read.map(object),
        }
    }

    /// A copy in the same bucket.
    pub(crate) async fn copy_at(&self, copy: &StateAddress) -> Result<Option<Object>, CallError> {
        self.objects.get(copy.state_key(), None).await.map(object)
    }

    /// Writes the state as Terraform does, but on a condition. It is encrypted as is asked, else as `like` is.
    pub(crate) async fn put(
        &self,
        bytes: Vec<u8>,
        condition: Condition<'_>,
        like: Option<&Object>,
    ) -> Result<Written, CallError> {
        let encryption = self.encryption(like);
        let settings = ObjectSettings { encryption, ..self.objects.settings.clone() };
        let tags = settings.state_tags.clone();
        Objects { settings, ..self.objects.clone() }.put(&self.key, bytes, condition, &tags).await
    }

    /// Copies exactly this state to where nothing lies yet. It is encrypted as is asked, else as the state is.
    pub(crate) async fn copy(&self, state: &Object, to: &StateAddress) -> Result<Written, CallError> {
        let Objects { writing, bucket, settings, .. } = &self.objects;
        let mut copy = writing.copy_object().bucket(bucket).key(to.state_key()).if_none_match("*");
        copy = copy.copy_source(source(bucket, &self.key)).copy_source_if_match(&state.etag);
        if let Encryption::Customer { key } = &settings.encryption {
            copy = copy.copy_source_sse_customer_algorithm("AES256").copy_source_sse_customer_key(key.base64());
            copy = copy.copy_source_sse_customer_key_md5(key.md5());
        }
        copy = match self.encryption(Some(state)) {
            Encryption::BucketDefault => copy,
            Encryption::S3Managed => copy.server_side_encryption(ServerSideEncryption::Aes256),
            Encryption::Kms { key_id } => {
                copy.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(key_id)
            }
            Encryption::Customer { key } => {
                copy.sse_customer_algorithm("AES256").sse_customer_key(key.base64()).sse_customer_key_md5(key.md5())
            }
        };
        copy = copy.set_acl(settings.acl.as_deref().map(ObjectCannedAcl::from));
        if !settings.state_tags.is_empty() {
            copy = copy.tagging_directive(TaggingDirective::Replace).tagging(query(&settings.state_tags));
        }
        match copy.send().await {
            Ok(answer) => Ok(match answer.copy_object_result.and_then(|result| result.e_tag) {
                Some(etag) => Written::Done(Some(Stored { etag, version_id: answer.version_id })),
                None => Written::Unclear(None),
            }),
            // The permission has this name; there is none for copying.
            Err(error) => Refusal::of("s3:PutObject", &error).written(),
        }
    }

    /// Whether the bucket keeps versions.
    pub(crate) async fn versioning(&self) -> Result<Versioning, CallError> {
        let asked = self.objects.reading.get_bucket_versioning().bucket(&self.objects.bucket).send().await;
        let answer = match asked {
            Ok(answer) => answer,
            Err(error) => {
                let error = CallError::new("s3:GetBucketVersioning", &error);
                return if is_withheld(&error) { Ok(Versioning::Unknown(Box::new(error))) } else { Err(error) };
            }
        };
        let is_enabled = answer.status == Some(BucketVersioningStatus::Enabled);
        Ok(if is_enabled { Versioning::Enabled } else { Versioning::Off })
    }

    /// What was said about encryption; where that is nothing, the key that the object has: another one might be anybody's.
    fn encryption(&self, like: Option<&Object>) -> Encryption {
        match (&self.objects.settings.encryption, like.and_then(|object| object.kms_key_id.clone())) {
            (Encryption::BucketDefault, Some(key_id)) => Encryption::Kms { key_id },
            (said, _) => said.clone(),
        }
    }
}

/// Whether a bucket that is there does not say whether it keeps versions: it may not, or cannot, as some stores beside S3.
fn is_withheld(error: &CallError) -> bool {
    let is_there = !matches!(error.status, Some(301 | 404));
    is_there && matches!(error.kind, CallErrorKind::AccessDenied | CallErrorKind::Refused)
}

fn object(read: Read) -> Option<Object> {
    match read {
        Read::Object(object) => Some(*object),
        Read::Missing | Read::Unchanged(_) => None,
    }
}

/// What is copied, as a header names it. Source: S3 API reference, `CopyObject`, `x-amz-copy-source`.
fn source(bucket: &str, key: &str) -> String {
    let between = if bucket.starts_with("arn:") { "/object/" } else { "/" };
    let key = key.split('/').map(component).collect::<Vec<_>>().join("/");
    format!("{bucket}{between}{key}")
}

#[cfg(test)]
mod tests {
    use super::source;

    #[test]
    fn the_source_of_a_copy_is_encoded() {
        assert_eq!(source("states", "env:/blue/a b+ä.tfstate"), "states/env%3A/blue/a%20b%2B%C3%A4.tfstate");
        let point = "arn:aws:s3:eu-central-1:123456789012:accesspoint/states";
        assert_eq!(source(point, "app"), format!("{point}/object/app"));
    }
}
