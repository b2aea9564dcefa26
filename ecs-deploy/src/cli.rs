//! The command line.

use clap::Parser;
use contract::Operand;
use contract::arguments::{AwsArguments, ChangeArguments, CommonArguments};

/// Roll an image out to an ECS service and follow the deployment to its end.
///
/// Takes the image from the release document, or from --image. Swaps it in the service's task definition, of which nothing else is changed, and
/// updates the service, of which nothing else is changed either: the service's own strategy is used. If the service runs the image already,
/// nothing is done.
///
/// A signal or --timeout ends the watching, not the deployment: it goes on, and the document says which one it is.
#[derive(Debug, Parser)]
#[command(after_long_help = "\
Examples:
  ecr-push web/ --repository web --tag 1.4.0 | ecs-deploy --cluster stage --service web --require push
  ecs-deploy --cluster production --service web --input stage.json --require scan,push,deployment")]
pub struct Arguments {
    /// Cluster of the service: name or ARN.
    #[arg(long, value_name = "CLUSTER")]
    pub cluster: String,

    /// The service.
    #[arg(long, value_name = "SERVICE")]
    pub service: String,

    /// The container that gets the image; needed only if the task definition has several.
    #[arg(long, value_name = "NAME")]
    pub container: Option<String>,

    /// The image; by default the one of the release document, by its digest.
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,

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
        if self.image.is_some() { Operand::Named } else { Operand::Missing }
    }
}
