//! Stores that speak S3 and do not keep what S3 promises: each is told by the name of what it breaks.

use serde_json::json;

use super::{assert_clean, doctor, finding, store, with_verdict};

#[test]
fn each_way_to_break_a_promise_has_its_check() {
    let cases = [
        ("ignores-if-none-match", "create_is_conditional"),
        ("ignores-if-match-on-put", "replace_is_conditional"),
        ("ignores-if-match-on-absent", "replace_is_conditional"),
        ("ignores-if-match-on-delete", "delete_is_conditional"),
        ("412-over-delete-marker", "create_after_delete"),
    ];
    for (quirk, check) in cases {
        let (cloud, sandbox) = store(&json!({ "Quirks": [quirk] }));
        let outcome = doctor(&sandbox, &[]).run().code(1);
        assert_eq!(with_verdict(&outcome, "fail"), [check], "{quirk}");
        assert_eq!(with_verdict(&outcome, "unknown"), [""; 0], "{quirk}");
        assert_clean(&cloud);
    }
}

#[test]
fn without_versions_there_is_no_delete_marker_to_stumble_over() {
    let (cloud, sandbox) = store(&json!({ "Versioning": false, "Quirks": ["412-over-delete-marker"] }));
    let outcome = doctor(&sandbox, &[]).run().code(1);
    assert_eq!(with_verdict(&outcome, "fail"), ["versioning"]);
    assert_clean(&cloud);
}

#[test]
fn a_store_that_keeps_nothing_fails_in_everything_and_is_left_clean() {
    let all = [
        "ignores-if-none-match",
        "ignores-if-match-on-put",
        "ignores-if-match-on-absent",
        "ignores-if-match-on-delete",
    ];
    for versioning in [true, false] {
        let (cloud, sandbox) = store(&json!({ "Versioning": versioning, "Quirks": all }));
        let outcome = doctor(&sandbox, &[]).run().code(1);
        for check in ["create_is_conditional", "replace_is_conditional", "delete_is_conditional"] {
            assert_eq!(finding(&outcome, check)["verdict"], "fail", "{check}");
        }
        assert_clean(&cloud);
    }
}

#[test]
fn a_store_that_says_it_knows_no_conditions_fails() {
    let (cloud, sandbox) = store(&json!({}));
    cloud.arm("s3:DeleteObject#1x2=error:501:NotImplemented".parse().unwrap());
    let outcome = doctor(&sandbox, &[]).run().code(1);
    assert_eq!(finding(&outcome, "delete_is_conditional")["verdict"], "fail");
    let detail = finding(&outcome, "delete_is_conditional")["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("NotImplemented"), "{detail}");
    assert_clean(&cloud);
}
