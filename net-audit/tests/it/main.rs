//! How the binary behaves: standard output, standard error and exit code together.

mod audit;
mod contract;
mod documents;
mod forms;
mod live;
mod money;
mod policy;
mod remedies;
mod terraform;
mod way;

/// A region with its default VPC and `prod`: two public subnets, two behind one NAT gateway, two database subnets without a table of their
/// own, and one whose default route is split in two halves.
const ANCHOR: &str = include_str!("../fixtures/anchor.json");

/// An account in which nothing is wrong: one VPC, two zones, each with a public, an application and a database subnet.
const CLEAN: &str = include_str!("../fixtures/clean.json");

/// The account after something was done to it.
fn spoilt(spoil: impl FnOnce(&mut serde_json::Value)) -> String {
    let Ok(mut account) = serde_json::from_str(CLEAN) else { panic!("the account is no JSON") };
    spoil(&mut account);
    account.to_string()
}

/// The first element of a member whose `key` is `id`.
fn find<'v>(account: &'v mut serde_json::Value, member: &str, key: &str, id: &str) -> &'v mut serde_json::Value {
    let mut elements = account[member].as_array_mut().into_iter().flatten();
    elements.find(|element| element[key] == id).unwrap_or_else(|| panic!("no {id} among {member}"))
}

/// Adds an element to a member.
fn add(account: &mut serde_json::Value, member: &str, element: serde_json::Value) {
    let Some(elements) = account[member].as_array_mut() else { panic!("{member} is no list") };
    elements.push(element);
}

/// The account without one of its members.
fn without(account: &mut serde_json::Value, member: &str) {
    let members = account.as_object_mut();
    assert!(members.is_some_and(|members| members.remove(member).is_some()), "the account has no {member}");
}

/// The anchor without one of its members.
fn anchor_without(member: &str) -> String {
    let Ok(serde_json::Value::Object(mut snapshot)) = serde_json::from_str(ANCHOR) else {
        panic!("the anchor is not a JSON object");
    };
    assert!(snapshot.remove(member).is_some(), "the anchor has no {member}");
    serde_json::Value::Object(snapshot).to_string()
}
