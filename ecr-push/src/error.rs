//! What can go wrong, and what to do then.

use std::io::ErrorKind;

use contract::aws::CallError;
use contract::requirement::Unmet;
use contract::{Digest, Exit, Fault};
use thiserror::Error;

use crate::compress::CompressError;
use crate::reference::Reference;
use crate::repository::Repository;
use crate::source::{DraftError, SourceError};
use crate::tag::Tag;

/// An error of `ecr-push`.
#[derive(Debug, Error)]
pub enum Error {
    /// The image is to come from somewhere that is not read.
    #[error("no image is named: so far one is read from a folder or a file only, not from standard input")]
    Unsupported,
    /// A layer cannot be packed.
    #[error(transparent)]
    Packing(CompressError),
    /// No manifest can be written for the packed layers.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The image cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// `--require` is not met.
    #[error(transparent)]
    Require(#[from] Unmet),
    /// The repository is not there.
    #[error("there is no repository `{0}`; nothing was sent")]
    RepositoryMissing(Repository),
    /// The tag points at another image, and the repository does not let it be moved.
    #[error("tag `{tag}` cannot be moved: it points at {found}, the image is {expected}")]
    TagImmutable {
        /// The tag.
        tag: Tag,
        /// Where it points.
        found: Digest,
        /// The image at hand.
        expected: Digest,
    },
    /// The push was taken, but the reference points elsewhere.
    #[error("`{reference}` was set to {expected}, but points at {}", found.as_ref().map_or("nothing", Digest::as_str))]
    Moved {
        /// The reference.
        reference: Reference,
        /// Where it points.
        found: Option<Digest>,
        /// The image at hand.
        expected: Digest,
    },
    /// ECR names a registry by an address that is none.
    #[error("ECR gives `{0}` as the registry's address, which is none")]
    Endpoint(String),
    /// The system has no certificates to trust.
    #[error("the system's certificates cannot be read: {0}")]
    Certificates(std::io::Error),
    /// A call to ECR or a request to its registry failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Fault for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Unsupported | Self::Packing(CompressError::Read(_)) => Exit::Usage,
            Self::Draft(error) => error.exit(),
            Self::Source(error) => error.exit(),
            Self::Require(error) => error.exit(),
            Self::TagImmutable { .. } | Self::Moved { .. } => Exit::No,
            Self::Packing(_) | Self::Endpoint(_) | Self::Certificates(_) | Self::RepositoryMissing(_) => Exit::World,
            Self::Call(error) => error.exit(),
        }
    }

    fn code(&self) -> String {
        match self {
            Self::Unsupported => "input.unsupported",
            Self::Packing(CompressError::Read(_)) => "source.unreadable",
            Self::Packing(CompressError::Write(cause)) if cause.kind() == ErrorKind::StorageFull => "disk.full",
            Self::Packing(CompressError::Write(_)) => "disk.unwritable",
            Self::Packing(_) => "layer.not_packed",
            Self::Draft(error) => return error.code(),
            Self::Source(error) => return error.code(),
            Self::Require(error) => return error.code(),
            Self::RepositoryMissing(_) => "repository.missing",
            Self::TagImmutable { .. } => "tag.immutable",
            Self::Moved { .. } => "tag.moved",
            Self::Endpoint(_) => "registry.endpoint",
            Self::Certificates(_) => "system.certificates",
            Self::Call(error) => return error.code(),
        }
        .to_owned()
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Packing(CompressError::Write(_)) => {
                "make room in the folder that TMPDIR names, or name another one".to_owned()
            }
            Self::Packing(CompressError::Read(_)) => "look at the archive with: tar --list --file FILE".to_owned(),
            Self::Packing(_) => return None,
            Self::Draft(error) => return error.hint(),
            Self::Unsupported => "docker save IMAGE > web.tar && ecr-push web.tar --repository NAME".to_owned(),
            Self::Source(error) => return error.hint(),
            Self::Require(error) => return error.hint(),
            Self::RepositoryMissing(repository) => {
                format!("aws ecr create-repository --repository-name {repository}; or is the region another one?")
            }
            Self::TagImmutable { .. } => "push the image under a new tag".to_owned(),
            Self::Moved { .. } => {
                "someone else pushed at the same time; look who should win, and push again".to_owned()
            }
            Self::Endpoint(_) => "look at AWS_ENDPOINT_URL and --endpoint-url".to_owned(),
            Self::Certificates(_) => "install the package ca-certificates".to_owned(),
            Self::Call(error) => return error.hint(),
        })
    }

    fn request_id(&self) -> Option<String> {
        match self {
            Self::Call(error) => error.request_id(),
            _ => None,
        }
    }
}
