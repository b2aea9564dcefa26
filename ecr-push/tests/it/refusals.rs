//! What registries answer that is no failure: a mount that is not allowed, bytes that lie elsewhere, a token service that is busy.

use serde_json::json;
use testkit::LocalAws;
use testkit::ecr::Quirks;
use testkit::image::{ImageSource, Layer};
use testkit::sandbox::{Outcome, Sandbox};

use crate::host::{self, Host, Reply};
use crate::{cloud, control, counts, image, log_in, write};

/// The local AWS with a repository `web` that has the image, and an empty one, `api`.
fn two_repositories() -> (LocalAws, Sandbox) {
    let cloud = cloud();
    let _ = control(&cloud, "CreateRepository", &json!({ "repositoryName": "api" }));
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    let _ = crate::push(&sandbox, &["--tag", "1.0.0"]).code(0);
    (cloud, sandbox)
}

#[test]
fn a_mount_that_is_refused_in_whatever_way_ends_in_an_upload() {
    for error in ["401:UNAUTHORIZED", "403:DENIED", "404:NAME_UNKNOWN", "400:UNSUPPORTED"] {
        let (cloud, sandbox) = two_repositories();
        cloud.clear_journal();
        cloud.arm(format!("registry:StartUpload=error:{error}").parse().unwrap());
        let run = sandbox.tool("ecr-push").args(["web", "--repository", "api", "--tag", "1.0.0", "--jobs", "1"]);
        let _ = run.run().code(0).says("/push/ok", true);
        assert_eq!(counts(&cloud)["registry:StartUpload"], 4, "{error}: one was asked for twice");
    }
}

#[test]
fn a_token_that_does_not_open_the_other_repository_opens_ours() {
    let cloud = cloud();
    let _ = control(&cloud, "CreateRepository", &json!({ "repositoryName": "api" }));
    cloud.world().ecr.quirks = Quirks::oci();
    cloud.world().ecr.bearer = true;
    let sandbox = Sandbox::new();
    let _ = write(&sandbox, &image("one"));
    let host = cloud.registry();
    log_in(&sandbox, &host, "local:local");
    let push = |source: &str, repository: &str| -> Outcome {
        let target = ["--repository", repository, "--tag", "1.0.0", "--registry", &host, "--plain-http", &host];
        sandbox.tool("ecr-push").args([source]).args(target).run().code(0).says("/push/ok", true)
    };
    let _ = push("web", "web");
    let _ = push("web", "api");
    let _ = control(&cloud, "CreateRepository", &json!({ "repositoryName": "copy" }));
    let _ = push(&format!("docker://{host}/web:1.0.0"), "copy").says("/push/bytes_sent", 0);
}

#[test]
fn a_token_service_that_is_busy_is_asked_again() {
    let cloud = cloud();
    cloud.world().ecr.quirks = Quirks::oci();
    cloud.world().ecr.bearer = true;
    cloud.arm("registry:GetToken=error:503:UNAVAILABLE".parse().unwrap());
    let sandbox = Sandbox::new();
    let _ = write(&sandbox, &image("one"));
    let host = cloud.registry();
    log_in(&sandbox, &host, "local:local");
    let target = ["--tag", "1.0.0", "--registry", &host, "--plain-http", &host];
    let _ = crate::push(&sandbox, &target).code(0).says("/push/ok", true);
    assert_eq!(counts(&cloud)["registry:GetToken"], 2);
}

#[test]
fn a_blob_that_lies_elsewhere_is_there() {
    let registry = Host::start(|head| match head {
        _ if head.contains("/blobs/") => Reply::new(307, "location: https://store.example/1\r\n", ""),
        _ => Reply::new(404, "", ""),
    });
    let sandbox = Sandbox::new();
    let _ = write(&sandbox, &image("one"));
    let target = ["--registry", &registry.address, "--plain-http", &registry.address, "--dry-run"];
    let _ = crate::push(&sandbox, &target).code(0).says("/push/blobs/0/action", "exists");
}

#[test]
fn a_manifest_that_lies_elsewhere_is_read_there_without_what_opens_the_registry() {
    let built = image("one").build().unwrap();
    let stored = built.clone();
    let store = Host::start(move |head| host::registry(&stored, head, |_, bytes| Reply::new(200, "", bytes.to_vec())));
    let at = store.address.clone();
    let source = Host::start(move |head| {
        if !head.to_lowercase().contains("\r\nauthorization: basic ") {
            return Reply::new(401, "www-authenticate: Basic realm=\"here\"\r\n", "");
        }
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        Reply::new(307, &format!("location: http://{at}{path}\r\n"), "")
    });
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    log_in(&sandbox, &source.address, "local:secret");
    let name = format!("docker://{}/web:1.0.0", source.address);
    let run = sandbox.tool("ecr-push").args([&name, "--repository", "web", "--plain-http", &source.address]);
    let _ = run.run().code(0).says("/image/digest", built.digest.as_str());
    assert!(store.heads().iter().all(|head| !head.contains("authorization")), "{:?}", store.heads());
}

#[test]
fn a_refusal_without_end_is_cut_off() {
    let built = image("one").build().unwrap();
    let source =
        Host::start(move |head| host::registry(&built, head, |_, _| Reply::new(400, "", vec![b'x'; 32 << 20])));
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let name = format!("docker://{}/web:1.0.0", source.address);
    let run = sandbox.tool("ecr-push").args([&name, "--repository", "web", "--plain-http", &source.address]);
    let _ = run.run().code(3).says("/error/code", "registry.refused");
}

#[test]
fn a_password_in_the_name_of_a_registry_is_not_said() {
    let sandbox = Sandbox::new();
    let _ = write(&sandbox, &image("one"));
    let outcome = crate::push(&sandbox, &["--registry", "user:hunter2@registry.example"]).code(2);
    let outcome = outcome.says("/error/code", "usage");
    assert!(!outcome.stderr().contains("hunter2") && !outcome.stdout().contains("hunter2"));
}

#[test]
fn an_image_in_a_registry_is_not_named_twice() {
    let sandbox = Sandbox::new();
    let run =
        sandbox.tool("ecr-push").args(["docker://registry.example/web:1", "--repository", "web", "--image", "api"]);
    let _ = run.run().code(2).says("/error/code", "usage").stderr_contains("--image is for archives and layouts");
}

#[test]
fn a_dry_run_that_would_attach_something_is_no_proof_of_a_push() {
    let (cloud, sandbox) = two_repositories();
    sandbox.write("sbom.json", "{}");
    let arguments = ["--tag", "1.0.0", "--dry-run", "--attach", "application/spdx+json=sbom.json"];
    let _ = crate::push(&sandbox, &arguments).code(0).says("/push/ok", false).says("/push/nothing_to_do", false);
    let _ = crate::push(&sandbox, &["--tag", "1.0.0", "--dry-run"]).code(0).says("/push/ok", true);
    drop(cloud);
}

#[test]
fn what_no_image_could_meet_is_refused_before_anyone_is_asked() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let document = json!({ "schema": "deploy-aws-ecs/release/v1", "ok": true }).to_string();
    sandbox.write("release.json", document);
    let run = sandbox.tool("ecr-push").args(["-", "--repository", "new", "--create", "--input", "release.json"]);
    let run = run.args(["--require", "scan"]).pipe_in("no tar at all");
    let _ = run.run().code(1).says("/error/code", "require.missing");
    assert_eq!(cloud.journal().len(), 0);
}

#[test]
fn a_large_document_in_a_stream_stays_as_it_is() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &ImageSource::new().layer(Layer::new().file("a", "b")));
    let statement = format!("{{\"text\":\"{}\"}}", "x".repeat(5 << 20));
    let script = r#"set -e
        digest=$(sha256sum statement | cut -d ' ' -f 1); size=$(stat --format %s statement)
        cp statement "web/blobs/sha256/$digest"
        old=$(jq -r '.manifests[0].digest' web/index.json)
        jq -c --arg digest "sha256:$digest" --argjson size "$size" \
            '.layers += [{mediaType: "application/vnd.in-toto+json", digest: $digest, size: $size}] | .config.mediaType = "application/vnd.example+json"' \
            "web/blobs/sha256/${old#sha256:}" > manifest
        new=$(sha256sum manifest | cut -d ' ' -f 1); cp manifest "web/blobs/sha256/$new"
        jq -c --arg digest "sha256:$new" --argjson size "$(stat --format %s manifest)" \
            '.manifests[0] |= (.digest = $digest | .size = $size)' web/index.json > index && mv index web/index.json
        tar --create --directory web . | ecr-push --repository web --tag 1.0.0"#;
    sandbox.write("statement", statement);
    let outcome = sandbox.shell(script).run().code(0).says("/push/ok", true);
    assert_ne!(outcome.json()["image"]["digest"], layout.digest.as_str());
}
