//! How blobs travel: packed or as they are, mounted, at which rate, and what is remembered.

use std::time::Instant;

use serde_json::{Value, json};
use testkit::LocalAws;
use testkit::image::{ImageSource, Layer};
use testkit::sandbox::{Outcome, Sandbox};

use crate::archive::save;
use crate::push::noise;
use crate::{cloud, control, counts, image, write};

/// Pushes `web.tar`, a docker save of bare layers, with further arguments.
fn push_save(sandbox: &Sandbox, arguments: &[&str]) -> Outcome {
    let run = sandbox.tool("ecr-push").args(["web.tar", "--repository", "web", "--tag", "1.0.0"]);
    run.args(arguments).run()
}

fn actions(outcome: &Outcome) -> Vec<String> {
    let document = outcome.json();
    let blobs = document["push"]["blobs"].as_array().unwrap().iter();
    blobs.map(|blob| blob["action"].as_str().unwrap().to_owned()).collect()
}

/// The local AWS with a repository `web` and another one, `api`, in an account that allows blobs to be mounted.
fn cloud_that_mounts() -> LocalAws {
    let cloud = cloud();
    let _ = control(&cloud, "CreateRepository", &json!({ "repositoryName": "api" }));
    let _ = control(&cloud, "PutAccountSetting", &json!({ "name": "BLOB_MOUNTING", "value": "ENABLED" }));
    cloud
}

#[test]
fn a_layer_that_was_packed_before_is_not_packed_again() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    save(&sandbox, &layout);
    let first = push_save(&sandbox, &[]).code(0).says("/push/encoder", "gzip.ecr-push-deflate-2.block-1048576");
    assert_eq!(actions(&first), ["uploaded", "uploaded", "uploaded"]);
    cloud.clear_journal();
    let again = push_save(&sandbox, &[]).code(0).says("/push/nothing_to_do", true).says("/push/bytes_sent", 0);
    assert_eq!(again.json()["image"]["digest"], first.json()["image"]["digest"]);
    let few = crate::expected(&[("ecr:GetAuthorizationToken", 1), ("registry:HeadManifest", 1)]);
    assert_eq!(counts(&cloud), few, "two requests");
    let layout = write(&sandbox, &image("two"));
    save(&sandbox, &layout);
    let next = push_save(&sandbox, &[]).code(0);
    assert_eq!(actions(&next), ["cached", "uploaded", "uploaded"]);
}

#[test]
fn a_cache_that_is_lost_or_lies_elsewhere_changes_no_digest() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    save(&sandbox, &layout);
    let digest = |arguments: &[&str]| push_save(&sandbox, arguments).code(0).json()["image"]["digest"].clone();
    let first = digest(&["--cache", "one"]);
    assert!(sandbox.path().join("one").is_dir(), "it is where it was wanted");
    std::fs::write(sandbox.path().join("file"), "").unwrap();
    for cache in ["two", "file", "/proc/nowhere"] {
        assert_eq!(digest(&["--cache", cache]), first, "{cache}");
    }
}

#[test]
fn zstd_needs_fewer_bytes_and_a_manifest_of_oci() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let text = "the same words over and over, in no particular order\n".repeat(20_000);
    let layout = write(&sandbox, &ImageSource::new().layer(Layer::new().file("text", text)));
    save(&sandbox, &layout);
    let size = |arguments: &[&str], media_type: &str| {
        let outcome = push_save(&sandbox, arguments).code(0).says("/push/media_type", media_type);
        outcome.json()["push"]["blobs"][0]["size"].as_u64().unwrap()
    };
    let gzip = size(&[], "application/vnd.docker.distribution.manifest.v2+json");
    let zstd = size(&["--compression", "zstd"], "application/vnd.oci.image.manifest.v1+json");
    assert!(zstd < gzip, "{zstd} {gzip}");
    let _ = push_save(&sandbox, &["--compression", "zstd"]).code(0).says("/push/nothing_to_do", true);
}

#[test]
fn little_memory_means_fewer_streams_and_the_same_image() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    save(&sandbox, &layout);
    let first = push_save(&sandbox, &["--memory", "5M", "--jobs", "1"]).code(0).json();
    let again =
        push_save(&sandbox, &["--memory", "1GiB", "--cache", "other"]).code(0).says("/push/nothing_to_do", true);
    assert_eq!(first["image"]["digest"], again.json()["image"]["digest"]);
    let _ =
        push_save(&sandbox, &["--memory", "1M"]).code(2).says("/error/code", "usage").stderr_contains("hint: --memory");
}

#[test]
fn a_blob_that_was_pushed_to_another_repository_is_mounted_from_there() {
    let cloud = cloud_that_mounts();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    let push = |repository: &str, arguments: &[&str]| {
        let run = sandbox.tool("ecr-push").args(["web", "--tag", "1.0.0", "--repository", repository]);
        run.args(arguments).run().code(0).says("/push/ok", true)
    };
    let _ = push("web", &[]);
    cloud.clear_journal();
    let mounted = push("api", &[]).says("/push/bytes_sent", 0);
    assert_eq!(actions(&mounted), ["mounted", "mounted", "mounted"]);
    assert!(!counts(&cloud).contains_key("registry:FinishUpload"), "a mount is one request");
}

#[test]
fn a_mount_that_is_refused_costs_no_request() {
    let cloud = cloud();
    let _ = control(&cloud, "CreateRepository", &json!({ "repositoryName": "api" }));
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    let _ = crate::push(&sandbox, &["--tag", "1.0.0"]).code(0);
    cloud.clear_journal();
    let run = sandbox.tool("ecr-push").args(["web", "--repository", "api", "--mount-from", "web", "--cache", "none"]);
    let refused = run.run().code(0).says("/push/ok", true);
    assert_eq!(actions(&refused), ["uploaded", "uploaded", "uploaded"]);
    let paths: Vec<String> = cloud.journal().into_iter().map(|call| call.path).collect();
    assert_eq!(paths.iter().filter(|path| path.contains("mount=") && path.contains("from=web")).count(), 3);
    assert_eq!(counts(&cloud)["registry:StartUpload"], 3);
}

#[test]
fn a_limit_of_the_rate_is_kept() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &ImageSource::new().layer(Layer::new().file("noise", noise(300 << 10))));
    let started = Instant::now();
    let _ = crate::push(&sandbox, &["--tag", "1.0.0", "--limit-rate", "200k"]).code(0).says("/push/ok", true);
    assert!(started.elapsed().as_secs_f64() > 1.0, "300 kB at 200 kB a second: {:?}", started.elapsed());
}

#[test]
fn no_more_blobs_are_sent_at_a_time_than_is_said() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layer = |number: usize| Layer::new().file("number", format!("{number}"));
    let _ = write(&sandbox, &(0..12).fold(ImageSource::new(), |image, number| image.layer(layer(number))));
    let outcome = crate::push(&sandbox, &["--tag", "1.0.0", "--jobs", "1"]).code(0);
    let operations = cloud.journal().into_iter().map(|call| call.operation);
    let uploads: Vec<String> = operations.filter(|operation| operation.ends_with("Upload")).collect();
    let pairs: Vec<&[String]> = uploads.chunks(2).collect();
    assert!(pairs.iter().all(|pair| pair == &["registry:StartUpload", "registry:FinishUpload"]), "{uploads:?}");
    assert_eq!(pairs.len(), outcome.json()["push"]["blobs"].as_array().unwrap().len());
}

#[test]
fn manifests_are_put_no_faster_than_ecr_takes_them() {
    let cloud = cloud();
    cloud.world().ecr.quirks.rate_limits = true;
    let sandbox = Sandbox::with_aws(&cloud);
    let platforms: Vec<_> =
        (0..7).map(|number| image("one").architecture(&format!("a{number}")).build().unwrap()).collect();
    let _ = testkit::image::write_index_layout(&platforms, &sandbox.path().join("web"), "1.0.0").unwrap();
    let outcome = crate::push(&sandbox, &["--tag", "1.0.0"]).code(0).says("/push/ok", true);
    let retries: Vec<Value> =
        outcome.json()["push"]["blobs"].as_array().unwrap().iter().map(|blob| blob["retries"].clone()).collect();
    assert!(retries.iter().all(|count| count == 0), "{retries:?}");
    assert_eq!(counts(&cloud)["registry:PutManifest"], 8, "none was refused");
}
