//! SARIF 2.1.0 of any tool; Docker Scout's with its own severities.
//!
//! A rule may stand behind the results that break it, so what a result needs of its rule is put in at the end of the run. `results` must be there
//! even if there are none; without it, or if the tool says that it did not succeed, nothing was proven. Levels and kinds are words of the standard: a
//! dialect is refused, for its "none" could be anything.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", sections 3.14, 3.27, 3.35; GitHub's documentation of
//! `security-severity`.

mod message;
mod result;
mod rule;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Format, ReadError};
use crate::inspection::Inspection;
use crate::json::{Json, Outline};
use result::{Pending, SarifResult};
use rule::{Rule, Rules};

/// SARIF of any tool.
pub const FORMAT: Format = Format { name: "sarif", claims, read };

/// SARIF of Docker Scout, by name only: from afar it looks like any other.
pub const DOCKER_SCOUT: Format = Format { name: "docker-scout", claims: |_| false, read: read_docker_scout };

const LOG: [&str; 3] = ["$schema", "version", "runs"];

const RUN: [&str; 6] =
    ["tool", "results", "invocations", "properties", "externalPropertyFileReferences", "automationDetails"];

fn claims(outline: &Outline) -> bool {
    outline.has_list("runs") || outline.text("$schema").is_some_and(|schema| schema.to_lowercase().contains("sarif"))
}

fn read_docker_scout(json: &mut Json, outline: &Outline, inspection: &mut Inspection) -> Result<(), ReadError> {
    read(json, outline, inspection)?;
    if inspection.scanner == DOCKER_SCOUT.name {
        return Ok(());
    }
    Err(ReadError::NoProof(format!("it is SARIF of `{}`, not of Docker Scout", inspection.scanner)))
}

fn read(json: &mut Json, _: &Outline, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut version = None;
    let mut drivers: Vec<String> = Vec::new();
    json.object(|json, name| {
        match name {
            "version" => version = Some(json.value::<String>()?),
            "runs" => json.list(|json| {
                drivers.push(run(json, inspection)?);
                Ok(())
            })?,
            _ => json.skip_unknown(name, &LOG)?,
        }
        Ok(())
    })?;
    if version.as_deref() != Some("2.1.0") {
        let version = version.map_or_else(|| "missing".to_owned(), |version| format!("`{version}`"));
        return Err(ReadError::NoProof(format!("its `version` is {version}, not `2.1.0`")));
    }
    let Some(first) = drivers.first() else {
        return Err(ReadError::NoProof("it has no run".to_owned()));
    };
    if drivers.iter().all(|driver| driver == first) {
        inspection.scanner.clone_from(first);
    } else {
        inspection.notes.push(format!("runs of {}", drivers.join(", ")));
    }
    if inspection.scanner == DOCKER_SCOUT.name {
        inspection.format = DOCKER_SCOUT.name;
    }
    Ok(())
}

/// One run, and the name of its tool.
fn run(json: &mut Json, inspection: &mut Inspection) -> Result<String, ReadError> {
    let mut driver = None;
    let mut rules = Rules::default();
    let mut pending: Option<Vec<Pending>> = None;
    json.object(|json, name| {
        match name {
            "tool" => driver = Some(tool(json, &mut rules)?),
            "results" => {
                let mut read = Vec::new();
                json.list(|json| {
                    let result: SarifResult = json.value()?;
                    read.extend(result.pending(inspection)?);
                    Ok(())
                })?;
                pending = Some(read);
            }
            "invocations" => {
                for invocation in json.value::<Option<Vec<Invocation>>>()?.unwrap_or_default() {
                    invocation.tell(inspection)?;
                }
            }
            "properties" => json.value::<Option<Properties>>()?.unwrap_or_default().tell(inspection),
            "externalPropertyFileReferences" => {
                let elsewhere = json.value::<Option<Elsewhere>>()?.and_then(|elsewhere| elsewhere.results);
                if elsewhere.is_some() {
                    return Err(ReadError::NoProof("its results stand in another file".to_owned()));
                }
            }
            _ => json.skip_unknown(name, &RUN)?,
        }
        Ok(())
    })?;
    let no_proof = |cause: &str| ReadError::NoProof(cause.to_owned());
    let pending = pending.ok_or_else(|| no_proof("a run has no `results`"))?;
    let driver = driver.flatten().ok_or_else(|| no_proof("a run does not name its tool"))?;
    let scanner = driver.name.trim().to_lowercase().replace(' ', "-");
    inspection.scanner_version = driver.semantic_version.or(driver.version);
    for one in pending {
        one.settle(&scanner, &rules, inspection);
    }
    Ok(scanner)
}

/// What a driver says of itself.
struct Driver {
    name: String,
    version: Option<String>,
    semantic_version: Option<String>,
}

fn tool(json: &mut Json, rules: &mut Rules) -> Result<Option<Driver>, ReadError> {
    let mut driver = None;
    json.object(|json, name| {
        match name {
            "driver" => driver = component(json, rules, None)?,
            "extensions" => {
                let mut index = 0;
                json.list_or_null(|json| {
                    component(json, rules, Some(index))?;
                    index += 1;
                    Ok(())
                })?;
            }
            _ => json.skip_unknown(name, &["driver", "extensions"])?,
        }
        Ok(())
    })?;
    Ok(driver)
}

/// The driver, or an extension by its place.
fn component(json: &mut Json, rules: &mut Rules, extension: Option<usize>) -> Result<Option<Driver>, ReadError> {
    let (mut own, mut version, mut semantic_version) = (None, None, None);
    json.object(|json, name| {
        match name {
            "name" => own = Some(json.value::<String>()?),
            "version" => version = json.value()?,
            "semanticVersion" => semantic_version = json.value()?,
            "rules" => json.list_or_null(|json| {
                rules.add(extension, json.value::<Rule>()?);
                Ok(())
            })?,
            _ => json.skip()?,
        }
        Ok(())
    })?;
    Ok(own.map(|name| Driver { name, version, semantic_version }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: Option<bool>,
    end_time_utc: Option<String>,
    exit_code_description: Option<String>,
}

impl Invocation {
    fn tell(self, inspection: &mut Inspection) -> Result<(), ReadError> {
        if self.execution_successful == Some(false) {
            let why = self.exit_code_description.unwrap_or_else(|| "it does not say why".to_owned());
            return Err(ReadError::NoProof(format!("the tool says that it did not succeed: {why}")));
        }
        inspection.created_at = self.end_time_utc.or(inspection.created_at.take());
        Ok(())
    }
}

#[derive(Deserialize)]
struct Elsewhere {
    results: Option<IgnoredAny>,
}

/// What Trivy says of the image.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    image_name: Option<String>,
    #[serde(rename = "imageID")]
    image_id: Option<String>,
    repo_digests: Option<Vec<String>>,
}

impl Properties {
    fn tell(self, inspection: &mut Inspection) {
        let of_repositories = self.repo_digests.iter().flatten().filter_map(|name| name.rsplit('@').next());
        let names = self.image_id.iter().map(String::as_str).chain(of_repositories);
        inspection.digests.extend(names.filter_map(|text| text.parse().ok()));
        inspection.target = self.image_name.or(inspection.target.take());
    }
}

#[cfg(test)]
mod tests;
