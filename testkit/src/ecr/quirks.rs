//! How ECR's registry departs from the OCI distribution specification, and a switch for each way.
//!
//! Sources are issues in public trackers unless something else is named; no departure was seen by this project on a
//! live account.
//!
//! One departure is no switch but a fault: ECR cuts the connection where a repository is missing
//! (docker/build-push-action#850). The local registry answers `NAME_UNKNOWN`; `registry:StartUpload=refuse` cuts.

use std::time::Duration;

/// 5 MiB: what a part of a layer must at least have. Source: ECR API reference, `LayerPartTooSmallException`.
const MINIMUM_PART: u64 = 5 * 1024 * 1024;

/// The ways in which the local registry departs from the specification.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, each set by its name")]
pub struct Quirks {
    /// Whose codes and messages errors carry.
    pub words: Words,
    /// A chunk is answered with 201 in place of 202. Source: aws/containers-roadmap#2831, `openai/tart#273`.
    pub patch_answers_created: bool,
    /// After the second chunk `Range` still says where the first one ended, though all is stored. Source:
    /// aws/containers-roadmap#2831.
    pub range_stays_after_first_chunk: bool,
    /// What every part but the last must at least have, in bytes; 0 asks for nothing. It is checked when the upload is
    /// finished. Source: dotnet/sdk-container-builds#424.
    pub minimum_part: u64,
    /// An upload of nothing cannot be finished: there is no layer of 0 bytes. Source: devcontainers/cli#814.
    pub refuses_empty_blobs: bool,
    /// An immutable tag refuses even the image that it names already. Source: aws/containers-roadmap#2179, #2380.
    pub immutable_tag_refuses_same_image: bool,
    /// How long after its upload a blob is still missing to the check of a manifest, in AWS time; nothing unless a test
    /// sets it. Source: ocync#104 ("hundreds of milliseconds").
    pub manifest_lag: Duration,
    /// A blob is mounted only if the account setting `BLOB_MOUNTING` is `ENABLED`, an image of the source repository is
    /// made of it and both repositories are encrypted alike. Sources: ECR user guide, "Blob mounting";
    /// aws/containers-roadmap#2860.
    pub mount_is_restricted: bool,
    /// The address of an upload carries its offset, and a stale one is refused: a client must use the last `Location`,
    /// unchanged. So does the CNCF registry; ECR's addresses carry nothing. Source: OCI distribution specification,
    /// "Pushing a blob in chunks".
    pub location_carries_offset: bool,
    /// Requests are counted by the second of AWS time and answered 429 beyond ECR's quotas (`PutImage`: 10). Off unless
    /// a test sets it. Source: ECR user guide, "Amazon ECR service quotas".
    pub rate_limits: bool,
}

/// Whose codes and messages the registry's errors carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// ECR's.
    Ecr,
    /// Those that the OCI distribution specification names for the case.
    Oci,
}

impl Quirks {
    /// ECR as it is known to behave, apart from what depends on load: lag and rate limits are off.
    #[must_use]
    pub fn ecr() -> Self {
        Self {
            words: Words::Ecr,
            patch_answers_created: true,
            range_stays_after_first_chunk: true,
            minimum_part: MINIMUM_PART,
            refuses_empty_blobs: true,
            immutable_tag_refuses_same_image: true,
            manifest_lag: Duration::ZERO,
            mount_is_restricted: true,
            location_carries_offset: false,
            rate_limits: false,
        }
    }

    /// A registry that keeps to the OCI distribution specification.
    #[must_use]
    pub fn oci() -> Self {
        Self {
            words: Words::Oci,
            patch_answers_created: false,
            range_stays_after_first_chunk: false,
            minimum_part: 0,
            refuses_empty_blobs: false,
            immutable_tag_refuses_same_image: false,
            manifest_lag: Duration::ZERO,
            mount_is_restricted: false,
            location_carries_offset: true,
            rate_limits: false,
        }
    }
}

impl Default for Quirks {
    fn default() -> Self {
        Self::ecr()
    }
}
