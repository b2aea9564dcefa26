//! What is seen of a deployment at one moment, in ECS's own words.

/// One look at a service deployment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// Status, for example `IN_PROGRESS`. Kept as text: ECS knows more words than any SDK.
    pub status: String,
    /// Why it has that status.
    pub status_reason: Option<String>,
    /// Lifecycle stage, for example `BAKE_TIME`; none for a rolling deployment.
    pub stage: Option<String>,
    /// The new service revision.
    pub target: Revision,
    /// How many failed tasks the circuit breaker has counted, and how many it allows.
    pub circuit_breaker: Option<(i32, i32)>,
    /// Alarms that have gone off.
    pub triggered_alarms: Vec<String>,
}

/// A service revision's share in a deployment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Revision {
    /// Tasks that it is to have.
    pub requested: i32,
    /// Tasks that run.
    pub running: i32,
    /// Tasks that are starting.
    pub pending: i32,
    /// Its share of production traffic in percent; none for a rolling deployment.
    pub production_weight: Option<f64>,
    /// Its share of test traffic in percent.
    pub test_weight: Option<f64>,
}

impl Observation {
    /// One line for people.
    #[must_use]
    pub fn line(&self) -> String {
        let place = self.stage.as_deref().unwrap_or(&self.status);
        let place = if self.status == "IN_PROGRESS" { place } else { &self.status };
        let Revision { requested, running, pending, production_weight, .. } = self.target;
        let breaker = self.circuit_breaker.filter(|(failures, _)| *failures > 0);
        let parts = [
            Some(format!("{place}: {running} of {requested} tasks running")),
            (pending > 0).then(|| format!("{pending} starting")),
            production_weight.map(|weight| format!("{weight} % of production traffic")),
            breaker.map(|(failures, allowed)| format!("{failures} failed of {allowed} allowed")),
            (!self.triggered_alarms.is_empty()).then(|| format!("alarm {}", self.triggered_alarms.join(" and "))),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// A task that stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoppedTask {
    /// ECS's code, for example `TaskFailedToStart`.
    pub stop_code: Option<String>,
    /// ECS's sentence.
    pub stopped_reason: Option<String>,
    /// The containers that ended badly.
    pub containers: Vec<StoppedContainer>,
}

/// A container of a task that stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoppedContainer {
    /// Its name.
    pub name: String,
    /// Its exit code, if it ran.
    pub exit_code: Option<i32>,
    /// ECS's sentence about it.
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_stage_tasks_and_traffic() {
        let target =
            Revision { requested: 2, running: 1, pending: 1, production_weight: Some(10.0), test_weight: None };
        let stage = Some("PRODUCTION_TRAFFIC_SHIFT".to_owned());
        let mut observation = Observation { status: "IN_PROGRESS".to_owned(), stage, target, ..Observation::default() };
        let expected = "PRODUCTION_TRAFFIC_SHIFT: 1 of 2 tasks running, 1 starting, 10 % of production traffic";
        assert_eq!(observation.line(), expected);
        observation.status = "ROLLBACK_IN_PROGRESS".to_owned();
        assert!(observation.line().starts_with("ROLLBACK_IN_PROGRESS: "), "a rollback hides the stage");
    }
}
