//! What is known of the AWS CLI, by which the remedies of all rules are checked, is what the CLI itself says.

use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value};
use testkit::peer;

const COMMANDS: &str = include_str!("../fixtures/aws-commands.json");

#[test]
fn every_operation_and_option_of_a_remedy_is_one_of_the_aws_cli() {
    let Some(aws) = peer::find("aws") else { return };
    let Ok(Value::Object(operations)) = serde_json::from_str(COMMANDS) else { panic!("the commands are no object") };
    let operations: Vec<(&String, &Value)> = operations.iter().collect();
    // Each call takes the CLI half a second.
    std::thread::scope(|scope| {
        for part in operations.chunks(operations.len().div_ceil(4)) {
            let aws = &aws;
            scope.spawn(move || part.iter().for_each(|(operation, known)| check(aws, operation, known)));
        }
    });
}

fn check(aws: &Path, operation: &str, known: &Value) {
    if operation.contains(" wait ") {
        // A waiter has no skeleton: one that is there complains of the option only.
        let told = ask(aws, operation, &["--no-such-option"]);
        assert!(told.contains("Unknown options"), "{operation}: {told}");
        return;
    }
    let skeleton = ask(aws, operation, &["--generate-cli-skeleton", "input"]);
    let Ok(skeleton) = serde_json::from_str::<Map<String, Value>>(&skeleton) else { panic!("{operation}: {skeleton}") };
    let parameters: Vec<String> = skeleton.keys().map(|name| name.to_ascii_lowercase()).collect();
    let options =
        ["required", "options", "flags"].into_iter().flat_map(|group| known[group].as_array().into_iter().flatten());
    for option in options.filter_map(Value::as_str) {
        let plain = |option: &str| option.trim_start_matches("--").replace('-', "");
        let bare = option.strip_prefix("--no-").unwrap_or(option);
        // The CLI has a word of its own for an entry that is not for egress.
        let is_known = parameters.contains(&plain(bare)) || option == "--ingress";
        assert!(is_known, "{operation} has no {option}");
    }
}

/// What the CLI says, without a call to AWS.
fn ask(aws: &Path, operation: &str, options: &[&str]) -> String {
    let asked =
        Command::new(aws).args(operation.split(' ')).args(options).env("AWS_DEFAULT_REGION", "eu-central-1").output();
    let Ok(output) = asked else { panic!("{} does not start", aws.display()) };
    let told = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    String::from_utf8_lossy(&told).into_owned()
}
