//! The ends of a conversation: what stands there, with its addresses and its groups.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use crate::address::prefix::{Family, Prefix};
use crate::address::set::{AddressSet, internet};
use crate::audit::finding::Resource;
use crate::exposure::purpose::Purpose;
use crate::exposure::{Exposure, runs};
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{Attachment, NetworkInterface, PublicAddress, Subnet};

use super::walk::{Answer, addresses};

/// One end of a conversation.
#[derive(Clone, Debug)]
pub(super) enum End<'a> {
    /// The internet, or one address of it.
    Internet(Option<IpAddr>),
    /// An address that is neither in the internet nor in a VPC that is known.
    Elsewhere(IpAddr),
    /// A subnet, and what stands in it.
    Inside(Inside<'a>),
}

/// Interfaces of one subnet that have the same groups, or a place in it where nothing stands yet.
#[derive(Clone, Debug)]
pub(super) struct Inside<'a> {
    pub(super) facts: &'a Facts<'a>,
    pub(super) subnet: &'a Subnet,
    /// All are alike but for their addresses; none if nothing stands there yet.
    pub(super) interfaces: Vec<&'a NetworkInterface>,
    pub(super) purpose: Option<Arc<Purpose<'a>>>,
    pub(super) groups: Groups<'a>,
    ipv4: AddressSet,
    ipv6: AddressSet,
    /// Whether it was named by its address in the internet.
    pub(super) public: Option<Ipv4Addr>,
    /// Whether it will have an address in the internet, where no interface says it.
    pub(super) promise: Promise,
    /// What it is called where no interface says it.
    pub(super) label: String,
}

/// Whether what is not there yet will have an address in the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promise {
    /// It is certain to get one, of IPv4.
    Public(&'static str),
    /// It is certain to get none, of IPv4.
    Private(&'static str),
    /// Nothing tells.
    Unsaid,
}

impl Promise {
    /// Source: Elastic Load Balancing User Guide, "Load balancer scheme".
    pub(super) fn of_load_balancer(is_internet_facing: bool) -> Self {
        if is_internet_facing {
            Self::Public("it faces the internet, so it will get a public address")
        } else {
            Self::Private("it is an internal load balancer, which gets no public address")
        }
    }

    /// Source: Amazon RDS User Guide, "Hiding a DB instance in a VPC from the internet".
    pub(super) fn of_database(is_publicly_accessible: bool) -> Self {
        if is_publicly_accessible {
            Self::Public("it is publicly accessible, so it will get a public address")
        } else {
            Self::Private("it is not publicly accessible, so it gets no public address")
        }
    }

    /// Whether there will be one of a family.
    pub(super) fn keeps(self, family: Family) -> Answer {
        match (self, family) {
            (Self::Public(because), Family::Ipv4) => Ok((true, because.to_owned())),
            (Self::Private(because), Family::Ipv4) => Ok((false, because.to_owned())),
            _ => {
                let address = if family == Family::Ipv4 { "a public address" } else { "an IPv6 address" };
                let because = format!("nothing stands there yet, and whether it will get {address} is not known");
                Err(Gap::NotUnderstood(because))
            }
        }
    }
}

/// The security groups of an end.
#[derive(Clone, Debug)]
pub(super) enum Groups<'a> {
    /// These.
    Of(&'a [String]),
    /// None: what is put there brings its own.
    Unsaid,
}

/// The addresses of one block list in one family.
fn of_family(blocks: &[Prefix], family: Family) -> AddressSet {
    AddressSet::of_prefixes(blocks.iter().copied().filter(|block| block.family() == family))
}

/// An address as a set, and its family.
pub(super) fn set_of(address: IpAddr) -> (Family, AddressSet) {
    let block = match address {
        IpAddr::V4(address) => Prefix::ipv4(address, 32),
        IpAddr::V6(address) => Prefix::ipv6(address, 128),
    };
    (block.family(), AddressSet::from(block))
}

impl<'a> Inside<'a> {
    /// Any address of a subnet.
    pub(super) fn anywhere(facts: &'a Facts<'a>, subnet: &'a Subnet) -> Self {
        let (ipv4, ipv6) = (of_family(&subnet.blocks, Family::Ipv4), of_family(&subnet.blocks, Family::Ipv6));
        let label = format!("any address of {}", subnet.name().unwrap_or(&subnet.id));
        Self {
            facts,
            subnet,
            interfaces: Vec::new(),
            purpose: None,
            groups: Groups::Unsaid,
            ipv4,
            ipv6,
            public: None,
            promise: Promise::Unsaid,
            label,
        }
    }

    /// What is not there yet, and will have these groups and such an address.
    pub(super) fn planned(
        facts: &'a Facts<'a>,
        subnet: &'a Subnet,
        (groups, promise): (&'a [String], Promise),
        label: String,
    ) -> Self {
        Self { groups: Groups::Of(groups), promise, label, ..Self::anywhere(facts, subnet) }
    }

    /// One address of a subnet that no interface has.
    pub(super) fn at(facts: &'a Facts<'a>, subnet: &'a Subnet, address: IpAddr) -> Self {
        Self { label: address.to_string(), ..Self::anywhere(facts, subnet) }.only(address)
    }

    fn of(facts: &'a Facts<'a>, subnet: &'a Subnet, exposure: &Exposure<'a>) -> Self {
        let mut end = Self::anywhere(facts, subnet);
        end.groups = Groups::Of(&exposure.interface.groups);
        end.purpose = Some(Arc::clone(&exposure.purpose));
        end.ipv4 = AddressSet::default();
        end.ipv6 = AddressSet::default();
        end.add(exposure.interface);
        end
    }

    fn add(&mut self, interface: &'a NetworkInterface) {
        let ipv4 = interface.private_addresses.iter().map(|address| Prefix::ipv4(*address, 32));
        let ipv6 = interface.ipv6_addresses.iter().map(|address| Prefix::ipv6(*address, 128));
        self.ipv4 = self.ipv4.union(&AddressSet::of_prefixes(ipv4));
        self.ipv6 = self.ipv6.union(&AddressSet::of_prefixes(ipv6));
        // Before Terraform is applied only the subnet is known.
        if interface.private_addresses.is_empty() && interface.ipv6_addresses.is_empty() {
            self.ipv4 = self.ipv4.union(&of_family(&self.subnet.blocks, Family::Ipv4));
        }
        self.interfaces.push(interface);
    }

    /// The same, by this address alone.
    pub(super) fn only(mut self, address: IpAddr) -> Self {
        let (family, set) = set_of(address);
        (self.ipv4, self.ipv6) = match family {
            Family::Ipv4 => (set, AddressSet::default()),
            Family::Ipv6 => (AddressSet::default(), set),
        };
        self
    }

    /// Its addresses of a family.
    pub(super) fn addresses(&self, family: Family) -> &AddressSet {
        match family {
            Family::Ipv4 => &self.ipv4,
            Family::Ipv6 => &self.ipv6,
        }
    }

    /// Its addresses in the internet.
    pub(super) fn internet_addresses(&self, family: Family) -> AddressSet {
        match family {
            Family::Ipv4 => {
                let public = self.interfaces.iter().flat_map(|interface| &interface.public_addresses);
                let ours = public.filter(|public| self.has_private(public));
                AddressSet::of_prefixes(
                    ours.filter_map(|public| public.address).map(|address| Prefix::ipv4(address, 32)),
                )
            }
            Family::Ipv6 => self.ipv6.intersect(&internet(Family::Ipv6, &[])),
        }
    }

    /// Whether an address in the internet stands for one of its own.
    fn has_private(&self, public: &PublicAddress) -> bool {
        public.private.is_none_or(|private| self.ipv4.contains(u128::from(private.to_bits())))
    }

    /// Its private addresses for which an address in the internet stands. Source: Amazon VPC User Guide, "Elastic IP addresses": one stands for one
    /// private address of an interface, the other ones of which have none by it.
    pub(super) fn published(&self) -> AddressSet {
        let mut published = AddressSet::default();
        for interface in &self.interfaces {
            for public in &interface.public_addresses {
                match public.private {
                    Some(private) => published = published.union(&set_of(IpAddr::V4(private)).1),
                    None => return self.ipv4.clone(),
                }
            }
        }
        published.intersect(&self.ipv4)
    }

    /// Whether one of its interfaces has an address in the internet, or gets one, that stands for none of these addresses.
    pub(super) fn public_for_others(&self) -> Option<String> {
        let public = self.interfaces.iter().flat_map(|interface| &interface.public_addresses);
        let told = public.filter(|public| !self.has_private(public)).filter_map(|public| {
            let private = public.private?;
            Some(match public.address {
                Some(address) => format!("{address} stands for {private}"),
                None => format!("that of {private} stands for it alone"),
            })
        });
        let told: Vec<String> = told.collect();
        let own = addresses(&self.ipv4, Family::Ipv4);
        (!told.is_empty()).then(|| format!("{own} has no public IPv4 address: {}", told.join(", ")))
    }

    /// Whether it may have groups that are not known before Terraform is applied.
    pub(super) fn has_unknown_groups(&self) -> bool {
        self.interfaces.iter().any(|interface| interface.has_unknown_groups)
    }

    /// The groups that rules may speak of.
    pub(super) fn group_ids(&self) -> &'a [String] {
        match self.groups {
            Groups::Of(groups) => groups,
            Groups::Unsaid => &[],
        }
    }

    /// Whether it is one of those with which nobody can begin a conversation.
    pub(super) fn is_nat_gateway(&self) -> bool {
        self.purpose.as_deref() == Some(&Purpose::NatGateway)
    }

    /// What it is called: `ECS task web`.
    pub(super) fn title(&self) -> String {
        match &self.purpose {
            Some(purpose) if !matches!(**purpose, Purpose::Other(_) | Purpose::Nothing) => purpose.label(),
            Some(_) => "interface".to_owned(),
            None => self.label.clone(),
        }
    }

    /// Its interface, or the subnet if there is none.
    pub(super) fn resource(&self) -> Resource {
        match self.interfaces.first() {
            Some(interface) => Resource::new(interface.id.as_str(), interface.name()),
            None => self.place(),
        }
    }

    /// The subnet.
    pub(super) fn place(&self) -> Resource {
        Resource::new(self.subnet.id.as_str(), self.subnet.name())
    }

    /// Whether it runs.
    pub(super) fn running(&self) -> Option<(Resource, Answer)> {
        let interface = self.interfaces.first()?;
        let (resource, because) = match &interface.attachment {
            Attachment::Detached => (self.resource(), "it is attached to nothing".to_owned()),
            Attachment::Service => return None,
            Attachment::Unsaid => (self.resource(), "it is in use".to_owned()),
            Attachment::Instance(id) => {
                let instance = self.facts.inventory.instances.get(id);
                let name = instance.and_then(|instance| instance.name());
                let state = instance.map_or("unknown", |instance| instance.state.as_str());
                (Resource::new(id.as_str(), name), format!("{id} is {state}"))
            }
        };
        Some((resource, runs(self.facts, interface).map(|runs| (runs, because))))
    }

    /// What the audit says of it as seen from the internet.
    pub(super) fn exposure(&self, family: Family) -> Option<&'a Exposure<'a>> {
        let id = self.interfaces.first()?.id.as_str();
        let exposures = &self.facts.exposures;
        let at = exposures.partition_point(|exposure| exposure.interface.id.as_str() < id);
        let of_it = exposures.iter().skip(at).take_while(|exposure| exposure.interface.id == id);
        of_it.into_iter().find(|exposure| exposure.family == family)
    }

    /// Keeps the interface that has one of these addresses, if there is one: the others were not meant.
    pub(super) fn settle(&mut self, family: Family, addresses: &AddressSet) {
        let has = |interface: &NetworkInterface| match family {
            Family::Ipv4 => interface.private_addresses.iter().any(|ip| addresses.contains(u128::from(ip.to_bits()))),
            Family::Ipv6 => interface.ipv6_addresses.iter().any(|ip| addresses.contains(ip.to_bits())),
        };
        if let Some(at) = self.interfaces.iter().position(|interface| has(interface)) {
            self.interfaces.swap(0, at);
        }
    }
}

/// Interfaces as ends: those that are alike but for their addresses are one.
pub(super) fn ends<'a>(facts: &'a Facts<'a>, exposures: &[&'a Exposure<'a>]) -> Result<Vec<Inside<'a>>, Gap> {
    let mut alike: BTreeMap<Key<'a>, Inside<'a>> = BTreeMap::new();
    for exposure in exposures {
        let interface = exposure.interface;
        let subnet = match exposure.subnet {
            Some(subnet) => subnet,
            None => facts.inventory.subnets.find(&interface.subnet)?,
        };
        let end = alike.entry(key(facts, exposure)).or_insert_with(|| Inside::of(facts, subnet, exposure));
        // Those that have addresses of both families stand there twice, one behind the other.
        if end.interfaces.last().is_some_and(|last| last.id != interface.id) {
            end.add(interface);
        }
    }
    Ok(alike.into_values().collect())
}

type Key<'a> = (String, &'a str, Vec<&'a str>, bool, bool, bool);

fn key<'a>(facts: &Facts<'_>, exposure: &Exposure<'a>) -> Key<'a> {
    let interface = exposure.interface;
    let mut groups: Vec<&str> = interface.groups.iter().map(String::as_str).collect();
    groups.sort_unstable();
    let does_not_run = !runs(facts, interface).unwrap_or(true);
    let (unsaid, private) = (interface.has_unknown_groups, interface.public_addresses.is_empty());
    (exposure.purpose.label(), &interface.subnet, groups, unsaid, does_not_run, private)
}
