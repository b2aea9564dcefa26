//! The command line.

use std::path::PathBuf;

use clap::Parser;
use contract::arguments::{AwsArguments, ChangeArguments, CommonArguments};

use crate::repository::Repository;
use crate::tag::Tag;

/// Push a container image from a folder or an archive into ECR.
///
/// Checks every blob of the layout against its digest before the first byte is sent, sends what the repository does not have, points the tags at the
/// image and looks whether they do. The image keeps its digest. If all tags point at it already, nothing is done.
///
/// A signal or --timeout leaves the tags as they are; blobs that were sent whole are not sent again by the next run.
#[derive(Debug, Parser)]
#[command(after_long_help = "\
Examples:
  ecr-push web/ --repository web --tag 1.4.0 --tag latest
  scan-gate report.json | ecr-push web/ --repository web --tag 1.4.0 --input - --require scan
  skopeo copy docker-archive:web.tar oci:web && ecr-push web/ --repository web --dry-run")]
pub struct Arguments {
    /// The image: an OCI layout, as a folder or in a tar, or what `docker save` wrote; plain or packed by gzip or zstd.
    #[arg(value_name = "IMAGE")]
    pub layout: Option<PathBuf>,

    /// The repository in ECR; it must exist.
    #[arg(long, value_name = "NAME")]
    pub repository: Repository,

    /// A tag that is to point at the image; can be given several times. Without one the image is found by its digest only.
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<Tag>,

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
