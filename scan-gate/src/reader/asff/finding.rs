//! One finding in the AWS Security Finding Format.

use serde::Deserialize;

use crate::finding::{Finding, Fix, Kind, Pool, Score};
use crate::inspection::Inspection;
use crate::reader::ReadError;
use crate::reader::aws::package::{self, Cvss, Packages, VulnerablePackage, joined};
use crate::reader::aws::{self, Common};
use crate::reader::plain::Plain;
use crate::severity::{Rating, Severity};

/// One finding. Descriptions, which may show a secret, are not read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AsffFinding {
    schema_version: Option<String>,
    id: String,
    product_arn: Option<String>,
    product_name: Option<String>,
    generator_id: Option<String>,
    types: Option<Vec<String>>,
    #[serde(default)]
    created_at: Plain,
    severity: Option<SeverityOf>,
    title: Option<String>,
    resources: Option<Vec<Resource>>,
    record_state: Option<String>,
    workflow: Option<Status>,
    compliance: Option<Compliance>,
    vulnerabilities: Option<Vec<Vulnerability>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SeverityOf {
    label: Option<String>,
    #[serde(default)]
    normalized: Plain,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Status {
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Compliance {
    status: Option<String>,
    security_control_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Vulnerability {
    id: String,
    vulnerable_packages: Option<Vec<VulnerablePackage>>,
    cvss: Option<Vec<Cvss>>,
    related_vulnerabilities: Option<Vec<String>>,
    vendor: Option<Vendor>,
    fix_available: Option<String>,
    #[serde(default)]
    epss_score: Plain,
    exploit_available: Option<String>,
    code_vulnerabilities: Option<Vec<Code>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Vendor {
    name: Option<String>,
    vendor_severity: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Code {
    file_path: Option<CodePath>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CodePath {
    file_path: Option<String>,
    start_line: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    id: Option<String>,
    details: Option<Details>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Details {
    aws_ecr_container_image: Option<Image>,
    other: Option<Other>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Image {
    image_digest: Option<String>,
}

/// What Trivy's template has no better place for.
#[derive(Deserialize)]
struct Other {
    #[serde(rename = "CVE ID")]
    id: Option<String>,
    #[serde(rename = "CVE Title")]
    title: Option<String>,
    #[serde(rename = "PkgName")]
    package: Option<String>,
    #[serde(rename = "Installed Package")]
    installed: Option<String>,
    #[serde(rename = "Patched Package")]
    patched: Option<String>,
    #[serde(rename = "NvdCvssScoreV3", default)]
    score_3: Plain,
    #[serde(rename = "NvdCvssScoreV2", default)]
    score_2: Plain,
    #[serde(rename = "StartLine", default)]
    line: Plain,
}

impl AsffFinding {
    /// Whether it is what this reader knows.
    ///
    /// # Errors
    /// It has no id, or is of another schema.
    pub(super) fn check(&self) -> Result<(), ReadError> {
        if self.id.is_empty() {
            return Err(ReadError::NoProof("a finding has no `Id`".to_owned()));
        }
        match self.schema_version.as_deref() {
            None | Some("2018-10-08") => Ok(()),
            Some(other) => Err(ReadError::NoProof(format!("its `SchemaVersion` is `{other}`, not 2018-10-08"))),
        }
    }

    /// Whether it comes from Security Hub: only that gives a finding a workflow.
    pub(super) fn is_served(&self) -> bool {
        self.workflow.is_some()
    }

    /// Whether it says that a control is met.
    pub(super) fn is_passed(&self) -> bool {
        let status = self.compliance.as_ref().and_then(|compliance| compliance.status.as_deref());
        status == Some("PASSED") && self.vulnerabilities.as_ref().is_none_or(Vec::is_empty)
    }

    /// The product that found it, in lower case: `trivy`, `inspector`, `securityhub`.
    pub(super) fn product(&self) -> String {
        let of_arn = self.product_arn.as_deref().and_then(|arn| arn.rsplit('/').next());
        let of_arn = of_arn.filter(|product| !product.is_empty() && *product != "default");
        let of_name = self.product_name.as_deref().filter(|name| !name.is_empty());
        let product = if self.is_of_trivy() { Some("trivy") } else { of_arn.or(of_name) };
        product.unwrap_or("asff").to_lowercase().replace(' ', "-")
    }

    /// When the report was made. Trivy's template writes that into every finding; others write when they first saw it.
    pub(super) fn written_at(&self) -> Option<String> {
        match &self.created_at {
            Plain::Text(text) if self.is_of_trivy() && !self.is_served() => Some(text.clone()),
            _ => None,
        }
    }

    /// Tells what it is about.
    pub(super) fn add_to(&self, common: &mut Common) {
        let resources = self.resources.as_deref().unwrap_or_default();
        if resources.is_empty() {
            common.add("", None);
        }
        for resource in resources {
            let name = resource.id.as_deref().unwrap_or_default();
            let image = resource.details.as_ref().and_then(|details| details.aws_ecr_container_image.as_ref());
            let digest = image.and_then(|image| image.image_digest.as_ref()).and_then(|digest| digest.parse().ok());
            common.add(name, digest.or_else(|| aws::digest_of(name)));
        }
    }

    /// Adds it to the findings: once for each vulnerability that it names, for each may be waived alone.
    ///
    /// # Errors
    /// A vulnerability has no id.
    pub(super) fn push_to(mut self, inspection: &mut Inspection) -> Result<(), ReadError> {
        let pool = &mut inspection.pool;
        let common = self.common(pool);
        let vulnerabilities = self.vulnerabilities.take().unwrap_or_default();
        if vulnerabilities.is_empty() {
            let mut details = self.resources.iter().flatten().filter_map(|resource| resource.details.as_ref());
            let other = details.find_map(|details| details.other.as_ref());
            inspection.findings.push(match other {
                Some(other) => other.finding(common, pool),
                None => common,
            });
            return Ok(());
        }
        for vulnerability in vulnerabilities {
            inspection.findings.push(vulnerability.finding(&common, pool)?);
        }
        Ok(())
    }

    /// What holds for the finding, whatever it is about.
    fn common(&self, pool: &mut Pool) -> Finding {
        let resources = joined(self.resources.iter().flatten().filter_map(|resource| resource.id.as_deref()));
        Finding {
            place: pool.text(&resources),
            suppressed: self.suppressed().map(|reason| pool.text(&reason)),
            title: pool.text(self.title.as_deref().unwrap_or_default()),
            ..Finding::new(self.kind(), self.name(), self.rating())
        }
    }

    /// A control has an id. Trivy's template writes its own behind its name, and none for a secret, whose title names the rule. The ids of others are
    /// made up for each finding.
    fn name(&self) -> &str {
        let control = self.compliance.as_ref().and_then(|compliance| compliance.security_control_id.as_deref());
        let of_trivy = self.generator_id.as_deref().and_then(|generator| generator.strip_prefix("Trivy/"));
        let title = self.title.as_deref().filter(|_| self.is_of_trivy());
        control.or(of_trivy).or(title).filter(|name| !name.is_empty()).unwrap_or(&self.id)
    }

    fn is_of_trivy(&self) -> bool {
        self.generator_id.as_deref().is_some_and(|generator| generator == "Trivy" || generator.starts_with("Trivy/"))
    }

    fn kind(&self) -> Kind {
        let is = |part: &str| self.types.iter().flatten().any(|kind| kind.contains(part));
        if is("/Vulnerabilities") {
            Kind::Vulnerability
        } else if is("Sensitive Data Identifications") {
            Kind::Secret
        } else {
            Kind::Misconfiguration
        }
    }

    fn rating(&self) -> Rating {
        let Some(severity) = &self.severity else { return Rating::Unknown };
        match severity.label.as_deref() {
            Some(label) => match aws::rating(Some(label)) {
                Rating::Known(Severity::Info) if self.is_of_trivy() => Rating::Unknown,
                rating => rating,
            },
            None => of_number(&severity.normalized),
        }
    }

    fn suppressed(&self) -> Option<String> {
        if self.record_state.as_deref() == Some("ARCHIVED") {
            return Some("its record state is ARCHIVED".to_owned());
        }
        let status = self.workflow.as_ref().and_then(|workflow| workflow.status.as_deref());
        status
            .filter(|status| matches!(*status, "SUPPRESSED" | "RESOLVED"))
            .map(|status| format!("its workflow status is {status}"))
    }
}

/// The bands of `Normalized`, from 0 to 100.
fn of_number(number: &Plain) -> Rating {
    match number.positive() {
        Some(1.0..40.0) => Rating::Known(Severity::Low),
        Some(40.0..70.0) => Rating::Known(Severity::Medium),
        Some(70.0..90.0) => Rating::Known(Severity::High),
        Some(90.0..=100.0) => Rating::Known(Severity::Critical),
        _ => Rating::Unknown,
    }
}

impl Vulnerability {
    fn finding(self, common: &Finding, pool: &mut Pool) -> Result<Finding, ReadError> {
        if self.id.is_empty() {
            return Err(ReadError::NoProof(format!("a vulnerability of `{}` has no `Id`", common.id)));
        }
        let packages = Packages::of(&self.vulnerable_packages.unwrap_or_default());
        let code = self.code_vulnerabilities.into_iter().flatten().find_map(|code| code.file_path);
        let kind = if code.is_some() { Kind::Code } else { Kind::Vulnerability };
        let line = code.as_ref().and_then(|path| path.start_line).filter(|line| *line > 0);
        let path = code.and_then(|path| path.file_path).unwrap_or_else(|| packages.paths.clone());
        let (vendor, word) = self.vendor.map(|vendor| (vendor.name, vendor.vendor_severity)).unwrap_or_default();
        let title = &common.title;
        let exploit = self.exploit_available.as_deref() == Some("YES");
        Ok(Finding {
            kind,
            aliases: package::aliases(&self.id, self.related_vulnerabilities.as_deref(), pool),
            id: self.id.into(),
            package: pool.text(&packages.names),
            version: pool.text(&packages.versions),
            place: if path.is_empty() { common.place.clone() } else { pool.text(&path) },
            line,
            fix: packages.fix(self.fix_available.as_deref(), pool),
            said: package::said(vendor.as_deref(), word.as_deref(), pool),
            scores: package::scores(&self.cvss.unwrap_or_default(), None, pool),
            epss: self.epss_score.positive(),
            title: if exploit { format!("{title} (an exploit is known)").into() } else { title.clone() },
            ..common.clone()
        })
    }
}

impl Other {
    fn finding(&self, common: Finding, pool: &mut Pool) -> Finding {
        let line = self.line.text().parse().ok().filter(|line: &u32| *line > 0);
        let Some(id) = self.id.as_deref().filter(|id| !id.is_empty()) else {
            return Finding { line, ..common };
        };
        let mut scores = Vec::new();
        for (version, score) in [(3, &self.score_3), (2, &self.score_2)] {
            scores.extend(score.positive().map(|value| Score { by: pool.text("nvd"), version, value }));
        }
        let title = self.title.as_deref().filter(|title| !title.is_empty());
        Finding {
            kind: Kind::Vulnerability,
            id: id.into(),
            package: pool.text(self.package.as_deref().unwrap_or_default()),
            version: pool.text(self.installed.as_deref().unwrap_or_default()),
            fix: self.patched.as_deref().map_or(Fix::Unsaid, |version| Fix::of_version(Some(pool.text(version)))),
            scores: pool.scores(&scores),
            title: title.map_or_else(|| common.title.clone(), |title| pool.text(title)),
            ..common
        }
    }
}
