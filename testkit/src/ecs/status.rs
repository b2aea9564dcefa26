//! The statuses of a service deployment.

/// Where a service deployment is.
///
/// Source: ECS developer guide, service deployment states. A failed deployment has no status of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Pending,
    InProgress,
    Successful,
    StopRequested,
    Stopped,
    RollbackRequested,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
}

impl Status {
    /// The status in ECS's words.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::InProgress => "IN_PROGRESS",
            Self::Successful => "SUCCESSFUL",
            Self::StopRequested => "STOP_REQUESTED",
            Self::Stopped => "STOPPED",
            Self::RollbackRequested => "ROLLBACK_REQUESTED",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            Self::RollbackFailed => "ROLLBACK_FAILED",
        }
    }

    pub(crate) fn is_terminal(self) -> bool {
        matches!(self, Self::Successful | Self::Stopped | Self::RollbackSuccessful | Self::RollbackFailed)
    }

    /// Whether the deployment still moves tasks or traffic. One that is asked to stop does not.
    pub(crate) fn is_active(self) -> bool {
        !self.is_terminal() && self != Self::StopRequested
    }

    /// Whether the deployment goes on towards its target.
    pub(crate) fn is_forward(self) -> bool {
        matches!(self, Self::Pending | Self::InProgress | Self::RollbackRequested)
    }
}
