//! What counts: the threshold, waivers, what is meant to be public, and what could not be told.

use serde_json::{Value, json};
use testkit::sandbox::{Outcome, Sandbox};

use crate::{CLEAN, find, spoilt, without};

/// A task stands in a public subnet, with a public address and SSH open to the world: a finding of high severity.
fn ssh_open() -> String {
    spoilt(|account| {
        let task = find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0taska");
        task["SubnetId"] = json!("subnet-0publica00000");
        task["Association"] = json!({ "PublicIp": "18.184.2.1" });
        find(account, "SecurityGroups", "GroupId", "sg-0app")["IpPermissions"] =
            json!([{ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }]);
    })
}

fn run(account: &str, arguments: &[&str], waivers: &str) -> Outcome {
    let sandbox = Sandbox::new();
    sandbox.write("waivers.toml", waivers);
    sandbox.tool("net-audit").args(arguments).pipe_in(account).run()
}

fn waiver(narrowing: &str, expires: &str) -> String {
    format!("[[waiver]]\nid = \"NET003\"\n{narrowing}\nreason = \"break glass\"\nexpires = {expires}\n")
}

#[test]
fn a_clean_account_passes_at_every_threshold() {
    for threshold in ["info", "low", "medium", "high", "critical", "never"] {
        let outcome = run(CLEAN, &["--fail-on", threshold], "");
        let _ = outcome.code(0).says("/ok", true).says("/network/findings", json!([]));
    }
}

#[test]
fn a_finding_counts_from_its_severity_on() {
    for (threshold, code) in [("info", 1), ("high", 1), ("critical", 0), ("never", 0)] {
        let outcome = run(&ssh_open(), &["--fail-on", threshold], "").code(code);
        assert_eq!(outcome.json()["network"]["findings"][0]["id"], "NET003", "{threshold}");
        assert_eq!(outcome.json()["network"]["ok"], code == 0);
    }
    let _ = run(&ssh_open(), &[], "")
        .code(1)
        .says("/error/code", "network.findings")
        .stderr_contains("net-audit: error: 1 finding at or above high: NET003 ");
}

#[test]
fn a_waiver_silences_what_it_names_until_it_expires() {
    let arguments = ["--waivers", "waivers.toml"];
    let outcome = run(&ssh_open(), &arguments, &waiver("resource = \"sg-0a*\"", "2099-01-01")).code(0);
    let waived = &outcome.json()["network"]["waived"][0];
    assert_eq!((&waived["id"], &waived["reason"]), (&json!("NET003"), &json!("break glass")));
    let outcome = run(&ssh_open(), &arguments, &waiver("", "2020-01-01")).code(1);
    let finding = &outcome.json()["network"]["findings"][0];
    assert_eq!(finding["waiver_expired"], "waivers.toml, waiver 1 (line 1) on 2020-01-01");
    let _ = outcome
        .says("/network/waivers/0/note", "it expired on 2020-01-01")
        .stderr_contains("net-audit: warning: waivers.toml, waiver 1 (line 1): it expired on 2020-01-01\n");
    let outcome = run(&ssh_open(), &arguments, &waiver("resource = \"sg-other\"", "2099-01-01")).code(1);
    assert_eq!(outcome.json()["network"]["waivers"][0]["note"], "it silences nothing");
}

#[test]
fn a_waiver_that_is_not_understood_is_refused() {
    let text = waiver("package = \"openssl\"", "2099-01-01");
    let _ = run(CLEAN, &["--waivers", "waivers.toml"], &text)
        .code(2)
        .says("/error/code", "waivers.invalid")
        .stderr_contains("waivers in `waivers.toml`: line 3, waiver 1: `package` is not known");
}

#[test]
fn what_cannot_be_told_is_no_pass_if_it_would_count() {
    let lacking = |member: &str| spoilt(|account| without(account, member));
    let unanswered = |outcome: &Outcome| -> Vec<Value> {
        let rules = outcome.json()["network"]["unanswered"].as_array().unwrap().clone();
        rules.into_iter().map(|rule| rule["id"].clone()).collect()
    };
    let outcome = run(&lacking("NetworkInterfaces"), &[], "").code(1);
    assert!(unanswered(&outcome).contains(&json!("NET001")), "{:?}", unanswered(&outcome));
    let _ = outcome.says("/error/code", "network.unknown").stderr_contains("aws ec2 describe-network-interfaces");
    let outcome = run(&lacking("FlowLogs"), &[], "").code(0);
    assert_eq!(unanswered(&outcome), [json!("NET021")]);
    let _ = run(&lacking("FlowLogs"), &["--fail-on", "low"], "").code(1).says("/error/code", "network.unknown");
    let _ = run(&lacking("NetworkInterfaces"), &["--fail-on", "never"], "").code(0);
}

#[test]
fn the_command_line_says_what_is_meant_to_be_public() {
    let untagged = spoilt(|account| {
        for subnet in account["Subnets"].as_array_mut().unwrap() {
            subnet["Tags"] = json!([]);
        }
        // Something that has no business in a public subnet.
        find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0taska")["SubnetId"] =
            json!("subnet-0publica00000");
    });
    let doubted = |arguments: &[&str]| {
        let outcome = run(&untagged, arguments, "");
        let findings = outcome.json()["network"]["findings"].as_array().unwrap().clone();
        let about = findings.into_iter().filter(|finding| finding["id"] == "NET024");
        about.map(|finding| finding["severity"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(doubted(&[]), [json!("medium")]);
    assert_eq!(doubted(&["--public", "subnet-0public*"]), [] as [Value; 0]);
    assert_eq!(doubted(&["--public", "production"]), [] as [Value; 0]);
    assert_eq!(doubted(&["--private", "subnet-0publica*"]), [json!("high")]);
    let outcome = run(&untagged, &["--private", "pubic-*"], "");
    let _ = outcome.says("/network/notes", json!(["--private pubic-* fits no subnet"]));
}

#[test]
fn what_was_found_is_told_before_what_is_not_known() {
    let account = spoilt(|account| {
        let Ok(mut open) = serde_json::from_str(&ssh_open()) else { panic!("the account is no JSON") };
        without(&mut open, "DBSubnetGroups");
        without(&mut open, "DBInstances");
        *account = open;
    });
    let outcome = run(&account, &[], "").code(1).says("/error/code", "network.findings");
    let _ = outcome
        .stderr_contains("1 finding at or above high: NET003 ")
        .stderr_contains("; besides, NET001, NET004 cannot");
}

#[test]
fn patterns_and_numbers_that_say_nothing_are_usage_errors() {
    for arguments in [["--public", "["], ["--private", " "], ["--gb", "-1"], ["--gb", "much"], ["--fail-on", "severe"]]
    {
        let _ = run(CLEAN, &arguments, "").code(2).says("/error/code", "usage");
    }
}
