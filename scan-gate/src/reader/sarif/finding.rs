//! Makes findings of results, by the ways of the tool that wrote them.

use super::lines::Lines;
use super::result::Seen;
use super::rule::{DEFAULT_LEVEL, Rule};
use super::tool::Tool;
use crate::finding::{Finding, Fix, Kind, Pool, Said, Score, Text};
use crate::reader::docker_scout;
use crate::severity::Rating;

/// Who wrote a run, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    Trivy,
    Grype,
    DockerScout,
    /// Finds secrets only.
    Secrets,
    Other,
}

/// Families of ids that name a vulnerability of a package.
const VULNERABILITIES: [&str; 8] = ["CVE-", "GHSA-", "GMS-", "GO-", "OSV-", "PYSEC-", "RUSTSEC-", "SNYK-"];

const SECRET_SCANNERS: [&str; 4] = ["gitleaks", "trufflehog", "detect-secrets", "ggshield"];

impl Writer {
    /// By the tool's name.
    pub(super) fn of(tool: &str) -> Self {
        match tool {
            "trivy" => Self::Trivy,
            "grype" => Self::Grype,
            docker_scout::SCANNER => Self::DockerScout,
            tool if SECRET_SCANNERS.contains(&tool) => Self::Secrets,
            _ => Self::Other,
        }
    }

    /// The finding of a result.
    pub(super) fn finding(self, seen: Seen, tool: &Tool, pool: &mut Pool) -> Finding {
        let rule = tool.rules.find(&seen.id, seen.address);
        let id = match rule {
            Some(rule) if seen.id.is_empty() => rule.id.clone(),
            _ => seen.id.clone(),
        };
        let lines = seen.lines.as_deref().filter(|_| matches!(self, Self::Trivy | Self::DockerScout));
        let rating = match self {
            Self::DockerScout => docker_scout::rating(rule.and_then(|rule| rule.scout), lines.and_then(severity)),
            _ => rating(&seen, rule),
        };
        let alias = advisory(&id).filter(|alias| *alias != &*id);
        let kind = self.kind(&id, alias, rule);
        let mut finding = Finding {
            aliases: alias.iter().map(|alias| pool.text(alias)).collect(),
            place: seen.place,
            line: seen.line,
            scores: scores(&tool.name, &seen.scores, rule, pool),
            suppressed: seen.suppressed,
            title: rule.map_or_else(Text::default, |rule| pool.title(&rule.title, rating)),
            ..Finding::new(kind, id.clone(), rating)
        };
        match (self, lines) {
            (Self::Trivy, Some(lines)) => trivy(lines, &mut finding, pool),
            (Self::DockerScout, Some(lines)) => docker_scout::tell(lines, &mut finding, pool),
            // Its rules are named `CVE-2005-2541-tar`.
            (Self::Grype, _) => {
                let package = alias.and_then(|alias| id.strip_prefix(alias)?.strip_prefix('-'));
                finding.package = pool.text(package.unwrap_or_default());
            }
            _ => {}
        }
        finding
    }

    fn kind(self, id: &str, alias: Option<&str>, rule: Option<&Rule>) -> Kind {
        match (self, rule.map(|rule| &*rule.name)) {
            (Self::Trivy, Some("Misconfiguration")) => Kind::Misconfiguration,
            (Self::Trivy, Some("Secret")) | (Self::Secrets, _) => Kind::Secret,
            (Self::Trivy, Some("License")) => Kind::License,
            (Self::Trivy | Self::Grype | Self::DockerScout, _) => Kind::Vulnerability,
            _ if alias.is_some() || VULNERABILITIES.iter().any(|family| id.starts_with(family)) => Kind::Vulnerability,
            _ => Kind::Code,
        }
    }
}

/// The standard's way, with `security-severity` before it.
fn rating(seen: &Seen, rule: Option<&Rule>) -> Rating {
    let by_level = || match rule {
        Some(rule) => rule.level.unwrap_or(DEFAULT_LEVEL),
        // It has a rule, and that is not there: nobody knows what it says.
        None if seen.address.is_some() => Rating::Unknown,
        None => DEFAULT_LEVEL,
    };
    seen.security.or_else(|| rule?.security).or(seen.level).unwrap_or_else(by_level)
}

fn severity(lines: &Lines) -> Option<Rating> {
    lines.severity.as_deref().map(|word| Rating::of_word(Some(word)))
}

fn scores(by: &str, own: &[(u8, f32)], rule: Option<&Rule>, pool: &mut Pool) -> std::sync::Arc<[Score]> {
    let all = if own.is_empty() { rule.map(|rule| &*rule.scores).unwrap_or_default() } else { own };
    let by = pool.text(by);
    let scores: Vec<Score> =
        all.iter().map(|(version, value)| Score { by: by.clone(), version: *version, value: *value }).collect();
    pool.scores(&scores)
}

/// Trivy's rule has the severity of the first package of that id, the message that of this one.
fn trivy(lines: &Lines, finding: &mut Finding, pool: &mut Pool) {
    let mut text = |text: Option<&String>| pool.text(text.map(String::as_str).unwrap_or_default());
    finding.package = text(lines.package.as_ref());
    finding.version = text(lines.installed.as_ref());
    finding.fix = match &lines.fixed {
        Some(_) => Fix::of_version(Some(text(lines.fixed.as_ref()))),
        None => Fix::Unsaid,
    };
    let by = text(Some(&"trivy".to_owned()));
    let said = severity(lines).map(|rating| Said { by, rating });
    finding.said = pool.said(said.as_slice());
}

/// The CVE, or else the GHSA, that an id is made of: `CVE-2005-2541-tar`, `[HIGH] CVE-2020-1234`.
fn advisory(id: &str) -> Option<&str> {
    find(id, "CVE-", cve_length).or_else(|| find(id, "GHSA-", ghsa_length))
}

fn find<'a>(id: &'a str, family: &str, length: fn(&[u8]) -> Option<usize>) -> Option<&'a str> {
    let starts = id.match_indices(family).map(|(at, _)| at);
    let mut words = starts.filter(|at| !id[..*at].ends_with(|before: char| before.is_ascii_alphanumeric()));
    words.find_map(|at| id.get(at..at + family.len() + length(&id.as_bytes()[at + family.len()..])?))
}

fn cve_length(rest: &[u8]) -> Option<usize> {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let year = digits(rest);
    let number = digits(rest.get(year + 1..)?);
    (year == 4 && rest[year] == b'-' && number >= 4).then_some(year + 1 + number)
}

fn ghsa_length(rest: &[u8]) -> Option<usize> {
    let rest = rest.get(..14)?;
    let fits = |(at, byte): (usize, &u8)| if at % 5 == 4 { *byte == b'-' } else { byte.is_ascii_alphanumeric() };
    rest.iter().enumerate().all(fits).then_some(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advisory_is_found_in_the_id_of_a_rule() {
        let cases = [
            ("CVE-2005-2541-tar", Some("CVE-2005-2541")),
            ("CVE-2024-123456-lib-1", Some("CVE-2024-123456")),
            ("[HIGH] CVE-2020-1234", Some("CVE-2020-1234")),
            ("ANCHOREVULN_CVE-2020-1234_deb_x_1", Some("CVE-2020-1234")),
            ("GHSA-2g4f-4pwh-qvx6-ajv", Some("GHSA-2g4f-4pwh-qvx6")),
            ("CVE-2020-1234", Some("CVE-2020-1234")),
            ("XCVE-2020-1234", None),
            ("CVE-20-1234", None),
            ("CVE-2020-12", None),
            ("CVE-2020", None),
            ("GHSA-2g4f-4pwh-qvé", None),
            ("SNYK-DEBIAN12-TAR-1", None),
            ("", None),
        ];
        for (id, expected) in cases {
            assert_eq!(advisory(id), expected, "{id}");
        }
    }
}
