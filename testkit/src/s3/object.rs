//! An object: its bytes and what was said about them when they were put.

use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use md5::{Digest, Md5};

use super::checksum::Checksum;
use super::encryption::Encryption;

/// The headers of a PUT that come back on every GET, beside `x-amz-meta-*`.
const KEPT_HEADERS: [&str; 8] = [
    "content-type",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "expires",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
];

/// An object as it lies in a bucket.
#[derive(Clone, Debug)]
pub(super) struct Object {
    /// The bytes.
    pub(super) body: Bytes,
    /// Quotes included.
    pub(super) etag: String,
    /// Content type and metadata.
    pub(super) headers: HeaderMap,
    /// In the order they were given.
    pub(super) tags: Vec<(String, String)>,
    /// How it is encrypted.
    pub(super) encryption: Encryption,
    /// The checksum that the writer gave.
    pub(super) checksum: Option<Checksum>,
}

impl Object {
    /// An object without metadata. `salt` is what makes the `ETag` of an encrypted object differ from the MD5 of its bytes, as it does
    /// under SSE-KMS and SSE-C. Source: S3 API reference, Object, `ETag`.
    pub(super) fn new(body: Bytes, encryption: Encryption, salt: &str) -> Self {
        let digest = match encryption {
            Encryption::Managed => Md5::digest(&body),
            Encryption::Kms { .. } | Encryption::Customer { .. } => {
                Md5::new().chain_update(salt).chain_update(&body).finalize()
            }
        };
        Self {
            etag: format!("\"{}\"", hexadecimal(&digest)),
            body,
            headers: HeaderMap::new(),
            tags: Vec::new(),
            encryption,
            checksum: None,
        }
    }
}

/// Bytes in lower-case hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The headers that stay with an object. The content coding `aws-chunked` belongs to the transfer, not to the object.
pub(super) fn kept_headers(sent: &HeaderMap) -> HeaderMap {
    let mut kept: HeaderMap =
        sent.iter().filter(|(name, _)| is_kept(name)).map(|(name, value)| (name.clone(), value.clone())).collect();
    if let Some(coding) = kept.remove("content-encoding")
        && let Some(rest) = without_chunks(&coding)
    {
        kept.insert("content-encoding", rest);
    }
    let unknown = HeaderValue::from_static("binary/octet-stream");
    kept.entry("content-type").or_insert(unknown);
    kept
}

fn is_kept(name: &HeaderName) -> bool {
    KEPT_HEADERS.contains(&name.as_str()) || name.as_str().starts_with("x-amz-meta-")
}

fn without_chunks(coding: &HeaderValue) -> Option<HeaderValue> {
    let codings = coding.to_str().ok()?.split(',').map(str::trim);
    let rest: Vec<&str> = codings.filter(|coding| *coding != "aws-chunked").collect();
    if rest.is_empty() {
        return None;
    }
    HeaderValue::from_str(&rest.join(",")).ok()
}
