//! Servers that nobody here wrote: what they do decides what passes.

use serde_json::json;
use testkit::peer::{self, Server};
use testkit::sandbox::Sandbox;

use super::{KEY, TERRAFORMS_STATE, doctor, finding, tls_only, with_verdict};
use crate::http;

const XMLNS: &str = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

fn servers() -> Vec<Server> {
    [peer::ministack(), peer::moto()].into_iter().flatten().collect()
}

fn sandbox(server: &Server) -> Sandbox {
    let variables = [
        ("AWS_ENDPOINT_URL", server.endpoint()),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ];
    variables.into_iter().fold(Sandbox::new(), |sandbox, (name, value)| sandbox.env(name, value))
}

/// A bucket as it should be, but for its policy.
fn set_up(server: &Server) {
    let put = |target: &str, body: &str| drop(http::send(server.endpoint(), "PUT", target, body));
    put("/states", "");
    put(&format!("/states/{KEY}"), TERRAFORMS_STATE);
    let element = |name: &str, inner: &str| format!("<{name}>{inner}</{name}>");
    let document = |name: &str, inner: &str| format!("<{name} {XMLNS}>{inner}</{name}>");
    put("/states?versioning", &document("VersioningConfiguration", &element("Status", "Enabled")));
    let settings = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
    let settings = settings.map(|name| element(name, "true")).concat();
    put("/states?publicAccessBlock", &document("PublicAccessBlockConfiguration", &settings));
    let default = element("ApplyServerSideEncryptionByDefault", &element("SSEAlgorithm", "AES256"));
    put("/states?encryption", &document("ServerSideEncryptionConfiguration", &element("Rule", &default)));
}

fn assert_clean(server: &Server) {
    let versions = http::get(server.endpoint(), "/states?versions");
    assert!(!versions.contains("-probe-"), "{versions}");
}

#[test]
fn what_is_right_in_our_own_store_is_right_in_ministack() {
    let Some(server) = peer::ministack() else { return };
    set_up(&server);
    http::send(server.endpoint(), "PUT", "/states?policy", &tls_only().to_string());
    let outcome = doctor(&sandbox(&server), &[]).run().code(0);
    assert_eq!(with_verdict(&outcome, "pass").len(), 21, "{}", outcome.stdout());
    assert_clean(&server);
}

#[test]
fn moto_keeps_what_a_lock_needs() {
    let Some(server) = peer::moto() else { return };
    set_up(&server);
    let outcome = doctor(&sandbox(&server), &[]).run().code(1);
    // A policy that denies anything denies everything there: its conditions are passed over.
    assert_eq!(with_verdict(&outcome, "fail"), ["tls_only_policy"], "{}", outcome.stdout());
    // The answer has not the form that S3's has.
    assert_eq!(with_verdict(&outcome, "unknown"), ["versioning"], "{}", outcome.stdout());
    assert_clean(&server);
    http::send(server.endpoint(), "PUT", "/states?policy", &tls_only().to_string());
    let outcome = doctor(&sandbox(&server), &["--dry-run"]).run().code(1);
    assert_eq!(finding(&outcome, "tls_only_policy")["verdict"], "pass", "{}", outcome.stdout());
}

#[test]
fn what_is_missing_is_missed_there_too() {
    for server in servers() {
        http::send(server.endpoint(), "PUT", "/states", "");
        let outcome = doctor(&sandbox(&server), &[]).run().code(1);
        assert_ne!(finding(&outcome, "versioning")["verdict"], "pass", "{}", outcome.stdout());
        assert_eq!(finding(&outcome, "state_object")["verdict"], "unknown", "{}", outcome.stdout());
        for check in ["public_access_block", "tls_only_policy"] {
            assert_eq!(finding(&outcome, check)["verdict"], "fail", "{check}");
        }
        for check in ["create_is_conditional", "replace_is_conditional", "delete_is_conditional", "create_after_delete"]
        {
            assert_eq!(finding(&outcome, check)["verdict"], "pass", "{check}");
        }
        assert_clean(&server);
        let absent = sandbox(&server).tool("tfstate-lock").args(["doctor", "s3://absent/app.tfstate"]).run().code(1);
        assert_eq!(with_verdict(&absent, "fail"), ["reachable"]);
    }
}

#[test]
fn a_table_of_another_server_is_one() {
    for server in servers() {
        let Some(aws) = peer::find("aws") else { return };
        let sandbox = sandbox(&server);
        http::send(server.endpoint(), "PUT", "/states", "");
        http::send(server.endpoint(), "PUT", &format!("/states/{KEY}"), TERRAFORMS_STATE);
        let run = |args: &[&str]| drop(sandbox.program(&aws).args(args).run().code(0));
        // The command that the hint says.
        let missing = doctor(&sandbox, &["--dynamodb-table", "locks"]).run().code(1);
        let hint = finding(&missing, "table")["hint"].as_str().unwrap().to_owned();
        run(&hint.split_whitespace().skip(1).collect::<Vec<_>>());
        let md5 = tfstate_lock::state::table_digest::TableDigest::of(TERRAFORMS_STATE.as_bytes()).to_string();
        let item = json!({ "LockID": { "S": "states/prod/app.tfstate-md5" }, "Digest": { "S": md5 } }).to_string();
        run(&["dynamodb", "put-item", "--table-name", "locks", "--item", &item]);
        let outcome = doctor(&sandbox, &["--dynamodb-table", "locks"]).run();
        for check in ["table", "digest", "permissions dynamodb:PutItem", "permissions dynamodb:DeleteItem"] {
            assert_eq!(finding(&outcome, check)["verdict"], "pass", "{check}\n{}", outcome.stdout());
        }
    }
}
