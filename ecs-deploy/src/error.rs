//! What can go wrong.

mod hint;

use std::path::PathBuf;

use contract::aws::CallError;
use contract::document::DocumentError;
use contract::requirement::Unmet;
use contract::{Exit, Fault};
use thiserror::Error;

use crate::finding::Finding;
use crate::image_reference::NotAnImage;
use crate::request::NotPromoted;
use crate::strategy::Contradiction;
use crate::task_definition::{NotAChange, SwapError};

/// An error of `ecs-deploy`.
#[derive(Debug, Error)]
pub enum Error {
    /// Nobody says which image.
    #[error("no image is named: the release document has none, and there is no --image")]
    NoImage,
    /// The image's name is none.
    #[error(transparent)]
    Image(#[from] NotAnImage),
    /// A change of the task definition is none.
    #[error(transparent)]
    Change(#[from] NotAChange),
    /// Settings of the strategy that do not go together, or are out of range.
    #[error(transparent)]
    Setting(#[from] Contradiction),
    /// Flags that do not go together.
    #[error("{0}")]
    Flags(String),
    /// A file cannot be read.
    #[error("{} cannot be read: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The release document is not understood.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// `--require` is not met.
    #[error(transparent)]
    Require(#[from] Unmet),
    /// `--promote-from` is not met.
    #[error(transparent)]
    Promotion(#[from] NotPromoted),
    /// No deployment is named, and none can be found.
    #[error("no deployment is named: give its ARN, a document that has one, or --cluster and --service")]
    NoSubject,
    /// What is named is no deployment.
    #[error("`{0}` is neither the ARN of a service deployment nor the id of a deployment of CodeDeploy")]
    NotADeployment(String),
    /// The document names a deployment of another cluster, account, region or service than it says.
    #[error("the document says that `{arn}` is the deployment of {cluster}/{service}, which it is not")]
    OtherDeployment {
        /// The ARN in the document.
        arn: String,
        /// The cluster that it is to be of.
        cluster: String,
        /// The service that it is to be of.
        service: String,
    },
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
    /// Neither ECS nor CodeDeploy deploys this service.
    #[error("the service is deployed by {0}, and not by ECS or CodeDeploy")]
    Controller(String),
    /// No deployment group of CodeDeploy deploys the service.
    #[error("CodeDeploy controls the service `{0}`, but no deployment group with a target group deploys it")]
    NoDeploymentGroup(String),
    /// The task definition cannot be changed so.
    #[error(transparent)]
    Swap(#[from] SwapError),
    /// Something that the release needs is not there.
    #[error("{}", refused(.0))]
    Refused(Vec<Finding>),
    /// The task that runs before the release failed.
    #[error("the task before the release failed: {0}")]
    Task(String),
    /// A call to AWS failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// AWS answered something else than its documentation says.
    #[error("the answer to {operation} is not understood: {cause}")]
    Answer {
        /// What was asked.
        operation: &'static str,
        /// Why.
        cause: String,
    },
    /// ECS took the update, but its deployment does not show.
    #[error("the service was updated to {task_definition}, but its deployment does not show")]
    NoDeployment {
        /// The task definition that is rolled out.
        task_definition: String,
        /// The command that looks again.
        look: String,
    },
    /// Nobody knows whether the service was updated.
    #[error("it is not known whether the service was updated: {error}")]
    Unsure {
        /// What went wrong.
        error: CallError,
        /// The command that looks.
        look: String,
    },
    /// The deployment cannot be seen any more; it goes on.
    #[error("the deployment goes on, but cannot be followed: {0}")]
    Lost(String),
    /// It is under way.
    #[error("the deployment is under way: {what}")]
    UnderWay {
        /// Where it is.
        what: String,
        /// The command that watches it.
        resume: String,
    },
    /// It waits for somebody.
    #[error("the deployment waits at {stage} for somebody to let it go on")]
    Paused {
        /// The lifecycle stage.
        stage: String,
        /// The command that lets it go on.
        go_on: String,
        /// The command that has it taken back.
        stop: String,
    },
    /// It went back.
    #[error("rolled back: {0}")]
    RolledBack(String),
    /// It could not go back.
    #[error("the rollback failed: {0}")]
    RollbackFailed(String),
    /// A newer deployment took its place.
    #[error("superseded by another deployment: {0}")]
    Superseded(String),
    /// Something else was deployed before it could be gone back from.
    #[error("not gone back from: {0} was deployed meanwhile")]
    Replaced(String),
    /// CodeDeploy takes one deployment of a service at a time.
    #[error("another deployment of CodeDeploy is under way: {id}")]
    Occupied {
        /// That deployment.
        id: String,
        /// The command that looks at it.
        look: String,
    },
    /// There is no such deployment.
    #[error("AWS knows no deployment {0}")]
    NoSuchDeployment(String),
    /// It was stopped.
    #[error("stopped: {0}")]
    Stopped(String),
    /// The service was deleted meanwhile.
    #[error("the service was deleted while it was deployed: {0}")]
    Deleted(String),
    /// There is nothing to go back to.
    #[error("there is no earlier successful deployment of `{0}` to go back to")]
    NoCandidate(String),
    /// There is nothing to stop or to let go on.
    #[error("no deployment of `{0}` is under way")]
    NotUnderWay(String),
    /// It does not wait at a pause.
    #[error("the deployment does not wait at a pause: it is in {0}")]
    NotPaused(String),
    /// A signal ended the watching after the deployment was rolled back.
    #[error("ended by signal {signal}: {outcome}")]
    Interrupted {
        /// The signal.
        signal: u8,
        /// What became of the deployment.
        outcome: String,
    },
}

/// The findings that failed: the first one whole, the others counted.
fn refused(findings: &[Finding]) -> String {
    let Some(first) = findings.first() else { return "refused".to_owned() };
    let more = match findings.len() {
        1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    format!("refused, nothing was changed: {} {}: {}{more}", first.topic, first.subject, first.message)
}

impl Fault for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Document(error) => error.exit(),
            Self::Require(error) => error.exit(),
            Self::Call(error) => error.exit(),
            Self::Swap(SwapError::Shape(_))
            | Self::NoService { .. }
            | Self::Answer { .. }
            | Self::NoSuchDeployment(_)
            | Self::NoDeploymentGroup(_) => Exit::World,
            Self::NoImage
            | Self::Image(_)
            | Self::Change(_)
            | Self::Setting(_)
            | Self::Flags(_)
            | Self::File { .. }
            | Self::NoSubject
            | Self::NotADeployment(_)
            | Self::OtherDeployment { .. }
            | Self::Controller(_)
            | Self::Swap(_) => Exit::Usage,
            Self::NoDeployment { .. }
            | Self::Unsure { .. }
            | Self::Lost(_)
            | Self::UnderWay { .. }
            | Self::Paused { .. } => Exit::Unknown,
            Self::Promotion(_)
            | Self::Refused(_)
            | Self::Task(_)
            | Self::RolledBack(_)
            | Self::RollbackFailed(_)
            | Self::Superseded(_)
            | Self::Replaced(_)
            | Self::Occupied { .. }
            | Self::Stopped(_)
            | Self::Deleted(_)
            | Self::NoCandidate(_)
            | Self::NotUnderWay(_)
            | Self::NotPaused(_) => Exit::No,
            Self::Interrupted { signal, .. } => Exit::Signal(*signal),
        }
    }

    fn code(&self) -> String {
        match self {
            Self::NoImage => "image.missing",
            Self::Image(_) | Self::Change(NotAChange::Image(_)) => "image.invalid",
            Self::Change(_) => "change.invalid",
            Self::Setting(_) => "strategy.invalid",
            Self::Flags(_) => "usage",
            Self::File { .. } => "file.unreadable",
            Self::Document(error) => return error.code(),
            Self::Require(error) => return error.code(),
            Self::Promotion(NotPromoted::OtherCluster { .. }) => "promotion.other_cluster",
            Self::Promotion(NotPromoted::OtherService { .. }) => "promotion.other_service",
            Self::Promotion(NotPromoted::NotDeployed { .. }) => "promotion.not_deployed",
            Self::NoSubject => "deployment.missing",
            Self::NotADeployment(_) | Self::OtherDeployment { .. } => "deployment.invalid",
            Self::NoService { .. } => "service.missing",
            Self::Controller(_) => "service.controller",
            Self::NoDeploymentGroup(_) => "service.no_deployment_group",
            Self::Swap(SwapError::Shape(_)) => "task_definition.shape",
            Self::Swap(SwapError::NoSuchContainer { .. }) => "container.missing",
            Self::Swap(SwapError::Ambiguous(_)) => "container.ambiguous",
            Self::Refused(findings) => {
                let topic = findings.first().map_or_else(String::new, |finding| finding.topic.to_string());
                return format!("preflight.{topic}");
            }
            Self::Task(_) => "task.failed",
            Self::Call(error) => return error.code(),
            Self::Answer { .. } => "aws.answer",
            Self::NoDeployment { .. } => "deployment.not_seen",
            Self::Unsure { .. } => "deployment.unsure",
            Self::Lost(_) => "deployment.lost",
            Self::UnderWay { .. } => "deployment.in_progress",
            Self::Paused { .. } => "deployment.paused",
            Self::RolledBack(_) => "deployment.rolled_back",
            Self::RollbackFailed(_) => "deployment.rollback_failed",
            Self::Superseded(_) | Self::Replaced(_) => "deployment.superseded",
            Self::NoSuchDeployment(_) => "deployment.unknown",
            Self::Occupied { .. } => "deployment.occupied",
            Self::Stopped(_) => "deployment.stopped",
            Self::Deleted(_) => "service.deleted",
            Self::NoCandidate(_) => "rollback.no_candidate",
            Self::NotUnderWay(_) => "deployment.not_under_way",
            Self::NotPaused(_) => "deployment.not_paused",
            Self::Interrupted { .. } => "interrupted",
        }
        .to_owned()
    }

    fn hint(&self) -> Option<String> {
        hint::of(self)
    }

    fn request_id(&self) -> Option<String> {
        match self {
            Self::Call(error) | Self::Unsure { error, .. } => error.request_id(),
            _ => None,
        }
    }
}
