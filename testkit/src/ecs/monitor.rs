//! What a deployment watches to see whether it fails: failed tasks and alarms.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::alarms::{AlarmState, Alarms};

/// What a monitor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MonitorStatus {
    Disabled,
    Monitoring,
    MonitoringComplete,
    Triggered,
}

impl MonitorStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "DISABLED",
            Self::Monitoring => "MONITORING",
            Self::MonitoringComplete => "MONITORING_COMPLETE",
            Self::Triggered => "TRIGGERED",
        }
    }

    /// The deployment needs the monitor no more.
    pub(crate) fn complete(&mut self) {
        if *self == Self::Monitoring {
            *self = Self::MonitoringComplete;
        }
    }
}

/// The deployment circuit breaker.
#[derive(Clone, Debug)]
pub(crate) struct CircuitBreaker {
    pub(crate) status: MonitorStatus,
    /// Failed tasks of the target revision.
    pub(crate) failures: u64,
    /// Failed tasks of the revision that a rollback goes back to.
    pub(crate) rollback_failures: u64,
    pub(crate) rollback: bool,
    resets_on_healthy_task: bool,
    threshold: Value,
}

impl CircuitBreaker {
    pub(crate) fn new(configuration: &Value) -> Self {
        let breaker = &configuration["deploymentCircuitBreaker"];
        let enabled = breaker["enable"] == json!(true);
        Self {
            status: if enabled { MonitorStatus::Monitoring } else { MonitorStatus::Disabled },
            failures: 0,
            rollback_failures: 0,
            rollback: breaker["rollback"] == json!(true),
            resets_on_healthy_task: breaker["resetOnHealthyTask"] != json!(false),
            threshold: breaker["thresholdConfiguration"].clone(),
        }
    }

    /// So many failed tasks are too many, for a number of desired tasks.
    ///
    /// Source: ECS API reference, `ThresholdConfiguration`; ECS developer guide, deployment circuit breaker: 50 % by default, bounded by 3 and 200.
    pub(crate) fn threshold(&self, desired: u64) -> u64 {
        let value = self.threshold["value"].as_u64().unwrap_or(50);
        let share = (desired * value).div_ceil(100);
        match self.threshold["type"].as_str() {
            Some("COUNT") => value.max(1),
            Some("UNBOUNDED_PERCENT") => share.max(1),
            _ => share.clamp(3, 200),
        }
    }

    pub(crate) fn is_watching(&self) -> bool {
        self.status == MonitorStatus::Monitoring
    }

    pub(crate) fn is_exceeded(&self, desired: u64) -> bool {
        self.failures >= self.threshold(desired)
    }

    pub(crate) fn saw_healthy_task(&mut self) {
        if self.resets_on_healthy_task && self.status == MonitorStatus::Monitoring {
            self.failures = 0;
        }
    }

    pub(crate) fn rendered(&self, desired: u64) -> Value {
        let threshold = if self.status == MonitorStatus::Disabled { 0 } else { self.threshold(desired) };
        json!({ "status": self.status.as_str(), "failureCount": self.failures, "threshold": threshold })
    }
}

/// The alarms of a deployment.
#[derive(Clone, Debug)]
pub(crate) struct AlarmWatch {
    pub(crate) status: MonitorStatus,
    pub(crate) rollback: bool,
    names: Vec<String>,
    triggered: Vec<String>,
}

impl AlarmWatch {
    pub(crate) fn new(configuration: &Value) -> Self {
        let alarms = &configuration["alarms"];
        let enabled = alarms["enable"] == json!(true);
        Self {
            status: if enabled { MonitorStatus::Monitoring } else { MonitorStatus::Disabled },
            rollback: alarms["rollback"] == json!(true),
            names: super::input::texts(alarms, "alarmNames").into_iter().map(str::to_owned).collect(),
            triggered: Vec::new(),
        }
    }

    pub(crate) fn is_watching(&self) -> bool {
        self.status == MonitorStatus::Monitoring
    }

    /// The deployment starts: if an alarm is raised already, alarms are ignored.
    ///
    /// Source: ECS developer guide, deployment alarms.
    pub(crate) fn start(&mut self, alarms: &Alarms, at: Timestamp) {
        let raised = |name: &String| alarms.state_at(name, at) == Some(AlarmState::Alarm);
        if self.names.iter().any(raised) {
            self.status = MonitorStatus::Disabled;
        }
    }

    /// When the first of the alarms was raised since the deployment started.
    pub(crate) fn due(&self, alarms: &Alarms, started_at: Timestamp) -> Option<Timestamp> {
        let first = self.is_watching().then(|| alarms.first_alarm(&self.names, started_at))?;
        first.map(|(at, _)| at)
    }

    /// Whether an alarm is raised by `at`; if so, the monitor is triggered.
    pub(crate) fn check(&mut self, alarms: &Alarms, started_at: Timestamp, at: Timestamp) -> bool {
        if !self.is_watching() {
            return false;
        }
        let Some((_, names)) = alarms.first_alarm(&self.names, started_at).filter(|(raised, _)| *raised <= at) else {
            return false;
        };
        self.status = MonitorStatus::Triggered;
        self.triggered = names;
        true
    }

    pub(crate) fn rendered(&self) -> Value {
        let mut alarms = json!({ "status": self.status.as_str(), "alarmNames": self.names });
        if !self.triggered.is_empty() {
            alarms["triggeredAlarmNames"] = json!(self.triggered);
        }
        alarms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_is_a_bounded_half_unless_it_is_configured() {
        let cases = [
            (json!({}), 1, 3),
            (json!({}), 25, 13),
            (json!({}), 1000, 200),
            (json!({ "thresholdConfiguration": { "type": "BOUNDED_PERCENT", "value": 100 } }), 20, 20),
            (json!({ "thresholdConfiguration": { "type": "UNBOUNDED_PERCENT", "value": 50 } }), 2, 1),
            (json!({ "thresholdConfiguration": { "type": "UNBOUNDED_PERCENT", "value": 50 } }), 1000, 500),
            (json!({ "thresholdConfiguration": { "type": "COUNT", "value": 7 } }), 1000, 7),
        ];
        for (breaker, desired, expected) in cases {
            let monitor = CircuitBreaker::new(&json!({ "deploymentCircuitBreaker": breaker }));
            assert_eq!(monitor.threshold(desired), expected, "{breaker} of {desired}");
        }
    }

    #[test]
    fn a_healthy_task_resets_the_count_unless_it_must_not() {
        for (reset, expected) in [(json!(null), 0), (json!(true), 0), (json!(false), 2)] {
            let breaker = json!({ "enable": true, "rollback": true, "resetOnHealthyTask": reset });
            let mut monitor = CircuitBreaker::new(&json!({ "deploymentCircuitBreaker": breaker }));
            monitor.failures = 2;
            monitor.saw_healthy_task();
            assert_eq!(monitor.failures, expected, "{reset}");
        }
    }
}
