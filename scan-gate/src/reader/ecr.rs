//! ECR's answer to `DescribeImageScanFindings` (`aws ecr describe-image-scan-findings`), of a basic scan and of an enhanced one.
//!
//! A scan that is `COMPLETE` may not have delivered yet: then `findingSeverityCounts` is absent, not empty, and the list is empty. A client that is
//! older than the enhanced scan shows the same. So the counts must be there, and the list must hold no more than they say; whether it holds as many
//! is known only with all pages. The AWS CLI puts pages together by itself and then writes `NextToken` if it was told to stop early.
//! `describe-images` counts findings and lists none.
//!
//! Source: the API's model, `ecr/2015-09-21`, `DescribeImageScanFindingsResponse`; aws/aws-sdk#289, aws/aws-cli#6759.

use std::collections::BTreeMap;

use contract::Digest;
use serde::Deserialize;

use super::inspector::finding::InspectorFinding;
use super::plain::Plain;
use super::{Format, ReadError, aws};
use crate::finding::{Finding, Kind, Pool, Score};
use crate::inspection::{Inspection, Part};
use crate::json::{Json, Outline};
use crate::severity::Rating;

/// ECR's findings of one image.
pub const FORMAT: Format = Format { name: "ecr", claims, read };

const ANSWER: [&str; 9] = [
    "imageScanFindings",
    "registryId",
    "repositoryName",
    "imageId",
    "imageScanStatus",
    "nextToken",
    "NextToken",
    "imageDetails",
    "imageScanFindingsSummary",
];

const FINDINGS: [&str; 5] =
    ["imageScanCompletedAt", "vulnerabilitySourceUpdatedAt", "findingSeverityCounts", "findings", "enhancedFindings"];

/// A summary and the inner part of an answer are recognised too, so that it is told why they prove nothing.
fn claims(outline: &Outline) -> bool {
    let names = [
        "imageScanFindings",
        "imageScanStatus",
        "imageScanFindingsSummary",
        "findingSeverityCounts",
        "enhancedFindings",
    ];
    outline.has_any(&names) || outline.has_list("imageDetails")
}

#[derive(Default)]
struct Answer {
    repository: Option<String>,
    image: ImageId,
    status: Option<Status>,
    has_findings: bool,
    declared: Option<BTreeMap<Rating, usize>>,
    listed: BTreeMap<Rating, usize>,
    more: bool,
    counts_only: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ImageId {
    image_digest: Option<String>,
    image_tag: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    status: Option<String>,
    description: Option<String>,
}

fn read(json: &mut Json, _: &Outline, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut answer = Answer::default();
    json.object(|json, name| {
        match name {
            "imageScanFindings" if json.peek()? == b'n' => json.value::<()>()?,
            "imageScanFindings" => findings(json, &mut answer, inspection)?,
            "repositoryName" => answer.repository = json.value()?,
            "imageId" => answer.image = json.value::<Option<ImageId>>()?.unwrap_or_default(),
            "imageScanStatus" => answer.status = json.value()?,
            "nextToken" | "NextToken" => answer.more |= aws::follows(json.value::<Option<String>>()?.as_ref()),
            "imageDetails" | "imageScanFindingsSummary" => {
                answer.counts_only = true;
                json.skip()?;
            }
            _ => json.skip_unknown(name, &ANSWER)?,
        }
        Ok(())
    })?;
    answer.finish(inspection)
}

fn findings(json: &mut Json, answer: &mut Answer, inspection: &mut Inspection) -> Result<(), ReadError> {
    answer.has_findings = true;
    json.object(|json, name| {
        match name {
            "findings" => json.list_or_null(|json| {
                let found = json.value::<BasicFinding>()?.finding(&mut inspection.pool)?;
                *answer.listed.entry(found.rating).or_default() += 1;
                inspection.findings.push(found);
                Ok(())
            })?,
            "enhancedFindings" => json.list_or_null(|json| {
                let found: InspectorFinding = json.value()?;
                *answer.listed.entry(found.rating()).or_default() += 1;
                inspection.findings.push(found.finding(&mut inspection.pool)?);
                Ok(())
            })?,
            "findingSeverityCounts" if json.peek()? == b'n' => json.value::<()>()?,
            "findingSeverityCounts" => answer.declared = Some(counts(json)?),
            "imageScanCompletedAt" => inspection.created_at = json.value::<Plain>()?.moment(),
            "vulnerabilitySourceUpdatedAt" => inspection.database_at = json.value::<Plain>()?.moment(),
            _ => json.skip_unknown(name, &FINDINGS)?,
        }
        Ok(())
    })
}

fn counts(json: &mut Json) -> Result<BTreeMap<Rating, usize>, ReadError> {
    let mut counts = BTreeMap::new();
    json.object(|json, word| {
        let count: usize = json.value()?;
        let sum: &mut usize = counts.entry(aws::rating(Some(word))).or_default();
        *sum = sum.saturating_add(count);
        Ok(())
    })?;
    Ok(counts)
}

impl Answer {
    fn finish(self, inspection: &mut Inspection) -> Result<(), ReadError> {
        if self.counts_only {
            let cause = "it counts the findings and lists none; `aws ecr describe-image-scan-findings` lists them";
            return Err(ReadError::NoProof(cause.to_owned()));
        }
        self.check_status()?;
        if !self.has_findings {
            return Err(ReadError::NoProof("it has no `imageScanFindings`".to_owned()));
        }
        let Some(declared) = &self.declared else {
            let cause = "it has no `findingSeverityCounts`: the scan has not delivered yet, or the client is too old to show it";
            return Err(ReadError::NoProof(cause.to_owned()));
        };
        for (rating, listed) in &self.listed {
            let declared = declared.get(rating).copied().unwrap_or_default();
            if *listed > declared {
                let word = rating.word();
                let cause = format!("its `findingSeverityCounts` say {declared} {word} findings, it lists {listed}");
                return Err(ReadError::NoProof(cause));
            }
        }
        let total = declared.values().fold(0, |sum: usize, count| sum.saturating_add(*count));
        let count = self.listed.values().sum();
        inspection.declared = Some(total);
        let digest: Option<Digest> = self.image.image_digest.as_ref().and_then(|digest| digest.parse().ok());
        inspection.digests = digest.into_iter().collect();
        inspection.target = self.name();
        if self.more || count != total {
            let list = format!("findings of {}", inspection.target.as_deref().unwrap_or("an image"));
            inspection.part = Part::Chain { list, more: self.more, count, total: Some(total) };
        }
        let place = inspection.pool.text(inspection.target.as_deref().unwrap_or_default());
        for finding in inspection.findings.iter_mut().filter(|finding| finding.place.is_empty()) {
            finding.place.clone_from(&place);
        }
        Ok(())
    }

    fn check_status(&self) -> Result<(), ReadError> {
        let status = self.status.as_ref().and_then(|status| status.status.as_deref());
        match status {
            Some("COMPLETE" | "ACTIVE") => Ok(()),
            Some(other) => {
                let told = self.status.as_ref().and_then(|status| status.description.as_deref());
                let told = told.map(|told| format!(": {told}")).unwrap_or_default();
                Err(ReadError::NoProof(format!("the status of its scan is `{other}`, not COMPLETE or ACTIVE{told}")))
            }
            None => Err(ReadError::NoProof(
                "it does not say that the scan is finished: `imageScanStatus` is missing".to_owned(),
            )),
        }
    }

    fn name(&self) -> Option<String> {
        let repository = self.repository.as_deref().unwrap_or_default();
        let name = match (&self.image.image_digest, &self.image.image_tag) {
            (Some(digest), _) => format!("{repository}@{digest}"),
            (None, Some(tag)) => format!("{repository}:{tag}"),
            (None, None) => repository.to_owned(),
        };
        Some(name).filter(|name| !name.is_empty())
    }
}

/// A finding of a basic scan. Most of it stands in attributes; whether there is a fix does not.
#[derive(Deserialize)]
struct BasicFinding {
    name: String,
    severity: Option<String>,
    attributes: Option<Vec<Attribute>>,
}

#[derive(Deserialize)]
struct Attribute {
    key: String,
    #[serde(default)]
    value: Plain,
}

impl BasicFinding {
    fn finding(self, pool: &mut Pool) -> Result<Finding, ReadError> {
        if self.name.is_empty() {
            return Err(ReadError::NoProof("a finding has no name".to_owned()));
        }
        let attribute = |key: &str| {
            let mut attributes = self.attributes.iter().flatten();
            attributes.find(|attribute| attribute.key == key).map(|attribute| &attribute.value)
        };
        let mut scores = Vec::new();
        for (version, key) in [(4, "CVSS4_SCORE"), (3, "CVSS3_SCORE"), (2, "CVSS2_SCORE")] {
            let value = attribute(key).and_then(Plain::positive);
            scores.extend(value.map(|value| Score { by: pool.text("ecr"), version, value }));
        }
        Ok(Finding {
            package: pool.text(&attribute("package_name").map(Plain::text).unwrap_or_default()),
            version: pool.text(&attribute("package_version").map(Plain::text).unwrap_or_default()),
            scores: pool.scores(&scores),
            ..Finding::new(Kind::Vulnerability, self.name.as_str(), aws::rating(self.severity.as_deref()))
        })
    }
}

#[cfg(test)]
mod tests;
