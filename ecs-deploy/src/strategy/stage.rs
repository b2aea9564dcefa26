//! Lifecycle stages at which a deployment can be held.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The stages at which ECS can pause, in order. Not those that shift traffic: they are walked through when it rolls back, too.
///
/// Source: ECS API reference, `DeploymentLifecycleHook`, `lifecycleStages` and `targetType`.
const PAUSES: [&str; 6] = [
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
];

/// A lifecycle stage at which a deployment can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage(&'static str);

/// A text that names no such stage.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{text}` is no stage that can be paused at: it is one of {}", PAUSES.map(typed).join(", "))]
pub struct NotAStage {
    text: String,
}

impl Stage {
    /// The word of the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

/// As people type it.
fn typed(stage: &str) -> String {
    stage.replace('_', "-").to_lowercase()
}

impl FromStr for Stage {
    type Err = NotAStage;

    /// Case and hyphens do not matter.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = text.replace('-', "_").to_uppercase();
        let known = PAUSES.into_iter().find(|stage| *stage == word);
        known.map(Self).ok_or_else(|| NotAStage { text: text.to_owned() })
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

/// Stages from the first shift of traffic to the end of the bake: that is when checks mean something.
///
/// Source: ECS API reference, `ServiceDeployment`, `lifecycleStage`; CodeDeploy user guide, lifecycle events of an ECS deployment.
const SHIFTING: [&str; 12] = [
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
];

/// Whether traffic shifts or bakes at a stage. `None` is a rolling deployment, whose new tasks get traffic as they come.
#[must_use]
pub fn has_traffic(stage: Option<&str>, running: i32) -> bool {
    stage.map_or(running > 0, |stage| SHIFTING.contains(&stage))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_read_as_people_write_them() {
        assert_eq!("post-scale-up".parse::<Stage>().unwrap().as_str(), "POST_SCALE_UP");
        assert_eq!("POST_TEST_TRAFFIC_SHIFT".parse::<Stage>().unwrap().to_string(), "POST_TEST_TRAFFIC_SHIFT");
        for text in ["PRODUCTION_TRAFFIC_SHIFT", "TEST_TRAFFIC_SHIFT", "BAKE_TIME", ""] {
            assert!(text.parse::<Stage>().is_err(), "{text}");
        }
    }

    #[test]
    fn checks_mean_something_when_there_is_traffic() {
        assert!(!has_traffic(Some("SCALE_UP"), 2) && !has_traffic(Some("Install"), 2));
        assert!(has_traffic(Some("AllowTraffic"), 2) && has_traffic(Some("PRODUCTION_TRAFFIC_SHIFT"), 2));
        assert!(!has_traffic(None, 0) && has_traffic(None, 1));
    }
}
