//! `--explain` and `--diff` through the binary.

use serde_json::{Value, json};
use testkit::sandbox::{Outcome, Sandbox};

use crate::{CLEAN, add, find, spoilt, without};

fn explain(account: &str, from: &str, to: &str) -> Outcome {
    Sandbox::new().tool("net-audit").args(["-", "--explain", from, to]).pipe_in(account).run()
}

/// A bastion in a public subnet, which the database lets in.
fn with_bastion() -> String {
    spoilt(|account| {
        let mut bastion = find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0lba").clone();
        bastion["NetworkInterfaceId"] = json!("eni-0bastion");
        bastion["Description"] = json!("");
        bastion["Groups"] = json!([{ "GroupId": "sg-0bastion", "GroupName": "bastion" }]);
        bastion["Attachment"] = json!({ "InstanceId": "i-0bastion", "Status": "attached" });
        bastion["PrivateIpAddress"] = json!("10.20.0.99");
        bastion["PrivateIpAddresses"] = json!([]);
        bastion["Association"] = json!({ "PublicIp": "18.184.9.9" });
        add(account, "NetworkInterfaces", bastion);
        account["Reservations"] = json!([{ "Instances": [{ "InstanceId": "i-0bastion", "SubnetId": "subnet-0publica00000",
            "State": { "Name": "running" }, "Tags": [{ "Key": "Name", "Value": "bastion" }] }] }]);
        let everything = json!([{ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }]);
        let ssh = json!([{ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{ "CidrIp": "198.51.100.7/32" }, { "CidrIp": "8.8.0.0/16" }] }]);
        let group = json!({ "GroupId": "sg-0bastion", "GroupName": "bastion", "VpcId": "vpc-0clean0000000001",
            "IpPermissions": ssh, "IpPermissionsEgress": everything });
        add(account, "SecurityGroups", group);
        let database = find(account, "SecurityGroups", "GroupId", "sg-0db");
        database["IpPermissions"][0]["UserIdGroupPairs"] =
            json!([{ "GroupId": "sg-0app" }, { "GroupId": "sg-0bastion" }]);
    })
}

#[test]
fn a_way_that_is_there_is_yes() {
    let outcome = explain(CLEAN, "service/web", "orders").code(0);
    let _ = outcome
        .says("/ok", true)
        .says("/network/ok", true)
        .says("/network/explanation/reaches", true)
        .stderr_is("net-audit: ECS service web (eni-0taska) to database orders (eni-0dba), tcp 5432: yes\n");
}

#[test]
fn a_way_that_is_not_there_is_no_and_names_what_stops_it() {
    let outcome = explain(CLEAN, "internet", "orders").code(1);
    let _ = outcome
        .says("/error/code", "network.stopped")
        .says("/network/explanation/reaches", false)
        .stderr_contains("stopped by route: subnet-0dba00000001 is isolated: rtb-0db has no route to the internet");
}

#[test]
fn the_way_through_a_bastion_has_it_among_its_hops() {
    let document = explain(&with_bastion(), "internet", "orders").code(1).json();
    let via = &document["network"]["explanation"]["via"][0];
    assert_eq!(via["reaches"], true);
    let hops = via["hops"].as_array().unwrap();
    assert!(hops.iter().any(|hop| hop.to_string().contains("i-0bastion")), "{via:#}");
    let hops = document["network"]["explanation"]["hops"].as_array().unwrap();
    assert!(!hops.is_empty());
    assert_eq!(document["network"]["explanation"]["reaches"], false);
    assert_eq!(document["network"]["explanation"]["reaches_by_any_way"], true);
}

#[test]
fn a_way_by_a_load_balancer_is_told_in_the_same_line() {
    let outcome = explain(CLEAN, "Internet", "ecs/web").code(1);
    let _ = outcome
        .says("/network/explanation/reaches", false)
        .says("/network/explanation/reaches_by_any_way", true)
        .stderr_contains("any port: no directly, yes by way of load balancer web (tcp 443, then tcp 8080); directly it is stopped by route");
}

#[test]
fn an_end_may_be_named_by_dns_and_by_other_words_for_its_kind() {
    for to in ["www.example.com", "alb/web", "web-1234567890.eu-central-1.elb.amazonaws.com:443"] {
        let _ = explain(CLEAN, "internet", to).code(0).says("/network/explanation/reaches", true);
    }
}

#[test]
fn what_was_not_looked_at_makes_the_way_unknown() {
    let account = spoilt(|account| without(account, "SecurityGroups"));
    let outcome = explain(&account, "service/web", "orders").code(1);
    let _ = outcome
        .says("/error/code", "network.unknown")
        .says("/network/explanation/reaches", Value::Null)
        .stderr_contains("aws ec2 describe-security-groups");
}

#[test]
fn ends_that_are_not_there_or_not_clear_are_usage_errors() {
    for (from, to, code, said) in [
        ("internet", "oders", "network.no_place", "orders"),
        ("internet", "oders", "network.no_place", "nothing in the snapshot is called `oders`; near: database/orders"),
        ("internet", "web", "network.no_place", "load-balancer/web"),
        ("internet", "nat-0clean00000000a1", "network.no_place", "is a NAT gateway: name an instance"),
        ("internet", "orders:many", "usage", "many"),
    ] {
        let _ = explain(CLEAN, from, to).code(2).says("/error/code", code).stderr_contains(said);
    }
}

#[test]
fn a_way_is_no_step_of_a_release_and_no_finding() {
    for arguments in [
        ["vpc.json", "--explain", "internet", "orders", "--input", "release.json"],
        ["vpc.json", "--explain", "internet", "orders", "--output", "sarif"],
        ["vpc.json", "--explain", "internet", "orders", "--fail-on", "low"],
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("vpc.json", CLEAN);
        sandbox.write("release.json", r#"{"schema":"deploy-aws-ecs/release/v1","ok":true}"#);
        let _ = sandbox.tool("net-audit").args(arguments).run().code(2);
    }
}

fn compare(old: &str, new: &str, more: &[&str]) -> Outcome {
    let sandbox = Sandbox::new();
    sandbox.write("old.json", old);
    sandbox.write("new.json", new);
    sandbox.tool("net-audit").args(["--diff", "old.json", "new.json"].iter().chain(more).copied()).run()
}

#[test]
fn nothing_changed_between_two_looks_at_the_same() {
    let outcome = compare(CLEAN, CLEAN, &[]).code(0);
    let _ = outcome.says("/network/difference/exposures", json!([])).stderr_is("net-audit: nothing changed\n");
}

#[test]
fn what_became_public_is_no_and_what_was_closed_is_yes() {
    let outcome = compare(CLEAN, &with_bastion(), &[]).code(1);
    let document = outcome.says("/error/code", "network.worse").json();
    let exposures = document["network"]["difference"]["exposures"].as_array().unwrap().clone();
    assert!(exposures.iter().any(|one| one["id"] == "eni-0bastion"), "{exposures:?}");
    let _ = compare(&with_bastion(), CLEAN, &[]).code(0).says("/ok", true);
    let _ = compare(CLEAN, &with_bastion(), &["--fail-on", "never"]).code(0);
    let _ = compare(CLEAN, &with_bastion(), &[]).stderr_contains("instance bastion is newly exposed on tcp 22");
}

#[test]
fn the_rule_and_the_resource_of_a_finding_that_came_have_members_of_their_own() {
    let account = spoilt(|account| {
        find(account, "NatGateways", "NatGatewayId", "nat-0clean00000000a1")["State"] = json!("failed");
    });
    let document = compare(CLEAN, &account, &[]).json();
    let findings = document["network"]["difference"]["findings"].as_array().unwrap().clone();
    let own = |finding: &Value| finding["rule"].is_string() && finding["resource"]["id"].is_string();
    assert!(!findings.is_empty() && findings.iter().all(own), "{findings:?}");
}

#[test]
fn snapshots_of_two_networks_cannot_be_compared() {
    let other = CLEAN.replace("vpc-0clean", "vpc-1other").replace("\"subnet-0", "\"subnet-1");
    let outcome = compare(CLEAN, &other, &[]).code(1);
    let _ = outcome
        .says("/error/code", "network.unknown")
        .says("/network/difference/notes", json!(["OLD and NEW have no subnet in common"]));
}

#[test]
fn a_deployment_alone_changes_nothing() {
    let replaced = CLEAN.replace("eni-0task", "eni-1task").replace("10.20.16.20", "10.20.16.77");
    let _ = compare(CLEAN, &replaced, &[]).code(0).stderr_is("net-audit: nothing changed\n");
}

#[test]
fn an_address_that_the_nat_gateways_subnet_has_no_route_to_is_no() {
    let account = spoilt(|account| {
        let routes = find(account, "RouteTables", "RouteTableId", "rtb-0public")["Routes"].as_array_mut().unwrap();
        let default = routes.iter_mut().find(|route| route["DestinationCidrBlock"] == "0.0.0.0/0").unwrap();
        default["DestinationCidrBlock"] = json!("18.0.0.0/8");
    });
    let _ = explain(&account, "eni-0taska", "8.8.8.8:443")
        .code(1)
        .says("/network/explanation/reaches", false)
        .stderr_contains("stopped by route: rtb-0public has no route to 8.8.8.8");
}

#[test]
fn a_database_that_came_one_hop_behind_the_internet_is_worse() {
    let hop = spoilt(|account| {
        let group = find(account, "SecurityGroups", "GroupId", "sg-0db");
        group["IpPermissions"][0]["UserIdGroupPairs"] = json!([{ "GroupId": "sg-0app" }, { "GroupId": "sg-0lb" }]);
    });
    let _ = compare(CLEAN, &hop, &[])
        .code(1)
        .says("/error/code", "network.worse")
        .says("/network/difference/hops/0/is_store", true)
        .stderr_contains("database orders can now be reached from load balancer web on tcp 5432 by db (sg-0db)");
}

#[test]
fn what_was_not_known_before_is_not_said_to_be_new() {
    let old = spoilt(|account| without(account, "SecurityGroups"));
    let outcome = compare(&old, CLEAN, &[]).code(1);
    let _ = outcome
        .says("/error/code", "network.unknown")
        .stderr_contains("load balancer web is exposed, and whether it was so before is not known")
        .stderr_contains("aws ec2 describe-security-groups");
}
