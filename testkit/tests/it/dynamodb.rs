//! DynamoDB on the wire: what a client sees, what a test sees behind its back, faults and seeds.

use serde_json::{Value, json};
use testkit::sandbox::Sandbox;
use testkit::{LocalAws, peer};

use crate::http::{Answer, Client};

/// What a table of locks looks like.
pub(crate) fn locks() -> Value {
    json!({
        "TableName": "locks",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "LockID", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "LockID", "KeyType": "HASH" }],
    })
}

/// Asks a server for one operation.
pub(crate) fn ask(endpoint: &str, operation: &str, input: &Value) -> Answer {
    let authorization =
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
    let client = Client { endpoint: endpoint.to_owned(), authorization: authorization.to_owned() };
    let target = format!("DynamoDB_20120810.{operation}");
    let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.0")];
    client.send("POST", "/", &headers, input.to_string().as_bytes())
}

/// The code of an error, without whose error it is.
pub(crate) fn code(answer: &Answer) -> String {
    let kind = if answer.status == 200 { Value::Null } else { answer.json()["__type"].clone() };
    kind.as_str().unwrap_or_default().rsplit('#').next().unwrap_or_default().to_owned()
}

fn cloud() -> LocalAws {
    let cloud = LocalAws::start().unwrap();
    let seed = json!([{ "dynamodb:CreateTable": locks() }]).to_string();
    testkit::seed::plant(seed.as_bytes(), &mut cloud.world(), cloud.endpoint(), cloud.clock()).unwrap();
    cloud
}

fn lock(id: &str) -> Value {
    json!({ "LockID": { "S": "states/app.tfstate" }, "Info": { "S": id } })
}

/// Takes the lock if nobody has it.
fn take(cloud: &LocalAws, id: &str) -> Answer {
    let put = json!({
        "TableName": "locks", "Item": lock(id), "ConditionExpression": "attribute_not_exists(LockID)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    });
    ask(cloud.endpoint(), "PutItem", &put)
}

#[test]
fn a_lock_is_taken_once_and_who_has_it_is_shown() {
    let cloud = cloud();
    assert_eq!((take(&cloud, "ours").status, cloud.writes()), (200, vec!["dynamodb:PutItem".to_owned()]));
    let refused = take(&cloud, "theirs");
    assert_eq!((refused.status, refused.header("content-type")), (400, "application/x-amz-json-1.0"));
    assert_eq!(refused.header("x-amzn-errortype"), "");
    let expected = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "The conditional request failed",
        "Item": lock("ours"),
    });
    assert_eq!(refused.json(), expected);
}

#[test]
fn items_are_placed_seen_and_removed_behind_the_clients_backs() {
    let cloud = cloud();
    let key = "states/app.tfstate";
    cloud.world().dynamodb.place("locks", &lock("placed")).unwrap();
    assert_eq!(code(&take(&cloud, "ours")), "ConditionalCheckFailedException");
    assert_eq!(cloud.world().dynamodb.item("locks", key), Some(lock("placed")));
    assert_eq!(cloud.world().dynamodb.keys("locks"), [key]);
    assert_eq!(cloud.world().dynamodb.remove("locks", key), Some(lock("placed")));
    assert_eq!(cloud.world().dynamodb.item("locks", key), None);
    assert_eq!(cloud.world().dynamodb.item("absent", key), None);
    assert_eq!(take(&cloud, "ours").status, 200);
    let homeless = cloud.world().dynamodb.place("absent", &lock("placed")).unwrap_err();
    assert_eq!(homeless.code, "ResourceNotFoundException");
    let keyless = cloud.world().dynamodb.place("locks", &json!({ "Info": { "S": "a" } })).unwrap_err();
    assert_eq!(keyless.code, "ValidationException");
}

#[test]
fn a_lost_response_leaves_the_lock_taken_and_an_error_does_not() {
    let cloud = cloud();
    cloud.arm("dynamodb:PutItem=error-after:500".parse().unwrap());
    assert_eq!(take(&cloud, "ours").status, 500);
    assert_eq!(take(&cloud, "ours").json()["Item"], lock("ours"));
    let cloud = self::cloud();
    cloud.arm("dynamodb:PutItem=throttle".parse().unwrap());
    let throttled = take(&cloud, "ours");
    assert_eq!((throttled.status, code(&throttled)), (400, "ProvisionedThroughputExceededException".to_owned()));
    assert_eq!(cloud.world().dynamodb.keys("locks"), [""; 0]);
    assert_eq!(take(&cloud, "ours").status, 200);
    let statuses: Vec<u16> = cloud.journal().iter().map(|call| call.status).collect();
    assert_eq!(statuses, [400, 200]);
}

#[test]
fn a_request_needs_a_signature_and_an_operation_that_is_played() {
    let cloud = cloud();
    let unsigned = Client { endpoint: cloud.endpoint().to_owned(), authorization: String::new() };
    let answer = unsigned.send("POST", "/", &[("x-amz-target", "DynamoDB_20120810.ListTables")], b"{}");
    assert_eq!(answer.json()["__type"], "com.amazon.coral.service#MissingAuthenticationTokenException");
    let answer = ask(cloud.endpoint(), "UpdateItem", &json!({}));
    assert_eq!(answer.json()["__type"], "com.amazon.coral.service#UnknownOperationException");
    let legacy = json!({ "TableName": "locks", "Item": lock("a"), "Expected": {} });
    let answer = ask(cloud.endpoint(), "PutItem", &legacy);
    assert_eq!(answer.json()["message"], "the local AWS does not play Expected");
}

#[test]
fn a_table_says_how_it_is_kept() {
    let cloud = LocalAws::start().unwrap();
    let mut table = locks();
    table["SSESpecification"] = json!({ "Enabled": true, "SSEType": "KMS" });
    table["DeletionProtectionEnabled"] = json!(true);
    let created = ask(cloud.endpoint(), "CreateTable", &table).json();
    assert_eq!(created["TableDescription"]["TableStatus"], "CREATING");
    let name = json!({ "TableName": "locks" });
    let described = ask(cloud.endpoint(), "DescribeTable", &name).json();
    assert_eq!(described["Table"]["TableStatus"], "ACTIVE");
    assert_eq!(
        described["Table"]["SSEDescription"]["KMSMasterKeyArn"],
        "arn:aws:kms:eu-central-1:123456789012:alias/aws/dynamodb"
    );
    assert_eq!(code(&ask(cloud.endpoint(), "DeleteTable", &name)), "ValidationException");
    assert_eq!(ask(cloud.endpoint(), "ListTables", &json!({})).json()["TableNames"], json!(["locks"]));
}

#[test]
fn what_the_local_aws_does_not_play_of_tables_it_says() {
    let cloud = LocalAws::start().unwrap();
    let mut sorted = locks();
    let keys = [("LockID", "HASH"), ("At", "RANGE")];
    sorted["KeySchema"] = keys.map(|(name, kind)| json!({ "AttributeName": name, "KeyType": kind })).to_vec().into();
    let mut numbered = locks();
    numbered["AttributeDefinitions"][0]["AttributeType"] = json!("N");
    let mut indexed = locks();
    indexed["GlobalSecondaryIndexes"] = json!([]);
    for (table, expected) in [(sorted, "a sort key"), (numbered, "a key that is no string"), (indexed, "GlobalSecond")]
    {
        let answer = ask(cloud.endpoint(), "CreateTable", &table);
        assert_eq!(code(&answer), "ValidationException");
        let message = answer.json()["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains("does not play") && message.contains(expected), "{message}");
    }
}

#[test]
fn a_page_ends_at_a_mebibyte_and_the_next_goes_on_there() {
    let cloud = cloud();
    for number in 0..4 {
        let item = json!({ "LockID": { "S": format!("lock {number}") }, "Info": { "S": "x".repeat(390 * 1024) } });
        cloud.world().dynamodb.place("locks", &item).unwrap();
    }
    let first = ask(cloud.endpoint(), "Scan", &json!({ "TableName": "locks" })).json();
    assert_eq!(first["Count"], 3);
    let scan = json!({ "TableName": "locks", "ExclusiveStartKey": first["LastEvaluatedKey"] });
    let second = ask(cloud.endpoint(), "Scan", &scan).json();
    assert_eq!((&second["Count"], &second["LastEvaluatedKey"]), (&json!(1), &Value::Null));
    let too_large = json!({ "LockID": { "S": "large" }, "Info": { "S": "x".repeat(400 * 1024) } });
    assert_eq!(cloud.world().dynamodb.place("locks", &too_large).unwrap_err().code, "ValidationException");
}

#[test]
fn the_aws_cli_locks_is_refused_and_pages_through_what_is_there() {
    let Some(aws) = peer::find("aws") else { return };
    let cloud = LocalAws::start().unwrap();
    let sandbox = Sandbox::with_aws(&cloud).env("AWS_DEFAULT_REGION", "eu-central-1");
    let call = |arguments: &[&str]| sandbox.program(&aws).args(["dynamodb"]).args(arguments).run();
    let _ = call(&["create-table", "--cli-input-json", &locks().to_string()])
        .code(0)
        .says("/TableDescription/TableName", "locks");
    let _ = call(&["wait", "table-exists", "--table-name", "locks"]).code(0);
    let free = ["--condition-expression", "attribute_not_exists(LockID)"];
    let item = r#"{"LockID":{"S":"states/a"},"Info":{"S":"ours"}}"#;
    let put = [&["put-item", "--table-name", "locks", "--item", item][..], &free].concat();
    let _ = call(&put).code(0).stdout_is("");
    let refused = call(&put).stderr_contains("(ConditionalCheckFailedException)").stdout_is("");
    // 254, and 255 before version 2.
    assert_ne!(refused.exit_code(), Some(0));
    for key in ["states/b", "states/c"] {
        cloud.world().dynamodb.place("locks", &json!({ "LockID": { "S": key } })).unwrap();
    }
    let scan = ["scan", "--table-name", "locks", "--consistent-read", "--page-size", "1", "--query", "length(Items)"];
    let _ = call(&scan).code(0).stdout_is("3\n");
    let key = r#"{"LockID":{"S":"states/a"}}"#;
    let got = call(&["get-item", "--table-name", "locks", "--key", key, "--projection-expression", "Info"]).code(0);
    assert_eq!(got.json()["Item"], json!({ "Info": { "S": "ours" } }));
}
