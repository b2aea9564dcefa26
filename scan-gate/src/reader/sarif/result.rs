//! Results: which of them are findings, and how bad each is.

use serde::Deserialize;

use super::DOCKER_SCOUT;
use super::message;
use super::rule::{Properties, Rule, RuleName, Rules, Text};
use crate::finding::{Finding, Kind, Score};
use crate::inspection::Inspection;
use crate::reader::ReadError;
use crate::severity::{Rating, Severity};

/// A result.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifResult {
    rule_id: Option<String>,
    rule_index: Option<i64>,
    rule: Option<RuleReference>,
    kind: Option<String>,
    level: Option<String>,
    baseline_state: Option<String>,
    message: Option<Text>,
    locations: Option<Vec<Location>>,
    suppressions: Option<Vec<Suppression>>,
    properties: Option<Properties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleReference {
    id: Option<String>,
    index: Option<i64>,
    tool_component: Option<ComponentReference>,
}

#[derive(Deserialize)]
struct ComponentReference {
    index: Option<i64>,
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

#[derive(Deserialize)]
struct ArtifactLocation {
    uri: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: Option<u32>,
}

#[derive(Deserialize)]
struct Suppression {
    status: Option<String>,
    justification: Option<String>,
}

/// A finding that waits for its rule.
pub(super) struct Pending {
    place: usize,
    rule: RuleName,
    level: Option<Level>,
    severity: Option<f32>,
    message: String,
}

/// The levels of the standard.
#[derive(Clone, Copy)]
enum Level {
    Error,
    Warning,
    Note,
    None,
}

impl Level {
    fn of_word(word: &str) -> Option<Self> {
        match word {
            "error" => Some(Self::Error),
            "warning" => Some(Self::Warning),
            "note" => Some(Self::Note),
            "none" => Some(Self::None),
            _ => None,
        }
    }

    fn rating(self) -> Rating {
        Rating::Known(match self {
            Self::Error => Severity::High,
            Self::Warning => Severity::Medium,
            Self::Note => Severity::Low,
            Self::None => Severity::Info,
        })
    }
}

impl SarifResult {
    /// The finding, if the result is one; it is put among those of the inspection and waits there for its rule.
    pub(super) fn pending(self, inspection: &mut Inspection) -> Result<Option<Pending>, ReadError> {
        let alien = |what: &str, word: &str| ReadError::NoProof(format!("`{word}` is no {what} of SARIF 2.1.0"));
        match self.kind.as_deref() {
            None | Some("fail") => {}
            Some("pass" | "notApplicable" | "review" | "open" | "informational") => return Ok(None),
            Some(other) => return Err(alien("kind", other)),
        }
        match self.baseline_state.as_deref() {
            None | Some("new" | "unchanged" | "updated") => {}
            Some("absent") => return Ok(None),
            Some(other) => return Err(alien("baseline state", other)),
        }
        let level = match self.level.as_deref() {
            None => None,
            Some(word) => Some(Level::of_word(word).ok_or_else(|| alien("level", word))?),
        };
        let rule = self.rule_name();
        let physical = self.locations.into_iter().flatten().find_map(|location| location.physical_location);
        let (uri, line) = physical.map_or((None, None), |place| {
            (
                place.artifact_location.and_then(|artifact| artifact.uri),
                place.region.and_then(|region| region.start_line),
            )
        });
        let id = if rule.id.is_empty() { "without rule" } else { &rule.id };
        let finding = Finding {
            place: inspection.pool.text(uri.as_deref().unwrap_or_default()),
            line: line.filter(|line| *line > 0),
            suppressed: suppression(self.suppressions.unwrap_or_default()).map(Into::into),
            ..Finding::new(Kind::Code, inspection.pool.text(id), Rating::Unknown)
        };
        inspection.findings.push(finding);
        let severity = self.properties.and_then(|properties| properties.security_severity?.positive());
        let message = self.message.and_then(|message| message.text).unwrap_or_default();
        Ok(Some(Pending { place: inspection.findings.len() - 1, rule, level, severity, message }))
    }

    fn rule_name(&self) -> RuleName {
        let reference = self.rule.as_ref();
        let id = self.rule_id.clone().or_else(|| reference.and_then(|rule| rule.id.clone()));
        let index = self.rule_index.or_else(|| reference.and_then(|rule| rule.index));
        let extension = reference.and_then(|rule| rule.tool_component.as_ref()?.index);
        let place = |number: Option<i64>| number.and_then(|number| usize::try_from(number).ok());
        RuleName { id: id.unwrap_or_default(), index: place(index), extension: place(extension) }
    }
}

/// Why a result is suppressed. What is under review, or was rejected, is not; one of several is enough only if none of them is either.
fn suppression(suppressions: Vec<Suppression>) -> Option<String> {
    let is_in_force = |one: &Suppression| matches!(one.status.as_deref(), None | Some("accepted"));
    if suppressions.is_empty() || !suppressions.iter().all(is_in_force) {
        return None;
    }
    let reason = suppressions.into_iter().find_map(|one| one.justification);
    Some(format!("suppressed: {}", reason.as_deref().unwrap_or("no justification")))
}

impl Pending {
    /// Puts in what the rule says.
    pub(super) fn settle(self, scanner: &str, rules: &Rules, inspection: &mut Inspection) {
        let rule = rules.find(&self.rule);
        let rating = self.rating(scanner, rule);
        let Some(finding) = inspection.findings.get_mut(self.place) else { return };
        let pool = &mut inspection.pool;
        if self.rule.id.is_empty()
            && let Some(rule) = rule
        {
            finding.id = pool.text(&rule.id);
        }
        if ["trivy", DOCKER_SCOUT.name].contains(&scanner) {
            let said = message::read(&self.message);
            finding.package = pool.text(&said.package);
            finding.version = pool.text(&said.version);
            finding.purl = pool.text(&said.purl);
            (finding.fix, finding.epss) = (said.fix, said.epss);
        }
        if scanner == "grype"
            && let Some((id, package)) = divided(&finding.id)
        {
            finding.aliases = [pool.text(id)].into();
            finding.package = pool.text(package);
        }
        finding.kind = kind(&finding.id, rule);
        finding.rating = rating;
        finding.scores = pool.scores(&self.scores(scanner, rule));
        let description = rule.and_then(|rule| rule.short_description.as_ref()?.text.as_deref());
        // The message of a secret may show it.
        let message = if finding.kind == Kind::Secret { "" } else { self.message.lines().next().unwrap_or_default() };
        finding.title = pool.title(description.unwrap_or(message), rating);
    }

    /// Docker Scout calls every result an error, and says the severity in a property of the rule.
    fn rating(&self, scanner: &str, rule: Option<&Rule>) -> Rating {
        let properties = rule.and_then(|rule| rule.properties.as_ref());
        if scanner == DOCKER_SCOUT.name
            && let Some(word) = properties.and_then(|properties| properties.scout_severity.as_deref())
        {
            return Rating::of_word(Some(word));
        }
        let of_rule = || properties.and_then(|properties| properties.security_severity.as_ref()?.positive());
        let by_score = self.severity.or_else(of_rule).map_or(Rating::Unknown, Rating::of_score);
        if by_score != Rating::Unknown {
            return by_score;
        }
        let default = || rule.and_then(|rule| Level::of_word(rule.default_configuration.as_ref()?.level.as_deref()?));
        self.level.or_else(default).unwrap_or(Level::Warning).rating()
    }

    fn scores(&self, scanner: &str, rule: Option<&Rule>) -> Vec<Score> {
        let properties = rule.and_then(|rule| rule.properties.as_ref());
        let of_rule = || properties.and_then(|properties| properties.security_severity.as_ref()?.positive());
        let of_scout = properties.and_then(|properties| properties.scout_score.as_ref()?.positive());
        let value = of_scout.or(self.severity).or_else(of_rule).filter(|value| *value <= 10.0);
        value.map(|value| Score { by: scanner.into(), version: 3, value }).into_iter().collect()
    }
}

/// Trivy says the kind in a tag; for others an id of a vulnerability is one.
fn kind(id: &str, rule: Option<&Rule>) -> Kind {
    let tags = rule.and_then(|rule| rule.properties.as_ref()?.tags.as_deref()).unwrap_or_default();
    let has = |word: &str| tags.iter().any(|tag| tag == word);
    let is_vulnerability = ["CVE-", "GHSA-", "GMS-", "SNYK-"].iter().any(|family| id.starts_with(family));
    match () {
        () if has("secret") => Kind::Secret,
        () if has("misconfiguration") => Kind::Misconfiguration,
        () if has("license") => Kind::License,
        () if has("vulnerability") || is_vulnerability => Kind::Vulnerability,
        () => Kind::Code,
    }
}

/// Grype's rules are named `CVE-2005-2541-tar`: the id and the package.
fn divided(id: &str) -> Option<(&str, &str)> {
    let parts = if id.starts_with("GHSA-") { 4 } else { 3 };
    let (at, _) = id.match_indices('-').nth(parts - 1)?;
    let is_known = id.starts_with("GHSA-") || id.starts_with("CVE-");
    is_known.then(|| (&id[..at], &id[at + 1..]))
}
