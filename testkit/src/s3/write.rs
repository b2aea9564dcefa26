//! `PutObject`.

use http::StatusCode;
use jiff::Timestamp;

use super::bucket::Bucket;
use super::encryption::Encryption;
use super::object::{Object, kept_headers};
use super::{body, condition, error, tagging};
use crate::wire::{Reply, Request, ServiceError};

/// The longest key in bytes. Source: S3 user guide, "Naming Amazon S3 objects".
const LONGEST_KEY: usize = 1024;

pub(super) fn put(
    bucket: &mut Bucket,
    key: &str,
    request: &Request,
    fresh_id: String,
    now: Timestamp,
) -> Result<Reply, ServiceError> {
    if key.len() > LONGEST_KEY {
        return Err(ServiceError::bad_request("KeyTooLongError", "Your key is too long"));
    }
    let (body, checksum) = body::received(request)?;
    let encryption = Encryption::of_write(&request.headers, &bucket.settings.encryption)?;
    let tags = request.header("x-amz-tagging").unwrap_or_default();
    let tags = tagging::from_form(tags).ok_or_else(|| error::invalid_argument("The tags are not key=value pairs"))?;
    condition::check_write(&request.headers, bucket, key)?;
    let object =
        Object { headers: kept_headers(&request.headers), tags, checksum, ..Object::new(body, encryption, &fresh_id) };
    let reply = told(Reply::empty(StatusCode::OK), &object).with("etag", &object.etag);
    Ok(with_version(reply, bucket.put(key, object, fresh_id, now).as_deref()))
}

/// Adds how the object is encrypted and its checksum.
pub(super) fn told(reply: Reply, object: &Object) -> Reply {
    let reply = object.encryption.tell(reply);
    match &object.checksum {
        Some(checksum) => checksum.tell(reply),
        None => reply,
    }
}

/// Adds the version's id, if the bucket has versions.
pub(super) fn with_version(reply: Reply, id: Option<&str>) -> Reply {
    match id {
        Some(id) => reply.with("x-amz-version-id", id),
        None => reply,
    }
}
