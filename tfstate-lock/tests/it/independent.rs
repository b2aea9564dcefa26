//! Servers that nobody here wrote, asked for all that lies in bucket and table.

use serde_json::{Value, json};
use testkit::peer::{self, Server};
use testkit::sandbox::Sandbox;

use crate::STATE;

/// A server with a bucket and a table; none if it, or the AWS CLI, is not installed.
fn filled(server: Option<Server>) -> Option<(Server, Sandbox)> {
    let (server, aws) = (server?, peer::find("aws")?);
    let sandbox = Sandbox::new().env("AWS_ENDPOINT_URL", server.endpoint()).env("AWS_REGION", "us-east-1");
    // The AWS CLI knows the region by another name.
    let sandbox = sandbox.env("AWS_DEFAULT_REGION", "us-east-1");
    let sandbox = sandbox.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    let table = [
        "dynamodb",
        "create-table",
        "--table-name",
        "locks",
        "--billing-mode",
        "PAY_PER_REQUEST",
        "--attribute-definitions",
        "AttributeName=LockID,AttributeType=S",
        "--key-schema",
        "AttributeName=LockID,KeyType=HASH",
    ];
    for arguments in [&["s3api", "create-bucket", "--bucket", "states"][..], &table] {
        let _ = sandbox.program(&aws).args(arguments).run().code(0);
    }
    Some((server, sandbox))
}

fn looks_lists_and_breaks(sandbox: &Sandbox) {
    let on_state = |command: &str| sandbox.tool("tfstate-lock").args([command, STATE, "--dynamodb-table", "locks"]);
    let list = || {
        let document = sandbox.tool("tfstate-lock").args(["list", "s3://states", "--dynamodb-table", "locks"]).run();
        document.code(0).json()["lock"]["locks"].as_array().cloned().unwrap_or_default()
    };
    let _ = on_state("inspect").run().code(0).says("/lock/consistent", true);
    let acquired = on_state("acquire").args(["--expires", "10s"]).run().code(0).json();
    let id = acquired["lock"]["ID"].clone();
    let outcome = on_state("inspect").run().code(1).says("/lock/ID", id.clone()).says("/lock/consistent", true);
    let outcome = outcome.says("/lock/table_lock/ID", id.clone()).says("/lock/state_object/exists", false);
    assert!(outcome.json()["lock"]["age_seconds"].is_number(), "the server says no time");
    let ids: Vec<Value> = list().iter().map(|lock| json!([lock["ID"], lock["places"]])).collect();
    assert_eq!(ids, [json!([id, ["bucket", "table"]])]);
    let _ = on_state("break").args(["--older-than", "1h"]).run().code(1).says("/error/code", "lock.not_proved");
    let named = ["--id", id.as_str().unwrap(), "--reason", "a test"];
    let _ = on_state("break").args(named).run().code(0).says("/lock/state", "broken");
    assert_eq!(list(), Vec::<Value>::new());
    let _ = on_state("inspect").run().code(0).says("/lock/state", "free").says("/lock/consistent", true);
}

#[test]
fn ministack_is_understood() {
    if let Some((_server, sandbox)) = filled(peer::ministack()) {
        looks_lists_and_breaks(&sandbox);
    }
}

#[test]
fn moto_is_understood() {
    if let Some((_server, sandbox)) = filled(peer::moto()) {
        looks_lists_and_breaks(&sandbox);
    }
}
