//! CloudWatch Logs: the part that a deployment's post-mortem reads.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::wire::ServiceError;
use crate::world::{ACCOUNT, REGION};

/// So many events come in one answer if nothing else is said. Source: CloudWatch Logs API reference, `GetLogEvents`.
const EVENTS_PER_ANSWER: usize = 10_000;

/// All log groups.
#[derive(Debug, Default)]
pub struct Logs(BTreeMap<String, Group>);

#[derive(Debug)]
struct Group {
    created_at: Timestamp,
    streams: BTreeMap<String, Stream>,
}

#[derive(Debug)]
struct Stream {
    created_at: Timestamp,
    /// In the order of their timestamps.
    events: Vec<Event>,
}

#[derive(Clone, Debug)]
struct Event {
    /// Milliseconds since 1970.
    timestamp: i64,
    ingested_at: i64,
    message: String,
}

impl Logs {
    /// Answers one operation.
    ///
    /// # Errors
    /// The service's own error.
    pub fn answer(&mut self, operation: &str, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        match operation {
            "CreateLogGroup" => self.create_group(input, now),
            "CreateLogStream" => self.create_stream(input, now),
            "PutLogEvents" => self.put(input, now),
            "GetLogEvents" => self.get(input),
            "FilterLogEvents" => self.filter(input),
            "DescribeLogGroups" => Ok(self.describe_groups(input)),
            "DescribeLogStreams" => self.describe_streams(input),
            _ => Err(crate::world::unknown_operation(operation)),
        }
    }

    /// Writes one line, as the log driver of a container does. Group and stream are created if they are not there.
    pub fn write(&mut self, group: &str, stream: &str, line: &str, now: Timestamp) {
        let group =
            self.0.entry(group.to_owned()).or_insert_with(|| Group { created_at: now, streams: BTreeMap::new() });
        let stream =
            group.streams.entry(stream.to_owned()).or_insert_with(|| Stream { created_at: now, events: Vec::new() });
        let at = now.as_millisecond();
        stream.add(Event { timestamp: at, ingested_at: at, message: line.to_owned() });
    }

    fn create_group(&mut self, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        let name = required(input, "logGroupName")?;
        if self.0.contains_key(name) {
            return Err(exists("The specified log group already exists"));
        }
        self.0.insert(name.to_owned(), Group { created_at: now, streams: BTreeMap::new() });
        Ok(json!({}))
    }

    fn create_stream(&mut self, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        let name = required(input, "logStreamName")?;
        let group = self.0.get_mut(required(input, "logGroupName")?).ok_or_else(no_group)?;
        if group.streams.contains_key(name) {
            return Err(exists("The specified log stream already exists"));
        }
        group.streams.insert(name.to_owned(), Stream { created_at: now, events: Vec::new() });
        Ok(json!({}))
    }

    fn put(&mut self, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        let group = self.0.get_mut(required(input, "logGroupName")?).ok_or_else(no_group)?;
        let stream = group.streams.get_mut(required(input, "logStreamName")?).ok_or_else(no_stream)?;
        for event in input["logEvents"].as_array().into_iter().flatten() {
            let timestamp = event["timestamp"].as_i64();
            let timestamp = timestamp.ok_or_else(|| invalid("timestamp must be a number of milliseconds"))?;
            let message = required(event, "message")?.to_owned();
            stream.add(Event { timestamp, ingested_at: now.as_millisecond(), message });
        }
        Ok(json!({ "nextSequenceToken": stream.events.len().to_string() }))
    }

    fn stream(&self, input: &Value) -> Result<&Stream, ServiceError> {
        let name = required(input, "logGroupName").or_else(|_| required(input, "logGroupIdentifier"))?;
        let name = name.rsplit(":log-group:").next().unwrap_or(name);
        let group = self.0.get(name).ok_or_else(no_group)?;
        group.streams.get(required(input, "logStreamName")?).ok_or_else(no_stream)
    }

    /// Tokens are positions in the stream: `f/` reads on towards the tail, `b/` towards the head. A token that comes back unchanged means the
    /// end.
    fn get(&self, input: &Value) -> Result<Value, ServiceError> {
        let stream = self.stream(input)?;
        let events: Vec<&Event> = stream.events.iter().filter(|event| event.is_within(input)).collect();
        let limit = limit(input);
        let (from, until) = match input["nextToken"].as_str() {
            Some(token) => match token.split_at_checked(2) {
                Some(("f/", position)) => forward(position.parse().map_err(|_| bad_token())?, limit, events.len()),
                Some(("b/", position)) => backward(position.parse().map_err(|_| bad_token())?, limit, events.len()),
                _ => return Err(bad_token()),
            },
            None if input["startFromHead"] == json!(true) => forward(0, limit, events.len()),
            None => backward(events.len(), limit, events.len()),
        };
        let page: Vec<Value> = events[from..until].iter().map(|event| event.rendered()).collect();
        Ok(
            json!({ "events": page, "nextForwardToken": format!("f/{until}"), "nextBackwardToken": format!("b/{from}") }),
        )
    }

    fn filter(&self, input: &Value) -> Result<Value, ServiceError> {
        let group = self.0.get(required(input, "logGroupName")?).ok_or_else(no_group)?;
        let names = input["logStreamNames"].as_array();
        let prefix = input["logStreamNamePrefix"].as_str().unwrap_or_default();
        let pattern = input["filterPattern"].as_str().unwrap_or_default().trim_matches('"');
        let streams = group.streams.iter().filter(|(name, _)| {
            names.is_none_or(|names| names.iter().any(|wanted| wanted == *name)) && name.starts_with(prefix)
        });
        let mut found: Vec<(&str, &Event)> = streams
            .flat_map(|(name, stream)| stream.events.iter().map(move |event| (name.as_str(), event)))
            .filter(|(_, event)| event.is_within(input) && event.message.contains(pattern))
            .collect();
        found.sort_by_key(|(_, event)| event.timestamp);
        let start = input["nextToken"].as_str().map_or(Ok(0), str::parse).map_err(|_| bad_token())?;
        let (from, until) = forward(start, limit(input), found.len());
        let events: Vec<Value> = found[from..until].iter().map(|(stream, event)| event.found_in(stream)).collect();
        let mut answer = json!({ "events": events, "searchedLogStreams": [] });
        if until < found.len() {
            answer["nextToken"] = json!(until.to_string());
        }
        Ok(answer)
    }

    fn describe_groups(&self, input: &Value) -> Value {
        let prefix = input["logGroupNamePrefix"].as_str().unwrap_or_default();
        let groups = self.0.iter().filter(|(name, _)| name.starts_with(prefix));
        let groups: Vec<Value> = groups
            .map(|(name, group)| {
                let arn = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*");
                json!({ "logGroupName": name, "creationTime": group.created_at.as_millisecond(), "arn": arn })
            })
            .collect();
        json!({ "logGroups": groups })
    }

    fn describe_streams(&self, input: &Value) -> Result<Value, ServiceError> {
        let group = self.0.get(required(input, "logGroupName")?).ok_or_else(no_group)?;
        let prefix = input["logStreamNamePrefix"].as_str().unwrap_or_default();
        let mut streams: Vec<(&String, &Stream)> =
            group.streams.iter().filter(|(name, _)| name.starts_with(prefix)).collect();
        if input["orderBy"] == "LastEventTime" {
            streams.sort_by_key(|(_, stream)| stream.events.last().map(|event| event.timestamp));
        }
        if input["descending"] == json!(true) {
            streams.reverse();
        }
        let streams: Vec<Value> = streams.into_iter().map(|(name, stream)| stream.rendered(name)).collect();
        Ok(json!({ "logStreams": streams }))
    }
}

impl Stream {
    fn add(&mut self, event: Event) {
        let place = self.events.partition_point(|earlier| earlier.timestamp <= event.timestamp);
        self.events.insert(place, event);
    }

    fn rendered(&self, name: &str) -> Value {
        let mut stream = json!({ "logStreamName": name, "creationTime": self.created_at.as_millisecond() });
        if let (Some(first), Some(last)) = (self.events.first(), self.events.last()) {
            stream["firstEventTimestamp"] = json!(first.timestamp);
            stream["lastEventTimestamp"] = json!(last.timestamp);
            stream["lastIngestionTime"] = json!(last.ingested_at);
        }
        stream
    }
}

impl Event {
    /// Source: CloudWatch Logs API reference: `startTime` is included, `endTime` is not.
    fn is_within(&self, input: &Value) -> bool {
        input["startTime"].as_i64().is_none_or(|start| self.timestamp >= start)
            && input["endTime"].as_i64().is_none_or(|end| self.timestamp < end)
    }

    fn rendered(&self) -> Value {
        json!({ "timestamp": self.timestamp, "message": self.message, "ingestionTime": self.ingested_at })
    }

    fn found_in(&self, stream: &str) -> Value {
        let mut event = self.rendered();
        event["logStreamName"] = json!(stream);
        event
    }
}

fn limit(input: &Value) -> usize {
    let limit = input["limit"].as_u64().and_then(|limit| usize::try_from(limit).ok());
    limit.filter(|limit| *limit > 0).unwrap_or(EVENTS_PER_ANSWER).min(EVENTS_PER_ANSWER)
}

fn forward(from: usize, limit: usize, total: usize) -> (usize, usize) {
    let from = from.min(total);
    (from, (from + limit).min(total))
}

fn backward(until: usize, limit: usize, total: usize) -> (usize, usize) {
    let until = until.min(total);
    (until.saturating_sub(limit), until)
}

fn required<'a>(input: &'a Value, name: &str) -> Result<&'a str, ServiceError> {
    let value = input[name].as_str().filter(|value| !value.is_empty());
    value.ok_or_else(|| invalid(&format!("{name} is required")))
}

fn invalid(message: &str) -> ServiceError {
    ServiceError::bad_request("InvalidParameterException", message)
}

fn bad_token() -> ServiceError {
    invalid("The specified nextToken is invalid.")
}

fn exists(message: &str) -> ServiceError {
    ServiceError::bad_request("ResourceAlreadyExistsException", message)
}

fn no_group() -> ServiceError {
    ServiceError::bad_request("ResourceNotFoundException", "The specified log group does not exist.")
}

fn no_stream() -> ServiceError {
    ServiceError::bad_request("ResourceNotFoundException", "The specified log stream does not exist.")
}

#[cfg(test)]
mod tests;
