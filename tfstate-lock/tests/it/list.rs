use std::time::Duration;

use serde_json::{Value, json};
use testkit::LocalAws;

use crate::workbench::{cloud_with_table, place_item};
use crate::{TERRAFORMS, TERRAFORMS_ID, calls, cloud};

fn place_at(cloud: &LocalAws, key: &str, body: &str) {
    let now = cloud.clock().now();
    cloud.world().s3.place("states", key, body.to_owned(), now);
}

/// The values of one member of each entry.
fn each(document: &Value, member: &str) -> Vec<Value> {
    document["lock"]["locks"].as_array().unwrap().iter().map(|lock| lock[member].clone()).collect()
}

#[test]
fn three_locks_among_ten_thousand_keys_are_cheap() {
    let (cloud, sandbox) = cloud();
    for number in 0..9997 {
        place_at(&cloud, &format!("app-{number:05}.tfstate"), "{}");
    }
    place_at(&cloud, "app-05000.tfstate.tflock", TERRAFORMS);
    cloud.clock().advance(Duration::from_mins(3));
    place_at(&cloud, "env:/blue/app.tfstate.tflock", TERRAFORMS);
    place_at(&cloud, "app-00001.tfstate.tflock", "");
    cloud.clock().advance(Duration::from_mins(2));
    let outcome = sandbox.tool("tfstate-lock").args(["list", "s3://states"]).run().code(0).says("/lock/ok", false);
    let document = outcome.json();
    let addresses = ["app-00001.tfstate", "app-05000.tfstate", "env:/blue/app.tfstate"];
    assert_eq!(each(&document, "address"), addresses.map(|key| json!(format!("s3://states/{key}"))));
    assert_eq!(each(&document, "age_seconds"), [120, 300, 120].map(|age| json!(age)));
    assert_eq!(each(&document, "unreadable"), [json!("it is empty"), json!(null), json!(null)]);
    assert_eq!(each(&document, "places"), [json!(["bucket"]), json!(["bucket"]), json!(["bucket"])]);
    let calls = calls(&cloud);
    let count = |operation: &str| calls.iter().filter(|call| *call == operation).count();
    assert_eq!((count("s3:ListObjectsV2"), count("s3:GetObject"), calls.len()), (10, 3, 13));
    let _ = outcome.stderr_contains("s3://states/: 3 locks");
}

#[test]
fn only_what_is_below_the_prefix_is_listed() {
    let (cloud, sandbox) = cloud();
    for key in ["prod/a.tfstate.tflock", "prod/b.tfstate.tflock", "stage/a.tfstate.tflock", "prod/.tflock", ".tflock"] {
        place_at(&cloud, key, TERRAFORMS);
    }
    let list = |prefix: &str| sandbox.tool("tfstate-lock").args(["list", prefix]).run().code(0).json();
    assert_eq!(each(&list("s3://states/prod/a"), "key"), [json!("prod/a.tfstate.tflock")]);
    assert_eq!(each(&list("s3://states/prod"), "key").len(), 3);
    assert_eq!(each(&list("s3://states/none"), "key").len(), 0);
}

#[test]
fn people_see_who_does_what_since_when() {
    let (cloud, sandbox) = cloud();
    place_at(&cloud, "a.tflock", TERRAFORMS);
    place_at(&cloud, "b.tflock", "");
    let acquire = ["acquire", "s3://states/c", "--expires", "5m", "--who", "ci@runner", "--operation", "migration"];
    let _ = sandbox.tool("tfstate-lock").args(acquire).run().code(0);
    cloud.clock().advance(Duration::from_mins(4));
    let table = || sandbox.tool("tfstate-lock").args(["list", "s3://states", "-o", "table"]).run().code(0).stdout();
    let lines: Vec<String> =
        table().lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(lines[0], "state who operation held for lease id");
    assert_eq!(lines[1], format!("s3://states/a root@vm OperationTypeApply 4 min none {TERRAFORMS_ID}"));
    assert_eq!(lines[2], "s3://states/b - unreadable: it is empty 4 min - etag \"d41d8cd98f00b204e9800998ecf8427e\"");
    assert!(lines[3].starts_with("s3://states/c ci@runner migration 4 min 5 min "), "{}", lines[3]);
    cloud.clock().advance(Duration::from_mins(2));
    assert!(table().contains(" over "));
}

#[test]
fn a_lock_that_cannot_be_read_or_vanished_does_not_end_the_list() {
    let (cloud, sandbox) = cloud();
    for key in ["a.tflock", "b.tflock", "c.tflock"] {
        place_at(&cloud, key, TERRAFORMS);
    }
    cloud.arm("s3:GetObject=error:403:AccessDenied".parse().unwrap());
    cloud.arm("s3:GetObject#2=error:404:NoSuchKey".parse().unwrap());
    let outcome = sandbox.tool("tfstate-lock").args(["list", "s3://states"]).run().code(0);
    let document = outcome.json();
    let mut states: Vec<String> =
        each(&document, "state").iter().map(|state| state.as_str().unwrap().to_owned()).collect();
    states.sort();
    assert_eq!(states, ["gone", "held_by_other", "unknown"]);
    let unknown = each(&document, "unknown");
    assert!(
        unknown.iter().any(|cause| cause.as_str().is_some_and(|cause| cause.contains("AccessDenied"))),
        "{unknown:?}"
    );
    let _ = outcome
        .stderr_contains("nothing is known of the lock of s3://states/")
        .stderr_contains("3 locks, of 1 of which nothing is known");
}

#[test]
fn a_list_that_cannot_be_had_is_no_empty_list() {
    let (cloud, sandbox) = cloud();
    cloud.arm("s3:ListObjectsV2=error:403:AccessDenied".parse().unwrap());
    let outcome = sandbox.tool("tfstate-lock").args(["list", "s3://states"]).run().code(3);
    let _ = outcome.says("/error/code", "aws.access_denied").stderr_contains("allow s3:ListBucket");
    let _ = sandbox.tool("tfstate-lock").args(["list", "s3://absent"]).run().code(3).stderr_contains("NoSuchBucket");
}

#[test]
fn bucket_and_table_make_one_list() {
    let (cloud, sandbox) = cloud_with_table();
    let other = TERRAFORMS.replace(TERRAFORMS_ID, "another");
    place_at(&cloud, "both.tflock", TERRAFORMS);
    place_item(&cloud, "states/both", TERRAFORMS);
    place_at(&cloud, "differ.tflock", TERRAFORMS);
    place_item(&cloud, "states/differ", &other);
    place_at(&cloud, "object.tflock", TERRAFORMS);
    place_item(&cloud, "states/item", TERRAFORMS);
    place_item(&cloud, "states/garbage", "garbage");
    place_item(&cloud, "elsewhere/item", TERRAFORMS);
    let digest = json!({ "LockID": { "S": "states/both-md5" }, "Digest": { "S": "0" } });
    cloud.world().dynamodb.place("locks", &digest).unwrap();
    let run = sandbox.tool("tfstate-lock").args(["list", "s3://states", "--dynamodb-table", "locks"]).run();
    let document = run.code(0).says("/lock/table", "locks").json();
    let addresses = ["both", "differ", "differ", "garbage", "item", "object"];
    assert_eq!(each(&document, "address"), addresses.map(|key| json!(format!("s3://states/{key}"))));
    let places = [
        json!(["bucket", "table"]),
        json!(["bucket"]),
        json!(["table"]),
        json!(["table"]),
        json!(["table"]),
        json!(["bucket"]),
    ];
    assert_eq!(each(&document, "places"), places);
    assert_eq!(each(&document, "ID")[1..3], [json!(TERRAFORMS_ID), json!("another")]);
    assert_eq!(each(&document, "etag")[4], Value::Null);
}

#[test]
fn a_table_of_many_pages_is_read_to_its_end() {
    let (cloud, sandbox) = cloud_with_table();
    // A page ends at a megabyte.
    let long = TERRAFORMS.replace("root@vm", &"w".repeat(300_000));
    for number in 0..8 {
        place_item(&cloud, &format!("states/{number}"), &long);
    }
    let run = sandbox.tool("tfstate-lock").args(["list", "s3://states", "--dynamodb-table", "locks"]).run().code(0);
    assert_eq!(each(&run.json(), "ID").len(), 8);
    assert!(calls(&cloud).iter().filter(|call| *call == "dynamodb:Scan").count() > 1);
}

#[test]
fn a_folder_names_its_bucket_and_its_table() {
    let Some(bench) = crate::workbench::Workbench::start(true) else { return };
    place_at(&bench.cloud, "other.tflock", TERRAFORMS);
    place_item(&bench.cloud, "states/item", TERRAFORMS);
    let document = bench.tool(&["list"]).code(0).json();
    assert_eq!(each(&document, "address"), ["item", "other"].map(|key| json!(format!("s3://states/{key}"))));
}
