//! The JSON Schema of the release document as one tool writes it.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::document::SCHEMA;
use crate::fault::Failure;
use crate::image::Image;
use crate::step::Step;
use crate::tool::Tool;

/// The schema, pretty-printed, ended by a line feed.
#[must_use]
pub fn render<T: Tool>() -> String {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let section = generator.subschema_for::<T::Section>();
    let image = generator.subschema_for::<Image>();
    let step = generator.subschema_for::<Step>();
    let error = generator.subschema_for::<Failure>();
    let definitions: Value = generator.take_definitions(true).into();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "type": "object",
        "required": ["schema", "ok", "steps"],
        "properties": {
            "schema": { "const": SCHEMA },
            "ok": { "type": "boolean" },
            "image": image,
            "steps": { "type": "array", "items": step },
            "error": error,
        },
        "$defs": definitions,
    });
    schema["properties"][T::SECTION] = section.into();
    format!("{schema:#}\n")
}
