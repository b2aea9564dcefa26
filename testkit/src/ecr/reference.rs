//! What an image reference names: for the services that run images.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::ecr::Ecr;
use crate::ecr::repository::{Image, Repository};

/// `host/repository:tag`, `host/repository@digest` or both.
#[derive(Debug, PartialEq, Eq)]
struct Reference<'a> {
    repository: &'a str,
    /// The digest if there is one, else the tag, else `latest`.
    image: &'a str,
}

impl<'a> Reference<'a> {
    /// Reads a reference whose host is this registry.
    fn read(text: &'a str) -> Option<Self> {
        let (host, path) = text.split_once('/')?;
        if !is_ours(host) {
            return None;
        }
        let (name, digest) = match path.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (path, None),
        };
        let (repository, tag) = name.rsplit_once(':').unwrap_or((name, "latest"));
        Some(Self { repository, image: digest.unwrap_or(tag) })
    }
}

/// The local AWS knows one account, so every port of loopback and every private registry of ECR is the same registry.
fn is_ours(host: &str) -> bool {
    let local = host.strip_prefix("127.0.0.1:").or_else(|| host.strip_prefix("localhost:"));
    local.is_some_and(|port| port.parse::<u16>().is_ok())
        || (host.contains(".dkr.ecr.") && host.ends_with(".amazonaws.com"))
}

impl Ecr {
    /// Whether an image is there; none if the reference's host is another registry.
    ///
    /// This registry's hosts are `127.0.0.1:PORT`, `localhost:PORT` and `ACCOUNT.dkr.ecr.REGION.amazonaws.com`.
    #[must_use]
    pub fn image_exists(&self, reference: &str) -> Option<bool> {
        let reference = Reference::read(reference)?;
        Some(self.find_image(&reference).is_some())
    }

    /// The digest of the image that a reference names, if it is here.
    #[must_use]
    pub fn digest_of(&self, reference: &str) -> Option<String> {
        let (_, image) = self.find_image(&Reference::read(reference)?)?;
        Some(image.manifest.digest.clone())
    }

    /// The labels in the config of the image that a reference names: of an index, its first platform's. Empty if it is
    /// not here.
    #[must_use]
    pub fn labels(&self, reference: &str) -> BTreeMap<String, String> {
        let config = Reference::read(reference).and_then(|reference| self.config_of(&reference));
        let labels = config.as_ref().and_then(|config| config["config"]["Labels"].as_object());
        let labels = labels.into_iter().flatten();
        labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
    }

    fn find_image(&self, reference: &Reference<'_>) -> Option<(&Repository, &Image)> {
        let repository = self.repositories.get(reference.repository)?;
        Some((repository, repository.image(reference.image)?))
    }

    fn config_of(&self, reference: &Reference<'_>) -> Option<Value> {
        let (repository, image) = self.find_image(reference)?;
        let manifest = match image.manifest.first_platform() {
            Some(child) => &repository.image(child)?.manifest,
            None => &image.manifest,
        };
        let config = repository.blobs.get(manifest.config()?)?;
        serde_json::from_slice(&config.bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_a_repository_and_an_image_of_this_registry() {
        let cases = [
            ("127.0.0.1:4566/web:v1", Some(("web", "v1"))),
            ("localhost:4566/team/web@sha256:00", Some(("team/web", "sha256:00"))),
            ("123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/web:v1@sha256:00", Some(("team/web", "sha256:00"))),
            ("127.0.0.1:4566/web", Some(("web", "latest"))),
            ("docker.io/library/nginx:1", None),
            ("nginx:1", None),
            ("127.0.0.1/web", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|(repository, image)| Reference { repository, image });
            assert_eq!(Reference::read(text), expected, "{text}");
        }
    }
}
