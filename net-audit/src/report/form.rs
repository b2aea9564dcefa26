//! The forms of standard output beside the release document. All are made of the section alone.

mod dot;
mod graph;
mod markdown;
mod mermaid;
mod sarif;
mod table;

use contract::Failure;
use contract::arguments::OwnForm;

use super::Network;

pub use table::render as table;

/// The forms that only this tool has.
pub const FORMS: [OwnForm; 4] = [
    OwnForm { name: "markdown", help: "What the tool found and what to do about it, as Markdown" },
    OwnForm { name: "sarif", help: "The findings, as SARIF 2.1.0" },
    OwnForm { name: "mermaid", help: "A picture of the network, as a Mermaid flowchart" },
    OwnForm { name: "dot", help: "A picture of the network, for Graphviz" },
];

/// Writes the section in one of [`FORMS`]; without a section, why there is none.
#[must_use]
pub fn render(form: &str, network: Option<&Network>, failure: Option<&Failure>) -> String {
    match form {
        "markdown" => markdown::render(network, failure),
        "sarif" => sarif::render(network, failure),
        "mermaid" => mermaid::render(network, failure),
        "dot" => dot::render(network, failure),
        _ => String::new(),
    }
}

/// `1 subnet`, `2 subnets`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// What could not be told, one line for each thing.
fn untold(network: &Network) -> impl Iterator<Item = String> {
    let regions = network.unseen.iter().map(|one| format!("{} cannot be seen: {}", one.region, one.because));
    let subnets = network
        .unknown
        .iter()
        .map(|one| format!("{} cannot be classified over {}: {}", one.subnet, one.family, one.missing.join("; ")));
    let rules = network.unanswered.iter().map(|one| format!("{} cannot be answered: {}", one.id, one.missing));
    regions.chain(subnets).chain(rules)
}
