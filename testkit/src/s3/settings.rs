//! What is said of a bucket as a whole: who may see it, who may do what, how its objects are encrypted. Policies are kept and not obeyed.

use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use super::bucket::Bucket;
use super::buckets::sent;
use super::encryption::Encryption;
use super::{error, xml};
use crate::wire::{Reply, Request, ServiceError};

/// The settings of a public access block, in the order of the API reference.
const PUBLIC_ACCESS: [&str; 4] = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
/// In bytes. Source: S3 user guide, "Policies and permissions in Amazon S3": 20 KB.
const LARGEST_POLICY: usize = 20 * 1024;

/// The settings of a bucket.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// The four by name, if they were ever put.
    public_access_block: Option<Vec<(&'static str, bool)>>,
    /// As it was put.
    policy: Option<Bytes>,
    /// What an object gets that asks for nothing else.
    pub(super) encryption: Encryption,
}

pub(super) fn public_access_block(bucket: &Bucket) -> Result<Reply, ServiceError> {
    let settings = bucket.settings.public_access_block.as_ref().ok_or_else(|| {
        ServiceError::new(
            404,
            "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
        )
    })?;
    let inner: String = settings.iter().map(|(name, blocked)| xml::element(name, blocked.to_string())).collect();
    Ok(xml::document("PublicAccessBlockConfiguration", &inner))
}

pub(super) fn put_public_access_block(bucket: &mut Bucket, request: &Request) -> Result<Reply, ServiceError> {
    let xml = sent(request)?;
    let setting = |name| (name, xml::text(xml, name).as_deref() == Some("true"));
    bucket.settings.public_access_block = Some(PUBLIC_ACCESS.map(setting).to_vec());
    Ok(Reply::empty(StatusCode::OK))
}

pub(super) fn delete_public_access_block(bucket: &mut Bucket) -> Reply {
    bucket.settings.public_access_block = None;
    Reply::empty(StatusCode::NO_CONTENT)
}

pub(super) fn policy(bucket: &Bucket) -> Result<Reply, ServiceError> {
    let policy = bucket.settings.policy.clone().ok_or_else(error::no_such_bucket_policy)?;
    Ok(Reply::body(StatusCode::OK, "application/json", policy))
}

pub(super) fn put_policy(bucket: &mut Bucket, request: &Request) -> Result<Reply, ServiceError> {
    if request.body.len() > LARGEST_POLICY {
        return Err(error::malformed_policy("Policy exceeds the maximum allowed document size."));
    }
    let policy: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    if !policy.is_object() {
        return Err(error::malformed_policy("Policies must be valid JSON and the first byte must be '{'"));
    }
    if policy.get("Statement").is_none() {
        return Err(error::malformed_policy("Missing required field Statement"));
    }
    bucket.settings.policy = Some(request.body.clone());
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

pub(super) fn delete_policy(bucket: &mut Bucket) -> Reply {
    bucket.settings.policy = None;
    Reply::empty(StatusCode::NO_CONTENT)
}

pub(super) fn encryption(bucket: &Bucket) -> Reply {
    let (algorithm, key, bucket_key) = match &bucket.settings.encryption {
        Encryption::Kms { key, bucket_key } => ("aws:kms", xml::element("KMSMasterKeyID", key), *bucket_key),
        Encryption::Managed | Encryption::Customer { .. } => ("AES256", String::new(), false),
    };
    let applied = xml::nest("ApplyServerSideEncryptionByDefault", &(xml::element("SSEAlgorithm", algorithm) + &key));
    let rule = xml::nest("Rule", &(applied + &xml::element("BucketKeyEnabled", bucket_key.to_string())));
    xml::document("ServerSideEncryptionConfiguration", &rule)
}

pub(super) fn put_encryption(bucket: &mut Bucket, request: &Request) -> Result<Reply, ServiceError> {
    let xml = sent(request)?;
    let key = xml::text(xml, "KMSMasterKeyID");
    bucket.settings.encryption = match (xml::text(xml, "SSEAlgorithm").as_deref(), key) {
        (Some("AES256"), None) => Encryption::Managed,
        (Some("AES256"), Some(_)) => {
            let message =
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse";
            return Err(error::invalid_argument(message));
        }
        (Some("aws:kms" | "aws:kms:dsse"), key) => {
            Encryption::kms(key.as_deref(), xml::text(xml, "BucketKeyEnabled").as_deref() == Some("true"))
        }
        _ => return Err(error::malformed_xml()),
    };
    Ok(Reply::empty(StatusCode::OK))
}

/// Source: API reference, `DeleteBucketEncryption`: the bucket is back at SSE-S3.
pub(super) fn delete_encryption(bucket: &mut Bucket) -> Reply {
    bucket.settings.encryption = Encryption::Managed;
    Reply::empty(StatusCode::NO_CONTENT)
}
