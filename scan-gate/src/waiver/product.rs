//! What a VEX statement is about, as far as it can be told whether that is what was scanned.
//!
//! An image is known by its digest, a package by its package URL. Anything else - a bare name, an image by its tag, a CPE, a product that
//! contains a package - may be something else than what was scanned, and silences nothing.

use contract::Digest;

use super::file::{WaiverFile, listed};
use super::{Effect, PurlPattern, Subject, Waiver};
use crate::waiver::purl::Purl;

/// What a package URL names.
#[derive(Clone, Debug)]
pub(super) enum Product {
    /// This image.
    Image(Digest),
    /// This package, wherever it is.
    Package(Purl),
}

impl Product {
    /// # Errors
    /// It is none, or one that cannot be followed to the letter.
    pub(super) fn of(text: &str) -> Result<Self, String> {
        let purl = purl(text)?;
        if !["oci", "docker"].contains(&purl.kind.as_str()) {
            return Ok(Self::Package(purl));
        }
        match purl.version.parse() {
            Ok(digest) => Ok(Self::Image(digest)),
            Err(_) => Err(format!("`{text}` names an image without its sha256 digest")),
        }
    }

    pub(super) fn subject(&self) -> Subject {
        match self {
            Self::Image(digest) => Subject { image: Some(digest.clone()), ..Subject::default() },
            Self::Package(purl) => Subject { purl: Some(PurlPattern::Covering(purl.clone())), ..Subject::default() },
        }
    }

    /// A part of this, named by its own package URL.
    ///
    /// # Errors
    /// It cannot be told whether this was scanned, or the part is no package.
    pub(super) fn part(&self, part: &Self) -> Result<Subject, String> {
        match (self, part) {
            (Self::Image(_), Self::Package(_)) => Ok(Subject { purl: part.subject().purl, ..self.subject() }),
            (Self::Image(_), Self::Image(digest)) => Err(format!("an image ({digest}) in an image is no package")),
            (Self::Package(purl), _) => Err(format!(
                "that the product that contains it, package `{}`, is what was scanned cannot be told",
                purl.name
            )),
        }
    }
}

/// A package URL that narrows down no more than can be followed.
///
/// # Errors
/// It is none, or says more than is compared: read without that, it would be about more.
pub(super) fn purl(text: &str) -> Result<Purl, String> {
    let purl: Purl = text.parse()?;
    let (path, qualifiers) = text.split_once('?').unwrap_or((text, ""));
    let is_odd = |pair: &str| !pair.is_empty() && !pair.contains('=');
    if text.contains('#') {
        Err(format!("`{text}` names a path inside a package, which is not followed"))
    } else if path.ends_with('@') || qualifiers.split('&').any(is_odd) {
        Err(format!("`{text}` has an empty version or qualifier"))
    } else {
        Ok(purl)
    }
}

/// What a statement is about: what can be followed of it, and why the rest cannot.
#[derive(Debug, Default)]
pub(super) struct Followed {
    pub(super) subjects: Vec<Subject>,
    pub(super) lost: Vec<String>,
}

impl Followed {
    pub(super) fn add(&mut self, subject: Result<Subject, String>) {
        match subject {
            Ok(subject) => self.subjects.push(subject),
            Err(why) => self.lost.push(why),
        }
    }

    /// Puts the statement into the file. If nothing of it can be followed it is void; a part that cannot be is told.
    pub(super) fn settle(self, mut waiver: Waiver, effect: Effect, file: &mut WaiverFile) {
        let is_void = matches!(effect, Effect::Void(_));
        waiver.effect = match (effect, self.subjects.is_empty()) {
            (void @ Effect::Void(_), _) => void,
            (_, true) if self.lost.is_empty() => Effect::Void("it names no product".to_owned()),
            (_, true) => Effect::Void(listed(&self.lost)),
            (_, _) if waiver.ids.is_empty() => Effect::Void("it names no vulnerability".to_owned()),
            (effect, false) => effect,
        };
        if !is_void && !self.subjects.is_empty() && !self.lost.is_empty() {
            file.notes.push(format!("{}: followed only in part: {}", waiver.origin.place, listed(&self.lost)));
        }
        waiver.subjects = self.subjects;
        file.waivers.push(waiver);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_its_digest_and_a_package_by_its_url() {
        let hex = "a".repeat(64);
        let of = |text: &str| match Product::of(text) {
            Ok(Product::Image(digest)) => digest.to_string(),
            Ok(Product::Package(purl)) => purl.name,
            Err(error) => error,
        };
        let digest = format!("sha256:{hex}");
        assert_eq!(of(&format!("pkg:oci/a@sha256%3A{hex}?repository_url=x&tag=1")), digest);
        assert_eq!(of(&format!("pkg:docker/library/a@{digest}")), digest);
        assert_eq!(of("pkg:deb/debian/openssl@3.0"), "openssl");
        for text in [
            "nginx",
            "nginx:1",
            "pkg:oci/nginx",
            "pkg:docker/nginx@1.2",
            "pkg:oci/nginx@sha256:abc",
            "pkg:golang/a/b@1#sub/path",
            "pkg:deb/debian/openssl@",
            "pkg:deb/debian/openssl@3?arch",
        ] {
            assert!(of(text).starts_with(&format!("`{text}`")), "{text} gives {}", of(text));
        }
    }

    #[test]
    fn a_part_needs_a_product_that_is_the_image() {
        let image = Product::of(&format!("pkg:oci/a@sha256:{}", "a".repeat(64))).unwrap();
        let package = Product::of("pkg:deb/debian/openssl").unwrap();
        let part = image.part(&package).unwrap();
        assert!(part.image.is_some() && part.purl.is_some());
        assert!(image.part(&image).is_err() && package.part(&package).is_err());
    }
}
