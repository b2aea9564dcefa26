//! S3: buckets, objects and versions, with the conditional requests that a lock stands on.
//!
//! Path style only (`/bucket/key`). Signatures are not verified, but a request must carry one. Source of the behaviour: Amazon S3 API
//! reference and user guide (`conditional-writes.html`, `conditional-deletes.html`, `DeleteMarker.html`).

mod body;
mod bucket;
mod buckets;
mod checksum;
mod condition;
mod copy;
mod delete;
mod encryption;
mod error;
mod list;
mod object;
mod quirks;
mod read;
mod route;
mod settings;
mod tagging;
mod write;
mod xml;

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

use crate::s3::bucket::Bucket;
use crate::s3::object::Object;
use crate::wire::{Reply, Request, ServiceError};

pub use quirks::Quirks;
pub use route::operation;

/// All buckets.
#[derive(Debug, Default)]
pub struct S3 {
    buckets: BTreeMap<String, Bucket>,
    versions_issued: u64,
}

impl S3 {
    /// Answers one request.
    ///
    /// # Errors
    /// The service's own error.
    pub fn answer(&mut self, operation: &str, request: &Request, now: Timestamp) -> Result<Reply, ServiceError> {
        if request.header("authorization").is_none() && request.parameter("X-Amz-Signature").is_none() {
            return Err(error::access_denied("Access Denied"));
        }
        let (name, key) = route::bucket_and_key(request);
        match operation {
            "ListBuckets" => return Ok(buckets::list(&self.buckets)),
            "CreateBucket" => return buckets::create(&mut self.buckets, &name, now),
            "DeleteBucket" => return buckets::delete(&mut self.buckets, &name),
            "CopyObject" => return self.copy_object(request, &name, &key, now),
            _ => {}
        }
        let fresh_id = self.fresh_version_id();
        let bucket = self.bucket_mut(&name)?;
        match operation {
            "HeadBucket" => Ok(buckets::head()),
            "GetBucketLocation" => Ok(buckets::location()),
            "GetBucketVersioning" => Ok(buckets::versioning(bucket)),
            "PutBucketVersioning" => buckets::set_versioning(bucket, request),
            "GetPublicAccessBlock" => settings::public_access_block(bucket),
            "PutPublicAccessBlock" => settings::put_public_access_block(bucket, request),
            "DeletePublicAccessBlock" => Ok(settings::delete_public_access_block(bucket)),
            "GetBucketEncryption" => Ok(settings::encryption(bucket)),
            "PutBucketEncryption" => settings::put_encryption(bucket, request),
            "DeleteBucketEncryption" => Ok(settings::delete_encryption(bucket)),
            "GetBucketPolicy" => settings::policy(bucket),
            "PutBucketPolicy" => settings::put_policy(bucket, request),
            "DeleteBucketPolicy" => Ok(settings::delete_policy(bucket)),
            "ListObjectsV2" => list::objects(bucket, request),
            "ListObjectVersions" => list::versions(bucket, request),
            "PutObject" => write::put(bucket, &key, request, fresh_id, now),
            "GetObject" | "HeadObject" => read::read(bucket, &key, request),
            "DeleteObject" => delete::one(bucket, &key, request, fresh_id, now),
            "DeleteObjects" => delete::many(bucket, request, &fresh_id, now),
            "GetObjectTagging" => tagging::get(bucket, &key, request),
            "PutObjectTagging" => tagging::put(bucket, &key, request),
            _ => Err(error::not_implemented(&format!("the local AWS does not play {operation}"))),
        }
    }

    /// The bytes of the current version of an object; none if there is no such bucket or key, or a delete marker lies on top.
    #[must_use]
    pub fn body(&self, bucket: &str, key: &str) -> Option<Bytes> {
        let (_, object) = self.buckets.get(bucket)?.current(key)?;
        Some(object.body.clone())
    }

    /// The keys of a bucket that have a current object, sorted.
    #[must_use]
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let Some(bucket) = self.buckets.get(bucket) else {
            return Vec::new();
        };
        let living = bucket.keys.keys().filter(|key| bucket.current(key).is_some());
        living.cloned().collect()
    }

    /// Puts an object behind the clients' backs, in a bucket that is created if there is none. Returns the `ETag`, quotes included.
    pub fn place(&mut self, bucket: &str, key: &str, body: impl Into<Bytes>, now: Timestamp) -> String {
        let fresh_id = self.fresh_version_id();
        let bucket = self.buckets.entry(bucket.to_owned()).or_insert_with(|| Bucket::new(now));
        let object = Object::new(body.into(), bucket.settings.encryption.clone(), &fresh_id);
        let etag = object.etag.clone();
        bucket.put(key, object, fresh_id, now);
        etag
    }

    /// How a bucket departs from Amazon's, to change it; none if there is no such bucket.
    pub fn quirks_mut(&mut self, bucket: &str) -> Option<&mut Quirks> {
        self.buckets.get_mut(bucket).map(|bucket| &mut bucket.quirks)
    }

    fn copy_object(&mut self, request: &Request, name: &str, key: &str, now: Timestamp) -> Result<Reply, ServiceError> {
        let source = copy::Source::of(request)?;
        let version = copy::read_source(self.bucket_mut(&source.bucket)?, &source, request)?;
        let fresh_id = self.fresh_version_id();
        copy::write(self.bucket_mut(name)?, name, key, &source, version, request, fresh_id, now)
    }

    fn bucket_mut(&mut self, name: &str) -> Result<&mut Bucket, ServiceError> {
        self.buckets.get_mut(name).ok_or_else(error::no_such_bucket)
    }

    /// As opaque to clients as S3's own, and never the same twice.
    fn fresh_version_id(&mut self) -> String {
        self.versions_issued += 1;
        format!("local{:027x}", self.versions_issued)
    }
}
