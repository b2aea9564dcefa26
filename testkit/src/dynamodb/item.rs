//! Items: attribute values by name.

use serde_json::{Map, Value};

use super::{error, input, value};
use crate::wire::ServiceError;

/// Attribute values by name.
pub(super) type Item = Map<String, Value>;

/// What an item may take at most, names included. Source: developer guide, "Constraints in Amazon DynamoDB", "Item size": 400 KB.
const LARGEST: usize = 400 * 1024;

/// A member of a request as an item, after its values were checked.
pub(super) fn sent(sent: &Value, member: &str) -> Result<Item, ServiceError> {
    let item = match sent {
        Value::Null => return Err(input::missing(member)),
        Value::Object(item) => item,
        _ => return Err(error::serialization(format!("{member} is no object"))),
    };
    item.values().try_for_each(value::check)?;
    if size(item) > LARGEST {
        return Err(error::invalid("Item size has exceeded the maximum allowed size"));
    }
    Ok(item.clone())
}

/// About how many bytes an item takes.
pub(super) fn size(item: &Item) -> usize {
    item.iter().map(|(name, inner)| name.len() + value::size(inner)).sum()
}

/// The attributes that are asked for; all if nothing is said.
pub(super) fn projected(item: &Item, asked: Option<&[String]>) -> Item {
    match asked {
        None => item.clone(),
        Some(asked) => {
            let kept = item.iter().filter(|(name, _)| asked.contains(name));
            kept.map(|(name, value)| (name.clone(), value.clone())).collect()
        }
    }
}
