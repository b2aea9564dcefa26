//! One Custom Resource: what it is, its report, and whether the report holds what its `summary` counts.
//!
//! A list that disagrees with the counts was cut or edited. `unknownCount` stands only where vulnerabilities are counted; `noneCount` counts packages.
//! An SBOM is no report and is passed over. A compliance report sorts anew what the other reports found and may hold no more than counts, so it is refused.

use contract::Digest;
use serde::Deserialize;

use super::found::{Check, Secret, Vulnerability};
use crate::finding::{Finding, Pool};
use crate::inspection::Inspection;
use crate::json::Json;
use crate::reader::ReadError;
use crate::severity::{Rating, Severity};

/// The API group of the operator.
pub(super) const GROUP: &str = "aquasecurity.github.io";

const RESOURCE: [&str; 7] = ["apiVersion", "kind", "metadata", "report", "items", "spec", "status"];

const REPORT: [&str; 9] =
    ["updateTimestamp", "scanner", "registry", "artifact", "os", "summary", "vulnerabilities", "checks", "secrets"];

/// Each kind of report, and the list that it must have.
const KINDS: [(&str, &str); 11] = [
    ("VulnerabilityReport", "vulnerabilities"),
    ("ClusterVulnerabilityReport", "vulnerabilities"),
    ("ImageVulnerabilityReport", "vulnerabilities"),
    ("NodeVulnerabilityReport", "vulnerabilities"),
    ("ConfigAuditReport", "checks"),
    ("ClusterConfigAuditReport", "checks"),
    ("RbacAssessmentReport", "checks"),
    ("ClusterRbacAssessmentReport", "checks"),
    ("InfraAssessmentReport", "checks"),
    ("ClusterInfraAssessmentReport", "checks"),
    ("ExposedSecretReport", "secrets"),
];

const SBOMS: [&str; 2] = ["SbomReport", "ClusterSbomReport"];

/// `aquasecurity.github.io/v1alpha1`.
pub(super) fn is_of_the_group(version: &str) -> bool {
    version.split('/').next() == Some(GROUP)
}

/// What a report says of itself.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) target: String,
    pub(super) digest: Option<Digest>,
    pub(super) scanner: Option<String>,
    pub(super) scanner_version: Option<String>,
    pub(super) time: Option<String>,
    pub(super) declared: Option<usize>,
    pub(super) note: Option<String>,
}

/// A Custom Resource, or a list of them, as it is being read.
#[derive(Default)]
pub(super) struct Resource {
    version: Option<String>,
    kind: Option<String>,
    metadata: Metadata,
    content: Option<Content>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    name: Option<String>,
    namespace: Option<String>,
    creation_timestamp: Option<String>,
    r#continue: Option<String>,
    remaining_item_count: Option<u64>,
}

/// What stands below `report`.
#[derive(Default)]
struct Content {
    time: Option<String>,
    scanner: Scanner,
    registry: Registry,
    artifact: Artifact,
    os: OperatingSystem,
    summary: Summary,
    lists: Vec<&'static str>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Scanner {
    name: Option<String>,
    version: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Registry {
    server: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Artifact {
    repository: Option<String>,
    tag: Option<String>,
    digest: Option<String>,
    node_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OperatingSystem {
    family: Option<String>,
    name: Option<String>,
    eosl: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Summary {
    #[serde(rename = "criticalCount")]
    critical: Option<usize>,
    #[serde(rename = "highCount")]
    high: Option<usize>,
    #[serde(rename = "mediumCount")]
    medium: Option<usize>,
    #[serde(rename = "lowCount")]
    low: Option<usize>,
    #[serde(rename = "unknownCount")]
    unknown: Option<usize>,
}

impl Resource {
    /// Takes one member.
    pub(super) fn member(&mut self, json: &mut Json, name: &str, inspection: &mut Inspection) -> Result<(), ReadError> {
        match name {
            "apiVersion" => self.version = json.value()?,
            "kind" => self.kind = json.value()?,
            "metadata" => self.metadata = json.value::<Option<Metadata>>()?.unwrap_or_default(),
            "report" => self.content = Some(content(json, inspection)?),
            _ => json.skip_unknown(name, &RESOURCE)?,
        }
        Ok(())
    }

    /// Whether it has a report of its own.
    pub(super) fn has_report(&self) -> bool {
        self.content.is_some()
    }

    /// Whether it is a list that goes on elsewhere.
    pub(super) fn is_continued(&self) -> bool {
        let Metadata { r#continue, remaining_item_count, .. } = &self.metadata;
        r#continue.as_ref().is_some_and(|token| !token.is_empty())
            || remaining_item_count.is_some_and(|count| count > 0)
    }

    /// The report, if it is one, when all members were taken. `findings` are those of this resource.
    ///
    /// # Errors
    /// It is no report, or does not hold what it counts.
    pub(super) fn report(self, findings: &mut [Finding], pool: &mut Pool) -> Result<Option<Report>, ReadError> {
        let kind = self.kind.as_deref().unwrap_or_default();
        let version = self.version.as_deref().unwrap_or_default();
        let path = path([self.metadata.namespace.as_deref(), self.metadata.name.as_deref()], "/");
        let refuse = |cause: &str| Err(ReadError::NoProof(format!("its {kind} `{path}` {cause}")));
        if is_of_the_group(version) && SBOMS.contains(&kind) && findings.is_empty() {
            return Ok(None);
        }
        let Some((_, list)) = KINDS.iter().find(|(known, _)| *known == kind && is_of_the_group(version)) else {
            return refuse(&format!("of `{version}` is no report of findings"));
        };
        let Some(content) = self.content else { return refuse("has no `report`") };
        if !content.lists.contains(list) {
            return refuse(&format!("has no `{list}`"));
        }
        if findings.iter().any(|found| found.id.is_empty()) {
            return refuse("lists one without an id");
        }
        let declared = match content.summary.check(findings, *list == "vulnerabilities") {
            Ok(declared) => declared,
            Err(cause) => return refuse(&cause),
        };
        let place = pool.text(&path);
        for found in findings.iter_mut().filter(|found| found.place.is_empty()) {
            found.place = place.clone();
        }
        Ok(Some(Report {
            target: content.target().unwrap_or(path),
            digest: content.artifact.digest.and_then(|digest| digest.parse().ok()),
            scanner: content.scanner.name,
            scanner_version: content.scanner.version,
            time: content.time.or(self.metadata.creation_timestamp),
            declared,
            note: content.os.note(),
        }))
    }
}

fn path<const N: usize>(parts: [Option<&str>; N], separator: &str) -> String {
    let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    parts.join(separator)
}

fn content(json: &mut Json, inspection: &mut Inspection) -> Result<Content, ReadError> {
    let mut content = Content::default();
    json.object(|json, name| {
        match name {
            "updateTimestamp" => content.time = json.value()?,
            "scanner" => content.scanner = json.value::<Option<Scanner>>()?.unwrap_or_default(),
            "registry" => content.registry = json.value::<Option<Registry>>()?.unwrap_or_default(),
            "artifact" => content.artifact = json.value::<Option<Artifact>>()?.unwrap_or_default(),
            "os" => content.os = json.value::<Option<OperatingSystem>>()?.unwrap_or_default(),
            "summary" => content.summary = json.value::<Option<Summary>>()?.unwrap_or_default(),
            "vulnerabilities" => {
                content.lists.push("vulnerabilities");
                json.list(|json| {
                    let found = json.value::<Vulnerability>()?.finding(&mut inspection.pool);
                    inspection.findings.push(found);
                    Ok(())
                })?;
            }
            "checks" => {
                content.lists.push("checks");
                json.list(|json| {
                    let found = json.value::<Check>()?.finding(&mut inspection.pool);
                    inspection.findings.extend(found);
                    Ok(())
                })?;
            }
            "secrets" => {
                content.lists.push("secrets");
                json.list(|json| {
                    let found = json.value::<Secret>()?.finding(&mut inspection.pool);
                    inspection.findings.push(found);
                    Ok(())
                })?;
            }
            _ => json.skip_unknown(name, &REPORT)?,
        }
        Ok(())
    })?;
    Ok(content)
}

impl Content {
    /// The image or the node.
    fn target(&self) -> Option<String> {
        let Artifact { repository, tag, digest, node_name } = &self.artifact;
        let Some(repository) = repository.as_deref().filter(|repository| !repository.is_empty()) else {
            return node_name.clone().filter(|node| !node.is_empty());
        };
        let name = path([self.registry.server.as_deref(), Some(repository)], "/");
        Some(match (tag.as_deref(), digest.as_deref()) {
            (Some(tag), _) if !tag.is_empty() => format!("{name}:{tag}"),
            (_, Some(digest)) if !digest.is_empty() => format!("{name}@{digest}"),
            _ => name,
        })
    }
}

impl OperatingSystem {
    fn note(&self) -> Option<String> {
        let name = path([self.family.as_deref(), self.name.as_deref()], " ");
        let is_old = self.eosl == Some(true);
        is_old.then(|| format!("{name} is at its end of life: no advisories arrive for it any more"))
    }
}

impl Summary {
    /// Compares with what is listed; gives the number of findings that are declared, or why there is no such number.
    fn check(&self, findings: &[Finding], counts_unknown: bool) -> Result<Option<usize>, String> {
        let listed = |rating| findings.iter().filter(|found| found.rating == rating).count();
        let of_known = [
            (self.critical, Severity::Critical),
            (self.high, Severity::High),
            (self.medium, Severity::Medium),
            (self.low, Severity::Low),
        ];
        let known = of_known.map(|(count, severity)| (count, severity.word(), listed(Rating::Known(severity))));
        let unknown = (self.unknown, "unknown", listed(Rating::Unknown));
        let is_counted = counts_unknown || self.unknown.is_some();
        let mut sum = 0;
        for (count, word, listed) in known.into_iter().chain(is_counted.then_some(unknown)) {
            let Some(count) = count else { return Err(format!("has no `summary` of those that are {word}")) };
            if count != listed {
                return Err(format!("counts {count} that are {word}, and lists {listed}"));
            }
            sum += count;
        }
        Ok((sum == findings.len()).then_some(sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::fixture;

    fn of(kind: &str, counts: [usize; 4], content: &str) -> String {
        let [critical, high, medium, low] = counts;
        format!(
            r#"{{"apiVersion":"aquasecurity.github.io/v1alpha1","kind":"{kind}","metadata":{{"name":"a"}},"report":{{
                "summary":{{"criticalCount":{critical},"highCount":{high},"mediumCount":{medium},"lowCount":{low},"unknownCount":0}},{content}}}}}"#
        )
    }

    #[test]
    fn every_kind_is_read() {
        for (kind, list) in KINDS {
            let inspection = fixture::read(&of(kind, [0; 4], &format!(r#""{list}":[]"#)));
            assert!(inspection.findings.is_empty() && inspection.target.as_deref() == Some("a"), "{kind}");
        }
    }

    #[test]
    fn the_target_is_the_image_or_the_node() {
        let digest = "a".repeat(64);
        let cases = [
            (r#"{"repository":"web","tag":"1"}"#.to_owned(), "web:1"),
            (
                format!(r#"{{"repository":"web","tag":"","digest":"sha256:{digest}"}}"#),
                &*format!("web@sha256:{digest}"),
            ),
            (r#"{"repository":"web"}"#.to_owned(), "web"),
            (r#"{"nodeName":"n1"}"#.to_owned(), "n1"),
            ("null".to_owned(), "a"),
        ];
        for (artifact, expected) in cases {
            let content = format!(r#""artifact":{artifact},"vulnerabilities":[]"#);
            let inspection = fixture::read(&of("VulnerabilityReport", [0; 4], &content));
            assert_eq!(inspection.target.as_deref(), Some(expected));
            assert_eq!(inspection.digests.len(), usize::from(expected.contains('@')));
        }
    }

    #[test]
    fn a_system_at_its_end_of_life_is_told() {
        let content = r#""os":{"family":"debian","name":"8","eosl":true},"vulnerabilities":[]"#;
        let inspection = fixture::read(&of("VulnerabilityReport", [0; 4], content));
        assert_eq!(inspection.notes, ["debian 8 is at its end of life: no advisories arrive for it any more"]);
    }

    #[test]
    fn a_list_that_disagrees_with_its_counts_is_refused() {
        let low = r#""vulnerabilities":[{"vulnerabilityID":"CVE-1","severity":"LOW"}]"#;
        let unknown = r#""vulnerabilities":[{"vulnerabilityID":"CVE-1"}]"#;
        let clean = of("VulnerabilityReport", [0; 4], r#""vulnerabilities":[]"#);
        for text in [
            of("VulnerabilityReport", [0, 0, 0, 2], low),
            of("VulnerabilityReport", [0, 0, 0, 0], low),
            of("VulnerabilityReport", [0, 0, 1, 0], low),
            of("VulnerabilityReport", [0; 4], unknown),
            of("ConfigAuditReport", [0; 4], r#""vulnerabilities":[]"#),
            of("ConfigAuditReport", [1, 0, 0, 0], r#""checks":[]"#),
            of("ExposedSecretReport", [1, 0, 0, 0], r#""secrets":[]"#),
            of("SbomReport", [0, 0, 0, 1], low),
            of("VulnerabilityReport", [0, 0, 0, 1], &low.replace("CVE-1", "")),
            clean.replace(r#","unknownCount":0"#, ""),
            clean.replace(r#""highCount":0,"#, ""),
            clean.replace("v1alpha1", "v1alpha1/").replace("aquasecurity.github.io", "example.org"),
        ] {
            let expected = if text.contains("example.org") { "Alien" } else { "NoProof" };
            assert_eq!(fixture::refusal(&text), expected, "{text}");
        }
        assert!(fixture::read(&clean).findings.is_empty());
    }
}
