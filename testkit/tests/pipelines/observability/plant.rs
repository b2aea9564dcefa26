//! A Prometheus with the configuration of the examples, which scrapes what the tools wrote in a real run: production by the textfile collector
//! of `node_exporter`, stage by a Pushgateway, and a page as the exporter of CloudWatch writes it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use testkit::peer::{self, Server};

use super::{RULES, text};
use crate::bench::Bench;

/// One release of an environment, measured into a folder.
const RELEASE: &str = r#"
release() {
  mkdir -p "$1"
  scan-gate report.json --metrics "$1/scan-gate.prom" --metrics-labels "environment=$2,service=web" \
    | ecr-push web/ --repository web --tag 1.0.0 --input - --require scan --metrics "$1/ecr-push.prom" --metrics-labels "environment=$2,service=web" \
    | ecs-deploy --cluster "$2" --service web --require scan,push --metrics "$1/ecs-deploy.prom" --metrics-labels "environment=$2,service=web" \
    | net-audit vpc.json --input - --metrics "$1/net-audit.prom" --metrics-labels "environment=$2,service=web" > "$2.json"
}
"#;

/// What CloudWatch says of a canary and of a service, as yet-another-cloudwatch-exporter writes it.
const CLOUDWATCH: &str = r#"# TYPE aws_applicationelb_request_count_sum gauge
aws_applicationelb_request_count_sum{account_id="123456789012",dimension_LoadBalancer="app/production/1",dimension_TargetGroup="targetgroup/blue/1",name="arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/blue/1",region="eu-central-1",tag_environment="production",tag_service="web"} 900
aws_applicationelb_request_count_sum{account_id="123456789012",dimension_LoadBalancer="app/production/1",dimension_TargetGroup="targetgroup/green/1",name="arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/green/1",region="eu-central-1",tag_environment="production",tag_service="web"} 100
aws_applicationelb_request_count_sum{account_id="123456789012",dimension_LoadBalancer="app/production/1",dimension_TargetGroup="",name="arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/production/1",region="eu-central-1",tag_environment="production",tag_service="web"} 1000
# TYPE aws_applicationelb_httpcode_target_5_xx_count_sum gauge
aws_applicationelb_httpcode_target_5_xx_count_sum{account_id="123456789012",dimension_LoadBalancer="app/production/1",dimension_TargetGroup="targetgroup/green/1",name="arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/green/1",region="eu-central-1",tag_environment="production",tag_service="web"} 30
# TYPE aws_applicationelb_httpcode_elb_5_xx_count_sum gauge
aws_applicationelb_httpcode_elb_5_xx_count_sum{account_id="123456789012",dimension_LoadBalancer="app/production/1",name="arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/production/1",region="eu-central-1",tag_environment="production",tag_service="web"} 0
# TYPE aws_applicationelb_target_response_time_p95 gauge
aws_applicationelb_target_response_time_p95{account_id="123456789012",dimension_LoadBalancer="app/production/1",dimension_TargetGroup="targetgroup/green/1",name="arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/green/1",region="eu-central-1",tag_environment="production",tag_service="web"} 0.2
# TYPE aws_ecs_cpuutilization_average gauge
aws_ecs_cpuutilization_average{account_id="123456789012",dimension_ClusterName="production",dimension_ServiceName="web",name="arn:aws:ecs:eu-central-1:123456789012:service/production/web",region="eu-central-1",tag_environment="production",tag_service="web"} 20
# TYPE aws_ecs_memory_utilization_average gauge
aws_ecs_memory_utilization_average{account_id="123456789012",dimension_ClusterName="production",dimension_ServiceName="web",name="arn:aws:ecs:eu-central-1:123456789012:service/production/web",region="eu-central-1",tag_environment="production",tag_service="web"} 40
# TYPE aws_ecs_containerinsights_running_task_count_average gauge
aws_ecs_containerinsights_running_task_count_average{account_id="123456789012",dimension_ClusterName="production",dimension_ServiceName="web",name="arn:aws:ecs:eu-central-1:123456789012:service/production/web",region="eu-central-1",tag_environment="production",tag_service="web"} 4
# TYPE aws_ecs_containerinsights_desired_task_count_average gauge
aws_ecs_containerinsights_desired_task_count_average{account_id="123456789012",dimension_ClusterName="production",dimension_ServiceName="web",name="arn:aws:ecs:eu-central-1:123456789012:service/production/web",region="eu-central-1",tag_environment="production",tag_service="web"} 4
# TYPE aws_ecs_containerinsights_deployment_count_average gauge
aws_ecs_containerinsights_deployment_count_average{account_id="123456789012",dimension_ClusterName="production",dimension_ServiceName="web",name="arn:aws:ecs:eu-central-1:123456789012:service/production/web",region="eu-central-1",tag_environment="production",tag_service="web"} 1
"#;

/// Everything that runs.
pub(super) struct Plant {
    pub(super) bench: Bench,
    pub(super) prometheus: Server,
    pub(super) pushgateway: Server,
    _exporter: Server,
}

/// Runs the tools, and starts what watches them; none if a program is missing.
pub(super) fn plant() -> Option<Plant> {
    let bench = Bench::new();
    let folder = bench.sandbox.path().to_owned();
    measure(&bench);
    let (exporter, pushgateway) = (peer::node_exporter(&folder.join("textfile"))?, peer::pushgateway()?);
    push(&bench, &pushgateway)?;
    let configuration = configuration(&folder, exporter.address(), pushgateway.address(), &cloudwatch());
    Some(Plant { prometheus: peer::prometheus(&configuration)?, bench, pushgateway, _exporter: exporter })
}

/// Runs every tool: stage and an older production run for the Pushgateway, production for the textfile collector.
pub(super) fn measure(bench: &Bench) {
    let script = r"set -euo pipefail
        release pushed/stage stage
        release pushed/production production
        lock=s3://terraform-state/web.tfstate
        tfstate-lock inspect $lock --metrics pushed/production/tfstate-lock.prom --metrics-labels environment=production,service=web > free.json
        release textfile production
        tfstate-lock run $lock --lease 1h -- \
          tfstate-lock inspect $lock --metrics textfile/tfstate-lock.prom --metrics-labels environment=production,service=web > inspected.json || test $? = 1
        tfstate-lock doctor $lock --metrics textfile/doctor.prom --metrics-labels environment=production,service=terraform > doctor.json || test $? = 1";
    let _ = bench.sandbox.shell(&format!("{RELEASE}\n{script}")).run().code(0);
}

/// Pushes as a runner does, with the command of the page.
fn push(bench: &Bench, pushgateway: &Server) -> Option<()> {
    let _ = peer::find("curl")?;
    let script = r#"set -euo pipefail
        for environment in stage production; do
          for file in pushed/$environment/*.prom; do
            tool=$(basename "$file" .prom)
            curl --fail --silent --show-error --data-binary @"$file" "$PUSHGATEWAY/metrics/job/release/tool/$tool/environment/$environment/service/web"
          done
        done"#;
    let _ = bench.sandbox.shell(script).env("PUSHGATEWAY", pushgateway.endpoint()).run().code(0);
    Some(())
}

/// The configuration and rules of the examples with the addresses of this run, every second in place of every minute.
fn configuration(folder: &Path, exporter: &str, pushgateway: &str, cloudwatch: &str) -> std::path::PathBuf {
    std::fs::create_dir_all(folder.join("rules")).unwrap();
    for name in RULES {
        std::fs::write(folder.join(name), text(name).replace("interval: 10m", "interval: 1s")).unwrap();
    }
    let mut configuration = text("prometheus.yml");
    let addresses = [("9100", exporter), ("9091", pushgateway), ("5000", cloudwatch), ("9093", "127.0.0.1:1")];
    for (port, address) in addresses {
        assert!(configuration.contains(&format!("[localhost:{port}]")), "{port}");
        configuration = configuration.replace(&format!("localhost:{port}"), address);
    }
    for interval in ["30s", "60s"] {
        configuration = configuration.replace(&format!("interval: {interval}"), "interval: 1s");
    }
    let path = folder.join("prometheus.yml");
    std::fs::write(&path, configuration).unwrap();
    path
}

/// Serves the page about CloudWatch for as long as the tests run, and says where.
fn cloudwatch() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // A scraper that goes away comes back a second later.
            let _ = stream.read(&mut [0; 4096]);
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\nconnection: close";
            let _ = write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{CLOUDWATCH}", CLOUDWATCH.len());
        }
    });
    address
}

/// What a server answers to a GET, as JSON.
pub(super) fn get(server: &Server, path: &str) -> serde_json::Value {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    // Of version 1.0, so that the answer comes in one piece.
    write!(stream, "GET {path} HTTP/1.0\r\nhost: {}\r\n\r\n", server.address()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}
