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
            "say which one with --container NAME, or --image NAME=IMAGE".to_owned()
        }
        Error::Refused(findings) => return findings.first().and_then(|finding| finding.fix.clone()),
        Error::Task(_) => "look at `deployment.task.log` of the document; nothing was deployed".to_owned(),
        Error::Call(error) => return of_call(error),
        Error::Unsure(_) => "ecs-deploy --status shows whether a deployment is there".to_owned(),
        Error::Superseded(newer) => format!("ecs-deploy --resume {newer}"),
        Error::UnderWay(_) => "ecs-deploy --resume watches it".to_owned(),
        Error::Paused { deployment, .. } => {
            format!("ecs-deploy --continue {deployment}, or ecs-deploy --stop {deployment}")
        }
        Error::RolledBack(_) => "fix the cause and push a new image; the old revision serves".to_owned(),
        Error::Stopped(_) => "nothing went back: look at what serves, or go back with --rollback".to_owned(),
        Error::Replaced(_) => "ecs-deploy --status shows the newer deployment".to_owned(),
        Error::RollbackFailed(_) => "look at the service now: nobody knows what serves".to_owned(),
        Error::NoCandidate(_) => "name the image to go back to with --image".to_owned(),
        Error::NotUnderWay(service) => format!("ecs-deploy --cluster CLUSTER --service {service} --rollback goes back"),
        Error::NotPaused(_) => "ecs-deploy --status shows where it is".to_owned(),
        Error::File { .. }
        | Error::Swap(SwapError::Shape(_))
        | Error::Answer { .. }
        | Error::NoDeployment { .. }
        | Error::Lost(_)
        | Error::Deleted(_)
        | Error::Interrupted { .. } => return None,
    })
}

fn of_call(error: &CallError) -> Option<String> {
    let refused = error.kind == CallErrorKind::Refused;
    if refused && error.code.as_deref() == Some("ClusterNotFoundException") {
        return Some("aws ecs list-clusters; is the region right?".to_owned());
    }
    error.hint()
}
