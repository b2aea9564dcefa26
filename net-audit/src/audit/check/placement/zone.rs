//! NET015: tiers that stand in one zone only, and go with it.

use std::collections::{BTreeMap, BTreeSet};

use super::database::{require_groups, subnet_groups};
use crate::audit::check::occupants;
use crate::audit::check::remedy::{aws, place_service};
use crate::audit::check::resources::{counted, subnet_of, vpc_of};
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Resource, Severity};
use crate::audit::rule::Rule;
use crate::classify::class::Group;
use crate::exposure::Exposure;
use crate::exposure::purpose::Purpose;
use crate::facts::Facts;
use crate::facts::environment::Environment;
use crate::inventory::gap::Gap;
use crate::inventory::{Database, LoadBalancer, SubnetGroup, Vpc};

const RULE: Rule = Rule::OneZoneTier;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let narrow = check_vpcs(facts, findings);
    require_groups(facts, RULE, findings);
    for (group, databases) in subnet_groups(facts) {
        // Where the whole VPC has but one zone, that is what is to be changed.
        if group.vpc.as_deref().is_some_and(|vpc| narrow.contains(vpc)) {
            continue;
        }
        match only_zone(facts, &group.subnets) {
            Ok(Some(zone)) => findings.add(group_finding(facts, group, &databases, zone)),
            Ok(None) => {}
            Err(gap) => findings.unknown_of(RULE, &group.name, gap),
        }
    }
    check_databases(facts, findings);
    if let Some(balancers) = findings.require(&[RULE], facts.inventory.load_balancers.known()) {
        for balancer in balancers.values().filter(|balancer| balancer.kind != "gateway") {
            match only_zone(facts, &balancer.subnets) {
                Ok(Some(zone)) => findings.add(balancer_finding(facts, balancer, zone)),
                Ok(None) => {}
                Err(gap) => findings.unknown_of(RULE, &balancer.name, gap),
            }
        }
    }
    if findings.require(&[RULE], facts.inventory.network_interfaces.known()).is_some() {
        check_services(facts, &narrow, findings);
    }
    // One zone is a fair choice where nobody is served.
    for finding in findings.found.iter_mut().filter(|finding| finding.rule == RULE) {
        let vpc = finding.vpc.as_deref().and_then(|vpc| facts.inventory.vpcs.get(vpc));
        if vpc.is_some_and(|vpc| matches!(Environment::of([&vpc.tags]), Environment::NonProduction(_))) {
            finding.severity = Severity::Low;
        }
    }
}

/// The zone of all these subnets, if they have one in common.
///
/// # Errors
/// The zone of a subnet is not known, and all others stand in one.
fn only_zone<'f>(facts: &'f Facts<'_>, subnets: &[String]) -> Result<Option<&'f str>, Gap> {
    let mut zones: BTreeSet<&str> = BTreeSet::new();
    let mut gap = None;
    for id in subnets {
        match facts.inventory.subnets.find(id) {
            Ok(subnet) => match &subnet.availability_zone {
                Some(zone) => _ = zones.insert(zone),
                None => gap = Some(Gap::NotUnderstood(format!("the zone of {id} is not known"))),
            },
            Err(missing) => gap = Some(missing),
        }
    }
    match (zones.len(), gap) {
        (0 | 1, Some(gap)) => Err(gap),
        (1, None) => Ok(zones.first().copied()),
        _ => Ok(None),
    }
}

/// VPCs whose private subnets stand in one zone, with something in them.
fn check_vpcs<'f>(facts: &'f Facts<'_>, findings: &mut Findings) -> BTreeSet<&'f str> {
    let mut narrow = BTreeSet::new();
    for verdicts in facts.subnets.chunk_by(|one, other| one.subnet.vpc == other.subnet.vpc) {
        let Some(vpc) = verdicts.first().and_then(|first| facts.inventory.vpcs.get(&first.subnet.vpc)) else {
            continue;
        };
        let subnets = |is: fn(Group) -> bool| -> Vec<String> {
            let chosen = verdicts.iter().filter(|verdict| is(verdict.group()));
            chosen.map(|verdict| verdict.subnet.id.clone()).collect()
        };
        let private = subnets(|group| matches!(group, Group::Private | Group::Isolated));
        let standing: Vec<&Exposure<'_>> = private
            .iter()
            .flat_map(|subnet| occupants::in_subnet(facts, subnet))
            .filter(|exposure| is_tier(&exposure.purpose))
            .collect();
        if standing.is_empty() {
            continue;
        }
        let Ok(Some(zone)) = only_zone(facts, &private) else { continue };
        // A subnet that is not known may be the private one in another zone.
        let maybe = subnets(|group| matches!(group, Group::Private | Group::Isolated | Group::Unknown));
        if maybe.len() > private.len() && only_zone(facts, &maybe) != Ok(Some(zone)) {
            let gap = Gap::NotUnderstood(format!("the class of a subnet of {} outside {zone} is unknown", vpc.id));
            findings.unknown_of(RULE, &vpc.id, gap);
            continue;
        }
        narrow.insert(vpc.id.as_str());
        findings.add(vpc_finding(facts, vpc, zone, &private, &standing));
    }
    narrow
}

/// Whether it is something that serves, and not what AWS puts there for others.
fn is_tier(purpose: &Purpose<'_>) -> bool {
    matches!(purpose, Purpose::Task { .. } | Purpose::Instance { .. } | Purpose::Store { .. } | Purpose::Function(_))
}

fn vpc_finding(facts: &Facts<'_>, vpc: &Vpc, zone: &str, private: &[String], standing: &[&Exposure<'_>]) -> Finding {
    let mut resources = vec![vpc_of(facts, &vpc.id)];
    resources.extend(private.iter().map(|subnet| subnet_of(facts, subnet)));
    let proof = private.iter().map(|subnet| format!("{subnet} stands in {zone}")).collect();
    let blast_radius = occupants::told(standing.iter().copied());
    Finding {
        vpc: Some(vpc.id.clone()),
        proof,
        blast_radius,
        ..tier(
            resources,
            format!("all private subnets of {} stand in {zone}", vpc_of(facts, &vpc.id).label()),
            zone,
            Remedy {
                advice: "Add private subnets in a second zone, and spread what runs over both.".to_owned(),
                cli: vec![aws(
                    facts,
                    format_args!("ec2 create-subnet --vpc-id {} --availability-zone ZONE --cidr-block BLOCK", vpc.id),
                )],
                terraform: format!(
                    "resource \"aws_subnet\" \"second\" {{\n  vpc_id            = \"{}\"\n  availability_zone = \"…\" # not {zone}\n  cidr_block        = \"…\"\n}}",
                    vpc.id
                ),
            },
        )
    }
}

/// What all findings of the rule have in common.
fn tier(resources: Vec<Resource>, title: String, zone: &str, remedy: Remedy) -> Finding {
    Finding {
        rule: RULE,
        severity: Severity::Medium,
        title,
        resources,
        vpc: None,
        availability_zones: vec![zone.to_owned()],
        proof: Vec::new(),
        blast_radius: String::new(),
        money: None,
        confidence: Confidence::High,
        remedy,
    }
}

fn group_finding(facts: &Facts<'_>, group: &SubnetGroup, databases: &[&Database], zone: &str) -> Finding {
    let name = &group.name;
    let mut resources = vec![Resource::new(&**name, None)];
    resources.extend(databases.iter().map(|database| Resource::new(&*database.id, database.tags.name())));
    Finding {
        vpc: group.vpc.clone(),
        proof: group.subnets.iter().map(|subnet| format!("{subnet} stands in {zone}")).collect(),
        blast_radius: match databases.len() {
            0 => "no database that is known".to_owned(),
            count => counted(count, "database"),
        },
        ..tier(
            resources,
            format!("all subnets of subnet group {name} stand in {zone}"),
            zone,
            Remedy {
                advice: "Add a subnet of another zone: without one there can be no standby.".to_owned(),
                cli: vec![aws(
                    facts,
                    format_args!(
                        "rds modify-db-subnet-group --db-subnet-group-name {name} --subnet-ids {} subnet-…",
                        group.subnets.join(" ")
                    ),
                )],
                terraform: format!(
                    "resource \"aws_db_subnet_group\" \"this\" {{\n  name       = \"{name}\"\n  subnet_ids = [\"{}\", \"subnet-…\"]\n}}",
                    group.subnets.join("\", \"")
                ),
            },
        )
    }
}

/// A database without a standby is a decision, but not in production.
fn check_databases(facts: &Facts<'_>, findings: &mut Findings) {
    let Some(databases) = findings.require(&[RULE], facts.inventory.databases.known()) else { return };
    // A read replica is itself one more copy.
    let is_alone =
        |database: &&Database| !database.is_multi_zone && database.cluster.is_none() && database.replica_of.is_none();
    for database in databases.values().filter(is_alone) {
        let vpc = database.subnet_group.as_ref().and_then(|group| group.vpc.as_deref());
        let of_vpc = vpc.and_then(|vpc| facts.inventory.vpcs.get(vpc));
        // What the database says of itself counts before what its VPC says.
        let said = Environment::of([&database.tags].into_iter().chain(of_vpc.map(|vpc| &vpc.tags)));
        if said != Environment::Production {
            continue;
        }
        let (id, zone) = (&database.id, database.availability_zone.as_deref().unwrap_or("one zone"));
        findings.add(Finding {
            vpc: vpc.map(str::to_owned),
            proof: vec![format!(
                "{id} has MultiAZ off, belongs to no cluster, and is tagged as production, or its VPC is"
            )],
            blast_radius: "1 database".to_owned(),
            confidence: Confidence::Medium,
            availability_zones: database.availability_zone.iter().cloned().collect(),
            ..tier(
                vec![Resource::new(&**id, database.tags.name())],
                format!("production database {id} stands in {zone} only"),
                zone,
                Remedy {
                    advice: "Let it have a standby in another zone. It costs as much as the database again.".to_owned(),
                    cli: vec![aws(
                        facts,
                        format_args!("rds modify-db-instance --db-instance-identifier {id} --multi-az"),
                    )],
                    terraform: format!(
                        "resource \"aws_db_instance\" \"this\" {{\n  identifier = \"{id}\"\n  multi_az   = true\n}}"
                    ),
                },
            )
        });
    }
}

fn balancer_finding(facts: &Facts<'_>, balancer: &LoadBalancer, zone: &str) -> Finding {
    let (name, arn) = (&balancer.name, &balancer.arn);
    let subnets = balancer.subnets.join(" ");
    let listed = balancer.subnets.join("\", \"");
    Finding {
        vpc: balancer.vpc.clone(),
        proof: balancer.subnets.iter().map(|subnet| format!("{subnet} stands in {zone}")).collect(),
        blast_radius: format!("all that is served by {name}"),
        ..tier(
            vec![Resource::new(&**arn, Some(name))],
            format!("load balancer {name} stands in {zone} only"),
            zone,
            Remedy {
                advice: "Let it stand in a subnet of a second zone too.".to_owned(),
                cli: vec![aws(
                    facts,
                    format_args!("elbv2 set-subnets --load-balancer-arn {arn} --subnets {subnets} subnet-…"),
                )],
                terraform: format!(
                    "resource \"aws_lb\" \"this\" {{\n  name    = \"{name}\"\n  subnets = [\"{listed}\", \"subnet-…\"]\n}}"
                ),
            },
        )
    }
}

/// Services of ECS with two tasks or more, all of them in one zone.
fn check_services(facts: &Facts<'_>, narrow: &BTreeSet<&str>, findings: &mut Findings) {
    let mut services: BTreeMap<(String, String), Vec<&Exposure<'_>>> = BTreeMap::new();
    for exposure in occupants::everywhere(facts) {
        let Purpose::Task { cluster, .. } = &*exposure.purpose else { continue };
        if exposure.subnet.is_none_or(|subnet| narrow.contains(subnet.vpc.as_str())) {
            continue;
        }
        // A task that was started alone has a group too, that of its family.
        let group = facts.inventory.tasks.get(&exposure.interface.id).and_then(|task| task.group.as_deref());
        let service = group.and_then(|group| group.strip_prefix("service:"));
        let Some(service) = service.or_else(|| exposure.interface.tags.get("aws:ecs:serviceName")) else { continue };
        let key = (cluster.clone().unwrap_or_default(), service.to_owned());
        services.entry(key).or_default().push(exposure);
    }
    for ((cluster, service), tasks) in services.iter().filter(|(_, tasks)| tasks.len() > 1) {
        let mut subnets: Vec<String> = tasks.iter().map(|task| task.interface.subnet.clone()).collect();
        subnets.sort();
        subnets.dedup();
        match only_zone(facts, &subnets) {
            Ok(Some(zone)) => findings.add(service_finding(facts, (cluster, service), tasks, &subnets, zone)),
            Ok(None) => {}
            Err(gap) => findings.unknown_of(RULE, service, gap),
        }
    }
}

fn service_finding(
    facts: &Facts<'_>,
    (cluster, service): (&str, &str),
    tasks: &[&Exposure<'_>],
    subnets: &[String],
    zone: &str,
) -> Finding {
    let mut resources = vec![Resource::new(service, None)];
    resources.extend(tasks.iter().map(|task| occupants::resource(task)));
    let groups = tasks.first().map(|task| task.interface.groups.as_slice()).unwrap_or_default();
    let is_public = tasks.iter().any(|task| !task.interface.public_addresses.is_empty());
    let places: Vec<&str> = subnets.iter().map(String::as_str).chain(["subnet-…"]).collect();
    let cluster = if cluster.is_empty() { "CLUSTER" } else { cluster };
    Finding {
        vpc: tasks.iter().find_map(|task| task.subnet).map(|subnet| subnet.vpc.clone()),
        proof: subnets.iter().map(|subnet| format!("all tasks are in {subnet}, which stands in {zone}")).collect(),
        blast_radius: occupants::told(tasks.iter().copied()),
        confidence: Confidence::Medium,
        ..tier(
            resources,
            format!("all {} tasks of service {service} stand in {zone}", tasks.len()),
            zone,
            Remedy {
                advice: "Give the service subnets of two zones: ECS spreads its tasks over them.".to_owned(),
                cli: vec![place_service(facts, (cluster, service), &places, groups, is_public)],
                terraform: format!(
                    "resource \"aws_ecs_service\" \"this\" {{\n  name = \"{service}\"\n\n  network_configuration {{\n    subnets          = [\"{}\", \"subnet-…\"]\n    security_groups  = [\"{}\"]\n    assign_public_ip = {is_public}\n  }}\n}}",
                    subnets.join("\", \""),
                    groups.join("\", \"")
                ),
            },
        )
    }
}
