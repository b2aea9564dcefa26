//! Which states belong to the workspaces of one configuration.

use crate::state::address::{Prefix, StateAddress, WorkspaceKeyPrefix};

/// The workspaces of a configuration: their states have the same key behind a prefix and a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspaces {
    /// Where the states of all workspaces but the default one lie.
    pub below: Prefix,
    /// The key of the default workspace's state.
    key: String,
}

impl Workspaces {
    /// The workspaces of the configuration that one state belongs to. Without a prefix nobody can say whether a key begins with the name
    /// of a workspace: then it is taken for the default one's.
    #[must_use]
    pub fn of(state: &StateAddress, prefix: &WorkspaceKeyPrefix) -> Self {
        let below = if prefix.as_str().is_empty() { String::new() } else { format!("{}/", prefix.as_str()) };
        let named = || state.state_key().strip_prefix(&below)?.split_once('/').map(|(_, key)| key);
        let key = if below.is_empty() { None } else { named() };
        let key = key.unwrap_or(state.state_key()).to_owned();
        Self { below: Prefix { bucket: state.bucket().to_owned(), prefix: below }, key }
    }

    /// The state of the default workspace; none if its key is none that Terraform would take.
    #[must_use]
    pub fn default_state(&self) -> Option<StateAddress> {
        StateAddress::from_path(&format!("{}/{}", self.below.bucket, self.key)).ok()
    }

    /// Whether a state is that of a workspace which is not the default one.
    #[must_use]
    pub fn includes(&self, state: &StateAddress) -> bool {
        let key = state.state_key().strip_prefix(&self.below.prefix).and_then(|named| named.split_once('/'));
        state.bucket() == self.below.bucket && key.is_some_and(|(_, key)| key == self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_states_of_workspaces_have_one_key_behind_prefix_and_name() {
        let cases = [
            ("s3://states/prod/app.tfstate", "env:", "env:/", "s3://states/prod/app.tfstate"),
            ("s3://states/env:/blue/prod/app.tfstate", "env:", "env:/", "s3://states/prod/app.tfstate"),
            ("s3://states/teams/web/blue/app.tfstate", "teams/web", "teams/web/", "s3://states/app.tfstate"),
            ("s3://states/blue/app.tfstate", "", "", "s3://states/blue/app.tfstate"),
            ("s3://states/env:/app.tfstate", "env:", "env:/", "s3://states/env:/app.tfstate"),
        ];
        for (state, prefix, below, expected) in cases {
            let workspaces = Workspaces::of(&state.parse().unwrap(), &prefix.parse().unwrap());
            assert_eq!(workspaces.below.prefix, below, "{state}");
            assert_eq!(workspaces.default_state(), expected.parse().ok(), "{state}");
        }
    }

    #[test]
    fn only_states_of_the_same_configuration_belong_to_it() {
        let workspaces = Workspaces::of(&"s3://states/prod/app.tfstate".parse().unwrap(), &"env:".parse().unwrap());
        for (state, expected) in [
            ("s3://states/env:/blue/prod/app.tfstate", true),
            ("s3://states/env:/blue/prod/db.tfstate", false),
            ("s3://states/prod/app.tfstate", false),
            ("s3://others/env:/blue/prod/app.tfstate", false),
        ] {
            assert_eq!(workspaces.includes(&state.parse().unwrap()), expected, "{state}");
        }
    }
}
