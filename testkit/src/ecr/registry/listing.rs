//! What a repository holds: its tags, and what is attached to an image.

use http::StatusCode;
use serde_json::{Value, json};

use super::refusal;
use crate::ecr::manifest::{Manifest, OCI_INDEX};
use crate::ecr::{Ecr, digest};
use crate::wire::{Reply, Request, ServiceError};

type Answer = Result<Reply, ServiceError>;

/// The tags in lexical order, from behind `last`, at most `n`. Source: OCI distribution specification, "Listing Tags".
pub(super) fn tags(ecr: &Ecr, name: &str, request: &Request) -> Answer {
    let last = request.parameter("last").unwrap_or_default();
    let limit = request.parameter("n").and_then(|n| n.parse::<usize>().ok());
    let mut rest = ecr.repository(name)?.tags.keys().filter(|tag| last.is_empty() || **tag > last);
    let tags: Vec<&String> = rest.by_ref().take(limit.unwrap_or(usize::MAX)).collect();
    let body = json!({ "name": name, "tags": tags }).to_string();
    let reply = Reply::body(StatusCode::OK, "application/json; charset=utf-8", body);
    Ok(match (rest.next(), tags.last(), limit) {
        (Some(_), Some(last), Some(limit)) => {
            let next = format!("<{}/v2/{name}/tags/list?last={last}&n={limit}>; rel=\"next\"", request.endpoint);
            reply.with("link", &next)
        }
        _ => reply,
    })
}

/// The manifests whose subject is `subject`, which need not be there. Source: OCI distribution specification, "Listing
/// Referrers".
pub(super) fn referrers(ecr: &Ecr, name: &str, subject: &str, request: &Request) -> Answer {
    if !digest::is_sha256(subject) {
        return Err(refusal::digest_invalid("provided digest is malformed"));
    }
    let artifact_type = request.parameter("artifactType");
    let images = ecr.repository(name)?.images.values().map(|image| &image.manifest);
    let attached = images.filter(|manifest| manifest.subject() == Some(subject));
    let asked =
        attached.filter(|manifest| artifact_type.is_none() || manifest.artifact_type() == artifact_type.as_deref());
    let manifests: Vec<Value> = asked.map(descriptor).collect();
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests });
    let reply = Reply::body(StatusCode::OK, OCI_INDEX, index.to_string());
    Ok(match artifact_type {
        Some(_) => reply.with("oci-filters-applied", "artifactType"),
        None => reply,
    })
}

fn descriptor(manifest: &Manifest) -> Value {
    let mut descriptor = json!({
        "mediaType": manifest.media_type,
        "digest": manifest.digest,
        "size": manifest.bytes.len(),
    });
    if let Some(artifact_type) = manifest.artifact_type() {
        descriptor["artifactType"] = json!(artifact_type);
    }
    if manifest.annotations().is_object() {
        descriptor["annotations"] = manifest.annotations().clone();
    }
    descriptor
}
