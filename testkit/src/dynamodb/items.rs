//! `PutItem`, `GetItem`, `DeleteItem`.

use serde_json::{Map, Value, json};

use super::expression::{Condition, Placeholders, projection};
use super::item::Item;
use super::table::Table;
use super::{error, input, item};
use crate::wire::ServiceError;

/// The members that the two writes have in common.
const WRITE: [&str; 6] = [
    "TableName",
    "ConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ReturnValues",
    "ReturnValuesOnConditionCheckFailure",
];

pub(super) fn put(table: &mut Table, sent: &Value) -> Result<Value, ServiceError> {
    input::only(sent, &[&WRITE[..], &["Item"]].concat())?;
    let returns_old = wants_old(sent, "ReturnValues")?;
    let item = item::sent(&sent["Item"], "item")?;
    let key = table.key_of(&item)?;
    check_condition(sent, table.items.get(&key))?;
    let old = table.items.insert(key, item);
    Ok(attributes(old, returns_old))
}

pub(super) fn delete(table: &mut Table, sent: &Value) -> Result<Value, ServiceError> {
    input::only(sent, &[&WRITE[..], &["Key"]].concat())?;
    let returns_old = wants_old(sent, "ReturnValues")?;
    let key = table.named_key(&item::sent(&sent["Key"], "key")?)?;
    check_condition(sent, table.items.get(&key))?;
    let old = table.items.remove(&key);
    Ok(attributes(old, returns_old))
}

pub(super) fn get(table: &Table, sent: &Value) -> Result<Value, ServiceError> {
    input::only(sent, &["TableName", "Key", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames"])?;
    input::flag(sent, "ConsistentRead")?;
    let mut placeholders = Placeholders::of(sent)?;
    let asked = projection(sent, &mut placeholders)?;
    placeholders.check_all_used()?;
    let key = table.named_key(&item::sent(&sent["Key"], "key")?)?;
    Ok(match table.items.get(&key) {
        Some(found) => json!({ "Item": item::projected(found, asked.as_deref()) }),
        None => json!({}),
    })
}

/// Whether what is there, or nothing, is as the request wants it.
fn check_condition(sent: &Value, there: Option<&Item>) -> Result<(), ServiceError> {
    let shows_item = wants_old(sent, "ReturnValuesOnConditionCheckFailure")?;
    let mut placeholders = Placeholders::of(sent)?;
    let condition = Condition::sent(sent, "ConditionExpression", &mut placeholders)?;
    placeholders.check_all_used()?;
    let nothing = Map::new();
    if condition.is_none_or(|condition| condition.holds(there.unwrap_or(&nothing))) {
        return Ok(());
    }
    let failed = error::condition_failed();
    Err(match there {
        Some(item) if shows_item => failed.showing(Value::Object(item.clone())),
        _ => failed,
    })
}

fn wants_old(sent: &Value, member: &str) -> Result<bool, ServiceError> {
    match input::text(sent, member)? {
        None | Some("NONE") => Ok(false),
        Some("ALL_OLD") => Ok(true),
        Some(other) => Err(input::none_of(other, member, &["ALL_OLD", "NONE"])),
    }
}

fn attributes(old: Option<Item>, wanted: bool) -> Value {
    match old {
        Some(old) if wanted => json!({ "Attributes": old }),
        _ => json!({}),
    }
}
