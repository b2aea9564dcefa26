//! How the binary behaves: standard output, standard error and exit code together.

mod audit;
mod contract;
mod terraform;

/// A region with its default VPC and `prod`: two public subnets, two behind one NAT gateway, two database subnets without a table of their
/// own, and one whose default route is split in two halves.
const ANCHOR: &str = include_str!("../fixtures/anchor.json");

/// The anchor without one of its members.
fn anchor_without(member: &str) -> String {
    let Ok(serde_json::Value::Object(mut snapshot)) = serde_json::from_str(ANCHOR) else {
        panic!("the anchor is not a JSON object");
    };
    assert!(snapshot.remove(member).is_some(), "the anchor has no {member}");
    serde_json::Value::Object(snapshot).to_string()
}
