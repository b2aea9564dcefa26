//! `Scan`: every item, page by page, in no order that a client could rely on.

use md5::{Digest, Md5};
use serde_json::{Value, json};

use super::expression::{Condition, Placeholders, projection};
use super::item::Item;
use super::table::Table;
use super::{input, item};
use crate::wire::ServiceError;

/// What is read for one page at most, before it is filtered. Source: API reference, `Scan`: 1 MB.
const LARGEST_PAGE: usize = 1024 * 1024;

const MEMBERS: [&str; 8] = [
    "TableName",
    "ConsistentRead",
    "ExclusiveStartKey",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "FilterExpression",
    "Limit",
    "ProjectionExpression",
];

pub(super) fn scan(table: &Table, sent: &Value) -> Result<Value, ServiceError> {
    input::only(sent, &MEMBERS)?;
    input::flag(sent, "ConsistentRead")?;
    let limit = input::limit(sent)?.unwrap_or(usize::MAX);
    let mut placeholders = Placeholders::of(sent)?;
    let filter = Condition::sent(sent, "FilterExpression", &mut placeholders)?;
    let asked = projection(sent, &mut placeholders)?;
    placeholders.check_all_used()?;
    let start = match &sent["ExclusiveStartKey"] {
        Value::Null => None,
        key => Some(table.named_key(&item::sent(key, "exclusiveStartKey")?)?),
    };
    let page = Page::read(table, start.as_deref(), limit);
    let passing = page.items.iter().filter(|item| filter.as_ref().is_none_or(|filter| filter.holds(item)));
    let items: Vec<Item> = passing.map(|found| item::projected(found, asked.as_deref())).collect();
    let mut answer = json!({ "Count": items.len(), "ScannedCount": page.items.len(), "Items": items });
    if let Some(last) = page.last {
        answer["LastEvaluatedKey"] = table.key_named(last);
    }
    Ok(answer)
}

/// What is read for one page.
struct Page<'a> {
    items: Vec<&'a Item>,
    /// The key that it stopped at, if it did. Source: API reference, `Scan`, `LastEvaluatedKey`: there may be nothing behind it.
    last: Option<&'a str>,
}

impl<'a> Page<'a> {
    fn read(table: &'a Table, start: Option<&str>, limit: usize) -> Self {
        let place = |key: &str| <[u8; 16]>::from(Md5::digest(key));
        let mut places: Vec<_> = table.items.iter().map(|(key, item)| (place(key), key, item)).collect();
        places.sort_unstable_by_key(|(place, ..)| *place);
        let mut page = Self { items: Vec::new(), last: None };
        let mut size = 0;
        for (_, key, item) in places.into_iter().skip_while(|(at, ..)| start.is_some_and(|start| *at <= place(start))) {
            page.items.push(item);
            size += item::size(item);
            if page.items.len() == limit || size >= LARGEST_PAGE {
                page.last = Some(key);
                break;
            }
        }
        page
    }
}
