//! The release document: one JSON object that travels through the pipe.
//!
//! Its members are kept as the bytes they came as, in the order they came in. So what a tool does not know, it cannot damage.

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use thiserror::Error;

use crate::exit::Exit;
use crate::fault::{Failure, Fault};
use crate::image::Image;
use crate::raw::RawObject;
use crate::step::{self, Step};

/// The schema that this build reads and writes.
pub const SCHEMA: &str = "deploy-aws-ecs/release/v1";
/// What the schema of every version begins with.
const SCHEMA_FAMILY: &str = "deploy-aws-ecs/release/";

/// The members that are written last, behind every section.
const TAIL: [&str; 2] = ["steps", "error"];

/// The release document.
#[derive(Clone, Debug)]
pub struct Document {
    members: RawObject,
}

/// Why bytes are no release document that this build can work with.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// Nothing came.
    #[error("the input is empty: the command before this one wrote nothing")]
    Empty,
    /// The JSON ends too early.
    #[error("the input is cut off: {0}")]
    Truncated(serde_json::Error),
    /// It is no JSON, or more than one document.
    #[error("the input is not one JSON document: {0}")]
    NotJson(serde_json::Error),
    /// It is JSON, but no release document.
    #[error("the input is not a release document: `schema` is missing; expected `{SCHEMA}`")]
    Foreign,
    /// Another version wrote it.
    #[error("the input has schema `{0}`, this build reads `{SCHEMA}`")]
    OtherVersion(String),
    /// A member has the wrong shape.
    #[error("the release document's `{member}` is not understood: {cause}")]
    Member {
        /// Which member.
        member: &'static str,
        /// What is wrong with it.
        cause: String,
    },
}

impl Fault for DocumentError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn code(&self) -> String {
        match self {
            Self::Empty => "input.empty",
            Self::Truncated(_) => "input.truncated",
            Self::NotJson(_) => "input.not_json",
            Self::Foreign => "input.not_a_release_document",
            Self::OtherVersion(_) => "input.other_version",
            Self::Member { .. } => "input.invalid",
        }
        .to_owned()
    }

    fn hint(&self) -> Option<String> {
        Some(
            match self {
                Self::Empty | Self::Truncated(_) => {
                    "run the command before this one alone and look at its standard error"
                }
                Self::NotJson(_) => "look at the input with: jq . FILE",
                Self::Foreign => "the document that another tool of this project wrote belongs here",
                Self::OtherVersion(_) => "use the same version of all five tools in one pipe",
                Self::Member { .. } => "compare the input with docs/contract.md",
            }
            .to_owned(),
        )
    }
}

impl From<serde_json::Error> for DocumentError {
    fn from(error: serde_json::Error) -> Self {
        if error.is_eof() { Self::Truncated(error) } else { Self::NotJson(error) }
    }
}

impl Document {
    /// A document that says nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let mut document = Self { members: RawObject::default() };
        document.set("schema", &SCHEMA);
        document.set("ok", &true);
        document
    }

    /// Reads a release document.
    ///
    /// # Errors
    /// The bytes are not exactly one JSON object, not a release document, of another version, or `ok` or `steps` have the wrong shape.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(DocumentError::Empty);
        }
        let document = Self { members: serde_json::from_slice(bytes)? };
        match document.read::<String>("schema")? {
            Some(schema) if schema == SCHEMA => {}
            Some(schema) if schema.starts_with(SCHEMA_FAMILY) => return Err(DocumentError::OtherVersion(schema)),
            _ => return Err(DocumentError::Foreign),
        }
        let well = document.verdict()?;
        document.steps()?;
        if well && document.raw("error").is_some() {
            return Err(DocumentError::Member {
                member: "error",
                cause: "it is there although `ok` is true".to_owned(),
            });
        }
        Ok(document)
    }

    /// Whether these bytes claim to be a release document, of whatever version: an object whose `schema` says so.
    #[must_use]
    pub fn recognises(bytes: &[u8]) -> bool {
        let members: Result<RawObject, _> = serde_json::from_slice(bytes);
        members.is_ok_and(|members| {
            matches!(Self { members }.read::<String>("schema"), Ok(Some(schema)) if schema.starts_with(SCHEMA_FAMILY))
        })
    }

    /// Whether these first bytes of an input claim to be a release document: an object whose `schema` is among them and says so.
    #[must_use]
    pub fn begins(bytes: &[u8]) -> bool {
        let mut schema = None;
        // The bytes may end anywhere, so the end is an error that says nothing.
        let _ = MembersUntilSchema(&mut schema).deserialize(&mut serde_json::Deserializer::from_slice(bytes));
        schema.is_some_and(|schema| schema.starts_with(SCHEMA_FAMILY))
    }

    /// Whether everything upstream was well.
    ///
    /// # Errors
    /// `ok` is missing or no boolean.
    pub fn verdict(&self) -> Result<bool, DocumentError> {
        let missing = || DocumentError::Member { member: "ok", cause: "it is missing".to_owned() };
        self.read("ok")?.ok_or_else(missing)
    }

    /// The error that a tool upstream left.
    ///
    /// # Errors
    /// `error` has the wrong shape.
    pub fn error(&self) -> Result<Option<Failure>, DocumentError> {
        self.read("error")
    }

    /// The image that the release is about.
    ///
    /// # Errors
    /// `image` has the wrong shape.
    pub fn image(&self) -> Result<Option<Image>, DocumentError> {
        let image: Option<Image> = self.read("image")?;
        if image.as_ref().is_none_or(Image::is_of_one_mind) {
            return Ok(image);
        }
        Err(DocumentError::Member { member: "image", cause: "its `uri` does not name its `digest`".to_owned() })
    }

    /// Reads a member, if it is there.
    ///
    /// # Errors
    /// It is there but has another shape.
    pub fn read<'a, T: Deserialize<'a>>(&'a self, member: &'static str) -> Result<Option<T>, DocumentError> {
        let Some(raw) = self.raw(member) else { return Ok(None) };
        serde_json::from_str(raw).map(Some).map_err(|error| DocumentError::Member { member, cause: error.to_string() })
    }

    /// A member's JSON text, as it came.
    #[must_use]
    pub fn raw(&self, member: &str) -> Option<&str> {
        self.members.get(member)
    }

    pub(crate) fn remove(&mut self, member: &str) {
        self.members.remove(&[member]);
    }

    /// Whether this tool wrote it last.
    pub(crate) fn ends_with_step_of(&self, tool: &str) -> bool {
        self.steps().is_ok_and(|steps| steps.last().is_some_and(|last| step::is_of(last, tool)))
    }

    /// Sets a member: in its place if it is there, else behind the other sections and before `steps`.
    pub(crate) fn set(&mut self, member: &str, value: &impl Serialize) {
        if let Ok(raw) = to_raw_value(value) {
            self.set_raw(member, raw);
        }
    }

    /// Sets a member from JSON text.
    pub(crate) fn set_raw(&mut self, member: &str, raw: Box<RawValue>) {
        let rank = |name: &str| TAIL.iter().position(|tail| *tail == name).map_or(0, |at| at + 1);
        let own = rank(member);
        self.members.set_before(member, raw, |name| rank(name) > own);
    }

    /// Appends to the audit trail; what stands there already stays as it is.
    pub(crate) fn append_step(&mut self, step: &Step) {
        let mut steps = self.steps().unwrap_or_default();
        if let Ok(raw) = to_raw_value(step) {
            steps.push(raw);
        }
        self.set("steps", &steps);
    }

    fn steps(&self) -> Result<Vec<Box<RawValue>>, DocumentError> {
        Ok(self.read("steps")?.unwrap_or_default())
    }

    /// The document as one line of JSON, ended by a line feed. White space between tokens is dropped; nothing else is changed.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut line = without_layout(&self.members.to_json());
        line.push('\n');
        line
    }
}

impl Default for Document {
    fn default() -> Self {
        Self::new()
    }
}

/// JSON text without white space outside of strings.
fn without_layout(json: &str) -> String {
    let mut text = String::with_capacity(json.len() + 1);
    let mut inside_string = false;
    let mut escaped = false;
    // Documents of many megabytes have hardly any: what lies between is taken over in one piece.
    let mut taken = 0;
    for (place, byte) in json.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = inside_string,
            b'"' => inside_string = !inside_string,
            _ if !inside_string && byte.is_ascii_whitespace() => {
                text.push_str(json.get(taken..place).unwrap_or_default());
                taken = place + 1;
            }
            _ => {}
        }
    }
    text.push_str(json.get(taken..).unwrap_or_default());
    text
}

/// Reads members until it finds `schema`.
struct MembersUntilSchema<'a>(&'a mut Option<String>);

impl<'de> DeserializeSeed<'de> for MembersUntilSchema<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MembersUntilSchema<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if name == "schema" {
                *self.0 = members.next_value()?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
