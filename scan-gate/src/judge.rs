//! The verdict: which findings shut the gate. Pure.

use crate::finding::Finding;
use crate::severity::{Rating, Severity};

/// How many findings there are of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Critical ones.
    pub critical: usize,
    /// High ones.
    pub high: usize,
    /// Medium ones.
    pub medium: usize,
    /// Low ones.
    pub low: usize,
    /// Those of unknown severity.
    pub unknown: usize,
}

/// The verdict over one report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// All findings, counted.
    pub counts: Counts,
    /// Those that shut the gate, worst first, then by id and subject.
    pub violations: Vec<&'a Finding>,
}

/// Judges findings: what is at or above `fail_on`, or of unknown severity, shuts the gate.
#[must_use]
pub fn judge(findings: &[Finding], fail_on: Severity) -> Verdict<'_> {
    let mut violations: Vec<&Finding> = findings.iter().filter(|finding| shuts(finding.rating, fail_on)).collect();
    violations.sort_by_key(|finding| (badness(finding.rating), &finding.id, &finding.subject));
    Verdict { counts: count(findings), violations }
}

fn shuts(rating: Rating, fail_on: Severity) -> bool {
    match rating {
        Rating::Known(severity) => severity >= fail_on,
        Rating::Unknown => true,
    }
}

/// Worst first; unknown behind critical, for it may be just that.
fn badness(rating: Rating) -> u8 {
    match rating {
        Rating::Known(Severity::Critical) => 0,
        Rating::Unknown => 1,
        Rating::Known(Severity::High) => 2,
        Rating::Known(Severity::Medium) => 3,
        Rating::Known(Severity::Low) => 4,
    }
}

fn count(findings: &[Finding]) -> Counts {
    let mut counts = Counts::default();
    for finding in findings {
        let place = match finding.rating {
            Rating::Known(Severity::Critical) => &mut counts.critical,
            Rating::Known(Severity::High) => &mut counts.high,
            Rating::Known(Severity::Medium) => &mut counts.medium,
            Rating::Known(Severity::Low) => &mut counts.low,
            Rating::Unknown => &mut counts.unknown,
        };
        *place += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Kind;

    fn finding(id: &str, word: &str) -> Finding {
        let rating = Rating::of_word(Some(word));
        Finding {
            kind: Kind::Vulnerability,
            id: id.to_owned(),
            rating,
            subject: "p".to_owned(),
            installed: None,
            fixed: None,
        }
    }

    fn check(words: &[&str], fail_on: Severity, expected: &[&str]) {
        let findings: Vec<Finding> = words.iter().map(|word| finding(word, word)).collect();
        let ids: Vec<&str> = judge(&findings, fail_on).violations.iter().map(|finding| finding.id.as_str()).collect();
        assert_eq!(ids, expected, "{words:?} at {fail_on:?}");
    }

    #[test]
    fn what_is_at_or_above_the_threshold_shuts_the_gate_worst_first() {
        check(&[], Severity::Low, &[]);
        check(&["low", "high", "critical", "medium"], Severity::High, &["critical", "high"]);
        check(&["low", "medium"], Severity::High, &[]);
        check(&["low"], Severity::Low, &["low"]);
        check(&["high"], Severity::Critical, &[]);
    }

    #[test]
    fn unknown_never_passes() {
        for fail_on in [Severity::Low, Severity::Medium, Severity::High, Severity::Critical] {
            check(&["mystery"], fail_on, &["mystery"]);
        }
    }

    #[test]
    fn every_finding_is_counted_once() {
        let findings = ["low", "low", "medium", "high", "critical", "?"].map(|word| finding("x", word));
        let expected = Counts { critical: 1, high: 1, medium: 1, low: 2, unknown: 1 };
        assert_eq!(judge(&findings, Severity::Critical).counts, expected);
    }
}
