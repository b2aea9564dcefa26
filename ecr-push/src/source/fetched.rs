//! An image in a registry, of which the documents were fetched: a layout whose layers are elsewhere.

use std::collections::BTreeMap;

use bytes::Bytes;
use contract::Digest;
use serde_json::json;

use super::choice::Choice;
use super::error::SourceError;
use super::location::Location;
use super::store::{Catalog, Content, Store};
use super::{LAYOUT_VERSION, RawManifest, Source, resolve};

/// What was fetched of an image.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The manifest or index that was asked for.
    pub root: RawManifest,
    /// Manifests and configurations by their digests.
    pub documents: BTreeMap<Digest, Bytes>,
    /// Layers and all else that the manifests name, with their sizes.
    pub blobs: BTreeMap<Digest, u64>,
}

impl Fetched {
    /// The image. It is checked as one in a folder is.
    ///
    /// # Errors
    /// Its documents are not what they should be, or it is not made for the platform.
    pub fn resolve(self, platform: &Choice) -> Result<Source, SourceError> {
        let Self { root, documents, blobs } = self;
        let descriptor = json!({ "mediaType": root.media_type, "digest": root.digest, "size": root.bytes.len() });
        let index = json!({ "schemaVersion": 2, "manifests": [descriptor] });
        let marker = json!({ "imageLayoutVersion": LAYOUT_VERSION });
        let mut catalog = Catalog::default();
        let mut add = |name: String, size: u64, location: Location| catalog.insert(name, Content { location, size });
        let mut add_here = |name: String, bytes: Bytes| {
            add(name, bytes.len() as u64, Location::Memory(bytes));
        };
        add_here("oci-layout".to_owned(), marker.to_string().into());
        add_here("index.json".to_owned(), index.to_string().into());
        add_here(path(&root.digest), root.bytes.into());
        for (digest, bytes) in &documents {
            add_here(path(digest), bytes.clone());
        }
        for (digest, size) in blobs.into_iter().filter(|(digest, _)| !documents.contains_key(digest)) {
            add(path(&digest), size, Location::Remote);
        }
        resolve(&Store::Archive(catalog), &Choice { name: None, ..platform.clone() })
    }
}

fn path(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}
