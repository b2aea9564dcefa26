//! Images through the control plane.

use std::collections::BTreeSet;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ecr::manifest::Manifest;
use crate::ecr::page::{self, Page};
use crate::ecr::push::{Outcome, Refusal};
use crate::ecr::repositories::with_name;
use crate::ecr::repository::{Image, Repository};
use crate::ecr::{Ecr, digest, error, scan};
use crate::wire::ServiceError;
use crate::world::ACCOUNT;

type Answer = Result<Value, ServiceError>;

/// How a request names an image: by tag, by digest, or by both, which must agree.
pub(super) struct ImageId<'a> {
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> ImageId<'a> {
    pub(super) fn read(value: &'a Value) -> Self {
        Self { tag: value["imageTag"].as_str(), digest: value["imageDigest"].as_str() }
    }

    /// An image by one word, a tag or a digest.
    pub(super) fn named(name: &'a str) -> Self {
        let is_digest = digest::looks_like_digest(name);
        Self { tag: (!is_digest).then_some(name), digest: is_digest.then_some(name) }
    }

    /// The digest of the image, or the failure code and why.
    fn resolve<'r>(&self, repository: &'r Repository) -> Result<&'r str, (&'static str, String)> {
        if self.tag.is_none() && self.digest.is_none() {
            return Err((
                "MissingDigestAndTag",
                "Invalid request parameters: both tag and digest cannot be null".to_owned(),
            ));
        }
        if let Some(digest) = self.digest.filter(|digest| !digest::is_sha256(digest)) {
            return Err(("InvalidImageDigest", format!("Invalid image digest '{digest}'")));
        }
        let reference = self.tag.or(self.digest).unwrap_or_default();
        let found = repository.resolve(reference).ok_or(("ImageNotFound", "Requested image not found".to_owned()))?;
        if self.digest.is_some_and(|digest| digest != found) {
            return Err(("ImageTagDoesNotMatchDigest", "The tag does not match the digest".to_owned()));
        }
        Ok(found)
    }

    /// The digest of the image, or `ImageNotFoundException`.
    pub(super) fn find<'r>(&self, repository: &'r Repository) -> Result<&'r str, ServiceError> {
        self.resolve(repository).map_err(|_| {
            let message =
                format!("The image with imageId {self} does not exist within {}", error::in_registry(&repository.name));
            ServiceError::bad_request("ImageNotFoundException", message)
        })
    }
}

impl std::fmt::Display for ImageId<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (digest, tag) = (self.digest.unwrap_or("null"), self.tag.unwrap_or("null"));
        write!(formatter, "{{imageDigest:'{digest}', imageTag:'{tag}'}}")
    }
}

pub(super) fn describe(ecr: &Ecr, input: &Value) -> Answer {
    let repository = ecr.repository_of(input)?;
    if let Some(ids) = input["imageIds"].as_array() {
        let digests = ids.iter().map(|id| ImageId::read(id).find(repository));
        // Two names of one image are one image.
        let digests = digests.collect::<Result<BTreeSet<_>, _>>()?;
        let images = digests.iter().filter_map(|digest| repository.images.get(*digest));
        let details: Vec<Value> = images.map(|image| details(repository, image)).collect();
        return Ok(json!({ "imageDetails": details }));
    }
    let images = repository.images.values().filter(|image| passes(repository, image, input));
    let details = images.map(|image| details(repository, image));
    Ok(page::cut(details, &Page::read(input)?, "imageDetails"))
}

pub(super) fn list(ecr: &Ecr, input: &Value) -> Answer {
    let repository = ecr.repository_of(input)?;
    let images = repository.images.values().filter(|image| passes(repository, image, input));
    let ids = images.flat_map(|image| {
        let digest = &image.manifest.digest;
        let tagged = repository.tags_of(digest);
        let ids = tagged.iter().map(|tag| json!({ "imageDigest": digest, "imageTag": tag }));
        let bare = tagged.is_empty().then(|| json!({ "imageDigest": digest }));
        ids.chain(bare).collect::<Vec<_>>()
    });
    Ok(page::cut(ids, &Page::read(input)?, "imageIds"))
}

fn passes(repository: &Repository, image: &Image, input: &Value) -> bool {
    let is_tagged = !repository.tags_of(&image.manifest.digest).is_empty();
    match input["filter"]["tagStatus"].as_str() {
        Some("TAGGED") => is_tagged,
        Some("UNTAGGED") => !is_tagged,
        _ => true,
    }
}

fn details(repository: &Repository, image: &Image) -> Value {
    let manifest = &image.manifest;
    let mut details = with_name(
        repository,
        json!({
            "imageDigest": manifest.digest,
            "imageSizeInBytes": manifest.size_of_blobs(),
            "imagePushedAt": image.pushed_at.as_second(),
            "imageManifestMediaType": manifest.media_type,
        }),
    );
    let tags = repository.tags_of(&manifest.digest);
    let subject = manifest.subject().map(|digest| json!(digest));
    for (name, value) in [
        ("imageTags", (!tags.is_empty()).then(|| json!(tags))),
        ("artifactMediaType", manifest.artifact_type().map(|media_type| json!(media_type))),
        ("subjectManifestDigest", subject),
        ("imageScanStatus", scan::status(repository, &manifest.digest)),
    ] {
        if let Some(value) = value {
            details[name] = value;
        }
    }
    details
}

pub(super) fn batch_get(ecr: &Ecr, input: &Value) -> Answer {
    let repository = ecr.repository_of(input)?;
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in image_ids(input)? {
        match ImageId::read(id).resolve(repository) {
            Ok(digest) => images.extend(repository.images.get(digest).map(|image| entry(repository, image, id))),
            Err(reason) => failures.push(failure(id, &reason)),
        }
    }
    Ok(json!({ "images": images, "failures": failures }))
}

pub(super) fn batch_delete(ecr: &mut Ecr, input: &Value) -> Answer {
    let repository = ecr.repository_of_mut(input)?;
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for id in image_ids(input)? {
        match ImageId::read(id).resolve(repository).map(str::to_owned) {
            Ok(digest) if is_listed(repository, &digest) && leaves_no_tag(repository, &digest, id) => {
                let reason = format!("Requested image referenced by manifest list: [{digest}]");
                failures.push(failure(id, &("ImageReferencedByManifestList", reason)));
            }
            Ok(digest) => deleted.extend(delete_one(repository, &digest, id)),
            Err(reason) => failures.push(failure(id, &reason)),
        }
    }
    Ok(json!({ "imageIds": deleted, "failures": failures }))
}

/// By tag, the tag goes, and the image with its last tag; by digest, the image goes with all its tags. Source: ECR API
/// reference, `BatchDeleteImage`.
fn delete_one(repository: &mut Repository, digest: &str, id: &Value) -> Vec<Value> {
    if !leaves_no_tag(repository, digest, id) {
        let tag = id["imageTag"].as_str().unwrap_or_default();
        repository.tags.remove(tag);
        return vec![json!({ "imageDigest": digest, "imageTag": tag })];
    }
    let tags = repository.delete_image(digest);
    if tags.is_empty() {
        return vec![json!({ "imageDigest": digest })];
    }
    let ids = tags.iter().map(|tag| json!({ "imageDigest": digest, "imageTag": tag }));
    ids.collect()
}

fn leaves_no_tag(repository: &Repository, digest: &str, id: &Value) -> bool {
    id["imageTag"].is_null() || repository.tags_of(digest).len() < 2
}

fn is_listed(repository: &Repository, digest: &str) -> bool {
    repository.images.values().any(|image| image.manifest.children().contains(&digest))
}

pub(super) fn put(ecr: &mut Ecr, input: &Value, now: Timestamp) -> Answer {
    let quirks = ecr.quirks.clone();
    let repository = ecr.repository_of_mut(input)?;
    let bytes = Bytes::from(input["imageManifest"].as_str().unwrap_or_default().to_owned());
    let manifest = Manifest::read(&bytes, input["imageManifestMediaType"].as_str())
        .map_err(|reason| error::invalid_parameter("ImageManifest", &reason))?;
    let tag = input["imageTag"].as_str();
    let digest = manifest.digest.clone();
    if let Some(given) = input["imageDigest"].as_str().filter(|given| *given != digest) {
        let message = error::other_image_digest(given, &repository.name);
        return Err(ServiceError::bad_request("ImageDigestDoesNotMatchException", message));
    }
    match repository.push(manifest, tag, now, &quirks) {
        Ok(Outcome::Changed) => {}
        Ok(Outcome::Unchanged) | Err(Refusal::TagFixed { same_image: true }) => {
            return Err(already_exists(&digest, tag, &repository.name));
        }
        Err(refusal) => return Err(refused(&refusal, tag.unwrap_or_default(), &repository.name)),
    }
    let id = json!({ "imageTag": input["imageTag"] });
    let image = repository.images.get(&digest).map(|image| entry(repository, image, &id));
    Ok(json!({ "image": image }))
}

/// Source: ECR API reference, `ImageAlreadyExistsException`: no change to manifest or tag since the last push.
fn already_exists(digest: &str, tag: Option<&str>, repository: &str) -> ServiceError {
    let tag = tag.map(|tag| format!(" and tag '{tag}'")).unwrap_or_default();
    let message = format!(
        "Image with digest '{digest}'{tag} already exists in the repository with name '{repository}' in \
         registry with id '{ACCOUNT}'"
    );
    ServiceError::bad_request("ImageAlreadyExistsException", message)
}

fn refused(refusal: &Refusal, tag: &str, repository: &str) -> ServiceError {
    let (code, message) = match refusal {
        Refusal::LayersMissing(digests) => ("LayersNotFoundException", error::layers_missing(digests, repository)),
        Refusal::ImagesMissing(digests) => {
            ("ReferencedImagesNotFoundException", error::images_missing(digests, repository))
        }
        Refusal::TagFixed { .. } => ("ImageTagAlreadyExistsException", error::tag_fixed(tag, repository)),
    };
    ServiceError::bad_request(code, message)
}

/// Source: ECR API reference: 1 to 100 ids a call.
fn image_ids(input: &Value) -> Result<&Vec<Value>, ServiceError> {
    let ids = input["imageIds"].as_array().filter(|ids| (1..=100).contains(&ids.len()));
    ids.ok_or_else(|| error::invalid_parameter("imageIds", "1 to 100 image ids"))
}

fn entry(repository: &Repository, image: &Image, id: &Value) -> Value {
    let mut image_id = json!({ "imageDigest": image.manifest.digest });
    if let Some(tag) = id["imageTag"].as_str() {
        image_id["imageTag"] = json!(tag);
    }
    with_name(
        repository,
        json!({
            "imageId": image_id,
            "imageManifest": String::from_utf8_lossy(&image.manifest.bytes),
            "imageManifestMediaType": image.manifest.media_type,
        }),
    )
}

fn failure(id: &Value, (code, reason): &(&str, String)) -> Value {
    json!({ "imageId": id, "failureCode": code, "failureReason": reason })
}
