//! ECR: whether an image is there, and for which platforms it is built.

use contract::aws::{CallError, CallErrorKind, Service as Api};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Aws;
use super::surroundings::Known;
use crate::registry_image::RegistryImage;

/// The platforms of an image, `OS/ARCHITECTURE`, or why they are not known.
pub type Platforms = Result<Vec<String>, String>;

/// Source: OCI image specification and Docker's, media types of manifests and indices.
const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Answer {
    images: Vec<Image>,
    failures: Vec<Failure>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Image {
    image_manifest: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Failure {
    failure_code: String,
    failure_reason: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Manifest {
    manifests: Vec<Entry>,
    config: Option<Descriptor>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Descriptor {
    digest: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    platform: Option<Platform>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Platform {
    os: String,
    architecture: String,
}

impl Aws {
    /// Looks an image up.
    pub async fn image(&self, image: &RegistryImage) -> Known<Platforms> {
        let id = match (&image.digest, &image.tag) {
            (Some(digest), _) => json!({ "imageDigest": digest }),
            (None, tag) => json!({ "imageTag": tag.as_deref().unwrap_or("latest") }),
        };
        let input = json!({
            "registryId": image.account, "repositoryName": image.repository, "imageIds": [id], "acceptedMediaTypes": MEDIA_TYPES
        });
        let registry = self.registry.clone().in_region(&image.region);
        let call = registry.json("ecr:BatchGetImage", &input).await;
        let found = Known::of(call, &["RepositoryNotFoundException"]).and_then(|answer| manifest(&answer));
        let Known::There(manifest) = found else { return found.and_then(|_| Known::There(Ok(Vec::new()))) };
        if !manifest.manifests.is_empty() {
            return Known::There(of_index(manifest));
        }
        // An image for one platform says it in its configuration; where that may not be read, the image is there all the same.
        let config = manifest.config.unwrap_or_default().digest;
        Known::There(match of_config(&registry, image, &config).await {
            Ok(Some(platform)) => Ok(vec![platform]),
            Ok(None) => Err("its configuration names no platform".to_owned()),
            Err(error) if error.kind == CallErrorKind::AccessDenied => {
                Err(format!("its platform may not be looked at: allow {}", error.operation))
            }
            Err(error) => Err(error.to_string()),
        })
    }
}

fn manifest(answer: &[u8]) -> Known<Manifest> {
    let Ok(answer) = serde_json::from_slice::<Answer>(answer) else {
        return Known::Unknown("the answer to ecr:BatchGetImage is not understood".to_owned());
    };
    match (answer.images.first(), answer.failures.first()) {
        (Some(found), _) => Known::There(serde_json::from_str(&found.image_manifest).unwrap_or_default()),
        (None, Some(failure)) => Known::NotThere(format!("{}: {}", failure.failure_code, failure.failure_reason)),
        (None, None) => Known::NotThere("ECR has no such image".to_owned()),
    }
}

/// What is attached to an image, an attestation, has no platform.
fn of_index(manifest: Manifest) -> Platforms {
    let entries = manifest.manifests.into_iter().filter_map(|entry| entry.platform);
    let known: Vec<String> = entries.filter_map(|platform| platform.name()).collect();
    if known.is_empty() { Err("its index names no platform".to_owned()) } else { Ok(known) }
}

async fn of_config(registry: &Api, image: &RegistryImage, config: &str) -> Result<Option<String>, CallError> {
    let operation = "ecr:GetDownloadUrlForLayer";
    let input = json!({ "registryId": image.account, "repositoryName": image.repository, "layerDigest": config });
    let answer: Value = serde_json::from_slice(&registry.json(operation, &input).await?).unwrap_or_default();
    let Some(url) = answer["downloadUrl"].as_str() else { return Ok(None) };
    let platform: Platform = serde_json::from_slice(&registry.download(operation, url).await?).unwrap_or_default();
    Ok(platform.name())
}

impl Platform {
    fn name(&self) -> Option<String> {
        let is_known = !self.os.is_empty() && self.os != "unknown";
        is_known.then(|| format!("{}/{}", self.os, self.architecture))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_tells_its_platforms() {
        let index = r#"{"manifests":[{"platform":{"os":"linux","architecture":"arm64"}},{"platform":{"os":"unknown","architecture":"unknown"}}]}"#;
        assert_eq!(of_index(serde_json::from_str(index).unwrap()), Ok(vec!["linux/arm64".to_owned()]));
        assert!(of_index(Manifest::default()).is_err());
    }
}
