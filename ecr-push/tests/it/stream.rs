//! Images that come on standard input: read in one pass, and sent while they go by.

use serde_json::{Value, json};
use testkit::image::{Image, ImageSource, Layer};
use testkit::sandbox::{Outcome, Sandbox};
use testkit::{Fault, LocalAws};

use crate::push::noise;
use crate::saved::{bare, bare_oci, gzip, new_docker, oci, old_docker};
use crate::{cloud, counts};

/// An image with one layer that is larger than what is read of standard input at first, and one that is small.
fn image() -> Image {
    let large = Layer::new().file("srv/noise", noise(700 << 10));
    ImageSource::new().layer(large).layer(Layer::new().file("srv/index.html", "one")).build().unwrap()
}

/// Pushes a stream into the repository `web`, with further arguments.
fn push(sandbox: &Sandbox, stream: &[u8], arguments: &[&str]) -> Outcome {
    let run = sandbox.tool("ecr-push").args(["--repository", "web", "--tag", "1.0.0"]).args(arguments);
    run.pipe_in(stream).run()
}

fn actions(outcome: &Outcome) -> Vec<String> {
    let document = outcome.json();
    let blobs = document["push"]["blobs"].as_array().unwrap();
    blobs.iter().map(|blob| blob["action"].as_str().unwrap().to_owned()).collect()
}

fn no_manifest_was_put(cloud: &LocalAws) {
    assert!(!cloud.writes().contains(&"registry:PutManifest".to_owned()), "no manifest names what was sent");
}

#[test]
fn what_docker_saved_before_25_is_pushed_as_it_goes_by() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let image = image();
    let stream = old_docker(&image).tar();
    let first = push(&sandbox, &stream, &[])
        .code(0)
        .says("/ok", true)
        .says("/image/config_digests/0", image.config_digest.as_str())
        .says("/push/media_type", "application/vnd.docker.distribution.manifest.v2+json")
        .says("/push/ok", true)
        .stderr_contains(", tagged 1.0.0: 3 of 3 blobs");
    assert_eq!(actions(&first), ["uploaded"; 3]);
    let again = push(&sandbox, &stream, &[]).code(0).says("/push/nothing_to_do", true).says("/push/bytes_sent", 0);
    assert_eq!(first.json()["image"]["digest"], again.json()["image"]["digest"]);
    let named = push(&sandbox, &stream, &["-"]).code(0).says("/push/nothing_to_do", true);
    assert_eq!(first.json()["image"]["digest"], named.json()["image"]["digest"], "`-` is standard input too");
}

#[test]
fn a_stream_that_was_packed_is_the_same_image() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let stream = old_docker(&image()).tar();
    let plain = push(&sandbox, &stream, &[]).code(0).json();
    for packed in [gzip(&stream), zstd::encode_all(&stream[..], 1).unwrap()] {
        let again = push(&sandbox, &packed, &[]).code(0).says("/push/nothing_to_do", true).says("/push/bytes_sent", 0);
        assert_eq!(again.json()["image"]["digest"], plain["image"]["digest"]);
    }
}

#[test]
fn a_layout_in_a_stream_keeps_its_digest() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let image = image();
    let stream = oci(&image).tar();
    let _ = push(&sandbox, &stream, &[])
        .code(0)
        .says("/image/digest", image.digest.as_str())
        .says("/push/encoder", Value::Null)
        .says("/push/ok", true);
    cloud.clear_journal();
    let _ = push(&sandbox, &stream, &[]).code(0).says("/push/nothing_to_do", true).says("/push/bytes_sent", 0);
    assert_eq!(cloud.writes(), Vec::<String>::new());
}

#[test]
fn a_bare_layer_under_its_digest_is_not_packed_twice() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let sandbox = {
        let cache = sandbox.path().join("caches").display().to_string();
        sandbox.env("XDG_CACHE_HOME", &cache)
    };
    let stream = new_docker(&image()).tar();
    let first = push(&sandbox, &stream, &[]).code(0).says("/push/ok", true);
    assert_eq!(actions(&first), ["uploaded"; 3]);
    assert!(sandbox.path().join("caches/ecr-push").is_dir());
    let again = push(&sandbox, &stream, &["--tag", "1"]).code(0).says("/push/bytes_sent", 0);
    assert_eq!(actions(&again), ["cached", "cached", "exists"]);
    assert_eq!(first.json()["image"]["digest"], again.json()["image"]["digest"]);
    let _ = sandbox.shell("rm -r caches").run().code(0);
    let packed = push(&sandbox, &stream, &[]).code(0).says("/push/bytes_sent", 0);
    assert_eq!(actions(&packed), ["exists"; 3], "without the cache it is packed again, and not sent");
}

#[test]
fn a_layer_that_the_cache_knows_and_the_registry_has_not_is_sent() {
    let sandbox = Sandbox::new();
    let stream = new_docker(&image()).tar();
    let mut digests = Vec::new();
    for _ in 0..2 {
        let cloud = cloud();
        let run = sandbox.tool("ecr-push").args(["--repository", "web", "--tag", "1"]).pipe_in(stream.clone());
        let run = run.env("AWS_ENDPOINT_URL", cloud.endpoint()).env("AWS_REGION", testkit::world::REGION);
        let run = run.env("AWS_ACCESS_KEY_ID", "AKIDLOCAL").env("AWS_SECRET_ACCESS_KEY", "local");
        let outcome = run.run().code(0);
        assert_eq!(actions(&outcome), ["uploaded"; 3]);
        digests.push(outcome.json()["image"]["digest"].clone());
    }
    assert_eq!(digests[0], digests[1]);
    assert!(sandbox.path().join(".cache/ecr-push").is_dir());
}

#[test]
fn a_stream_that_breaks_off_in_a_layer_leaves_no_image() {
    let image = image();
    let shapes = [old_docker(&image).tar(), new_docker(&image).tar(), oci(&image).tar()];
    let packed = gzip(&shapes[0]);
    for stream in shapes.iter().chain([&packed]) {
        let cloud = cloud();
        let sandbox = Sandbox::with_aws(&cloud);
        let _ = push(&sandbox, &stream[..400 << 10], &[])
            .code(2)
            .says("/ok", false)
            .says("/push", Value::Null)
            .says("/error/code", "archive.truncated")
            .stderr_contains("ecr-push: error: the archive is cut off somewhere after byte ")
            .stderr_contains("ecr-push: hint: write the archive again; no tag was moved");
        no_manifest_was_put(&cloud);
    }
}

#[test]
fn a_stream_that_breaks_off_behind_its_layers_leaves_no_image_either() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let image = image();
    let stream = old_docker(&image).tar();
    let behind = bare(&image).iter().map(Vec::len).sum::<usize>() + 4096;
    let _ = push(&sandbox, &stream[..behind], &[]).code(2).says("/error/code", "archive.truncated");
    no_manifest_was_put(&cloud);
}

#[test]
fn a_layer_in_a_stream_that_is_not_the_one_of_the_configuration_leaves_no_image() {
    let image = image();
    let [large, small] = bare(&image).try_into().unwrap();
    for archive in [old_docker(&image), new_docker(&image)] {
        let cloud = cloud();
        let sandbox = Sandbox::with_aws(&cloud);
        let (name, _) = archive.0.iter().find(|(_, content)| *content == small).cloned().unwrap();
        let _ = push(&sandbox, &archive.change(&name, &large).tar(), &[])
            .code(2)
            .says("/error/code", "blob.corrupt")
            .stderr_contains("ecr-push: error: the image is corrupt: what is stored as sha256:");
        no_manifest_was_put(&cloud);
    }
    let cloud = cloud();
    let (name, _) = oci(&image).0.first().cloned().unwrap();
    let stream = oci(&image).change(&name, &image.layers[1]).tar();
    let _ = push(&Sandbox::with_aws(&cloud), &stream, &[]).code(2).says("/error/code", "blob.corrupt");
    no_manifest_was_put(&cloud);
}

#[test]
fn a_scan_beside_the_stream_is_demanded_of_the_image_that_came() {
    let image = image();
    let stream = old_docker(&image).tar();
    let scanned = |digest: &str| {
        let scan = json!({ "ok": true, "digest": digest });
        json!({ "schema": "deploy-aws-ecs/release/v1", "ok": true, "scan": scan, "steps": [] }).to_string()
    };
    let cases = [
        (scanned(&image.config_digest), 0, Value::Null),
        (scanned(&format!("sha256:{}", "0".repeat(64))), 1, "require.other_image".into()),
        (r#"{"schema":"deploy-aws-ecs/release/v1","ok":true}"#.to_owned(), 1, "require.missing".into()),
    ];
    for (document, code, error) in cases {
        let cloud = cloud();
        let sandbox = Sandbox::with_aws(&cloud);
        sandbox.write("release.json", document);
        for operand in [&[][..], &["-"]] {
            let arguments = [&["--input", "release.json", "--require", "scan"], operand].concat();
            let outcome = push(&sandbox, &stream, &arguments).code(code);
            let outcome = outcome.says("/error/code", error.clone()).says("/ok", code == 0);
            if code == 0 {
                let _ = outcome.says("/scan/digest", image.config_digest.as_str()).says("/push/ok", true);
            } else {
                no_manifest_was_put(&cloud);
            }
        }
    }
    let sandbox = Sandbox::new();
    sandbox.write("release.json", scanned(&image.config_digest));
    let outcome = push(&sandbox, b"", &["--input", "release.json", "--require", "scan"]);
    let _ = outcome.code(2).says("/error/code", "image.missing");
}

#[test]
fn a_layout_with_bare_layers_is_pushed_as_it_is_from_a_file_only() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let (archive, digest) = bare_oci(&image());
    let _ = push(&sandbox, &archive.tar(), &[])
        .code(2)
        .says("/error/code", "stream.needs_file")
        .stderr_contains("ecr-push: hint: write it to a file first: … > web.tar && ecr-push web.tar --repository NAME");
    no_manifest_was_put(&cloud);
    sandbox.write("web.tar", archive.tar());
    let run = sandbox.tool("ecr-push").args(["web.tar", "--repository", "web", "--tag", "1.0.0"]);
    let _ = run.run().code(0).says("/image/digest", digest.as_str()).says("/push/ok", true);
}

#[test]
fn a_dry_run_reads_the_stream_and_sends_nothing() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let image = image();
    for stream in [old_docker(&image).tar(), new_docker(&image).tar(), oci(&image).tar()] {
        let outcome = push(&sandbox, &stream, &["--dry-run"])
            .code(0)
            .says("/push/ok", false)
            .says("/push/dry_run", true)
            .says("/push/bytes_sent", 0)
            .stderr_contains("ecr-push: would push ");
        assert_eq!(actions(&outcome), ["missing"; 3]);
    }
    assert_eq!(cloud.writes(), Vec::<String>::new());
}

#[test]
fn an_upload_that_fails_while_the_stream_goes_by_ends_the_run() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    cloud.arm("registry:StartUpload#1x99=error:405:UNSUPPORTED".parse::<Fault>().unwrap());
    let _ = push(&sandbox, &old_docker(&image()).tar(), &[]).code(3).says("/error/code", "aws.refused");
    assert!(!counts(&cloud).contains_key("registry:PutManifest"));
}

#[test]
fn what_comes_on_standard_input_and_is_no_image_is_named() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = push(&sandbox, b"", &[]).code(2);
    let cases =
        [(noise(300 << 10), "archive.unsupported"), (crate::saved::Archive::default().tar(), "archive.no_image")];
    for (stream, code) in cases {
        let _ = push(&sandbox, &stream, &[]).code(2).says("/error/code", code);
    }
    assert_eq!(cloud.writes(), Vec::<String>::new());
}
