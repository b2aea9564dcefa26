//! An OCI layout, in a folder or an archive: `oci-layout`, `index.json` and `blobs/`. What it holds is kept as it is.
//!
//! Source: OCI image specification 1.1, image layout.

use std::io;

use contract::Digest;
use serde::Deserialize;

use super::choice::{Candidate, Choice, PlatformName, choose, pick, title};
use super::error::SourceError;
use super::store::{Content, Store};
use super::{Blob, Image, LAYER_LIMIT, LAYOUT_VERSION, RawManifest, digest_of};
use crate::manifest::{self, Configuration, Descriptor, Manifest, Platform};

/// The manifest or index that is meant.
#[derive(Debug)]
pub(super) struct Selected {
    /// Its bytes.
    pub(super) raw: RawManifest,
    /// What it says.
    pub(super) manifest: Manifest,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    image_layout_version: String,
}

/// Finds the manifest or index that is meant.
pub(super) fn select(store: &Store, choice: &Choice) -> Result<Selected, SourceError> {
    let marker: Marker = serde_json::from_slice(&own(store, "oci-layout")?)
        .map_err(|cause| SourceError::not_understood("`oci-layout`", cause))?;
    if marker.image_layout_version != LAYOUT_VERSION {
        return Err(SourceError::Version(marker.image_layout_version));
    }
    let index = own(store, "index.json")?;
    let images =
        manifest::read_layout_index(&index).map_err(|cause| SourceError::not_understood("`index.json`", cause))?;
    let images = match &choice.platform {
        // The platforms of an image may stand in `index.json` itself.
        Some(platform) if images.len() > 1 && choice.name.is_none() && images.iter().any(says_platform) => {
            vec![choose(&images, platform)?.clone()]
        }
        _ => images,
    };
    let candidates: Vec<Candidate> = images.iter().map(candidate).collect();
    let root = read_manifest(store, &images[pick(&candidates, choice.name.as_deref())?])?;
    match (&root.manifest, &choice.platform) {
        (_, None) => Ok(root),
        (Manifest::Index(children), Some(platform)) => child(store, &root.raw.digest, children, platform),
        (Manifest::Image { config, .. }, Some(platform)) => {
            let found = configuration(store, config)?.map(|found| found.platform);
            check_platform(platform, found.as_ref())?;
            Ok(root)
        }
    }
}

fn says_platform(image: &Descriptor) -> bool {
    matches!(image.platform, Some(Platform::Named(_)))
}

/// Reads the image that was selected.
pub(super) fn read(store: &Store, Selected { raw, manifest }: Selected) -> Result<Image, SourceError> {
    let image = Image {
        manifests: Vec::new(),
        blobs: Vec::new(),
        platforms: Vec::new(),
        platform_digests: Vec::new(),
        config_digests: Vec::new(),
        digest: raw.digest.clone(),
        media_type: raw.media_type.clone(),
    };
    let mut layout = Layout { store, image };
    match manifest {
        Manifest::Image { config, layers } => layout.add_image(raw, config, layers)?,
        Manifest::Index(children) if children.is_empty() => return Err(SourceError::Empty),
        Manifest::Index(children) => {
            check_whole(store, &raw.digest, &children)?;
            children.iter().try_for_each(|child| layout.add_child(child))?;
            layout.image.add_manifest(raw);
        }
    }
    Ok(layout.image)
}

/// That a platform is the one that is meant.
pub(super) fn check_platform(wanted: &PlatformName, found: Option<&Platform>) -> Result<(), SourceError> {
    match found {
        Some(found) if wanted.is(found) => Ok(()),
        Some(Platform::Named(found)) => {
            Err(SourceError::Platform { wanted: wanted.to_string(), held: vec![found.clone()] })
        }
        _ => Err(SourceError::Platform { wanted: wanted.to_string(), held: Vec::new() }),
    }
}

struct Layout<'a> {
    store: &'a Store,
    image: Image,
}

impl Layout<'_> {
    fn add_child(&mut self, child: &Descriptor) -> Result<(), SourceError> {
        let Selected { raw, manifest } = read_manifest(self.store, child)?;
        match manifest {
            Manifest::Index(_) => Err(SourceError::Nested(child.digest.clone())),
            Manifest::Image { config, layers } if child.is_attestation() => self.add_content(raw, config, layers),
            Manifest::Image { config, layers } => self.add_image(raw, config, layers),
        }
    }

    fn add_image(&mut self, raw: RawManifest, config: Descriptor, layers: Vec<Descriptor>) -> Result<(), SourceError> {
        if layers.len() > LAYER_LIMIT {
            return Err(SourceError::TooManyLayers(layers.len()));
        }
        self.add_platform(&raw.digest, &config, layers.len())?;
        self.add_content(raw, config, layers)
    }

    fn add_content(
        &mut self,
        raw: RawManifest,
        config: Descriptor,
        layers: Vec<Descriptor>,
    ) -> Result<(), SourceError> {
        layers.into_iter().chain([config]).try_for_each(|descriptor| self.add_blob(descriptor))?;
        self.image.add_manifest(raw);
        Ok(())
    }

    fn add_platform(&mut self, manifest: &Digest, config: &Descriptor, layers: usize) -> Result<(), SourceError> {
        let Some(Configuration { platform, rootfs }) = configuration(self.store, config)? else { return Ok(()) };
        match rootfs {
            Some(rootfs) if rootfs.diff_ids.len() != layers => {
                let diff_ids = rootfs.diff_ids.len();
                return Err(SourceError::LayerCount { config: config.digest.clone(), layers, diff_ids });
            }
            _ => {}
        }
        if platform == Platform::Attestation {
            return Ok(());
        }
        if !self.image.platform_digests.contains(manifest) {
            self.image.platform_digests.push(manifest.clone());
        }
        // The same image with its layers packed in another way is the same platform.
        if self.image.config_digests.contains(&config.digest) {
            return Ok(());
        }
        self.image.config_digests.push(config.digest.clone());
        if let Platform::Named(name) = platform {
            self.image.platforms.push(name);
        }
        Ok(())
    }

    fn add_blob(&mut self, Descriptor { digest, size: expected, .. }: Descriptor) -> Result<(), SourceError> {
        let found = find(self.store, &digest);
        let Content { location, size: found } =
            found.map_err(|cause| SourceError::Missing { digest: digest.clone(), cause })?;
        if found != expected {
            return Err(SourceError::Size { digest, expected, found });
        }
        self.image.add_blob(Blob { digest, size: expected, location, is_checked: false })
    }
}

/// The image for a platform. An index may leave it to the configurations to say what they run on.
fn child(
    store: &Store,
    index: &Digest,
    children: &[Descriptor],
    platform: &PlatformName,
) -> Result<Selected, SourceError> {
    let mut children = children.to_vec();
    for child in children.iter_mut().filter(|child| child.platform.is_none() && find(store, &child.digest).is_ok()) {
        if let Manifest::Image { config, .. } = read_manifest(store, child)?.manifest {
            child.platform = configuration(store, &config)?.map(|found| found.platform);
        }
    }
    let child = choose(&children, platform)?;
    check_whole(store, index, std::slice::from_ref(child))?;
    let selected = read_manifest(store, child)?;
    match selected.manifest {
        Manifest::Index(_) => Err(SourceError::Nested(child.digest.clone())),
        Manifest::Image { .. } => Ok(selected),
    }
}

/// That nothing is missing of what an index names. Docker saves the index of an image whole, but only those platforms that it has.
fn check_whole(store: &Store, index: &Digest, children: &[Descriptor]) -> Result<(), SourceError> {
    let is_absent =
        |digest: &Digest| matches!(find(store, digest), Err(cause) if cause.kind() == io::ErrorKind::NotFound);
    let mut absent = Vec::new();
    for child in children {
        if is_absent(&child.digest) {
            absent.push(title(child));
        } else if let Manifest::Image { config, layers } = read_manifest(store, child)?.manifest {
            let blobs = layers.iter().chain([&config]);
            absent.extend(
                blobs.filter(|blob| is_absent(&blob.digest)).map(|blob| format!("{} of {}", blob.digest, title(child))),
            );
        }
    }
    if absent.is_empty() { Ok(()) } else { Err(SourceError::Incomplete { index: index.clone(), absent }) }
}

fn candidate(image: &Descriptor) -> Candidate {
    let names = [&image.annotations.whole_name, &image.annotations.name];
    Candidate { names: names.into_iter().flatten().cloned().collect(), digest: image.digest.clone() }
}

fn read_manifest(store: &Store, descriptor: &Descriptor) -> Result<Selected, SourceError> {
    let Descriptor { digest, media_type, .. } = descriptor.clone();
    let bytes = document(store, descriptor)?;
    let manifest =
        manifest::read(&media_type, &bytes).map_err(|cause| SourceError::not_understood(digest.as_str(), cause))?;
    Ok(Selected { raw: RawManifest { digest, media_type, bytes }, manifest })
}

/// An image's configuration; `None` if it is another thing's.
fn configuration(store: &Store, config: &Descriptor) -> Result<Option<Configuration>, SourceError> {
    if !manifest::is_configuration(config) {
        return Ok(None);
    }
    let read = manifest::read_configuration(&document(store, config)?);
    read.map(Some).map_err(|cause| SourceError::not_understood(config.digest.as_str(), cause))
}

/// A document that a descriptor names, checked.
fn document(store: &Store, Descriptor { digest, size: expected, .. }: &Descriptor) -> Result<Vec<u8>, SourceError> {
    let missing = |cause| SourceError::Missing { digest: digest.clone(), cause };
    let content = find(store, digest).map_err(missing)?;
    if content.size != *expected {
        return Err(SourceError::Size { digest: digest.clone(), expected: *expected, found: content.size });
    }
    content.check_document(digest.as_str())?;
    let bytes = content.read().map_err(missing)?;
    let found = digest_of(&bytes);
    if found != *digest {
        return Err(SourceError::Content { expected: digest.clone(), found });
    }
    Ok(bytes)
}

fn find(store: &Store, digest: &Digest) -> io::Result<Content> {
    store.find(&format!("blobs/sha256/{}", digest.hex()))
}

/// A document that makes it a layout.
fn own(store: &Store, file: &'static str) -> Result<Vec<u8>, SourceError> {
    let unreadable = |cause| SourceError::Unreadable { place: store.place(), file, cause };
    let content = store.find(file).map_err(unreadable)?;
    content.check_document(&format!("`{file}`"))?;
    content.read().map_err(unreadable)
}
