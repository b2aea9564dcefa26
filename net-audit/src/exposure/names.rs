//! Names of DNS: which zone a record is in, what it points at, and what is called by it. Pure.

use std::collections::{BTreeSet, HashMap};
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::exposure::purpose::Purpose;
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{HostedZone, Inventory, RecordSet};
use crate::snapshot::Estate;

/// A CNAME that leads to a CNAME leads no further than this.
const MAXIMUM_CHAIN: usize = 8;

/// The hosted zones of an inventory by name.
#[derive(Debug)]
pub struct Zones<'a> {
    inventory: &'a Inventory,
    by_name: HashMap<&'a str, Vec<&'a HostedZone>>,
}

impl<'a> Zones<'a> {
    /// Reads the zones.
    #[must_use]
    pub fn of(inventory: &'a Inventory) -> Self {
        let mut by_name: HashMap<&str, Vec<&HostedZone>> = HashMap::new();
        for zone in inventory.hosted_zones.iter() {
            by_name.entry(&zone.name).or_default().push(zone);
        }
        Self { inventory, by_name }
    }

    /// The zone of a record: the one that it says, else the one with the longest name that the record's name ends with.
    /// `None` if the record is in a private zone, or in none of these.
    ///
    /// # Errors
    /// The zone is not known, or a public and a private one fit alike.
    pub fn public_zone(&self, record: &RecordSet) -> Result<Option<&'a HostedZone>, Gap> {
        let zones = &self.inventory.hosted_zones;
        zones.known()?;
        if let Some(id) = &record.zone {
            return zones.find(id).map(|zone| Some(zone).filter(|zone| !zone.is_private));
        }
        let mut rest = Some(record.name.as_str());
        while let Some(name) = rest {
            if let Some(fitting) = self.by_name.get(name) {
                let public: Vec<&HostedZone> = fitting.iter().copied().filter(|zone| !zone.is_private).collect();
                return match (public.len(), fitting.len()) {
                    (0, _) => Ok(None),
                    (public_count, all) if public_count == all => Ok(public.first().copied()),
                    _ => Err(Gap::NotUnderstood(format!(
                        "{} does not say whether it is in the public or the private zone {name}",
                        record.name
                    ))),
                };
            }
            rest = name.split_once('.').map(|(_, parent)| parent);
        }
        Err(Gap::NotUnderstood(format!("none of the hosted zones is that of {}", record.name)))
    }
}

/// The hosts that a record stands for, in lower case, without a final point and without `dualstack.`.
pub fn hosts(record: &RecordSet) -> impl Iterator<Item = String> {
    let names = record.values.iter().filter(|_| record.kind == "CNAME").chain(&record.alias);
    names.map(|name| {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        name.strip_prefix("dualstack.").map(str::to_owned).unwrap_or(name)
    })
}

/// The IPv6 addresses among a record's values.
pub fn ipv6_addresses(record: &RecordSet) -> impl Iterator<Item = Ipv6Addr> {
    record.values.iter().filter(|_| record.kind == "AAAA").filter_map(|value| value.parse().ok())
}

/// Every record of an estate, each once though several regions may hold the same, which are global.
pub fn records(estate: &Estate) -> impl Iterator<Item = &RecordSet> {
    let regions = estate.regions.iter().enumerate();
    regions.flat_map(|(at, region)| own_records(estate, at, region))
}

/// The records of a region that none before it has.
pub fn own_records<'a>(estate: &'a Estate, at: usize, region: &'a Inventory) -> impl Iterator<Item = &'a RecordSet> {
    let earlier = estate.regions.get(..at).unwrap_or_default();
    let records = region.record_sets.known().into_iter().flatten();
    let is_new =
        move |id: &str, record: &RecordSet| !earlier.iter().any(|region| region.record_sets.get(id) == Some(record));
    records.filter(move |(id, record)| is_new(id, record)).map(|(_, record)| record)
}

/// The names by which interfaces are called, by the id of the interface: records with one of its addresses, or with the host of the load balancer
/// or database that it belongs to. A private address that several interfaces have names none of them.
#[must_use]
pub fn names_of<'a>(facts: &Facts<'a>) -> HashMap<&'a str, Vec<String>> {
    let directory = Directory::of(facts);
    let records: Vec<&RecordSet> = records(facts.estate).collect();
    let mut by_name: HashMap<&str, Vec<&RecordSet>> = HashMap::new();
    for record in &records {
        by_name.entry(&record.name).or_default().push(record);
    }
    let mut names: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for record in &records {
        for interface in directory.behind(record, &by_name) {
            names.entry(interface).or_default().insert(&record.name);
        }
    }
    names.into_iter().map(|(id, names)| (id, names.into_iter().map(str::to_owned).collect())).collect()
}

/// Interfaces by what a record can point at.
struct Directory<'a> {
    ipv4: HashMap<Ipv4Addr, Vec<&'a str>>,
    ipv6: HashMap<Ipv6Addr, Vec<&'a str>>,
    hosts: HashMap<String, Vec<&'a str>>,
}

impl<'a> Directory<'a> {
    fn of(facts: &Facts<'a>) -> Self {
        let mut all = Self { ipv4: HashMap::new(), ipv6: HashMap::new(), hosts: HashMap::new() };
        for interface in facts.inventory.network_interfaces.iter() {
            let public = interface.public_addresses.iter().filter_map(|public| public.address);
            for address in public.chain(interface.private_addresses.iter().copied()) {
                all.ipv4.entry(address).or_default().push(&interface.id);
            }
            for address in &interface.ipv6_addresses {
                all.ipv6.entry(*address).or_default().push(&interface.id);
            }
        }
        for families in facts.exposures.chunk_by(|one, other| one.interface.id == other.interface.id) {
            let Some(exposure) = families.first() else { continue };
            let host = match &*exposure.purpose {
                Purpose::LoadBalancer { balancer: Some(balancer), .. } => balancer.host.as_ref(),
                // With several candidates it is not known whose interface it is.
                Purpose::Store { candidates, .. } => match candidates.as_slice() {
                    [only] => only.host.as_ref(),
                    _ => None,
                },
                _ => None,
            };
            if let Some(host) = host {
                all.hosts.entry(host.to_ascii_lowercase()).or_default().push(&exposure.interface.id);
            }
        }
        all.ipv4.retain(|_, interfaces| interfaces.len() == 1);
        all.ipv6.retain(|_, interfaces| interfaces.len() == 1);
        all
    }

    /// The interfaces at the end of a record, other records on the way included.
    fn behind(&self, record: &RecordSet, by_name: &HashMap<&str, Vec<&RecordSet>>) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        let mut level: Vec<&RecordSet> = vec![record];
        for _ in 0..MAXIMUM_CHAIN {
            let mut next: Vec<&RecordSet> = Vec::new();
            for record in level {
                found.extend(record.addresses().filter_map(|address| self.ipv4.get(&address)).flatten());
                found.extend(ipv6_addresses(record).filter_map(|address| self.ipv6.get(&address)).flatten());
                for host in hosts(record) {
                    match self.hosts.get(&host) {
                        Some(interfaces) => found.extend(interfaces),
                        None => next.extend(by_name.get(host.as_str()).into_iter().flatten()),
                    }
                }
            }
            level = next;
        }
        found
    }
}
