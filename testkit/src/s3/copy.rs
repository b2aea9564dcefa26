//! `CopyObject`.

use jiff::Timestamp;

use super::bucket::{Bucket, Version};
use super::encryption::{Encryption, KeyFor};
use super::object::{Object, kept_headers};
use super::write::with_version;
use super::{condition, error, read, tagging, xml};
use crate::wire::{Reply, Request, ServiceError, percent_decoded};

/// What is to be copied.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) bucket: String,
    key: String,
    version: Option<String>,
}

impl Source {
    /// Reads `x-amz-copy-source`: `[/]bucket/key[?versionId=id]`, percent-encoded.
    pub(super) fn of(request: &Request) -> Result<Self, ServiceError> {
        let text = request.header("x-amz-copy-source").unwrap_or_default();
        let (path, version) = match text.split_once("?versionId=") {
            Some((path, version)) => (path, Some(version.to_owned())),
            None => (text, None),
        };
        // The slash between bucket and key may be encoded too.
        let path = percent_decoded(path);
        let (bucket, key) =
            path.trim_start_matches('/').split_once('/').filter(|(_, key)| !key.is_empty()).ok_or_else(|| {
                error::invalid_argument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
            })?;
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned(), version })
    }
}

/// The source's version, after its conditions and its key were checked.
pub(super) fn read_source(bucket: &Bucket, source: &Source, request: &Request) -> Result<Version, ServiceError> {
    let version = read::find(bucket, &source.key, source.version.as_deref())?;
    let Some(object) = &version.object else {
        return Err(match source.version {
            Some(_) => error::invalid_request(
                "The source of a copy request may not specifically refer to a delete marker by version id.",
            ),
            None => error::no_such_key(),
        });
    };
    object.encryption.check_read(&request.headers, KeyFor::CopySource)?;
    let condition = |name| request.header(name).map(|list| condition::names(list, &object.etag));
    let unmatched = condition("x-amz-copy-source-if-match") == Some(false);
    if unmatched || condition("x-amz-copy-source-if-none-match") == Some(true) {
        return Err(error::precondition_failed());
    }
    Ok(version.clone())
}

#[expect(clippy::too_many_arguments, reason = "a copy has two ends")]
pub(super) fn write(
    bucket: &mut Bucket,
    name: &str,
    key: &str,
    source: &Source,
    copied: Version,
    request: &Request,
    fresh_id: String,
    now: Timestamp,
) -> Result<Reply, ServiceError> {
    let Some(original) = copied.object else {
        return Err(error::no_such_key());
    };
    let replaced = |header| request.header(header) == Some("REPLACE");
    let encryption = Encryption::of_write(&request.headers, &bucket.settings.encryption)?;
    let onto_itself = source.bucket == name && source.key == key && source.version.is_none();
    if onto_itself && !replaced("x-amz-metadata-directive") && encryption == original.encryption {
        return Err(error::invalid_request(
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's \
             metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    condition::check_write(&request.headers, bucket, key)?;
    let tags = match request.header("x-amz-tagging") {
        Some(tags) if replaced("x-amz-tagging-directive") => {
            tagging::from_form(tags).ok_or_else(|| error::invalid_argument("The tags are not key=value pairs"))?
        }
        _ if replaced("x-amz-tagging-directive") => Vec::new(),
        _ => original.tags,
    };
    let object = Object {
        headers: if replaced("x-amz-metadata-directive") { kept_headers(&request.headers) } else { original.headers },
        tags,
        checksum: original.checksum,
        ..Object::new(original.body, encryption, &fresh_id)
    };
    let inner = xml::element("ETag", &object.etag) + &xml::element("LastModified", xml::time(now));
    let mut reply = object.encryption.tell(xml::document("CopyObjectResult", &inner));
    // Said only of a source in a bucket with versions, whose ids are never `null` but by suspension.
    if source.version.is_some() {
        reply = reply.with("x-amz-copy-source-version-id", &copied.id);
    }
    Ok(with_version(reply, bucket.put(key, object, fresh_id, now).as_deref()))
}
