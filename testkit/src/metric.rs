//! What CloudWatch calls a metric: a name, and what it is about.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::wire::ServiceError;

/// A metric. Only one with exactly these dimensions is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// For example `AWS/ApplicationELB`.
    pub namespace: String,
    /// For example `RequestCount`.
    pub name: String,
    /// For example `TargetGroup`: `targetgroup/web/0123456789abcdef`.
    pub dimensions: BTreeMap<String, String>,
}

/// What is made of the values of a period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// Their sum.
    Sum,
    /// Their mean.
    Average,
    /// The value that this share of them, 0 to 1, does not exceed.
    Percentile(f64),
}

/// What is measured here: a namespace, a name, and the statistic that it has; [`RESPONSE_TIME`] has percentiles as well.
///
/// Sources: Elastic Load Balancing user guide, CloudWatch metrics of Application Load Balancers; ECS developer guide, service utilization
/// metrics and Container Insights metrics.
const PLAYED: [(&str, &str, Statistic); 7] = [
    ("AWS/ApplicationELB", "RequestCount", Statistic::Sum),
    ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", Statistic::Sum),
    ("AWS/ApplicationELB", RESPONSE_TIME, Statistic::Average),
    ("AWS/ECS", "CPUUtilization", Statistic::Average),
    ("AWS/ECS", "MemoryUtilization", Statistic::Average),
    ("ECS/ContainerInsights", "RunningTaskCount", Statistic::Average),
    ("ECS/ContainerInsights", "DesiredTaskCount", Statistic::Average),
];

const RESPONSE_TIME: &str = "TargetResponseTime";

impl Metric {
    /// The metric that a request names, if it is in a namespace that is measured here.
    pub(crate) fn of(input: &Value) -> Option<Self> {
        let text = |name: &str| input[name].as_str().unwrap_or_default().to_owned();
        let dimensions = input["Dimensions"].as_array().into_iter().flatten();
        let dimensions = dimensions.filter_map(|one| Some((one["Name"].as_str()?, one["Value"].as_str()?)));
        let dimensions = dimensions.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let metric = Self { namespace: text("Namespace"), name: text("MetricName"), dimensions };
        PLAYED.iter().any(|(namespace, ..)| *namespace == metric.namespace).then_some(metric)
    }

    /// The statistic of this metric that is called so.
    pub(crate) fn statistic(&self, word: &str) -> Result<Statistic, ServiceError> {
        let played = PLAYED.iter().find(|(namespace, name, ..)| *namespace == self.namespace && *name == self.name);
        let found = played.and_then(|(_, name, own)| match (word, own) {
            ("Sum", Statistic::Sum) | ("Average", Statistic::Average) => Some(*own),
            _ if *name == RESPONSE_TIME => percentile(word),
            _ => None,
        });
        found.ok_or_else(|| {
            let Self { namespace, name, .. } = self;
            let message = format!("the local AWS does not measure the statistic `{word}` of {namespace} {name}");
            ServiceError::bad_request("InvalidParameterValue", message)
        })
    }

    /// Whether what has these two dimensions is what is meant, or goes into it: without `TargetGroup` a whole load balancer is meant. Without
    /// `LoadBalancer` there is no such metric.
    pub(crate) fn is_about(&self, own: [(&str, &str); 2]) -> bool {
        let meant = |(name, value): (&str, &str)| self.dimensions.get(name).map(|wanted| wanted == value);
        let is_known = self.dimensions.keys().all(|name| own.iter().any(|(known, _)| known == name));
        let [first, second] = own.map(meant);
        is_known && first == Some(true) && second.unwrap_or(own[1].0 == "TargetGroup")
    }
}

fn percentile(word: &str) -> Option<Statistic> {
    let share: f64 = word.strip_prefix('p')?.parse().ok()?;
    (0.0 < share && share < 100.0).then_some(Statistic::Percentile(share / 100.0))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metric(name: &str, dimensions: &Value) -> Metric {
        Metric::of(&json!({ "Namespace": "AWS/ApplicationELB", "MetricName": name, "Dimensions": dimensions })).unwrap()
    }

    #[test]
    fn a_target_group_is_told_apart_only_beside_its_load_balancer() {
        let group = json!({ "Name": "TargetGroup", "Value": "targetgroup/green/1" });
        let balancer = json!({ "Name": "LoadBalancer", "Value": "app/web/1" });
        let zone = json!({ "Name": "AvailabilityZone", "Value": "eu-central-1a" });
        let own = [("LoadBalancer", "app/web/1"), ("TargetGroup", "targetgroup/green/1")];
        let other = [("LoadBalancer", "app/web/1"), ("TargetGroup", "targetgroup/blue/1")];
        for (dimensions, expected) in [
            (json!([group, balancer]), (true, false)),
            (json!([balancer]), (true, true)),
            (json!([group]), (false, false)),
            (json!([balancer, zone]), (false, false)),
            (json!([]), (false, false)),
        ] {
            let metric = metric("RequestCount", &dimensions);
            assert_eq!((metric.is_about(own), metric.is_about(other)), expected, "{dimensions}");
        }
    }

    #[test]
    fn a_statistic_that_is_not_measured_is_refused() {
        for (name, word, expected) in [
            ("RequestCount", "Sum", Some(Statistic::Sum)),
            ("RequestCount", "Average", None),
            ("TargetResponseTime", "Average", Some(Statistic::Average)),
            ("TargetResponseTime", "p95", Some(Statistic::Percentile(0.95))),
            ("TargetResponseTime", "p100", None),
            ("TargetResponseTime", "Maximum", None),
            ("HealthyHostCount", "Average", None),
        ] {
            assert_eq!(metric(name, &json!([])).statistic(word).ok(), expected, "{name} {word}");
        }
    }

    #[test]
    fn another_namespace_is_none_of_ours() {
        assert_eq!(Metric::of(&json!({ "Namespace": "Own", "MetricName": "Errors" })), None);
        assert_eq!(Metric::of(&json!({ "AlarmName": "errors" })), None);
    }
}
