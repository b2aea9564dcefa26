//! How an image is named in a task definition.

use std::fmt;
use std::str::FromStr;

use contract::Digest;
use thiserror::Error;

/// An image reference: `[HOST/]REPOSITORY[:TAG][@DIGEST]`, kept as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageReference {
    text: String,
    digest: Option<Digest>,
}

/// A text that names no image.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{text}` names no image: {reason}")]
pub struct NotAnImage {
    text: String,
    reason: String,
}

impl ImageReference {
    /// The digest, if the reference has one.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The reference as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for ImageReference {
    type Err = NotAnImage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |reason: &str| NotAnImage { text: text.to_owned(), reason: reason.to_owned() };
        if text.is_empty() {
            return Err(error("it is empty"));
        }
        if text.chars().any(|character| character.is_whitespace() || character.is_control()) {
            return Err(error("it has white space or control characters"));
        }
        let (name, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
        if name.is_empty() || name.starts_with([':', '/']) || name.ends_with([':', '/']) {
            return Err(error("expected [HOST/]REPOSITORY[:TAG][@DIGEST]"));
        }
        let path = name.split_once('/').filter(|(host, _)| is_host(host)).map_or(name, |(_, path)| path);
        let repository = path.split_once(':').map_or(path, |(repository, _)| repository);
        let is_fit = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "._-/".contains(letter);
        if !repository.chars().all(is_fit) {
            return Err(error("a repository has lower-case letters, digits, dots, hyphens and underscores"));
        }
        let digest = digest.map(str::parse::<Digest>).transpose().map_err(|cause| error(&cause.to_string()))?;
        Ok(Self { text: text.to_owned(), digest })
    }
}

/// Source: Docker's reference grammar: the first part is a host if it could be none of a repository.
fn is_host(part: &str) -> bool {
    part.contains(['.', ':']) || part == "localhost" || part.chars().any(|letter| letter.is_ascii_uppercase())
}

impl fmt::Display for ImageReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_kept_as_written_and_their_digest_is_read() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let cases = [
            ("web", false),
            ("web:1.4", false),
            ("localhost:5000/team/web:1.4", false),
            (&format!("host/web@{digest}") as &str, true),
            (&format!("host/web:1.4@{digest}"), true),
        ];
        for (text, has_digest) in cases {
            let reference: ImageReference = text.parse().unwrap();
            assert_eq!((reference.to_string().as_str(), reference.digest().is_some()), (text, has_digest));
        }
    }

    #[test]
    fn what_names_no_image_is_refused() {
        for text in ["", " web", "web\n", "web:", "/web", "host/", "web@", "web@sha256:12", "@sha256:12"] {
            assert!(text.parse::<ImageReference>().is_err(), "{text:?}");
        }
    }
}
