//! NET012: public addresses where no route leads to them.

use std::collections::{BTreeMap, BTreeSet};

use super::{group_in, way};
use crate::address::prefix::Family;
use crate::audit::check::doubt::Missing;
use crate::audit::check::occupants;
use crate::audit::check::remedy::{aws, close_database, place_service, terraform_database, without_public_addresses};
use crate::audit::check::resources::{self, subnet_of};
use crate::audit::check::routes::blackhole::waits_for_gateway;
use crate::audit::finding::{Confidence, Finding, Findings, Money, Remedy, Severity};
use crate::audit::rule::Rule;
use crate::classify::SubnetVerdict;
use crate::classify::class::Group;
use crate::exposure::Exposure;
use crate::exposure::purpose::Purpose;
use crate::facts::Facts;
use crate::money::cost::Cost;
use crate::money::is_billed;

const RULE: Rule = Rule::UselessPublicAddress;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let mut missing = Missing::default();
    for verdict in &facts.subnets {
        if verdict.subnet.maps_public_address && !waits_for_gateway(facts, &verdict.subnet.id) {
            match group_in(verdict, Family::Ipv4) {
                Ok(Group::Private | Group::Isolated) => findings.add(mapping(facts, verdict)),
                Ok(_) => {}
                Err(gap) => missing.add(gap, &verdict.subnet.id),
            }
        }
    }
    let interfaces = facts.inventory.network_interfaces.known();
    let mut cases: BTreeMap<(&str, String), Vec<&Exposure<'_>>> = BTreeMap::new();
    for exposure in occupants::everywhere(facts) {
        let interface = exposure.interface;
        // A NAT gateway that cannot work is NET006, an address of nothing NET017.
        let is_others = matches!(*exposure.purpose, Purpose::NatGateway | Purpose::Nothing);
        if interface.public_addresses.is_empty() || is_others {
            continue;
        }
        let Some(verdict) = facts.verdict(&interface.subnet) else { continue };
        // They are of use again when the internet gateway is attached, which is NET005.
        if waits_for_gateway(facts, &interface.subnet) {
            continue;
        }
        match group_in(verdict, Family::Ipv4) {
            Ok(Group::Private | Group::Isolated) => {
                // The tasks of a service are changed by one command, wherever they run.
                let is_task = matches!(*exposure.purpose, Purpose::Task { .. });
                let place = if is_task { &verdict.subnet.vpc } else { &interface.subnet };
                cases.entry((place, exposure.purpose.label())).or_default().push(exposure);
            }
            Ok(_) => {}
            Err(gap) => missing.add(gap, &interface.subnet),
        }
    }
    missing.report(RULE, findings);
    findings.require(&[RULE], interfaces);
    for ((_, label), exposures) in &cases {
        findings.add(addresses(facts, label, exposures));
    }
}

/// A subnet that gives out public addresses which nobody can use.
fn mapping(facts: &Facts<'_>, verdict: &SubnetVerdict<'_>) -> Finding {
    let subnet = verdict.subnet;
    let id = &subnet.id;
    let is_occupied = occupants::is_occupied(facts, id);
    Finding {
        rule: RULE,
        severity: if is_occupied { Severity::Medium } else { Severity::Low },
        title: format!(
            "{} gives public addresses to what starts in it, and no route leads to them",
            resources::subnet(subnet).label()
        ),
        resources: vec![resources::subnet(subnet)],
        vpc: Some(subnet.vpc.clone()),
        availability_zones: subnet.availability_zone.iter().cloned().collect(),
        proof: vec![format!("{id} has MapPublicIpOnLaunch set"), way(verdict, Some(Family::Ipv4))],
        blast_radius: occupants::who(facts, [id.as_str()]),
        money: None,
        confidence: Confidence::High,
        remedy: Remedy {
            advice: "Do not give out public addresses here: each is billed, and one route makes all of them reachable."
                .to_owned(),
            cli: vec![aws(
                facts,
                format_args!("ec2 modify-subnet-attribute --subnet-id {id} --no-map-public-ip-on-launch"),
            )],
            terraform: format!("resource \"aws_subnet\" \"this\" {{ # {id}\n  map_public_ip_on_launch = false\n}}"),
        },
    }
}

fn addresses(facts: &Facts<'_>, label: &str, exposures: &[&Exposure<'_>]) -> Finding {
    let subnets = subnets(exposures);
    let public = || exposures.iter().flat_map(|one| one.interface.public_addresses.iter().map(move |ip| (one, ip)));
    let count = public().count();
    let mut resources: Vec<_> = exposures.iter().map(|exposure| occupants::resource(exposure)).collect();
    resources.extend(subnets.iter().map(|subnet| subnet_of(facts, subnet)));
    let told = |ip: Option<std::net::Ipv4Addr>| ip.map_or_else(|| "a public address".to_owned(), |ip| ip.to_string());
    let mut proof: Vec<String> =
        public().take(5).map(|(one, ip)| format!("{} has {}", one.interface.id, told(ip.address))).collect();
    let verdicts = subnets.iter().filter_map(|subnet| facts.verdict(subnet));
    proof.extend(verdicts.take(5).map(|verdict| way(verdict, Some(Family::Ipv4))));
    let addresses = if count == 1 { "a public address".to_owned() } else { format!("{count} public addresses") };
    let place = match subnets.as_slice() {
        [only] => format!("{}, which is", subnet_of(facts, only).label()),
        some => format!("{} subnets, which are", some.len()),
    };
    let (cli, terraform) = steps(facts, exposures);
    Finding {
        rule: RULE,
        severity: Severity::Medium,
        title: format!("{label} has {addresses} in {place} not public"),
        resources,
        vpc: exposures.iter().find_map(|one| one.subnet).map(|subnet| subnet.vpc.clone()),
        availability_zones: occupants::zones(exposures.iter().copied()),
        proof,
        blast_radius: occupants::told(exposures.iter().copied()),
        money: money(facts, public().filter(|(_, ip)| is_billed(facts.inventory, ip)).count()),
        confidence: Confidence::High,
        remedy: Remedy {
            advice: "Take the address away: nobody can use it, it is billed, and it is one route from exposure."
                .to_owned(),
            cli,
            terraform,
        },
    }
}

/// The subnets in which they stand, each once.
fn subnets<'f>(exposures: &[&'f Exposure<'_>]) -> Vec<&'f str> {
    let subnets: BTreeSet<&str> = exposures.iter().map(|exposure| exposure.interface.subnet.as_str()).collect();
    subnets.into_iter().collect()
}

fn money(facts: &Facts<'_>, count: usize) -> Option<Money> {
    if count == 0 {
        return None;
    }
    let cost = Cost::addresses(&facts.prices, u32::try_from(count).ok()?)?;
    let saving = cost.monthly;
    Some(cost.saving(saving))
}

/// How each kind of thing loses its address.
fn steps(facts: &Facts<'_>, exposures: &[&Exposure<'_>]) -> (Vec<String>, String) {
    let Some(first) = exposures.first() else { return (Vec::new(), String::new()) };
    match &*first.purpose {
        Purpose::Task { service, cluster } => {
            let (service, cluster) = (service.as_deref().unwrap_or("SERVICE"), cluster.as_deref().unwrap_or("CLUSTER"));
            let command = place_service(facts, (cluster, service), &subnets(exposures), &first.interface.groups, false);
            (
                vec![command],
                "resource \"aws_ecs_service\" \"this\" {\n  network_configuration {\n    assign_public_ip = false\n  }\n}".to_owned(),
            )
        }
        Purpose::Store { candidates, .. } if !candidates.is_empty() => {
            let commands = candidates.iter().map(|database| close_database(facts, database));
            let kind = candidates.first().map_or("aws_db_instance", |database| terraform_database(database));
            (commands.collect(), format!("resource \"{kind}\" \"this\" {{\n  publicly_accessible = false\n}}"))
        }
        Purpose::LoadBalancer { balancer, .. } => {
            let arn = balancer.map_or("LOAD-BALANCER-ARN", |balancer| balancer.arn.as_str());
            (
                vec![aws(facts, format_args!("elbv2 set-subnets --load-balancer-arn {arn} --subnets subnet-… subnet-…"))],
                "resource \"aws_lb\" \"this\" {\n  internal = true # or public subnets, if it is meant for the internet\n}".to_owned(),
            )
        }
        _ => {
            let interfaces = exposures.iter().map(|exposure| exposure.interface);
            let cli = interfaces.flat_map(|interface| without_public_addresses(facts, interface)).collect();
            (cli, terraform_release(first))
        }
    }
}

fn terraform_release(exposure: &Exposure<'_>) -> String {
    let allocation = exposure.interface.public_addresses.iter().find_map(|public| public.allocation.as_deref());
    match allocation {
        Some(allocation) => format!("# remove the aws_eip {allocation} and its aws_eip_association"),
        None => "resource \"aws_instance\" \"this\" {\n  associate_public_ip_address = false\n}".to_owned(),
    }
}
