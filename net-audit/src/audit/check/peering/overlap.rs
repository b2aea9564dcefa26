//! Networks that are connected and claim the same addresses: one of them cannot be reached.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use super::{RULE, described, tables_in_use};
use crate::address::prefix::Prefix;
use crate::audit::check::doubt::Missing;
use crate::audit::check::remedy::aws;
use crate::audit::check::resources::shown;
use crate::audit::check::routes::usage::Usage;
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Resource, Severity};
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{Inventory, Peering, RouteState, Target, Vpc};

/// Blocks that are meant to be the same in many VPCs: they stay inside, behind private NAT gateways. Source: Amazon EKS Best Practices Guide, "Custom
/// Networking", which names these two for pods.
const REUSED: [Prefix; 2] =
    [Prefix::ipv4(Ipv4Addr::new(100, 64, 0, 0), 10), Prefix::ipv4(Ipv4Addr::new(198, 19, 0, 0), 16)];
/// States of an attachment in which it carries traffic. Source: EC2 API reference, `TransitGatewayVpcAttachment`.
const ATTACHED: [&str; 2] = ["available", "modifying"];

pub(super) fn check<'a>(usage: &Usage<'_, 'a>, missing: &mut Missing<'a>, findings: &mut Findings) {
    let inventory = usage.inventory();
    for peering in inventory.peerings.iter().filter(|peering| peering.status == "active" && is_ours(usage, peering)) {
        peers(usage, peering, findings);
    }
    if let (Err(gap), Some(gateway)) = (inventory.transit_attachments.known(), routed_gateway(usage)) {
        missing.add(gap, gateway);
    }
    let gateways: BTreeSet<&str> = inventory.transit_attachments.iter().map(|it| it.gateway.as_str()).collect();
    for (gateway, members) in attached(usage.facts, &gateways) {
        among_attached(usage, gateway, &members, missing, findings);
    }
}

/// Blocks that are meant to be unique.
fn unique(blocks: &[Prefix]) -> impl Iterator<Item = Prefix> {
    let is_reused = |block: &Prefix| REUSED.iter().any(|reused| reused.overlaps(*block));
    blocks.iter().copied().filter(move |block| !is_reused(block))
}

/// Both sides may be described: the one that asked for the connection is told.
fn is_ours(usage: &Usage<'_, '_>, peering: &Peering) -> bool {
    let [asked, agreed] = &peering.sides;
    let is_here = |vpc: &str| usage.inventory().vpcs.get(vpc).is_some() && !usage.is_told_by_owner(vpc);
    is_here(&asked.vpc) || (is_here(&agreed.vpc) && described(usage.facts, &asked.vpc, None).is_none())
}

fn peers(usage: &Usage<'_, '_>, peering: &Peering, findings: &mut Findings) {
    let [one, other] = &peering.sides;
    let overlaps = |block: &Prefix| unique(&other.blocks).any(|theirs| theirs.overlaps(*block));
    let both: Vec<Prefix> = unique(&one.blocks).filter(overlaps).collect();
    if both.is_empty() {
        return;
    }
    let told = |blocks: &[Prefix]| shown(blocks.iter().map(ToString::to_string));
    let id = &peering.id;
    let query =
        aws(usage.facts, format_args!("ec2 describe-vpc-peering-connections --vpc-peering-connection-ids {id}"));
    let proof = vec![format!("{} has {}, {} has {}", one.vpc, told(&one.blocks), other.vpc, told(&other.blocks))];
    let resources = vec![Resource::new(id, peering.tags.name()), vpc(usage, &one.vpc), vpc(usage, &other.vpc)];
    let title = format!("both sides of {id} claim {}", told(&both));
    findings.add(finding(title, resources, &one.vpc, proof, Confidence::High, query));
}

fn vpc(usage: &Usage<'_, '_>, id: &str) -> Resource {
    let region = described(usage.facts, id, None);
    Resource::new(id, region.and_then(|region| region.vpcs.get(id)).and_then(Vpc::name))
}

fn finding(
    title: String,
    resources: Vec<Resource>,
    vpc: &str,
    proof: Vec<String>,
    confidence: Confidence,
    query: String,
) -> Finding {
    Finding {
        rule: RULE,
        severity: Severity::Medium,
        title,
        resources,
        vpc: Some(vpc.to_owned()),
        availability_zones: Vec::new(),
        proof,
        blast_radius: "what is sent to these addresses stays in one's own VPC, or reaches only one of the others".to_owned(),
        money: None,
        confidence,
        remedy: Remedy {
            advice: "Give one side other addresses. Until then: AWS PrivateLink, or a private NAT gateway in a block that is unique.".to_owned(),
            cli: vec![query],
            terraform: "# aws_vpc_ipv4_cidr_block_association with a block that is unique, and the subnets in it".to_owned(),
        },
    }
}

/// A transit gateway that a table in use leads to.
fn routed_gateway<'a>(usage: &Usage<'_, 'a>) -> Option<&'a str> {
    let tables = usage.inventory().route_tables.iter().filter(|table| usage.is_used(table));
    let mut routes = tables.flat_map(|table| &table.routes).filter(|route| route.state == RouteState::Active);
    routes.find_map(|route| match &route.target {
        Target::OtherNetwork(id) if id.starts_with("tgw-") => Some(id.as_str()),
        _ => None,
    })
}

/// A VPC that is attached to a transit gateway, and where it is described.
type Members<'a> = BTreeMap<&'a str, Option<&'a Inventory>>;

/// All VPCs that are attached to these gateways, whoever describes the attachment.
fn attached<'a>(facts: &Facts<'a>, gateways: &BTreeSet<&str>) -> BTreeMap<&'a str, Members<'a>> {
    let mut all: BTreeMap<&str, Members<'_>> = BTreeMap::new();
    if gateways.is_empty() {
        return all;
    }
    for region in &facts.estate.regions {
        let attachments = region.transit_attachments.iter();
        let carries = attachments.filter(|attachment| ATTACHED.contains(&attachment.state.as_str()));
        for attachment in carries.filter(|attachment| gateways.contains(attachment.gateway.as_str())) {
            let members = all.entry(&attachment.gateway).or_default();
            let place = members.entry(&attachment.vpc).or_default();
            if place.is_none() && region.vpcs.get(&attachment.vpc).is_some() {
                *place = Some(region);
            }
        }
    }
    for members in all.values_mut() {
        for (vpc, place) in members.iter_mut().filter(|(_, place)| place.is_none()) {
            *place = described(facts, vpc, None);
        }
    }
    all
}

fn among_attached<'a>(
    usage: &Usage<'_, 'a>,
    gateway: &'a str,
    members: &Members<'a>,
    missing: &mut Missing<'a>,
    findings: &mut Findings,
) {
    let undescribed: Vec<&str> = members.iter().filter(|(_, place)| place.is_none()).map(|(vpc, _)| *vpc).collect();
    if !undescribed.is_empty() && members.len() > 1 {
        let which = shown(undescribed.iter().map(|vpc| (*vpc).to_owned()));
        let what = format!("the blocks of {which}, which {gateway} connects, are not in the snapshot");
        missing.add(Gap::NotUnderstood(what), gateway);
    }
    let mut blocks: Vec<(Prefix, &str)> = Vec::new();
    for (id, place) in members {
        let own = place.and_then(|place| place.vpcs.get(id)).map(|vpc| vpc.blocks.as_slice());
        blocks.extend(unique(own.unwrap_or_default()).map(|block| (block, *id)));
    }
    blocks.sort_unstable();
    let mut clusters: Vec<Vec<(Prefix, &str)>> = Vec::new();
    let mut end: Option<(Prefix, u128)> = None;
    for (block, vpc) in blocks {
        let touches = end.is_some_and(|(last, end)| last.family() == block.family() && block.first() <= end);
        let reach = end.filter(|_| touches).map_or(block.last(), |(_, end)| end.max(block.last()));
        end = Some((block, reach));
        match clusters.last_mut().filter(|_| touches) {
            Some(cluster) => cluster.push((block, vpc)),
            None => clusters.push(vec![(block, vpc)]),
        }
    }
    for cluster in clusters.iter().filter(|cluster| cluster.len() > 1) {
        // One of all that are told of the estate speaks of it.
        let speaker = cluster.iter().map(|(_, vpc)| *vpc).min();
        let is_here = |vpc: &str| usage.inventory().vpcs.get(vpc).is_some() && !usage.is_told_by_owner(vpc);
        if speaker.is_some_and(is_here) {
            clash(usage, gateway, members, cluster, findings);
        }
    }
}

/// Whoever is attached and sends nothing there is not meant to be reached.
fn sends_to(place: &Inventory, vpc: &str, gateway: &str) -> bool {
    let routes = tables_in_use(place, vpc).into_iter().flat_map(|table| &table.routes);
    routes.into_iter().any(|route| route.state == RouteState::Active && route.target.id() == gateway)
}

fn clash(
    usage: &Usage<'_, '_>,
    gateway: &str,
    members: &Members<'_>,
    cluster: &[(Prefix, &str)],
    findings: &mut Findings,
) {
    let sends = |(_, vpc): &&(Prefix, &str)| {
        members.get(vpc).copied().flatten().is_some_and(|place| sends_to(place, vpc, gateway))
    };
    let claims: Vec<&(Prefix, &str)> = cluster.iter().filter(sends).collect();
    let vpcs: BTreeSet<&str> = claims.iter().map(|(_, vpc)| *vpc).collect();
    let is_claimed_twice =
        |(block, vpc): &(Prefix, &str)| claims.iter().any(|(other, owner)| owner != vpc && other.overlaps(*block));
    let Some(first) = vpcs.first().filter(|_| claims.iter().any(|claim| is_claimed_twice(claim))) else { return };
    let blocks: BTreeSet<String> =
        claims.iter().filter(|claim| is_claimed_twice(claim)).map(|(block, _)| block.to_string()).collect();
    let mut resources = vec![Resource::new(gateway, None)];
    resources.extend(vpcs.iter().map(|id| vpc(usage, id)));
    let mut proof: Vec<String> = claims.iter().map(|(block, vpc)| format!("{vpc} has {block}")).collect();
    proof.push("the gateway's own route tables are not looked at: separate ones may keep these VPCs apart".to_owned());
    let filter = format!("--filters Name=transit-gateway-id,Values={gateway}");
    let query = aws(usage.facts, format_args!("ec2 describe-transit-gateway-route-tables {filter}"));
    let title = format!("VPCs that {gateway} connects claim the same addresses: {}", shown(blocks));
    findings.add(finding(title, resources, first, proof, Confidence::Medium, query));
}
