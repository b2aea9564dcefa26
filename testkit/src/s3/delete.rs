//! `DeleteObject` and `DeleteObjects`.

use http::StatusCode;
use jiff::Timestamp;

use super::bucket::Bucket;
use super::buckets::sent;
use super::write::with_version;
use super::{checksum, condition, error, xml};
use crate::wire::{Reply, Request, ServiceError};

/// How many keys one request may name. Source: S3 API reference, `DeleteObjects`.
const MOST_KEYS: usize = 1000;

/// What a delete left behind.
struct Deleted {
    /// The version removed, or the delete marker made.
    id: Option<String>,
    /// Whether that is a delete marker.
    marker: bool,
}

pub(super) fn one(
    bucket: &mut Bucket,
    key: &str,
    request: &Request,
    fresh_id: String,
    now: Timestamp,
) -> Result<Reply, ServiceError> {
    let version = request.parameter("versionId");
    let deleted = delete(bucket, key, version.as_deref(), request.header("if-match"), fresh_id, now)?;
    let reply = with_version(Reply::empty(StatusCode::NO_CONTENT), deleted.id.as_deref());
    Ok(if deleted.marker { reply.with("x-amz-delete-marker", "true") } else { reply })
}

/// Deletes what the body names, each key for itself: one that cannot be deleted is an `Error` in the answer.
pub(super) fn many(
    bucket: &mut Bucket,
    request: &Request,
    fresh_id: &str,
    now: Timestamp,
) -> Result<Reply, ServiceError> {
    if request.header("content-md5").is_none() && checksum::given(&request.headers).is_none() {
        let message = "Missing required header for this request: Content-MD5 OR x-amz-checksum-*";
        return Err(error::invalid_request(message));
    }
    super::body::received(request)?;
    let body = sent(request)?;
    let objects = xml::all(body, "Object");
    if objects.is_empty() || objects.len() > MOST_KEYS {
        return Err(error::malformed_xml());
    }
    let quiet = xml::text(body, "Quiet").as_deref() == Some("true");
    let mut told = String::new();
    for (nth, object) in objects.into_iter().enumerate() {
        let key = xml::text(object, "Key").ok_or_else(error::malformed_xml)?;
        let version = xml::text(object, "VersionId");
        let etag = xml::text(object, "ETag");
        let fresh_id = format!("{fresh_id}.{nth}");
        let outcome = delete(bucket, &key, version.as_deref(), etag.as_deref(), fresh_id, now);
        told += &match outcome {
            Ok(_) if quiet => String::new(),
            Ok(deleted) => deleted_entry(&key, version.as_deref(), &deleted),
            Err(error) => error_entry(&key, version.as_deref(), &error),
        };
    }
    Ok(xml::document("DeleteResult", &told))
}

fn delete(
    bucket: &mut Bucket,
    key: &str,
    version: Option<&str>,
    if_match: Option<&str>,
    fresh_id: String,
    now: Timestamp,
) -> Result<Deleted, ServiceError> {
    if let Some(wanted) = if_match.filter(|_| !bucket.quirks.ignores_if_match_on_delete) {
        condition::check_match(wanted, bucket.current_etag(key))?;
    }
    if let Some(id) = version {
        // S3 says 204 whether the version was there or not.
        let removed = bucket.remove_version(key, id);
        return Ok(Deleted {
            id: Some(id.to_owned()),
            marker: removed.is_some_and(|version| version.object.is_none()),
        });
    }
    if bucket.versioning.is_none() {
        bucket.keys.remove(key);
        return Ok(Deleted { id: None, marker: false });
    }
    Ok(Deleted { id: bucket.mark_deleted(key, fresh_id, now), marker: true })
}

fn deleted_entry(key: &str, asked: Option<&str>, deleted: &Deleted) -> String {
    let mut inner = xml::element("Key", key);
    if let Some(asked) = asked {
        inner += &xml::element("VersionId", asked);
    }
    if deleted.marker {
        inner += &xml::element("DeleteMarker", "true");
        inner += &xml::element("DeleteMarkerVersionId", deleted.id.as_deref().unwrap_or_default());
    }
    xml::nest("Deleted", &inner)
}

fn error_entry(key: &str, asked: Option<&str>, error: &ServiceError) -> String {
    let version = asked.map(|id| xml::element("VersionId", id)).unwrap_or_default();
    let inner = xml::element("Key", key)
        + &version
        + &xml::element("Code", &error.code)
        + &xml::element("Message", &error.message);
    xml::nest("Error", &inner)
}
