//! How the binary behaves against the local AWS: standard output, standard error, exit code, and what the registry was asked.

#![expect(clippy::unwrap_used, reason = "what cannot be asked or read ends the test")]

mod archive;
mod attach;
mod builders;
mod contract;
mod copy;
mod create;
mod daemon;
mod docker;
mod errors;
mod faults;
mod host;
mod layout;
mod lost;
mod peer;
mod push;
mod reach;
mod refusals;
mod registries;
mod resume;
mod rude_registry;
mod saved;
mod stream;
mod transfer;
mod usage;
mod wait_scan;

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use testkit::LocalAws;
use testkit::image::{ImageSource, Layer, Layout};
use testkit::sandbox::{Outcome, Sandbox};
use testkit::world::{Operation, Service};

/// A local AWS with one repository, `web`, with this tag mutability.
fn cloud_with(mutability: &str) -> LocalAws {
    let cloud = LocalAws::start().unwrap();
    let seed = serde_json::json!([{
        "ecr:CreateRepository": { "repositoryName": "web", "imageTagMutability": mutability }
    }]);
    testkit::seed::plant(seed.to_string().as_bytes(), &mut cloud.world(), cloud.endpoint(), cloud.clock()).unwrap();
    cloud
}

/// A local AWS with one repository, `web`.
fn cloud() -> LocalAws {
    cloud_with("MUTABLE")
}

/// An image of two layers and a configuration; another `text` makes another image on the same lower layer.
fn image(text: &str) -> ImageSource {
    let base = Layer::new().file("etc/base", "the same in all images");
    ImageSource::new().layer(base).layer(Layer::new().file("srv/index.html", text))
}

/// Writes the image as an OCI layout into the folder `web` of the sandbox.
fn write(sandbox: &Sandbox, image: &ImageSource) -> Layout {
    let folder = sandbox.path().join("web");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    image.write_layout(&folder, "1.0.0").unwrap()
}

/// Pushes `web` into the repository `web`, with further arguments.
fn push(sandbox: &Sandbox, arguments: &[&str]) -> Outcome {
    sandbox.tool("ecr-push").args(["web", "--repository", "web"]).args(arguments).run()
}

/// How often each operation was asked for since the journal was cleared.
fn counts(cloud: &LocalAws) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for call in cloud.journal() {
        *counts.entry(call.operation).or_default() += 1;
    }
    counts
}

/// The same, written down.
fn expected(counts: &[(&str, usize)]) -> BTreeMap<String, usize> {
    counts.iter().map(|(operation, count)| ((*operation).to_owned(), *count)).collect()
}

/// Where a blob of a layout lies.
fn blob(sandbox: &Sandbox, digest: &str) -> std::path::PathBuf {
    sandbox.path().join("web/blobs/sha256").join(digest.trim_start_matches("sha256:"))
}

/// Changes one bit of a file.
fn flip(file: &Path) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[0] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

/// Checks that the tool failed with this exit code and error code, and said so as it should: one whole document, and the message and the hint
/// on a line each.
#[track_caller]
fn refused(outcome: Outcome, exit: i32, code: &str) -> Outcome {
    let outcome = outcome.code(exit).says("/ok", false).says("/error/code", code);
    let error = outcome.json()["error"].clone();
    let line = |name: &str| {
        let text = error[name].as_str().unwrap_or_default();
        assert!(!text.is_empty() && !text.contains('\n') && text.len() < 600, "{name} is no line: {error}");
        text
    };
    let id = error["request_id"].as_str().map(|id| format!(" (request id {id})")).unwrap_or_default();
    let told = format!("ecr-push: error: {}{id}\necr-push: hint: {}\n", line("message"), line("hint"));
    assert!(outcome.stderr().ends_with(&told), "{}", outcome.stderr());
    assert!(outcome.stderr().lines().count() < 24, "more than a screen: {}", outcome.stderr());
    outcome
}

/// Asks ECR's control plane, behind the tool's back.
fn control(cloud: &LocalAws, name: &str, input: &serde_json::Value) -> serde_json::Value {
    let operation = Operation { service: Service::Ecr, name: name.to_owned() };
    cloud.world().call(&operation, input, cloud.endpoint(), cloud.clock().now()).unwrap()
}

/// Leaves `user:password` for a registry where `docker login` does.
fn log_in(sandbox: &Sandbox, host: &str, credentials: &str) {
    let auth = STANDARD.encode(credentials);
    let config = serde_json::json!({ "auths": { host: { "auth": auth } } });
    sandbox.write(".docker/config.json", config.to_string());
}
