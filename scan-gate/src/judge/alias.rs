//! Which ids mean the same vulnerability, learned from all reports at once. Pure.

use std::collections::HashMap;

use crate::finding::{Finding, Text};

/// Families of ids of which each means one vulnerability; a distribution's advisory, which may be about many, is none.
///
/// Source: ossf/osv-schema, the list of databases.
const ONE_VULNERABILITY: [&str; 9] = ["CVE-", "GHSA-", "GO-", "PYSEC-", "RUSTSEC-", "GMS-", "OSV-", "SNYK-", "TEMP-"];

/// What reports say of ids that are no CVE.
#[derive(Debug, Default)]
pub struct Aliases {
    /// The CVE that an id stands for; `None` if it stands for several.
    cves: HashMap<Text, Option<Text>>,
}

/// Whether an id is a CVE's and nothing more: Grype's SARIF has rules that are called `CVE-2005-2541-tar`.
fn is_cve(id: &str) -> bool {
    let rest = id.get(..4).filter(|family| family.eq_ignore_ascii_case("CVE-")).and_then(|_| id.get(4..));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    rest.and_then(|rest| rest.split_once('-')).is_some_and(|(year, number)| is_number(year) && is_number(number))
}

fn means_one(id: &str) -> bool {
    ONE_VULNERABILITY
        .iter()
        .any(|family| id.get(..family.len()).is_some_and(|start| start.eq_ignore_ascii_case(family)))
}

impl Aliases {
    /// Learns from findings.
    pub fn of<'a>(findings: impl Iterator<Item = &'a Finding>) -> Self {
        let mut aliases = Self::default();
        for finding in findings.filter(|finding| !finding.aliases.is_empty()) {
            aliases.learn(finding);
        }
        aliases
    }

    fn learn(&mut self, finding: &Finding) {
        for cve in finding.ids().filter(|id| is_cve(id)) {
            for other in finding.ids().filter(|id| !is_cve(id) && means_one(id)) {
                let known = self.cves.entry(other.clone()).or_insert_with(|| Some(cve.clone()));
                if known.as_ref().is_some_and(|known| !known.eq_ignore_ascii_case(cve)) {
                    *known = None;
                }
            }
        }
    }

    /// The id under which all scanners' findings of this vulnerability are put together: its CVE if there is exactly one, else its own id.
    #[must_use]
    pub fn canonical<'a>(&'a self, finding: &'a Finding) -> &'a str {
        if is_cve(&finding.id) {
            return &finding.id;
        }
        let mut cves = finding.aliases.iter().filter(|alias| is_cve(alias));
        match (cves.next(), cves.next()) {
            (Some(cve), None) => cve,
            (None, _) => self.cves.get(&finding.id).and_then(Option::as_ref).unwrap_or(&finding.id),
            _ => &finding.id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Kind;
    use crate::severity::Rating;

    fn finding(ids: &[&str]) -> Finding {
        let aliases = ids[1..].iter().map(|id| Text::from(*id)).collect();
        Finding { aliases, ..Finding::new(Kind::Vulnerability, ids[0], Rating::Unknown) }
    }

    #[test]
    fn a_cve_is_found_through_what_another_scanner_says() {
        let findings = [
            finding(&["GHSA-1", "CVE-2024-1"]),
            finding(&["GHSA-2", "CVE-2024-2", "CVE-2024-3"]),
            finding(&["CVE-2024-4", "DSA-1"]),
            finding(&["CVE-2024-5", "DSA-1", "GHSA-5"]),
        ];
        let aliases = Aliases::of(findings.iter());
        let cases = [
            (finding(&["GHSA-1"]), "CVE-2024-1"),
            (finding(&["CVE-2024-9", "GHSA-1"]), "CVE-2024-9"),
            (finding(&["GHSA-2"]), "GHSA-2"),
            (finding(&["GHSA-2", "CVE-2024-2", "CVE-2024-3"]), "GHSA-2"),
            (finding(&["GHSA-5"]), "CVE-2024-5"),
            (finding(&["DSA-1"]), "DSA-1"),
            (finding(&["rule"]), "rule"),
            (finding(&["CVE-2024-4-tar", "CVE-2024-4"]), "CVE-2024-4"),
        ];
        for (finding, expected) in cases {
            assert_eq!(aliases.canonical(&finding), expected, "{finding:?}");
        }
    }
}
