//! What is asked before anything is changed.

use serde_json::{Value, json};
use testkit::image::ImageSource;
use testkit::world::Service;

use crate::bench::{Bench, OLD, rolling};

/// A task definition for Fargate whose roles and secrets are these, deployed behind the tool's back.
fn needing(bench: &Bench, members: &Value, secrets: &Value) {
    let mut definition = json!({
        "family": "web", "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256", "memory": "512",
        "containerDefinitions": [{ "name": "web", "image": OLD, "secrets": secrets }]
    });
    definition.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    bench.call("RegisterTaskDefinition", &definition);
    bench.call("UpdateService", &json!({ "cluster": "stage", "service": "web", "taskDefinition": "web" }));
    bench.cloud.clock().advance(std::time::Duration::from_hours(1));
}

/// The verdicts by topic.
fn verdicts(document: &Value) -> Vec<(String, String)> {
    let findings = document["deployment"]["preflight"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    findings.iter().map(|finding| (text(&finding["topic"]), text(&finding["verdict"]))).collect()
}

fn pair(topic: &str, verdict: &str) -> (String, String) {
    (topic.to_owned(), verdict.to_owned())
}

#[test]
fn secrets_and_roles_that_are_not_there_refuse_the_release() {
    let bench = Bench::new(&rolling());
    let there = bench.ask(Service::SecretsManager, "CreateSecret", &json!({ "Name": "db" }))["ARN"].clone();
    let there = there.as_str().unwrap();
    let gone = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:gone-AbCdEf";
    bench.ask(Service::Ssm, "PutParameter", &json!({ "Name": "/web/key", "Value": "hunter2", "Type": "SecureString" }));
    let secrets = |arn: &str| json!([{ "name": "A", "valueFrom": format!("{arn}:password::") }, { "name": "B", "valueFrom": "/web/key" }]);
    needing(&bench, &json!({}), &secrets(there));
    let outcome = bench.deploy().run().code(0);
    assert_eq!(verdicts(&outcome.json()), [pair("secret", "passed"), pair("secret", "passed")]);
    assert!(!outcome.stdout().contains("hunter2"));
    needing(&bench, &json!({ "executionRoleArn": "arn:aws:iam::123456789012:role/nobody" }), &secrets(gone));
    bench.cloud.clear_journal();
    let outcome = bench.deploy().run().code(1).says("/error/code", "preflight.secret");
    let _ = outcome
        .says("/deployment/outcome", "refused")
        .says("/deployment/services/0/outcome", "refused")
        .stderr_contains("refused, nothing was changed: secret ")
        .stderr_contains("Secrets Manager can't find the specified secret. (and 1 more)");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

#[test]
fn what_may_not_be_looked_at_is_unknown_and_told() {
    let bench = Bench::new(&rolling());
    needing(&bench, &json!({ "taskRoleArn": "arn:aws:iam::123456789012:role/web" }), &json!([]));
    bench.cloud.arm("iam:GetRole#1x9=error:403:AccessDenied".parse().unwrap());
    let outcome = bench.deploy().run().code(0);
    assert_eq!(verdicts(&outcome.json()), [pair("role", "unknown")]);
    let _ = outcome.stderr_contains(
        "warning: not known: role arn:aws:iam::123456789012:role/web: it may not be looked at: allow iam:GetRole",
    );
}

#[test]
fn an_image_must_be_in_ecr_and_fit_the_platform() {
    let bench = Bench::new(&rolling());
    needing(
        &bench,
        &json!({ "runtimePlatform": { "cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX" } }),
        &json!([]),
    );
    bench.ask(Service::Ecr, "CreateRepository", &json!({ "repositoryName": "web" }));
    let now = bench.cloud.clock().now();
    for (tag, architecture) in [("amd64", "amd64"), ("arm64", "arm64")] {
        let image = ImageSource::new().architecture(architecture).build().unwrap();
        bench.cloud.world().ecr.hold("web", &image, tag, now).unwrap();
    }
    let image = |tag: &str| format!("123456789012.dkr.ecr.eu-central-1.amazonaws.com/web:{tag}");
    let deploy = |image: &str| {
        bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web", "--image", image]).run()
    };
    let outcome = deploy(&image("missing")).code(1).says("/error/code", "preflight.image");
    let _ = outcome.stderr_contains("the image is not in ECR: ImageNotFound");
    let outcome = deploy(&image("amd64")).code(1).says("/error/code", "preflight.platform");
    let _ = outcome
        .stderr_contains("tasks run on linux/arm64, and the image is built for linux/amd64")
        .stderr_contains("hint: build it with --platform linux/arm64");
    assert_eq!(bench.cloud.writes().iter().filter(|write| write.starts_with("ecs:")).count(), 0);
    let outcome = deploy(&image("arm64")).code(0);
    assert_eq!(verdicts(&outcome.json()), [pair("image", "passed"), pair("platform", "passed")]);
    bench.cloud.arm("ecr:GetDownloadUrlForLayer#1x9=error:403:AccessDenied".parse().unwrap());
    let outcome =
        deploy(&format!("{}@{}", image("arm64"), ImageSource::new().architecture("arm64").build().unwrap().digest))
            .code(0);
    assert_eq!(verdicts(&outcome.json()), [pair("platform", "unknown"), pair("image", "passed")]);
}

#[test]
fn an_alarm_that_is_not_there_or_has_gone_off_would_not_be_watched() {
    let bench = Bench::new(&rolling());
    let outcome = bench.deploy().args(["--alarm", "errors"]).run().code(1).says("/error/code", "preflight.alarm");
    let _ = outcome.stderr_contains("alarm errors: there is no such alarm");
    bench.ask(Service::CloudWatch, "PutMetricAlarm", &json!({ "AlarmName": "errors" }));
    bench.ask(
        Service::CloudWatch,
        "SetAlarmState",
        &json!({ "AlarmName": "errors", "StateValue": "ALARM", "StateReason": "x" }),
    );
    let outcome = bench.deploy().args(["--alarm", "errors"]).run().code(1);
    let _ = outcome.stderr_contains("it has gone off already: ECS would not watch it");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}
