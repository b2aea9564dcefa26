//! A statement of a policy, and what it is about.

use serde::Deserialize;

use super::document::{Many, Members, Scalar};
use super::pattern;

/// A statement. Its members are those of the grammar; one that is not known makes the whole policy unreadable.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Statement {
    pub(super) sid: Option<String>,
    pub(super) effect: Effect,
    pub(super) principal: Option<Principal>,
    pub(super) not_principal: Option<Principal>,
    pub(super) action: Option<Many<String>>,
    pub(super) not_action: Option<Many<String>>,
    pub(super) resource: Option<Many<String>>,
    pub(super) not_resource: Option<Many<String>>,
    pub(super) condition: Option<Members<Members<Many<Scalar>>>>,
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// Whom a statement is about.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub(super) enum Principal {
    Word(String),
    Kinds(Members<Many<String>>),
}

impl Statement {
    pub(super) fn denies(&self) -> bool {
        self.effect == Effect::Deny
    }

    /// Whether it is surely about everyone. Source: IAM user guide, "AWS JSON policy elements: Principal": `"*"` and `{"AWS": "*"}`.
    pub(super) fn is_about_everyone(&self) -> bool {
        let is_star = |text: &String| text == "*";
        match (&self.principal, &self.not_principal) {
            (Some(Principal::Word(word)), None) => is_star(word),
            (Some(Principal::Kinds(Members(kinds))), None) => {
                kinds.iter().any(|(kind, who)| kind == "AWS" && who.as_slice().iter().any(is_star))
            }
            _ => false,
        }
    }

    /// Whether it names what it is about by what it is not about.
    pub(super) fn is_inverted(&self) -> bool {
        self.not_principal.is_some() || self.not_action.is_some() || self.not_resource.is_some()
    }

    /// Whether an action is one of those that it is about.
    pub(super) fn is_about_action(&self, action: &str) -> bool {
        let any = |patterns: &Many<String>| patterns.as_slice().iter().any(|one| pattern::matches_action(one, action));
        match (&self.action, &self.not_action) {
            (Some(patterns), _) => any(patterns),
            (None, Some(patterns)) => !any(patterns),
            (None, None) => false,
        }
    }

    /// Whether it is surely about every action of S3.
    pub(super) fn is_about_all_actions(&self) -> bool {
        let patterns = self.action.as_ref().map(Many::as_slice).unwrap_or_default();
        patterns.iter().any(|one| pattern::matches_all_below(&one.to_ascii_lowercase(), "s3:"))
    }

    /// Whether a resource may be one of those that it is about. What stands for a variable may be anything.
    pub(super) fn may_be_about(&self, arn: &str) -> bool {
        let any = |patterns: &Many<String>| patterns.as_slice().iter().any(|one| pattern::matches(one, arn));
        let varies = |patterns: &Many<String>| patterns.as_slice().iter().any(|one| one.contains("${"));
        match (&self.resource, &self.not_resource) {
            (Some(patterns), _) => any(patterns) || varies(patterns),
            (None, Some(patterns)) => !any(patterns) || varies(patterns),
            (None, None) => false,
        }
    }

    /// The resources that it names.
    pub(super) fn resources(&self) -> &[String] {
        self.resource.as_ref().map(Many::as_slice).unwrap_or_default()
    }

    /// Whether a condition looks at this key.
    pub(super) fn looks_at(&self, key: &str) -> bool {
        let operators = self.condition.iter().flat_map(|Members(operators)| operators);
        operators.flat_map(|(_, Members(keys))| keys).any(|(name, _)| name.eq_ignore_ascii_case(key))
    }

    /// Whether there is no condition at all.
    pub(super) fn is_unconditional(&self) -> bool {
        self.condition
            .as_ref()
            .is_none_or(|Members(operators)| operators.iter().all(|(_, Members(keys))| keys.is_empty()))
    }

    /// Whether its one condition is that a key, under one of these operators, is this word.
    pub(super) fn asks_only(&self, operators: &[&str], key: &str, word: &str) -> bool {
        let Some(Members(asked)) = &self.condition else {
            return false;
        };
        let [(operator, Members(keys))] = asked.as_slice() else {
            return false;
        };
        let [(name, values)] = keys.as_slice() else {
            return false;
        };
        let [value] = values.as_slice() else {
            return false;
        };
        operators.iter().any(|one| one.eq_ignore_ascii_case(operator))
            && name.eq_ignore_ascii_case(key)
            && value.is(word)
    }
}
