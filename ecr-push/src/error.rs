//! What can go wrong, and what to do then.

mod hint;

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use contract::aws::{CallError, CallErrorKind};
use contract::requirement::Unmet;
use contract::{Digest, Exit, Fault};
use thiserror::Error;

use crate::compress::CompressError;
use crate::credentials::CredentialsError;
use crate::image_name::NotAnImageName;
use crate::reference::Reference;
use crate::repository::Repository;
use crate::source::{DraftError, SourceError};
use crate::tag::Tag;

/// An error of `ecr-push`.
#[derive(Debug, Error)]
pub enum Error {
    /// No image is named, and none came.
    #[error("no image is named, and none came on standard input")]
    NoImage,
    /// What is named is none.
    #[error(transparent)]
    Name(#[from] NotAnImageName),
    /// The image in a registry is named twice.
    #[error("--image is for archives and layouts: an image in a registry is named by its tag or digest")]
    ImageTwice,
    /// A registry is named by something else than its host.
    #[error("`{0}` is no registry: it is named by its host, with its port if it has one")]
    RegistryName(String),
    /// No byte could ever be sent.
    #[error("a rate of 0 bytes a second sends nothing")]
    NoRate,
    /// A flag that only makes sense with ECR.
    #[error("{0} is for ECR only, and another registry is named")]
    OnlyEcr(&'static str),
    /// The daemon is not on this machine.
    #[error("the Docker daemon is reached by a socket only, `{0}` is none: expected unix:///PATH")]
    DockerHost(String),
    /// There are more filters than ECR takes.
    #[error("{given} filters for tags are given, ECR takes {most}")]
    TooManyFilters {
        /// How many are given.
        given: usize,
        /// How many ECR takes.
        most: usize,
    },
    /// Nothing can be packed and sent within the memory.
    #[error("the memory that is allowed does not suffice: to pack and to send a layer takes {least} bytes")]
    Memory {
        /// What packing takes.
        least: usize,
    },
    /// A lifecycle policy is none.
    #[error("`{}` is no lifecycle policy: {cause}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: serde_json::Error,
    },
    /// The repository was created, but not set up.
    #[error("the repository `{repository}` was created, but its lifecycle policy was not put: {cause}")]
    PolicyNotPut {
        /// The repository.
        repository: Repository,
        /// AWS's own words.
        cause: Box<CallError>,
    },
    /// A file that was named cannot be read.
    #[error("`{}` cannot be read: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// A file that was named cannot be written.
    #[error("`{}` cannot be written: {cause}", path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// A layer cannot be packed.
    #[error(transparent)]
    Packing(CompressError),
    /// No manifest can be written for the packed layers.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The image cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Nobody reads the stream any more.
    #[error("the image was not read to its end")]
    StreamStopped,
    /// ECR takes nothing that is empty.
    #[error("`{0}` is empty: ECR takes no blob without a byte")]
    Empty(String),
    /// A layer is larger than ECR takes.
    #[error("the layer {digest} has {size} bytes, ECR takes {most}")]
    LayerTooLarge {
        /// The layer.
        digest: Digest,
        /// Its size.
        size: u64,
        /// What ECR takes.
        most: u64,
    },
    /// The daemon cannot be asked.
    #[error("the Docker daemon at `{}` cannot be asked: {cause}", socket.display())]
    Daemon {
        /// Its socket.
        socket: PathBuf,
        /// Why not.
        cause: String,
    },
    /// The daemon has no such image.
    #[error("the Docker daemon has no image `{name}`: {cause}")]
    NotInDaemon {
        /// The name.
        name: String,
        /// The daemon's own words.
        cause: String,
    },
    /// The registry that is copied from has no such image.
    #[error("there is no image `{name}` in {registry}")]
    NotInRegistry {
        /// The registry.
        registry: String,
        /// Repository and tag or digest.
        name: String,
    },
    /// `--require` is not met.
    #[error(transparent)]
    Require(#[from] Unmet),
    /// The repository is not there.
    #[error("there is no repository `{repository}` in {place}; nothing was sent{}", also(elsewhere))]
    RepositoryMissing {
        /// Its name.
        repository: Repository,
        /// The registry or region that was asked.
        place: String,
        /// The account, if its registry was named.
        account: Option<String>,
        /// Regions in which the account has it.
        elsewhere: BTreeSet<String>,
    },
    /// The repository is in another account, which does not let us in.
    #[error("the repository `{repository}` of account {account} is not open to this role: {cause}")]
    OtherAccount {
        /// Its name.
        repository: Repository,
        /// Whose it is.
        account: String,
        /// AWS's own words.
        cause: Box<CallError>,
    },
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
    #[error("`{reference}` was set to {expected}, but points at {found}")]
    Moved {
        /// The reference.
        reference: Reference,
        /// Where it points.
        found: Digest,
        /// The image at hand.
        expected: Digest,
    },
    /// The push was taken, but the registry does not show it.
    #[error("`{reference}` was set to {expected}, and the registry took it, but does not show it")]
    Unseen {
        /// The reference.
        reference: Reference,
        /// The image at hand.
        expected: Digest,
    },
    /// What lists attachments is no list.
    #[error("`{tag}`, which should list what is attached to the image, is not understood: {cause}")]
    Attachments {
        /// The tag.
        tag: String,
        /// Why not.
        cause: serde_json::Error,
    },
    /// The scan ended without findings.
    #[error("the image is pushed, but ECR did not scan {digest}: {status}{}", description.as_ref().map(|text| format!(", {text}")).unwrap_or_default())]
    ScanFailed {
        /// Its repository.
        repository: Repository,
        /// The image.
        digest: Digest,
        /// ECR's word for how it ended.
        status: String,
        /// ECR's reason.
        description: Option<String>,
    },
    /// No scan began.
    #[error("the image is pushed, but ECR has not begun to scan {digest} within {seconds} s")]
    ScanNotStarted {
        /// Its repository.
        repository: Repository,
        /// The image.
        digest: Digest,
        /// How long was waited.
        seconds: u64,
    },
    /// The scan goes on and on.
    #[error("the image is pushed, but ECR has not ended its scan of {digest} within {seconds} s: {status}")]
    ScanUnfinished {
        /// The image.
        digest: Digest,
        /// How long was waited.
        seconds: u64,
        /// ECR's word for how far it is.
        status: String,
    },
    /// A registry's address is none.
    #[error("`{0}` is no address of a registry")]
    Endpoint(String),
    /// The system's certificates are of no use.
    #[error("TLS cannot be set up: {0}")]
    Certificates(io::Error),
    /// The file of further certificates is of no use.
    #[error("`{}` holds no certificates to trust: {cause}", path.display())]
    TrustedFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
    /// A token cannot stand in a header.
    #[error("the registry's token cannot be sent: it has characters that no token has")]
    Token,
    /// The user's credentials cannot be read.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// A call to ECR or a request to a registry failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Error {
    /// A call that was refused. That another account does not let us in is that account's doing, not that of our role.
    pub(crate) fn refused(cause: CallError, repository: &Repository, foreign_account: Option<&str>) -> Self {
        match foreign_account {
            Some(account) if cause.kind == CallErrorKind::AccessDenied => Self::OtherAccount {
                repository: repository.clone(),
                account: account.to_owned(),
                cause: Box::new(cause),
            },
            _ => cause.into(),
        }
    }
}

fn also(elsewhere: &BTreeSet<String>) -> String {
    if elsewhere.is_empty() {
        return String::new();
    }
    let regions: Vec<&str> = elsewhere.iter().map(String::as_str).collect();
    format!("; it is in {}", regions.join(", "))
}

fn is_full(cause: &io::Error) -> bool {
    matches!(cause.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

impl Fault for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NoImage
            | Self::Name(_)
            | Self::ImageTwice
            | Self::RegistryName(_)
            | Self::NoRate
            | Self::OnlyEcr(_)
            | Self::DockerHost(_)
            | Self::TooManyFilters { .. }
            | Self::Memory { .. }
            | Self::Policy { .. }
            | Self::File { .. }
            | Self::Packing(CompressError::Read(_))
            | Self::LayerTooLarge { .. }
            | Self::Empty(_)
            | Self::NotInDaemon { .. }
            | Self::NotInRegistry { .. }
            | Self::TrustedFile { .. } => Exit::Usage,
            Self::Draft(error) => error.exit(),
            Self::Source(error) => error.exit(),
            Self::Require(error) => error.exit(),
            Self::Credentials(error) => error.exit(),
            Self::TagImmutable { .. } | Self::Moved { .. } => Exit::No,
            Self::Unseen { .. } | Self::ScanNotStarted { .. } | Self::ScanUnfinished { .. } => Exit::Unknown,
            Self::Packing(_)
            | Self::StreamStopped
            | Self::PolicyNotPut { .. }
            | Self::Output { .. }
            | Self::Daemon { .. }
            | Self::Endpoint(_)
            | Self::Certificates(_)
            | Self::Token
            | Self::Attachments { .. }
            | Self::ScanFailed { .. }
            | Self::OtherAccount { .. }
            | Self::RepositoryMissing { .. } => Exit::World,
            Self::Call(error) => error.exit(),
        }
    }

    fn code(&self) -> String {
        match self {
            Self::NoImage => "image.missing",
            Self::Name(_) => "image.name",
            Self::ImageTwice
            | Self::RegistryName(_)
            | Self::NoRate
            | Self::OnlyEcr(_)
            | Self::DockerHost(_)
            | Self::TooManyFilters { .. }
            | Self::Memory { .. } => "usage",
            Self::Policy { .. } => "policy.malformed",
            Self::PolicyNotPut { .. } => "policy.not_put",
            Self::File { .. } | Self::Packing(CompressError::Read(_)) => "source.unreadable",
            Self::Output { .. } => "output.unwritable",
            Self::Packing(CompressError::Write(cause)) if is_full(cause) => "disk.full",
            Self::Packing(CompressError::Write(_)) => "disk.unwritable",
            Self::Packing(_) => "layer.not_packed",
            Self::Draft(error) => return error.code(),
            Self::Source(error) => return error.code(),
            Self::StreamStopped => "stream.stopped",
            Self::LayerTooLarge { .. } => "layer.too_large",
            Self::Empty(_) => "blob.empty",
            Self::Daemon { .. } => "daemon.unreachable",
            Self::NotInDaemon { .. } | Self::NotInRegistry { .. } => "image.not_found",
            Self::Require(error) => return error.code(),
            Self::RepositoryMissing { elsewhere, .. } if !elsewhere.is_empty() => "repository.other_region",
            Self::RepositoryMissing { .. } => "repository.missing",
            Self::OtherAccount { .. } => "repository.other_account",
            Self::TagImmutable { .. } => "tag.immutable",
            Self::Moved { .. } => "tag.moved",
            Self::Unseen { .. } => "tag.unseen",
            Self::Attachments { .. } => "attachments.malformed",
            Self::ScanFailed { .. } => "scan.failed",
            Self::ScanNotStarted { .. } => "scan.not_started",
            Self::ScanUnfinished { .. } => "scan.unfinished",
            Self::Endpoint(_) => "registry.endpoint",
            Self::Certificates(_) => "system.certificates",
            Self::TrustedFile { .. } => "certificates.unreadable",
            Self::Token => "registry.token",
            Self::Credentials(error) => return error.code(),
            Self::Call(error) => return error.code(),
        }
        .to_owned()
    }

    fn hint(&self) -> Option<String> {
        hint::of(self)
    }

    fn request_id(&self) -> Option<String> {
        match self {
            Self::Call(error) => error.request_id(),
            Self::OtherAccount { cause, .. } | Self::PolicyNotPut { cause, .. } => cause.request_id(),
            _ => None,
        }
    }
}
