//! What can stand for a state, a bucket, a source and a tag.

use std::path::PathBuf;
use std::str::FromStr;

use crate::state::address::{AddressError, Prefix, StateAddress};

const SCHEME: &str = "s3://";

/// A state, a folder whose backend block names it, or `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateOperand {
    /// `-`.
    StandardInput,
    /// `s3://BUCKET/KEY`.
    State(StateAddress),
    /// A folder in which Terraform was initialised.
    Folder(PathBuf),
}

impl FromStr for StateOperand {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        match text {
            "" => Err(AddressError::NoKey(SCHEME.to_owned())),
            "-" => Ok(Self::StandardInput),
            _ if text.starts_with(SCHEME) => text.parse().map(Self::State),
            _ => Ok(Self::Folder(PathBuf::from(text))),
        }
    }
}

/// A bucket and perhaps a prefix, or a folder whose backend block names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BucketOperand {
    /// `s3://BUCKET/PREFIX`.
    Prefix(Prefix),
    /// A folder in which Terraform was initialised.
    Folder(PathBuf),
}

impl FromStr for BucketOperand {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        match text.strip_prefix(SCHEME) {
            Some(path) => Prefix::from_path(path).map(Self::Prefix),
            None if text.is_empty() => Err(AddressError::Bucket(String::new())),
            None => Ok(Self::Folder(PathBuf::from(text))),
        }
    }
}

/// Where a copy of a state lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceOperand {
    /// An object.
    Object(StateAddress),
    /// A file.
    File(PathBuf),
}

impl FromStr for SourceOperand {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        match text {
            "" => Err(AddressError::NoKey(SCHEME.to_owned())),
            _ if text.starts_with(SCHEME) => text.parse().map(Self::Object),
            _ => Ok(Self::File(PathBuf::from(text))),
        }
    }
}

/// A tag of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl FromStr for Tag {
    type Err = String;

    /// Source: S3 user guide, "Categorizing your objects using tags": 128 and 256 characters.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
        if name.is_empty() || name.chars().count() > 128 || value.chars().count() > 256 {
            return Err("a tag's name has 1 to 128 characters, its value at most 256".to_owned());
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_an_address_a_folder_or_standard_input() {
        let address = "s3://states/app.tfstate".parse().unwrap();
        assert_eq!("s3://states/app.tfstate".parse(), Ok(StateOperand::State(address)));
        assert_eq!("infra/prod".parse(), Ok(StateOperand::Folder("infra/prod".into())));
        assert_eq!("-".parse(), Ok(StateOperand::StandardInput));
        for text in ["", "s3://states", "s3://"] {
            assert!(text.parse::<StateOperand>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_tag_has_a_name() {
        assert_eq!("a=b=c".parse(), Ok(Tag { name: "a".to_owned(), value: "b=c".to_owned() }));
        assert!("a".parse::<Tag>().is_err() && "=b".parse::<Tag>().is_err());
    }
}
