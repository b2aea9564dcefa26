//! What goes wrong has a code that scripts can rely on, a message and a hint.

mod disk;
mod network;

use std::fs;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use testkit::image::{ImageSource, Layer, write_index_layout};
use testkit::sandbox::{Outcome, Sandbox};

use crate::{blob, cloud, counts, flip, image, push, refused, write};

/// The registry of this account.
const OTHER_ACCOUNT: &str = "999999999999.dkr.ecr.eu-central-1.amazonaws.com";

#[test]
fn without_credentials_nothing_is_asked() {
    let cloud = cloud();
    let sandbox = Sandbox::new().env("AWS_ENDPOINT_URL", cloud.endpoint()).env("AWS_REGION", testkit::world::REGION);
    let _ = write(&sandbox, &image("one"));
    let _ = refused(push(&sandbox, &[]), 3, "aws.credentials")
        .stderr_contains("ecr-push: hint: aws sts get-caller-identity shows whose credentials are found, if any");
    assert_eq!(cloud.journal().len(), 0);
}

#[test]
fn without_a_region_nothing_is_asked() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud).env("AWS_REGION", "");
    let _ = write(&sandbox, &image("one"));
    let _ = refused(push(&sandbox, &[]), 3, "aws.region")
        .stderr_contains("ecr-push: hint: name the region with --region or AWS_REGION");
    assert_eq!(cloud.journal().len(), 0);
}

#[test]
fn a_session_that_expired_is_told_from_one_that_never_was() {
    let cases = [
        ("ExpiredTokenException", "aws.expired", "aws sso login"),
        ("UnrecognizedClientException", "aws.credentials", "aws sts get-caller-identity"),
        ("AccessDeniedException", "aws.access_denied", "allow ecr:GetAuthorizationToken for this role"),
    ];
    for (said, code, hint) in cases {
        let cloud = cloud();
        let sandbox = Sandbox::with_aws(&cloud);
        let _ = write(&sandbox, &image("one"));
        cloud.arm(format!("ecr:GetAuthorizationToken#1x99=error:400:{said}").parse().unwrap());
        let _ = refused(push(&sandbox, &[]), 3, code)
            .stderr_contains(&format!("ecr-push: error: ecr:GetAuthorizationToken failed: {said}: "))
            .stderr_contains(&format!("ecr-push: hint: {hint}"));
        assert_eq!(cloud.writes(), Vec::<String>::new());
    }
}

/// Pushes `web` into `shop/web`, which is not here.
fn push_into_none(sandbox: &Sandbox, arguments: &[&str]) -> Outcome {
    sandbox.tool("ecr-push").args(["web", "--repository", "shop/web", "--tag", "1.0.0"]).args(arguments).run()
}

#[test]
fn a_repository_that_is_nowhere_is_missing() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    let _ = refused(push_into_none(&sandbox, &[]), 3, "repository.missing")
        .says("/error/message", "there is no repository `shop/web` in eu-central-1; nothing was sent")
        .stderr_contains("ecr-push: hint: aws ecr create-repository --repository-name shop/web, or use --create");
    assert_eq!(cloud.writes(), Vec::<String>::new());
}

#[test]
fn a_repository_in_another_region_is_found_there() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    cloud.world().ecr.place_elsewhere("us-east-1", "shop/web");
    let message = "there is no repository `shop/web` in eu-central-1; nothing was sent; it is in us-east-1";
    for arguments in [&[][..], &["--dry-run"]] {
        let _ = refused(push_into_none(&sandbox, arguments), 3, "repository.other_region")
            .says("/error/message", message)
            .says("/error/hint", "ecr-push … --region us-east-1");
    }
    assert_eq!(cloud.writes(), Vec::<String>::new());
    cloud.world().ecr.place_elsewhere("eu-west-1", "shop/web");
    let _ = refused(push_into_none(&sandbox, &[]), 3, "repository.other_region")
        .stderr_contains("; it is in eu-west-1, us-east-1");
}

#[test]
fn a_repository_of_another_account_is_that_accounts_to_open() {
    for fault in
        [None, Some("registry:HeadManifest#1x99=error:403:DENIED"), Some("registry:PutManifest#1x99=error:403:DENIED")]
    {
        let cloud = cloud();
        let sandbox = Sandbox::with_aws(&cloud);
        let _ = write(&sandbox, &image("one"));
        if let Some(fault) = fault {
            cloud.arm(fault.parse().unwrap());
        }
        let outcome = push(&sandbox, &["--tag", "1.0.0", "--registry", OTHER_ACCOUNT]);
        let _ = refused(outcome, 3, "repository.other_account")
            .stderr_contains("the repository `web` of account 999999999999 is not open to this role: ecr:")
            .stderr_contains("ecr-push: hint: in that account: aws ecr set-repository-policy --repository-name web");
        assert!(!counts(&cloud).contains_key("registry:PutManifest"));
    }
}

#[test]
fn a_registry_that_throttles_for_a_while_is_waited_for() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    cloud.arm("registry:StartUpload#1x3=throttle".parse().unwrap());
    cloud.arm("registry:PutManifest=throttle:1".parse().unwrap());
    let _ = push(&sandbox, &["--tag", "1.0.0"]).code(0).says("/push/ok", true);
    assert_eq!(counts(&cloud)["registry:StartUpload"], 6);
    assert_eq!(counts(&cloud)["registry:PutManifest"], 2);
}

#[test]
fn a_registry_that_throttles_for_ever_is_given_up_after_ten_attempts() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    cloud.arm("registry:PutManifest#1x99=throttle:0".parse().unwrap());
    let _ = refused(push(&sandbox, &["--tag", "1.0.0"]), 3, "aws.throttled")
        .says("/push/ok", false)
        .says("/push/blobs/0/action", "uploaded")
        .stderr_contains("ecr-push: error: ecr:PutImage failed: TOOMANYREQUESTS: Rate exceeded")
        .stderr_contains("ecr-push: hint: run it again later, or run fewer of these at the same time");
    assert_eq!(counts(&cloud)["registry:PutManifest"], 10);
    let _ = write(&sandbox, &image("two"));
    cloud.arm("registry:StartUpload#1x99=throttle:0".parse().unwrap());
    let _ = refused(push(&sandbox, &["--tag", "1.0.0"]), 3, "aws.throttled")
        .stderr_contains("ecr-push: error: ecr:InitiateLayerUpload failed: TOOMANYREQUESTS: Rate exceeded");
}

#[test]
fn words_of_a_registry_stay_on_their_line() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    cloud.arm("registry:PutManifest=error:405:A\nerror: B".parse().unwrap());
    let _ = push(&sandbox, &["--tag", "1.0.0"]).code(3).says("/error/code", "aws.refused").stderr_contains(
        "ecr-push: error: ecr:PutImage failed: A\u{fffd}error: B: A\u{fffd}error: B: a fault that was asked for",
    );
}

/// Puts another manifest into the layout in `web` in place of the image's own.
fn replace_manifest(sandbox: &Sandbox, digest: &str, change: impl FnOnce(&mut Value)) {
    let mut manifest: Value = serde_json::from_slice(&fs::read(blob(sandbox, digest)).unwrap()).unwrap();
    change(&mut manifest);
    let bytes = manifest.to_string().into_bytes();
    let changed = ::contract::Digest::of_bytes(&Sha256::digest(&bytes)).to_string();
    fs::write(blob(sandbox, &changed), &bytes).unwrap();
    let path = sandbox.path().join("web/index.json");
    let mut index: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    index["manifests"][0]["digest"] = changed.into();
    index["manifests"][0]["size"] = bytes.len().into();
    fs::write(path, index.to_string()).unwrap();
}

#[test]
fn a_layer_that_ecr_does_not_take_is_said_before_anything_is_sent() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    let (large, size) = (format!("sha256:{}", "a".repeat(64)), 52_001_u64 << 20);
    fs::File::create(blob(&sandbox, &large)).unwrap().set_len(size).unwrap();
    replace_manifest(&sandbox, &layout.digest, |manifest| {
        manifest["layers"][1]["digest"] = large.as_str().into();
        manifest["layers"][1]["size"] = size.into();
    });
    let message = format!("the layer {large} has {size} bytes, ECR takes {}", 52_000_u64 << 20);
    for arguments in [&["--tag", "1.0.0"][..], &["--dry-run"]] {
        let _ = refused(push(&sandbox, arguments), 2, "layer.too_large")
            .says("/error/message", message.as_str())
            .says("/error/hint", "build the image with more and smaller layers");
    }
    assert_eq!(cloud.writes(), Vec::<String>::new());
}

#[test]
fn more_layers_than_can_be_mounted_are_refused_without_asking_aws() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layers = |count: usize| {
        (0..count).fold(ImageSource::new(), |image, number| image.layer(Layer::new().file("n", number.to_string())))
    };
    let _ = write(&sandbox, &layers(130));
    let _ = refused(push(&sandbox, &["--tag", "1.0.0"]), 2, "image.too_many_layers")
        .says("/error/message", "the image has 130 layers, 127 are possible");
    assert_eq!(cloud.journal().len(), 0);
    let _ = write(&sandbox, &layers(127));
    let _ = push(&sandbox, &["--tag", "1.0.0"]).code(0);
}

#[test]
fn a_platform_that_is_absent_is_named_beside_those_that_are_there() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let platforms = ["amd64", "arm64"].map(|architecture| image("one").architecture(architecture).build().unwrap());
    let layout = write_index_layout(&platforms, &sandbox.path().join("web"), "1.0.0").unwrap();
    let _ = refused(push(&sandbox, &["--platform", "linux/s390x"]), 2, "platform.not_found")
        .stderr_contains("there is not exactly one image for linux/s390x: there is linux/amd64 (sha256:")
        .stderr_contains(&format!("linux/arm64 ({})", layout.platforms[1].digest));
    fs::remove_file(blob(&sandbox, &layout.platforms[1].digest)).unwrap();
    let _ = refused(push(&sandbox, &[]), 2, "platform.missing").stderr_contains(&layout.platforms[1].digest);
    assert_eq!(cloud.journal().len(), 0);
    let _ = push(&sandbox, &["--platform", "linux/amd64"])
        .code(0)
        .says("/push/digest", layout.platforms[0].digest.as_str());
}

#[test]
fn an_image_that_is_cut_or_changed_says_where() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    let script = "tar --create --file whole.tar --directory web . && head --bytes 4000 whole.tar > cut.tar && \
                  gzip --keep whole.tar && head --bytes 500 whole.tar.gz > cut.tar.gz";
    let _ = sandbox.shell(script).run().code(0);
    for name in ["cut.tar", "cut.tar.gz"] {
        let outcome = sandbox.tool("ecr-push").args([name, "--repository", "web"]).run();
        let _ =
            refused(outcome, 2, "archive.truncated").stderr_contains("the archive is cut off somewhere after byte ");
        let outcome = sandbox.shell(&format!("ecr-push --repository web < {name}")).run();
        let _ = refused(outcome, 2, "archive.truncated");
    }
    flip(&blob(&sandbox, &layout.layers[0]));
    let _ = refused(push(&sandbox, &[]), 2, "blob.corrupt").stderr_contains(&layout.layers[0]);
    assert!(!counts(&cloud).contains_key("registry:PutManifest"));
    let documents = json!({ "manifests": [] }).to_string();
    sandbox.write("web/index.json", documents);
    let _ = refused(push(&sandbox, &[]), 2, "layout.empty");
}
