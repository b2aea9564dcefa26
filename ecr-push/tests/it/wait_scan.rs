//! ECR's scan is waited for, and scan-gate judges what it found.

use serde_json::{Value, json};
use testkit::LocalAws;
use testkit::image::write_index_layout;
use testkit::sandbox::{Outcome, Sandbox};

use crate::{cloud, counts, image, push, refused, write};

/// An image that is pushed already, for only then ECR can have scanned it.
struct Bench {
    cloud: LocalAws,
    sandbox: Sandbox,
    digest: String,
}

impl Bench {
    fn new() -> Self {
        let cloud = cloud();
        let sandbox = Sandbox::with_aws(&cloud);
        let digest = write(&sandbox, &image("one")).digest;
        let _ = push(&sandbox, &["--tag", "1.0.0"]).code(0);
        cloud.clear_journal();
        Self { cloud, sandbox, digest }
    }

    /// What ECR is to say of the image, one answer a call.
    fn scans(self, answers: impl IntoIterator<Item = Value>) -> Self {
        self.cloud.world().ecr.set_scans("web", &self.digest, answers).unwrap();
        self
    }

    /// Waits for the scan, with further arguments.
    fn wait(&self, arguments: &[&str]) -> Outcome {
        push(&self.sandbox, &[&["--tag", "1.0.0", "--wait-scan", "found.json"], arguments].concat())
    }

    /// The whole pipe, without `pipefail`: what was found is judged.
    fn judge(&self) -> Outcome {
        let script = "ecr-push web --repository web --tag 1.0.0 --wait-scan found.json | \
                      scan-gate found.json --input - --fail-on critical";
        self.sandbox.shell(script).run()
    }

    /// The pages in the file.
    fn pages(&self) -> Vec<Value> {
        let text = std::fs::read(self.sandbox.path().join("found.json")).unwrap();
        serde_json::Deserializer::from_slice(&text).into_iter().map(Result::unwrap).collect()
    }

    fn looks(&self) -> usize {
        counts(&self.cloud)["ecr:DescribeImageScanFindings"]
    }
}

/// How far a scan is, with nothing found.
fn status(word: &str) -> Value {
    json!({ "imageScanStatus": { "status": word, "description": format!("the scan is {word}") } })
}

/// What a basic scan found.
fn basic(severity: &str, count: usize) -> Value {
    let attributes = [("package_name", "zlib"), ("package_version", "1.2"), ("CVSS3_SCORE", "9.8")];
    let attributes = attributes.map(|(key, value)| json!({ "key": key, "value": value }));
    let finding = |number| json!({ "name": format!("CVE-2026-{number}"), "severity": severity, "uri": "https://cve.example", "attributes": attributes });
    let counts = if count == 0 { json!({}) } else { json!({ severity: count }) };
    let mut answer = status("COMPLETE");
    answer["imageScanFindings"] = json!({
        "imageScanCompletedAt": 1_764_321_600.5,
        "vulnerabilitySourceUpdatedAt": 1_764_300_000.0,
        "findingSeverityCounts": counts,
        "findings": (0..count).map(finding).collect::<Vec<_>>(),
    });
    answer
}

/// What an enhanced scan found.
fn enhanced(severity: &str) -> Value {
    let package = json!({ "name": "bash", "version": "5", "fixedInVersion": "NotAvailable", "packageManager": "OS" });
    let finding = json!({
        "awsAccountId": "123456789012",
        "findingArn": "arn:aws:inspector2:eu-central-1:123456789012:finding/1",
        "description": "bad",
        "firstObservedAt": 1_764_321_600.0,
        "lastObservedAt": 1_764_321_600.0,
        "updatedAt": 1_764_321_600.0,
        "type": "PACKAGE_VULNERABILITY",
        "status": "ACTIVE",
        "severity": severity,
        "score": 9.8,
        "scoreDetails": {},
        "title": "CVE-2026-7 - bash",
        "fixAvailable": "NO",
        "exploitAvailable": "NO",
        "packageVulnerabilityDetails": { "vulnerabilityId": "CVE-2026-7", "vulnerablePackages": [package] },
    });
    let mut answer = status("ACTIVE");
    answer["imageScanFindings"] = json!({
        "imageScanCompletedAt": 1_764_321_600.0,
        "vulnerabilitySourceUpdatedAt": 1_764_300_000.0,
        "findingSeverityCounts": { severity: 1 },
        "enhancedFindings": [finding],
    });
    answer
}

/// The same without one member of what it found.
fn without(mut answer: Value, member: &str) -> Value {
    answer["imageScanFindings"].as_object_mut().unwrap().remove(member);
    answer
}

#[test]
fn a_basic_scan_is_waited_for_from_before_it_begins() {
    let bench = Bench::new().scans([status("IN_PROGRESS"), basic("HIGH", 1)]);
    bench.cloud.arm("ecr:DescribeImageScanFindings=error:400:ScanNotFoundException".parse().unwrap());
    let _ = bench
        .wait(&[])
        .code(0)
        .says("/ok", true)
        .says("/push/ok", true)
        .says("/push/nothing_to_do", true)
        .says("/push/scan/file", "found.json")
        .says("/push/scan/digests", json!([bench.digest]))
        .stderr_contains(&format!("waiting for ECR's scan of {}: not begun", bench.digest))
        .stderr_contains(&format!("waiting for ECR's scan of {}: IN_PROGRESS", bench.digest));
    assert_eq!(bench.looks(), 3);
    let pages = bench.pages();
    assert_eq!(pages.len(), 1);
    assert_eq!(pages[0]["imageId"]["imageDigest"], bench.digest.as_str());
    assert_eq!(pages[0]["imageScanFindings"], basic("HIGH", 1)["imageScanFindings"], "byte for byte, as ECR wrote it");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

#[test]
fn a_scan_that_is_complete_and_counts_nothing_yet_has_not_delivered() {
    let bench = Bench::new().scans([without(basic("HIGH", 0), "findingSeverityCounts"), basic("HIGH", 2)]);
    let _ = bench.wait(&[]).code(0);
    assert_eq!(bench.looks(), 2);
    assert_eq!(bench.pages()[0]["imageScanFindings"]["findings"].as_array().unwrap().len(), 2);
}

#[test]
fn an_enhanced_scan_has_ended_once_it_says_when_it_looked() {
    let early = without(enhanced("LOW"), "imageScanCompletedAt");
    let bench = Bench::new().scans([status("PENDING"), early, enhanced("CRITICAL")]);
    let _ = bench
        .judge()
        .code(1)
        .says("/ok", false)
        .says("/push/ok", true)
        .says("/scan/ok", false)
        .says("/scan/digests", json!([bench.digest]));
    assert_eq!(bench.looks(), 3);
    let bench = Bench::new().scans([enhanced("HIGH")]);
    let _ = bench.judge().code(0).says("/scan/ok", true);
}

#[test]
fn scan_gate_judges_what_a_basic_scan_found_of_the_image_that_was_pushed() {
    for (answer, code) in [(basic("CRITICAL", 1), 1), (basic("HIGH", 3), 0), (basic("LOW", 0), 0)] {
        let bench = Bench::new().scans([answer]);
        let _ = bench
            .judge()
            .code(code)
            .says("/ok", code == 0)
            .says("/push/ok", true)
            .says("/scan/ok", code == 0)
            .says("/scan/digests", json!([bench.digest]))
            .says("/image/digest", bench.digest.as_str())
            .says("/steps/0/tool", "ecr-push")
            .says("/steps/1/tool", "scan-gate");
    }
}

#[test]
fn all_pages_are_fetched_and_scan_gate_takes_them_as_one() {
    let bench = Bench::new().scans([basic("HIGH", 2001)]);
    let _ = bench.judge().code(0).says("/scan/ok", true).says("/scan/digests", json!([bench.digest]));
    let sizes = bench.pages().into_iter().map(|page| page["imageScanFindings"]["findings"].as_array().unwrap().len());
    assert_eq!(sizes.collect::<Vec<_>>(), [1000, 1000, 1]);
    assert_eq!(bench.looks(), 3);
    let bench = bench.scans([basic("CRITICAL", 1001)]);
    let _ = bench.judge().code(1).says("/scan/ok", false);
}

#[test]
fn findings_of_which_a_page_is_gone_are_read_anew() {
    let bench = Bench::new().scans([basic("HIGH", 1500)]);
    bench.cloud.arm("ecr:DescribeImageScanFindings#2=error:400:ScanNotFoundException".parse().unwrap());
    let _ = bench.judge().code(0).says("/scan/ok", true);
    let sizes = bench.pages().into_iter().map(|page| page["imageScanFindings"]["findings"].as_array().unwrap().len());
    assert_eq!(sizes.collect::<Vec<_>>(), [1000, 500]);
}

#[test]
fn a_file_that_cannot_be_written_is_said_before_anything_is_sent() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    for file in ["nowhere/found.json", "/dev/null", "web"] {
        let _ = refused(push(&sandbox, &["--wait-scan", file]), 3, "output.unwritable");
    }
    assert_eq!(cloud.journal().len(), 0);
}

#[test]
fn a_scan_that_failed_is_no_clean_one_and_the_image_is_pushed_all_the_same() {
    for word in ["FAILED", "UNSUPPORTED_IMAGE"] {
        let bench = Bench::new().scans([status(word)]);
        let message = format!("the image is pushed, but ECR did not scan {}: {word}, the scan is {word}", bench.digest);
        let _ = refused(bench.wait(&[]), 3, "scan.failed")
            .says("/error/message", message.as_str())
            .says("/push/ok", true)
            .says("/push/digest", bench.digest.as_str())
            .says("/push/scan", Value::Null);
        assert!(!bench.sandbox.path().join("found.json").exists());
        // What an earlier run found proves nothing now.
        bench.sandbox.write("found.json", with_image(basic("LOW", 0), &bench.digest).to_string());
        let outcome = bench.judge();
        assert_ne!(outcome.exit_code(), Some(0), "{word}");
        let _ = outcome.says("/ok", false).says("/error/code", "scan.failed").says("/push/ok", true);
    }
}

/// The answer, as if ECR had written it for this image.
fn with_image(mut answer: Value, digest: &str) -> Value {
    answer["repositoryName"] = "web".into();
    answer["imageId"] = json!({ "imageDigest": digest });
    answer
}

#[test]
fn every_platform_of_an_index_is_waited_for_and_judged() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let platforms = ["amd64", "arm64"].map(|architecture| image("one").architecture(architecture).build().unwrap());
    let layout = write_index_layout(&platforms, &sandbox.path().join("web"), "1.0.0").unwrap();
    let _ = push(&sandbox, &["--tag", "1.0.0"]).code(0);
    let digests: Vec<&str> = layout.platforms.iter().map(|platform| platform.digest.as_str()).collect();
    let bench = Bench { cloud, sandbox, digest: layout.digest };
    let set = |at: usize, answers: Vec<Value>| bench.cloud.world().ecr.set_scans("web", digests[at], answers).unwrap();
    set(0, vec![basic("LOW", 1)]);
    set(1, vec![status("IN_PROGRESS"), basic("HIGH", 1)]);
    let _ = bench
        .judge()
        .code(0)
        .says("/push/scan/digests", json!(digests))
        .says("/scan/ok", true)
        .says("/scan/digests", json!(digests))
        .says("/image/digest", bench.digest.as_str())
        .says("/image/platform_digests", json!(digests));
    let of: Vec<Value> = bench.pages().iter().map(|page| page["imageId"]["imageDigest"].clone()).collect();
    assert_eq!(of, digests);
    let document = bench.judge().code(0).stdout();
    let demand =
        bench.sandbox.tool("ecr-push").args(["web", "--repository", "web", "--input", "-", "--require", "scan"]);
    let _ = demand.pipe_in(document).run().code(0).says("/push/nothing_to_do", true);
    set(1, vec![basic("CRITICAL", 1)]);
    let _ = bench.judge().code(1).says("/scan/ok", false);
}

#[test]
fn a_scan_that_takes_too_long_is_an_unknown_outcome_of_an_image_that_is_pushed() {
    let bench = Bench::new().scans([status("IN_PROGRESS")]);
    let _ = bench
        .wait(&["--timeout", "1s"])
        .code(4)
        .says("/ok", false)
        .says("/push/ok", true)
        .says("/push/digest", bench.digest.as_str())
        .stderr_contains("ecr-push: hint: run it again: the image is pushed, only the scan is waited for");
}

#[test]
fn findings_that_cannot_be_asked_for_are_a_failure_of_the_world() {
    let bench = Bench::new().scans([basic("LOW", 0)]);
    bench.cloud.arm("ecr:DescribeImageScanFindings#1x99=error:400:AccessDeniedException".parse().unwrap());
    let _ = refused(bench.wait(&[]), 3, "aws.access_denied")
        .says("/push/ok", true)
        .stderr_contains("hint: allow ecr:DescribeImageScanFindings for this role");
}
