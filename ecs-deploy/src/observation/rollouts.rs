//! A deployment as the service itself shows it, for where ECS lists no service deployments: older regions, and other implementations of its API.
//! Pure.

use crate::observation::{Observation, Revision};
use crate::service::{Rollout, Service};

/// What is seen of the deployment of `task_definition`, in the words that service deployments have. `was_failing` says that it was seen to fail before:
/// a failed rollout disappears while it is rolled back.
///
/// Source: ECS API reference, `Deployment`, `status` and `rolloutState`: a failed rollout that was rolled back is not `PRIMARY` any more.
#[must_use]
pub fn observe(service: &Service, task_definition: &str, was_failing: bool) -> Observation {
    let primary = service.deployments.iter().find(|rollout| rollout.status == "PRIMARY");
    let ours = service.deployments.iter().find(|rollout| rollout.task_definition == task_definition);
    let state =
        |rollout: Option<&Rollout>| rollout.and_then(|rollout| rollout.rollout_state.clone()).unwrap_or_default();
    let is_primary = primary.is_some_and(|primary| primary.task_definition == task_definition);
    let own = if ours.is_none() && was_failing { "FAILED".to_owned() } else { state(ours) };
    let status = match (is_primary, own.as_str(), state(primary).as_str()) {
        (true, "COMPLETED", _) => "SUCCESSFUL",
        (true, "FAILED", _) => "STOPPED",
        (true, _, _) => "IN_PROGRESS",
        (false, "FAILED", "COMPLETED") => "ROLLBACK_SUCCESSFUL",
        (false, "FAILED", "FAILED") => "ROLLBACK_FAILED",
        (false, "FAILED", _) => "ROLLBACK_IN_PROGRESS",
        // Another deployment took its place, and ours was never said to have failed.
        (false, _, _) => "STOPPED",
    };
    let ours = ours.cloned().unwrap_or_default();
    let failed = i32::try_from(ours.failed_tasks).unwrap_or(i32::MAX);
    Observation {
        status: status.to_owned(),
        status_reason: ours.rollout_state_reason.filter(|reason| !reason.is_empty()),
        created_at: ours.created_at,
        target: Revision {
            requested: ours.desired_count,
            running: ours.running_count,
            pending: ours.pending_count,
            ..Revision::default()
        },
        circuit_breaker: (failed > 0).then_some((failed, allowed(ours.desired_count))),
        ..Observation::default()
    }
}

/// Source: ECS developer guide, deployment circuit breaker, failure threshold: half of the desired count, between 3 and 200.
fn allowed(desired: i32) -> i32 {
    ((desired + 1) / 2).clamp(3, 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Status, task definition and rollout state.
    type Shown = (&'static str, &'static str, &'static str);

    fn status(rollouts: &[Shown], was_failing: bool) -> String {
        let deployments = rollouts.iter().map(|(status, definition, state)| Rollout {
            status: (*status).to_owned(),
            task_definition: (*definition).to_owned(),
            rollout_state: Some((*state).to_owned()),
            ..Rollout::default()
        });
        observe(&Service { deployments: deployments.collect(), ..Service::default() }, "web:2", was_failing).status
    }

    #[test]
    fn rollouts_are_read_as_service_deployments() {
        let cases: [(&[Shown], &str); 8] = [
            (&[("PRIMARY", "web:2", "IN_PROGRESS"), ("ACTIVE", "web:1", "COMPLETED")], "IN_PROGRESS"),
            (&[("PRIMARY", "web:2", "COMPLETED")], "SUCCESSFUL"),
            (&[("PRIMARY", "web:2", "FAILED"), ("ACTIVE", "web:1", "COMPLETED")], "STOPPED"),
            (&[("PRIMARY", "web:1", "IN_PROGRESS"), ("ACTIVE", "web:2", "FAILED")], "ROLLBACK_IN_PROGRESS"),
            (&[("PRIMARY", "web:1", "COMPLETED"), ("ACTIVE", "web:2", "FAILED")], "ROLLBACK_SUCCESSFUL"),
            (&[("PRIMARY", "web:1", "FAILED"), ("ACTIVE", "web:2", "FAILED")], "ROLLBACK_FAILED"),
            (&[("PRIMARY", "web:3", "IN_PROGRESS"), ("ACTIVE", "web:2", "IN_PROGRESS")], "STOPPED"),
            (&[("PRIMARY", "web:1", "COMPLETED")], "STOPPED"),
        ];
        for (rollouts, expected) in cases {
            assert_eq!(status(rollouts, false), expected, "{rollouts:?}");
        }
        assert_eq!(status(&[("PRIMARY", "web:1", "COMPLETED")], true), "ROLLBACK_SUCCESSFUL");
        assert_eq!(status(&[("PRIMARY", "web:1", "IN_PROGRESS")], true), "ROLLBACK_IN_PROGRESS");
    }

    #[test]
    fn the_circuit_breaker_allows_half_of_the_tasks() {
        assert_eq!([1, 6, 7, 1000].map(allowed), [3, 3, 4, 200]);
    }
}
