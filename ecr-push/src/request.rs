//! From what was typed to what is asked.

use std::path::{Path, PathBuf};

use contract::Digest;

use crate::cli::Arguments;
use crate::error::Error;
use crate::reference::Reference;
use crate::repository::Repository;
use crate::tag::Tag;

/// What is asked.
#[derive(Debug)]
pub struct Request {
    /// The folder of the OCI layout.
    pub layout: PathBuf,
    /// The repository.
    pub repository: Repository,
    /// The tags, each once, in the order they were given.
    pub tags: Vec<Tag>,
    /// Only read.
    pub dry_run: bool,
}

impl Request {
    /// Resolves the arguments.
    ///
    /// # Errors
    /// No layout is named, or standard input is.
    pub fn resolve(arguments: &Arguments) -> Result<Self, Error> {
        let layout = match arguments.layout.as_deref() {
            Some(folder) if folder != Path::new("-") => folder.to_owned(),
            _ => return Err(Error::Unsupported),
        };
        let mut tags: Vec<Tag> = Vec::with_capacity(arguments.tags.len());
        for tag in &arguments.tags {
            if !tags.contains(tag) {
                tags.push(tag.clone());
            }
        }
        Ok(Self { layout, repository: arguments.repository.clone(), tags, dry_run: arguments.change.dry_run })
    }

    /// Under which names an image with this digest is to be found: its tags, or its digest if it is to have none.
    #[must_use]
    pub fn references(&self, digest: &Digest) -> Vec<Reference> {
        if self.tags.is_empty() {
            return vec![Reference::Digest(digest.clone())];
        }
        self.tags.iter().cloned().map(Reference::Tag).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn resolve(arguments: &[&str]) -> Result<Request, Error> {
        let words = ["ecr-push"].iter().chain(arguments);
        Request::resolve(&Arguments::try_parse_from(words).unwrap())
    }

    #[test]
    fn a_tag_that_is_given_twice_is_one_tag() {
        let request = resolve(&["web", "--repository", "web", "--tag", "b", "--tag", "a", "--tag", "b"]).unwrap();
        let tags: Vec<&str> = request.tags.iter().map(Tag::as_str).collect();
        assert_eq!(tags, ["b", "a"]);
    }

    #[test]
    fn an_image_without_tags_is_found_by_its_digest() {
        let digest: Digest = format!("sha256:{}", "a".repeat(64)).parse().unwrap();
        let request = resolve(&["web", "--repository", "web"]).unwrap();
        assert_eq!(request.references(&digest), [Reference::Digest(digest)]);
    }

    #[test]
    fn standard_input_is_no_image_so_far() {
        for arguments in [&["--repository", "web"][..], &["-", "--repository", "web"]] {
            assert!(matches!(resolve(arguments), Err(Error::Unsupported)), "{arguments:?}");
        }
    }
}
