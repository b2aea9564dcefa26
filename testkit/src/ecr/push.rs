//! A manifest is pushed: the same checks for both doors.

use jiff::{SignedDuration, Timestamp};

use crate::ecr::manifest::Manifest;
use crate::ecr::quirks::Quirks;
use crate::ecr::repository::{Image, Repository};

/// Why a manifest is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Config or layers are missing: their digests.
    LayersMissing(Vec<String>),
    /// Manifests that an index lists are missing: their digests.
    ImagesMissing(Vec<String>),
    /// The tag names an image already and may not be moved.
    TagFixed {
        /// Whether it names the very image that was pushed.
        same_image: bool,
    },
}

/// What a push came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Something is new: the image or what the tag names.
    Changed,
    /// All was there before.
    Unchanged,
}

impl Repository {
    /// Takes a manifest, by `tag` or by its digest alone.
    pub(crate) fn push(
        &mut self,
        manifest: Manifest,
        tag: Option<&str>,
        now: Timestamp,
        quirks: &Quirks,
    ) -> Result<Outcome, Refusal> {
        self.check_parts(&manifest, now, quirks)?;
        let digest = manifest.digest.clone();
        let tagged = tag.and_then(|tag| self.tags.get(tag));
        if let (Some(tag), Some(tagged)) = (tag, tagged)
            && self.mutability.is_fixed(tag)
        {
            return Err(Refusal::TagFixed { same_image: *tagged == digest });
        }
        let tag_stays = tag.is_none() || tagged == Some(&digest);
        let is_known = self.images.contains_key(&digest);
        self.images.entry(digest.clone()).or_insert(Image { manifest, pushed_at: now });
        if let Some(tag) = tag {
            self.tags.insert(tag.to_owned(), digest);
        }
        Ok(if is_known && tag_stays { Outcome::Unchanged } else { Outcome::Changed })
    }

    fn check_parts(&self, manifest: &Manifest, now: Timestamp, quirks: &Quirks) -> Result<(), Refusal> {
        let lag = SignedDuration::try_from(quirks.manifest_lag).unwrap_or(SignedDuration::MAX);
        let is_seen = |digest: &str| {
            let blob = self.blobs.get(digest);
            blob.is_some_and(|blob| now.duration_since(blob.stored_at) >= lag)
        };
        let missing = |digests: Vec<&str>, is_there: &dyn Fn(&str) -> bool| -> Vec<String> {
            let digests = digests.into_iter().filter(|digest| !is_there(digest));
            digests.map(str::to_owned).collect()
        };
        let layers = missing(manifest.blobs(), &is_seen);
        if !layers.is_empty() {
            return Err(Refusal::LayersMissing(layers));
        }
        let images = missing(manifest.children(), &|digest| self.images.contains_key(digest));
        if !images.is_empty() {
            return Err(Refusal::ImagesMissing(images));
        }
        Ok(())
    }
}
