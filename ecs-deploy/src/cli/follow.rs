//! What happens around a deployment while it is watched.

use std::time::Duration;

use clap::{Args, ValueEnum};
use contract::arguments::{parse_duration, parse_text};

/// Flags about watching.
#[derive(Args, Clone, Debug)]
pub struct FollowArguments {
    /// Run this shell command before the release, as one task of the new task definition in the service's own network, and stop the release if
    /// it fails: a migration.
    #[arg(long, value_parser = parse_text, value_name = "COMMAND", help_heading = "Before and while deploying")]
    pub run_task: Option<String>,

    /// A shell command that is run again and again while traffic shifts and bakes; if it fails, the deployment is rolled back. Repeat it for
    /// several. A check that takes more than a minute has failed.
    #[arg(long, value_parser = parse_text, value_name = "COMMAND", help_heading = "Before and while deploying")]
    pub check: Vec<String>,

    /// How often the checks are run.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "10s", help_heading = "Before and while deploying")]
    pub check_every: Duration,

    /// Roll back as soon as so many tasks have failed for the same reason, without waiting for the circuit breaker.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Before and while deploying")]
    pub fail_after: Option<u32>,

    /// If the deployment of one service fails, roll all of them back.
    #[arg(long, help_heading = "Before and while deploying")]
    pub together: bool,

    /// What a signal does to the deployment.
    #[arg(long, value_name = "WHAT", value_enum, default_value_t, help_heading = "Before and while deploying")]
    pub on_interrupt: OnInterrupt,

    /// After a success, deregister old revisions of the task definition but for so many, and never one that a service, a deployment or a
    /// rollback could need.
    #[arg(long, value_name = "KEEP", help_heading = "Before and while deploying")]
    pub cleanup: Option<usize>,
}

/// What a signal does to the deployment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OnInterrupt {
    /// It goes on unwatched.
    #[default]
    Leave,
    /// It is rolled back.
    Rollback,
}
