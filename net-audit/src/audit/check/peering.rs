//! Routes to other networks, by peering and by transit gateway: NET014.

mod overlap;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::doubt::Missing;
use super::occupants::who;
use super::remedy::route::{block_argument, block_option, destination_option, terraform_route};
use super::remedy::{aws, aws_in};
use super::resources::{counted, shown, subnet, table, zones};
use super::routes::usage::Usage;
use crate::address::prefix::{Family, Prefix};
use crate::address::set::AddressSet;
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Resource, Severity};
use crate::audit::rule::Rule;
use crate::classify::routing::{Division, divide, effective_table};
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{Destination, Inventory, PeerVpc, Peering, Route, RouteState, RouteTable, Subnet, Target, Vpc};

const RULE: Rule = Rule::PeeringRoutes;
/// States in which a connection carries nothing, and that it does not leave by itself. What is deleted is NET005's.
const NOT_CONNECTED: [&str; 4] = ["pending-acceptance", "failed", "rejected", "expired"];

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let usage = Usage::new(facts);
    let mut missing = Missing::default();
    let mut divisions = Divisions::new();
    for link in links(&usage, &mut missing).values() {
        match link.peering.status.as_str() {
            "active" => {
                if let Err(gap) = wide(&usage, link, &mut divisions, findings) {
                    missing.add(gap, &link.peering.id);
                }
                one_way(&usage, link, findings);
            }
            status if NOT_CONNECTED.contains(&status) => findings.add(not_connected(&usage, link)),
            _ => {}
        }
    }
    overlap::check(&usage, &mut missing, findings);
    missing.report(RULE, findings);
}

/// Tables whose addresses are shared out already: one table may lead to many peers.
type Divisions<'a> = HashMap<(&'a str, Family), Division<'a>>;

/// What a VPC sends to a peer.
struct Link<'a> {
    vpc: &'a Vpc,
    peering: &'a Peering,
    peer: &'a PeerVpc,
    /// The tables in use that send there, and what they send.
    ways: Vec<(&'a RouteTable, &'a Route)>,
}

impl<'a> Link<'a> {
    fn tables(&self) -> Vec<&'a RouteTable> {
        let mut tables: Vec<&RouteTable> = self.ways.iter().map(|(table, _)| *table).collect();
        tables.dedup_by_key(|table| &table.id);
        tables
    }

    fn subnets(&self, usage: &Usage<'_, 'a>) -> Vec<&'a Subnet> {
        self.tables().into_iter().flat_map(|table| usage.subnets(&table.id)).collect()
    }
}

/// All active routes to peers, by VPC and connection, of tables in use.
fn links<'a>(usage: &Usage<'_, 'a>, missing: &mut Missing<'a>) -> BTreeMap<(&'a str, &'a str), Link<'a>> {
    let inventory = usage.inventory();
    let mut links: BTreeMap<(&str, &str), Link<'_>> = BTreeMap::new();
    let tables = inventory.route_tables.iter().filter(|table| !usage.is_told_by_owner(&table.vpc));
    for table in tables.filter(|table| usage.is_used(table)) {
        for route in table.routes.iter().filter(|route| route.state == RouteState::Active) {
            let Target::OtherNetwork(id) = &route.target else { continue };
            if !id.starts_with("pcx-") {
                continue;
            }
            let found = inventory.peerings.find(id).and_then(|peering| Ok((peering, inventory.vpcs.find(&table.vpc)?)));
            let (peering, vpc) = match found {
                Ok(found) => found,
                Err(gap) => {
                    missing.add(gap, id);
                    continue;
                }
            };
            let Some(peer) = peering.other_side(&table.vpc) else { continue };
            let link = || Link { vpc, peering, peer, ways: Vec::new() };
            links.entry((&table.vpc, id)).or_insert_with(link).ways.push((table, route));
        }
    }
    links
}

/// Where a VPC is described, its owner's own description first.
fn described<'a>(facts: &Facts<'a>, vpc: &str, account: Option<&str>) -> Option<&'a Inventory> {
    let holders = || facts.estate.regions.iter().filter(|region| region.vpcs.get(vpc).is_some());
    let own = account.and_then(|account| holders().find(|region| region.account.as_deref() == Some(account)));
    own.or_else(|| holders().next())
}

/// The blocks of a peer: what the connection says, and what its own description says.
fn blocks(facts: &Facts<'_>, link: &Link<'_>) -> Result<Vec<Prefix>, Gap> {
    let own = described(facts, &link.peer.vpc, link.peer.account.as_deref());
    let own = own.and_then(|region| region.vpcs.get(&link.peer.vpc)).map(|vpc| vpc.blocks.as_slice());
    let blocks: Vec<Prefix> = link.peer.blocks.iter().chain(own.unwrap_or_default()).copied().collect();
    if blocks.is_empty() {
        let what = format!("the blocks of {}, the other side of {}, are not told", link.peer.vpc, link.peering.id);
        return Err(Gap::NotUnderstood(what));
    }
    Ok(blocks)
}

/// Peers pass nothing on: what is sent to one and is not its own is lost.
fn wide<'a>(
    usage: &Usage<'_, 'a>,
    link: &Link<'a>,
    divisions: &mut Divisions<'a>,
    findings: &mut Findings,
) -> Result<(), Gap> {
    let inventory = usage.inventory();
    let theirs = blocks(usage.facts, link)?;
    let of_family = |blocks: &[Prefix], family: Family| {
        AddressSet::of_prefixes(blocks.iter().copied().filter(|prefix| prefix.family() == family))
    };
    let mut lost: Vec<(&RouteTable, &Route, Vec<Prefix>)> = Vec::new();
    for table in link.tables() {
        for family in [Family::Ipv4, Family::Ipv6] {
            let division = divisions.entry((&table.id, family));
            let division = division.or_insert_with(|| divide(&table.routes, family, &inventory.prefix_lists));
            let known = of_family(&theirs, family).union(&of_family(&link.vpc.blocks, family));
            for claim in division.claims.iter().filter(|claim| claim.route.target.id() == link.peering.id) {
                let beyond = claim.addresses.subtract(&known);
                if !beyond.is_empty() {
                    lost.push((table, claim.route, beyond.prefixes(family)));
                }
            }
            let mut undetermined = division.undetermined.iter();
            if let Some((_, gap)) = undetermined.find(|(route, _)| route.target.id() == link.peering.id) {
                return Err(gap.clone());
            }
        }
    }
    if !lost.is_empty() {
        findings.add(too_wide(usage, link, &theirs, &lost));
    }
    Ok(())
}

fn too_wide<'a>(
    usage: &Usage<'_, 'a>,
    link: &Link<'a>,
    theirs: &[Prefix],
    lost: &[(&RouteTable, &Route, Vec<Prefix>)],
) -> Finding {
    let Link { peering, peer, .. } = link;
    let mut own = theirs.to_vec();
    own.sort_unstable();
    own.dedup();
    let told = shown(own.iter().map(ToString::to_string));
    let mut cli = Vec::new();
    for (table, route, _) in lost {
        let Some(at) = destination_option(route) else { continue };
        for block in own.iter().filter(|block| is_inside(**block, route)) {
            cli.push(aws(usage.facts, route_to(table, *block, peering)));
        }
        cli.push(aws(usage.facts, format_args!("ec2 delete-route --route-table-id {} {at}", table.id)));
    }
    let proof = lost.iter().map(|(table, route, beyond)| {
        let beyond = shown(beyond.iter().map(ToString::to_string));
        format!("{}; {} has {told}, so {beyond} is lost there", route.sent_by(&table.id), peer.vpc)
    });
    let mut resources = vec![Resource::new(&peering.id, peering.tags.name())];
    resources.extend(tables_of(lost));
    let subnets = link.subnets(usage);
    let advice = format!("Route only the blocks of {} to it: {told}.", peer.vpc);
    let ways = lost.first().map(|(table, _, _)| *table).into_iter();
    let ways = ways.flat_map(|table| own.iter().map(move |block| in_terraform("to_peer", table, *block, peering)));
    let terraform = ways.collect::<Vec<_>>().join("\n\n");
    let title = format!("routes to {} are wider than {}, the VPC behind it", resources_label(&resources), peer.vpc);
    finding(
        usage,
        link,
        Severity::Medium,
        title,
        resources,
        proof.collect(),
        &subnets,
        Remedy { advice, cli, terraform },
    )
}

fn is_inside(block: Prefix, route: &Route) -> bool {
    match route.destination {
        Destination::Block(wide) => wide.overlaps(block),
        _ => true,
    }
}

fn resources_label(resources: &[Resource]) -> String {
    resources.first().map(Resource::label).unwrap_or_default()
}

fn tables_of(lost: &[(&RouteTable, &Route, Vec<Prefix>)]) -> Vec<Resource> {
    let tables: BTreeSet<Resource> = lost.iter().map(|(owner, _, _)| table(owner)).collect();
    tables.into_iter().collect()
}

#[expect(clippy::too_many_arguments, reason = "the parts in which findings of this rule differ")]
fn finding(
    usage: &Usage<'_, '_>,
    link: &Link<'_>,
    severity: Severity,
    title: String,
    resources: Vec<Resource>,
    proof: Vec<String>,
    subnets: &[&Subnet],
    remedy: Remedy,
) -> Finding {
    let stands = who(usage.facts, subnets.iter().map(|subnet| subnet.id.as_str()));
    let names = shown(subnets.iter().map(|one| subnet(one).label()));
    Finding {
        rule: RULE,
        severity,
        title,
        resources,
        vpc: Some(link.vpc.id.clone()),
        availability_zones: zones(subnets.iter().copied()),
        proof,
        blast_radius: format!("{names}: {stands}"),
        money: None,
        confidence: Confidence::High,
        remedy,
    }
}

/// Questions that get no answer: the peer has no route back to any of this VPC's addresses.
fn one_way(usage: &Usage<'_, '_>, link: &Link<'_>, findings: &mut Findings) {
    let facts = usage.facts;
    let Some(theirs) = described(facts, &link.peer.vpc, link.peer.account.as_deref()) else { return };
    let tables = tables_in_use(theirs, &link.peer.vpc);
    if tables.is_empty() || tables.iter().any(|table| answers(theirs, table, &link.vpc.blocks)) {
        return;
    }
    let Link { vpc, peering, peer, .. } = link;
    let tables_told = shown(tables.iter().map(|one| table(one).label()));
    let ways = || tables.iter().flat_map(|table| vpc.blocks.iter().map(move |block| (*table, *block)));
    let region = theirs.region.as_deref();
    let cli = ways().map(|(table, block)| aws_in(region, route_to(table, block, peering))).collect();
    let mut resources = vec![Resource::new(&peering.id, peering.tags.name())];
    resources.extend(link.tables().into_iter().map(table));
    let mut proof: Vec<String> = link.ways.iter().map(|(table, route)| route.sent_by(&table.id)).collect();
    let own = shown(vpc.blocks.iter().map(ToString::to_string));
    proof.push(format!("no route of {} leads from {} back to {own}: looked at {tables_told}", peering.id, peer.vpc));
    let terraform = ways().map(|(table, block)| in_terraform(&format!("back_by_{}", table.id), table, block, peering));
    let terraform = terraform.collect::<Vec<_>>().join("\n\n");
    let advice = format!("Add routes back from {}, or delete the routes to it if nothing needs them.", peer.vpc);
    let title = format!("{} is routed one way: {} does not answer", resources_label(&resources), peer.vpc);
    let subnets = link.subnets(usage);
    let remedy = Remedy { advice, cli, terraform };
    findings.add(finding(usage, link, Severity::Medium, title, resources, proof, &subnets, remedy));
}

/// The tables that decide for the subnets of a VPC, each once.
fn tables_in_use<'a>(inventory: &'a Inventory, vpc: &str) -> Vec<&'a RouteTable> {
    let subnets = inventory.index.subnets_of_vpc(vpc).filter_map(|id| inventory.subnets.get(id));
    let effective = subnets.filter_map(|subnet| effective_table(inventory, subnet).ok());
    let mut tables: Vec<&RouteTable> = effective.map(|effective| effective.table).collect();
    tables.sort_unstable_by_key(|table| &table.id);
    tables.dedup_by_key(|table| &table.id);
    tables
}

/// A route to a peer, as the AWS CLI makes it.
fn route_to(table: &RouteTable, block: Prefix, peering: &Peering) -> String {
    let (table, at, id) = (&table.id, block_option(block), &peering.id);
    format!("ec2 create-route --route-table-id {table} {at} --vpc-peering-connection-id {id}")
}

/// The same route in Terraform.
fn in_terraform(name: &str, table: &RouteTable, block: Prefix, peering: &Peering) -> String {
    let (table, id) = (format!("\"{}\"", table.id), format!("\"{}\"", peering.id));
    let destination = (block_argument(block), block.to_string());
    terraform_route(name, &table, (destination.0, &destination.1), ("vpc_peering_connection_id", &id))
}

/// Whether a table may lead to these blocks: by any network, appliance or firewall, for which way an answer takes does not matter.
fn answers(inventory: &Inventory, table: &RouteTable, blocks: &[Prefix]) -> bool {
    let may_lead = |route: &Route| {
        let leads = matches!(
            route.target,
            Target::OtherNetwork(_)
                | Target::VpcEndpoint(_)
                | Target::NetworkInterface(_)
                | Target::Instance(_)
                | Target::Unrecognised(_)
        );
        leads && route.state == RouteState::Active
    };
    [Family::Ipv4, Family::Ipv6].into_iter().any(|family| {
        let own = AddressSet::of_prefixes(blocks.iter().copied().filter(|block| block.family() == family));
        let division = divide(&table.routes, family, &inventory.prefix_lists);
        let mut claims = division.claims.iter().filter(|claim| may_lead(claim.route));
        claims.any(|claim| !claim.addresses.intersect(&own).is_empty())
            || division.undetermined.iter().any(|(route, _)| may_lead(route))
    })
}

/// Routes that wait for a connection that is not there.
fn not_connected(usage: &Usage<'_, '_>, link: &Link<'_>) -> Finding {
    let Link { peering, peer, .. } = link;
    let is_pending = peering.status == "pending-acceptance";
    let cli = if is_pending {
        let region = peer.region.as_deref().or(usage.inventory().region.as_deref());
        let accept = format!("ec2 accept-vpc-peering-connection --vpc-peering-connection-id {}", peering.id);
        vec![aws_in(region, accept)]
    } else {
        let routes = link.ways.iter().filter_map(|(table, route)| {
            let at = destination_option(route)?;
            Some(aws(usage.facts, format_args!("ec2 delete-route --route-table-id {} {at}", table.id)))
        });
        routes.collect()
    };
    let advice = if is_pending {
        format!("Let the owner of {} accept the connection, or delete the routes.", peer.vpc)
    } else {
        "Delete the routes, or make the connection anew.".to_owned()
    };
    let terraform = format!(
        "resource \"aws_vpc_peering_connection_accepter\" \"this\" {{\n  vpc_peering_connection_id = \"{}\"\n  auto_accept               = true\n}}",
        peering.id
    );
    let mut resources = vec![Resource::new(&peering.id, peering.tags.name())];
    resources.extend(link.tables().into_iter().map(table));
    let routes = counted(link.ways.len(), "route");
    let lead = if link.ways.len() == 1 { "leads" } else { "lead" };
    let title = format!("{} is {}, and {routes} {lead} there", resources_label(&resources), peering.status);
    let mut proof = vec![format!("{} is {}", peering.id, peering.status)];
    proof.extend(link.ways.iter().map(|(table, route)| route.sent_by(&table.id)));
    let subnets = link.subnets(usage);
    let remedy = Remedy { advice, cli, terraform };
    finding(usage, link, Severity::Low, title, resources, proof, &subnets, remedy)
}

#[cfg(test)]
mod tests;
