//! What to do about an error: the next command to type, or what to look at.

use contract::Fault;
use contract::aws::{CallError, CallErrorKind};

use super::Error;
use crate::task_definition::SwapError;

pub(super) fn of(error: &Error) -> Option<String> {
    Some(match error {
        Error::NoImage => {
            "name it with --image, pipe the output of ecr-push in, or keep it with --keep-image".to_owned()
        }
        Error::Image(_) | Error::Change(_) => "ecs-deploy --help shows how it is written".to_owned(),
        Error::Setting(_) | Error::Flags(_) => "ecs-deploy --help".to_owned(),
        Error::Document(error) => return error.hint(),
        Error::Require(error) => return error.hint(),
        Error::NoSubject | Error::NotADeployment(_) | Error::NoSuchDeployment(_) => {
            "aws ecs list-service-deployments --cluster CLUSTER --service SERVICE".to_owned()
        }
        Error::NoService { cluster, .. } => format!("aws ecs list-services --cluster {cluster}"),
        Error::Controller(_) => "an EXTERNAL service is deployed by its own controller, with task sets".to_owned(),
        Error::NoDeploymentGroup(_) => "aws deploy list-deployment-groups --application-name APPLICATION".to_owned(),
        Error::Swap(SwapError::Ambiguous(_) | SwapError::NoSuchContainer { .. }) => {
            "say which one: --container NAME, --image NAME=IMAGE, --env NAME:VARIABLE=VALUE".to_owned()
        }
        Error::Refused(findings) => return findings.first().and_then(|finding| finding.fix.clone()),
        Error::Task(_) => "look at `deployment.task.log` of the document; nothing was deployed".to_owned(),
        Error::Call(error) => return of_call(error),
        Error::Unsure { look, .. } | Error::NoDeployment { look, .. } | Error::Occupied { look, .. } => look.clone(),
        Error::Superseded(newer) => format!("ecs-deploy --resume {newer}"),
        Error::UnderWay { resume, .. } => resume.clone(),
        Error::Paused { go_on, stop, .. } => format!("{go_on}, or {stop}"),
        Error::RolledBack(_) => "fix the cause and push a new image; the old revision serves".to_owned(),
        Error::Stopped(_) => "nothing went back: look at what serves, or go back with --rollback".to_owned(),
        Error::Replaced(_) => "ecs-deploy --status shows the newer deployment".to_owned(),
        Error::RollbackFailed(_) => "look at the service now: nobody knows what serves".to_owned(),
        Error::NoCandidate(_) => "name the image to go back to with --image".to_owned(),
        Error::NotUnderWay(_) => "to go back from a deployment that is through: --rollback".to_owned(),
        Error::File { .. }
        | Error::Swap(SwapError::Shape(_))
        | Error::Answer { .. }
        | Error::NotPaused(_)
        | Error::Lost(_)
        | Error::Deleted(_)
        | Error::Interrupted { .. } => return None,
    })
}

fn of_call(error: &CallError) -> Option<String> {
    let refused = error.kind == CallErrorKind::Refused;
    if refused && error.code.as_deref() == Some("ClusterNotFoundException") {
        return Some("aws ecs list-clusters".to_owned());
    }
    error.hint()
}
