//! The probe cleans up after itself, whatever comes between.

use serde_json::json;

use super::{assert_clean, doctor, healthy, store, with_verdict};

#[test]
fn an_answer_that_is_lost_changes_no_verdict_and_leaves_nothing() {
    let puts = (1..=6).map(|nth| format!("s3:PutObject#{nth}=lost-response"));
    let deletes = (1..=4).map(|nth| format!("s3:DeleteObject#{nth}=lost-response"));
    let refused = ["s3:PutObject#1=error:500:InternalError", "s3:PutObject#2=error-after:500"].map(str::to_owned);
    let conflicts =
        ["s3:PutObject#2=error:409:ConditionalRequestConflict", "s3:DeleteObject#2=throttle"].map(str::to_owned);
    for fault in puts.chain(deletes).chain(refused).chain(conflicts) {
        for versioning in [true, false] {
            let (cloud, sandbox) = store(&json!({ "Versioning": versioning }));
            cloud.arm(fault.parse().unwrap());
            let outcome = doctor(&sandbox, &[]).run();
            let expected: &[&str] = if versioning { &[] } else { &["versioning"] };
            assert_eq!(with_verdict(&outcome, "fail"), expected, "{fault}");
            assert_eq!(with_verdict(&outcome, "unknown"), [""; 0], "{fault}");
            assert_clean(&cloud);
        }
    }
}

#[test]
fn a_first_write_that_is_never_answered_is_cleaned_up_too() {
    let (cloud, sandbox) = healthy();
    cloud.arm("s3:PutObject#1x99=lost-response".parse().unwrap());
    cloud.arm("s3:GetObject#1x99=error:403:AccessDenied".parse().unwrap());
    let outcome = doctor(&sandbox, &[]).run().code(1);
    assert!(with_verdict(&outcome, "unknown").contains(&"create_is_conditional".to_owned()));
    assert_clean(&cloud);
}

#[test]
fn a_signal_ends_the_run_when_the_probe_is_gone() {
    for (operation, nth) in [("PutObject", 1), ("PutObject", 4), ("DeleteObject", 1), ("DeleteObject", 2)] {
        let (cloud, sandbox) = healthy();
        cloud.arm(format!("s3:{operation}#{nth}=latency:1500").parse().unwrap());
        let running = doctor(&sandbox, &[]).start();
        let name = format!("s3:{operation}");
        // It is answered late, so the signal comes first.
        crate::until("the request comes", || {
            cloud.arrivals().iter().filter(|arrived| **arrived == name).count() >= nth
        });
        running.signal("TERM");
        let outcome = running.wait().code(143).says("/error/code", "interrupted").says("/lock/state", "unfinished");
        let _ = outcome.says("/error/hint", "the probe object was removed; run it again");
        assert_clean(&cloud);
    }
}

#[test]
fn a_time_limit_does_not_leave_the_probe_either() {
    let (cloud, sandbox) = healthy();
    cloud.arm("s3:PutObject#2=latency:2500".parse().unwrap());
    let _ = doctor(&sandbox, &["--timeout", "1s"]).run();
    assert_clean(&cloud);
}

#[test]
fn versions_that_may_not_be_removed_are_told_and_fail_nothing() {
    let (cloud, sandbox) = healthy();
    // After the two of the probe itself.
    cloud.arm("s3:DeleteObject#3x1=error:403:AccessDenied".parse().unwrap());
    let outcome = doctor(&sandbox, &[]).run().code(0);
    let left = outcome.json()["lock"]["left_over"].clone();
    assert!(
        left["detail"].as_str().unwrap().contains("versions, beneath a delete marker: s3:DeleteObjectVersion failed"),
        "{left}"
    );
    assert_eq!(cloud.world().s3.keys("states"), ["prod/app.tfstate"]);
}

#[test]
fn versions_that_may_not_be_listed_are_told_if_there_may_be_some() {
    for (versioning, code) in [(true, 0), (false, 1)] {
        let (cloud, sandbox) = store(&json!({ "Versioning": versioning }));
        cloud.arm("s3:ListObjectVersions#1x99=error:403:AccessDenied".parse().unwrap());
        let outcome = doctor(&sandbox, &[]).run().code(code);
        assert_eq!(outcome.json()["lock"]["left_over"].is_object(), versioning);
        assert_eq!(cloud.world().s3.keys("states"), ["prod/app.tfstate"]);
    }
}

#[test]
fn a_bucket_whose_versioning_is_suspended_is_left_clean() {
    let (cloud, sandbox) = healthy();
    let suspended = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";
    crate::http::send(cloud.endpoint(), "PUT", "/states?versioning", suspended);
    let outcome = doctor(&sandbox, &[]).run().code(1);
    assert_eq!(with_verdict(&outcome, "fail"), ["versioning"]);
    let versions = crate::http::get(cloud.endpoint(), "/states?versions");
    assert!(!versions.contains("-probe-"), "{versions}");
}

#[test]
fn a_bucket_without_versions_needs_no_permission_for_versions() {
    let (cloud, sandbox) = store(&json!({ "Versioning": false }));
    let _ = doctor(&sandbox, &[]).run().code(1);
    let journal = cloud.journal();
    let deletes: Vec<&str> =
        journal.iter().filter(|call| call.operation == "s3:DeleteObject").map(|call| call.path.as_str()).collect();
    assert!(deletes.iter().all(|path| !path.contains("versionId")), "{deletes:?}");
    assert_clean(&cloud);
}
