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
        Error::Promotion(_) => "give the document that the deployment there left: --input FILE".to_owned(),
        Error::NoSubject | Error::NotADeployment(_) | Error::OtherDeployment { .. } | Error::NoSuchDeployment(_) => {
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
        Error::RolledBack(_) => {
            "the old revision serves; what failed: jq '.deployment.services[].causes, .deployment.checks' DOCUMENT".to_owned()
        }
        Error::Stopped(_) => "nothing went back: look at what serves, or go back with --rollback".to_owned(),
        Error::Replaced(_) => "ecs-deploy --status shows the newer deployment".to_owned(),
        Error::RollbackFailed(_) => {
            "nobody knows what serves, look now: ecs-deploy --cluster CLUSTER --service SERVICE --status".to_owned()
        }
        Error::NoCandidate(_) => "name the image to go back to with --image".to_owned(),
        Error::NotUnderWay(_) => "to go back from a deployment that is through: --rollback".to_owned(),
        Error::File { .. } => "check the name and the permissions of the file".to_owned(),
        Error::Swap(SwapError::Shape(_)) => {
            "look at it: aws ecs describe-task-definition --task-definition FAMILY".to_owned()
        }
        Error::Answer { .. } => "run it again with --verbose, which tells the request id of every call".to_owned(),
        Error::NotPaused(_) => "where it is: ecs-deploy --status; to watch it: ecs-deploy --resume".to_owned(),
        Error::Lost(_) => "look again: ecs-deploy --cluster CLUSTER --service SERVICE --status".to_owned(),
        Error::Deleted(_) => {
            "who did it: aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=DeleteService"
                .to_owned()
        }
        Error::Interrupted { .. } => {
            "look at what serves: ecs-deploy --cluster CLUSTER --service SERVICE --status".to_owned()
        }
    })
}

fn of_call(error: &CallError) -> Option<String> {
    let refused = error.kind == CallErrorKind::Refused;
    if refused && error.code.as_deref() == Some("ClusterNotFoundException") {
        return Some("aws ecs list-clusters".to_owned());
    }
    error.hint()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_any_more_is_looked_at_next() {
        let lost = of(&Error::Lost("AWS does not know it any more".to_owned()));
        let failed = of(&Error::RollbackFailed("the old image is gone".to_owned()));
        for hint in [lost, failed, of(&Error::Interrupted { signal: 15, outcome: "rolled back".to_owned() })] {
            assert!(hint.unwrap().ends_with("ecs-deploy --cluster CLUSTER --service SERVICE --status"));
        }
    }

    #[test]
    fn a_rollback_says_where_its_cause_stands() {
        let hint = of(&Error::RolledBack("3 × EssentialContainerExited".to_owned())).unwrap();
        assert_eq!(
            hint,
            "the old revision serves; what failed: jq '.deployment.services[].causes, .deployment.checks' DOCUMENT"
        );
    }

    #[test]
    fn an_answer_that_is_not_understood_is_asked_for_with_its_request_id() {
        let answer = Error::Answer { operation: "ecs:DescribeServices", cause: "EOF".to_owned() };
        assert!(of(&answer).unwrap().contains("--verbose"));
        assert!(of(&Error::NotPaused("BAKE_TIME".to_owned())).unwrap().contains("--resume"));
        assert!(of(&Error::Deleted("MISSING".to_owned())).unwrap().contains("lookup-events"));
    }
}
