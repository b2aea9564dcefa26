//! Commands of the AWS CLI, in hints and on pages, are such that it takes them.

use std::collections::BTreeSet;
use std::fs;

use testkit::peer;
use testkit::sandbox::Sandbox;

use super::TOOLS;
use super::page::{code_spans, text};
use crate::architecture::{code as shipped, sources};

/// Asks the CLI's own parser about each line of standard input, in one process: a CLI takes a second to start.
const ASK: &str = include_str!("aws_commands.py");

/// The CLI's older version, which Debian and `PyPI` have, does not know `aws sso login`.
const NEWER: &str = "sso login";

/// What a text says of the AWS CLI: service, operation and options.
fn commands(text: &str) -> Vec<String> {
    let command = |rest: &str| {
        let rest = rest.split(['|', ';', ',', '\'', '`', ':', ')']).next().unwrap_or_default();
        let mut words = rest.split_whitespace();
        let named = [words.next()?, words.next()?];
        let is_name =
            |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let options = words.filter(|word| word.starts_with("--")).map(|word| word.split('=').next().unwrap_or(word));
        named.iter().all(is_name).then(|| named.into_iter().chain(options).collect::<Vec<_>>().join(" "))
    };
    let other = text.replace("local-aws ", "");
    other.split("aws ").skip(1).filter_map(command).filter(|command| !command.starts_with(NEWER)).collect()
}

#[test]
fn every_aws_command_of_a_hint_or_page_is_one_that_the_aws_cli_takes() {
    let Some(aws) = peer::find("aws") else { return };
    let first = fs::read(&aws).unwrap().split(|byte| *byte == b'\n').next().unwrap_or_default().to_vec();
    let first = String::from_utf8_lossy(&first).into_owned();
    let Some(python) = first.strip_prefix("#!").filter(|interpreter| interpreter.contains("python")) else {
        eprintln!("skipped: {} is no program in Python, whose parser could be asked", aws.display());
        return;
    };
    let pages = TOOLS.iter().map(|tool| format!("docs/{tool}.md")).chain(["docs/troubleshooting.md".to_owned()]);
    let mut asked: BTreeSet<String> =
        pages.flat_map(|page| code_spans(&text(&page))).flat_map(|span| commands(&span)).collect();
    // net-audit holds its own, which are put together from parts, to the CLI's options.
    for member in TOOLS.into_iter().filter(|tool| *tool != "net-audit").chain(["contract"]) {
        for (_, source) in sources(&format!("{member}/src")) {
            let code = shipped(&source);
            let literals = code.split('"').skip(1).step_by(2).flat_map(commands);
            asked.extend(literals);
        }
    }
    assert!(asked.len() > 25, "only {asked:?}");
    let lines = asked.into_iter().collect::<Vec<_>>().join("\n");
    let sandbox = Sandbox::new();
    let run = sandbox.program(python.trim().as_ref()).args(["-c", ASK]).pipe_in(lines);
    let _ = run.env("AWS_DEFAULT_REGION", "eu-central-1").run().code(0).stdout_is("");
}
