//! Random route tables, asked about single addresses: sharing out all addresses and looking every route up for one have to agree.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::address::prefix::low_bits;

/// Blocks that hold each other, are equal, are halves, and touch.
const IPV4: [&str; 12] = [
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "8.0.0.0/7",
    "8.0.0.0/8",
    "8.8.0.0/16",
    "8.8.8.0/24",
    "8.8.8.0/25",
    "8.8.8.128/25",
    "8.8.8.8/32",
    "10.0.0.0/16",
    "255.255.255.255/32",
];
const IPV6: [&str; 8] =
    ["::/0", "::/1", "8000::/1", "2000::/3", "2600::/16", "2600:1f18::/56", "2600:1f18::/64", "2600:1f18::1/128"];
/// The last is not among the lists of the snapshot.
const LISTS: [&str; 3] = ["pl-0", "pl-1", "pl-unlisted"];

/// A route table, prefix lists, and some addresses to ask about.
#[derive(Clone, Debug)]
struct Table {
    routes: Vec<Route>,
    lists: [Vec<Prefix>; 2],
    addresses: Vec<u128>,
}

fn block() -> impl Strategy<Value = Prefix> {
    let read = |text: &str| text.parse::<Prefix>().unwrap();
    let usual: Vec<Prefix> = IPV4.into_iter().chain(IPV6).map(read).collect();
    prop_oneof![
        4 => select(usual),
        // Few addresses, so that blocks often meet.
        3 => (any::<u8>(), 24_u8..=32).prop_map(|(last, length)| Prefix::around(Family::Ipv4, u128::from(last), length)),
        1 => (any::<u32>(), 0_u8..=32).prop_map(|(bits, length)| Prefix::around(Family::Ipv4, u128::from(bits), length)),
        1 => (any::<u128>(), 0_u8..=128).prop_map(|(bits, length)| Prefix::around(Family::Ipv6, bits, length)),
    ]
}

fn one_route() -> impl Strategy<Value = Route> {
    let destination = prop_oneof![
        5 => block().prop_map(Destination::Block),
        2 => select(LISTS.to_vec()).prop_map(|id| Destination::PrefixList(id.to_owned())),
    ];
    let target = prop_oneof![
        1 => Just(Target::Local),
        3 => Just(Target::InternetGateway("igw-1".to_owned())),
        3 => Just(Target::NatGateway("nat-1".to_owned())),
        3 => Just(Target::OtherNetwork("vgw-1".to_owned())),
    ];
    let origin = prop_oneof![2 => Just(Origin::Static), 1 => Just(Origin::Propagated)];
    let state = prop_oneof![
        4 => Just(RouteState::Active),
        1 => Just(RouteState::Blackhole),
        1 => Just(RouteState::Filtered),
    ];
    (destination, target, origin, state).prop_map(|(destination, target, origin, state)| Route {
        destination,
        target,
        origin,
        state,
    })
}

fn tables() -> impl Strategy<Value = Table> {
    let list = || prop::collection::vec(block(), 0..4);
    let routes = prop::collection::vec(one_route(), 0..9);
    (routes, [list(), list()], prop::collection::vec(any::<u128>(), 3)).prop_map(|(routes, lists, addresses)| Table {
        routes,
        lists,
        addresses,
    })
}

impl Table {
    fn prefix_lists(&self) -> Listing<PrefixList> {
        let list = |(id, blocks): (&str, &Vec<Prefix>)| {
            (id.to_owned(), PrefixList { id: id.to_owned(), blocks: blocks.clone() })
        };
        let lists: BTreeMap<String, PrefixList> = LISTS.into_iter().zip(&self.lists).map(list).collect();
        Listing::new(Kind::PrefixLists, Some(lists))
    }

    fn blocks(&self, route: &Route) -> Vec<Prefix> {
        match &route.destination {
            Destination::Block(block) => vec![*block],
            Destination::PrefixList(id) if id == "pl-0" => self.lists[0].clone(),
            Destination::PrefixList(id) if id == "pl-1" => self.lists[1].clone(),
            Destination::PrefixList(_) | Destination::Unknown => Vec::new(),
        }
    }

    /// The first and the last address of every block and their neighbours, all of the small world, and some that are nowhere near.
    fn sampled(&self, family: Family) -> BTreeSet<u128> {
        let blocks = self.routes.iter().flat_map(|route| self.blocks(route)).filter(|block| block.family() == family);
        let near = |end: u128| [Some(end), end.checked_sub(1), end.checked_add(1)].into_iter().flatten();
        let edges = blocks.flat_map(|block| near(block.first()).chain(near(block.last())));
        let far = self.addresses.iter().map(|address| address & low_bits(family.bits()));
        edges.chain(far).chain(0..256).filter(|address| *address <= low_bits(family.bits())).collect()
    }

    /// The places of the routes that a router may take for one address: look at every route and every block of it.
    fn looked_up(&self, family: Family, address: u128) -> Vec<usize> {
        let mut best = None;
        let mut winners = Vec::new();
        for (place, route) in self.routes.iter().enumerate() {
            if route.target == Target::Local || route.state == RouteState::Filtered {
                continue;
            }
            for block in self.blocks(route) {
                if block.family() != family || address < block.first() || block.last() < address {
                    continue;
                }
                let maker = match (route.origin, &route.destination) {
                    (Origin::Static, Destination::Block(_)) => 3,
                    (Origin::Static, _) => 2,
                    (Origin::Propagated, _) => 1,
                };
                let strength = (block.length(), maker);
                if best.is_none_or(|best| strength > best) {
                    best = Some(strength);
                    winners.clear();
                }
                if best == Some(strength) && !winners.contains(&place) {
                    winners.push(place);
                }
            }
        }
        winners
    }
}

proptest! {
    #[test]
    fn sharing_out_agrees_with_looking_up_each_address(table in tables()) {
        let lists = table.prefix_lists();
        for family in [Family::Ipv4, Family::Ipv6] {
            let division = divide(&table.routes, family, &lists);
            for address in table.sampled(family) {
                let holding = division.claims.iter().filter(|claim| claim.addresses.contains(address));
                let place = |claim: &Claim<'_>| table.routes.iter().position(|route| std::ptr::eq(route, claim.route));
                let holding: Option<Vec<usize>> = holding.map(place).collect();
                prop_assert_eq!(holding, Some(table.looked_up(family, address)), "{} {}", family, address);
            }
            prop_assert!(division.claims.iter().all(|claim| !claim.addresses.is_empty()));
            let unlisted = table.routes.iter().filter(|route| {
                route.destination == Destination::PrefixList("pl-unlisted".to_owned())
                    && route.target != Target::Local
                    && route.state != RouteState::Filtered
            });
            prop_assert_eq!(division.undetermined.len(), unlisted.count());
        }
    }
}
