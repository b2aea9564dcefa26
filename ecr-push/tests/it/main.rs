//! How the binary behaves against the local AWS: standard output, standard error, exit code, and what the registry was asked.

#![expect(clippy::unwrap_used, reason = "what cannot be asked or read ends the test")]

mod archive;
mod builders;
mod contract;
mod copy;
mod daemon;
mod docker;
mod faults;
mod host;
mod layout;
mod peer;
mod push;
mod reach;
mod registries;
mod rude_registry;
mod saved;
mod stream;

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
