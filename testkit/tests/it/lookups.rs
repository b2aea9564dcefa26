//! What a client looks up before a deployment, over HTTP: secrets, parameters, roles, the health of targets.

use serde_json::json;
use testkit::LocalAws;
use testkit::load_balancers::Target;

use crate::http::{Answer, Client};

const GROUP: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/0123456789abcdef";

fn start(seed: &serde_json::Value) -> LocalAws {
    let cloud = LocalAws::start().unwrap();
    testkit::seed::plant(seed.to_string().as_bytes(), &mut cloud.world(), cloud.endpoint(), cloud.clock()).unwrap();
    cloud
}

fn ask(cloud: &LocalAws, service: &str, header: (&str, &str), body: &str) -> Answer {
    let scope = format!("AKID/20260101/eu-central-1/{service}/aws4_request");
    let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
    let client = Client { endpoint: cloud.endpoint().to_owned(), authorization };
    client.send("POST", "/", &[header], body.as_bytes())
}

fn query(cloud: &LocalAws, service: &str, form: &str) -> (u16, String) {
    let form_type = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    let answer = ask(cloud, service, form_type, form);
    (answer.status, String::from_utf8(answer.body).unwrap())
}

#[test]
fn secrets_and_parameters_answer_in_json() {
    let cloud = start(&json!([
        { "secretsmanager:CreateSecret": { "Name": "web/database" } },
        { "ssm:PutParameter": { "Name": "/web/flag", "Value": "on", "Type": "String" } }
    ]));
    let describe = ("x-amz-target", "secretsmanager.DescribeSecret");
    let secret = ask(&cloud, "secretsmanager", describe, r#"{"SecretId":"web/database"}"#).json();
    assert!(secret["ARN"].as_str().unwrap().contains(":secret:web/database-"), "{secret}");
    let missing = ask(&cloud, "secretsmanager", describe, r#"{"SecretId":"other"}"#);
    assert_eq!((missing.status, missing.header("x-amzn-errortype")), (400, "ResourceNotFoundException"));
    let described = ask(&cloud, "ssm", ("x-amz-target", "AmazonSSM.DescribeParameters"), "{}").json();
    assert_eq!(described["Parameters"][0]["Name"], "/web/flag");
    let names: Vec<String> = cloud.journal().into_iter().map(|call| call.operation).collect();
    let describe = "secretsmanager:DescribeSecret";
    assert_eq!(names, [describe, describe, "ssm:DescribeParameters"]);
    assert_eq!(cloud.writes(), [""; 0]);
}

#[test]
fn roles_and_callers_answer_in_xml() {
    let policy = json!({ "Version": "2012-10-17", "Statement": [] });
    let role = json!({ "RoleName": "execution", "AssumeRolePolicyDocument": policy });
    let cloud = start(&json!([{ "iam:CreateRole": role }]));
    let (status, role) = query(&cloud, "iam", "Action=GetRole&Version=2010-05-08&RoleName=execution");
    assert_eq!(status, 200);
    assert!(role.contains("<Arn>arn:aws:iam::123456789012:role/execution</Arn>"), "{role}");
    assert!(role.contains("<AssumeRolePolicyDocument>%7B%22Version%22"), "{role}");
    let (status, missing) = query(&cloud, "iam", "Action=GetRole&Version=2010-05-08&RoleName=other");
    assert_eq!(status, 404);
    assert!(missing.contains("<Error><Type>Sender</Type><Code>NoSuchEntity</Code>"), "{missing}");
    let form = "Action=CreateRole&RoleName=new+one&AssumeRolePolicyDocument=%7B%7D";
    assert!(query(&cloud, "iam", form).1.contains("<RoleName>new one</RoleName>"));
    let (_, caller) = query(&cloud, "sts", "Action=GetCallerIdentity&Version=2011-06-15");
    assert!(caller.contains("<Account>123456789012</Account>"), "{caller}");
    let form =
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fci&RoleSessionName=me";
    let (status, assumed) = query(&cloud, "sts", form);
    assert_eq!(status, 200);
    assert!(assumed.contains("<Arn>arn:aws:sts::123456789012:assumed-role/ci/me</Arn>"), "{assumed}");
    assert!(assumed.contains("<SessionToken>session-me</SessionToken>"), "{assumed}");
    assert_eq!(cloud.writes(), ["iam:CreateRole"]);
}

#[test]
fn the_health_of_targets_is_what_a_test_or_a_seed_says() {
    let target = json!({
        "id": "10.0.0.7", "port": 8080, "state": "unhealthy", "reason": "Target.FailedHealthChecks",
        "description": "Health checks failed"
    });
    let cloud = start(&json!([{ "local:TargetHealth": { "targetGroupArn": GROUP, "targets": [target] } }]));
    let form = format!("Action=DescribeTargetHealth&Version=2015-12-01&TargetGroupArn={}", GROUP.replace(':', "%3A"));
    let (status, health) = query(&cloud, "elasticloadbalancing", &form);
    assert_eq!(status, 200);
    let expected = "<TargetHealth><State>unhealthy</State><Reason>Target.FailedHealthChecks</Reason><Description>Health checks failed</Description></TargetHealth>";
    assert!(
        health.contains(expected) && health.contains("<Target><Id>10.0.0.7</Id><Port>8080</Port></Target>"),
        "{health}"
    );
    let healthy = Target { id: "10.0.0.8".into(), port: 80, state: "healthy".into(), reason: None, description: None };
    cloud.world().load_balancers.set_health(GROUP, vec![healthy]);
    assert!(
        query(&cloud, "elasticloadbalancing", &form).1.contains("<TargetHealth><State>healthy</State></TargetHealth>")
    );
    let (status, missing) = query(&cloud, "elasticloadbalancing", "Action=DescribeTargetHealth&TargetGroupArn=other");
    assert_eq!(status, 400);
    assert!(missing.contains("<Code>TargetGroupNotFound</Code>"), "{missing}");
}

#[test]
fn faults_strike_operations_that_only_the_form_names() {
    let cloud = start(&json!([]));
    cloud.arm("elbv2:DescribeTargetHealth=throttle".parse().unwrap());
    let (status, body) = query(&cloud, "elasticloadbalancing", "Action=DescribeTargetHealth&TargetGroupArn=a");
    assert_eq!(status, 400);
    assert!(body.contains("<Code>Throttling</Code>"), "{body}");
    assert_eq!(cloud.journal()[0].operation, "elbv2:DescribeTargetHealth");
}
