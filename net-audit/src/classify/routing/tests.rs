mod reference;

use std::collections::BTreeMap;

use super::*;
use crate::inventory::gap::Kind;

fn lists(entries: &[(&str, &[&str])]) -> Listing<PrefixList> {
    let list = |(id, blocks): &(&str, &[&str])| {
        let blocks = blocks.iter().map(|text| text.parse().unwrap()).collect();
        let id = (*id).to_owned();
        (id.clone(), PrefixList { id, blocks })
    };
    let lists: BTreeMap<String, PrefixList> = entries.iter().map(list).collect();
    Listing::new(Kind::PrefixLists, Some(lists))
}

/// A route written as `DESTINATION TARGET`; a target that begins with `vgw` is propagated.
fn route(text: &str) -> Route {
    let (destination, target) = text.split_once(' ').unwrap();
    let destination = match destination.parse() {
        Ok(prefix) => Destination::Block(prefix),
        Err(_) => Destination::PrefixList(destination.to_owned()),
    };
    let origin = if target.starts_with("vgw") { Origin::Propagated } else { Origin::Static };
    Route { destination, target: Target::OtherNetwork(target.to_owned()), origin, state: RouteState::Active }
}

/// The best target for an address; several if they compete.
fn best<'a>(division: &'a Division<'_>, address: &str) -> Vec<&'a str> {
    let address = AddressSet::from(address.parse::<Prefix>().unwrap());
    let claims = division.claims.iter();
    claims
        .filter(|claim| !claim.addresses.intersect(&address).is_empty())
        .map(|claim| claim.route.target.id())
        .collect()
}

#[test]
fn the_longest_block_wins_then_the_maker_decides() {
    let routes = [
        "0.0.0.0/0 default",
        "8.0.0.0/8 vgw-eight",
        "8.8.0.0/16 static",
        "8.8.0.0/16 vgw-same",
        "pl-1 list",
        "9.0.0.0/8 vgw-nine",
        "7.0.0.0/8 seven",
        "pl-2 rival",
    ]
    .map(route);
    let lists = lists(&[
        ("pl-1", &["8.8.0.0/16", "9.0.0.0/8", "7.0.0.0/8", "6.0.0.0/8"]),
        ("pl-2", &["6.0.0.0/8", "2000::/3"]),
    ]);
    let division = divide(&routes, Family::Ipv4, &lists);
    for (address, expected) in [
        ("1.1.1.1/32", &["default"][..]),
        ("8.1.1.1/32", &["vgw-eight"]),
        ("8.8.1.1/32", &["static"]),
        ("9.1.1.1/32", &["list"]),
        ("7.1.1.1/32", &["seven"]),
        ("6.1.1.1/32", &["list", "rival"]),
    ] {
        assert_eq!(best(&division, address), expected, "{address}");
    }
}

#[test]
fn routes_that_take_nothing_are_not_among_the_claims() {
    let routes = ["0.0.0.0/0 default", "0.0.0.0/1 low", "128.0.0.0/1 high"].map(route);
    let division = divide(&routes, Family::Ipv4, &lists(&[]));
    let targets: Vec<&str> = division.claims.iter().map(|claim| claim.route.target.id()).collect();
    assert_eq!(targets, ["low", "high"]);
}

#[test]
fn a_list_without_entries_is_named() {
    let routes = ["pl-9 somewhere"].map(route);
    let division = divide(&routes, Family::Ipv4, &lists(&[]));
    assert!(division.claims.is_empty());
    assert_eq!(division.undetermined.len(), 1);
}

#[test]
fn inside_a_vpc_only_a_longer_route_that_somebody_made_beats_local() {
    let mut routes =
        ["10.0.0.0/16 local", "10.0.1.0/24 eni-firewall", "10.0.2.0/24 vgw-office", "0.0.0.0/0 nat"].map(route);
    routes[0].target = Target::Local;
    let division = divide_all(&routes, Family::Ipv4, &lists(&[]));
    for (address, expected) in
        [("10.0.0.9", "local"), ("10.0.1.9", "eni-firewall"), ("10.0.2.9", "local"), ("10.1.0.1", "nat")]
    {
        let address: std::net::Ipv4Addr = address.parse().unwrap();
        let best = division.best(u128::from(address.to_bits())).unwrap();
        assert_eq!(best.target.id(), expected, "{address}");
    }
}
