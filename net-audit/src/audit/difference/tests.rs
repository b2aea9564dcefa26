use serde_json::{Value, json};

use super::*;
use crate::audit::audit;
use crate::audit::check::fixture::{add, clean, find, spoilt};
use crate::audit::finding::{Confidence, Finding, Remedy};
use crate::facts::Setting;
use crate::facts::intent::Intent;
use crate::money::price::built_in;
use crate::snapshot::{Estate, read};

fn estate(account: &Value) -> Estate {
    read([account.to_string().as_bytes()]).unwrap()
}

/// Compares two accounts, after something was done to their findings.
fn compared(old: &Value, new: &Value, judge: impl FnOnce(&mut RegionAudit<'_>, &mut RegionAudit<'_>)) -> Difference {
    let (old, new) = (estate(old), estate(new));
    let (intent, prices) = (Intent::default(), built_in());
    let setting = Setting { intent: &intent, prices: &prices, gb: None };
    let (mut old, mut new) = (audit(&old, setting), audit(&new, setting));
    // The rules have tests of their own.
    for audit in old.iter_mut().chain(&mut new) {
        audit.findings = crate::audit::finding::Findings::default();
    }
    judge(&mut old[0], &mut new[0]);
    difference(&old, &new)
}

fn compare(old: &Value, new: &Value) -> Difference {
    compared(old, new, |_, _| {})
}

fn finding(rule: Rule, severity: Severity, resource: &str) -> Finding {
    Finding {
        rule,
        severity,
        title: format!("{resource} is wrong"),
        resources: vec![Resource::new(resource, None)],
        vpc: None,
        availability_zones: Vec::new(),
        proof: Vec::new(),
        blast_radius: String::new(),
        money: None,
        confidence: Confidence::High,
        remedy: Remedy { advice: String::new(), cli: Vec::new(), terraform: String::new() },
    }
}

/// What changed of what is exposed: `newly exposed: load balancer web`.
fn exposed(difference: &Difference) -> Vec<String> {
    let texts = difference.exposures.iter().map(|change| format!("{}: {}", change.change.words(), change.title));
    texts.collect()
}

fn open(account: &mut Value, id: &str, from: u16, to: u16) {
    let group = find(account, "SecurityGroups", "GroupId", id);
    group["IpPermissions"].as_array_mut().unwrap().push(json!({
        "IpProtocol": "tcp", "FromPort": from, "ToPort": to, "IpRanges": [{ "CidrIp": "0.0.0.0/0" }],
    }));
}

/// The account with its tasks in the public subnets, exposed on a port of their own.
fn with_exposed_tasks() -> Value {
    spoilt(|account| {
        open(account, "sg-0app", 8080, 8080);
        for (interface, subnet) in [("eni-0taska", "subnet-0publica00000"), ("eni-0taskb", "subnet-0publicb00000")] {
            let interface = find(account, "NetworkInterfaces", "NetworkInterfaceId", interface);
            interface["SubnetId"] = json!(subnet);
            interface["Association"] = json!({ "PublicIp": "18.184.7.7" });
        }
    })
}

fn deploy(account: &mut Value) {
    for interface in ["eni-0taska", "eni-0taskb", "eni-0lba", "eni-0dba"] {
        let interface = find(account, "NetworkInterfaces", "NetworkInterfaceId", interface);
        interface["NetworkInterfaceId"] = json!(format!("{}x", interface["NetworkInterfaceId"].as_str().unwrap()));
        if interface["Association"].is_object() {
            interface["Association"]["PublicIp"] = json!("18.184.200.1");
        }
    }
}

#[test]
fn an_account_does_not_differ_from_itself() {
    let difference = compare(&clean(), &clean());
    assert_eq!(difference, Difference::default());
    assert_eq!(difference.worsened(Severity::Info), Some(false));
    assert_eq!(difference.table(), "nothing changed\n");
}

#[test]
fn a_deployment_alone_makes_no_difference() {
    let old = with_exposed_tasks();
    let mut new = old.clone();
    deploy(&mut new);
    let found = |id: &str| finding(Rule::RemoteAccessOpen, Severity::High, id);
    let difference = compared(&old, &new, |old, new| {
        old.findings.add(found("eni-0taska"));
        new.findings.add(found("eni-0taskax"));
    });
    assert_eq!(difference, Difference::default());
}

#[test]
fn a_second_task_of_the_same_service_makes_no_difference() {
    let old = with_exposed_tasks();
    let mut new = old.clone();
    let mut task = find(&mut new, "NetworkInterfaces", "NetworkInterfaceId", "eni-0taska").clone();
    task["NetworkInterfaceId"] = json!("eni-0taskc");
    add(&mut new, "NetworkInterfaces", task);
    assert_eq!(compare(&old, &new), Difference::default());
}

#[test]
fn a_deployment_with_other_groups_is_another_thing() {
    let old = with_exposed_tasks();
    let mut new = old.clone();
    find(&mut new, "NetworkInterfaces", "NetworkInterfaceId", "eni-0taska")["Groups"] =
        json!([{ "GroupId": "sg-0lb" }]);
    assert_eq!(exposed(&compare(&old, &new)), ["newly exposed: ECS task web", "no longer exposed: ECS task web"]);
}

#[test]
fn a_subnet_that_became_public_is_told_and_its_way_back_too() {
    let opened = spoilt(|account| {
        let routes = find(account, "RouteTables", "RouteTableId", "rtb-0db")["Routes"].as_array_mut().unwrap();
        routes.push(json!({
            "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-0clean0000000001",
            "Origin": "CreateRoute", "State": "active",
        }));
        for subnet in ["subnet-0dba00000001", "subnet-0dbb00000001"] {
            find(account, "Subnets", "SubnetId", subnet)["BlockPublicAccessStates"] = Value::Null;
        }
    });
    let worse = compare(&clean(), &opened);
    let told: Vec<_> =
        worse.subnets.iter().map(|subnet| (subnet.subnet.name.as_deref(), subnet.before, subnet.after)).collect();
    let change = |name| (Some(name), Some(Class::Isolated), Some(Class::Public));
    assert_eq!(told, [change("db-a"), change("db-b")]);
    assert_eq!(worse.worsened(Severity::Critical), Some(true));
    let better = compare(&opened, &clean());
    assert!(better.subnets.iter().all(|subnet| subnet.direction == Direction::Better));
    assert_eq!(better.worsened(Severity::Info), Some(false));
}

#[test]
fn a_subnet_that_came_is_worse_if_it_is_public() {
    let new = spoilt(|account| {
        for (id, block, table) in
            [("subnet-0new", "10.20.99.0/24", "rtb-0public"), ("subnet-0own", "10.20.98.0/24", "rtb-0main")]
        {
            add(account, "Subnets", json!({ "SubnetId": id, "VpcId": "vpc-0clean0000000001", "CidrBlock": block }));
            let table = find(account, "RouteTables", "RouteTableId", table);
            table["Associations"].as_array_mut().unwrap().push(json!({ "SubnetId": id }));
        }
    });
    let difference = compare(&clean(), &new);
    let told: Vec<_> = difference.subnets.iter().map(|subnet| (subnet.subnet.id.as_str(), subnet.direction)).collect();
    assert_eq!(told, [("subnet-0new", Direction::Worse), ("subnet-0own", Direction::Same)]);
    assert_eq!(difference.worsened(Severity::Critical), Some(true));
    assert_eq!(compare(&new, &clean()).worsened(Severity::Info), Some(false));
}

#[test]
fn an_opened_port_is_wider_and_a_closed_one_narrower() {
    let wider = spoilt(|account| open(account, "sg-0lb", 80, 80));
    let difference = compare(&clean(), &wider);
    assert_eq!(exposed(&difference), ["wider: load balancer web"; 2]);
    let opening = |traffic: &str| OpenTraffic { traffic: traffic.to_owned(), coverage: Coverage::Any };
    assert_eq!(difference.exposures[0].before, [opening("tcp 443")]);
    assert_eq!(difference.exposures[0].after, [opening("tcp 80"), opening("tcp 443")]);
    assert_eq!(difference.worsened(Severity::Critical), Some(true));
    let narrower = compare(&wider, &clean());
    assert_eq!(exposed(&narrower), ["narrower: load balancer web"; 2]);
    assert_eq!(narrower.worsened(Severity::Info), Some(false));
}

#[test]
fn other_sources_on_the_same_port_are_told_too() {
    let listed = spoilt(|account| {
        let group = find(account, "SecurityGroups", "GroupId", "sg-0lb");
        group["IpPermissions"][0]["IpRanges"] = json!([{ "CidrIp": "5.6.7.0/24" }]);
    });
    assert_eq!(exposed(&compare(&clean(), &listed)), ["narrower: load balancer web"; 2]);
    assert_eq!(exposed(&compare(&listed, &clean())), ["wider: load balancer web"; 2]);
    let mut moved = listed.clone();
    let group = find(&mut moved, "SecurityGroups", "GroupId", "sg-0lb");
    group["IpPermissions"][0]["IpRanges"] = json!([{ "CidrIp": "5.6.8.0/24" }]);
    assert_eq!(exposed(&compare(&listed, &moved)), ["changed: load balancer web"; 2]);
    // The same addresses written otherwise.
    let mut halves = listed.clone();
    let group = find(&mut halves, "SecurityGroups", "GroupId", "sg-0lb");
    group["IpPermissions"][0]["IpRanges"] = json!([{ "CidrIp": "5.6.7.0/25" }, { "CidrIp": "5.6.7.128/25" }]);
    assert!(compare(&listed, &halves).is_empty());
}

#[test]
fn what_is_closed_says_by_what() {
    let closed = spoilt(|account| {
        find(account, "SecurityGroups", "GroupId", "sg-0lb")["IpPermissions"] = json!([]);
    });
    let difference = compare(&clean(), &closed);
    assert_eq!(exposed(&difference), ["no longer exposed: load balancer web"; 2]);
    assert_eq!(difference.exposures[0].stopped_by, Some(Condition::SecurityGroup));
    assert_eq!(exposed(&compare(&closed, &clean())), ["newly exposed: load balancer web"; 2]);
}

#[test]
fn what_is_not_seen_any_more_is_not_closed() {
    let blind = spoilt(|account| {
        account.as_object_mut().unwrap().remove("NetworkInterfaces");
    });
    let difference = compare(&clean(), &blind);
    assert!(difference.exposures.is_empty());
    assert_eq!(difference.worsened(Severity::Info), None);
    let without_groups = spoilt(|account| {
        account.as_object_mut().unwrap().remove("SecurityGroups");
    });
    let difference = compare(&clean(), &without_groups);
    assert_eq!(exposed(&difference), ["unknown: load balancer web"; 2]);
    assert_eq!(difference.worsened(Severity::Info), None);
}

#[test]
fn findings_come_go_and_change_their_severity() {
    let difference = compared(&clean(), &clean(), |old, new| {
        old.findings.add(finding(Rule::SingleNat, Severity::Medium, "nat-gone"));
        new.findings.add(finding(Rule::BlackholeRoute, Severity::High, "rtb-new"));
        old.findings.add(finding(Rule::SingleNat, Severity::Low, "nat-worse"));
        new.findings.add(finding(Rule::SingleNat, Severity::Medium, "nat-worse"));
        old.findings.add(finding(Rule::IdleAddress, Severity::Low, "eipalloc-same"));
        new.findings.add(finding(Rule::IdleAddress, Severity::Low, "eipalloc-same"));
    });
    let told: Vec<_> =
        difference.findings.iter().map(|finding| (finding.resource.id.as_str(), finding.direction)).collect();
    assert_eq!(told, [("rtb-new", Direction::Worse), ("nat-worse", Direction::Worse), ("nat-gone", Direction::Better)]);
    assert_eq!(difference.worsened(Severity::High), Some(true));
    assert_eq!(difference.worsened(Severity::Critical), Some(false));
}

#[test]
fn a_finding_whose_rule_cannot_be_asked_any_more_is_not_gone() {
    let difference = compared(&clean(), &clean(), |old, new| {
        old.findings.add(finding(Rule::IdleNat, Severity::Low, "nat-1"));
        new.findings.unknown(Rule::IdleNat, Gap::Kind(crate::inventory::gap::Kind::NatTraffic));
    });
    assert_eq!(difference.findings[0].direction, Direction::Unknown);
    assert_eq!(difference.worsened(Severity::Low), None);
    assert_eq!(difference.worsened(Severity::Medium), Some(false));
}

#[test]
fn people_read_what_changed_in_tables() {
    let wider = spoilt(|account| open(account, "sg-0lb", 80, 80));
    let text = compare(&clean(), &wider).table();
    assert!(
        text.starts_with("0 newly public, 0 newly exposed, 2 wider, 0 no longer exposed, 0 new and 0 gone findings\n")
    );
    assert!(text.contains("tcp 80 from anywhere, tcp 443 from anywhere"), "{text}");
    let document = serde_json::to_value(compare(&clean(), &wider)).unwrap();
    assert_eq!(document["exposures"][0]["change"], "wider");
}
