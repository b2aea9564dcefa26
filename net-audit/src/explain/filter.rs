//! What security groups and network ACLs make of a conversation.

use crate::address::prefix::Family;
use crate::address::set::AddressSet;
use crate::audit::finding::Resource;
use crate::exposure::traffic::{Direction, EPHEMERAL, GroupRules, answers_by, decide, deciding_entry};
use crate::inventory::gap::{Gap, Kind};
use crate::inventory::{Inventory, NetworkAcl, Peer, Permission, Protocol, SecurityGroup, Subnet};

use super::What;
use super::end::{Groups, Inside};
use super::walk::{Filter, Flow, Side, Walk, addresses, told};

/// Whether a rule that names a group can mean the other end.
#[derive(Clone, Debug)]
pub(super) enum References {
    /// It means it by its group.
    Count,
    /// Source: Amazon VPC User Guide, "Security group rules": not through a middlebox, not over peering between regions.
    Ignored,
    /// It depends on what is not seen.
    Unknown(Gap),
}

/// The rules of one end's groups.
struct GroupFilter<'a> {
    inventory: &'a Inventory,
    groups: &'a [String],
    direction: Direction,
    family: Family,
    rules: GroupRules<'a>,
    /// The groups of the other end.
    others: &'a [String],
    references: &'a References,
    /// Why this end may have more groups.
    more: Option<Gap>,
    /// Why the other end may.
    more_of_other: Option<Gap>,
}

fn unknown_groups(end: &Inside<'_>) -> Gap {
    let id = end.resource().id;
    Gap::NotUnderstood(format!("which security groups {id} has is not said"))
}

/// A conversation's ends as security groups see them.
pub(super) fn groups(
    walk: &mut Walk,
    (end, direction): (&Inside<'_>, Direction),
    other: Option<&Inside<'_>>,
    references: &References,
) {
    let (what, side) = match direction {
        Direction::Ingress => (What::SecurityGroupIn, Side::Source),
        Direction::Egress => (What::SecurityGroupOut, Side::Destination),
    };
    let others = other.map(Inside::group_ids).unwrap_or_default();
    let ids = match end.groups {
        Groups::Of([]) if end.has_unknown_groups() => {
            return walk.ask(what, Some(end.resource()), Err(unknown_groups(end)));
        }
        Groups::Of([]) => {
            let because = "it has no security group, so nothing is held back".to_owned();
            return walk.ask(what, Some(end.resource()), Ok((true, because)));
        }
        Groups::Unsaid => {
            let because =
                "nothing is known to stand there: what is put there brings security groups of its own".to_owned();
            return walk.ask(what, Some(end.resource()), Ok((true, because)));
        }
        Groups::Of(ids) => ids,
    };
    let (inventory, family) = (end.facts.inventory, walk.family);
    let rules = GroupRules::of(inventory, ids, direction, family);
    let unsaid = |end: &Inside<'_>| end.has_unknown_groups().then(|| unknown_groups(end));
    let (more, more_of_other) = (unsaid(end), other.and_then(unsaid));
    let filter =
        GroupFilter { inventory, groups: ids, direction, family, rules, others, references, more, more_of_other };
    let resource = ids.first().map(|id| {
        let label = inventory.security_groups.get(id).map(SecurityGroup::label);
        Resource::new(id.as_str(), label)
    });
    walk.narrow(what, resource, side, &filter);
}

/// The permissions of groups in one direction.
pub(super) fn permissions<'a>(
    inventory: &'a Inventory,
    groups: &'a [String],
    direction: Direction,
) -> impl Iterator<Item = (&'a SecurityGroup, &'a Permission)> {
    let groups = groups.iter().filter_map(|id| inventory.security_groups.get(id));
    groups.flat_map(move |group| {
        let permissions = if direction == Direction::Ingress { &group.ingress } else { &group.egress };
        permissions.iter().map(move |permission| (group, permission))
    })
}

impl<'a> GroupFilter<'a> {
    fn speaking(&self, flow: &Flow) -> impl Iterator<Item = (&'a SecurityGroup, &'a Peer)> {
        let (protocol, port) = (flow.protocol, flow.ports.first);
        let all = permissions(self.inventory, self.groups, self.direction);
        let speaking = all.filter(move |(_, rule)| rule.protocol.covers(protocol) && rule.ports.contain(port));
        speaking.flat_map(|(group, rule)| rule.peers.iter().map(move |peer| (group, peer)))
    }

    fn names_other(&self, peer: &Peer) -> bool {
        matches!(peer, Peer::Group(id) if self.others.contains(id))
    }

    fn fits(&self, peer: &Peer, ends: &AddressSet) -> bool {
        let meets = |block: &crate::address::prefix::Prefix| {
            block.family() == self.family && !AddressSet::from(*block).intersect(ends).is_empty()
        };
        match peer {
            Peer::Block(block) => meets(block),
            Peer::PrefixList(id) => {
                self.inventory.prefix_lists.get(id).is_some_and(|list| list.blocks.iter().any(meets))
            }
            Peer::Group(_) => self.names_other(peer) && matches!(self.references, References::Count),
            Peer::Unknown => false,
        }
    }

    fn side(&self) -> Side {
        if self.direction == Direction::Ingress { Side::Source } else { Side::Destination }
    }

    fn way(&self) -> &'static str {
        if self.direction == Direction::Ingress { "in from" } else { "out to" }
    }

    /// What the rules are for, in short.
    fn offer(&self) -> String {
        let all = permissions(self.inventory, self.groups, self.direction);
        let texts = all.flat_map(|(_, rule)| {
            let traffic = rule.protocol.with(rule.ports);
            let peers = rule.peers.iter().map(name_of);
            peers.map(move |peer| format!("{traffic} {} {peer}", self.way())).collect::<Vec<_>>()
        });
        let texts: Vec<String> = texts.collect();
        match texts.as_slice() {
            [] => "it has no such rule at all".to_owned(),
            [one] => format!("it lets {one}"),
            [one, two] => format!("it lets {one}, and {two}"),
            [one, two, rest @ ..] => format!("it lets {one}, {two}, and {} more", rest.len()),
        }
    }
}

fn name_of(peer: &Peer) -> String {
    match peer {
        Peer::Block(block) if block.length() == 0 => format!("anywhere ({block})"),
        Peer::Block(block) => block.to_string(),
        Peer::PrefixList(id) | Peer::Group(id) => id.clone(),
        Peer::Unknown => "what is not known before Terraform is applied".to_owned(),
    }
}

impl Filter for GroupFilter<'_> {
    fn passes(&self, flow: &Flow) -> (AddressSet, Vec<Gap>) {
        let mut gaps: Vec<Gap> = self.rules.gaps().iter().chain(&self.more).cloned().collect();
        let names_a_group = self.speaking(flow).any(|(_, peer)| matches!(peer, Peer::Group(_)));
        if names_a_group && !matches!(self.references, References::Ignored) {
            gaps.extend(self.more_of_other.clone());
        }
        if self.speaking(flow).any(|(_, peer)| self.names_other(peer)) {
            match self.references {
                References::Count => return (AddressSet::whole(self.family), Vec::new()),
                References::Ignored => {}
                References::Unknown(gap) => gaps.push(gap.clone()),
            }
        }
        (self.rules.addresses(flow.protocol, flow.ports.first), gaps)
    }

    fn why(&self, flows: &[Flow]) -> String {
        let rule = flows.first().and_then(|flow| {
            let ends = flow.side(self.side());
            self.speaking(flow).find(|(_, peer)| self.fits(peer, ends))
        });
        let traffic = told(flows);
        match rule {
            Some((group, peer)) => format!("{} lets {traffic} {} {}", group.id, self.way(), name_of(peer)),
            None => format!("{} lets {traffic} through", self.groups.join(", ")),
        }
    }

    fn why_not(&self, flows: &[Flow]) -> String {
        let ends = flows.first().map(|flow| addresses(flow.side(self.side()), self.family)).unwrap_or_default();
        let named = flows.iter().any(|flow| self.speaking(flow).any(|(_, peer)| self.names_other(peer)));
        let groups = self.groups.join(", ");
        let (traffic, way) = (asked(flows), self.way());
        if named {
            return format!(
                "{groups}: the rule that lets {traffic} {way} the other end names its group, which does not count on this way"
            );
        }
        format!("no rule of {groups} lets {traffic} {way} {ends}; {}", self.offer())
    }
}

/// What was asked about, for people.
fn asked(flows: &[Flow]) -> String {
    let any = flows.iter().any(|flow| flow.protocol == Protocol::All);
    if any { "anything".to_owned() } else { told(flows) }
}

/// The rules of one subnet's network ACL.
struct AclFilter<'a> {
    acl: &'a NetworkAcl,
    direction: Direction,
    family: Family,
    side: Side,
    /// Whether it is about what comes back.
    answers: bool,
}

/// The network ACL of a subnet.
pub(super) fn acl_of<'a>(inventory: &'a Inventory, subnet: &Subnet) -> Result<&'a NetworkAcl, Gap> {
    inventory.network_acls.known()?;
    let of_subnet = || Gap::Resource { kind: Kind::NetworkAcls, id: format!("the network ACL of {}", subnet.id) };
    inventory.network_acls.find(inventory.index.acl_of_subnet(&subnet.id).ok_or_else(of_subnet)?)
}

/// What a subnet's ACL lets in or out, of a conversation that has its other end on `side`.
pub(super) fn acl(walk: &mut Walk, (inventory, subnet): (&Inventory, &Subnet), what: What, side: Side) {
    let (direction, answers) = match what {
        What::NetworkAclIn => (Direction::Ingress, false),
        What::AnswerAclOut => (Direction::Egress, true),
        What::AnswerAclIn => (Direction::Ingress, true),
        _ => (Direction::Egress, false),
    };
    match acl_of(inventory, subnet) {
        Err(gap) => walk.ask(what, Some(Resource::new(subnet.id.as_str(), subnet.name())), Err(gap)),
        Ok(acl) => {
            let filter = AclFilter { acl, direction, family: walk.family, side, answers };
            let place = subnet.name().unwrap_or(&subnet.id);
            let name = acl.tags.name().map_or_else(|| format!("of {place}"), |name| format!("{name}, of {place}"));
            walk.narrow(what, Some(Resource::new(acl.id.as_str(), Some(&name))), side, &filter);
        }
    }
}

impl AclFilter<'_> {
    fn way(&self) -> &'static str {
        if self.direction == Direction::Ingress { "in from" } else { "out to" }
    }

    /// The port that tells for all.
    fn port(&self, flow: &Flow) -> u16 {
        match (self.answers, flow.protocol.has_ports()) {
            (true, true) => EPHEMERAL.last,
            (true, false) => 0,
            (false, _) => flow.ports.first,
        }
    }
}

impl Filter for AclFilter<'_> {
    fn passes(&self, flow: &Flow) -> (AddressSet, Vec<Gap>) {
        let decision = if self.answers {
            answers_by(self.acl, self.direction, self.family, flow.protocol)
        } else {
            decide(self.acl, self.direction, self.family, flow.protocol, flow.ports.first)
        };
        (decision.allowed, decision.gaps)
    }

    fn why(&self, flows: &[Flow]) -> String {
        let id = &self.acl.id;
        let (traffic, way) = (told(flows), self.way());
        let ends = flows.first().map(|flow| addresses(flow.side(self.side), self.family)).unwrap_or_default();
        if self.answers {
            return format!("{id} lets answers {way} {ends}");
        }
        let entry = flows.first().and_then(|flow| {
            let first = flow.side(self.side).prefixes(self.family).first().map(|block| block.first())?;
            deciding_entry(self.acl, self.direction, (self.family, first), flow.protocol, self.port(flow))
        });
        match entry {
            Some(entry) => format!("entry {} of {id} lets {traffic} {way} {ends}", entry.number),
            None => format!("{id} lets {traffic} {way} {ends}"),
        }
    }

    fn why_not(&self, flows: &[Flow]) -> String {
        let id = &self.acl.id;
        let Some(flow) = flows.first() else { return format!("{id} lets nothing through") };
        let ends = addresses(flow.side(self.side), self.family);
        let first = flow.side(self.side).prefixes(self.family).first().map(|block| block.first());
        let entry = first.and_then(|first| {
            deciding_entry(self.acl, self.direction, (self.family, first), flow.protocol, self.port(flow))
        });
        let what = if self.answers {
            let ports =
                if flow.protocol.has_ports() { format!(" ({} {EPHEMERAL})", flow.protocol) } else { String::new() };
            format!("answers{ports}")
        } else {
            asked(flows)
        };
        // The final entry that denies everything is no decision of anybody's.
        let way = self.way();
        match entry.filter(|entry| entry.number < 32767) {
            Some(entry) => format!("entry {} of {id} denies {what} {way} {ends}", entry.number),
            None => format!("no entry of {id} lets {what} {way} {ends}"),
        }
    }
}
