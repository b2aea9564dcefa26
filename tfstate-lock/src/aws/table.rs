//! The items of the DynamoDB table in which Terraform locks: one for the lock, one for the state's digest.
//!
//! Source: hashicorp/terraform, `internal/backend/remote-state/s3/client.go`: `LockID` is `bucket/key`, `Info` the lock's JSON; the digest of
//! the state lies at `bucket/key-md5` in `Digest`, as the hex of its MD5.

use contract::aws::{CallError, CallErrorKind, Protocol, Service, ServiceModel};
use serde_json::{Value, json};

use super::refusal::is_unclear;
use crate::lock::info::LockInfo;
use crate::protocol::{Answer, Found, Request, Token};
use crate::state::address::StateAddress;

pub(super) const DYNAMODB: ServiceModel = ServiceModel {
    name: "dynamodb",
    id: "DynamoDB",
    signing_name: "dynamodb",
    endpoint_prefix: "dynamodb",
    protocol: Protocol::Json { target: "DynamoDB_20120810", version: "1.0" },
    is_global: false,
};

const GET: &str = "dynamodb:GetItem";
const PUT: &str = "dynamodb:PutItem";
const DELETE: &str = "dynamodb:DeleteItem";

/// The lock's item, and the digest's.
#[derive(Clone, Debug)]
pub(crate) struct LockItem {
    pub(super) reading: Service,
    /// Without the SDK's retries, for the same reason as in the bucket.
    pub(super) writing: Service,
    pub(super) table: String,
    pub(super) path: String,
}

impl LockItem {
    /// The table.
    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    pub(super) fn of(reading: Service, writing: Service, table: &str, state: &StateAddress) -> Self {
        Self { reading, writing, table: table.to_owned(), path: state.path() }
    }

    pub(super) async fn ask(&self, request: &Request) -> Result<Answer, CallError> {
        match request {
            Request::Create(lock) => {
                let input = self.put(lock, json!({ "ConditionExpression": "attribute_not_exists(LockID)" }));
                self.write(PUT, &input).await.map(|done| stored(done, lock))
            }
            Request::Replace(lock, token) => {
                let input = self.put(lock, is_exactly(token));
                self.write(PUT, &input).await.map(|done| stored(done, lock))
            }
            Request::Delete(token) => {
                let input = merged(json!({ "TableName": self.table, "Key": self.key() }), is_exactly(token));
                Ok(self.write(DELETE, &input).await?.unwrap_or(Answer::Deleted))
            }
            Request::Look(unless) => self.look(unless.as_ref()).await,
        }
    }

    /// The state's digest as the table has it.
    pub(crate) async fn digest(&self) -> Result<Option<String>, CallError> {
        let item = self.item(&format!("{}-md5", self.path)).await?;
        Ok(item.and_then(|item| item["Digest"]["S"].as_str().map(str::to_owned)))
    }

    /// Makes the table say this digest of the state, if it still says what it said before; whether it did. Only under the lock.
    pub(crate) async fn set_digest(&self, digest: &str, before: Option<&str>) -> Result<bool, CallError> {
        let item = json!({ "LockID": { "S": format!("{}-md5", self.path) }, "Digest": { "S": digest } });
        let condition = match before {
            Some(before) => {
                json!({ "ConditionExpression": "Digest = :before", "ExpressionAttributeValues": { ":before": { "S": before } } })
            }
            None => json!({ "ConditionExpression": "attribute_not_exists(Digest)" }),
        };
        let input = merged(json!({ "TableName": self.table, "Item": item }), condition);
        // An attempt that meets the work of the one before is told apart by reading it back.
        match self.reading.json(PUT, &input).await {
            Ok(_) => Ok(true),
            Err(error) if error.code.as_deref() == Some("ConditionalCheckFailedException") => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn key(&self) -> Value {
        json!({ "LockID": { "S": self.path } })
    }

    fn put(&self, lock: &LockInfo, condition: Value) -> Value {
        let item = json!({ "LockID": { "S": self.path }, "Info": { "S": text(lock) } });
        merged(json!({ "TableName": self.table, "Item": item }), condition)
    }

    async fn item(&self, id: &str) -> Result<Option<Value>, CallError> {
        let key = json!({ "LockID": { "S": id } });
        let input = json!({ "TableName": self.table, "Key": key, "ConsistentRead": true });
        let answer = self.reading.json(GET, &input).await?;
        let answer: Value = serde_json::from_slice(&answer).map_err(|error| not_understood(GET, &error))?;
        Ok(answer.get("Item").cloned())
    }

    async fn look(&self, unless: Option<&Token>) -> Result<Answer, CallError> {
        let item = match self.item(&self.path).await {
            Ok(Some(item)) => item,
            Ok(None) => return Ok(Answer::Missing),
            Err(error) if is_unclear(error.kind) => return Ok(Answer::Unclear(Some(Box::new(error)))),
            Err(error) => return Err(error),
        };
        let found = found(&item);
        if unless == Some(&found.token) {
            return Ok(Answer::Unchanged(None));
        }
        Ok(Answer::Found(Box::new(found)))
    }

    /// Writes once: none if it was done.
    async fn write(&self, operation: &'static str, input: &Value) -> Result<Option<Answer>, CallError> {
        let Err(error) = self.writing.json(operation, input).await else {
            return Ok(None);
        };
        match error.code.as_deref() {
            Some("ConditionalCheckFailedException") => Ok(Some(Answer::Differs)),
            Some("TransactionConflictException") => Ok(Some(Answer::Conflict)),
            _ if is_unclear(error.kind) => Ok(Some(Answer::Unclear(Some(Box::new(error))))),
            _ => Err(error),
        }
    }
}

/// What an item says.
pub(super) fn found(item: &Value) -> Found {
    let token = Token(item["Info"]["S"].as_str().unwrap_or_default().to_owned());
    let lock = LockInfo::parse(token.0.as_bytes());
    let (modified, answered, version_id, encryption) = (None, None, None, None);
    Found { lock, token, modified, answered, version_id, encryption }
}

fn stored(refused: Option<Answer>, lock: &LockInfo) -> Answer {
    refused.unwrap_or_else(|| Answer::Stored(Token(text(lock))))
}

/// OpenTofu deletes an item only if its text is what it would write itself: so it is.
fn text(lock: &LockInfo) -> String {
    String::from_utf8_lossy(&lock.to_bytes()).into_owned()
}

/// The condition that the item is there with this very text; one without a text has none.
fn is_exactly(token: &Token) -> Value {
    if token.0.is_empty() {
        return json!({ "ConditionExpression": "attribute_exists(LockID) AND attribute_not_exists(Info)" });
    }
    json!({ "ConditionExpression": "Info = :info", "ExpressionAttributeValues": { ":info": { "S": token.0 } } })
}

fn merged(mut input: Value, more: Value) -> Value {
    if let (Value::Object(input), Value::Object(more)) = (&mut input, more) {
        input.extend(more);
    }
    input
}

pub(super) fn not_understood(operation: &'static str, error: &serde_json::Error) -> CallError {
    let message = format!("the answer is not understood: {error}");
    CallError { operation, code: None, message, request_id: None, status: None, kind: CallErrorKind::Server }
}
