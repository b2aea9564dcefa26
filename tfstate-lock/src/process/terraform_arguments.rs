//! What a command that runs under our lock is told, so that its own Terraform does not wait for that very lock. Pure.
//!
//! Terraform puts the words of `TF_CLI_ARGS_NAME` behind the command `NAME` and before what was typed, so a typed `-lock=true` wins; a word
//! behind an operand would be taken for one, so `-lock=false` goes first. The words of `TF_CLI_ARGS` come behind those: what it says about
//! the lock wins too. It is never set, for many commands know no `-lock`. Source: Terraform 1.11.4 itself, asked command by command.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::error::quoted;

/// The commands that lock the state and take `-lock=false`, as their variables name them. Two
/// that lock are missing on purpose. `init` locks only to move a state from one place to another, and one of the two is not ours. `console`
/// takes no `-lock` in Terraform: it waits for us, and says so.
const COMMANDS: [&str; 15] = [
    "apply",
    "destroy",
    "env_delete",
    "env_new",
    "import",
    "plan",
    "refresh",
    "state_mv",
    "state_push",
    "state_replace_provider",
    "state_rm",
    "taint",
    "untaint",
    "workspace_delete",
    "workspace_new",
];

/// What the command's environment gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TerraformArguments {
    /// Variables to set.
    pub variables: Vec<(String, OsString)>,
    /// What a person should know about it.
    pub notes: Vec<String>,
}

/// Says what the environment of `command` gets; `existing` is what its variables hold now.
#[must_use]
pub fn terraform_arguments(command: &[OsString], existing: impl Fn(&str) -> Option<OsString>) -> TerraformArguments {
    if names(command, "terragrunt") {
        let note = "the command is terragrunt, which works on states of its own: their locks are taken as always";
        return TerraformArguments { variables: Vec::new(), notes: vec![note.to_owned()] };
    }
    let mut arguments = TerraformArguments::default();
    for name in COMMANDS.map(|command| format!("TF_CLI_ARGS_{command}")).into_iter().chain(["TF_CLI_ARGS".to_owned()]) {
        let value = existing(&name).unwrap_or_default();
        match lock_flag(&value.to_string_lossy()) {
            Some(LockFlag::Off) => {}
            Some(LockFlag::On) => {
                arguments
                    .notes
                    .push(format!("{name} asks for the lock: terraform will wait for the one that is held here"));
            }
            None if name == "TF_CLI_ARGS" => {}
            None => arguments.variables.push((name, with_lock_off(&value))),
        }
    }
    arguments
}

fn with_lock_off(value: &OsStr) -> OsString {
    let mut text = OsString::from("-lock=false");
    if !value.is_empty() {
        text.push(" ");
        text.push(value);
    }
    text
}

/// What a list of words says about the lock.
enum LockFlag {
    On,
    Off,
}

/// The last `-lock` of a list of words, which is the one that counts. Source: Go's `flag` and `strconv.ParseBool`.
fn lock_flag(words: &str) -> Option<LockFlag> {
    let bare = words.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
    let flags = bare.filter_map(|word| word.strip_prefix("--").or_else(|| word.strip_prefix('-')));
    flags.filter_map(|flag| flag.strip_prefix("lock")).fold(None, |last, value| match value {
        "=0" | "=f" | "=F" | "=false" | "=FALSE" | "=False" => Some(LockFlag::Off),
        "" => Some(LockFlag::On),
        other if other.starts_with('=') => Some(LockFlag::On),
        // `-lock-timeout` is another flag.
        _ => last,
    })
}

/// Whether a program of this name is in the command: as itself, as an operand of another (`env`, `sudo`) or as a word of a shell's text.
fn names(command: &[OsString], program: &str) -> bool {
    let separators = |character: char| character.is_whitespace() || ";&|()<>`$\"'{}".contains(character);
    command.iter().any(|part| {
        let text = part.to_string_lossy();
        text.split(separators).any(|word| Path::new(word).file_name() == Some(OsStr::new(program)))
    })
}

/// The state that Terraform leaves behind when it could not write it to its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErroredState {
    /// Where it would lie.
    pub path: PathBuf,
    /// The line that brings it to its place.
    pub line: String,
}

/// Where `command` would leave its state, and what to type then. Source: Terraform's `backend/local/backend_apply.go`; `-chdir` stands
/// before the command's name.
#[must_use]
pub fn errored_state(command: &[OsString]) -> ErroredState {
    let program = if names(command, "tofu") && !names(command, "terraform") { "tofu" } else { "terraform" };
    let (name, options) =
        command.split_first().map_or((OsStr::new(""), &[][..]), |(name, rest)| (name.as_os_str(), rest));
    let options = options.iter().map(|option| option.to_string_lossy()).take_while(|option| option.starts_with('-'));
    let is_terraform = Path::new(name).file_name() == Some(OsStr::new(program));
    let folder = options.filter_map(|option| option.strip_prefix("-chdir=").map(str::to_owned)).last();
    match folder.filter(|_| is_terraform) {
        Some(folder) => ErroredState {
            path: Path::new(&folder).join("errored.tfstate"),
            line: format!("{program} {} state push errored.tfstate", quoted(&format!("-chdir={folder}"))),
        },
        None => ErroredState {
            path: PathBuf::from("errored.tfstate"),
            line: format!("{program} state push errored.tfstate"),
        },
    }
}

/// Whether the file was left by what ran between two looks, each of which says when it was written last, if it is there.
#[must_use]
pub fn was_left<Time: Copy + PartialEq>(before: Option<Time>, after: Option<Time>) -> bool {
    after.is_some() && after != before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn every_command_that_locks_is_told_not_to_and_no_other() {
        let arguments = terraform_arguments(&command(&["make", "deploy"]), |_| None);
        assert_eq!(arguments.variables.len(), COMMANDS.len());
        assert!(
            arguments.variables.iter().all(|(name, value)| name.starts_with("TF_CLI_ARGS_") && value == "-lock=false")
        );
        assert!(arguments.notes.is_empty());
    }

    #[test]
    fn what_a_variable_says_already_is_kept_and_wins() {
        let on = "asks for the lock: terraform will wait for the one that is held here";
        let cases = [
            ("", Some("-lock=false"), false),
            ("p.plan", Some("-lock=false p.plan"), false),
            ("-lock-timeout=5s -var 'a=-x'", Some("-lock=false -lock-timeout=5s -var 'a=-x'"), false),
            ("-lock=false", None, false),
            ("--lock=0 -input=false", None, false),
            ("'-lock=true'", None, true),
            ("-lock", None, true),
            ("-lock=false -lock=true", None, true),
            ("-lock=true -lock=F", None, false),
        ];
        for (value, expected, noted) in cases {
            let existing = |name: &str| (name == "TF_CLI_ARGS_plan").then(|| value.into());
            let arguments = terraform_arguments(&command(&["terraform", "plan"]), existing);
            let plan = arguments.variables.iter().find(|(name, _)| name == "TF_CLI_ARGS_plan");
            assert_eq!(plan.map(|(_, value)| value.to_str().unwrap()), expected, "{value}");
            let notes: &[String] = if noted { &[format!("TF_CLI_ARGS_plan {on}")] } else { &[] };
            assert_eq!(arguments.notes, notes, "{value}");
        }
        let everywhere = |name: &str| (name == "TF_CLI_ARGS").then(|| "-lock=true".into());
        let arguments = terraform_arguments(&command(&["terraform", "plan"]), everywhere);
        assert_eq!(arguments.notes, [format!("TF_CLI_ARGS {on}")]);
        assert!(arguments.variables.iter().all(|(name, _)| name != "TF_CLI_ARGS"));
    }

    #[test]
    fn terragrunt_is_found_where_it_is_a_word() {
        let cases: [(&[&str], bool); 9] = [
            (&["terragrunt", "apply"], true),
            (&["/opt/bin/terragrunt", "run-all", "plan"], true),
            (&["sh", "-c", "cd live && terragrunt plan"], true),
            (&["bash", "-ec", "X=$(/opt/terragrunt output)"], true),
            (&["sudo", "-u", "ci", "terragrunt", "plan"], true),
            (&["terraform", "plan"], false),
            (&["make", "terragrunt-plan"], false),
            (&["sh", "-c", "cat terragrunt.hcl"], false),
            (&[], false),
        ];
        for (words, expected) in cases {
            let arguments = terraform_arguments(&command(words), |_| None);
            assert_eq!(arguments.variables.is_empty(), expected, "{words:?}");
            assert_eq!(arguments.notes.len(), usize::from(expected), "{words:?}");
        }
    }

    #[test]
    fn a_state_that_was_left_is_pushed_from_where_it_lies() {
        let cases: [(&[&str], &str, &str); 6] = [
            (&["terraform", "apply"], "errored.tfstate", "terraform state push errored.tfstate"),
            (&["sh", "-c", "terraform apply p"], "errored.tfstate", "terraform state push errored.tfstate"),
            (&["/opt/tofu", "apply"], "errored.tfstate", "tofu state push errored.tfstate"),
            (
                &["terraform", "-chdir=live/a b", "apply"],
                "live/a b/errored.tfstate",
                "terraform '-chdir=live/a b' state push errored.tfstate",
            ),
            (&["terraform", "apply", "-chdir=x"], "errored.tfstate", "terraform state push errored.tfstate"),
            (&["make", "-chdir=x"], "errored.tfstate", "terraform state push errored.tfstate"),
        ];
        for (words, path, line) in cases {
            let expected = ErroredState { path: path.into(), line: line.to_owned() };
            assert_eq!(errored_state(&command(words)), expected, "{words:?}");
        }
    }

    #[test]
    fn a_state_that_lay_there_before_was_not_left() {
        let cases = [
            (None, None, false),
            (None, Some(2), true),
            (Some(1), Some(1), false),
            (Some(1), Some(2), true),
            (Some(1), None, false),
        ];
        for (before, after, expected) in cases {
            assert_eq!(was_left(before, after), expected);
        }
    }
}
