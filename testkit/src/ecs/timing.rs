//! How long things take, in AWS time. Real durations vary; these are of the usual order, so that a rollout looks like one.

use jiff::SignedDuration;

/// From a deployment's creation to its start.
///
/// Source: ECS API reference, `DescribeServiceDeployments`, the example's `createdAt` and `startedAt`.
pub(crate) const DEPLOYMENT_STARTS_AFTER: SignedDuration = SignedDuration::from_millis(1600);
/// From a requested stop or rollback to its beginning, and from a rollback without a candidate to its failure.
pub(crate) const REQUEST_TAKES: SignedDuration = SignedDuration::from_secs(3);
/// How long a task is `PROVISIONING` before it is `PENDING`.
pub(crate) const TASK_PROVISIONS_FOR: SignedDuration = SignedDuration::from_secs(5);
/// From a task's creation to `RUNNING`.
pub(crate) const TASK_STARTS_AFTER: SignedDuration = SignedDuration::from_secs(20);
/// From a task's creation to the failure of its image pull.
pub(crate) const IMAGE_PULL_FAILS_AFTER: SignedDuration = SignedDuration::from_secs(12);
/// How long a task has to run until it counts as healthy: container and target group health checks take about that long.
pub(crate) const TASK_HEALTHY_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// From the order to stop a task to `STOPPED`: its connections drain.
pub(crate) const TASK_STOPS_AFTER: SignedDuration = SignedDuration::from_secs(30);
/// How long a task of `RunTask` that does not fail runs.
pub(crate) const STANDALONE_TASK_RUNS_FOR: SignedDuration = SignedDuration::from_secs(10);
/// How long a stopped task can still be described.
///
/// Source: ECS API reference, `DescribeTasks`: stopped tasks appear for at least one hour.
pub(crate) const STOPPED_TASK_STAYS_FOR: SignedDuration = SignedDuration::from_hours(1);
/// The pause after a failed task; it doubles with each further failure.
pub(crate) const RESTART_DELAY: SignedDuration = SignedDuration::from_secs(10);
/// The longest pause after a failed task.
///
/// Source: ECS developer guide, service throttle logic.
pub(crate) const LONGEST_RESTART_DELAY: SignedDuration = SignedDuration::from_mins(15);
/// The pause after a task for which there was no room.
pub(crate) const PLACEMENT_RETRIED_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// A lifecycle stage in which nothing happens.
pub(crate) const STAGE_TAKES: SignedDuration = SignedDuration::from_secs(2);
/// A lifecycle stage that shifts traffic, without any bake time.
pub(crate) const SHIFT_TAKES: SignedDuration = SignedDuration::from_secs(10);
/// A Lambda lifecycle hook, which always succeeds.
pub(crate) const LAMBDA_HOOK_TAKES: SignedDuration = SignedDuration::from_secs(2);
/// How long ECS looks at the old revision's tasks before it calls a rollback successful.
pub(crate) const ROLLBACK_SETTLES_FOR: SignedDuration = SignedDuration::from_secs(10);
/// The bake time of a rolling deployment that watches alarms and says no bake time. ECS computes it from the alarms' periods.
pub(crate) const ALARM_BAKE_TIME: SignedDuration = SignedDuration::from_mins(5);
/// How long a pause hook waits if it says nothing else.
///
/// Source: ECS API reference, `DeploymentLifecycleHookTimeoutConfiguration`.
pub(crate) const PAUSE_HOOK_WAITS_FOR: SignedDuration = SignedDuration::from_hours(24);
