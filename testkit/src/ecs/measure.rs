//! What CloudWatch measures of services and of their traffic.
//!
//! A load balancer reports no value where nothing happened, so there is none here either. Source: Elastic Load Balancing user guide, CloudWatch metrics
//! of Application Load Balancers, reporting criteria.

use jiff::Timestamp;

use crate::ecs::Ecs;
use crate::ecs::service::Service;
use crate::ecs::traffic::{Answering, Flow, Moment};
use crate::metric::{Metric, Statistic};

/// Mean and 95th percentile of an exponential distribution differ by this factor, the natural logarithm of 20.
const P95_OF_MEAN: f64 = 2.995_732_273_553_991;
/// Halving so often finds a time to a millionth of the longest.
const HALVINGS: u32 = 40;
/// An integral that misses a whole number by less is that number.
const ROUNDING: f64 = 1e-6;

impl Ecs {
    /// The services that are there.
    pub(crate) fn measured_services(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().filter(|service| service.is_active())
    }

    /// The value of a metric in the span from `from` to `to`; none if there is nothing to report.
    pub(crate) fn measured(
        &self,
        metric: &Metric,
        statistic: Statistic,
        from: Timestamp,
        to: Timestamp,
    ) -> Option<f64> {
        let value = match metric.name.as_str() {
            "RequestCount" => self.counted(metric, from, to, |_| 1.0),
            "HTTPCode_Target_5XX_Count" => self.counted(metric, from, to, |answering| answering.errors),
            "TargetResponseTime" => self.response_time(metric, statistic, from, to),
            "CPUUtilization" => self.used(metric, from, to, |answering| answering.cpu),
            "MemoryUtilization" => self.used(metric, from, to, |answering| answering.memory),
            "RunningTaskCount" => {
                self.mean(metric, from, to, |moment| moment.running.iter().map(|(count, _)| f64::from(*count)).sum())
            }
            "DesiredTaskCount" => self.mean(metric, from, to, |moment| f64::from(moment.desired)),
            _ => None,
        };
        value.map(|value| (value * 1e6).round() / 1e6)
    }

    /// Whole requests: those that had been answered at the end of the span but not at its beginning.
    fn counted(
        &self,
        metric: &Metric,
        from: Timestamp,
        to: Timestamp,
        share: impl Fn(&Answering) -> f64,
    ) -> Option<f64> {
        let until = |end: Timestamp| -> f64 {
            let flows = self.flows(metric, None, end);
            let all: f64 = flows.iter().map(|(flow, requests)| requests * share(&flow.answering)).sum();
            (all + ROUNDING).floor()
        };
        Some(until(to) - until(from)).filter(|count| *count > 0.0)
    }

    /// The flows that a metric is about, and how many requests each brought.
    fn flows(&self, metric: &Metric, from: Option<Timestamp>, to: Timestamp) -> Vec<(&Flow, f64)> {
        let moments = self.services.iter().flat_map(|service| service.past.within(from, to));
        let flows = moments.flat_map(|(moment, seconds)| moment.flows.iter().map(move |flow| (flow, seconds)));
        let flows =
            flows.filter(|(flow, _)| metric.is_about([("LoadBalancer", &flow.balancer), ("TargetGroup", &flow.group)]));
        flows.map(|(flow, seconds)| (flow, flow.requests_a_second * seconds)).collect()
    }

    fn response_time(&self, metric: &Metric, statistic: Statistic, from: Timestamp, to: Timestamp) -> Option<f64> {
        let flows = self.flows(metric, Some(from), to);
        let means: Vec<(f64, f64)> =
            flows.iter().map(|(flow, requests)| (flow.answering.p95_seconds / P95_OF_MEAN, *requests)).collect();
        let all: f64 = means.iter().map(|(_, requests)| requests).sum();
        if all <= 0.0 {
            return None;
        }
        Some(match statistic {
            Statistic::Percentile(share) => percentile(&means, share * all),
            Statistic::Average | Statistic::Sum => {
                means.iter().map(|(mean, requests)| mean * requests).sum::<f64>() / all
            }
        })
    }

    /// What the tasks of a service use, each task counting alike.
    fn used(&self, metric: &Metric, from: Timestamp, to: Timestamp, part: impl Fn(&Answering) -> f64) -> Option<f64> {
        let moments = self.moments(metric, from, to);
        let tasks = moments.iter().flat_map(|(moment, seconds)| {
            moment.running.iter().map(move |(count, answering)| (f64::from(*count) * seconds, answering))
        });
        let (used, all) =
            tasks.fold((0.0, 0.0), |(used, all), (time, answering)| (used + time * part(answering), all + time));
        (all > 0.0).then(|| used / all)
    }

    fn mean(&self, metric: &Metric, from: Timestamp, to: Timestamp, part: impl Fn(&Moment) -> f64) -> Option<f64> {
        let moments = self.moments(metric, from, to);
        let all: f64 = moments.iter().map(|(_, seconds)| seconds).sum();
        let sum: f64 = moments.iter().map(|(moment, seconds)| part(moment) * seconds).sum();
        (all > 0.0).then(|| sum / all)
    }

    fn moments(&self, metric: &Metric, from: Timestamp, to: Timestamp) -> Vec<(&Moment, f64)> {
        let services = self
            .measured_services()
            .filter(|service| metric.is_about([("ClusterName", &service.cluster), ("ServiceName", &service.name)]));
        services.flat_map(|service| service.past.within(Some(from), to)).collect()
    }
}

/// The time within which so many requests of a mixture are answered, by halving what it may be.
fn percentile(means: &[(f64, f64)], wanted: f64) -> f64 {
    let answered = |time: f64| -> f64 {
        let of_each = means.iter().filter(|(mean, _)| *mean > 0.0);
        let slow: f64 = of_each.map(|(mean, requests)| requests * (1.0 - (-time / mean).exp())).sum();
        slow + means.iter().filter(|(mean, _)| *mean <= 0.0).map(|(_, requests)| requests).sum::<f64>()
    };
    // Practically every request is answered within 40 times the longest mean.
    let longest = means.iter().map(|(mean, _)| mean * 40.0).fold(0.0, f64::max);
    let halved = (0..HALVINGS).fold((0.0, longest), |(low, high), _| {
        let middle = f64::midpoint(low, high);
        if answered(middle) < wanted { (middle, high) } else { (low, middle) }
    });
    halved.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(left: f64, right: f64) {
        assert!((left - right).abs() < 1e-6, "{left} {right}");
    }

    #[test]
    fn the_percentiles_of_one_version_are_what_its_label_says_and_of_two_lie_between() {
        let mean = |p95: f64| p95 / P95_OF_MEAN;
        close(percentile(&[(mean(0.2), 100.0)], 95.0), 0.2);
        close(percentile(&[(mean(0.2), 50.0), (mean(0.2), 50.0)], 95.0), 0.2);
        let mixed = percentile(&[(mean(0.1), 90.0), (mean(2.0), 10.0)], 95.0);
        assert!(mixed > 0.2 && mixed < 2.0, "{mixed}");
        close(percentile(&[(0.0, 10.0)], 9.5), 0.0);
    }
}
