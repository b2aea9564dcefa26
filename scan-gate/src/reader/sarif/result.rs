//! One result, as far as a finding needs it.

use serde::Deserialize;

use super::lines::Lines;
use super::properties::Properties;
use super::rule::{Address, Reference, of_level};
use crate::finding::{Pool, Text};
use crate::reader::plain::Plain;
use crate::severity::Rating;

/// An element of `results`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    rule_id: Option<String>,
    rule_index: Option<i64>,
    rule: Option<Reference>,
    kind: Option<String>,
    level: Option<String>,
    message: Option<Message>,
    locations: Option<Vec<Location>>,
    suppressions: Option<Vec<Suppression>>,
    baseline_state: Option<String>,
    properties: Option<Properties>,
}

#[derive(Deserialize)]
struct Message {
    text: Option<Lines>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Option<PhysicalLocation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Option<ArtifactLocation>,
    region: Option<Region>,
}

/// A file, by its name or by its place in the run's `artifacts`.
#[derive(Deserialize)]
pub(super) struct ArtifactLocation {
    pub(super) uri: Option<String>,
    index: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    #[serde(default)]
    start_line: Plain,
}

#[derive(Deserialize)]
struct Suppression {
    kind: Option<String>,
    status: Option<String>,
    justification: Option<String>,
}

/// What becomes of a result.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It counts.
    Finding,
    /// The tool leaves it to people to decide.
    Undecided,
    /// It is none: passed, not applicable, gone since the last run.
    Nothing,
}

/// What is kept of a result until the run's end.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) id: Text,
    pub(super) address: Option<Address>,
    pub(super) security: Option<Rating>,
    pub(super) level: Option<Rating>,
    pub(super) place: Text,
    /// Its place in the run's `artifacts`, if that is all there is.
    pub(super) artifact: Option<usize>,
    pub(super) line: Option<u32>,
    pub(super) suppressed: Option<Text>,
    pub(super) scores: Box<[(u8, f32)]>,
    pub(super) lines: Option<Box<Lines>>,
}

impl Outcome {
    /// What becomes of it. A kind that is none of the standard's counts.
    pub(super) fn standing(&self) -> Standing {
        match (self.baseline_state.as_deref(), self.kind.as_deref()) {
            (Some("absent"), _) | (_, Some("pass" | "notApplicable" | "informational")) => Standing::Nothing,
            (_, Some("open" | "review")) => Standing::Undecided,
            _ => Standing::Finding,
        }
    }

    /// What is to be kept of it.
    pub(super) fn seen(self, pool: &mut Pool) -> Seen {
        let suppressed = self.suppressed();
        let named = self.rule.unwrap_or_default();
        let id = self.rule_id.filter(|id| !id.is_empty()).or_else(|| named.id.clone()).unwrap_or_default();
        let reference = named.with_index(self.rule_index);
        let mut places = self.locations.into_iter().flatten().filter_map(|location| location.physical_location);
        let place = places.find(|place| place.artifact_location.is_some());
        let line = place.as_ref().and_then(|place| place.region.as_ref()?.start_line.positive());
        let file = place.and_then(|place| place.artifact_location);
        let uri = file.as_ref().and_then(|file| file.uri.as_deref());
        let properties = self.properties.unwrap_or_default();
        let lines = self.message.and_then(|message| message.text).filter(|lines| *lines != Lines::default());
        Seen {
            id: pool.text(&id),
            address: reference.address(),
            security: properties.rating(),
            level: self.level.as_deref().map(of_level),
            place: pool.text(uri.unwrap_or_default()),
            artifact: file.as_ref().and_then(|file| usize::try_from(file.index?).ok()),
            line: line.map(whole),
            suppressed: suppressed.map(|reason| pool.text(&reason)),
            scores: properties.scores(),
            lines: lines.map(Box::new),
        }
    }

    /// Why it does not count, unless one of its suppressions was not accepted.
    fn suppressed(&self) -> Option<String> {
        let suppressions = self.suppressions.as_deref().filter(|suppressions| !suppressions.is_empty())?;
        let is_accepted = |suppression: &Suppression| matches!(suppression.status.as_deref(), None | Some("accepted"));
        suppressions.iter().all(is_accepted).then(|| {
            let reasons = suppressions.iter().map(|suppression| {
                let parts = [suppression.kind.as_deref(), suppression.justification.as_deref()];
                parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
            });
            reasons.collect::<Vec<_>>().join("; ")
        })
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a line is a whole number above zero")]
fn whole(line: f32) -> u32 {
    line as u32
}
