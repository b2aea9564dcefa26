//! How the service is to deploy. What is given becomes the service's own setting.

use std::time::Duration;

use clap::{Args, ValueEnum};
use contract::arguments::{parse_duration, parse_text};

use crate::strategy::{Stage, Strategy};

/// Flags about the strategy.
#[derive(Args, Clone, Debug, Default)]
pub struct StrategyArguments {
    /// How traffic gets to the new tasks; by default the service's own way.
    #[arg(long, value_name = "STRATEGY", value_enum, help_heading = "Strategy")]
    pub strategy: Option<Strategy>,

    /// How long both revisions run side by side when all traffic is on the new one, in whole minutes, for example 10m.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "Strategy")]
    pub bake: Option<Duration>,

    /// The share of traffic of a canary, 0.1 to 100.
    #[arg(long, value_name = "PERCENT", help_heading = "Strategy")]
    pub canary_percent: Option<f64>,

    /// The share of traffic of each step of a linear deployment, 3 to 100.
    #[arg(long, value_name = "PERCENT", help_heading = "Strategy")]
    pub step_percent: Option<f64>,

    /// How long a canary, or each step of a linear deployment, bakes, in whole minutes.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "Strategy")]
    pub step_bake: Option<Duration>,

    /// What ECS does when too many tasks fail.
    #[arg(long, value_name = "WHAT", value_enum, help_heading = "Strategy")]
    pub circuit_breaker: Option<CircuitBreaker>,

    /// A CloudWatch alarm that rolls the deployment back; repeat it for several. They replace those that the service has.
    #[arg(long, value_parser = parse_text, value_name = "NAME", help_heading = "Strategy")]
    pub alarm: Vec<String>,

    /// Hold the deployment at this lifecycle stage (reconcile-service, pre-scale-up, post-scale-up, post-test-traffic-shift,
    /// pre-production-traffic-shift or post-production-traffic-shift) until all --check commands have passed or --continue is called. ECS holds it, even if this
    /// process dies, and rolls back after --pause-timeout.
    #[arg(long, value_name = "STAGE", help_heading = "Strategy")]
    pub pause_at: Option<Stage>,

    /// How long ECS waits at --pause-at until it rolls back, in whole minutes; by default what the service has, or 1h.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, requires = "pause_at", help_heading = "Strategy")]
    pub pause_timeout: Option<Duration>,
}

/// What the deployment circuit breaker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CircuitBreaker {
    /// Stop the deployment and go back.
    Rollback,
    /// Stop the deployment and leave things as they are.
    Stop,
    /// Go on trying.
    Off,
}
