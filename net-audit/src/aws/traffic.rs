//! What NAT gateways carried, as CloudWatch counted it.

use contract::aws::CallError;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::caller::{Caller, Question, not_understood};
use super::operation::METRIC_DATA;
use super::references::NatGateway;

/// How far back is looked, in days.
const DAYS: i32 = 14;
/// One value a day.
const PERIOD: &str = "86400";
const SECONDS_A_DAY: f64 = 86_400.0;
/// The metrics of a gateway: what it got from inside and what it got from outside. AWS charges for both.
const METRICS: [&str; 2] = ["BytesInFromSource", "BytesInFromDestination"];
/// So many metrics fit into one call. Source: CloudWatch API reference, `GetMetricData`.
const METRICS_A_CALL: usize = 500;

/// What one gateway carried.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Traffic {
    nat_gateway_id: String,
    /// How long was looked at: not before it was made.
    days: f64,
    bytes_in_from_source: f64,
    bytes_in_from_destination: f64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricResult {
    id: String,
    #[serde(default)]
    status_code: String,
    #[serde(default)]
    values: Vec<f64>,
}

/// Asks for the traffic of these gateways until `now`.
///
/// # Errors
/// A call failed.
pub(super) async fn traffic(
    caller: &Caller,
    gateways: &[NatGateway],
    now: Timestamp,
) -> Result<Box<RawValue>, CallError> {
    let mut found = Vec::new();
    for gateways in gateways.chunks(METRICS_A_CALL / METRICS.len()) {
        let results = caller.list(&METRIC_DATA, &question(gateways, now)).await?;
        let results: Vec<MetricResult> = serde_json::from_str(results.get()).map_err(|error| refused(&error))?;
        let counted = gateways.iter().enumerate();
        found.extend(counted.filter_map(|(index, gateway)| count(index, gateway, &results, now)));
    }
    to_raw_value(&found).map_err(|error| refused(&error))
}

fn refused(error: &serde_json::Error) -> CallError {
    not_understood(METRIC_DATA.action, error.to_string())
}

/// How a metric is called in the answer.
fn id(gateway: usize, metric: usize) -> String {
    format!("g{gateway}m{metric}")
}

fn question(gateways: &[NatGateway], now: Timestamp) -> Question {
    let earliest = now.checked_sub(SignedDuration::from_hours(24 * i64::from(DAYS))).unwrap_or(now);
    let time = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut parameters = vec![("StartTime".to_owned(), time(earliest)), ("EndTime".to_owned(), time(now))];
    let mut number = 0;
    for (index, gateway) in gateways.iter().enumerate() {
        for (metric, name) in METRICS.into_iter().enumerate() {
            number += 1;
            let query = format!("MetricDataQueries.member.{number}");
            let stat = format!("{query}.MetricStat");
            let dimension = format!("{stat}.Metric.Dimensions.member.1");
            parameters.extend([
                (format!("{query}.Id"), id(index, metric)),
                (format!("{stat}.Metric.Namespace"), "AWS/NATGateway".to_owned()),
                (format!("{stat}.Metric.MetricName"), name.to_owned()),
                (format!("{dimension}.Name"), "NatGatewayId".to_owned()),
                (format!("{dimension}.Value"), gateway.id.clone()),
                (format!("{stat}.Period"), PERIOD.to_owned()),
                (format!("{stat}.Stat"), "Sum".to_owned()),
            ]);
        }
    }
    Question { parameters, ..Question::default() }
}

/// What a gateway carried; `None` if CloudWatch does not say it whole.
fn count(index: usize, gateway: &NatGateway, results: &[MetricResult], now: Timestamp) -> Option<Traffic> {
    let sum = |metric: usize| {
        let name = id(index, metric);
        // A metric may be spread over several pages: its values count together, and the last word on it decides.
        let mut parts = results.iter().filter(|result| result.id == name).peekable();
        parts.peek()?;
        let (mut total, mut whole) = (0.0, false);
        for part in parts {
            total += part.values.iter().sum::<f64>();
            whole = part.status_code == "Complete";
        }
        whole.then_some(total)
    };
    Some(Traffic {
        nat_gateway_id: gateway.id.clone(),
        days: days(gateway, now),
        bytes_in_from_source: sum(0)?,
        bytes_in_from_destination: sum(1)?,
    })
}

/// In hundredths, so that two looks within minutes say the same.
fn days(gateway: &NatGateway, now: Timestamp) -> f64 {
    let made = gateway.create_time.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
    let age = made.map_or(f64::INFINITY, |made| now.duration_since(made).as_secs_f64() / SECONDS_A_DAY);
    (age.clamp(0.0, f64::from(DAYS)) * 100.0).floor() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-01-15T00:00:00Z";

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    fn gateway(made: Option<&str>) -> NatGateway {
        let json = serde_json::json!({ "NatGatewayId": "nat-1", "CreateTime": made, "State": "available" });
        serde_json::from_value(json).unwrap()
    }

    fn results(json: &str) -> Vec<MetricResult> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn no_more_days_count_than_the_gateway_is_old() {
        let of = |made| days(&gateway(made), now());
        assert_eq!((of(None), of(Some("2025-01-01T00:00:00.000Z"))), (14.0, 14.0));
        assert_eq!((of(Some("2026-01-14T12:00:00.000Z")), of(Some("2026-02-01T00:00:00Z"))), (0.5, 0.0));
    }

    #[test]
    fn pages_of_a_metric_count_together() {
        let results = results(
            r#"[{"Id":"g0m0","StatusCode":"PartialData","Values":[1.0,2]},{"Id":"g0m1","StatusCode":"Complete","Values":[]},
                {"Id":"g0m0","StatusCode":"Complete","Values":[4.5]}]"#,
        );
        let traffic = count(0, &gateway(None), &results, now()).unwrap();
        assert_eq!((traffic.bytes_in_from_source, traffic.bytes_in_from_destination), (7.5, 0.0));
    }

    #[test]
    fn half_a_count_is_none() {
        for json in [
            r#"[{"Id":"g0m0","StatusCode":"Complete","Values":[1]}]"#,
            r#"[{"Id":"g0m0","StatusCode":"Complete","Values":[1]},{"Id":"g0m1","StatusCode":"InternalError"}]"#,
        ] {
            assert_eq!(count(0, &gateway(None), &results(json), now()), None, "{json}");
        }
    }

    #[test]
    fn a_question_names_every_metric() {
        let question = question(&[gateway(None), gateway(None)], now());
        let of =
            |name: &str| question.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(of("StartTime"), Some("2026-01-01T00:00:00Z"));
        assert_eq!(of("MetricDataQueries.member.4.Id"), Some("g1m1"));
        assert_eq!(of("MetricDataQueries.member.4.MetricStat.Metric.MetricName"), Some("BytesInFromDestination"));
        assert_eq!(of("MetricDataQueries.member.5.Id"), None);
    }
}
