//! Whether the internet can begin a conversation with an interface: six conditions, all of which must hold. Pure.
//!
//! Routes both ways, an address that the internet knows, a security group that lets in, a network ACL that lets in and lets answers out, no Block
//! Public Access, and something that runs.

pub mod hop;
pub mod names;
mod proof;
pub mod purpose;
pub mod traffic;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::address::prefix::Family;
use crate::address::set::{AddressSet, internet};
use crate::classify::{FamilyVerdict, Reach, classify_unblocked};
use crate::exposure::purpose::{Purpose, purpose};
use crate::exposure::traffic::{Admitted, Direction, GroupRules, Opening};
use crate::facts::Facts;
use crate::inventory::gap::{Gap, Kind};
use crate::inventory::{Attachment, NetworkInterface, PublicAccess, Subnet};

pub use proof::{Step, ask, prove};

/// A condition of exposure, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// The subnet's routes lead to the internet and back.
    Route,
    /// The interface has an address that the internet knows.
    Address,
    /// A security group lets addresses of the internet in.
    SecurityGroup,
    /// The network ACL lets them in, and answers out.
    NetworkAcl,
    /// Block Public Access does not stand in the way.
    BlockPublicAccess,
    /// It is attached to something that runs.
    Running,
}

impl Condition {
    /// All of them, in order.
    pub const ALL: [Self; 6] =
        [Self::Route, Self::Address, Self::SecurityGroup, Self::NetworkAcl, Self::BlockPublicAccess, Self::Running];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Address => "address",
            Self::SecurityGroup => "security-group",
            Self::NetworkAcl => "network-acl",
            Self::BlockPublicAccess => "block-public-access",
            Self::Running => "running",
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// Whether an interface is exposed in one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All six conditions hold.
    Exposed,
    /// This is the first that does not.
    Stopped(Condition),
    /// None is known not to hold, and this is missing.
    Unknown(Vec<Gap>),
}

/// An interface in one address family, as seen from the internet.
#[derive(Clone, Debug)]
pub struct Exposure<'a> {
    /// The interface.
    pub interface: &'a NetworkInterface,
    /// The subnet it is in, if that is known.
    pub subnet: Option<&'a Subnet>,
    /// What it is there for.
    pub purpose: Arc<Purpose<'a>>,
    /// The family.
    pub family: Family,
    /// Whether it is exposed.
    pub verdict: Verdict,
    /// What the internet can speak to: what gets through group and ACL if it is exposed, else nothing.
    pub openings: Arc<[Opening]>,
}

/// How much of the internet an opening is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Coverage {
    /// Some addresses: at most one in 256.
    Listed,
    /// More than one address in 256, so many that nobody can know them.
    Wide,
    /// Every address.
    Any,
}

impl Coverage {
    /// How much of the internet these addresses are.
    #[must_use]
    pub fn of(addresses: &AddressSet, family: Family) -> Self {
        let whole = internet(family, &[]);
        let part = addresses.intersect(&whole);
        // A VPC's own public addresses are missing from what it sees of the internet.
        if part.size() >= whole.size() - whole.size() / 1024 {
            return Self::Any;
        }
        if part.size() > whole.size() / 256 { Self::Wide } else { Self::Listed }
    }

    /// Whether it is open to people whom nobody knows.
    #[must_use]
    pub fn is_world(self) -> bool {
        self > Self::Listed
    }
}

/// Judges every interface in every family in which it has an address, by id.
#[must_use]
pub fn expose<'a>(facts: &Facts<'a>) -> Vec<Exposure<'a>> {
    let mut court = Court { facts, reach: HashMap::new(), passed: HashMap::new() };
    let mut exposures = Vec::new();
    for interface in facts.inventory.network_interfaces.iter() {
        let purpose = Arc::new(purpose(facts.inventory, interface));
        for family in families(interface) {
            exposures.push(court.judge(interface, Arc::clone(&purpose), family));
        }
    }
    exposures
}

/// The families in which an interface has an address; IPv4 if nothing is known of its addresses.
fn families(interface: &NetworkInterface) -> impl Iterator<Item = Family> {
    let has_ipv6 = !interface.ipv6_addresses.is_empty();
    let has_ipv4 = !interface.private_addresses.is_empty() || !interface.public_addresses.is_empty() || !has_ipv6;
    [(Family::Ipv4, has_ipv4), (Family::Ipv6, has_ipv6)].into_iter().filter(|(_, has)| *has).map(|(family, _)| family)
}

/// What an interface's groups and its subnet's ACL let in is the same for all that share them.
type AdmittedKey<'a> = (Vec<&'a str>, &'a str, Family);

/// What gets through groups and ACL, and if nothing does, why.
#[derive(Clone)]
struct Passed {
    openings: Arc<[Opening]>,
    /// What could not be said of the rest.
    gaps: Arc<[Gap]>,
    /// The condition that is known not to hold.
    stopped: Option<Condition>,
}

struct Court<'f, 'a> {
    facts: &'f Facts<'a>,
    reach: HashMap<(&'a str, Family), Arc<Reach>>,
    passed: HashMap<AdmittedKey<'a>, Passed>,
}

impl<'a> Court<'_, 'a> {
    fn judge(&mut self, interface: &'a NetworkInterface, purpose: Arc<Purpose<'a>>, family: Family) -> Exposure<'a> {
        let subnet = self.facts.inventory.subnets.get(&interface.subnet);
        let mut openings: Arc<[Opening]> = Arc::default();
        let verdict = self.verdict(interface, subnet, &purpose, family, &mut openings);
        if verdict != Verdict::Exposed {
            openings = Arc::default();
        }
        Exposure { interface, subnet, purpose, family, verdict, openings }
    }

    fn verdict(
        &mut self,
        interface: &'a NetworkInterface,
        subnet: Option<&'a Subnet>,
        purpose: &Purpose<'_>,
        family: Family,
        openings: &mut Arc<[Opening]>,
    ) -> Verdict {
        let mut gaps = Vec::new();
        let mut ask = |condition: Condition, answer: Result<bool, Gap>| match answer {
            Ok(true) => None,
            Ok(false) => Some(Verdict::Stopped(condition)),
            Err(gap) => {
                gaps.push(gap);
                None
            }
        };
        let reach = self.reach(interface, subnet, family);
        let early = ask(Condition::Route, route(&reach))
            .or_else(|| ask(Condition::Address, Ok(has_address(interface, family))));
        if let Some(stopped) = early {
            return stopped;
        }
        if *purpose == Purpose::NatGateway {
            return Verdict::Stopped(Condition::SecurityGroup);
        }
        let Passed { openings: found, gaps: missing, stopped } = self.passed(interface, family, &reach);
        if let Some(condition) = stopped {
            return Verdict::Stopped(condition);
        }
        if found.is_empty() {
            gaps.extend(missing.iter().filter(|gap| !gaps.contains(gap)).cloned().collect::<Vec<_>>());
        }
        *openings = found;
        let blocked = subnet.map_or(Ok(true), not_blocked);
        for (condition, answer) in
            [(Condition::BlockPublicAccess, blocked), (Condition::Running, runs(self.facts, interface))]
        {
            match answer {
                Ok(true) => {}
                Ok(false) => return Verdict::Stopped(condition),
                Err(gap) => gaps.push(gap),
            }
        }
        if gaps.is_empty() { Verdict::Exposed } else { Verdict::Unknown(gaps) }
    }

    fn reach(&mut self, interface: &'a NetworkInterface, subnet: Option<&'a Subnet>, family: Family) -> Arc<Reach> {
        let facts = self.facts;
        let entry = self.reach.entry((interface.subnet.as_str(), family));
        Arc::clone(entry.or_insert_with(|| Arc::new(reach(facts, interface, subnet, family))))
    }

    fn passed(&mut self, interface: &'a NetworkInterface, family: Family, reach: &Reach) -> Passed {
        let mut groups: Vec<&str> = interface.groups.iter().map(String::as_str).collect();
        groups.sort_unstable();
        let key = (groups, interface.subnet.as_str(), family);
        if let Some(known) = self.passed.get(&key) {
            return known.clone();
        }
        let passed = pass(self.facts, interface, family, reach);
        self.passed.insert(key, passed.clone());
        passed
    }
}

/// What of the internet in reach gets through groups and ACL.
fn pass(facts: &Facts<'_>, interface: &NetworkInterface, family: Family, reach: &Reach) -> Passed {
    let rules = rules(facts, interface, family);
    let Admitted { openings, mut gaps } = admitted(facts, interface, &rules, family, &reach.certain);
    let mut stopped = None;
    if openings.is_empty() {
        let possible = reach.possible();
        let doubtful = admitted(facts, interface, &rules, family, &reach.doubtful);
        if !doubtful.openings.is_empty() {
            gaps.extend(reach.gaps.iter().cloned());
        }
        gaps.extend(doubtful.gaps);
        gaps.sort();
        gaps.dedup();
        if rules.gaps().is_empty() && rules.admitted(&possible).openings.is_empty() {
            stopped = Some(Condition::SecurityGroup);
        } else {
            let is_shut = gaps.is_empty() || acl_is_shut(facts, interface, family, &possible);
            stopped = is_shut.then_some(Condition::NetworkAcl);
        }
    }
    Passed { openings: openings.into(), gaps: gaps.into(), stopped }
}

/// Whether the ACL is known to let nothing in, whatever the groups may let in.
fn acl_is_shut(facts: &Facts<'_>, interface: &NetworkInterface, family: Family, space: &AddressSet) -> bool {
    let Admitted { openings, gaps } = admitted(facts, interface, &GroupRules::anyone(family), family, space);
    openings.is_empty() && gaps.is_empty()
}

/// The rules of an interface's groups. What has no group is open to everybody.
fn rules<'a>(facts: &Facts<'a>, interface: &NetworkInterface, family: Family) -> GroupRules<'a> {
    if interface.groups.is_empty() {
        return GroupRules::anyone(family);
    }
    GroupRules::of(facts.inventory, &interface.groups, Direction::Ingress, family)
}

/// What the groups and the ACL of an interface let in from a part of the internet.
fn admitted(
    facts: &Facts<'_>,
    interface: &NetworkInterface,
    rules: &GroupRules<'_>,
    family: Family,
    space: &AddressSet,
) -> Admitted {
    let inventory = facts.inventory;
    let acl = inventory.network_acls.known().and_then(|_| {
        let id = inventory.index.acl_of_subnet(&interface.subnet);
        let of_subnet = || format!("the network ACL of {}", interface.subnet);
        let gap = || Gap::Resource { kind: Kind::NetworkAcls, id: of_subnet() };
        inventory.network_acls.find(id.ok_or_else(gap)?)
    });
    match acl {
        Ok(acl) => rules.admitted_through(acl, family, space),
        // Without the ACL only this is certain: what the groups do not let in stays out.
        Err(gap) => {
            let by_group = rules.admitted(space);
            let mut gaps = by_group.gaps;
            if !by_group.openings.is_empty() {
                gaps.push(gap);
            }
            Admitted { openings: Vec::new(), gaps }
        }
    }
}

/// The internet's addresses that can come in by the subnet's routes, Block Public Access apart.
fn reach(facts: &Facts<'_>, interface: &NetworkInterface, subnet: Option<&Subnet>, family: Family) -> Reach {
    let Some(subnet) = subnet else {
        let missing = || Gap::Resource { kind: Kind::Subnets, id: interface.subnet.clone() };
        return Reach::unknown(family, facts.inventory.subnets.find(&interface.subnet).err().unwrap_or_else(missing));
    };
    unblocked(facts, subnet, family).map(|verdict| verdict.into_owned().reach).unwrap_or_default()
}

/// Whether the subnet's routes lead to the internet and back.
fn route(reach: &Reach) -> Result<bool, Gap> {
    match reach.gaps.first() {
        Some(gap) if reach.certain.is_empty() => Err(gap.clone()),
        _ => Ok(!reach.certain.is_empty()),
    }
}

/// The verdict over a subnet as if there were no Block Public Access; `None` if it has no address of the family.
fn unblocked<'v>(facts: &'v Facts<'_>, subnet: &'v Subnet, family: Family) -> Option<Cow<'v, FamilyVerdict<'v>>> {
    let verdict = facts.verdict(&subnet.id)?.family(family)?;
    if subnet.public_access == PublicAccess::Allowed {
        return Some(Cow::Borrowed(verdict));
    }
    Some(Cow::Owned(classify_unblocked(facts.inventory, subnet, family)))
}

fn has_address(interface: &NetworkInterface, family: Family) -> bool {
    match family {
        Family::Ipv4 => !interface.public_addresses.is_empty(),
        Family::Ipv6 => {
            let global = internet(Family::Ipv6, &[]);
            interface.ipv6_addresses.iter().any(|address| global.contains(address.to_bits()))
        }
    }
}

fn not_blocked(subnet: &Subnet) -> Result<bool, Gap> {
    match &subnet.public_access {
        PublicAccess::Allowed => Ok(true),
        PublicAccess::IngressBlocked | PublicAccess::Blocked => Ok(false),
        PublicAccess::Unrecognised(mode) => {
            Err(Gap::NotUnderstood(format!("Block Public Access is in mode `{mode}`, which is not known")))
        }
    }
}

/// Whether an interface is attached to something that runs.
///
/// # Errors
/// It is attached to an instance that the snapshot does not have.
pub fn runs(facts: &Facts<'_>, interface: &NetworkInterface) -> Result<bool, Gap> {
    match &interface.attachment {
        Attachment::Detached => Ok(false),
        Attachment::Service => Ok(true),
        Attachment::Instance(id) => {
            let state = &facts.inventory.instances.find(id)?.state;
            Ok(!matches!(state.as_str(), "stopped" | "stopping" | "terminated" | "shutting-down"))
        }
    }
}

#[cfg(test)]
mod tests;
