//! The invariants of docs/architecture.md that no lint can hold.

use std::fs;
use std::path::{Path, PathBuf};

use crate::bench::root;

const TOOLS: [&str; 5] = ["ecr-push", "ecs-deploy", "net-audit", "scan-gate", "tfstate-lock"];

/// The files of a folder and of all below it, with their text.
pub(crate) fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    found
}

fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
}

/// The text without its unit tests and comments.
pub(crate) fn code(text: &str) -> String {
    let shipped = text.split("#[cfg(test)]").next().unwrap_or(text);
    shipped.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn is_adapter(path: &Path) -> bool {
    let below_adapter =
        path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "aws" || folder == "registry");
    below_adapter || path.file_name().is_some_and(|name| name == "aws.rs" || name == "registry.rs")
}

#[test]
fn only_adapters_name_an_sdk_or_http_crate() {
    for tool in TOOLS {
        for (path, text) in sources(&format!("{tool}/src")).iter().filter(|(path, _)| !is_adapter(path)) {
            for foreign in ["aws_sdk", "aws_smithy", "aws_config", "hyper", "http::", "http_body"] {
                assert!(!code(text).contains(foreign), "{} names {foreign}", path.display());
            }
        }
    }
}

#[test]
fn cores_read_no_clock_no_environment_no_file_and_do_not_wait() {
    let cores = [
        "judge.rs",
        "audit.rs",
        "capture.rs",
        "classify.rs",
        "difference.rs",
        "exposure.rs",
        "facts.rs",
        "hop.rs",
        "intent.rs",
        "money.rs",
        "price.rs",
        "purpose.rs",
        "terraform.rs",
        "traffic.rs",
        "routing.rs",
        "decide.rs",
        "plan.rs",
        "pace.rs",
        "attempts.rs",
        "attachment.rs",
        "cause.rs",
        "change.rs",
        "diff.rs",
        "history.rs",
        "log_stream.rs",
        "observation.rs",
        "registry_image.rs",
        "rollouts.rs",
        "rules.rs",
        "stage.rs",
        "standing.rs",
        "strategy.rs",
        "task_definition.rs",
        "prefix.rs",
        "age.rs",
        "alias.rs",
        "baseline.rs",
        "explain.rs",
        "issue.rs",
        "part.rs",
        "policy.rs",
        "price.rs",
        "month.rs",
        "proof.rs",
        "purl.rs",
        "waiver.rs",
        "aftermath.rs",
        "breaking.rs",
        "encryption.rs",
        "engine.rs",
        "frame.rs",
        "lease.rs",
        "lineage.rs",
        "members.rs",
        "object_settings.rs",
        "restoration.rs",
        "table_digest.rs",
        "terraform_arguments.rs",
        "workspaces.rs",
    ];
    let core_folders = ["examine", "protocol"];
    let mut seen = 0;
    for tool in TOOLS {
        let of_core = |path: &Path| {
            let is_named = path.file_name().is_some_and(|name| cores.iter().any(|core| name == *core));
            let folder = path.parent().and_then(Path::file_name);
            let lies_there = folder.is_some_and(|folder| core_folders.iter().any(|core| folder == *core));
            !is_adapter(path) && (is_named || lies_there)
        };
        for (path, text) in sources(&format!("{tool}/src")).iter().filter(|(path, _)| of_core(path)) {
            seen += 1;
            for world in
                ["async ", "Timestamp::now", "Instant::now", "SystemTime", "std::env", "std::fs", "tokio", "println"]
            {
                assert!(!code(text).contains(world), "{} uses {world}", path.display());
            }
        }
    }
    assert!(seen >= TOOLS.len(), "every tool has a core; only {seen} files were looked at");
}

#[test]
fn the_contract_knows_no_tool() {
    let is_test = |path: &Path| path.file_name().is_some_and(|name| name == "tests.rs");
    for (path, text) in sources("contract/src").into_iter().filter(|(path, _)| !is_test(path)) {
        let code = code(&text);
        for tool in TOOLS {
            assert!(!code.contains(&format!("\"{tool}\"")), "{} knows {tool}", path.display());
            assert!(!code.contains(&tool.replace('-', "_")), "{} knows {tool}", path.display());
        }
    }
}

#[test]
fn no_tool_depends_on_a_tool_and_the_testkit_on_none() {
    for member in TOOLS.into_iter().chain(["contract", "testkit"]) {
        let manifest = fs::read_to_string(root().join(member).join("Cargo.toml")).unwrap();
        for tool in TOOLS {
            assert!(!manifest.contains(&format!("{tool}.workspace")), "{member} depends on {tool}");
            assert!(!manifest.contains(&format!("{tool} =")), "{member} depends on {tool}");
        }
    }
}

#[test]
fn only_the_contract_writes_to_standard_output() {
    for tool in TOOLS {
        for (path, text) in sources(&format!("{tool}/src")) {
            let code = code(&text);
            assert!(!code.contains("stdout()"), "{} writes to standard output", path.display());
        }
    }
    let writers: Vec<_> =
        sources("contract/src").into_iter().filter(|(_, text)| code(text).contains("stdout().lock()")).collect();
    assert_eq!(writers.len(), 1, "contract/src/output.rs alone writes");
}

#[test]
fn every_tool_has_the_same_rooms() {
    let rooms = ["main.rs", "lib.rs", "cli.rs", "request.rs", "run.rs", "report.rs", "error.rs"];
    for tool in TOOLS {
        let room = |name: &str| root().join(tool).join("src").join(name);
        for name in rooms {
            assert!(room(name).exists(), "{tool} has no {name}");
        }
        let lines = |name: &str| fs::read_to_string(room(name)).unwrap().lines().count();
        assert!(lines("main.rs") <= 12, "{tool}/src/main.rs");
        assert!(lines("lib.rs") <= 70, "{tool}/src/lib.rs");
    }
}

#[test]
fn no_file_is_longer_than_400_lines() {
    for member in TOOLS.into_iter().chain(["contract", "testkit"]) {
        for (path, text) in sources(member) {
            let lines = text.lines().count();
            assert!(lines <= 400, "{} has {lines} lines: divide it by noun or verb", path.display());
        }
    }
}

#[test]
fn the_workspace_forbids_what_the_house_forbids() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for lint in [
        "unsafe_code = \"forbid\"",
        "missing_docs = \"warn\"",
        "print_stdout = \"warn\"",
        "exit = \"warn\"",
        "unwrap_used = \"warn\"",
    ] {
        assert!(manifest.contains(lint), "{lint}");
    }
    for member in TOOLS.into_iter().chain(["contract", "testkit"]) {
        let manifest = fs::read_to_string(root().join(member).join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{member} does not take the workspace's lints");
    }
}

#[test]
fn every_workspace_flag_means_the_same_in_all_tools() {
    let bench = crate::bench::Bench::new();
    let shared = [
        "--input",
        "--require",
        "--output",
        "--quiet",
        "--verbose",
        "--color",
        "--progress",
        "--timeout",
        "--metrics",
        "--metrics-labels",
    ];
    let helps: Vec<String> = TOOLS.map(|tool| bench.sandbox.tool(tool).args(["--help"]).run().code(0).stdout()).into();
    for flag in shared {
        let lines: Vec<String> = helps.iter().map(|help| help_of(help, flag)).collect();
        assert!(lines.windows(2).all(|pair| pair[0] == pair[1]), "{flag} is not the same everywhere: {lines:#?}");
    }
}

/// The paragraph of a help page about a flag, without the tool's own variable.
fn help_of(help: &str, flag: &str) -> String {
    let is_head = |line: &str| line.split([' ', ',']).find(|word| word.starts_with("--")) == Some(flag);
    let is_flag = |line: &&str| line.trim_start().starts_with('-') && is_head(line.trim());
    let mut lines = help.lines().skip_while(|line| !is_flag(line));
    let head = lines.next().unwrap_or_else(|| panic!("no {flag} in\n{help}")).trim().to_owned();
    let text: Vec<&str> = lines.take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
    format!("{head}: {}", text.join(" "))
}
