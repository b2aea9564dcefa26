//! Traffic: how requests are shared among the revisions of a service, and how each version answers them.
//!
//! Every load balancer of a service gets the same number of requests at any time. While a deployment shifts traffic, they go by the weights of its
//! revisions; else each healthy task gets as many as the next one. What changes is noted with its time, so what was measured in a span is a function of
//! the world alone.

use jiff::Timestamp;
use serde_json::Value;

use crate::ecs::service::{Deployment, Service};
use crate::ecs::strategy::Strategy;

/// The label of an image that says how it answers: an object with
/// - `errors` (0): the share of the requests that are answered with a status 5xx, 0 to 1.
/// - `p95Seconds` (0.1): 95 of 100 requests are answered within this time. Times are distributed exponentially.
/// - `cpu` (20), `memory` (30): what a task uses of what it may use, in percent.
///
/// A label that is malformed counts as none. The image has to lie in the local registry.
pub(crate) const TRAFFIC_LABEL: &str = "local-aws.traffic";
/// So many requests come to each load balancer of a service, every second.
pub(crate) const REQUESTS_A_SECOND: f64 = 20.0;

/// How a version answers, and what it uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Answering {
    pub(crate) errors: f64,
    pub(crate) p95_seconds: f64,
    pub(crate) cpu: f64,
    pub(crate) memory: f64,
}

impl Answering {
    pub(crate) fn of_label(label: Option<&String>) -> Self {
        let said: Value = label.and_then(|label| serde_json::from_str(label).ok()).unwrap_or_default();
        let number = |name: &str, default: f64, most: f64| {
            said[name].as_f64().filter(|value| (0.0..=most).contains(value)).unwrap_or(default)
        };
        Self {
            errors: number("errors", 0.0, 1.0),
            p95_seconds: number("p95Seconds", 0.1, 1e6),
            cpu: number("cpu", 20.0, 1e3),
            memory: number("memory", 30.0, 1e3),
        }
    }
}

/// What a target group gets of a version's requests.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Flow {
    /// `app/NAME/ID`.
    pub(crate) balancer: String,
    /// `targetgroup/NAME/ID`.
    pub(crate) group: String,
    pub(crate) requests_a_second: f64,
    pub(crate) answering: Answering,
}

/// What there is to measure of a service at a time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Moment {
    pub(crate) flows: Vec<Flow>,
    /// How many tasks of each version run.
    pub(crate) running: Vec<(u32, Answering)>,
    pub(crate) desired: u32,
}

/// What there was to measure, each with the time from which on it held.
#[derive(Debug, Default)]
pub(crate) struct Past(Vec<(Timestamp, Moment)>);

impl Past {
    fn note(&mut self, at: Timestamp, moment: Moment) {
        // What held for no time at all was not seen by anybody.
        self.0.pop_if(|(since, _)| *since == at);
        if self.0.last().is_none_or(|(_, last)| *last != moment) {
            self.0.push((at, moment));
        }
    }

    /// What held before `to`, and for how many seconds of the span from `from` on; without `from`, of all time.
    pub(crate) fn within(&self, from: Option<Timestamp>, to: Timestamp) -> impl Iterator<Item = (&Moment, f64)> {
        let ends = self.0.iter().skip(1).map(|(since, _)| *since).chain([to]);
        self.0.iter().zip(ends).filter_map(move |((since, moment), end)| {
            let (begin, end) = (from.map_or(*since, |from| from.max(*since)), end.min(to));
            (begin < end).then(|| (moment, end.duration_since(begin).as_secs_f64()))
        })
    }
}

impl Service {
    /// Notes what there is to measure from now on.
    pub(crate) fn note_traffic(&mut self, at: Timestamp) {
        let moment = Moment { flows: self.flows(), running: self.running(), desired: count(self.desired) };
        self.past.note(at, if self.is_active() { moment } else { Moment::default() });
    }

    fn running(&self) -> Vec<(u32, Answering)> {
        let counts = self.deployments.iter().map(|deployment| {
            let revision = deployment.revision;
            (count(self.counts(revision).running), self.revisions[revision].answering)
        });
        counts.filter(|(running, _)| *running > 0).collect()
    }

    fn flows(&self) -> Vec<Flow> {
        let shares = self.shares();
        let flows = shares.into_iter().filter(|(_, share)| *share > 0.0).flat_map(|(revision, share)| {
            let answering = self.revisions[revision].answering;
            self.balanced(revision).into_iter().map(move |(balancer, group)| Flow {
                balancer,
                group,
                requests_a_second: share * REQUESTS_A_SECOND,
                answering,
            })
        });
        flows.collect()
    }

    /// The share of the requests that each revision gets. One without a healthy task gets none: what it would have got is lost.
    fn shares(&self) -> Vec<(usize, f64)> {
        let shifting = self.active().map(|active| &self.history[active]).filter(|active| !active.is_rolling());
        let shares = match (shifting, &self.shifted) {
            (Some(deployment), _) => {
                let target = deployment.walk.weights.production / 100.0;
                let source = deployment.sources.first().map(|source| (*source, 1.0 - target));
                source.into_iter().chain([(deployment.target, target)]).collect()
            }
            (None, Some((green, percent))) => self.by_task_set(green, f64::from(*percent) / 100.0),
            (None, None) if Strategy::of(self.configuration()) == Some(Strategy::Rolling) && !self.has_task_sets() => {
                self.by_task()
            }
            (None, None) => self.serving.map(|serving| (serving, 1.0)).into_iter().collect(),
        };
        shares.into_iter().filter(|(revision, _)| self.healthy(*revision) > 0).collect()
    }

    fn by_task(&self) -> Vec<(usize, f64)> {
        let healthy = |deployment: &Deployment| f64::from(count(self.healthy(deployment.revision)));
        let all: f64 = self.deployments.iter().map(healthy).sum();
        self.deployments.iter().map(|deployment| (deployment.revision, healthy(deployment) / all.max(1.0))).collect()
    }

    fn by_task_set(&self, green: &str, share: f64) -> Vec<(usize, f64)> {
        let is_green = |revision: usize| self.deployments.iter().any(|set| set.revision == revision && set.id == green);
        let mut others = self.deployments.iter().map(|set| set.revision).filter(|revision| !is_green(*revision));
        let blue = self.serving.filter(|serving| !is_green(*serving)).or_else(|| others.next_back());
        let green = self.deployments.iter().map(|set| set.revision).find(|revision| is_green(*revision));
        let shares = blue.map(|blue| (blue, 1.0 - share)).into_iter().chain(green.map(|green| (green, share)));
        shares.collect()
    }

    /// Load balancer and target group of each place that sends traffic to a revision.
    fn balanced(&self, revision: usize) -> Vec<(String, String)> {
        let revision = &self.revisions[revision];
        let of_task_set = revision.settings.get("loadBalancers").filter(|_| self.has_task_sets());
        let places = of_task_set.unwrap_or(&revision.load_balancers).as_array().into_iter().flatten();
        places
            .filter_map(|place| balanced(place["targetGroupArn"].as_str()?, &place["productionListenerRule"]))
            .collect()
    }

    /// Load balancer and target group of all places that traffic may come from.
    pub(crate) fn all_balanced(&self) -> Vec<(String, String)> {
        let places = self.settings["loadBalancers"].as_array().into_iter().flatten();
        let groups = places.flat_map(|place| {
            let advanced = &place["advancedConfiguration"];
            let groups = [&place["targetGroupArn"], &advanced["alternateTargetGroupArn"]];
            groups.into_iter().filter_map(|group| balanced(group.as_str()?, &advanced["productionListenerRule"]))
        });
        let known = self.deployments.iter().flat_map(|deployment| self.balanced(deployment.revision));
        let mut all: Vec<_> = groups.chain(known).collect();
        all.sort();
        all.dedup();
        all
    }
}

/// The dimensions of a target group. Its load balancer is the one of the listener rule; where there is no rule, one is made up from the target group's name.
fn balanced(group_arn: &str, rule_arn: &Value) -> Option<(String, String)> {
    let group = group_arn.rsplit(':').next()?.to_owned();
    let rule = rule_arn.as_str().and_then(|arn| arn.rsplit(':').next()?.strip_prefix("listener-rule/"));
    let balancer = match rule {
        Some(rule) => rule.split('/').take(3).collect::<Vec<_>>().join("/"),
        None => group.replacen("targetgroup/", "app/", 1),
    };
    Some((balancer, group))
}

fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const START: Timestamp = Timestamp::constant(1_767_225_600, 0);

    fn at(seconds: i64) -> Timestamp {
        START + jiff::SignedDuration::from_secs(seconds)
    }

    fn desired(desired: u32) -> Moment {
        Moment { desired, ..Moment::default() }
    }

    #[test]
    fn a_label_says_how_a_version_answers_and_what_it_leaves_out_is_usual() {
        let label = r#"{"errors":0.3,"p95Seconds":0.5,"cpu":95}"#.to_owned();
        let answering = Answering::of_label(Some(&label));
        assert_eq!(answering, Answering { errors: 0.3, p95_seconds: 0.5, cpu: 95.0, memory: 30.0 });
        let usual = Answering::of_label(None);
        for malformed in ["broken", "[]", r#"{"errors":3}"#, r#"{"errors":"many"}"#] {
            assert_eq!(Answering::of_label(Some(&malformed.to_owned())), usual, "{malformed}");
        }
    }

    #[test]
    fn the_past_is_cut_at_the_ends_of_a_span() {
        let mut past = Past::default();
        for (seconds, count) in [(0, 7), (0, 1), (10, 1), (20, 2), (50, 3)] {
            past.note(at(seconds), desired(count));
        }
        let within = |from: Option<i64>, to: i64| -> Vec<(u32, f64)> {
            let within = past.within(from.map(at), at(to));
            within.map(|(moment, seconds)| (moment.desired, seconds)).collect()
        };
        assert_eq!(within(Some(10), 60), [(1, 10.0), (2, 30.0), (3, 10.0)]);
        assert_eq!(within(None, 25), [(1, 20.0), (2, 5.0)]);
        assert_eq!(within(Some(70), 80), [(3, 10.0)]);
    }

    #[test]
    fn a_load_balancer_is_named_by_its_listener_rule() {
        let group = "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/web/12";
        let rule = json!("arn:aws:elasticloadbalancing:eu-central-1:1:listener-rule/app/front/34/56/78");
        let expected = |balancer: &str| Some((balancer.to_owned(), "targetgroup/web/12".to_owned()));
        assert_eq!(balanced(group, &rule), expected("app/front/34"));
        assert_eq!(balanced(group, &Value::Null), expected("app/web/12"));
    }
}
