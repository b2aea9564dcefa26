//! Every shell block of the documentation is executed as it stands, against a local AWS, from a folder that looks like the repository.

use std::fs;

use crate::bench::{Bench, root};

/// The blocks fenced with `sh` of a page.
fn blocks(page: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in page.lines() {
        match (&mut block, line) {
            (None, "```sh") => block = Some(String::new()),
            (Some(_), "```") => blocks.extend(block.take()),
            (Some(text), line) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, _) => {}
        }
    }
    blocks
}

#[test]
fn the_blocks_of_the_tools_pages_run() {
    let pages = ["scan-gate", "ecr-push", "ecs-deploy", "net-audit", "tfstate-lock"];
    for page in pages {
        let text = fs::read_to_string(root().join(format!("docs/{page}.md"))).unwrap();
        let blocks = blocks(&text);
        assert!(!blocks.is_empty(), "docs/{page}.md shows no command");
        let bench = Bench::new();
        std::os::unix::fs::symlink(root().join("examples"), bench.sandbox.path().join("examples")).unwrap();
        for block in blocks {
            assert!(block.contains(page), "a block of docs/{page}.md does not run {page}");
            let _ = bench.sandbox.shell(&format!("set -euo pipefail\n{block}")).run().code(0);
        }
    }
}

#[test]
fn the_readme_begins_with_commands_that_make_knows() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let first = blocks(&readme).into_iter().next().unwrap();
    let targets: Vec<&str> =
        first.lines().filter_map(|line| line.strip_prefix("make ")?.split_whitespace().next()).collect();
    assert_eq!(targets, ["demo", "test"]);
    for target in targets {
        assert!(makefile.contains(&format!("\n{target}:")), "{target}");
    }
}

#[test]
fn the_pages_that_are_linked_are_there() {
    let mut pages: Vec<_> = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.push(root().join("README.md"));
    for page in pages.iter().filter(|page| page.extension().is_some_and(|extension| extension == "md")) {
        let text = fs::read_to_string(page).unwrap();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let target = page.parent().unwrap().join(link.split('#').next().unwrap_or(link));
            assert!(target.exists(), "{} links to {link}", page.display());
        }
    }
}
