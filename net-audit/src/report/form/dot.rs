//! The picture for Graphviz. Source: Graphviz, "DOT Language": strings in quotes, with backslashes before quotes and backslashes.

use contract::{Failure, table};

use super::super::Network;
use super::graph::{Edge, Graph, Node, STYLES, Style, Vpc};

/// The section as a graph; without a section, a single node that says why.
pub(super) fn render(network: Option<&Network>, failure: Option<&Failure>) -> String {
    let mut lines = vec![
        "digraph network {".to_owned(),
        "  rankdir=LR; compound=true; fontname=\"Helvetica\";".to_owned(),
        "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\"];".to_owned(),
        "  edge [fontname=\"Helvetica\", fontsize=10];".to_owned(),
    ];
    if let Some(network) = network {
        draw(&mut lines, &Graph::of(network));
    } else {
        let message = failure.map(|failure| failure.message.as_str()).unwrap_or_default();
        lines.push(format!("  n0 [label={}];", quoted(message)));
    }
    lines.push("}".to_owned());
    lines.join("\n") + "\n"
}

fn draw(lines: &mut Vec<String>, graph: &Graph) {
    for (number, vpc) in graph.vpcs.iter().enumerate() {
        add_vpc(lines, number, vpc);
    }
    lines.extend(graph.outside.iter().map(|one| format!("  {}", node(one))));
    lines.extend(graph.edges.iter().map(edge));
}

fn add_vpc(lines: &mut Vec<String>, number: usize, vpc: &Vpc) {
    lines.push(format!("  subgraph cluster_{number} {{"));
    lines.push(format!("    label={}; style=rounded;", quoted(&vpc.label)));
    for (place, (zone, nodes)) in vpc.zones.iter().enumerate() {
        lines.push(format!("    subgraph cluster_{number}_{place} {{"));
        lines.push(format!("      label={}; style=dashed;", quoted(zone)));
        lines.extend(nodes.iter().map(|one| format!("      {}", node(one))));
        lines.push("    }".to_owned());
    }
    lines.extend(vpc.loose.iter().map(|one| format!("    {}", node(one))));
    lines.push("  }".to_owned());
}

fn node(node: &Node) -> String {
    let label: Vec<String> = node.label.iter().filter(|line| !line.is_empty()).map(|line| escaped(line)).collect();
    let (fill, stroke) = colours(node.style);
    let text = if node.style == Style::Alarming { "#ffffff" } else { "#1b1b1b" };
    let label = label.join("\\n");
    format!("{} [label=\"{label}\", fillcolor=\"{fill}\", color=\"{stroke}\", fontcolor=\"{text}\"];", node.key)
}

fn colours(style: Style) -> (&'static str, &'static str) {
    let found = STYLES.iter().find(|(candidate, ..)| *candidate == style);
    found.map_or(("#ffffff", "#444444"), |(_, fill, stroke)| (fill, stroke))
}

fn edge(edge: &Edge) -> String {
    let mut attributes = Vec::new();
    if !edge.label.is_empty() {
        attributes.push(format!("label={}", quoted(&edge.label)));
    }
    if edge.is_dead {
        attributes.push("style=dashed, color=\"#a86100\"".to_owned());
    }
    if edge.is_place {
        attributes.push("style=dotted, arrowhead=none".to_owned());
    }
    if edge.is_exposure {
        attributes.push("color=\"#b3261e\", penwidth=2".to_owned());
    }
    format!("  {} -> {} [{}];", edge.from, edge.to, attributes.join(", "))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

fn escaped(text: &str) -> String {
    table::printable(text).replace('\\', "\\\\").replace('"', "\\\"")
}
