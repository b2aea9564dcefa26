//! What is typed, and what is left behind when not all of it can be done.

use serde_json::json;
use testkit::sandbox::Sandbox;

use crate::{cloud, cloud_with, image, push, refused, write};

#[test]
fn what_can_never_work_is_a_usage_error() {
    let sandbox = Sandbox::new();
    let _ = write(&sandbox, &image("one"));
    let cases = [
        (&["--limit-rate", "0"][..], "a rate of 0 bytes a second sends nothing"),
        (&["--registry", "http://127.0.0.1:5000"], "it is named by its host"),
        (&["--registry", "registry.example/team"], "it is named by its host"),
        (&["--plain-http", "https://registry.example"], "it is named by its host"),
    ];
    for (arguments, message) in cases {
        let _ = refused(push(&sandbox, arguments), 2, "usage").stderr_contains(message);
    }
}

#[test]
fn the_memory_that_is_said_to_suffice_does() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    let outcome = refused(push(&sandbox, &["--memory", "1M"]), 2, "usage");
    let hint = outcome.json()["error"]["hint"].as_str().unwrap().to_owned();
    let _ = push(&sandbox, &hint.split(' ').collect::<Vec<_>>()).code(0);
}

#[test]
fn a_variable_that_says_no_is_as_good_as_none() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    let run = |arguments: &[&str]| {
        let run = sandbox.tool("ecr-push").args(["web", "--repository", "web", "--tag", "1.0.0"]).args(arguments);
        ["SCAN_ON_PUSH", "QUIET", "DRY_RUN"]
            .iter()
            .fold(run, |run, name| run.env(&format!("ECR_PUSH_{name}"), "0"))
            .run()
    };
    let _ = run(&["--verbose"]).code(0).says("/push/ok", true);
    let _ = run(&["--wait-scan", "found.json", "--timeout", "1s"]).code(4).says("/push/ok", true);
}

#[test]
fn of_several_tags_it_is_said_which_ones_were_moved() {
    let cloud = cloud_with("IMMUTABLE");
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("other"));
    let _ = push(&sandbox, &["--tag", "b"]).code(0).says("/push/tags/0/points_here", true);
    let _ = write(&sandbox, &image("one"));
    let outcome = push(&sandbox, &["--tag", "a", "--tag", "b", "--tag", "c"]);
    let _ = refused(outcome, 1, "tag.immutable")
        .says("/push/tags/0/points_here", true)
        .says("/push/tags/1/points_here", false)
        .says("/push/tags/2/points_here", false);
}

#[test]
fn a_dry_run_warns_of_a_tag_that_points_elsewhere() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let other = write(&sandbox, &image("other"));
    let _ = push(&sandbox, &["--tag", "1.0.0"]).code(0);
    let _ = write(&sandbox, &image("one"));
    let message = format!("ecr-push: warning: `1.0.0` points at {}: it is moved only if the repository", other.digest);
    let _ = push(&sandbox, &["--tag", "1.0.0", "--dry-run"]).code(0).stderr_contains(&message);
}

#[test]
fn an_image_that_is_pushed_is_named_though_what_comes_after_it_fails() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    let arguments = ["--tag", "1.0.0", "--wait-scan", "found.json", "--timeout", "1s"];
    let _ = push(&sandbox, &arguments)
        .code(4)
        .says("/ok", false)
        .says("/push/ok", true)
        .says("/image/digest", layout.digest.as_str());
}

#[test]
fn what_is_empty_is_refused_before_ecr_has_to() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    sandbox.write("empty", "");
    let outcome = push(&sandbox, &["--tag", "1.0.0", "--attach", "application/spdx+json=empty"]);
    let _ = refused(outcome, 2, "blob.empty");
    assert_eq!(cloud.journal().len(), 0);
}

#[test]
fn platforms_may_stand_in_the_index_of_the_layout_itself() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let platforms = ["amd64", "arm64"].map(|architecture| image("one").architecture(architecture).build().unwrap());
    let folder = sandbox.path().join("web");
    let layout = testkit::image::write_index_layout(&platforms, &folder, "1.0.0").unwrap();
    let index = std::fs::read(folder.join("blobs/sha256").join(layout.digest.trim_start_matches("sha256:"))).unwrap();
    std::fs::write(folder.join("index.json"), index).unwrap();
    let _ = push(&sandbox, &["--platform", "linux/arm64"])
        .code(0)
        .says("/image/platforms", json!(["linux/arm64"]))
        .says("/image/digest", layout.platforms[1].digest.as_str());
    let _ = push(&sandbox, &["--platform", "linux/s390x"]).code(2).says("/error/code", "platform.not_found");
}

#[test]
fn credentials_that_are_nowhere_are_not_a_matter_of_the_network() {
    let sandbox = Sandbox::new().env("AWS_REGION", "eu-central-1").env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let _ = write(&sandbox, &image("one"));
    let _ = refused(push(&sandbox, &[]), 3, "aws.credentials");
    let run = sandbox.tool("ecr-push").args(["web", "--repository", "web", "--profile", "nope"]);
    let _ = refused(run.run(), 3, "aws.credentials");
}
