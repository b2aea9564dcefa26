//! Images out of archives: what `docker save` writes, and an OCI layout in a tar.

use serde_json::{Value, json};
use testkit::image::Layout;
use testkit::sandbox::Sandbox;

use crate::{cloud, image, write};

/// Writes the image of `web` as `docker save` of the older store does: bare layers, a configuration, `manifest.json`.
pub(crate) fn save(sandbox: &Sandbox, layout: &Layout) {
    let read = |digest: &str| {
        let path = sandbox.path().join("web/blobs/sha256").join(digest.strip_prefix("sha256:").unwrap());
        std::fs::read(path).unwrap()
    };
    let manifest: Value = serde_json::from_slice(&read(layout.digest.as_str())).unwrap();
    let _ = sandbox.shell("rm --recursive --force save").run().code(0);
    let mut names = Vec::new();
    for (place, layer) in manifest["layers"].as_array().unwrap().iter().enumerate() {
        let name = format!("{place}/layer.tar");
        sandbox.write(&format!("save/{name}.gz"), read(layer["digest"].as_str().unwrap()));
        names.push(name);
    }
    sandbox.write("save/config.json", read(layout.config_digest.as_str()));
    let list = json!([{ "Config": "config.json", "RepoTags": ["web:1.0.0"], "Layers": names }]);
    sandbox.write("save/manifest.json", list.to_string());
    let _ = sandbox
        .shell("gzip --decompress save/*/layer.tar.gz && tar --create --file web.tar --directory save .")
        .run()
        .code(0);
}

#[test]
fn what_docker_saved_is_packed_pushed_and_found_again() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    save(&sandbox, &layout);
    let push =
        |file: &str| sandbox.tool("ecr-push").args([file, "--repository", "web", "--tag", "1.0.0"]).run().code(0);
    let first = push("web.tar")
        .says("/image/config_digests/0", layout.config_digest.as_str())
        .says("/push/media_type", "application/vnd.docker.distribution.manifest.v2+json")
        .says("/push/ok", true)
        .json();
    let again = push("web.tar").says("/push/nothing_to_do", true).json();
    assert_eq!(first["image"]["digest"], again["image"]["digest"], "the same layers make the same digest");
    let _ = sandbox.shell("gzip --keep web.tar").run().code(0);
    let _ = push("web.tar.gz").says("/push/nothing_to_do", true);
}

#[test]
fn a_layout_in_a_tar_keeps_its_digest() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    let _ = sandbox.shell("tar --create --file web.tar --directory web .").run().code(0);
    let run = sandbox.tool("ecr-push").args(["web.tar", "--repository", "web", "--tag", "1.0.0"]);
    let _ = run.run().code(0).says("/image/digest", layout.digest.as_str()).says("/push/ok", true);
}

#[test]
fn a_layer_that_is_not_the_one_of_the_configuration_never_reaches_the_registry() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    save(&sandbox, &layout);
    let script = "cp save/0/layer.tar save/1/layer.tar && tar --create --file web.tar --directory save .";
    let _ = sandbox.shell(script).run().code(0);
    cloud.clear_journal();
    let run = sandbox.tool("ecr-push").args(["web.tar", "--repository", "web", "--tag", "1.0.0"]);
    let _ = run.run().code(2).says("/ok", false).says("/error/code", "blob.corrupt");
    assert!(!cloud.writes().contains(&"registry:PutManifest".to_owned()), "no manifest names it");
    let stored = cloud.journal().into_iter().filter(|call| call.operation == "registry:FinishUpload");
    assert!(stored.count() <= 2, "the configuration and the layer that is whole");
    let _ = sandbox.shell("head --bytes 3000 web.tar > cut.tar").run().code(0);
    let run = sandbox.tool("ecr-push").args(["cut.tar", "--repository", "web", "--tag", "1.0.0"]);
    let _ = run.run().code(2).says("/error/code", "archive.truncated");
}
