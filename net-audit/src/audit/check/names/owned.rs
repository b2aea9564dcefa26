//! The addresses that are yours, and records of those that nothing uses or that are somebody else's.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::remedy::Change;
use super::{Answer, Fault, host};
use crate::address::prefix::{Family, Prefix};
use crate::address::set::{AddressSet, internet};
use crate::audit::finding::{Confidence, Severity};
use crate::audit::rule::Rule;
use crate::exposure::names::{hosts, ipv6_addresses};
use crate::inventory::gap::Gap;
use crate::inventory::{Address, RecordSet};
use crate::snapshot::Estate;

/// The addresses of everything that was described, in all regions.
pub(super) struct Owned<'a> {
    ipv4: HashSet<Ipv4Addr>,
    ipv6: HashSet<Ipv6Addr>,
    /// The IPv6 blocks of the VPCs: nobody else gets an address out of them.
    blocks: AddressSet,
    idle: Vec<&'a Address>,
    /// What else may hold an address.
    gap: Option<Gap>,
}

impl<'a> Owned<'a> {
    pub(super) fn of(estate: &'a Estate) -> Self {
        let (mut ipv4, mut ipv6, mut idle, mut gap) = (HashSet::new(), HashSet::new(), Vec::new(), None);
        let mut blocks: Vec<Prefix> = Vec::new();
        for region in &estate.regions {
            for interface in region.network_interfaces.iter() {
                ipv4.extend(interface.public_addresses.iter().filter_map(|public| public.address));
                ipv6.extend(interface.ipv6_addresses.iter().copied());
            }
            ipv4.extend(region.addresses.iter().filter_map(|address| address.public_ip));
            let gateways = region.nat_gateways.iter().flat_map(|gateway| &gateway.addresses);
            ipv4.extend(gateways.filter_map(|address| address.public_ip.as_ref()?.parse::<Ipv4Addr>().ok()));
            idle.extend(region.addresses.iter().filter(|address| !address.is_associated));
            blocks.extend(region.vpcs.iter().flat_map(|vpc| &vpc.blocks).filter(|one| one.family() == Family::Ipv6));
            gap = gap.or_else(|| region.network_interfaces.known().err()).or_else(|| region.addresses.known().err());
        }
        Self { ipv4, ipv6, blocks: AddressSet::of_prefixes(blocks), idle, gap }
    }

    fn has(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.ipv4.contains(&address),
            IpAddr::V6(address) => self.ipv6.contains(&address) || self.blocks.contains(address.to_bits()),
        }
    }

    pub(super) fn idle(&self, record: &RecordSet) -> Option<Fault> {
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
            advice: "Take the address out of the record first, then release it: whoever gets it next would answer under your name.",
            change: Change::Without(vec![ip.to_string()]),
        })
    }

    /// What of the internet a record names.
    fn public(record: &RecordSet) -> impl Iterator<Item = IpAddr> {
        let (ipv4, ipv6) = (internet(Family::Ipv4, &[]), internet(Family::Ipv6, &[]));
        let of_machines: Vec<Ipv4Addr> = hosts(record).filter_map(|host| host::machine(&host)).collect();
        let ipv4 = record.addresses().chain(of_machines).filter(move |one| ipv4.contains(u128::from(one.to_bits())));
        ipv4.map(IpAddr::V4)
            .chain(ipv6_addresses(record).filter(move |one| ipv6.contains(one.to_bits())).map(IpAddr::V6))
    }

    /// Judges addresses that are nobody's; other record sets of the name and type tell as much as other values do.
    pub(super) fn foreign(&self, record: &RecordSet, siblings: &[&RecordSet]) -> Answer {
        let foreign: Vec<IpAddr> = Self::public(record).filter(|address| !self.has(*address)).collect();
        if foreign.is_empty() {
            return None;
        }
        if let Some(gap) = &self.gap {
            return Some(Err((Rule::DanglingName, gap.clone())));
        }
        let values: Vec<String> = foreign.iter().map(ToString::to_string).collect();
        let told = values.join(", ");
        let mut proof = vec![format!("the {} record {} has {told}", record.kind, record.name)];
        proof.push("no interface, Elastic IP or NAT gateway that was described has it".to_owned());
        let own = |record: &RecordSet| Self::public(record).find(|address| self.has(*address));
        let of_sibling = || siblings.iter().find_map(|sibling| Some((own(sibling)?, sibling.set.as_deref()?)));
        // Beside an address that is yours, another one is hardly somebody else's host.
        let (severity, confidence, change) = if let Some(ip) = own(record) {
            proof.push(format!("it also has {ip}, which is yours"));
            (Severity::High, Confidence::Medium, Change::Without(Self::written(record, &foreign)))
        } else if let Some((ip, set)) = of_sibling() {
            proof.push(format!("its record set {set} has {ip}, which is yours"));
            (Severity::High, Confidence::Medium, Change::Without(Self::written(record, &foreign)))
        } else if hosts(record).any(|host| host::machine(&host).is_some()) {
            proof.push("its host name is that of an instance of EC2".to_owned());
            (Severity::High, Confidence::Medium, Change::Deleted)
        } else {
            // A host that was rented elsewhere, or an address that was given back: nothing here tells which.
            (Severity::Medium, Confidence::Low, Change::Shown)
        };
        Some(Ok(Fault {
            rule: Rule::DanglingName,
            severity,
            confidence,
            title: format!("{} points at {told}, which is none of your addresses", record.name),
            proof,
            advice: "If the address was released, take it out of the record: whoever has it now answers under your name. If it belongs to another provider or account, waive this finding.",
            change,
        }))
    }

    /// The values of a record that stand for these addresses, as the record writes them.
    fn written(record: &RecordSet, addresses: &[IpAddr]) -> Vec<String> {
        let is_one = |value: &&String| {
            let machine = host::machine(&value.trim_end_matches('.').to_ascii_lowercase()).map(IpAddr::V4);
            let address = value.parse().ok().or(machine);
            address.is_some_and(|address| addresses.contains(&address))
        };
        record.values.iter().filter(is_one).cloned().collect()
    }
}
