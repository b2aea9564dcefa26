//! `DescribeContinuousBackups`, `UpdateContinuousBackups`: whether a table can be restored to a point in time. Nothing is restored here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::input;
use super::table::Table;
use crate::ecs::input::seconds;
use crate::wire::ServiceError;

pub(super) fn describe(tables: &BTreeMap<String, Table>, sent: &Value, now: Timestamp) -> Result<Value, ServiceError> {
    input::only(sent, &["TableName"])?;
    let name = input::table_name(sent)?;
    let table = tables.get(name).ok_or_else(|| no_table(name))?;
    Ok(described(table, now))
}

pub(super) fn update(
    tables: &mut BTreeMap<String, Table>,
    sent: &Value,
    now: Timestamp,
) -> Result<Value, ServiceError> {
    input::only(sent, &["TableName", "PointInTimeRecoverySpecification"])?;
    let name = input::table_name(sent)?;
    let specification = &sent["PointInTimeRecoverySpecification"];
    if specification["PointInTimeRecoveryEnabled"].is_null() {
        return Err(input::missing("pointInTimeRecoverySpecification.pointInTimeRecoveryEnabled"));
    }
    let wanted = input::flag(specification, "PointInTimeRecoveryEnabled")?;
    let table = tables.get_mut(name).ok_or_else(|| no_table(name))?;
    table.recoverable_since = wanted.then(|| table.recoverable_since.unwrap_or(now));
    Ok(described(table, now))
}

fn described(table: &Table, now: Timestamp) -> Value {
    let recovery = match table.recoverable_since {
        None => json!({ "PointInTimeRecoveryStatus": "DISABLED" }),
        Some(since) => json!({
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": 35,
            "EarliestRestorableDateTime": seconds(since),
            "LatestRestorableDateTime": seconds(now),
        }),
    };
    let description = json!({ "ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery });
    json!({ "ContinuousBackupsDescription": description })
}

/// Source: API reference, `DescribeContinuousBackups`, Errors.
fn no_table(name: &str) -> ServiceError {
    ServiceError::bad_request("TableNotFoundException", format!("Table not found: {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::DynamoDb;

    #[test]
    fn recovery_is_off_until_it_is_switched_on() {
        let mut dynamodb = DynamoDb::default();
        let mut call = |operation: &str, input: Value| dynamodb.answer(operation, &input, Timestamp::UNIX_EPOCH);
        assert_eq!(
            call("DescribeContinuousBackups", json!({ "TableName": "locks" })).unwrap_err().code,
            "TableNotFoundException"
        );
        let table = json!({
            "TableName": "locks", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": "LockID", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "LockID", "KeyType": "HASH" }],
        });
        call("CreateTable", table).unwrap();
        let status = "/ContinuousBackupsDescription/PointInTimeRecoveryDescription/PointInTimeRecoveryStatus";
        for (enabled, expected) in [(true, "ENABLED"), (false, "DISABLED")] {
            let specification = json!({ "PointInTimeRecoveryEnabled": enabled });
            let input = json!({ "TableName": "locks", "PointInTimeRecoverySpecification": specification });
            call("UpdateContinuousBackups", input).unwrap();
            let described = call("DescribeContinuousBackups", json!({ "TableName": "locks" })).unwrap();
            assert_eq!(described.pointer(status), Some(&json!(expected)));
        }
    }
}
