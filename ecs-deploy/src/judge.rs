//! The verdict over one look at a deployment. Pure.

use crate::observation::Observation;

/// How a deployment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The new revision serves.
    Deployed,
    /// AWS went back to the old revision.
    RolledBack,
    /// AWS tried to go back and failed: nobody knows what serves.
    RollbackFailed,
    /// It was stopped: by a newer deployment, a person, or a failure without rollback.
    Stopped,
}

/// How a deployment of ECS in this status ended; `None` while it is under way. There is no `FAILED`: a failure shows as a stop or a rollback. A
/// status that nobody knows yet is under way.
///
/// Source: ECS API reference, `ServiceDeployment`, `status`.
#[must_use]
pub fn judge(status: &str) -> Option<End> {
    match status {
        "SUCCESSFUL" => Some(End::Deployed),
        "ROLLBACK_SUCCESSFUL" => Some(End::RolledBack),
        "ROLLBACK_FAILED" => Some(End::RollbackFailed),
        "STOPPED" => Some(End::Stopped),
        _ => None,
    }
}

/// How a deployment of CodeDeploy ended; `None` while it, or the one that rolls it back, is under way. `rollback` is the status of that one, if
/// CodeDeploy started one.
///
/// Source: CodeDeploy API reference, `DeploymentInfo`, `status` and `rollbackInfo`.
#[must_use]
pub fn judge_code_deploy(status: &str, rollback: Option<&str>) -> Option<End> {
    match (status, rollback) {
        ("Succeeded", _) => Some(End::Deployed),
        ("Failed" | "Stopped", Some("Succeeded")) => Some(End::RolledBack),
        ("Failed" | "Stopped", Some("Failed" | "Stopped")) => Some(End::RollbackFailed),
        ("Failed" | "Stopped", None) => Some(End::Stopped),
        _ => None,
    }
}

/// Whether a deployment is on its way back or at its end without success.
#[must_use]
pub fn is_failing(status: &str) -> bool {
    let failing = [
        "ROLLBACK_REQUESTED",
        "ROLLBACK_IN_PROGRESS",
        "ROLLBACK_SUCCESSFUL",
        "ROLLBACK_FAILED",
        "STOP_REQUESTED",
        "STOPPED",
        "Failed",
        "Stopped",
    ];
    failing.contains(&status)
}

/// Whether tasks are worth looking at now: the deployment fails, or tasks of it have failed already.
#[must_use]
pub fn shows_failure(observation: &Observation) -> bool {
    is_failing(&observation.status) || observation.circuit_breaker.is_some_and(|(failures, _)| failures > 0)
}

/// Whether a status, of ECS or of CodeDeploy, says that the new revision went through.
#[must_use]
pub fn is_through(status: &str) -> bool {
    judge(status) == Some(End::Deployed) || judge_code_deploy(status, None) == Some(End::Deployed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_verdict_and_a_rollback_is_no_success() {
        let cases = [
            ("PENDING", None),
            ("IN_PROGRESS", None),
            ("STOP_REQUESTED", None),
            ("ROLLBACK_REQUESTED", None),
            ("ROLLBACK_IN_PROGRESS", None),
            ("SUCCESSFUL", Some(End::Deployed)),
            ("STOPPED", Some(End::Stopped)),
            ("ROLLBACK_SUCCESSFUL", Some(End::RolledBack)),
            ("ROLLBACK_FAILED", Some(End::RollbackFailed)),
            ("SOMETHING_NEW", None),
            ("", None),
        ];
        for (status, expected) in cases {
            assert_eq!(judge(status), expected, "{status}");
        }
    }

    #[test]
    fn a_deployment_of_codedeploy_is_over_when_its_rollback_is() {
        let cases = [
            ("Created", None, None),
            ("InProgress", None, None),
            ("Ready", None, None),
            ("Succeeded", None, Some(End::Deployed)),
            ("Failed", None, Some(End::Stopped)),
            ("Failed", Some("InProgress"), None),
            ("Failed", Some("Succeeded"), Some(End::RolledBack)),
            ("Stopped", Some("Succeeded"), Some(End::RolledBack)),
            ("Stopped", Some("Failed"), Some(End::RollbackFailed)),
        ];
        for (status, rollback, expected) in cases {
            assert_eq!(judge_code_deploy(status, rollback), expected, "{status} {rollback:?}");
        }
    }

    #[test]
    fn failed_tasks_show_before_the_deployment_gives_up() {
        let mut observation = Observation { status: "IN_PROGRESS".to_owned(), ..Observation::default() };
        assert!(!shows_failure(&observation));
        observation.circuit_breaker = Some((1, 3));
        assert!(shows_failure(&observation));
    }
}
