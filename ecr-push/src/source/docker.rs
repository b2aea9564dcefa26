//! What `docker save` writes: `manifest.json` names for each image a configuration and layers, mostly bare tars.
//!
//! The names of the files differ from writer to writer: `ID.json` and `ID/layer.tar` (Docker before 25), `blobs/sha256/…` (since), `DIFFID.tar` and
//! links to it (podman, buildah, skopeo), `sha256:…` and `….tar.gz` (kaniko, crane, ko), `blobs/sha256/….tar.gz` (Bazel), `config.json` (Jib). Only
//! what `manifest.json` says counts, and the first bytes of a layer.
//!
//! Source: Docker image specification 1.2, combined image JSON and filesystem changeset format.

use bytes::Bytes;
use contract::Digest;
use serde::Deserialize;

use super::choice::{Candidate, Choice, pick};
use super::draft::{Draft, Layer};
use super::error::SourceError;
use super::layout::{self, Selected};
use super::store::Store;
use super::{LAYER_LIMIT, digest_of};
use crate::manifest::{self, Configuration, Descriptor, Manifest, ManifestError};

/// The document that lists the images.
const MANIFEST: &str = "manifest.json";

/// An image in the list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Option<Vec<String>>,
}

/// Reads the image that is meant.
pub(super) fn read(store: &Store, choice: &Choice) -> Result<Draft, SourceError> {
    let items = items(store)?;
    let configs = items.iter().map(|item| config(store, &item.config)).collect::<Result<Vec<_>, _>>()?;
    let candidate = |(item, config): (&Item, &Bytes)| Candidate { names: tags(item), digest: digest_of(config) };
    let candidates: Vec<Candidate> = items.iter().zip(&configs).map(candidate).collect();
    let picked = pick(&candidates, choice.name.as_deref())?;
    let draft = draft(store, &items[picked], &configs[picked])?;
    if let Some(platform) = &choice.platform {
        layout::check_platform(platform, Some(&draft.platform))?;
    }
    Ok(draft)
}

/// The image that was selected in the layout beside `manifest.json`, if its layers are bare there. The order of the layers is then taken from
/// `manifest.json`: in the layout, some versions of Docker got it wrong, or left layers out.
pub(super) fn bare(store: &Store, selected: &Selected) -> Result<Option<Draft>, SourceError> {
    let Manifest::Image { config: descriptor, layers } = &selected.manifest else { return Ok(None) };
    if !layers.is_empty() && !layers.iter().any(Descriptor::is_bare_layer) {
        return Ok(None);
    }
    for item in items(store)? {
        let config = config(store, &item.config)?;
        if digest_of(&config) == descriptor.digest {
            let draft = draft(store, &item, &config)?;
            return Ok(Some(draft).filter(|draft| !draft.layers.is_empty()));
        }
    }
    Ok(None)
}

fn items(store: &Store) -> Result<Vec<Item>, SourceError> {
    let content = store.member(MANIFEST)?;
    content.check_document("`manifest.json`")?;
    let bytes = content.read().map_err(|cause| SourceError::Member { name: MANIFEST.to_owned(), cause })?;
    serde_json::from_slice(&bytes).map_err(|cause| SourceError::not_understood("`manifest.json`", cause))
}

/// The bytes of a configuration. If its name is a digest, it is its own.
fn config(store: &Store, name: &str) -> Result<Bytes, SourceError> {
    let content = store.member(name)?;
    content.check_document(&format!("`{name}`"))?;
    let bytes = content.read().map_err(|cause| SourceError::Member { name: name.to_owned(), cause })?;
    match digest_in(name) {
        Some(expected) if expected != digest_of(&bytes) => {
            Err(SourceError::Content { expected, found: digest_of(&bytes) })
        }
        _ => Ok(bytes.into()),
    }
}

fn digest_in(name: &str) -> Option<Digest> {
    let file = name.rsplit('/').next().unwrap_or(name);
    let hex = file.strip_suffix(".json").unwrap_or(file);
    format!("sha256:{}", hex.strip_prefix("sha256:").unwrap_or(hex)).parse().ok()
}

fn draft(store: &Store, item: &Item, config: &Bytes) -> Result<Draft, SourceError> {
    let not_understood = |cause| SourceError::not_understood(format!("`{}`", item.config), cause);
    let Configuration { platform, rootfs } = manifest::read_configuration(config).map_err(not_understood)?;
    let no_layers = || not_understood(ManifestError::Ambiguous("it has no `rootfs`".to_owned()));
    let diff_ids = rootfs.ok_or_else(no_layers)?.diff_ids;
    let files = item.layers.as_deref().unwrap_or_default();
    if diff_ids.len() != files.len() {
        let (layers, diff_ids) = (files.len(), diff_ids.len());
        return Err(SourceError::LayerCount { config: digest_of(config), layers, diff_ids });
    }
    if files.len() > LAYER_LIMIT {
        return Err(SourceError::TooManyLayers(files.len()));
    }
    let layers = files.iter().zip(diff_ids).map(|(name, diff_id)| layer(store, name, diff_id));
    let layers = layers.collect::<Result<_, _>>()?;
    Ok(Draft { config: config.clone(), config_digest: digest_of(config), platform, tags: tags(item), layers })
}

fn layer(store: &Store, name: &str, diff_id: Digest) -> Result<Layer, SourceError> {
    let content = store.member(name)?;
    let compression = content.location.compression();
    let compression = compression.map_err(|cause| SourceError::Member { name: name.to_owned(), cause })?;
    Ok(Layer { diff_id, size: content.size, compression, location: content.location })
}

/// The tags of an image; some writers note an empty one.
fn tags(item: &Item) -> Vec<String> {
    item.repo_tags.iter().flatten().filter(|tag| !tag.is_empty()).cloned().collect()
}
