use jiff::SignedDuration;

use super::*;

const START: Timestamp = Timestamp::constant(1_767_225_600, 0);

fn five_lines() -> Logs {
    let mut logs = Logs::default();
    for line in 0..5 {
        logs.write("/ecs/web", "web/web/1", &format!("line {line}"), START + SignedDuration::from_secs(line));
    }
    logs
}

fn call(logs: &mut Logs, operation: &str, input: &Value) -> Value {
    logs.answer(operation, input, START).unwrap()
}

fn messages(answer: &Value) -> Vec<&str> {
    answer["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap()).collect()
}

#[test]
fn the_tail_is_read_unless_the_head_is_asked_for() {
    let mut logs = five_lines();
    let read = json!({ "logGroupName": "/ecs/web", "logStreamName": "web/web/1", "limit": 2 });
    assert_eq!(messages(&call(&mut logs, "GetLogEvents", &read)), ["line 3", "line 4"]);
    let mut head = read;
    head["startFromHead"] = json!(true);
    assert_eq!(messages(&call(&mut logs, "GetLogEvents", &head)), ["line 0", "line 1"]);
}

#[test]
fn tokens_lead_to_the_end_and_stay_there() {
    let mut logs = five_lines();
    let mut read =
        json!({ "logGroupName": "/ecs/web", "logStreamName": "web/web/1", "limit": 3, "startFromHead": true });
    let mut pages = Vec::new();
    for _ in 0..3 {
        let answer = call(&mut logs, "GetLogEvents", &read);
        pages.push(messages(&answer).len());
        read["nextToken"] = answer["nextForwardToken"].clone();
    }
    assert_eq!(pages, [3, 2, 0]);
    let last = call(&mut logs, "GetLogEvents", &read);
    assert_eq!(last["nextForwardToken"], read["nextToken"]);
    read["nextToken"] = last["nextBackwardToken"].clone();
    assert_eq!(messages(&call(&mut logs, "GetLogEvents", &read)), ["line 2", "line 3", "line 4"]);
}

#[test]
fn events_are_found_by_stream_text_and_time() {
    let mut logs = five_lines();
    logs.write("/ecs/web", "web/web/2", "line of another task", START);
    let found = |logs: &mut Logs, more: Value| {
        let mut input = json!({ "logGroupName": "/ecs/web" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        messages(&call(logs, "FilterLogEvents", &input)).len()
    };
    assert_eq!(found(&mut logs, json!({})), 6);
    assert_eq!(found(&mut logs, json!({ "logStreamNames": ["web/web/2"] })), 1);
    assert_eq!(found(&mut logs, json!({ "logStreamNamePrefix": "web/web/1", "filterPattern": "\"line 3\"" })), 1);
    let from = START.as_millisecond() + 2000;
    assert_eq!(found(&mut logs, json!({ "startTime": from, "endTime": from + 1000 })), 1);
}

#[test]
fn groups_and_streams_are_made_once_and_listed() {
    let mut logs = Logs::default();
    let group = json!({ "logGroupName": "/ecs/web" });
    let stream = json!({ "logGroupName": "/ecs/web", "logStreamName": "a" });
    assert_eq!(logs.answer("CreateLogStream", &stream, START).unwrap_err().code, "ResourceNotFoundException");
    for (operation, input) in [("CreateLogGroup", &group), ("CreateLogStream", &stream)] {
        logs.answer(operation, input, START).unwrap();
        assert_eq!(logs.answer(operation, input, START).unwrap_err().code, "ResourceAlreadyExistsException");
    }
    let event = json!({ "timestamp": START.as_millisecond(), "message": "hello" });
    let put = json!({ "logGroupName": "/ecs/web", "logStreamName": "a", "logEvents": [event] });
    call(&mut logs, "PutLogEvents", &put);
    let streams = call(&mut logs, "DescribeLogStreams", &group);
    assert_eq!(streams["logStreams"][0]["lastEventTimestamp"], json!(START.as_millisecond()));
    assert_eq!(call(&mut logs, "DescribeLogGroups", &json!({}))["logGroups"][0]["logGroupName"], "/ecs/web");
    let missing = json!({ "logGroupName": "/ecs/web", "logStreamName": "b" });
    assert_eq!(logs.answer("GetLogEvents", &missing, START).unwrap_err().code, "ResourceNotFoundException");
}
