//! A table: its key, its items and what is said of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::item::Item;
use super::{error, item, value};
use crate::ecs::input::{seconds, without_nulls};
use crate::wire::ServiceError;
use crate::world::{ACCOUNT, REGION};

/// Source: developer guide, "Constraints in Amazon DynamoDB", "Partition key length": 1 to 2048 bytes.
const LONGEST_KEY: usize = 2048;

/// A table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    /// The attribute that is the key.
    pub(super) key: String,
    pub(super) created: Timestamp,
    /// Units of reading and of writing a second; none if each request is paid for.
    pub(super) throughput: Option<(u64, u64)>,
    /// The key of KMS, if it is not DynamoDB's own that encrypts.
    pub(super) kms_key: Option<String>,
    pub(super) protected: bool,
    /// Since when it can be restored to any second, if it can.
    pub(super) recoverable_since: Option<Timestamp>,
    /// By the text of their key.
    pub(super) items: BTreeMap<String, Item>,
}

impl Table {
    /// The text of the key in an item.
    pub(super) fn key_of(&self, item: &Item) -> Result<String, ServiceError> {
        let invalid = |what: String| error::invalid(format!("One or more parameter values were invalid: {what}"));
        let held = item.get(&self.key).ok_or_else(|| invalid(format!("Missing the key {} in the item", self.key)))?;
        let Some(text) = value::text(held) else {
            let actual = value::parts(held).map_or("", |(kind, _)| kind);
            return Err(invalid(format!("Type mismatch for key {} expected: S actual: {actual}", self.key)));
        };
        self.check_length(text)?;
        Ok(text.to_owned())
    }

    /// The text of a key that is all that a request names.
    pub(super) fn named_key(&self, named: &Item) -> Result<String, ServiceError> {
        let text = named.get(&self.key).filter(|_| named.len() == 1).and_then(value::text);
        let text = text.ok_or_else(error::other_key)?;
        self.check_length(text)?;
        Ok(text.to_owned())
    }

    fn check_length(&self, text: &str) -> Result<(), ServiceError> {
        if text.is_empty() {
            let message = "One or more parameter values are not valid. \
                           The AttributeValue for a key attribute cannot contain an empty string value.";
            return Err(error::invalid(format!("{message} Key: {}", self.key)));
        }
        if text.len() > LONGEST_KEY {
            let message = "One or more parameter values were invalid: \
                           Size of hashkey has exceeded the maximum size limit of2048 bytes";
            return Err(error::invalid(message));
        }
        Ok(())
    }

    /// A key as requests name it.
    pub(super) fn key_named(&self, text: &str) -> Value {
        json!({ (self.key.as_str()): { "S": text } })
    }

    /// What is said of it while it is in a status. DynamoDB counts items every six hours only; here the count is always right.
    pub(super) fn description(&self, status: &str) -> Value {
        let (read, write) = self.throughput.unwrap_or_default();
        let on_demand = self.throughput.is_none();
        without_nulls(json!({
            "TableName": self.name,
            "TableArn": format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{}", self.name),
            "TableStatus": status,
            "KeySchema": [{ "AttributeName": self.key, "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": self.key, "AttributeType": "S" }],
            "CreationDateTime": seconds(self.created),
            "ProvisionedThroughput": {
                "NumberOfDecreasesToday": 0, "ReadCapacityUnits": read, "WriteCapacityUnits": write,
            },
            "BillingModeSummary": on_demand.then(|| json!({ "BillingMode": "PAY_PER_REQUEST" })),
            "SSEDescription": self.kms_key.as_ref().map(|key| {
                json!({ "Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key })
            }),
            "DeletionProtectionEnabled": self.protected,
            "ItemCount": self.items.len(),
            "TableSizeBytes": self.items.values().map(item::size).sum::<usize>(),
        }))
    }
}
