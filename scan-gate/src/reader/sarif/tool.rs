//! The tool of a run: its name, its version, its rules and those of its extensions.

use super::rule::{Descriptor, Rule, Rules};
use crate::finding::Pool;
use crate::json::Json;
use crate::reader::ReadError;

const COMPONENT: [&str; 5] = ["name", "version", "semanticVersion", "rules", "properties"];

/// The tool of a run.
#[derive(Debug, Default)]
pub(super) struct Tool {
    /// The driver's name in lower case, with `-` for a space.
    pub(super) name: String,
    /// The driver's version.
    pub(super) version: Option<String>,
    /// All rules.
    pub(super) rules: Rules,
}

#[derive(Default)]
struct Component {
    name: Option<String>,
    version: Option<String>,
    semantic_version: Option<String>,
    rules: Vec<Rule>,
}

impl Tool {
    /// Reads it.
    pub(super) fn read(json: &mut Json, pool: &mut Pool) -> Result<Self, ReadError> {
        let mut driver = None;
        let mut extensions = Vec::new();
        json.object(|json, name| {
            match name {
                "driver" => driver = Some(component(json, pool)?),
                "extensions" => json.list_or_null(|json| {
                    extensions.push(component(json, pool)?.rules);
                    Ok(())
                })?,
                _ => json.skip_unknown(name, &["driver", "extensions", "properties"])?,
            }
            Ok(())
        })?;
        let driver = driver.unwrap_or_default();
        let mut lists = vec![driver.rules];
        lists.append(&mut extensions);
        Ok(Self {
            name: driver.name.unwrap_or_default().trim().to_lowercase().replace(' ', "-"),
            version: driver.version.or(driver.semantic_version),
            rules: Rules::of(lists),
        })
    }
}

fn component(json: &mut Json, pool: &mut Pool) -> Result<Component, ReadError> {
    let mut component = Component::default();
    json.object(|json, name| {
        match name {
            "name" => component.name = json.value()?,
            "version" => component.version = json.value()?,
            "semanticVersion" => component.semantic_version = json.value()?,
            "rules" => json.list_or_null(|json| {
                component.rules.push(json.value::<Descriptor>()?.rule(pool));
                Ok(())
            })?,
            _ => json.skip_unknown(name, &COMPONENT)?,
        }
        Ok(())
    })?;
    Ok(component)
}
