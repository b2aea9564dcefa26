//! Which bucket, which key and which operation a request names.

use http::Method;

use crate::wire::{Request, percent_decoded};

/// A sub-resource in the query, and what reading and writing it is called on a bucket.
const BUCKET_RESOURCES: [(&str, &Method, &str); 24] = [
    ("location", &Method::GET, "GetBucketLocation"),
    ("versioning", &Method::GET, "GetBucketVersioning"),
    ("versioning", &Method::PUT, "PutBucketVersioning"),
    ("publicAccessBlock", &Method::GET, "GetPublicAccessBlock"),
    ("publicAccessBlock", &Method::PUT, "PutPublicAccessBlock"),
    ("publicAccessBlock", &Method::DELETE, "DeletePublicAccessBlock"),
    ("encryption", &Method::GET, "GetBucketEncryption"),
    ("encryption", &Method::PUT, "PutBucketEncryption"),
    ("encryption", &Method::DELETE, "DeleteBucketEncryption"),
    ("policy", &Method::GET, "GetBucketPolicy"),
    ("policy", &Method::PUT, "PutBucketPolicy"),
    ("policy", &Method::DELETE, "DeleteBucketPolicy"),
    ("acl", &Method::GET, "GetBucketAcl"),
    ("acl", &Method::PUT, "PutBucketAcl"),
    ("lifecycle", &Method::GET, "GetBucketLifecycleConfiguration"),
    ("lifecycle", &Method::PUT, "PutBucketLifecycleConfiguration"),
    ("tagging", &Method::GET, "GetBucketTagging"),
    ("tagging", &Method::PUT, "PutBucketTagging"),
    ("object-lock", &Method::GET, "GetObjectLockConfiguration"),
    ("ownershipControls", &Method::GET, "GetBucketOwnershipControls"),
    ("uploads", &Method::GET, "ListMultipartUploads"),
    ("versions", &Method::GET, "ListObjectVersions"),
    ("list-type", &Method::GET, "ListObjectsV2"),
    ("delete", &Method::POST, "DeleteObjects"),
];

/// The same on an object.
const OBJECT_RESOURCES: [(&str, &Method, &str); 13] = [
    ("tagging", &Method::GET, "GetObjectTagging"),
    ("tagging", &Method::PUT, "PutObjectTagging"),
    ("tagging", &Method::DELETE, "DeleteObjectTagging"),
    ("acl", &Method::GET, "GetObjectAcl"),
    ("acl", &Method::PUT, "PutObjectAcl"),
    ("attributes", &Method::GET, "GetObjectAttributes"),
    ("retention", &Method::GET, "GetObjectRetention"),
    ("legal-hold", &Method::GET, "GetObjectLegalHold"),
    ("uploads", &Method::POST, "CreateMultipartUpload"),
    ("uploadId", &Method::PUT, "UploadPart"),
    ("uploadId", &Method::POST, "CompleteMultipartUpload"),
    ("uploadId", &Method::DELETE, "AbortMultipartUpload"),
    ("uploadId", &Method::GET, "ListParts"),
];

/// Names a request's operation.
#[must_use]
pub fn operation(request: &Request) -> &'static str {
    let (bucket, key) = bucket_and_key(request);
    if bucket.is_empty() {
        return if request.method == Method::GET { "ListBuckets" } else { "UnknownOperation" };
    }
    if key.is_empty() {
        return resource(&BUCKET_RESOURCES, request).unwrap_or(match request.method {
            Method::GET => "ListObjects",
            Method::HEAD => "HeadBucket",
            Method::PUT => "CreateBucket",
            Method::DELETE => "DeleteBucket",
            _ => "UnknownOperation",
        });
    }
    resource(&OBJECT_RESOURCES, request).unwrap_or(match request.method {
        Method::GET => "GetObject",
        Method::HEAD => "HeadObject",
        Method::PUT if request.header("x-amz-copy-source").is_some() => "CopyObject",
        Method::PUT => "PutObject",
        Method::DELETE => "DeleteObject",
        _ => "UnknownOperation",
    })
}

fn resource(table: &[(&str, &Method, &'static str)], request: &Request) -> Option<&'static str> {
    table
        .iter()
        .find(|(name, method, _)| **method == request.method && request.parameter(name).is_some())
        .map(|(_, _, operation)| *operation)
}

/// The bucket and the key, percent-decoded; the key is empty if the request is about the bucket.
pub(super) fn bucket_and_key(request: &Request) -> (String, String) {
    let path = request.path.strip_prefix('/').unwrap_or(&request.path);
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    (percent_decoded(bucket), percent_decoded(key))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;

    use super::*;

    fn request(method: &Method, target: &str) -> Request {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Request {
            method: method.clone(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            endpoint: String::new(),
        }
    }

    #[test]
    fn method_path_and_query_name_the_operation() {
        let cases = [
            (Method::GET, "/", "ListBuckets"),
            (Method::PUT, "/b", "CreateBucket"),
            (Method::PUT, "/b/", "CreateBucket"),
            (Method::HEAD, "/b", "HeadBucket"),
            (Method::DELETE, "/b", "DeleteBucket"),
            (Method::GET, "/b?list-type=2&prefix=env%3A%2F", "ListObjectsV2"),
            (Method::GET, "/b?location", "GetBucketLocation"),
            (Method::GET, "/b?versions", "ListObjectVersions"),
            (Method::PUT, "/b?versioning", "PutBucketVersioning"),
            (Method::POST, "/b?delete", "DeleteObjects"),
            (Method::GET, "/b/k?x-id=GetObject", "GetObject"),
            (Method::HEAD, "/b/k", "HeadObject"),
            (Method::PUT, "/b/k/", "PutObject"),
            (Method::DELETE, "/b/k?versionId=1", "DeleteObject"),
            (Method::GET, "/b/k?tagging", "GetObjectTagging"),
            (Method::PUT, "/b/k?partNumber=1&uploadId=u", "UploadPart"),
            (Method::PATCH, "/b/k", "UnknownOperation"),
        ];
        for (method, target, expected) in cases {
            assert_eq!(operation(&request(&method, target)), expected, "{method} {target}");
        }
    }

    #[test]
    fn a_put_with_a_source_is_a_copy() {
        let mut copy = request(&Method::PUT, "/b/k");
        copy.headers.insert("x-amz-copy-source", http::HeaderValue::from_static("b/other"));
        assert_eq!(operation(&copy), "CopyObject");
    }

    #[test]
    fn keys_are_decoded_and_keep_their_slashes() {
        let request = request(&Method::GET, "/b/env%3A/prod/a%20b.tfstate");
        assert_eq!(bucket_and_key(&request), ("b".to_owned(), "env:/prod/a b.tfstate".to_owned()));
    }
}
