//! Images as they come: an OCI layout, an archive of one, what `docker save` writes; from a folder, a file or a stream.
//!
//! What an input carries with its digests is an [`Image`] and stays as it is, byte for byte. What `docker save` writes without them is a [`Draft`]:
//! its layers are to be compressed first, then it is an [`Image`] too. Nothing is believed before its digest is checked, and no name leads out of
//! an archive.
//!
//! A plain tar is read once for its list of members; blobs are then read by their position, side by side. A packed one is unpacked once, into a file
//! without a name. A stream, be it standard input or the answer of Docker's `GET /images/NAME/get`, is read in one pass: [`Members`] and [`Seen`].
//!
//! Sources: OCI image specification 1.1, image layout; Docker image specification 1.2, combined image JSON and filesystem changeset format.

mod choice;
mod compression;
mod docker;
mod draft;
mod error;
mod fetched;
#[cfg(test)]
mod fixture;
mod layout;
mod location;
mod members;
mod name;
mod seen;
mod store;
#[cfg(test)]
mod tests;

use std::io::{self, Read};
use std::path::Path;

use contract::Digest;
use sha2::{Digest as _, Sha256};

pub use choice::{Choice, NotAPlatform, PlatformName, choose};
pub use compression::{Compression, unpacked};
pub use draft::{Draft, DraftError, Format, Layer, Packed};
pub use error::SourceError;
pub use fetched::Fetched;
pub use location::{Location, Reader, Slice, SliceReader};
pub use members::{Kind, Member, Members, Stream, Tape};
pub use seen::{Seen, Sight, begins_as_document};

use self::store::Store;

/// What a registry takes as a manifest, and more than any configuration needs: nothing larger is read into memory.
///
/// Source: OCI distribution specification, pushing manifests: registries should take at least 4 MiB.
const DOCUMENT_LIMIT: u64 = 4 << 20;
/// The most layers that Docker mounts, and that ECR takes.
const LAYER_LIMIT: usize = 127;
/// The version of the layout that is read.
const LAYOUT_VERSION: &str = "1.0.0";
/// How much of a blob is read at a time.
const CHUNK: usize = 256 << 10;

/// What an input holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An image with its digests.
    Image(Image),
    /// An image whose layers are to be compressed.
    Draft(Draft),
}

impl Source {
    /// All digests by which a scanner may name the image, as far as they are known.
    #[must_use]
    pub fn names(&self) -> Vec<Digest> {
        match self {
            Self::Image(image) => image.names(),
            Self::Draft(draft) => draft.names(),
        }
    }
}

/// An image, whatever it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Manifests and index as they are, in the order in which a registry takes them: the image itself comes last.
    pub manifests: Vec<RawManifest>,
    /// Layers and configurations, each once.
    pub blobs: Vec<Blob>,
    /// Platforms, for example `linux/amd64`; without attestations.
    pub platforms: Vec<String>,
    /// The digests of their manifests.
    pub platform_digests: Vec<Digest>,
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
    /// Where its bytes lie.
    pub location: Location,
    /// Whether its bytes were hashed already: then they need not be hashed again while they are sent.
    pub is_checked: bool,
}

/// Reads an image from a folder or a file. Documents are checked, layers are not read yet: see [`Blob::check`] and [`Layer::check`].
///
/// # Errors
/// It is nothing that holds images, it is not clear which one is meant, or its documents are not what they should be.
pub fn open(path: &Path, choice: &Choice) -> Result<Source, SourceError> {
    resolve(&Store::open(path)?, choice)
}

/// Both forms may be there, as Docker writes them. The one with digests counts, unless its layers are bare: then `manifest.json` says their order.
fn resolve(store: &Store, choice: &Choice) -> Result<Source, SourceError> {
    let is_layout = store.has("index.json") || store.has("oci-layout");
    let is_docker = store.has("manifest.json");
    match (is_layout, is_docker) {
        (false, true) => docker::read(store, choice).map(Source::Draft),
        (false, false) if matches!(store, Store::Archive(_)) => Err(SourceError::NoImage),
        _ => {
            let selected = layout::select(store, choice)?;
            let draft = if is_docker { docker::bare(store, &selected)? } else { None };
            draft.map_or_else(|| layout::read(store, selected).map(Source::Image), |draft| Ok(Source::Draft(draft)))
        }
    }
}

impl RawManifest {
    /// A manifest and its digest.
    #[must_use]
    pub fn new(media_type: String, bytes: Vec<u8>) -> Self {
        Self { digest: digest_of(&bytes), media_type, bytes }
    }
}

impl Image {
    /// All digests by which a scanner may name the image.
    #[must_use]
    pub fn names(&self) -> Vec<Digest> {
        std::iter::once(&self.digest).chain(&self.config_digests).chain(self.platforms_of_index()).cloned().collect()
    }

    /// The digests of the platforms' manifests, if the image is not the only one of them itself.
    pub fn platforms_of_index(&self) -> impl Iterator<Item = &Digest> {
        self.platform_digests.iter().filter(|digest| **digest != self.digest)
    }

    /// The bytes of manifests and blobs together.
    #[must_use]
    pub fn size(&self) -> u64 {
        let manifests = self.manifests.iter().map(|manifest| manifest.bytes.len() as u64);
        manifests.chain(self.blobs.iter().map(|blob| blob.size)).sum()
    }

    fn add_blob(&mut self, blob: Blob) -> Result<(), SourceError> {
        match self.blobs.iter().find(|known| known.digest == blob.digest) {
            None => self.blobs.push(blob),
            Some(known) if known.size == blob.size => {}
            Some(known) => {
                return Err(SourceError::Size { digest: blob.digest, expected: blob.size, found: known.size });
            }
        }
        Ok(())
    }

    fn add_manifest(&mut self, raw: RawManifest) {
        if self.manifests.iter().all(|known| known.digest != raw.digest) {
            self.manifests.push(raw);
        }
    }
}

impl Blob {
    /// Reads the blob whole and checks its size and digest.
    ///
    /// # Errors
    /// It is not there, or not what its descriptor says.
    pub fn check(&self) -> Result<(), SourceError> {
        let missing = |cause| SourceError::Missing { digest: self.digest.clone(), cause };
        let mut reader = self.location.open().map_err(missing)?;
        let (found, digest) = measure(&mut reader).map_err(missing)?;
        if found != self.size {
            return Err(SourceError::Size { digest: self.digest.clone(), expected: self.size, found });
        }
        self.check_digest(digest)
    }

    /// Whether its bytes lie on this machine.
    #[must_use]
    pub fn is_here(&self) -> bool {
        matches!(self.location, Location::File(_) | Location::Slice(_) | Location::Memory(_))
    }

    fn check_digest(&self, found: Digest) -> Result<(), SourceError> {
        if found == self.digest {
            return Ok(());
        }
        Err(SourceError::Content { expected: self.digest.clone(), found })
    }
}

/// The size and digest of a file.
///
/// # Errors
/// It is no file, or cannot be read.
pub fn measure_file(path: &Path) -> io::Result<(u64, Digest)> {
    measure(&mut Location::File(path.to_owned()).open()?)
}

/// The size and digest of all that is still to be read.
fn measure(reader: &mut impl Read) -> io::Result<(u64, Digest)> {
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    let mut size = 0;
    loop {
        match reader.read(&mut chunk) {
            Ok(0) => return Ok((size, Digest::of_bytes(&hash.finalize()))),
            Ok(length) => {
                hash.update(&chunk[..length]);
                size += length as u64;
            }
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
}

fn digest_of(bytes: &[u8]) -> Digest {
    Digest::of_bytes(&Sha256::digest(bytes))
}
