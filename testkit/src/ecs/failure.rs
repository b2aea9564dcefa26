//! Which tasks fail, and how: rules that a test or a seed adds, and labels of images.

use jiff::SignedDuration;
use serde_json::Value;

use crate::ecs::input::invalid;
use crate::wire::ServiceError;

/// The label of an image whose value is a rule without `image`: tasks of that image fail so.
pub(crate) const FAILURE_LABEL: &str = "local-aws.fail";

/// How a task ends by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    /// Counted from the start of the container, or from the creation of the task if the container never starts.
    pub(crate) after: SignedDuration,
    pub(crate) stop_code: String,
    pub(crate) stopped_reason: String,
    pub(crate) exit_code: Option<i64>,
    /// The container's own reason.
    pub(crate) reason: Option<String>,
}

impl Ending {
    /// Whether the container never starts.
    pub(crate) fn comes_before_start(&self) -> bool {
        self.stop_code == "TaskFailedToStart"
    }

    /// Whether it is a failure at all.
    pub(crate) fn is_failure(&self) -> bool {
        self.exit_code != Some(0)
    }
}

/// A failure and what the container writes before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) ending: Ending,
    pub(crate) log: Vec<String>,
}

impl Failure {
    /// Reads a rule; what is left out is a container that exits with 1 after 20 s.
    pub(crate) fn read(rule: &Value) -> Result<Self, ServiceError> {
        let after = match &rule["afterSeconds"] {
            Value::Null => SignedDuration::from_secs(20),
            seconds => {
                let seconds = seconds.as_f64().filter(|seconds| (0.0..1e9).contains(seconds));
                SignedDuration::from_secs_f64(seconds.ok_or_else(|| invalid("afterSeconds is a number of seconds"))?)
            }
        };
        let text = |name: &str, default: &str| rule[name].as_str().unwrap_or(default).to_owned();
        let stop_code = text("stopCode", "EssentialContainerExited");
        let default_exit = (stop_code != "TaskFailedToStart").then_some(1);
        let ending = Ending {
            after,
            stopped_reason: text("stoppedReason", "Essential container in task exited"),
            stop_code,
            exit_code: rule["exitCode"].as_i64().or(default_exit),
            reason: rule["reason"].as_str().map(str::to_owned),
        };
        let log = rule["log"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        Ok(Self { ending, log: log.collect() })
    }

    /// The failure that an image's label asks for; a malformed label asks for the default one.
    pub(crate) fn of_label(label: &str) -> Option<Self> {
        Self::read(&serde_json::from_str(label).unwrap_or(Value::Null)).ok()
    }
}

#[derive(Debug)]
struct Rule {
    /// Part of the image's reference.
    image: String,
    failure: Failure,
    /// For how many more tasks it holds; none: for all.
    times: Option<u64>,
}

/// The rules in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Failures(Vec<Rule>);

impl Failures {
    pub(crate) fn add(&mut self, rule: &Value) -> Result<(), ServiceError> {
        let image = rule["image"].as_str().filter(|image| !image.is_empty());
        let image = image.ok_or_else(|| invalid("image is part of an image reference"))?.to_owned();
        let failure = Failure::read(rule)?;
        self.0.push(Rule { image, failure, times: rule["times"].as_u64() });
        Ok(())
    }

    /// The failure of one more task of an image, if there is one: the first rule that fits.
    pub(crate) fn take(&mut self, image: &str) -> Option<Failure> {
        let rule = self.0.iter_mut().find(|rule| rule.times != Some(0) && image.contains(&rule.image))?;
        rule.times = rule.times.map(|times| times - 1);
        Some(rule.failure.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rule_holds_for_its_image_as_often_as_it_says() {
        let mut failures = Failures::default();
        failures.add(&json!({ "image": "web:2", "exitCode": 137, "times": 2, "log": ["out of memory"] })).unwrap();
        assert_eq!(failures.take("example/web:1"), None);
        let failure = failures.take("example/web:2").unwrap();
        assert_eq!((failure.ending.exit_code, failure.log.len()), (Some(137), 1));
        assert!(failures.take("example/web:2").is_some());
        assert_eq!(failures.take("example/web:2"), None);
    }

    #[test]
    fn a_rule_without_an_image_or_with_a_time_that_is_none_is_refused() {
        let mut failures = Failures::default();
        for rule in [json!({}), json!({ "image": "" }), json!({ "image": "a", "afterSeconds": "soon" })] {
            assert!(failures.add(&rule).is_err(), "{rule}");
        }
    }

    #[test]
    fn a_task_that_never_starts_has_no_exit_code() {
        let failure = Failure::of_label(r#"{"stopCode": "TaskFailedToStart", "stoppedReason": "no capacity"}"#);
        let ending = failure.unwrap().ending;
        assert_eq!((ending.comes_before_start(), ending.exit_code), (true, None));
        assert_eq!(Failure::of_label("broken").unwrap().ending.exit_code, Some(1));
    }
}
