//! Changes as people type them.

use thiserror::Error;

use super::{ImageChange, Variable};
use crate::image_reference::{ImageReference, NotAnImage};

/// A text that is no change.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NotAChange {
    /// A variable without a name.
    #[error("`{text}` names no variable: write [CONTAINER:]NAME=VALUE")]
    Variable {
        /// What was typed, without its value.
        text: String,
    },
    /// A variable whose value is to come from the environment, which does not have it.
    #[error("`{name}` is to be taken from the environment, and is not set there")]
    NotInEnvironment {
        /// The variable.
        name: String,
    },
    /// A secret without a place where it lies.
    #[error("`{text}` says no place of the secret: write [CONTAINER:]NAME=ARN")]
    Secret {
        /// What was typed.
        text: String,
    },
    /// A tag without a value.
    #[error("`{text}` is no tag: write KEY=VALUE")]
    Tag {
        /// What was typed.
        text: String,
    },
    /// A line of a file that is no variable.
    #[error("line {line} of the file is no variable: write NAME=VALUE")]
    Line {
        /// Counted from 1.
        line: usize,
    },
    /// An image that is none.
    #[error(transparent)]
    Image(#[from] NotAnImage),
}

impl ImageChange {
    /// Reads `IMAGE` or `CONTAINER=IMAGE`: no reference of an image has an equals sign.
    ///
    /// # Errors
    /// It is no image.
    pub fn read(text: &str) -> Result<Self, NotAChange> {
        let (container, image) = match text.split_once('=') {
            Some((container, image)) => (Some(container.to_owned()), image),
            None => (None, text),
        };
        let image: ImageReference = image.parse()?;
        Ok(Self { container, image })
    }
}

impl Variable {
    /// Reads `[CONTAINER:]NAME=VALUE` or `[CONTAINER:]NAME`, whose value `environment` knows.
    ///
    /// # Errors
    /// There is no name, or no value.
    pub fn read(text: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Self, NotAChange> {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value.to_owned())));
        let (container, name) = named(name)?;
        let value = value.or_else(|| environment(&name));
        let value = value.ok_or_else(|| NotAChange::NotInEnvironment { name: name.clone() })?;
        Ok(Self { container, name, value })
    }

    /// Reads `[CONTAINER:]NAME=ARN`.
    ///
    /// # Errors
    /// A part is missing.
    pub fn read_secret(text: &str) -> Result<Self, NotAChange> {
        let split = text.split_once('=').filter(|(_, place)| !place.is_empty());
        let (name, place) = split.ok_or_else(|| NotAChange::Secret { text: text.to_owned() })?;
        let (container, name) = named(name)?;
        Ok(Self { container, name, value: place.to_owned() })
    }

    /// Reads `[CONTAINER:]NAME`.
    ///
    /// # Errors
    /// There is no name.
    pub fn read_unset(text: &str) -> Result<Self, NotAChange> {
        let (container, name) = named(text)?;
        Ok(Self { container, name, value: String::new() })
    }

    /// Reads a file of `NAME=VALUE` lines. Empty lines and those that begin with `#` say nothing; values are taken as they are, as Docker does.
    ///
    /// # Errors
    /// A line is no variable.
    pub fn read_file(text: &str) -> Result<Vec<Self>, NotAChange> {
        let says_something = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.lines().enumerate().filter(|(_, line)| says_something(line));
        lines
            .map(|(number, line)| {
                let split = line.split_once('=').filter(|(name, _)| is_name(name.trim()));
                let (name, value) = split.ok_or(NotAChange::Line { line: number + 1 })?;
                Ok(Self { container: None, name: name.trim().to_owned(), value: value.to_owned() })
            })
            .collect()
    }
}

/// Reads `KEY=VALUE`.
///
/// # Errors
/// It is none.
pub(crate) fn tag(text: &str) -> Result<(String, String), NotAChange> {
    let split = text.split_once('=').filter(|(key, _)| !key.is_empty());
    let (key, value) = split.ok_or_else(|| NotAChange::Tag { text: text.to_owned() })?;
    Ok((key.to_owned(), value.to_owned()))
}

fn named(text: &str) -> Result<(Option<String>, String), NotAChange> {
    let (container, name) = text.split_once(':').map_or((None, text), |(container, name)| (Some(container), name));
    if !is_name(name) || container.is_some_and(str::is_empty) {
        return Err(NotAChange::Variable { text: text.to_owned() });
    }
    Ok((container.map(str::to_owned), name.to_owned()))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|letter| letter.is_whitespace() || letter.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(container: Option<&str>, name: &str, value: &str) -> Variable {
        Variable { container: container.map(str::to_owned), name: name.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn variables_are_read_with_and_without_container_and_value() {
        let environment = |name: &str| (name == "TOKEN").then(|| "from outside".to_owned());
        let cases = [
            ("LOG=debug", Ok(variable(None, "LOG", "debug"))),
            ("web:LOG=a=b:c", Ok(variable(Some("web"), "LOG", "a=b:c"))),
            ("LOG=", Ok(variable(None, "LOG", ""))),
            ("web:TOKEN", Ok(variable(Some("web"), "TOKEN", "from outside"))),
            ("OTHER", Err(NotAChange::NotInEnvironment { name: "OTHER".to_owned() })),
            ("=x", Err(NotAChange::Variable { text: String::new() })),
            (":A=x", Err(NotAChange::Variable { text: ":A".to_owned() })),
        ];
        for (text, expected) in cases {
            assert_eq!(Variable::read(text, environment), expected, "{text}");
        }
    }

    #[test]
    fn a_file_is_read_as_docker_reads_it() {
        let file = "# comment\n\nLOG=debug\nQUOTED=\"as it is\"\n EMPTY=\n";
        let expected =
            [variable(None, "LOG", "debug"), variable(None, "QUOTED", "\"as it is\""), variable(None, "EMPTY", "")];
        assert_eq!(Variable::read_file(file).unwrap(), expected);
        assert_eq!(Variable::read_file("A=1\nexport B=2\nnothing"), Err(NotAChange::Line { line: 2 }));
    }

    #[test]
    fn images_secrets_and_tags_are_read() {
        let change = ImageChange::read("sidecar=host/s:1").unwrap();
        assert_eq!((change.container.as_deref(), change.image.as_str()), (Some("sidecar"), "host/s:1"));
        assert_eq!(ImageChange::read("web:1").unwrap().container, None);
        assert_eq!(Variable::read_secret("web:KEY=arn:x"), Ok(variable(Some("web"), "KEY", "arn:x")));
        assert!(Variable::read_secret("KEY=").is_err() && Variable::read_secret("KEY").is_err());
        assert_eq!(tag("team=a=b"), Ok(("team".to_owned(), "a=b".to_owned())));
        assert!(tag("team").is_err() && tag("=x").is_err());
    }
}
