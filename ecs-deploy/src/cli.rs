//! The command line.

mod action;
mod definition;
mod follow;
mod strategy;

use clap::Parser;
use contract::Operand;
use contract::arguments::{AwsArguments, ChangeArguments, CommonArguments, parse_text};

pub use self::action::ActionArguments;
pub(crate) use self::action::WITHOUT_EFFECT;
pub use self::definition::DefinitionArguments;
pub use self::follow::{FollowArguments, OnInterrupt};
pub use self::strategy::{CircuitBreaker, StrategyArguments};
use crate::request::Place;

/// Roll an image out to ECS services and follow the deployments to their end.
///
/// Takes the image from the release document, by its digest, or from --image. Swaps it in the service's task definition, of which only what is
/// asked for is changed, and updates the service, of which only what is asked for is changed either. If nothing would change, nothing is done.
///
/// The outcome is that of the deployment this run started, whatever the service looks like afterwards: a rollback is never a success. A service
/// that CodeDeploy controls is deployed through CodeDeploy and followed in the same way.
#[derive(Debug, Parser)]
#[command(after_long_help = "\
Examples:
  ecr-push web/ --repository web --tag 1.4.0 | ecs-deploy --cluster stage --service web --require push
  ecs-deploy --cluster production --service web --input stage.json --require scan,push --promote-from stage
  ecs-deploy --cluster production --service web --input stage.json --strategy canary --canary-percent 10 --step-bake 5m --bake 10m
  ecs-deploy --cluster production --service web --rollback

What signals do:
  HUP, INT and TERM end the watching and leave the deployment as it is (--on-interrupt leave), or ask ECS to roll it back and watch that
  (--on-interrupt rollback); a second signal ends the watching at once.")]
pub struct Arguments {
    /// Cluster of the services: name or ARN. Not needed where the ARN of a deployment is given.
    #[arg(long, value_parser = parse_text, value_name = "CLUSTER", required_unless_present_any = ["resume", "continue", "stop", "status"])]
    pub cluster: Option<String>,

    /// The service; several in one run: repeat it, or separate them by commas.
    #[arg(long, value_parser = parse_text, value_name = "SERVICE", value_delimiter = ',', required_unless_present_any = ["resume", "continue", "stop", "status"])]
    pub service: Vec<String>,

    /// Deploy only what the release document shows as deployed to this cluster before: CLUSTER, CLUSTER/SERVICE, or an ARN of either, which also
    /// names region and account. The section `deployment` is required then.
    #[arg(long, value_name = "CLUSTER")]
    pub promote_from: Option<Place>,

    /// What the task definition is to be.
    #[command(flatten)]
    pub definition: DefinitionArguments,

    /// How the service is to deploy.
    #[command(flatten)]
    pub strategy: StrategyArguments,

    /// How the deployment is watched.
    #[command(flatten)]
    pub follow: FollowArguments,

    /// What is to be done instead of a deployment.
    #[command(flatten)]
    pub action: ActionArguments,

    /// Only read.
    #[command(flatten)]
    pub change: ChangeArguments,

    /// How to reach AWS.
    #[command(flatten)]
    pub aws: AwsArguments,

    /// What all tools share.
    #[command(flatten)]
    pub common: CommonArguments,
}

impl Arguments {
    pub(crate) fn operand(&self) -> Operand {
        let is_named = !self.definition.image.is_empty()
            || self.definition.keep_image
            || self.action.rollback
            || (self.action.attends() && (self.action.names_deployment() || !self.service.is_empty()));
        if is_named { Operand::Named } else { Operand::Missing }
    }
}
