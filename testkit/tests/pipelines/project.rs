//! A project that took a copy of `examples/` over, as `deploy/`, and filled in both env files.

use std::fs;
use std::path::Path;

use serde_json::Value;
use testkit::peer;
use testkit::sandbox::Run;

use crate::bench::{Bench, root};

/// The project's folder, beside a local AWS.
pub(crate) struct Project {
    pub(crate) bench: Bench,
}

impl Project {
    /// A project whose AWS runs fast; none where a program that the scripts call is missing.
    pub(crate) fn new() -> Option<Self> {
        Self::at_speed(1200.0)
    }

    /// The same with another speed.
    pub(crate) fn at_speed(speed: f64) -> Option<Self> {
        let project = Self::unfilled(speed)?;
        for file in ["deploy/stage.env", "deploy/production.env"] {
            for (name, value) in [
                ("AWS_REGION", "eu-central-1"),
                ("ECR_PUSH_REPOSITORY", "web"),
                ("ECS_DEPLOY_CLUSTER", file.trim_start_matches("deploy/").trim_end_matches(".env")),
                ("ECS_DEPLOY_SERVICE", "web"),
                ("ECS_DEPLOY_PROMOTE_FROM", "stage"),
            ] {
                project.set_where_it_stands(file, name, value);
            }
            project.set(file, "ECS_DEPLOY_CHECK_EVERY", "1s");
        }
        Some(project)
    }

    /// The files as they are copied.
    pub(crate) fn unfilled(speed: f64) -> Option<Self> {
        if ["make", "jq", "curl"].into_iter().any(|name| peer::find(name).is_none()) {
            return None;
        }
        let bench = Bench::at_speed(speed);
        copy(&root().join("examples"), &bench.sandbox.path().join("deploy"));
        Some(Self { bench })
    }

    /// Sets a variable in an env file.
    pub(crate) fn set(&self, file: &str, name: &str, value: &str) {
        if !self.set_where_it_stands(file, name, value) {
            self.write(file, &format!("{}{name}={value}\n", self.read(file)));
        }
    }

    fn set_where_it_stands(&self, file: &str, name: &str, value: &str) -> bool {
        let text = self.read(file);
        let is_it = |line: &&str| line.split_once('=').is_some_and(|(found, _)| found == name);
        let Some(line) = text.lines().find(is_it) else { return false };
        self.write(file, &text.replace(&format!("{line}\n"), &format!("{name}={value}\n")));
        true
    }

    /// `make -f deploy/Makefile …`, with the reports, the image and the tag of a release unless others are given.
    pub(crate) fn make(&self, arguments: &[&str]) -> Run {
        let release = ["REPORTS=report.json", "IMAGE=web", "TAG=1.0.0"];
        self.shell("exec make --file deploy/Makefile --no-print-directory \"$@\"")
            .args(["make"])
            .args(release.iter().chain(arguments))
    }

    /// A script, with its arguments as `$1` and so on behind a name for `$0`.
    pub(crate) fn shell(&self, script: &str) -> Run {
        self.bench.sandbox.shell(script)
    }

    /// A file of the project.
    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.bench.sandbox.path().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        self.bench.sandbox.write(file, text);
    }

    pub(crate) fn has(&self, file: &str) -> bool {
        self.bench.sandbox.path().join(file).exists()
    }

    /// A document that a step left.
    pub(crate) fn document(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(&format!("build/release/{name}"))).unwrap()
    }

    /// The lines of the log, without the documents in them.
    pub(crate) fn log(&self) -> Vec<Value> {
        let text = self.read("build/release/releases.jsonl");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What was changed in the cluster since `writes` calls were made.
    pub(crate) fn writes(&self) -> usize {
        self.bench.cloud.writes().len()
    }

    /// A release that went through stage.
    pub(crate) fn staged(&self) {
        let _ = self.make(&["gate", "push", "deploy-stage"]).run().code(0);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
