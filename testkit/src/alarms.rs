//! CloudWatch alarms: what a deployment watches.
//!
//! They speak the JSON protocol, one of the three that CloudWatch offers beside CBOR and the query protocol. An alarm on a metric of a load balancer
//! or of a service is evaluated every minute from the traffic that ECS shares out; until then, and any other alarm for ever, it has the state that it
//! was last set to.

mod expression;
mod rule;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::alarms::rule::Rule;
pub(crate) use crate::alarms::rule::floor;
use crate::ecs::Ecs;
use crate::wire::ServiceError;
use crate::world::{ACCOUNT, REGION};

/// What an alarm says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmState {
    /// The threshold is not breached.
    Ok,
    /// It is.
    Alarm,
    /// Too little was measured. Every alarm begins so.
    InsufficientData,
}

impl AlarmState {
    /// The state in CloudWatch's words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }

    fn read(text: &str) -> Option<Self> {
        [Self::Ok, Self::Alarm, Self::InsufficientData].into_iter().find(|state| state.as_str() == text)
    }
}

/// Alarms are evaluated so often, on the minute.
///
/// Source: CloudWatch user guide, alarm evaluation: once a minute if the period is a minute or longer.
const EVALUATED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// All alarms.
#[derive(Debug, Default)]
pub struct Alarms {
    alarms: BTreeMap<String, Alarm>,
    /// When those that measure something are evaluated next.
    due: Option<Timestamp>,
}

#[derive(Debug)]
struct Alarm {
    /// As it was put.
    settings: Map<String, Value>,
    updated_at: Timestamp,
    /// Every state and since when, oldest first: a deployment is followed into the past.
    states: Vec<(Timestamp, AlarmState)>,
    reason: String,
    /// When it goes off by itself, if it measures anything.
    rule: Option<Rule>,
}

impl Alarm {
    fn state(&self) -> AlarmState {
        self.states.last().map_or(AlarmState::InsufficientData, |(_, state)| *state)
    }

    fn state_at(&self, at: Timestamp) -> Option<AlarmState> {
        self.states.iter().rev().find(|(since, _)| *since <= at).map(|(_, state)| *state)
    }
}

impl Alarms {
    /// Answers one operation.
    ///
    /// # Errors
    /// The service's own error.
    pub fn answer(&mut self, operation: &str, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        match operation {
            "PutMetricAlarm" => self.put(input, now),
            "SetAlarmState" => self.set(input, now),
            "DescribeAlarms" => Ok(self.describe(input)),
            "DeleteAlarms" => {
                for name in input["AlarmNames"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    self.alarms.remove(name);
                }
                Ok(json!({}))
            }
            _ => Err(crate::world::unknown_operation(operation)),
        }
    }

    /// What an alarm says now; none if there is no such alarm.
    #[must_use]
    pub fn state(&self, name: &str) -> Option<AlarmState> {
        self.alarms.get(name).map(Alarm::state)
    }

    /// What an alarm said at a time; none if there was no such alarm.
    #[must_use]
    pub fn state_at(&self, name: &str, at: Timestamp) -> Option<AlarmState> {
        self.alarms.get(name)?.state_at(at)
    }

    /// Makes an alarm say something from `now` on. An alarm that is not there is put first.
    pub fn set_state(&mut self, name: &str, state: AlarmState, now: Timestamp) {
        let alarm = self.alarms.entry(name.to_owned()).or_insert_with(|| {
            let settings = Map::from_iter([("AlarmName".to_owned(), json!(name))]);
            Alarm { settings, updated_at: now, states: Vec::new(), reason: String::new(), rule: None }
        });
        alarm.states.push((now, state));
    }

    /// The first time from `since` on at which one of the alarms began to say [`AlarmState::Alarm`], and the names of those that did
    /// at that time.
    #[must_use]
    pub fn first_alarm(&self, names: &[String], since: Timestamp) -> Option<(Timestamp, Vec<String>)> {
        let raised = |name: &String| {
            let states = &self.alarms.get(name)?.states;
            states.iter().find(|(at, state)| *at >= since && *state == AlarmState::Alarm).map(|(at, _)| *at)
        };
        let first = names.iter().filter_map(raised).min()?;
        Some((first, names.iter().filter(|name| raised(name) == Some(first)).cloned().collect()))
    }

    /// When alarms are evaluated next; none if none of them measures anything.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// Evaluates the alarms that measure something, with ECS as it is at that time.
    pub(crate) fn evaluate(&mut self, at: Timestamp, ecs: &Ecs) {
        let mut measures = false;
        for alarm in self.alarms.values_mut() {
            let Some(rule) = &alarm.rule else { continue };
            measures = true;
            if let Some(found) = rule.evaluate(ecs, at, alarm.state()) {
                alarm.states.push((at, found.state));
                alarm.reason = found.reason;
            }
        }
        self.due = measures.then_some(at + EVALUATED_EVERY);
    }

    fn put(&mut self, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        let name = input["AlarmName"].as_str().filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| ServiceError::bad_request("MissingParameter", "AlarmName is required"))?;
        let rule = Rule::read(input)?;
        if rule.is_some() && self.due.is_none() {
            self.due = Some(floor(now, EVALUATED_EVERY) + EVALUATED_EVERY);
        }
        let settings = input.as_object().cloned().unwrap_or_default();
        let states = match self.alarms.remove(name) {
            Some(alarm) => alarm.states,
            None => vec![(now, AlarmState::InsufficientData)],
        };
        let reason = "Unchecked: Initial alarm creation".to_owned();
        self.alarms.insert(name.to_owned(), Alarm { settings, updated_at: now, states, reason, rule });
        Ok(json!({}))
    }

    fn set(&mut self, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        let name = input["AlarmName"].as_str().unwrap_or_default();
        let state = AlarmState::read(input["StateValue"].as_str().unwrap_or_default());
        let state = state.ok_or_else(|| {
            ServiceError::bad_request("InvalidParameterValue", "StateValue is one of OK, ALARM, INSUFFICIENT_DATA")
        })?;
        let alarm = self.alarms.get_mut(name);
        let alarm = alarm.ok_or_else(|| ServiceError::new(404, "ResourceNotFound", "the alarm does not exist"))?;
        input["StateReason"].as_str().unwrap_or_default().clone_into(&mut alarm.reason);
        alarm.states.push((now, state));
        Ok(json!({}))
    }

    fn describe(&self, input: &Value) -> Value {
        let names = input["AlarmNames"].as_array();
        let prefix = input["AlarmNamePrefix"].as_str().unwrap_or_default();
        let state = input["StateValue"].as_str();
        let alarms = self.alarms.iter().filter(|(name, alarm)| {
            names.is_none_or(|names| names.iter().any(|wanted| wanted == *name))
                && name.starts_with(prefix)
                && state.is_none_or(|state| alarm.state().as_str() == state)
        });
        let alarms: Vec<Value> = alarms.map(|(name, alarm)| rendered(name, alarm)).collect();
        json!({ "MetricAlarms": alarms, "CompositeAlarms": [] })
    }
}

fn rendered(name: &str, alarm: &Alarm) -> Value {
    let mut members = alarm.settings.clone();
    members.remove("Tags");
    let since = alarm.states.last().map_or(alarm.updated_at, |(since, _)| *since);
    let own = [
        ("AlarmArn", json!(format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"))),
        ("AlarmConfigurationUpdatedTimestamp", json!(alarm.updated_at.as_second())),
        ("StateValue", json!(alarm.state().as_str())),
        ("StateReason", json!(alarm.reason)),
        ("StateUpdatedTimestamp", json!(since.as_second())),
    ];
    members.extend(own.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::constant(1_767_225_600, 0);

    fn at(seconds: i64) -> Timestamp {
        START + SignedDuration::from_secs(seconds)
    }

    fn two_alarms() -> Alarms {
        let mut alarms = Alarms::default();
        alarms.answer("PutMetricAlarm", &json!({ "AlarmName": "errors", "Threshold": 5.0 }), START).unwrap();
        alarms.answer("PutMetricAlarm", &json!({ "AlarmName": "latency" }), START).unwrap();
        let raise = json!({ "AlarmName": "errors", "StateValue": "ALARM", "StateReason": "too many" });
        alarms.answer("SetAlarmState", &raise, at(10)).unwrap();
        alarms
    }

    #[test]
    fn alarms_are_described_by_name_prefix_and_state() {
        let mut alarms = two_alarms();
        let cases = [
            (json!({}), vec!["errors", "latency"]),
            (json!({ "AlarmNames": ["latency", "other"] }), vec!["latency"]),
            (json!({ "AlarmNamePrefix": "err" }), vec!["errors"]),
            (json!({ "StateValue": "INSUFFICIENT_DATA" }), vec!["latency"]),
        ];
        for (input, expected) in cases {
            let answer = alarms.answer("DescribeAlarms", &input, at(20)).unwrap();
            let names = answer["MetricAlarms"].as_array().unwrap().iter();
            let names: Vec<&str> = names.map(|alarm| alarm["AlarmName"].as_str().unwrap()).collect();
            assert_eq!(names, expected, "{input}");
        }
        let errors = &alarms.answer("DescribeAlarms", &json!({ "AlarmNames": ["errors"] }), at(20)).unwrap();
        let errors = &errors["MetricAlarms"][0];
        assert_eq!((&errors["Threshold"], &errors["StateReason"]), (&json!(5.0), &json!("too many")));
    }

    #[test]
    fn the_past_is_remembered() {
        let mut alarms = two_alarms();
        alarms.set_state("errors", AlarmState::Ok, at(20));
        assert_eq!(alarms.state("errors"), Some(AlarmState::Ok));
        assert_eq!(alarms.state_at("errors", at(15)), Some(AlarmState::Alarm));
        let names = ["latency".to_owned(), "errors".to_owned()];
        assert_eq!(alarms.first_alarm(&names, START), Some((at(10), vec!["errors".to_owned()])));
        assert_eq!(alarms.first_alarm(&names, at(11)), None);
    }

    #[test]
    fn what_is_not_there_cannot_be_set() {
        let mut alarms = two_alarms();
        let missing = json!({ "AlarmName": "other", "StateValue": "OK" });
        assert_eq!(alarms.answer("SetAlarmState", &missing, START).unwrap_err().code, "ResourceNotFound");
        let wrong = json!({ "AlarmName": "errors", "StateValue": "RED" });
        assert_eq!(alarms.answer("SetAlarmState", &wrong, START).unwrap_err().code, "InvalidParameterValue");
        assert!(alarms.answer("PutMetricAlarm", &json!({}), START).is_err());
        alarms.answer("DeleteAlarms", &json!({ "AlarmNames": ["errors"] }), START).unwrap();
        assert_eq!(alarms.state("errors"), None);
    }
}
