//! Blobs go in: whole, in chunks, or mounted from another repository.

use http::StatusCode;
use jiff::Timestamp;

use super::refusal;
use crate::ecr::upload::{self, Upload};
use crate::ecr::{Ecr, digest};
use crate::wire::{Reply, Request, ServiceError};

type Answer = Result<Reply, ServiceError>;

/// A `?digest=` with the whole blob as body is answered as if neither were there, which the specification allows
/// ("Single POST"): the CNCF registry does so, and what ECR does is not documented.
pub(super) fn start(ecr: &mut Ecr, repository: &str, request: &Request, now: Timestamp) -> Answer {
    if let Some(mounted) = mount(ecr, repository, request, now)? {
        return Ok(mounted);
    }
    let id = ecr.start_upload(repository);
    progress(ecr, repository, &id, StatusCode::ACCEPTED, request)
}

/// Answers a mount, or nothing if it is refused or none was asked for: then the upload is started as usual. Source: OCI
/// distribution specification, "Mounting a blob from another repository".
fn mount(ecr: &mut Ecr, repository: &str, request: &Request, now: Timestamp) -> Result<Option<Reply>, ServiceError> {
    let (Some(digest), Some(source)) = (request.parameter("mount"), request.parameter("from")) else {
        return Ok(None);
    };
    if !digest::is_sha256(&digest) {
        return Err(refusal::digest_invalid("provided digest is malformed"));
    }
    let (Some(from), Some(to)) = (ecr.repositories.get(&source), ecr.repositories.get(repository)) else {
        return Ok(None);
    };
    let is_allowed = !ecr.quirks.mount_is_restricted
        || (ecr.blob_mounting && from.uses_blob(&digest) && from.encryption == to.encryption);
    let Some(blob) = from.blobs.get(&digest).filter(|_| is_allowed) else {
        return Ok(None);
    };
    let bytes = blob.bytes.clone();
    ecr.repository_mut(repository)?.store_blob(&digest, bytes, now);
    Ok(Some(stored(repository, &digest, request)))
}

pub(super) fn patch(ecr: &mut Ecr, repository: &str, id: &str, request: &Request) -> Answer {
    append(ecr, repository, id, request)?;
    let created = ecr.quirks.patch_answers_created;
    let status = if created { StatusCode::CREATED } else { StatusCode::ACCEPTED };
    progress(ecr, repository, id, status, request)
}

/// An upload whose bytes are not what the digest says is gone.
pub(super) fn finish(ecr: &mut Ecr, repository: &str, id: &str, request: &Request, now: Timestamp) -> Answer {
    let digest = request.parameter("digest").filter(|digest| digest::is_sha256(digest));
    if digest.is_none() {
        // Looked up first: a client that finishes what is not there hears that.
        find(ecr, repository, id)?;
        return Err(refusal::digest_invalid("digest missing or malformed"));
    }
    append(ecr, repository, id, request)?;
    let digest = digest.unwrap_or_default();
    let upload = ecr.uploads.remove(id).ok_or_else(|| refusal::upload_unknown(id, repository))?;
    let finished = upload.finish(&[&digest], &ecr.quirks);
    let (digest, bytes) = finished.map_err(|refusal| refused(ecr, &refusal, id, repository))?;
    ecr.repository_mut(repository)?.store_blob(&digest, bytes, now);
    Ok(stored(repository, &digest, request))
}

/// ECR cuts a body into parts and keeps those that came whole; how large they are is not documented. The CNCF registry keeps every byte. Source of
/// both: apple/container#1895, CNCF distribution, `handlers/blobupload.go`.
pub(super) fn cut_off(ecr: &mut Ecr, repository: &str, id: &str, request: &Request) {
    let part = usize::try_from(ecr.quirks.minimum_part).unwrap_or(usize::MAX);
    let length = request.body.len();
    let whole = length.checked_div(part).map_or(length, |parts| parts * part);
    let Ok(first_byte) = first_byte_of_range(request) else { return };
    let Some(upload) = ecr.uploads.get_mut(id).filter(|upload| upload.repository == repository) else { return };
    if first_byte.is_some_and(|first| first != upload.len()) {
        return;
    }
    for bytes in request.body[..whole].chunks(part.max(1).min(whole.max(1))) {
        // They follow one another by what was just looked at.
        let _ = upload.append(None, bytes);
    }
}

pub(super) fn status(ecr: &Ecr, repository: &str, id: &str, request: &Request) -> Answer {
    progress(ecr, repository, id, StatusCode::NO_CONTENT, request)
}

pub(super) fn cancel(ecr: &mut Ecr, repository: &str, id: &str) -> Answer {
    find(ecr, repository, id)?;
    ecr.uploads.remove(id);
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn append(ecr: &mut Ecr, repository: &str, id: &str, request: &Request) -> Result<(), ServiceError> {
    let offset = find(ecr, repository, id)?.len();
    let words = ecr.quirks.words;
    if ecr.quirks.location_carries_offset {
        check_offset(request, offset)?;
    }
    let first_byte = first_byte(request)?;
    let upload = ecr.uploads.get_mut(id).ok_or_else(|| refusal::upload_unknown(id, repository))?;
    let appended = upload.append(first_byte, &request.body);
    appended.map_err(|refusal| refusal::upload(words, &refusal, id, repository))
}

/// Source: CNCF distribution, `handlers/blobupload.go`: an address without its state is refused, and one with a stale
/// state too.
fn check_offset(request: &Request, offset: u64) -> Result<(), ServiceError> {
    let state = request.parameter("_state").and_then(|state| state.parse::<u64>().ok());
    match state {
        Some(state) if state == offset => Ok(()),
        Some(_) => Err(ServiceError::new(416, "BLOB_UPLOAD_INVALID", "upload resumed at wrong offset")),
        None => Err(ServiceError::new(400, "BLOB_UPLOAD_INVALID", "the upload's address was changed")),
    }
}

/// Where `Content-Range: FIRST-LAST` begins, if there is one and it is as long as the body.
fn first_byte(request: &Request) -> Result<Option<u64>, ServiceError> {
    match range(request)? {
        None => Ok(None),
        Some((first, last)) if (last + 1).checked_sub(first) == Some(request.body.len() as u64) => Ok(Some(first)),
        Some((first, last)) => Err(wrong_range(&format!("{first}-{last}"), request)),
    }
}

/// The same of a body that did not come whole.
fn first_byte_of_range(request: &Request) -> Result<Option<u64>, ServiceError> {
    Ok(range(request)?.map(|(first, _)| first))
}

fn range(request: &Request) -> Result<Option<(u64, u64)>, ServiceError> {
    let Some(range) = request.header("content-range") else {
        return Ok(None);
    };
    let bounds = range.trim_start_matches("bytes ").split_once('-').and_then(|(first, last)| {
        let last = last.split('/').next()?;
        Some((first.parse::<u64>().ok()?, last.parse::<u64>().ok()?))
    });
    bounds.map(Some).ok_or_else(|| wrong_range(range, request))
}

fn wrong_range(range: &str, request: &Request) -> ServiceError {
    let message = format!("the content range {range} is not that of {} bytes", request.body.len());
    ServiceError::new(416, "BLOB_UPLOAD_INVALID", message)
}

fn find<'a>(ecr: &'a Ecr, repository: &str, id: &str) -> Result<&'a Upload, ServiceError> {
    let upload = ecr.uploads.get(id).filter(|upload| upload.repository == repository);
    upload.ok_or_else(|| refusal::upload_unknown(id, repository))
}

fn refused(ecr: &Ecr, refusal: &upload::Refusal, id: &str, repository: &str) -> ServiceError {
    refusal::upload(ecr.quirks.words, refusal, id, repository)
}

/// How far an upload is. `Range` counts its last byte, so nothing and one byte look alike, as they do in the CNCF
/// registry.
fn progress(ecr: &Ecr, repository: &str, id: &str, status: StatusCode, request: &Request) -> Answer {
    let upload = find(ecr, repository, id)?;
    let seen = if ecr.quirks.range_stays_after_first_chunk { upload.len_of_first_part() } else { upload.len() };
    let state = ecr.quirks.location_carries_offset.then(|| format!("?_state={}", upload.len()));
    let state = state.unwrap_or_default();
    let location = format!("{}/v2/{repository}/blobs/uploads/{id}{state}", request.endpoint);
    Ok(Reply::empty(status)
        .with("location", &location)
        .with("range", &format!("0-{}", seen.saturating_sub(1)))
        .with("docker-upload-uuid", id))
}

fn stored(repository: &str, digest: &str, request: &Request) -> Reply {
    Reply::empty(StatusCode::CREATED)
        .with("location", &format!("{}/v2/{repository}/blobs/{digest}", request.endpoint))
        .with("docker-content-digest", digest)
}
