//! What is denied or gets lost is unknown, in AWS's own words, and never a pass.

use super::{assert_clean, doctor, finding, healthy, with_verdict};

#[test]
fn a_setting_that_may_not_be_read_is_unknown() {
    let cases = [
        ("s3:GetBucketVersioning", "s3:GetBucketVersioning", &["versioning"][..]),
        ("s3:GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock", &["public_access_block"]),
        ("s3:GetBucketPolicy", "s3:GetBucketPolicy", &["tls_only_policy", "policy_allows_unlock"]),
        ("s3:HeadBucket", "s3:ListBucket", &["reachable"]),
    ];
    for (operation, action, unknown) in cases {
        for answer in ["error:403:AccessDenied", "error:501:NotImplemented"] {
            if operation == "s3:HeadBucket" && answer.contains("501") {
                continue;
            }
            let (cloud, sandbox) = healthy();
            cloud.arm(format!("{operation}#1x99={answer}").parse().unwrap());
            let outcome = doctor(&sandbox, &[]).run().code(1).says("/error/code", "doctor.unknown");
            assert_eq!(with_verdict(&outcome, "unknown"), unknown, "{operation} {answer}");
            assert_eq!(with_verdict(&outcome, "fail"), [""; 0], "{operation} {answer}");
            let detail = finding(&outcome, unknown[0])["detail"].as_str().unwrap().to_owned();
            assert!(detail.starts_with(&format!("{action} failed")), "{detail}");
            assert_clean(&cloud);
        }
    }
}

#[test]
fn keys_that_are_not_valid_are_told_in_s3s_own_words_and_nothing_more_is_asked() {
    let (cloud, sandbox) = healthy();
    for operation in ["HeadBucket", "GetBucketLocation"] {
        cloud.arm(format!("s3:{operation}#1x99=error:403:InvalidAccessKeyId").parse().unwrap());
    }
    let outcome = doctor(&sandbox, &[]).run().code(1);
    assert_eq!(with_verdict(&outcome, "fail"), ["reachable"]);
    let detail = finding(&outcome, "reachable")["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("InvalidAccessKeyId"), "{detail}");
    assert_eq!(crate::calls(&cloud), ["s3:HeadBucket", "s3:GetBucketLocation"]);
}

#[test]
fn encryption_is_seen_at_the_probe_if_the_setting_may_not_be_read() {
    let (cloud, sandbox) = healthy();
    cloud.arm("s3:GetBucketEncryption#1x99=error:403:AccessDenied".parse().unwrap());
    let outcome = doctor(&sandbox, &[]).run().code(0);
    assert_eq!(finding(&outcome, "encryption")["detail"], "what is written here is encrypted: AES256");
    let outcome = doctor(&sandbox, &["--dry-run"]).run().code(1);
    assert_eq!(finding(&outcome, "encryption")["verdict"], "unknown");
}

#[test]
fn a_role_that_may_not_write_is_told_which_permission_is_missing() {
    let (cloud, sandbox) = healthy();
    cloud.arm("s3:PutObject#1x99=error:403:AccessDenied".parse().unwrap());
    let outcome = doctor(&sandbox, &[]).run().code(1);
    assert_eq!(with_verdict(&outcome, "fail"), ["permissions s3:PutObject"]);
    assert_eq!(finding(&outcome, "create_is_conditional")["verdict"], "unknown");
    assert_eq!(finding(&outcome, "delete_is_conditional")["verdict"], "unknown");
    assert_eq!(finding(&outcome, "permissions s3:DeleteObject")["verdict"], "unknown");
    assert_eq!(cloud.writes(), ["s3:PutObject"]);
}

#[test]
fn a_role_that_may_not_delete_is_told_and_so_is_what_it_leaves() {
    let (cloud, sandbox) = healthy();
    cloud.arm("s3:DeleteObject#1x99=error:403:AccessDenied".parse().unwrap());
    let outcome = doctor(&sandbox, &[]).run().code(1);
    assert_eq!(with_verdict(&outcome, "fail"), ["permissions s3:DeleteObject"]);
    let left = outcome.json()["lock"]["left_over"].clone();
    assert!(left["detail"].as_str().unwrap().contains("is left: the object, in at most "), "{left}");
    let _ = outcome.stderr_contains("warning: of the probe object prod/app.tfstate.tflock-probe-");
}

#[test]
fn a_role_that_may_not_list_is_told_that_workspaces_were_not_seen() {
    let (cloud, sandbox) = healthy();
    cloud.arm("s3:ListObjectsV2#1x99=error:403:AccessDenied".parse().unwrap());
    let outcome = doctor(&sandbox, &[]).run().code(1);
    assert_eq!(with_verdict(&outcome, "fail"), ["permissions s3:ListBucket"]);
    assert_eq!(with_verdict(&outcome, "unknown"), ["locks workspaces"]);
    assert_clean(&cloud);
}

#[test]
fn a_table_that_may_not_be_described_is_known_by_its_items() {
    let (cloud, sandbox) = healthy();
    cloud.arm("dynamodb:DescribeTable#1x99=error:400:AccessDeniedException".parse().unwrap());
    let outcome = doctor(&sandbox, &["--dynamodb-table", "locks"]).run().code(1);
    assert_eq!(with_verdict(&outcome, "fail"), ["digest"]);
    cloud.arm("dynamodb:GetItem#1x99=error:400:AccessDeniedException".parse().unwrap());
    let outcome = doctor(&sandbox, &["--dynamodb-table", "locks"]).run().code(1);
    assert_eq!(with_verdict(&outcome, "fail"), ["permissions dynamodb:GetItem"]);
    let unknown = with_verdict(&outcome, "unknown");
    assert_eq!(unknown, ["table", "digest", "locks states/prod/app.tfstate in table locks"]);
}
