//! `docs/troubleshooting.md`: every code of an error stands there, and what is shown of the errors is what the tools print.

use std::collections::BTreeMap;

use serde_json::Value;
use testkit::Fault;

use super::codes::{self, Exits};
use super::output::assert_shown;
use super::page::{Part, below, code_spans, parts, tables, text};
use super::runs::bench;

const PAGE: &str = "docs/troubleshooting.md";

/// The heading of the errors that every tool can have.
const SHARED: &str = "All tools";

fn page() -> Vec<Part> {
    parts(&text(PAGE))
}

/// The codes of a table, each with its exit codes.
fn listed(parts: &[Part], heading: &str) -> BTreeMap<String, Exits> {
    let mut listed = BTreeMap::new();
    for row in tables(below(parts, heading)).concat() {
        let [exits, codes, meaning, next] = row else { panic!("{heading}: {row:?}") };
        assert!(!meaning.is_empty() && !next.is_empty(), "{heading}: {row:?}");
        let exits: Exits = exits.split(", ").map(str::to_owned).collect();
        for code in code_spans(codes) {
            let twice = listed.insert(code.clone(), exits.clone());
            assert!(twice.is_none(), "{heading}: {code} is there twice");
        }
    }
    listed
}

#[test]
fn every_code_of_an_error_is_on_the_page_with_its_exit_codes_and_no_other() {
    let parts = page();
    let codes = codes::all();
    let shared = &codes["contract"];
    assert_eq!(&listed(&parts, SHARED), shared, "{SHARED}");
    for (tool, codes) in codes.iter().filter(|(owner, _)| *owner != "contract") {
        let own = codes.iter().filter(|(code, exits)| shared.get(*code) != Some(exits));
        let own: BTreeMap<String, Exits> = own.map(|(code, exits)| (code.clone(), exits.clone())).collect();
        let listed = listed(&parts, tool);
        let missing: Vec<_> = own.iter().filter(|(code, _)| !listed.contains_key(*code)).collect();
        let invented: Vec<_> = listed.keys().filter(|code| !own.contains_key(*code)).collect();
        assert!(missing.is_empty() && invented.is_empty(), "{tool}: missing: {missing:?}; not there: {invented:?}");
        assert_eq!(listed, own, "{tool}");
    }
}

#[test]
fn the_tables_are_in_the_order_of_the_exit_codes() {
    let parts = page();
    for heading in super::TOOLS.into_iter().chain([SHARED]) {
        let first =
            |row: &&[String]| row[0].split([',', '+']).next().and_then(|exit| exit.parse::<u16>().ok()).unwrap();
        let order: Vec<u16> = tables(below(&parts, heading)).concat().iter().map(first).collect();
        assert!(order.is_sorted(), "{heading}: {order:?}");
    }
}

/// A symptom: what makes it, the command, what it prints, and what it leads to.
#[derive(Default)]
struct Symptom {
    title: String,
    faults: Vec<Fault>,
    first: Vec<String>,
    command: String,
    shown: String,
    exit: i32,
    code: String,
}

/// The symptoms. What is not for the reader stands in comments: `fault:` is what AWS is to do, `first:` is run beforehand.
fn symptoms() -> Vec<Symptom> {
    let mut symptoms: Vec<Symptom> = Vec::new();
    for part in below(&page(), "Symptoms") {
        if let Part::Heading(_, title) = part {
            symptoms.push(Symptom { title: title.clone(), ..Symptom::default() });
            continue;
        }
        let Some(symptom) = symptoms.last_mut() else { continue };
        match part {
            Part::Comment(comment) => match comment.split_once(": ").unwrap() {
                ("fault", fault) => symptom.faults.push(fault.parse().unwrap()),
                ("first", command) => symptom.first.push(command.to_owned()),
                (other, _) => panic!("{}: nobody knows the comment {other}", symptom.title),
            },
            Part::Block(language, command) if language == "sh" && symptom.command.is_empty() => {
                symptom.command.clone_from(command);
            }
            Part::Block(language, shown) if language == "text" && symptom.shown.is_empty() => {
                symptom.shown.clone_from(shown);
            }
            Part::Line(line) if line.starts_with("Exit code ") => {
                let exit = line["Exit code ".len()..].split([',', '.']).next().unwrap();
                symptom.exit = exit.parse().unwrap();
                symptom.code = code_spans(line).into_iter().next().unwrap();
            }
            _ => {}
        }
    }
    symptoms
}

#[test]
fn every_symptom_is_what_the_tools_print() {
    let symptoms = symptoms();
    assert!(symptoms.len() >= 12, "only {} symptoms are shown", symptoms.len());
    for symptom in symptoms {
        let bench = bench();
        for command in &symptom.first {
            let _ = bench.sandbox.shell(&format!("set -euo pipefail\n{command}")).run().code(0);
        }
        symptom.faults.iter().for_each(|fault| bench.cloud.arm(fault.clone()));
        let outcome = bench.sandbox.shell(&symptom.command).run();
        assert_eq!(outcome.exit_code(), Some(symptom.exit), "{}: {outcome:?}", symptom.title);
        assert_shown(&symptom.title, &symptom.shown, &outcome.stderr());
        let document: Value = outcome.json();
        assert_eq!(document["error"]["code"], symptom.code, "{}", symptom.title);
        let hint = document["error"]["hint"].as_str().unwrap_or_default();
        let is_shown = symptom.shown.contains(": error: ") && (hint.is_empty() || symptom.shown.contains(": hint: "));
        assert!(is_shown, "{}: the error and its hint are to be shown: {hint}", symptom.title);
    }
}
