//! Grype's JSON report (`grype --output json`).
//!
//! `matches` is a list even if nothing was found. `ignoredMatches` are suppressed. What Grype calls negligible is worth knowing, no more. The report
//! says by itself if it was filtered to what has a fix.
//!
//! Source: anchore/grype, `grype/presenter/models`.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::plain::Plain;
use super::{Format, ReadError};
use crate::finding::{Finding, Fix, Kind, Pool, Said, Score, Text};
use crate::inspection::Inspection;
use crate::json::{Json, Outline};
use crate::severity::{Rating, Severity};

/// Grype's reports.
pub const FORMAT: Format = Format { name: "grype", claims, read };

const REPORT: [&str; 6] = ["matches", "ignoredMatches", "alertsByPackage", "source", "distro", "descriptor"];

fn claims(outline: &Outline) -> bool {
    let named = outline.has_any(&["descriptor", "source", "distro"]);
    outline.has_list("matches") && (named || outline.has_list_of("matches", &["vulnerability", "artifact"]))
}

fn read(json: &mut Json, _: &Outline, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut has_matches = false;
    json.object(|json, name| {
        match name {
            "matches" => {
                has_matches = true;
                json.list(|json| {
                    let found = json.value::<Match>()?.finding(&mut inspection.pool);
                    inspection.findings.push(found);
                    Ok(())
                })?;
            }
            "ignoredMatches" => json.list_or_null(|json| {
                let ignored: Ignored = json.value()?;
                inspection.findings.push(ignored.finding(&mut inspection.pool));
                Ok(())
            })?,
            "alertsByPackage" => {
                let alerts = json.value::<Option<Vec<IgnoredAny>>>()?.unwrap_or_default().len();
                if alerts > 0 {
                    inspection.notes.push(format!("Grype warns about {alerts} packages: see `alertsByPackage`"));
                }
            }
            "source" => json.value::<Option<Source>>()?.unwrap_or_default().tell(inspection),
            "descriptor" => json.value::<Option<Descriptor>>()?.unwrap_or_default().tell(inspection),
            _ => json.skip_unknown(name, &REPORT)?,
        }
        Ok(())
    })?;
    if !has_matches {
        return Err(ReadError::NoProof("it has no `matches`".to_owned()));
    }
    let is_anonymous = inspection.target.is_none() && inspection.scanner_version.is_none();
    if inspection.findings.is_empty() && is_anonymous {
        return Err(ReadError::NoProof(
            "it lists nothing, and does not say what was scanned or by which Grype".to_owned(),
        ));
    }
    Ok(())
}

#[derive(Default, Deserialize)]
struct Source {
    target: Option<Target>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Target {
    Path(String),
    Image(Box<Image>),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    user_input: String,
    #[serde(rename = "imageID")]
    id: Option<String>,
    manifest_digest: Option<String>,
    repo_digests: Option<Vec<String>>,
}

impl Source {
    fn tell(self, inspection: &mut Inspection) {
        match self.target {
            Some(Target::Path(path)) => inspection.target = Some(path),
            Some(Target::Image(image)) => {
                let of_repositories = image.repo_digests.iter().flatten().filter_map(|name| name.rsplit('@').next());
                let own = [&image.id, &image.manifest_digest].into_iter().flatten().map(String::as_str);
                inspection.digests = own.chain(of_repositories).filter_map(|text| text.parse().ok()).collect();
                inspection.target = Some(image.user_input);
            }
            Some(Target::Other(_)) | None => {}
        }
    }
}

#[derive(Default, Deserialize)]
struct Descriptor {
    version: Option<String>,
    timestamp: Option<String>,
    configuration: Option<Configuration>,
    db: Option<Database>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Configuration {
    only_fixed: Option<bool>,
    only_notfixed: Option<bool>,
}

#[derive(Deserialize)]
struct Database {
    built: Option<String>,
    status: Option<DatabaseStatus>,
}

#[derive(Deserialize)]
struct DatabaseStatus {
    built: Option<String>,
}

impl Descriptor {
    fn tell(self, inspection: &mut Inspection) {
        inspection.scanner_version = self.version;
        inspection.created_at = self.timestamp;
        inspection.database_at = self.db.and_then(|db| db.built.or_else(|| db.status?.built));
        let Some(configuration) = self.configuration else { return };
        let filters = [(configuration.only_fixed, "only-fixed"), (configuration.only_notfixed, "only-notfixed")];
        let on = filters.into_iter().filter(|(is_on, _)| *is_on == Some(true));
        inspection.filters.extend(on.map(|(_, name)| name.to_owned()));
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Match {
    vulnerability: Vulnerability,
    related_vulnerabilities: Option<Vec<Vulnerability>>,
    artifact: Artifact,
}

/// A match that a rule took out. The rules stand beside the members of a match.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ignored {
    vulnerability: Vulnerability,
    artifact: Artifact,
    applied_ignore_rules: Option<Vec<Rule>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Rule {
    reason: Option<String>,
    vulnerability: Option<String>,
    namespace: Option<String>,
    fix_state: Option<String>,
    vex_status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vulnerability {
    id: String,
    namespace: Option<String>,
    severity: Option<String>,
    description: Option<String>,
    cvss: Option<Vec<Cvss>>,
    fix: Option<FixInfo>,
    fixed_in_version: Option<String>,
    epss: Option<Vec<Epss>>,
    known_exploited: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cvss {
    source: Option<String>,
    version: Option<String>,
    metrics: Option<Metrics>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metrics {
    base_score: Option<Plain>,
}

#[derive(Deserialize)]
struct FixInfo {
    versions: Option<Vec<String>>,
    state: Option<String>,
}

#[derive(Deserialize)]
struct Epss {
    epss: Option<f32>,
}

#[derive(Deserialize)]
struct Artifact {
    name: String,
    version: Option<String>,
    purl: Option<String>,
    locations: Option<Vec<Location>>,
}

#[derive(Deserialize)]
struct Location {
    path: Option<String>,
}

impl Match {
    fn finding(self, pool: &mut Pool) -> Finding {
        let related = self.related_vulnerabilities.unwrap_or_default();
        let others = related.iter().filter(|other| other.id != self.vulnerability.id);
        let aliases = others.map(|other| pool.text(&other.id)).collect();
        // What the NVD says of a CVE that another source found stands among the related ones.
        let said = related.iter().map(|other| Said { by: pool.text(other.source()), rating: other.rating() });
        let said: Vec<Said> = said.collect();
        let all = || std::iter::once(&self.vulnerability).chain(&related);
        let scores: Vec<Score> =
            all().flat_map(|one| one.cvss.iter().flatten()).filter_map(|cvss| cvss.score(pool)).collect();
        let epss = all().flat_map(|one| one.epss.iter().flatten()).filter_map(|one| one.epss).reduce(f32::max);
        let known_exploited = all().any(|one| one.known_exploited.as_ref().is_some_and(|list| !list.is_empty()));
        let finding = self.vulnerability.finding(self.artifact, pool);
        let (said, scores) = (pool.said(&said), pool.scores(&scores));
        Finding { aliases, said, scores, epss, known_exploited, ..finding }
    }
}

impl Ignored {
    fn finding(self, pool: &mut Pool) -> Finding {
        let reason =
            self.applied_ignore_rules.iter().flatten().next().map_or_else(|| "ignored".to_owned(), Rule::in_words);
        Finding { suppressed: Some(pool.text(&reason)), ..self.vulnerability.finding(self.artifact, pool) }
    }
}

impl Rule {
    fn in_words(&self) -> String {
        let parts = [
            ("", &self.reason),
            ("vulnerability ", &self.vulnerability),
            ("namespace ", &self.namespace),
            ("fix state ", &self.fix_state),
            ("VEX status ", &self.vex_status),
        ];
        let parts =
            parts.into_iter().filter_map(|(word, text)| Some((word, text.as_deref().filter(|text| !text.is_empty())?)));
        let parts: Vec<String> = parts.map(|(word, text)| format!("{word}{text}")).collect();
        format!("ignore rule: {}", parts.join(", "))
    }
}

impl Vulnerability {
    fn rating(&self) -> Rating {
        match self.severity.as_deref() {
            Some(word) if word.trim().eq_ignore_ascii_case("negligible") => Rating::Known(Severity::Info),
            word => Rating::of_word(word),
        }
    }

    /// `nvd:cpe` is the NVD, `github:language:python` is GitHub.
    fn source(&self) -> &str {
        match self.namespace.as_deref().and_then(|namespace| namespace.split(':').next()) {
            Some("github") => "ghsa",
            Some(source) if !source.is_empty() => source,
            _ => "grype",
        }
    }

    fn fix(&self, pool: &mut Pool) -> Fix {
        let versions = self.fix.iter().flat_map(|fix| fix.versions.iter().flatten());
        let versions: Vec<&str> =
            versions.chain(&self.fixed_in_version).map(String::as_str).filter(|text| !text.is_empty()).collect();
        match self.fix.as_ref().and_then(|fix| fix.state.as_deref()) {
            _ if !versions.is_empty() => Fix::Version(pool.text(&versions.join(", "))),
            Some("not-fixed" | "wont-fix") => Fix::None,
            _ => Fix::Unsaid,
        }
    }

    fn finding(self, artifact: Artifact, pool: &mut Pool) -> Finding {
        let rating = self.rating();
        let place = artifact.locations.into_iter().flatten().find_map(|location| location.path);
        let purl: Text = artifact.purl.unwrap_or_default().into();
        Finding {
            package: pool.text(&artifact.name),
            version: pool.text(artifact.version.as_deref().unwrap_or_default()),
            purl,
            place: pool.text(place.as_deref().unwrap_or_default()),
            fix: self.fix(pool),
            title: pool
                .title(self.description.as_deref().unwrap_or_default().lines().next().unwrap_or_default(), rating),
            ..Finding::new(Kind::Vulnerability, self.id, rating)
        }
    }
}

impl Cvss {
    fn score(&self, pool: &mut Pool) -> Option<Score> {
        let version = self.version.as_deref()?.chars().next()?.to_digit(10)?;
        let source = match self.source.as_deref() {
            Some("nvd@nist.gov") => "nvd",
            Some(source) if !source.is_empty() => source,
            _ => "grype",
        };
        let value = self.metrics.as_ref()?.base_score.as_ref()?.positive()?;
        Some(Score { by: pool.text(source), version: u8::try_from(version).ok()?, value })
    }
}

#[cfg(test)]
mod tests;
