//! The command line.

pub mod live;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use contract::Operand;
use contract::arguments::{CommonArguments, parse_text};

use self::live::LiveArguments;
use crate::audit::finding::Severity;

/// A snapshot is written as it is: no document is carried on, and none is begun. What tells of a way or of a difference is no step of a release.
pub(crate) const WITHOUT_EFFECT: &[(&str, &[&str])] = &[
    (
        "collect",
        &[
            "metrics",
            "metrics_labels",
            "input",
            "require",
            "output",
            "explain",
            "diff",
            "fail_on",
            "waivers",
            "public",
            "private",
            "prices",
            "gb",
        ],
    ),
    (
        "explain",
        &["metrics", "metrics_labels", "input", "require", "fail_on", "waivers", "public", "private", "prices", "gb"],
    ),
    ("diff", &["input", "require", "metrics", "metrics_labels"]),
];
/// A snapshot says itself where it is from.
pub(crate) const WITHOUT_EFFECT_ALONE: &[(&[&str], &[&str])] =
    &[(&["live", "collect"], &["region", "profile", "role", "endpoint_url"])];

/// Say which subnets are public, what the internet can reach, what is wrong with it, and what it costs.
///
/// Reads what describes a network: documents of `aws ec2|elbv2|rds|route53|ecs … --output json` in any mix, a snapshot of its own, or what
/// `terraform show -json` writes of a state or a plan; or looks at accounts itself. Says no if something at or above --fail-on is wrong, or cannot be told.
#[derive(Debug, Parser)]
#[command(after_long_help = "\
Examples:
  net-audit vpc.json --output table
  net-audit vpcs.json subnets.json route-tables.json interfaces.json --fail-on critical
  terraform show -json plan | net-audit --waivers waivers.toml
  net-audit vpc.json --explain internet orders:5432 --output table
  net-audit --diff yesterday.json today.json
  net-audit --live --region eu-central-1,us-east-1
  net-audit --collect --role arn:aws:iam::123456789012:role/auditor > snapshot.json
  net-audit vpc.json --output mermaid > network.mmd
  net-audit vpc.json --input release.json > audited.json")]
pub struct Arguments {
    /// What describes the network: files, or `-` for standard input, which is also read if nothing is named.
    #[arg(value_name = "SNAPSHOT")]
    pub snapshots: Vec<PathBuf>,

    /// Tell the way from one place to another, or what stops it: internet, an address, an id or name of an instance, interface, subnet, database,
    /// load balancer or ECS service; the second may end with :PORT.
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"], value_parser = parse_text, conflicts_with = "diff")]
    pub explain: Vec<String>,

    /// Tell what became public and what was closed between two snapshots.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], conflicts_with = "snapshots")]
    pub diff: Vec<PathBuf>,

    /// The lowest severity that counts.
    #[arg(long, value_name = "SEVERITY", value_enum, default_value = "high", help_heading = "Policy")]
    pub fail_on: Threshold,

    /// Files with findings that need not count, each with a reason and an end, in TOML.
    #[arg(long, value_name = "FILE", value_delimiter = ',', help_heading = "Policy")]
    pub waivers: Vec<PathBuf>,

    /// Subnets that are meant to be public: ids, names or VPCs, `*` stands for anything; wins over tags.
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', value_parser = parse_pattern, help_heading = "Policy")]
    pub public: Vec<glob::Pattern>,

    /// Subnets that are not meant to be public; wins over --public.
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', value_parser = parse_pattern, help_heading = "Policy")]
    pub private: Vec<glob::Pattern>,

    /// Prices that win over the built-in ones: a table in JSON, or what `aws pricing get-products` writes.
    #[arg(long, value_name = "FILE", help_heading = "Money")]
    pub prices: Option<PathBuf>,

    /// Gigabytes that each NAT gateway carries in a month, where nobody measured it.
    #[arg(long, value_name = "NUMBER", value_parser = parse_gigabytes, allow_negative_numbers = true, help_heading = "Money")]
    pub gb: Option<f64>,

    /// Where to look, if not into a snapshot.
    #[command(flatten)]
    pub live: LiveArguments,

    /// What all tools share.
    #[command(flatten)]
    pub common: CommonArguments,
}

/// The lowest severity that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Threshold {
    /// Good to know, and all above.
    Info,
    /// Untidy, or costs a little, and all above.
    Low,
    /// One mistake away from harm, or costs, and all above.
    Medium,
    /// Harm is near, and all above.
    High,
    /// Only an open door.
    Critical,
    /// Nothing: only say what is found.
    Never,
}

impl Threshold {
    /// The severity; `None` if nothing counts.
    #[must_use]
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Info => Some(Severity::Info),
            Self::Low => Some(Severity::Low),
            Self::Medium => Some(Severity::Medium),
            Self::High => Some(Severity::High),
            Self::Critical => Some(Severity::Critical),
            Self::Never => None,
        }
    }
}

impl Arguments {
    pub(crate) fn operand(&self) -> Operand {
        let named = || self.snapshots.iter().chain(&self.diff);
        if named().next().is_none() {
            return if self.live.is_live() { Operand::Named } else { Operand::Missing };
        }
        if named().any(|path| path.as_os_str() == "-") { Operand::StandardInput } else { Operand::Named }
    }
}

fn parse_pattern(text: &str) -> Result<glob::Pattern, String> {
    glob::Pattern::new(&parse_text(text)?).map_err(|error| format!("`{text}` is no pattern: {error}"))
}

fn parse_gigabytes(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    let number = number.filter(|number| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| format!("`{text}` is no number of gigabytes"))
}
