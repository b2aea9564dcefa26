//! The command line.

pub mod live;

use std::path::PathBuf;

use clap::Parser;
use contract::Operand;
use contract::arguments::CommonArguments;

use self::live::LiveArguments;

/// A snapshot is written as it is: no document is carried on, and none is begun.
pub(crate) const WITHOUT_EFFECT: &[(&str, &[&str])] = &[("collect", &["input", "require", "output"])];
/// A snapshot says itself where it is from.
pub(crate) const WITHOUT_EFFECT_ALONE: &[(&[&str], &[&str])] =
    &[(&["live", "collect"], &["region", "profile", "role", "endpoint_url"])];

/// Say which subnets are public, private or isolated.
///
/// Reads a snapshot of a region's network: one JSON object with the members of `aws ec2 describe-vpcs`, `describe-subnets`,
/// `describe-route-tables` and, as far as the routes lead there, gateways, endpoints, prefix lists, interfaces and instances; or looks at
/// accounts itself. Says no if the snapshot does not hold what a verdict needs.
#[derive(Debug, Parser)]
#[command(after_long_help = "\
Examples:
  net-audit vpc.json --output table
  net-audit vpc.json --input release.json > audited.json
  net-audit --live --region eu-central-1,us-east-1
  net-audit --collect --role arn:aws:iam::123456789012:role/auditor > snapshot.json")]
pub struct Arguments {
    /// The snapshot: a file, or `-` for standard input, which is also read if no snapshot is named.
    #[arg(value_name = "SNAPSHOT")]
    pub snapshot: Option<PathBuf>,

    /// Where to look, if not into a snapshot.
    #[command(flatten)]
    pub live: LiveArguments,

    /// What all tools share.
    #[command(flatten)]
    pub common: CommonArguments,
}

impl Arguments {
    pub(crate) fn operand(&self) -> Operand {
        match &self.snapshot {
            None if self.live.is_live() => Operand::Named,
            None => Operand::Missing,
            Some(path) if path.as_os_str() == "-" => Operand::StandardInput,
            Some(_) => Operand::Named,
        }
    }
}
