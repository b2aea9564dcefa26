//! An image as a folder on disk. Source: OCI image specification, "Image Layout Specification".

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::{Image, MANIFEST};
use crate::ecr::digest;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// What was written for one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The manifest's digest.
    pub digest: String,
    /// The config's digest.
    pub config_digest: String,
    /// The layers' digests, the lowest first.
    pub layers: Vec<String>,
}

/// What was written for one image on several platforms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexLayout {
    /// The index's digest.
    pub digest: String,
    /// Each platform's image, in the given order.
    pub platforms: Vec<Layout>,
}

pub(super) fn write_layout(image: &Image, folder: &Path, tag: &str) -> io::Result<Layout> {
    let layout = write_image(image, folder)?;
    let mut entry = json!({ "mediaType": MANIFEST, "digest": layout.digest, "size": image.manifest.len() });
    entry["platform"] = platform(image);
    write_root(folder, entry, tag)?;
    Ok(layout)
}

/// Writes an image for several platforms: an index of `images`, known by `tag`. What lay in the folder's `index.json`
/// is forgotten.
///
/// # Errors
/// The folder cannot be written.
pub fn write_index_layout(images: &[Image], folder: &Path, tag: &str) -> io::Result<IndexLayout> {
    let platforms = images.iter().map(|image| write_image(image, folder)).collect::<io::Result<Vec<_>>>()?;
    let manifests: Vec<Value> = images
        .iter()
        .map(|image| {
            json!({
                "mediaType": MANIFEST,
                "digest": image.digest,
                "size": image.manifest.len(),
                "platform": platform(image),
            })
        })
        .collect();
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests }).to_string();
    let digest = write_blob(folder, index.as_bytes())?;
    write_root(folder, json!({ "mediaType": INDEX, "digest": digest, "size": index.len() }), tag)?;
    Ok(IndexLayout { digest, platforms })
}

fn platform(image: &Image) -> Value {
    json!({ "architecture": image.architecture, "os": "linux" })
}

fn write_image(image: &Image, folder: &Path) -> io::Result<Layout> {
    let config_digest = write_blob(folder, &image.config)?;
    let layers = image.layers.iter().map(|layer| write_blob(folder, layer)).collect::<io::Result<Vec<_>>>()?;
    Ok(Layout { digest: write_blob(folder, &image.manifest)?, config_digest, layers })
}

fn write_blob(folder: &Path, bytes: &[u8]) -> io::Result<String> {
    let digest = digest::sha256(bytes);
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    fs::write(blobs.join(digest.trim_start_matches("sha256:")), bytes)?;
    Ok(digest)
}

fn write_root(folder: &Path, mut entry: Value, tag: &str) -> io::Result<()> {
    entry["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [entry] });
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
    fs::write(folder.join("index.json"), index.to_string())
}
