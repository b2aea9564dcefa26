//! The release document that came in, and whether what became of its deployments confirms it. Pure.

use contract::{Digest, Document, Image};
use serde::Deserialize;

use crate::error::Error;
use crate::report::{Deployment, Outcome};

/// What the release document said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Whether it was well.
    pub ok: bool,
    /// The deployments that it names.
    pub deployments: Vec<String>,
    /// The digests that name its image; none if it has no image.
    pub image: Vec<Digest>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Section {
    services: Vec<Entry>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    arn: Option<String>,
    going_back: Option<String>,
}

impl Origin {
    /// Reads the document.
    ///
    /// # Errors
    /// Its image has another shape.
    pub(super) fn of(document: &Document) -> Result<Self, Error> {
        let section: Section =
            document.raw("deployment").and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default();
        let is_release = |entry: &Entry| entry.going_back.is_none();
        let deployments = section.services.into_iter().filter(is_release).filter_map(|entry| entry.arn).collect();
        let image = document.image()?.iter().flat_map(Image::names).cloned().collect();
        Ok(Self { ok: document.verdict()?, deployments, image })
    }

    /// Whether a look at deployments makes the document well: it was, or all that it began has gone through, and is its image.
    #[must_use]
    pub fn is_confirmed_by(&self, section: &Deployment) -> bool {
        if self.ok {
            return true;
        }
        let is_ours = |arn: &Option<String>| arn.as_ref().is_some_and(|arn| self.deployments.contains(arn));
        let all_through = !self.deployments.is_empty()
            && section.services.len() == self.deployments.len()
            && section.services.iter().all(|service| service.outcome == Outcome::Deployed && is_ours(&service.arn));
        let is_of_image =
            self.image.is_empty() || section.digest.as_ref().is_some_and(|digest| self.image.contains(digest));
        all_through && is_of_image
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Action, ImageReport, ServiceReport};

    fn digest(letter: &str) -> Digest {
        format!("sha256:{}", letter.repeat(64)).parse().unwrap()
    }

    fn section(arn: &str, outcome: Outcome, letter: &str) -> Deployment {
        let image = ImageReport {
            container: "web".to_owned(),
            image: "w".to_owned(),
            digest: Some(digest(letter)),
            previous_image: None,
        };
        let service =
            ServiceReport { arn: Some(arn.to_owned()), images: vec![image], ..ServiceReport::new("web", outcome) };
        Deployment::new(Action::Resume, "stage").with_services(vec![service])
    }

    #[test]
    fn a_no_is_lifted_only_by_the_same_deployment_of_the_same_image() {
        let origin = Origin { ok: false, deployments: vec!["d1".to_owned()], image: vec![digest("a")] };
        assert!(origin.is_confirmed_by(&section("d1", Outcome::Deployed, "a")));
        assert!(!origin.is_confirmed_by(&section("d2", Outcome::Deployed, "a")), "another deployment");
        assert!(!origin.is_confirmed_by(&section("d1", Outcome::Deployed, "b")), "another image");
        assert!(!origin.is_confirmed_by(&section("d1", Outcome::RolledBack, "a")));
        let refused = Origin { deployments: Vec::new(), ..origin.clone() };
        assert!(!refused.is_confirmed_by(&section("d1", Outcome::Deployed, "a")), "nothing was begun");
        let well = Origin { ok: true, ..refused };
        assert!(well.is_confirmed_by(&section("d2", Outcome::Deployed, "b")));
    }
}
