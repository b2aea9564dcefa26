//! `CreateTable`, `DescribeTable`, `DeleteTable`, `ListTables`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::table::Table;
use super::{error, input};
use crate::wire::ServiceError;
use crate::world::{ACCOUNT, REGION};

/// The most names of one page. Source: API reference, `ListTables`, `Limit`.
const LARGEST_PAGE: usize = 100;

/// The members that a new table may have. Its tags and its class change nothing here.
const SETTINGS: [&str; 9] = [
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "BillingMode",
    "ProvisionedThroughput",
    "SSESpecification",
    "DeletionProtectionEnabled",
    "TableClass",
    "Tags",
];

pub(super) fn create(
    tables: &mut BTreeMap<String, Table>,
    sent: &Value,
    now: Timestamp,
) -> Result<Value, ServiceError> {
    input::only(sent, &SETTINGS)?;
    let name = input::table_name(sent)?;
    if !is_valid_name(name) {
        let message = "TableName must be at least 3 characters long and at most 255 characters long, \
                       of the characters a-z, A-Z, 0-9, '_', '-' and '.'";
        return Err(error::invalid(message));
    }
    let table = Table {
        name: name.to_owned(),
        key: key(sent)?,
        created: now,
        throughput: throughput(sent)?,
        kms_key: kms_key(&sent["SSESpecification"])?,
        protected: input::flag(sent, "DeletionProtectionEnabled")?,
        recoverable_since: None,
        items: BTreeMap::new(),
    };
    if tables.contains_key(name) {
        return Err(ServiceError::bad_request("ResourceInUseException", format!("Table already exists: {name}")));
    }
    let description = table.description("CREATING");
    tables.insert(name.to_owned(), table);
    Ok(json!({ "TableDescription": description }))
}

/// Source: developer guide, "Supported data types and naming rules", "Table and index names".
fn is_valid_name(name: &str) -> bool {
    (3..=255).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// The attribute that is the key: one, of text, defined alone.
fn key(sent: &Value) -> Result<String, ServiceError> {
    let list = |member: &str| sent[member].as_array().filter(|list| !list.is_empty()).cloned();
    let schema = list("KeySchema").ok_or_else(|| input::missing("keySchema"))?;
    let definitions = list("AttributeDefinitions").ok_or_else(|| input::missing("attributeDefinitions"))?;
    let [element] = schema.as_slice() else {
        return Err(error::not_played("a table with a sort key"));
    };
    if element["KeyType"] != json!("HASH") {
        return Err(error::invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type"));
    }
    let name = element["AttributeName"].as_str().ok_or_else(|| input::missing("keySchema.1.member.attributeName"))?;
    let defined = definitions.iter().find(|definition| definition["AttributeName"] == json!(name));
    let mismatch = |what: &str| error::invalid(format!("One or more parameter values were invalid: {what}"));
    let defined = defined.ok_or_else(|| mismatch("Some index key attributes have no definition"))?;
    if definitions.len() > 1 {
        return Err(mismatch(
            "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions",
        ));
    }
    match defined["AttributeType"].as_str() {
        Some("S") => Ok(name.to_owned()),
        Some("N" | "B") => Err(error::not_played("a key that is no string")),
        other => {
            let member = "attributeDefinitions.1.member.attributeType";
            Err(input::none_of(other.unwrap_or_default(), member, &["B", "N", "S"]))
        }
    }
}

fn throughput(sent: &Value) -> Result<Option<(u64, u64)>, ServiceError> {
    let mode = input::text(sent, "BillingMode")?.unwrap_or("PROVISIONED");
    let bought = &sent["ProvisionedThroughput"];
    let invalid = |what: &str| error::invalid(format!("One or more parameter values were invalid: {what}"));
    match mode {
        "PAY_PER_REQUEST" if bought.is_null() => Ok(None),
        "PAY_PER_REQUEST" => Err(invalid(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        )),
        "PROVISIONED" => {
            let units = |name: &str| bought[name].as_u64().filter(|units| *units > 0);
            let both = units("ReadCapacityUnits").zip(units("WriteCapacityUnits"));
            both.map(Some).ok_or_else(|| {
                invalid(
                    "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
                )
            })
        }
        other => Err(input::none_of(other, "billingMode", &["PROVISIONED", "PAY_PER_REQUEST"])),
    }
}

/// Source: API reference, `SSESpecification`: without a key it is `alias/aws/dynamodb`.
fn kms_key(specification: &Value) -> Result<Option<String>, ServiceError> {
    let named = input::text(specification, "KMSMasterKeyId")?.unwrap_or("alias/aws/dynamodb");
    let key = if named.starts_with("arn:") {
        named.to_owned()
    } else {
        let resource = if named.starts_with("alias/") { named.to_owned() } else { format!("key/{named}") };
        format!("arn:aws:kms:{REGION}:{ACCOUNT}:{resource}")
    };
    Ok(input::flag(specification, "Enabled")?.then_some(key))
}

pub(super) fn describe(tables: &BTreeMap<String, Table>, sent: &Value) -> Result<Value, ServiceError> {
    input::only(sent, &["TableName"])?;
    let name = input::table_name(sent)?;
    let table = tables.get(name).ok_or_else(|| error::no_table_called(name))?;
    Ok(json!({ "Table": table.description("ACTIVE") }))
}

pub(super) fn delete(tables: &mut BTreeMap<String, Table>, sent: &Value) -> Result<Value, ServiceError> {
    input::only(sent, &["TableName"])?;
    let name = input::table_name(sent)?;
    let table = tables.get(name).ok_or_else(|| error::no_table_called(name))?;
    if table.protected {
        let message = "Resource cannot be deleted as it is currently protected against deletion. \
                       Disable deletion protection first.";
        return Err(error::invalid(message));
    }
    let description = table.description("DELETING");
    tables.remove(name);
    Ok(json!({ "TableDescription": description }))
}

pub(super) fn list(tables: &BTreeMap<String, Table>, sent: &Value) -> Result<Value, ServiceError> {
    input::only(sent, &["ExclusiveStartTableName", "Limit"])?;
    let page = input::limit(sent)?.unwrap_or(LARGEST_PAGE);
    if page > LARGEST_PAGE {
        let constraint = "failed to satisfy constraint: Member must have value less than or equal to 100";
        return Err(error::invalid(format!("1 validation error detected: Value '{page}' at 'limit' {constraint}")));
    }
    let start = input::text(sent, "ExclusiveStartTableName")?.unwrap_or_default();
    let mut names: Vec<&str> = tables.keys().map(String::as_str).filter(|name| *name > start).collect();
    let more = names.len() > page;
    names.truncate(page);
    let mut answer = json!({ "TableNames": names });
    if more {
        answer["LastEvaluatedTableName"] = answer["TableNames"][page - 1].clone();
    }
    Ok(answer)
}
