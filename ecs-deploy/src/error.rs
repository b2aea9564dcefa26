//! What can go wrong, and what to do then.

use contract::aws::{CallError, CallErrorKind};
use contract::document::DocumentError;
use contract::requirement::Unmet;
use contract::{Exit, Fault};
use thiserror::Error;

use crate::image_reference::NotAnImage;
use crate::task_definition::SwapError;

/// An error of `ecs-deploy`.
#[derive(Debug, Error)]
pub enum Error {
    /// Nobody says which image.
    #[error("no image is named: the release document has none, and there is no --image")]
    NoImage,
    /// The image's name is none.
    #[error(transparent)]
    Image(#[from] NotAnImage),
    /// The release document is not understood.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// `--require` is not met.
    #[error(transparent)]
    Require(#[from] Unmet),
    /// The service is not there.
    #[error("there is no service `{service}` in cluster `{cluster}`: {reason}")]
    NoService {
        /// The cluster that was asked.
        cluster: String,
        /// The service that was asked for.
        service: String,
        /// ECS's word for it.
        reason: String,
    },
    /// ECS does not deploy this service itself.
    #[error("the service is deployed by {0}, not by ECS: that is not there yet")]
    Controller(String),
    /// The image cannot be swapped.
    #[error(transparent)]
    Swap(#[from] SwapError),
    /// A call to AWS failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// ECS took the update, but its deployment does not show.
    #[error("the service was updated to {task_definition}, but its deployment does not show")]
    NoDeployment {
        /// The task definition that is rolled out.
        task_definition: String,
    },
    /// The deployment cannot be seen any more; it goes on.
    #[error("the deployment goes on, but cannot be followed: {0}")]
    Lost(CallError),
    /// ECS went back.
    #[error("rolled back: {0}")]
    RolledBack(String),
    /// ECS could not go back.
    #[error("the rollback failed: {0}")]
    RollbackFailed(String),
    /// A newer deployment took its place.
    #[error("superseded by another deployment: {0}")]
    Superseded(String),
    /// It was stopped.
    #[error("stopped: {0}")]
    Stopped(String),
}

impl Fault for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Document(error) => error.exit(),
            Self::Require(error) => error.exit(),
            Self::Swap(SwapError::Shape(_)) | Self::NoService { .. } => Exit::World,
            Self::NoImage | Self::Image(_) | Self::Controller(_) | Self::Swap(_) => Exit::Usage,
            Self::Call(error) => error.exit(),
            Self::NoDeployment { .. } | Self::Lost(_) => Exit::Unknown,
            Self::RolledBack(_) | Self::RollbackFailed(_) | Self::Superseded(_) | Self::Stopped(_) => Exit::No,
        }
    }

    fn code(&self) -> String {
        match self {
            Self::NoImage => "image.missing",
            Self::Image(_) => "image.invalid",
            Self::Document(error) => return error.code(),
            Self::Require(error) => return error.code(),
            Self::NoService { .. } => "service.missing",
            Self::Controller(_) => "service.controller",
            Self::Swap(SwapError::Shape(_)) => "task_definition.shape",
            Self::Swap(SwapError::NoSuchContainer { .. }) => "container.missing",
            Self::Swap(SwapError::Ambiguous(_)) => "container.ambiguous",
            Self::Call(error) => return error.code(),
            Self::NoDeployment { .. } => "deployment.not_seen",
            Self::Lost(_) => "deployment.lost",
            Self::RolledBack(_) => "deployment.rolled_back",
            Self::RollbackFailed(_) => "deployment.rollback_failed",
            Self::Superseded(_) => "deployment.superseded",
            Self::Stopped(_) => "deployment.stopped",
        }
        .to_owned()
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoImage => "name it with --image, or pipe the output of ecr-push in".to_owned(),
            Self::Image(_) => "write HOST/REPOSITORY@sha256:…".to_owned(),
            Self::Document(error) => return error.hint(),
            Self::Require(error) => return error.hint(),
            Self::NoService { cluster, .. } => format!("aws ecs list-services --cluster {cluster}"),
            Self::Controller(_) => "only services with the deployment controller ECS are rolled out so far".to_owned(),
            Self::Swap(SwapError::Ambiguous(_) | SwapError::NoSuchContainer { .. }) => {
                "say which one with --container".to_owned()
            }
            Self::Call(error) => return call_hint(error),
            Self::Swap(SwapError::Shape(_)) | Self::NoDeployment { .. } | Self::Lost(_) | Self::Superseded(_) => {
                return None;
            }
            Self::RolledBack(_) | Self::Stopped(_) => {
                "fix the cause and push a new image; the old revision serves".to_owned()
            }
            Self::RollbackFailed(_) => "look at the service now: nobody knows what serves".to_owned(),
        })
    }

    fn request_id(&self) -> Option<String> {
        match self {
            Self::Call(error) | Self::Lost(error) => error.request_id(),
            _ => None,
        }
    }
}

fn call_hint(error: &CallError) -> Option<String> {
    let refused = error.kind == CallErrorKind::Refused;
    if refused && error.code.as_deref() == Some("ClusterNotFoundException") {
        return Some("aws ecs list-clusters; is the region right?".to_owned());
    }
    error.hint()
}
