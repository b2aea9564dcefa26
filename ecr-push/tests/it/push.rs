//! What is sent, and what is not.

use testkit::image::{ImageSource, Layer, write_index_layout};
use testkit::sandbox::Sandbox;

use crate::{cloud, cloud_with, counts, expected, image, push, write};

#[test]
fn a_new_image_takes_two_requests_a_blob_and_few_beside() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    let registry = cloud.registry();
    let uri = format!("{registry}/web@{}", layout.digest);
    let outcome = push(&sandbox, &["--tag", "1.0.0"])
        .code(0)
        .says("/ok", true)
        .says("/image/registry", registry)
        .says("/image/repository", "web")
        .says("/image/tags/0", "1.0.0")
        .says("/image/digest", layout.digest.as_str())
        .says("/image/uri", uri.as_str())
        .says("/image/platforms/0", "linux/amd64")
        .says("/image/config_digests/0", layout.config_digest.as_str())
        .says("/push/ok", true)
        .says("/push/digest", layout.digest.as_str())
        .says("/push/dry_run", false)
        .says("/push/nothing_to_do", false)
        .says("/steps/0/tool", "ecr-push")
        .stderr_contains(&format!("ecr-push: pushed {uri}, tagged 1.0.0: 3 of 3 blobs"));
    let section = outcome.json()["push"].clone();
    let blobs = section["blobs"].as_array().unwrap();
    assert!(blobs.iter().all(|blob| blob["action"] == "uploaded" && blob["retries"] == 0), "{section}");
    let size: u64 = blobs.iter().map(|blob| blob["size"].as_u64().unwrap()).sum();
    assert_eq!(section["bytes_sent"], size);
    let asked = [
        ("ecr:BatchCheckLayerAvailability", 1),
        ("ecr:GetAuthorizationToken", 1),
        ("registry:FinishUpload", 3),
        ("registry:HeadManifest", 2),
        ("registry:PutManifest", 1),
        ("registry:StartUpload", 3),
    ];
    assert_eq!(counts(&cloud), expected(&asked));
}

#[test]
fn an_image_that_is_there_takes_two_requests_and_changes_nothing() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    let _ = push(&sandbox, &["--tag", "1.0.0"]).code(0);
    cloud.clear_journal();
    let _ = push(&sandbox, &["--tag", "1.0.0"])
        .code(0)
        .says("/push/ok", true)
        .says("/push/nothing_to_do", true)
        .says("/push/bytes_sent", 0)
        .says("/push/blobs/0/action", "exists")
        .says("/push/tags/0/previous", layout.digest.as_str())
        .stderr_contains("nothing to do");
    assert_eq!(counts(&cloud), expected(&[("ecr:GetAuthorizationToken", 1), ("registry:HeadManifest", 1)]));
}

#[test]
fn only_the_blobs_that_are_missing_are_sent_and_the_tag_moves() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let first = write(&sandbox, &image("one"));
    let _ = push(&sandbox, &["--tag", "latest"]).code(0);
    let second = write(&sandbox, &image("two"));
    assert_eq!(first.layers[0], second.layers[0]);
    cloud.clear_journal();
    let outcome = push(&sandbox, &["--tag", "latest"])
        .code(0)
        .says("/push/digest", second.digest)
        .says("/push/tags/0/previous", first.digest);
    let blobs = outcome.json()["push"]["blobs"].clone();
    let exist: Vec<_> = blobs.as_array().unwrap().iter().filter(|blob| blob["action"] == "exists").collect();
    assert_eq!(exist.len(), 1);
    assert_eq!(exist[0]["digest"], first.layers[0].as_str());
    assert_eq!(counts(&cloud)["registry:StartUpload"], 2);
}

#[test]
fn a_second_tag_costs_one_small_request_and_no_blob() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    let _ = push(&sandbox, &["--tag", "1.0.0"]).code(0);
    cloud.clear_journal();
    let _ = push(&sandbox, &["--tag", "1.0.0", "--tag", "latest"]).code(0).says("/push/ok", true);
    assert_eq!(cloud.writes(), ["registry:PutManifest"]);
    cloud.clear_journal();
    let _ = push(&sandbox, &["--tag", "1.0.0", "--tag", "latest"]).code(0).says("/push/nothing_to_do", true);
    assert_eq!(cloud.writes(), Vec::<String>::new());
}

#[test]
fn an_image_without_a_tag_is_found_by_its_digest() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    let _ = push(&sandbox, &[]).code(0).says("/image/tags", serde_json::json!([]));
    let paths: Vec<String> = cloud.journal().into_iter().map(|call| call.path).collect();
    assert!(paths.contains(&format!("/v2/web/manifests/{}", layout.digest)), "{paths:?}");
    let _ = push(&sandbox, &[]).code(0).says("/push/nothing_to_do", true);
}

#[test]
fn the_images_of_an_index_are_there_before_the_index() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let platforms = ["amd64", "arm64"].map(|architecture| image("one").architecture(architecture).build().unwrap());
    let layout = write_index_layout(&platforms, &sandbox.path().join("web"), "1.0.0").unwrap();
    let _ = push(&sandbox, &["--tag", "1.0.0"])
        .code(0)
        .says("/image/digest", layout.digest.as_str())
        .says("/image/platforms", serde_json::json!(["linux/amd64", "linux/arm64"]))
        .says("/image/config_digests/1", layout.platforms[1].config_digest.as_str())
        .says("/push/media_type", "application/vnd.oci.image.index.v1+json");
    let put = cloud.journal().into_iter().filter(|call| call.operation == "registry:PutManifest");
    let put: Vec<String> = put.map(|call| call.path).collect();
    let by_digest = |at: usize| format!("/v2/web/manifests/{}", layout.platforms[at].digest);
    assert_eq!(put, [by_digest(0), by_digest(1), "/v2/web/manifests/1.0.0".to_owned()]);
    assert_eq!(counts(&cloud)["registry:StartUpload"], 4, "the layers are the same on both platforms");
}

#[test]
fn an_immutable_tag_that_has_the_image_is_a_success() {
    let cloud = cloud_with("IMMUTABLE");
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    let _ = push(&sandbox, &["--tag", "1.0.0"]).code(0);
    let _ = push(&sandbox, &["--tag", "1.0.0"]).code(0).says("/push/nothing_to_do", true);
}

#[test]
fn an_immutable_tag_that_has_another_image_is_a_no_that_names_both() {
    let cloud = cloud_with("IMMUTABLE");
    let sandbox = Sandbox::with_aws(&cloud);
    let first = write(&sandbox, &image("one"));
    let _ = push(&sandbox, &["--tag", "1.0.0"]).code(0);
    let second = write(&sandbox, &image("two"));
    let message = format!("tag `1.0.0` cannot be moved: it points at {}, the image is {}", first.digest, second.digest);
    let _ = push(&sandbox, &["--tag", "1.0.0"])
        .code(1)
        .says("/ok", false)
        .says("/push/ok", false)
        .says("/error/code", "tag.immutable")
        .says("/error/message", message.as_str())
        .stderr_contains("ecr-push: hint: push the image under a new tag");
    let _ = write(&sandbox, &image("one"));
    let _ = push(&sandbox, &["--tag", "1.0.0"]).code(0).says("/push/nothing_to_do", true);
}

#[test]
fn a_missing_repository_is_said_before_anything_is_sent() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    for arguments in [&["--dry-run"][..], &["--tag", "1.0.0"], &[]] {
        let run = sandbox.tool("ecr-push").args(["web", "--repository", "shop/web"]).args(arguments).run();
        let _ = run.code(3).says("/error/code", "repository.missing").stderr_contains(
            "ecr-push: error: there is no repository `shop/web` in eu-central-1; nothing was sent\n\
             ecr-push: hint: aws ecr create-repository --repository-name shop/web, or use --create",
        );
    }
    assert_eq!(cloud.writes(), Vec::<String>::new());
}

#[test]
fn a_dry_run_says_what_would_be_sent_and_sends_nothing() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    let _ = push(&sandbox, &["--tag", "1.0.0", "--dry-run"])
        .code(0)
        .says("/ok", true)
        .says("/push/ok", false)
        .says("/push/dry_run", true)
        .says("/push/blobs/0/action", "missing")
        .says("/push/tags/0/tag", "1.0.0")
        .says("/image/digest", layout.digest.as_str())
        .stderr_contains("ecr-push: would push ");
    assert_eq!(cloud.writes(), Vec::<String>::new());
}

#[test]
fn a_large_layer_arrives_whole() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let content = noise(3 << 20);
    let layout = write(&sandbox, &ImageSource::new().layer(Layer::new().file("noise", content)));
    let _ = push(&sandbox, &["--tag", "1.0.0"]).code(0).says("/push/blobs/0/digest", layout.layers[0].as_str());
}

/// Bytes that gzip cannot make fewer: a linear congruential generator, the same each time.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let step = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(step).take(length).collect()
}

#[test]
fn the_table_shows_tags_and_blobs() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    let table = push(&sandbox, &["--tag", "1.0.0", "-o", "table", "--dry-run"]).code(0).stdout();
    let first = table.lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>();
    assert_eq!(first, ["1.0.0", layout.digest.as_str(), "-"], "{table}");
    assert!(table.contains(&layout.config_digest) && table.contains("missing"), "{table}");
}
