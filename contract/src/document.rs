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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn step() -> Step {
        Step {
            tool: "scan-gate".to_owned(),
            version: "1.2.3".to_owned(),
            ok: true,
            started_at: "2026-01-01T00:00:00Z".to_owned(),
            seconds: 0.5,
            summary: "clean".to_owned(),
        }
    }

    #[test]
    fn unknown_members_and_odd_numbers_survive_in_order() {
        let text = r#"{"x-team":"payments","schema":"deploy-aws-ecs/release/v1","big":123456789012345678901234567890,"ok":true,"price":1.10,"deep":{"b":1,"a":[1e400]}}"#;
        let document = Document::parse(text.as_bytes()).unwrap();
        assert_eq!(document.to_line(), format!("{text}\n"));
    }

    #[test]
    fn a_new_section_stands_before_the_steps_and_an_old_one_keeps_its_place() {
        let mut document = Document::new();
        document.append_step(&step());
        document.set("scan", &1);
        document.set("error", &2);
        document.set("push", &3);
        document.set("scan", &4);
        let line = document.to_line();
        let order: Vec<usize> =
            ["\"scan\":4", "\"push\":3", "\"steps\"", "\"error\""].map(|text| line.find(text).unwrap()).into();
        assert!(order.is_sorted(), "{line}");
    }

    #[test]
    fn layout_is_dropped_outside_of_strings_only() {
        let text = "{ \"schema\" : \"deploy-aws-ecs/release/v1\",\n \"ok\": true, \"note\": \"a \\\" b\\\\\" , \"list\" : [ 1 , 2 ] }";
        let line = Document::parse(text.as_bytes()).unwrap().to_line();
        assert_eq!(
            line,
            "{\"schema\":\"deploy-aws-ecs/release/v1\",\"ok\":true,\"note\":\"a \\\" b\\\\\",\"list\":[1,2]}\n"
        );
    }

    #[test]
    fn what_is_no_release_document_is_refused_by_name() {
        let cases: [(&str, &str); 11] = [
            ("", "input.empty"),
            (" \n", "input.empty"),
            ("{", "input.truncated"),
            ("{\"schema\":\"deploy-aws-ecs/rel", "input.truncated"),
            ("nonsense", "input.not_json"),
            ("{} {}", "input.not_json"),
            ("{\"ok\":true}", "input.not_a_release_document"),
            ("{\"schema\":\"deploy-aws-ecs/release/v2\",\"ok\":true}", "input.other_version"),
            ("{\"schema\":\"deploy-aws-ecs/release/v1\"}", "input.invalid"),
            ("{\"schema\":\"deploy-aws-ecs/release/v1\",\"ok\":true,\"ok\":true}", "input.not_json"),
            ("{\"schema\":\"deploy-aws-ecs/release/v1\",\"ok\":true,\"error\":{}}", "input.invalid"),
        ];
        for (text, code) in cases {
            assert_eq!(Document::parse(text.as_bytes()).unwrap_err().code(), code, "{text}");
        }
    }

    #[test]
    fn a_beginning_tells_a_release_document_from_a_report() {
        let cases = [
            ("{\"schema\":\"deploy-aws-ecs/release/v1\",\"push\":{\"dig", true),
            ("{\"image\":{},\"schema\":\"deploy-aws-ecs/release/v1\",\"pu", true),
            ("{\"SchemaVersion\":2,\"Results\":[{\"a\":\"", false),
            ("{\"schema\":\"deploy-aws", false),
            ("{\"schema\":\"15.0.0\",\"vulnerabilities\":[", false),
            ("[{\"schema\":\"deploy-aws-ecs/release/v1\"", false),
            ("\u{feff}", false),
        ];
        for (beginning, expected) in cases {
            assert_eq!(Document::begins(beginning.as_bytes()), expected, "{beginning}");
        }
    }

    #[test]
    fn the_steps_of_others_stay_as_they_were() {
        let text = r#"{"schema":"deploy-aws-ecs/release/v1","ok":true,"steps":[{"tool":"other","custom":1.50}]}"#;
        let mut document = Document::parse(text.as_bytes()).unwrap();
        document.append_step(&step());
        assert!(document.to_line().contains(r#""steps":[{"tool":"other","custom":1.50},{"tool":"scan-gate""#));
    }

    proptest! {
        #[test]
        fn reading_and_writing_changes_no_byte(names in prop::collection::hash_set("[a-z]{1,8}", 0..6), text in "\\PC{0,20}") {
            let mut document = Document::new();
            for name in names.iter().filter(|name| !["schema", "ok", "steps", "error"].contains(&name.as_str())) {
                document.set(name, &text);
            }
            let line = document.to_line();
            prop_assert_eq!(Document::parse(line.as_bytes()).unwrap().to_line(), line);
        }

        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = Document::parse(&bytes);
        }
    }
}
