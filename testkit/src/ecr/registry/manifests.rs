//! Manifests go in and come out, byte for byte.

use http::StatusCode;
use jiff::Timestamp;

use super::refusal;
use crate::ecr::manifest::Manifest;
use crate::ecr::push::Refusal;
use crate::ecr::{Ecr, digest};
use crate::wire::{Reply, Request, ServiceError};

type Answer = Result<Reply, ServiceError>;

pub(super) fn read(ecr: &Ecr, repository: &str, reference: &str, request: &Request) -> Answer {
    let image = ecr.repository(repository)?.image(reference).ok_or_else(refusal::manifest_unknown)?;
    let manifest = &image.manifest;
    if !is_accepted(request, &manifest.media_type) {
        return Err(ServiceError::new(
            404,
            "MANIFEST_UNKNOWN",
            format!("the image is there, but as {}, which the request does not accept", manifest.media_type),
        ));
    }
    let reply = Reply::body(StatusCode::OK, &manifest.media_type, manifest.bytes.clone());
    Ok(reply.with("docker-content-digest", &manifest.digest))
}

/// A request that says nothing accepts anything. Source: RFC 9110, section 12.5.1.
fn is_accepted(request: &Request, media_type: &str) -> bool {
    let mut accepted = request
        .headers
        .get_all("accept")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|range| range.split(';').next().unwrap_or_default().trim())
        .peekable();
    accepted.peek().is_none() || accepted.any(|range| ["*/*", "application/*", media_type].contains(&range))
}

pub(super) fn put(ecr: &mut Ecr, repository: &str, reference: &str, request: &Request, now: Timestamp) -> Answer {
    let words = ecr.quirks.words;
    let declared = request.header("content-type").map(|value| value.split(';').next().unwrap_or_default().trim());
    let manifest = Manifest::read(&request.body, declared.filter(|declared| !declared.is_empty()))
        .map_err(|reason| refusal::manifest_invalid(words, &reason))?;
    let tag = tag(reference)?;
    if tag.is_none() && reference != manifest.digest {
        return Err(refusal::other_image_digest(words, reference, repository));
    }
    let (digest, subject) = (manifest.digest.clone(), manifest.subject().map(str::to_owned));
    let quirks = ecr.quirks.clone();
    match ecr.repository_mut(repository)?.push(manifest, tag, now, &quirks) {
        Ok(_) => {}
        Err(Refusal::TagFixed { same_image: true }) if !quirks.immutable_tag_refuses_same_image => {}
        Err(refusal) => return Err(refusal::push(words, &refusal, reference, repository)),
    }
    let location = format!("{}/v2/{repository}/manifests/{digest}", request.endpoint);
    let reply = Reply::empty(StatusCode::CREATED).with("location", &location).with("docker-content-digest", &digest);
    Ok(match subject {
        Some(subject) => reply.with("oci-subject", &subject),
        None => reply,
    })
}

/// The tag that a reference is; none if it is a digest. Source of the shape: OCI distribution specification, "Pulling
/// manifests".
fn tag(reference: &str) -> Result<Option<&str>, ServiceError> {
    if digest::is_sha256(reference) {
        return Ok(None);
    }
    if digest::looks_like_digest(reference) {
        return Err(refusal::digest_invalid("provided digest is malformed"));
    }
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_allowed = |byte: u8| is_word(byte) || byte == b'.' || byte == b'-';
    let fits = reference.len() <= 128 && reference.bytes().all(is_allowed);
    if fits && reference.bytes().next().is_some_and(is_word) {
        return Ok(Some(reference));
    }
    Err(ServiceError::new(400, "TAG_INVALID", format!("'{reference}' is no tag")))
}

/// By tag, the tag goes; by digest, the image goes with all its tags. Source: OCI distribution specification, "Deleting
/// tags" and "Deleting Manifests".
pub(super) fn delete(ecr: &mut Ecr, repository: &str, reference: &str) -> Answer {
    let repository = ecr.repository_mut(repository)?;
    if repository.tags.remove(reference).is_some() {
        return Ok(Reply::empty(StatusCode::ACCEPTED));
    }
    let digest = repository.resolve(reference).ok_or_else(refusal::manifest_unknown)?.to_owned();
    repository.delete_image(&digest);
    Ok(Reply::empty(StatusCode::ACCEPTED))
}
