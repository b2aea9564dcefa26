//! Each case is the account in which nothing is wrong, spoilt: its load balancer `eni-0lba` is what the internet reaches.

mod doubt;
mod reference;
mod world;

use serde_json::{Value, json};

use super::*;
use crate::facts::Setting;
use crate::facts::intent::Intent;
use crate::inventory::gap::Kind;
use crate::money::price::built_in;
use crate::snapshot::read;

const CLEAN: &str = include_str!("../../tests/fixtures/clean.json");
const BALANCER: &str = "eni-0lba";

fn with_exposures<T>(account: &Value, ask: impl FnOnce(&Facts<'_>) -> T) -> T {
    let estate = read([account.to_string().as_bytes()]).unwrap();
    let (intent, prices) = (Intent::default(), built_in());
    ask(&Facts::new(&estate, &estate.regions[0], Setting { intent: &intent, prices: &prices, gb: None }))
}

/// The verdict over an interface of the account after something was done to it.
fn verdict_of(interface: &str, family: Family, spoil: impl FnOnce(&mut Value)) -> Verdict {
    let mut account: Value = serde_json::from_str(CLEAN).unwrap();
    spoil(&mut account);
    with_exposures(&account, |facts| {
        let mut exposures = facts.exposures.iter();
        let exposure = exposures.find(|one| one.interface.id == interface && one.family == family).unwrap();
        let is_open = !exposure.openings.is_empty();
        assert_eq!(is_open, exposure.verdict == Verdict::Exposed, "openings are those of what is exposed");
        let first = prove(facts, exposure).into_iter().find(|step| step.holds == Some(false));
        let stopped = if let Verdict::Stopped(condition) = &exposure.verdict { Some(*condition) } else { None };
        assert_eq!(first.map(|step| step.condition), stopped, "the proof and the verdict say the same");
        exposure.verdict.clone()
    })
}

fn check(expected: &Verdict, spoil: impl FnOnce(&mut Value)) {
    assert_eq!(verdict_of(BALANCER, Family::Ipv4, spoil), *expected);
}

fn one<'v>(account: &'v mut Value, member: &str, id: &str) -> &'v mut Value {
    let elements = account[member].as_array_mut().unwrap();
    let is_it = |element: &Value| element.as_object().unwrap().values().any(|value| value == id);
    elements.iter_mut().find(|element| is_it(element)).unwrap()
}

fn push(list: &mut Value, element: Value) {
    list.as_array_mut().unwrap().push(element);
}

fn entry(number: u32, egress: bool, action: &str, protocol: &str, ports: Option<(u16, u16)>, block: &str) -> Value {
    let mut entry = json!({ "RuleNumber": number, "Egress": egress, "RuleAction": action, "Protocol": protocol });
    let member = if block.contains(':') { "Ipv6CidrBlock" } else { "CidrBlock" };
    entry[member] = block.into();
    if let Some((from, to)) = ports {
        entry["PortRange"] = json!({ "From": from, "To": to });
    }
    entry
}

fn add_entry(account: &mut Value, entry: Value) {
    push(&mut one(account, "NetworkAcls", "acl-0clean")["Entries"], entry);
}

fn let_in(account: &mut Value, blocks: &[&str]) {
    let ranges: Vec<Value> = blocks.iter().map(|block| json!({ "CidrIp": block })).collect();
    one(account, "SecurityGroups", "sg-0lb")["IpPermissions"][0]["IpRanges"] = ranges.into();
}

/// Puts the load balancer's place onto an instance.
fn on_instance(account: &mut Value, state: &str) {
    one(account, "NetworkInterfaces", BALANCER)["Attachment"] = json!({ "InstanceId": "i-0", "Status": "attached" });
    account["Reservations"] = json!([{ "Instances": [{ "InstanceId": "i-0", "State": { "Name": state } }] }]);
}

/// A destination, the member that holds the target, and the target.
type Route = (&'static str, &'static str, &'static str);

/// Replaces the default route of the public subnets.
fn route_by(account: &mut Value, routes: &[Route]) {
    let table = one(account, "RouteTables", "rtb-0public");
    table["Routes"].as_array_mut().unwrap().truncate(1);
    for (destination, member, target) in routes {
        let mut route = json!({ "Origin": "CreateRoute", "State": "active" });
        let by_list = destination.starts_with("pl-");
        route[if by_list { "DestinationPrefixListId" } else { "DestinationCidrBlock" }] = (*destination).into();
        route[*member] = (*target).into();
        push(&mut table["Routes"], route);
    }
}

/// A firewall in the subnet of the databases, which gets these routes.
fn firewall(account: &mut Value, routes: &[(&str, &str)]) {
    let endpoint = json!({ "VpcEndpointId": "vpce-0fw", "VpcEndpointType": "GatewayLoadBalancer", "State": "available",
        "VpcId": "vpc-0clean0000000001", "SubnetIds": ["subnet-0dba00000001"] });
    push(&mut account["VpcEndpoints"], endpoint);
    for (destination, target) in routes {
        let route = json!({ "DestinationCidrBlock": destination, "GatewayId": target, "Origin": "CreateRoute", "State": "active" });
        push(&mut one(account, "RouteTables", "rtb-0db")["Routes"], route);
    }
    for subnet in account["Subnets"].as_array_mut().unwrap() {
        subnet["BlockPublicAccessStates"]["InternetGatewayBlockMode"] = "off".into();
    }
}

fn is_unknown_for(verdict: &Verdict, kind: Kind) -> bool {
    matches!(verdict, Verdict::Unknown(gaps) if gaps.iter().all(|gap| gap.kind() == Some(kind)) && !gaps.is_empty())
}

const IGW: (&str, &str) = ("GatewayId", "igw-0clean0000000001");

#[test]
fn a_public_load_balancer_is_exposed() {
    check(&Verdict::Exposed, |_| ());
}

#[test]
fn each_condition_is_the_first_to_stop_it_once() {
    check(&Verdict::Stopped(Condition::Route), |account| route_by(account, &[]));
    check(&Verdict::Stopped(Condition::Address), |account| {
        let interface = one(account, "NetworkInterfaces", BALANCER).as_object_mut().unwrap();
        interface.remove("Association");
        interface["PrivateIpAddresses"][0].as_object_mut().unwrap().remove("Association");
    });
    check(&Verdict::Stopped(Condition::SecurityGroup), |account| let_in(account, &["10.0.0.0/8"]));
    check(&Verdict::Stopped(Condition::NetworkAcl), |account| {
        add_entry(account, entry(90, false, "deny", "6", Some((443, 443)), "0.0.0.0/0"));
    });
    check(&Verdict::Stopped(Condition::BlockPublicAccess), |account| {
        one(account, "Subnets", "subnet-0publica00000")["BlockPublicAccessStates"]["InternetGatewayBlockMode"] =
            "block-ingress".into();
    });
    check(&Verdict::Stopped(Condition::Running), |account| {
        let interface = one(account, "NetworkInterfaces", BALANCER);
        interface.as_object_mut().unwrap().remove("Attachment");
        interface["Status"] = "available".into();
    });
}

#[test]
fn an_acl_that_lets_no_answer_out_stops_it() {
    check(&Verdict::Stopped(Condition::NetworkAcl), |account| {
        add_entry(account, entry(90, true, "deny", "-1", None, "0.0.0.0/0"));
    });
    check(&Verdict::Exposed, |account| {
        add_entry(account, entry(80, true, "allow", "6", Some((60000, 60000)), "8.8.8.8/32"));
        add_entry(account, entry(90, true, "deny", "-1", None, "0.0.0.0/0"));
    });
}

#[test]
fn group_and_routes_have_to_agree_on_an_address() {
    check(&Verdict::Stopped(Condition::SecurityGroup), |account| {
        route_by(account, &[("8.0.0.0/8", IGW.0, IGW.1)]);
        let_in(account, &["9.0.0.0/8"]);
    });
    check(&Verdict::Exposed, |account| {
        route_by(account, &[("8.0.0.0/8", IGW.0, IGW.1)]);
        let_in(account, &["8.8.8.8/32"]);
    });
}

#[test]
fn addresses_behind_a_gateway_endpoint_are_not_answered_by_the_internet_gateway() {
    check(&Verdict::Stopped(Condition::SecurityGroup), |account| {
        route_by(account, &[("0.0.0.0/0", IGW.0, IGW.1), ("pl-0s3", "GatewayId", "vpce-0s3000000000001")]);
        let_in(account, &["52.219.170.0/23"]);
    });
}

#[test]
fn a_firewall_is_a_way_in_for_what_it_gets_and_passes_on() {
    let (all, part) = ("0.0.0.0/0", "8.0.0.0/8");
    let by_firewall = |destination: &'static str| (destination, "GatewayId", "vpce-0fw");
    let case = |routes: &[Route], behind: &str, block: &str, expected: &Verdict| {
        check(expected, |account| {
            firewall(account, &[(behind, IGW.1)]);
            route_by(account, routes);
            let_in(account, &[block]);
        });
    };
    let stopped = Verdict::Stopped(Condition::SecurityGroup);
    case(&[by_firewall(all)], all, "9.9.9.9/32", &Verdict::Exposed);
    // A part goes by the internet gateway, the rest by the firewall.
    case(&[by_firewall(all), (part, IGW.0, IGW.1)], all, "9.9.9.9/32", &Verdict::Exposed);
    // Only a part goes by the firewall.
    case(&[by_firewall(part)], all, "8.8.8.8/32", &Verdict::Exposed);
    case(&[by_firewall(part)], all, "9.9.9.9/32", &stopped);
    // The firewall itself passes only a part on.
    case(&[by_firewall(all)], part, "8.8.8.8/32", &Verdict::Exposed);
    case(&[by_firewall(all)], part, "9.9.9.9/32", &stopped);
}

#[test]
fn a_nat_gateways_own_interface_is_never_exposed() {
    let stopped = Verdict::Stopped(Condition::SecurityGroup);
    assert_eq!(verdict_of("eni-0nata", Family::Ipv4, |_| ()), stopped);
}

#[test]
fn what_has_no_group_is_held_back_by_the_acl_alone() {
    check(&Verdict::Exposed, |account| one(account, "NetworkInterfaces", BALANCER)["Groups"] = json!([]));
    check(&Verdict::Stopped(Condition::NetworkAcl), |account| {
        one(account, "NetworkInterfaces", BALANCER)["Groups"] = json!([]);
        add_entry(account, entry(90, false, "deny", "-1", None, "0.0.0.0/0"));
    });
}

#[test]
fn an_instance_is_exposed_while_it_runs() {
    for (state, expected) in [
        ("running", Verdict::Exposed),
        ("pending", Verdict::Exposed),
        ("stopped", Verdict::Stopped(Condition::Running)),
        ("terminated", Verdict::Stopped(Condition::Running)),
    ] {
        check(&expected, |account| on_instance(account, state));
    }
}

/// Gives the VPC, a public subnet and the load balancer IPv6, and takes the public IPv4 address away.
fn only_ipv6(account: &mut Value) {
    let block = |text: &str| json!([{ "Ipv6CidrBlock": text, "Ipv6CidrBlockState": { "State": "associated" } }]);
    one(account, "Vpcs", "vpc-0clean0000000001")["Ipv6CidrBlockAssociationSet"] = block("2a05:d014::/56");
    one(account, "Subnets", "subnet-0publica00000")["Ipv6CidrBlockAssociationSet"] = block("2a05:d014::/64");
    let route =
        json!({ "DestinationIpv6CidrBlock": "::/0", "GatewayId": IGW.1, "Origin": "CreateRoute", "State": "active" });
    push(&mut one(account, "RouteTables", "rtb-0public")["Routes"], route);
    let interface = one(account, "NetworkInterfaces", BALANCER);
    interface["Association"] = Value::Null;
    interface["PrivateIpAddresses"][0]["Association"] = Value::Null;
    interface["Ipv6Addresses"] = json!([{ "Ipv6Address": "2a05:d014::a" }]);
    one(account, "SecurityGroups", "sg-0lb")["IpPermissions"][0]["Ipv6Ranges"] = json!([{ "CidrIpv6": "::/0" }]);
    add_entry(account, entry(101, false, "allow", "-1", None, "::/0"));
    add_entry(account, entry(101, true, "allow", "-1", None, "::/0"));
}

#[test]
fn ipv6_exposes_on_its_own() {
    check(&Verdict::Stopped(Condition::Address), only_ipv6);
    assert_eq!(verdict_of(BALANCER, Family::Ipv6, only_ipv6), Verdict::Exposed);
    let local = verdict_of(BALANCER, Family::Ipv6, |account| {
        only_ipv6(account);
        one(account, "NetworkInterfaces", BALANCER)["Ipv6Addresses"][0]["Ipv6Address"] = "fd00::a".into();
    });
    assert_eq!(local, Verdict::Stopped(Condition::Address));
}

#[test]
fn what_is_missing_makes_it_unknown() {
    for (member, kind) in [
        ("SecurityGroups", Kind::SecurityGroups),
        ("NetworkAcls", Kind::NetworkAcls),
        ("InternetGateways", Kind::InternetGateways),
    ] {
        let verdict = verdict_of(BALANCER, Family::Ipv4, |account| account[member] = Value::Null);
        assert!(is_unknown_for(&verdict, kind), "{member}: {verdict:?}");
    }
    let verdict = verdict_of(BALANCER, Family::Ipv4, |account| {
        on_instance(account, "running");
        account["Reservations"] = Value::Null;
    });
    assert!(is_unknown_for(&verdict, Kind::Instances), "{verdict:?}");
    let verdict = verdict_of(BALANCER, Family::Ipv4, |account| {
        account["Subnets"].as_array_mut().unwrap().retain(|subnet| subnet["SubnetId"] != "subnet-0publica00000");
    });
    assert!(is_unknown_for(&verdict, Kind::Subnets), "{verdict:?}");
    let verdict = verdict_of(BALANCER, Family::Ipv4, |account| {
        one(account, "Subnets", "subnet-0publica00000")["BlockPublicAccessStates"]["InternetGatewayBlockMode"] =
            "new".into();
    });
    assert!(matches!(verdict, Verdict::Unknown(_)), "{verdict:?}");
}

#[test]
fn what_is_known_to_stop_it_does_so_whatever_else_is_missing() {
    check(&Verdict::Stopped(Condition::SecurityGroup), |account| {
        let_in(account, &["10.0.0.0/8"]);
        account["NetworkAcls"] = Value::Null;
    });
    check(&Verdict::Stopped(Condition::SecurityGroup), |account| {
        let_in(account, &["10.0.0.0/8"]);
        add_entry(account, entry(90, false, "deny", "-1", None, "(known after apply)"));
    });
    check(&Verdict::Stopped(Condition::NetworkAcl), |account| {
        account["SecurityGroups"] = Value::Null;
        add_entry(account, entry(90, false, "deny", "-1", None, "0.0.0.0/0"));
    });
    // Nobody comes in by a NAT gateway, whatever it is.
    let task = verdict_of("eni-0taska", Family::Ipv4, |account| account["NatGateways"] = Value::Null);
    assert_eq!(task, Verdict::Stopped(Condition::Route));
}

#[test]
fn a_part_of_the_routes_that_is_not_known_is_unknown_only_if_somebody_could_come_in_by_it() {
    let spoil = |account: &mut Value, block: &str| {
        route_by(account, &[("0.0.0.0/0", "GatewayId", "vpce-0unlisted"), ("8.0.0.0/8", IGW.0, IGW.1)]);
        let_in(account, &[block]);
    };
    let verdict = verdict_of(BALANCER, Family::Ipv4, |account| spoil(account, "9.9.9.9/32"));
    assert!(is_unknown_for(&verdict, Kind::VpcEndpoints), "{verdict:?}");
    check(&Verdict::Exposed, |account| spoil(account, "8.8.8.8/32"));
    check(&Verdict::Stopped(Condition::SecurityGroup), |account| spoil(account, "10.0.0.0/8"));
}

/// Why more may be open of the load balancer than what is.
fn doubts(spoil: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut account: Value = serde_json::from_str(CLEAN).unwrap();
    spoil(&mut account);
    with_exposures(&account, |facts| {
        let exposure = facts.exposures.iter().find(|exposure| exposure.interface.id == BALANCER).unwrap();
        assert_eq!(exposure.verdict, Verdict::Exposed);
        assert_eq!(exposure.doubts.is_empty(), exposure.possible == exposure.openings);
        exposure.doubts.iter().map(ToString::to_string).collect()
    })
}
