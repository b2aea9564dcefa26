//! The documentation is held to the tools: its commands run, what it shows as output is what comes out, and its tables are complete.

mod aws_commands;
mod codes;
mod commands;
mod examples;
mod links;
mod output;
mod page;
mod runs;
mod tool_pages;
mod troubleshooting;

pub(crate) use page::blocks;

/// The tools, in the order of the pipe.
const TOOLS: [&str; 5] = ["scan-gate", "ecr-push", "ecs-deploy", "net-audit", "tfstate-lock"];
