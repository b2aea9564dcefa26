//! DynamoDB: tables of items, with the conditional writes that a lock stands on.
//!
//! A table has one string key and no index. What is not played is refused by name and never ignored: sort keys, indexes, updates,
//! queries, batches, transactions, paths into documents, the parameters from before there were expressions. Every read is consistent, and a
//! table is there as soon as it was asked for. Sources: DynamoDB API reference; developer guide, "Condition and filter expressions,
//! operators, and functions in DynamoDB" and "Constraints in Amazon DynamoDB".

mod backups;
mod error;
mod expression;
mod input;
mod item;
mod items;
mod scan;
mod table;
mod tables;
mod value;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::dynamodb::table::Table;
use crate::wire::ServiceError;

pub(crate) use error::{document as error_document, throughput_exceeded};

/// All tables, by name.
#[derive(Debug, Default)]
pub struct DynamoDb {
    tables: BTreeMap<String, Table>,
}

impl DynamoDb {
    /// Answers one operation.
    ///
    /// # Errors
    /// The service's own error.
    pub fn answer(&mut self, operation: &str, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        match operation {
            "CreateTable" => tables::create(&mut self.tables, input, now),
            "DescribeTable" => tables::describe(&self.tables, input),
            "DeleteTable" => tables::delete(&mut self.tables, input),
            "ListTables" => tables::list(&self.tables, input),
            "DescribeContinuousBackups" => backups::describe(&self.tables, input, now),
            "UpdateContinuousBackups" => backups::update(&mut self.tables, input, now),
            "PutItem" => items::put(self.asked(input)?, input),
            "GetItem" => items::get(self.asked(input)?, input),
            "DeleteItem" => items::delete(self.asked(input)?, input),
            "Scan" => scan::scan(self.asked(input)?, input),
            _ => Err(crate::world::unknown_operation(operation)),
        }
    }

    /// Puts an item behind the clients' backs, in place of one with the same key. It is written as a client would: `{"LockID": {"S":
    /// "states/app.tfstate"}}`.
    ///
    /// # Errors
    /// There is no such table, or the item is none or lacks the table's key.
    pub fn place(&mut self, table: &str, item: &Value) -> Result<(), ServiceError> {
        let table = self.tables.get_mut(table).ok_or_else(error::no_such_table)?;
        let item = item::sent(item, "item")?;
        table.items.insert(table.key_of(&item)?, item);
        Ok(())
    }

    /// The item under a key; none if there is no such table or item.
    #[must_use]
    pub fn item(&self, table: &str, key: &str) -> Option<Value> {
        self.tables.get(table)?.items.get(key).cloned().map(Value::Object)
    }

    /// The keys of a table's items, sorted.
    #[must_use]
    pub fn keys(&self, table: &str) -> Vec<String> {
        self.tables.get(table).map(|table| table.items.keys().cloned().collect()).unwrap_or_default()
    }

    /// Removes an item behind the clients' backs and returns it, if it was there.
    pub fn remove(&mut self, table: &str, key: &str) -> Option<Value> {
        self.tables.get_mut(table)?.items.remove(key).map(Value::Object)
    }

    /// The table that an operation on items asks.
    fn asked(&mut self, input: &Value) -> Result<&mut Table, ServiceError> {
        self.tables.get_mut(input::table_name(input)?).ok_or_else(error::no_such_table)
    }
}
