//! What leaves the house: what `make install` puts where, the release archive and the image. Nothing is built here: make is told to
//! take what the tests themselves stand on.

mod archive;
mod image;
mod install;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use testkit::sandbox::{Run, Sandbox};

use crate::bench::root;

const TOOLS: [&str; 5] = ["ecr-push", "ecs-deploy", "net-audit", "scan-gate", "tfstate-lock"];
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The folder that cargo put the tools into.
fn built() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_local-aws")).parent().unwrap().to_owned()
}

/// Stand-ins of a few bytes for tools of many megabytes: each is what the tool is that it runs.
fn stand_ins(sandbox: &Sandbox) -> PathBuf {
    for tool in TOOLS {
        let script = format!("#!/bin/sh\nexec '{}' \"$@\"\n", built().join(tool).display());
        let path = sandbox.write(&format!("stand-ins/{tool}"), script);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    sandbox.path().join("stand-ins")
}

/// A run of make in the repository with the tools of a folder, as they are.
fn make(sandbox: &Sandbox, tools: &Path, arguments: &[&str]) -> Run {
    make_under("022", sandbox, tools, arguments)
}

/// The same under a umask.
fn make_under(umask: &str, sandbox: &Sandbox, tools: &Path, arguments: &[&str]) -> Run {
    let run =
        sandbox.shell(r#"umask "$0"; exec make --no-print-directory "$@""#).args([umask, "--directory"]).args([root()]);
    // rustc and git are found as whoever tests finds them.
    let run =
        ["PATH", "HOME"].iter().fold(run, |run, name| run.env(name, std::env::var_os(name).unwrap().to_str().unwrap()));
    let present = TOOLS.map(|tool| format!("--assume-old={}", tools.join(tool).display()));
    run.args(present).args([format!("BUILT={}", tools.display())]).args(arguments)
}

/// `NAME=FOLDER` for make, with the folder below the sandbox's own.
fn folder(sandbox: &Sandbox, name: &str, below: &str) -> String {
    format!("{name}={}", sandbox.path().join(below).display())
}

/// The files below a folder, by path and mode, sorted.
fn files(folder: &Path) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    collect(folder, folder, &mut found);
    found.sort();
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<(String, u32)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            assert_eq!(metadata.permissions().mode() & 0o7777, 0o755, "{}", path.display());
            collect(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            found.push((name, metadata.permissions().mode() & 0o7777));
        }
    }
}

/// What is installed below a prefix, by path and mode, sorted.
fn installed() -> Vec<(String, u32)> {
    let of_tool = |tool: &&str| {
        [
            (format!("bin/{tool}"), 0o755),
            (format!("share/man/man1/{tool}.1"), 0o644),
            (format!("share/bash-completion/completions/{tool}"), 0o644),
            (format!("share/zsh/site-functions/_{tool}"), 0o644),
            (format!("share/fish/vendor_completions.d/{tool}.fish"), 0o644),
        ]
    };
    let mut files: Vec<_> = TOOLS.iter().flat_map(of_tool).collect();
    files.sort();
    files
}
