use serde_json::{Value, json};

use super::*;

mod gateways;
mod hidden;
mod interfaces;
mod launched;
mod references;
mod routes;
mod rules;

const PLAN: &str = include_str!("../../../tests/fixtures/terraform-plan.json");
const STATE: &str = include_str!("../../../tests/fixtures/terraform-state.json");
const UNKNOWN: &str = "(known after apply)";

/// A resource as a state holds it, its type and name taken from its address.
fn resource(address: &str, values: &Value) -> Value {
    let (mode, own) = address.strip_prefix("data.").map_or(("managed", address), |own| ("data", own));
    let (block, index) = match own.split_once('[') {
        Some((block, index)) => (block, serde_json::from_str(index.trim_end_matches(']')).unwrap()),
        None => (own, Value::Null),
    };
    let (kind, name) = block.split_once('.').unwrap();
    let mut resource = json!({ "address": address, "mode": mode, "type": kind, "name": name, "values": values });
    if !index.is_null() {
        resource["index"] = index;
    }
    resource
}

fn translated(document: &Value) -> Translation {
    translate(document.to_string().as_bytes()).unwrap()
}

fn state(resources: &[(&str, Value)]) -> Translation {
    let resources = resources.iter().map(|(address, values)| resource(address, values));
    let root = json!({ "resources": resources.collect::<Vec<Value>>() });
    translated(&json!({ "format_version": "1.0", "values": { "root_module": root } }))
}

/// A plan that makes resources; of each: the address, known values, unknown attributes, and the expressions of its block.
fn plan_document(resources: &[(&str, Value, Value, Value)]) -> Value {
    let mut blocks: Vec<Value> = Vec::new();
    let (mut planned, mut changes) = (Vec::new(), Vec::new());
    for (address, values, unknown, expressions) in resources {
        let planned_one = resource(address, values);
        let mut block = planned_one.clone();
        block["expressions"] = expressions.clone();
        if !blocks.iter().any(|other| other["name"] == block["name"] && other["type"] == block["type"]) {
            blocks.push(block);
        }
        let change = json!({ "actions": ["create"], "after_unknown": unknown });
        changes.push(json!({ "address": address, "type": planned_one["type"], "change": change }));
        planned.push(planned_one);
    }
    json!({
        "format_version": "1.2",
        "planned_values": { "root_module": { "resources": planned } },
        "resource_changes": changes,
        "configuration": { "root_module": { "resources": blocks } },
    })
}

fn plan(resources: &[(&str, Value, Value, Value)]) -> Translation {
    translated(&plan_document(resources))
}

/// An expression that makes references.
fn refers(references: &[&str]) -> Value {
    json!({ "references": references })
}

/// A VPC and a subnet that the plan makes.
fn network() -> Vec<(&'static str, Value, Value, Value)> {
    let vpc = refers(&["aws_vpc.a.id", "aws_vpc.a"]);
    vec![
        (
            "aws_vpc.a",
            json!({ "cidr_block": "10.0.0.0/16" }),
            json!({ "id": true, "default_route_table_id": true, "default_network_acl_id": true }),
            json!({}),
        ),
        (
            "aws_subnet.a",
            json!({ "cidr_block": "10.0.1.0/24", "map_public_ip_on_launch": true }),
            json!({ "id": true, "vpc_id": true }),
            json!({ "vpc_id": vpc }),
        ),
    ]
}

impl Translation {
    /// The element of a member with this value in this place.
    fn find(&self, member: &str, name: &str, value: &str) -> &Value {
        let list = self.members.get(member).and_then(Value::as_array);
        let found = list.into_iter().flatten().find(|element| element[name] == value);
        found.unwrap_or_else(|| panic!("no {name} {value} in {member}: {:#?}", self.members.get(member)))
    }

    fn list(&self, member: &str) -> Vec<Value> {
        self.members.get(member).and_then(Value::as_array).cloned().unwrap_or_default()
    }
}

#[test]
fn a_document_is_known_by_its_members() {
    assert!(recognises(["format_version", "terraform_version", "values"]));
    assert!(recognises(["format_version", "planned_values", "configuration"]));
    assert!(!recognises(["format_version", "terraform_version"]));
    assert!(!recognises(["Vpcs", "values"]));
}

#[test]
fn what_is_not_terraforms_is_refused() {
    for text in ["", "[]", r#"{"values":1}"#, r#"{"values":{"root_module":{"resources":[{}]}}}"#] {
        assert!(translate(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn an_empty_state_says_that_there_is_nothing() {
    let translation = translated(&json!({ "format_version": "1.0", "values": {} }));
    assert_eq!(Value::Object(translation.members), json!({ "RouteTables": [], "Subnets": [], "Vpcs": [] }));
}

#[test]
fn a_plan_that_is_not_complete_says_so() {
    let notes = |member: &str, value: bool| {
        let mut document = plan_document(&network());
        document[member] = value.into();
        translated(&document).notes.len()
    };
    assert_eq!([notes("complete", true), notes("errored", false)], [0, 0]);
    assert_eq!([notes("complete", false), notes("errored", true)], [1, 1]);
}

#[test]
fn secrets_are_not_copied() {
    for document in [PLAN, STATE] {
        assert!(document.contains("not-a-real-password"));
        let translation = translate(document.as_bytes()).unwrap();
        let text = format!("{:?} {:?}", translation.members, translation.notes);
        assert!(!text.contains("not-a-real-password"));
    }
}

#[test]
fn a_plan_and_the_state_that_comes_of_it_differ_in_ids_only() {
    let (plan, state) = (translate(PLAN.as_bytes()).unwrap(), translate(STATE.as_bytes()).unwrap());
    assert_eq!((plan.notes, state.notes), (Vec::new(), Vec::new()));
    let counted = |members: &Map<String, Value>| -> Vec<(String, usize)> {
        members.iter().map(|(name, list)| (name.clone(), list.as_array().unwrap().len())).collect()
    };
    assert_eq!(counted(&plan.members), counted(&state.members));
    assert_eq!((plan.region.as_deref(), state.region.as_deref()), (Some("us-east-1"), Some("us-east-1")));
    assert_eq!((plan.account, state.account.as_deref()), (None, Some("123456789012")));
}

#[test]
fn several_regions_and_accounts_are_noted_and_none_is_chosen() {
    let translation = state(&[
        ("aws_vpc.a", json!({ "id": "vpc-1", "arn": "arn:aws:ec2:us-east-1:111111111111:vpc/vpc-1" })),
        ("aws_vpc.b", json!({ "id": "vpc-2", "arn": "arn:aws:ec2:eu-west-1:222222222222:vpc/vpc-2" })),
        ("aws_autoscaling_group.web", json!({})),
    ]);
    assert_eq!((translation.region, translation.account), (None, None));
    let expected = [
        "aws_autoscaling_group.web: an interface in each of its subnets stands for all instances that it starts",
        "there are resources of several accounts: 111111111111, 222222222222",
        "there are resources of several regions: eu-west-1, us-east-1",
    ];
    assert_eq!(translation.notes, expected);
}
