//! What is changed in a task definition, and nothing else.

mod read;

use contract::raw::RawObject;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

pub use self::read::NotAChange;
pub(crate) use self::read::tag;
use super::{SwapError, TaskDefinition, shape};
use crate::image_reference::ImageReference;

/// All that is to be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// New images.
    pub images: Vec<ImageChange>,
    /// Environment variables to set.
    pub environment: Vec<Variable>,
    /// Secrets to set.
    pub secrets: Vec<Secret>,
    /// Variables and secrets to take away; their value is not looked at.
    pub unset: Vec<Variable>,
    /// `cpu`, `memory`, `taskRoleArn`, `executionRoleArn`.
    pub members: Vec<(&'static str, String)>,
    /// Tags of the task definition.
    pub tags: Vec<(String, String)>,
}

/// A new image for a container: the named one, or the only one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageChange {
    /// The container.
    pub container: Option<String>,
    /// The image.
    pub image: ImageReference,
}

/// An environment variable of a container: the named one, those that get an image, or the only one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The container.
    pub container: Option<String>,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A variable whose value is a secret.
pub type Secret = Variable;

/// A container's image before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerImage {
    /// The container.
    pub container: String,
    /// What it had.
    pub previous: String,
    /// What it gets.
    pub image: ImageReference,
}

impl TaskDefinition {
    /// The task definition with these changes, and the images before and after. All else stays byte for byte.
    ///
    /// # Errors
    /// A container is not there, or it is not said which one is meant.
    pub fn changed(&self, changes: &Changes) -> Result<(Self, Vec<ContainerImage>), SwapError> {
        let names: Vec<String> =
            self.overview()?.container_definitions.into_iter().map(|container| container.name).collect();
        let mut new = self.clone();
        let mut containers = self.containers()?;
        let mut images: Vec<ContainerImage> = Vec::new();
        for change in &changes.images {
            let index = place(&names, change.container.as_deref())?;
            let container = containers.get_mut(index).ok_or_else(|| shape("a container is gone"))?;
            let previous: String = serde_json::from_str(container.get("image").unwrap_or("\"\"")).map_err(shape)?;
            if previous != change.image.as_str() {
                container.set("image", raw(change.image.as_str())?);
            }
            images.push(ContainerImage { container: names[index].clone(), previous, image: change.image.clone() });
        }
        let meant: Vec<usize> =
            images.iter().filter_map(|image| names.iter().position(|name| *name == image.container)).collect();
        let places = |container: Option<&str>| match container {
            None if !meant.is_empty() => Ok(meant.clone()),
            container => place(&names, container).map(|index| vec![index]),
        };
        let edits = [
            (&changes.unset, Edit::Unset),
            (&changes.environment, Edit::Environment),
            (&changes.secrets, Edit::Secret),
        ];
        for (variables, edit) in edits {
            for variable in variables {
                for index in places(variable.container.as_deref())? {
                    let container = containers.get_mut(index).ok_or_else(|| shape("a container is gone"))?;
                    edit.make(container, variable)?;
                }
            }
        }
        new.definition.set("containerDefinitions", raw(&containers)?);
        for (member, value) in &changes.members {
            new.definition.set(member, raw(value)?);
        }
        new.set_tags(&changes.tags)?;
        Ok((new, images))
    }

    fn set_tags(&mut self, tags: &[(String, String)]) -> Result<(), SwapError> {
        if tags.is_empty() {
            return Ok(());
        }
        let text = self.tags.as_ref().map_or("[]", |tags| tags.get());
        let mut list: Vec<RawObject> = serde_json::from_str(text).map_err(shape)?;
        for (key, value) in tags {
            set_in(&mut list, ("key", key), ("value", value))?;
        }
        self.tags = Some(raw(&list)?);
        Ok(())
    }
}

/// What is done with a variable.
#[derive(Clone, Copy)]
enum Edit {
    Environment,
    Secret,
    Unset,
}

impl Edit {
    /// A name that is a variable and a secret at once is refused by ECS: the one takes the other's place.
    fn make(self, container: &mut RawObject, variable: &Variable) -> Result<(), SwapError> {
        let (list, other, value) = match self {
            Self::Environment => ("environment", "secrets", "value"),
            Self::Secret => ("secrets", "environment", "valueFrom"),
            Self::Unset => {
                remove_from(container, "environment", &variable.name)?;
                return remove_from(container, "secrets", &variable.name);
            }
        };
        remove_from(container, other, &variable.name)?;
        let mut entries = entries(container, list)?;
        set_in(&mut entries, ("name", &variable.name), (value, &variable.value))?;
        container.set(list, raw(&entries)?);
        Ok(())
    }
}

fn entries(container: &RawObject, list: &str) -> Result<Vec<RawObject>, SwapError> {
    container.get(list).map_or(Ok(Vec::new()), |text| serde_json::from_str(text).map_err(shape))
}

fn is_named(entry: &RawObject, member: &str, name: &str) -> bool {
    entry.get(member).and_then(|text| serde_json::from_str::<String>(text).ok()).as_deref() == Some(name)
}

fn remove_from(container: &mut RawObject, list: &str, name: &str) -> Result<(), SwapError> {
    let mut kept = entries(container, list)?;
    let before = kept.len();
    kept.retain(|entry| !is_named(entry, "name", name));
    if kept.len() < before {
        container.set(list, raw(&kept)?);
    }
    Ok(())
}

/// Sets `value` in the entry of this name, in its place if it is there, else at the end.
fn set_in(entries: &mut Vec<RawObject>, name: (&str, &str), value: (&str, &str)) -> Result<(), SwapError> {
    if let Some(entry) = entries.iter_mut().find(|entry| is_named(entry, name.0, name.1)) {
        entry.set(value.0, raw(value.1)?);
        return Ok(());
    }
    let mut entry = RawObject::default();
    entry.set(name.0, raw(name.1)?);
    entry.set(value.0, raw(value.1)?);
    entries.push(entry);
    Ok(())
}

fn raw(value: &(impl Serialize + ?Sized)) -> Result<Box<RawValue>, SwapError> {
    to_raw_value(value).map_err(shape)
}

/// The place of the container of this name, or of the only one.
fn place(names: &[String], wanted: Option<&str>) -> Result<usize, SwapError> {
    match (wanted, names) {
        (None, [_]) => Ok(0),
        (None, []) => Err(shape("it has no containers")),
        (None, _) => Err(SwapError::Ambiguous(names.join(", "))),
        (Some(wanted), _) => {
            let found = names.iter().position(|name| name == wanted);
            found.ok_or_else(|| SwapError::NoSuchContainer { wanted: wanted.to_owned(), present: names.join(", ") })
        }
    }
}

#[cfg(test)]
mod tests;
