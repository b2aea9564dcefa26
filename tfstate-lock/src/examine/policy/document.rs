//! The form of a policy document. Whatever is not known is refused: a member that is passed over could turn the meaning.
//!
//! Source: IAM user guide, "Grammar of the IAM JSON policy language".

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use super::statement::Statement;

/// A policy.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Document {
    #[expect(dead_code, reason = "known, and without meaning here")]
    version: Option<String>,
    #[expect(dead_code, reason = "known, and without meaning here")]
    id: Option<String>,
    statement: Many<Statement>,
}

impl Document {
    /// The statements of a policy.
    pub(super) fn parse(text: &str) -> Result<Vec<Statement>, serde_json::Error> {
        serde_json::from_str::<Self>(text).map(|document| document.statement.into_vec())
    }
}

/// One value, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(untagged)]
pub(super) enum Many<T> {
    One(T),
    List(Vec<T>),
}

impl<T> Many<T> {
    pub(super) fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(value) => vec![value],
            Self::List(values) => values,
        }
    }

    pub(super) fn as_slice(&self) -> &[T] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::List(values) => values,
        }
    }
}

/// A value of a condition.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(untagged)]
pub(super) enum Scalar {
    Text(String),
    Flag(bool),
    Number(serde_json::Number),
}

impl Scalar {
    /// Whether it says this word, as IAM compares truths.
    pub(super) fn is(&self, word: &str) -> bool {
        match self {
            Self::Text(text) => text.eq_ignore_ascii_case(word),
            Self::Flag(flag) => flag.to_string() == word,
            Self::Number(_) => false,
        }
    }
}

/// The members of an object, no name twice: of two, each reader could believe another.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Members<T>(pub(super) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

struct MembersVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MembersVisitor<T> {
    type Value = Members<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<T>, A::Error> {
        let mut members: Vec<(String, T)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, T>()? {
            if members.iter().any(|(other, _)| other.eq_ignore_ascii_case(&name)) {
                return Err(A::Error::custom(format_args!("`{name}` stands there twice")));
            }
            members.push((name, value));
        }
        Ok(Members(members))
    }
}
