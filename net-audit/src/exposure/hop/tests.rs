use serde_json::{Value, json};

use super::hops;
use crate::audit::check::fixture::{add, add_exposed_instance, add_group, clean, find, spoilt, with_facts};

/// Each hop in words.
fn told(account: &Value) -> Vec<String> {
    with_facts(account, |facts| {
        let told = hops(facts).into_iter().map(|hop| {
            let (from, to) = (&hop.from[0].interface.id, &hop.to[0].id);
            format!("{}×{from} {} {} {}×{to} by {}", hop.from_count, hop.protocol, hop.ports, hop.to_count, hop.by.id)
        });
        told.collect()
    })
}

const BALANCER: &str = "2×eni-0lba tcp 8080 2×eni-0taska by sg-0app";

fn let_into_database(account: &mut Value, member: &str, peer: &Value) {
    let group = find(account, "SecurityGroups", "GroupId", "sg-0db");
    let mut rule = json!({ "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432 });
    rule[member] = json!([peer]);
    group["IpPermissions"] = json!([rule]);
}

#[test]
fn a_load_balancer_is_one_hop_from_its_tasks_and_two_from_the_database() {
    assert_eq!(told(&clean()), [BALANCER]);
}

#[test]
fn a_bastion_is_one_hop_from_what_lets_its_group_in() {
    let account = spoilt(|account| {
        add_group(account, "sg-0bastion", "bastion", &[("tcp", 22, 22, "93.184.216.34/32")]);
        add_exposed_instance(account, "0bastion", "bastion", &["sg-0bastion"]);
        let_into_database(account, "UserIdGroupPairs", &json!({ "GroupId": "sg-0bastion" }));
    });
    assert_eq!(told(&account), [BALANCER, "1×eni-0bastion tcp 5432 2×eni-0dba by sg-0db"]);
}

#[test]
fn a_block_that_holds_an_exposed_address_lets_it_in_and_another_does_not() {
    let account = |block: &str| spoilt(|account| let_into_database(account, "IpRanges", &json!({ "CidrIp": block })));
    let hop = "2×eni-0lba tcp 5432 2×eni-0dba by sg-0db";
    assert_eq!(told(&account("10.20.0.0/16")), [BALANCER, hop]);
    assert_eq!(told(&account("10.20.0.0/24"))[1], "1×eni-0lba tcp 5432 2×eni-0dba by sg-0db");
    assert_eq!(told(&account("10.20.16.0/20")), [BALANCER]);
}

#[test]
fn a_group_of_another_vpc_lets_in_only_if_they_are_peers() {
    let account = |status: Option<&str>| {
        spoilt(|account| {
            let mut vpc = find(account, "Vpcs", "VpcId", "vpc-0clean0000000001").clone();
            vpc["VpcId"] = "vpc-0other".into();
            vpc["CidrBlock"] = "10.30.0.0/16".into();
            vpc["CidrBlockAssociationSet"] = json!([]);
            add(account, "Vpcs", vpc);
            let mut subnet = find(account, "Subnets", "SubnetId", "subnet-0dba00000001").clone();
            subnet["SubnetId"] = "subnet-0other".into();
            subnet["VpcId"] = "vpc-0other".into();
            subnet["CidrBlock"] = "10.30.0.0/24".into();
            add(account, "Subnets", subnet);
            find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0dba")["SubnetId"] = "subnet-0other".into();
            find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0dbb")["SubnetId"] = "subnet-0other".into();
            let_into_database(account, "UserIdGroupPairs", &json!({ "GroupId": "sg-0lb" }));
            if let Some(status) = status {
                let peering = json!({
                    "VpcPeeringConnectionId": "pcx-0", "Status": { "Code": status },
                    "RequesterVpcInfo": { "VpcId": "vpc-0clean0000000001" }, "AccepterVpcInfo": { "VpcId": "vpc-0other" },
                });
                add(account, "VpcPeeringConnections", peering);
            }
        })
    };
    assert_eq!(told(&account(None)), [BALANCER]);
    assert_eq!(told(&account(Some("deleted"))), [BALANCER]);
    assert_eq!(told(&account(Some("active"))), [BALANCER, "2×eni-0lba tcp 5432 2×eni-0dba by sg-0db"]);
}

#[test]
fn many_are_told_by_number_and_some_by_name() {
    let account = spoilt(|account| {
        add_group(account, "sg-0web", "web", &[("tcp", 443, 443, "0.0.0.0/0")]);
        for number in 0..20 {
            add_exposed_instance(account, &format!("0web{number:02}"), "web", &["sg-0web"]);
        }
        let_into_database(account, "UserIdGroupPairs", &json!({ "GroupId": "sg-0web" }));
    });
    with_facts(&account, |facts| {
        let hops = hops(facts);
        assert_eq!((hops.len(), hops[1].from_count, hops[1].from.len()), (2, 20, 3));
    });
}

#[test]
fn where_nothing_is_exposed_there_is_no_hop() {
    let account = spoilt(|account| {
        find(account, "SecurityGroups", "GroupId", "sg-0lb")["IpPermissions"] = json!([]);
    });
    assert_eq!(told(&account), [""; 0]);
}
