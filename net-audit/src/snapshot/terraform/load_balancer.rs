//! Load balancers and their interfaces.

use serde_json::{Value, json};

use super::gateway::vpc_of;
use super::members::Members;
use super::service::{Interfaces, name, names_groups, plain};
use super::world::{SECURITY_GROUP, SUBNET, UNKNOWN, View, World};

pub(super) fn translate(world: &World, members: &mut Members) {
    for view in world.managed(&["aws_lb", "aws_alb"]) {
        let subnets = subnets(&view);
        members.push("LoadBalancers", load_balancer(&view, &subnets));
        let kind = kind(&view);
        let (short, interface) = match kind.as_str() {
            "network" => ("net", "network_load_balancer"),
            "gateway" => ("gwy", "gateway_load_balancer"),
            _ => ("app", "interface"),
        };
        let known = view.known("arn_suffix");
        let suffix = known.unwrap_or_else(|| format!("{short}/{}/{UNKNOWN}", name(&view, "name")));
        // A network load balancer may have no security group at all: then none stands in its way.
        let has_groups = kind == "application" || names_groups(&view, "security_groups");
        let own = plain(view, "security_groups");
        let interfaces = Interfaces {
            subnets,
            description: format!("ELB {suffix}"),
            kind: interface,
            requester: Some("amazon-elb"),
            is_public: is_public(&view) && kind != "gateway",
            groups: own.groups.clone().filter(|_| has_groups),
            ..own
        };
        interfaces.push(members);
    }
    for view in world.managed(&["aws_elb"]) {
        let subnets = view.texts("subnets", SUBNET);
        let interfaces = Interfaces {
            subnets,
            description: format!("ELB {}", name(&view, "name")),
            requester: Some("amazon-elb"),
            is_public: is_public(&view),
            ..plain(view, "security_groups")
        };
        interfaces.push(members);
    }
}

/// AWS makes load balancers face the internet unless it is told otherwise.
fn is_public(view: &View<'_>) -> bool {
    view.flag("internal") != Some(true)
}

fn kind(view: &View<'_>) -> String {
    view.known("load_balancer_type").unwrap_or_else(|| "application".to_owned())
}

fn subnets(view: &View<'_>) -> Vec<String> {
    let mapped = view.blocks("subnet_mapping").into_iter();
    let mapped: Vec<String> = mapped.filter_map(|mapping| mapping.text("subnet_id", SUBNET)).collect();
    // AWS fills the one from the other.
    if mapped.is_empty() { view.texts("subnets", SUBNET) } else { mapped }
}

fn load_balancer(view: &View<'_>, subnets: &[String]) -> Value {
    let zone = |subnet: &String| view.world.find(subnet, SUBNET).and_then(|subnet| subnet.known("availability_zone"));
    let zones = subnets.iter().map(|subnet| json!({ "SubnetId": subnet, "ZoneName": zone(subnet) }));
    json!({
        "LoadBalancerArn": view.id(),
        "LoadBalancerName": name(view, "name"),
        "DNSName": view.known("dns_name").unwrap_or_else(|| UNKNOWN.to_owned()),
        "CanonicalHostedZoneId": view.known("zone_id"),
        "Scheme": if is_public(view) { "internet-facing" } else { "internal" },
        "Type": kind(view),
        "IpAddressType": view.known("ip_address_type"),
        "VpcId": subnets.first().map(|subnet| vpc_of(view.world, subnet)),
        "State": { "Code": "active" },
        "AvailabilityZones": zones.collect::<Vec<Value>>(),
        "SecurityGroups": view.texts("security_groups", SECURITY_GROUP),
    })
}
