//! When an alarm goes off: what it measures, and what the latest values say.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::AlarmState;
use super::expression::Expression;
use crate::ecs::Ecs;
use crate::metric::{Metric, Statistic};
use crate::wire::ServiceError;

/// So many more periods than it has to evaluate does an alarm look back if values are missing.
///
/// Source: CloudWatch user guide, how alarms treat missing data: five values for an alarm of three periods.
const FURTHER_PERIODS: usize = 2;

/// What an alarm compares with its threshold.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// The metrics by the ids that the expression gives them.
    metrics: Vec<(String, Metric, Statistic)>,
    expression: Expression,
    period: SignedDuration,
    /// N: so many values are looked at.
    evaluated: usize,
    /// M: so many of them must breach the threshold.
    to_alarm: usize,
    comparison: Comparison,
    threshold: f64,
    gaps: Gaps,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// What stands in for values that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gaps {
    Unknown,
    Ignored,
    Breaching,
    NotBreaching,
}

/// The state that an evaluation gives, and why.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finding {
    pub(super) state: AlarmState,
    pub(super) reason: String,
}

impl Rule {
    /// The rule of a `PutMetricAlarm`; none if it is about nothing that is measured here.
    pub(super) fn read(input: &Value) -> Result<Option<Self>, ServiceError> {
        let mut metrics = Vec::new();
        let mut expression = None;
        let mut period = input["Period"].as_i64();
        if let Some(metric) = Metric::of(input) {
            let word = input["Statistic"].as_str().or(input["ExtendedStatistic"].as_str()).unwrap_or_default();
            let statistic = metric.statistic(word)?;
            metrics.push(("m".to_owned(), metric, statistic));
            expression = Some(Expression::read("m")?);
        }
        for query in input["Metrics"].as_array().into_iter().flatten() {
            let id = query["Id"].as_str().unwrap_or_default();
            let returned = query["ReturnData"] != Value::Bool(false);
            let text = if let Some(text) = query["Expression"].as_str() {
                text
            } else {
                let Some(metric) = Metric::of(&query["MetricStat"]["Metric"]) else { return Ok(None) };
                let statistic = metric.statistic(query["MetricStat"]["Stat"].as_str().unwrap_or_default())?;
                period = query["MetricStat"]["Period"].as_i64();
                metrics.push((id.to_owned(), metric, statistic));
                id
            };
            if returned {
                expression = Some(Expression::read(text)?);
            }
        }
        let Some(expression) = expression.filter(|_| !metrics.is_empty()) else { return Ok(None) };
        if let Some(name) = expression.names().find(|name| metrics.iter().all(|(id, ..)| id != name)) {
            return Err(invalid(format!(
                "`{name}` is no metric of this alarm: expressions of expressions are not played"
            )));
        }
        let count = |name: &str| input[name].as_u64().and_then(|count| usize::try_from(count).ok());
        let evaluated = count("EvaluationPeriods").filter(|count| *count > 0);
        let evaluated = evaluated.ok_or_else(|| invalid("EvaluationPeriods is at least 1"))?;
        let to_alarm = count("DatapointsToAlarm").unwrap_or(evaluated);
        let period = period.filter(|period| *period > 0 && period % 60 == 0);
        let period =
            period.ok_or_else(|| invalid("Period is a multiple of 60: load balancers and ECS report every minute"))?;
        Ok(Some(Self {
            metrics,
            expression,
            period: SignedDuration::from_secs(period),
            evaluated,
            to_alarm,
            comparison: comparison(input["ComparisonOperator"].as_str().unwrap_or_default())?,
            threshold: input["Threshold"].as_f64().ok_or_else(|| invalid("Threshold is a number"))?,
            gaps: gaps(input["TreatMissingData"].as_str().unwrap_or("missing"))?,
        }))
    }

    /// What the alarm says at a time, if it said `current` before; none if that stays.
    pub(super) fn evaluate(&self, ecs: &Ecs, at: Timestamp, current: AlarmState) -> Option<Finding> {
        let periods = (0..self.evaluated + FURTHER_PERIODS).rev();
        let end = floor(at, self.period);
        let values: Vec<Option<f64>> = periods
            .map(|back| {
                let to = end - self.period.saturating_mul(i32::try_from(back).unwrap_or(i32::MAX));
                self.value(ecs, to - self.period, to)
            })
            .collect();
        let state = self.judge(&values).filter(|state| *state != current)?;
        Some(Finding { state, reason: self.reason(&values, current, state) })
    }

    fn value(&self, ecs: &Ecs, from: Timestamp, to: Timestamp) -> Option<f64> {
        self.expression.value(&|name| {
            let (_, metric, statistic) = self.metrics.iter().find(|(id, ..)| id == name)?;
            ecs.measured(metric, *statistic, from, to)
        })
    }

    fn breaches(&self, value: f64) -> bool {
        match self.comparison {
            Comparison::Greater => value > self.threshold,
            Comparison::GreaterOrEqual => value >= self.threshold,
            Comparison::Less => value < self.threshold,
            Comparison::LessOrEqual => value <= self.threshold,
        }
    }

    /// The state that values give, the oldest first; none if it stays as it is.
    ///
    /// Source: CloudWatch user guide, how alarms treat missing data, both tables and the section on premature alarms.
    fn judge(&self, values: &[Option<f64>]) -> Option<AlarmState> {
        let latest = &values[values.len().saturating_sub(self.evaluated)..];
        let real: Vec<bool> = if latest.iter().all(Option::is_some) { latest } else { values }
            .iter()
            .rev()
            .flatten()
            .take(self.evaluated)
            .map(|value| self.breaches(*value))
            .collect();
        let breaching = real.iter().filter(|breaches| **breaches).count();
        let filled = self.evaluated - real.len();
        let oldest =
            values.iter().rev().take(self.evaluated).rposition(|value| value.is_some_and(|value| self.breaches(value)));
        let is_old = oldest.is_some_and(|place| place + 1 >= self.to_alarm);
        let verdict = |is_alarm: bool| Some(if is_alarm { AlarmState::Alarm } else { AlarmState::Ok });
        match self.gaps {
            _ if filled == 0 || breaching >= self.to_alarm => verdict(breaching >= self.to_alarm),
            Gaps::Breaching => verdict(breaching + filled >= self.to_alarm),
            Gaps::NotBreaching => verdict(false),
            _ if breaching < real.len() => verdict(false),
            Gaps::Unknown if real.is_empty() => Some(AlarmState::InsufficientData),
            Gaps::Unknown if is_old => verdict(true),
            Gaps::Unknown | Gaps::Ignored => None,
        }
    }

    /// Source: seen as `StateReason` in answers of CloudWatch.
    fn reason(&self, values: &[Option<f64>], old: AlarmState, new: AlarmState) -> String {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let known: Vec<f64> = values.iter().rev().flatten().take(self.evaluated).copied().collect();
        if new == AlarmState::InsufficientData {
            let verb = if self.evaluated == 1 { "was" } else { "were" };
            return format!(
                "Insufficient Data: {} datapoint{} {verb} unknown.",
                self.evaluated,
                plural(self.evaluated)
            );
        }
        let not = if new == AlarmState::Alarm { "" } else { "not " };
        let met: Vec<String> = known
            .iter()
            .filter(|value| self.breaches(**value) == (new == AlarmState::Alarm))
            .map(|value| format!("{value:?}"))
            .collect();
        let words = match self.comparison {
            Comparison::Greater => "greater than",
            Comparison::GreaterOrEqual => "greater than or equal to",
            Comparison::Less => "less than",
            Comparison::LessOrEqual => "less than or equal to",
        };
        if met.is_empty() {
            let (count, s) = (self.evaluated, plural(self.evaluated));
            return format!(
                "Threshold Crossed: no datapoints were received for {count} period{s} and {count} missing datapoint{s} was treated as [{}].",
                self.gaps.word()
            );
        }
        let minimum = if new == AlarmState::Alarm { self.to_alarm } else { self.evaluated + 1 - self.to_alarm };
        format!(
            "Threshold Crossed: {} out of the last {} datapoint{} [{}] {} {not}{words} the threshold ({:?}) (minimum {minimum} datapoint{} for {} -> {} transition).",
            met.len(),
            self.evaluated,
            plural(self.evaluated),
            met.join(", "),
            if met.len() == 1 { "was" } else { "were" },
            self.threshold,
            plural(minimum),
            old.as_str(),
            new.as_str(),
        )
    }
}

impl Gaps {
    fn word(self) -> &'static str {
        match self {
            Self::Unknown => "Missing",
            Self::Ignored => "Ignore",
            Self::Breaching => "Breaching",
            Self::NotBreaching => "NonBreaching",
        }
    }
}

fn comparison(word: &str) -> Result<Comparison, ServiceError> {
    match word {
        "GreaterThanThreshold" => Ok(Comparison::Greater),
        "GreaterThanOrEqualToThreshold" => Ok(Comparison::GreaterOrEqual),
        "LessThanThreshold" => Ok(Comparison::Less),
        "LessThanOrEqualToThreshold" => Ok(Comparison::LessOrEqual),
        _ => Err(invalid(format!("the local AWS does not play the ComparisonOperator `{word}`"))),
    }
}

fn gaps(word: &str) -> Result<Gaps, ServiceError> {
    match word {
        "missing" => Ok(Gaps::Unknown),
        "ignore" => Ok(Gaps::Ignored),
        "breaching" => Ok(Gaps::Breaching),
        "notBreaching" => Ok(Gaps::NotBreaching),
        _ => Err(invalid(format!("TreatMissingData is one of missing, ignore, breaching, notBreaching, not `{word}`"))),
    }
}

/// The last end of a period, before a time or at it. Periods end at multiples of their length since 1970.
pub(crate) fn floor(at: Timestamp, period: SignedDuration) -> Timestamp {
    let over = at.as_second().rem_euclid(period.as_secs().max(1));
    Timestamp::from_second(at.as_second() - over).unwrap_or(at)
}

pub(super) fn invalid(message: impl Into<String>) -> ServiceError {
    ServiceError::bad_request("InvalidParameterValue", message)
}

#[cfg(test)]
mod tests;
