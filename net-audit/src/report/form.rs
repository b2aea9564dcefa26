//! The forms of standard output beside the release document. All are made of the section alone.

mod dot;
mod graph;
mod markdown;
mod mermaid;
mod sarif;
mod table;

use std::collections::BTreeMap;

use contract::Failure;
use contract::arguments::OwnForm;

use super::{Network, Section};
use crate::audit::finding::Money;

/// The forms that only this tool has.
pub const FORMS: [OwnForm; 4] = [
    OwnForm { name: MARKDOWN, help: "What the tool found and what to do about it, as Markdown" },
    OwnForm { name: "sarif", help: "The findings, as SARIF 2.1.0" },
    OwnForm { name: "mermaid", help: "A picture of the network, as a Mermaid flowchart" },
    OwnForm { name: "dot", help: "A picture of the network, for Graphviz" },
];

/// The one of them that also tells of a way, or of what changed.
pub const MARKDOWN: &str = "markdown";

/// The section for people at a terminal.
#[must_use]
pub fn table(section: &Section) -> String {
    match section {
        Section::Audit(network) => table::render(network),
        Section::Explanation { explanation, .. } => explanation.table(),
        Section::Difference { difference, .. } => difference.table(),
    }
}

/// Writes the section in one of [`FORMS`]; without a section, why there is none.
#[must_use]
pub fn render(form: &str, section: Option<&Section>, failure: Option<&Failure>) -> String {
    let network = match section {
        Some(Section::Audit(network)) => Some(network.as_ref()),
        Some(other) => return format!("```text\n{}```\n", table(other).replace('`', "'")),
        None => None,
    };
    match form {
        MARKDOWN => markdown::render(network, failure),
        "sarif" => sarif::render(network, failure),
        "mermaid" => mermaid::render(network, failure),
        "dot" => dot::render(network, failure),
        _ => String::new(),
    }
}

/// What could not be told, one line for each thing.
fn untold(network: &Network) -> impl Iterator<Item = String> {
    let regions = network.unseen.iter().map(|one| format!("{} cannot be seen: {}", one.region, one.because));
    let subnets = network
        .unknown
        .iter()
        .map(|one| format!("{} cannot be classified over {}: {}", one.subnet, one.family, one.missing.join("; ")));
    let mut by_gap: BTreeMap<(&str, Option<&str>), Vec<&str>> = BTreeMap::new();
    for one in &network.unanswered {
        let rules = by_gap.entry((&one.missing, one.region.as_deref())).or_default();
        rules.push(one.id.id());
        rules.dedup();
    }
    let rules = by_gap.into_iter().map(|((missing, region), rules)| {
        let place = region.map(|region| format!(" in {region}")).unwrap_or_default();
        format!("{} cannot be answered{place}: {missing}", rules.join(", "))
    });
    regions.chain(subnets).chain(rules)
}

/// What a remedy does to the bill.
fn told_saving(money: &Money) -> String {
    match (money.saving, money.saving_up_to) {
        (saving, _) if saving >= 0.005 => format!("saves ${saving:.2}"),
        (saving, _) if saving <= -0.005 => format!("costs ${:.2}", -saving),
        (_, Some(most)) if most >= 0.005 => format!("saves up to ${most:.2}"),
        _ => "-".to_owned(),
    }
}
