//! CloudWatch's answer to `DescribeAlarms` (`aws cloudwatch describe-alarms`): the alarms that are on.
//!
//! An alarm in `ALARM` is on; in `INSUFFICIENT_DATA`, or in a state that is not known, nobody can say. The same holds for `OK` with an
//! `EvaluationState`: it was not, or not wholly, evaluated. A name that is misspelled gives an empty list and no error, and so does
//! `--state-value ALARM` if all is well: a list without alarms proves nothing. Composite alarms are given only if `--alarm-types` asks for them.
//!
//! Source: the API's model, `monitoring/2010-08-01`, `DescribeAlarmsOutput`, `MetricAlarm`, `CompositeAlarm`.

use serde::Deserialize;

use super::{Format, ReadError, aws};
use crate::finding::{Finding, Kind, Pool};
use crate::inspection::{Inspection, Part};
use crate::json::{Json, Outline};
use crate::severity::Rating;

/// CloudWatch's alarms.
pub const FORMAT: Format = Format { name: "cloudwatch", claims, read };

const ANSWER: [&str; 3] = ["MetricAlarms", "CompositeAlarms", "NextToken"];

fn claims(outline: &Outline) -> bool {
    outline.has_any(&ANSWER[..2])
}

#[derive(Default)]
struct Looked {
    has_list: bool,
    metric: usize,
    composite: usize,
    on: usize,
    unsure: usize,
    region: Option<String>,
}

fn read(json: &mut Json, _: &Outline, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut looked = Looked::default();
    let mut more = false;
    json.object(|json, name| {
        match name {
            "MetricAlarms" => looked.metric = alarms(json, &mut looked, inspection)?,
            "CompositeAlarms" => looked.composite = alarms(json, &mut looked, inspection)?,
            "NextToken" => more = aws::follows(json.value::<Option<String>>()?.as_ref()),
            _ => json.skip_unknown(name, &ANSWER)?,
        }
        Ok(())
    })?;
    looked.finish(more, inspection)
}

fn alarms(json: &mut Json, looked: &mut Looked, inspection: &mut Inspection) -> Result<usize, ReadError> {
    looked.has_list = true;
    let mut count = 0;
    json.list_or_null(|json| {
        let alarm: Alarm = json.value()?;
        count += 1;
        if looked.region.is_none() {
            looked.region = alarm.region();
        }
        if let Some(found) = alarm.finding(&mut inspection.pool)? {
            *(if found.rating == Rating::Failed { &mut looked.on } else { &mut looked.unsure }) += 1;
            inspection.findings.push(found);
        }
        Ok(())
    })?;
    Ok(count)
}

impl Looked {
    fn finish(self, more: bool, inspection: &mut Inspection) -> Result<(), ReadError> {
        if !self.has_list {
            return Err(ReadError::NoProof("it has neither `MetricAlarms` nor `CompositeAlarms`".to_owned()));
        }
        let count = self.metric + self.composite;
        if count == 0 && !more {
            let cause = "it has no alarms, so none was looked at: is a name misspelled, or a state asked for?";
            return Err(ReadError::NoProof(cause.to_owned()));
        }
        inspection.notes.push(format!(
            "{count} alarms looked at, {} of them composite: {} on, {} without a clear state",
            self.composite, self.on, self.unsure
        ));
        let list = self.region.map_or_else(|| "alarms".to_owned(), |region| format!("alarms of {region}"));
        inspection.part = Part::Chain { list, more, count, total: None };
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Alarm {
    #[serde(rename = "AlarmName")]
    name: String,
    #[serde(rename = "AlarmArn")]
    arn: Option<String>,
    #[serde(rename = "AlarmDescription")]
    description: Option<String>,
    state_value: Option<String>,
    state_reason: Option<String>,
    evaluation_state: Option<String>,
}

impl Alarm {
    fn finding(self, pool: &mut Pool) -> Result<Option<Finding>, ReadError> {
        if self.name.is_empty() {
            return Err(ReadError::NoProof("an alarm has no name".to_owned()));
        }
        let evaluation = self.evaluation_state.filter(|state| !state.is_empty());
        let reason = self.state_reason.or(self.description).unwrap_or_default();
        let state = self.state_value.as_deref().unwrap_or("no state");
        let rating = match (state, &evaluation) {
            ("OK", None) => return Ok(None),
            ("ALARM", _) => Rating::Failed,
            _ => Rating::Unknown,
        };
        let words = [Some(state), evaluation.as_deref(), Some(reason.as_str())];
        let words = words.into_iter().flatten().filter(|word| !word.is_empty());
        Ok(Some(Finding {
            place: pool.text(self.arn.as_deref().unwrap_or_default()),
            title: words.collect::<Vec<_>>().join(": ").into(),
            ..Finding::new(Kind::Alert, self.name, rating)
        }))
    }

    /// Region and account, out of `arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME`.
    fn region(&self) -> Option<String> {
        let mut parts = self.arn.as_deref()?.split(':').skip(3);
        Some(format!("{} {}", parts.next()?, parts.next()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::{fixture, tampering};

    fn alarm(name: &str, state: &str) -> String {
        format!(
            r#"{{"AlarmName":"{name}","AlarmArn":"arn:aws:cloudwatch:eu-west-1:1:alarm:{name}","AlarmDescription":"d","StateValue":"{state}",
            "StateReason":"r","StateReasonData":"{{}}","Dimensions":[],"StateUpdatedTimestamp":1.5}}"#
        )
    }

    fn answer(metric: &[String], composite: &[String], rest: &str) -> String {
        format!(r#"{{"MetricAlarms":[{}],"CompositeAlarms":[{}]{rest}}}"#, metric.join(","), composite.join(","))
    }

    #[test]
    fn an_alarm_is_on_off_or_without_a_clear_state() {
        let metric = [alarm("a", "OK"), alarm("b", "ALARM"), alarm("c", "INSUFFICIENT_DATA"), alarm("d", "NEW")];
        let inspection = fixture::read(&answer(&metric, &[alarm("e", "ALARM"), alarm("f", "OK")], ""));
        let found: Vec<(&str, Rating, &str)> =
            inspection.findings.iter().map(|found| (&*found.id, found.rating, &*found.title)).collect();
        let expected = [
            ("b", Rating::Failed, "ALARM: r"),
            ("c", Rating::Unknown, "INSUFFICIENT_DATA: r"),
            ("d", Rating::Unknown, "NEW: r"),
            ("e", Rating::Failed, "ALARM: r"),
        ];
        assert_eq!(found, expected);
        assert!(inspection.findings.iter().all(|found| found.kind == Kind::Alert));
        assert_eq!(&*inspection.findings[0].place, "arn:aws:cloudwatch:eu-west-1:1:alarm:b");
        assert_eq!(inspection.notes, ["6 alarms looked at, 2 of them composite: 2 on, 2 without a clear state"]);
    }

    #[test]
    fn an_alarm_that_was_not_wholly_evaluated_is_not_off() {
        for (state, evaluation, expected) in [
            ("OK", r#""PARTIAL_DATA""#, Some((Rating::Unknown, "OK: PARTIAL_DATA: r"))),
            ("OK", r#""EVALUATION_ERROR""#, Some((Rating::Unknown, "OK: EVALUATION_ERROR: r"))),
            ("ALARM", r#""PARTIAL_DATA""#, Some((Rating::Failed, "ALARM: PARTIAL_DATA: r"))),
            ("OK", "null", None),
        ] {
            let member = format!(r#""EvaluationState":{evaluation},"StateReason""#);
            let text = answer(&[alarm("a", state).replace(r#""StateReason""#, &member)], &[], "");
            let inspection = fixture::read(&text);
            assert_eq!(inspection.findings.first().map(|found| (found.rating, &*found.title)), expected, "{text}");
        }
        let text = answer(&[alarm("a", "OK").replace(r#""StateValue":"OK","#, "")], &[], "");
        assert_eq!(&*fixture::read(&text).findings[0].title, "no state: r");
    }

    #[test]
    fn one_kind_of_alarm_is_enough_and_either_may_be_null() {
        for text in [
            format!(r#"{{"MetricAlarms":[{}]}}"#, alarm("a", "OK")),
            format!(r#"{{"CompositeAlarms":[{}],"MetricAlarms":null}}"#, alarm("a", "OK")),
        ] {
            assert_eq!(fixture::read(&text).findings, []);
        }
    }

    #[test]
    fn a_page_says_whether_another_one_follows() {
        let list = || "alarms of eu-west-1 1".to_owned();
        let part = |rest: &str| fixture::read(&answer(&[alarm("a", "OK")], &[], rest)).part;
        assert_eq!(part(r#","NextToken":"x""#), Part::Chain { list: list(), more: true, count: 1, total: None });
        assert_eq!(part(""), Part::Chain { list: list(), more: false, count: 1, total: None });
        let empty = fixture::read(&answer(&[], &[], r#","NextToken":"x""#));
        assert_eq!(empty.part, Part::Chain { list: "alarms".to_owned(), more: true, count: 0, total: None });
    }

    #[test]
    fn what_proves_nothing_or_would_lose_an_alarm_is_refused() {
        for (text, expected) in [
            (answer(&[], &[], ""), "NoProof"),
            (answer(&[], &[], r#","NextToken":"""#), "NoProof"),
            (r#"{"MetricAlarms":null}"#.to_owned(), "NoProof"),
            (answer(&[alarm("", "OK")], &[], ""), "NoProof"),
            (answer(&["{}".to_owned()], &[], ""), "Malformed"),
            (answer(&[alarm("a", "OK")], &[], r#","metricAlarms":[]"#), "Misspelled"),
            (answer(&[alarm("a", "OK").replace("StateValue", "stateValue")], &[], ""), "Malformed"),
            (r#"{"NextToken":"x"}"#.to_owned(), "Alien"),
        ] {
            assert_eq!(fixture::refusal(&text), expected, "{text}");
        }
        let refused = tampering::read_forced(&FORMAT, "{}").unwrap_err();
        assert_eq!(refused.to_string(), "it proves nothing: it has neither `MetricAlarms` nor `CompositeAlarms`");
    }

    #[test]
    fn tampering_loses_nothing() {
        let text = answer(&[alarm("a", "OK"), alarm("b", "ALARM")], &[alarm("c", "INSUFFICIENT_DATA")], "");
        tampering::is_refused_when_cut(&text);
        tampering::survives_any_broken_byte(&text);
        tampering::loses_nothing_when_spoilt(&text, &["MetricAlarms", "CompositeAlarms", "StateValue", "AlarmName"]);
    }
}
