//! OWASP Dependency-Check's JSON report (`reportSchema` 1.1, Dependency-Check 5 and later).
//!
//! Severities come in the case of their source (`HIGH` of NVD, `medium` of `RetireJS`), `moderate` is NPM's word for medium, and where there is none
//! the score says it. A score may be a number or a text. An analysis exception means that an analyser did not finish: what it would have found is
//! missing, so the report proves nothing, whatever it lists.
//!
//! Source: jeremylong/DependencyCheck, `core/src/main/resources/templates/jsonReport.vsl`.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::plain::Plain;
use super::{Format, ReadError};
use crate::finding::{Finding, Kind, Pool, Score, Text};
use crate::inspection::Inspection;
use crate::json::{Json, Outline};
use crate::severity::{Rating, Severity};

/// Dependency-Check's reports.
pub const FORMAT: Format = Format { name: "dependency-check", claims, read };

const REPORT: [&str; 4] = ["reportSchema", "scanInfo", "projectInfo", "dependencies"];

const DEPENDENCY: [&str; 6] =
    ["fileName", "filePath", "packages", "vulnerabilityIds", "vulnerabilities", "suppressedVulnerabilities"];

fn claims(outline: &Outline) -> bool {
    outline.has(&["reportSchema"]) && outline.has_any(&["scanInfo", "dependencies"])
}

fn read(json: &mut Json, _: &Outline, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut schema = None;
    let mut scan = None;
    let mut looked_at = None;
    json.object(|json, name| {
        match name {
            "reportSchema" => schema = Some(json.value::<String>()?),
            "scanInfo" => scan = Some(json.value::<ScanInfo>()?),
            "projectInfo" => {
                let project: ProjectInfo = json.value()?;
                inspection.target = project.name.filter(|name| !name.is_empty());
                inspection.created_at = project.report_date;
            }
            "dependencies" => {
                let mut count: usize = 0;
                json.list(|json| {
                    count += 1;
                    dependency(json, inspection)
                })?;
                looked_at = Some(count);
            }
            _ => json.skip_unknown(name, &REPORT)?,
        }
        Ok(())
    })?;
    if schema.as_deref().is_none_or(|schema| !schema.starts_with("1.")) {
        return Err(ReadError::NoProof(format!("its `reportSchema` is {}, not 1.1", schema.unwrap_or_default())));
    }
    let scan = scan.ok_or_else(|| ReadError::NoProof("it has no `scanInfo`".to_owned()))?;
    let looked_at = looked_at.ok_or_else(|| ReadError::NoProof("it has no `dependencies`".to_owned()))?;
    if looked_at == 0 {
        inspection.notes.push("no dependency was looked at".to_owned());
    }
    scan.tell(inspection);
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScanInfo {
    engine_version: Option<String>,
    data_source: Option<Vec<DataSource>>,
    analysis_exceptions: Option<Vec<AnalysisException>>,
}

#[derive(Deserialize)]
struct DataSource {
    name: Option<String>,
    timestamp: Option<Plain>,
}

#[derive(Deserialize)]
struct AnalysisException {
    exception: Option<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProjectInfo {
    name: Option<String>,
    report_date: Option<String>,
}

impl ScanInfo {
    fn tell(self, inspection: &mut Inspection) {
        inspection.scanner_version = self.engine_version;
        let of_nvd = self.data_source.into_iter().flatten();
        let of_nvd = of_nvd.filter(|source| source.name.as_deref().is_some_and(|name| name.starts_with("NVD")));
        inspection.database_at = of_nvd.filter_map(|source| source.timestamp?.moment()).min();
        let exceptions = self.analysis_exceptions.unwrap_or_default();
        let count = exceptions.len();
        let first = exceptions.into_iter().find_map(|exception| exception.exception?.message);
        if count > 0 {
            let cause = first.unwrap_or_else(|| "no message".to_owned());
            inspection.faults.push(format!("{count} analysers did not finish, the first: {cause}"));
        }
    }
}

/// What a dependency's findings have in common.
#[derive(Default)]
struct Dependency {
    file_name: String,
    file_path: String,
    purl: String,
}

fn dependency(json: &mut Json, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut dependency = Dependency::default();
    let mut found: Vec<(Vulnerability, bool)> = Vec::new();
    json.object(|json, name| {
        match name {
            "fileName" => dependency.file_name = json.value::<Option<String>>()?.unwrap_or_default(),
            "filePath" => dependency.file_path = json.value::<Option<String>>()?.unwrap_or_default(),
            "packages" => {
                let packages = json.value::<Option<Vec<Package>>>()?.unwrap_or_default();
                let ids = packages.into_iter().filter_map(|package| package.id);
                dependency.purl = ids.into_iter().find(|id| id.starts_with("pkg:")).unwrap_or_default();
            }
            "vulnerabilities" => json.list_or_null(|json| {
                found.push((json.value()?, false));
                Ok(())
            })?,
            "suppressedVulnerabilities" => json.list_or_null(|json| {
                found.push((json.value()?, true));
                Ok(())
            })?,
            _ => json.skip_unknown(name, &DEPENDENCY)?,
        }
        Ok(())
    })?;
    for (vulnerability, is_suppressed) in found {
        let mut finding = vulnerability.finding(&dependency, &mut inspection.pool);
        finding.suppressed = is_suppressed.then(|| "a suppression file of Dependency-Check".into());
        inspection.findings.push(finding);
    }
    Ok(())
}

#[derive(Deserialize)]
struct Package {
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vulnerability {
    name: String,
    source: Option<String>,
    severity: Option<String>,
    cvssv2: Option<Cvss2>,
    cvssv3: Option<Cvss>,
    cvssv4: Option<Cvss>,
    description: Option<String>,
    references: Option<Vec<Reference>>,
    #[serde(rename = "knownExploitedVulnerability")]
    known_exploited: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cvss2 {
    score: Option<Plain>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cvss {
    base_score: Option<Plain>,
}

#[derive(Deserialize)]
struct Reference {
    name: Option<String>,
}

impl Vulnerability {
    fn finding(self, dependency: &Dependency, pool: &mut Pool) -> Finding {
        let by = pool.text(&self.source.as_deref().unwrap_or("dependency-check").to_ascii_lowercase());
        let of_base = |cvss: Option<&Cvss>| cvss.and_then(|cvss| cvss.base_score.as_ref()?.positive());
        let of_two = self.cvssv2.as_ref().and_then(|cvss| cvss.score.as_ref()?.positive());
        let values = [(4, of_base(self.cvssv4.as_ref())), (3, of_base(self.cvssv3.as_ref())), (2, of_two)];
        let scores = values.into_iter().filter_map(|(version, value)| Some((version, value?)));
        let scores: Vec<Score> = scores.map(|(version, value)| Score { by: by.clone(), version, value }).collect();
        let rating = rating(self.severity.as_deref(), &scores);
        let aliases = aliases(&self.name, self.references.as_deref().unwrap_or_default(), pool);
        // Without a package URL the file is the package, and its version stands in its name at best.
        let (package, version) = match dependency.purl.parse::<crate::waiver::purl::Purl>() {
            Ok(purl) => (pool.text(&purl.name), pool.text(&purl.version)),
            Err(_) => (pool.text(&dependency.file_name), Text::default()),
        };
        Finding {
            aliases,
            package,
            version,
            purl: pool.text(&dependency.purl),
            place: pool.text(&dependency.file_path),
            scores: pool.scores(&scores),
            known_exploited: self.known_exploited.is_some(),
            title: pool.title(first_line(self.description.as_deref().unwrap_or_default()), rating),
            ..Finding::new(Kind::Vulnerability, self.name, rating)
        }
    }
}

/// The word; where there is none, the newest score. A score of CVSS 2 knows no critical.
fn rating(word: Option<&str>, scores: &[Score]) -> Rating {
    match word.map(str::trim) {
        None | Some("") => scores.first().map_or(Rating::Unknown, |score| Rating::of_score(score.value)),
        Some(word) if word.eq_ignore_ascii_case("moderate") => Rating::Known(Severity::Medium),
        Some(word) => Rating::of_word(Some(word)),
    }
}

/// The CVEs and advisories of GitHub that the references name. Several CVEs say nothing: a reference may be about others too.
fn aliases(name: &str, references: &[Reference], pool: &mut Pool) -> Box<[Text]> {
    let is_id = |text: &&str| {
        let rest = text.strip_prefix("CVE-").or_else(|| text.strip_prefix("GHSA-"));
        rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
    };
    let named = references.iter().filter_map(|reference| reference.name.as_deref()).filter(is_id);
    // A CVE is not another CVE, whatever it refers to.
    let is_other = |id: &&str| *id != name && !(name.starts_with("CVE-") && id.starts_with("CVE-"));
    let mut others: Vec<&str> = named.filter(is_other).collect();
    others.sort_unstable();
    others.dedup();
    if others.len() == 1 { others.iter().map(|id| pool.text(id)).collect() } else { Box::default() }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::finding::Fix;
    use crate::reader::{fixture, tampering};

    fn report(dependencies: &str) -> String {
        format!(
            r#"{{"reportSchema":"1.1","scanInfo":{{"engineVersion":"9.0.7","dataSource":[{{"name":"NVD API Last Modified","timestamp":"2026-01-02T00:00:00Z"}},{{"name":"NVD CVE Checked","timestamp":"2026-01-01T00:00:00Z"}},{{"name":"kev.checked","timestamp":"1"}}]}},"projectInfo":{{"name":"shop","reportDate":"2026-01-03T00:00:00Z"}},"dependencies":[{dependencies}]}}"#
        )
    }

    fn vulnerable(vulnerability: &str) -> String {
        report(&format!(
            r#"{{"isVirtual":false,"fileName":"a-1.jar","filePath":"/lib/a-1.jar","packages":[{{"id":"pkg:maven/g/a@1","url":"u"}}],"vulnerabilities":[{vulnerability}]}}"#
        ))
    }

    fn word(vulnerability: &str) -> &'static str {
        fixture::read(&vulnerable(&format!(r#"{{"name":"CVE-1"{vulnerability}}}"#))).findings[0].rating.word()
    }

    #[test]
    fn the_report_tells_what_was_inspected() {
        let inspection = fixture::read(&report(""));
        assert_eq!(
            (inspection.target.as_deref(), inspection.scanner_version.as_deref()),
            (Some("shop"), Some("9.0.7"))
        );
        assert_eq!(inspection.database_at.as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(inspection.notes, ["no dependency was looked at"]);
    }

    #[test]
    fn a_severity_comes_in_any_case_or_out_of_the_newest_score() {
        assert_eq!(word(r#","severity":"HIGH""#), "high");
        assert_eq!(word(r#","severity":"moderate""#), "medium");
        assert_eq!(word(r#","severity":"Unknown","unscored":"true","cvssv3":{"baseScore":9.8}"#), "unknown");
        assert_eq!(word(r#","cvssv3":{"baseScore":"9.8"},"cvssv2":{"score":5.0}"#), "critical");
        assert_eq!(word(r#","cvssv4":{"baseScore":3.0},"cvssv3":{"baseScore":9.8}"#), "low");
        assert_eq!(word(r#","cvssv2":{"score":5.0}"#), "medium");
        assert_eq!(word(""), "unknown");
    }

    #[test]
    fn a_vulnerability_knows_its_package_and_its_other_name() {
        let text = vulnerable(
            r#"{"name":"GHSA-aaaa","source":"NPM","severity":"low","references":[{"name":"CVE-2020-1"},{"name":"N/A"}],"knownExploitedVulnerability":{"Name":"x"},"cvssv3":{"baseScore":7.5}}"#,
        );
        let finding = &fixture::read(&text).findings[0];
        assert_eq!((&*finding.package, &*finding.version, &*finding.place), ("a", "1", "/lib/a-1.jar"));
        assert_eq!((&*finding.aliases[0], finding.known_exploited, &finding.fix), ("CVE-2020-1", true, &Fix::Unsaid));
        assert_eq!((&*finding.scores[0].by, finding.scores[0].value), ("npm", 7.5));
    }

    #[test]
    fn what_is_suppressed_does_not_count() {
        let text = report(r#"{"fileName":"a.jar","suppressedVulnerabilities":[{"name":"CVE-1"}]}"#);
        assert!(fixture::read(&text).findings[0].suppressed.is_some());
    }

    #[test]
    fn an_analyser_that_did_not_finish_is_a_fault() {
        let exceptions = r#""scanInfo":{"analysisExceptions":[{"exception":{"message":"no answer"}}],"#;
        let inspection = fixture::read(&report("").replace(r#""scanInfo":{"#, exceptions));
        assert_eq!(inspection.faults, ["1 analysers did not finish, the first: no answer"]);
    }

    #[test]
    fn what_would_lose_a_finding_is_refused() {
        let text = vulnerable(r#"{"name":"CVE-1","severity":"HIGH"}"#);
        let cases = [
            (text.replace("\"vulnerabilities\"", "\"Vulnerabilities\""), "Misspelled"),
            (text.replace("\"vulnerabilities\"", "\"vulnerabilitie\""), "Misspelled"),
            (text.replace("\"dependencies\"", "\"dependencys\""), "NoProof"),
            (text.replace("\"1.1\"", "\"2.0\""), "NoProof"),
            (text.replace("\"name\":\"CVE-1\",", ""), "Malformed"),
            (text.replace("\"scanInfo\"", "\"scan\""), "NoProof"),
        ];
        for (text, expected) in cases {
            assert_eq!(fixture::refusal(&text), expected, "{text}");
        }
    }

    #[test]
    fn tampering_loses_nothing() {
        let text = vulnerable(r#"{"name":"CVE-1","severity":"HIGH"}"#);
        tampering::is_refused_when_cut(&text);
        tampering::survives_any_broken_byte(&text);
        tampering::loses_nothing_when_spoilt(&text, &["dependencies", "vulnerabilities", "severity"]);
    }
}
