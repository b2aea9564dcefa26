//! Flags that mean nothing beside another one. Typed, they are a misunderstanding; set in the environment, they are for other runs.

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

/// The first flag that was typed and is without effect, and the one beside which it is: as they are written. `pairs` name flags and groups by their
/// ids.
pub(crate) fn find(command: &Command, matches: &ArgMatches, pairs: &[(&str, &[&str])]) -> Option<(String, String)> {
    let is_typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    for (beside, useless) in pairs {
        if !matches!(matches.value_source(beside), Some(ValueSource::CommandLine | ValueSource::EnvVariable)) {
            continue;
        }
        let typed = useless.iter().flat_map(|id| members(command, id)).find(|id| is_typed(id));
        if let Some(typed) = typed {
            return Some((written(command, &typed), written(command, beside)));
        }
    }
    None
}

/// The first flag that was typed and is without effect unless one of others is there, and the first of those: as they are written.
pub(crate) fn find_alone(
    command: &Command,
    matches: &ArgMatches,
    pairs: &[(&[&str], &[&str])],
) -> Option<(String, String)> {
    let is_there =
        |id: &&str| matches!(matches.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable));
    for (others, useless) in pairs {
        if others.iter().any(is_there) {
            continue;
        }
        let typed = useless.iter().find(|id| matches.value_source(id) == Some(ValueSource::CommandLine));
        if let (Some(typed), Some(other)) = (typed, others.first()) {
            return Some((written(command, typed), written(command, other)));
        }
    }
    None
}

/// The flags of a group; a flag is its own group.
fn members(command: &Command, id: &str) -> Vec<String> {
    match command.get_groups().find(|group| group.get_id() == id) {
        Some(group) => group.get_args().map(ToString::to_string).collect(),
        None => vec![id.to_owned()],
    }
}

fn written(command: &Command, id: &str) -> String {
    let argument = command.get_arguments().find(|argument| argument.get_id() == id);
    argument.and_then(|argument| argument.get_long()).map_or_else(|| id.to_owned(), |long| format!("--{long}"))
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction, ArgGroup};

    use super::*;

    const PAIRS: &[(&str, &[&str])] = &[("rollback", &["definition", "check"])];

    fn found(arguments: &[&str]) -> Option<(String, String)> {
        let flag = |name: &'static str| Arg::new(name).long(name);
        let command = Command::new("t")
            .arg(flag("rollback").action(ArgAction::SetTrue))
            .args([flag("image"), flag("task-role"), flag("check").default_value("none"), flag("home").env("HOME")])
            .group(ArgGroup::new("definition").args(["image", "task-role", "home"]).multiple(true));
        let matches = command.clone().try_get_matches_from(arguments).unwrap();
        find(&command, &matches, PAIRS)
    }

    #[test]
    fn what_was_typed_in_vain_is_named() {
        let pair = |useless: &str| Some((useless.to_owned(), "--rollback".to_owned()));
        assert_eq!(found(&["t", "--rollback", "--task-role", "r"]), pair("--task-role"));
        assert_eq!(found(&["t", "--check", "c", "--rollback"]), pair("--check"));
    }

    #[test]
    fn what_was_typed_alone_in_vain_is_named() {
        let flag = |name: &'static str| Arg::new(name).long(name);
        let switch = |name: &'static str| flag(name).action(ArgAction::SetTrue);
        let command =
            Command::new("t").args([switch("live"), switch("collect"), flag("region"), flag("home").env("HOME")]);
        let found = |arguments: &[&str]| {
            let matches = command.clone().try_get_matches_from(arguments).unwrap();
            find_alone(&command, &matches, &[(&["live", "collect"], &["region", "home"])])
        };
        assert_eq!(found(&["t", "--region", "r"]), Some(("--region".to_owned(), "--live".to_owned())));
        assert_eq!(found(&["t", "--region", "r", "--collect"]), None);
        assert_eq!(found(&["t"]), None, "HOME is set");
    }

    #[test]
    fn defaults_and_variables_and_what_stands_alone_are_not() {
        assert_eq!(found(&["t", "--rollback"]), None, "HOME is set, and check has a default");
        assert_eq!(found(&["t", "--image", "i"]), None);
    }
}
