//! What is written: the `push` section, and the table made from it.

mod metrics;

use std::collections::BTreeMap;
use std::time::Duration;

use contract::{Digest, table};
use schemars::JsonSchema;
use serde::Serialize;

use crate::byte_size::ByteSize;
use crate::reference::{Pointer, Reference};
use crate::source::Image;

/// The `push` section of the release document.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Push {
    /// Whether the registry has the image, and all tags point at it. Not so after `--dry-run`, unless there was nothing to do.
    pub ok: bool,
    /// The digest of the manifest or index; `null` if the run ended before it was known.
    pub digest: Option<Digest>,
    /// Its media type.
    pub media_type: Option<String>,
    /// The bytes of all manifests and blobs together.
    pub size: u64,
    /// The tags, and where they pointed before.
    pub tags: Vec<TagPush>,
    /// Layers and configurations, each once, in the order of the image.
    pub blobs: Vec<BlobPush>,
    /// What was attached to the image.
    pub attachments: Vec<AttachmentPush>,
    /// What packed bare layers: the same name makes the same bytes of the same layer. `null` if there was nothing to pack.
    pub encoder: Option<String>,
    /// Whether the repository was there.
    pub repository: RepositoryAction,
    /// ECR's scan, if it was waited for.
    pub scan: Option<ScanPush>,
    /// Bytes of blobs that were sent, those of failed attempts included.
    pub bytes_sent: u64,
    /// How long it took.
    pub seconds: f64,
    /// Whether it was only looked at.
    pub dry_run: bool,
    /// Whether all tags pointed at the image already, and all files were attached to it.
    pub nothing_to_do: bool,
}

/// A tag of the image.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TagPush {
    /// The tag.
    pub tag: String,
    /// The digest that it pointed at before; `null` if it is new.
    pub previous: Option<Digest>,
    /// Whether it points at the image: it did already, or was moved. Of several tags some may have been moved before an error.
    pub points_here: bool,
}

/// A blob of the image.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BlobPush {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// What became of it.
    pub action: BlobAction,
    /// How many attempts failed before it was there.
    pub retries: u32,
    /// Bytes of it that were sent, those of failed attempts included.
    pub bytes_sent: u64,
    /// How long its upload took.
    pub seconds: f64,
}

/// What became of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BlobAction {
    /// The repository has it already.
    Exists,
    /// The same, and as it was known what the layer becomes, it was not even packed.
    Cached,
    /// The repository does not have it, and it was not sent: `--dry-run`, or the push did not come that far.
    Missing,
    /// The registry took it from another repository.
    Mounted,
    /// It was sent.
    Uploaded,
}

/// What became of the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RepositoryAction {
    /// It was there, and stays as it is.
    Exists,
    /// It was created.
    Created,
    /// It would be created if this were no dry run.
    Missing,
}

/// A file that is attached to the image.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AttachmentPush {
    /// What it is, a media type.
    pub media_type: String,
    /// The file.
    pub file: String,
    /// The digest of the manifest that attaches it.
    pub digest: Digest,
    /// The size of the file in bytes.
    pub size: u64,
    /// `uploaded`, `exists`, or `missing` after `--dry-run`.
    pub action: BlobAction,
}

/// ECR's scan.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ScanPush {
    /// The file with what was found: scan-gate reads it.
    pub file: String,
    /// The images that were scanned, one a platform.
    pub digests: Vec<Digest>,
}

/// What became of blobs, by their digests.
#[derive(Clone, Debug, Default)]
pub struct Transfers(BTreeMap<Digest, BlobPush>);

impl Transfers {
    /// Notes what became of a blob, in place of what was noted before.
    pub fn note(&mut self, blob: BlobPush) {
        self.0.insert(blob.digest.clone(), blob);
    }

    /// Whether something is noted.
    #[must_use]
    pub fn has(&self, digest: &Digest) -> bool {
        self.0.contains_key(digest)
    }

    /// Bytes that were sent in all.
    #[must_use]
    pub fn bytes_sent(&self) -> u64 {
        self.0.values().map(|blob| blob.bytes_sent).sum()
    }
}

impl Push {
    /// The section of a run that ends before it knows the whole image.
    #[must_use]
    pub fn unfinished(transfers: &Transfers) -> Self {
        Self {
            ok: false,
            digest: None,
            media_type: None,
            size: 0,
            tags: Vec::new(),
            blobs: transfers.0.values().cloned().collect(),
            attachments: Vec::new(),
            encoder: None,
            repository: RepositoryAction::Exists,
            scan: None,
            bytes_sent: transfers.bytes_sent(),
            seconds: 0.0,
            dry_run: false,
            nothing_to_do: false,
        }
    }

    /// The section of an image that is known. A blob of which nothing is noted is there, for the image is.
    #[must_use]
    pub fn of(image: &Image, pointers: &[Pointer], transfers: &Transfers) -> Self {
        let tags = pointers.iter().filter_map(|pointer| {
            let points_here = pointer.digest.as_ref() == Some(&image.digest);
            Some(TagPush { tag: pointer.reference.tag()?.to_string(), previous: pointer.digest.clone(), points_here })
        });
        let blobs = image.blobs.iter().map(|blob| {
            let noted = transfers.0.get(&blob.digest).cloned();
            noted.unwrap_or_else(|| BlobPush::of(&blob.digest, blob.size, BlobAction::Exists))
        });
        let done = pointers.iter().all(|pointer| pointer.digest.as_ref() == Some(&image.digest));
        Self {
            ok: done,
            digest: Some(image.digest.clone()),
            media_type: Some(image.media_type.clone()),
            size: image.size(),
            tags: tags.collect(),
            blobs: blobs.collect(),
            nothing_to_do: done,
            ..Self::unfinished(transfers)
        }
    }

    /// Notes that a reference points at the image now.
    pub fn point(&mut self, reference: &Reference) {
        let is_meant = |tag: &&mut TagPush| reference.tag().is_some_and(|meant| meant.as_str() == tag.tag);
        if let Some(tag) = self.tags.iter_mut().find(is_meant) {
            tag.points_here = true;
        }
    }

    /// One line for people; `name` is the image's own, `registry/repository@digest`.
    #[must_use]
    pub fn summary(&self, name: &str) -> String {
        let tags: Vec<&str> = self.tags.iter().map(|tag| tag.tag.as_str()).collect();
        let tags = if tags.is_empty() { String::new() } else { format!(", tagged {}", tags.join(", ")) };
        if self.nothing_to_do {
            return format!("nothing to do: {name} is there{tags}");
        }
        let is_new = |action: BlobAction| !matches!(action, BlobAction::Exists | BlobAction::Cached);
        let blobs: Vec<u64> = self.blobs.iter().filter(|blob| is_new(blob.action)).map(|blob| blob.size).collect();
        let files: Vec<u64> =
            self.attachments.iter().filter(|file| is_new(file.action)).map(|file| file.size).collect();
        let mut of_all = format!("{} of {} blobs", blobs.len(), self.blobs.len());
        if !self.attachments.is_empty() {
            of_all = format!("{of_all}, {} of {} attachments", files.len(), self.attachments.len());
        }
        if self.dry_run {
            let bytes = ByteSize(blobs.iter().chain(&files).sum());
            let created = if self.repository == RepositoryAction::Missing { "create the repository and " } else { "" };
            return format!("would {created}push {name}{tags}: {of_all}, {bytes}");
        }
        format!("pushed {name}{tags}: {of_all}, {} in {} s", ByteSize(self.bytes_sent), self.seconds)
    }

    /// The section for people.
    #[must_use]
    pub fn table(&self) -> String {
        let own = self.digest.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let tags = self.tags.iter().map(|tag| {
            let previous = tag.previous.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
            vec![tag.tag.clone(), own.clone(), previous]
        });
        let blobs = self.blobs.iter().map(|blob| {
            let BlobPush { digest, size, action, retries, seconds, .. } = blob;
            let size = ByteSize(*size).to_string();
            vec![digest.to_string(), size, action.word().to_owned(), retries.to_string(), seconds.to_string()]
        });
        let attachments = self.attachments.iter().map(|attachment| {
            let AttachmentPush { media_type, digest, size, action, .. } = attachment;
            vec![media_type.clone(), digest.to_string(), ByteSize(*size).to_string(), action.word().to_owned()]
        });
        let tables = [
            (!self.tags.is_empty()).then(|| table::render(&["tag", "digest", "previous"], tags)),
            Some(table::render(&["blob", "size", "action", "retries", "seconds"], blobs)),
            (!self.attachments.is_empty())
                .then(|| table::render(&["attached", "digest", "size", "action"], attachments)),
        ];
        tables.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }
}

impl BlobPush {
    /// A blob of which no byte was sent.
    #[must_use]
    pub fn of(digest: &Digest, size: u64, action: BlobAction) -> Self {
        Self { digest: digest.clone(), size, action, retries: 0, bytes_sent: 0, seconds: 0.0 }
    }
}

impl BlobAction {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Exists => "exists",
            Self::Cached => "cached",
            Self::Missing => "missing",
            Self::Mounted => "mounted",
            Self::Uploaded => "uploaded",
        }
    }
}

/// Seconds to the millisecond.
#[must_use]
pub fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}
