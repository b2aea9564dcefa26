//! GitLab's security reports: container scanning, dependency scanning, SAST, secret detection; also what `docker scout cves --format gitlab` writes.
//!
//! A scan that failed lists nothing, so only `success` is proof. Reports of old schemas have no `scan`; those prove something only if they list
//! findings. A secret's text is never read.
//!
//! Source: gitlab-org/security-products/security-report-schemas, `src/security-report-format.json`.

use serde::Deserialize;

use super::plain::Plain;
use super::{Format, ReadError};
use crate::finding::{Finding, Fix, Kind, Pool, Text};
use crate::inspection::Inspection;
use crate::json::{Json, Outline};
use crate::severity::Rating;

/// GitLab's security reports.
pub const FORMAT: Format = Format { name: "gitlab", claims, read };

const REPORT: [&str; 6] = ["version", "schema", "scan", "vulnerabilities", "remediations", "dependency_files"];

fn claims(outline: &Outline) -> bool {
    outline.has_list("vulnerabilities")
        && outline.has_any(&["scan", "remediations"])
        && outline.text("version").is_some()
}

#[derive(Deserialize)]
struct Scan {
    status: Option<String>,
    r#type: Option<String>,
    start_time: Option<String>,
    scanner: Option<Scanner>,
}

#[derive(Deserialize)]
struct Scanner {
    id: Option<String>,
    version: Option<Plain>,
}

fn read(json: &mut Json, _: &Outline, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut scan = None;
    let mut version = None;
    let mut has_list = false;
    json.object(|json, name| {
        match name {
            "version" => version = Some(json.value::<String>()?),
            "scan" => scan = json.value::<Option<Scan>>()?,
            "vulnerabilities" => {
                has_list = true;
                json.list(|json| {
                    let found = json.value::<Vulnerability>()?.finding(&mut inspection.pool);
                    inspection.findings.push(found);
                    Ok(())
                })?;
            }
            _ => json.skip_unknown(name, &REPORT)?,
        }
        Ok(())
    })?;
    let no_proof = |cause: &str| Err(ReadError::NoProof(cause.to_owned()));
    let version = version.unwrap_or_default();
    if !has_list {
        return no_proof("it has no `vulnerabilities`");
    }
    if !["2.", "3.", "14.", "15."].iter().any(|known| version.starts_with(known)) {
        return Err(ReadError::NoProof(format!("its `version` is `{version}`, not 14 or 15")));
    }
    let Some(scan) = scan else {
        return if inspection.findings.is_empty() { no_proof("it lists nothing and has no `scan`") } else { Ok(()) };
    };
    let kind = scan.r#type.unwrap_or_default();
    for finding in &mut inspection.findings {
        finding.kind = kind_of(&kind);
    }
    inspection.created_at = scan.start_time;
    let scanner = scan.scanner.unwrap_or(Scanner { id: None, version: None });
    inspection.scanner = scanner.id.map_or_else(|| "gitlab".to_owned(), |id| id.to_lowercase().replace(' ', "-"));
    inspection.scanner_version = scanner.version.map(|version| version.text()).filter(|version| !version.is_empty());
    match scan.status.as_deref() {
        Some("success") => Ok(()),
        Some(other) => Err(ReadError::NoProof(format!("its scan ended with `{other}`"))),
        None => no_proof("its scan does not say how it ended"),
    }
}

fn kind_of(scan: &str) -> Kind {
    match scan {
        "secret_detection" => Kind::Secret,
        "sast" | "dast" | "api_fuzzing" | "coverage_fuzzing" => Kind::Code,
        _ => Kind::Vulnerability,
    }
}

#[derive(Deserialize)]
struct Vulnerability {
    id: Option<String>,
    cve: Option<String>,
    name: Option<String>,
    severity: Option<String>,
    solution: Option<String>,
    identifiers: Option<Vec<Identifier>>,
    location: Option<Location>,
    flags: Option<Vec<Flag>>,
}

#[derive(Deserialize)]
struct Identifier {
    r#type: Option<String>,
    name: Option<String>,
    value: Option<String>,
}

#[derive(Deserialize)]
struct Location {
    dependency: Option<Dependency>,
    image: Option<String>,
    file: Option<String>,
    start_line: Option<u32>,
}

#[derive(Deserialize)]
struct Dependency {
    package: Option<Package>,
    version: Option<String>,
}

#[derive(Deserialize)]
struct Package {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Flag {
    r#type: Option<String>,
    description: Option<String>,
}

impl Vulnerability {
    fn finding(self, pool: &mut Pool) -> Finding {
        let rating = Rating::of_word(self.severity.as_deref());
        let ids = ids(self.identifiers.as_deref().unwrap_or_default(), pool);
        let own = || self.id.as_deref().or(self.cve.as_deref()).or(self.name.as_deref()).unwrap_or("without id");
        let (id, aliases) = match ids.split_first() {
            Some((first, rest)) => (first.clone(), rest.into()),
            None => (pool.text(own()), Box::default()),
        };
        let (package, version, place, line) = self.location.map(Location::parts).unwrap_or_default();
        let flags = self.flags.unwrap_or_default();
        let false_positive =
            flags.into_iter().find(|flag| flag.r#type.as_deref() == Some("flagged-as-likely-false-positive"));
        Finding {
            aliases,
            package: pool.text(&package),
            version: pool.text(&version),
            place: pool.text(&place),
            line,
            fix: fix(self.solution.as_deref(), pool),
            // Likely is not surely: it counts, and the title says so.
            title: pool.title(&title(self.name.as_deref(), false_positive), rating),
            ..Finding::new(Kind::Vulnerability, id, rating)
        }
    }
}

fn title(name: Option<&str>, false_positive: Option<Flag>) -> String {
    let name = name.unwrap_or_default();
    match false_positive {
        Some(flag) => format!("{name} (likely a false positive: {})", flag.description.unwrap_or_default()),
        None => name.to_owned(),
    }
}

/// CVEs first, then advisories, then what else there is; a weakness (CWE) is no id of a vulnerability.
fn ids(identifiers: &[Identifier], pool: &mut Pool) -> Vec<Text> {
    let of = |wanted: &[&str]| {
        let is_wanted = |identifier: &&Identifier| wanted.contains(&identifier.r#type.as_deref().unwrap_or_default());
        let values = identifiers.iter().filter(is_wanted);
        values.filter_map(|one| one.value.as_deref().or(one.name.as_deref())).collect::<Vec<_>>()
    };
    let known = [of(&["cve"]), of(&["ghsa"])].concat();
    let weaknesses = ["cve", "ghsa", "cwe", "owasp"];
    let others = identifiers.iter().filter(|one| !weaknesses.contains(&one.r#type.as_deref().unwrap_or_default()));
    let others = others.filter_map(|one| one.value.as_deref().or(one.name.as_deref()));
    known.into_iter().chain(others).map(|id| pool.text(id)).collect()
}

fn fix(solution: Option<&str>, pool: &mut Pool) -> Fix {
    match solution.map(str::trim) {
        None | Some("") => Fix::Unsaid,
        Some("No solution provided") => Fix::None,
        Some(solution) => Fix::Version(pool.text(solution)),
    }
}

impl Location {
    fn parts(self) -> (String, String, String, Option<u32>) {
        let (package, version) = match self.dependency {
            Some(dependency) => (dependency.package.and_then(|package| package.name), dependency.version),
            None => (None, None),
        };
        let place = self.file.or(self.image).unwrap_or_default();
        (package.unwrap_or_default(), version.unwrap_or_default(), place, self.start_line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::{fixture, tampering};

    fn report(vulnerabilities: &str) -> String {
        format!(
            r#"{{"version":"15.0.4","scan":{{"scanner":{{"id":"Trivy","version":"0.50"}},"type":"container_scanning","start_time":"2026-01-02T03:04:05","status":"success"}},"vulnerabilities":[{vulnerabilities}]}}"#
        )
    }

    const ONE: &str = r#"{"id":"d1","name":"n","severity":"High","solution":"Upgrade to 2","identifiers":[{"type":"cwe","value":"79"},{"type":"ghsa","value":"GHSA-1"},{"type":"cve","value":"CVE-1"}],"location":{"dependency":{"package":{"name":"p"},"version":"1"},"image":"web:1"}}"#;

    #[test]
    fn a_finding_is_known_by_its_cve() {
        let inspection = fixture::read(&report(ONE));
        let finding = &inspection.findings[0];
        assert_eq!(
            (&*finding.id, &*finding.aliases[0], &*finding.package, &*finding.place),
            ("CVE-1", "GHSA-1", "p", "web:1")
        );
        assert_eq!((finding.rating.word(), &finding.fix), ("high", &Fix::Version("Upgrade to 2".into())));
        assert_eq!((&*inspection.scanner, inspection.created_at.as_deref()), ("trivy", Some("2026-01-02T03:04:05")));
    }

    #[test]
    fn a_clean_scan_succeeded_and_says_so() {
        assert_eq!(fixture::read(&report("")).findings.len(), 0);
        for (from, to) in [("\"success\"", "\"failure\""), (",\"status\":\"success\"", ""), ("\"15.0.4\"", "\"1.0\"")] {
            assert_eq!(fixture::refusal(&report("").replace(from, to)), "NoProof", "{to}");
        }
        assert_eq!(fixture::refusal(r#"{"version":"14.0","vulnerabilities":[],"remediations":[]}"#), "NoProof");
    }

    #[test]
    fn an_old_report_without_a_scan_is_read_if_it_lists_something() {
        let text = format!(r#"{{"version":"14.0.0","vulnerabilities":[{ONE}],"remediations":[]}}"#);
        assert_eq!(fixture::read(&text).findings.len(), 1);
    }

    #[test]
    fn the_scan_says_the_kind_and_a_secret_stays_unread() {
        let secret = r#"{"id":"s","severity":"Critical","raw_source_code_extract":"hunter2","location":{"file":"a.env","start_line":3}}"#;
        let text = report(secret).replace("container_scanning", "secret_detection");
        let inspection = fixture::read(&text);
        assert_eq!((inspection.findings[0].kind, inspection.findings[0].line), (Kind::Secret, Some(3)));
        assert!(!format!("{inspection:?}").contains("hunter2"));
    }

    #[test]
    fn a_severity_that_is_none_is_unknown() {
        for severity in [r#""severity":"Unknown""#, r#""severity":null"#, r#""x":1"#] {
            let text = report(&ONE.replace(r#""severity":"High""#, severity));
            assert_eq!(fixture::read(&text).findings[0].rating, Rating::Unknown, "{severity}");
        }
    }

    #[test]
    fn tampering_loses_nothing() {
        tampering::is_refused_when_cut(&report(ONE));
        tampering::survives_any_broken_byte(&report(ONE));
        tampering::loses_nothing_when_spoilt(&report(ONE), &["vulnerabilities", "scan", "status", "severity"]);
    }
}
