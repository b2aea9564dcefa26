//! The pages about the examples: what they show runs, and what they list is there.

use std::fs;

use super::page::blocks;
use crate::bench::root;
use crate::infrastructure::Site;

#[test]
fn the_blocks_of_the_pipeline_run_one_after_the_other() {
    let Some(site) = Site::new().map(Site::with_network) else { return };
    let folder = site.project.bench.sandbox.path();
    fs::remove_dir_all(folder.join("deploy")).unwrap();
    std::os::unix::fs::symlink(root().join("examples"), folder.join("examples")).unwrap();
    let blocks = blocks(&fs::read_to_string(root().join("docs/pipeline.md")).unwrap());
    assert!(blocks.len() > 8);
    for block in blocks {
        let _ = site.shell(&format!("set -euo pipefail\n{block}")).run().code(0);
    }
    let outcomes: Vec<_> = site.project.log().iter().map(|line| line["outcome"].clone()).collect();
    assert_eq!(outcomes, ["deployed", "deployed", "refused", "rolled_back"]);
    assert_eq!(site.project.document("apply-stage.json")["ok"], true);
}

/// What a table of `examples/README.md` has in its first column, between backquotes.
fn first_column(section: &str) -> Vec<String> {
    let readme = fs::read_to_string(root().join("examples/README.md")).unwrap();
    let section = readme.split("\n## ").find(|text| text.starts_with(section)).unwrap().to_owned();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next().map(str::to_owned));
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn the_tour_of_the_examples_names_every_file_target_and_setting() {
    for file in first_column("Files") {
        assert!(root().join("examples").join(&file).exists(), "{file}");
    }
    let makefile = fs::read_to_string(root().join("examples/Makefile")).unwrap();
    let phony = makefile.lines().find_map(|line| line.strip_prefix(".PHONY: deploy-help ")).unwrap();
    assert_eq!(first_column("Targets"), phony.split(' ').collect::<Vec<_>>());
    // What the scripts read and no tool knows is told, and what is told is read.
    let scripts = ["common", "release", "promote", "rollback", "audit", "terraform", "check", "record"];
    let texts: String =
        scripts.iter().map(|name| fs::read_to_string(root().join(format!("examples/{name}.sh"))).unwrap()).collect();
    for setting in first_column("Settings") {
        let name = setting.trim_end_matches("_FILE");
        assert!(texts.contains(name), "{setting}");
    }
    for file in ["stage.env", "production.env"] {
        let text = fs::read_to_string(root().join("examples").join(file)).unwrap();
        for name in text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split('=').next())
            .filter(|name| !name.is_empty())
        {
            let tool = ["SCAN_GATE_", "ECR_PUSH_", "ECS_DEPLOY_", "NET_AUDIT_", "TFSTATE_LOCK_", "AWS_"];
            let is_the_tools = tool.iter().any(|prefix| name.starts_with(prefix));
            assert!(is_the_tools || texts.contains(name), "{file}: {name}");
        }
    }
}
