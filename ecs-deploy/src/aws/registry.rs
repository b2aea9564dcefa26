//! ECR: whether an image is there, and for which platforms it is built.

use serde::Deserialize;
use serde_json::json;

use super::Aws;
use super::surroundings::Known;
use crate::registry_image::RegistryImage;

/// The platforms of an image, `OS/ARCHITECTURE`; `None` if its manifest does not tell.
pub type Platforms = Option<Vec<String>>;

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
        Known::of(call, &["RepositoryNotFoundException"]).and_then(|answer| {
            let Ok(answer) = serde_json::from_slice::<Answer>(&answer) else {
                return Known::Unknown("the answer to ecr:BatchGetImage is not understood".to_owned());
            };
            match (answer.images.first(), answer.failures.first()) {
                (Some(found), _) => Known::There(platforms(&found.image_manifest)),
                (None, Some(failure)) => {
                    Known::NotThere(format!("{}: {}", failure.failure_code, failure.failure_reason))
                }
                (None, None) => Known::NotThere("ECR has no such image".to_owned()),
            }
        })
    }
}

/// Only an index tells platforms; what is attached to it, an attestation, has none.
fn platforms(manifest: &str) -> Platforms {
    let manifest: Manifest = serde_json::from_str(manifest).unwrap_or_default();
    let entries = manifest.manifests.into_iter().filter_map(|entry| entry.platform);
    let known: Vec<String> = entries
        .filter(|platform| platform.os != "unknown" && !platform.os.is_empty())
        .map(|platform| format!("{}/{}", platform.os, platform.architecture))
        .collect();
    (!known.is_empty()).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_tells_its_platforms_and_a_manifest_none() {
        let index = r#"{"manifests":[{"platform":{"os":"linux","architecture":"arm64"}},{"platform":{"os":"unknown","architecture":"unknown"}}]}"#;
        assert_eq!(platforms(index), Some(vec!["linux/arm64".to_owned()]));
        assert_eq!(platforms(r#"{"config":{},"layers":[]}"#), None);
        assert_eq!(platforms("broken"), None);
    }
}
