//! How the lock is written and who asks: flags, variables and the backend block.

use testkit::peer;
use testkit::sandbox::Sandbox;

use crate::{STATE, calls, cloud, lock_object};

/// 32 bytes in base64.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn inspected(sandbox: &Sandbox) -> serde_json::Value {
    sandbox.tool("tfstate-lock").args(["inspect", STATE]).run().code(1).json()["lock"].clone()
}

#[test]
fn the_lock_is_encrypted_as_the_flags_say() {
    for (flags, expected) in [
        (&["--encrypt"][..], "AES256"),
        (&["--kms-key-id", "alias/states"], "aws:kms"),
        (&["--encrypt", "--acl", "bucket-owner-full-control", "--tag", "lock=yes"], "AES256"),
    ] {
        let (_cloud, sandbox) = cloud();
        let acquired = sandbox.tool("tfstate-lock").args(["acquire", STATE]).args(flags).run().code(0);
        assert_eq!(inspected(&sandbox)["encryption"], expected);
        let _ = sandbox.tool("tfstate-lock").args(["release"]).pipe_in(acquired.stdout()).run().code(0);
    }
}

#[test]
fn tags_lie_on_the_lock_object() {
    let Some(aws) = peer::find("aws") else { return };
    let (_cloud, sandbox) = cloud();
    let tags = ["--tag", "kind=lock & key", "--tag", "team=web"];
    let _ = sandbox.tool("tfstate-lock").args(["acquire", STATE]).args(tags).run().code(0);
    let args =
        ["s3api", "get-object-tagging", "--bucket", "states", "--key", crate::LOCK_KEY, "--region", "eu-central-1"];
    let tagging = sandbox.program(&aws).args(args).run().code(0).json();
    assert_eq!(tagging["TagSet"][0], serde_json::json!({ "Key": "kind", "Value": "lock & key" }));
    assert_eq!(tagging["TagSet"][1]["Value"], "web");
}

#[test]
fn a_customers_key_comes_from_the_environment_and_is_shown_to_nobody() {
    let (cloud, sandbox) = cloud();
    let with_key = |args: &[&str]| sandbox.tool("tfstate-lock").args(args).env("AWS_SSE_CUSTOMER_KEY", KEY);
    let acquired = with_key(&["acquire", STATE, "--verbose"]).run().code(0);
    let refused = with_key(&["acquire", STATE]).run().code(1).says("/error/code", "lock.held");
    for outcome in [&acquired, &refused] {
        assert!(!(outcome.stdout() + &outcome.stderr()).contains(KEY));
    }
    let blind = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(3);
    let _ = blind.stderr_contains("AWS_SSE_CUSTOMER_KEY");
    let _ = with_key(&["release", STATE, "--id", acquired.json()["lock"]["ID"].as_str().unwrap()]).run().code(0);
    assert_eq!(lock_object(&cloud), None);
    let bad = sandbox.tool("tfstate-lock").args(["acquire", STATE]).env("AWS_SSE_CUSTOMER_KEY", "secret!");
    let bad = bad.run().code(2).says("/error/code", "usage");
    assert!(!(bad.stdout() + &bad.stderr()).contains("secret!"));
}

#[test]
fn the_backend_block_says_who_asks_and_how_it_is_written() {
    let (cloud, sandbox) = cloud();
    let block = serde_json::json!({ "version": 3, "backend": { "type": "s3", "hash": 1, "config": {
        "bucket": "states", "key": "prod/app.tfstate", "region": "eu-central-1", "use_lockfile": true,
        "encrypt": true, "kms_key_id": "alias/of-the-block",
        "access_key": "AKIDBLOCK", "secret_key": "block",
        "assume_role": { "role_arn": "arn:aws:iam::123456789012:role/states", "session_name": "ci" },
    }}});
    sandbox.write(".terraform/terraform.tfstate", block.to_string());
    let _ = sandbox.tool("tfstate-lock").args(["acquire"]).run().code(0);
    assert_eq!(calls(&cloud), ["sts:AssumeRole", "s3:PutObject"]);
    assert_eq!(inspected(&sandbox)["encryption"], "aws:kms");
}

#[test]
fn what_of_the_backend_block_is_not_taken_over_is_refused_by_name() {
    let (cloud, sandbox) = cloud();
    let block = r#"{"version":3,"backend":{"type":"s3","hash":1,"config":{"bucket":"states","key":"app",
        "assume_role_with_web_identity":{"role_arn":"arn:aws:iam::123456789012:role/states"},"http_proxy":"http://127.0.0.1:9"}}}"#;
    sandbox.write(".terraform/terraform.tfstate", block);
    let refused =
        sandbox.tool("tfstate-lock").args(["acquire"]).run().code(2).says("/error/code", "backend.unhonoured");
    let _ = refused.stderr_contains("not taken over: assume_role_with_web_identity, http_proxy");
    assert!(cloud.journal().is_empty());
    let _ = sandbox.tool("tfstate-lock").args(["acquire", "s3://states/app"]).run().code(0);
}

#[test]
fn the_policy_names_what_the_settings_need() {
    let (_cloud, sandbox) = cloud();
    let args =
        ["run", STATE, "--dynamodb-table", "locks", "--kms-key-id", "k", "--tag", "a=b", "--iam-policy", "--", "true"];
    let policy = sandbox.tool("tfstate-lock").args(args).run().code(0).json();
    let actions: Vec<&str> = policy["Statement"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|statement| statement["Action"].as_array().unwrap())
        .map(|action| action.as_str().unwrap())
        .collect();
    for action in [
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObjectTagging",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "dynamodb:PutItem",
        "dynamodb:DeleteItem",
        "dynamodb:GetItem",
    ] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
}
