//! What is read: documents in any mix, own snapshots of several regions.

use serde_json::{Value, json};
use testkit::sandbox::Sandbox;

use crate::{CLEAN, spoilt};

fn members() -> serde_json::Map<String, Value> {
    let Ok(Value::Object(members)) = serde_json::from_str(CLEAN) else { panic!("the account is an object") };
    members
}

/// The section without what depends on the clock.
fn section(outcome: &testkit::sandbox::Outcome) -> Value {
    outcome.json()["network"].clone()
}

#[test]
fn documents_one_by_one_say_the_same_as_one_with_all_members() {
    let sandbox = Sandbox::new();
    sandbox.write("whole.json", CLEAN);
    let mut files: Vec<String> = Vec::new();
    for (name, value) in members() {
        let file = format!("{name}.json");
        sandbox.write(&file, json!({ name: value }).to_string());
        files.push(file);
    }
    let whole = sandbox.tool("net-audit").args(["whole.json"]).run().code(0);
    let parts = sandbox.tool("net-audit").args(files.iter().map(String::as_str)).run().code(0);
    assert_eq!(section(&whole), section(&parts));
    let stream: Vec<String> = members().into_iter().map(|(name, value)| json!({ name: value }).to_string()).collect();
    let piped = sandbox.tool("net-audit").pipe_in(stream.join("\n")).run().code(0);
    assert_eq!(section(&whole), section(&piped));
}

#[test]
fn a_snapshot_of_several_regions_is_audited_region_by_region() {
    let mut frankfurt = members();
    frankfurt.insert("region".to_owned(), json!("eu-central-1"));
    frankfurt.insert("account".to_owned(), json!("111122223333"));
    let ireland = spoilt(|_| ()).replace("eu-central-1", "eu-west-1").replace("-0", "-1");
    let Ok(Value::Object(mut ireland)) = serde_json::from_str(&ireland) else { panic!() };
    ireland.insert("region".to_owned(), json!("eu-west-1"));
    let snapshot = json!({ "schema": "deploy-aws-ecs/network-snapshot/v1", "regions": [frankfurt, ireland] });
    let outcome = Sandbox::new().tool("net-audit").pipe_in(snapshot.to_string()).run().code(0);
    let regions: Vec<Value> = outcome.json()["network"]["vpcs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|vpc| json!([vpc["region"], vpc["account"], vpc["subnets"].as_array().unwrap().len()]))
        .collect();
    assert_eq!(regions, [json!(["eu-central-1", "111122223333", 6]), json!(["eu-west-1", "111122223333", 6])]);
}

#[test]
fn what_a_region_was_denied_is_unknown_in_the_words_of_aws() {
    let mut region = members();
    region.remove("SecurityGroups");
    region.insert("region".to_owned(), json!("eu-central-1"));
    let denied = json!([{ "operation": "ec2:DescribeSecurityGroups", "members": ["SecurityGroups"],
        "code": "UnauthorizedOperation", "message": "You are not authorized." }]);
    region.insert("denied".to_owned(), denied);
    let snapshot = json!({ "schema": "deploy-aws-ecs/network-snapshot/v1", "regions": [region] });
    let outcome = Sandbox::new().tool("net-audit").pipe_in(snapshot.to_string()).run().code(1);
    let interfaces = &outcome.json()["network"]["exposure"];
    assert_eq!((&interfaces["exposed"], &interfaces["unknown"]), (&json!(0), &json!(2)));
    let _ = outcome.says("/error/code", "network.unknown").stderr_contains(
        "SecurityGroups could not be listed: ec2:DescribeSecurityGroups failed: UnauthorizedOperation: You are not authorized.",
    );
}

#[test]
fn documents_without_a_place_beside_several_regions_are_refused() {
    let region = |name: &str| {
        let mut members = members();
        members.insert("region".to_owned(), json!(name));
        members
    };
    let snapshot = json!({ "schema": "deploy-aws-ecs/network-snapshot/v1", "regions": [region("a"), region("b")] });
    let text = format!("{snapshot}{{\"FlowLogs\":[]}}");
    let _ = Sandbox::new().tool("net-audit").pipe_in(text).run().code(2).says("/error/code", "snapshot.no_place");
}

#[test]
fn a_snapshot_of_another_version_is_refused() {
    let text = r#"{"schema":"deploy-aws-ecs/network-snapshot/v9","regions":[]}"#;
    let outcome = Sandbox::new().tool("net-audit").pipe_in(text).run().code(2);
    let _ = outcome.says("/error/code", "snapshot.unknown_format").stderr_contains("its schema is");
}

#[test]
fn documents_of_two_regions_are_not_melted_into_one() {
    let ireland = CLEAN.replace("eu-central-1", "eu-west-1").replace("-0", "-1");
    let outcome = Sandbox::new().tool("net-audit").pipe_in(format!("{CLEAN}{ireland}")).run().code(2);
    let _ = outcome
        .says("/error/code", "snapshot.several_regions")
        .stderr_contains("these documents are of several regions (eu-central-1, eu-west-1)");
}

#[test]
fn two_looks_at_the_same_region_are_not_added_up() {
    let mut region = members();
    region.insert("region".to_owned(), json!("eu-central-1"));
    region.insert("account".to_owned(), json!("111122223333"));
    let snapshot = json!({ "schema": "deploy-aws-ecs/network-snapshot/v1", "regions": [region] });
    let sandbox = Sandbox::new();
    sandbox.write("one.json", snapshot.to_string());
    sandbox.write("other.json", snapshot.to_string());
    let outcome = sandbox.tool("net-audit").args(["one.json", "other.json"]).run().code(2);
    let _ = outcome.says("/error/code", "snapshot.twice").stderr_contains("net-audit --diff OLD NEW");
}

#[test]
fn the_file_that_is_not_understood_is_named_and_what_it_may_be() {
    let cases: [(&[u8], &str, &str); 4] = [
        (b"PK\x03\x04rest", "snapshot.packed", "terraform show -json"),
        (b"{\"Vpcs\":[", "snapshot.truncated", "standard error of the command"),
        (
            b"{\"lineage\":\"x\",\"terraform_version\":\"1.11.4\",\"serial\":1}",
            "snapshot.terraform",
            "terraform show -json",
        ),
        (b"{\"@level\":\"info\"}", "snapshot.terraform", "terraform show -json"),
    ];
    for (bytes, code, hint) in cases {
        let sandbox = Sandbox::new();
        sandbox.write("vpc.json", CLEAN);
        sandbox.write("other.json", bytes);
        let outcome = sandbox.tool("net-audit").args(["vpc.json", "other.json"]).run().code(2);
        let _ = outcome.says("/error/code", code).stderr_contains("error: `other.json`: ").stderr_contains(hint);
    }
}
