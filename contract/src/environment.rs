//! Every flag has an environment variable: `ecs-deploy --cluster` reads `ECS_DEPLOY_CLUSTER`.

use clap::{Arg, ArgAction, Command};

/// Flags that ask about the tool itself: an environment must not turn every run into a help page.
const WITHOUT_VARIABLE: [&str; 5] = ["help", "version", "schema", "generate", "iam-policy"];

/// The command with a variable for each flag of itself and its subcommands, but those that can only be typed.
#[must_use]
pub fn with_variables(command: Command, typed_only: &[&str]) -> Command {
    let prefix = variable_part(command.get_name());
    add_variables(command, &prefix, typed_only)
}

fn add_variables(command: Command, prefix: &str, typed_only: &[&str]) -> Command {
    command
        .mut_args(|argument| with_variable(argument, prefix, typed_only))
        .mut_subcommands(|subcommand| add_variables(subcommand, prefix, typed_only))
}

fn with_variable(argument: Arg, prefix: &str, typed_only: &[&str]) -> Arg {
    let is_setting = |name: &&str| !WITHOUT_VARIABLE.contains(name) && !typed_only.contains(name);
    let Some(name) = argument.get_long().filter(is_setting) else {
        return argument;
    };
    // A variable holds one value.
    let takes_several = argument.get_num_args().is_some_and(|number| number.min_values() > 1);
    if argument.get_env().is_some() || takes_several {
        return argument;
    }
    let variable = format!("{prefix}_{}", variable_part(name));
    let is_flag = matches!(argument.get_action(), ArgAction::SetTrue);
    let is_optional = argument.get_num_args().is_some_and(|number| number.min_values() == 0);
    // A flag that is not wanted is not given: it neither needs nor excludes another one.
    if (is_flag || is_optional) && says_no(&variable) {
        return argument;
    }
    let argument = argument.env(variable).hide_env_values(true);
    // `1` and `yes` are as good as `true` there; `0`, `no` and nothing are not.
    if is_flag { argument.value_parser(parse_flag) } else { argument }
}

fn says_no(variable: &str) -> bool {
    let value = std::env::var_os(variable);
    value.is_some_and(|value| value.to_str().is_some_and(|text| parse_flag(text) == Ok(false)))
}

/// Reads what people write for yes and no. Anything else might mean either.
fn parse_flag(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "y" => Ok(true),
        "0" | "false" | "no" | "off" | "n" | "" => Ok(false),
        _ => Err("write yes or no".to_owned()),
    }
}

fn variable_part(name: &str) -> String {
    name.replace('-', "_").to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_of_a_subcommand_has_the_tools_prefix() {
        let inner = Command::new("acquire").arg(Arg::new("workspace").long("workspace-key-prefix"));
        let command = with_variables(Command::new("tfstate-lock").arg(Arg::new("operand")).subcommand(inner), &[]);
        let variable = command.find_subcommand("acquire").and_then(|inner| inner.get_arguments().next()?.get_env());
        assert_eq!(variable.unwrap(), "TFSTATE_LOCK_WORKSPACE_KEY_PREFIX");
        assert!(command.get_arguments().all(|argument| argument.get_env().is_none()), "an operand has no variable");
    }

    #[test]
    fn questions_about_the_tool_have_no_variable() {
        let command = Command::new("t").arg(Arg::new("schema").long("schema").action(ArgAction::SetTrue));
        assert!(with_variables(command, &[]).get_arguments().all(|argument| argument.get_env().is_none()));
    }
}
