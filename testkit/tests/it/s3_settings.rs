//! What is said of a bucket as a whole, and how one may depart from Amazon's: settings, seeds, quirks.

#![expect(clippy::unwrap_used, reason = "what cannot be asked or read ends the test")]

use serde_json::json;
use testkit::LocalAws;

use crate::s3_http::{Answer, send};

const IF_NONE: &[(&str, &str)] = &[("if-none-match", "*")];
const IF_OTHER: &[(&str, &str)] = &[("if-match", "\"00000000000000000000000000000000\"")];

fn planted(seed: &serde_json::Value) -> LocalAws {
    let cloud = LocalAws::start().unwrap();
    let seed = seed.to_string();
    testkit::seed::plant(seed.as_bytes(), &mut cloud.world(), cloud.endpoint(), cloud.clock()).unwrap();
    cloud
}

/// A bucket with quirks and versions.
fn quirky(quirks: &[&str]) -> LocalAws {
    planted(&json!([{ "s3:CreateBucket": { "Bucket": "locks", "Versioning": true, "Quirks": quirks } }]))
}

fn ask(cloud: &LocalAws, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    send(cloud.endpoint(), method, target, headers, body.as_bytes())
}

fn outcome(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.code())
}

#[test]
fn a_seed_sets_what_is_said_of_a_bucket() {
    let policy = json!({ "Version": "2012-10-17", "Statement": [] });
    let applied = json!({ "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/state" });
    let rule = json!({ "ApplyServerSideEncryptionByDefault": applied, "BucketKeyEnabled": true });
    let cloud = planted(&json!([
        { "s3:CreateBucket": { "Bucket": "states" } },
        { "s3:PutBucketPolicy": { "Bucket": "states", "Policy": policy } },
        { "s3:PutBucketEncryption": { "Bucket": "states", "ServerSideEncryptionConfiguration": { "Rules": [rule] } } },
        { "s3:PutPublicAccessBlock": { "Bucket": "states", "PublicAccessBlockConfiguration": { "BlockPublicAcls": true } } },
    ]));
    let got = ask(&cloud, "GET", "/states?policy", &[], "");
    assert_eq!((got.body, got.status), (policy.to_string(), 200));
    let got = ask(&cloud, "GET", "/states?encryption", &[], "").body;
    let key = "<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>alias/state</KMSMasterKeyID>";
    assert!(got.contains(key) && got.contains("<BucketKeyEnabled>true<"), "{got}");
    let got = ask(&cloud, "GET", "/states?publicAccessBlock", &[], "").body;
    assert!(got.contains("<BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false<"), "{got}");
}

#[test]
fn a_seed_that_names_no_quirk_is_refused_with_those_there_are() {
    let cloud = LocalAws::start().unwrap();
    let seed = br#"[{"s3:CreateBucket":{"Bucket":"locks","Quirks":["ignores-everything"]}}]"#;
    let refused = testkit::seed::plant(seed, &mut cloud.world(), cloud.endpoint(), cloud.clock()).unwrap_err();
    let expected = "the seed's s3:CreateBucket was refused: InvalidArgument: `ignores-everything` is no quirk; there are: \
                    ignores-if-none-match, ignores-if-match-on-put, ignores-if-match-on-absent, ignores-if-match-on-delete, \
                    412-over-delete-marker";
    assert_eq!(refused.to_string(), expected);
    assert_eq!(ask(&cloud, "HEAD", "/locks", &[], "").status, 404);
}

#[test]
fn the_encryption_of_a_bucket_is_that_of_objects_that_ask_for_nothing() {
    let cloud = planted(&json!([{ "s3:CreateBucket": { "Bucket": "states" } }]));
    let kms = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>";
    assert_eq!(ask(&cloud, "PUT", "/states?encryption", &[], kms).status, 200);
    let md5 = "\"5d41402abc4b2a76b9719d911017c592\"";
    let put = |headers: &[(&str, &str)]| {
        let answer = ask(&cloud, "PUT", "/states/k", headers, "hello");
        let method = answer.header("x-amz-server-side-encryption").unwrap().to_owned();
        (method, answer.header("etag") == Some(md5))
    };
    assert_eq!(put(&[]), ("aws:kms".to_owned(), false));
    assert_eq!(put(&[("x-amz-server-side-encryption", "AES256")]), ("AES256".to_owned(), true));
    let placed = cloud.world().s3.place("states", "placed", "hello", cloud.clock().now());
    assert_ne!(placed, md5);
    assert_eq!(ask(&cloud, "DELETE", "/states?encryption", &[], "").status, 204);
    assert_eq!(put(&[]), ("AES256".to_owned(), true));
}

#[test]
fn a_store_that_ignores_conditions_says_yes_to_everything() {
    let cloud = quirky(&["ignores-if-none-match"]);
    assert_eq!(ask(&cloud, "PUT", "/locks/k", IF_NONE, "first").status, 200);
    assert_eq!(ask(&cloud, "PUT", "/locks/k", IF_NONE, "second").status, 200);
    assert_eq!(cloud.world().s3.body("locks", "k").unwrap(), "second");
    assert_eq!(outcome(&ask(&cloud, "PUT", "/locks/k", IF_OTHER, "third")), (412, "PreconditionFailed"));
    assert_eq!(outcome(&ask(&cloud, "DELETE", "/locks/k", IF_OTHER, "")), (412, "PreconditionFailed"));

    let cloud = quirky(&["ignores-if-match-on-put"]);
    assert_eq!(ask(&cloud, "PUT", "/locks/k", IF_OTHER, "first").status, 200);
    assert_eq!(ask(&cloud, "PUT", "/locks/k", IF_OTHER, "second").status, 200);
    assert_eq!(outcome(&ask(&cloud, "PUT", "/locks/k", IF_NONE, "third")), (412, "PreconditionFailed"));
    assert_eq!(outcome(&ask(&cloud, "DELETE", "/locks/k", IF_OTHER, "")), (412, "PreconditionFailed"));

    let cloud = quirky(&["ignores-if-match-on-absent"]);
    assert_eq!(ask(&cloud, "PUT", "/locks/k", IF_OTHER, "first").status, 200);
    assert_eq!(outcome(&ask(&cloud, "PUT", "/locks/k", IF_OTHER, "second")), (412, "PreconditionFailed"));

    let cloud = quirky(&["ignores-if-match-on-delete"]);
    assert_eq!(ask(&cloud, "PUT", "/locks/k", IF_NONE, "first").status, 200);
    assert_eq!(outcome(&ask(&cloud, "PUT", "/locks/k", IF_OTHER, "second")), (412, "PreconditionFailed"));
    assert_eq!(ask(&cloud, "DELETE", "/locks/k", IF_OTHER, "").status, 204);
    assert_eq!(cloud.world().s3.body("locks", "k"), None);
}

#[test]
fn a_store_may_take_a_delete_marker_for_an_object() {
    let cloud = quirky(&["412-over-delete-marker"]);
    assert_eq!(ask(&cloud, "PUT", "/locks/k", IF_NONE, "first").status, 200);
    assert_eq!(ask(&cloud, "DELETE", "/locks/k", &[], "").status, 204);
    assert_eq!(outcome(&ask(&cloud, "PUT", "/locks/k", IF_NONE, "second")), (412, "PreconditionFailed"));
    assert_eq!(ask(&cloud, "GET", "/locks/k", &[], "").status, 404);
    cloud.world().s3.quirks_mut("locks").unwrap().refuses_over_delete_marker = false;
    assert_eq!(ask(&cloud, "PUT", "/locks/k", IF_NONE, "second").status, 200);
    assert_eq!(cloud.world().s3.quirks_mut("absent"), None);
}
