//! An account in which nothing is wrong, to be spoilt by the tests of the rules.

mod commands;

use serde_json::Value;

use crate::audit::audit;
use crate::audit::finding::{Finding, Unknown};
use crate::audit::rule::Rule;
use crate::facts::intent::Intent;
use crate::facts::{Facts, Setting};
use crate::money::price::built_in;
use crate::snapshot::{Estate, read};

const CLEAN: &str = include_str!("../../../tests/fixtures/clean.json");

/// The account as a snapshot: one VPC, two zones, each with a public, an application and a database subnet.
pub(crate) fn clean() -> Value {
    serde_json::from_str(CLEAN).unwrap()
}

/// The account after something was done to it.
pub(crate) fn spoilt(spoil: impl FnOnce(&mut Value)) -> Value {
    let mut account = clean();
    spoil(&mut account);
    account
}

/// The first element of a member whose `key` is `id`.
pub(crate) fn find<'v>(account: &'v mut Value, member: &str, key: &str, id: &str) -> &'v mut Value {
    let elements = account[member].as_array_mut().unwrap();
    elements.iter_mut().find(|element| element[key] == id).unwrap_or_else(|| panic!("no {id} among {member}"))
}

/// Adds an element to a member.
pub(crate) fn add(account: &mut Value, member: &str, element: Value) {
    account[member].as_array_mut().unwrap().push(element);
}

/// Adds an interface in a subnet of the account, with these members more or other than usual.
pub(crate) fn add_interface(account: &mut Value, id: &str, subnet: &str, members: &Value) {
    let mut interface = serde_json::json!({
        "NetworkInterfaceId": id, "SubnetId": subnet, "VpcId": "vpc-0clean0000000001", "Description": "",
        "Groups": [], "InterfaceType": "interface", "PrivateIpAddress": "10.20.0.99", "PrivateIpAddresses": [],
        "Ipv6Addresses": [], "SourceDestCheck": true, "Status": "in-use", "TagSet": [],
        "Attachment": { "AttachmentId": "eni-attach-0", "Status": "attached", "InstanceOwnerId": "amazon-aws" },
    });
    for (member, value) in members.as_object().unwrap() {
        interface[member] = value.clone();
    }
    add(account, "NetworkInterfaces", interface);
}

/// Adds a running instance with a public address and these groups to the public subnet of zone a: `i-ID` with `eni-ID`.
pub(crate) fn add_exposed_instance(account: &mut Value, id: &str, name: &str, groups: &[&str]) {
    let groups: Vec<Value> = groups.iter().map(|group| serde_json::json!({ "GroupId": group })).collect();
    let instance = format!("i-{id}");
    let members = serde_json::json!({
        "Groups": groups,
        "Attachment": { "AttachmentId": "eni-attach-0", "Status": "attached", "InstanceId": instance },
        "Association": { "PublicIp": "18.184.9.9", "IpOwnerId": "amazon" },
    });
    add_interface(account, &format!("eni-{id}"), "subnet-0publica00000", &members);
    let tags = serde_json::json!([{ "Key": "Name", "Value": name }]);
    let state = serde_json::json!({ "Name": "running" });
    let subnet = "subnet-0publica00000";
    let instance = serde_json::json!({ "InstanceId": instance, "SubnetId": subnet, "State": state, "Tags": tags });
    add(account, "Reservations", serde_json::json!({ "Instances": [instance] }));
}

/// Adds a security group that lets these blocks in, by protocol and ports.
pub(crate) fn add_group(account: &mut Value, id: &str, name: &str, rules: &[(&str, u16, u16, &str)]) {
    let rules: Vec<Value> = rules
        .iter()
        .map(|(protocol, first, last, block)| {
            let (member, key) = if block.contains(':') { ("Ipv6Ranges", "CidrIpv6") } else { ("IpRanges", "CidrIp") };
            let mut rule = serde_json::json!({ "IpProtocol": protocol });
            rule[member] = serde_json::json!([{ key: block }]);
            if *protocol != "-1" {
                rule["FromPort"] = (*first).into();
                rule["ToPort"] = (*last).into();
            }
            rule
        })
        .collect();
    let group = serde_json::json!({
        "GroupId": id, "GroupName": name, "VpcId": "vpc-0clean0000000001", "IpPermissions": rules,
        "IpPermissionsEgress": [], "Tags": [],
    });
    add(account, "SecurityGroups", group);
}

/// Takes a whole kind away from the account.
pub(crate) fn without(account: &mut Value, member: &str) {
    account.as_object_mut().unwrap().remove(member);
}

/// All rules speak with one voice: titles, proofs and what is hit are fragments, advice is whole sentences, commands are such that the AWS CLI takes them.
fn assert_well_told(finding: &Finding) {
    let Finding { title, proof, blast_radius, remedy, .. } = finding;
    // Names like `VPC` and `CloudWatch` have more than one capital.
    let begins_a_sentence = |text: &str| {
        let word = text.split(' ').next().unwrap_or_default();
        word.starts_with(char::is_uppercase) && !word.chars().skip(1).any(char::is_uppercase)
    };
    for fragment in proof.iter().chain([title, blast_radius]) {
        assert!(!fragment.is_empty() && !fragment.ends_with('.') && !begins_a_sentence(fragment), "{fragment}");
    }
    assert!(begins_a_sentence(&remedy.advice) && remedy.advice.ends_with('.'), "{}", remedy.advice);
    for command in &remedy.cli {
        assert_eq!(commands::fault(command), None, "{command}");
    }
}

/// What all rules say of the account.
pub(crate) fn everything(account: &Value) -> (Vec<Finding>, Vec<Unknown>) {
    let estate = estate(account);
    let (intent, prices) = (Intent::default(), built_in());
    let mut regions = audit(&estate, Setting { intent: &intent, prices: &prices, gb: None });
    let findings = regions.remove(0).findings;
    findings.found.iter().for_each(assert_well_told);
    (findings.found, findings.unknown)
}

/// What one rule finds in the account.
pub(crate) fn findings(account: &Value, rule: Rule) -> Vec<Finding> {
    everything(account).0.into_iter().filter(|finding| finding.rule == rule).collect()
}

/// The one thing that a rule finds in the account.
#[track_caller]
pub(crate) fn one(account: &Value, rule: Rule) -> Finding {
    let mut all = findings(account, rule);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

/// What a finding is about, by id.
pub(crate) fn ids(finding: &Finding) -> Vec<&str> {
    finding.resources.iter().map(|resource| resource.id.as_str()).collect()
}

/// What one rule cannot say of the account, in words.
pub(crate) fn unknown(account: &Value, rule: Rule) -> Vec<String> {
    let unknown = everything(account).1.into_iter().filter(|unknown| unknown.rule == rule);
    unknown.map(|unknown| unknown.gap.to_string()).collect()
}

/// Asks something of the facts of the account.
pub(crate) fn with_facts<T>(account: &Value, ask: impl FnOnce(&Facts<'_>) -> T) -> T {
    let estate = estate(account);
    let (intent, prices) = (Intent::default(), built_in());
    ask(&Facts::new(&estate, &estate.regions[0], Setting { intent: &intent, prices: &prices, gb: None }))
}

fn estate(account: &Value) -> Estate {
    read([account.to_string().as_bytes()]).unwrap()
}

#[test]
fn nothing_is_wrong_with_the_account_and_everything_is_known() {
    let (found, unknown) = everything(&clean());
    assert_eq!(found, []);
    assert_eq!(unknown, []);
}

#[test]
fn every_load_balancer_and_no_database_of_the_account_is_exposed() {
    let exposed = with_facts(&clean(), |facts| {
        let exposed = facts.exposures.iter().filter(|exposure| exposure.verdict == crate::exposure::Verdict::Exposed);
        exposed.map(|exposure| exposure.interface.id.clone()).collect::<Vec<_>>()
    });
    assert_eq!(exposed, ["eni-0lba", "eni-0lbb"]);
}
