//! Network ACLs that let a question through and not its answer: they keep no state.
//!
//! What an entry is for cannot be seen: one for many high ports lets answers through, others let questions through. So only ports below 1024, and
//! entries for few ports, count as questions.

use super::RULE;
use crate::address::prefix::Family;
use crate::address::set::{AddressSet, internet};
use crate::audit::check::doubt::Missing;
use crate::audit::check::occupants::{in_subnet, who};
use crate::audit::check::remedy::aws;
use crate::audit::check::resources::{shown, subnet, zones};
use crate::audit::check::routes::usage::Usage;
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Resource, Severity};
use crate::classify::class::Class;
use crate::exposure::purpose::Purpose;
use crate::exposure::traffic::{Direction, EPHEMERAL, decide};
use crate::exposure::{Condition, Verdict};
use crate::inventory::gap::Gap;
use crate::inventory::{AclEntry, NetworkAcl, Ports, Protocol, Subnet};

/// Ports that services are asked at, and that nobody asks from.
const WELL_KNOWN: Ports = Ports { first: 0, last: EPHEMERAL.first - 1 };
/// The ports that Linux asks from, unless it was told otherwise. Source: `net.ipv4.ip_local_port_range`.
const LINUX: Ports = Ports { first: 32768, last: 60999 };
/// An entry for so many ports is for answers.
const MANY: u16 = 4096;

pub(super) fn check<'a>(usage: &Usage<'_, 'a>, missing: &mut Missing<'a>, findings: &mut Findings) {
    let Some(acls) = missing.known(usage.inventory().network_acls.known()) else { return };
    let acls = acls.values();
    for acl in acls.filter(|acl| acl.vpc.as_deref().is_none_or(|vpc| !usage.is_told_by_owner(vpc))) {
        match judge(usage, acl) {
            Ok(faults) if faults.is_empty() => {}
            Ok(faults) => findings.add(finding(usage, acl, &faults)),
            Err(gap) => {
                missing.add(gap, &acl.id);
            }
        }
    }
}

/// A question that gets no answer.
struct Fault<'a> {
    severity: Severity,
    because: String,
    family: Family,
    /// Which way the answer would go.
    answer: Direction,
    /// Where it would come from or go to: for the remedy.
    block: String,
    subnets: Vec<&'a Subnet>,
}

/// What an ACL lets through of some ports.
struct Through {
    /// By one port at least.
    any: AddressSet,
    /// By each.
    every: AddressSet,
}

fn through(acl: &NetworkAcl, direction: Direction, family: Family, range: Ports) -> Result<Through, Gap> {
    let is_egress = direction == Direction::Egress;
    let entries = acl.entries.iter().filter(|entry| entry.is_egress == is_egress);
    let of_tcp = entries.filter(|entry| entry.protocol.covers(Protocol::TCP));
    let edges = of_tcp.flat_map(|entry| [Some(entry.ports.first), entry.ports.last.checked_add(1)]);
    let mut ports: Vec<u16> = edges.flatten().filter(|port| range.contain(*port)).chain([range.first]).collect();
    ports.sort_unstable();
    ports.dedup();
    let mut all = Through { any: AddressSet::default(), every: AddressSet::whole(family) };
    for port in ports {
        let decision = decide(acl, direction, family, Protocol::TCP, port);
        if let Some(gap) = decision.gaps.into_iter().next() {
            return Err(gap);
        }
        all.any = all.any.union(&decision.allowed);
        all.every = all.every.intersect(&decision.allowed);
    }
    Ok(all)
}

/// Whether most of the askers get no answer: single ones that are denied are meant.
fn loses_most(askers: &AddressSet, answered: &AddressSet) -> bool {
    !askers.is_empty() && askers.subtract(answered).size() > askers.size() / 2
}

fn judge<'a>(usage: &Usage<'_, 'a>, acl: &NetworkAcl) -> Result<Vec<Fault<'a>>, Gap> {
    let inventory = usage.inventory();
    let subnets: Vec<&Subnet> = acl.subnets.iter().filter_map(|id| inventory.subnets.get(id)).collect();
    let vpc = acl.vpc.as_deref().or_else(|| subnets.first().map(|subnet| subnet.vpc.as_str()));
    let own = vpc.and_then(|vpc| inventory.vpcs.get(vpc)).map(|vpc| vpc.blocks.as_slice()).unwrap_or_default();
    let mut faults = Vec::new();
    for family in [Family::Ipv4, Family::Ipv6] {
        let has_family = |subnet: &&&Subnet| subnet.blocks.iter().any(|block| block.family() == family);
        let subnets: Vec<&Subnet> = subnets.iter().filter(has_family).copied().collect();
        if !subnets.is_empty() {
            let space = internet(family, own);
            let case = Case { usage, acl, family, subnets, space };
            case.asks_the_internet(&mut faults)?;
            case.is_asked_by_the_internet(&mut faults)?;
            case.entries(&mut faults)?;
        }
    }
    Ok(faults)
}

/// An ACL in one family, and the subnets that have it.
struct Case<'c, 'f, 'a> {
    usage: &'c Usage<'f, 'a>,
    acl: &'c NetworkAcl,
    family: Family,
    subnets: Vec<&'a Subnet>,
    space: AddressSet,
}

impl<'a> Case<'_, '_, 'a> {
    /// What has a way out and asks the internet needs answers in.
    fn asks_the_internet(&self, faults: &mut Vec<Fault<'a>>) -> Result<(), Gap> {
        let asked = through(self.acl, Direction::Egress, self.family, WELL_KNOWN)?.any.intersect(&self.space);
        if asked.is_empty() {
            return Ok(());
        }
        let answers = through(self.acl, Direction::Ingress, self.family, EPHEMERAL)?;
        let (class_of, family) = (|subnet: &Subnet| self.usage.facts.class(&subnet.id, self.family), self.family);
        let senders = |wanted: fn(&Purpose<'_>) -> bool| -> Vec<&'a Subnet> {
            let subnets = self.subnets.iter().copied();
            subnets.filter(|subnet| self.has(subnet, class_of(subnet), wanted)).collect()
        };
        if loses_most(&asked, &answers.any) {
            let all = senders(asks);
            if let Some(unknown) = all.iter().find(|subnet| class_of(subnet) == Class::Unknown) {
                let verdict = self.usage.facts.verdict(&unknown.id).and_then(|verdict| verdict.family(family));
                let gap = verdict.and_then(|verdict| verdict.gaps.first().cloned());
                return gap.map_or(Ok(()), Err);
            }
            self.fault(faults, Severity::Medium, "lets questions out to the internet and none of the answers in", all);
        } else if loses_most(&asked, &answers.every) {
            let of_nat = senders(|purpose| *purpose == Purpose::NatGateway);
            let because = "does not let answers of the internet in to all of 1024-65535, from which NAT gateways ask";
            self.fault(faults, Severity::Medium, because, of_nat);
            if loses_most(&asked, &through(self.acl, Direction::Ingress, family, LINUX)?.every) {
                let others = senders(|purpose| asks(purpose) && *purpose != Purpose::NatGateway);
                let because = "does not let answers of the internet in to all of 32768-60999, from which Linux asks";
                self.fault(faults, Severity::Info, because, others);
            }
        }
        Ok(())
    }

    fn fault(&self, faults: &mut Vec<Fault<'a>>, severity: Severity, because: &str, subnets: Vec<&'a Subnet>) {
        if subnets.is_empty() {
            return;
        }
        let block = if self.family == Family::Ipv4 { "0.0.0.0/0" } else { "::/0" };
        let because = format!("{} {because}", self.acl.id);
        let answer = Direction::Ingress;
        faults.push(Fault { severity, because, family: self.family, answer, block: block.to_owned(), subnets });
    }

    /// Whether a subnet of this class has a way out, and something in it that may use it.
    fn has(&self, subnet: &Subnet, class: Class, wanted: fn(&Purpose<'_>) -> bool) -> bool {
        let needs_address = match class {
            Class::Public | Class::PublicPartial | Class::PublicInspected => self.family == Family::Ipv4,
            Class::PrivateNat | Class::PrivateNatInstance | Class::EgressOnly | Class::Unknown => false,
            // Whether another network is a way to the internet is not known.
            Class::PrivateRouted | Class::BrokenEgress | Class::Isolated => return false,
        };
        if self.usage.inventory().network_interfaces.known().is_err() {
            return true;
        }
        in_subnet(self.usage.facts, &subnet.id).any(|exposure| {
            (!needs_address || !exposure.interface.public_addresses.is_empty()) && wanted(&exposure.purpose)
        })
    }

    /// What is public and is asked by the internet needs answers out.
    fn is_asked_by_the_internet(&self, faults: &mut Vec<Fault<'a>>) -> Result<(), Gap> {
        let is_public = |subnet: &&&Subnet| {
            let class = self.usage.facts.class(&subnet.id, self.family);
            matches!(class, Class::Public | Class::PublicPartial | Class::PublicInspected)
        };
        let public: Vec<&Subnet> = self.subnets.iter().filter(is_public).copied().collect();
        let askers = through(self.acl, Direction::Ingress, self.family, WELL_KNOWN)?.any.intersect(&self.space);
        if public.is_empty() || askers.is_empty() {
            return Ok(());
        }
        let answers = through(self.acl, Direction::Egress, self.family, EPHEMERAL)?;
        if !loses_most(&askers, &answers.any) {
            return Ok(());
        }
        let (stopped, others): (Vec<&Subnet>, Vec<&Subnet>) = public.into_iter().partition(|one| self.is_stopped(one));
        let severity = if stopped.is_empty() { Severity::Info } else { Severity::Medium };
        self.fault(
            faults,
            severity,
            "lets the internet ask and none of the answers out",
            if stopped.is_empty() { others } else { stopped },
        );
        if let Some(fault) = faults.last_mut() {
            fault.answer = Direction::Egress;
        }
        Ok(())
    }

    /// Whether the ACL is all that keeps the internet from something in a subnet, or something there is exposed: ordinary clients get no answer then,
    /// and only those who choose their port do.
    fn is_stopped(&self, subnet: &Subnet) -> bool {
        let mut ids = self.usage.inventory().index.interfaces_of_subnet(&subnet.id);
        ids.any(|id| {
            let mut families = self.usage.facts.exposures_of(id).iter();
            let asked = [Verdict::Stopped(Condition::NetworkAcl), Verdict::Exposed];
            families.any(|one| one.family == self.family && asked.contains(&one.verdict))
        })
    }

    /// An entry for few ports is there to be used: nobody gets an answer by it.
    fn entries(&self, faults: &mut Vec<Fault<'a>>) -> Result<(), Gap> {
        let is_question = |entry: &&AclEntry| {
            let few = entry.ports.last - entry.ports.first < MANY;
            let of_family = entry.block.is_some_and(|block| block.family() == self.family);
            entry.allows && entry.protocol == Protocol::TCP && few && of_family
        };
        let questions: Vec<&AclEntry> = self.acl.entries.iter().filter(is_question).collect();
        if questions.is_empty() {
            return Ok(());
        }
        let answers_in = through(self.acl, Direction::Ingress, self.family, EPHEMERAL)?.any;
        let answers_out = through(self.acl, Direction::Egress, self.family, EPHEMERAL)?.any;
        for entry in questions {
            let (direction, back, answered) = if entry.is_egress {
                (Direction::Egress, Direction::Ingress, &answers_in)
            } else {
                (Direction::Ingress, Direction::Egress, &answers_out)
            };
            let Some(block) = entry.block else { continue };
            let allowed = decide(self.acl, direction, self.family, Protocol::TCP, entry.ports.first).allowed;
            let askers = allowed.intersect(&AddressSet::from(block));
            let is_told = |fault: &Fault<'_>| fault.family == self.family && fault.answer == back;
            if askers.is_empty() || !askers.intersect(answered).is_empty() || faults.iter().any(is_told) {
                continue;
            }
            let (ask, answer, to) = if entry.is_egress { ("out to", "in", "from") } else { ("in from", "out", "to") };
            let because = format!(
                "entry {} of {} lets tcp {} {ask} {block}, and no entry lets answers {answer} {to} there",
                entry.number, self.acl.id, entry.ports
            );
            let subnets = self.subnets.clone();
            let (severity, block) = (Severity::Info, block.to_string());
            faults.push(Fault { severity, because, family: self.family, answer: back, block, subnets });
        }
        Ok(())
    }
}

/// Whether something begins conversations with the internet.
fn asks(purpose: &Purpose<'_>) -> bool {
    match purpose {
        Purpose::Task { .. }
        | Purpose::Instance { .. }
        | Purpose::Function(_)
        | Purpose::NatGateway
        | Purpose::TransitGateway
        | Purpose::Other(_) => true,
        Purpose::Store { .. } | Purpose::LoadBalancer { .. } | Purpose::Endpoint | Purpose::Nothing => false,
    }
}

fn finding(usage: &Usage<'_, '_>, acl: &NetworkAcl, faults: &[Fault<'_>]) -> Finding {
    let severity = faults.iter().map(|fault| fault.severity).max().unwrap_or(Severity::Info);
    let worst = faults.iter().filter(|fault| fault.severity == severity);
    let mut subnets: Vec<&Subnet> = worst.flat_map(|fault| fault.subnets.iter().copied()).collect();
    subnets.sort_unstable_by_key(|subnet| &subnet.id);
    subnets.dedup_by_key(|subnet| &subnet.id);
    let own = Resource::new(&acl.id, acl.tags.name());
    let label = own.label();
    let mut resources = vec![own];
    resources.extend(subnets.iter().map(|one| subnet(one)));
    let names = shown(subnets.iter().map(|one| subnet(one).label()));
    let stands = who(usage.facts, subnets.iter().map(|subnet| subnet.id.as_str()));
    let breaks = if severity > Severity::Info {
        "breaks what its subnets need"
    } else {
        "has entries that ordinary clients cannot use"
    };
    Finding {
        rule: RULE,
        severity,
        title: format!("the network ACL {label} stops its own answers, and {breaks}"),
        resources,
        vpc: acl.vpc.clone(),
        availability_zones: zones(subnets.iter().copied()),
        proof: faults.iter().map(|fault| fault.because.clone()).collect(),
        blast_radius: format!("{names}: {stands}"),
        money: None,
        confidence: if severity > Severity::Info { Confidence::High } else { Confidence::Medium },
        remedy: remedy(usage, acl, faults),
    }
}

/// The first number that no entry has, in either direction, from a hundred on.
fn free_number(acl: &NetworkAcl, is_egress: bool, after: u32) -> u32 {
    let taken = |number: u32| acl.entries.iter().any(|entry| entry.is_egress == is_egress && entry.number == number);
    (after + 1..32767).find(|number| !taken(*number)).unwrap_or(after + 1)
}

fn remedy(usage: &Usage<'_, '_>, acl: &NetworkAcl, faults: &[Fault<'_>]) -> Remedy {
    let (mut cli, mut terraform): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut last = 99;
    let mut seen: Vec<(bool, &str)> = Vec::new();
    for fault in faults {
        let is_egress = fault.answer == Direction::Egress;
        if seen.contains(&(is_egress, &fault.block)) {
            continue;
        }
        seen.push((is_egress, &fault.block));
        last = free_number(acl, is_egress, last);
        let (option, argument) = match fault.family {
            Family::Ipv4 => ("--cidr-block", "cidr_block"),
            Family::Ipv6 => ("--ipv6-cidr-block", "ipv6_cidr_block"),
        };
        let direction = if is_egress { "egress" } else { "ingress" };
        cli.push(aws(usage.facts, format_args!("ec2 create-network-acl-entry --network-acl-id {} --{direction} --rule-number {last} --protocol tcp --port-range From=1024,To=65535 {option} {} --rule-action allow",
            acl.id, fault.block)));
        terraform.push(format!(
            "resource \"aws_network_acl_rule\" \"{direction}_{last}\" {{\n  network_acl_id = \"{}\"\n  egress         = {is_egress}\n  rule_number    = {last}\n  protocol       = \"tcp\"\n  rule_action    = \"allow\"\n  from_port      = 1024\n  to_port        = 65535\n  {argument:14} = \"{}\"\n}}",
            acl.id, fault.block
        ));
    }
    Remedy {
        advice: "Let answers through: tcp to 1024-65535, before any entry that denies it. Security groups keep state and go on to decide who may ask.".to_owned(),
        cli,
        terraform: terraform.join("\n\n"),
    }
}
