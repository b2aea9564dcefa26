//! `ListObjectsV2` and `ListObjectVersions`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::bucket::{Bucket, Version};
use super::object::Object;
use super::{error, route, xml};
use crate::wire::{Reply, Request, ServiceError};
use crate::world::ACCOUNT;

/// The most entries of one page. Source: S3 API reference, `ListObjectsV2`.
const LARGEST_PAGE: usize = 1000;

/// What a listing asks for.
struct Query {
    bucket: String,
    prefix: String,
    delimiter: String,
    page: usize,
    encoded: bool,
}

impl Query {
    fn of(request: &Request) -> Result<Self, ServiceError> {
        let text = |name| request.parameter(name).unwrap_or_default();
        let page = match request.parameter("max-keys") {
            None => LARGEST_PAGE,
            Some(number) => number
                .parse::<usize>()
                .map_err(|_| error::invalid_argument("Provided max-keys not an integer or within integer range"))?
                .min(LARGEST_PAGE),
        };
        let encoded = match request.parameter("encoding-type").as_deref() {
            None | Some("") => false,
            Some("url") => true,
            Some(_) => return Err(error::invalid_argument("Invalid Encoding Method specified in Request")),
        };
        Ok(Self {
            bucket: route::bucket_and_key(request).0,
            prefix: text("prefix"),
            delimiter: text("delimiter"),
            page,
            encoded,
        })
    }

    /// The common prefix that stands for `key`, if there is one. None for a key that is not asked for.
    fn group<'a>(&self, key: &'a str) -> Option<Entry<'a>> {
        let rest = key.strip_prefix(self.prefix.as_str())?;
        let end = match self.delimiter.as_str() {
            "" => None,
            delimiter => rest.find(delimiter).map(|at| at + delimiter.len()),
        };
        Some(match end {
            Some(end) => Entry::CommonPrefix(&key[..self.prefix.len() + end]),
            None => Entry::Key(key),
        })
    }

    /// A name in the answer's encoding.
    fn name(&self, element: &str, text: &str) -> String {
        if self.encoded {
            return xml::element(element, url_encoded(text));
        }
        xml::element(element, text)
    }

    /// The elements that both listings begin with.
    fn echo(&self) -> String {
        let mut inner = xml::element("Name", &self.bucket) + &self.name("Prefix", &self.prefix);
        if !self.delimiter.is_empty() {
            inner += &self.name("Delimiter", &self.delimiter);
        }
        if self.encoded {
            inner += &xml::element("EncodingType", "url");
        }
        inner + &xml::element("MaxKeys", self.page.to_string())
    }

    fn common_prefix(&self, prefix: &str) -> String {
        xml::nest("CommonPrefixes", &self.name("Prefix", prefix))
    }
}

/// One line of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry<'a> {
    Key(&'a str),
    CommonPrefix(&'a str),
}

impl<'a> Entry<'a> {
    fn name(self) -> &'a str {
        match self {
            Self::Key(name) | Self::CommonPrefix(name) => name,
        }
    }
}

pub(super) fn objects(bucket: &Bucket, request: &Request) -> Result<Reply, ServiceError> {
    let query = Query::of(request)?;
    let start_after = request.parameter("start-after").unwrap_or_default();
    let token = request.parameter("continuation-token");
    let after = match &token {
        Some(token) => opened(token)?,
        None => String::new(),
    };
    let mut entries: Vec<Entry<'_>> = bucket
        .keys
        .keys()
        .filter(|key| bucket.current(key).is_some() && key.as_str() > start_after.as_str())
        .filter_map(|key| query.group(key))
        .filter(|entry| entry.name() > after.as_str())
        .collect();
    entries.dedup();
    let truncated = entries.len() > query.page;
    entries.truncate(query.page);

    let mut inner = query.echo() + &xml::element("KeyCount", entries.len().to_string());
    inner += &xml::element("IsTruncated", truncated.to_string());
    if let Some(token) = &token {
        inner += &xml::element("ContinuationToken", token);
    }
    if !start_after.is_empty() {
        inner += &query.name("StartAfter", &start_after);
    }
    if let Some(last) = entries.last().filter(|_| truncated) {
        inner += &xml::element("NextContinuationToken", URL_SAFE_NO_PAD.encode(last.name()));
    }
    for entry in entries {
        inner += &match entry {
            Entry::CommonPrefix(prefix) => query.common_prefix(prefix),
            Entry::Key(key) => bucket.current(key).map_or_else(String::new, |(version, object)| {
                xml::nest("Contents", &(query.name("Key", key) + &facts(version, object)))
            }),
        };
    }
    Ok(xml::document("ListBucketResult", &inner))
}

pub(super) fn versions(bucket: &Bucket, request: &Request) -> Result<Reply, ServiceError> {
    let query = Query::of(request)?;
    let key_marker = request.parameter("key-marker").unwrap_or_default();
    let version_marker = request.parameter("version-id-marker").unwrap_or_default();
    let mut lines: Vec<(Entry<'_>, Option<&Version>)> = Vec::new();
    for (key, versions) in bucket.keys.range(key_marker.clone()..) {
        match query.group(key) {
            None => {}
            Some(Entry::CommonPrefix(prefix)) => {
                let entry = Entry::CommonPrefix(prefix);
                if prefix > key_marker.as_str() && lines.last().is_none_or(|(last, _)| *last != entry) {
                    lines.push((entry, None));
                }
            }
            Some(entry) => {
                let newest_first = versions.iter().rev().map(|version| (entry, Some(version)));
                let skipped = match (*key == key_marker, version_marker.as_str()) {
                    (false, _) => 0,
                    (true, "") => versions.len(),
                    (true, id) => versions.iter().rev().take_while(|version| version.id != id).count() + 1,
                };
                lines.extend(newest_first.skip(skipped));
            }
        }
    }
    let truncated = lines.len() > query.page;
    lines.truncate(query.page);

    let mut inner = query.echo() + &query.name("KeyMarker", &key_marker);
    inner += &xml::element("VersionIdMarker", &version_marker);
    inner += &xml::element("IsTruncated", truncated.to_string());
    if let Some((entry, version)) = lines.last().filter(|_| truncated) {
        inner += &query.name("NextKeyMarker", entry.name());
        if let Some(version) = version {
            inner += &xml::element("NextVersionIdMarker", &version.id);
        }
    }
    for (entry, version) in lines {
        inner += &match version {
            Some(version) => version_line(bucket, &query, entry.name(), version),
            None => query.common_prefix(entry.name()),
        };
    }
    Ok(xml::document("ListVersionsResult", &inner))
}

fn version_line(bucket: &Bucket, query: &Query, key: &str, version: &Version) -> String {
    let latest = bucket.newest(key).is_some_and(|newest| newest.id == version.id);
    let head = query.name("Key", key)
        + &xml::element("VersionId", &version.id)
        + &xml::element("IsLatest", latest.to_string())
        + &xml::nest("Owner", &xml::element("ID", ACCOUNT));
    let Some(object) = &version.object else {
        let modified = xml::element("LastModified", xml::time(version.modified));
        return xml::nest("DeleteMarker", &(head + &modified));
    };
    xml::nest("Version", &(head + &facts(version, object)))
}

fn facts(version: &Version, object: &Object) -> String {
    let class = object.headers.get("x-amz-storage-class");
    let class = class.and_then(|class| class.to_str().ok()).unwrap_or("STANDARD");
    xml::element("LastModified", xml::time(version.modified))
        + &xml::element("ETag", &object.etag)
        + &xml::element("Size", object.body.len().to_string())
        + &xml::element("StorageClass", class)
}

fn opened(token: &str) -> Result<String, ServiceError> {
    let invalid = || error::invalid_argument("The continuation token provided is incorrect");
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    String::from_utf8(bytes).map_err(|_| invalid())
}

/// Percent-encoding as S3's listings have it: the slash stays.
fn url_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' | b'/' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
