//! The section for people: one table a VPC, one row for each subnet and each family it has addresses in.

use contract::table;

use super::super::{FamilyReport, InterfaceReport, Network, ProofReport, SubnetReport, VpcReport};
use super::{told_saving, untold};
use crate::address::prefix::{Family, Prefix};
use crate::audit::finding::Resource;
use crate::exposure::Coverage;

/// So many exposed things and findings are shown; the document has all.
const SHOWN: usize = 40;

const HEAD: [&str; 6] = ["subnet", "zone", "cidr", "route table", "target", "class"];

/// The section for people.
#[must_use]
pub(super) fn render(network: &Network) -> String {
    let mut parts = vec![format!(" {}\n", table::printable(&network.summary()))];
    parts.extend(findings(network));
    parts.extend(exposed(network));
    parts.extend(hops(network));
    parts.extend(money(network));
    parts.extend(network.vpcs.iter().map(VpcReport::table));
    let remarks = remarks(network);
    if !remarks.is_empty() {
        parts.push(format!(" {}\n", remarks.join("\n ")));
    }
    parts.join("\n")
}

/// What it costs, by what for, and the cheapest safe design of each VPC.
fn money(network: &Network) -> Option<String> {
    let sums = network.money.by_charge();
    let rows = sums.iter().map(|(what, count, monthly)| {
        let monthly = monthly.map_or_else(|| "unknown".to_owned(), |monthly| format!("${monthly:.2}"));
        vec![what.to_string(), count.to_string(), monthly]
    });
    let advice = network.money.advice.iter().map(|advice| {
        let (vpc, design) = (advice.vpc.label(), advice.recommended.words());
        format!(" {}\n", table::printable(&format!("{vpc}: {design}; {}", advice.because)))
    });
    let table = table::render(&["costs", "items", "a month"], rows);
    (!sums.is_empty()).then(|| table + &advice.collect::<String>())
}

/// What the internet can reach.
fn exposed(network: &Network) -> Option<String> {
    let exposed = network.interfaces.iter().filter(|interface| interface.exposed != Some(false));
    let rows: Vec<Vec<String>> = exposed.map(exposed_row).collect();
    let more = rows.len().saturating_sub(SHOWN);
    let table = table::render(&["exposed", "what", "address", "open"], rows.iter().take(SHOWN).cloned());
    (!rows.is_empty()).then(|| table + &hidden(more))
}

fn exposed_row(interface: &InterfaceReport) -> Vec<String> {
    let open = interface.openings.iter().map(|opening| {
        let from = match opening.coverage {
            Coverage::Any => "anywhere".to_owned(),
            Coverage::Wide => "a wide part of the internet".to_owned(),
            Coverage::Listed => list(&opening.cidrs),
        };
        format!("{} {} from {from}", opening.protocol, opening.ports)
    });
    let open: Vec<String> = open.collect();
    let word = if interface.exposed.is_none() { " (unknown)" } else { "" };
    vec![
        format!("{}{word}", interface.name.as_ref().unwrap_or(&interface.id)),
        interface.purpose.to_owned(),
        interface.addresses.iter().chain(&interface.names).cloned().collect::<Vec<_>>().join(" "),
        open.join("; "),
    ]
}

/// What can be reached from what is exposed.
fn hops(network: &Network) -> Option<String> {
    let names = |shown: &[Resource], count: usize| {
        let mut names: Vec<&str> = shown.iter().map(|one| one.name.as_ref().unwrap_or(&one.id).as_str()).collect();
        names.dedup();
        let more = if count > shown.len() { format!(" and {} more", count - shown.len()) } else { String::new() };
        format!("{}{more}", names.join(", "))
    };
    let rows = network.hops.iter().take(SHOWN).map(|hop| {
        let from = names(&hop.from, hop.from_count);
        vec![names(&hop.to, hop.to_count), format!("{} {}", hop.protocol, hop.ports), from, hop.by.label()]
    });
    let more = network.hops.len().saturating_sub(SHOWN);
    let table = table::render(&["one hop further", "open", "from", "by"], rows);
    (!network.hops.is_empty()).then(|| table + &hidden(more))
}

/// What is wrong. A title names what is to be changed, so there is no column for it.
fn findings(network: &Network) -> Option<String> {
    let rows = network.findings.iter().take(SHOWN).map(|finding| {
        let money = finding.money.as_ref().map(told_saving);
        vec![
            finding.severity.to_string(),
            finding.id.to_string(),
            finding.title.clone(),
            money.unwrap_or_else(|| "-".to_owned()),
        ]
    });
    let more = network.findings.len().saturating_sub(SHOWN);
    let table = table::render(&["severity", "id", "finding", "a month"], rows);
    (!network.findings.is_empty()).then(|| table + &hidden(more))
}

fn hidden(more: usize) -> String {
    if more > 0 { format!(" and {more} more\n") } else { String::new() }
}

/// What a person should know beside the tables.
fn remarks(network: &Network) -> Vec<String> {
    let waived = network.waived.iter().map(|waived| {
        format!("waived until {}: {} {}: {}", waived.expires, waived.finding.id, waived.finding.title, waived.reason)
    });
    let idle = network.waivers.iter().map(|waiver| format!("{}: {}", waiver.waiver, waiver.note));
    let all = untold(network).chain(waived).chain(idle).chain(network.notes.iter().cloned());
    all.map(|remark| table::printable(&remark)).collect()
}

impl VpcReport {
    fn table(&self) -> String {
        let rows = self.subnets.iter().flat_map(SubnetReport::rows);
        format!("{}\n{}", table::printable(&self.title()), table::render(&HEAD, rows))
    }
}

impl SubnetReport {
    fn rows(&self) -> Vec<Vec<String>> {
        let families = [(Family::Ipv4, &self.ipv4), (Family::Ipv6, &self.ipv6)].into_iter();
        families.filter_map(|(family, report)| Some(self.row(family, report.as_ref()?))).collect()
    }

    fn row(&self, family: Family, report: &FamilyReport) -> Vec<String> {
        let cidrs = self.cidrs.iter().filter(|cidr| cidr.family() == family);
        let cidrs: Vec<Prefix> = cidrs.copied().collect();
        let route_table = self.route_table.as_ref();
        let route_table = route_table.map(|table| {
            let name = table.name.as_ref().unwrap_or(&table.id);
            let note = if table.by_default { " (main)" } else { "" };
            format!("{name}{note}")
        });
        vec![
            self.name.clone().unwrap_or_else(|| self.id.clone()),
            self.availability_zone.clone().unwrap_or_else(|| "-".to_owned()),
            list(&cidrs),
            route_table.unwrap_or_else(|| "-".to_owned()),
            report.targets(),
            report.class.to_string(),
        ]
    }
}

impl FamilyReport {
    fn targets(&self) -> String {
        if self.proof.is_empty() {
            return "-".to_owned();
        }
        let mut targets: Vec<String> = self.proof.iter().map(ProofReport::label).collect();
        targets.dedup();
        targets.join(", ")
    }
}

impl ProofReport {
    fn label(&self) -> String {
        let note = if self.blackhole { " (gone)" } else { "" };
        format!("{}{note}", self.target)
    }
}

fn list<T: ToString>(items: &[T]) -> String {
    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
