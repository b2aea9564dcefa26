//! Each case is one subnet in one small world: see [`World`].

mod world;

use super::*;
use crate::inventory::gap::Kind;
use world::{World, app};

/// The IPv4 class of the subnet `subnet-app`, which has these routes.
fn check(routes: &[&str], expected: Class) {
    assert_eq!(app(&World::new(routes)).ipv4(), expected, "{routes:?}");
}

/// Its IPv6 class.
fn check_ipv6(routes: &[&str], expected: Class) {
    assert_eq!(app(&World::new(routes)).ipv6(), expected, "{routes:?}");
}

#[test]
fn an_internet_gateway_makes_a_subnet_public() {
    check(&["0.0.0.0/0 igw-1"], Class::Public);
    check(&["0.0.0.0/0 cagw-1"], Class::Public);
    check(&["0.0.0.0/1 igw-1", "128.0.0.0/1 igw-1"], Class::Public);
    check(&["0.0.0.0/0 igw-1", "10.0.0.0/8 tgw-1", "192.168.0.0/16 pcx-1"], Class::Public);
}

#[test]
fn one_internet_address_is_enough_to_be_public_in_part() {
    check(&["8.8.8.8/32 igw-1"], Class::PublicPartial);
    check(&["0.0.0.0/0 igw-1", "8.8.8.8/32 nat-1"], Class::PublicPartial);
    check(&["0.0.0.0/0 igw-1", "0.0.0.0/1 blackhole:nat-gone"], Class::PublicPartial);
    let world = World::new(&["0.0.0.0/0 nat-1", "128.0.0.0/1 igw-1", "192.0.0.0/2 tgw-1"]);
    assert_eq!(app(&world).family(Family::Ipv4).public_blocks, ["128.0.0.0/2"]);
}

#[test]
fn an_internet_gateway_for_private_addresses_only_is_no_way_to_the_internet() {
    check(&["10.0.0.0/8 igw-1", "203.0.113.0/24 igw-1"], Class::Isolated);
}

#[test]
fn a_gateway_that_is_not_attached_to_this_vpc_leads_nowhere() {
    check(&["0.0.0.0/0 igw-detached"], Class::Isolated);
    check(&["0.0.0.0/0 igw-other"], Class::Isolated);
    check_ipv6(&["::/0 eigw-other"], Class::Isolated);
}

#[test]
fn a_nat_gateway_never_makes_a_subnet_public() {
    check(&["0.0.0.0/0 nat-1"], Class::PrivateNat);
    check(&["0.0.0.0/1 nat-1", "128.0.0.0/1 nat-1"], Class::PrivateNat);
    check(&["0.0.0.0/0 nat-regional"], Class::PrivateNat);
}

#[test]
fn a_nat_gateway_that_cannot_work_is_broken_egress() {
    check(&["0.0.0.0/0 nat-private"], Class::BrokenEgress);
    check(&["0.0.0.0/0 nat-failed"], Class::BrokenEgress);
    check(&["0.0.0.0/0 nat-deleted"], Class::BrokenEgress);
    check(&["0.0.0.0/0 nat-other-vpc"], Class::BrokenEgress);
    check(&["0.0.0.0/0 nat-in-isolated"], Class::BrokenEgress);
    // It stands in the very subnet whose default route leads to it.
    check(&["0.0.0.0/0 nat-in-app"], Class::BrokenEgress);
}

#[test]
fn a_private_nat_gateway_leads_where_its_own_subnet_leads() {
    check(&["0.0.0.0/0 nat-private-inside"], Class::PrivateNat);
}

/// What comes in for the subnet under test goes by a firewall.
const EDGE: &[&str] = &["10.0.1.0/24 vpce-firewall"];

#[test]
fn a_firewall_in_front_of_an_internet_gateway_is_public_all_the_same() {
    let world = World::new(&["0.0.0.0/0 vpce-firewall"]).gateway_table("igw-1", EDGE);
    assert_eq!(app(&world).ipv4(), Class::PublicInspected);
    let world = World::new(&["0.0.0.0/0 vpce-firewall", "8.0.0.0/8 igw-1"]).gateway_table("igw-1", EDGE);
    assert_eq!(app(&world).ipv4(), Class::PublicPartial);
    check(&["0.0.0.0/0 vpce-firewall-nat"], Class::PrivateNat);
    check(&["0.0.0.0/0 vpce-firewall-isolated"], Class::BrokenEgress);
    check(&["0.0.0.0/0 vpce-firewall-failed"], Class::BrokenEgress);
}

#[test]
fn a_firewall_that_gets_nothing_of_what_comes_in_inspects_nothing() {
    let because = |world: &World| app(world).family(Family::Ipv4).proof[0].clone();
    let none = World::new(&["0.0.0.0/0 vpce-firewall"]);
    assert_eq!(app(&none).ipv4(), Class::Public);
    let text = "no table of an internet gateway sends what comes in for subnet-app to a firewall";
    assert!(because(&none).ends_with(text), "{}", because(&none));
    // A table for another subnet, for another gateway, of another family, with a black hole.
    for (gateway, routes) in [
        ("igw-1", &["10.0.7.0/24 vpce-firewall"][..]),
        ("vgw-1", EDGE),
        ("igw-1", &["2600:1f18:0:1::/64 vpce-firewall"]),
        ("igw-1", &["10.0.1.0/24 blackhole:vpce-firewall"]),
    ] {
        let world = World::new(&["0.0.0.0/0 vpce-firewall"]).gateway_table(gateway, routes);
        assert_eq!(app(&world).ipv4(), Class::Public, "{gateway} {routes:?}");
    }
}

#[test]
fn answers_that_do_not_come_back_through_a_firewall_are_told_and_change_no_class() {
    let because = |world: &World| {
        let verdict = app(world);
        assert_eq!(verdict.ipv4(), Class::PrivateNat);
        verdict.family(Family::Ipv4).proof[0].clone()
    };
    let straight = World::new(&["0.0.0.0/0 vpce-firewall-nat"]);
    let text = "answers do not come back through it: rtb-edge of nat-1 sends them straight to subnet-app";
    assert!(because(&straight).ends_with(text), "{}", because(&straight));
    for back in ["10.0.1.0/24 vpce-firewall-nat", "10.0.0.0/8 vpce-firewall-nat"] {
        let world = World::new(&["0.0.0.0/0 vpce-firewall-nat"]).route_of("rtb-edge", back);
        assert!(!because(&world).contains("answers"), "{}", because(&world));
    }
    let regional = World::new(&["0.0.0.0/0 vpce-firewall-regional"]);
    assert!(!because(&regional).contains("answers"), "its table is not known");
}

#[test]
fn a_regional_nat_gateway_whose_own_table_has_no_way_out_carries_nothing() {
    let with =
        |routes: &[&str]| app(&World::new(&["0.0.0.0/0 nat-regional"]).gateway_table("nat-regional", routes)).ipv4();
    assert_eq!(with(&[]), Class::BrokenEgress);
    assert_eq!(with(&["10.0.0.0/8 igw-1", "0.0.0.0/0 tgw-1"]), Class::BrokenEgress);
    assert_eq!(with(&["0.0.0.0/0 igw-other"]), Class::BrokenEgress);
    assert_eq!(with(&["0.0.0.0/0 blackhole:igw-1"]), Class::BrokenEgress);
    assert_eq!(with(&["0.0.0.0/0 igw-1"]), Class::PrivateNat);
    assert_eq!(with(&["0.0.0.0/0 vpce-firewall"]), Class::PrivateNat);
}

#[test]
fn an_instance_without_an_address_in_the_internet_forwards_nothing_to_it() {
    check(&["0.0.0.0/0 eni-private"], Class::BrokenEgress);
    check(&["0.0.0.0/0 i-private"], Class::BrokenEgress);
    // A NAT gateway behind it brings one.
    check(&["0.0.0.0/0 eni-behind-nat"], Class::PrivateNatInstance);
    check_ipv6(&["::/0 eni-private"], Class::BrokenEgress);
    check_ipv6(&["::/0 eni-forwarding"], Class::PrivateNatInstance);
    // Which addresses an instance has is not known without its interfaces.
    let verdict = app(&World::new(&["0.0.0.0/0 i-forwarding"]).without("NetworkInterfaces"));
    assert_eq!(verdict.family(Family::Ipv4).gaps, [Gap::Kind(Kind::NetworkInterfaces)]);
}

#[test]
fn an_instance_that_forwards_is_a_nat_instance() {
    check(&["0.0.0.0/0 eni-forwarding"], Class::PrivateNatInstance);
    check(&["0.0.0.0/0 i-forwarding"], Class::PrivateNatInstance);
    check(&["0.0.0.0/0 eni-checking"], Class::BrokenEgress);
    check(&["0.0.0.0/0 i-checking"], Class::BrokenEgress);
    check(&["0.0.0.0/0 eni-stopped"], Class::BrokenEgress);
    check(&["0.0.0.0/0 eni-detached"], Class::BrokenEgress);
    check(&["0.0.0.0/0 eni-isolated"], Class::BrokenEgress);
    check(&["0.0.0.0/0 eni-service"], Class::Unknown);
}

#[test]
fn an_instance_that_also_gets_what_comes_in_is_a_firewall_of_a_public_subnet() {
    let world = World::new(&["0.0.0.0/0 eni-forwarding"]).gateway_table("igw-1", &["10.0.1.0/24 eni-forwarding"]);
    assert_eq!(app(&world).ipv4(), Class::PublicInspected);
    let world = World::new(&["0.0.0.0/0 eni-forwarding"]).gateway_table("igw-1", &["10.0.7.0/24 eni-forwarding"]);
    assert_eq!(app(&world).ipv4(), Class::PrivateNatInstance);
}

#[test]
fn another_network_is_private_and_no_more_is_known() {
    for target in ["tgw-1", "vgw-1", "lgw-1", "arn:aws:networkmanager::1:core-network/core-network-1"] {
        check(&[&format!("0.0.0.0/0 {target}")], Class::PrivateRouted);
        check(&[&format!("10.0.0.0/8 {target}")], Class::Isolated);
    }
}

#[test]
fn a_peer_never_leads_on_to_the_internet() {
    check(&["0.0.0.0/0 pcx-1"], Class::BrokenEgress);
    check(&["0.0.0.0/0 nat-1", "10.0.0.0/8 pcx-1"], Class::PrivateNat);
    check(&["10.0.0.0/8 pcx-1"], Class::Isolated);
    // Public addresses may be the peer's own: that is no way to the internet, and none that is broken.
    let with = |blocks: &[&str]| app(&World::new(&["8.8.0.0/16 pcx-1"]).peer(blocks)).ipv4();
    assert_eq!(with(&["8.8.0.0/16"]), Class::PrivateRouted);
    assert_eq!(with(&["172.16.0.0/16"]), Class::BrokenEgress);
    check(&["8.8.0.0/16 pcx-1"], Class::PrivateRouted);
}

#[test]
fn without_a_route_that_carries_internet_addresses_a_subnet_is_isolated() {
    check(&[], Class::Isolated);
    check(&["0.0.0.0/0 blackhole:igw-1"], Class::Isolated);
    check(&["0.0.0.0/0 blackhole:nat-gone"], Class::Isolated);
    check(&["0.0.0.0/0 filtered:vgw-1"], Class::Isolated);
    check(&["pl-s3 vpce-s3"], Class::Isolated);
}

#[test]
fn a_gateway_endpoint_takes_nothing_of_the_internet_away() {
    check(&["0.0.0.0/0 igw-1", "pl-s3 vpce-s3"], Class::Public);
    check(&["0.0.0.0/0 nat-1", "pl-unlisted vpce-s3"], Class::PrivateNat);
}

#[test]
fn prefix_lists_are_expanded() {
    check(&["pl-world igw-1"], Class::Public);
    check(&["0.0.0.0/0 nat-1", "pl-office igw-1"], Class::PublicPartial);
    check(&["pl-private igw-1"], Class::Isolated);
}

#[test]
fn a_prefix_list_without_entries_is_unknown_only_if_it_could_make_things_worse() {
    check(&["pl-unlisted igw-1"], Class::Unknown);
    check(&["0.0.0.0/0 nat-1", "pl-unlisted igw-1"], Class::Unknown);
    check(&["0.0.0.0/0 nat-1", "pl-unlisted tgw-1"], Class::PrivateNat);
    check(&["0.0.0.0/0 igw-1", "pl-unlisted nat-1"], Class::Public);
}

#[test]
fn a_static_route_beats_a_propagated_one_to_the_same_block() {
    check(&["0.0.0.0/0 nat-1", "0.0.0.0/0 propagated:vgw-1"], Class::PrivateNat);
    check(&["0.0.0.0/0 propagated:vgw-1", "0.0.0.0/0 igw-1"], Class::Public);
    check(&["0.0.0.0/0 igw-1", "0.0.0.0/1 propagated:vgw-1"], Class::PublicPartial);
}

#[test]
fn addresses_of_the_vpc_itself_are_local_even_if_they_are_public_ones() {
    let world = World::new(&["8.8.0.0/16 propagated:vgw-1"]).vpc_block("8.8.0.0/16");
    assert_eq!(app(&world).ipv4(), Class::Isolated);
    check(&["8.8.0.0/16 propagated:vgw-1"], Class::PrivateRouted);
}

#[test]
fn the_families_are_judged_apart() {
    check_ipv6(&["0.0.0.0/0 igw-1"], Class::Isolated);
    check_ipv6(&["::/0 igw-1"], Class::Public);
    check_ipv6(&["2000::/4 igw-1"], Class::PublicPartial);
    check(&["::/0 igw-1"], Class::Isolated);
    let world = World::new(&["0.0.0.0/0 nat-1", "::/0 igw-1"]);
    assert_eq!(app(&world).class(), Class::Public);
    let world = World::new(&["0.0.0.0/0 nat-1", "::/0 eigw-1"]);
    assert_eq!(app(&world).class(), Class::PrivateNat);
}

#[test]
fn an_egress_only_gateway_is_never_public() {
    check_ipv6(&["::/0 eigw-1"], Class::EgressOnly);
}

#[test]
fn a_nat_gateway_carries_ipv6_only_as_translated_addresses() {
    check_ipv6(&["64:ff9b::/96 nat-1"], Class::PrivateNat);
    check_ipv6(&["64:ff9b::/96 nat-in-isolated"], Class::BrokenEgress);
    check_ipv6(&["2000::/3 nat-1"], Class::BrokenEgress);
    check_ipv6(&["::/0 igw-1", "64:ff9b::/96 nat-1"], Class::Public);
}

#[test]
fn a_subnet_without_ipv6_addresses_has_no_ipv6_verdict() {
    let verdict = app(&World::new(&["0.0.0.0/0 nat-1", "::/0 igw-1"]).without_ipv6());
    assert_eq!((verdict.families.len(), verdict.class()), (1, Class::PrivateNat));
}

#[test]
fn a_subnet_without_a_table_uses_the_main_one_of_its_own_vpc() {
    // The main table of vpc-0 sorts first and leads to the internet; the one of vpc-1 does not.
    let world = World::new(&["0.0.0.0/0 igw-1"]).unassociated();
    assert_eq!(app(&world).ipv4(), Class::Isolated);
    assert_eq!(app(&world).route_table.as_deref(), Some("rtb-main"));
    let world = World::new(&["0.0.0.0/0 igw-1"]).association_state("disassociated");
    assert_eq!(app(&world).ipv4(), Class::Isolated);
}

#[test]
fn a_gateways_table_says_nothing_about_how_subnets_send() {
    let world = World::new(&[]).gateway_table("igw-1", &["0.0.0.0/0 igw-1"]);
    assert_eq!(app(&world).ipv4(), Class::Isolated);
}

#[test]
fn block_public_access_decides_over_routes() {
    let cases = [
        ("off", "0.0.0.0/0 igw-1", Class::Public),
        ("block-ingress", "0.0.0.0/0 igw-1", Class::Isolated),
        // A NAT gateway stands here, and what it sends may get through.
        ("block-ingress", "0.0.0.0/0 vpce-firewall", Class::Unknown),
        ("block-ingress", "0.0.0.0/0 nat-1", Class::PrivateNat),
        ("block-ingress", "0.0.0.0/0 nat-regional", Class::PrivateNat),
        ("block-ingress", "0.0.0.0/0 eni-forwarding", Class::BrokenEgress),
        ("block-bidirectional", "0.0.0.0/0 igw-1", Class::Isolated),
        ("block-bidirectional", "0.0.0.0/0 nat-1", Class::BrokenEgress),
        ("block-bidirectional", "0.0.0.0/0 nat-regional", Class::BrokenEgress),
        ("block-everything", "0.0.0.0/0 igw-1", Class::Unknown),
        ("block-everything", "0.0.0.0/0 nat-1", Class::Unknown),
        ("block-everything", "0.0.0.0/0 tgw-1", Class::PrivateRouted),
    ];
    for (mode, route, expected) in cases {
        let world = World::new(&[route]).block_public_access(mode);
        assert_eq!(app(&world).ipv4(), expected, "{mode} {route}");
    }
    let world = World::new(&["0.0.0.0/0 vpce-firewall"]).without("NatGateways").block_public_access("block-ingress");
    assert_eq!(app(&world).ipv4(), Class::BrokenEgress);
    for (mode, expected) in [("block-ingress", Class::EgressOnly), ("block-bidirectional", Class::Isolated)] {
        let world = World::new(&["::/0 eigw-1"]).block_public_access(mode);
        assert_eq!(app(&world).ipv6(), expected, "{mode}");
    }
}

#[test]
fn what_a_nat_gateway_sends_by_a_firewall_is_unknown_where_only_nat_gateways_may_send() {
    for (mode, expected) in
        [("off", Class::PrivateNat), ("block-ingress", Class::Unknown), ("block-bidirectional", Class::BrokenEgress)]
    {
        let world = World::new(&["0.0.0.0/0 nat-before-firewall"]).nat_before_firewall(mode);
        assert_eq!(app(&world).ipv4(), expected, "{mode}");
    }
}

#[test]
fn a_table_that_is_just_being_changed_decides_nothing() {
    for state in ["associating", "disassociating"] {
        let verdict = app(&World::new(&["0.0.0.0/0 igw-1"]).association_state(state));
        assert_eq!(verdict.ipv4(), Class::Unknown, "{state}");
        let gaps: Vec<String> = verdict.family(Family::Ipv4).gaps.iter().map(ToString::to_string).collect();
        assert_eq!(gaps, ["the association of rtb-app with subnet-app is just being changed"]);
    }
    let failed = app(&World::new(&["0.0.0.0/0 igw-1"]).association_state("failed"));
    assert_eq!(failed.ipv4(), Class::Isolated);
}

#[test]
fn what_the_snapshot_does_not_have_is_unknown() {
    let cases = [
        ("0.0.0.0/0 igw-1", "InternetGateways", Kind::InternetGateways),
        ("0.0.0.0/0 nat-1", "NatGateways", Kind::NatGateways),
        ("0.0.0.0/0 vpce-firewall", "VpcEndpoints", Kind::VpcEndpoints),
        ("pl-s3 vpce-s3", "VpcEndpoints", Kind::VpcEndpoints),
        ("0.0.0.0/0 eni-forwarding", "NetworkInterfaces", Kind::NetworkInterfaces),
        ("0.0.0.0/0 eni-forwarding", "Instances", Kind::Instances),
        ("pl-world igw-1", "PrefixLists", Kind::PrefixLists),
    ];
    for (route, member, kind) in cases {
        let verdict = app(&World::new(&[route]).without(member));
        assert_eq!(verdict.ipv4(), Class::Unknown, "{route}");
        assert_eq!(verdict.family(Family::Ipv4).gaps, [Gap::Kind(kind)], "{route}");
    }
    check(&["0.0.0.0/0 nat-unlisted"], Class::Unknown);
    check(&["0.0.0.0/0 igw-unlisted"], Class::Unknown);
    check(&["0.0.0.0/0 xyz-1"], Class::Unknown);
    // What is missing for the way through a NAT gateway is missing for the verdict.
    let verdict = app(&World::new(&["0.0.0.0/0 nat-1"]).without("InternetGateways"));
    assert_eq!(verdict.family(Family::Ipv4).gaps, [Gap::Kind(Kind::InternetGateways)]);
}

#[test]
fn what_no_route_needs_may_be_missing() {
    let world = World::new(&["0.0.0.0/0 tgw-1"]).without("InternetGateways").without("NatGateways");
    assert_eq!(app(&world).ipv4(), Class::PrivateRouted);
}

#[test]
fn the_proof_names_route_share_and_reason() {
    let verdict = app(&World::new(&["0.0.0.0/0 nat-1", "10.0.0.0/8 tgw-1"]));
    let because = "nat-1 is a public NAT gateway in subnet-edge, which is public";
    assert_eq!(verdict.family(Family::Ipv4).proof, [format!("0.0.0.0/0 nat-1 1 {because}")]);
}

#[test]
fn ways_in_circles_come_to_an_end() {
    let world = World::new(&["0.0.0.0/0 vpce-circle"]);
    assert_eq!(app(&world).ipv4(), Class::BrokenEgress);
}

#[test]
fn a_way_through_many_firewalls_is_followed_and_one_through_too_many_is_unknown() {
    for (firewalls, expected) in [(4, Class::PublicInspected), (5, Class::Unknown)] {
        let world = World::new(&["0.0.0.0/0 vpce-chain-1"]).gateway_table("igw-1", &["10.0.1.0/24 vpce-chain-1"]);
        let world = world.chain_of_firewalls(firewalls);
        assert_eq!(app(&world).ipv4(), expected, "{firewalls}");
    }
}
