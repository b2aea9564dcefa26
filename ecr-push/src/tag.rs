//! Tags.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The longest tag there is.
const LONGEST: usize = 128;

/// A tag: a letter, digit or `_`, then at most 127 more, `.` and `-` among them.
///
/// Source: OCI distribution specification, pulling manifests, `<reference>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag(String);

/// A text that is no tag.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{text}` is not a tag: {reason}")]
pub struct NotATag {
    text: String,
    reason: String,
}

impl Tag {
    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = NotATag;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check(text).map_err(|reason| NotATag { text: text.to_owned(), reason })?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn check(text: &str) -> Result<(), String> {
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    if text.is_empty() || text.len() > LONGEST {
        return Err(format!("it has to have 1 to {LONGEST} characters"));
    }
    if !text.starts_with(is_word) {
        return Err("it has to begin with a letter, a digit or `_`".to_owned());
    }
    match text.chars().find(|&found| !is_word(found) && !".-".contains(found)) {
        Some(found) => Err(format!("`{found}` cannot stand in it, only letters, digits, `_`, `.` and `-`")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_the_specification_are_read() {
        for text in ["1.4.0", "latest", "_", "A-b.C_", &"x".repeat(128)] {
            assert_eq!(text.parse::<Tag>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_is_no_tag_is_refused_with_the_reason() {
        let cases = [
            ("", "characters"),
            (&"x".repeat(129), "characters"),
            (".hidden", "begin"),
            ("-x", "begin"),
            ("1.4.0+build", "`+`"),
            ("web:1", "`:`"),
            ("a b", "` `"),
        ];
        for (text, reason) in cases {
            let error = text.parse::<Tag>().unwrap_err();
            assert!(error.reason.contains(reason), "{error}");
        }
    }
}
