//! Names that point where they should not: NET022 and NET023.

mod host;

use std::collections::HashSet;
use std::net::Ipv4Addr;

use self::host::Hosts;
use crate::address::prefix::Family;
use crate::address::set::internet;
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Resource, Severity};
use crate::audit::rule::Rule;
use crate::exposure::names::{Zones, hosts, ipv6_addresses, own_records};
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{Address, HostedZone, RecordSet};
use crate::snapshot::Estate;

const RULES: [Rule; 2] = [Rule::DanglingName, Rule::PrivateAddressInPublicName];

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let regions = &facts.estate.regions;
    let known = facts.inventory.record_sets.known();
    // Zones are global: the region that has them answers for all.
    if known.is_err() && regions.iter().any(|region| region.record_sets.known().is_ok()) {
        return;
    }
    let Some(records) = findings.require(&RULES, known) else { return };
    if records.is_empty() {
        return;
    }
    if findings.require(&RULES, facts.inventory.hosted_zones.known()).is_none() {
        return;
    }
    let at = regions.iter().position(|region| std::ptr::eq(region, facts.inventory)).unwrap_or_default();
    let (owned, hosts) = (Owned::of(facts.estate), Hosts::of(facts.estate));
    let court = Court { zones: Zones::of(facts.inventory), owned, hosts };
    for record in own_records(facts.estate, at, facts.inventory) {
        court.judge(record, findings);
    }
}

/// What a record is held against.
struct Court<'a> {
    zones: Zones<'a>,
    owned: Owned<'a>,
    hosts: Hosts<'a>,
}

/// What is wrong with a record, before it is known whether strangers can ask for it.
struct Fault {
    rule: Rule,
    severity: Severity,
    confidence: Confidence,
    title: String,
    proof: Vec<String>,
    advice: &'static str,
}

impl Court<'_> {
    fn judge(&self, record: &RecordSet, findings: &mut Findings) {
        let answers = [private(record).map(Ok), self.owned.idle(record).map(Ok), self.owned.foreign(record)];
        let of_hosts = hosts(record).filter_map(|host| self.hosts.judge(record, &host));
        for answer in answers.into_iter().flatten().chain(of_hosts) {
            // Only now: which zone it is matters for what is wrong.
            let zone = match self.zones.public_zone(record) {
                Ok(Some(zone)) => zone,
                Ok(None) => return,
                Err(gap) => {
                    let rule = answer.map_or_else(|(rule, _)| rule, |fault| fault.rule);
                    findings.unknown_of(rule, &record.name, gap);
                    continue;
                }
            };
            match answer {
                Ok(fault) => findings.add(fault.finding(record, zone)),
                Err((rule, gap)) => findings.unknown_of(rule, &record.name, gap),
            }
        }
    }
}

/// A fault, or what would have to be known to say whether it is one.
type Answer = Option<Result<Fault, (Rule, Gap)>>;

fn private(record: &RecordSet) -> Option<Fault> {
    let ipv4 = record.addresses().filter(Ipv4Addr::is_private).map(|address| address.to_string());
    let ipv6 = ipv6_addresses(record).filter(std::net::Ipv6Addr::is_unique_local).map(|address| address.to_string());
    let addresses: Vec<String> = ipv4.chain(ipv6).collect();
    if addresses.is_empty() {
        return None;
    }
    let addresses = addresses.join(", ");
    Some(Fault {
        rule: Rule::PrivateAddressInPublicName,
        severity: Severity::Low,
        confidence: Confidence::High,
        title: format!("{} tells everybody the private address {addresses}", record.name),
        proof: vec![format!("the {} record {} has {addresses}", record.kind, record.name)],
        advice: "Put the record into a private hosted zone of the VPC: strangers learn how the network is built, and in their own network the address is somebody else.",
    })
}

/// The addresses of everything that was described, in all regions.
struct Owned<'a> {
    addresses: HashSet<Ipv4Addr>,
    idle: Vec<&'a Address>,
    /// What else may hold an address.
    gap: Option<Gap>,
}

impl<'a> Owned<'a> {
    fn of(estate: &'a Estate) -> Self {
        let mut all = Self { addresses: HashSet::new(), idle: Vec::new(), gap: None };
        for region in &estate.regions {
            let interfaces = region.network_interfaces.iter().flat_map(|interface| &interface.public_addresses);
            all.addresses.extend(interfaces.filter_map(|public| public.address));
            all.addresses.extend(region.addresses.iter().filter_map(|address| address.public_ip));
            let gateways = region.nat_gateways.iter().flat_map(|gateway| &gateway.addresses);
            all.addresses.extend(gateways.filter_map(|address| address.public_ip.as_ref()?.parse::<Ipv4Addr>().ok()));
            all.idle.extend(region.addresses.iter().filter(|address| !address.is_associated));
            let gap = region.network_interfaces.known().err().or_else(|| region.addresses.known().err());
            all.gap = all.gap.or(gap);
        }
        all
    }

    fn idle(&self, record: &RecordSet) -> Option<Fault> {
        let is_named = |idle: &&&Address| idle.public_ip.is_some_and(|ip| record.addresses().any(|named| named == ip));
        let idle = self.idle.iter().find(is_named)?;
        let ip = idle.public_ip?;
        Some(Fault {
            rule: Rule::DanglingName,
            severity: Severity::Medium,
            confidence: Confidence::High,
            title: format!("{} points at {ip}, which is allocated and used by nothing", record.name),
            proof: vec![
                format!("the A record {} has {ip}", record.name),
                format!("{} ({ip}) is associated with nothing", idle.id),
            ],
            advice: "Delete the record first, then release the address: whoever gets it next would answer under your name.",
        })
    }

    fn foreign(&self, record: &RecordSet) -> Answer {
        let space = internet(Family::Ipv4, &[]);
        let of_machines: Vec<Ipv4Addr> = hosts(record).filter_map(|host| host::machine(&host)).collect();
        let all = record.addresses().chain(of_machines.iter().copied());
        let public = all.filter(|address| space.contains(u128::from(address.to_bits())));
        let (ours, foreign): (Vec<Ipv4Addr>, Vec<Ipv4Addr>) = public.partition(|ip| self.addresses.contains(ip));
        if foreign.is_empty() {
            return None;
        }
        if let Some(gap) = &self.gap {
            return Some(Err((Rule::DanglingName, gap.clone())));
        }
        let told: Vec<String> = foreign.iter().map(ToString::to_string).collect();
        let told = told.join(", ");
        let mut proof = vec![format!("the {} record {} has {told}", record.kind, record.name)];
        proof.push("no interface, Elastic IP or NAT gateway that was described has it".to_owned());
        // Beside an address that is yours, another one is hardly somebody else's host.
        let (severity, confidence) = match ours.first() {
            Some(ip) => {
                proof.push(format!("it also has {ip}, which is yours"));
                (Severity::High, Confidence::Medium)
            }
            None if !of_machines.is_empty() => {
                proof.push("its host name is that of an instance of EC2".to_owned());
                (Severity::High, Confidence::Medium)
            }
            None => (Severity::Low, Confidence::Low),
        };
        Some(Ok(Fault {
            rule: Rule::DanglingName,
            severity,
            confidence,
            title: format!("{} points at {told}, which is none of your addresses", record.name),
            proof,
            advice: "If the address was released, delete the record: whoever has it now answers under your name. If it belongs to another provider or account, waive this finding.",
        }))
    }
}

impl Fault {
    fn finding(self, record: &RecordSet, zone: &HostedZone) -> Finding {
        let (name, kind, id) = (&record.name, &record.kind, &zone.id);
        // Who writes any other character is not let into a shell.
        let is_plain = |set: &&str| set.chars().all(|one| one.is_ascii_alphanumeric() || " ._-".contains(one));
        let set = record.set.as_deref().filter(is_plain);
        let set = set.map(|set| format!(" && SetIdentifier=='{set}'")).unwrap_or_default();
        // Route 53 writes the star of a wild card as a number.
        let written = name.replace('*', "\\052");
        let chosen = format!("ResourceRecordSets[?Name=='{written}.' && Type=='{kind}'{set}]");
        let change = format!("{{Changes: {chosen}.{{Action: 'DELETE', ResourceRecordSet: @}}}}");
        Finding {
            rule: self.rule,
            severity: self.severity,
            title: self.title,
            resources: vec![Resource::new(&**name, None), Resource::new(&**id, Some(&zone.name))],
            vpc: None,
            availability_zones: Vec::new(),
            proof: self.proof,
            blast_radius: format!("whoever trusts {name}: visitors, cookies and certificates of {}", zone.name),
            money: None,
            confidence: self.confidence,
            remedy: Remedy {
                advice: self.advice.to_owned(),
                cli: vec![
                    format!(
                        "aws route53 list-resource-record-sets --hosted-zone-id {id} --query \"{change}\" --output json > delete.json"
                    ),
                    format!(
                        "aws route53 change-resource-record-sets --hosted-zone-id {id} --change-batch file://delete.json"
                    ),
                ],
                terraform: format!(
                    "# remove this resource, or let it follow what it names\nresource \"aws_route53_record\" \"this\" {{\n  zone_id = \"{id}\"\n  name    = \"{}\"\n  type    = \"{kind}\"\n}}",
                    name.replace("\\052", "*")
                ),
            },
        }
    }
}

#[cfg(test)]
mod tests;
