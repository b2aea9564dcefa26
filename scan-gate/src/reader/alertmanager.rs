//! Alertmanager's answer to `GET /api/v2/alerts`, and what `amtool alert query --output=json` prints: the alerts that are on.
//!
//! It is a bare list. An empty one could be anything, so it is not recognised; who knows what it is can name the format. Whether silenced and
//! inhibited alerts are in it is a matter of the query, which the answer does not tell; `amtool` leaves them out unless told otherwise.
//!
//! Source: prometheus/alertmanager, `api/v2/openapi.yaml`, `gettableAlert`; answers of Alertmanager 0.25.

use serde::Deserialize;

use super::alert::{self, Labels};
use super::{Format, ReadError};
use crate::finding::{Finding, Pool, Text};
use crate::inspection::Inspection;
use crate::json::{Json, Outline};

/// Alertmanager's alerts.
pub const FORMAT: Format = Format { name: "alertmanager", claims, read };

fn claims(outline: &Outline) -> bool {
    outline.is_list_of(&["labels", "startsAt", "fingerprint"])
}

fn read(json: &mut Json, _: &Outline, inspection: &mut Inspection) -> Result<(), ReadError> {
    json.list(|json| {
        let found = json.value::<Alert>()?.finding(&mut inspection.pool)?;
        inspection.findings.push(found);
        Ok(())
    })?;
    if inspection.findings.is_empty() {
        inspection.notes.push("it has no alerts: Alertmanager answers so also if nothing sends it any".to_owned());
    }
    Ok(())
}

#[derive(Deserialize)]
struct Alert {
    labels: Labels,
    #[serde(default)]
    annotations: Option<Labels>,
    fingerprint: Option<String>,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    state: Option<String>,
    silenced_by: Option<Vec<String>>,
    inhibited_by: Option<Vec<String>>,
    muted_by: Option<Vec<String>>,
}

impl Alert {
    /// An alert needs no name in Alertmanager, but has a fingerprint then.
    fn finding(self, pool: &mut Pool) -> Result<Finding, ReadError> {
        let fingerprint = self.fingerprint.as_deref().filter(|fingerprint| !fingerprint.is_empty());
        let id = self.labels.get("alertname").or(fingerprint);
        let id = id.ok_or_else(|| ReadError::NoProof("an alert has neither a name nor a fingerprint".to_owned()))?;
        Ok(Finding {
            suppressed: self.status.as_ref().and_then(Status::suppressed),
            title: pool.text(alert::title(&self.annotations.unwrap_or_default())),
            ..self.labels.alert(id, pool)
        })
    }
}

impl Status {
    fn suppressed(&self) -> Option<Text> {
        if self.state.as_deref() != Some("suppressed") {
            return None;
        }
        let ids = [("silenced", &self.silenced_by), ("inhibited", &self.inhibited_by), ("muted", &self.muted_by)];
        let ids = ids.into_iter().filter_map(|(how, ids)| Some((how, ids.as_ref().filter(|ids| !ids.is_empty())?)));
        let reason = ids.map(|(how, ids)| format!("{how} by {}", ids.join(", "))).collect::<Vec<_>>().join("; ");
        Some(if reason.is_empty() { "suppressed".into() } else { reason.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Kind;
    use crate::reader::{fixture, tampering};

    fn alert(labels: &str, status: &str) -> String {
        format!(
            r#"{{"annotations":{{"description":"d","summary":"s"}},"endsAt":"2026-01-01T00:05:00Z","fingerprint":"f00","receivers":[{{"name":"r"}}],
            "startsAt":"2026-01-01T00:00:00Z","status":{{{status}}},"updatedAt":"2026-01-01T00:00:00Z","labels":{{{labels}}}}}"#
        )
    }

    const ACTIVE: &str = r#""inhibitedBy":[],"silencedBy":[],"state":"active""#;
    const DOWN: &str = r#""alertname":"Down","instance":"a:1","job":"web","severity":"page""#;

    #[test]
    fn an_alert_that_is_on_counts() {
        let text = format!("[{},{}]", alert(DOWN, ACTIVE), alert(r#""a":"b""#, r#""state":"unprocessed""#));
        let inspection = fixture::read(&text);
        let found: Vec<(Kind, &str, &str, &str, bool)> = inspection
            .findings
            .iter()
            .map(|found| (found.kind, &*found.id, found.rating.word(), &*found.place, found.suppressed.is_some()))
            .collect();
        let expected = [
            (Kind::Alert, "Down", "critical", "instance=a:1 job=web", false),
            (Kind::Alert, "f00", "unknown", "a=b", false),
        ];
        assert_eq!(found, expected);
        assert_eq!((&*inspection.findings[0].title, inspection.scanner.as_str()), ("s", "alertmanager"));
    }

    #[test]
    fn what_is_silenced_or_inhibited_is_told_and_why() {
        for (status, expected) in [
            (r#""state":"suppressed","silencedBy":["1","2"],"inhibitedBy":[]"#, Some("silenced by 1, 2")),
            (r#""state":"suppressed","silencedBy":["1"],"inhibitedBy":["f"]"#, Some("silenced by 1; inhibited by f")),
            (r#""state":"suppressed","mutedBy":["night"]"#, Some("muted by night")),
            (r#""state":"suppressed""#, Some("suppressed")),
            (r#""state":"active","silencedBy":["1"]"#, None),
            (r#""state":"unprocessed""#, None),
            ("", None),
        ] {
            let inspection = fixture::read(&format!("[{}]", alert(DOWN, status)));
            assert_eq!(inspection.findings[0].suppressed.as_deref(), expected, "{status}");
        }
    }

    #[test]
    fn an_empty_list_is_recognised_only_if_the_format_is_named() {
        assert_eq!(fixture::refusal("[]"), "Alien");
        let inspections = tampering::read_forced(&FORMAT, "[]").unwrap();
        assert_eq!((inspections[0].findings.len(), inspections[0].notes.len()), (0, 1));
        for text in ["{}", "null", r#""bad matcher format: [""#] {
            assert!(tampering::read_forced(&FORMAT, text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_would_lose_an_alert_is_refused() {
        let nameless = alert(r#""a":"b""#, ACTIVE).replace("f00", "");
        for (text, expected) in [
            (format!("[{nameless}]"), "NoProof"),
            (format!("[{},7]", alert(DOWN, ACTIVE)), "Malformed"),
            (format!("[{},{{}}]", alert(DOWN, ACTIVE)), "Malformed"),
            (format!("[{}]", alert(r#""severity":"info","severity":"page""#, ACTIVE)), "Malformed"),
            (format!("[{}]", alert(DOWN, r#""State":"suppressed""#)), "Malformed"),
        ] {
            assert_eq!(fixture::refusal(&text), expected, "{text}");
        }
    }

    #[test]
    fn tampering_loses_nothing() {
        let text = format!("[{},{}]", alert(DOWN, ACTIVE), alert(r#""alertname":"B""#, ACTIVE));
        tampering::is_refused_when_cut(&text);
        tampering::survives_any_broken_byte(&text);
        tampering::loses_nothing_when_spoilt(
            &text,
            &["labels", "status", "state", "fingerprint", "alertname", "severity"],
        );
    }
}
