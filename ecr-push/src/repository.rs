//! Names of repositories.

pub mod settings;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// ECR's limit for a name. Source: ECR API reference, `CreateRepository`.
const LONGEST: usize = 256;
/// ECR's other limit.
const SHORTEST: usize = 2;

/// The name of a repository: lower-case words, joined by `.`, `_`, `__` or dashes, in parts joined by `/`.
///
/// Source: OCI distribution specification, pulling manifests, `<name>`; its length: ECR API reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository(String);

/// A text that names no repository.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{text}` is not a repository name: {reason}")]
pub struct NotARepository {
    text: String,
    reason: String,
}

impl Repository {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Repository {
    type Err = NotARepository;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check(text).map_err(|reason| NotARepository { text: text.to_owned(), reason })?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn check(text: &str) -> Result<(), String> {
    if !(SHORTEST..=LONGEST).contains(&text.len()) {
        return Err(format!("it has to have {SHORTEST} to {LONGEST} characters"));
    }
    if text.contains(".amazonaws.com") {
        return Err("leave the registry out, it comes from ECR".to_owned());
    }
    if text.contains([':', '@']) {
        return Err("a tag is named with --tag, and the digest is the image's own".to_owned());
    }
    if let Some(found) = text.chars().find(|&found| !is_word(found) && !"._-/".contains(found)) {
        return Err(format!("`{found}` cannot stand in it, only a-z, 0-9, `.`, `_`, `-` and `/`"));
    }
    text.split('/').try_for_each(check_part)
}

fn check_part(part: &str) -> Result<(), String> {
    if part.is_empty() {
        return Err("a part between `/` is empty".to_owned());
    }
    if !part.starts_with(is_word) || !part.ends_with(is_word) {
        return Err(format!("the part `{part}` has to begin and end with a letter or digit"));
    }
    let joints = part.split(is_word).filter(|joint| !joint.is_empty());
    match joints.into_iter().find(|joint| !is_joint(joint)) {
        Some(joint) => Err(format!("`{joint}` cannot join words, only `.`, `_`, `__` and dashes can")),
        None => Ok(()),
    }
}

fn is_word(character: char) -> bool {
    character.is_ascii_lowercase() || character.is_ascii_digit()
}

fn is_joint(text: &str) -> bool {
    matches!(text, "." | "_" | "__") || text.bytes().all(|byte| byte == b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_the_specification_are_read() {
        for text in ["web", "a1", "team/web", "a.b_c__d-e---f/g", "0/1", &"a".repeat(256)] {
            assert_eq!(text.parse::<Repository>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_reason() {
        let cases = [
            ("", "characters"),
            ("a", "characters"),
            (&"a".repeat(257), "characters"),
            ("Web", "`W`"),
            ("web site", "` `"),
            ("wéb", "`é`"),
            ("web:1.0", "--tag"),
            ("web@sha256", "digest"),
            ("1234.dkr.ecr.eu-central-1.amazonaws.com/web", "registry"),
            ("/web", "empty"),
            ("web/", "empty"),
            ("a//b", "empty"),
            ("-web", "begin and end"),
            ("web/b_", "begin and end"),
            ("a..b", "`..`"),
            ("a___b", "`___`"),
            ("a.-b", "`.-`"),
        ];
        for (text, reason) in cases {
            let error = text.parse::<Repository>().unwrap_err();
            assert!(error.reason.contains(reason), "{error}");
        }
    }

    proptest! {
        #[test]
        fn every_name_of_the_grammar_is_read(
            text in "[a-z0-9]{2,9}((\\.|_|__|-{1,3})[a-z0-9]{1,9}){0,3}(/[a-z0-9]{1,9}((\\.|_|__|-{1,3})[a-z0-9]{1,9}){0,3}){0,3}"
        ) {
            prop_assert!(text.parse::<Repository>().is_ok());
        }
    }
}
