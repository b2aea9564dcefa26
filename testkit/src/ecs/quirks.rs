//! Where ECS is less tidy than its reference, each switchable.

use jiff::SignedDuration;

/// The fidelity traps that a client has to survive. The default is what ECS really does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirks {
    /// How long `ListServiceDeployments` does not list a new deployment yet.
    pub listed_after: SignedDuration,
    /// How long `currentServiceDeployment` still names the deployment before.
    pub current_after: SignedDuration,
    /// There is no room for tasks of services: none is started, and the services say so every minute.
    pub no_capacity: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            listed_after: SignedDuration::from_secs(2),
            current_after: SignedDuration::from_secs(5),
            no_capacity: false,
        }
    }
}

impl Quirks {
    /// An ECS without surprises.
    #[must_use]
    pub fn none() -> Self {
        Self { listed_after: SignedDuration::ZERO, current_after: SignedDuration::ZERO, no_capacity: false }
    }
}
