//! What gets through, case by case; [`reference`] compares with a look at every rule. Rules are written as [`notation`] reads them.

mod notation;
mod reference;

use super::*;
use crate::inventory::NetworkAcl;
use crate::inventory::gap::Kind;
use notation::{acl, groups, protocol, told};

/// Lets everything in and out.
const OPEN: &[&str] = &["100 in allow all 0.0.0.0/0", "100 out allow all 0.0.0.0/0"];

/// What a group with these rules lets in of one protocol, by itself.
fn check(rules: &[&str], of: &str, expected: &[&str]) {
    let inventory = groups(&[("sg-1", rules)]);
    let rules_of = GroupRules::of(&inventory, &["sg-1".to_owned()], Direction::Ingress, Family::Ipv4);
    let admitted = rules_of.admitted(&AddressSet::whole(Family::Ipv4));
    assert_eq!(told(&admitted, protocol(of), Family::Ipv4), expected, "{rules:?}");
    assert_eq!(admitted.gaps, [], "{rules:?}");
}

/// What groups and an ACL let in from these addresses.
fn through(rules: &GroupRules<'_>, acl: &NetworkAcl, family: Family, space: &AddressSet) -> Admitted {
    rules.admitted_from(&Space::known(space.clone()), Some(&AclTable::new(acl, family)))
}

/// What gets through a network ACL, and is answered, if the groups let everybody speak to every port.
fn check_acl(entries: &[&str], of: &str, expected: &[&str]) {
    let everyone = GroupRules::anyone(Family::Ipv4);
    let admitted = through(&everyone, &acl(entries), Family::Ipv4, &AddressSet::whole(Family::Ipv4));
    assert_eq!(told(&admitted, protocol(of), Family::Ipv4), expected, "{entries:?}");
    assert_eq!(admitted.gaps, [], "{entries:?}");
}

#[test]
fn two_halves_are_anywhere() {
    check(&["tcp:22 0.0.0.0/1,128.0.0.0/1"], "tcp", &["22 0.0.0.0/0"]);
    check(&["tcp:22 0.0.0.0/1", "tcp:22 128.0.0.0/1"], "tcp", &["22 0.0.0.0/0"]);
    check(&["tcp:22 pl-halves"], "tcp", &["22 0.0.0.0/0"]);
}

#[test]
fn ports_are_told_apart_where_a_rule_begins_or_ends_and_only_there() {
    check(&["tcp:22-80 8.0.0.0/8", "tcp:81-443 8.0.0.0/8"], "tcp", &["22-443 8.0.0.0/8"]);
    check(
        &["tcp:22-80 8.0.0.0/8", "tcp:80-443 9.0.0.0/8"],
        "tcp",
        &["22-79 8.0.0.0/8", "80 8.0.0.0/7", "81-443 9.0.0.0/8"],
    );
    check(&["tcp:0-65535 8.0.0.0/8"], "tcp", &["all ports 8.0.0.0/8"]);
    check(&["tcp:65535 8.0.0.0/8", "tcp:0 8.0.0.0/8"], "tcp", &["0 8.0.0.0/8", "65535 8.0.0.0/8"]);
}

#[test]
fn a_rule_for_one_protocol_says_nothing_of_another() {
    check(&["tcp:53 8.0.0.0/8"], "udp", &[]);
    check(&["udp:53 8.0.0.0/8"], "udp", &["53 8.0.0.0/8"]);
    check(&["47 8.0.0.0/8"], "47", &["all ports 8.0.0.0/8"]);
    check(&["47 8.0.0.0/8"], "all", &[]);
}

#[test]
fn a_rule_for_all_protocols_is_one_for_each() {
    for protocol in ["tcp", "udp", "icmp", "icmpv6", "all"] {
        check(&["all 8.0.0.0/8"], protocol, &["all ports 8.0.0.0/8"]);
    }
    check(&["all 8.0.0.0/8", "47 9.0.0.0/8"], "47", &["all ports 8.0.0.0/7"]);
    check(&["all 8.0.0.0/8", "47 9.0.0.0/8"], "all", &["all ports 8.0.0.0/8"]);
}

#[test]
fn whoever_has_a_group_is_no_address() {
    check(&["tcp:5432 sg-2"], "tcp", &[]);
    check(&["tcp:5432 sg-2,8.8.8.8/32"], "tcp", &["5432 8.8.8.8/32"]);
}

#[test]
fn groups_add_up() {
    let inventory = groups(&[("sg-1", &["tcp:22 0.0.0.0/1"]), ("sg-2", &["tcp:22 128.0.0.0/1"])]);
    let both = ["sg-1".to_owned(), "sg-2".to_owned()];
    let rules = GroupRules::of(&inventory, &both, Direction::Ingress, Family::Ipv4);
    assert_eq!(rules.addresses(Protocol::TCP, 22), AddressSet::whole(Family::Ipv4));
    assert_eq!(rules.addresses(Protocol::TCP, 23), AddressSet::default());
}

#[test]
fn a_rule_of_the_other_family_is_none() {
    check(&["tcp:22 ::/0"], "tcp", &[]);
}

#[test]
fn the_first_entry_that_fits_decides() {
    check_acl(
        &["90 in deny tcp:22 0.0.0.0/0", "100 in allow tcp:22 0.0.0.0/0", "100 out allow all 0.0.0.0/0"],
        "tcp",
        &[],
    );
    check_acl(
        &["90 in allow tcp:22 8.0.0.0/8", "100 in deny all 0.0.0.0/0", "100 out allow all 0.0.0.0/0"],
        "tcp",
        &["22 8.0.0.0/8"],
    );
    check_acl(
        &["90 in deny tcp:22 8.0.0.0/8", "100 in allow tcp:22 8.0.0.0/7", "100 out allow all 0.0.0.0/0"],
        "tcp",
        &["22 9.0.0.0/8"],
    );
    // A denial of another protocol, port, way or family fits nothing here.
    let beside = [
        "10 in deny udp:22 0.0.0.0/0",
        "20 in deny tcp:23 0.0.0.0/0",
        "30 out deny tcp:22 0.0.0.0/0",
        "40 in deny all ::/0",
    ];
    let mut entries = beside.to_vec();
    entries.extend(["90 in allow tcp:22 0.0.0.0/0", "100 out allow all 0.0.0.0/0"]);
    check_acl(&entries, "tcp", &["22 0.0.0.0/0"]);
}

#[test]
fn entries_are_read_by_number_in_whichever_order_they_stand() {
    let entries = ["100 in allow all 0.0.0.0/0", "90 in deny all 8.0.0.0/8", "100 out allow all 0.0.0.0/0"];
    let acl = acl(&entries);
    let decision = decide(&acl, Direction::Ingress, Family::Ipv4, Protocol::TCP, 22);
    assert_eq!(decision.allowed, AddressSet::whole(Family::Ipv4).subtract(&AddressSet::from(block("8.0.0.0/8"))));
}

#[test]
fn where_no_entry_fits_nothing_gets_through() {
    check_acl(&[], "tcp", &[]);
    check_acl(&["100 in allow all 0.0.0.0/0"], "tcp", &[]);
    check_acl(&["100 out allow all 0.0.0.0/0"], "tcp", &[]);
    check_acl(OPEN, "tcp", &["all ports 0.0.0.0/0"]);
}

#[test]
fn an_answer_of_tcp_has_to_get_out_to_some_port_whichever_the_attacker_has_to_ask_from() {
    let inward = "100 in allow tcp:443 0.0.0.0/0";
    for (outward, expected) in [
        ("100 out allow tcp:1024-65535 0.0.0.0/0", &["443 0.0.0.0/0"][..]),
        ("100 out allow tcp:443 0.0.0.0/0", &["443 0.0.0.0/0"]),
        ("100 out allow tcp:0 8.0.0.0/8", &["443 8.0.0.0/8"]),
        ("100 out allow tcp:65535 8.0.0.0/8", &["443 8.0.0.0/8"]),
        ("100 out allow udp:1024-65535 0.0.0.0/0", &[]),
        ("100 out allow all 8.0.0.0/8", &["443 8.0.0.0/8"]),
        ("100 out deny all 0.0.0.0/0", &[]),
    ] {
        check_acl(&[inward, outward], "tcp", expected);
    }
    let narrow = ["50 out deny tcp:0-60000 0.0.0.0/0", "60 out allow tcp:0-60000 8.0.0.0/8"];
    check_acl(&[inward, narrow[0], narrow[1]], "tcp", &[]);
}

#[test]
fn what_needs_no_answer_does_its_work_by_coming_in() {
    for protocol in ["udp:11211", "icmp", "47"] {
        let inward = format!("100 in allow {protocol} 8.0.0.0/8");
        let (name, ports) = protocol.split_once(':').unwrap_or((protocol, "all ports"));
        check_acl(&[&inward], name, &[&format!("{ports} 8.0.0.0/8")]);
    }
}

#[test]
fn groups_and_acl_have_to_agree_on_port_and_address() {
    let inventory = groups(&[("sg-1", &["tcp:20-30 8.0.0.0/7"])]);
    let rules = GroupRules::of(&inventory, &["sg-1".to_owned()], Direction::Ingress, Family::Ipv4);
    let acl = acl(&["100 in allow tcp:25-40 8.0.0.0/8", "100 out allow all 0.0.0.0/0"]);
    let admitted = through(&rules, &acl, Family::Ipv4, &AddressSet::from(block("8.8.0.0/16")));
    assert_eq!(told(&admitted, Protocol::TCP, Family::Ipv4), ["25-30 8.8.0.0/16"]);
}

#[test]
fn what_is_not_known_before_apply_is_a_gap_and_no_opening() {
    let inventory = groups(&[("sg-1", &["tcp:22 ?", "tcp:80 8.0.0.0/8"])]);
    let rules = GroupRules::of(&inventory, &["sg-1".to_owned()], Direction::Ingress, Family::Ipv4);
    let admitted = rules.admitted(&AddressSet::whole(Family::Ipv4));
    assert_eq!(told(&admitted, Protocol::TCP, Family::Ipv4), ["80 8.0.0.0/8"]);
    let most = Admitted { openings: admitted.possible.clone(), ..Admitted::default() };
    assert_eq!(told(&most, Protocol::TCP, Family::Ipv4), ["22 0.0.0.0/0", "80 8.0.0.0/8"]);
    let texts: Vec<String> = admitted.gaps.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["whom a rule of sg-1 is for is not known before Terraform is applied"]);
}

#[test]
fn an_entry_for_an_unknown_block_leaves_all_that_comes_after_it_open() {
    let acl = acl(&["10 in allow tcp:22 8.0.0.0/8", "20 in deny all ?", "30 in allow all 0.0.0.0/0"]);
    let decision = decide(&acl, Direction::Ingress, Family::Ipv4, Protocol::TCP, 22);
    assert_eq!(decision.allowed, AddressSet::from(block("8.0.0.0/8")));
    let texts: Vec<String> = decision.gaps.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["whom entry 20 of acl-1 is for is not known before Terraform is applied"]);
    // Nothing is left to decide after an entry for everybody.
    let acl = notation::acl(&["10 in deny all 0.0.0.0/0", "20 in allow all ?"]);
    assert_eq!(decide(&acl, Direction::Ingress, Family::Ipv4, Protocol::TCP, 22), AclDecision::default());
}

#[test]
fn groups_and_lists_that_are_not_there_are_gaps() {
    let inventory = groups(&[("sg-1", &["tcp:22 pl-unlisted"])]);
    let rules = GroupRules::of(&inventory, &["sg-1".to_owned(), "sg-9".to_owned()], Direction::Ingress, Family::Ipv4);
    let missing = |kind: Kind, id: &str| Gap::Resource { kind, id: id.to_owned() };
    assert_eq!(rules.gaps(), [missing(Kind::PrefixLists, "pl-unlisted"), missing(Kind::SecurityGroups, "sg-9")]);
    assert!(rules.is_empty());
    // The list could let anybody speak to port 22, the group anything.
    let most = rules.admitted(&AddressSet::whole(Family::Ipv4));
    assert_eq!((most.openings, most.gaps.len()), (Vec::new(), 2));
    assert!(most.possible.iter().any(|opening| opening.protocol == Protocol::All));
}

#[test]
fn what_is_not_known_is_no_gap_where_it_changes_nothing() {
    let inventory = groups(&[("sg-1", &["tcp:22 pl-unlisted", "tcp:22 0.0.0.0/0"])]);
    let rules = GroupRules::of(&inventory, &["sg-1".to_owned()], Direction::Ingress, Family::Ipv4);
    let admitted = rules.admitted(&AddressSet::whole(Family::Ipv4));
    assert_eq!((admitted.gaps.len(), &admitted.possible), (0, &admitted.openings));
    // What the ACL lets nobody speak to is shut, whatever the groups may say.
    let unknown = GroupRules::of(&inventory, &["sg-9".to_owned()], Direction::Ingress, Family::Ipv4);
    let shut = through(&unknown, &acl(&["100 in deny all 0.0.0.0/0"]), Family::Ipv4, &AddressSet::whole(Family::Ipv4));
    assert_eq!(shut, Admitted::default());
}

fn block(text: &str) -> Prefix {
    text.parse().unwrap()
}

#[test]
fn thousands_of_rules_are_told_apart() {
    let rules: Vec<String> = (0..2000_u32)
        .map(|at| format!("tcp:{}-{} {}.{}.0.0/16", 1000 + at * 32, 1010 + at * 32, 11 + at % 200, at / 200))
        .collect();
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    let inventory = groups(&[("sg-1", &rules)]);
    let of_groups = GroupRules::of(&inventory, &["sg-1".to_owned()], Direction::Ingress, Family::Ipv4);
    let admitted = through(&of_groups, &acl(OPEN), Family::Ipv4, &AddressSet::whole(Family::Ipv4));
    assert_eq!(admitted.openings.len(), 2000);
}
