//! Traffic follows a deployment, metrics follow traffic, alarms follow metrics, and the deployment follows the alarms.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::LocalAws;
use testkit::image::{ImageSource, Layer};
use testkit::world::{Operation, Service};

use crate::codedeploy_bench;
use crate::ecs_bench::load_balancer;
use crate::http::Client;
use crate::registry;

struct Bench {
    cloud: LocalAws,
}

impl Bench {
    /// A service that runs version `good`, and a version `bad` of which three requests in ten fail, slowly.
    fn new(configuration: &Value) -> Self {
        let bench = Self { cloud: LocalAws::start().unwrap() };
        registry::create_repository(&bench.cloud, "web");
        bench.push("good", r#"{"p95Seconds":0.2}"#);
        bench.push("bad", r#"{"errors":0.3,"p95Seconds":4,"cpu":90,"memory":50}"#);
        bench.ecs("CreateCluster", &json!({ "clusterName": "production" }));
        let service = json!({
            "cluster": "production", "serviceName": "web", "taskDefinition": bench.register("good"), "desiredCount": 4,
            "deploymentConfiguration": configuration, "loadBalancers": [load_balancer()],
            "tags": [{ "key": "environment", "value": "production" }, { "key": "service", "value": "web" }]
        });
        bench.ecs("CreateService", &service);
        bench.wait(3600);
        bench
    }

    fn push(&self, tag: &str, traffic: &str) {
        let source = ImageSource::new().layer(Layer::new().file("version", tag)).label("local-aws.traffic", traffic);
        registry::push(&registry::client(&self.cloud), "web", tag, &source.build().unwrap());
    }

    fn call(&self, service: Service, operation: &str, input: &Value) -> Value {
        let operation = Operation { service, name: operation.to_owned() };
        let mut world = self.cloud.world();
        world.call(&operation, input, self.cloud.endpoint(), self.cloud.clock().now()).unwrap()
    }

    fn ecs(&self, operation: &str, input: &Value) -> Value {
        self.call(Service::Ecs, operation, input)
    }

    fn wait(&self, seconds: u64) {
        self.cloud.clock().advance(Duration::from_secs(seconds));
    }

    fn register(&self, tag: &str) -> Value {
        let container = json!({ "name": "web", "image": format!("{}/web:{tag}", self.cloud.registry()) });
        let input = json!({ "family": "web", "containerDefinitions": [container] });
        self.ecs("RegisterTaskDefinition", &input)["taskDefinition"]["taskDefinitionArn"].clone()
    }

    fn deploy(&self, tag: &str) {
        let definition = self.register(tag);
        let input = json!({ "cluster": "production", "service": "web", "taskDefinition": definition });
        self.ecs("UpdateService", &input);
    }

    fn newest(&self) -> Value {
        let listed = self.ecs("ListServiceDeployments", &json!({ "cluster": "production", "service": "web" }));
        let arn = &listed["serviceDeployments"][0]["serviceDeploymentArn"];
        let described = self.ecs("DescribeServiceDeployments", &json!({ "serviceDeploymentArns": [arn] }));
        described["serviceDeployments"][0].clone()
    }

    fn put_alarm(&self, name: &str, members: &Value) {
        let mut alarm = json!({
            "AlarmName": name, "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching"
        });
        alarm.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        self.call(Service::CloudWatch, "PutMetricAlarm", &alarm);
    }

    fn alarm(&self, name: &str) -> Value {
        self.call(Service::CloudWatch, "DescribeAlarms", &json!({ "AlarmNames": [name] }))["MetricAlarms"][0].clone()
    }

    fn page(&self) -> String {
        page(&self.cloud)
    }

    fn shown(&self, family: &str, labels: &[&str]) -> Vec<String> {
        shown(&self.cloud, family, labels)
    }
}

fn page(cloud: &LocalAws) -> String {
    let client = Client { endpoint: cloud.endpoint().to_owned(), authorization: String::new() };
    let answer = client.send("GET", "/_local/metrics", &[], b"");
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/plain; version=0.0.4; charset=utf-8"));
    String::from_utf8(answer.body).unwrap()
}

/// The values of a family whose labels have all of these texts.
fn shown(cloud: &LocalAws, family: &str, labels: &[&str]) -> Vec<String> {
    let page = page(cloud);
    let lines = page.lines().filter(|line| line.starts_with(&format!("{family}{{")));
    let lines = lines.filter(|line| labels.iter().all(|label| line.contains(label)));
    lines.map(|line| line.rsplit(' ').next().unwrap().to_owned()).collect()
}

const BLUE: &str = r#"dimension_TargetGroup="targetgroup/blue/0123456789abcdef""#;
const GREEN: &str = r#"dimension_TargetGroup="targetgroup/green/fedcba9876543210""#;
const REQUESTS: &str = "aws_applicationelb_request_count_sum";
const ERRORS: &str = "aws_applicationelb_httpcode_target_5_xx_count_sum";
const P95: &str = "aws_applicationelb_target_response_time_p95";

fn canary() -> Value {
    json!({
        "strategy": "CANARY", "bakeTimeInMinutes": 5,
        "canaryConfiguration": { "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 10 }
    })
}

fn metric(name: &str, dimensions: &[(&str, &str)]) -> Value {
    let dimensions = dimensions.iter().map(|(name, value)| json!({ "Name": name, "Value": value }));
    json!({ "Namespace": "AWS/ApplicationELB", "MetricName": name, "Dimensions": dimensions.collect::<Vec<_>>() })
}

/// More than a twentieth of the green target group's requests fail.
fn too_many_errors() -> Value {
    let dimensions =
        [("LoadBalancer", "app/web/0123456789abcdef"), ("TargetGroup", "targetgroup/green/fedcba9876543210")];
    let query = |id: &str, name: &str| {
        let stat = json!({ "Metric": metric(name, &dimensions), "Period": 60, "Stat": "Sum" });
        json!({ "Id": id, "MetricStat": stat, "ReturnData": false })
    };
    json!({
        "Threshold": 5,
        "Metrics": [
            query("errors", "HTTPCode_Target_5XX_Count"),
            query("requests", "RequestCount"),
            { "Id": "share", "Expression": "100 * FILL(errors, 0) / requests", "Label": "errors in percent" }
        ]
    })
}

#[test]
fn a_canary_gets_its_share_and_each_target_group_its_own_numbers() {
    let bench = Bench::new(&canary());
    assert_eq!([bench.shown(REQUESTS, &[BLUE]), bench.shown(REQUESTS, &[GREEN])], [["1200"], ["0"]]);
    assert_eq!(bench.shown(P95, &[GREEN]), ["NaN"]);
    bench.deploy("bad");
    // The canary has traffic after 70 s; what is shown is the last whole minute but one.
    bench.wait(245);
    assert_eq!([bench.shown(REQUESTS, &[BLUE]), bench.shown(REQUESTS, &[GREEN])], [["1080"], ["120"]]);
    assert_eq!([bench.shown(ERRORS, &[BLUE]), bench.shown(ERRORS, &[GREEN])], [["0"], ["36"]]);
    assert_eq!([bench.shown(P95, &[BLUE]), bench.shown(P95, &[GREEN])], [["0.2"], ["4"]]);
    let whole = r#"{dimension_LoadBalancer="app/web/0123456789abcdef",account_id="123456789012""#;
    assert_eq!(bench.shown(REQUESTS, &[whole]), ["1200"]);
    let tags = r#"region="eu-central-1",tag_environment="production",tag_service="web"} "#;
    assert_eq!(bench.shown(ERRORS, &[tags]).len(), 3);
    let service = r#"dimension_ClusterName="production",dimension_ServiceName="web""#;
    assert_eq!(bench.shown("aws_ecs_containerinsights_running_task_count_average", &[service]), ["8"]);
    // Four tasks of either version: 20 % and 90 %.
    assert_eq!(bench.shown("aws_ecs_cpuutilization_average", &[service]), ["55"]);
    bench.wait(1800);
    assert_eq!(bench.newest()["status"], "SUCCESSFUL");
    assert_eq!([bench.shown(REQUESTS, &[BLUE]), bench.shown(REQUESTS, &[GREEN])], [["0"], ["1200"]]);
}

#[test]
fn a_task_set_of_code_deploy_gets_the_share_that_it_is_given() {
    let bench = codedeploy_bench::Bench::new(
        &json!({ "deploymentConfigName": "CodeDeployDefault.ECSCanary10Percent5Minutes" }),
    );
    let id = bench.deploy();
    let requests =
        || ["blue", "green"].map(|color| shown(&bench.cloud, REQUESTS, &[&format!("targetgroup/{color}/")])[0].clone());
    bench.wait(270);
    assert_eq!((bench.weight(&id), requests()), (10, ["1080".to_owned(), "120".to_owned()]));
    bench.wait(900);
    assert_eq!(requests().map(|count| count == "1200"), [false, true]);
}

#[test]
fn tasks_of_a_rolling_deployment_share_their_target_group() {
    let bench = Bench::new(&json!({ "minimumHealthyPercent": 50, "maximumPercent": 100 }));
    bench.deploy("bad");
    // Two old tasks stop, two new ones start; half of the healthy ones is new for half a minute or more.
    let shares = (0..8).map(|_| {
        bench.wait(60);
        bench.shown(ERRORS, &[BLUE])[0].parse::<f64>().unwrap()
    });
    let shares: Vec<f64> = shares.collect();
    assert!(shares.iter().any(|errors| (1.0..359.0).contains(errors)), "{shares:?}");
    assert_eq!((shares[0], shares[7]), (0.0, 360.0), "{shares:?}");
}

#[test]
fn an_alarm_on_a_share_goes_off_when_the_canary_fails_and_says_so() {
    let bench = Bench::new(&canary());
    bench.put_alarm("web-errors", &too_many_errors());
    assert_eq!(bench.alarm("web-errors")["StateValue"], "INSUFFICIENT_DATA");
    bench.wait(60);
    assert_eq!(bench.alarm("web-errors")["StateValue"], "OK");
    bench.deploy("bad");
    bench.wait(600);
    let alarm = bench.alarm("web-errors");
    assert_eq!((&alarm["StateValue"], &alarm["Metrics"][2]["Id"]), (&json!("ALARM"), &json!("share")));
    // 60 s after the hour it was deployed, 70 s later the canary had traffic: a whole minute ended at 180 s.
    assert_eq!(alarm["StateUpdatedTimestamp"], 1_767_225_600 + 3600 + 180);
    let reason = "Threshold Crossed: 1 out of the last 1 datapoint [";
    assert!(alarm["StateReason"].as_str().unwrap().starts_with(reason), "{alarm}");
}

#[test]
fn an_alarm_that_the_service_watches_takes_the_canary_back() {
    let mut configuration = canary();
    configuration["alarms"] = json!({ "alarmNames": ["web-errors"], "enable": true, "rollback": true });
    for (version, status, triggered) in
        [("good", "SUCCESSFUL", json!(null)), ("bad", "ROLLBACK_SUCCESSFUL", json!(["web-errors"]))]
    {
        let bench = Bench::new(&configuration);
        bench.put_alarm("web-errors", &too_many_errors());
        bench.wait(300);
        bench.deploy(version);
        bench.wait(3600);
        let newest = bench.newest();
        assert_eq!(
            (&newest["status"], &newest["alarms"]["triggeredAlarmNames"]),
            (&json!(status), &triggered),
            "{version}"
        );
        if version == "bad" {
            assert_eq!([bench.shown(REQUESTS, &[BLUE]), bench.shown(REQUESTS, &[GREEN])], [["1200"], ["0"]]);
            assert_eq!(bench.alarm("web-errors")["StateValue"], "OK");
        }
    }
}

#[test]
fn whether_time_goes_by_in_one_go_or_in_steps_makes_no_difference() {
    let ends = [1, 7, 60].map(|steps| {
        let mut configuration = canary();
        configuration["alarms"] = json!({ "alarmNames": ["web-errors"], "enable": true, "rollback": true });
        let bench = Bench::new(&configuration);
        bench.put_alarm("web-errors", &too_many_errors());
        bench.deploy("bad");
        for _ in 0..steps {
            bench.wait(420 / steps);
            bench.page();
        }
        let newest = bench.newest();
        let times = ["startedAt", "finishedAt", "status"].map(|member| newest[member].clone());
        (times, bench.alarm("web-errors"), bench.page())
    });
    let [(first, ..), ..] = &ends;
    assert_eq!(first[2], "ROLLBACK_SUCCESSFUL");
    assert_eq!(ends[0], ends[1]);
    assert_eq!(ends[0], ends[2]);
}

#[test]
fn an_alarm_on_what_is_not_measured_stays_as_it_is_set() {
    let bench = Bench::new(&canary());
    bench.put_alarm("own", &json!({ "Namespace": "Own", "MetricName": "Errors", "Threshold": 1 }));
    let group = metric("RequestCount", &[("TargetGroup", "targetgroup/blue/0123456789abcdef")]);
    bench.put_alarm(
        "no-balancer",
        &json!({ "Threshold": 1, "Period": 60, "Statistic": "Sum", "TreatMissingData": "missing",
        "Namespace": group["Namespace"], "MetricName": group["MetricName"], "Dimensions": group["Dimensions"] }),
    );
    for name in ["own", "no-balancer"] {
        let raise = json!({ "AlarmName": name, "StateValue": "ALARM", "StateReason": "by hand" });
        bench.call(Service::CloudWatch, "SetAlarmState", &raise);
    }
    bench.wait(600);
    // A target group without its load balancer is no metric: there is nothing to evaluate.
    assert_eq!(
        ["own", "no-balancer"].map(|name| bench.alarm(name)["StateValue"].clone()),
        ["ALARM", "INSUFFICIENT_DATA"]
    );
}
