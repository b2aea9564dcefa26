//! What is seen of a deployment at one moment, in AWS's own words.

pub mod rollouts;

/// One look at a deployment of ECS or CodeDeploy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// Status, for example `IN_PROGRESS`. Kept as text: AWS knows more words than any SDK.
    pub status: String,
    /// Why it has that status.
    pub status_reason: Option<String>,
    /// Lifecycle stage, for example `BAKE_TIME`; none for a rolling deployment.
    pub stage: Option<String>,
    /// When it was created, in seconds since 1970.
    pub created_at: f64,
    /// The new service revision.
    pub target: Revision,
    /// The service revision that a rollback goes back to, once there is one.
    pub rollback_revision: Option<String>,
    /// How many failed tasks the circuit breaker has counted, and how many it allows.
    pub circuit_breaker: Option<(i32, i32)>,
    /// Alarms that are watched.
    pub alarms: Vec<String>,
    /// Alarms that have gone off.
    pub triggered_alarms: Vec<String>,
    /// The hook that the deployment waits at, if it waits.
    pub pause: Option<Hook>,
}

/// A hook at which a deployment waits for somebody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hook {
    /// Its id: each pause has a new one.
    pub id: String,
    /// When AWS decides by itself, in seconds since 1970.
    pub expires_at: Option<f64>,
    /// What it does then: `ROLLBACK` or `CONTINUE`.
    pub timeout_action: Option<String>,
}

/// A service revision's share in a deployment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Revision {
    /// Its ARN.
    pub arn: Option<String>,
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
    /// What is on the way: the stage, or the status where it says more.
    #[must_use]
    pub fn place(&self) -> &str {
        let is_going_on = ["IN_PROGRESS", "InProgress"].contains(&self.status.as_str());
        self.stage.as_deref().filter(|_| is_going_on).unwrap_or(&self.status)
    }

    /// One line for people.
    #[must_use]
    pub fn line(&self) -> String {
        let Revision { pending, production_weight, .. } = self.target;
        let breaker = self.circuit_breaker.filter(|(failures, _)| *failures > 0);
        let parts = [
            Some(self.place_and_tasks()),
            (pending > 0).then(|| format!("{pending} starting")),
            production_weight
                .filter(|_| !self.is_going_back())
                .map(|weight| format!("{weight} % of production traffic")),
            breaker.map(|(failures, allowed)| format!("circuit breaker: {failures} failed of {allowed} allowed")),
            self.alarm_words(),
            self.pause.as_ref().map(|_| "held at a pause".to_owned()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn is_going_back(&self) -> bool {
        self.status.starts_with("ROLLBACK")
    }

    /// What a deployment that goes back takes away is no news.
    fn place_and_tasks(&self) -> String {
        let Revision { requested, running, .. } = self.target;
        if self.is_going_back() && requested == 0 {
            return self.place().to_owned();
        }
        format!("{}: {running} of {requested} tasks running", self.place())
    }

    fn alarm_words(&self) -> Option<String> {
        match (self.triggered_alarms.as_slice(), self.alarms.len()) {
            ([], 0) => None,
            ([], 1) => Some("1 alarm silent".to_owned()),
            ([], watched) => Some(format!("{watched} alarms silent")),
            (triggered, _) => Some(format!("alarm {}", triggered.join(" and "))),
        }
    }
}

/// A task that stopped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoppedTask {
    /// Its id.
    pub id: String,
    /// When it was created, in seconds since 1970.
    pub created_at: f64,
    /// ECS's code, for example `TaskFailedToStart`.
    pub stop_code: Option<String>,
    /// ECS's sentence.
    pub stopped_reason: Option<String>,
    /// Its containers.
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
    fn a_line_says_stage_tasks_traffic_and_who_watches() {
        let target =
            Revision { requested: 2, running: 1, pending: 1, production_weight: Some(10.0), ..Revision::default() };
        let stage = Some("PRODUCTION_TRAFFIC_SHIFT".to_owned());
        let mut observation = Observation { status: "IN_PROGRESS".to_owned(), stage, target, ..Observation::default() };
        let expected = "PRODUCTION_TRAFFIC_SHIFT: 1 of 2 tasks running, 1 starting, 10 % of production traffic";
        assert_eq!(observation.line(), expected);
        observation.circuit_breaker = Some((2, 3));
        observation.alarms = vec!["errors".to_owned()];
        assert!(observation.line().ends_with(", circuit breaker: 2 failed of 3 allowed, 1 alarm silent"));
        observation.triggered_alarms = vec!["errors".to_owned()];
        assert!(observation.line().ends_with(", alarm errors"));
        observation.status = "ROLLBACK_IN_PROGRESS".to_owned();
        assert!(observation.line().starts_with("ROLLBACK_IN_PROGRESS: "), "a rollback hides the stage");
    }
}
