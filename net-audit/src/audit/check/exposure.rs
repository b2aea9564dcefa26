//! What the internet can reach: NET001 to NET003.

mod latent;
mod store;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::occupants;
use super::remedy::aws;
use super::remedy::group::{Opened, opened, revoke_ingress, rule_told, terraform_ingress};
use super::resources::listed;
use super::sensitive::{Doors, ranges, ranges_told, told};
use crate::address::prefix::Family;
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Resource, Severity};
use crate::audit::rule::Rule;
use crate::exposure::purpose::Purpose;
use crate::exposure::traffic::{Direction, GroupRules};
use crate::exposure::{Condition, Coverage, Exposure, Verdict, prove};
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{Ports, Protocol, SecurityGroup};

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    latent::check(facts, findings);
    let rules = [Rule::ExposedDatabase, Rule::AllPortsOpen, Rule::RemoteAccessOpen];
    if findings.require(&rules, facts.inventory.network_interfaces.known()).is_some() {
        store::check(facts, findings);
        check_doors(facts, findings);
    }
}

/// Interfaces that share what is wrong with them: one change repairs all.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Case<'a> {
    vpc: &'a str,
    groups: Vec<&'a str>,
    doors: Doors,
    front: Front,
}

/// What answers at an open port.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Front {
    /// Whatever listens on the machine.
    Machine,
    /// A load balancer, which answers at its listeners only.
    Balancer,
    /// A load balancer that speaks HTTP and nothing else.
    HttpBalancer,
}

impl Front {
    /// What is to be said of each.
    fn pick<T>(self, machine: T, balancer: T, http_balancer: T) -> T {
        match self {
            Self::Machine => machine,
            Self::Balancer => balancer,
            Self::HttpBalancer => http_balancer,
        }
    }
}

/// Open ports of everything that is no store.
fn check_doors(facts: &Facts<'_>, findings: &mut Findings) {
    let mut cases: BTreeMap<Case<'_>, Vec<&Exposure<'_>>> = BTreeMap::new();
    let mut known: HashMap<(*const crate::exposure::traffic::Opening, Family), Doors> = HashMap::new();
    let mut unsaid = Unsaid::default();
    for families in facts.exposures.chunk_by(|one, other| one.interface.id == other.interface.id) {
        let Some(exposure) = families.first() else { continue };
        if matches!(*exposure.purpose, Purpose::Store { .. }) {
            continue;
        }
        let Some(front) = front(exposure) else { continue };
        let mut doors = Doors::default();
        let mut doubtful = Vec::new();
        for exposure in families {
            match &exposure.verdict {
                // What shares groups and ACL shares one list of openings.
                Verdict::Exposed => {
                    let key = (exposure.openings.as_ptr(), exposure.family);
                    let new = || Doors::of(&exposure.openings, exposure.family);
                    doors = doors.with(known.entry(key).or_insert_with(new));
                    doubtful.extend((!exposure.doubts.is_empty()).then_some(exposure));
                }
                Verdict::Unknown(gaps) => unsaid.note(exposure, gaps),
                Verdict::Stopped(_) => {}
            }
        }
        for exposure in doubtful {
            doubt(exposure, &doors, findings);
        }
        if !doors.is_empty() {
            let mut groups: Vec<&str> = exposure.interface.groups.iter().map(String::as_str).collect();
            groups.sort_unstable();
            let vpc = exposure.subnet.map(|subnet| subnet.vpc.as_str()).unwrap_or_default();
            cases.entry(Case { vpc, groups, doors, front }).or_default().push(exposure);
        }
    }
    for (case, exposures) in &cases {
        case.report(facts, exposures, findings);
    }
    unsaid.report(findings);
}

/// Says which rules cannot tell whether more is open of what is exposed than what they found.
fn doubt(exposure: &Exposure<'_>, found: &Doors, findings: &mut Findings) {
    let possible = Doors::of(&exposure.possible, exposure.family);
    let Some(gap) = exposure.doubts.first() else { return };
    // What opens everything opens every door, and is told instead of each.
    let is_all = |doors: &Doors| doors.wide.iter().any(|(protocol, _)| *protocol == Protocol::All);
    let any = is_all(&possible) && !is_all(found);
    for (rule, is_open, could_be) in [
        (Rule::ExposedDatabase, !found.databases.is_empty(), any || !possible.databases.is_empty()),
        (Rule::AllPortsOpen, !found.wide.is_empty(), any || !possible.wide.is_empty()),
        (Rule::RemoteAccessOpen, !found.remote.is_empty(), any || !possible.remote.is_empty()),
    ] {
        if could_be && !is_open {
            findings.unknown_of(rule, &exposure.interface.id, gap.clone());
        }
    }
}

/// What answers there; `None` for a load balancer without groups, whose listeners are all that it has.
fn front(exposure: &Exposure<'_>) -> Option<Front> {
    let Purpose::LoadBalancer { balancer, .. } = &*exposure.purpose else { return Some(Front::Machine) };
    if exposure.interface.groups.is_empty() && !exposure.interface.has_unknown_groups {
        return None;
    }
    let is_http = balancer.is_some_and(|balancer| balancer.kind == "application");
    Some(if is_http { Front::HttpBalancer } else { Front::Balancer })
}

/// What is missing for a verdict over interfaces that may let somebody in at doors that matter.
#[derive(Default)]
struct Unsaid {
    /// What shares groups and ACL shares one list of openings.
    doors: HashMap<(*const crate::exposure::traffic::Opening, Family), Doors>,
    gaps: BTreeSet<(Rule, Gap)>,
}

impl Unsaid {
    fn note(&mut self, exposure: &Exposure<'_>, gaps: &[Gap]) {
        let (possible, family) = (&exposure.possible, exposure.family);
        let doors = self.doors.entry((possible.as_ptr(), family)).or_insert_with(|| Doors::of(possible, family));
        let Some(gap) = gaps.first() else { return };
        // What opens everything opens every door.
        let any = doors.wide.iter().any(|(protocol, _)| *protocol == Protocol::All);
        for (rule, could_be) in [
            (Rule::ExposedDatabase, any || !doors.databases.is_empty()),
            (Rule::AllPortsOpen, !doors.wide.is_empty()),
            (Rule::RemoteAccessOpen, any || !doors.remote.is_empty()),
        ] {
            if could_be {
                self.gaps.insert((rule, gap.clone()));
            }
        }
    }

    fn report(self, findings: &mut Findings) {
        for (rule, gap) in self.gaps {
            findings.unknown(rule, gap);
        }
    }
}

/// One of the findings that a case can make.
struct Fault {
    rule: Rule,
    severity: Severity,
    confidence: Confidence,
    what: String,
    doors: Vec<(Protocol, Ports)>,
}

impl Case<'_> {
    fn report(&self, facts: &Facts<'_>, exposures: &[&Exposure<'_>], findings: &mut Findings) {
        for fault in self.faults() {
            findings.add(self.finding(facts, exposures, &fault));
        }
    }

    fn faults(&self) -> Vec<Fault> {
        if !self.doors.wide.is_empty() {
            let worst = if self.doors.is_media() { Severity::Medium } else { Severity::Critical };
            return vec![Fault {
                rule: Rule::AllPortsOpen,
                severity: self.front.pick(worst, Severity::Medium, Severity::Medium),
                confidence: Confidence::High,
                what: ranges_told(&self.doors.wide),
                doors: self.doors.wide.clone(),
            }];
        }
        let mut faults = Vec::new();
        if !self.doors.databases.is_empty() {
            faults.push(Fault {
                rule: Rule::ExposedDatabase,
                severity: self.front.pick(Severity::Critical, Severity::High, Severity::Medium),
                confidence: self.front.pick(Confidence::Medium, Confidence::Low, Confidence::Low),
                what: told(&self.doors.databases),
                doors: ranges(&self.doors.databases),
            });
        }
        if !self.doors.remote.is_empty() {
            faults.push(Fault {
                rule: Rule::RemoteAccessOpen,
                severity: self.front.pick(Severity::High, Severity::High, Severity::Medium),
                confidence: self.front.pick(Confidence::High, Confidence::Medium, Confidence::Low),
                what: told(&self.doors.remote),
                doors: ranges(&self.doors.remote),
            });
        }
        faults
    }

    fn finding(&self, facts: &Facts<'_>, exposures: &[&Exposure<'_>], fault: &Fault) -> Finding {
        let culprits = culprits(facts, &self.groups, &fault.doors);
        let mut proof = lets_in(&culprits);
        proof.extend(exposures.first().map(|exposure| proven(facts, exposure)).unwrap_or_default());
        let mut resources: Vec<Resource> = culprits.iter().map(|opened| group_resource(opened.group)).collect();
        let by = resources.iter().map(Resource::label).collect::<Vec<_>>();
        resources.extend(exposures.iter().map(|exposure| occupants::resource(exposure)));
        let standing = occupants::told(exposures.iter().copied());
        Finding {
            rule: fault.rule,
            severity: fault.severity,
            title: title(fault, exposures, &standing, &by),
            resources,
            vpc: Some(self.vpc.to_owned()).filter(|vpc| !vpc.is_empty()),
            availability_zones: occupants::zones(exposures.iter().copied()),
            proof,
            blast_radius: standing,
            money: None,
            confidence: fault.confidence,
            remedy: remedy(facts, &culprits, exposures, fault),
        }
    }
}

/// `22 (SSH) of instance web (18.184.9.9) is open to the internet, by ssh (sg-…)`; of many things only how many there are.
fn title(fault: &Fault, exposures: &[&Exposure<'_>], standing: &str, by: &[String]) -> String {
    let by = match by {
        [one] => format!(", by {one}"),
        [one, other] => format!(", by {one} and {other}"),
        _ => String::new(),
    };
    let what = &fault.what;
    if exposures.len() > 2 {
        return format!("{what} open to the internet on {standing}{by}");
    }
    let things: Vec<String> = exposures
        .iter()
        .map(|exposure| match address(exposure) {
            Some(address) => format!("{} ({address})", exposure.purpose.label()),
            None => exposure.purpose.label(),
        })
        .collect();
    let is = if what.contains(", ") || what.starts_with("all ") { "are" } else { "is" };
    format!("{what} of {} {is} open to the internet{by}", listed(&things))
}

/// The address by which the internet knows it.
pub(super) fn address(exposure: &Exposure<'_>) -> Option<String> {
    let ipv4 = exposure.interface.public_addresses.iter().find_map(|public| public.address);
    let ipv6 = || exposure.interface.ipv6_addresses.first().map(ToString::to_string);
    ipv4.map(|address| address.to_string()).or_else(ipv6)
}

fn group_resource(group: &SecurityGroup) -> Resource {
    Resource::new(&*group.id, Some(group.label()))
}

/// The rules that let the internet in.
fn lets_in(culprits: &[Opened<'_>]) -> Vec<String> {
    let of = |opened: &Opened<'_>| {
        let id = opened.group.id.clone();
        opened.rules.iter().map(move |rule| format!("{id} lets in {}", rule_told(rule))).collect::<Vec<_>>()
    };
    culprits.iter().flat_map(of).collect()
}

/// The groups that let the internet in by themselves; if only all together do, all of them.
fn culprits<'a>(facts: &Facts<'a>, groups: &[&str], doors: &[(Protocol, Ports)]) -> Vec<Opened<'a>> {
    let inventory = facts.inventory;
    let groups: Vec<&SecurityGroup> = groups.iter().filter_map(|id| inventory.security_groups.get(id)).collect();
    opened(inventory, &groups, doors)
}

/// All six conditions of an exposed interface in words, those apart by which nothing is held back.
fn proven(facts: &Facts<'_>, exposure: &Exposure<'_>) -> Vec<String> {
    let told = prove(facts, exposure).into_iter().filter(|step| step.condition != Condition::BlockPublicAccess);
    told.map(|step| format!("{}: {}", exposure.interface.id, step.because)).collect()
}

fn remedy(facts: &Facts<'_>, culprits: &[Opened<'_>], exposures: &[&Exposure<'_>], fault: &Fault) -> Remedy {
    let mut cli: Vec<String> = culprits.iter().flat_map(|opened| revoke_ingress(facts, opened)).collect();
    let is_shell = |door: &(Protocol, Ports)| [22, 23, 3389].iter().any(|port| door.1.contain(*port));
    let advice = match fault.rule {
        Rule::AllPortsOpen => {
            "First let in the ports that are served, and only from those who need them; then take the open rule back. If nothing is served to the internet, move it to a private subnet behind NAT."
        }
        Rule::ExposedDatabase => {
            "Nobody but the application should reach this port: let in its security group first, for it may come by the open rule too, then take that rule back, and move the machine to a private subnet."
        }
        _ if is_bastion(exposures, culprits) => {
            "A jump host need not be open to everybody: reach it by Session Manager or an EC2 Instance Connect endpoint, which need no open port, or let in single addresses only."
        }
        _ if !fault.doors.iter().any(is_shell) => {
            "Close the port, or let in single addresses only: what answers there is meant for the machine's own network."
        }
        _ => {
            "Close the port. Session Manager and EC2 Instance Connect endpoints give a shell without an open port; else let in single addresses only."
        }
    };
    if fault.rule == Rule::RemoteAccessOpen && fault.doors.iter().any(is_shell) {
        let instance = exposures.iter().find_map(|exposure| match &*exposure.purpose {
            Purpose::Instance { id, .. } => Some(*id),
            _ => None,
        });
        cli.extend(instance.map(|id| aws(facts, format_args!("ssm start-session --target {id}"))));
    }
    let group = culprits.first().map_or("sg-…", |opened| opened.group.id.as_str());
    let removed = terraform_ingress(culprits);
    let ports = fault.doors.first().filter(|(protocol, ports)| protocol.has_ports() && ports.first == ports.last);
    let protocol = ports.map_or(Protocol::TCP, |(protocol, _)| *protocol);
    let port = ports.map_or_else(|| "443".to_owned(), |(_, ports)| ports.first.to_string());
    let (peer, who) = if fault.rule == Rule::ExposedDatabase {
        ("referenced_security_group_id", "\"sg-…\" # the application's")
    } else {
        ("cidr_ipv4", "\"192.0.2.10/32\" # who needs it")
    };
    let width = if fault.rule == Rule::ExposedDatabase { 28 } else { 17 };
    Remedy {
        advice: advice.to_owned(),
        cli,
        terraform: format!(
            "{removed}resource \"aws_vpc_security_group_ingress_rule\" \"narrow\" {{\n  {:width$} = \"{group}\"\n  {:width$} = \"{protocol}\"\n  {:width$} = {port}\n  {:width$} = {port}\n  {peer:width$} = {who}\n}}",
            "security_group_id", "ip_protocol", "from_port", "to_port"
        ),
    }
}

fn is_bastion(exposures: &[&Exposure<'_>], culprits: &[Opened<'_>]) -> bool {
    let mut groups = culprits.iter().map(|opened| opened.group);
    exposures.iter().any(|exposure| {
        exposure.purpose.name().is_some_and(|name| occupants::is_jump_host(&name))
            || exposure.interface.name().is_some_and(occupants::is_jump_host)
    }) || groups.any(|group| occupants::is_jump_host(&group.name) || occupants::is_jump_host(group.label()))
}

/// Whether the internet at large may speak to one of these ports, by the groups alone.
fn is_open_by_groups(facts: &Facts<'_>, groups: &[String], ports: &[u16]) -> Result<bool, Gap> {
    let mut gap = None;
    for family in [Family::Ipv4, Family::Ipv6] {
        let rules = GroupRules::of(facts.inventory, groups, Direction::Ingress, family);
        let is_world = |port: &u16| Coverage::of(&rules.addresses(Protocol::TCP, *port), family).is_world();
        if ports.iter().any(is_world) {
            return Ok(true);
        }
        gap = gap.or_else(|| rules.gaps().first().cloned());
    }
    gap.map_or(Ok(false), Err)
}

#[cfg(test)]
mod tests;
