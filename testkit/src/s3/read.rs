//! `GetObject` and `HeadObject`: one answer, of which the server sends the head only for `HEAD`.

use http::StatusCode;

use super::bucket::{Bucket, Version};
use super::condition::{self, Freshness};
use super::encryption::KeyFor;
use super::error;
use super::object::Object;
use super::write::with_version;
use crate::wire::{Protocol, Reply, Request, ServiceError};

pub(super) fn read(bucket: &Bucket, key: &str, request: &Request) -> Result<Reply, ServiceError> {
    let wanted = request.parameter("versionId");
    let version = find(bucket, key, wanted.as_deref())?;
    let Some(object) = &version.object else {
        return Ok(deleted(version, wanted.is_some()));
    };
    object.encryption.check_read(&request.headers, KeyFor::Request)?;
    let id = bucket.versioning.map(|_| version.id.as_str());
    if condition::check_read(&request.headers, &object.etag)? == Freshness::NotModified {
        let reply = Reply::empty(StatusCode::NOT_MODIFIED).with("etag", &object.etag);
        return Ok(with_version(reply.with("last-modified", &http_date(version)), id));
    }
    let reply = ranged(object, request.header("range"))?;
    Ok(with_version(described(reply, version, object, request), id))
}

/// A version by its id, or the newest.
pub(super) fn find<'a>(bucket: &'a Bucket, key: &str, id: Option<&str>) -> Result<&'a Version, ServiceError> {
    match id {
        Some(id) => bucket.version(key, id).ok_or_else(error::no_such_version),
        None => bucket.newest(key).ok_or_else(error::no_such_key),
    }
}

/// Source: S3 user guide, "Working with delete markers": 404 for the key, 405 for the marker named by its id.
fn deleted(marker: &Version, named: bool) -> Reply {
    let error = if named { error::method_not_allowed() } else { error::no_such_key() };
    let reply = Protocol::S3.error(&error).with("x-amz-delete-marker", "true");
    let reply = reply.with("x-amz-version-id", &marker.id);
    if named { reply.with("allow", "DELETE") } else { reply }
}

fn ranged(object: &Object, range: Option<&str>) -> Result<Reply, ServiceError> {
    let length = object.body.len();
    let Some((first, last)) = range.and_then(|range| bounds(range, length)) else {
        let whole = Reply::empty(StatusCode::OK);
        return Ok(Reply { body: object.body.clone(), ..whole });
    };
    if first >= length {
        return Err(error::invalid_range());
    }
    let part =
        Reply { body: object.body.slice(first..=last.min(length - 1)), ..Reply::empty(StatusCode::PARTIAL_CONTENT) };
    let told = format!("bytes {first}-{}/{length}", last.min(length - 1));
    Ok(part.with("content-range", &told))
}

/// First and last byte of a single range. What is no such range is ignored, as HTTP has it.
fn bounds(range: &str, length: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    if first.is_empty() {
        let suffix: usize = last.parse().ok()?;
        // A suffix of no bytes cannot be satisfied: it starts behind the end.
        let first = if suffix == 0 { length } else { length.saturating_sub(suffix) };
        return Some((first, length.saturating_sub(1)));
    }
    let first: usize = first.parse().ok()?;
    let last: usize = if last.is_empty() { usize::MAX } else { last.parse().ok()? };
    (first <= last).then_some((first, last))
}

fn described(mut reply: Reply, version: &Version, object: &Object, request: &Request) -> Reply {
    reply.headers.extend(object.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
    reply = object.encryption.tell(reply);
    let whole = reply.status == StatusCode::OK;
    if let Some(checksum) = &object.checksum
        && whole
        && request.header("x-amz-checksum-mode") == Some("ENABLED")
    {
        reply = checksum.tell(reply);
    }
    if !object.tags.is_empty() {
        reply = reply.with("x-amz-tagging-count", &object.tags.len().to_string());
    }
    reply.with("etag", &object.etag).with("last-modified", &http_date(version)).with("accept-ranges", "bytes")
}

fn http_date(version: &Version) -> String {
    version.modified.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::bounds;

    #[test]
    fn a_range_names_its_first_and_last_byte() {
        let cases = [
            ("bytes=0-3", Some((0, 3))),
            ("bytes=4-", Some((4, usize::MAX))),
            ("bytes=-3", Some((7, 9))),
            ("bytes=-30", Some((0, 9))),
            ("bytes=-0", Some((10, 9))),
            ("bytes=3-2", None),
            ("bytes=0-1,4-5", None),
            ("lines=0-3", None),
        ];
        for (range, expected) in cases {
            assert_eq!(bounds(range, 10), expected, "{range}");
        }
    }
}
