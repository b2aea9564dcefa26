//! What a repository is to be like if it is created. Pure.

use std::str::FromStr;

use clap::ValueEnum;
use thiserror::Error as ThisError;

use crate::cli::CreateArguments;
use crate::error::Error;

/// ECR takes no more filters. Source: ECR API reference, `CreateRepository`.
const MOST_FILTERS: usize = 5;
/// The longest filter.
const LONGEST_FILTER: usize = 128;

/// What a new repository is to be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepositorySettings {
    /// Scan images when they are pushed.
    pub scan_on_push: bool,
    /// Whether tags can be moved.
    pub tag_mutability: TagMutability,
    /// Tags for which the contrary holds.
    pub mutability_except: Vec<WildcardFilter>,
    /// The key that encrypts.
    pub encryption: Encryption,
    /// The lifecycle policy, as text.
    pub lifecycle_policy: Option<String>,
    /// Tags of the repository itself.
    pub tags: Vec<RepositoryTag>,
}

/// Whether tags can be moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TagMutability {
    /// They can.
    #[default]
    Mutable,
    /// They stay where they are.
    Immutable,
}

/// How a repository is encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// By a key of ECR's.
    #[default]
    Aes256,
    /// By KMS, with the account's own key for ECR or with the one that is named.
    Kms(Option<String>),
}

/// A filter for tags, in which `*` stands for any number of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WildcardFilter(pub String);

/// A tag of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryTag {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// A text that is none of these.
#[derive(Clone, Debug, ThisError, PartialEq, Eq)]
#[error("{0}")]
pub struct NotASetting(String);

impl RepositorySettings {
    /// Resolves the arguments; nothing if the repository is not to be created.
    ///
    /// # Errors
    /// There are more filters than ECR takes.
    pub fn resolve(arguments: &CreateArguments) -> Result<Option<Self>, Error> {
        if !arguments.create {
            return Ok(None);
        }
        if arguments.mutability_except.len() > MOST_FILTERS {
            return Err(Error::TooManyFilters { given: arguments.mutability_except.len(), most: MOST_FILTERS });
        }
        let encryption = match arguments.kms_key.as_deref() {
            None => Encryption::Aes256,
            Some("aws/ecr" | "alias/aws/ecr") => Encryption::Kms(None),
            Some(key) => Encryption::Kms(Some(key.to_owned())),
        };
        Ok(Some(Self {
            scan_on_push: arguments.scan_on_push,
            tag_mutability: arguments.tag_mutability.unwrap_or_default(),
            mutability_except: arguments.mutability_except.clone(),
            encryption,
            lifecycle_policy: None,
            tags: arguments.repository_tags.clone(),
        }))
    }
}

impl FromStr for WildcardFilter {
    type Err = NotASetting;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._*-".contains(&byte);
        if text.is_empty() || text.len() > LONGEST_FILTER || !text.bytes().all(is_allowed) {
            let message = "a filter has 1 to 128 letters, digits, `.`, `_`, `-` and `*`, for example dev-*";
            return Err(NotASetting(message.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for RepositoryTag {
    type Err = NotASetting;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Self { key: key.to_owned(), value: value.to_owned() }),
            _ => Err(NotASetting("a tag of a repository is written KEY=VALUE".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_created_unless_it_is_asked_for() {
        assert_eq!(RepositorySettings::resolve(&CreateArguments::default()).unwrap(), None);
        let plain = CreateArguments { create: true, ..CreateArguments::default() };
        assert_eq!(RepositorySettings::resolve(&plain).unwrap(), Some(RepositorySettings::default()));
    }

    #[test]
    fn a_key_is_the_accounts_own_or_a_named_one() {
        let encryption = |key: &str| {
            let arguments =
                CreateArguments { create: true, kms_key: Some(key.to_owned()), ..CreateArguments::default() };
            RepositorySettings::resolve(&arguments).unwrap().unwrap().encryption
        };
        assert_eq!(encryption("aws/ecr"), Encryption::Kms(None));
        assert_eq!(encryption("alias/images"), Encryption::Kms(Some("alias/images".to_owned())));
    }

    #[test]
    fn filters_and_tags_are_read_or_refused() {
        for text in ["dev-*", "*", "v1.2_3"] {
            assert!(text.parse::<WildcardFilter>().is_ok(), "{text}");
        }
        for text in ["", "a b", "a/b", &"a".repeat(129)] {
            assert!(text.parse::<WildcardFilter>().is_err(), "{text}");
        }
        let tag = |key: &str, value: &str| RepositoryTag { key: key.to_owned(), value: value.to_owned() };
        assert_eq!("team=web=x".parse(), Ok(tag("team", "web=x")));
        assert_eq!("team=".parse(), Ok(tag("team", "")));
        assert!("team".parse::<RepositoryTag>().is_err() && "=x".parse::<RepositoryTag>().is_err());
        let filters = vec![WildcardFilter("a".to_owned()); 6];
        let many = CreateArguments { create: true, mutability_except: filters, ..CreateArguments::default() };
        assert!(matches!(RepositorySettings::resolve(&many), Err(Error::TooManyFilters { given: 6, most: 5 })));
    }
}
