//! The command line.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, Parser};
use contract::Operand;
use contract::arguments::{AwsArguments, ChangeArguments, CommonArguments};

use crate::attachment::AttachmentFile;
use crate::byte_size::ByteSize;
use crate::compress::Encoding;
use crate::repository::Repository;
use crate::repository::settings::{RepositoryTag, TagMutability, WildcardFilter};
use crate::source::PlatformName;
use crate::tag::Tag;

/// Push a container image into ECR or another registry, from wherever it is.
///
/// Every layer is checked against its digest on its way; one that is not what it should be is never whole in the registry. What the registry
/// has is not sent. Then the tags are pointed at the image, and looked at whether they do. An image that carries its digest keeps it. If all
/// tags point at it already, nothing is done.
///
/// A signal or --timeout leaves the tags as they are; blobs that were sent whole are not sent again by the next run.
#[derive(Debug, Parser)]
#[command(after_long_help = "\
Examples:
  ecr-push web/ --repository web --tag 1.4.0 --tag latest
  docker save web:1.4.0 | ecr-push --repository web --tag 1.4.0
  ecr-push docker-daemon:web:1.4.0 --repository web --tag 1.4.0 --create --scan-on-push
  ecr-push docker://ghcr.io/acme/web:1.4.0 --repository web --tag 1.4.0 --platform linux/arm64
  ecr-push web.tar --repository web --tag 1.4.0 --attach application/spdx+json=web.spdx.json
  ecr-push web/ --repository web --tag 1.4.0 --wait-scan found.json | scan-gate found.json --input -
  scan-gate report.json | ecr-push web/ --repository web --tag 1.4.0 --input - --require scan")]
pub struct Arguments {
    /// The image: a folder or tar with an OCI layout, or what `docker save` wrote, plain or packed by gzip or zstd; `-` or nothing for a tar on
    /// standard input; `docker-daemon:NAME:TAG`; `docker://HOST/REPOSITORY:TAG`.
    #[arg(value_name = "IMAGE")]
    pub source: Option<PathBuf>,

    /// Which image, of several that an archive or a layout holds: its name, tag or digest.
    #[arg(long, value_name = "NAME")]
    pub image: Option<String>,

    /// Push one platform of several only, for example linux/arm64. Without it all of them are pushed.
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<PlatformName>,

    /// The repository.
    #[arg(long, value_name = "NAME")]
    pub repository: Repository,

    /// A tag that is to point at the image; can be given several times. Without one the image is found by its digest only.
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<Tag>,

    /// How bare layers are packed. Lambda and old versions of Docker do not take zstd.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub compression: Encoding,

    /// Attach a file to the image, such as an SBOM, a provenance or a signature; can be given several times.
    #[arg(long = "attach", value_name = "TYPE=FILE")]
    pub attachments: Vec<AttachmentFile>,

    /// Wait until ECR has scanned the image, and write what it found to this file, as `aws ecr describe-image-scan-findings` does.
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub wait_scan: Option<PathBuf>,

    /// The repository, if it is to be created.
    #[command(flatten)]
    pub create: CreateArguments,

    /// How blobs travel.
    #[command(flatten)]
    pub transfer: TransferArguments,

    /// Where registries are, and whom to trust.
    #[command(flatten)]
    pub registry: RegistryArguments,

    /// Only read.
    #[command(flatten)]
    pub change: ChangeArguments,

    /// How to reach AWS.
    #[command(flatten)]
    pub aws: AwsArguments,

    /// What all tools share.
    #[command(flatten)]
    pub common: CommonArguments,
}

impl Arguments {
    /// Whether the image comes on standard input. A document in a file leaves that to the image.
    #[must_use]
    pub fn operand(&self) -> Operand {
        match self.source.as_deref() {
            None if self.common.input.is_some() => Operand::StandardInput,
            None => Operand::Missing,
            Some(path) if path == Path::new("-") => Operand::StandardInput,
            Some(_) => Operand::Named,
        }
    }
}

/// What a repository is to be like if it is created.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "A new repository")]
pub struct CreateArguments {
    /// Create the repository if it is not there. One that is there stays as it is, whatever else is said here.
    #[arg(long)]
    pub create: bool,

    /// Scan images when they are pushed.
    #[arg(long, requires = "create")]
    pub scan_on_push: bool,

    /// Whether tags can be moved.
    #[arg(long, value_name = "MUTABILITY", value_enum, requires = "create")]
    pub tag_mutability: Option<TagMutability>,

    /// Tags for which the contrary holds, for example dev-*; at most five.
    #[arg(long, value_name = "FILTER", requires = "tag_mutability")]
    pub mutability_except: Vec<WildcardFilter>,

    /// The KMS key that encrypts the images: its id, alias or ARN, or `aws/ecr` for the account's own.
    #[arg(long, value_name = "KEY", requires = "create")]
    pub kms_key: Option<String>,

    /// A file with the lifecycle policy.
    #[arg(long, value_name = "FILE", requires = "create")]
    pub lifecycle_policy: Option<PathBuf>,

    /// A tag of the repository itself.
    #[arg(long = "repository-tag", value_name = "KEY=VALUE", requires = "create")]
    pub repository_tags: Vec<RepositoryTag>,
}

/// How blobs travel.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Transfer")]
pub struct TransferArguments {
    /// How many blobs are sent at a time.
    #[arg(long, value_name = "COUNT", default_value = "16")]
    pub jobs: NonZeroUsize,

    /// How much memory packing and sending may take, for example 64M.
    #[arg(long, value_name = "SIZE", default_value = "64M")]
    pub memory: ByteSize,

    /// Send no more bytes a second, for example 2M.
    #[arg(long, value_name = "SIZE")]
    pub limit_rate: Option<ByteSize>,

    /// A repository of the same registry that may have some of the blobs: they are taken from there if the registry allows it.
    #[arg(long, value_name = "NAME")]
    pub mount_from: Option<Repository>,

    /// The folder that remembers what layers became when they were packed; by default ecr-push in the user's cache folder.
    #[arg(long, value_name = "FOLDER")]
    pub cache: Option<PathBuf>,
}

/// Where registries are, and whom to trust.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Registry")]
pub struct RegistryArguments {
    /// The registry to push to; by default ECR's of the account and region. Another one is opened by what `docker login` left.
    #[arg(long, value_name = "HOST")]
    pub registry: Option<String>,

    /// A registry that is spoken to without TLS; can be given several times.
    #[arg(long, value_name = "HOST")]
    pub plain_http: Vec<String>,

    /// A file of certificates that registries may show, beside those that the system trusts.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,

    /// Where the Docker daemon listens.
    #[arg(long, value_name = "ADDRESS", env = "DOCKER_HOST", default_value = "unix:///var/run/docker.sock")]
    pub docker_host: String,
}
