//! Object tags.

use http::StatusCode;

use super::bucket::Bucket;
use super::buckets::sent;
use super::write::with_version;
use super::{error, read, xml};
use crate::wire::{Reply, Request, ServiceError, percent_decoded};

/// Tags as `x-amz-tagging` has them: `key=value&key=value`, percent-encoded. None if a pair has no key.
pub(super) fn from_form(form: &str) -> Option<Vec<(String, String)>> {
    let decoded = |text: &str| percent_decoded(&text.replace('+', " "));
    form.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (!key.is_empty()).then(|| (decoded(key), decoded(value)))
        })
        .collect()
}

pub(super) fn get(bucket: &Bucket, key: &str, request: &Request) -> Result<Reply, ServiceError> {
    let version = read::find(bucket, key, request.parameter("versionId").as_deref())?;
    let object = version.object.as_ref().ok_or_else(error::method_not_allowed)?;
    let tags: String = object
        .tags
        .iter()
        .map(|(key, value)| xml::nest("Tag", &(xml::element("Key", key) + &xml::element("Value", value))))
        .collect();
    let reply = xml::document("Tagging", &xml::nest("TagSet", &tags));
    Ok(with_version(reply, bucket.versioning.map(|_| version.id.as_str())))
}

pub(super) fn put(bucket: &mut Bucket, key: &str, request: &Request) -> Result<Reply, ServiceError> {
    let tags = xml::all(sent(request)?, "Tag")
        .into_iter()
        .map(|tag| Some((xml::text(tag, "Key")?, xml::text(tag, "Value")?)))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(error::malformed_xml)?;
    let wanted = request.parameter("versionId");
    let versioning = bucket.versioning;
    let version = bucket.version_mut(key, wanted.as_deref()).ok_or_else(error::no_such_key)?;
    let id = versioning.map(|_| version.id.clone());
    let object = version.object.as_mut().ok_or_else(error::method_not_allowed)?;
    object.tags = tags;
    Ok(with_version(Reply::empty(StatusCode::OK), id.as_deref()))
}
