//! Public addresses that nothing uses or needs: NET017.

mod idle;

use std::collections::{BTreeMap, HashSet};
use std::net::Ipv4Addr;

use super::occupants;
use super::remedy::{aws, place_service};
use super::resources::{counted, listed};
use crate::address::prefix::Family;
use crate::audit::finding::{Confidence, Finding, Findings, Money, Remedy};
use crate::audit::rule::Rule;
use crate::classify::class::{Class, Group};
use crate::exposure::purpose::Purpose;
use crate::exposure::{Condition, Exposure, Verdict, prove, runs};
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::money::cost::{Cost, dollars, gigabytes};
use crate::money::is_billed;

const RULE: Rule = Rule::IdleAddress;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    if let Some(addresses) = findings.require(&[RULE], facts.inventory.addresses.known()) {
        idle::check(facts, addresses.values(), findings);
    }
    if findings.require(&[RULE], facts.inventory.network_interfaces.known()).is_some() {
        needless(facts, findings);
    }
}

/// What so many addresses cost, all of which is saved; `None` if there is none.
fn month(facts: &Facts<'_>, addresses: u32) -> Option<Money> {
    if addresses == 0 {
        return None;
    }
    let cost = Cost::addresses(&facts.prices, addresses)?;
    let saving = cost.monthly;
    Some(cost.saving(saving))
}

/// What shares a remedy: the tasks of a service, or one instance.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Owner<'f> {
    Service { vpc: &'f str, cluster: &'f str, service: &'f str },
    Interface(&'f str),
}

/// Instances and tasks with a public address that the internet may not speak to, where NAT is at hand.
fn needless(facts: &Facts<'_>, findings: &mut Findings) {
    let behind_nat = subnets_behind_nat(facts);
    let mut owners: BTreeMap<Owner<'_>, Vec<&Exposure<'_>>> = BTreeMap::new();
    let mut gaps: HashSet<&Gap> = HashSet::new();
    for exposure in facts.exposures.iter().filter(|exposure| is_candidate(facts, exposure)) {
        let vpc = exposure.subnet.map(|subnet| subnet.vpc.as_str()).unwrap_or_default();
        // Without NAT the address is the way out, and much cheaper than a gateway.
        if !behind_nat.contains_key(vpc) {
            continue;
        }
        match &exposure.verdict {
            Verdict::Stopped(Condition::SecurityGroup) => {
                owners.entry(owner(exposure, vpc)).or_default().push(exposure);
            }
            Verdict::Unknown(missing) => {
                for gap in missing.iter().filter(|gap| gaps.insert(gap)) {
                    findings.unknown_about(RULE, &exposure.interface.id, gap.clone());
                }
            }
            Verdict::Exposed | Verdict::Stopped(_) => {}
        }
    }
    for (owner, exposures) in owners {
        if let Some(first) = exposures.first() {
            let vpc = first.subnet.map(|subnet| subnet.vpc.as_str()).unwrap_or_default();
            let private = behind_nat.get(vpc).map(Vec::as_slice).unwrap_or_default();
            findings.add(Needless { facts, owner, first, exposures: &exposures, private }.finding());
        }
    }
}

/// The subnets that have a way out by NAT, by VPC.
fn subnets_behind_nat<'f>(facts: &'f Facts<'_>) -> BTreeMap<&'f str, Vec<&'f str>> {
    let mut behind: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for verdict in &facts.subnets {
        if facts.class(&verdict.subnet.id, Family::Ipv4) == Class::PrivateNat {
            behind.entry(&verdict.subnet.vpc).or_default().push(&verdict.subnet.id);
        }
    }
    behind
}

/// Something that only sends: not what forwards for others, and nothing in a private subnet, which is another rule's.
fn is_candidate(facts: &Facts<'_>, exposure: &Exposure<'_>) -> bool {
    let interface = exposure.interface;
    exposure.family == Family::Ipv4
        && !interface.public_addresses.is_empty()
        && interface.source_destination_check
        && matches!(*exposure.purpose, Purpose::Task { .. } | Purpose::Instance { .. })
        && facts.class(&interface.subnet, Family::Ipv4).group() == Group::Public
        // What stands still has an address that nothing answers at.
        && runs(facts, interface) != Ok(false)
}

fn owner<'f>(exposure: &'f Exposure<'_>, vpc: &'f str) -> Owner<'f> {
    match &*exposure.purpose {
        Purpose::Task { service: Some(service), cluster } => {
            Owner::Service { vpc, cluster: cluster.as_deref().unwrap_or_default(), service }
        }
        _ => Owner::Interface(&exposure.interface.id),
    }
}

/// One service or one instance with public addresses that it does not need.
struct Needless<'f> {
    facts: &'f Facts<'f>,
    owner: Owner<'f>,
    first: &'f Exposure<'f>,
    exposures: &'f [&'f Exposure<'f>],
    private: &'f [&'f str],
}

impl Needless<'_> {
    fn finding(&self) -> Finding {
        let interfaces = self.exposures.iter().map(|exposure| exposure.interface);
        let addresses = interfaces.flat_map(|interface| &interface.public_addresses);
        let addresses = addresses.filter(|public| is_billed(self.facts.inventory, public)).count();
        let money = month(self.facts, u32::try_from(addresses).unwrap_or(u32::MAX));
        let label = self.first.purpose.label();
        Finding {
            rule: RULE,
            severity: RULE.severity(),
            title: format!("{label} has a public address, and nothing of the internet may speak to it"),
            resources: self.exposures.iter().map(|exposure| occupants::resource(exposure)).collect(),
            vpc: self.first.subnet.map(|subnet| subnet.vpc.clone()),
            availability_zones: occupants::zones(self.exposures.iter().copied()),
            proof: self.proof(),
            blast_radius: format!(
                "{} of {label}: one rule in a security group away from the internet",
                counted(self.exposures.len(), "interface")
            ),
            remedy: self.remedy(money.as_ref()),
            money,
            confidence: Confidence::Medium,
        }
    }

    fn proof(&self) -> Vec<String> {
        let mut proof = Vec::new();
        for exposure in self.exposures {
            let addresses: Vec<String> = exposure
                .interface
                .public_addresses
                .iter()
                .filter_map(|public| public.address)
                .map(|address: Ipv4Addr| address.to_string())
                .collect();
            proof.push(format!("{} has {}", exposure.interface.id, listed(&addresses)));
        }
        let steps = prove(self.facts, self.first).into_iter();
        let told = steps.filter(|step| matches!(step.condition, Condition::Route | Condition::SecurityGroup));
        proof.extend(told.map(|step| step.because));
        proof
    }

    fn remedy(&self, money: Option<&Money>) -> Remedy {
        let facts = self.facts;
        let prices = (facts.prices.public_ipv4_hour.as_ref(), facts.prices.nat_gateway_gb.as_ref());
        let below = match (prices, money) {
            ((Some(_), Some(gb)), Some(money)) if gb.usd > 0.0 => {
                let even = gigabytes(money.saving / gb.usd);
                format!(
                    " That saves {} a month as long as less than {even} go through NAT instead.",
                    dollars(money.saving)
                )
            }
            (_, Some(money)) => {
                format!(" That saves {} a month, less what then goes through NAT.", dollars(money.saving))
            }
            _ => String::new(),
        };
        let lists =
            "Whoever lists its address today, partners' firewalls and DNS records, must know the gateway's first.";
        let private = self.private.join(" or ");
        let (advice, cli, terraform) = match &self.owner {
            Owner::Service { cluster, service, .. } => {
                let advice = format!(
                    "Let it stand in a subnet behind NAT, {private}: there it needs no address of its own.{below} {lists} Look \
                     at the service first: take only those subnets that its load balancer and its databases let in."
                );
                let (cli, terraform) = self.service(cluster, service);
                (advice, cli, terraform)
            }
            Owner::Interface(_) => {
                let advice = format!(
                    "Do not take the address away where it stands: it is its only way out. Start it anew in a subnet behind \
                     NAT, {private}, move what speaks to it there, and give the address back when the old one is stopped.{below} \
                     {lists}"
                );
                let (cli, terraform) = self.interface();
                (advice, cli, terraform)
            }
        };
        Remedy { advice, cli, terraform }
    }

    fn service(&self, cluster: &str, service: &str) -> (Vec<String>, String) {
        let groups = &self.first.interface.groups;
        let cluster = if cluster.is_empty() { "CLUSTER" } else { cluster };
        let show = aws(self.facts, format_args!("ecs describe-services --cluster {cluster} --services {service}"));
        let command = place_service(self.facts, (cluster, service), self.private, groups, false);
        let terraform =
            "# in the aws_ecs_service: network_configuration { assign_public_ip = false, subnets = the private ones }";
        (vec![show, command], terraform.to_owned())
    }

    /// An instance cannot be moved, only started anew: which commands do that depends on what it is.
    fn interface(&self) -> (Vec<String>, String) {
        let id = &self.first.interface.id;
        let mut cli =
            vec![aws(self.facts, format_args!("ec2 describe-network-interfaces --network-interface-ids {id}"))];
        if let Purpose::Instance { id, .. } = &*self.first.purpose {
            cli.push(aws(self.facts, format_args!("ec2 describe-instances --instance-ids {id}")));
        }
        let terraform = "# in the aws_instance, which is made anew: associate_public_ip_address = false, and subnet_id = a private one";
        (cli, terraform.to_owned())
    }
}

#[cfg(test)]
mod tests;
