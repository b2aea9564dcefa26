//! What an exporter of CloudWatch shows to Prometheus: `GET /_local/metrics`.
//!
//! It is what prometheus-community's yet-another-cloudwatch-exporter (YACE) writes when it asks for periods of a minute with a delay of a minute: the
//! values of the last whole minute but one. Counts that CloudWatch has no value for are 0 (`nilToZero`), everything else is `NaN` then. The tags
//! `environment` and `service` are those of the ECS service, also where a load balancer or a target group would have its own.
//!
//! Source: the README and the configuration page of YACE: names of series and labels, `nilToZero`, `delay`.

use std::collections::BTreeSet;
use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};

use crate::alarms::floor;
use crate::ecs::Ecs;
use crate::ecs::service::Service;
use crate::metric::{Metric, Statistic};
use crate::world::{ACCOUNT, REGION};

/// The media type of the page.
pub(crate) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A family of series: its name, and what CloudWatch is asked for it.
struct Family {
    name: &'static str,
    namespace: &'static str,
    metric: &'static str,
    statistic: Statistic,
    nil_to_zero: bool,
}

const fn family(name: &'static str, namespace: &'static str, metric: &'static str, statistic: Statistic) -> Family {
    let nil_to_zero = matches!(statistic, Statistic::Sum);
    Family { name, namespace, metric, statistic, nil_to_zero }
}

const P95: Statistic = Statistic::Percentile(0.95);
const BALANCER: &str = "AWS/ApplicationELB";
const INSIGHTS: &str = "ECS/ContainerInsights";

const FAMILIES: [Family; 8] = [
    family("aws_applicationelb_request_count_sum", BALANCER, "RequestCount", Statistic::Sum),
    family("aws_applicationelb_httpcode_target_5_xx_count_sum", BALANCER, "HTTPCode_Target_5XX_Count", Statistic::Sum),
    family("aws_applicationelb_target_response_time_p95", BALANCER, "TargetResponseTime", P95),
    family("aws_applicationelb_target_response_time_average", BALANCER, "TargetResponseTime", Statistic::Average),
    family("aws_ecs_cpuutilization_average", "AWS/ECS", "CPUUtilization", Statistic::Average),
    family("aws_ecs_memory_utilization_average", "AWS/ECS", "MemoryUtilization", Statistic::Average),
    family("aws_ecs_containerinsights_running_task_count_average", INSIGHTS, "RunningTaskCount", Statistic::Average),
    family("aws_ecs_containerinsights_desired_task_count_average", INSIGHTS, "DesiredTaskCount", Statistic::Average),
];

/// What a series is about: its dimensions, and what carries them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Subject {
    dimensions: Vec<(&'static str, String)>,
    arn: String,
    environment: String,
    service: String,
}

/// The page as it is at a time.
pub(crate) fn page(ecs: &Ecs, now: Timestamp) -> String {
    let to = floor(now, MINUTE) - MINUTE;
    let balanced: BTreeSet<Subject> = ecs.measured_services().flat_map(balanced).collect();
    let services: BTreeSet<Subject> = ecs.measured_services().map(of_service).collect();
    let mut page = String::new();
    for family in FAMILIES {
        let name = family.name;
        let (namespace, metric) = (family.namespace, family.metric);
        // Writing into memory cannot fail.
        let _ = writeln!(page, "# HELP {name} {namespace} {metric}\n# TYPE {name} gauge");
        for subject in if namespace == BALANCER { &balanced } else { &services } {
            let asked = Metric {
                namespace: namespace.to_owned(),
                name: metric.to_owned(),
                dimensions: subject
                    .dimensions
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), value.clone()))
                    .collect(),
            };
            let nil = if family.nil_to_zero { 0.0 } else { f64::NAN };
            let value = ecs.measured(&asked, family.statistic, to - MINUTE, to).unwrap_or(nil);
            let _ = writeln!(page, "{name}{{{}}} {value}", subject.labels());
        }
    }
    page
}

impl Subject {
    fn labels(&self) -> String {
        let dimensions = self.dimensions.iter().map(|(name, value)| (format!("dimension_{name}"), value.as_str()));
        let others = [
            ("account_id", ACCOUNT),
            ("name", &self.arn),
            ("region", REGION),
            ("tag_environment", &self.environment),
            ("tag_service", &self.service),
        ];
        let labels = dimensions.chain(others.map(|(name, value)| (name.to_owned(), value)));
        labels.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect::<Vec<_>>().join(",")
    }
}

/// The load balancers of a service, each as a whole and by target group.
fn balanced(service: &Service) -> Vec<Subject> {
    let subject = |dimensions: Vec<(&'static str, String)>, resource: &str| Subject {
        dimensions,
        arn: format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:{resource}"),
        environment: service.tag("environment"),
        service: service.tag("service"),
    };
    let all = service.all_balanced().into_iter().flat_map(|(balancer, group)| {
        let whole = subject(vec![("LoadBalancer", balancer.clone())], &format!("loadbalancer/{balancer}"));
        let arn = group.clone();
        [whole, subject(vec![("LoadBalancer", balancer), ("TargetGroup", group)], &arn)]
    });
    all.collect()
}

fn of_service(service: &Service) -> Subject {
    Subject {
        dimensions: vec![("ClusterName", service.cluster.clone()), ("ServiceName", service.name.clone())],
        arn: service.arn.clone(),
        environment: service.tag("environment"),
        service: service.tag("service"),
    }
}

/// Source: Prometheus, exposition formats: backslash, quote and line feed are escaped.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
