//! Grype's JSON report (`grype --output json`), from 0.7 on.
//!
//! A clean scan has an empty `matches`, never none and never `null`. An empty list alone could be anything's, so it must say what was scanned or by what.
//! Filters that were set (`only-fixed`) stand in the configuration that the report carries, so they are told. What ignore rules or a VEX took out
//! stands in `ignoredMatches`. Packages of a distribution that Grype does not match at all are named in `alertsByPackage`: such a scan proves nothing.
//!
//! Source: anchore/grype, `grype/presenter/models`.

mod descriptor;
mod matched;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use contract::Digest;
use serde::Deserialize;

use self::descriptor::Descriptor;
use self::matched::Match;
use super::{Format, ReadError};
use crate::inspection::Inspection;
use crate::json::{Json, Outline};

/// Grype's reports.
pub const FORMAT: Format = Format { name: "grype", claims, read };

const REPORT: [&str; 6] = ["matches", "ignoredMatches", "alertsByPackage", "source", "distro", "descriptor"];

fn claims(outline: &Outline) -> bool {
    let is_named = outline.has_any(&["descriptor", "source"]);
    outline.has_list("matches") && is_named || outline.has_list_of("matches", &["vulnerability", "artifact"])
}

fn read(json: &mut Json, _: &Outline, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut has_matches = false;
    let mut has_source = false;
    let mut descriptor: Option<Descriptor> = None;
    json.object(|json, name| {
        match name {
            "matches" => {
                has_matches = true;
                json.list(|json| found(json, inspection))?;
            }
            "ignoredMatches" => json.list_or_null(|json| found_and_ignored(json, inspection))?,
            "alertsByPackage" => alerts(json, inspection)?,
            "source" => has_source = source(json, inspection)?,
            "descriptor" => descriptor = json.value()?,
            _ => json.skip_unknown(name, &REPORT)?,
        }
        Ok(())
    })?;
    if !has_matches {
        return Err(ReadError::NoProof("it has no `matches`".to_owned()));
    }
    if inspection.findings.is_empty() && !has_source && descriptor.is_none() {
        return Err(ReadError::NoProof("its `matches` are empty, and it does not say what was scanned".to_owned()));
    }
    descriptor.map_or(Ok(()), |descriptor| descriptor.tell(inspection))
}

fn found(json: &mut Json, inspection: &mut Inspection) -> Result<(), ReadError> {
    let at = json.position();
    let finding = json.value::<Match>()?.finding(&mut inspection.pool);
    if finding.id.is_empty() {
        return Err(ReadError::NoProof(format!("the match at byte {at} has an empty `vulnerability.id`")));
    }
    inspection.findings.push(finding);
    Ok(())
}

fn found_and_ignored(json: &mut Json, inspection: &mut Inspection) -> Result<(), ReadError> {
    let ignored: Match = json.value()?;
    let reason = ignored.reason();
    let mut finding = ignored.finding(&mut inspection.pool);
    finding.suppressed = Some(inspection.pool.text(&reason));
    inspection.findings.push(finding);
    Ok(())
}

/// Says whether it names anything.
fn source(json: &mut Json, inspection: &mut Inspection) -> Result<bool, ReadError> {
    if json.peek()? == b'n' {
        json.value::<()>()?;
        return Ok(false);
    }
    let mut kind = None;
    json.object(|json, name| {
        match name {
            "type" => kind = json.value::<Option<String>>()?,
            "target" => match json.peek()? {
                b'"' => inspection.target = Some(json.value()?),
                b'{' => image(json.value()?, inspection),
                _ => json.skip()?,
            },
            _ => json.skip_unknown(name, &["type", "target"])?,
        }
        Ok(())
    })?;
    Ok(kind.is_some())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    user_input: Option<String>,
    #[serde(rename = "imageID")]
    image_id: Option<String>,
    manifest_digest: Option<String>,
    repo_digests: Option<Vec<String>>,
}

fn image(image: Target, inspection: &mut Inspection) {
    let of_repositories = image.repo_digests.iter().flatten().filter_map(|name| name.rsplit('@').next());
    let own = image.image_id.iter().chain(&image.manifest_digest).map(String::as_str);
    for digest in own.chain(of_repositories).filter_map(|text| text.parse::<Digest>().ok()) {
        if !inspection.digests.contains(&digest) {
            inspection.digests.push(digest);
        }
    }
    inspection.target = image.user_input;
}

#[derive(Deserialize)]
struct PackageAlerts {
    alerts: Option<Vec<Alert>>,
}

#[derive(Deserialize)]
struct Alert {
    #[serde(rename = "type")]
    kind: Option<String>,
    message: Option<String>,
}

fn alerts(json: &mut Json, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut packages: BTreeMap<String, usize> = BTreeMap::new();
    json.list_or_null(|json| {
        for alert in json.value::<PackageAlerts>()?.alerts.into_iter().flatten() {
            let kind = alert.kind.unwrap_or_default();
            let message = alert.message.unwrap_or_else(|| kind.clone());
            if kind == "distro-disabled" {
                return Err(ReadError::NoProof(format!("packages were not matched at all: {message}")));
            }
            *packages.entry(message).or_default() += 1;
        }
        Ok(())
    })?;
    inspection.notes.extend(packages.into_iter().map(|(message, count)| format!("{message} (packages: {count})")));
    Ok(())
}
