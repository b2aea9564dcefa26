//! Images out of a registry, into another one or into another repository of the same.

use std::collections::BTreeSet;

use testkit::LocalAws;
use testkit::ecr::Quirks;
use testkit::image::{Image, ImageSource, Layer, write_index_layout};
use testkit::peer::{self, Server};
use testkit::proxy::Proxy;
use testkit::sandbox::{Outcome, Sandbox};

use crate::host::{self, Host, Reply};
use crate::push::noise;
use crate::{cloud, control, counts, image, log_in, peer::credentials, push, write};

/// Pushes `web` into the repository `web` of a registry without TLS.
fn fill(sandbox: &Sandbox, registry: &str) {
    let _ = push(sandbox, &["--tag", "1.0.0", "--registry", registry, "--plain-http", registry]).code(0);
}

/// Copies `web:1.0.0` of a registry without TLS into the repository `web` of ECR.
fn copy(sandbox: &Sandbox, registry: &str, arguments: &[&str]) -> Outcome {
    let name = format!("docker://{registry}/web:1.0.0");
    let run = sandbox.tool("ecr-push").args([&name, "--plain-http", registry, "--repository", "web"]);
    run.args(["--tag", "1.0.0"]).args(arguments).run()
}

/// The blobs of `web:1.0.0`, manifests included, as skopeo pulls it, and the digest by which it names the image.
fn pulled(sandbox: &Sandbox, registry: &str, credentials: Option<&str>) -> Option<(BTreeSet<String>, String)> {
    let skopeo = peer::find("skopeo")?;
    let copy = ["--insecure-policy", "copy", "--all", "--preserve-digests", "--src-tls-verify=false"];
    let mut run = sandbox.program(&skopeo).args(copy);
    if let Some(credentials) = credentials {
        run = run.args(["--src-creds", credentials]);
    }
    let name = format!("docker://{registry}/web:1.0.0");
    let _ = sandbox.shell("rm -rf pulled").run().code(0);
    let _ = run.args([&name, "oci:pulled:1.0.0"]).run().code(0);
    let index = std::fs::read(sandbox.path().join("pulled/index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
    Some((blobs(sandbox, "pulled"), index["manifests"][0]["digest"].as_str().unwrap().to_owned()))
}

fn blobs(sandbox: &Sandbox, layout: &str) -> BTreeSet<String> {
    let files = std::fs::read_dir(sandbox.path().join(layout).join("blobs/sha256")).unwrap();
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

/// A real registry and the local AWS, and a layout `web` for two platforms in the sandbox.
fn two_platforms(cloud: &LocalAws) -> Option<(Server, Sandbox, testkit::image::IndexLayout)> {
    let registry = peer::docker_registry()?;
    let sandbox = Sandbox::with_aws(cloud);
    let platforms = ["amd64", "arm64"].map(|architecture| image(architecture).architecture(architecture));
    let platforms = platforms.map(|image| image.build().unwrap());
    let layout = write_index_layout(&platforms, &sandbox.path().join("web"), "1.0.0").unwrap();
    fill(&sandbox, registry.address());
    Some((registry, sandbox, layout))
}

#[test]
fn a_whole_index_goes_from_registry_to_ecr_and_back_as_it_is() {
    let cloud = cloud();
    let Some((registry, sandbox, layout)) = two_platforms(&cloud) else { return };
    let _ = copy(&sandbox, registry.address(), &[])
        .code(0)
        .says("/image/digest", layout.digest.as_str())
        .says("/image/platforms", serde_json::json!(["linux/amd64", "linux/arm64"]))
        .says("/push/media_type", "application/vnd.oci.image.index.v1+json")
        .says("/push/ok", true);
    let credentials = credentials(&cloud);
    let Some(in_ecr) = pulled(&sandbox, &cloud.registry(), Some(&credentials)) else { return };
    assert_eq!(in_ecr, (blobs(&sandbox, "web"), layout.digest.clone()));
    let _ = copy(&sandbox, registry.address(), &[]).code(0).says("/push/nothing_to_do", true);

    let Some(other) = peer::docker_registry() else { return };
    let (from, to) = (cloud.registry(), other.address());
    log_in(&sandbox, &from, &credentials);
    let back = copy(&sandbox, &from, &["--registry", to, "--plain-http", to]).code(0);
    let _ = back.says("/image/digest", layout.digest.as_str()).says("/image/registry", to);
    assert_eq!(pulled(&sandbox, to, None).unwrap(), in_ecr);
}

#[test]
fn one_platform_alone_is_copied_under_its_own_digest() {
    let cloud = cloud();
    let Some((registry, sandbox, layout)) = two_platforms(&cloud) else { return };
    let arm = &layout.platforms[1];
    let _ = copy(&sandbox, registry.address(), &["--platform", "linux/arm64"])
        .code(0)
        .says("/image/digest", arm.digest.as_str())
        .says("/image/platforms", serde_json::json!(["linux/arm64"]))
        .says("/push/media_type", "application/vnd.oci.image.manifest.v1+json");
    let Some((found, digest)) = pulled(&sandbox, &cloud.registry(), Some(&credentials(&cloud))) else { return };
    assert_eq!(digest, arm.digest);
    assert_eq!(found.len(), 4, "a manifest, a configuration and two layers");
    let _ = copy(&sandbox, registry.address(), &["--platform", "linux/s390x"])
        .code(2)
        .says("/error/code", "platform.not_found")
        .stderr_contains("there is not exactly one image for linux/s390x: there is linux/amd64 (sha256:");
}

#[test]
fn an_image_that_a_registry_has_not_is_named() {
    let Some(registry) = peer::docker_registry() else { return };
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = copy(&sandbox, registry.address(), &[]).code(2).says("/error/code", "image.not_found").stderr_is(&format!(
        "ecr-push: error: there is no image `web:1.0.0` in {}\n\
         ecr-push: hint: check the repository and the tag; both are case-sensitive\n",
        registry.address()
    ));
    assert_eq!(cloud.writes(), Vec::<String>::new());
}

/// Copies `web` into `api`, in the same registry.
fn copy_within(cloud: &LocalAws, sandbox: &Sandbox) -> Outcome {
    let name = format!("docker://{}/web:1.0.0", cloud.registry());
    sandbox.tool("ecr-push").args([&name, "--repository", "api", "--tag", "1.0.0"]).run().code(0)
}

fn two_repositories() -> (LocalAws, Sandbox, testkit::image::Layout) {
    let cloud = cloud();
    let _ = control(&cloud, "CreateRepository", &serde_json::json!({ "repositoryName": "api" }));
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    let _ = push(&sandbox, &["--tag", "1.0.0"]).code(0);
    (cloud, sandbox, layout)
}

fn actions(outcome: &Outcome) -> BTreeSet<String> {
    let document = outcome.json();
    let blobs = document["push"]["blobs"].as_array().unwrap();
    blobs.iter().map(|blob| blob["action"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn within_a_registry_blobs_are_mounted() {
    let (cloud, sandbox, layout) = two_repositories();
    let _ = control(&cloud, "PutAccountSetting", &serde_json::json!({ "name": "BLOB_MOUNTING", "value": "ENABLED" }));
    cloud.clear_journal();
    let outcome = copy_within(&cloud, &sandbox)
        .says("/image/digest", layout.digest.as_str())
        .says("/image/repository", "api")
        .says("/push/bytes_sent", 0);
    assert_eq!(actions(&outcome), BTreeSet::from(["mounted".to_owned()]));
    assert_eq!(counts(&cloud)["registry:GetBlob"], 1, "the configuration alone is read");
    assert_eq!(counts(&cloud).get("registry:FinishUpload"), None);
}

#[test]
fn within_a_registry_that_does_not_mount_blobs_are_sent() {
    let (cloud, sandbox, layout) = two_repositories();
    let outcome = copy_within(&cloud, &sandbox).says("/image/digest", layout.digest.as_str());
    assert_eq!(actions(&outcome), BTreeSet::from(["uploaded".to_owned()]));
    assert_eq!(counts(&cloud)["registry:StartUpload"], 6, "three of the push, three of the copy: none is begun twice");
}

fn large() -> ImageSource {
    ImageSource::new().layer(Layer::new().file("srv/noise", noise(4 << 20)))
}

#[test]
fn a_blob_whose_connection_is_cut_is_read_on_where_it_was_cut() {
    let Some(registry) = peer::docker_registry() else { return };
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &large());
    fill(&sandbox, registry.address());
    let proxy = Proxy::start(registry.address().parse().unwrap()).unwrap();
    proxy.cut_answers(1, 1 << 20);
    proxy.cut_answers(2, 1 << 20);
    let _ = copy(&sandbox, &proxy.address().to_string(), &[])
        .code(0)
        .says("/image/digest", layout.digest.as_str())
        .says("/push/ok", true)
        .says("/push/blobs/0/retries", 0);
    assert_eq!(proxy.connections(), 3, "one that was cut, another, and the one that brought the rest");
    if let Some((found, _)) = pulled(&sandbox, &cloud.registry(), Some(&credentials(&cloud))) {
        assert_eq!(found, blobs(&sandbox, "web"));
    }
}

#[test]
fn the_rest_of_a_blob_is_asked_for_by_a_range() {
    let (source, cloud) = (cloud(), cloud());
    let sandbox = Sandbox::with_aws(&source);
    let layout = write(&sandbox, &large());
    let _ = push(&sandbox, &["--tag", "1.0.0"]).code(0);
    source.world().ecr.quirks = Quirks::oci();
    source.world().ecr.bearer = true;
    source.clear_journal();
    source.arm("registry:GetBlob#2=cut-body".parse().unwrap());
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = copy(&sandbox, &source.registry(), &[]).code(0).says("/image/digest", layout.digest.as_str());
    let asked = source.journal().into_iter().filter(|call| call.operation == "registry:GetBlob");
    let statuses: Vec<u16> = asked.map(|call| call.status).filter(|status| *status != 401).collect();
    assert_eq!(statuses, [200, 200, 206]);
}

/// A registry that has the image, and makes what it wants of its blobs.
fn rude(image: &Image, blob: impl Fn(&str, &[u8]) -> Reply + Send + Sync + 'static) -> Host {
    let image = image.clone();
    Host::start(move |head| host::registry(&image, head, &blob))
}

#[test]
fn a_blob_that_is_not_what_its_digest_says_is_never_tagged() {
    let built = image("one").build().unwrap();
    for (place, bad) in built.blobs().into_iter().map(|(digest, _)| digest).enumerate() {
        let cloud = cloud();
        let sandbox = Sandbox::with_aws(&cloud);
        let wrong = bad.clone();
        let source = rude(&built, move |digest, bytes| {
            let mut bytes = bytes.to_vec();
            bytes[0] ^= u8::from(digest == wrong);
            Reply::new(200, "", bytes)
        });
        let _ = copy(&sandbox, &source.address, &[])
            .code(2)
            .says("/ok", false)
            .says("/error/code", "blob.corrupt")
            .stderr_contains(&format!("ecr-push: error: the image is corrupt: what is stored as {bad} is sha256:"));
        assert!(!counts(&cloud).contains_key("registry:PutManifest"), "blob {place}");
        let named = cloud.journal().into_iter().filter(|call| call.path.contains(&bad));
        assert!(named.into_iter().all(|call| call.status != 201), "blob {place} was taken");
    }
}

#[test]
fn a_blob_that_ends_too_early_each_time_is_given_up() {
    let built = image("one").build().unwrap();
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let source = rude(&built, |_, bytes| Reply::new(200, "", &bytes[..bytes.len() - 1]));
    let outcome = copy(&sandbox, &source.address, &[]).code(3).says("/error/code", "registry.network");
    let _ = outcome.stderr_contains("the blob ends too early");
    assert!(!counts(&cloud).contains_key("registry:PutManifest"));
}

#[test]
fn a_blob_that_is_kept_elsewhere_is_fetched_without_what_opens_the_registry() {
    let built = image("one").build().unwrap();
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let stored = built.blobs();
    let store = Host::start(move |head| {
        let found = stored.iter().find(|(digest, _)| head.starts_with(&format!("GET /store/{digest}?signed=1 ")));
        found.map_or_else(|| Reply::new(404, "", ""), |(_, bytes)| Reply::new(200, "", bytes.to_vec()))
    });
    let (kept, at) = (built.clone(), store.address.clone());
    let source = Host::start(move |head| {
        if !head.to_lowercase().contains("\r\nauthorization: basic bg9jywwv") {
            return Reply::new(401, "www-authenticate: Basic realm=\"here\"\r\n", "");
        }
        let elsewhere = |digest: &str| format!("location: http://{at}/store/{digest}?signed=1\r\n");
        host::registry(&kept, head, |digest, _| Reply::new(307, &elsewhere(digest), ""))
    });
    log_in(&sandbox, &source.address, "local/:secret");
    let _ = copy(&sandbox, &source.address, &[]).code(0).says("/image/digest", built.digest.as_str());
    let heads = store.heads();
    assert_eq!(heads.len(), 3, "each blob once");
    assert!(heads.iter().all(|head| !head.contains("authorization")), "{heads:?}");
}
