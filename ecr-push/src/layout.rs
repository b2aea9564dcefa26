//! An OCI layout on disk: a folder with `oci-layout`, `index.json` and `blobs/`. Nothing in it is believed before its digest is checked.
//!
//! Source: OCI image specification 1.1, image layout.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use contract::Digest;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::manifest::{self, Descriptor, Manifest, ManifestError, Platform};

/// What a registry takes as a manifest, and more than any configuration needs: nothing larger is read into memory.
///
/// Source: OCI distribution specification, pushing manifests: registries should take at least 4 MiB.
const DOCUMENT_LIMIT: u64 = 4 << 20;
/// How much of a blob is read at a time.
const CHUNK: usize = 256 << 10;
/// The version of the layout that is read.
const LAYOUT_VERSION: &str = "1.0.0";

/// The image of a layout.
#[derive(Debug)]
pub struct Layout {
    /// The folder.
    pub folder: PathBuf,
    /// Manifests and index as they are, in the order in which a registry takes them: the image itself comes last.
    pub manifests: Vec<RawManifest>,
    /// Layers and configurations, each once.
    pub blobs: Vec<Blob>,
    /// Platforms, for example `linux/amd64`; without attestations.
    pub platforms: Vec<String>,
    /// The digests of the configurations, in the order of the platforms.
    pub config_digests: Vec<Digest>,
    /// The digest of the manifest or index: the name of the image.
    pub digest: Digest,
    /// The media type of the manifest or index.
    pub media_type: String,
}

/// A manifest or index, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawManifest {
    /// The digest of the bytes.
    pub digest: Digest,
    /// The media type that its descriptor gives to it.
    pub media_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A layer or configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// Why a layout is not pushed.
#[derive(Debug, Error)]
pub enum LayoutError {
    /// A file that makes a folder a layout is not there or cannot be read.
    #[error("`{}` is not an OCI layout: `{file}` cannot be read: {cause}", folder.display())]
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// The file in it.
        file: &'static str,
        /// What the system says.
        cause: io::Error,
    },
    /// A document in it is not understood.
    #[error("{document} is not understood: {cause}")]
    Malformed {
        /// Which one.
        document: String,
        /// Why.
        cause: ManifestError,
    },
    /// The layout is of another version.
    #[error("the layout's version is `{0}`, read is {LAYOUT_VERSION}")]
    Version(String),
    /// There is no image in it.
    #[error("the layout holds no image")]
    Empty,
    /// It holds several images.
    #[error("the layout holds {} images, and it is not said which one: {}", .0.len(), .0.join(", "))]
    Several(Vec<String>),
    /// An index names an index.
    #[error("{0} is an index inside an index: that is not read so far")]
    Nested(Digest),
    /// Content that is named is not there.
    #[error("the layout is not whole: {digest} cannot be read: {cause}")]
    Missing {
        /// Its digest.
        digest: Digest,
        /// What the system says.
        cause: io::Error,
    },
    /// Content has another size than its descriptor says.
    #[error("the layout is corrupt: {digest} has {found} bytes, its descriptor says {expected}")]
    Size {
        /// Its digest.
        digest: Digest,
        /// What its descriptor says.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// Content has another digest than its name.
    #[error("the layout is corrupt: what is stored as {expected} is {found}")]
    Content {
        /// Its name.
        expected: Digest,
        /// The digest of what is there.
        found: Digest,
    },
    /// A manifest, an index or a configuration is too large to be one.
    #[error("{digest} has {size} bytes, a manifest or configuration has at most {DOCUMENT_LIMIT}")]
    TooLarge {
        /// Its digest.
        digest: Digest,
        /// Its size.
        size: u64,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    image_layout_version: String,
}

impl Layout {
    /// Reads manifests and configurations and checks them. Layers are not read yet: see [`check`].
    ///
    /// # Errors
    /// The folder is no layout, holds not exactly one image, or its documents are not what their descriptors say.
    pub fn open(folder: &Path) -> Result<Self, LayoutError> {
        let marker = read_own(folder, "oci-layout")?;
        let marker: Marker = serde_json::from_slice(&marker).map_err(|cause| malformed("`oci-layout`", cause))?;
        if marker.image_layout_version != LAYOUT_VERSION {
            return Err(LayoutError::Version(marker.image_layout_version));
        }
        let root = only_image(folder)?;
        let mut layout = Self {
            folder: folder.to_owned(),
            manifests: Vec::new(),
            blobs: Vec::new(),
            platforms: Vec::new(),
            config_digests: Vec::new(),
            digest: root.digest.clone(),
            media_type: root.media_type.clone(),
        };
        let (raw, manifest) = layout.read_manifest(&root)?;
        match manifest {
            Manifest::Image { config, layers } => layout.add_image(raw, config, layers)?,
            Manifest::Index(children) => {
                children.iter().try_for_each(|child| layout.add_child(child))?;
                layout.add_manifest(raw);
            }
        }
        Ok(layout)
    }

    /// All digests by which a scanner may name the image.
    #[must_use]
    pub fn names(&self) -> Vec<Digest> {
        std::iter::once(&self.digest).chain(&self.config_digests).cloned().collect()
    }

    /// The bytes of manifests and blobs together.
    #[must_use]
    pub fn size(&self) -> u64 {
        let manifests = self.manifests.iter().map(|manifest| manifest.bytes.len() as u64);
        manifests.chain(self.blobs.iter().map(|blob| blob.size)).sum()
    }

    /// Where a blob lies.
    #[must_use]
    pub fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join("blobs/sha256").join(digest.hex())
    }

    fn add_child(&mut self, child: &Descriptor) -> Result<(), LayoutError> {
        match self.read_manifest(child)? {
            (_, Manifest::Index(_)) => Err(LayoutError::Nested(child.digest.clone())),
            (raw, Manifest::Image { config, layers }) => self.add_image(raw, config, layers),
        }
    }

    fn add_image(&mut self, raw: RawManifest, config: Descriptor, layers: Vec<Descriptor>) -> Result<(), LayoutError> {
        self.add_platform(&config)?;
        layers.into_iter().chain([config]).try_for_each(|descriptor| self.add_blob(descriptor))?;
        self.add_manifest(raw);
        Ok(())
    }

    fn add_platform(&mut self, config: &Descriptor) -> Result<(), LayoutError> {
        if !manifest::is_configuration(config) || self.config_digests.contains(&config.digest) {
            return Ok(());
        }
        let bytes = self.read_document(config)?;
        let platform = manifest::read_platform(&bytes).map_err(|cause| not_understood(&config.digest, cause))?;
        if platform == Platform::Attestation {
            return Ok(());
        }
        self.config_digests.push(config.digest.clone());
        if let Platform::Named(name) = platform {
            self.platforms.push(name);
        }
        Ok(())
    }

    fn add_blob(&mut self, Descriptor { digest, size, .. }: Descriptor) -> Result<(), LayoutError> {
        match self.blobs.iter().find(|blob| blob.digest == digest) {
            None => self.blobs.push(Blob { digest, size }),
            Some(known) if known.size == size => {}
            Some(known) => return Err(LayoutError::Size { digest, expected: size, found: known.size }),
        }
        Ok(())
    }

    fn add_manifest(&mut self, raw: RawManifest) {
        if self.manifests.iter().all(|known| known.digest != raw.digest) {
            self.manifests.push(raw);
        }
    }

    fn read_manifest(&self, descriptor: &Descriptor) -> Result<(RawManifest, Manifest), LayoutError> {
        let Descriptor { digest, media_type, .. } = descriptor.clone();
        let bytes = self.read_document(descriptor)?;
        let manifest = manifest::read(&media_type, &bytes).map_err(|cause| not_understood(&digest, cause))?;
        Ok((RawManifest { digest, media_type, bytes }, manifest))
    }

    fn read_document(&self, Descriptor { digest, size, .. }: &Descriptor) -> Result<Vec<u8>, LayoutError> {
        if *size > DOCUMENT_LIMIT {
            return Err(LayoutError::TooLarge { digest: digest.clone(), size: *size });
        }
        let mut bytes = Vec::new();
        let blob = Blob { digest: digest.clone(), size: *size };
        read_blob(&self.path(digest), &blob, |chunk| bytes.extend_from_slice(chunk))?;
        Ok(bytes)
    }
}

/// Reads a blob whole and checks its size and digest.
///
/// # Errors
/// It is not there, or not what its descriptor says.
pub fn check(path: &Path, blob: &Blob) -> Result<(), LayoutError> {
    read_blob(path, blob, |_| {})
}

fn read_blob(path: &Path, blob: &Blob, mut take: impl FnMut(&[u8])) -> Result<(), LayoutError> {
    let Blob { digest, size: expected } = blob;
    let missing = |cause| LayoutError::Missing { digest: digest.clone(), cause };
    let mut file = File::open(path).map_err(missing)?;
    let found = file.metadata().map_err(missing)?.len();
    if found != *expected {
        return Err(LayoutError::Size { digest: digest.clone(), expected: *expected, found });
    }
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => length,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
            Err(cause) => return Err(missing(cause)),
        };
        hash.update(&chunk[..length]);
        take(&chunk[..length]);
    }
    let found = Digest::of_bytes(&hash.finalize());
    if found != *digest {
        return Err(LayoutError::Content { expected: digest.clone(), found });
    }
    Ok(())
}

fn only_image(folder: &Path) -> Result<Descriptor, LayoutError> {
    let index = read_own(folder, "index.json")?;
    let mut images = manifest::read_layout_index(&index)
        .map_err(|cause| LayoutError::Malformed { document: "`index.json`".to_owned(), cause })?;
    match (images.pop(), images.is_empty()) {
        (None, _) => Err(LayoutError::Empty),
        (Some(only), true) => Ok(only),
        (Some(last), false) => {
            images.push(last);
            Err(LayoutError::Several(images.iter().map(naming).collect()))
        }
    }
}

fn naming(image: &Descriptor) -> String {
    match &image.annotations.name {
        Some(name) => format!("{} ({name})", image.digest),
        None => image.digest.to_string(),
    }
}

fn read_own(folder: &Path, file: &'static str) -> Result<Vec<u8>, LayoutError> {
    let unreadable = |cause| LayoutError::Unreadable { folder: folder.to_owned(), file, cause };
    let mut bytes = Vec::new();
    let opened = File::open(folder.join(file)).map_err(unreadable)?;
    opened.take(DOCUMENT_LIMIT).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

fn malformed(document: &str, cause: serde_json::Error) -> LayoutError {
    LayoutError::Malformed { document: document.to_owned(), cause: cause.into() }
}

fn not_understood(digest: &Digest, cause: ManifestError) -> LayoutError {
    LayoutError::Malformed { document: digest.to_string(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_what_its_descriptor_says_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blob");
        std::fs::write(&path, "hello").unwrap();
        let digest = |text: &str| Digest::of_bytes(&Sha256::digest(text));
        let check = |text: &str, size| check(&path, &Blob { digest: digest(text), size });
        assert!(check("hello", 5).is_ok());
        assert!(matches!(check("hello", 4), Err(LayoutError::Size { found: 5, expected: 4, .. })));
        assert!(matches!(check("jello", 5), Err(LayoutError::Content { found, .. }) if found == digest("hello")));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(check("hello", 5), Err(LayoutError::Missing { .. })));
    }
}
