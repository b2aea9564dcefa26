//! The command line.

use std::path::PathBuf;

use clap::Parser;
use contract::Operand;
use contract::arguments::CommonArguments;

/// Say which subnets are public, private or isolated.
///
/// Reads a snapshot of a region's network: one JSON object with the members of `aws ec2 describe-vpcs`, `describe-subnets`,
/// `describe-route-tables` and, as far as the routes lead there, gateways, endpoints, prefix lists, interfaces and instances. Says no if the
/// snapshot does not hold what a verdict needs.
#[derive(Debug, Parser)]
#[command(after_long_help = "\
Examples:
  net-audit vpc.json --output table
  net-audit vpc.json --input release.json > audited.json")]
pub struct Arguments {
    /// The snapshot: a file, or `-` for standard input, which is also read if no snapshot is named.
    #[arg(value_name = "SNAPSHOT")]
    pub snapshot: Option<PathBuf>,

    /// What all tools share.
    #[command(flatten)]
    pub common: CommonArguments,
}

impl Arguments {
    pub(crate) fn operand(&self) -> Operand {
        match &self.snapshot {
            None => Operand::Missing,
            Some(path) if path.as_os_str() == "-" => Operand::StandardInput,
            Some(_) => Operand::Named,
        }
    }
}
