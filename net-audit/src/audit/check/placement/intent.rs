//! NET024: subnets that are public, and nothing says that they are meant to be.

use std::collections::HashMap;

use super::{gap, ipv6, way};
use crate::audit::check::doubt::Missing;
use crate::audit::check::occupants;
use crate::audit::check::remedy::aws;
use crate::audit::check::remedy::route::{NEW_TABLE, new_table, put_on, terraform_association};
use crate::audit::check::resources;
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Severity};
use crate::audit::rule::Rule;
use crate::classify::SubnetVerdict;
use crate::classify::class::Group;
use crate::exposure::Exposure;
use crate::exposure::purpose::Purpose;
use crate::facts::Facts;
use crate::facts::intent::Meant;

const RULE: Rule = Rule::PublicWithoutIntent;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let interfaces = facts.inventory.network_interfaces.known();
    let tables = private_tables(facts);
    let mut is_unsaid = false;
    let mut missing = Missing::default();
    for verdict in &facts.subnets {
        let meant = facts.setting.intent.of(facts.inventory, verdict.subnet);
        // What only IPv6 makes public is NET013.
        if meant == Meant::Public || ipv6::is_hidden(verdict) {
            continue;
        }
        match verdict.group() {
            Group::Public if meant == Meant::Unsaid && interfaces.is_err() => is_unsaid = true,
            Group::Public => {
                if let Some((severity, confidence)) = judge(facts, verdict, meant) {
                    findings.add(finding(facts, verdict, meant, (severity, confidence), &tables));
                }
            }
            Group::Unknown => missing.add(gap(verdict), &verdict.subnet.id),
            Group::Private | Group::Isolated => {}
        }
    }
    missing.report(RULE, findings);
    if is_unsaid {
        findings.require(&[RULE], interfaces);
    }
}

/// How bad it is that a subnet is public; `None` if what stands in it says that it must be.
fn judge(facts: &Facts<'_>, verdict: &SubnetVerdict<'_>, meant: Meant) -> Option<(Severity, Confidence)> {
    if meant != Meant::Unsaid {
        return Some((Severity::High, Confidence::High));
    }
    let subnet = verdict.subnet;
    let mut standing = occupants::in_subnet(facts, &subnet.id).peekable();
    if standing.peek().is_none() {
        // AWS makes the subnets of a default VPC with every account.
        let is_default = facts.inventory.vpcs.get(&subnet.vpc).is_some_and(|vpc| vpc.is_default);
        return (!is_default).then_some((Severity::Low, Confidence::Medium));
    }
    let places = standing.map(|exposure| place(facts, exposure));
    match places.max() {
        Some(Place::Private) => Some((Severity::Medium, Confidence::High)),
        Some(Place::Doubtful) => Some((Severity::Medium, Confidence::Medium)),
        _ if subnet.maps_public_address => Some((Severity::Low, Confidence::Medium)),
        _ => None,
    }
}

/// Where something belongs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Into a public subnet: it is what public subnets are for.
    Public,
    /// Into either.
    Any,
    /// Most likely behind NAT.
    Doubtful,
    /// Behind NAT, or without any way out.
    Private,
}

fn place(facts: &Facts<'_>, exposure: &Exposure<'_>) -> Place {
    match &*exposure.purpose {
        Purpose::LoadBalancer { balancer: Some(balancer), .. } if !balancer.is_internet_facing => Place::Private,
        // Of a load balancer that is not listed its address tells for whom it is.
        Purpose::LoadBalancer { balancer: None, .. } if exposure.interface.public_addresses.is_empty() => {
            Place::Private
        }
        Purpose::NatGateway | Purpose::LoadBalancer { .. } => Place::Public,
        Purpose::Endpoint | Purpose::TransitGateway | Purpose::Nothing => Place::Any,
        Purpose::Instance { id, name } => {
            let instance = facts.inventory.instances.get(id);
            let forwards = !exposure.interface.source_destination_check
                || instance.is_some_and(|instance| !instance.source_destination_check);
            if forwards || name.is_some_and(occupants::is_jump_host) { Place::Public } else { Place::Private }
        }
        Purpose::Store { .. } | Purpose::Task { .. } | Purpose::Function(_) => Place::Private,
        Purpose::Other(_) => Place::Doubtful,
    }
}

/// Route tables that lead out and not in, by VPC: each with a zone in which it is used.
type Tables<'f> = HashMap<&'f str, Vec<(Option<&'f str>, &'f str)>>;

fn private_tables<'f>(facts: &'f Facts<'_>) -> Tables<'f> {
    let mut tables: Tables<'_> = HashMap::new();
    for verdict in facts.subnets.iter().filter(|verdict| verdict.group() == Group::Private) {
        if let Some(table) = verdict.route_table {
            let zone = verdict.subnet.availability_zone.as_deref();
            tables.entry(&verdict.subnet.vpc).or_default().push((zone, &table.table.id));
        }
    }
    tables
}

fn finding(
    facts: &Facts<'_>,
    verdict: &SubnetVerdict<'_>,
    meant: Meant,
    (severity, confidence): (Severity, Confidence),
    tables: &Tables<'_>,
) -> Finding {
    let subnet = verdict.subnet;
    let label = resources::subnet(subnet).label();
    let says = match meant {
        Meant::Private => "it is meant to be private",
        Meant::Isolated => "it is meant to be isolated",
        Meant::Public | Meant::Unsaid => "nothing says that it is meant to be",
    };
    let mut resources = vec![resources::subnet(subnet)];
    let table = verdict.route_table.map(|table| table.table);
    resources.extend(table.map(resources::table));
    Finding {
        rule: RULE,
        severity,
        title: format!("subnet {label} is public, and {says}"),
        resources,
        vpc: Some(subnet.vpc.clone()),
        availability_zones: subnet.availability_zone.iter().cloned().collect(),
        proof: vec![way(verdict, None), format!("by --public, --private, tags and names {says}")],
        blast_radius: occupants::who(facts, [subnet.id.as_str()]),
        money: None,
        confidence,
        remedy: remedy(facts, verdict, tables),
    }
}

fn remedy(facts: &Facts<'_>, verdict: &SubnetVerdict<'_>, tables: &Tables<'_>) -> Remedy {
    let subnet = verdict.subnet;
    let (id, vpc) = (&subnet.id, &subnet.vpc);
    let known = tables.get(vpc.as_str()).map(Vec::as_slice).unwrap_or_default();
    let same_zone = known.iter().find(|(zone, _)| *zone == subnet.availability_zone.as_deref());
    let table = same_zone.or(known.first()).map(|(_, table)| *table);
    let mut cli = Vec::new();
    if table.is_none() {
        cli.push(new_table(facts, vpc));
        let route = "--destination-cidr-block 0.0.0.0/0 --nat-gateway-id nat-…";
        cli.push(aws(facts, format_args!("ec2 create-route --route-table-id {NEW_TABLE} {route}")));
    }
    cli.extend(put_on(facts, id, table.unwrap_or(NEW_TABLE)));
    if subnet.maps_public_address {
        cli.push(aws(facts, format_args!("ec2 modify-subnet-attribute --subnet-id {id} --no-map-public-ip-on-launch")));
    }
    let first = if table.is_none() { " It needs a route table with a route to a NAT gateway first." } else { "" };
    Remedy {
        advice: format!(
            "In doubt a subnet should be behind NAT: give it a private route table. What has a public address of its own loses its way out at that moment.{first} If it is meant to be public, say so by the tag Tier=public or by --public {id}."
        ),
        cli,
        terraform: terraform_association(&format!("\"{}\"", table.unwrap_or("rtb-…")), id),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::audit::check::fixture::{find, spoilt, unknown, without};
    use crate::audit::rule::Rule;

    #[test]
    fn without_interfaces_only_subnets_that_say_nothing_are_unknown() {
        let account = spoilt(|account| {
            find(account, "Subnets", "SubnetId", "subnet-0publica00000")["Tags"] = json!([]);
            without(account, "NetworkInterfaces");
        });
        assert_eq!(unknown(&account, Rule::PublicWithoutIntent), ["the snapshot has no NetworkInterfaces"]);
        let account = spoilt(|account| without(account, "NetworkInterfaces"));
        assert_eq!(unknown(&account, Rule::PublicWithoutIntent), [""; 0]);
    }
}
