//! Names that point where they should not: NET022 and NET023.

mod host;
mod owned;
mod remedy;

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use self::host::Hosts;
use self::owned::Owned;
use self::remedy::Change;
use crate::audit::finding::{Confidence, Finding, Findings, Resource, Severity};
use crate::audit::rule::Rule;
use crate::exposure::names::{Zones, hosts, ipv6_addresses, own_records};
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{HostedZone, RecordSet};

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
    let mut siblings: Siblings<'_> = HashMap::new();
    for record in records.values() {
        siblings.entry(key(record)).or_default().push(record);
    }
    let court = Court { zones: Zones::of(facts.inventory), owned, hosts, siblings };
    for record in own_records(facts.estate, at, facts.inventory) {
        court.judge(record, findings);
    }
}

/// The zone, the name and the type of a record set, which weighted ones and the like share.
type Key<'a> = (Option<&'a str>, &'a str, &'a str);

fn key(record: &RecordSet) -> Key<'_> {
    (record.zone.as_deref(), &record.name, &record.kind)
}

/// The record sets of a name and type.
type Siblings<'a> = HashMap<Key<'a>, Vec<&'a RecordSet>>;

/// What a record is held against.
struct Court<'a> {
    zones: Zones<'a>,
    owned: Owned<'a>,
    hosts: Hosts<'a>,
    siblings: Siblings<'a>,
}

/// What is wrong with a record, before it is known whether strangers can ask for it.
struct Fault {
    rule: Rule,
    severity: Severity,
    confidence: Confidence,
    title: String,
    proof: Vec<String>,
    advice: &'static str,
    change: Change,
}

impl Court<'_> {
    fn judge(&self, record: &RecordSet, findings: &mut Findings) {
        let siblings = self.siblings.get(&key(record)).map(Vec::as_slice).unwrap_or_default();
        let answers = [private(record).map(Ok), self.owned.idle(record).map(Ok), self.owned.foreign(record, siblings)];
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
    let ipv6 = ipv6_addresses(record).filter(Ipv6Addr::is_unique_local).map(|address| address.to_string());
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
        advice: "Put the record into a private hosted zone of the VPC: strangers learn how the network is built, and in their own network the address is somebody else. Take it out of the public zone only when everything that asks for it, by VPN or from other VPCs too, gets its answer from the private one.",
        // Who asks for it today has no other answer.
        change: Change::Shown,
    })
}

impl Fault {
    fn finding(self, record: &RecordSet, zone: &HostedZone) -> Finding {
        Finding {
            rule: self.rule,
            severity: self.severity,
            title: self.title,
            resources: vec![Resource::new(&*record.name, None), Resource::new(&*zone.id, Some(&zone.name))],
            vpc: None,
            availability_zones: Vec::new(),
            proof: self.proof,
            blast_radius: format!(
                "whoever trusts {}: visitors, cookies and certificates of {}",
                record.name, zone.name
            ),
            money: None,
            confidence: self.confidence,
            remedy: remedy::remedy(self.advice, &self.change, record, zone),
        }
    }
}

#[cfg(test)]
mod tests;
