//! One run: a tool and its results, rated when both are known.

use contract::Digest;
use serde::Deserialize;

use super::elsewhere::Elsewhere;
use super::finding::Writer;
use super::result::{ArtifactLocation, Outcome, Seen, Standing};
use super::rule::{Configuration, Reference};
use super::tool::Tool;
use crate::finding::Text;
use crate::inspection::Inspection;
use crate::json::Json;
use crate::reader::ReadError;
use crate::reader::plain::Plain;

const RUN: [&str; 7] =
    ["tool", "results", "invocations", "artifacts", "properties", "externalPropertyFileReferences", "columnKind"];

#[derive(Default)]
struct Run {
    tool: Option<Tool>,
    seen: Option<Vec<Seen>>,
    undecided: usize,
    artifacts: Vec<Text>,
    invocations: Vec<Invocation>,
}

#[derive(Deserialize)]
struct Artifact {
    location: Option<ArtifactLocation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: Option<bool>,
    end_time_utc: Option<String>,
    tool_execution_notifications: Option<Vec<Notification>>,
    rule_configuration_overrides: Option<Vec<Override>>,
}

#[derive(Deserialize)]
struct Notification {
    level: Option<String>,
}

#[derive(Deserialize)]
struct Override {
    descriptor: Option<Reference>,
    configuration: Option<Configuration>,
}

/// Reads a run; gives the tool's name.
pub(super) fn read(json: &mut Json, inspection: &mut Inspection) -> Result<String, ReadError> {
    let mut run = Run::default();
    json.object(|json, name| {
        match name {
            "tool" => run.tool = Some(Tool::read(json, &mut inspection.pool)?),
            "results" if json.peek()? == b'n' => json.value::<()>()?,
            "results" => results(json, &mut run, inspection)?,
            "invocations" => json.list_or_null(|json| {
                run.invocations.push(json.value()?);
                Ok(())
            })?,
            "artifacts" => json.list_or_null(|json| {
                let uri = json.value::<Artifact>()?.location.and_then(|location| location.uri);
                run.artifacts.push(inspection.pool.text(&uri.unwrap_or_default()));
                Ok(())
            })?,
            "properties" => properties(json, inspection)?,
            "externalPropertyFileReferences" => json.value::<Option<Elsewhere>>()?.unwrap_or_default().check()?,
            _ => json.skip_unknown(name, &RUN)?,
        }
        Ok(())
    })?;
    run.tell(inspection)
}

fn results(json: &mut Json, run: &mut Run, inspection: &mut Inspection) -> Result<(), ReadError> {
    let seen = run.seen.insert(Vec::new());
    json.list(|json| {
        let result: Outcome = json.value()?;
        match result.standing() {
            Standing::Finding => seen.push(result.seen(&mut inspection.pool)),
            Standing::Undecided => run.undecided += 1,
            Standing::Nothing => {}
        }
        Ok(())
    })
}

/// The bag of the run: here Trivy names the image. Other tools may mean something else by a name that is nearly the same.
fn properties(json: &mut Json, inspection: &mut Inspection) -> Result<(), ReadError> {
    if json.peek()? != b'{' {
        return json.skip();
    }
    let mut names = Vec::new();
    json.object(|json, name| {
        match name {
            "imageName" => inspection.target = Some(json.value::<Plain>()?.text()).filter(|name| !name.is_empty()),
            "imageID" => names.push(json.value::<Plain>()?),
            "repoDigests" if json.peek()? == b'[' => json.list(|json| {
                names.push(json.value()?);
                Ok(())
            })?,
            _ => json.skip()?,
        }
        Ok(())
    })?;
    for digest in names.iter().filter_map(|name| name.text().rsplit('@').next()?.parse::<Digest>().ok()) {
        if !inspection.digests.contains(&digest) {
            inspection.digests.push(digest);
        }
    }
    Ok(())
}

impl Run {
    fn tell(mut self, inspection: &mut Inspection) -> Result<String, ReadError> {
        let Some(mut tool) = self.tool.take().filter(|tool| !tool.name.is_empty()) else {
            return Err(ReadError::NoProof("a run does not name its `tool.driver`".to_owned()));
        };
        let Some(seen) = self.seen.take() else {
            return Err(ReadError::NoProof(format!("the run of {} has no `results`: no scan was made", tool.name)));
        };
        self.tell_invocations(&mut tool, inspection)?;
        if self.undecided > 0 {
            inspection.notes.push(format!("{} leaves results to be decided by people: {}", tool.name, self.undecided));
        }
        let writer = Writer::of(&tool.name);
        inspection.findings.reserve(seen.len());
        for (number, mut seen) in seen.into_iter().enumerate() {
            if let Some(place) = seen.artifact.filter(|_| seen.place.is_empty()).and_then(|at| self.artifacts.get(at)) {
                seen.place.clone_from(place);
            }
            let finding = writer.finding(seen, &tool, &mut inspection.pool);
            if finding.id.is_empty() {
                return Err(ReadError::NoProof(format!("result {} of {} has no `ruleId`", number + 1, tool.name)));
            }
            inspection.findings.push(finding);
        }
        inspection.scanner_version = inspection.scanner_version.take().or(tool.version);
        Ok(tool.name)
    }

    fn tell_invocations(&self, tool: &mut Tool, inspection: &mut Inspection) -> Result<(), ReadError> {
        for invocation in &self.invocations {
            if invocation.execution_successful == Some(false) {
                return Err(ReadError::NoProof(format!("{} says that its run did not succeed", tool.name)));
            }
            inspection.created_at = inspection.created_at.take().max(invocation.end_time_utc.clone());
            for set in invocation.rule_configuration_overrides.iter().flatten() {
                let rating = set.configuration.as_ref().and_then(Configuration::rating);
                if let (Some(reference), Some(rating)) = (&set.descriptor, rating) {
                    tool.rules.set_level(reference, rating);
                }
            }
        }
        let notifications =
            self.invocations.iter().flat_map(|invocation| invocation.tool_execution_notifications.iter());
        let errors =
            notifications.flatten().filter(|notification| notification.level.as_deref() == Some("error")).count();
        if errors > 0 {
            inspection.notes.push(format!("{} met errors while it ran: {errors}", tool.name));
        }
        Ok(())
    }
}
