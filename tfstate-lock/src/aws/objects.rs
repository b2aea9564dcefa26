//! Objects of one bucket, read and written on conditions.

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{ObjectCannedAcl, ServerSideEncryption};
use contract::aws::{CallError, CallErrorKind};
use contract::uri::component;
use jiff::Timestamp;

use super::refusal::{self, Refusal};
use super::server_date::ServerDate;
use crate::encryption::Encryption;
use crate::object_settings::ObjectSettings;

/// The objects of a bucket.
#[derive(Clone, Debug)]
pub(crate) struct Objects {
    pub(super) reading: Client,
    /// Without the SDK's retries: a retry of a conditional write would meet the first attempt's own work and take it for another's.
    pub(super) writing: Client,
    pub(super) bucket: String,
    pub(super) settings: ObjectSettings,
}

/// On what condition something is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Condition<'a> {
    /// Nothing is there.
    Absent,
    /// Exactly what has this `ETag` is there.
    Matches(&'a str),
}

/// What came of a write or a delete on a condition.
#[derive(Debug)]
pub(crate) enum Written {
    /// It was done. A write says the new `ETag` and the version.
    Done(Option<Stored>),
    /// 412.
    Differs,
    /// 404.
    Missing,
    /// 409: not done.
    Conflict,
    /// It may have been done.
    Unclear(Option<Box<CallError>>),
}

/// What a write that was done made.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) etag: String,
    pub(crate) version_id: Option<String>,
}

/// What came of a read.
#[derive(Debug)]
pub(crate) enum Read {
    /// There is no such object.
    Missing,
    /// 304, at this time of the server.
    Unchanged(Option<Timestamp>),
    /// An object.
    Object(Box<Object>),
}

/// An object.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) body: Vec<u8>,
    pub(crate) etag: String,
    pub(crate) modified: Option<Timestamp>,
    pub(crate) answered: Option<Timestamp>,
    pub(crate) version_id: Option<String>,
    pub(crate) encryption: Option<String>,
    /// The key of SSE-KMS.
    pub(crate) kms_key_id: Option<String>,
}

/// What is known of an object without reading it.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) bytes: u64,
    pub(crate) etag: String,
    pub(crate) modified: Option<Timestamp>,
    pub(crate) answered: Option<Timestamp>,
    pub(crate) version_id: Option<String>,
}

impl Objects {
    /// Writes an object on a condition.
    pub(crate) async fn put(
        &self,
        key: &str,
        body: Vec<u8>,
        condition: Condition<'_>,
        tags: &[(String, String)],
    ) -> Result<Written, CallError> {
        let mut put = self.writing.put_object().bucket(&self.bucket).key(key).content_type("application/json");
        put = match condition {
            Condition::Absent => put.if_none_match("*"),
            Condition::Matches(etag) => put.if_match(etag),
        };
        put = match &self.settings.encryption {
            Encryption::BucketDefault => put,
            Encryption::S3Managed => put.server_side_encryption(ServerSideEncryption::Aes256),
            Encryption::Kms { key_id } => {
                put.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(key_id)
            }
            Encryption::Customer { key: own } => {
                put.sse_customer_algorithm("AES256").sse_customer_key(own.base64()).sse_customer_key_md5(own.md5())
            }
        };
        put = put.set_acl(self.settings.acl.as_deref().map(ObjectCannedAcl::from));
        if !tags.is_empty() {
            put = put.tagging(query(tags));
        }
        match put.body(ByteStream::from(body)).send().await {
            Ok(answer) => Ok(match answer.e_tag {
                Some(etag) => Written::Done(Some(Stored { etag, version_id: answer.version_id })),
                None => Written::Unclear(None),
            }),
            Err(error) => Refusal::of("s3:PutObject", &error).written(),
        }
    }

    /// Deletes exactly the object that has this `ETag`.
    pub(crate) async fn delete(&self, key: &str, etag: &str) -> Result<Written, CallError> {
        let delete = self.writing.delete_object().bucket(&self.bucket).key(key).if_match(etag);
        match delete.send().await {
            Ok(_) => Ok(Written::Done(None)),
            Err(error) => Refusal::of("s3:DeleteObject", &error).written(),
        }
    }

    /// Looks at an object without reading it; none if there is no such object.
    pub(crate) async fn head(&self, key: &str) -> Result<Option<Head>, CallError> {
        let mut head = self.reading.head_object().bucket(&self.bucket).key(key);
        if let Encryption::Customer { key: own } = &self.settings.encryption {
            head = head.sse_customer_algorithm("AES256").sse_customer_key(own.base64()).sse_customer_key_md5(own.md5());
        }
        let date = ServerDate::default();
        match head.customize().interceptor(date.clone()).send().await {
            Ok(answer) => Ok(Some(Head {
                bytes: answer.content_length.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or_default(),
                etag: answer.e_tag.unwrap_or_default(),
                modified: answer.last_modified.and_then(timestamp),
                answered: date.get(),
                version_id: answer.version_id,
            })),
            Err(error) if refusal::is_missing_key(&error) => Ok(None),
            Err(error) => Err(CallError::new("s3:GetObject", &error)),
        }
    }

    /// Reads an object, unless it still has this `ETag`.
    pub(crate) async fn get(&self, key: &str, unless: Option<&str>) -> Result<Read, CallError> {
        let get = self.reading.get_object().bucket(&self.bucket).key(key).set_if_none_match(unless.map(str::to_owned));
        self.read("s3:GetObject", get).await
    }

    /// Reads a version of an object.
    pub(crate) async fn get_version(&self, key: &str, id: &str) -> Result<Read, CallError> {
        let get = self.reading.get_object().bucket(&self.bucket).key(key).version_id(id);
        self.read("s3:GetObjectVersion", get).await
    }

    async fn read(&self, operation: &'static str, mut get: GetObjectFluentBuilder) -> Result<Read, CallError> {
        if let Encryption::Customer { key: own } = &self.settings.encryption {
            get = get.sse_customer_algorithm("AES256").sse_customer_key(own.base64()).sse_customer_key_md5(own.md5());
        }
        let date = ServerDate::default();
        let answer = match get.customize().interceptor(date.clone()).send().await {
            Ok(answer) => answer,
            Err(error) if refusal::is_missing_key(&error) => return Ok(Read::Missing),
            Err(error) if refusal::status(&error) == Some(304) => return Ok(Read::Unchanged(date.get())),
            Err(error) => return Err(CallError::new(operation, &error)),
        };
        let etag = answer.e_tag.unwrap_or_default();
        let modified = answer.last_modified.and_then(timestamp);
        let encryption = match (answer.server_side_encryption, answer.sse_customer_algorithm) {
            (Some(own), _) => Some(own.as_str().to_owned()),
            (None, Some(customer)) => Some(format!("customer key, {customer}")),
            (None, None) => None,
        };
        let (version_id, answered, kms_key_id) = (answer.version_id, date.get(), answer.ssekms_key_id);
        let body = answer.body.collect().await.map_err(|error| broken_off(operation, &error))?.to_vec();
        Ok(Read::Object(Box::new(Object { body, etag, modified, answered, version_id, encryption, kms_key_id })))
    }
}

/// A time of the SDK.
pub(super) fn timestamp(time: DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}

pub(super) fn broken_off(operation: &'static str, error: &dyn std::error::Error) -> CallError {
    let message = format!("the answer broke off: {error}");
    let kind = CallErrorKind::Network;
    CallError { operation, code: None, message, request_id: None, status: None, kind }
}

/// Names and values as a query string: the form that tags have in a header.
pub(super) fn query(tags: &[(String, String)]) -> String {
    let pairs = tags.iter().map(|(name, value)| format!("{}={}", component(name), component(value)));
    pairs.collect::<Vec<_>>().join("&")
}
