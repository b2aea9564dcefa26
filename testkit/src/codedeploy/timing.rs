//! How long the parts of a deployment take, in AWS time.

use jiff::SignedDuration;

/// From a deployment's creation to the queue, and from there to its start.
pub(crate) const QUEUE_TAKES: SignedDuration = SignedDuration::from_secs(1);
/// A lifecycle event without a hook.
pub(crate) const EVENT_TAKES: SignedDuration = SignedDuration::from_secs(1);
/// A shift of traffic, without what it waits afterwards.
pub(crate) const SHIFT_TAKES: SignedDuration = SignedDuration::from_secs(10);
/// From a requested stop to the end.
pub(crate) const STOP_TAKES: SignedDuration = SignedDuration::from_secs(3);
/// How long the replacement task set may take to become healthy. It is shorter here, so that tests of failures stay short.
///
/// Source: CodeDeploy user guide, troubleshooting of ECS deployments: 60 minutes.
pub(crate) const INSTALL_TIMES_OUT_AFTER: SignedDuration = SignedDuration::from_mins(10);
