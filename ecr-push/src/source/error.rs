//! Why an image is not read.

use std::io;
use std::path::PathBuf;

use contract::{Digest, Exit, Fault};
use thiserror::Error;

use super::{DOCUMENT_LIMIT, LAYER_LIMIT, LAYOUT_VERSION};
use crate::manifest::ManifestError;

/// Why an image is not read.
#[derive(Debug, Error)]
pub enum SourceError {
    /// What is named is not there or cannot be opened.
    #[error("`{}` cannot be read: {cause}", path.display())]
    Open {
        /// What is named.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A file that makes a folder or archive a layout is not there or cannot be read.
    #[error("{place} is not an OCI layout: `{file}` cannot be read: {cause}")]
    Unreadable {
        /// The folder or archive.
        place: String,
        /// The file in it.
        file: &'static str,
        /// What the system says.
        cause: io::Error,
    },
    /// A file is no archive.
    #[error("it is neither a tar archive nor one that gzip or zstd packed")]
    NotAnArchive,
    /// An archive holds something else than images.
    #[error("the archive holds no image: there is neither `index.json` nor `manifest.json` in it")]
    NoImage,
    /// An archive cannot be read or unpacked.
    #[error("the archive cannot be read: {0}")]
    Read(io::Error),
    /// An archive ends too early.
    #[error("the archive is cut off somewhere after byte {position}{}", inside(.member.as_deref()))]
    Truncated {
        /// How much of it is there at least, in unpacked bytes.
        position: u64,
        /// The member that is not whole.
        member: Option<String>,
    },
    /// The list of an archive's members is broken.
    #[error("the archive is malformed: at byte {position}, {reason}")]
    Header {
        /// Where, counted in unpacked bytes.
        position: u64,
        /// Why.
        reason: String,
    },
    /// A member's name leads out of the archive.
    #[error("the archive is not safe: it names `{name}`, but {reason}")]
    Name {
        /// The name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// A link leads out of the archive.
    #[error("the archive is not safe: `{name}` links to `{target}`, outside of it")]
    Link {
        /// The link.
        name: String,
        /// Where it leads.
        target: String,
    },
    /// Two members have one name: two readers would see two images.
    #[error("the archive is ambiguous: `{0}` is in it twice")]
    Twice(String),
    /// A member that a document names is not there or cannot be read.
    #[error("the archive is not whole: `{name}`, named by `manifest.json`, cannot be read: {cause}")]
    Member {
        /// Its name.
        name: String,
        /// Why not.
        cause: io::Error,
    },
    /// A document is not understood.
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
    #[error("there is no image in it")]
    Empty,
    /// It holds several images.
    #[error("it holds {} images, and it is not said which one: {}", .0.len(), .0.join(", "))]
    Several(Vec<String>),
    /// It holds no image with this name.
    #[error("it holds no image `{wanted}`, only {}", .held.join(", "))]
    NotFound {
        /// The name.
        wanted: String,
        /// What it holds.
        held: Vec<String>,
    },
    /// The image is not made for this platform, or several times.
    #[error("there is not exactly one image for {wanted}: there is {}", listed(.held))]
    Platform {
        /// The platform.
        wanted: String,
        /// What there is.
        held: Vec<String>,
    },
    /// An index names images that are not there.
    #[error("the index {index} is not whole: there is no {}", .absent.join(", no "))]
    Incomplete {
        /// The index.
        index: Digest,
        /// What is not there: platform or kind, and digest.
        absent: Vec<String>,
    },
    /// An index names an index.
    #[error("{0} is an index inside an index: that is not read so far")]
    Nested(Digest),
    /// Content that is named is not there.
    #[error("the image is not whole: {digest} cannot be read: {cause}")]
    Missing {
        /// Its digest.
        digest: Digest,
        /// What the system says.
        cause: io::Error,
    },
    /// Content has another size than its descriptor says.
    #[error("the image is corrupt: {digest} has {found} bytes, its descriptor says {expected}")]
    Size {
        /// Its digest.
        digest: Digest,
        /// What its descriptor says.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// Content has another digest than its name.
    #[error("the image is corrupt: what is stored as {expected} is {found}")]
    Content {
        /// Its name.
        expected: Digest,
        /// The digest of what is there.
        found: Digest,
    },
    /// A layer cannot be read or unpacked.
    #[error("the image is corrupt: the layer {diff_id} cannot be unpacked: {cause}")]
    Layer {
        /// The digest of its bare tar.
        diff_id: Digest,
        /// Why not.
        cause: io::Error,
    },
    /// A manifest, an index or a configuration is too large to be one.
    #[error("{document} has {size} bytes, a manifest or configuration has at most {DOCUMENT_LIMIT}")]
    TooLarge {
        /// Which one.
        document: String,
        /// Its size.
        size: u64,
    },
    /// All documents of a stream together are too large to be kept.
    #[error("the archive holds more than {0} bytes of documents")]
    TooManyDocuments(u64),
    /// The configuration names another number of layers than there are.
    #[error("the image is corrupt: it has {layers} layers, its configuration {config} names {diff_ids}")]
    LayerCount {
        /// The digest of the configuration.
        config: Digest,
        /// How many layers there are.
        layers: usize,
        /// How many the configuration names.
        diff_ids: usize,
    },
    /// More layers than a registry takes and a machine can mount.
    #[error("the image has {0} layers, {LAYER_LIMIT} are possible")]
    TooManyLayers(usize),
    /// A stream went by that can only be read here and there.
    #[error("{0} cannot be pushed from a stream: what it is stands behind it")]
    OnlyFromFile(Digest),
    /// The disk is full.
    #[error("the archive cannot be unpacked, the disk is full: {0}")]
    DiskFull(io::Error),
    /// The temporary file cannot be written.
    #[error("the archive cannot be unpacked, the temporary file cannot be written: {0}")]
    Temporary(io::Error),
}

impl SourceError {
    /// What a failed read of an archive means.
    pub(crate) fn of_read(cause: io::Error, position: u64, member: Option<&str>) -> Self {
        match cause.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated { position, member: member.map(str::to_owned) },
            _ => Self::Read(cause),
        }
    }

    /// What a failed read of a member means.
    pub(crate) fn of_member(cause: io::Error, position: u64, member: &str) -> Self {
        Self::of_read(cause, position, Some(member))
    }

    pub(super) fn not_understood(document: impl Into<String>, cause: impl Into<ManifestError>) -> Self {
        Self::Malformed { document: document.into(), cause: cause.into() }
    }
}

impl Fault for SourceError {
    fn exit(&self) -> Exit {
        match self {
            Self::DiskFull(_) | Self::Temporary(_) => Exit::World,
            _ => Exit::Usage,
        }
    }

    fn code(&self) -> String {
        match self {
            Self::Open { .. } => "source.unreadable",
            Self::Unreadable { .. } => "layout.unreadable",
            Self::NotAnArchive => "archive.unsupported",
            Self::NoImage => "archive.no_image",
            Self::Read(_) => "archive.unreadable",
            Self::Truncated { .. } => "archive.truncated",
            Self::Header { .. } | Self::TooManyDocuments(_) => "archive.malformed",
            Self::Name { .. } | Self::Link { .. } => "archive.unsafe",
            Self::Twice(_) => "archive.ambiguous",
            Self::Malformed { .. } | Self::TooLarge { .. } => "layout.malformed",
            Self::Version(_) | Self::Nested(_) => "layout.unsupported",
            Self::Empty => "layout.empty",
            Self::Several(_) => "layout.several_images",
            Self::NotFound { .. } => "image.not_found",
            Self::Platform { .. } => "platform.not_found",
            Self::Incomplete { .. } => "platform.missing",
            Self::Member { .. } | Self::Missing { .. } => "blob.missing",
            Self::Size { .. } | Self::Content { .. } | Self::Layer { .. } => "blob.corrupt",
            Self::LayerCount { .. } => "image.malformed",
            Self::TooManyLayers(_) => "image.too_many_layers",
            Self::OnlyFromFile(_) => "stream.needs_file",
            Self::DiskFull(_) => "disk.full",
            Self::Temporary(_) => "disk.unwritable",
        }
        .to_owned()
    }

    fn hint(&self) -> Option<String> {
        Some(
            match self {
                Self::Open { .. } | Self::NotAnArchive | Self::NoImage => {
                    "name an OCI layout, an archive, docker-daemon:NAME:TAG or docker://HOST/REPOSITORY:TAG"
                }
                Self::Unreadable { .. } => "name the folder that has `oci-layout` in it",
                Self::Several(_) | Self::NotFound { .. } => "say which one: --image NAME",
                Self::Version(_) => "write it anew: skopeo copy --all oci:LAYOUT oci:FOLDER",
                Self::Nested(_) => "build it again with all platforms in one index",
                Self::OnlyFromFile(_) => "write it to a file first: … > web.tar && ecr-push web.tar --repository NAME",
                Self::Platform { .. } => "docker buildx build --platform builds for other platforms",
                Self::Incomplete { .. } => {
                    "take one platform only: --platform PLATFORM; or fetch all of them before the image is saved"
                }
                Self::DiskFull(_) | Self::Temporary(_) => "set TMPDIR to a folder with room, or unpack the archive",
                Self::Truncated { .. } | Self::Read(_) => "write the archive again; no tag was moved",
                _ => "build the image again; no tag was moved",
            }
            .to_owned(),
        )
    }
}

fn inside(member: Option<&str>) -> String {
    member.map(|member| format!(", inside `{member}`")).unwrap_or_default()
}

fn listed(held: &[String]) -> String {
    if held.is_empty() { "none that says what it runs on".to_owned() } else { held.join(", ") }
}
