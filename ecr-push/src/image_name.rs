//! Where the image is, as it is named on the command line. Pure.
//!
//! The names are those of skopeo and podman: a path, `-`, `docker-daemon:NAME`, `docker://HOST/REPOSITORY:TAG`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use contract::Digest;
use thiserror::Error;

use crate::reference::Reference;
use crate::repository::Repository;

/// Where the image is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageName {
    /// A folder or a file.
    Path(PathBuf),
    /// Standard input: a tar, plain or packed.
    StandardInput,
    /// In the local Docker daemon, under this name.
    Daemon(String),
    /// In another registry.
    Registry(RemoteImage),
}

/// An image in a registry: `HOST[:PORT]/REPOSITORY[:TAG|@DIGEST]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteImage {
    /// The registry's host, with its port if it has one.
    pub host: String,
    /// The repository in it.
    pub repository: Repository,
    /// The tag or digest; a digest wins over a tag.
    pub reference: Reference,
}

/// A name that is none.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{name}` does not name an image: {reason}")]
pub struct NotAnImageName {
    name: String,
    reason: String,
}

/// Docker Hub under its own name and under the one that answers. Source: distribution/reference, `normalize.go`.
const DOCKER_HUB: &str = "registry-1.docker.io";

impl ImageName {
    /// Reads the operand; without one, the image comes on standard input.
    ///
    /// # Errors
    /// It begins as a name in a registry or in the daemon does, and is none.
    pub fn of(operand: Option<&Path>) -> Result<Self, NotAnImageName> {
        let Some(path) = operand.filter(|path| *path != Path::new("-")) else { return Ok(Self::StandardInput) };
        let Some(text) = path.to_str() else { return Ok(Self::Path(path.to_owned())) };
        if let Some(name) = text.strip_prefix("docker://") {
            return name.parse().map(Self::Registry);
        }
        match text.strip_prefix("docker-daemon:") {
            Some(name) => daemon_name(name).map(Self::Daemon),
            None => Ok(Self::Path(path.to_owned())),
        }
    }
}

/// Whatever the daemon knows it by, as long as it can stand in a path of its API.
fn daemon_name(name: &str) -> Result<String, NotAnImageName> {
    let is_allowed = |found: char| found.is_ascii_alphanumeric() || "._-/:@".contains(found);
    if name.is_empty() || !name.chars().all(is_allowed) || name.contains("..") {
        let reason = "write docker-daemon:NAME:TAG or docker-daemon:ID".to_owned();
        return Err(NotAnImageName { name: name.to_owned(), reason });
    }
    Ok(name.to_owned())
}

impl FromStr for RemoteImage {
    type Err = NotAnImageName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = |reason: String| NotAnImageName { name: text.to_owned(), reason };
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.parse::<Digest>().map_err(|cause| refused(cause.to_string()))?)),
            None => (text, None),
        };
        let (host, path) = split_host(name);
        let (path, tag) = match path.rsplit_once(':') {
            Some((path, tag)) => (path, Some(tag.parse().map_err(|cause| refused(format!("{cause}")))?)),
            None => (path, None),
        };
        let library = host == DOCKER_HUB && !path.contains('/');
        let path = if library { format!("library/{path}") } else { path.to_owned() };
        let repository = path.parse().map_err(|cause| refused(format!("{cause}")))?;
        let reference = match (digest, tag) {
            (Some(digest), _) => Reference::Digest(digest),
            (None, Some(tag)) => Reference::Tag(tag),
            (None, None) => Reference::Tag("latest".parse().map_err(|cause| refused(format!("{cause}")))?),
        };
        Ok(Self { host: host.to_owned(), repository, reference })
    }
}

/// The first part is a host if it looks like one; else the image is on Docker Hub.
fn split_host(name: &str) -> (&str, &str) {
    match name.split_once('/') {
        Some(("docker.io" | "index.docker.io", path)) => (DOCKER_HUB, path),
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
        _ => (DOCKER_HUB, name),
    }
}

impl fmt::Display for RemoteImage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joint = if self.reference.tag().is_some() { ':' } else { '@' };
        write!(formatter, "{}/{}{joint}{}", self.host, self.repository, self.reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(operand: &str, expected: &str) {
        let said = match ImageName::of(Some(Path::new(operand))) {
            Ok(ImageName::Path(path)) => format!("path {}", path.display()),
            Ok(ImageName::StandardInput) => "standard input".to_owned(),
            Ok(ImageName::Daemon(name)) => format!("daemon {name}"),
            Ok(ImageName::Registry(image)) => format!("registry {image}"),
            Err(error) => format!("error {}", error.reason),
        };
        assert!(said.starts_with(expected), "{operand}: {said}");
    }

    #[test]
    fn an_image_is_named_as_skopeo_names_it() {
        assert_eq!(ImageName::of(None), Ok(ImageName::StandardInput));
        check("-", "standard input");
        check("web/", "path web/");
        check("./docker:x.tar", "path ./docker:x.tar");
        check("docker-daemon:web:1.4.0", "daemon web:1.4.0");
        check("docker://ghcr.io/acme/web:1", "registry ghcr.io/acme/web:1");
        check("docker://localhost:5000/web", "registry localhost:5000/web:latest");
        check("docker://alpine:3.20", "registry registry-1.docker.io/library/alpine:3.20");
        check("docker://acme/web", "registry registry-1.docker.io/acme/web:latest");
        check("docker://docker.io/acme/web", "registry registry-1.docker.io/acme/web:latest");
        let digest = format!("sha256:{}", "a".repeat(64));
        check(&format!("docker://ghcr.io/acme/web:1@{digest}"), &format!("registry ghcr.io/acme/web@{digest}"));
    }

    #[test]
    fn what_names_no_image_is_refused_with_the_reason() {
        check("docker://", "error");
        check("docker://ghcr.io/Acme/web", "error");
        check("docker://ghcr.io/acme/web@sha256:1", "error `sha256:1` is not a digest");
        check("docker://ghcr.io/acme/web:a b", "error");
        check("docker-daemon:", "error write docker-daemon:NAME:TAG");
        check("docker-daemon:web?x", "error");
        check("docker-daemon:../x", "error");
    }
}
