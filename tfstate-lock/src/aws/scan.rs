//! Which locks lie in the table.

use contract::aws::CallError;
use serde_json::{Value, json};

use super::table::{LockItem, found, not_understood};
use crate::protocol::Found;
use crate::state::address::{Prefix, StateAddress};

const SCAN: &str = "dynamodb:Scan";

impl LockItem {
    /// The locks of the states below a prefix. A table knows no order, so all of it is read; digests are left out by the table itself.
    pub(crate) async fn locked_states(&self, below: &Prefix) -> Result<Vec<(StateAddress, Found)>, CallError> {
        let mut locks = Vec::new();
        let mut next = Value::Null;
        loop {
            let mut input = json!({
                "TableName": self.table,
                "ConsistentRead": true,
                "FilterExpression": "attribute_exists(Info)",
                "ProjectionExpression": "LockID, Info",
            });
            if !next.is_null() {
                input["ExclusiveStartKey"] = next;
            }
            let answer = self.reading.json(SCAN, &input).await?;
            let mut page: Value = serde_json::from_slice(&answer).map_err(|error| not_understood(SCAN, &error))?;
            let items = page["Items"].as_array().map(Vec::as_slice).unwrap_or_default();
            locks.extend(items.iter().filter_map(|item| Some((state(item, below)?, found(item)))));
            next = page["LastEvaluatedKey"].take();
            if next.is_null() {
                return Ok(locks);
            }
        }
    }
}

/// The state that an item locks, if it lies below the prefix. One table may serve many buckets.
fn state(item: &Value, below: &Prefix) -> Option<StateAddress> {
    let path = item["LockID"]["S"].as_str()?;
    let key = path.strip_prefix(&below.bucket)?.strip_prefix('/')?;
    StateAddress::of_state(&below.bucket, key).filter(|_| key.starts_with(&below.prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_states_of_the_bucket_below_the_prefix_count() {
        let below = |path: &str| {
            let item = json!({ "LockID": { "S": path } });
            state(&item, &Prefix { bucket: "states".to_owned(), prefix: "prod/".to_owned() })
        };
        assert_eq!(below("states/prod/app.tfstate").unwrap().to_string(), "s3://states/prod/app.tfstate");
        for path in ["states/stage/app.tfstate", "states-2/prod/app.tfstate", "other/prod/app.tfstate", "states", ""] {
            assert_eq!(below(path), None, "{path}");
        }
    }
}
