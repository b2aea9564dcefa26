//! docs/observability.md and what the tools write: the same families.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::bench::{Bench, root};

/// The files that [`super::plant::measure`] had written.
pub(super) fn written(bench: &Bench) -> Vec<PathBuf> {
    let folders = ["textfile", "pushed/stage", "pushed/production"].map(|name| bench.sandbox.path().join(name));
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    files.collect()
}

/// Families with the labels that samples of them have, those of the run left out.
fn families(text: &str) -> BTreeSet<(String, String)> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (series, _) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap();
            let names = labels.split("\",").filter_map(|label| Some(label.split_once('=')?.0));
            let own: Vec<&str> = names.filter(|name| !["environment"].contains(name)).collect();
            let own = own
                .into_iter()
                .filter(|label| *label != "service" || name.starts_with("ecs_deploy_") && !name.ends_with("_checks"));
            (
                name.to_owned(),
                own.map(|label| format!("`{label}`"))
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .collect::<Vec<_>>()
                    .join(", "),
            )
        })
        .collect()
}

/// The rows of the tables of families: the name, and the labels in the order of the alphabet.
fn rows(page: &str) -> BTreeSet<(String, String)> {
    let prefixes = ["deploy_aws_ecs_", "scan_gate_", "ecr_push_", "ecs_deploy_", "net_audit_", "tfstate_lock_"];
    page.lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
            let name = cells.next()?.trim_end_matches('`');
            prefixes
                .iter()
                .any(|prefix| name.starts_with(prefix))
                .then(|| (name.to_owned(), cells.next().unwrap().to_owned()))
        })
        .collect()
}

#[test]
fn the_page_lists_every_family_that_a_tool_writes_with_its_labels_and_no_other() {
    let bench = Bench::new();
    super::plant::measure(&bench);
    let written: BTreeSet<_> =
        written(&bench).iter().flat_map(|file| families(&std::fs::read_to_string(file).unwrap())).collect();
    let page = std::fs::read_to_string(root().join("docs/observability.md")).unwrap();
    assert_eq!(rows(&page), written);
}
