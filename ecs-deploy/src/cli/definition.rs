//! What the task definition is to be.

use std::path::PathBuf;

use clap::Args;
use contract::arguments::parse_text;

/// Flags about the task definition.
#[derive(Args, Clone, Debug, Default)]
pub struct DefinitionArguments {
    /// The container that gets the image; needed only if the task definition has several. Repeat it if several get the same image.
    #[arg(long, value_parser = parse_text, value_name = "NAME", value_delimiter = ',', help_heading = "Task definition")]
    pub container: Vec<String>,

    /// The image; by default the one of the release document, by its digest. `CONTAINER=IMAGE` names the container as well, and may be repeated.
    #[arg(long, value_parser = parse_text, value_name = "IMAGE", help_heading = "Task definition")]
    pub image: Vec<String>,

    /// Keep the images as they are: only what else is asked for is changed.
    #[arg(long, conflicts_with_all = ["image", "container"], help_heading = "Task definition")]
    pub keep_image: bool,

    /// Start from this file (JSON: what `register-task-definition` takes or `describe-task-definition` says) and not from what the service runs.
    /// The image comes from the document or --image all the same, or is the file's with --keep-image.
    #[arg(long, value_name = "FILE", help_heading = "Task definition")]
    pub task_definition: Option<PathBuf>,

    /// Set an environment variable: `[CONTAINER:]NAME=VALUE`, or `[CONTAINER:]NAME` to take the value from this tool's own environment.
    #[arg(long, value_parser = parse_text, value_name = "VARIABLE", help_heading = "Task definition")]
    pub env: Vec<String>,

    /// Set the variables of a file of `NAME=VALUE` lines.
    #[arg(long, value_name = "FILE", help_heading = "Task definition")]
    pub env_file: Option<PathBuf>,

    /// Set a variable from Secrets Manager or Parameter Store: `[CONTAINER:]NAME=ARN`.
    #[arg(long, value_parser = parse_text, value_name = "SECRET", help_heading = "Task definition")]
    pub secret: Vec<String>,

    /// Take a variable or secret away: `[CONTAINER:]NAME`.
    #[arg(long, value_parser = parse_text, value_name = "NAME", help_heading = "Task definition")]
    pub unset: Vec<String>,

    /// CPU units of the task, for example 512.
    #[arg(long, value_parser = parse_text, value_name = "UNITS", help_heading = "Task definition")]
    pub cpu: Option<String>,

    /// Memory of the task in MiB, for example 1024.
    #[arg(long, value_parser = parse_text, value_name = "MIB", help_heading = "Task definition")]
    pub memory: Option<String>,

    /// Role of the containers: ARN or name.
    #[arg(long, value_parser = parse_text, value_name = "ROLE", help_heading = "Task definition")]
    pub task_role: Option<String>,

    /// Role that ECS pulls images, reads secrets and writes logs with: ARN or name.
    #[arg(long, value_parser = parse_text, value_name = "ROLE", help_heading = "Task definition")]
    pub execution_role: Option<String>,

    /// Tag the task definition: `KEY=VALUE`.
    #[arg(long, value_parser = parse_text, value_name = "TAG", help_heading = "Task definition")]
    pub tag: Vec<String>,
}
