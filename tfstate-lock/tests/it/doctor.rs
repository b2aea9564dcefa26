//! What `doctor` finds in a store, and that it leaves nothing behind there.

mod cleaning;
mod faults;
mod peers;
mod quirks;
mod terraform;

use serde_json::{Value, json};
use testkit::clock::Clock;
use testkit::sandbox::{Outcome, Run, Sandbox};
use testkit::{LocalAws, seed};

use crate::{LOCK_KEY, STATE};

const KEY: &str = "prod/app.tfstate";
const TERRAFORMS_STATE: &str = include_str!("../fixtures/terraform-1.11.4.tfstate");

/// The names of all findings about a bucket in which nothing is wrong, and about its state.
const CHECKS: [&str; 21] = [
    "reachable",
    "region",
    "clock",
    "create_is_conditional",
    "replace_is_conditional",
    "delete_is_conditional",
    "create_after_delete",
    "read_after_write",
    "etag_changes",
    "versioning",
    "encryption",
    "public_access_block",
    "tls_only_policy",
    "policy_allows_unlock",
    "permissions s3:PutObject",
    "permissions s3:DeleteObject",
    "permissions s3:GetObject",
    "permissions s3:GetObject",
    "permissions s3:ListBucket",
    "state_object",
    "locks",
];

/// A bucket as it should be, with a state of Terraform's, on a clock that runs.
fn healthy() -> (LocalAws, Sandbox) {
    store(&json!({}))
}

/// The same with more said where it is created, `null` for what is left out.
fn store(changes: &Value) -> (LocalAws, Sandbox) {
    let mut create = json!({ "Bucket": "states", "Versioning": true });
    create.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let block = json!({
        "BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true
    });
    let calls = json!([
        { "s3:CreateBucket": create },
        { "s3:PutPublicAccessBlock": { "Bucket": "states", "PublicAccessBlockConfiguration": block } },
        { "s3:PutBucketPolicy": { "Bucket": "states", "Policy": tls_only() } },
        { "dynamodb:CreateTable": {
            "TableName": "locks", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": "LockID", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "LockID", "KeyType": "HASH" }]
        } }
    ]);
    let cloud = LocalAws::start_at(0, Clock::running(1.0)).unwrap();
    plant(&cloud, &calls);
    let now = cloud.clock().now();
    cloud.world().s3.place("states", KEY, TERRAFORMS_STATE, now);
    let sandbox = Sandbox::with_aws(&cloud);
    (cloud, sandbox)
}

fn plant(cloud: &LocalAws, calls: &Value) {
    let calls = calls.to_string();
    seed::plant(calls.as_bytes(), &mut cloud.world(), cloud.endpoint(), cloud.clock()).unwrap();
}

fn tls_only() -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "AllowSSLRequestsOnly", "Action": "s3:*", "Effect": "Deny", "Principal": "*",
        "Resource": ["arn:aws:s3:::states", "arn:aws:s3:::states/*"],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } }
    }] })
}

fn doctor(sandbox: &Sandbox, more: &[&str]) -> Run {
    sandbox.tool("tfstate-lock").args(["doctor", STATE]).args(more)
}

fn title(finding: &Value) -> String {
    let check = finding["check"].as_str().unwrap();
    finding["subject"].as_str().map_or(check.to_owned(), |subject| format!("{check} {subject}"))
}

/// The findings that have a verdict.
fn with_verdict(outcome: &Outcome, verdict: &str) -> Vec<String> {
    let document = outcome.json();
    let checks = document["lock"]["checks"].as_array().unwrap();
    checks.iter().filter(|finding| finding["verdict"] == verdict).map(title).collect()
}

/// The finding of a check.
fn finding(outcome: &Outcome, name: &str) -> Value {
    let document = outcome.json();
    let checks = document["lock"]["checks"].as_array().unwrap();
    let found = checks.iter().find(|finding| title(finding) == name);
    found.unwrap_or_else(|| panic!("no finding {name} in {document:#}")).clone()
}

/// Nothing of the probe is there, no version and no delete marker, and nobody wrote to the state or to its lock.
#[track_caller]
fn assert_clean(cloud: &LocalAws) {
    let writes: Vec<String> = cloud
        .journal()
        .iter()
        .filter(|call| call.write)
        .map(|call| format!("{} {}", call.operation, call.path))
        .collect();
    for write in &writes {
        let is_scratch = write.contains("prod/app.tfstate.tflock-probe-") || write.starts_with("dynamodb:");
        assert!(is_scratch, "{write}");
    }
    let versions = crate::http::get(cloud.endpoint(), "/states?versions");
    assert!(!versions.contains("-probe-"), "{versions}\n{writes:#?}");
    assert_eq!(cloud.world().dynamodb.keys("locks").iter().find(|key| key.contains("-probe-")), None);
}

#[test]
fn a_store_as_it_should_be_passes_every_check() {
    let (cloud, sandbox) = healthy();
    let outcome = doctor(&sandbox, &[]).run().code(0);
    assert_eq!(with_verdict(&outcome, "pass"), CHECKS);
    let outcome = outcome
        .says("/ok", true)
        .says("/lock/ok", false)
        .says("/lock/state", "examined")
        .says("/lock/bucket", "states")
        .says("/lock/key", LOCK_KEY)
        .says("/lock/counts", json!({ "pass": 21, "fail": 0, "unknown": 0 }))
        .stderr_is("tfstate-lock: s3://states/prod/app.tfstate: all 21 checks passed\n");
    let policy = &outcome.json()["lock"]["policy"]["Statement"];
    assert_eq!(policy[0]["Action"], json!(["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]));
    assert_eq!(policy[0]["Resource"], json!(["arn:aws:s3:::states/prod/app.tfstate.tflock"]));
    assert!(!outcome.stdout().contains("terraform_data"), "the state itself went into the document");
    assert_clean(&cloud);
}

#[test]
fn an_examination_is_no_lock() {
    let (_cloud, sandbox) = healthy();
    let script = format!("tfstate-lock doctor {STATE} | tfstate-lock release");
    let _ = sandbox.shell(&script).run().code(2).says("/error/code", "lock.invalid");
    let script = format!("tfstate-lock doctor {STATE} | tfstate-lock inspect {STATE} --input - --require lock");
    let _ = sandbox.shell(&script).run().code(1);
}

#[test]
fn a_bucket_without_safeguards_fails_and_says_what_to_type() {
    let (cloud, sandbox) = store(&json!({ "Versioning": false }));
    crate::http::send(cloud.endpoint(), "DELETE", "/states?policy", "");
    crate::http::send(cloud.endpoint(), "DELETE", "/states?publicAccessBlock", "");
    cloud.clear_journal();
    let outcome = doctor(&sandbox, &[]).run().code(1).says("/error/code", "doctor.failed").says("/ok", false);
    assert_eq!(with_verdict(&outcome, "fail"), ["versioning", "public_access_block", "tls_only_policy"]);
    assert_eq!(with_verdict(&outcome, "unknown"), [""; 0]);
    let outcome =
        outcome.stderr_contains("18 of 21 checks passed; failed: versioning, public_access_block, tls_only_policy");
    let _ = outcome.stderr_contains("hint: aws s3api put-bucket-versioning --bucket states");
    let table = doctor(&sandbox, &["-o", "table"]).run().code(1);
    let _ = table
        .stdout_contains(" FAIL      versioning")
        .stdout_contains("\nversioning: aws s3api put-bucket-versioning --bucket states ");
    assert_clean(&cloud);
}

#[test]
fn a_policy_that_breaks_terraforms_unlock_is_found() {
    let (cloud, sandbox) = healthy();
    let mut policy = tls_only();
    policy["Statement"].as_array_mut().unwrap().push(json!({
        "Sid": "Conditional", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject",
        "Resource": "arn:aws:s3:::states/*", "Condition": { "Null": { "s3:if-match": "true" } }
    }));
    plant(&cloud, &json!([{ "s3:PutBucketPolicy": { "Bucket": "states", "Policy": policy } }]));
    let outcome = doctor(&sandbox, &[]).run().code(1);
    assert_eq!(with_verdict(&outcome, "fail"), ["policy_allows_unlock"]);
    let detail = finding(&outcome, "policy_allows_unlock")["detail"].clone();
    assert_eq!(
        detail,
        "statement Conditional of the bucket policy denies s3:DeleteObject on the lock without If-Match"
    );
}

#[test]
fn a_dry_run_only_reads_and_knows_less() {
    let (cloud, sandbox) = healthy();
    let outcome = doctor(&sandbox, &["--dry-run"]).run().code(1).says("/error/code", "doctor.unknown");
    let unknown = [&CHECKS[3..9], &["permissions s3:PutObject", "permissions s3:DeleteObject"]].concat();
    assert_eq!(with_verdict(&outcome, "unknown"), unknown);
    assert_eq!(finding(&outcome, "create_is_conditional")["hint"], "run it without --dry-run");
    assert_eq!(cloud.writes(), [""; 0]);
}

#[test]
fn a_bucket_that_is_not_there_is_asked_once() {
    let (cloud, sandbox) = healthy();
    let outcome = sandbox.tool("tfstate-lock").args(["doctor", "s3://absent/app.tfstate"]).run().code(1);
    assert_eq!(with_verdict(&outcome, "fail"), ["reachable"]);
    assert_eq!(with_verdict(&outcome, "pass"), ["clock"]);
    assert_eq!(crate::calls(&cloud), ["s3:HeadBucket"]);
}

#[test]
fn a_clock_that_is_wrong_is_found() {
    let (cloud, sandbox) = healthy();
    cloud.clock().advance(std::time::Duration::from_mins(16));
    let outcome = doctor(&sandbox, &[]).run().code(1);
    assert_eq!(with_verdict(&outcome, "fail"), ["clock"]);
}

#[test]
fn what_lies_at_the_states_key_is_judged() {
    let cases = [("", "fail"), ("{\"version\":4}", "fail"), (TERRAFORMS_STATE, "pass")];
    for (state, expected) in cases {
        let (cloud, sandbox) = healthy();
        let now = cloud.clock().now();
        cloud.world().s3.place("states", KEY, state, now);
        let outcome = doctor(&sandbox, &[]).run();
        assert_eq!(finding(&outcome, "state_object")["verdict"], expected, "{state}");
    }
    let (_cloud, sandbox) = healthy();
    let outcome = sandbox.tool("tfstate-lock").args(["doctor", "s3://states/prod/new.tfstate"]).run().code(1);
    assert_eq!(with_verdict(&outcome, "unknown"), ["state_object"]);
}

#[test]
fn a_lock_that_is_left_over_is_found_in_every_workspace() {
    let (cloud, sandbox) = healthy();
    let lock = |info: &str| {
        json!({ "ID": "a", "Who": "ci@runner", "Info": info, "Created": "2026-01-01T00:00:00Z" }).to_string()
    };
    let now = cloud.clock().now();
    {
        let mut world = cloud.world();
        let day_before = now - std::time::Duration::from_hours(30);
        let hour_before = now - std::time::Duration::from_hours(1);
        world.s3.place("states", LOCK_KEY, lock(""), hour_before);
        world.s3.place("states", "env:/blue/prod/app.tfstate.tflock", lock(r#"{"ttl":300,"seq":4}"#), hour_before);
        world.s3.place("states", "env:/green/prod/app.tfstate.tflock", lock(""), day_before);
        world.s3.place("states", "env:/red/prod/app.tfstate.tflock", lock(r#"{"ttl":7200,"seq":4}"#), hour_before);
        world.s3.place("states", "env:/grey/prod/app.tfstate.tflock", "", now);
        world.s3.place("states", "env:/blue/prod/other.tfstate.tflock", "", now);
    }
    let outcome = doctor(&sandbox, &[]).run().code(1);
    let title = |workspace: &str| format!("locks env:/{workspace}/prod/app.tfstate.tflock");
    assert_eq!(with_verdict(&outcome, "fail"), [title("blue"), title("grey")]);
    assert_eq!(with_verdict(&outcome, "unknown"), [title("green")]);
    assert_eq!(finding(&outcome, &format!("locks {LOCK_KEY}"))["verdict"], "pass");
    assert_eq!(finding(&outcome, &title("red"))["verdict"], "pass");
    let hint = finding(&outcome, &title("blue"))["hint"].clone();
    assert_eq!(hint, "tfstate-lock break s3://states/env:/blue/prod/app.tfstate");
    let dead = crate::workbench::leased(Some(crate::workbench::gone()));
    cloud.world().s3.place("states", LOCK_KEY, dead, now);
    let killed = doctor(&sandbox, &[]).run().code(1);
    let detail = finding(&killed, &format!("locks {LOCK_KEY}"))["detail"].as_str().unwrap().to_owned();
    assert!(detail.ends_with(": its process ran on this machine and is gone"), "{detail}");
    let of_blue = doctor(&sandbox, &["--workspace", "blue"]).run().code(1);
    let own = format!("locks {LOCK_KEY}");
    assert_eq!(with_verdict(&of_blue, "fail"), [title("blue"), title("grey"), own]);
    // What the hint says frees it.
    let _ = sandbox.shell(hint.as_str().unwrap()).run().code(0);
    assert_eq!(
        with_verdict(&doctor(&sandbox, &["--workspace", "blue"]).run(), "fail"),
        [title("grey"), format!("locks {LOCK_KEY}")]
    );
    cloud.clear_journal();
    let _ = doctor(&sandbox, &[]).run().code(1);
    assert_clean(&cloud);
}

#[test]
fn a_table_is_examined_and_its_digest_compared() {
    let (cloud, sandbox) = healthy();
    let with_table = || doctor(&sandbox, &["--dynamodb-table", "locks"]).run();
    let md5 = tfstate_lock::state::table_digest::TableDigest::of(TERRAFORMS_STATE.as_bytes()).to_string();
    let outcome = with_table().code(1);
    assert_eq!(with_verdict(&outcome, "fail"), ["digest"]);
    for (digest, code) in [(md5.clone(), 0), (md5.replace(['1', '2', '3'], "0"), 1)] {
        crate::workbench::place_digest(&cloud, &digest);
        let outcome = with_table().code(code);
        let expected: &[&str] = if code == 0 { &[] } else { &["digest"] };
        assert_eq!(with_verdict(&outcome, "fail"), expected);
        for action in ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"] {
            assert_eq!(finding(&outcome, &format!("permissions {action}"))["verdict"], "pass", "{action}");
        }
    }
    assert_eq!(cloud.world().dynamodb.keys("locks"), ["states/prod/app.tfstate-md5"]);
    assert_clean(&cloud);
    let hint = finding(&with_table(), "digest")["hint"].as_str().unwrap().to_owned();
    let command = hint.strip_prefix("if what lies there is the right state: ").unwrap();
    let _ = sandbox.shell(command).run().code(0);
    let _ = with_table().code(0);
}

#[test]
fn a_table_that_is_none_fails() {
    let (cloud, sandbox) = healthy();
    let other = json!([{ "dynamodb:CreateTable": {
        "TableName": "others", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "Id", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "Id", "KeyType": "HASH" }]
    } }]);
    plant(&cloud, &other);
    for table in ["absent", "others"] {
        let outcome = doctor(&sandbox, &["--dynamodb-table", table]).run().code(1);
        assert_eq!(with_verdict(&outcome, "fail"), ["table"], "{table}");
        let hint = finding(&outcome, "table")["hint"].as_str().unwrap().to_owned();
        assert!(hint.starts_with("aws dynamodb create-table"), "{hint}");
    }
}

#[test]
fn a_folder_says_whether_its_terraform_locks() {
    let (_cloud, sandbox) = healthy();
    let cases = [
        (json!({ "use_lockfile": true }), "pass", 0),
        (json!({}), "fail", 1),
        (json!({ "dynamodb_table": "locks" }), "pass", 1),
    ];
    for (settings, expected, code) in cases {
        let mut config = json!({ "bucket": "states", "key": KEY, "region": "eu-central-1" });
        config.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let record = json!({ "version": 3, "backend": { "type": "s3", "config": config, "hash": 7 } });
        sandbox.write("infra/.terraform/terraform.tfstate", record.to_string());
        let outcome = sandbox.tool("tfstate-lock").args(["doctor", "infra"]).run().code(code);
        assert_eq!(finding(&outcome, "clients")["verdict"], expected, "{settings}");
    }
}

#[test]
fn the_least_policy_of_doctor_itself_is_printed() {
    let sandbox = Sandbox::new();
    let policy = doctor(&sandbox, &["--iam-policy", "--dynamodb-table", "locks"]).run().code(0).json();
    let actions: Vec<&str> = policy["Statement"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|statement| statement["Action"].as_array().unwrap().iter().map(|action| action.as_str().unwrap()))
        .collect();
    let read = json!([
        "arn:aws:s3:::states/prod/app.tfstate.tflock",
        "arn:aws:s3:::states/prod/app.tfstate",
        "arn:aws:s3:::states/env:/*/prod/app.tfstate.tflock"
    ]);
    assert_eq!(policy["Statement"][1]["Resource"], read);
    for action in ["s3:DeleteObjectVersion", "s3:ListBucketVersions", "s3:GetBucketPolicy", "dynamodb:DescribeTable"] {
        assert!(actions.contains(&action), "{action}");
    }
}
