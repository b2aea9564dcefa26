//! Layers through the control plane.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ecr::repositories::with_name;
use crate::ecr::upload::{Refusal, Upload};
use crate::ecr::{Ecr, digest, error};
use crate::wire::ServiceError;

type Answer = Result<Value, ServiceError>;

/// Source: ECR API reference, `BatchCheckLayerAvailability`.
const MAXIMUM_BATCH: usize = 100;
/// What `InitiateLayerUpload` recommends. Source: ECR API reference, `UploadLayerPart`: at most 20 MiB a part.
const PART_SIZE: u64 = 20 * 1024 * 1024;
/// What ECR calls a layer whose type nobody told. Source: ECR API reference, `Layer`.
const LAYER_TYPE: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

pub(super) fn check_availability(ecr: &Ecr, input: &Value) -> Answer {
    let repository = ecr.repository_of(input)?;
    let digests: Vec<&str> = input["layerDigests"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if digests.is_empty() || digests.len() > MAXIMUM_BATCH {
        return Err(error::invalid_parameter("layerDigests", "1 to 100 digests"));
    }
    let (mut layers, mut failures) = (Vec::new(), Vec::new());
    for layer in digests {
        if !digest::is_sha256(layer) {
            failures.push(json!({
                "layerDigest": layer,
                "failureCode": "InvalidLayerDigest",
                "failureReason": format!("Invalid layer digest '{layer}'"),
            }));
            continue;
        }
        layers.push(match repository.blobs.get(layer) {
            Some(blob) => json!({
                "layerDigest": layer,
                "layerAvailability": "AVAILABLE",
                "layerSize": blob.bytes.len(),
                "mediaType": LAYER_TYPE,
            }),
            None => json!({ "layerDigest": layer, "layerAvailability": "UNAVAILABLE" }),
        });
    }
    Ok(json!({ "layers": layers, "failures": failures }))
}

/// ECR gives a signed address of S3, which opens to whoever has it, for a while.
pub(super) fn download_url(ecr: &Ecr, input: &Value, endpoint: &str) -> Answer {
    let repository = ecr.repository_of(input)?;
    let digest = input["layerDigest"].as_str().unwrap_or_default();
    if !repository.blobs.contains_key(digest) {
        let message = error::layers_missing(&[digest.to_owned()], &repository.name);
        return Err(ServiceError::bad_request("LayersNotFoundException", message));
    }
    let url = format!("{endpoint}/_local/layers/{}/{digest}", repository.name);
    Ok(json!({ "downloadUrl": url, "layerDigest": digest }))
}

pub(super) fn initiate(ecr: &mut Ecr, input: &Value) -> Answer {
    let name = ecr.repository_of(input)?.name.clone();
    Ok(json!({ "uploadId": ecr.start_upload(&name), "partSize": PART_SIZE }))
}

pub(super) fn upload_part(ecr: &mut Ecr, input: &Value) -> Answer {
    let (repository, id) = upload_of(ecr, input)?;
    let part = input["layerPartBlob"].as_str().unwrap_or_default();
    let part = STANDARD.decode(part).map_err(|_| error::invalid_parameter("layerPartBlob", "base64"))?;
    let first_byte = input["partFirstByte"].as_u64();
    let last_byte = input["partLastByte"].as_u64();
    let length = first_byte.zip(last_byte).and_then(|(first, last)| (last + 1).checked_sub(first));
    if length != Some(part.len() as u64) || part.len() as u64 > PART_SIZE {
        return Err(error::invalid_parameter("partLastByte", "the bytes that are sent, at most 20 MiB"));
    }
    let upload = ecr.uploads.get_mut(&id).ok_or_else(|| missing(&id, &repository))?;
    upload.append(first_byte, &part).map_err(|refusal| refused(&refusal, &id, &repository))?;
    let last_byte = upload.len().saturating_sub(1);
    let answer = json!({ "uploadId": id, "lastByteReceived": last_byte });
    Ok(with_name(ecr.repository(&repository)?, answer))
}

pub(super) fn complete(ecr: &mut Ecr, input: &Value, now: Timestamp) -> Answer {
    let (repository, id) = upload_of(ecr, input)?;
    let digests: Vec<&str> = input["layerDigests"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let upload = ecr.uploads.remove(&id).ok_or_else(|| missing(&id, &repository))?;
    let (digest, bytes) =
        upload.finish(&digests, &ecr.quirks).map_err(|refusal| refused(&refusal, &id, &repository))?;
    let repository = ecr.repository_mut(&repository)?;
    if repository.blobs.contains_key(&digest) {
        return Err(ServiceError::bad_request(
            "LayerAlreadyExistsException",
            format!("The layer with digest '{digest}' already exists in {}", error::in_registry(&repository.name)),
        ));
    }
    repository.store_blob(&digest, bytes, now);
    Ok(with_name(repository, json!({ "uploadId": id, "layerDigest": digest })))
}

/// The repository and the upload's id, both of which are there.
fn upload_of(ecr: &Ecr, input: &Value) -> Result<(String, String), ServiceError> {
    let name = ecr.repository_of(input)?.name.clone();
    let id = input["uploadId"].as_str().unwrap_or_default();
    let upload: Option<&Upload> = ecr.uploads.get(id).filter(|upload| upload.repository == name);
    match upload {
        Some(_) => Ok((name, id.to_owned())),
        None => Err(missing(id, &name)),
    }
}

fn missing(id: &str, repository: &str) -> ServiceError {
    ServiceError::bad_request("UploadNotFoundException", error::upload_missing(id, repository))
}

fn refused(refusal: &Refusal, id: &str, repository: &str) -> ServiceError {
    match refusal {
        Refusal::NotConsecutive { got, expected } => {
            ServiceError::bad_request("InvalidLayerPartException", error::not_consecutive(*got, *expected))
        }
        Refusal::PartTooSmall => ServiceError::bad_request("LayerPartTooSmallException", error::PART_TOO_SMALL),
        Refusal::Empty => ServiceError::bad_request("EmptyUploadException", error::empty_upload(id, repository)),
        Refusal::OtherDigest => ServiceError::bad_request("InvalidLayerException", error::OTHER_LAYER_DIGEST),
    }
}
