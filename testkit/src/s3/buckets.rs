//! Buckets, and whether they keep versions.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;

use super::bucket::{Bucket, Versioning};
use super::{error, xml};
use crate::wire::{Reply, Request, ServiceError};
use crate::world::{ACCOUNT, REGION};

pub(super) fn list(buckets: &BTreeMap<String, Bucket>) -> Reply {
    let owner = xml::nest("Owner", &xml::element("ID", ACCOUNT));
    let listed: String = buckets
        .iter()
        .map(|(name, bucket)| {
            let inner = xml::element("Name", name) + &xml::element("CreationDate", xml::time(bucket.created));
            xml::nest("Bucket", &inner)
        })
        .collect();
    xml::document("ListAllMyBucketsResult", &(owner + &xml::nest("Buckets", &listed)))
}

pub(super) fn create(
    buckets: &mut BTreeMap<String, Bucket>,
    name: &str,
    now: Timestamp,
) -> Result<Reply, ServiceError> {
    if !is_valid_name(name) {
        return Err(ServiceError::bad_request("InvalidBucketName", "The specified bucket is not valid."));
    }
    if buckets.contains_key(name) {
        return Err(ServiceError::new(
            409,
            "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.",
        ));
    }
    buckets.insert(name.to_owned(), Bucket::new(now));
    Ok(Reply::empty(StatusCode::OK).with("location", &format!("/{name}")))
}

/// Source: S3 user guide, "General purpose bucket naming rules", without the reserved prefixes and suffixes.
fn is_valid_name(name: &str) -> bool {
    let edge = |character: Option<char>| character.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    (3..=63).contains(&name.len())
        && edge(name.chars().next())
        && edge(name.chars().next_back())
        && !name.contains("..")
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-')
}

pub(super) fn delete(buckets: &mut BTreeMap<String, Bucket>, name: &str) -> Result<Reply, ServiceError> {
    let bucket = buckets.get(name).ok_or_else(error::no_such_bucket)?;
    if !bucket.keys.is_empty() {
        return Err(ServiceError::new(409, "BucketNotEmpty", "The bucket you tried to delete is not empty"));
    }
    buckets.remove(name);
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

pub(super) fn head() -> Reply {
    Reply::empty(StatusCode::OK).with("x-amz-bucket-region", REGION)
}

pub(super) fn location() -> Reply {
    xml::document("LocationConstraint", REGION)
}

pub(super) fn versioning(bucket: &Bucket) -> Reply {
    let status = match bucket.versioning {
        None => String::new(),
        Some(Versioning::Enabled) => xml::element("Status", "Enabled"),
        Some(Versioning::Suspended) => xml::element("Status", "Suspended"),
    };
    xml::document("VersioningConfiguration", &status)
}

pub(super) fn set_versioning(bucket: &mut Bucket, request: &Request) -> Result<Reply, ServiceError> {
    let status = xml::text(sent(request)?, "Status");
    bucket.versioning = Some(match status.as_deref() {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") => Versioning::Suspended,
        _ => return Err(error::malformed_xml()),
    });
    Ok(Reply::empty(StatusCode::OK))
}

/// The XML that a request brings.
pub(super) fn sent(request: &Request) -> Result<&str, ServiceError> {
    std::str::from_utf8(&request.body).map_err(|_| error::malformed_xml())
}
