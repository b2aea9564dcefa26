//! Markdown: what was found and what to do about it, for a pull request or a ticket.

use contract::{Failure, table};

use super::super::{FindingReport, Network, SubnetReport, VpcReport};
use super::{counted, told_saving, untold};
use crate::audit::finding::Resource;

/// The section as Markdown.
pub(super) fn render(network: Option<&Network>, failure: Option<&Failure>) -> String {
    let mut parts: Vec<String> = Vec::new();
    let verdict = match failure {
        Some(failure) => format!("**No**: {}", text(&failure.message)),
        None => "**Yes**".to_owned(),
    };
    parts.push(format!("## Network: {verdict}"));
    if let Some(network) = network {
        parts.push(text(&network.summary()));
        parts.extend(network.vpcs.iter().map(vpc));
        parts.extend(exposed(network));
        parts.extend(network.findings.iter().map(finding));
        parts.extend(list(
            "Waived",
            network.waived.iter().map(|waived| {
                let finding = &waived.finding;
                text(&format!("{} {}: {} (until {})", finding.id, finding.title, waived.reason, waived.expires))
            }),
        ));
        parts.extend(list("Cannot be told", untold(network).map(|item| text(&item))));
        let waivers = network.waivers.iter().map(|waiver| format!("{}: {}", waiver.waiver, waiver.note));
        parts.extend(list("Notes", waivers.chain(network.notes.iter().cloned()).map(|note| text(&note))));
    }
    parts.join("\n\n") + "\n"
}

fn list(title: &str, items: impl Iterator<Item = String>) -> Option<String> {
    let items: Vec<String> = items.map(|item| format!("- {item}")).collect();
    (!items.is_empty()).then(|| format!("### {title}\n\n{}", items.join("\n")))
}

fn vpc(vpc: &VpcReport) -> String {
    let name = vpc.name.as_ref().map(|name| format!("{} ", text(name))).unwrap_or_default();
    let head =
        format!("### {name}`{}`\n\n| subnet | zone | cidr | route table | class |\n|---|---|---|---|---|", vpc.id);
    let rows = vpc.subnets.iter().map(row);
    std::iter::once(head).chain(rows).collect::<Vec<_>>().join("\n")
}

fn row(subnet: &SubnetReport) -> String {
    let cidrs: Vec<String> = subnet.cidrs.iter().map(ToString::to_string).collect();
    let table = subnet.route_table.as_ref().map(|table| table.name.clone().unwrap_or_else(|| table.id.clone()));
    let cells = [
        text(subnet.name.as_ref().unwrap_or(&subnet.id)),
        subnet.availability_zone.clone().unwrap_or_default(),
        cidrs.join(", "),
        text(&table.unwrap_or_default()),
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
    let more = finding.resources.len().saturating_sub(resources.len());
    let more = if more > 0 { format!(" and {}", counted(more, "other")) } else { String::new() };
    let mut lines = vec![
        format!("### {} {}: {}", finding.severity, finding.id, text(&finding.title)),
        String::new(),
        format!("- resources: {}{more}", text(&resources.join(", "))),
        format!("- proof: {}", text(&finding.proof.join("; "))),
        format!("- what it hits: {}", text(&finding.blast_radius)),
    ];
    if let Some(money) = &finding.money {
        let inputs =
            money.inputs.iter().map(|one| format!("{} {} {} ({})", one.name, number(one.value), one.unit, one.source));
        let inputs: Vec<String> = inputs.collect();
        let remedy = match told_saving(money.saving).as_str() {
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
