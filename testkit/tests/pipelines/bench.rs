//! The bench that every pipeline stands on: a local AWS with the demonstration's world in it, and a folder with all inputs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use testkit::image::ImageSource;
use testkit::sandbox::Sandbox;
use testkit::{Clock, LocalAws};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A local AWS and a folder to work in.
pub(crate) struct Bench {
    pub(crate) cloud: LocalAws,
    pub(crate) sandbox: Sandbox,
}

impl Bench {
    /// AWS runs fast enough for a rollout to end while a test waits for it.
    pub(crate) fn new() -> Self {
        Self::at_speed(1200.0)
    }

    /// AWS runs so many times as fast as the wall clock.
    pub(crate) fn at_speed(speed: f64) -> Self {
        let cloud = LocalAws::start_at(0, Clock::running(speed)).unwrap();
        let world = std::fs::read(root().join("examples/demo/world.json")).unwrap();
        testkit::seed::plant(&world, &mut cloud.world(), cloud.endpoint(), cloud.clock()).unwrap();
        let sandbox = Sandbox::with_aws(&cloud);
        let image = image(&sandbox);
        let report = std::fs::read_to_string(root().join("examples/demo/clean.trivy.json")).unwrap();
        let vulnerable = std::fs::read_to_string(root().join("examples/demo/vulnerable.trivy.json")).unwrap();
        sandbox.write("report.json", report.replace("@IMAGE_ID@", &image));
        sandbox.write("vulnerable.json", vulnerable.replace("@IMAGE_ID@", &image));
        sandbox.write("vpc.json", std::fs::read(root().join("examples/demo/vpc.json")).unwrap());
        sandbox.write("garbage.json", "{\"Vpcs\":");
        Self { cloud, sandbox }
    }
}

/// Writes the layout `web` and a copy of it with a flipped bit, and says the digest of the image's configuration.
fn image(sandbox: &Sandbox) -> String {
    let source = ImageSource::of_folder(&root().join("examples/demo/web"), BTreeMap::new()).unwrap();
    let layout = source.write_layout(&sandbox.path().join("web"), "1.0.0").unwrap();
    source.write_layout(&sandbox.path().join("corrupt"), "1.0.0").unwrap();
    let config = sandbox.path().join("corrupt/blobs/sha256").join(layout.config_digest.trim_start_matches("sha256:"));
    let mut bytes = std::fs::read(&config).unwrap();
    bytes[1] ^= 1;
    std::fs::write(config, bytes).unwrap();
    layout.config_digest
}
