//! The `image` section: the one thing that all tools speak about.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// An image in a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Image {
    /// Host of the registry, with its port if it has one.
    pub registry: String,
    /// Name of the repository.
    pub repository: String,
    /// The tags that point at the digest.
    pub tags: Vec<String>,
    /// The digest of the manifest or index.
    pub digest: Digest,
    /// `registry/repository@digest`: what a task definition names.
    pub uri: String,
    /// Platforms, for example `linux/amd64`.
    pub platforms: Vec<String>,
    /// The digests of the image configurations, one a platform: what Docker and Trivy call the image id. A scanner that looked at the
    /// image before it was pushed knows this digest only.
    #[serde(default)]
    pub config_digests: Vec<Digest>,
    /// The digests of the platforms' own manifests, if the image is an index of several. A registry scans these, and not the index.
    #[serde(default)]
    pub platform_digests: Vec<Digest>,
}

impl Image {
    /// Whether its `uri` names its `digest`: else what is gated and what is deployed would not be the same.
    pub(crate) fn is_of_one_mind(&self) -> bool {
        self.uri.split_once('@').is_some_and(|(_, digest)| digest == self.digest.as_str())
    }

    /// All digests that name this image: its own, those of its configurations and those of its platforms.
    pub fn names(&self) -> impl Iterator<Item = &Digest> {
        std::iter::once(&self.digest).chain(&self.config_digests).chain(&self.platform_digests)
    }
}
