//! The flags that mean the same in all five tools.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{NonEmptyStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use jiff::{Span, SpanRelativeTo};

use crate::color::ColorChoice;
use crate::metrics::Labels;
use crate::pages::Page;
use crate::progress::ProgressForm;

/// A value that says something: a variable that was never set makes an empty one.
///
/// # Errors
/// It is empty, or white space.
pub fn parse_text(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("it is empty".to_owned()) } else { Ok(text.to_owned()) }
}

/// Flags of every tool.
#[derive(Args, Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct CommonArguments {
    /// Release document to carry on: a file, or `-` for standard input.
    #[arg(short, long, value_name = "FILE", help_heading = "Document")]
    pub input: Option<PathBuf>,

    /// Steps that the document must show as passed, about the same image: sections separated by commas, for example scan,push.
    #[arg(long, value_name = "SECTIONS", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new(), help_heading = "Document")]
    pub require: Vec<String>,

    /// Form of standard output; by default a table on a terminal, else JSON.
    #[arg(short, long, value_name = "FORM", value_parser = OutputForm::parser(&[]), help_heading = "Output")]
    pub output: Option<OutputForm>,

    /// Say nothing on standard error but errors.
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,

    /// Say every call to AWS on standard error.
    #[arg(short, long, conflicts_with = "quiet", help_heading = "Output")]
    pub verbose: bool,

    /// When to colour; `NO_COLOR` and `CLICOLOR_FORCE` are honoured.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, help_heading = "Output")]
    pub color: ColorChoice,

    /// Form of the progress on standard error.
    #[arg(long, value_name = "FORM", value_enum, default_value_t, help_heading = "Output")]
    pub progress: ProgressForm,

    /// Give up waiting after this long, for example 90s or 20m: the work may go on, exit code 4.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "Output")]
    pub timeout: Option<Duration>,

    /// Write what became of the run to this file, as metrics for Prometheus.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub metrics: Option<PathBuf>,

    /// Labels of all metrics, for example environment=stage,service=web.
    #[arg(long, value_name = "NAME=VALUE,...", help_heading = "Output")]
    pub metrics_labels: Option<Labels>,

    /// Print the JSON Schema of the document that this tool writes.
    #[arg(long, exclusive = true, help_heading = "About")]
    pub schema: bool,

    /// Print the least IAM policy that this command line needs, and do nothing.
    #[arg(long, help_heading = "About")]
    pub iam_policy: bool,

    /// Print the manual page or a shell's completions.
    #[arg(long, value_name = "PAGE", value_enum, exclusive = true, help_heading = "About")]
    pub generate: Option<Page>,
}

/// Flags of the tools that talk to AWS.
#[derive(Args, Clone, Debug, Default)]
pub struct AwsArguments {
    /// AWS region; by default what the AWS SDK finds.
    #[arg(long, value_name = "REGION", value_parser = parse_text, help_heading = "AWS")]
    pub region: Option<String>,

    /// Profile of the AWS configuration files.
    #[arg(long, value_name = "PROFILE", value_parser = parse_text, help_heading = "AWS")]
    pub profile: Option<String>,

    /// Address to send all AWS requests to.
    #[arg(long, value_name = "URL", value_parser = parse_text, help_heading = "AWS")]
    pub endpoint_url: Option<String>,
}

/// The flag of the tools that can change the world.
#[derive(Args, Clone, Debug, Default)]
pub struct ChangeArguments {
    /// Only read, and say what would be done.
    #[arg(long)]
    pub dry_run: bool,
}

/// Forms of standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputForm {
    /// The release document, one line.
    Json,
    /// What the tool found, for people.
    Table,
    /// A form that only one tool has, by its name.
    Own(&'static str),
}

/// A form of standard output that only one tool has.
#[derive(Clone, Copy, Debug)]
pub struct OwnForm {
    /// What is typed behind `--output`.
    pub name: &'static str,
    /// What it is, for the help page.
    pub help: &'static str,
}

impl OutputForm {
    /// Reads the two forms that all tools have, and a tool's own ones.
    pub(crate) fn parser(own: &'static [OwnForm]) -> impl TypedValueParser<Value = Self> {
        let shared = [("json", "The release document, one line"), ("table", "What the tool found, for people")];
        let values = shared.into_iter().chain(own.iter().map(|form| (form.name, form.help)));
        let values: Vec<PossibleValue> = values.map(|(name, help)| PossibleValue::new(name).help(help)).collect();
        PossibleValuesParser::new(values).map(|typed| match own.iter().find(|form| form.name == typed) {
            Some(form) => Self::Own(form.name),
            None if typed == "json" => Self::Json,
            None => Self::Table,
        })
    }
}

/// Reads a duration as people write it: `90s`, `20m`, `1h 30m`, `7d`.
///
/// # Errors
/// It is none, or is negative.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let hint = || format!("`{text}` is not a duration: write for example 90s, 20m, 1h30m or 7d");
    let span: Span = text.parse().map_err(|_| hint())?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| hint())?;
    Duration::try_from(duration).map_err(|_| hint())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [("90s", 90), ("20m", 1200), ("1h30m", 5400), ("1h 30m", 5400), ("7d", 604_800)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "90", "soon", "-5s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
