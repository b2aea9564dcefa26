//! A conversation between two ends inside: in one subnet, in one VPC, or between two.

use crate::address::prefix::Family;
use crate::exposure::traffic::Direction;
use crate::inventory::{AclEntry, Permission};

use super::end::Inside;
use super::filter::{References, acl, acl_of, groups, permissions};
use super::leg::{Bound, Leg};
use super::walk::{Side, Walk, flows};
use super::{Service, What};

/// The rules that tell traffic apart on the way.
pub(super) struct Rules<'a> {
    permissions: Vec<&'a Permission>,
    entries: Vec<&'a AclEntry>,
}

impl<'a> Rules<'a> {
    pub(super) fn new() -> Self {
        Self { permissions: Vec::new(), entries: Vec::new() }
    }

    pub(super) fn of(mut self, end: &Inside<'a>, direction: Direction) -> Self {
        let inventory = end.facts.inventory;
        self.permissions.extend(permissions(inventory, end.group_ids(), direction).map(|(_, rule)| rule));
        self.entries.extend(acl_of(inventory, end.subnet).map(|acl| acl.entries.as_slice()).unwrap_or_default());
        self
    }

    pub(super) fn walk(
        &self,
        family: Family,
        service: Option<Service>,
        ends: (&crate::address::set::AddressSet, &crate::address::set::AddressSet),
    ) -> Walk {
        Walk::new(family, flows(service, ends, &self.permissions, &self.entries))
    }
}

/// Asks whether an end runs, if it is something that can be stopped.
pub(super) fn running(walk: &mut Walk, end: &Inside<'_>) {
    if let Some((resource, answer)) = end.running() {
        walk.ask(What::Running, Some(resource), answer);
    }
}

/// Nobody can begin a conversation with a NAT gateway.
pub(super) fn listens(walk: &mut Walk, end: &Inside<'_>) {
    if end.is_nat_gateway() {
        let because = "nobody can begin a conversation with a NAT gateway".to_owned();
        walk.ask(What::NatGateway, Some(end.resource()), Ok((false, because)));
    }
}

/// Walks from one end to the other and back.
pub(super) fn within<'a>(from: &Inside<'a>, to: &Inside<'a>, family: Family, service: Option<Service>) -> Walk {
    let rules = Rules::new().of(from, Direction::Egress).of(to, Direction::Ingress);
    let mut walk = rules.walk(family, service, (from.addresses(family), to.addresses(family)));
    running(&mut walk, from);
    running(&mut walk, to);
    listens(&mut walk, to);
    if from.subnet.id == to.subnet.id {
        groups(&mut walk, (from, Direction::Egress), Some(to), &References::Count);
        let because = format!("both are in {}: no route and no network ACL stands between them", from.subnet.id);
        walk.ask(What::SameSubnet, Some(from.place()), Ok((true, because)));
        groups(&mut walk, (to, Direction::Ingress), Some(from), &References::Count);
        return walk;
    }
    let across = from.subnet.vpc != to.subnet.vpc;
    let (ours, theirs) = ((from.facts.inventory, from.subnet), (to.facts.inventory, to.subnet));
    let there = Leg::find(from, to, family, Bound::There);
    let mut back = Leg::find(to, from, family, Bound::Back);
    back.must_go_by(&there, to, across);
    let references = there.references.clone();
    groups(&mut walk, (from, Direction::Egress), Some(to), &references);
    acl(&mut walk, ours, What::NetworkAclOut, Side::Destination);
    there.walk(&mut walk);
    acl(&mut walk, theirs, What::NetworkAclIn, Side::Source);
    groups(&mut walk, (to, Direction::Ingress), Some(from), &references);
    acl(&mut walk, theirs, What::AnswerAclOut, Side::Source);
    back.walk(&mut walk);
    acl(&mut walk, ours, What::AnswerAclIn, Side::Destination);
    walk
}
