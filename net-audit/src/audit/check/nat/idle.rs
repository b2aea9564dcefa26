//! NET016: a NAT gateway is not used.

use std::collections::BTreeSet;

use crate::audit::check::occupants::who;
use crate::audit::check::remedy::aws;
use crate::audit::check::remedy::route::destination_option;
use crate::audit::check::resources::nat_gateway;
use crate::audit::finding::{Confidence, Finding, Findings, Money, Remedy};
use crate::audit::rule::Rule;
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{NatGateway, NatTraffic, Target};
use crate::money::cost::{self, Cost, dollars, gigabytes};
use crate::money::{Gigabytes, Usage, active_zones, public_addresses};

const RULE: Rule = Rule::IdleNat;

/// A gateway of which a shorter time is known is not called idle: it may be new, or be for what runs once a week.
const DAYS: f64 = 7.0;

/// Whether a metric says that nothing was carried for a week at least.
pub(super) fn carried_nothing(traffic: &NatTraffic) -> bool {
    let bytes = traffic.bytes_from_source + traffic.bytes_from_destination;
    bytes <= 0.0 && traffic.days >= DAYS
}

pub(super) fn check(facts: &Facts<'_>, usage: &Usage<'_>, spare: &BTreeSet<&str>, findings: &mut Findings) {
    for gateway in facts.inventory.nat_gateways.iter().filter(|gateway| gateway.state == "available") {
        // One that a zone has and does not use is to be used, not to be deleted.
        if spare.contains(gateway.id.as_str()) {
            continue;
        }
        if usage.routes(&gateway.id).is_empty() {
            match usage.loose(&gateway.vpc) {
                Some(gap) => findings.unknown_of(RULE, &gateway.id, gap.clone()),
                None => findings.add(without_route(facts, gateway)),
            }
            continue;
        }
        match facts.inventory.nat_traffic.find(&gateway.id) {
            Err(gap) => findings.unknown_of(RULE, &gateway.id, gap),
            Ok(traffic) if carried_nothing(traffic) => findings.add(without_traffic(facts, usage, gateway, traffic)),
            Ok(traffic) if traffic.bytes_from_source + traffic.bytes_from_destination <= 0.0 => {
                let what = format!("{} carried nothing, but only {} days were looked at", gateway.id, traffic.days);
                findings.unknown_of(RULE, &gateway.id, Gap::NotUnderstood(what));
            }
            Ok(_) => {}
        }
    }
}

fn without_route(facts: &Facts<'_>, gateway: &NatGateway) -> Finding {
    let mut proof = vec![format!("no route table that a subnet of {} uses leads to {}", gateway.vpc, gateway.id)];
    let unused =
        facts.inventory.index.tables_of_vpc(&gateway.vpc).filter_map(|id| facts.inventory.route_tables.get(id));
    let leads = |target: &Target| matches!(target, Target::NatGateway(id) if *id == gateway.id);
    for table in unused.filter(|table| table.routes.iter().any(|route| leads(&route.target))) {
        proof.push(format!("{} leads to it, but no subnet uses {}", table.id, table.id));
    }
    let traffic = facts.inventory.nat_traffic.get(&gateway.id);
    let measured = traffic.and_then(Gigabytes::measured).and_then(|measured| measured.monthly).unwrap_or_default();
    // It was used until lately: what took the route away may put it back.
    let confidence = if measured > 0.0 { Confidence::Medium } else { Confidence::High };
    if let Some(traffic) = traffic.filter(|_| measured > 0.0) {
        proof.push(format!(
            "over the last {} days it carried {} a month all the same",
            traffic.days,
            gigabytes(measured)
        ));
    }
    let title = format!("no route leads to {}", nat_gateway(gateway).label());
    let money = money(facts, gateway, &Gigabytes::none_sent());
    finding(facts, gateway, title, proof, "nothing sends through it".to_owned(), money, confidence, Vec::new())
}

fn without_traffic(facts: &Facts<'_>, usage: &Usage<'_>, gateway: &NatGateway, traffic: &NatTraffic) -> Finding {
    let id = &gateway.id;
    let days = traffic.days;
    let mut proof = vec![format!("CloudWatch: {id} carried 0 bytes in {days} days, both directions together")];
    let mut routes = Vec::new();
    for (table, route) in usage.routes(id) {
        proof.push(format!("{} sends {} to it", table.id, route.destination_name()));
        let Some(what) = destination_option(route) else { continue };
        routes.push(aws(facts, format_args!("ec2 delete-route --route-table-id {} {what}", table.id)));
    }
    let who = who(facts, usage.served(id).iter().map(|verdict| verdict.subnet.id.as_str()));
    let title = format!("{} carried nothing in {days} days", nat_gateway(gateway).label());
    let money = money(facts, gateway, &usage.gigabytes(id));
    let blast_radius = format!("what could send through it, and did not: {who}");
    finding(facts, gateway, title, proof, blast_radius, money, Confidence::High, routes)
}

/// All of it is saved: what it carries is nothing.
fn money(facts: &Facts<'_>, gateway: &NatGateway, carried: &Gigabytes) -> Option<Money> {
    let mut cost = Cost::standing(&facts.prices, active_zones(gateway), public_addresses(facts.inventory, gateway))?;
    cost.add_inputs([cost::carried(carried)]);
    let saving = cost.monthly;
    Some(cost.saving(saving))
}

#[expect(clippy::too_many_arguments, reason = "the parts in which the two kinds of being idle differ")]
fn finding(
    facts: &Facts<'_>,
    gateway: &NatGateway,
    title: String,
    proof: Vec<String>,
    blast_radius: String,
    money: Option<Money>,
    confidence: Confidence,
    routes: Vec<String>,
) -> Finding {
    Finding {
        rule: RULE,
        severity: RULE.severity(),
        title,
        resources: vec![nat_gateway(gateway)],
        vpc: Some(gateway.vpc.clone()),
        availability_zones: gateway.zone(facts.inventory).map(str::to_owned).into_iter().collect(),
        proof,
        blast_radius,
        remedy: remedy(facts, gateway, money.as_ref(), routes),
        money,
        confidence,
    }
}

fn remedy(facts: &Facts<'_>, gateway: &NatGateway, money: Option<&Money>, routes: Vec<String>) -> Remedy {
    let id = &gateway.id;
    let mut cli = routes;
    let has_routes = !cli.is_empty();
    cli.extend(delete(facts, gateway));
    let saved = money.map(|money| format!(" That saves {} a month.", dollars(money.saving))).unwrap_or_default();
    let first = if has_routes { "the routes to it, then " } else { "" };
    let advice = format!(
        "Delete {first}{id}, and release its addresses, which are billed on without it.{saved} If it is kept for an \
         emergency or a partner who knows its addresses, waive this finding."
    );
    let terraform = format!("# remove the aws_nat_gateway that is {id}, its aws_eip, and every aws_route to it");
    Remedy { advice, cli, terraform }
}

/// Deletes a gateway and releases its addresses, which it holds until it is gone.
pub(super) fn delete(facts: &Facts<'_>, gateway: &NatGateway) -> Vec<String> {
    let id = &gateway.id;
    let mut commands = vec![
        aws(facts, format_args!("ec2 delete-nat-gateway --nat-gateway-id {id}")),
        aws(facts, format_args!("ec2 wait nat-gateway-deleted --nat-gateway-ids {id}")),
    ];
    let allocations = gateway.addresses.iter().filter_map(|address| address.allocation.as_deref());
    commands.extend(
        allocations.map(|allocation| aws(facts, format_args!("ec2 release-address --allocation-id {allocation}"))),
    );
    commands
}
