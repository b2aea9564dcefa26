//! Alarms against independent servers.

use serde_json::{Value, json};
use testkit::{LocalAws, peer};

use crate::http::Client;

/// Puts an alarm, sets its state, and gives it as it is described before and after.
fn described(endpoint: &str) -> [Value; 2] {
    let scope = "AKID/20260101/eu-central-1/monitoring/aws4_request";
    let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
    let client = Client { endpoint: endpoint.to_owned(), authorization };
    let call = |operation: &str, input: Value| {
        let target = format!("GraniteServiceVersion20100801.{operation}");
        let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.0")];
        let answer = client.send("POST", "/", &headers, input.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{operation}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    };
    let describe = || call("DescribeAlarms", json!({ "AlarmNames": ["errors"] }))["MetricAlarms"][0].clone();
    let metric = json!({ "Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount", "Dimensions": [{ "Name": "LoadBalancer", "Value": "app/web/1" }] });
    let stat = json!({ "Metric": metric, "Period": 60, "Stat": "Sum" });
    let alarm = json!({
        "AlarmName": "errors", "ComparisonOperator": "GreaterThanThreshold", "Threshold": 5.0, "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1, "TreatMissingData": "notBreaching",
        "Metrics": [{ "Id": "requests", "MetricStat": stat, "ReturnData": true }]
    });
    call("PutMetricAlarm", alarm);
    let before = describe();
    call("SetAlarmState", json!({ "AlarmName": "errors", "StateValue": "ALARM", "StateReason": "by hand" }));
    [before, describe()]
}

fn members(alarm: &Value, names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| alarm[*name].clone()).collect()
}

#[test]
fn an_alarm_is_described_as_independent_servers_describe_it() {
    let cloud = LocalAws::start().unwrap();
    let own = described(cloud.endpoint());
    let common = ["AlarmName", "ComparisonOperator", "Threshold", "EvaluationPeriods", "TreatMissingData"];
    let states = ["StateValue", "StateReason"];
    if let Some(ministack) = peer::ministack() {
        // It knows no alarms on several metrics.
        let other = described(ministack.endpoint());
        for (own, other) in own.iter().zip(&other) {
            assert_eq!(
                members(own, &[&common[..], &states].concat()),
                members(other, &[&common[..], &states].concat())
            );
        }
    }
    if let Some(moto) = peer::moto() {
        // There an alarm begins as OK.
        let other = described(moto.endpoint());
        let names = [&common[..], &["Metrics", "StateReason"]].concat();
        for (own, other) in own.iter().zip(&other) {
            assert_eq!(members(own, &names), members(other, &names));
        }
        assert_eq!(members(&own[1], &states), members(&other[1], &states));
    }
}
