//! Every shell block of the documentation is executed as it stands, against a local AWS, from a folder that looks like the repository.

use super::TOOLS;
use super::output::assert_shown;
use super::page::{Part, parts, text};
use crate::bench::{Bench, root};

/// A bench whose folder has the repository's examples.
pub(super) fn bench() -> Bench {
    let bench = Bench::new();
    std::os::unix::fs::symlink(root().join("examples"), bench.sandbox.path().join("examples")).unwrap();
    bench
}

/// Runs the `sh` blocks in their order. A `text` block directly behind one, or behind prose alone, is what it writes.
fn run_page(page: &str, tools: &[&str]) {
    let bench = bench();
    let mut came_out: Option<String> = None;
    let mut seen = 0;
    for part in parts(&text(&format!("docs/{page}.md"))) {
        match part {
            Part::Block(language, block) if language == "sh" => {
                assert!(
                    tools.iter().any(|tool| block.contains(tool)),
                    "a block of docs/{page}.md runs no tool:\n{block}"
                );
                let outcome = bench.sandbox.shell(&format!("set -euo pipefail\n{block}")).run().code(0);
                came_out = Some(format!("{}{}", outcome.stdout(), outcome.stderr()));
                seen += 1;
            }
            Part::Block(language, shown) if language == "text" => {
                if let Some(came_out) = came_out.take() {
                    assert_shown(&format!("docs/{page}.md"), &shown, &came_out);
                }
            }
            Part::Heading(..) | Part::Block(..) => came_out = None,
            Part::Row(_) | Part::Comment(_) | Part::Line(_) => {}
        }
    }
    assert!(seen > 0, "docs/{page}.md shows no command");
}

#[test]
fn the_blocks_of_the_tools_pages_run_and_write_what_is_shown() {
    for tool in TOOLS {
        run_page(tool, &[tool]);
    }
}

#[test]
fn the_blocks_of_the_page_about_observability_run() {
    run_page("observability", &TOOLS);
}

#[test]
fn the_readme_begins_with_commands_that_make_knows() {
    let makefile = text("Makefile");
    let parts = parts(&text("README.md"));
    let first = parts.iter().find_map(|part| match part {
        Part::Block(language, block) if language == "sh" => Some(block),
        _ => None,
    });
    let targets: Vec<&str> =
        first.unwrap().lines().filter_map(|line| line.strip_prefix("make ")?.split_whitespace().next()).collect();
    assert_eq!(targets, ["demo", "test"]);
    for target in targets {
        assert!(makefile.contains(&format!("\n{target}:")), "{target}");
    }
}

#[test]
fn the_pipeline_of_the_readme_runs() {
    let parts = parts(&text("README.md"));
    let is_pipeline =
        |part: &&Part| matches!(part, Part::Block(_, block) if block.starts_with("scan-gate report.json"));
    let Some(Part::Block(_, pipeline)) = parts.iter().find(is_pipeline) else { panic!("it shows no pipeline") };
    let outcome = bench().sandbox.shell(&format!("set -euo pipefail\n{pipeline}")).run().code(0);
    let outcome = outcome.says("/ok", true).says("/deployment/cluster", "production");
    assert_eq!(outcome.json()["steps"].as_array().map(Vec::len), Some(5));
}

/// How to read an error: what stands before the symptoms, which `troubleshooting` runs.
#[test]
fn the_other_blocks_of_the_troubleshooting_page_run() {
    let page = parts(&text("docs/troubleshooting.md"));
    let bench = bench();
    for part in page.iter().take_while(|part| !matches!(part, Part::Heading(_, words) if words == "Symptoms")) {
        if let Part::Block(language, block) = part
            && language == "sh"
        {
            let _ = bench.sandbox.shell(&format!("set -euo pipefail\n{block}")).run().code(0);
        }
    }
}
