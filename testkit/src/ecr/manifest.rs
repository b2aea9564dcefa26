//! What a manifest says of itself. The bytes stay as they came: their digest is the image's name.

use bytes::Bytes;
use serde_json::Value;

use crate::ecr::digest;

/// Media type of an OCI image index.
pub(crate) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Media type of an OCI image manifest.
pub(crate) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media type of a Docker manifest list.
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// Media type of a Docker image manifest.
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// A manifest that was read.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    /// The bytes as pushed.
    pub(crate) bytes: Bytes,
    /// Their digest.
    pub(crate) digest: String,
    /// What they are.
    pub(crate) media_type: String,
    value: Value,
}

impl Manifest {
    /// Reads a manifest. `declared` is the media type that came beside it.
    ///
    /// # Errors
    /// It is no JSON object, says no known media type, contradicts `declared`, or lacks what its type must have.
    pub(crate) fn read(bytes: &Bytes, declared: Option<&str>) -> Result<Self, String> {
        let value: Value = serde_json::from_slice(bytes).map_err(|_| "manifest invalid".to_owned())?;
        if !value.is_object() || value["schemaVersion"] != 2 {
            return Err("manifest invalid: schemaVersion is not 2".to_owned());
        }
        let inner = value["mediaType"].as_str();
        let media_type = match (inner, declared) {
            (Some(inner), Some(declared)) if inner != declared => {
                return Err(format!("mediaType in manifest should be '{declared}' not '{inner}'"));
            }
            (Some(inner), _) => inner.to_owned(),
            (None, Some(declared)) => declared.to_owned(),
            (None, None) => guessed_media_type(&value).to_owned(),
        };
        let manifest = Self { bytes: bytes.clone(), digest: digest::sha256(bytes), media_type, value };
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), String> {
        if ![OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST].contains(&self.media_type.as_str()) {
            return Err(format!("unrecognized manifest content type {}", self.media_type));
        }
        let is_digest = |value: &Value| value["digest"].as_str().is_some_and(digest::is_sha256);
        let descriptors = if self.is_index() { &self.value["manifests"] } else { &self.value["layers"] };
        let whole = descriptors.as_array().is_some_and(|all| all.iter().all(is_digest));
        if !whole || !(self.is_index() || is_digest(&self.value["config"])) {
            return Err("manifest invalid: a descriptor is missing or has no sha256 digest".to_owned());
        }
        Ok(())
    }

    /// Whether it lists manifests, one a platform.
    pub(crate) fn is_index(&self) -> bool {
        [OCI_INDEX, DOCKER_LIST].contains(&self.media_type.as_str())
    }

    /// The digests of config and layers; none for an index.
    pub(crate) fn blobs(&self) -> Vec<&str> {
        if self.is_index() {
            return Vec::new();
        }
        let layers = self.value["layers"].as_array().into_iter().flatten();
        std::iter::once(&self.value["config"])
            .chain(layers)
            .filter_map(|descriptor| descriptor["digest"].as_str())
            .collect()
    }

    /// The digests of the manifests that an index lists.
    pub(crate) fn children(&self) -> Vec<&str> {
        let children = self.value["manifests"].as_array().into_iter().flatten();
        children.filter(|_| self.is_index()).filter_map(|descriptor| descriptor["digest"].as_str()).collect()
    }

    /// The first child of an index that is an image for a platform, and no attestation.
    pub(crate) fn first_platform(&self) -> Option<&str> {
        let children = self.value["manifests"].as_array()?;
        let image = children.iter().find(|child| child["platform"]["os"].as_str().is_some_and(|os| os != "unknown"));
        image.or(children.first())?["digest"].as_str()
    }

    /// The digest of the config; none for an index.
    pub(crate) fn config(&self) -> Option<&str> {
        self.value["config"]["digest"].as_str()
    }

    /// The digest of the manifest that this one is attached to.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.value["subject"]["digest"].as_str()
    }

    /// What kind of artifact it is: `artifactType`, else the config's media type. Source: OCI distribution
    /// specification, "Listing Referrers".
    pub(crate) fn artifact_type(&self) -> Option<&str> {
        let said = self.value["artifactType"].as_str().filter(|text| !text.is_empty());
        said.or_else(|| self.value["config"]["mediaType"].as_str())
    }

    /// The annotations, or null.
    pub(crate) fn annotations(&self) -> &Value {
        &self.value["annotations"]
    }

    /// The sum of the sizes that its descriptors claim, for an index 0: what `imageSizeInBytes` is made of.
    pub(crate) fn size_of_blobs(&self) -> u64 {
        let layers = self.value["layers"].as_array().into_iter().flatten();
        layers.chain([&self.value["config"]]).filter_map(|descriptor| descriptor["size"].as_u64()).sum()
    }
}

fn guessed_media_type(value: &Value) -> &'static str {
    if value["manifests"].is_array() { OCI_INDEX } else { OCI_MANIFEST }
}
