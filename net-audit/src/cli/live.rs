//! Flags for looking at accounts themselves.

use clap::Args;
use contract::arguments::parse_text;

/// Where to look, if not into a snapshot.
#[derive(Args, Clone, Debug, Default)]
pub struct LiveArguments {
    /// Look at the account itself instead of a snapshot. It is only read.
    #[arg(long, conflicts_with_all = ["snapshots", "diff"], help_heading = "AWS")]
    pub live: bool,

    /// Write the snapshot that --live would audit to standard output, and audit nothing.
    #[arg(long, conflicts_with_all = ["snapshots", "diff"], help_heading = "AWS")]
    pub collect: bool,

    /// AWS region; by default what the AWS SDK finds. May be given several times, or several separated by commas.
    #[arg(long, value_name = "REGION", value_parser = parse_text, value_delimiter = ',', help_heading = "AWS")]
    pub region: Vec<String>,

    /// Profile of the AWS configuration files. May be given several times: each is an account.
    #[arg(long, value_name = "PROFILE", value_parser = parse_text, value_delimiter = ',', help_heading = "AWS")]
    pub profile: Vec<String>,

    /// Role to look through, for an hour at most. May be given several times: each is an account.
    #[arg(long, value_name = "ARN", value_parser = parse_role, value_delimiter = ',', help_heading = "AWS")]
    pub role: Vec<String>,

    /// Address to send all AWS requests to.
    #[arg(long, value_name = "URL", value_parser = parse_text, help_heading = "AWS")]
    pub endpoint_url: Option<String>,
}

impl LiveArguments {
    /// Whether accounts are looked at.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.live || self.collect
    }
}

fn parse_role(text: &str) -> Result<String, String> {
    let is_role = text.starts_with("arn:") && text.contains(":iam::") && text.contains(":role/");
    if is_role { Ok(text.to_owned()) } else { Err("it is not like arn:aws:iam::123456789012:role/auditor".to_owned()) }
}
