//! The status of a quality gate. Only `OK` is a pass; `NONE` means that no gate was computed.

use serde::Deserialize;

use crate::finding::{Finding, Kind};
use crate::inspection::Inspection;
use crate::json::Json;
use crate::reader::ReadError;
use crate::severity::Rating;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    project_status: Gate,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Gate {
    status: String,
    conditions: Option<Vec<Condition>>,
    ignored_conditions: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Condition {
    status: Option<String>,
    metric_key: String,
    comparator: Option<String>,
    error_threshold: Option<String>,
    actual_value: Option<String>,
}

/// Reads the answer.
///
/// # Errors
/// No gate was computed, or conditions were not applied.
pub(super) fn read(json: &mut Json, inspection: &mut Inspection) -> Result<(), ReadError> {
    let Gate { status, conditions, ignored_conditions } = json.value::<Answer>()?.project_status;
    let conditions = conditions.unwrap_or_default();
    let no_proof = |cause: String| Err(ReadError::NoProof(cause));
    if ignored_conditions == Some(true) {
        return no_proof("conditions of the quality gate were ignored: the change was too small for them".to_owned());
    }
    let failed: Vec<&Condition> = conditions.iter().filter(|condition| !condition.is_met()).collect();
    match status.as_str() {
        "OK" => {
            if let Some(condition) = failed.first() {
                return no_proof(format!("the gate is `OK`, and its condition `{}` is not", condition.metric_key));
            }
        }
        "ERROR" | "WARN" if failed.is_empty() => inspection.findings.push(shut("quality gate", status)),
        "ERROR" | "WARN" => {
            inspection
                .findings
                .extend(failed.iter().map(|condition| shut(&condition.metric_key, condition.in_words())));
        }
        "NONE" => return no_proof("no quality gate was computed".to_owned()),
        other => return no_proof(format!("the quality gate's status is `{other}`")),
    }
    inspection.target = Some("quality gate".to_owned());
    Ok(())
}

fn shut(id: &str, title: String) -> Finding {
    Finding { place: "quality gate".into(), title: title.into(), ..Finding::new(Kind::Gate, id, Rating::Failed) }
}

impl Condition {
    fn is_met(&self) -> bool {
        self.status.as_deref() == Some("OK")
    }

    fn in_words(&self) -> String {
        let or_nothing = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_owned());
        let comparison = match self.comparator.as_deref() {
            Some("GT") => "must not be above",
            Some("LT") => "must not be below",
            _ => "is held against",
        };
        format!("{} {comparison} {}", or_nothing(&self.actual_value), or_nothing(&self.error_threshold))
    }
}

#[cfg(test)]
mod tests {
    use crate::reader::{fixture, tampering};
    use crate::severity::Rating;

    const SHUT: &str = r#"{"projectStatus":{"status":"ERROR","conditions":[{"status":"ERROR","metricKey":"new_coverage","comparator":"LT","errorThreshold":"85","actualValue":"82.5"},{"status":"OK","metricKey":"new_bugs"}],"ignoredConditions":false}}"#;

    #[test]
    fn a_gate_that_is_shut_tells_its_conditions() {
        let finding = &fixture::read(SHUT).findings[..];
        assert_eq!(finding.len(), 1);
        assert_eq!((&*finding[0].id, finding[0].rating), ("new_coverage", Rating::Failed));
        assert_eq!(&*finding[0].title, "82.5 must not be below 85");
    }

    #[test]
    fn a_gate_without_a_condition_speaks_for_itself() {
        let read =
            |status: &str| fixture::read(&format!(r#"{{"projectStatus":{{"status":"{status}","conditions":[]}}}}"#));
        assert_eq!(read("OK").findings.len(), 0);
        assert_eq!(&*read("ERROR").findings[0].id, "quality gate");
        assert_eq!(&*read("WARN").findings[0].id, "quality gate");
    }

    #[test]
    fn what_is_no_verdict_is_no_pass() {
        let cases = [
            r#"{"projectStatus":{"status":"NONE","conditions":[]}}"#.to_owned(),
            r#"{"projectStatus":{"status":"ok","conditions":[]}}"#.to_owned(),
            r#"{"projectStatus":{"status":"OK","conditions":[],"ignoredConditions":true}}"#.to_owned(),
            SHUT.replacen("ERROR", "OK", 1),
        ];
        for text in cases {
            assert_eq!(fixture::refusal(&text), "NoProof", "{text}");
        }
        assert_eq!(fixture::refusal(r#"{"projectStatus":{"conditions":[]}}"#), "Malformed");
    }

    #[test]
    fn tampering_opens_no_gate() {
        tampering::is_refused_when_cut(SHUT);
        tampering::survives_any_broken_byte(SHUT);
        tampering::loses_nothing_when_spoilt(SHUT, &["projectStatus", "status", "conditions", "metricKey"]);
    }
}
