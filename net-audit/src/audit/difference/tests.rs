use serde_json::{Value, json};

use super::*;
use crate::audit::audit;
use crate::audit::check::fixture::{add, add_exposed_instance, add_group, clean, find, spoilt};
use crate::audit::finding::{Confidence, Remedy};
use crate::facts::Setting;
use crate::facts::intent::Intent;
use crate::money::price::built_in;
use crate::snapshot::{Estate, read};

mod hops;

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
    assert_eq!(worse.worsened(Severity::High), Some(true));
    assert_eq!(worse.worsened(Severity::Critical), Some(false));
    assert_eq!(worse.summary(), "subnets db-a and db-b are newly public");
    let better = compare(&opened, &clean());
    assert!(better.subnets.iter().all(|subnet| subnet.direction == Direction::Better));
    assert_eq!(better.worsened(Severity::Info), Some(false));
    assert_eq!(better.summary(), "subnets db-a and db-b are not public any more");
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
    assert_eq!(told, [("subnet-0new", Direction::Worse), ("subnet-0own", Direction::Came)]);
    assert_eq!(difference.worsened(Severity::High), Some(true));
    assert_eq!(difference.summary(), "subnet subnet-0new is newly public; 1 subnet came");
    let back = compare(&new, &clean());
    let told: Vec<_> = back.subnets.iter().map(|subnet| (subnet.subnet.id.as_str(), subnet.direction)).collect();
    assert_eq!(told, [("subnet-0new", Direction::Better), ("subnet-0own", Direction::Went)]);
    assert_eq!(back.worsened(Severity::Info), Some(false));
}

#[test]
fn a_private_subnet_that_comes_or_goes_is_neither_worse_nor_better() {
    let new = spoilt(|account| {
        let subnet =
            json!({ "SubnetId": "subnet-0new", "VpcId": "vpc-0clean0000000001", "CidrBlock": "10.20.99.0/24" });
        add(account, "Subnets", subnet);
        let table = find(account, "RouteTables", "RouteTableId", "rtb-0appa");
        table["Associations"].as_array_mut().unwrap().push(json!({ "SubnetId": "subnet-0new" }));
    });
    let there = compare(&clean(), &new);
    assert_eq!((there.subnets[0].after, there.subnets[0].direction), (Some(Class::PrivateNat), Direction::Came));
    assert_eq!((there.worsened(Severity::Info), there.summary().as_str()), (Some(false), "1 subnet came"));
    let back = compare(&new, &clean());
    assert_eq!((back.subnets[0].before, back.subnets[0].direction), (Some(Class::PrivateNat), Direction::Went));
    assert_eq!((back.worsened(Severity::Info), back.summary().as_str()), (Some(false), "1 subnet went"));
    assert_eq!(serde_json::to_value(&back).unwrap()["subnets"][0]["direction"], "went");
}

#[test]
fn an_opened_port_is_wider_and_a_closed_one_narrower() {
    let wider = spoilt(|account| open(account, "sg-0lb", 80, 80));
    let difference = compare(&clean(), &wider);
    assert_eq!(exposed(&difference), ["wider: load balancer web"; 2]);
    let opening = |traffic: &str| OpenTraffic { traffic: traffic.to_owned(), coverage: Coverage::Any };
    assert_eq!(difference.exposures[0].before, [opening("tcp 443")]);
    assert_eq!(difference.exposures[0].after, [opening("tcp 80"), opening("tcp 443")]);
    assert_eq!(difference.worsened(Severity::High), Some(true));
    assert_eq!(difference.worsened(Severity::Critical), Some(false));
    assert_eq!(difference.summary(), "load balancer web is open wider, now on tcp 80 and tcp 443");
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
fn the_summary_names_what_matters_and_leaves_out_what_did_not_change() {
    let exposed = spoilt(|account| {
        for (at, name) in ["bastion", "mirror", "relay", "shop"].into_iter().enumerate() {
            add_group(account, &format!("sg-0{name}"), name, &[("tcp", 22, 22, "0.0.0.0/0")]);
            add_exposed_instance(account, &format!("0{at}"), name, &[&format!("sg-0{name}")]);
        }
    });
    let summary = compare(&clean(), &exposed).summary();
    assert_eq!(summary, "instance bastion, instance mirror and 2 more are newly exposed");
    let one = spoilt(|account| {
        add_group(account, "sg-0bastion", "bastion", &[("tcp", 22, 22, "0.0.0.0/0")]);
        add_exposed_instance(account, "0", "bastion", &["sg-0bastion"]);
    });
    let difference = compared(&clean(), &one, |old, new| {
        new.findings.add(finding(Rule::RemoteAccessOpen, Severity::High, "sg-0bastion"));
        for (severity, findings) in [(Severity::Low, &mut old.findings), (Severity::Medium, &mut new.findings)] {
            findings.add(finding(Rule::SingleNat, severity, "nat-worse"));
        }
        for (severity, findings) in [(Severity::Medium, &mut old.findings), (Severity::Low, &mut new.findings)] {
            findings.add(finding(Rule::SingleNat, severity, "nat-milder"));
        }
        old.findings.add(finding(Rule::BlackholeRoute, Severity::High, "rtb-gone"));
    });
    let rule = Rule::RemoteAccessOpen;
    assert_eq!(
        difference.summary(),
        format!(
            "instance bastion is newly exposed on tcp 22; 1 new finding: {rule} sg-0bastion is wrong; 1 finding is worse; 1 finding is milder; 1 finding is gone"
        )
    );
    assert_eq!(compare(&one, &clean()).summary(), "instance bastion is no longer exposed");
}

#[test]
fn two_networks_that_have_nothing_in_common_are_not_compared() {
    let other: Value = serde_json::from_str(
        &clean().to_string().replace("vpc-0clean", "vpc-1other").replace("\"subnet-0", "\"subnet-1"),
    )
    .unwrap();
    let difference = compare(&clean(), &other);
    assert_eq!(difference.notes, ["OLD and NEW have no subnet in common"]);
    assert_eq!(difference.worsened(Severity::Info), None);
    assert_eq!(difference.summary(), "OLD and NEW have no subnet in common");
    assert!(difference.table().starts_with("OLD and NEW have no subnet in common\n"), "{}", difference.table());
    assert_eq!(difference.gaps.len(), 1);
    let planned: Value = serde_json::from_str(&other.to_string().replace("subnet-1", "aws_subnet.")).unwrap();
    let note = "OLD and NEW have no subnet in common: what Terraform has not made yet has no id to be known by";
    assert_eq!(compare(&planned, &clean()).notes, [note]);
    // The same VPC with other subnets was rebuilt, and can be compared.
    let rebuilt: Value = serde_json::from_str(&clean().to_string().replace("\"subnet-0", "\"subnet-1")).unwrap();
    assert!(compare(&clean(), &rebuilt).notes.is_empty());
    assert_eq!(compare(&clean(), &rebuilt).worsened(Severity::High), Some(true));
}

#[test]
fn what_comes_into_an_empty_estate_is_compared_with_nothing() {
    let (old, new) = (Estate { regions: Vec::new(), unseen: Vec::new(), notes: Vec::new() }, estate(&clean()));
    let (intent, prices) = (Intent::default(), built_in());
    let setting = Setting { intent: &intent, prices: &prices, gb: None };
    let difference = difference(&audit(&old, setting), &audit(&new, setting));
    assert!(difference.notes.is_empty());
    assert_eq!(difference.worsened(Severity::High), Some(true));
}

#[test]
fn what_is_waived_is_told_and_does_not_count() {
    let (old, new) = (estate(&clean()), estate(&clean()));
    let (intent, prices) = (Intent::default(), built_in());
    let setting = Setting { intent: &intent, prices: &prices, gb: None };
    let (mut old, mut new) = (audit(&old, setting), audit(&new, setting));
    new[0].findings.add(finding(Rule::BlackholeRoute, Severity::High, "rtb-waived"));
    let waived = |finding: &Finding, facts: &Facts<'_>| {
        facts.inventory.subnets.len() == 6 && finding.resources[0].id.ends_with("waived")
    };
    let told = difference_with_waivers(&old, &new, &waived);
    assert_eq!((told.findings[0].waived, told.findings[0].direction), (true, Direction::Worse));
    assert_eq!((told.worsened(Severity::Info), told.summary().as_str()), (Some(false), "1 new finding is waived"));
    assert!(told.table().contains("high (waived)"), "{}", told.table());
    assert_eq!(difference(&old, &new).worsened(Severity::Info), Some(true));
    // Of two findings that are the same by rule and resource, the one that counts is told.
    new[0].findings.found[0].resources[0].id = "rtb-0".to_owned();
    new[0].findings.add(finding(Rule::BlackholeRoute, Severity::Low, "rtb-0"));
    let milder = |finding: &Finding, _: &Facts<'_>| finding.severity == Severity::High;
    let told = difference_with_waivers(&old, &new, &milder);
    assert_eq!((told.findings[0].waived, told.findings[0].after), (false, Some(Severity::Low)));
    // What was waived and cannot be asked any more is no loss.
    old[0].findings.add(finding(Rule::IdleNat, Severity::High, "nat-waived"));
    new[0].findings = crate::audit::finding::Findings::default();
    new[0].findings.unknown(Rule::IdleNat, Gap::Kind(crate::inventory::gap::Kind::NatTraffic));
    assert_eq!(difference_with_waivers(&old, &new, &waived).worsened(Severity::Info), Some(false));
}

#[test]
fn the_rule_of_a_finding_and_its_resource_are_told_apart() {
    let difference = compared(&clean(), &clean(), |_, new| {
        new.findings.add(finding(Rule::BlackholeRoute, Severity::High, "rtb-new"));
    });
    let document = serde_json::to_value(&difference).unwrap();
    let finding = &document["findings"][0];
    assert_eq!(finding["resource"]["id"], "rtb-new");
    assert!(finding["rule"].is_string() && finding["id"].is_null(), "{finding}");
}

#[test]
fn people_read_what_changed_in_tables() {
    let wider = spoilt(|account| open(account, "sg-0lb", 80, 80));
    let text = compare(&clean(), &wider).table();
    assert!(text.starts_with("load balancer web is open wider, now on tcp 80 and tcp 443\n\n change"), "{text}");
    assert!(text.contains("tcp 80 from anywhere, tcp 443 from anywhere"), "{text}");
    let document = serde_json::to_value(compare(&clean(), &wider)).unwrap();
    assert_eq!(document["exposures"][0]["change"], "wider");
}
