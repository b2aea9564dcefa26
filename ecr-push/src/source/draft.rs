//! An image without a manifest: its configuration and its layers as they came. The manifest is written once the layers are compressed.

use std::collections::BTreeMap;
use std::io::{self, Read};

use bytes::Bytes;
use contract::{Digest, Exit, Fault};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::compression::Compression;
use super::error::SourceError;
use super::location::Location;
use super::{Blob, Image, RawManifest, digest_of, measure};
use crate::manifest::Platform;

/// An image whose layers have no digests yet but those of their bare tars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The configuration, byte for byte.
    pub config: Bytes,
    /// Its digest: the image's id in Docker.
    pub config_digest: Digest,
    /// What it runs on.
    pub platform: Platform,
    /// Its tags, for example `web:1.0.0`.
    pub tags: Vec<String>,
    /// Its layers, the lowest first. The same one may be there several times.
    pub layers: Vec<Layer>,
}

/// A layer as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The digest of the bare tar.
    pub diff_id: Digest,
    /// How many bytes there are.
    pub size: u64,
    /// How they are packed.
    pub compression: Compression,
    /// Where they lie.
    pub location: Location,
}

/// A layer as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// The digest of its bytes.
    pub digest: Digest,
    /// How many there are.
    pub size: u64,
    /// How they are packed.
    pub compression: Compression,
}

/// The kind of manifest that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Docker's version 2, schema 2: whatever pulls images reads it. It knows no zstd.
    Docker,
    /// OCI's.
    Oci,
}

/// Why no manifest is written.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DraftError {
    /// A layer is not packed.
    #[error("the layer {0} is not packed yet")]
    NotPacked(Digest),
    /// Docker's manifest has no name for it.
    #[error("layers that zstd packed need a manifest of OCI, Docker's has no name for them")]
    Zstd,
}

impl Fault for DraftError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn code(&self) -> String {
        match self {
            Self::NotPacked(_) => "layer.not_packed",
            Self::Zstd => "layer.unsupported",
        }
        .to_owned()
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotPacked(_) => "run it again: what the registry has whole is not sent twice",
            Self::Zstd => "use --compression gzip, or save the image in the OCI form",
        };
        Some(hint.to_owned())
    }
}

impl Draft {
    /// All digests by which a scanner may name the image now.
    #[must_use]
    pub fn names(&self) -> Vec<Digest> {
        vec![self.config_digest.clone()]
    }

    /// Writes the manifest. `packed` holds the layers as they are sent, by the digests of their bare tars. The same layers make the same bytes.
    /// Where the layers lie is not known to the image any more: whoever packed them sends them.
    ///
    /// # Errors
    /// A layer is not among them, or the format has no name for how it is packed.
    pub fn finish(&self, packed: &BTreeMap<Digest, Packed>, format: Format) -> Result<Image, DraftError> {
        let packed = |layer: &Layer| {
            packed.get(&layer.diff_id).cloned().ok_or_else(|| DraftError::NotPacked(layer.diff_id.clone()))
        };
        let layers = self.layers.iter().map(packed).collect::<Result<Vec<Packed>, _>>()?;
        let bytes = self.manifest(&layers, format)?;
        let mut image = Image {
            manifests: Vec::new(),
            blobs: Vec::new(),
            platforms: Vec::new(),
            platform_digests: vec![digest_of(&bytes)],
            config_digests: vec![self.config_digest.clone()],
            digest: digest_of(&bytes),
            media_type: format.manifest_type().to_owned(),
        };
        if let Platform::Named(name) = &self.platform {
            image.platforms.push(name.clone());
        }
        let config = self.config_blob();
        let layers = layers.into_iter().map(|Packed { digest, size, .. }| Blob {
            digest,
            size,
            location: Location::Gone,
            is_checked: true,
        });
        for blob in layers.chain([config]) {
            if image.blobs.iter().all(|known| known.digest != blob.digest) {
                image.blobs.push(blob);
            }
        }
        let (digest, media_type) = (image.digest.clone(), image.media_type.clone());
        image.manifests.push(RawManifest { digest, media_type, bytes });
        Ok(image)
    }

    /// The configuration, as it is sent.
    #[must_use]
    pub fn config_blob(&self) -> Blob {
        Blob {
            digest: self.config_digest.clone(),
            size: self.config.len() as u64,
            location: Location::Memory(self.config.clone()),
            is_checked: true,
        }
    }

    /// The same, in Docker's format, which everything that pulls images reads, unless it has no name for a layer.
    ///
    /// # Errors
    /// A layer is not among them.
    pub fn finish_best(&self, packed: &BTreeMap<Digest, Packed>) -> Result<Image, DraftError> {
        let is_zstd =
            |layer: &Layer| packed.get(&layer.diff_id).is_some_and(|packed| packed.compression == Compression::Zstd);
        let format = if self.layers.iter().any(is_zstd) { Format::Oci } else { Format::Docker };
        self.finish(packed, format)
    }

    fn manifest(&self, layers: &[Packed], format: Format) -> Result<Vec<u8>, DraftError> {
        let entry = |layer: &Packed| Ok(format.entry(format.layer_type(layer.compression)?, &layer.digest, layer.size));
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": format.manifest_type(),
            "config": format.entry(format.config_type(), &self.config_digest, self.config.len() as u64),
            "layers": layers.iter().map(entry).collect::<Result<Vec<_>, _>>()?,
        });
        Ok(manifest.to_string().into_bytes())
    }
}

impl Layer {
    /// Reads the layer whole, checks it against the digest of its bare tar, and says what it is as it came.
    ///
    /// # Errors
    /// It cannot be read or unpacked, or is another layer.
    pub fn check(&self) -> Result<Packed, SourceError> {
        let missing = |cause| SourceError::Missing { digest: self.diff_id.clone(), cause };
        let broken = |cause| SourceError::Layer { diff_id: self.diff_id.clone(), cause };
        let inner = self.location.open().map_err(missing)?;
        let mut stored = Hashing { inner, hash: Sha256::new(), size: 0 };
        let bare = self.compression.unpacking(&mut stored).and_then(|mut bare| measure(&mut bare));
        let (_, found) = bare.map_err(broken)?;
        if found != self.diff_id {
            return Err(SourceError::Content { expected: self.diff_id.clone(), found });
        }
        io::copy(&mut stored, &mut io::sink()).map_err(broken)?;
        Ok(Packed {
            digest: Digest::of_bytes(&stored.hash.finalize()),
            size: stored.size,
            compression: self.compression,
        })
    }
}

/// Bytes that are hashed while they are read.
struct Hashing<R> {
    inner: R,
    hash: Sha256,
    size: u64,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.hash.update(&buffer[..length]);
        self.size += length as u64;
        Ok(length)
    }
}

impl Format {
    /// An entry of a manifest. The order of the members is that of the format's own writers: equal images then have equal digests.
    fn entry(self, media_type: &str, digest: &Digest, size: u64) -> Value {
        match self {
            Self::Docker => json!({ "mediaType": media_type, "size": size, "digest": digest }),
            Self::Oci => json!({ "mediaType": media_type, "digest": digest, "size": size }),
        }
    }

    fn manifest_type(self) -> &'static str {
        match self {
            Self::Docker => "application/vnd.docker.distribution.manifest.v2+json",
            Self::Oci => "application/vnd.oci.image.manifest.v1+json",
        }
    }

    fn config_type(self) -> &'static str {
        match self {
            Self::Docker => "application/vnd.docker.container.image.v1+json",
            Self::Oci => "application/vnd.oci.image.config.v1+json",
        }
    }

    fn layer_type(self, compression: Compression) -> Result<&'static str, DraftError> {
        Ok(match (self, compression) {
            (Self::Docker, Compression::None) => "application/vnd.docker.image.rootfs.diff.tar",
            (Self::Docker, Compression::Gzip) => "application/vnd.docker.image.rootfs.diff.tar.gzip",
            (Self::Docker, Compression::Zstd) => return Err(DraftError::Zstd),
            (Self::Oci, Compression::None) => "application/vnd.oci.image.layer.v1.tar",
            (Self::Oci, Compression::Gzip) => "application/vnd.oci.image.layer.v1.tar+gzip",
            (Self::Oci, Compression::Zstd) => "application/vnd.oci.image.layer.v1.tar+zstd",
        })
    }
}

#[cfg(test)]
mod tests;
