//! What is one hop behind what is exposed, and what was not known before.

use super::*;

/// The load balancer's group may speak to something, on a port.
fn with_hop(id: &str, port: u16) -> Value {
    spoilt(|account| {
        let group = find(account, "SecurityGroups", "GroupId", id);
        group["IpPermissions"].as_array_mut().unwrap().push(json!({
            "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": [{ "GroupId": "sg-0lb" }],
        }));
    })
}

fn without_groups() -> Value {
    spoilt(|account| {
        account.as_object_mut().unwrap().remove("SecurityGroups");
    })
}

#[test]
fn a_database_that_came_one_hop_behind_the_internet_is_worse() {
    let difference = compare(&clean(), &with_hop("sg-0db", 5432));
    assert_eq!(
        difference.summary(),
        "database orders can now be reached from load balancer web on tcp 5432 by db (sg-0db)"
    );
    assert_eq!(difference.worsened(Severity::High), Some(true));
    assert_eq!(difference.worsened(Severity::Critical), Some(false));
    let back = compare(&with_hop("sg-0db", 5432), &clean());
    assert_eq!(
        back.summary(),
        "database orders can no longer be reached from load balancer web on tcp 5432 by db (sg-0db)"
    );
    assert_eq!((back.hops[0].direction, back.worsened(Severity::Info)), (Direction::Better, Some(false)));
}

#[test]
fn another_hop_is_told_and_does_not_count() {
    let difference = compare(&clean(), &with_hop("sg-0app", 9090));
    assert_eq!(
        difference.summary(),
        "ECS task web can now be reached from load balancer web on tcp 9090 by app (sg-0app)"
    );
    assert_eq!((difference.hops[0].direction, difference.worsened(Severity::Info)), (Direction::Came, Some(false)));
    assert!(difference.table().contains("what can be reached"), "{}", difference.table());
}

#[test]
fn a_hop_by_another_rule_that_says_the_same_makes_no_difference() {
    let other = spoilt(|account| {
        let group = find(account, "SecurityGroups", "GroupId", "sg-0db");
        group["IpPermissions"].as_array_mut().unwrap().push(json!({
            "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{ "CidrIp": "10.20.0.0/16" }],
        }));
    });
    assert_eq!(compare(&with_hop("sg-0db", 5432), &other).hops, []);
}

#[test]
fn what_was_not_known_before_is_not_newly_exposed() {
    let difference = compare(&without_groups(), &clean());
    let texts = exposed(&difference);
    assert!(!texts.is_empty() && texts.iter().all(|text| text.starts_with("known now: ")), "{texts:?}");
    assert_eq!((difference.worsened(Severity::High), difference.worsened(Severity::Critical)), (None, Some(false)));
    assert_eq!(difference.gaps, [Gap::Kind(crate::inventory::gap::Kind::SecurityGroups)]);
    assert!(!difference.summary().contains("newly") && !difference.summary().contains("can now"), "{difference:#?}");
    assert!(difference.summary().contains("load balancer web is exposed, and whether it was so before is not known"));
    assert!(difference.table().contains("unknown"), "{}", difference.table());
    assert!(difference.hops.iter().all(|hop| hop.direction == Direction::KnownNow), "{:?}", difference.hops);
}

#[test]
fn hops_that_cannot_be_told_any_more_are_not_gone() {
    let difference = compare(&with_hop("sg-0db", 5432), &without_groups());
    assert!(difference.hops.iter().all(|hop| hop.direction == Direction::Unknown), "{:?}", difference.hops);
    assert_eq!(difference.worsened(Severity::High), None);
}

#[test]
fn a_finding_of_a_rule_that_could_not_be_asked_before_is_not_new() {
    let difference = compared(&clean(), &clean(), |old, new| {
        old.findings.unknown(Rule::IdleNat, Gap::Kind(crate::inventory::gap::Kind::NatTraffic));
        new.findings.add(finding(Rule::IdleNat, Severity::High, "nat-0clean00000000a1"));
    });
    assert_eq!(difference.findings[0].direction, Direction::KnownNow);
    assert_eq!((difference.worsened(Severity::High), difference.worsened(Severity::Critical)), (None, Some(false)));
    assert_eq!(difference.summary(), "1 finding could not be told before");
}
