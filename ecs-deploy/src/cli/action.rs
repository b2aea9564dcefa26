//! What can be done instead of a deployment.

use clap::Args;

/// What only a deployment has a use for.
const DEPLOYING: &[&str] =
    &["DefinitionArguments", "StrategyArguments", "promote_from", "run_task", "cleanup", "together"];
/// What only a deployment has a use for, or the watching of one.
const JUDGING: &[&str] = &[
    "DefinitionArguments",
    "StrategyArguments",
    "promote_from",
    "run_task",
    "cleanup",
    "together",
    "check",
    "fail_after",
];
/// Flags that are without effect beside an action.
pub(crate) const WITHOUT_EFFECT: &[(&str, &[&str])] =
    &[("rollback", JUDGING), ("status", JUDGING), ("stop", JUDGING), ("resume", DEPLOYING), ("continue", DEPLOYING)];

/// Flags that name another action. At most one of them can be given.
#[derive(Args, Clone, Debug, Default)]
#[group(multiple = false)]
pub struct ActionArguments {
    /// Go back to the last revision that was deployed successfully before the present one; a deployment that is under way is rolled back.
    #[arg(long, help_heading = "Instead of deploying")]
    pub rollback: bool,

    /// Say where a deployment is: the one of this ARN, of the release document, or the latest one of --service.
    #[arg(long, value_name = "ARN", num_args = 0..=1, help_heading = "Instead of deploying")]
    pub status: Option<Option<String>>,

    /// Watch a deployment that another run started to its end.
    #[arg(long, value_name = "ARN", num_args = 0..=1, help_heading = "Instead of deploying")]
    pub resume: Option<Option<String>>,

    /// Let a deployment that waits at a pause go on, and watch it.
    #[arg(long, value_name = "ARN", num_args = 0..=1, help_heading = "Instead of deploying")]
    pub r#continue: Option<Option<String>>,

    /// Stop a deployment: ECS rolls it back, which is watched.
    #[arg(long, value_name = "ARN", num_args = 0..=1, help_heading = "Instead of deploying")]
    pub stop: Option<Option<String>>,
}

impl ActionArguments {
    /// The flags about a deployment that is there already.
    fn attending(&self) -> impl Iterator<Item = &Option<String>> {
        [&self.status, &self.resume, &self.r#continue, &self.stop].into_iter().flatten()
    }

    /// Whether a deployment that is there already is meant.
    pub(crate) fn attends(&self) -> bool {
        self.attending().next().is_some()
    }

    /// Whether it is named by its ARN.
    pub(crate) fn names_deployment(&self) -> bool {
        self.attending().any(Option::is_some)
    }
}
