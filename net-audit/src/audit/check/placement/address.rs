//! NET012: public addresses where no route leads to them.

use std::collections::{BTreeMap, BTreeSet};

use super::{group_in, resource, resource_of, way};
use crate::address::prefix::Family;
use crate::audit::check::occupants;
use crate::audit::check::remedy::aws;
use crate::audit::finding::{Confidence, Finding, Findings, Money, MoneyInput, Remedy, Severity};
use crate::audit::rule::Rule;
use crate::classify::SubnetVerdict;
use crate::classify::class::Group;
use crate::exposure::Exposure;
use crate::exposure::purpose::Purpose;
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::money::price::month::{HOURS, address_month};

const RULE: Rule = Rule::UselessPublicAddress;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    for verdict in &facts.subnets {
        if verdict.subnet.maps_public_address {
            match group_in(verdict, Family::Ipv4) {
                Ok(Group::Private | Group::Isolated) => findings.add(mapping(facts, verdict)),
                Ok(_) => {}
                Err(gap) => findings.unknown_of(RULE, &verdict.subnet.id, gap),
            }
        }
    }
    if findings.require(&[RULE], facts.inventory.network_interfaces.known()).is_none() {
        return;
    }
    let mut cases: BTreeMap<(&str, String), Vec<&Exposure<'_>>> = BTreeMap::new();
    let mut unknown: BTreeMap<&str, Gap> = BTreeMap::new();
    for exposure in occupants::everywhere(facts) {
        let interface = exposure.interface;
        // A NAT gateway that cannot work is NET006, an address of nothing NET017.
        let is_others = matches!(*exposure.purpose, Purpose::NatGateway | Purpose::Nothing);
        if interface.public_addresses.is_empty() || is_others {
            continue;
        }
        let Some(verdict) = facts.verdict(&interface.subnet) else { continue };
        match group_in(verdict, Family::Ipv4) {
            Ok(Group::Private | Group::Isolated) => {
                // The tasks of a service are changed by one command, wherever they run.
                let is_task = matches!(*exposure.purpose, Purpose::Task { .. });
                let place = if is_task { &verdict.subnet.vpc } else { &interface.subnet };
                cases.entry((place, exposure.purpose.label())).or_default().push(exposure);
            }
            Ok(_) => {}
            Err(gap) => _ = unknown.insert(&interface.subnet, gap),
        }
    }
    for (subnet, gap) in unknown {
        findings.unknown_of(RULE, subnet, gap);
    }
    for ((_, label), exposures) in &cases {
        findings.add(addresses(facts, label, exposures));
    }
}

/// A subnet that gives out public addresses which nobody can use.
fn mapping(facts: &Facts<'_>, verdict: &SubnetVerdict<'_>) -> Finding {
    let subnet = verdict.subnet;
    let id = &subnet.id;
    let is_empty = occupants::in_subnet(facts, id).next().is_none();
    Finding {
        rule: RULE,
        severity: if is_empty { Severity::Low } else { Severity::Medium },
        title: format!(
            "{} gives public addresses to what starts in it, and no route leads to them",
            resource(subnet).label()
        ),
        resources: vec![resource(subnet)],
        vpc: Some(subnet.vpc.clone()),
        availability_zones: subnet.availability_zone.iter().cloned().collect(),
        proof: vec![format!("{id} has MapPublicIpOnLaunch set"), way(verdict, Some(Family::Ipv4))],
        blast_radius: occupants::told(occupants::in_subnet(facts, id)),
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
    resources.extend(subnets.iter().map(|subnet| resource_of(facts, subnet)));
    let told = |ip: Option<std::net::Ipv4Addr>| ip.map_or_else(|| "a public address".to_owned(), |ip| ip.to_string());
    let mut proof: Vec<String> =
        public().take(5).map(|(one, ip)| format!("{} has {}", one.interface.id, told(ip.address))).collect();
    let verdicts = subnets.iter().filter_map(|subnet| facts.verdict(subnet));
    proof.extend(verdicts.take(5).map(|verdict| way(verdict, Some(Family::Ipv4))));
    let addresses = if count == 1 { "a public address".to_owned() } else { format!("{count} public addresses") };
    let place = match subnets.as_slice() {
        [only] => format!("{}, which is", resource_of(facts, only).label()),
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
        money: money(facts, count),
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
    let count = u32::try_from(count).ok()?;
    let price = facts.prices.public_ipv4_hour.as_ref()?;
    let monthly = address_month(&facts.prices, count)?.value;
    let input = |name: &str, value: f64, unit: &str, source: &str| MoneyInput {
        name: name.to_owned(),
        value,
        unit: unit.to_owned(),
        source: source.to_owned(),
    };
    let inputs = vec![
        input("public IPv4 addresses", f64::from(count), "addresses", "described"),
        input("hours of a month", HOURS, "hours", "as AWS's calculator counts them"),
        input("public IPv4 address", price.usd, "USD/hour", &price.source),
    ];
    Some(Money { monthly, saving: monthly, inputs })
}

/// How each kind of thing loses its address.
fn steps(facts: &Facts<'_>, exposures: &[&Exposure<'_>]) -> (Vec<String>, String) {
    let Some(first) = exposures.first() else { return (Vec::new(), String::new()) };
    match &*first.purpose {
        Purpose::Task { service, cluster } => {
            let (service, cluster) = (service.as_deref().unwrap_or("SERVICE"), cluster.as_deref().unwrap_or("CLUSTER"));
            let (subnets, groups) = (subnets(exposures).join(","), first.interface.groups.join(","));
            let network = format!(
                "awsvpcConfiguration={{subnets=[{subnets}],securityGroups=[{groups}],assignPublicIp=DISABLED}}"
            );
            let update = format!("ecs update-service --cluster {cluster} --service {service}");
            (
                vec![aws(facts, format_args!("{update} --network-configuration '{network}'"))],
                "resource \"aws_ecs_service\" \"this\" {\n  network_configuration {\n    assign_public_ip = false\n  }\n}".to_owned(),
            )
        }
        Purpose::Store { candidates, .. } if !candidates.is_empty() => {
            let commands = candidates.iter().map(|database| {
                let (id, tail) = (&database.id, "--no-publicly-accessible --apply-immediately");
                aws(facts, format_args!("rds modify-db-instance --db-instance-identifier {id} {tail}"))
            });
            (commands.collect(), "resource \"aws_db_instance\" \"this\" {\n  publicly_accessible = false\n}".to_owned())
        }
        Purpose::LoadBalancer { balancer, .. } => {
            let arn = balancer.map_or("LOAD-BALANCER-ARN", |balancer| balancer.arn.as_str());
            (
                vec![aws(facts, format_args!("elbv2 set-subnets --load-balancer-arn {arn} --subnets subnet-… subnet-…"))],
                "resource \"aws_lb\" \"this\" {\n  internal = true # or public subnets, if it is meant for the internet\n}".to_owned(),
            )
        }
        _ => (exposures.iter().flat_map(|exposure| release(facts, exposure)).collect(), terraform_release(first)),
    }
}

/// The commands for an interface with addresses of its own.
fn release(facts: &Facts<'_>, exposure: &Exposure<'_>) -> Vec<String> {
    let mut cli = Vec::new();
    for public in &exposure.interface.public_addresses {
        match &public.allocation {
            Some(allocation) => {
                let query = format!(
                    "ec2 describe-addresses --allocation-ids {allocation} --query 'Addresses[0].AssociationId' --output text"
                );
                let association = aws(facts, query);
                cli.push(aws(facts, format_args!("ec2 disassociate-address --association-id \"$({association})\"")));
                cli.push(aws(facts, format_args!("ec2 release-address --allocation-id {allocation}")));
            }
            None => cli.push(aws(
                facts,
                format_args!(
                    "ec2 modify-network-interface-attribute --network-interface-id {} --no-associate-public-ip-address",
                    exposure.interface.id
                ),
            )),
        }
    }
    cli
}

fn terraform_release(exposure: &Exposure<'_>) -> String {
    let allocation = exposure.interface.public_addresses.iter().find_map(|public| public.allocation.as_deref());
    match allocation {
        Some(allocation) => format!("# remove the aws_eip {allocation} and its aws_eip_association"),
        None => "resource \"aws_instance\" \"this\" {\n  associate_public_ip_address = false\n}".to_owned(),
    }
}
