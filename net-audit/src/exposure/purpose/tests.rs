use serde_json::{Value, json};

use super::*;
use crate::snapshot::read;

/// What an interface with this description and these members is called, in an account with a few things of each kind.
fn check(description: &str, members: &Value, expected: &str) {
    let mut interface = json!({ "NetworkInterfaceId": "eni-1", "SubnetId": "subnet-1", "SourceDestCheck": true,
        "Description": description, "Attachment": { "InstanceOwnerId": "amazon-aws" } });
    for (name, value) in members.as_object().unwrap() {
        interface[name] = value.clone();
    }
    let database = |id: &str, group: &str, subnet: &str| {
        json!({ "DBInstanceIdentifier": id, "VpcSecurityGroups": [{ "VpcSecurityGroupId": group }],
            "DBSubnetGroup": { "DBSubnetGroupName": id, "Subnets": [{ "SubnetIdentifier": subnet }] } })
    };
    let account = json!({
        "Vpcs": [{ "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16" }],
        "Subnets": [{ "SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24" }],
        "RouteTables": [],
        "NetworkInterfaces": [interface],
        "Instances": [{ "InstanceId": "i-1", "State": { "Name": "running" }, "Tags": [{ "Key": "Name", "Value": "bastion" }] }],
        "DBInstances": [
            database("orders", "sg-db", "subnet-1"),
            database("users", "sg-db", "subnet-1"),
            database("elsewhere", "sg-db", "subnet-2"),
            database("other", "sg-other", "subnet-1"),
        ],
        "LoadBalancers": [{ "LoadBalancerArn": "arn:aws:elb:web", "LoadBalancerName": "web" }],
        "tasks": [{ "taskArn": "arn:aws:ecs:task/1", "group": "service:web", "clusterArn": "arn:aws:ecs:eu-central-1:1:cluster/production",
            "attachments": [{ "details": [{ "name": "networkInterfaceId", "value": "eni-task" }] }] }],
    });
    let inventory = read([account.to_string().as_bytes()]).unwrap().regions.remove(0);
    let interface = inventory.network_interfaces.iter().next().unwrap();
    assert_eq!(purpose(&inventory, interface).label(), expected, "{description} {members}");
}

fn groups(groups: &[&str]) -> Value {
    json!({ "Groups": groups.iter().map(|id| json!({ "GroupId": id })).collect::<Vec<_>>() })
}

#[test]
fn stores_are_told_by_how_their_services_describe_their_interfaces() {
    let none = json!({});
    for (description, expected) in [
        ("ElastiCache sessions-001", "database sessions-001"),
        ("RedshiftNetworkInterface", "database"),
        ("ES search", "database search"),
        ("DAX cache-a", "database cache-a"),
        ("DMSNetworkInterface", "database"),
        ("EFS mount target for fs-1 (fsmt-2)", "database fs-1 (fsmt-2)"),
    ] {
        check(description, &none, expected);
    }
}

#[test]
fn the_interface_of_a_database_can_be_that_of_each_with_its_groups_in_its_subnet() {
    check("RDSNetworkInterface", &groups(&["sg-db"]), "database orders or users");
    check("RDSNetworkInterface", &groups(&["sg-other"]), "database other");
    check("RDSNetworkInterface", &groups(&["sg-db", "sg-other"]), "database orders or other or users");
    check("RDSNetworkInterface", &groups(&["sg-nobody"]), "database");
}

#[test]
fn load_balancers_are_named() {
    let none = json!({});
    check("ELB app/web/50dc6c495c0c9188", &none, "load balancer web");
    check("ELB net/unlisted/50dc6c495c0c9188", &none, "load balancer unlisted");
    check("ELB classic", &none, "load balancer classic");
    check("net/web/1", &json!({ "InterfaceType": "network_load_balancer" }), "load balancer web");
}

#[test]
fn tasks_are_known_by_their_attachment_their_tags_or_ecs() {
    let arn = "arn:aws:ecs:eu-central-1:111122223333:attachment/6f1b0d2e-0000-4000-8000-000000000000";
    check(arn, &json!({}), "ECS task");
    check("arn:aws-cn:ecs:cn-north-1:1:attachment/6f1b", &json!({}), "ECS task");
    check(arn, &json!({ "TagSet": [{ "Key": "aws:ecs:serviceName", "Value": "tagged" }] }), "ECS task tagged");
    check("", &json!({ "NetworkInterfaceId": "eni-task" }), "ECS task web");
}

#[test]
fn instances_have_their_own_name_else_that_of_the_interface_else_their_id() {
    let on = |id: &str, name: &str| {
        let tags = if name.is_empty() { json!([]) } else { json!([{ "Key": "Name", "Value": name }]) };
        json!({ "Attachment": { "InstanceId": id }, "TagSet": tags })
    };
    check("Primary network interface", &on("i-1", "first"), "instance bastion");
    check("", &on("i-9", "first"), "instance first");
    check("", &on("i-9", ""), "instance i-9");
}

#[test]
fn what_aws_runs_besides_is_told_by_its_kind_or_its_description() {
    let of_kind = |kind: &str| json!({ "InterfaceType": kind });
    check(
        "AWS Lambda VPC ENI-worker-eu-6f1b0d2e-0000-4000-8000-000000000000",
        &of_kind("lambda"),
        "function worker-eu",
    );
    check("AWS Lambda VPC ENI-short", &of_kind("lambda"), "function short");
    check("Interface for NAT Gateway nat-1", &of_kind("nat_gateway"), "NAT gateway");
    check("Interface for NAT Gateway nat-1", &json!({}), "NAT gateway");
    check("VPC Endpoint Interface vpce-1", &json!({}), "endpoint");
    check("", &of_kind("vpc_endpoint"), "endpoint");
    check("", &of_kind("gateway_load_balancer_endpoint"), "endpoint");
    check(
        "Network Interface for Transit Gateway Attachment tgw-attach-1",
        &of_kind("transit_gateway"),
        "transit gateway",
    );
    check("Amazon EKS production", &json!({}), "other Amazon EKS production");
    check("", &json!({}), "other");
}

#[test]
fn what_is_attached_to_nothing_is_nothing_unless_its_service_still_names_it() {
    let detached = json!({ "Attachment": null });
    check("left over", &detached, "nothing");
    check("RDSNetworkInterface", &detached, "database");
}
