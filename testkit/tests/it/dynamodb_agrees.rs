//! The same script of calls to the DynamoDB of the local AWS, of ministack and of moto.

use serde_json::{Value, json};
use testkit::{LocalAws, peer};

use crate::dynamodb::{ask, code, locks};
use crate::dynamodb_differences::{Difference, MINISTACK, MOTO};

/// What is not the same everywhere: when, where and for whom.
const OWN: [&str; 12] = [
    "CreationDateTime",
    "NumberOfDecreasesToday",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "TableArn",
    "TableId",
    "WarmThroughput",
    "LastUpdateToPayPerRequestDateTime",
    "TableSizeBytes",
    "EarliestRestorableDateTime",
    "LatestRestorableDateTime",
    "Replicas",
];

/// What a step came to: the status, the code of an error with the item that it shows, or the answer.
struct Script<'a> {
    endpoint: &'a str,
    seen: Vec<(&'static str, String)>,
}

impl Script<'_> {
    fn call(&mut self, step: &'static str, operation: &str, input: &Value) -> Value {
        let answer = ask(self.endpoint, operation, input);
        // What is no JSON is a server's own failure.
        let mut body = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let mut seen = format!("{} {}", answer.status, code_of(&answer, &body));
        if answer.status != 200 {
            body = body.get("Item").map_or(Value::Null, |item| json!({ "Item": item }));
        }
        let shown = comparable(body.clone());
        if !shown.is_null() {
            seen += &shown.to_string();
        }
        self.seen.push((step, seen.trim_end().to_owned()));
        body
    }

    fn put(&mut self, step: &'static str, item: &Value, more: Value) -> Value {
        self.call(step, "PutItem", &with(json!({ "TableName": "locks", "Item": item }), more))
    }

    fn delete(&mut self, step: &'static str, key: &str, more: Value) -> Value {
        self.call(step, "DeleteItem", &with(json!({ "TableName": "locks", "Key": { "LockID": { "S": key } } }), more))
    }

    fn get(&mut self, step: &'static str, key: &str, more: Value) -> Value {
        self.call(step, "GetItem", &with(json!({ "TableName": "locks", "Key": { "LockID": { "S": key } } }), more))
    }

    fn scan(&mut self, step: &'static str, more: Value) -> Value {
        self.call(step, "Scan", &with(json!({ "TableName": "locks" }), more))
    }
}

fn code_of(answer: &crate::http::Answer, body: &Value) -> String {
    if body.is_null() { "no JSON".to_owned() } else { code(answer) }
}

fn with(mut input: Value, more: Value) -> Value {
    if let (Some(input), Value::Object(more)) = (input.as_object_mut(), more) {
        input.extend(more);
    }
    input
}

/// The answer without what is the server's own, its members and items sorted.
fn comparable(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> =
                members.into_iter().filter(|(name, _)| !OWN.contains(&name.as_str())).collect();
            members.sort_by(|(left, _), (right, _)| left.cmp(right));
            members.into_iter().map(|(name, value)| (name, comparable(value))).collect()
        }
        Value::Array(list) => {
            let mut list: Vec<Value> = list.into_iter().map(comparable).collect();
            list.sort_by_key(ToString::to_string);
            Value::Array(list)
        }
        other => other,
    }
}

fn run(endpoint: &str) -> Vec<(&'static str, String)> {
    let mut script = Script { endpoint, seen: Vec::new() };
    tables(&mut script);
    lock(&mut script);
    digest(&mut script);
    values(&mut script);
    wrong_items(&mut script);
    conditions(&mut script);
    wrong_conditions(&mut script);
    listing(&mut script);
    end(&mut script);
    script.seen
}

fn tables(script: &mut Script<'_>) {
    let name = json!({ "TableName": "locks" });
    script.call("no table: describe", "DescribeTable", &name);
    script.call("no table: delete", "DeleteTable", &name);
    script.get("no table: get", "a", json!({}));
    script.put("no table: put", &json!({ "LockID": { "S": "a" } }), json!({}));
    script.scan("no table: scan", json!({}));
    script.call("no table: backups", "DescribeContinuousBackups", &name);
    script.call("a name of two characters", "CreateTable", &with(locks(), json!({ "TableName": "ab" })));
    ask(script.endpoint, "DeleteTable", &json!({ "TableName": "ab" }));
    script.call("a table without a key", "CreateTable", &with(locks(), json!({ "KeySchema": [] })));
    let other = json!([{ "AttributeName": "Other", "AttributeType": "S" }]);
    script.call("a key without a definition", "CreateTable", &with(locks(), json!({ "AttributeDefinitions": other })));
    script.call("a table that nobody pays for", "CreateTable", &with(locks(), json!({ "BillingMode": "PROVISIONED" })));
    script.call("a table is created", "CreateTable", &locks());
    script.call("a table is created twice", "CreateTable", &locks());
    script.call("a table is described", "DescribeTable", &name);
    let units = json!({ "ReadCapacityUnits": 1, "WriteCapacityUnits": 2 });
    let bought = json!({ "TableName": "bought", "BillingMode": "PROVISIONED", "ProvisionedThroughput": units });
    script.call("a table with bought units", "CreateTable", &with(locks(), bought));
    script.call("it is described", "DescribeTable", &json!({ "TableName": "bought" }));
    script.call("tables are listed", "ListTables", &json!({}));
    script.call("the first table is listed", "ListTables", &json!({ "Limit": 1 }));
    script.call("the tables behind it", "ListTables", &json!({ "Limit": 1, "ExclusiveStartTableName": "bought" }));
    script.call("a page of nothing", "ListTables", &json!({ "Limit": 0 }));
    script.call("backups are described", "DescribeContinuousBackups", &name);
    let on =
        json!({ "TableName": "locks", "PointInTimeRecoverySpecification": { "PointInTimeRecoveryEnabled": true } });
    script.call("backups are switched on", "UpdateContinuousBackups", &on);
}

/// What Terraform does, and OpenTofu where it differs.
fn lock(script: &mut Script<'_>) {
    let item = |info: &str| json!({ "LockID": { "S": "states/app.tfstate" }, "Info": { "S": info } });
    let free = json!({ "ConditionExpression": "attribute_not_exists(LockID)" });
    let key = "states/app.tfstate";
    script.get("free: get", key, json!({ "ConsistentRead": true, "ProjectionExpression": "LockID, Info" }));
    script.put("free: lock", &item("ours"), free.clone());
    script.put("held: lock", &item("theirs"), free.clone());
    let shown = with(free.clone(), json!({ "ReturnValuesOnConditionCheckFailure": "ALL_OLD" }));
    script.put("held: lock and look", &item("theirs"), shown);
    script.get("held: get", key, json!({ "ConsistentRead": true, "ProjectionExpression": "LockID, Info" }));
    let is = |info: &str| json!({ "ConditionExpression": "Info = :info", "ExpressionAttributeValues": { ":info": { "S": info } } });
    script.delete("held: unlock as another", key, is("theirs"));
    let shown = with(is("theirs"), json!({ "ReturnValuesOnConditionCheckFailure": "ALL_OLD" }));
    script.delete("held: unlock as another and look", key, shown);
    script.put("held: renewed", &item("ours, later"), is("ours"));
    script.put("held: renewed by another", &item("theirs"), is("ours"));
    script.delete("held: unlock", key, with(is("ours, later"), json!({ "ReturnValues": "ALL_OLD" })));
    script.delete("free: unlock", key, is("ours"));
    let shown = with(is("ours"), json!({ "ReturnValuesOnConditionCheckFailure": "ALL_OLD" }));
    script.delete("free: unlock and look", key, shown);
    script.delete("free: delete", key, json!({ "ReturnValues": "ALL_OLD" }));
    script.get("free again: get", key, json!({}));
}

fn digest(script: &mut Script<'_>) {
    let item = |digest: &str| json!({ "LockID": { "S": "states/app.tfstate-md5" }, "Digest": { "S": digest } });
    script.put("a digest is kept", &item("0a"), json!({}));
    script.put("a digest is replaced", &item("0b"), json!({ "ReturnValues": "ALL_OLD" }));
    let asked = json!({ "ConsistentRead": true, "ProjectionExpression": "LockID, Digest" });
    script.get("a digest is read", "states/app.tfstate-md5", asked);
    let named = json!({ "ProjectionExpression": "#d", "ExpressionAttributeNames": { "#d": "Digest" } });
    script.get("a digest is read by another name", "states/app.tfstate-md5", named);
    script.get("an attribute that is not there", "states/app.tfstate-md5", json!({ "ProjectionExpression": "Info" }));
}

fn values(script: &mut Script<'_>) {
    let item = json!({
        "LockID": { "S": "values" }, "Text": { "S": "" }, "Serial": { "N": "7" }, "Bytes": { "B": "AAE=" }, "Flag": { "BOOL": true },
        "Nothing": { "NULL": true }, "Deep": { "M": { "a": { "L": [{ "S": "b" }, { "N": "1" }] } } }, "Tags": { "SS": ["x", "y"] },
    });
    script.put("values of every type", &item, json!({}));
    script.get("they come back", "values", json!({}));
    let checks = [
        ("text is not a number", "Serial = :v", json!({ "S": "7" })),
        ("a number is what it is worth", "Serial = :v", json!({ "N": "7.0" })),
        ("a set has no order", "Tags = :v", json!({ "SS": ["y", "x"] })),
        ("a map is equal member by member", "Deep = :v", item["Deep"].clone()),
        ("a set contains a member", "contains(Tags, :v)", json!({ "S": "x" })),
        ("a set contains no part of a member", "contains(Tags, :v)", json!({ "S": "" })),
        ("a number contains no number", "contains(Serial, :v)", json!({ "N": "7" })),
        ("text begins with text", "begins_with(LockID, :v)", json!({ "S": "val" })),
        ("text does not begin with what it contains", "begins_with(LockID, :v)", json!({ "S": "lues" })),
        ("text contains text", "contains(LockID, :v)", json!({ "S": "lues" })),
        ("a value may come first", ":v = LockID", json!({ "S": "values" })),
    ];
    for (step, condition, value) in checks {
        script.put(
            step,
            &item,
            json!({ "ConditionExpression": condition, "ExpressionAttributeValues": { ":v": value } }),
        );
    }
}

fn wrong_items(script: &mut Script<'_>) {
    let items = [
        ("an item without its key", json!({ "Info": { "S": "a" } })),
        ("a key of another type", json!({ "LockID": { "N": "1" } })),
        ("an empty key", json!({ "LockID": { "S": "" } })),
        ("a key that is too long", json!({ "LockID": { "S": "k".repeat(2049) } })),
        ("a value without a type", json!({ "LockID": { "S": "a" }, "Info": {} })),
        ("a value of two types", json!({ "LockID": { "S": "a" }, "Info": { "S": "a", "N": "1" } })),
        ("a value of an unknown type", json!({ "LockID": { "S": "a" }, "Info": { "T": "a" } })),
        ("a number that is none", json!({ "LockID": { "S": "a" }, "Serial": { "N": "many" } })),
        ("an empty set", json!({ "LockID": { "S": "a" }, "Tags": { "SS": [] } })),
        ("a set with a member twice", json!({ "LockID": { "S": "a" }, "Tags": { "SS": ["x", "x"] } })),
        ("text that is a number", json!({ "LockID": { "S": "a" }, "Serial": { "S": 7 } })),
        ("an item that is too large", json!({ "LockID": { "S": "a" }, "Info": { "S": "x".repeat(400 * 1024) } })),
    ];
    for (step, item) in items {
        script.put(step, &item, json!({}));
    }
    let key = |key: Value| json!({ "TableName": "locks", "Key": key });
    script.call("a key of another name", "GetItem", &key(json!({ "ID": { "S": "a" } })));
    script.call("a key with more", "GetItem", &key(json!({ "LockID": { "S": "a" }, "Info": { "S": "a" } })));
    script.call("a key that is a number", "DeleteItem", &key(json!({ "LockID": { "N": "1" } })));
    script.call("no key", "GetItem", &key(json!({})));
    script.call("no item", "PutItem", &json!({ "TableName": "locks" }));
    script.call("no table named", "GetItem", &json!({ "Key": { "LockID": { "S": "a" } } }));
    let item = json!({ "LockID": { "S": "a" } });
    script.put("values that a put does not return", &item, json!({ "ReturnValues": "ALL_NEW" }));
    let unknown = json!({ "ReturnValuesOnConditionCheckFailure": "NEW" });
    script.put("values that a failed condition does not show", &item, unknown);
}

fn conditions(script: &mut Script<'_>) {
    let item = json!({ "LockID": { "S": "c" }, "Info": { "S": "held by me" }, "Serial": { "N": "7" } });
    script.put("an item for conditions", &item, json!({}));
    let conditions = [
        ("AND binds more than OR", "attribute_exists(Nope) AND Info = :no OR Serial = :seven"),
        ("parentheses bind most", "attribute_exists(Nope) AND (Info = :no OR Serial = :seven)"),
        ("NOT binds a comparison", "NOT Info = :no AND Serial = :seven"),
        ("NOT binds a parenthesis", "NOT (Info = :no OR Serial = :seven)"),
        ("words in lower case", "not Info = :no and Serial = :seven"),
        ("what is not there is not equal", "Nope = :no OR NOT Serial = :seven AND Info = :no"),
        ("what is not there differs", "Nope <> :no AND Serial = :seven"),
        ("no space is needed", "Info<>:no AND(Serial=:seven)"),
        ("the same parenthesis twice", "((Info = :no OR Serial = :seven))"),
        ("parentheses side by side", "(Info = :no) OR (Serial = :seven)"),
        ("a parenthesis that begins with one", "((Info = :no) OR Serial = :seven)"),
    ];
    let given = json!({ ":no": { "S": "no" }, ":seven": { "N": "7" } });
    for (step, condition) in conditions {
        script.put(step, &item, json!({ "ConditionExpression": condition, "ExpressionAttributeValues": given }));
    }
    let named = json!({
        "ConditionExpression": "contains(#i, :part) AND #s = :seven", "ExpressionAttributeNames": { "#i": "Info", "#s": "Serial" },
        "ExpressionAttributeValues": { ":part": { "S": "by" }, ":seven": { "N": "7" } },
    });
    script.put("names in place of names", &item, named);
}

fn wrong_conditions(script: &mut Script<'_>) {
    let item = json!({ "LockID": { "S": "c" } });
    let conditions = [
        ("an empty condition", ""),
        ("half a comparison", "Info ="),
        ("two operators", "Info = = :v"),
        ("an attribute is no condition", "Info"),
        ("an open parenthesis", "(Info = :v"),
        ("a closed parenthesis", "Info = :v)"),
        ("text in quotes", "Info = 'v'"),
        ("two conditions without a word between them", "Info = :v Info = :v"),
        ("a reserved word", "Status = :v"),
        ("a function that is none", "exists(Info)"),
        ("a function in capitals", "ATTRIBUTE_EXISTS(Info)"),
        ("a function with too much", "attribute_exists(Info, Other)"),
        ("a function with too little", "contains(Info)"),
        ("a function of a value", "attribute_exists(:v)"),
        ("an attribute against itself", "Info = Info"),
        ("a value that is not given", "Info = :w"),
        ("a name that is not given", "#i = :v"),
    ];
    for (step, condition) in conditions {
        let mut more = json!({ "ConditionExpression": condition });
        if condition.contains(":v") {
            more["ExpressionAttributeValues"] = json!({ ":v": { "S": "v" } });
        }
        script.put(step, &item, more);
    }
    let v = json!({ ":v": { "S": "v" } });
    let unused = json!({ "ConditionExpression": "attribute_exists(Info)", "ExpressionAttributeValues": v });
    script.put("a value that is not used", &item, unused);
    let unused =
        json!({ "ConditionExpression": "attribute_exists(Info)", "ExpressionAttributeNames": { "#i": "Info" } });
    script.put("a name that is not used", &item, unused);
    script.put("a value without a condition", &item, json!({ "ExpressionAttributeValues": v }));
    let number = json!({ ":v": { "N": "1" } });
    let more = json!({ "ConditionExpression": "begins_with(Info, :v)", "ExpressionAttributeValues": number });
    script.put("a beginning that is a number", &item, more);
    script.get("a projection that ends in a comma", "c", json!({ "ProjectionExpression": "LockID," }));
    script.get("a projection of a reserved word", "c", json!({ "ProjectionExpression": "LockID, Status" }));
    script.get("a projection of a name twice", "c", json!({ "ProjectionExpression": "LockID, LockID" }));
}

fn listing(script: &mut Script<'_>) {
    for (key, step) in [("states/a", "a lock to list"), ("states/b", "another"), ("states/b-md5", "a digest to list")] {
        script.put(step, &json!({ "LockID": { "S": key }, "Info": { "S": "x" } }), json!({}));
    }
    for key in ["values", "c", "a", "states/app.tfstate-md5"] {
        ask(script.endpoint, "DeleteItem", &json!({ "TableName": "locks", "Key": { "LockID": { "S": key } } }));
    }
    script.scan("all items", json!({ "ConsistentRead": true }));
    let filter =
        json!({ "ExpressionAttributeValues": { ":p": { "S": "-md5" } }, "FilterExpression": "contains(LockID, :p)" });
    script.scan("filtered items", filter);
    script.scan("keys only", json!({ "ProjectionExpression": "LockID" }));
    for (limit, step) in [(1, "pages of one"), (2, "pages of two"), (3, "pages of all"), (4, "pages of more")] {
        let pages = pages(script.endpoint, limit);
        script.seen.push((step, pages));
    }
    script.scan("an empty page", json!({ "Limit": 0 }));
    let other = json!({ "ExclusiveStartKey": { "ID": { "S": "a" } } });
    script.scan("a page behind another kind of key", other);
    script.scan("a filter that is none", json!({ "FilterExpression": "LockID" }));
}

/// How many items each page has, and the keys of all, sorted.
fn pages(endpoint: &str, limit: usize) -> String {
    let mut scan = json!({ "TableName": "locks", "Limit": limit });
    let (mut sizes, mut keys) = (Vec::new(), Vec::new());
    loop {
        let page = ask(endpoint, "Scan", &scan).json();
        let items = page["Items"].as_array().unwrap();
        sizes.push(items.len());
        keys.extend(items.iter().map(|item| item["LockID"]["S"].as_str().unwrap().to_owned()));
        if page["LastEvaluatedKey"].is_null() {
            keys.sort();
            return format!("{sizes:?} {keys:?}");
        }
        scan["ExclusiveStartKey"] = page["LastEvaluatedKey"].clone();
    }
}

fn end(script: &mut Script<'_>) {
    script.call("a table with items is deleted", "DeleteTable", &json!({ "TableName": "locks" }));
    script.call("an empty table is deleted", "DeleteTable", &json!({ "TableName": "bought" }));
    script.call("no table is left", "ListTables", &json!({}));
    script.call("an operation that is none", "LockItem", &json!({}));
}

/// The steps that differ although nothing is noted of them, or not as it is noted.
fn problems(theirs: &[(&'static str, String)], known: &[Difference]) -> Vec<String> {
    let cloud = LocalAws::start().unwrap();
    let ours = run(cloud.endpoint());
    let mut problems = Vec::new();
    for ((step, ours), (_, theirs)) in ours.iter().zip(theirs) {
        let noted = known.iter().find(|(known, ..)| known == step);
        match noted {
            Some((_, we, they, _)) if ours.starts_with(we) && theirs.starts_with(they) && ours != theirs => {}
            None if ours == theirs => {}
            // A server that breaks over a request that is wrong does not say what is right.
            None if ours.starts_with("400 ") && theirs == "500 no JSON" => {}
            _ => problems.push(format!("{step}:\n  ours   {ours}\n  theirs {theirs}\n  noted  {noted:?}")),
        }
    }
    problems
}

#[test]
fn tables_and_items_answer_as_ministack_does() {
    let Some(server) = peer::ministack() else { return };
    let problems = problems(&run(server.endpoint()), &MINISTACK);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn tables_and_items_answer_as_moto_does() {
    let Some(server) = peer::moto() else { return };
    let problems = problems(&run(server.endpoint()), &MOTO);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
