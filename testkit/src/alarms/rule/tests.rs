//! States against the tables of CloudWatch's user guide.

use serde_json::json;

use super::*;

fn rule(to_alarm: u64, missing: &str) -> Rule {
    let input = json!({
        "Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount", "Statistic": "Sum", "Period": 60, "Threshold": 0.5,
        "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 3, "DatapointsToAlarm": to_alarm, "TreatMissingData": missing
    });
    Rule::read(&input).unwrap().unwrap()
}

/// `0` does not breach, `X` does, `-` is missing; the most recent one stands last.
fn values(text: &str) -> Vec<Option<f64>> {
    text.chars()
        .map(|one| match one {
            '0' => Some(0.0),
            'X' => Some(1.0),
            _ => None,
        })
        .collect()
}

#[test]
fn missing_values_are_treated_as_the_user_guide_says() {
    use AlarmState::{Alarm, InsufficientData, Ok};
    let (ok, alarm, unknown, stays) = (Some(Ok), Some(Alarm), Some(InsufficientData), None);
    let tables = [
        (3, "0-X-X", [ok, ok, ok, ok]),
        (3, "0----", [ok, ok, ok, ok]),
        (3, "-----", [unknown, stays, alarm, ok]),
        (3, "0XX-X", [alarm, alarm, alarm, alarm]),
        (3, "--X--", [alarm, stays, alarm, ok]),
        (3, "----X", [stays, stays, alarm, ok]),
        (2, "0-X-X", [alarm, alarm, alarm, alarm]),
        (2, "00X0X", [alarm, alarm, alarm, alarm]),
        (2, "0-X--", [ok, ok, alarm, ok]),
        (2, "----0", [ok, ok, alarm, ok]),
        (2, "---X-", [alarm, stays, alarm, ok]),
    ];
    for (to_alarm, text, expected) in tables {
        let judged = ["missing", "ignore", "breaching", "notBreaching"];
        let judged = judged.map(|missing| rule(to_alarm, missing).judge(&values(text)));
        assert_eq!(judged, expected, "{to_alarm} of 3: {text}");
    }
}

#[test]
fn the_reason_counts_what_met_the_threshold() {
    let reason = |text: &str, new| rule(2, "notBreaching").reason(&values(text), AlarmState::Ok, new);
    assert_eq!(
        reason("00X0X", AlarmState::Alarm),
        "Threshold Crossed: 2 out of the last 3 datapoints [1.0, 1.0] were greater than the threshold (0.5) (minimum 2 datapoints for OK -> ALARM transition)."
    );
    assert!(
        reason("00X00", AlarmState::Ok).contains("[0.0, 0.0] were not greater than the threshold (0.5) (minimum 2")
    );
    assert!(reason("-----", AlarmState::Ok).contains("3 missing datapoints was treated as [NonBreaching]"));
    assert_eq!(reason("-----", AlarmState::InsufficientData), "Insufficient Data: 3 datapoints were unknown.");
}

#[test]
fn what_is_not_played_is_refused_and_what_is_not_measured_is_left_alone() {
    assert!(Rule::read(&json!({ "AlarmName": "errors" })).unwrap().is_none());
    assert!(Rule::read(&json!({ "Namespace": "Own", "MetricName": "Errors" })).unwrap().is_none());
    let good = json!({
        "Namespace": "AWS/ApplicationELB", "MetricName": "TargetResponseTime", "ExtendedStatistic": "p95", "Period": 120, "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold", "EvaluationPeriods": 1
    });
    assert!(Rule::read(&good).unwrap().is_some());
    for (member, value) in [
        ("ExtendedStatistic", json!("tm90")),
        ("Period", json!(10)),
        ("Threshold", json!(null)),
        ("ComparisonOperator", json!("LessThanLowerThreshold")),
        ("EvaluationPeriods", json!(0)),
        ("TreatMissingData", json!("never")),
    ] {
        let mut bad = good.clone();
        bad[member] = value;
        assert_eq!(Rule::read(&bad).unwrap_err().code, "InvalidParameterValue", "{member}");
    }
}

#[test]
fn an_expression_names_the_metrics_of_its_alarm() {
    let metric = json!({ "Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount", "Dimensions": [] });
    let alarm = |expression: &str| {
        Rule::read(&json!({
            "Threshold": 5, "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1,
            "Metrics": [
                { "Id": "share", "Expression": expression },
                { "Id": "all", "MetricStat": { "Metric": metric, "Period": 60, "Stat": "Sum" }, "ReturnData": false }
            ]
        }))
    };
    assert_eq!(alarm("100 * all").unwrap().unwrap().metrics.len(), 1);
    assert!(alarm("100 * some").unwrap_err().message.contains("`some` is no metric of this alarm"));
}
