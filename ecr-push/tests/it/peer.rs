//! A real registry client reads back what was pushed.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use testkit::LocalAws;
use testkit::image::write_index_layout;
use testkit::peer;
use testkit::sandbox::Sandbox;

use crate::{cloud, control, image, push, write};

/// User and password for the local registry, as skopeo wants them.
pub(crate) fn credentials(cloud: &LocalAws) -> String {
    let answer = control(cloud, "GetAuthorizationToken", &serde_json::json!({}));
    let token = answer["authorizationData"][0]["authorizationToken"].as_str().unwrap();
    String::from_utf8(STANDARD.decode(token).unwrap()).unwrap()
}

#[test]
fn skopeo_sees_the_digest_that_is_reported() {
    let Some(skopeo) = peer::find("skopeo") else { return };
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    let _ = push(&sandbox, &["--tag", "1.0.0"]).code(0).says("/image/digest", layout.digest.as_str());
    let name = format!("docker://{}/web:1.0.0", cloud.registry());
    let credentials = credentials(&cloud);
    let inspect = ["inspect", "--tls-verify=false", "--creds", &credentials, "--format", "{{.Digest}}", &name];
    let _ = sandbox.program(&skopeo).args(inspect).run().code(0).stdout_is(&format!("{}\n", layout.digest));
}

#[test]
fn skopeo_copies_the_image_out_again_whole() {
    let Some(skopeo) = peer::find("skopeo") else { return };
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let platforms = ["amd64", "arm64"].map(|architecture| image("one").architecture(architecture).build().unwrap());
    let layout = write_index_layout(&platforms, &sandbox.path().join("web"), "1.0.0").unwrap();
    let _ = push(&sandbox, &["--tag", "1.0.0"]).code(0);
    let name = format!("docker://{}/web:1.0.0", cloud.registry());
    let credentials = credentials(&cloud);
    let copy = ["--insecure-policy", "copy", "--all", "--preserve-digests", "--src-tls-verify=false", "--src-creds"];
    let _ = sandbox.program(&skopeo).args(copy).args([&credentials, &name, "oci:copy:1.0.0"]).run().code(0);
    let index: serde_json::Value =
        serde_json::from_slice(&fs::read(sandbox.path().join("copy/index.json")).unwrap()).unwrap();
    assert_eq!(index["manifests"][0]["digest"], layout.digest.as_str());
    let blobs = |folder: &str| {
        let files = fs::read_dir(sandbox.path().join(folder).join("blobs/sha256")).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(blobs("copy"), blobs("web"));
}

#[test]
fn ministack_takes_what_is_pushed_and_creates_what_is_missing() {
    let Some(server) = peer::ministack() else { return };
    let sandbox = Sandbox::new()
        .env("AWS_ENDPOINT_URL", server.endpoint())
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "eu-central-1");
    let layout = write(&sandbox, &image("one"));
    let _ = push(&sandbox, &["--tag", "1.0.0"]).code(3).says("/error/code", "repository.missing");
    let _ = push(&sandbox, &["--tag", "1.0.0", "--create", "--tag-mutability", "immutable"])
        .code(0)
        .says("/push/ok", true)
        .says("/push/repository", "created")
        .says("/image/digest", layout.digest.as_str());
    let _ = push(&sandbox, &["--tag", "1.0.0"]).code(0).says("/push/nothing_to_do", true);
    let copy = format!("docker://{}/web:1.0.0", server.address());
    let copied = sandbox.tool("ecr-push").args([&copy, "--repository", "copy", "--create"]).run();
    let _ = copied.code(0).says("/image/digest", layout.digest.as_str());
}
