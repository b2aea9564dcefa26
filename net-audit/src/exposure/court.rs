//! Judges one interface after the other; what several share is worked out once.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Condition, Exposure, Verdict, whole};
use crate::address::prefix::Family;
use crate::address::set::AddressSet;
use crate::classify::{FamilyVerdict, Reach, classify_unblocked};
use crate::exposure::purpose::Purpose;
use crate::exposure::traffic::{AclTable, Admitted, GroupRules, Opening, Space};
use crate::facts::Facts;
use crate::inventory::gap::{Gap, Kind};
use crate::inventory::{Attachment, NetworkInterface, PublicAccess, Subnet};

/// What an interface's groups and its subnet's ACL let in is the same for all that share them.
pub(super) type Key<'a> = (Vec<&'a str>, &'a str, Family);

pub(super) fn key(interface: &NetworkInterface, family: Family) -> Key<'_> {
    let mut groups: Vec<&str> = interface.groups.iter().map(String::as_str).collect();
    // What is not known is not shared.
    groups.extend(interface.has_unknown_groups.then_some(interface.id.as_str()));
    groups.sort_unstable();
    (groups, interface.subnet.as_str(), family)
}

/// What gets through groups and ACL, and if nothing does, why.
struct Passed {
    openings: Arc<[Opening]>,
    possible: Arc<[Opening]>,
    /// Why there may be more than is certain.
    gaps: Vec<Gap>,
    /// The condition that is known not to hold.
    stopped: Option<Condition>,
}

pub(super) struct Court<'f, 'a> {
    pub(super) facts: &'f Facts<'a>,
    reach: HashMap<(&'f str, Family), Arc<Reach>>,
    tables: HashMap<(&'f str, Family), Arc<AclTable>>,
    passed: HashMap<Key<'f>, Arc<Passed>>,
    /// The same of all the internet, whatever the routes.
    passed_anyway: HashMap<Key<'f>, Arc<Passed>>,
    /// VPCs into which an accelerator comes.
    accelerated: HashSet<&'f str>,
}

/// An accelerator comes in by an interface of its own and keeps the client's address, to which no route of the subnet and no public address is needed. Source:
/// AWS Global Accelerator Developer Guide, "Client IP address preservation".
fn is_accelerator(interface: &NetworkInterface) -> bool {
    interface.kind == "global_accelerator_managed" || interface.description.starts_with("GlobalAccelerator")
}

impl<'f, 'a> Court<'f, 'a> {
    pub(super) fn new(facts: &'f Facts<'a>) -> Self {
        let inventory = facts.inventory;
        let places = inventory.network_interfaces.iter().filter(|interface| is_accelerator(interface));
        let accelerated = places.filter_map(|interface| inventory.subnets.get(&interface.subnet));
        let accelerated = accelerated.map(|subnet| subnet.vpc.as_str()).collect();
        let (passed, passed_anyway) = (HashMap::new(), HashMap::new());
        Self { facts, reach: HashMap::new(), tables: HashMap::new(), passed, passed_anyway, accelerated }
    }

    pub(super) fn judge(
        &mut self,
        interface: &'a NetworkInterface,
        purpose: Arc<Purpose<'a>>,
        family: Family,
    ) -> Exposure<'a>
    where
        'a: 'f,
    {
        let subnet = self.facts.inventory.subnets.get(&interface.subnet);
        let (verdict, passed) = self.verdict(interface, subnet, &purpose, family);
        let mut exposure = Exposure {
            interface,
            subnet,
            purpose,
            family,
            verdict,
            openings: Arc::default(),
            possible: Arc::default(),
            doubts: Vec::new(),
        };
        if let (Some(passed), false) = (passed, matches!(exposure.verdict, Verdict::Stopped(_))) {
            exposure.possible = Arc::clone(&passed.possible);
            if exposure.verdict == Verdict::Exposed {
                exposure.openings = Arc::clone(&passed.openings);
                exposure.doubts.clone_from(&passed.gaps);
            }
        }
        exposure
    }

    fn verdict(
        &mut self,
        interface: &'f NetworkInterface,
        subnet: Option<&'f Subnet>,
        purpose: &Purpose<'_>,
        family: Family,
    ) -> (Verdict, Option<Arc<Passed>>) {
        let mut gaps = Vec::new();
        let reach = self.reach(interface, subnet, family);
        for (condition, answer) in
            [(Condition::Route, route(&reach)), (Condition::Address, Ok(has_address(interface, family)))]
        {
            match answer {
                Ok(true) => {}
                Ok(false) => {
                    let by_accelerator = self.by_accelerator(interface, subnet, purpose, family);
                    return by_accelerator.unwrap_or((Verdict::Stopped(condition), None));
                }
                Err(gap) => gaps.push(gap),
            }
        }
        if *purpose == Purpose::NatGateway {
            return (Verdict::Stopped(Condition::SecurityGroup), None);
        }
        let passed = self.passed(interface, family, &reach);
        if let Some(condition) = passed.stopped {
            return (Verdict::Stopped(condition), None);
        }
        if passed.openings.is_empty() {
            gaps.extend(passed.gaps.iter().filter(|gap| !gaps.contains(gap)).cloned().collect::<Vec<_>>());
        }
        let blocked = subnet.map_or(Ok(true), not_blocked);
        for (condition, answer) in
            [(Condition::BlockPublicAccess, blocked), (Condition::Running, runs(self.facts, interface))]
        {
            match answer {
                Ok(true) => {}
                Ok(false) => return (Verdict::Stopped(condition), None),
                Err(gap) => gaps.push(gap),
            }
        }
        let verdict = if gaps.is_empty() { Verdict::Exposed } else { Verdict::Unknown(gaps) };
        (verdict, Some(passed))
    }

    /// What can be said of what no route or no address keeps from an accelerator; `None` if none comes in, or something else keeps it out.
    ///
    /// Block Public Access holds for accelerators too. Source: Amazon VPC User Guide, "VPC BPA basics".
    fn by_accelerator(
        &mut self,
        interface: &'f NetworkInterface,
        subnet: Option<&'f Subnet>,
        purpose: &Purpose<'_>,
        family: Family,
    ) -> Option<(Verdict, Option<Arc<Passed>>)> {
        let could_be_endpoint = matches!(purpose, Purpose::Instance { .. } | Purpose::LoadBalancer { .. });
        let subnet = subnet.filter(|subnet| could_be_endpoint && self.accelerated.contains(subnet.vpc.as_str()))?;
        if not_blocked(subnet) == Ok(false) || runs(self.facts, interface) == Ok(false) {
            return None;
        }
        let what = "a Global Accelerator may lead to it: its endpoints are not described";
        let gap = Gap::NotUnderstood(what.to_owned());
        let key = key(interface, family);
        let passed = if let Some(known) = self.passed_anyway.get(&key) {
            Arc::clone(known)
        } else {
            let passed = Arc::new(self.pass(interface, family, &Reach::unknown(family, gap.clone())));
            self.passed_anyway.insert(key, Arc::clone(&passed));
            passed
        };
        passed.stopped.is_none().then(|| (Verdict::Unknown(vec![gap]), Some(passed)))
    }

    /// The internet's addresses that can come in by the subnet's routes, Block Public Access apart.
    pub(super) fn reach(
        &mut self,
        interface: &'f NetworkInterface,
        subnet: Option<&'f Subnet>,
        family: Family,
    ) -> Arc<Reach> {
        let facts = self.facts;
        let entry = self.reach.entry((interface.subnet.as_str(), family));
        Arc::clone(entry.or_insert_with(|| Arc::new(reach(facts, interface, subnet, family))))
    }

    /// What the ACL of the interface's subnet says.
    pub(super) fn acl(&mut self, interface: &NetworkInterface, family: Family) -> Result<Arc<AclTable>, Gap> {
        let inventory = self.facts.inventory;
        let acls = &inventory.network_acls;
        acls.known()?;
        let id = inventory.index.acl_of_subnet(&interface.subnet);
        let of_subnet = || format!("the network ACL of {}", interface.subnet);
        let gap = || Gap::Resource { kind: Kind::NetworkAcls, id: of_subnet() };
        let acl = acls.find(id.ok_or_else(gap)?)?;
        let entry = self.tables.entry((acl.id.as_str(), family));
        Ok(Arc::clone(entry.or_insert_with(|| Arc::new(AclTable::new(acl, family)))))
    }

    fn passed(&mut self, interface: &'f NetworkInterface, family: Family, reach: &Reach) -> Arc<Passed> {
        let key = key(interface, family);
        if let Some(known) = self.passed.get(&key) {
            return Arc::clone(known);
        }
        let passed = Arc::new(self.pass(interface, family, reach));
        self.passed.insert(key, Arc::clone(&passed));
        passed
    }

    /// What of the internet in reach gets through groups and ACL.
    fn pass(&mut self, interface: &NetworkInterface, family: Family, reach: &Reach) -> Passed {
        let space = Space { certain: reach.certain.clone(), possible: reach.possible() };
        let rules = GroupRules::of_interface(self.facts.inventory, interface, family);
        let Admitted { openings, possible, mut gaps } = self.admitted(interface, &rules, family, &space);
        if possible.iter().any(|opening| !opening.addresses.intersect(&reach.doubtful).is_empty()) {
            gaps.extend(reach.gaps.iter().cloned());
        }
        gaps.sort();
        gaps.dedup();
        let stopped = possible.is_empty().then(|| {
            let by_groups = rules.admitted_from(&space, None).possible;
            if by_groups.is_empty() { Condition::SecurityGroup } else { Condition::NetworkAcl }
        });
        let openings: Arc<[Opening]> = openings.into();
        let possible = if *openings == *possible { Arc::clone(&openings) } else { possible.into() };
        Passed { openings, possible, gaps, stopped }
    }

    /// What rules and the ACL of the interface's subnet let in.
    pub(super) fn admitted(
        &mut self,
        interface: &NetworkInterface,
        rules: &GroupRules<'_>,
        family: Family,
        space: &Space,
    ) -> Admitted {
        match self.acl(interface, family) {
            Ok(acl) => rules.admitted_from(space, Some(&acl)),
            // Without the ACL only this is certain: what the groups do not let in stays out.
            Err(gap) => {
                let none_certain = Space { certain: AddressSet::default(), possible: space.possible.clone() };
                let mut admitted = rules.admitted_from(&none_certain, None);
                admitted.gaps.extend((!admitted.possible.is_empty()).then_some(gap));
                admitted
            }
        }
    }
}

fn reach(facts: &Facts<'_>, interface: &NetworkInterface, subnet: Option<&Subnet>, family: Family) -> Reach {
    let Some(subnet) = subnet else {
        let missing = || Gap::Resource { kind: Kind::Subnets, id: interface.subnet.clone() };
        return Reach::unknown(family, facts.inventory.subnets.find(&interface.subnet).err().unwrap_or_else(missing));
    };
    match unblocked(facts, subnet, family) {
        Some(Cow::Borrowed(verdict)) => verdict.reach.clone(),
        Some(Cow::Owned(verdict)) => verdict.reach,
        None => Reach::default(),
    }
}

/// Whether the subnet's routes lead to the internet and back.
pub(super) fn route(reach: &Reach) -> Result<bool, Gap> {
    match reach.gaps.first() {
        Some(gap) if reach.certain.is_empty() => Err(gap.clone()),
        _ => Ok(!reach.certain.is_empty()),
    }
}

/// The verdict over a subnet as if there were no Block Public Access; `None` if nothing was said of it.
///
/// An interface may have an address of a family of which its subnet says nothing: its routes are those of the subnet all the same.
pub(super) fn unblocked<'v>(
    facts: &'v Facts<'_>,
    subnet: &'v Subnet,
    family: Family,
) -> Option<Cow<'v, FamilyVerdict<'v>>> {
    match facts.verdict(&subnet.id)?.family(family) {
        Some(verdict) if subnet.public_access == PublicAccess::Allowed => Some(Cow::Borrowed(verdict)),
        _ => Some(Cow::Owned(classify_unblocked(facts.inventory, subnet, family))),
    }
}

pub(super) fn has_address(interface: &NetworkInterface, family: Family) -> bool {
    match family {
        Family::Ipv4 => !interface.public_addresses.is_empty(),
        Family::Ipv6 => interface.ipv6_addresses.iter().any(|address| whole(Family::Ipv6).contains(address.to_bits())),
    }
}

pub(super) fn not_blocked(subnet: &Subnet) -> Result<bool, Gap> {
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
/// It is attached to an instance that the snapshot does not have, or nobody said to what.
pub fn runs(facts: &Facts<'_>, interface: &NetworkInterface) -> Result<bool, Gap> {
    match &interface.attachment {
        Attachment::Detached => Ok(false),
        Attachment::Service => Ok(true),
        Attachment::Unsaid => Err(Gap::NotUnderstood(format!("{} is in use, and by what is not said", interface.id))),
        Attachment::Instance(id) => {
            let state = &facts.inventory.instances.find(id)?.state;
            Ok(!matches!(state.as_str(), "stopped" | "stopping" | "terminated" | "shutting-down"))
        }
    }
}
