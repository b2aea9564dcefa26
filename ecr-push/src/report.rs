//! What is written: the `push` section, and the table made from it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use contract::{Digest, table};
use schemars::JsonSchema;
use serde::Serialize;

use crate::reference::Pointer;
use crate::source::{Blob, Image};

/// The `push` section of the release document.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Push {
    /// Whether the registry has the image, and all tags point at it. Not so after `--dry-run`, unless there was nothing to do.
    pub ok: bool,
    /// The digest of the manifest or index.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// The bytes of all manifests and blobs together.
    pub size: u64,
    /// The tags, and where they pointed before.
    pub tags: Vec<TagPush>,
    /// Layers and configurations, each once, in the order of the image.
    pub blobs: Vec<BlobPush>,
    /// Bytes of blobs that were sent, those of failed attempts included.
    pub bytes_sent: u64,
    /// How long it took.
    pub seconds: f64,
    /// Whether it was only looked at.
    pub dry_run: bool,
    /// Whether all tags pointed at the image already.
    pub nothing_to_do: bool,
}

/// A tag of the image.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TagPush {
    /// The tag.
    pub tag: String,
    /// The digest that it pointed at before; `null` if it is new.
    pub previous: Option<Digest>,
}

/// A blob of the image.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BlobPush {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// What became of it.
    pub action: BlobAction,
    /// How many attempts failed before it was there.
    pub retries: u32,
    /// How long its upload took.
    pub seconds: f64,
}

/// What became of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BlobAction {
    /// The repository has it already.
    Exists,
    /// The repository does not have it, and it was not sent: `--dry-run`, or the push did not come that far.
    Missing,
    /// It was sent.
    Uploaded,
}

/// A blob's upload, as it went.
#[derive(Clone, Debug, PartialEq)]
pub struct Uploaded {
    /// Which blob.
    pub digest: Digest,
    /// How many attempts failed before.
    pub retries: u32,
    /// Bytes that were sent.
    pub bytes_sent: u64,
    /// How long it took.
    pub duration: Duration,
}

impl Push {
    /// The section before anything is done: `missing` are the blobs that the repository does not have.
    #[must_use]
    pub fn planned(image: &Image, pointers: &[Pointer], missing: &BTreeSet<Digest>, dry_run: bool) -> Self {
        let tags = pointers.iter().filter_map(|pointer| {
            Some(TagPush { tag: pointer.reference.tag()?.to_string(), previous: pointer.digest.clone() })
        });
        let done = pointers.iter().all(|pointer| pointer.digest.as_ref() == Some(&image.digest));
        Self {
            ok: done,
            digest: image.digest.clone(),
            media_type: image.media_type.clone(),
            size: image.size(),
            tags: tags.collect(),
            blobs: image.blobs.iter().map(|blob| BlobPush::planned(blob, missing)).collect(),
            bytes_sent: 0,
            seconds: 0.0,
            dry_run,
            nothing_to_do: done,
        }
    }

    /// Notes the blobs that were uploaded.
    pub fn note(&mut self, uploads: Vec<Uploaded>) {
        self.bytes_sent += uploads.iter().map(|upload| upload.bytes_sent).sum::<u64>();
        let mut uploads: BTreeMap<Digest, Uploaded> =
            uploads.into_iter().map(|upload| (upload.digest.clone(), upload)).collect();
        for blob in &mut self.blobs {
            if let Some(upload) = uploads.remove(&blob.digest) {
                blob.action = BlobAction::Uploaded;
                blob.retries = upload.retries;
                blob.seconds = seconds(upload.duration);
            }
        }
    }

    /// One line for people; `name` is the image's own, `registry/repository@digest`.
    #[must_use]
    pub fn summary(&self, name: &str) -> String {
        let tags = match &self.tags[..] {
            [] => String::new(),
            tags => {
                format!(", tagged {}", tags.iter().map(|tag| tag.tag.as_str()).collect::<Vec<_>>().join(", "))
            }
        };
        if self.nothing_to_do {
            return format!("nothing to do: {name} is there{tags}");
        }
        let to_send = |blob: &&BlobPush| blob.action != BlobAction::Exists;
        let count = self.blobs.iter().filter(to_send).count();
        let of_all = format!("{count} of {} blobs", self.blobs.len());
        if self.dry_run {
            let bytes = self.blobs.iter().filter(to_send).map(|blob| blob.size).sum();
            return format!("would push {name}{tags}: {of_all}, {}", bytes_in_words(bytes));
        }
        format!("pushed {name}{tags}: {of_all}, {} in {} s", bytes_in_words(self.bytes_sent), self.seconds)
    }

    /// The section for people.
    #[must_use]
    pub fn table(&self) -> String {
        let tags = self.tags.iter().map(|tag| {
            let previous = tag.previous.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
            vec![tag.tag.clone(), self.digest.to_string(), previous]
        });
        let blobs = self.blobs.iter().map(|blob| {
            let BlobPush { digest, size, retries, seconds, .. } = blob;
            vec![
                digest.to_string(),
                bytes_in_words(*size),
                blob.action.word().to_owned(),
                retries.to_string(),
                seconds.to_string(),
            ]
        });
        let tags = table::render(&["tag", "digest", "previous"], tags);
        let blobs = table::render(&["blob", "size", "action", "retries", "seconds"], blobs);
        if self.tags.is_empty() { blobs } else { format!("{tags}\n{blobs}") }
    }
}

impl BlobPush {
    fn planned(Blob { digest, size, .. }: &Blob, missing: &BTreeSet<Digest>) -> Self {
        let action = if missing.contains(digest) { BlobAction::Missing } else { BlobAction::Exists };
        Self { digest: digest.clone(), size: *size, action, retries: 0, seconds: 0.0 }
    }
}

impl BlobAction {
    fn word(self) -> &'static str {
        match self {
            Self::Exists => "exists",
            Self::Missing => "missing",
            Self::Uploaded => "uploaded",
        }
    }
}

/// Seconds to the millisecond.
#[must_use]
pub fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

/// A number of bytes as people read it, in powers of 1000.
#[must_use]
pub fn bytes_in_words(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{}.{} {name}", bytes / unit, bytes % unit / (unit / 10)),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_said_in_the_largest_unit_that_fits() {
        let cases = [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (1_999_999, "1.9 MB"), (52_000_000_000, "52.0 GB")];
        for (bytes, expected) in cases {
            assert_eq!(bytes_in_words(bytes), expected);
        }
    }
}
