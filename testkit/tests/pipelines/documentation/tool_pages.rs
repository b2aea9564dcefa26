//! The five tools' pages: the same headings in the same order, and what they say of the command line and of the section is the tool's own word.

use std::collections::BTreeSet;

use serde_json::Value;
use testkit::sandbox::Sandbox;

use super::TOOLS;
use super::page::{Part, below, parts, tables, text};

const HEADINGS: [&str; 6] = ["Synopsis", "Examples", "Description", "JSON section", "Exit codes", "Permissions"];

fn page(tool: &str) -> Vec<Part> {
    parts(&text(&format!("docs/{tool}.md")))
}

/// What a tool says when it is asked for help.
pub(super) fn help(arguments: &[&str]) -> String {
    let (tool, rest) = arguments.split_first().unwrap();
    Sandbox::new().tool(tool).args(rest).args(["--help"]).run().code(0).stdout()
}

/// The commands that a tool has, without `help`.
pub(super) fn subcommands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let heads = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = heads.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn all_pages_have_the_same_headings_in_the_same_order() {
    for tool in TOOLS {
        let parts = page(tool);
        assert_eq!(parts.first(), Some(&Part::Heading(1, tool.to_owned())));
        let headings = parts.iter().filter_map(|part| match part {
            Part::Heading(2, words) => Some(words.as_str()),
            _ => None,
        });
        assert_eq!(headings.collect::<Vec<_>>(), HEADINGS, "docs/{tool}.md");
    }
}

#[test]
fn the_synopsis_is_the_usage_that_the_tool_prints() {
    for tool in TOOLS {
        let whole = help(&[tool]);
        let commands = subcommands(&whole);
        let helps = commands.iter().map(|command| help(&[tool, command]));
        let helps: Vec<String> = if commands.is_empty() { vec![whole] } else { helps.collect() };
        let mut usage: Vec<&str> =
            helps.iter().flat_map(|help| help.lines()).filter_map(|line| line.strip_prefix("Usage: ")).collect();
        let parts = page(tool);
        let Some(Part::Block(_, synopsis)) = below(&parts, "Synopsis").first() else { panic!("docs/{tool}.md") };
        let mut shown: Vec<&str> = synopsis.lines().collect();
        usage.sort_unstable();
        shown.sort_unstable();
        assert_eq!(shown, usage, "docs/{tool}.md");
    }
}

/// The shapes that a section can have, each its members with their meanings.
fn shapes(tool: &str) -> Vec<Vec<(String, String)>> {
    let schema: Value = serde_json::from_str(&text(&format!("docs/schemas/{tool}.json"))).unwrap();
    let resolved = |node: &Value| match node["$ref"].as_str() {
        Some(path) => schema.pointer(path.trim_start_matches('#')).unwrap().clone(),
        None => node.clone(),
    };
    let sections = ["scan", "push", "deployment", "network", "lock"];
    let mut own = sections.iter().filter_map(|section| schema["properties"].get(*section));
    let section = resolved(own.next().unwrap());
    assert!(own.next().is_none(), "{tool} writes one section");
    let alternatives = section["anyOf"].as_array().cloned().unwrap_or_else(|| vec![section]);
    let members = |shape: &Value| {
        let properties = resolved(shape)["properties"].as_object().cloned().unwrap();
        let meaning = |value: &Value| value["description"].as_str().unwrap().replace('\n', " ");
        properties.iter().map(|(name, value)| (format!("`{name}`"), meaning(value))).collect()
    };
    alternatives.iter().map(members).collect()
}

#[test]
fn the_json_section_lists_the_members_of_the_schema_with_their_meanings() {
    for tool in TOOLS {
        let parts = page(tool);
        let shown = tables(below(&parts, "JSON section"));
        let shown: Vec<Vec<(String, String)>> =
            shown.iter().map(|rows| rows.iter().map(|row| (row[0].clone(), row[1].clone())).collect()).collect();
        assert_eq!(shown, shapes(tool), "docs/{tool}.md, beside docs/schemas/{tool}.json");
    }
}

#[test]
fn the_exit_codes_are_those_that_help_lists_and_the_errors_lead_to() {
    let codes = super::codes::all();
    for tool in TOOLS {
        let help = help(&[tool]);
        let listed = help.lines().skip_while(|line| *line != "Exit codes:").skip(1).take_while(|line| !line.is_empty());
        let listed: BTreeSet<String> =
            listed.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect();
        let parts = page(tool);
        let tables = tables(below(&parts, "Exit codes"));
        let shown: BTreeSet<String> = tables[0].iter().flat_map(|row| row[0].split(", ")).map(str::to_owned).collect();
        assert!(shown.is_superset(&listed), "docs/{tool}.md: {shown:?}, --help: {listed:?}");
        let reached = codes[tool].values().flatten().all(|exit| shown.contains(exit));
        assert!(reached, "docs/{tool}.md lacks an exit code that an error leads to: {:?}", codes[tool]);
    }
}

#[test]
fn the_permissions_are_shown_as_the_tool_prints_them() {
    for tool in TOOLS {
        let parts = page(tool);
        let blocks = below(&parts, "Permissions").iter().filter(|part| matches!(part, Part::Block(..)));
        let [Part::Block(command, asked), Part::Block(output, _)] = blocks.collect::<Vec<_>>()[..] else {
            panic!("docs/{tool}.md: a command and what it prints belong below `Permissions`")
        };
        assert_eq!((command.as_str(), output.as_str()), ("sh", "text"), "docs/{tool}.md");
        assert!(asked.contains("--iam-policy"), "docs/{tool}.md: {asked}");
    }
}
