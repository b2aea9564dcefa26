//! The verdict over one look at a deployment. Pure.

use crate::observation::Observation;

/// How a deployment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The new revision serves.
    Deployed,
    /// ECS went back to the old revision.
    RolledBack,
    /// ECS tried to go back and failed: nobody knows what serves.
    RollbackFailed,
    /// It was stopped: by a newer deployment, a person, or a failure without rollback.
    Stopped,
}

/// How a deployment in this status ended; `None` while it is under way. There is no `FAILED`: a failure shows as a stop or a rollback. A
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

/// Whether tasks are worth looking at now: the deployment fails, or tasks of it have failed already.
#[must_use]
pub fn shows_failure(observation: &Observation) -> bool {
    let failing = [
        "ROLLBACK_REQUESTED",
        "ROLLBACK_IN_PROGRESS",
        "ROLLBACK_SUCCESSFUL",
        "ROLLBACK_FAILED",
        "STOP_REQUESTED",
        "STOPPED",
    ];
    failing.contains(&observation.status.as_str())
        || observation.circuit_breaker.is_some_and(|(failures, _)| failures > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(status: &str) -> Observation {
        Observation { status: status.to_owned(), ..Observation::default() }
    }

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
    fn failed_tasks_show_before_the_deployment_gives_up() {
        let mut observation = observed("IN_PROGRESS");
        assert!(!shows_failure(&observation));
        observation.circuit_breaker = Some((1, 3));
        assert!(shows_failure(&observation));
    }
}
