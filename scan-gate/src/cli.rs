//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use contract::arguments::{CommonArguments, parse_duration};
use contract::{Digest, Operand};

use crate::policy::{Limits, SeverityFrom, Unknown, cvss_score, probability};
use crate::reader::FORMATS;
use crate::severity::Severity;

/// One strict verdict over the reports of scanners.
///
/// Reads the reports of Trivy, Docker Scout, SonarQube, OWASP Dependency-Check and others, and says whether the release may go on. The gate is open
/// only if every report was read whole and nothing in them violates the policy.
#[derive(Debug, Parser)]
#[command(after_long_help = "\
Examples:
  trivy image --format json web:1.4 | scan-gate --fail-on critical
  scan-gate trivy.json sonar.json --require trivy,sonarqube --waivers waivers.toml
  ecr-push web/ --repository web | scan-gate trivy.json --input - | ecs-deploy --require scan,push
  scan-gate trivy.json --explain CVE-2024-1234 --output table

--require also takes the names of scanners: a report of each must be there.")]
pub struct Arguments {
    /// The reports: files, or `-` for standard input, which is also read if no report is named.
    #[arg(value_name = "REPORT")]
    pub reports: Vec<PathBuf>,

    /// The format of all reports; by default each is recognised by its shape.
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(FORMATS.iter().map(|format| format.name)))]
    pub format: Option<String>,

    /// A file that holds any of the settings below, in TOML; a flag wins over it.
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    pub policy: Option<PathBuf>,

    /// The lowest severity that shuts the gate [default: high].
    #[arg(long, value_name = "SEVERITY", value_enum, help_heading = "Policy")]
    pub fail_on: Option<Severity>,

    /// How many issues of a severity are let through, for example critical=0,high=5; replaces --fail-on for those severities.
    #[arg(long, value_name = "LIMITS", help_heading = "Policy")]
    pub max: Option<Limits>,

    /// The lowest CVSS base score that shuts the gate, whatever the severity.
    #[arg(long, value_name = "SCORE", value_parser = parse_score, help_heading = "Policy")]
    pub cvss: Option<f32>,

    /// Let issues through for which the scanner says that there is no fix, unless they are known to be exploited.
    #[arg(long, help_heading = "Policy")]
    pub fixable_only: bool,

    /// What becomes of an issue of unknown severity: fail, count, or the severity that it is taken for [default: fail].
    #[arg(long, value_name = "RULE", help_heading = "Policy")]
    pub unknown: Option<Unknown>,

    /// Whose severity and score count [default: scanner].
    #[arg(long, value_name = "SOURCE", value_enum, help_heading = "Policy")]
    pub severity_from: Option<SeverityFrom>,

    /// How old a report may be, for example 24h.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "Policy")]
    pub max_age: Option<Duration>,

    /// A digest of the image that the reports must be about; by default that of the release document.
    #[arg(long, value_name = "DIGEST", value_delimiter = ',', help_heading = "Policy")]
    pub expect_image: Vec<Digest>,

    /// Files with findings that need not count: waivers in TOML, .trivyignore, Dependency-Check suppressions, OpenVEX, CycloneDX VEX, CSAF.
    #[arg(long, value_name = "FILE", value_delimiter = ',', help_heading = "Policy")]
    pub waivers: Vec<PathBuf>,

    /// CISA's catalog of known exploited vulnerabilities, in JSON: what is in it shuts the gate.
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    pub kev: Option<PathBuf>,

    /// FIRST's exploit predictions: the daily CSV, gzipped or not, or the API's JSON.
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    pub epss: Option<PathBuf>,

    /// The lowest probability of exploitation that shuts the gate, whatever the severity: 0 to 1.
    #[arg(long, value_name = "PROBABILITY", value_parser = parse_probability, help_heading = "Policy")]
    pub epss_at_least: Option<f32>,

    /// An earlier verdict or report: what was there already, at least as bad, does not count.
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    pub baseline: Option<PathBuf>,

    /// Tell why an id counts or does not.
    #[arg(long, value_name = "ID")]
    pub explain: Option<String>,

    /// The file to which --output github appends a summary in Markdown; GitHub names it.
    #[arg(long, value_name = "FILE", env = "GITHUB_STEP_SUMMARY", hide_env_values = true)]
    pub step_summary: Option<PathBuf>,

    /// What all tools share.
    #[command(flatten)]
    pub common: CommonArguments,
}

impl Arguments {
    pub(crate) fn operand(&self) -> Operand {
        if self.reports.is_empty() {
            return Operand::Missing;
        }
        if self.reports.iter().any(|path| path.as_os_str() == "-") { Operand::StandardInput } else { Operand::Named }
    }
}

fn parse_score(text: &str) -> Result<f32, String> {
    text.parse().map_err(|_| format!("`{text}` is no CVSS score: those go from 0 to 10")).and_then(cvss_score)
}

fn parse_probability(text: &str) -> Result<f32, String> {
    text.parse().map_err(|_| format!("`{text}` is no probability: those go from 0 to 1")).and_then(probability)
}
