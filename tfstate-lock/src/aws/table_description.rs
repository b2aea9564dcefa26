//! The lock table itself.

use contract::aws::CallError;
use serde_json::{Value, json};

use super::table::{LockItem, not_understood};
use crate::examine::TableDescription;

const DESCRIBE: &str = "dynamodb:DescribeTable";

impl LockItem {
    /// What the table is.
    pub(crate) async fn description(&self) -> Result<TableDescription, CallError> {
        let answer = self.reading.json(DESCRIBE, &json!({ "TableName": self.table })).await?;
        let answer: Value = serde_json::from_slice(&answer).map_err(|error| not_understood(DESCRIBE, &error))?;
        let table = &answer["Table"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let kind_of = |name: &str| {
            let attributes = table["AttributeDefinitions"].as_array().into_iter().flatten();
            attributes.clone().find(|one| one["AttributeName"] == name).and_then(|one| text(&one["AttributeType"]))
        };
        let keys = table["KeySchema"].as_array().into_iter().flatten();
        let names = keys.filter_map(|key| text(&key["AttributeName"]));
        Ok(TableDescription {
            status: text(&table["TableStatus"]).unwrap_or_default(),
            key: names.map(|name| (name.clone(), kind_of(&name))).collect(),
        })
    }

    /// The item of another path in the same table.
    pub(crate) fn at(&self, path: String) -> Self {
        Self { path, ..self.clone() }
    }
}
