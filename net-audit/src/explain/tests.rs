use serde_json::{Value, json};

use super::*;
use crate::audit::check::fixture::{add, clean, find, spoilt, with_facts};

mod addresses;
mod gateways;
mod inside;
mod internet;
mod places;
mod unsaid;

const VPC: &str = "vpc-0clean0000000001";

#[track_caller]
fn answer(account: &Value, from: &str, to: &str) -> Explanation {
    ask(account, from, to).unwrap_or_else(|error| panic!("{error}"))
}

fn ask(account: &Value, from: &str, to: &str) -> Result<Explanation, PlaceError> {
    let question = Question::parse(from, to).unwrap();
    with_facts(account, |facts| explain(&[facts], &question))
}

/// What the account says, and by which step it stops: `no: route`.
#[track_caller]
fn check(account: &Value, from: &str, to: &str, expected: &str) {
    let answer = answer(account, from, to);
    let verdict = match (answer.reaches, &answer.stopped_by) {
        (Some(true), None) => "yes".to_owned(),
        (Some(false), Some(step)) => format!("no: {}", step.what.words()),
        (None, None) => "unknown".to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(verdict, expected, "{from} to {to}\n{}", answer.table());
}

#[track_caller]
fn because(account: &Value, from: &str, to: &str) -> String {
    answer(account, from, to).stopped_by.unwrap().because
}

fn words(hops: &[HopStep]) -> Vec<&'static str> {
    hops.iter().map(|hop| hop.what.words()).collect()
}

fn acl(account: &mut Value) -> &mut Value {
    find(account, "NetworkAcls", "NetworkAclId", "acl-0clean")
}

/// An instance with an interface of the same number, in a subnet, with a group.
fn add_instance(account: &mut Value, name: &str, subnet: &str, address: &str, group: &str) {
    let id = format!("i-0{name}");
    add(
        account,
        "Reservations",
        json!({ "Instances": [{
        "InstanceId": id, "SubnetId": subnet, "SourceDestCheck": true, "State": { "Name": "running" },
        "Tags": [{ "Key": "Name", "Value": name }],
    }] }),
    );
    add(
        account,
        "NetworkInterfaces",
        json!({
            "NetworkInterfaceId": format!("eni-0{name}"), "SubnetId": subnet, "VpcId": VPC, "SourceDestCheck": true,
            "Description": "", "InterfaceType": "interface", "Groups": [{ "GroupId": group, "GroupName": group }],
            "PrivateIpAddress": address, "PrivateIpAddresses": [{ "PrivateIpAddress": address, "Primary": true }],
            "Ipv6Addresses": [], "Status": "in-use", "TagSet": [],
            "Attachment": { "AttachmentId": "a", "Status": "attached", "InstanceId": id },
        }),
    );
}

fn add_public_address(account: &mut Value, interface: &str, address: &str) {
    find(account, "NetworkInterfaces", "NetworkInterfaceId", interface)["Association"] =
        json!({ "PublicIp": address, "AllocationId": "eipalloc-0" });
}

fn rule(port: u16, peers: (&str, Value)) -> Value {
    let (member, peers) = peers;
    let mut rule = json!({ "IpProtocol": "tcp", "FromPort": port, "ToPort": port });
    rule[member] = peers;
    rule
}

fn group(account: &mut Value, id: &str, ingress: &[Value], egress: &[Value]) {
    add(
        account,
        "SecurityGroups",
        json!({
            "GroupId": id, "GroupName": id, "Description": id, "VpcId": VPC,
            "IpPermissions": ingress, "IpPermissionsEgress": egress, "Tags": [],
        }),
    );
}

fn anywhere() -> Value {
    json!({ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] })
}

/// The account with a bastion that the internet reaches by SSH and that reaches the database.
fn with_bastion() -> Value {
    spoilt(|account| {
        group(account, "sg-0jump", &[rule(22, ("IpRanges", json!([{ "CidrIp": "0.0.0.0/0" }])))], &[anywhere()]);
        add_instance(account, "bastion", "subnet-0publica00000", "10.20.0.99", "sg-0jump");
        add_public_address(account, "eni-0bastion", "18.184.9.9");
        let database = find(account, "SecurityGroups", "GroupId", "sg-0db");
        let rules = database["IpPermissions"].as_array_mut().unwrap();
        rules.push(rule(5432, ("UserIdGroupPairs", json!([{ "GroupId": "sg-0jump" }]))));
    })
}
