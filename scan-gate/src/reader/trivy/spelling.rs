//! Members that are spelled like a known one but for their case. Read strictly they would be unknown, and what stands in them lost.

use contract::raw::RawObject;
use serde::Deserialize;

const REPORT: [&str; 6] = ["SchemaVersion", "ArtifactName", "ArtifactType", "CreatedAt", "Metadata", "Results"];
const METADATA: [&str; 2] = ["ImageID", "RepoDigests"];
const RESULT: [&str; 5] = ["Target", "Vulnerabilities", "Misconfigurations", "Secrets", "Licenses"];
const FINDING: [&str; 11] = [
    "VulnerabilityID",
    "PkgName",
    "InstalledVersion",
    "FixedVersion",
    "Severity",
    "ID",
    "Status",
    "RuleID",
    "Name",
    "FilePath",
    "Match",
];

#[derive(Deserialize)]
struct Inside {
    #[serde(rename = "Metadata")]
    metadata: Option<RawObject>,
    #[serde(rename = "Results")]
    results: Option<Vec<Findings>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Findings {
    vulnerabilities: Option<Vec<RawObject>>,
    misconfigurations: Option<Vec<RawObject>>,
    secrets: Option<Vec<RawObject>>,
    licenses: Option<Vec<RawObject>>,
}

#[derive(Deserialize)]
struct Results {
    #[serde(rename = "Results")]
    results: Option<Vec<RawObject>>,
}

/// The first member at any level that is read whose name differs from a known one in its case only.
///
/// # Errors
/// The bytes are not shaped like a report.
pub(super) fn look_alike(bytes: &[u8]) -> serde_json::Result<Option<String>> {
    let report: RawObject = serde_json::from_slice(bytes)?;
    if let Some(name) = misspelled(&report, &REPORT) {
        return Ok(Some(name));
    }
    let results: Results = serde_json::from_slice(bytes)?;
    if let Some(name) = results.results.iter().flatten().find_map(|result| misspelled(result, &RESULT)) {
        return Ok(Some(name));
    }
    let inside: Inside = serde_json::from_slice(bytes)?;
    let metadata = inside.metadata.as_ref().and_then(|metadata| misspelled(metadata, &METADATA));
    let findings = || inside.results.iter().flatten().flat_map(Findings::all);
    Ok(metadata.or_else(|| findings().find_map(|finding| misspelled(finding, &FINDING))))
}

impl Findings {
    fn all(&self) -> impl Iterator<Item = &RawObject> {
        let lists = [&self.vulnerabilities, &self.misconfigurations, &self.secrets, &self.licenses];
        lists.into_iter().flatten().flatten()
    }
}

fn misspelled(members: &RawObject, known: &[&str]) -> Option<String> {
    let is_look_alike = |name: &&str| known.iter().any(|known| name != known && name.eq_ignore_ascii_case(known));
    members.iter().map(|(name, _)| name).find(is_look_alike).map(str::to_owned)
}
