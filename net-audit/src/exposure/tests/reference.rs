//! Random subnets, asked about single packets from the internet: the verdict and a look at every route, rule and entry in turn have to agree.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::with_exposures;
use super::world::{BLOCKS, Kind, OFFICE, PEER, Route, S3, World, worlds};
use crate::address::prefix::{Family, Prefix};
use crate::classify::class::Class;
use crate::exposure::{Condition, Verdict};
use crate::inventory::Protocol;

/// What is not the internet. Source: IANA IPv4 Special-Purpose Address Registry.
const RESERVED: [&str; 13] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
];
const MEMBERS: [&str; 8] = [
    "InternetGateways",
    "NatGateways",
    "VpcEndpoints",
    "PrefixLists",
    "SecurityGroups",
    "NetworkAcls",
    "Reservations",
    "EgressOnlyInternetGateways",
];

fn blocks(name: &str) -> Vec<Prefix> {
    let texts: &[&str] = match name {
        "pl-s3" => &S3,
        "pl-office" => &OFFICE,
        group if group.starts_with("sg-") => &[],
        block => &[block],
    };
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn holds(name: &str, address: u128) -> bool {
    blocks(name).iter().any(|block| block.first() <= address && address <= block.last())
}

/// How a world answers about single packets.
impl World {
    /// The first address of every block and the one after the last, and the neighbours of both, as far as they are the internet's.
    fn addresses(&self) -> Vec<u128> {
        let names = BLOCKS.iter().chain(&RESERVED).chain(&["pl-s3", "pl-office", "10.0.0.0/16"]);
        let ends = names.flat_map(|name| blocks(name)).flat_map(|block| [block.first(), block.last()]);
        let near = ends.flat_map(|end| [end.saturating_sub(1), end, end + 1]);
        let near: BTreeSet<u128> = near.filter(|address| *address < 1 << 32).collect();
        near.into_iter().filter(|address| self.is_internet(*address)).collect()
    }

    fn is_internet(&self, address: u128) -> bool {
        let is_own = self.owns_public_block && holds("8.8.0.0/16", address);
        !is_own && !RESERVED.iter().any(|block| holds(block, address))
    }

    /// The target of the longest block that holds an address; a list loses against a block of the same length.
    fn target(table: &[Route], address: u128) -> Vec<&'static str> {
        let mut candidates = Vec::new();
        for (destination, target) in table {
            for block in blocks(destination) {
                if block.first() <= address && address <= block.last() {
                    candidates.push(((block.length(), !destination.starts_with("pl-")), *target));
                }
            }
        }
        let best = candidates.iter().map(|(strength, _)| *strength).max();
        candidates.into_iter().filter(|(strength, _)| Some(*strength) == best).map(|(_, target)| target).collect()
    }

    fn own_table(&self) -> &[Route] {
        self.tables[0].as_deref().or(self.tables[1].as_deref()).unwrap()
    }

    /// Whether an address comes in by an internet gateway, or through the firewall by one.
    fn comes_in(&self, address: u128) -> bool {
        let own = Self::target(self.own_table(), address);
        let behind = Self::target(self.tables[2].as_deref().unwrap(), address);
        own.contains(&"igw-1") || (own.contains(&"vpce-fw") && behind.contains(&"igw-1"))
    }

    /// Whether a route to the peer that takes an address is for the peer's own.
    fn peers_with(&self, address: u128) -> bool {
        let mut routes: Vec<&str> = self
            .own_table()
            .iter()
            .filter(|(to, by)| *by == "pcx-1" && holds(to, address))
            .map(|(to, _)| *to)
            .collect();
        routes.sort_by_key(|to| blocks(to).first().map(|block| block.length()));
        let longest = routes.pop().unwrap();
        longest.starts_with("pl-") || (longest != "0.0.0.0/0" && blocks(longest)[0].overlaps(PEER.parse().unwrap()))
    }

    fn is_let_in(&self, packet: (i16, u16, u128)) -> bool {
        let mut rules = self.groups.iter().flatten();
        self.groups.is_empty()
            || rules.any(|(kind, peers)| fits(*kind, packet) && peers.iter().any(|peer| holds(peer, packet.2)))
    }

    fn passes(&self, egress: bool, packet: (i16, u16, u128)) -> bool {
        let mut entries = self.entries.iter();
        entries
            .find(|(way, _, kind, block)| *way == egress && fits(*kind, packet) && holds(block, packet.2))
            .is_some_and(|entry| entry.1)
    }

    /// Only TCP needs an answer, and who attacks chooses the port that it goes to.
    fn is_answered(&self, (protocol, _, address): (i16, u16, u128)) -> bool {
        protocol != 6 || self.ports().into_iter().any(|port| self.passes(true, (protocol, port, address)))
    }

    fn ports(&self) -> BTreeSet<u16> {
        let rules = self.groups.iter().flatten().map(|(kind, _)| *kind);
        let ends = rules.chain(self.entries.iter().map(|entry| entry.2)).flat_map(|(_, from, to)| [from, to]);
        ends.chain([0, 1024, u16::MAX])
            .flat_map(|port| [port.saturating_sub(1), port, port.saturating_add(1)])
            .collect()
    }

    /// ICMP, TCP, UDP, and 47, which no rule names.
    fn packets(&self) -> Vec<(i16, u16, u128)> {
        let addresses: Vec<u128> = self.addresses().into_iter().filter(|address| self.comes_in(*address)).collect();
        let mut services = vec![(1, 0), (47, 0)];
        services.extend(self.ports().into_iter().flat_map(|port| [(6, port), (17, port)]));
        let packets = services
            .into_iter()
            .flat_map(|(protocol, port)| addresses.iter().map(move |address| (protocol, port, *address)));
        packets.collect()
    }

    /// Which conditions hold, each with those before it.
    fn conditions(&self) -> [bool; 6] {
        let packets = self.packets();
        let let_in: Vec<_> =
            packets.iter().copied().filter(|packet| !self.is_nat_gateway && self.is_let_in(*packet)).collect();
        let passed = let_in.iter().any(|packet| self.passes(false, *packet) && self.is_answered(*packet));
        [
            !packets.is_empty(),
            self.has_public_address,
            !let_in.is_empty(),
            passed,
            self.mode == "off",
            matches!(self.attachment, "service" | "running"),
        ]
    }

    /// The class of the subnet by where each address of the internet leads.
    fn class(&self) -> Class {
        let mut led = BTreeSet::new();
        for address in self.addresses() {
            let targets = Self::target(self.own_table(), address);
            if targets.contains(&"vpce-s3") {
                continue;
            }
            led.insert(targets.iter().map(|target| self.leads(target, address)).max().unwrap_or(Class::Isolated));
        }
        match led.iter().max() {
            Some(Class::Public) if led.len() > 1 => Class::PublicPartial,
            class => class.copied().unwrap_or(Class::Isolated),
        }
    }

    fn leads(&self, target: &str, address: u128) -> Class {
        let is_blocked = self.mode != "off";
        match target {
            "igw-1" if !is_blocked => Class::Public,
            "nat-1" => Class::PrivateNat,
            "nat-astray" => Class::BrokenEgress,
            "tgw-1" => Class::PrivateRouted,
            // What the peer has not for itself it leads to nowhere; a route to both is taken for a way to the peer.
            "pcx-1" => {
                if self.peers_with(address) {
                    Class::PrivateRouted
                } else {
                    Class::BrokenEgress
                }
            }
            _ => Class::Isolated,
        }
    }
}

fn fits((protocol, from, to): Kind, packet: (i16, u16, u128)) -> bool {
    let has_ports = packet.0 == 6 || packet.0 == 17;
    (protocol == -1 || protocol == packet.0) && (!has_ports || protocol == -1 || (from <= packet.1 && packet.1 <= to))
}

/// What is said of the interface, and of packets whether an opening holds them.
fn judged(document: &Value, packets: &[(i16, u16, u128)]) -> (Verdict, Vec<bool>, Class) {
    with_exposures(document, |facts| {
        let exposure = facts.exposures.first().unwrap();
        let is_open = |(protocol, port, address): &(i16, u16, u128)| {
            let told = if *protocol == 47 { Protocol::All } else { Protocol::Number(u8::try_from(*protocol).unwrap()) };
            let mut of_protocol = exposure.openings.iter().filter(|opening| opening.protocol == told);
            of_protocol.any(|opening| opening.ports.contain(*port) && opening.addresses.contains(*address))
        };
        let class = facts.class("subnet-1", Family::Ipv4);
        (exposure.verdict.clone(), packets.iter().map(is_open).collect(), class)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn an_interface_is_exposed_if_a_packet_gets_through_and_else_stopped_by_the_first_that_holds_all_back(world in worlds()) {
        let packets = world.packets();
        let (verdict, open, _) = judged(&world.document(), &packets);
        let first = world.conditions().iter().position(|holds| !holds);
        let expected = first.map_or(Verdict::Exposed, |first| Verdict::Stopped(Condition::ALL[first]));
        prop_assert_eq!(&verdict, &expected);
        for (packet, is_open) in packets.iter().zip(open) {
            let gets_through = verdict == Verdict::Exposed
                && world.is_let_in(*packet) && world.passes(false, *packet) && world.is_answered(*packet);
            prop_assert_eq!(is_open, gets_through, "{:?}", packet);
        }
    }

    #[test]
    fn a_subnet_is_what_its_routes_make_of_each_address_of_the_internet(world in worlds()) {
        let has_firewall = world.own_table().iter().any(|(_, target)| *target == "vpce-fw");
        // What a firewall makes of a subnet depends on the whole of what is behind it, not on single addresses.
        prop_assume!(!has_firewall);
        let (_, _, class) = judged(&world.document(), &[]);
        prop_assert_eq!(class, world.class());
    }

    #[test]
    fn to_know_less_is_to_say_the_same_or_that_it_is_unknown(world in worlds(), member in select(MEMBERS.to_vec())) {
        let mut document = world.document();
        document[member] = Value::Null;
        let conditions = world.conditions();
        match judged(&document, &[]).0 {
            Verdict::Exposed => prop_assert_eq!(conditions, [true; 6]),
            Verdict::Stopped(condition) => {
                let place = Condition::ALL.iter().position(|one| *one == condition).unwrap();
                prop_assert!(!conditions[place], "{} holds", condition);
            }
            Verdict::Unknown(gaps) => prop_assert!(!gaps.is_empty()),
        }
    }
}
