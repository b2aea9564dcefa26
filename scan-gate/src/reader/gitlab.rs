//! GitLab's security reports: container scanning, dependency scanning, SAST, secret detection, in the schemas 2 to 15. Docker Scout, Trivy, Dependency-Check and
//! others write them too.
//!
//! A scan that failed writes an empty list as a clean one does: only `scan.status` tells them apart. Templates leave out `scan`; that is let pass where
//! something was found, and proves nothing where nothing was. `scan` may stand behind the list, so kinds are told at the end.
//!
//! Source: gitlab-org/security-products/security-report-schemas, `src/security-report-format.json`; aquasecurity/trivy, `contrib/gitlab.tpl`.

mod scan;
#[cfg(test)]
mod tests;
mod vulnerability;

use self::scan::Scan;
use self::vulnerability::{Vulnerability, kind};
use super::{Format, ReadError};
use crate::finding::Text;
use crate::inspection::Inspection;
use crate::json::{Json, Outline};

/// GitLab's reports.
pub const FORMAT: Format = Format { name: "gitlab", claims, read };

const REPORT: [&str; 7] =
    ["version", "schema", "scan", "vulnerabilities", "remediations", "dependency_files", "self_managed"];

/// The schemas whose members are named alike.
const SCHEMAS: std::ops::RangeInclusive<u32> = 2..=15;

fn claims(outline: &Outline) -> bool {
    let is_named = outline.text("version").is_some() && outline.has_any(&["scan", "remediations"]);
    outline.has_list("vulnerabilities") && is_named
        || outline.has_list_of("vulnerabilities", &["identifiers", "location", "severity"])
}

/// What the list tells of the scan.
#[derive(Default)]
struct Listed {
    /// The scanner, if its findings name it.
    scanner: Option<String>,
    /// All images that were found in.
    images: Vec<Text>,
}

fn read(json: &mut Json, _: &Outline, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut version = None;
    let mut scan: Option<Scan> = None;
    let mut listed: Option<Listed> = None;
    json.object(|json, name| {
        match name {
            "version" => version = Some(json.value::<String>()?),
            "scan" => scan = json.value()?,
            "vulnerabilities" => {
                let listed = listed.insert(Listed::default());
                json.list(|json| found(json, listed, inspection))?;
            }
            _ => json.skip_unknown(name, &REPORT)?,
        }
        Ok(())
    })?;
    let version = version.unwrap_or_else(|| "missing".to_owned());
    let schema = version.split('.').next().and_then(|major| major.parse().ok());
    if !schema.is_some_and(|schema| SCHEMAS.contains(&schema)) {
        let (first, last) = (SCHEMAS.start(), SCHEMAS.end());
        return Err(ReadError::NoProof(format!("its `version` is {version}, not {first} to {last}")));
    }
    let listed = listed.ok_or_else(|| ReadError::NoProof("it has no `vulnerabilities`".to_owned()))?;
    listed.tell(inspection);
    match scan {
        Some(scan) => scan.tell(inspection),
        None if inspection.findings.is_empty() => {
            Err(ReadError::NoProof("it has no `scan` and no findings: nothing says that a scan was made".to_owned()))
        }
        None => Ok(()),
    }
}

fn found(json: &mut Json, listed: &mut Listed, inspection: &mut Inspection) -> Result<(), ReadError> {
    let at = json.position();
    let vulnerability: Vulnerability = json.value()?;
    if let Some(image) = vulnerability.image() {
        let image = inspection.pool.text(image);
        if !listed.images.contains(&image) {
            listed.images.push(image);
        }
    }
    if listed.scanner.is_none() {
        listed.scanner = vulnerability.scanner();
    }
    let finding = vulnerability.finding(&mut inspection.pool);
    let finding =
        finding.ok_or_else(|| ReadError::NoProof(format!("the vulnerability at byte {at} has no identifier")))?;
    inspection.findings.push(finding);
    Ok(())
}

impl Listed {
    fn tell(self, inspection: &mut Inspection) {
        if let Some(scanner) = self.scanner {
            inspection.scanner = scanner;
        }
        // Of several images, none is the one that was scanned.
        if let [image] = &self.images[..] {
            inspection.target = Some(image.to_string());
            inspection.digests = image.rsplit('@').next().and_then(|digest| digest.parse().ok()).into_iter().collect();
        }
    }
}
