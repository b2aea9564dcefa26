//! One match: a vulnerability and the package that has it.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::finding::{Finding, Fix, Kind, Pool, Said, Score, Text};
use crate::severity::{Rating, Severity};

/// An element of `matches` or `ignoredMatches`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Match {
    vulnerability: Vulnerability,
    related_vulnerabilities: Option<Vec<Advisory>>,
    artifact: Artifact,
    applied_ignore_rules: Option<Vec<IgnoreRule>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vulnerability {
    id: String,
    namespace: Option<String>,
    severity: Option<String>,
    description: Option<String>,
    cvss: Option<Vec<Cvss>>,
    fix: Option<FixStatement>,
    /// How Grype 0.7 says it, here and in the next two.
    fixed_in_version: Option<String>,
    cvss_v2: Option<Metrics>,
    cvss_v3: Option<Metrics>,
    epss: Option<Vec<Epss>>,
    known_exploited: Option<Vec<IgnoredAny>>,
}

/// What another database says of the same vulnerability.
#[derive(Deserialize)]
struct Advisory {
    id: String,
    namespace: Option<String>,
    severity: Option<String>,
    cvss: Option<Vec<Cvss>>,
}

#[derive(Deserialize)]
struct Cvss {
    source: Option<String>,
    version: Option<String>,
    metrics: Option<Metrics>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metrics {
    base_score: Option<f32>,
}

#[derive(Deserialize)]
struct FixStatement {
    versions: Option<Vec<String>>,
    state: Option<String>,
}

#[derive(Deserialize)]
struct Epss {
    epss: Option<f32>,
}

#[derive(Deserialize)]
struct Artifact {
    #[serde(default)]
    name: String,
    version: Option<String>,
    purl: Option<String>,
    locations: Option<Vec<Location>>,
}

#[derive(Deserialize)]
struct Location {
    path: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct IgnoreRule {
    vulnerability: Option<String>,
    reason: Option<String>,
    fix_state: Option<String>,
    vex_status: Option<String>,
    vex_justification: Option<String>,
    package: Option<RulePackage>,
}

#[derive(Deserialize)]
struct RulePackage {
    name: Option<String>,
}

impl Match {
    /// Why Grype ignores it: what the rules say that took it out.
    pub(super) fn reason(&self) -> String {
        let rules = self.applied_ignore_rules.iter().flatten().map(IgnoreRule::words);
        let mut words: Vec<String> = rules.filter(|words| !words.is_empty()).collect();
        words.dedup();
        if words.is_empty() { "an ignore rule of Grype".to_owned() } else { words.join("; ") }
    }

    /// The finding, as if nothing ignored it.
    pub(super) fn finding(self, pool: &mut Pool) -> Finding {
        let Self { vulnerability, related_vulnerabilities, artifact, .. } = self;
        let related = related_vulnerabilities.unwrap_or_default();
        let mut opinions = Opinions::default();
        opinions.add(
            vulnerability.namespace.as_deref(),
            vulnerability.severity.as_deref(),
            vulnerability.cvss.as_deref(),
            pool,
        );
        for (version, metrics) in [(3, &vulnerability.cvss_v3), (2, &vulnerability.cvss_v2)] {
            let by = vulnerability.namespace.as_deref().map_or("", database);
            opinions.add_score(by, version, metrics.as_ref(), pool);
        }
        for advisory in &related {
            opinions.add(advisory.namespace.as_deref(), advisory.severity.as_deref(), advisory.cvss.as_deref(), pool);
        }
        let mut aliases: Vec<Text> = Vec::new();
        for advisory in related.iter().filter(|advisory| advisory.id != vulnerability.id && !advisory.id.is_empty()) {
            let alias = pool.text(&advisory.id);
            if !aliases.contains(&alias) {
                aliases.push(alias);
            }
        }
        let path = artifact.locations.iter().flatten().find_map(|location| location.path.as_deref());
        let rating = rating(vulnerability.severity.as_deref());
        let epss = vulnerability.epss.iter().flatten().filter_map(|epss| epss.epss);
        Finding {
            aliases: aliases.into(),
            package: pool.text(&artifact.name),
            version: pool.text(artifact.version.as_deref().unwrap_or_default()),
            place: pool.text(path.unwrap_or_default()),
            fix: vulnerability.fix(pool),
            said: pool.said(&opinions.said),
            scores: pool.scores(&opinions.scores),
            epss: epss.reduce(f32::max),
            known_exploited: vulnerability.known_exploited.is_some_and(|list| !list.is_empty()),
            purl: artifact.purl.unwrap_or_default().into(),
            title: pool.title(vulnerability.description.as_deref().map_or("", headline), rating),
            ..Finding::new(Kind::Vulnerability, vulnerability.id, rating)
        }
    }
}

impl Vulnerability {
    fn fix(&self, pool: &mut Pool) -> Fix {
        let versions = self.fix.iter().flat_map(|fix| fix.versions.iter().flatten()).chain(&self.fixed_in_version);
        let versions: Vec<&str> =
            versions.map(|version| version.trim()).filter(|version| !version.is_empty()).collect();
        if !versions.is_empty() {
            return Fix::Version(pool.text(&versions.join(", ")));
        }
        match self.fix.as_ref().and_then(|fix| fix.state.as_deref()) {
            Some("not-fixed" | "wont-fix") => Fix::None,
            _ => Fix::Unsaid,
        }
    }
}

impl IgnoreRule {
    fn words(&self) -> String {
        let named =
            |name: &str, text: Option<&str>| text.filter(|text| !text.is_empty()).map(|text| format!("{name} {text}"));
        let reason = self.reason.clone().filter(|reason| !reason.is_empty());
        let package = self.package.as_ref().and_then(|package| named("package", package.name.as_deref()));
        let words = [
            reason,
            named("vulnerability", self.vulnerability.as_deref()),
            package,
            named("fix state", self.fix_state.as_deref()),
            named("VEX", self.vex_status.as_deref()),
            named("because of", self.vex_justification.as_deref()),
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// What the databases say, each thing once: several of them copy from NVD.
#[derive(Default)]
struct Opinions {
    said: Vec<Said>,
    scores: Vec<Score>,
}

impl Opinions {
    fn add(&mut self, namespace: Option<&str>, severity: Option<&str>, cvss: Option<&[Cvss]>, pool: &mut Pool) {
        let database = namespace.map(database).unwrap_or_default();
        if let Some(word) = severity.filter(|_| !database.is_empty()) {
            let said = Said { by: pool.text(database), rating: rating(Some(word)) };
            if !self.said.contains(&said) {
                self.said.push(said);
            }
        }
        for cvss in cvss.unwrap_or_default() {
            let version = cvss.version.as_deref().and_then(|version| version.parse().ok()).and_then(major);
            if let Some(version) = version {
                self.add_score(
                    cvss.source.as_deref().map_or(database, organisation),
                    version,
                    cvss.metrics.as_ref(),
                    pool,
                );
            }
        }
    }

    fn add_score(&mut self, by: &str, version: u8, metrics: Option<&Metrics>, pool: &mut Pool) {
        let value = metrics.and_then(|metrics| metrics.base_score).filter(|value| *value > 0.0);
        let score = value.map(|value| Score { by: pool.text(by), version, value });
        self.scores.extend(score.filter(|score| !self.scores.contains(score)));
    }
}

fn major(version: f32) -> Option<u8> {
    match version {
        2.0..3.0 => Some(2),
        3.0..4.0 => Some(3),
        4.0..5.0 => Some(4),
        _ => None,
    }
}

/// The database that a namespace stands for, in the words of the other scanners: `nvd:cpe`, `github:language:go`, `redhat:distro:redhat:8`.
fn database(namespace: &str) -> &str {
    match namespace.split(':').next().unwrap_or_default() {
        "github" => "ghsa",
        "rhel" => "redhat",
        other => other,
    }
}

/// Who gave a score, of whom Grype has the address.
fn organisation(address: &str) -> &str {
    match address {
        "nvd@nist.gov" => "nvd",
        "security-advisories@github.com" => "ghsa",
        "secalert@redhat.com" => "redhat",
        other => other,
    }
}

/// A description may be a page: its first line, and not more of it than fits into one.
fn headline(description: &str) -> &str {
    let line = description.lines().next().unwrap_or_default();
    line.char_indices().nth(200).map_or(line, |(end, _)| &line[..end])
}

/// `Negligible` is a distribution's word for what it will not trouble itself with.
fn rating(word: Option<&str>) -> Rating {
    if word.is_some_and(|word| word.trim().eq_ignore_ascii_case("negligible")) {
        return Rating::Known(Severity::Info);
    }
    Rating::of_word(word)
}
