//! One finding of Inspector, as Inspector and ECR write it. ECR calls the score `score`.

use serde::Deserialize;

use crate::finding::{Finding, Kind, Pool, Score, Text};
use crate::reader::ReadError;
use crate::reader::aws::package::{self, Cvss, Packages, VulnerablePackage, joined};
use crate::reader::aws::{self, Common};
use crate::reader::plain::Plain;

/// One finding.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::reader) struct InspectorFinding {
    finding_arn: Option<String>,
    #[serde(rename = "type")]
    family: Option<String>,
    severity: Option<String>,
    status: Option<String>,
    title: Option<String>,
    #[serde(alias = "score", default)]
    inspector_score: Plain,
    #[serde(alias = "scoreDetails")]
    inspector_score_details: Option<ScoreDetails>,
    fix_available: Option<String>,
    exploit_available: Option<String>,
    epss: Option<Epss>,
    package_vulnerability_details: Option<Package>,
    code_vulnerability_details: Option<Code>,
    network_reachability_details: Option<Network>,
    resources: Option<Vec<Resource>>,
}

#[derive(Deserialize)]
struct ScoreDetails {
    #[serde(rename = "adjustedCvss", alias = "cvss")]
    adjusted: Option<Adjusted>,
}

#[derive(Deserialize)]
struct Adjusted {
    #[serde(default)]
    version: Plain,
}

#[derive(Deserialize)]
struct Epss {
    #[serde(default)]
    score: Plain,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    vulnerability_id: Option<String>,
    source: Option<String>,
    vendor_severity: Option<String>,
    related_vulnerabilities: Option<Vec<String>>,
    cvss: Option<Vec<Cvss>>,
    vulnerable_packages: Option<Vec<VulnerablePackage>>,
}

/// What was found in code. The code itself, which may show a secret, is not in it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Code {
    detector_id: Option<String>,
    rule_id: Option<String>,
    file_path: Option<CodePath>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CodePath {
    file_path: Option<String>,
    start_line: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Network {
    open_port_range: Option<Ports>,
    protocol: Option<String>,
}

#[derive(Deserialize)]
struct Ports {
    begin: u32,
    end: u32,
}

#[derive(Deserialize)]
struct Resource {
    id: Option<String>,
    details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    #[serde(rename = "awsEcrContainerImage")]
    image: Option<Image>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    image_hash: Option<String>,
}

impl InspectorFinding {
    /// The severity.
    pub(in crate::reader) fn rating(&self) -> crate::severity::Rating {
        aws::rating(self.severity.as_deref())
    }

    /// Tells what it is about.
    pub(in crate::reader) fn add_to(&self, common: &mut Common) {
        let resources = self.resources.as_deref().unwrap_or_default();
        if resources.is_empty() {
            common.add("", None);
        }
        for resource in resources {
            let name = resource.id.as_deref().unwrap_or_default();
            let image = resource.details.as_ref().and_then(|details| details.image.as_ref());
            let hash = image.and_then(|image| image.image_hash.as_ref()).and_then(|hash| hash.parse().ok());
            common.add(name, hash.or_else(|| aws::digest_of(name)));
        }
    }

    /// The finding in the words that all scanners share.
    ///
    /// # Errors
    /// It has no id.
    pub(in crate::reader) fn finding(self, pool: &mut Pool) -> Result<Finding, ReadError> {
        let resource = joined(self.resources.iter().flatten().filter_map(|resource| resource.id.as_deref()));
        let own = self.own_score(pool);
        let id = self.own_id().or_else(|| self.finding_arn.clone()).filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| ReadError::NoProof(format!("a finding about `{resource}` has no id")))?;
        let (kind, rating) = (self.kind(), self.rating());
        let title = self.words();
        let status = self.status.filter(|status| matches!(status.as_str(), "SUPPRESSED" | "CLOSED"));
        let details = self.package_vulnerability_details.unwrap_or_default();
        let packages = Packages::of(&details.vulnerable_packages.unwrap_or_default());
        let code = self.code_vulnerability_details.and_then(|code| code.file_path);
        let line = code.as_ref().and_then(|path| path.start_line).filter(|line| *line > 0);
        let path = code.and_then(|path| path.file_path).unwrap_or(packages.paths.clone());
        Ok(Finding {
            aliases: package::aliases(&id, details.related_vulnerabilities.as_deref(), pool),
            package: pool.text(&packages.names),
            version: pool.text(&packages.versions),
            place: pool.text(if path.is_empty() { &resource } else { &path }),
            line,
            fix: packages.fix(self.fix_available.as_deref(), pool),
            said: package::said(details.source.as_deref(), details.vendor_severity.as_deref(), pool),
            scores: package::scores(&details.cvss.unwrap_or_default(), own, pool),
            epss: self.epss.and_then(|epss| epss.score.positive()),
            suppressed: status.map(|status| pool.text(&format!("its status is {status}"))),
            title: title.into(),
            ..Finding::new(kind, id, rating)
        })
    }

    fn kind(&self) -> Kind {
        match self.family.as_deref() {
            Some("CODE_VULNERABILITY") => Kind::Code,
            Some("NETWORK_REACHABILITY") => Kind::Misconfiguration,
            _ => Kind::Vulnerability,
        }
    }

    fn own_id(&self) -> Option<String> {
        let package = self.package_vulnerability_details.as_ref().and_then(|package| package.vulnerability_id.clone());
        let of_code = |code: &Code| code.detector_id.clone().or_else(|| code.rule_id.clone());
        let code = || self.code_vulnerability_details.as_ref().and_then(of_code);
        let network = || self.network_reachability_details.as_ref().and_then(Network::name);
        package.or_else(code).or_else(network).filter(|id| !id.is_empty())
    }

    fn own_score(&self, pool: &mut Pool) -> Option<Score> {
        let adjusted = self.inspector_score_details.as_ref().and_then(|details| details.adjusted.as_ref());
        let version = adjusted.map_or(3, |adjusted| package::major(&adjusted.version));
        let by: Text = pool.text("inspector");
        self.inspector_score.positive().map(|value| Score { by, version, value })
    }

    fn words(&self) -> String {
        let title = self.title.clone().unwrap_or_default();
        let exploit = self.exploit_available.as_deref() == Some("YES");
        if exploit { format!("{title} (an exploit is known)").trim().to_owned() } else { title }
    }
}

impl Network {
    fn name(&self) -> Option<String> {
        let Ports { begin, end } = self.open_port_range.as_ref()?;
        let ports = if begin == end { begin.to_string() } else { format!("{begin}-{end}") };
        Some(format!("NETWORK_REACHABILITY {} {ports}", self.protocol.as_deref().unwrap_or_default()))
    }
}
