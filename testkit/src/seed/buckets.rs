//! The buckets of a seed: written as JSON, made by the requests that S3 understands.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;
use serde_json::Value;

use crate::s3::{Quirks, S3};
use crate::wire::{Request, ServiceError, xml_escaped};

/// Whether a seed can make this call.
pub(super) fn plays(operation: &str) -> bool {
    ["CreateBucket", "PutBucketPolicy", "PutBucketEncryption", "PutPublicAccessBlock"].contains(&operation)
}

/// Makes a call on a bucket.
pub(super) fn call(operation: &str, input: &Value, s3: &mut S3, now: Timestamp) -> Result<(), ServiceError> {
    let bucket = input["Bucket"].as_str().unwrap_or_default();
    let (query, body) = match operation {
        "PutBucketPolicy" => {
            let policy = &input["Policy"];
            ("policy", policy.as_str().map_or_else(|| policy.to_string(), str::to_owned))
        }
        "PutBucketEncryption" => {
            ("encryption", element("Rule", &input["ServerSideEncryptionConfiguration"]["Rules"][0]))
        }
        "PutPublicAccessBlock" => {
            let name = "PublicAccessBlockConfiguration";
            ("publicAccessBlock", element(name, &input[name]))
        }
        _ => return create(bucket, input, s3, now),
    };
    s3.answer(operation, &request(bucket, query, body), now).map(drop)
}

fn create(bucket: &str, input: &Value, s3: &mut S3, now: Timestamp) -> Result<(), ServiceError> {
    let names = input["Quirks"].as_array().into_iter().flatten();
    let quirks = Quirks::named(names.map(|name| name.as_str().unwrap_or_default()))?;
    s3.answer("CreateBucket", &request(bucket, "", String::new()), now)?;
    if input["Versioning"] == Value::Bool(true) {
        let enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        s3.answer("PutBucketVersioning", &request(bucket, "versioning", enabled.to_owned()), now)?;
    }
    if let Some(of_bucket) = s3.quirks_mut(bucket) {
        *of_bucket = quirks;
    }
    Ok(())
}

fn request(bucket: &str, query: &str, body: String) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static("seed"));
    Request {
        method: Method::PUT,
        path: format!("/{bucket}"),
        query: query.to_owned(),
        headers,
        body: Bytes::from(body),
        endpoint: String::new(),
    }
}

/// A value as XML: members become elements.
fn element(name: &str, value: &Value) -> String {
    let inner = match value {
        Value::Object(members) => members.iter().map(|(name, value)| element(name, value)).collect(),
        Value::String(text) => xml_escaped(text),
        other => other.to_string(),
    };
    format!("<{name}>{inner}</{name}>")
}
