use serde_json::{Value, json};

use crate::audit::check::fixture::{add, find, findings, ids, spoilt, unknown, without};
use crate::audit::finding::{Confidence, Severity};
use crate::audit::rule::Rule;

const RULE: Rule = Rule::IdleAddress;

fn idle(account: &mut Value) {
    let address = json!({"AllocationId": "eipalloc-0old", "Domain": "vpc", "PublicIp": "18.184.9.9", "Tags": []});
    add(account, "Addresses", address);
}

/// An instance in the public subnet of zone a with an address, in a group that lets nobody of the internet in.
fn instance(account: &mut Value) {
    let interface = json!({
        "NetworkInterfaceId": "eni-0worker", "SubnetId": "subnet-0publica00000", "VpcId": "vpc-0clean0000000001",
        "Description": "", "Groups": [{"GroupId": "sg-0app"}], "InterfaceType": "interface",
        "PrivateIpAddress": "10.20.0.40", "SourceDestCheck": true, "Status": "in-use",
        "Attachment": {"Status": "attached", "InstanceId": "i-0worker"},
        "Association": {"PublicIp": "18.184.7.7", "IpOwnerId": "amazon"},
    });
    add(account, "NetworkInterfaces", interface);
    let instance = json!({"InstanceId": "i-0worker", "State": {"Name": "running"}, "SubnetId": "subnet-0publica00000"});
    add(account, "Reservations", json!({"Instances": [instance]}));
}

#[test]
fn an_address_that_nothing_has_is_idle() {
    let found = findings(&spoilt(idle), RULE);
    assert_eq!(found.len(), 1);
    assert_eq!((ids(&found[0]), found[0].severity), (vec!["eipalloc-0old"], Severity::Low));
    let money = found[0].money.as_ref().unwrap();
    assert_eq!(format!("{:.2} {:.2}", money.monthly, money.saving), "3.65 3.65");
    assert_eq!(found[0].remedy.cli, ["aws ec2 release-address --allocation-id eipalloc-0old --region eu-central-1"]);
}

/// The instance with an Elastic IP address.
fn kept(account: &mut Value) {
    instance(account);
    let interface = find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0worker");
    interface["Association"]["AllocationId"] = json!("eipalloc-0kept");
    let address = json!({
        "AllocationId": "eipalloc-0kept", "AssociationId": "eipassoc-0kept", "PublicIp": "18.184.7.7",
        "NetworkInterfaceId": "eni-0worker", "InstanceId": "i-0worker", "PublicIpv4Pool": "amazon",
    });
    add(account, "Addresses", address);
}

#[test]
fn an_address_of_what_is_stopped_or_detached_is_paid_for_and_not_simply_released() {
    let stopped = spoilt(|account| {
        kept(account);
        account["Reservations"].as_array_mut().unwrap().last_mut().unwrap()["Instances"][0]["State"]["Name"] =
            json!("stopped");
    });
    let detached = spoilt(|account| {
        kept(account);
        let interface = find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0worker");
        interface.as_object_mut().unwrap().remove("Attachment");
        interface["Status"] = json!("available");
    });
    for (account, why) in [(stopped, "i-0worker is stopped"), (detached, "eni-0worker is attached to nothing")] {
        let found = findings(&account, RULE);
        assert_eq!(found.len(), 1, "{why}");
        assert_eq!((ids(&found[0]), found[0].severity), (vec!["eipalloc-0kept", "eni-0worker"], Severity::Low));
        assert_eq!(found[0].proof[1], why);
        assert_eq!(format!("{:.2}", found[0].money.as_ref().unwrap().saving), "3.65");
        let show = "aws ec2 describe-addresses --allocation-ids eipalloc-0kept --region eu-central-1";
        assert_eq!(found[0].remedy.cli, [show]);
    }
    let runs = spoilt(kept);
    assert!(findings(&runs, RULE).iter().all(|finding| ids(finding) == ["eni-0worker"]));
}

#[test]
fn an_address_of_an_own_block_costs_nothing() {
    let account = spoilt(|account| {
        idle(account);
        find(account, "Addresses", "AllocationId", "eipalloc-0old")["PublicIpv4Pool"] = json!("ipv4pool-ec2-0123");
    });
    let found = findings(&account, RULE);
    assert_eq!((found.len(), found[0].severity, &found[0].money), (1, Severity::Info, &None));
    assert!(found[0].remedy.advice.contains("It goes back to its pool"), "{}", found[0].remedy.advice);
}

#[test]
fn an_address_that_a_gateway_names_is_not_idle() {
    let account = spoilt(|account| {
        let address = find(account, "Addresses", "AllocationId", "eipalloc-0nata");
        for key in ["AssociationId", "NetworkInterfaceId", "PrivateIpAddress"] {
            address.as_object_mut().unwrap().remove(key);
        }
    });
    assert_eq!(findings(&account, RULE), []);
}

#[test]
fn where_there_is_no_price_an_idle_address_has_no_figure() {
    let account = spoilt(idle).to_string().replace("eu-central-1", "cn-north-1");
    let found = findings(&serde_json::from_str(&account).unwrap(), RULE);
    assert_eq!((found.len(), &found[0].money), (1, &None));
}

#[test]
fn an_instance_that_nobody_may_speak_to_needs_no_address_where_there_is_nat() {
    let found = findings(&spoilt(instance), RULE);
    assert_eq!(found.len(), 1);
    let finding = &found[0];
    assert_eq!(
        (ids(finding), finding.severity, finding.confidence),
        (vec!["eni-0worker"], Severity::Low, Confidence::Medium)
    );
    assert_eq!(finding.proof[0], "eni-0worker has 18.184.7.7");
    assert!(finding.proof.contains(&"sg-0app: no rule lets an address of the internet in".to_owned()));
    // 3.65 / 0.052.
    assert!(finding.remedy.advice.contains("saves $3.65 a month as long as less than 70 GB go through NAT"));
    // Where it stands the address is its only way out: nothing is taken away.
    let commands = [
        "aws ec2 describe-network-interfaces --network-interface-ids eni-0worker --region eu-central-1",
        "aws ec2 describe-instances --instance-ids i-0worker --region eu-central-1",
    ];
    assert_eq!(finding.remedy.cli, commands);
    assert!(finding.remedy.advice.contains("Start it anew in a subnet behind NAT, subnet-0appa00000001 or"));
}

#[test]
fn the_tasks_of_a_service_are_one_finding() {
    let account = spoilt(|account| {
        for (task, subnet, address) in [("eni-0taska", "a", "18.184.7.1"), ("eni-0taskb", "b", "18.184.7.2")] {
            let interface = find(account, "NetworkInterfaces", "NetworkInterfaceId", task);
            interface["SubnetId"] = json!(format!("subnet-0public{subnet}00000"));
            interface["Association"] = json!({"PublicIp": address, "IpOwnerId": "amazon"});
        }
    });
    let found = findings(&account, RULE);
    assert_eq!(found.len(), 1);
    assert_eq!(ids(&found[0]), ["eni-0taska", "eni-0taskb"]);
    assert_eq!(format!("{:.2}", found[0].money.as_ref().unwrap().saving), "7.30");
    assert!(found[0].remedy.cli[0].starts_with("aws ecs describe-services --cluster production --services web"));
    let command = &found[0].remedy.cli[1];
    assert!(command.starts_with("aws ecs update-service --cluster production --service web"), "{command}");
    assert!(command.contains("subnets=[subnet-0appa00000001,subnet-0appb00000001]"), "{command}");
}

#[test]
fn what_forwards_or_is_open_or_has_no_nat_at_hand_needs_its_address() {
    let forwards = spoilt(|account| {
        instance(account);
        find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0worker")["SourceDestCheck"] = json!(false);
    });
    assert_eq!(findings(&forwards, RULE), []);
    let open = spoilt(|account| {
        instance(account);
        find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0worker")["Groups"] =
            json!([{"GroupId": "sg-0lb"}]);
    });
    assert_eq!(findings(&open, RULE), []);
    let without_nat = spoilt(|account| {
        instance(account);
        for table in ["rtb-0appa", "rtb-0appb"] {
            find(account, "RouteTables", "RouteTableId", table)["Routes"].as_array_mut().unwrap().remove(1);
        }
    });
    assert_eq!(findings(&without_nat, RULE), []);
}

#[test]
fn a_public_address_in_a_private_subnet_is_another_rules() {
    let account = spoilt(|account| {
        instance(account);
        find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0worker")["SubnetId"] =
            json!("subnet-0appa00000001");
    });
    assert_eq!(findings(&account, RULE), []);
}

#[test]
fn what_is_not_described_is_not_known() {
    for member in ["Addresses", "NetworkInterfaces"] {
        let blind = spoilt(|account| drop(account.as_object_mut().unwrap().remove(member)));
        assert_eq!(unknown(&blind, RULE), [format!("the snapshot has no {member}")]);
    }
    let blind = spoilt(|account| {
        instance(account);
        without(account, "SecurityGroups");
    });
    assert_eq!(unknown(&blind, RULE), ["the snapshot has no SecurityGroups"]);
    // Nothing that might be needless has an address here.
    let blind = spoilt(|account| without(account, "SecurityGroups"));
    assert_eq!(unknown(&blind, RULE), Vec::<String>::new());
}
