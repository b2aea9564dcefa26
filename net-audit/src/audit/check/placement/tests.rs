mod intent;

use serde_json::{Value, json};

use crate::audit::check::fixture::{
    add, add_exposed_instance, add_interface, find, findings, ids, one, spoilt, unknown, without,
};
use crate::audit::finding::Severity;
use crate::audit::rule::Rule;

const PUBLIC: &str = "subnet-0publica00000";
const APP: &str = "subnet-0appa00000001";

/// Lets a subnet say nothing of what it is for.
fn unsaid(account: &mut Value, subnet: &str) {
    find(account, "Subnets", "SubnetId", subnet)["Tags"] = json!([]);
}

/// Moves all that stands in the public subnet of zone a to the one of zone b.
fn empty(account: &mut Value) {
    for interface in account["NetworkInterfaces"].as_array_mut().unwrap() {
        if interface["SubnetId"] == PUBLIC {
            interface["SubnetId"] = "subnet-0publicb00000".into();
        }
    }
}

fn task(account: &mut Value, id: &str, subnet: &str) {
    let attachment = "arn:aws:ecs:eu-central-1:111122223333:attachment/6f1b0d2e-0000-4000-8000-000000000009";
    let tags = json!([{ "Key": "aws:ecs:serviceName", "Value": "mail" }, { "Key": "aws:ecs:clusterName", "Value": "production" }]);
    let members = json!({ "Description": attachment, "Groups": [{ "GroupId": "sg-0app" }], "TagSet": tags });
    add_interface(account, id, subnet, &members);
}

// NET004

#[test]
fn a_subnet_group_with_a_public_subnet_is_high_and_told_better_ones() {
    let account = spoilt(|account| {
        let groups =
            [("DBSubnetGroups", "DBSubnetGroupName", ""), ("DBInstances", "DBInstanceIdentifier", "DBSubnetGroup")];
        for (member, key, inner) in groups {
            let element = find(account, member, key, "orders");
            let group = if inner.is_empty() { element } else { &mut element[inner] };
            group["Subnets"][1]["SubnetIdentifier"] = "subnet-0publicb00000".into();
        }
    });
    let finding = one(&account, Rule::DatabaseInPublicSubnet);
    assert_eq!(finding.severity, Severity::High);
    assert_eq!(ids(&finding), ["orders", "subnet-0publicb00000", "orders"]);
    assert!(finding.proof[0].contains("rtb-0public sends 0.0.0.0/0 to igw-0clean0000000001"), "{:?}", finding.proof);
    assert_eq!(finding.blast_radius, "1 database");
    assert_eq!(
        finding.remedy.cli,
        [
            "aws rds modify-db-subnet-group --db-subnet-group-name orders --subnet-ids subnet-0dba00000001 subnet-0dbb00000001 --region eu-central-1"
        ]
    );
}

#[test]
fn a_better_subnet_group_keeps_the_isolated_subnets_that_it_holds() {
    let with = |ids: &[&str]| {
        let subnets: Vec<Value> = ids.iter().map(|id| json!({ "SubnetIdentifier": id })).collect();
        let account = spoilt(|account| {
            // Something isolated that is none of the databases', and comes first by its id.
            let mut other = find(account, "Subnets", "SubnetId", "subnet-0dba00000001").clone();
            other["SubnetId"] = "subnet-00firewall".into();
            other["CidrBlock"] = "10.20.200.0/28".into();
            add(account, "Subnets", other);
            let associations = find(account, "RouteTables", "RouteTableId", "rtb-0db")["Associations"].as_array_mut();
            associations.unwrap().push(json!({
                "SubnetId": "subnet-00firewall", "Main": false, "RouteTableAssociationId": "rtbassoc-0firewall",
                "RouteTableId": "rtb-0db", "AssociationState": { "State": "associated" },
            }));
            let group = json!({ "DBSubnetGroupName": "more", "VpcId": "vpc-0clean0000000001", "Subnets": subnets });
            add(account, "DBSubnetGroups", group);
        });
        one(&account, Rule::DatabaseInPublicSubnet).remedy
    };
    let all = with(&["subnet-0dba00000001", "subnet-0dbb00000001", PUBLIC]);
    assert!(all.cli[0].contains("--subnet-ids subnet-0dba00000001 subnet-0dbb00000001 --region"), "{}", all.cli[0]);
    assert!(!all.advice.contains("by routes alone"), "{}", all.advice);
    let half = with(&["subnet-0dba00000001", PUBLIC]);
    assert!(half.cli[0].contains("--subnet-ids subnet-0dba00000001 subnet-0dbb00000001 --region"), "{}", half.cli[0]);
    assert!(half.advice.contains("subnet-0dbb00000001, which is chosen by routes alone"), "{}", half.advice);
}

#[test]
fn a_subnet_group_of_private_subnets_is_fine() {
    let account = spoilt(|account| {
        find(account, "DBSubnetGroups", "DBSubnetGroupName", "orders")["Subnets"][0]["SubnetIdentifier"] = APP.into();
    });
    assert_eq!(findings(&account, Rule::DatabaseInPublicSubnet), []);
}

#[test]
fn a_public_subnet_group_that_nothing_uses_is_medium() {
    let account = spoilt(|account| {
        let subnets = json!([{ "SubnetIdentifier": PUBLIC }, { "SubnetIdentifier": "subnet-0publicb00000" }]);
        let group = json!({ "DBSubnetGroupName": "default-vpc", "VpcId": "vpc-0clean0000000001", "Subnets": subnets });
        add(account, "DBSubnetGroups", group);
    });
    let finding = one(&account, Rule::DatabaseInPublicSubnet);
    assert_eq!((finding.severity, finding.blast_radius.as_str()), (Severity::Medium, "no database uses it yet"));
}

#[test]
fn databases_tell_their_subnet_groups_if_nobody_listed_them() {
    let account = spoilt(|account| {
        without(account, "DBSubnetGroups");
        let database = find(account, "DBInstances", "DBInstanceIdentifier", "orders");
        database["DBSubnetGroup"]["Subnets"][1]["SubnetIdentifier"] = PUBLIC.into();
    });
    assert_eq!(one(&account, Rule::DatabaseInPublicSubnet).severity, Severity::High);
    assert_eq!(unknown(&account, Rule::DatabaseInPublicSubnet), [""; 0]);
}

#[test]
fn without_databases_and_subnet_groups_it_is_unknown() {
    let account = spoilt(|account| {
        without(account, "DBSubnetGroups");
        without(account, "DBInstances");
    });
    assert_eq!(unknown(&account, Rule::DatabaseInPublicSubnet), ["the snapshot has no DBSubnetGroups"]);
}

#[test]
fn a_subnet_group_with_a_subnet_that_is_not_there_is_unknown() {
    let account = spoilt(|account| {
        find(account, "DBSubnetGroups", "DBSubnetGroupName", "orders")["Subnets"][0]["SubnetIdentifier"] =
            "subnet-0gone".into();
    });
    assert_eq!(unknown(&account, Rule::DatabaseInPublicSubnet), ["subnet-0gone is not among the snapshot's Subnets"]);
}

// NET012

#[test]
fn a_public_address_in_a_private_subnet_is_money_for_nothing() {
    let account = spoilt(|account| {
        let interface = find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0taska");
        interface["Association"] = json!({ "PublicIp": "18.184.6.6", "IpOwnerId": "amazon" });
    });
    let finding = one(&account, Rule::UselessPublicAddress);
    assert_eq!(finding.severity, Severity::Medium);
    assert_eq!(ids(&finding), ["eni-0taska", APP]);
    let money = finding.money.unwrap();
    assert!((money.saving - 3.65).abs() < 1e-9 && money.inputs.len() == 3, "{money:?}");
    assert!(finding.proof[1].contains("rtb-0appa sends 0.0.0.0/0 to nat-0clean00000000a1"), "{:?}", finding.proof);
    assert!(finding.remedy.cli[0].contains("--cluster production --service web"), "{:?}", finding.remedy.cli);
    assert!(finding.remedy.cli[0].contains("assignPublicIp=DISABLED"), "{:?}", finding.remedy.cli);
}

#[test]
fn a_service_is_told_once_for_all_its_tasks() {
    let account = spoilt(|account| {
        for (id, ip) in [("eni-0taska", "18.184.6.6"), ("eni-0taskb", "18.184.6.7")] {
            let interface = find(account, "NetworkInterfaces", "NetworkInterfaceId", id);
            interface["Association"] = json!({ "PublicIp": ip, "IpOwnerId": "amazon" });
        }
    });
    let finding = one(&account, Rule::UselessPublicAddress);
    assert!((finding.money.unwrap().monthly - 7.30).abs() < 1e-9);
    assert!(finding.remedy.cli[0].contains("subnets=[subnet-0appa00000001,subnet-0appb00000001]"));
}

#[test]
fn an_elastic_address_of_an_instance_is_released_by_its_allocation() {
    let account = spoilt(|account| {
        add_exposed_instance(account, "0worker", "worker", &["sg-0app"]);
        let interface = find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0worker");
        interface["SubnetId"] = APP.into();
        interface["Association"] = json!({ "PublicIp": "18.184.6.6", "AllocationId": "eipalloc-0worker" });
    });
    let finding = one(&account, Rule::UselessPublicAddress);
    assert!(finding.remedy.cli[2].starts_with("aws ec2 release-address --allocation-id eipalloc-0worker"));
}

#[test]
fn a_private_subnet_that_gives_out_public_addresses_is_told() {
    let account = spoilt(|account| {
        find(account, "Subnets", "SubnetId", APP)["MapPublicIpOnLaunch"] = true.into();
    });
    let finding = one(&account, Rule::UselessPublicAddress);
    assert_eq!((finding.severity, ids(&finding)), (Severity::Medium, vec![APP]));
    assert_eq!(
        finding.remedy.cli,
        [
            "aws ec2 modify-subnet-attribute --subnet-id subnet-0appa00000001 --no-map-public-ip-on-launch --region eu-central-1"
        ]
    );
}

#[test]
fn public_addresses_in_public_subnets_are_fine() {
    let account = spoilt(|account| {
        find(account, "Subnets", "SubnetId", PUBLIC)["MapPublicIpOnLaunch"] = true.into();
        add_exposed_instance(account, "0web", "web", &["sg-0lb"]);
    });
    assert_eq!(findings(&account, Rule::UselessPublicAddress), []);
}

#[test]
fn without_interfaces_addresses_are_unknown() {
    let account = spoilt(|account| without(account, "NetworkInterfaces"));
    assert_eq!(unknown(&account, Rule::UselessPublicAddress), ["the snapshot has no NetworkInterfaces"]);
}

// NET013

fn dual_stack(account: &mut Value, target: (&str, &str)) {
    let subnet = find(account, "Subnets", "SubnetId", APP);
    subnet["Ipv6CidrBlockAssociationSet"] = json!([{
        "Ipv6CidrBlock": "2a05:d014:0:1::/64", "Ipv6CidrBlockState": { "State": "associated" }
    }]);
    subnet["BlockPublicAccessStates"]["InternetGatewayBlockMode"] = "off".into();
    let mut route = json!({ "DestinationIpv6CidrBlock": "::/0", "Origin": "CreateRoute", "State": "active" });
    route[target.0] = target.1.into();
    find(account, "RouteTables", "RouteTableId", "rtb-0appa")["Routes"].as_array_mut().unwrap().push(route);
}

#[test]
fn a_private_subnet_that_is_public_over_ipv6_is_told_once() {
    let account = spoilt(|account| dual_stack(account, ("GatewayId", "igw-0clean0000000001")));
    let finding = one(&account, Rule::PublicOverIpv6);
    assert_eq!((finding.severity, ids(&finding)), (Severity::Medium, vec!["rtb-0appa", APP]));
    assert!(finding.proof[0].contains("rtb-0appa sends ::/0 to igw-0clean0000000001"), "{:?}", finding.proof);
    assert_eq!(
        finding.remedy.cli,
        [
            "gateway=$(aws ec2 create-egress-only-internet-gateway --vpc-id vpc-0clean0000000001 --query \"EgressOnlyInternetGateway.EgressOnlyInternetGatewayId\" --output text --region eu-central-1)",
            "aws ec2 replace-route --route-table-id rtb-0appa --destination-ipv6-cidr-block ::/0 --egress-only-internet-gateway-id \"$gateway\" --region eu-central-1",
        ]
    );
    assert_eq!(findings(&account, Rule::PublicWithoutIntent), []);
}

#[test]
fn an_egress_only_gateway_is_what_it_should_be() {
    let account = spoilt(|account| {
        account["EgressOnlyInternetGateways"] = json!([{
            "EgressOnlyInternetGatewayId": "eigw-0", "Attachments": [{ "VpcId": "vpc-0clean0000000001", "State": "attached" }]
        }]);
        dual_stack(account, ("EgressOnlyInternetGatewayId", "eigw-0"));
    });
    assert_eq!(findings(&account, Rule::PublicOverIpv6), []);
}

#[test]
fn without_gateways_ipv6_is_unknown() {
    let account = spoilt(|account| {
        dual_stack(account, ("GatewayId", "igw-0clean0000000001"));
        without(account, "InternetGateways");
    });
    assert_eq!(unknown(&account, Rule::PublicOverIpv6).len(), 1);
    assert_eq!(findings(&account, Rule::PublicOverIpv6), []);
}

// NET015

#[test]
fn a_subnet_group_in_one_zone_is_told() {
    let account = spoilt(|account| {
        find(account, "Subnets", "SubnetId", "subnet-0dbb00000001")["AvailabilityZone"] = "eu-central-1a".into();
    });
    let finding = one(&account, Rule::OneZoneTier);
    assert_eq!((finding.severity, finding.resources[0].id.as_str()), (Severity::Medium, "orders"));
    assert_eq!(finding.availability_zones, ["eu-central-1a"]);
}

#[test]
fn a_load_balancer_in_one_zone_is_told() {
    let account = spoilt(|account| {
        let balancer = &mut account["LoadBalancers"][0];
        balancer["AvailabilityZones"].as_array_mut().unwrap().truncate(1);
    });
    let finding = one(&account, Rule::OneZoneTier);
    assert!(finding.remedy.cli[0].contains("set-subnets --load-balancer-arn arn:aws:elasticloadbalancing"));
    assert!(finding.remedy.cli[0].contains("--subnets subnet-0publica00000 subnet-…"));
}

#[test]
fn a_service_with_all_tasks_in_one_zone_is_told() {
    let account = spoilt(|account| {
        task(account, "eni-0mail1", APP);
        task(account, "eni-0mail2", APP);
    });
    let finding = one(&account, Rule::OneZoneTier);
    assert_eq!(ids(&finding), ["mail", "eni-0mail1", "eni-0mail2"]);
    assert_eq!(finding.blast_radius, "2 ECS tasks");
    assert!(finding.remedy.cli[0].contains("--cluster production --service mail"));
    assert!(finding.remedy.cli[0].contains("assignPublicIp=DISABLED"));
    let with_address = spoilt(|account| {
        for id in ["eni-0mail1", "eni-0mail2"] {
            task(account, id, PUBLIC);
            find(account, "NetworkInterfaces", "NetworkInterfaceId", id)["Association"] =
                json!({ "PublicIp": "18.184.7.7" });
        }
    });
    // What has its way out by an address must not lose it.
    assert!(one(&with_address, Rule::OneZoneTier).remedy.cli[0].contains("assignPublicIp=ENABLED"));
}

#[test]
fn a_service_with_one_task_or_with_tasks_in_two_zones_is_fine() {
    for second in [None, Some("subnet-0appb00000001")] {
        let account = spoilt(|account| {
            task(account, "eni-0mail1", APP);
            if let Some(subnet) = second {
                task(account, "eni-0mail2", subnet);
            }
        });
        assert_eq!(findings(&account, Rule::OneZoneTier), []);
    }
}

#[test]
fn a_production_database_without_a_standby_is_told_and_another_is_not() {
    let single = |environment: &str, cluster: Option<&str>| {
        spoilt(|account| {
            let database = find(account, "DBInstances", "DBInstanceIdentifier", "orders");
            database["MultiAZ"] = false.into();
            database["DBClusterIdentifier"] = json!(cluster);
            find(account, "Vpcs", "VpcId", "vpc-0clean0000000001")["Tags"][1]["Value"] = environment.into();
        })
    };
    let finding = one(&single("production", None), Rule::OneZoneTier);
    assert!(finding.remedy.cli[0].contains("--db-instance-identifier orders --multi-az"));
    assert_eq!(findings(&single("development", None), Rule::OneZoneTier), []);
    assert_eq!(findings(&single("production", Some("orders")), Rule::OneZoneTier), []);
}

#[test]
fn a_read_replica_needs_no_standby() {
    let account = spoilt(|account| {
        let database = find(account, "DBInstances", "DBInstanceIdentifier", "orders");
        database["MultiAZ"] = false.into();
        database["ReadReplicaSourceDBInstanceIdentifier"] = json!("primary");
    });
    assert_eq!(findings(&account, Rule::OneZoneTier), []);
}

#[test]
fn one_zone_is_low_where_nobody_is_served() {
    let account = spoilt(|account| {
        find(account, "Subnets", "SubnetId", "subnet-0dbb00000001")["AvailabilityZone"] = "eu-central-1a".into();
        find(account, "Vpcs", "VpcId", "vpc-0clean0000000001")["Tags"][1]["Value"] = "staging".into();
    });
    assert_eq!(one(&account, Rule::OneZoneTier).severity, Severity::Low);
}

#[test]
fn a_vpc_with_private_subnets_in_one_zone_is_told_once_for_all_tiers() {
    let account = spoilt(|account| {
        for subnet in ["subnet-0appb00000001", "subnet-0dbb00000001"] {
            find(account, "Subnets", "SubnetId", subnet)["AvailabilityZone"] = "eu-central-1a".into();
        }
    });
    let finding = one(&account, Rule::OneZoneTier);
    assert_eq!(finding.resources[0].id, "vpc-0clean0000000001");
    assert_eq!(finding.blast_radius, "1 database, 2 ECS tasks");
}

#[test]
fn without_the_kinds_that_make_tiers_they_are_unknown() {
    for member in ["LoadBalancers", "NetworkInterfaces", "DBInstances"] {
        let account = spoilt(|account| without(account, member));
        assert_eq!(unknown(&account, Rule::OneZoneTier), [format!("the snapshot has no {member}")]);
    }
}

// NET024
