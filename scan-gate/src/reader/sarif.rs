//! SARIF 2.1.0 of any tool. What Trivy, Grype and Docker Scout write into it beyond the standard is read too.
//!
//! How bad a result is stands in four places: its own `security-severity`, that of its rule, its own `level`, that of its rule; the first one there counts,
//! and `warning` where there is none. Only results of kind `fail` count. A run without `results` is one in which no scan was made, while an empty list is
//! a clean scan. Members stand in any order, so `results` may come before the rules: of each result a few facts are kept, and rated at the run's end.
//! A message may quote a secret, so no more of it is kept than the lines that are known to name a package.
//!
//! Source: OASIS, Static Analysis Results Interchange Format 2.1.0, sections 3.13 to 3.28, 3.49, 3.50; aquasecurity/trivy, `pkg/report/sarif.go`;
//! anchore/grype, `grype/presenter/sarif`; GitHub, "SARIF support for code scanning" (`security-severity`).

mod elsewhere;
mod finding;
mod lines;
mod properties;
mod result;
mod rule;
mod run;
#[cfg(test)]
mod tests;
mod tool;

use self::elsewhere::Elsewhere;
pub(super) use self::lines::Lines;
use super::{Format, ReadError, docker_scout};
use crate::inspection::Inspection;
use crate::json::{Json, Outline};

/// SARIF.
pub const FORMAT: Format = Format { name: "sarif", claims, read };

const LOG: [&str; 5] = ["$schema", "version", "runs", "inlineExternalProperties", "properties"];

/// The one version that is read.
const VERSION: &str = "2.1.0";

fn claims(outline: &Outline) -> bool {
    let names_schema = outline.text("$schema").is_some_and(|schema| schema.to_ascii_lowercase().contains("sarif"));
    let looks_like_it = outline.text("version").is_some()
        || outline.has_list_of("runs", &["tool"])
        || outline.has_list_of("runs", &["results"]);
    names_schema || outline.has_list("runs") && looks_like_it
}

/// Reads a log, of Docker Scout too: which of the two it is says the driver.
pub(super) fn read(json: &mut Json, outline: &Outline, inspection: &mut Inspection) -> Result<(), ReadError> {
    // Told first where it is in sight: a log of another version fails at something else before its end.
    check_version(outline.text("version"))?;
    let mut version = None;
    let mut drivers: Option<Vec<String>> = None;
    json.object(|json, name| {
        match name {
            "version" => version = json.value::<Option<String>>()?,
            "runs" => {
                let drivers = drivers.insert(Vec::new());
                json.list(|json| {
                    drivers.push(run::read(json, inspection)?);
                    Ok(())
                })?;
            }
            "inlineExternalProperties" => json.list_or_null(|json| json.value::<Elsewhere>()?.check())?,
            _ => json.skip_unknown(name, &LOG)?,
        }
        Ok(())
    })?;
    check_version(version.as_deref())?;
    let drivers = drivers.ok_or_else(|| ReadError::NoProof("it has no `runs`".to_owned()))?;
    let Some((first, others)) = drivers.split_first() else {
        return Err(ReadError::NoProof("its `runs` are empty: nothing was scanned".to_owned()));
    };
    let mut others: Vec<&str> = others.iter().filter(|other| *other != first).map(String::as_str).collect();
    others.dedup();
    let is_scout = first == docker_scout::SCANNER && others.is_empty();
    inspection.format = if is_scout { docker_scout::FORMAT.name } else { FORMAT.name };
    inspection.scanner.clone_from(first);
    if !others.is_empty() {
        inspection.notes.push(format!("it has runs of {} too", others.join(", ")));
    }
    Ok(())
}

/// Logs without a version exist; what they have otherwise must be of this one.
fn check_version(version: Option<&str>) -> Result<(), ReadError> {
    match version {
        None | Some(VERSION) => Ok(()),
        Some(other) => Err(ReadError::NoProof(format!("it is SARIF {other}, not {VERSION}"))),
    }
}
