//! Markdown: what was found and what to do about it, for a pull request or a ticket.

use contract::{Failure, table};

use super::super::{FindingReport, Network, SubnetReport, VpcReport, WaivedReport};
use super::{told_saving, untold};
use crate::audit::finding::Resource;

/// The section as Markdown: the verdict and all findings in a table first, then each of them, then what they rest on.
pub(super) fn render(network: Option<&Network>, failure: Option<&Failure>) -> String {
    let verdict = match failure {
        Some(failure) => format!("**refused**: {}", text(&failure.message)),
        None => "**passed**".to_owned(),
    };
    let mut parts = vec![format!("## Network: {verdict}")];
    if let Some(network) = network {
        parts.push(text(&network.summary()));
        parts.extend(findings(network));
        parts.extend(list("Cannot be told", untold(network).map(|item| text(&item))));
        parts.extend(exposed(network));
        parts.extend(hops(network));
        parts.extend(network.findings.iter().map(finding));
        parts.extend(money(network));
        parts.extend(list("Waived", network.waived.iter().map(waived)));
        let waivers = network.waivers.iter().map(|waiver| format!("{}: {}", waiver.waiver, waiver.note));
        parts.extend(list("Notes", waivers.chain(network.notes.iter().cloned()).map(|note| text(&note))));
        parts.extend(network.vpcs.iter().map(vpc));
    }
    parts.join("\n\n") + "\n"
}

fn waived(waived: &WaivedReport) -> String {
    let finding = &waived.finding;
    text(&format!("{} {}: {} (until {})", finding.id, finding.title, waived.reason, waived.expires))
}

fn findings(network: &Network) -> Option<String> {
    let head = "| severity | id | finding | a month |\n|---|---|---|---|".to_owned();
    let rows = network.findings.iter().map(|finding| {
        let saving = finding.money.as_ref().map_or_else(|| "-".to_owned(), told_saving);
        format!("| {} | {} | {} | {saving} |", finding.severity, finding.id, text(&finding.title))
    });
    (!network.findings.is_empty()).then(|| std::iter::once(head).chain(rows).collect::<Vec<_>>().join("\n"))
}

fn hops(network: &Network) -> Option<String> {
    let names = |shown: &[Resource], count: usize| {
        let mut names: Vec<&str> = shown.iter().map(|one| one.name.as_ref().unwrap_or(&one.id).as_str()).collect();
        names.dedup();
        format!("{}{}", names.join(", "), more(count, shown.len()))
    };
    let rows = network.hops.iter().map(|hop| {
        let (from, to) = (names(&hop.from, hop.from_count), names(&hop.to, hop.to_count));
        text(&format!("{from} to {to}: {} {} by {}", hop.protocol, hop.ports, hop.by.label()))
    });
    list("One hop further", rows)
}

fn money(network: &Network) -> Option<String> {
    let sums = network.money.by_charge().into_iter().map(|(what, count, monthly)| {
        let monthly = monthly.map_or_else(|| "unknown".to_owned(), |monthly| format!("${monthly:.2} a month"));
        format!("{what} ({count}): {monthly}")
    });
    let advice = network
        .money
        .advice
        .iter()
        .map(|advice| text(&format!("{}: {}; {}", advice.vpc.label(), advice.recommended.words(), advice.because)));
    list("Costs", sums.chain(advice))
}

fn more(count: usize, shown: usize) -> String {
    if count > shown { format!(" and {} more", count - shown) } else { String::new() }
}

fn list(title: &str, items: impl Iterator<Item = String>) -> Option<String> {
    let items: Vec<String> = items.map(|item| format!("- {item}")).collect();
    (!items.is_empty()).then(|| format!("### {title}\n\n{}", items.join("\n")))
}

fn vpc(vpc: &VpcReport) -> String {
    let title = text(&vpc.title());
    let head =
        format!("### {title}\n\n| subnet | zone | cidr | route table | target | class |\n|---|---|---|---|---|---|");
    let rows = vpc.subnets.iter().map(row);
    std::iter::once(head).chain(rows).collect::<Vec<_>>().join("\n")
}

fn row(subnet: &SubnetReport) -> String {
    let cidrs: Vec<String> = subnet.cidrs.iter().map(ToString::to_string).collect();
    let table = subnet.route_table.as_ref().map(|table| {
        let main = if table.by_default { " (main)" } else { "" };
        format!("{}{main}", table.name.as_ref().unwrap_or(&table.id))
    });
    let proof = subnet.ipv4.iter().chain(&subnet.ipv6).flat_map(|family| &family.proof);
    let mut targets: Vec<String> = proof.map(|proof| proof.target.clone()).collect();
    targets.dedup();
    let cells = [
        text(subnet.name.as_ref().unwrap_or(&subnet.id)),
        subnet.availability_zone.clone().unwrap_or_default(),
        cidrs.join(", "),
        text(&table.unwrap_or_default()),
        text(&targets.join(", ")),
        subnet.class.to_string(),
    ];
    format!("| {} |", cells.join(" | "))
}

fn exposed(network: &Network) -> Option<String> {
    let exposed = network.interfaces.iter().filter(|interface| interface.exposed == Some(true));
    let rows = exposed.map(|interface| {
        let openings = interface.openings.iter().map(|opening| {
            let from = match opening.cidrs.as_slice() {
                [] => "anywhere".to_owned(),
                cidrs => cidrs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            };
            format!("{} {} from {from}", opening.protocol, opening.ports)
        });
        let who = format!("{} {}", interface.purpose, interface.name.as_deref().unwrap_or_default());
        format!(
            "{} (`{}`, {}): {}",
            text(who.trim_end()),
            table::printable(&interface.id).replace('`', "'"),
            interface.addresses.join(", "),
            openings.collect::<Vec<_>>().join("; ")
        )
    });
    list("Exposed to the internet", rows)
}

fn finding(finding: &FindingReport) -> String {
    let resources: Vec<String> = finding.resources.iter().take(20).map(Resource::label).collect();
    let more = more(finding.resources.len(), resources.len());
    let mut lines = vec![
        format!("### {} {}: {}", finding.severity, finding.id, text(&finding.title)),
        String::new(),
        format!("- resources: {}{more}", text(&resources.join(", "))),
        format!("- proof: {}", text(&finding.proof.join("; "))),
        format!("- what it hits: {} (confidence: {})", text(&finding.blast_radius), finding.confidence),
    ];
    if let Some(money) = &finding.money {
        let inputs =
            money.inputs.iter().map(|one| format!("{} {} {} ({})", one.name, number(one.value), one.unit, one.source));
        let inputs: Vec<String> = inputs.collect();
        let remedy = match told_saving(money).as_str() {
            "-" => String::new(),
            told => format!(", the remedy {told}"),
        };
        lines.push(format!("- money: ${:.2} a month{remedy}: {}", money.monthly, text(&inputs.join("; "))));
    }
    lines.push(format!("- remedy: {}", text(&finding.remedy.advice)));
    lines.push(fenced("sh", &finding.remedy.cli.join("\n")));
    lines.push(fenced("terraform", &finding.remedy.terraform));
    lines.retain(|line| line != FENCES);
    lines.join("\n")
}

/// A number with as many digits as say something.
fn number(value: f64) -> String {
    if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.4}").trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// What an empty block would be.
const FENCES: &str = "-";

fn fenced(language: &str, code: &str) -> String {
    if code.trim().is_empty() {
        return FENCES.to_owned();
    }
    let printable: Vec<String> = code.lines().map(table::printable).collect();
    format!("\n```{language}\n{}\n```", printable.join("\n").replace("```", "` ` `"))
}

/// Text of others must not become Markdown or HTML.
fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in table::printable(text).chars() {
        if "\\`*_[]<>|#".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
