//! The members of a state's outermost object.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::StateFileError;

/// What Terraform and OpenTofu read of it. Whatever else stands there means nothing to them.
const NAMES: [&str; 10] = [
    "version",
    "terraform_version",
    "serial",
    "lineage",
    "outputs",
    "resources",
    "check_results",
    "meta",
    "encrypted_data",
    "encryption_version",
];

/// The members that mean something, as JSON text that lies in the state's own bytes.
#[derive(Default)]
pub(super) struct Members<'a> {
    found: Vec<(&'static str, &'a RawValue)>,
    twice: Option<&'static str>,
}

impl<'a> Members<'a> {
    /// Finds the members in one pass, without building anything of what they hold.
    ///
    /// # Errors
    /// The bytes are not exactly one JSON object, or a member that means something stands there twice.
    pub(super) fn find(bytes: &'a [u8]) -> Result<Self, StateFileError> {
        if bytes.is_empty() {
            return Err(StateFileError::Empty);
        }
        let text = text(bytes)?;
        let mut members = Self::default();
        let mut json = serde_json::Deserializer::from_str(text);
        if let Err(error) = (Outermost { members: &mut members }).deserialize(&mut json) {
            return Err(members.twice.map_or_else(|| why_not(&error), StateFileError::Twice));
        }
        json.end().map_err(|_| StateFileError::TrailingBytes)?;
        Ok(members)
    }

    /// The JSON text of a member; none if it is not there or null, which mean the same to Go.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let (_, raw) = self.found.iter().find(|(found, _)| *found == name)?;
        Some(raw.get()).filter(|json| *json != "null")
    }

    fn add(&mut self, name: &'static str, raw: &'a RawValue) -> bool {
        if self.found.iter().any(|(found, _)| *found == name) {
            self.twice = Some(name);
            return false;
        }
        self.found.push((name, raw));
        true
    }
}

/// JSON is UTF-8. Go would replace what is not, and write back something else than it read.
fn text(bytes: &[u8]) -> Result<&str, StateFileError> {
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error,
    };
    if error.error_len().is_none() {
        return Err(StateFileError::Truncated);
    }
    let before = &bytes[..error.valid_up_to()];
    let lines = before.split(|byte| *byte == b'\n');
    let (line, column) = lines.fold((0, 0), |(line, _), text| (line + 1, text.len() + 1));
    Err(StateFileError::NotJson { line, column })
}

fn why_not(error: &serde_json::Error) -> StateFileError {
    match error.classify() {
        Category::Eof => StateFileError::Truncated,
        Category::Data => StateFileError::NotAnObject,
        Category::Syntax | Category::Io => StateFileError::NotJson { line: error.line(), column: error.column() },
    }
}

/// The name that Go's decoder takes this for: it folds case, by the rules of Unicode. Two characters outside of ASCII fold into it.
fn known(name: &str) -> Option<&'static str> {
    let folded = |character: char| match character {
        'ſ' => 's',
        '\u{212a}' => 'k',
        _ => character.to_ascii_lowercase(),
    };
    NAMES.into_iter().find(|known| known.chars().eq(name.chars().map(folded)))
}

struct Outermost<'m, 'a> {
    members: &'m mut Members<'a>,
}

impl<'a> DeserializeSeed<'a> for Outermost<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Outermost<'_, 'a> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let Some(name) = known(&name) else {
                let IgnoredAny = map.next_value()?;
                continue;
            };
            if !self.members.add(name, map.next_value()?) {
                return Err(A::Error::custom("a member stands there twice"));
            }
        }
        Ok(())
    }
}

/// How many elements a JSON array has; none if it is no array.
pub(super) fn length(json: &str) -> Option<usize> {
    // Elements without a size: nothing is allocated, however many there are.
    let elements = Vec::<IgnoredAny>::deserialize(&mut serde_json::Deserializer::from_str(json)).ok()?;
    Some(elements.len())
}
