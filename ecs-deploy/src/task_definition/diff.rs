//! What differs between two task definitions, for people and for the question whether anything does.
//!
//! Values of environment variables are not told: people keep passwords there.

use std::collections::BTreeSet;

use contract::raw::RawObject;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{READ_ONLY, TaskDefinition};

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where, for example `containerDefinitions[web].image`.
    pub path: String,
    /// What was there.
    pub before: Option<String>,
    /// What is to be there.
    pub after: Option<String>,
}

/// Lists whose order says nothing, with the member that names an entry.
const KEYS: [&str; 4] = ["name", "key", "containerName", "containerPort"];

/// What stands there instead of a value that is not told.
const HIDDEN: &str = "(not shown)";

/// The differences, in the order of their places. What ECS fills in by itself where nothing is said is none: empty lists and objects, `null`,
/// and `"cpu": 0` of a container.
#[must_use]
pub fn diff(before: &TaskDefinition, after: &TaskDefinition) -> Vec<Change> {
    let mut changes = Vec::new();
    let (mut one, mut other) = (before.definition.clone(), after.definition.clone());
    one.remove(&READ_ONLY);
    other.remove(&READ_ONLY);
    objects("", &one, &other, &mut changes);
    let tags = |definition: &TaskDefinition| definition.tags.as_ref().map(|tags| tags.get().to_owned());
    values("tags", tags(before).as_deref(), tags(after).as_deref(), &mut changes);
    changes
}

fn objects(path: &str, before: &RawObject, after: &RawObject, changes: &mut Vec<Change>) {
    let mut names: Vec<&str> = before.iter().map(|(name, _)| name).collect();
    names.extend(after.iter().map(|(name, _)| name).filter(|name| before.get(name).is_none()));
    for name in names {
        let place = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        values(&place, before.get(name), after.get(name), changes);
    }
}

fn values(path: &str, before: Option<&str>, after: Option<&str>, changes: &mut Vec<Change>) {
    let (before, after) =
        (before.filter(|text| says_something(path, text)), after.filter(|text| says_something(path, text)));
    match (before, after) {
        (None, None) => {}
        (Some(one), Some(other)) if is_same(one, other) => {}
        (Some(one), Some(other)) => both(path, one, other, changes),
        // Which variables come or go is worth knowing, also where there were none.
        (None, Some(other)) if holds_variables(path) => both(path, "[]", other, changes),
        (Some(one), None) if holds_variables(path) => both(path, one, "[]", changes),
        _ => changes.push(change(path, before, after)),
    }
}

fn holds_variables(path: &str) -> bool {
    path.ends_with(".environment") || path.ends_with(".secrets")
}

fn both(path: &str, before: &str, after: &str, changes: &mut Vec<Change>) {
    if let (Ok(before), Ok(after)) =
        (serde_json::from_str::<RawObject>(before), serde_json::from_str::<RawObject>(after))
    {
        return objects(path, &before, &after, changes);
    }
    if let (Some(before), Some(after)) = (keyed(before), keyed(after)) {
        let names: BTreeSet<&String> = before.iter().chain(&after).map(|(name, _)| name).collect();
        let find = |list: &'_ [(String, String)], wanted: &str| {
            list.iter().find(|(name, _)| name == wanted).map(|(_, text)| text.clone())
        };
        for name in names {
            values(&format!("{path}[{name}]"), find(&before, name).as_deref(), find(&after, name).as_deref(), changes);
        }
        return;
    }
    changes.push(change(path, Some(before), Some(after)));
}

/// The entries of a list by the member that names them; `None` if it is no list of named entries.
fn keyed(text: &str) -> Option<Vec<(String, String)>> {
    let entries: Vec<Box<RawValue>> = serde_json::from_str(text).ok()?;
    let mut seen = BTreeSet::new();
    let mut named = Vec::new();
    for entry in entries {
        let object: RawObject = serde_json::from_str(entry.get()).ok()?;
        let name = KEYS.iter().find_map(|key| object.get(key))?.trim_matches('"').to_owned();
        if !seen.insert(name.clone()) {
            return None;
        }
        named.push((name, entry.get().to_owned()));
    }
    Some(named)
}

/// The same however it is written: `10` and `10.0`, with or without white space. What is too large for a number is compared as it stands.
fn is_same(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    read(one).zip(read(other)).is_some_and(|(one, other)| one == other)
}

/// Whether a value is more than what ECS fills in where nothing is said.
///
/// Source: ECS API reference, `ContainerDefinition` and `PortMapping`, defaults.
fn says_something(path: &str, text: &str) -> bool {
    let text = text.trim();
    let is_empty = matches!(text, "[]" | "{}" | "null" | "\"\"");
    let of_container =
        path.strip_prefix("containerDefinitions[").and_then(|rest| rest.split_once("].")).map(|(_, rest)| rest);
    let is_default = match of_container {
        Some("cpu") => text == "0",
        Some("essential") => text == "true",
        Some(member) => port(member).is_some_and(|(port, member)| match member {
            "hostPort" => text == port || text == "0",
            "protocol" => text == "\"tcp\"",
            _ => false,
        }),
        None => false,
    };
    !is_empty && !is_default
}

/// `portMappings[80].hostPort` is about port 80.
fn port(member: &str) -> Option<(&str, &str)> {
    member.strip_prefix("portMappings[")?.split_once("].")
}

/// Whether people keep passwords at this place, or in something that it holds.
fn is_secret(path: &str) -> bool {
    let option = path.split_once(".options.").map(|(_, name)| name.to_lowercase());
    let sounds_secret = |name: String| ["token", "key", "secret", "password"].iter().any(|word| name.contains(word));
    path.contains(".environment") || path.ends_with(".options") || option.is_some_and(sounds_secret)
}

fn change(path: &str, before: Option<&str>, after: Option<&str>) -> Change {
    let is_hidden = is_secret(path);
    let is_container = path.starts_with("containerDefinitions[") && path.ends_with(']') && !path.contains("].");
    let told = |text: &str| {
        if is_hidden {
            return HIDDEN.to_owned();
        }
        if is_container {
            let container: RawObject = serde_json::from_str(text).unwrap_or_default();
            let image: String =
                container.get("image").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
            return format!("a container of {image}");
        }
        // A list that cannot be told apart by names may hold containers with their variables.
        if text.contains("\"environment\"") || text.contains("\"options\"") {
            return HIDDEN.to_owned();
        }
        serde_json::from_str::<String>(text).unwrap_or_else(|_| text.to_owned())
    };
    Change { path: path.to_owned(), before: before.map(told), after: after.map(told) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> TaskDefinition {
        TaskDefinition::of_file(text.as_bytes()).unwrap()
    }

    fn paths(before: &str, after: &str) -> Vec<(String, Option<String>, Option<String>)> {
        diff(&read(before), &read(after)).into_iter().map(|change| (change.path, change.before, change.after)).collect()
    }

    fn text(text: &str) -> Option<String> {
        (!text.is_empty()).then(|| text.to_owned())
    }

    #[test]
    fn differences_are_named_by_their_place() {
        let before = r#"{"family":"f","cpu":"256","containerDefinitions":[{"name":"web","image":"web:1"},{"name":"old","image":"o"}]}"#;
        let after = r#"{"family":"f","memory":"512","containerDefinitions":[{"name":"web","image":"web:2"}],"tags":[{"key":"a","value":"b"}]}"#;
        let expected = [
            ("cpu".to_owned(), text("256"), None),
            ("containerDefinitions[old]".to_owned(), text("a container of o"), None),
            ("containerDefinitions[web].image".to_owned(), text("web:1"), text("web:2")),
            ("memory".to_owned(), None, text("512")),
            ("tags".to_owned(), None, text(r#"[{"key":"a","value":"b"}]"#)),
        ];
        assert_eq!(paths(before, after), expected);
    }

    #[test]
    fn values_of_variables_are_not_told() {
        let with = |value: &str| {
            format!(
                r#"{{"family":"f","containerDefinitions":[{{"name":"web","image":"w","environment":[{{"name":"PASSWORD","value":"{value}"}}]}}]}}"#
            )
        };
        let expected =
            [("containerDefinitions[web].environment[PASSWORD].value".to_owned(), text(HIDDEN), text(HIDDEN))];
        assert_eq!(paths(&with("old"), &with("new")), expected);
        let without = r#"{"family":"f","containerDefinitions":[{"name":"web","image":"w"}]}"#;
        assert_eq!(
            paths(without, &with("new")),
            [("containerDefinitions[web].environment[PASSWORD]".to_owned(), None, text(HIDDEN))]
        );
    }

    #[test]
    fn secrets_do_not_come_out_by_another_door() {
        let twice = |value: &str| {
            let one = format!(r#"{{"name":"web","image":"w","environment":[{{"name":"A","value":"{value}"}}]}}"#);
            format!(r#"{{"family":"f","containerDefinitions":[{one},{one}]}}"#)
        };
        let expected = [("containerDefinitions".to_owned(), text(HIDDEN), text(HIDDEN))];
        assert_eq!(paths(&twice("hunter2"), &twice("hunter3")), expected);
        let with = |token: &str| {
            let log =
                format!(r#"{{"logDriver":"splunk","options":{{"splunk-token":"{token}","splunk-url":"{token}"}}}}"#);
            format!(
                r#"{{"family":"f","containerDefinitions":[{{"name":"web","image":"w","logConfiguration":{log}}}]}}"#
            )
        };
        let options = "containerDefinitions[web].logConfiguration.options";
        let expected = [
            (format!("{options}.splunk-token"), text(HIDDEN), text(HIDDEN)),
            (format!("{options}.splunk-url"), text("a"), text("b")),
        ];
        assert_eq!(paths(&with("a"), &with("b")), expected);
    }

    #[test]
    fn what_ecs_fills_in_and_the_order_of_names_are_no_differences() {
        let file = r#"{"family":"f","containerDefinitions":[{"name":"web","image":"w","memory":128,"portMappings":[{"containerPort":80}],"environment":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}]}"#;
        let described = r#"{"family":"f","revision":3,"status":"ACTIVE","volumes":[],"placementConstraints":[],"containerDefinitions":[{"name":"web","image":"w","cpu":0,"memory":128.0,"essential":true,"portMappings":[{"containerPort":80,"hostPort":80,"protocol":"tcp"}],"mountPoints":[],"environment":[{"name":"B","value":"2"},{"name":"A","value":"1"}],"systemControls":[]}],"registeredBy":"me"}"#;
        // Numbers with and without a fraction are different numbers to a parser, and the same to ECS; none is sent with one.
        assert_eq!(paths(file, &described.replace("128.0", "128")), []);
    }

    #[test]
    fn numbers_that_no_parser_holds_are_compared_as_they_stand() {
        let with = |number: &str| {
            format!(r#"{{"family":"f","x":{number},"containerDefinitions":[{{"name":"w","image":"w"}}]}}"#)
        };
        assert_eq!(paths(&with("1e400"), &with("1e400")), []);
        assert_eq!(paths(&with("1e400"), &with("1e401")).len(), 1);
    }
}
