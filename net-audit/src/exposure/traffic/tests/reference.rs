//! Random rules, asked about single packets: the exact arithmetic and a look at every rule in turn have to agree.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;

use super::notation::{acl_of, inventory};
use super::*;
use crate::address::prefix::low_bits;
use crate::inventory::AclEntry;

/// A packet that comes in: of a protocol, to a port, from an address. The port of a protocol without ports says nothing.
#[derive(Clone, Copy, Debug)]
struct Packet {
    protocol: u8,
    port: u16,
    address: u128,
}

/// Random rules of one family.
#[derive(Clone, Debug)]
struct Rules {
    family: Family,
    groups: Vec<Vec<Permission>>,
    lists: Vec<Vec<Prefix>>,
    entries: Vec<AclEntry>,
    addresses: Vec<u128>,
    ports: Vec<u16>,
}

const LISTS: [&str; 2] = ["pl-0", "pl-1"];
const GROUPS: [&str; 3] = ["sg-0", "sg-1", "sg-2"];
/// 99 is named by no rule, ever.
const PROTOCOLS: [u8; 7] = [1, 6, 17, 47, 50, 58, 99];

fn family_block(family: Family) -> impl Strategy<Value = Prefix> + Clone {
    let usual: &[&str] = match family {
        Family::Ipv4 => &[
            "0.0.0.0/0",
            "0.0.0.0/1",
            "128.0.0.0/1",
            "8.0.0.0/8",
            "8.8.0.0/16",
            "8.8.8.0/24",
            "8.8.8.8/32",
            "9.0.0.0/8",
            "255.255.255.255/32",
        ],
        Family::Ipv6 => &["::/0", "::/1", "8000::/1", "2000::/3", "2600::/16", "2600:1f18::/36", "2600:1f18::1/128"],
    };
    let usual: Vec<Prefix> = usual.iter().map(|text| text.parse().unwrap()).collect();
    let random = (any::<u128>(), 0..=family.bits());
    prop_oneof![
        4 => select(usual),
        1 => random.prop_map(move |(address, length)| Prefix::around(family, address & low_bits(family.bits()), length)),
    ]
}

/// One in six is of the other family, and has to count for nothing.
fn block_of(family: Family) -> impl Strategy<Value = Prefix> + Clone {
    let other = if family == Family::Ipv4 { Family::Ipv6 } else { Family::Ipv4 };
    prop_oneof![5 => family_block(family), 1 => family_block(other)]
}

fn what() -> impl Strategy<Value = (Protocol, Ports)> {
    let protocols = [
        Protocol::All,
        Protocol::TCP,
        Protocol::UDP,
        Protocol::ICMP,
        Protocol::ICMPV6,
        Protocol::Number(47),
        Protocol::Number(50),
    ];
    let port = prop_oneof![select(vec![0, 22, 443, 1023, 1024, 1025, 32768, 65534, u16::MAX]), any::<u16>()];
    let ports = prop_oneof![
        2 => Just(Ports::ALL),
        1 => port.clone().prop_map(Ports::one),
        4 => (port.clone(), port).prop_map(|(one, other)| Ports { first: one.min(other), last: one.max(other) }),
    ];
    let protocol = prop_oneof![3 => select(vec![Protocol::TCP, Protocol::UDP]), 2 => select(protocols.to_vec())];
    (protocol, ports).prop_map(|(protocol, ports)| (protocol, if protocol.has_ports() { ports } else { Ports::ALL }))
}

fn permission(family: Family) -> impl Strategy<Value = Permission> {
    let peer = prop_oneof![
        6 => block_of(family).prop_map(Peer::Block),
        1 => select(LISTS.to_vec()).prop_map(|id| Peer::PrefixList(id.to_owned())),
        1 => select(GROUPS.to_vec()).prop_map(|id| Peer::Group(id.to_owned())),
    ];
    (what(), prop::collection::vec(peer, 0..3)).prop_map(|((protocol, ports), peers)| Permission {
        protocol,
        ports,
        peers,
    })
}

fn entries(family: Family) -> impl Strategy<Value = Vec<AclEntry>> {
    let entry = (any::<bool>(), any::<bool>(), what(), block_of(family), 1_u32..32767);
    prop::collection::vec(entry, 0..9).prop_map(|entries| {
        let mut numbers = BTreeSet::new();
        let entries = entries.into_iter().map(|(is_egress, allows, (protocol, ports), block, number)| AclEntry {
            number,
            is_egress,
            allows,
            protocol,
            ports,
            block: Some(block),
        });
        entries.filter(|entry| numbers.insert((entry.is_egress, entry.number))).collect()
    })
}

fn rules() -> impl Strategy<Value = Rules> {
    let family = select(vec![Family::Ipv4, Family::Ipv4, Family::Ipv6]);
    family.prop_flat_map(|family| {
        (
            prop::collection::vec(prop::collection::vec(permission(family), 0..4), 1..=GROUPS.len()),
            prop::collection::vec(prop::collection::vec(block_of(family), 0..3), LISTS.len()),
            entries(family),
            prop::collection::vec(any::<u128>(), 3),
            prop::collection::vec(any::<u16>(), 2),
        )
            .prop_map(move |(groups, lists, entries, addresses, ports)| {
                let addresses = addresses.into_iter().map(|address| address & low_bits(family.bits())).collect();
                Rules { family, groups, lists, entries, addresses, ports }
            })
    })
}

impl Rules {
    fn acl(&self) -> NetworkAcl {
        acl_of(self.entries.clone())
    }

    fn inventory(&self) -> Inventory {
        let groups = GROUPS.into_iter().zip(self.groups.iter().cloned()).collect();
        inventory(groups, LISTS.into_iter().zip(self.lists.iter().cloned()).collect())
    }

    fn group_ids(&self) -> Vec<String> {
        GROUPS.iter().take(self.groups.len()).map(|id| (*id).to_owned()).collect()
    }

    fn blocks(&self) -> impl Iterator<Item = Prefix> {
        let peers = self.groups.iter().flatten().flat_map(|rule| &rule.peers);
        let named = peers.filter_map(|peer| if let Peer::Block(block) = peer { Some(*block) } else { None });
        let blocks = named.chain(self.lists.iter().flatten().copied());
        blocks.chain(self.entries.iter().filter_map(|entry| entry.block)).filter(|block| block.family() == self.family)
    }

    /// The first and the last address of every block and their neighbours, and some that are nowhere near.
    fn sampled_addresses(&self) -> BTreeSet<u128> {
        let near = |end: u128| [Some(end), end.checked_sub(1), end.checked_add(1)].into_iter().flatten();
        let edges = self.blocks().flat_map(|block| near(block.first()).chain(near(block.last())));
        let all = edges.chain(self.addresses.iter().copied());
        all.filter(|address| *address <= low_bits(self.family.bits())).collect()
    }

    /// Likewise with ports.
    fn sampled_ports(&self) -> BTreeSet<u16> {
        let of_groups = self.groups.iter().flatten().map(|rule| rule.ports);
        let ranges = of_groups.chain(self.entries.iter().map(|entry| entry.ports)).chain([EPHEMERAL, Ports::ALL]);
        let near = |end: u16| [end, end.saturating_sub(1), end.saturating_add(1)];
        let edges = ranges.flat_map(|ports| near(ports.first).into_iter().chain(near(ports.last)));
        edges.chain(self.ports.iter().copied()).collect()
    }

    /// Every protocol with every port that is worth asking about.
    fn sampled_services(&self) -> Vec<(u8, u16)> {
        let ports = self.sampled_ports();
        let with_ports = [6, 17].into_iter().flat_map(|protocol| ports.iter().map(move |port| (protocol, *port)));
        let without = PROTOCOLS.into_iter().filter(|protocol| ![6, 17].contains(protocol));
        with_ports.chain(without.map(|protocol| (protocol, 0))).collect()
    }

    fn packets(&self, protocol: u8, port: u16) -> impl Iterator<Item = Packet> {
        self.sampled_addresses().into_iter().map(move |address| Packet { protocol, port, address })
    }

    /// All that gets through groups and ACL.
    fn through(&self) -> Admitted {
        let inventory = self.inventory();
        let of_groups = GroupRules::of(&inventory, &self.group_ids(), Direction::Ingress, self.family);
        through(&of_groups, &self.acl(), self.family, &AddressSet::whole(self.family))
    }

    fn fits(protocol: Protocol, ports: Ports, packet: Packet) -> bool {
        let of_protocol = protocol == Protocol::All || protocol == Protocol::Number(packet.protocol);
        let has_ports = packet.protocol == 6 || packet.protocol == 17;
        of_protocol && (!has_ports || (ports.first <= packet.port && packet.port <= ports.last))
    }

    fn holds(&self, block: Prefix, address: u128) -> bool {
        block.family() == self.family && block.first() <= address && address <= block.last()
    }

    /// Whether any rule of any group lets a packet in.
    fn let_in_by_groups(&self, packet: Packet) -> bool {
        for rule in self.groups.iter().flatten() {
            for peer in &rule.peers {
                if self.is_peer(peer, |block| self.holds(block, packet.address))
                    && Self::fits(rule.protocol, rule.ports, packet)
                {
                    return true;
                }
            }
        }
        false
    }

    /// Whether the entry with the lowest number of those that fit allows.
    fn let_by_acl(&self, is_egress: bool, packet: Packet) -> bool {
        let of_way = self.entries.iter().filter(|entry| entry.is_egress == is_egress);
        let fitting = of_way.filter(|entry| {
            Self::fits(entry.protocol, entry.ports, packet) && self.holds(entry.block.unwrap(), packet.address)
        });
        fitting.min_by_key(|entry| entry.number).is_some_and(|entry| entry.allows)
    }

    /// Whether an answer gets out to any port from `lowest` on.
    fn is_answered_from(&self, lowest: u16, packet: Packet) -> bool {
        let ports = self.sampled_ports();
        let mut clients = ports.iter().filter(|port| **port >= lowest);
        clients.any(|port| self.let_by_acl(true, Packet { port: *port, ..packet }))
    }

    /// Whether an attack needs no answer, or one gets out to some port: who attacks chooses the port that he sends from.
    fn is_answered(&self, packet: Packet) -> bool {
        packet.protocol != 6 || self.is_answered_from(0, packet)
    }

    fn is_peer(&self, peer: &Peer, is: impl Fn(Prefix) -> bool) -> bool {
        match peer {
            Peer::Block(block) => is(*block),
            Peer::PrefixList(id) => {
                let list = LISTS.iter().position(|list| list == id).unwrap();
                self.lists[list].iter().any(|block| is(*block))
            }
            Peer::Group(_) | Peer::Unknown => false,
        }
    }

    /// The protocol under which a packet's is told: its own if a rule with an address or an entry names it, else the one that stands for
    /// all others.
    fn told_as(&self, protocol: u8) -> Protocol {
        let of_family = |peer: &Peer| self.is_peer(peer, |block| block.family() == self.family);
        let with_address = self.groups.iter().flatten().filter(|rule| rule.peers.iter().any(of_family));
        let of_groups = with_address.map(|rule| rule.protocol);
        let mut named = of_groups.chain(self.entries.iter().map(|entry| entry.protocol));
        let own = Protocol::Number(protocol);
        if [1, 6, 17, 58].contains(&protocol) || named.any(|named| named == own) { own } else { Protocol::All }
    }

    /// Whether an opening holds a packet; no two may.
    fn is_open(&self, openings: &[Opening], packet: Packet) -> bool {
        let told_as = self.told_as(packet.protocol);
        let holding = openings.iter().filter(|opening| {
            opening.protocol == told_as
                && opening.ports.contain(packet.port)
                && opening.addresses.contains(packet.address)
        });
        let count = holding.count();
        assert!(count <= 1, "{packet:?} is in {count} openings");
        count == 1
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn groups_admit_what_any_of_their_rules_admits(rules in rules()) {
        let rules = Rules { entries: Vec::new(), ..rules };
        let inventory = rules.inventory();
        let of_groups = GroupRules::of(&inventory, &rules.group_ids(), Direction::Ingress, rules.family);
        let admitted = of_groups.admitted(&AddressSet::whole(rules.family));
        prop_assert_eq!(&admitted.gaps, &[]);
        for (protocol, port) in rules.sampled_services() {
            let addresses = of_groups.addresses(rules.told_as(protocol), port);
            for packet in rules.packets(protocol, port) {
                let expected = rules.let_in_by_groups(packet);
                prop_assert_eq!(rules.is_open(&admitted.openings, packet), expected, "{:?}", packet);
                prop_assert_eq!(addresses.contains(packet.address), expected, "{:?}", packet);
            }
        }
    }

    #[test]
    fn an_acl_decides_as_the_first_entry_that_fits(rules in rules()) {
        let acl = rules.acl();
        for (protocol, port) in rules.sampled_services() {
            for (direction, is_egress) in [(Direction::Ingress, false), (Direction::Egress, true)] {
                let decision = decide(&acl, direction, rules.family, rules.told_as(protocol), port);
                prop_assert_eq!(&decision.gaps, &[]);
                for packet in rules.packets(protocol, port) {
                    let allowed = decision.allowed.contains(packet.address);
                    prop_assert_eq!(allowed, rules.let_by_acl(is_egress, packet), "{:?} {:?}", direction, packet);
                }
            }
        }
    }

    #[test]
    fn an_answer_gets_out_if_it_does_to_any_port_that_clients_send_from(rules in rules()) {
        let acl = rules.acl();
        for protocol in PROTOCOLS {
            let answers = answers_by(&acl, Direction::Egress, rules.family, rules.told_as(protocol));
            prop_assert_eq!(&answers.gaps, &[]);
            let lowest = if protocol == 6 || protocol == 17 { EPHEMERAL.first } else { 0 };
            for packet in rules.packets(protocol, 443) {
                let expected = rules.is_answered_from(lowest, packet);
                prop_assert_eq!(answers.allowed.contains(packet.address), expected, "{:?}", packet);
            }
        }
    }

    #[test]
    fn what_gets_through_is_let_in_by_groups_and_acl_and_is_answered_if_it_is_tcp(rules in rules(), halved in any::<bool>()) {
        let inventory = rules.inventory();
        let of_groups = GroupRules::of(&inventory, &rules.group_ids(), Direction::Ingress, rules.family);
        // Half of the time all addresses are asked about, half of the time half of them.
        let space = AddressSet::from(Prefix::around(rules.family, 0, u8::from(halved)));
        let admitted = through(&of_groups, &rules.acl(), rules.family, &space);
        prop_assert_eq!(&admitted.gaps, &[]);
        let is_asked_about = |packet: Packet| !halved || packet.address >> (rules.family.bits() - 1) == 0;
        for (protocol, port) in rules.sampled_services() {
            for packet in rules.packets(protocol, port) {
                let expected = is_asked_about(packet)
                    && rules.let_in_by_groups(packet)
                    && rules.let_by_acl(false, packet)
                    && rules.is_answered(packet);
                prop_assert_eq!(rules.is_open(&admitted.openings, packet), expected, "{:?}", packet);
            }
        }
    }

    #[test]
    fn without_groups_the_acl_alone_decides(rules in rules()) {
        let rules = Rules { groups: Vec::new(), ..rules };
        let whole = AddressSet::whole(rules.family);
        let admitted = through(&GroupRules::anyone(rules.family), &rules.acl(), rules.family, &whole);
        for (protocol, port) in rules.sampled_services() {
            for packet in rules.packets(protocol, port) {
                let expected = rules.let_by_acl(false, packet) && rules.is_answered(packet);
                prop_assert_eq!(rules.is_open(&admitted.openings, packet), expected, "{:?}", packet);
            }
        }
    }

    #[test]
    fn to_know_less_is_to_let_less_through_and_to_say_so(rules in rules(), hidden in any::<prop::sample::Index>(), of_group in any::<bool>()) {
        let full = rules.through();
        let mut known = rules.clone();
        if of_group {
            let mut peers = known.groups.iter_mut().flatten().flat_map(|rule| &mut rule.peers);
            if let Some(peer) = peers.next() { *peer = Peer::Unknown; }
        } else if !known.entries.is_empty() {
            let entry = hidden.index(known.entries.len());
            known.entries[entry].block = None;
        }
        let part = known.through();
        let mut differs = false;
        for (protocol, port) in rules.sampled_services() {
            for packet in rules.packets(protocol, port) {
                let (in_full, in_part) = (rules.is_open(&full.openings, packet), known.is_open(&part.openings, packet));
                prop_assert!(in_full || !in_part, "{:?}", packet);
                prop_assert!(known.is_open(&part.possible, packet) || !in_full, "{:?}", packet);
                differs |= in_full != in_part;
            }
        }
        prop_assert!(!differs || !part.gaps.is_empty());
        prop_assert_eq!(part.gaps.is_empty(), part.possible == part.openings);
        prop_assert_eq!(full.possible, full.openings);
    }
}
