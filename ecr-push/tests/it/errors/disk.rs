//! A disk that is full: no file can be written beyond 8 KiB.

use serde_json::json;
use sha2::{Digest as _, Sha256};
use testkit::LocalAws;
use testkit::sandbox::Sandbox;

use crate::push::noise;
use crate::{cloud, counts, refused};

/// A sandbox with `save.tar`, as `docker save` of the older store writes it: a bare layer that nothing makes small.
fn saved(cloud: &LocalAws) -> Sandbox {
    let sandbox = Sandbox::with_aws(cloud);
    sandbox.write("layer/noise", noise(200_000));
    let _ = sandbox.shell("mkdir save && tar --create --file save/layer.tar --directory layer noise").run().code(0);
    let layer = std::fs::read(sandbox.path().join("save/layer.tar")).unwrap();
    let diff_id = ::contract::Digest::of_bytes(&Sha256::digest(layer));
    let rootfs = json!({ "type": "layers", "diff_ids": [diff_id] });
    let config = json!({ "architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs });
    sandbox.write("save/config.json", config.to_string());
    let list = json!([{ "Config": "config.json", "RepoTags": ["web:1.0.0"], "Layers": ["layer.tar"] }]);
    sandbox.write("save/manifest.json", list.to_string());
    let _ = sandbox.shell("tar --create --file save.tar --directory save . && gzip --keep save.tar").run().code(0);
    sandbox
}

#[test]
fn a_disk_that_is_full_is_said_whatever_was_to_be_written() {
    let cloud = cloud();
    let sandbox = saved(&cloud);
    let cases = [
        ("save.tar", "the compressed layer cannot be written"),
        ("save.tar.gz", "the archive cannot be unpacked, the disk is full"),
        ("- < save.tar", "the compressed layer cannot be written"),
        ("- < save.tar.gz", "the compressed layer cannot be written"),
    ];
    for (source, message) in cases {
        // The shell's own limit; without the signal a write beyond it fails as on a full disk.
        let script = format!("trap '' XFSZ; ulimit -f 8; ecr-push --repository web --tag 1.0.0 {source}");
        let _ = refused(sandbox.shell(&script).run(), 3, "disk.full")
            .stderr_contains(&format!("ecr-push: error: {message}: "))
            .stderr_contains("TMPDIR");
    }
    assert!(!counts(&cloud).contains_key("registry:PutManifest"));
}

#[test]
fn a_temporary_folder_that_is_none_is_said() {
    let cloud = cloud();
    let sandbox = saved(&cloud);
    for source in ["save.tar", "save.tar.gz"] {
        let run = sandbox.tool("ecr-push").args([source, "--repository", "web"]).env("TMPDIR", "/nowhere");
        let _ = refused(run.run(), 3, "disk.unwritable").stderr_contains("TMPDIR");
    }
}
