//! Whether ECR's scan of an image has ended. Pure.
//!
//! Two kinds of scan answer the same call. A basic one ends as `COMPLETE`; an enhanced one, which goes on for as long as the image is there, says
//! `ACTIVE`, and has looked at the image once it says when. Both may say so before they show what they found: then the counts are absent, not
//! empty.
//!
//! Source: ECR API reference, `DescribeImageScanFindings`, `ImageScanStatus`; aws/aws-sdk#289.

pub(crate) mod wait;

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// A scan that has not begun so long after the push will not begin by itself.
pub const PATIENCE_TO_BEGIN: Duration = Duration::from_mins(5);
/// A scan that has not ended by then is not waited for.
pub const PATIENCE_TO_END: Duration = Duration::from_mins(30);
/// The first pause between two looks; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How far a scan is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanState {
    /// It goes on, in ECR's word.
    Unfinished(String),
    /// It has ended, and its findings are there.
    Finished,
    /// It has ended without findings.
    Failed {
        /// ECR's word.
        status: String,
        /// ECR's reason.
        description: Option<String>,
    },
}

/// One page of an answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    image_scan_status: Option<Status>,
    image_scan_findings: Option<Findings>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    status: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Findings {
    image_scan_completed_at: Option<IgnoredAny>,
    finding_severity_counts: Option<IgnoredAny>,
}

/// What a page says: how far the scan is, and what leads to the next page.
///
/// # Errors
/// It is no page.
pub fn read(page: &[u8]) -> Result<(ScanState, Option<String>), serde_json::Error> {
    let page: Page = serde_json::from_slice(page)?;
    let next = page.next_token.clone().filter(|token| !token.is_empty());
    Ok((state(page), next))
}

fn state(page: Page) -> ScanState {
    let (status, description) = page.image_scan_status.map_or((None, None), |said| (said.status, said.description));
    let status = status.unwrap_or_else(|| "no status".to_owned());
    let findings = page.image_scan_findings;
    let has_counts = findings.as_ref().is_some_and(|findings| findings.finding_severity_counts.is_some());
    let has_looked = findings.as_ref().is_some_and(|findings| findings.image_scan_completed_at.is_some());
    match status.as_str() {
        "COMPLETE" if has_counts => ScanState::Finished,
        "ACTIVE" if has_counts && has_looked => ScanState::Finished,
        "COMPLETE" | "ACTIVE" | "IN_PROGRESS" | "PENDING" => ScanState::Unfinished(status),
        _ => ScanState::Failed { status, description },
    }
}

/// How long to wait after so many looks.
#[must_use]
pub fn pause(looks: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << looks.min(10)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(page: &str, expected: &str) {
        let (state, next) = read(page.as_bytes()).unwrap();
        let said = match state {
            ScanState::Unfinished(status) => format!("unfinished {status}"),
            ScanState::Finished => "finished".to_owned(),
            ScanState::Failed { status, description } => format!("failed {status} {}", description.unwrap_or_default()),
        };
        assert_eq!(
            format!("{said}{}", next.map(|token| format!(", next {token}")).unwrap_or_default()),
            expected,
            "{page}"
        );
    }

    #[test]
    fn a_basic_scan_ends_when_its_counts_are_there() {
        check(r#"{"imageScanStatus":{"status":"IN_PROGRESS"}}"#, "unfinished IN_PROGRESS");
        check(
            r#"{"imageScanStatus":{"status":"COMPLETE"},"imageScanFindings":{"findings":[]}}"#,
            "unfinished COMPLETE",
        );
        let counts = r#""imageScanFindings":{"findingSeverityCounts":{},"findings":[]}"#;
        check(&format!(r#"{{"imageScanStatus":{{"status":"COMPLETE"}},{counts}}}"#), "finished");
        check(
            &format!(r#"{{"imageScanStatus":{{"status":"COMPLETE"}},{counts},"nextToken":"x"}}"#),
            "finished, next x",
        );
    }

    #[test]
    fn an_enhanced_scan_has_ended_once_it_says_when_it_looked() {
        check(r#"{"imageScanStatus":{"status":"PENDING"}}"#, "unfinished PENDING");
        check(r#"{"imageScanStatus":{"status":"ACTIVE"},"imageScanFindings":{}}"#, "unfinished ACTIVE");
        let found = r#""imageScanFindings":{"findingSeverityCounts":{"HIGH":1},"imageScanCompletedAt":1764321.5}"#;
        check(&format!(r#"{{"imageScanStatus":{{"status":"ACTIVE"}},{found}}}"#), "finished");
    }

    #[test]
    fn a_scan_that_cannot_be_made_is_no_clean_one() {
        for status in ["FAILED", "UNSUPPORTED_IMAGE", "SCAN_ELIGIBILITY_EXPIRED", "FINDINGS_UNAVAILABLE", "NEW_WORD"] {
            let page = format!(r#"{{"imageScanStatus":{{"status":"{status}","description":"why"}}}}"#);
            check(&page, &format!("failed {status} why"));
        }
        check("{}", "failed no status ");
        assert!(read(b"").is_err() && read(b"[]").is_err());
    }

    #[test]
    fn pauses_grow_to_ten_seconds() {
        let pauses: Vec<u128> = (0..7).map(|looks| pause(looks).as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
