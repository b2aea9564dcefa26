//! The picture as a Mermaid flowchart, which GitHub draws in Markdown.
//!
//! Source: Mermaid, "Flowcharts - Basic Syntax": labels in quotes, with character references for what would end them.

use contract::{Failure, table};

use super::super::Network;
use super::graph::{Edge, Graph, Node, STYLES, Vpc};

/// The section as a flowchart; without a section, a single node that says why.
pub(super) fn render(network: Option<&Network>, failure: Option<&Failure>) -> String {
    let mut lines = vec!["flowchart LR".to_owned()];
    let Some(network) = network else {
        let message = failure.map(|failure| failure.message.as_str()).unwrap_or_default();
        lines.push(format!("  n0[\"{}\"]", escaped(message)));
        return lines.join("\n") + "\n";
    };
    let graph = Graph::of(network);
    for (number, vpc) in graph.vpcs.iter().enumerate() {
        add_vpc(&mut lines, number, vpc);
    }
    lines.extend(graph.outside.iter().map(|one| format!("  {}", node(one))));
    lines.extend(graph.edges.iter().map(edge));
    for (place, _) in graph.edges.iter().enumerate().filter(|(_, edge)| edge.is_exposure) {
        lines.push(format!("  linkStyle {place} stroke:#b3261e,stroke-width:2px"));
    }
    for (style, fill, stroke) in STYLES {
        let text = if style == super::graph::Style::Alarming { "#ffffff" } else { "#1b1b1b" };
        lines.push(format!("  classDef {} fill:{fill},stroke:{stroke},color:{text}", style.word()));
    }
    lines.join("\n") + "\n"
}

fn add_vpc(lines: &mut Vec<String>, number: usize, vpc: &Vpc) {
    lines.push(format!("  subgraph vpc{number}[\"{}\"]", escaped(&vpc.label)));
    for (place, (zone, nodes)) in vpc.zones.iter().enumerate() {
        lines.push(format!("    subgraph vpc{number}zone{place}[\"{}\"]", escaped(zone)));
        lines.extend(nodes.iter().map(|one| format!("      {}", node(one))));
        lines.push("    end".to_owned());
    }
    lines.extend(vpc.loose.iter().map(|one| format!("    {}", node(one))));
    lines.push("  end".to_owned());
}

fn node(node: &Node) -> String {
    let label: Vec<String> = node.label.iter().filter(|line| !line.is_empty()).map(|line| escaped(line)).collect();
    format!("{}[\"{}\"]:::{}", node.key, label.join("<br/>"), node.style.word())
}

fn edge(edge: &Edge) -> String {
    let arrow = match edge {
        Edge { is_place: true, .. } => "-.-",
        Edge { is_dead: true, .. } => "-.->",
        _ => "-->",
    };
    let label = if edge.label.is_empty() { String::new() } else { format!("|\"{}\"|", escaped(&edge.label)) };
    format!("  {} {arrow}{label} {}", edge.from, edge.to)
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in table::printable(text).chars() {
        match character {
            '"' => escaped.push_str("#quot;"),
            '#' => escaped.push_str("#35;"),
            '&' => escaped.push_str("#amp;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '`' => escaped.push_str("#96;"),
            other => escaped.push(other),
        }
    }
    escaped
}
