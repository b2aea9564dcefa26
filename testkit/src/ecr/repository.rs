//! One repository: what was pushed to it and how it is set up.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use crate::ecr::manifest::Manifest;
use crate::ecr::mutability::Mutability;
use crate::ecr::region::Region;
use crate::world::ACCOUNT;

/// A repository.
#[derive(Debug)]
pub(crate) struct Repository {
    pub(crate) name: String,
    pub(crate) region: Region,
    pub(crate) created_at: Timestamp,
    pub(crate) mutability: Mutability,
    pub(crate) scan_on_push: bool,
    /// As given, `encryptionType` filled in.
    pub(crate) encryption: Value,
    pub(crate) resource_tags: BTreeMap<String, String>,
    pub(crate) lifecycle_policy: Option<String>,
    pub(crate) blobs: BTreeMap<String, Blob>,
    pub(crate) images: BTreeMap<String, Image>,
    /// Tag to digest.
    pub(crate) tags: BTreeMap<String, String>,
    /// What `DescribeImageScanFindings` is to answer, by digest: one answer a call, the last one for ever.
    pub(crate) scans: BTreeMap<String, VecDeque<Value>>,
}

/// A layer or a config.
#[derive(Clone, Debug)]
pub(crate) struct Blob {
    pub(crate) bytes: Bytes,
    /// When it was there whole.
    pub(crate) stored_at: Timestamp,
}

/// A manifest and when it was pushed.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) manifest: Manifest,
    pub(crate) pushed_at: Timestamp,
}

impl Repository {
    pub(crate) fn new(name: &str, region: &Region, now: Timestamp) -> Self {
        Self {
            name: name.to_owned(),
            region: region.clone(),
            created_at: now,
            mutability: Mutability::default(),
            scan_on_push: false,
            encryption: serde_json::json!({ "encryptionType": "AES256" }),
            resource_tags: BTreeMap::new(),
            lifecycle_policy: None,
            blobs: BTreeMap::new(),
            images: BTreeMap::new(),
            tags: BTreeMap::new(),
            scans: BTreeMap::new(),
        }
    }

    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:ecr:{}:{ACCOUNT}:repository/{}", self.region.as_str(), self.name)
    }

    /// The digest that a tag or a digest names, if there is such an image.
    pub(crate) fn resolve(&self, reference: &str) -> Option<&str> {
        let digest = self.tags.get(reference).map_or(reference, String::as_str);
        self.images.get_key_value(digest).map(|(digest, _)| digest.as_str())
    }

    /// The image that a tag or a digest names.
    pub(crate) fn image(&self, reference: &str) -> Option<&Image> {
        self.images.get(self.resolve(reference)?)
    }

    /// The tags of an image, sorted.
    pub(crate) fn tags_of(&self, digest: &str) -> Vec<&str> {
        let tags = self.tags.iter().filter(|(_, tagged)| *tagged == digest);
        tags.map(|(tag, _)| tag.as_str()).collect()
    }

    pub(crate) fn store_blob(&mut self, digest: &str, bytes: Bytes, now: Timestamp) {
        let blob = Blob { bytes, stored_at: now };
        self.blobs.entry(digest.to_owned()).or_insert(blob);
    }

    /// Whether some image here is made of a blob.
    pub(crate) fn uses_blob(&self, digest: &str) -> bool {
        self.images.values().any(|image| image.manifest.blobs().contains(&digest))
    }

    /// Deletes an image, its tags and its scans. Answers the tags it had.
    pub(crate) fn delete_image(&mut self, digest: &str) -> Vec<String> {
        let tags: Vec<String> = self.tags_of(digest).into_iter().map(str::to_owned).collect();
        self.images.remove(digest);
        self.scans.remove(digest);
        self.tags.retain(|_, tagged| tagged != digest);
        tags
    }
}
