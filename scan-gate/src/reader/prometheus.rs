//! What Prometheus answers to `GET /api/v1/alerts`, and to an instant query at `GET /api/v1/query`, of which every sample is an alert, as it would be
//! in a rule. Servers with the same API are read too: vmalert, Thanos, Mimir.
//!
//! An alert that is `pending` is not on yet. An answer with `warnings` is partial: a store behind it did not answer; `isPartial` says the same, where
//! the server is one of `VictoriaMetrics`. A range, a scalar and a text are no alerts. A query for a misspelled name finds nothing, as one does that
//! finds all well.
//!
//! Source: prometheus.io, HTTP API; answers of Prometheus 2.42.

use serde::Deserialize;

use super::alert::{self, Labels};
use super::plain::Plain;
use super::{Format, ReadError};
use crate::finding::{Finding, Pool, Text};
use crate::inspection::Inspection;
use crate::json::{Json, Outline};

/// Prometheus' alerts and the samples of a query.
pub const FORMAT: Format = Format { name: "prometheus", claims, read };

const ANSWER: [&str; 7] = ["status", "data", "errorType", "error", "warnings", "infos", "isPartial"];

const DATA: [&str; 3] = ["alerts", "resultType", "result"];

fn claims(outline: &Outline) -> bool {
    match outline.text("status") {
        Some("success") => {
            outline.has_object_with("data", &["alerts"]) || outline.has_object_with("data", &["resultType"])
        }
        Some("error") => outline.has(&["errorType", "error"]),
        _ => false,
    }
}

#[derive(Default)]
struct Answer {
    status: Option<String>,
    error_type: Option<String>,
    error: Option<String>,
    warnings: Vec<String>,
    is_partial: bool,
    has_alerts: bool,
    has_result: bool,
    result_type: Option<String>,
}

fn read(json: &mut Json, _: &Outline, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut answer = Answer::default();
    json.object(|json, name| {
        match name {
            "status" => answer.status = json.value()?,
            "errorType" => answer.error_type = json.value()?,
            "error" => answer.error = json.value()?,
            "warnings" => answer.warnings = json.value::<Option<Vec<String>>>()?.unwrap_or_default(),
            "infos" => inspection.notes.extend(json.value::<Option<Vec<String>>>()?.unwrap_or_default()),
            "isPartial" => answer.is_partial = json.value::<Option<bool>>()?.unwrap_or_default(),
            "data" if json.peek()? == b'{' => data(json, &mut answer, inspection)?,
            "data" => json.skip()?,
            _ => json.skip_unknown(name, &ANSWER)?,
        }
        Ok(())
    })?;
    answer.finish(inspection)
}

fn data(json: &mut Json, answer: &mut Answer, inspection: &mut Inspection) -> Result<(), ReadError> {
    json.object(|json, name| {
        match name {
            "alerts" => {
                answer.has_alerts = true;
                json.list(|json| {
                    let found = json.value::<Alert>()?.finding(&mut inspection.pool)?;
                    inspection.findings.push(found);
                    Ok(())
                })?;
            }
            "resultType" => answer.result_type = json.value()?,
            // What is no vector is refused in the end.
            "result" if answer.result_type.as_deref().is_some_and(|kind| kind != "vector") => json.skip()?,
            "result" => {
                answer.has_result = true;
                json.list(|json| {
                    let sample: Sample = json.value()?;
                    if let Some(moment) = sample.moment() {
                        inspection.created_at = Some(moment);
                    }
                    inspection.findings.push(sample.finding(&mut inspection.pool));
                    Ok(())
                })?;
            }
            _ => json.skip_unknown(name, &DATA)?,
        }
        Ok(())
    })
}

impl Answer {
    fn finish(self, inspection: &mut Inspection) -> Result<(), ReadError> {
        let no_proof = |cause: String| Err(ReadError::NoProof(cause));
        match self.status.as_deref() {
            Some("success") => {}
            Some("error") => {
                let error = alert::first_line(self.error.as_deref().unwrap_or_default());
                let kind = self.error_type.unwrap_or_default();
                return no_proof(format!("the server answered with an error: {kind}: {error}"));
            }
            Some(other) => return no_proof(format!("its `status` is `{other}`, not success")),
            None => return no_proof("it has no `status`".to_owned()),
        }
        if let Some(warning) = self.warnings.first() {
            let count = self.warnings.len();
            return no_proof(format!("it is partial, with {count} warnings: {}", alert::first_line(warning)));
        }
        if self.is_partial {
            return no_proof("it is partial: its `isPartial` is true".to_owned());
        }
        match self.result_type.as_deref() {
            None if self.has_alerts && !self.has_result => Ok(()),
            Some("vector") if self.has_result && !self.has_alerts => Ok(()),
            None | Some("vector") => no_proof("it has neither `alerts` nor a `result`, or both".to_owned()),
            Some(other) => {
                no_proof(format!("its `resultType` is `{other}`, not vector: ask an instant query for alerts"))
            }
        }?;
        if inspection.findings.is_empty() {
            let note = if self.has_alerts {
                "it has no alerts: Prometheus answers so also if it has no rules"
            } else {
                "it has no samples: Prometheus answers so also if a name in the query is misspelled"
            };
            inspection.notes.push(note.to_owned());
        }
        Ok(())
    }
}

const PENDING: &str = "pending: not firing yet";

/// An alert. vmalert gives it a name beside the labels.
#[derive(Deserialize)]
struct Alert {
    labels: Labels,
    #[serde(default)]
    annotations: Option<Labels>,
    state: Option<String>,
    name: Option<String>,
}

impl Alert {
    fn finding(self, pool: &mut Pool) -> Result<Finding, ReadError> {
        let name = self.name.as_deref().filter(|name| !name.is_empty());
        let id = self.labels.get("alertname").or(name);
        let id = id.ok_or_else(|| ReadError::NoProof("an alert has no name".to_owned()))?;
        Ok(Finding {
            suppressed: pending(self.state.as_deref(), pool),
            title: pool.text(alert::title(&self.annotations.unwrap_or_default())),
            ..self.labels.alert(id, pool)
        })
    }
}

/// A sample. One of a native histogram has no value.
#[derive(Deserialize)]
struct Sample {
    metric: Labels,
    value: Option<(f64, String)>,
}

impl Sample {
    fn finding(self, pool: &mut Pool) -> Finding {
        let name = self.metric.get("__name__");
        let id = self.metric.get("alertname").or(name).unwrap_or("query");
        let state = self.metric.get("alertstate").filter(|_| name == Some("ALERTS"));
        Finding {
            suppressed: pending(state, pool),
            title: self.value.map(|(_, value)| format!("value {value}")).unwrap_or_default().into(),
            ..self.metric.alert(id, pool)
        }
    }

    fn moment(&self) -> Option<String> {
        self.value.as_ref().and_then(|(seconds, _)| Plain::Number(*seconds).moment())
    }
}

fn pending(state: Option<&str>, pool: &mut Pool) -> Option<Text> {
    (state == Some("pending")).then(|| pool.text(PENDING))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Kind;
    use crate::reader::{fixture, tampering};

    fn alerts(alerts: &str) -> String {
        format!(r#"{{"status":"success","data":{{"alerts":[{alerts}]}}}}"#)
    }

    fn query(kind: &str, result: &str) -> String {
        format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":[{result}]}}}}"#)
    }

    fn found(text: &str) -> Vec<(String, &'static str, String, String, bool)> {
        let inspection = fixture::read(text);
        let found = inspection.findings.iter().inspect(|found| assert_eq!(found.kind, Kind::Alert));
        found
            .map(|found| {
                let texts = (found.id.to_string(), found.place.to_string(), found.title.to_string());
                (texts.0, found.rating.word(), texts.1, texts.2, found.suppressed.is_some())
            })
            .collect()
    }

    fn row(
        id: &str,
        rating: &'static str,
        place: &str,
        title: &str,
        off: bool,
    ) -> (String, &'static str, String, String, bool) {
        (id.to_owned(), rating, place.to_owned(), title.to_owned(), off)
    }

    const FIRING: &str = r#"{"labels":{"alertname":"A","instance":"a:1","severity":"critical"},"annotations":{"description":"d"},"state":"firing","activeAt":"2026-01-01T00:00:00Z","value":"1e+00"}"#;
    const PENDING: &str = r#"{"labels":{"alertname":"B"},"annotations":{},"state":"pending","value":"1e+00"}"#;
    const ODD: &str = r#"{"labels":{},"name":"C","state":"new"}"#;
    const UP: &str = r#"{"metric":{"__name__":"up","job":"web","severity":"warn"},"value":[1579839105.25,"0"]}"#;

    #[test]
    fn an_alert_that_fires_counts_and_one_that_is_pending_does_not() {
        let expected = [
            row("A", "critical", "instance=a:1", "d", false),
            row("B", "unknown", "", "", true),
            row("C", "unknown", "", "", false),
        ];
        assert_eq!(found(&alerts(&[FIRING, PENDING, ODD].join(","))), expected);
        let inspection = fixture::read(&alerts(PENDING));
        assert_eq!(inspection.findings[0].suppressed.as_deref(), Some("pending: not firing yet"));
    }

    #[test]
    fn every_sample_of_a_query_is_an_alert() {
        let samples = [
            UP,
            r#"{"metric":{},"value":[1.5,"NaN"]}"#,
            r#"{"metric":{"__name__":"ALERTS","alertname":"A","alertstate":"firing","severity":"page"},"value":[1.5,"1"]}"#,
            r#"{"metric":{"__name__":"ALERTS","alertname":"A","alertstate":"pending"},"value":[1.5,"1"]}"#,
            r#"{"metric":{"alertname":"A","alertstate":"pending"},"histogram":[1.5,{}]}"#,
        ];
        let expected = [
            row("up", "medium", "job=web", "value 0", false),
            row("query", "unknown", "", "value NaN", false),
            row("A", "critical", "", "value 1", false),
            row("A", "unknown", "", "value 1", true),
            row("A", "unknown", "", "", false),
        ];
        assert_eq!(found(&query("vector", &samples.join(","))), expected);
        assert_eq!(fixture::read(&query("vector", UP)).created_at.as_deref(), Some("2020-01-24T04:11:45.25Z"));
    }

    #[test]
    fn an_answer_without_alerts_is_clean_and_says_what_else_it_may_mean() {
        for text in
            [alerts(""), query("vector", ""), alerts("").replace("]}}", r#"]},"warnings":[],"isPartial":false}"#)]
        {
            let inspection = fixture::read(&text);
            assert_eq!((inspection.findings.len(), inspection.notes.len()), (0, 1), "{text}");
        }
        let inspection =
            fixture::read(&alerts(FIRING).replace("]}}", r#"]},"infos":["metric might not be a counter"]}"#));
        assert_eq!(inspection.notes, ["metric might not be a counter"]);
    }

    #[test]
    fn a_result_may_stand_before_its_type() {
        let text = format!(r#"{{"data":{{"result":[{UP}],"resultType":"vector"}},"status":"success"}}"#);
        assert_eq!(found(&text).len(), 1);
        assert_eq!(fixture::refusal(&text.replace("vector", "matrix")), "NoProof");
    }

    #[test]
    fn what_proves_nothing_is_refused() {
        for text in [
            r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#.to_owned(),
            r#"{"status":"error","errorType":"timeout","error":"late","data":{"resultType":"vector","result":[]}}"#
                .to_owned(),
            query("matrix", r#"{"metric":{},"values":[]}"#),
            query("scalar", r#"1.5,"1""#),
            query("string", r#"1.5,"a""#),
            query("streams", ""),
            r#"{"status":"success","data":{"resultType":"vector"}}"#.to_owned(),
            alerts(r#"{"labels":{},"state":"firing"}"#),
            alerts("").replace("]}}", r#"]},"warnings":["a store is away"]}"#),
            query("vector", "").replace("]}}", r#"]},"isPartial":true}"#),
            alerts("").replace("]}}", r#"],"resultType":"vector","result":[]}}"#),
        ] {
            assert_eq!(fixture::refusal(&text), "NoProof", "{text}");
        }
        for text in [
            "{}",
            r#"{"status":"success"}"#,
            r#"{"status":"success","data":[]}"#,
            r#"{"status":"odd","data":{"alerts":[]}}"#,
        ] {
            assert!(tampering::read_forced(&FORMAT, text).is_err(), "{text}");
        }
        let error = fixture::read_all(r#"{"status":"error","errorType":"bad_data","error":"odd\nline"}"#).unwrap_err();
        assert_eq!(error.to_string(), "it proves nothing: the server answered with an error: bad_data: odd");
    }

    #[test]
    fn what_would_lose_an_alert_is_refused() {
        for (text, expected) in [
            (alerts(FIRING).replace("]}}", r#"],"Alerts":[]}}"#), "Misspelled"),
            (alerts(FIRING).replace("]}}", r#"]},"warning":["a"]}"#), "Misspelled"),
            (alerts(&FIRING.replace("labels", "Labels")), "Malformed"),
            (alerts("7"), "Malformed"),
            (query("vector", r#"{"value":[1.5,"1"]}"#), "Malformed"),
            (query("vector", r#"{"metric":{"a":"1","a":"2"}}"#), "Malformed"),
            (r#"{"status":"success","data":{"groups":[]}}"#.to_owned(), "Alien"),
        ] {
            assert_eq!(fixture::refusal(&text), expected, "{text}");
        }
    }

    #[test]
    fn tampering_loses_nothing() {
        for (text, names) in [
            (alerts(&[FIRING, PENDING].join(",")), ["status", "data", "alerts", "labels", "state"]),
            (query("vector", UP), ["status", "data", "resultType", "result", "metric"]),
        ] {
            tampering::is_refused_when_cut(&text);
            tampering::survives_any_broken_byte(&text);
            tampering::loses_nothing_when_spoilt(&text, &names);
        }
    }
}
