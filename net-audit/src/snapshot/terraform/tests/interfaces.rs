//! Instances, interfaces, load balancers, services and databases.

use super::*;

fn in_subnet() -> Value {
    refers(&["aws_subnet.a.id", "aws_subnet.a"])
}

/// The public address of the one interface that a new instance has.
fn public(values: Value, subnet_maps: bool, others: Vec<(&'static str, Value, Value, Value)>) -> Value {
    let mut resources = network();
    resources[1].1["map_public_ip_on_launch"] = subnet_maps.into();
    let unknown = json!({ "id": true, "subnet_id": true, "public_ip": true, "vpc_security_group_ids": true });
    resources.push(("aws_instance.a", values, unknown, json!({ "subnet_id": in_subnet() })));
    resources.extend(others);
    let interface = plan(&resources).find("NetworkInterfaces", "SubnetId", "aws_subnet.a").clone();
    assert_eq!(interface["NetworkInterfaceId"], "aws_instance.a.primary_network_interface_id");
    assert_eq!(interface["Attachment"]["InstanceId"], "aws_instance.a");
    assert_eq!(interface["Groups"], json!([{ "GroupId": "aws_vpc.a.default_security_group_id" }]));
    interface["Association"]["PublicIp"].clone()
}

#[test]
fn a_new_instance_gets_a_public_address_if_it_or_its_subnet_asks_for_one() {
    assert_eq!(public(json!({}), true, Vec::new()), UNKNOWN);
    assert_eq!(public(json!({}), false, Vec::new()), Value::Null);
    assert_eq!(public(json!({ "associate_public_ip_address": false }), true, Vec::new()), Value::Null);
    assert_eq!(public(json!({ "associate_public_ip_address": true }), false, Vec::new()), UNKNOWN);
    let instance = json!({ "instance": refers(&["aws_instance.a.id", "aws_instance.a"]) });
    let address = ("aws_eip.a", json!({}), json!({ "id": true, "instance": true, "public_ip": true }), instance);
    assert_eq!(public(json!({}), false, vec![address]), UNKNOWN);
}

#[test]
fn an_instance_and_its_interfaces_are_told_as_they_are() {
    let translation = state(&[
        (
            "aws_instance.a",
            json!({
                "id": "i-1", "subnet_id": "subnet-1", "primary_network_interface_id": "eni-1",
                "public_ip": "203.0.113.1", "instance_state": "stopped", "source_dest_check": false,
                "vpc_security_group_ids": ["sg-1"], "user_data": "secret",
            }),
        ),
        (
            "aws_network_interface.b",
            json!({
                "id": "eni-2", "subnet_id": "subnet-1", "security_groups": ["sg-1"],
                "attachment": [{ "instance": "i-1", "device_index": 1 }],
            }),
        ),
        ("aws_network_interface.c", json!({ "id": "eni-3", "subnet_id": "subnet-1", "security_groups": ["sg-1"] })),
        (
            "aws_instance.d",
            json!({
                "id": "i-2", "subnet_id": "subnet-1",
                "network_interface": [{ "device_index": 0, "network_interface_id": "eni-3" }],
            }),
        ),
    ]);
    let instance = &translation.list("Reservations")[0]["Instances"][0];
    assert_eq!((&instance["State"]["Name"], &instance["SourceDestCheck"]), (&json!("stopped"), &json!(false)));
    let owner =
        |id: &str| translation.find("NetworkInterfaces", "NetworkInterfaceId", id)["Attachment"]["InstanceId"].clone();
    assert_eq!([owner("eni-1"), owner("eni-2"), owner("eni-3")], ["i-1", "i-1", "i-2"]);
    assert_eq!(translation.list("NetworkInterfaces").len(), 3);
    let first = translation.find("NetworkInterfaces", "NetworkInterfaceId", "eni-1");
    assert_eq!(
        (&first["Association"]["PublicIp"], &first["Groups"]),
        (&json!("203.0.113.1"), &json!([{ "GroupId": "sg-1" }]))
    );
    assert!(!format!("{:?}", translation.members).contains("secret"));
}

#[test]
fn groups_that_are_attached_to_an_interface_count() {
    let translation = state(&[
        ("aws_network_interface.a", json!({ "id": "eni-1", "subnet_id": "subnet-1", "security_groups": ["sg-1"] })),
        (
            "aws_network_interface_sg_attachment.a",
            json!({ "id": "x", "security_group_id": "sg-1", "network_interface_id": "eni-1" }),
        ),
        (
            "aws_network_interface_sg_attachment.b",
            json!({ "id": "x", "security_group_id": "sg-2", "network_interface_id": "eni-1" }),
        ),
    ]);
    let interface = &translation.list("NetworkInterfaces")[0];
    assert_eq!(interface["Groups"], json!([{ "GroupId": "sg-1" }, { "GroupId": "sg-2" }]));
}

/// Of every interface: description, subnet, groups, and whether it is public.
fn interfaces(resources: &[(&str, Value)]) -> Vec<(String, String, usize, bool)> {
    let list = state(resources).list("NetworkInterfaces");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let read = |one: &Value| {
        let groups = one["Groups"].as_array().unwrap().len();
        assert_eq!(one["TagSet"].as_array().unwrap().last().unwrap()["Key"], "net-audit:planned");
        (text(&one["Description"]), text(&one["SubnetId"]), groups, !one["Association"].is_null())
    };
    list.iter().map(read).collect()
}

fn expected(list: &[(&str, &str, usize, bool)]) -> Vec<(String, String, usize, bool)> {
    list.iter().map(|(one, two, groups, public)| ((*one).to_owned(), (*two).to_owned(), *groups, *public)).collect()
}

#[test]
fn load_balancers_face_the_internet_unless_they_are_internal() {
    let found = interfaces(&[
        (
            "aws_lb.a",
            json!({
                "id": "arn:a", "name": "a", "arn_suffix": "app/a/1", "internal": false,
                "load_balancer_type": "application", "subnets": ["subnet-1", "subnet-2"],
                "security_groups": ["sg-1"],
            }),
        ),
        (
            "aws_alb.b",
            json!({
                "id": "arn:b", "name": "b", "arn_suffix": "app/b/1", "internal": true,
                "load_balancer_type": "application", "subnets": ["subnet-1"], "security_groups": ["sg-1"],
            }),
        ),
        (
            "aws_lb.c",
            json!({
                "id": "arn:c", "name": "c", "arn_suffix": "net/c/1", "load_balancer_type": "network",
                "subnet_mapping": [{ "subnet_id": "subnet-3" }],
            }),
        ),
        (
            "aws_elb.d",
            json!({ "id": "d", "name": "d", "internal": true, "subnets": ["subnet-1"], "security_groups": ["sg-1"] }),
        ),
    ]);
    let expected = expected(&[
        ("ELB app/a/1", "subnet-1", 1, true),
        ("ELB app/a/1", "subnet-2", 1, true),
        ("ELB net/c/1", "subnet-3", 0, true),
        ("ELB app/b/1", "subnet-1", 1, false),
        ("ELB d", "subnet-1", 1, false),
    ]);
    assert_eq!(found.len(), expected.len());
    for one in expected {
        assert!(found.contains(&one), "{one:?} is not in {found:?}");
    }
}

#[test]
fn services_stand_in_the_subnets_that_they_name() {
    let network = json!([{ "subnets": ["subnet-1"], "security_groups": ["sg-1"], "assign_public_ip": true }]);
    let found = interfaces(&[
        (
            "aws_ecs_service.app",
            json!({
                "id": "s", "name": "app", "cluster": "arn:aws:ecs:x:1:cluster/prod",
                "network_configuration": network,
            }),
        ),
        (
            "aws_lambda_function.f",
            json!({
                "id": "f", "function_name": "f",
                "vpc_config": [{ "subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1", "sg-2"] }],
            }),
        ),
        (
            "aws_lambda_function.g",
            json!({ "id": "g", "function_name": "g", "vpc_config": [{ "subnet_ids": [], "security_group_ids": [] }] }),
        ),
        (
            "aws_efs_mount_target.e",
            json!({ "id": "fsmt-1", "file_system_id": "fs-1", "subnet_id": "subnet-2", "security_groups": ["sg-1"] }),
        ),
    ]);
    let expected = expected(&[
        ("arn:aws:ecs:::attachment/aws_ecs_service.app", "subnet-1", 1, true),
        ("AWS Lambda VPC ENI-f", "subnet-1", 2, false),
        ("EFS mount target for fs-1", "subnet-2", 1, false),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn databases_may_stand_in_every_subnet_of_their_group() {
    let group = |name: &str| json!({ "id": name, "name": name, "subnet_ids": ["subnet-1", "subnet-2"] });
    let translation = state(&[
        ("aws_db_subnet_group.g", group("g")),
        (
            "aws_db_instance.a",
            json!({
                "id": "a", "identifier": "a", "engine": "postgres", "port": 5432, "db_subnet_group_name": "g",
                "vpc_security_group_ids": ["sg-1"], "publicly_accessible": true, "password": "secret",
            }),
        ),
        (
            "aws_rds_cluster.c",
            json!({
                "id": "c", "cluster_identifier": "c", "engine": "aurora", "db_subnet_group_name": "g",
                "vpc_security_group_ids": ["sg-1"],
            }),
        ),
        (
            "aws_rds_cluster_instance.one",
            json!({ "id": "c1", "identifier": "c1", "cluster_identifier": "c", "publicly_accessible": false }),
        ),
        (
            "aws_rds_cluster_instance.two",
            json!({ "id": "c2", "identifier": "c2", "cluster_identifier": "c", "publicly_accessible": true }),
        ),
    ]);
    let instances = translation.list("DBInstances");
    assert_eq!(instances.len(), 3);
    let one = translation.find("DBInstances", "DBInstanceIdentifier", "a");
    assert_eq!(
        one["DBSubnetGroup"]["Subnets"],
        json!([{ "SubnetIdentifier": "subnet-1" }, { "SubnetIdentifier": "subnet-2" }])
    );
    assert_eq!((&one["PubliclyAccessible"], &one["Endpoint"]["Port"]), (&json!(true), &json!(5432)));
    let two = translation.find("DBInstances", "DBInstanceIdentifier", "c2");
    assert_eq!(
        (&two["Engine"], &two["VpcSecurityGroups"][0]["VpcSecurityGroupId"]),
        (&json!("aurora"), &json!("sg-1"))
    );
    let interfaces = translation.list("NetworkInterfaces");
    assert_eq!(interfaces.len(), 4);
    let is_public = |one: &Value| one["RequesterId"] == "amazon-rds" && one["Association"]["PublicIp"] == UNKNOWN;
    assert!(interfaces.iter().all(is_public), "{interfaces:?}");
    assert!(!format!("{:?}", translation.members).contains("secret"));
}

#[test]
fn other_engines_are_known_by_how_aws_describes_them() {
    let group = |name: &str| json!({ "id": name, "name": name, "subnet_ids": ["subnet-1"] });
    let nodes = json!([{ "client_subnets": ["subnet-1"], "security_groups": ["sg-1"] }]);
    let found = interfaces(&[
        ("aws_docdb_subnet_group.g", group("docdb")),
        (
            "aws_docdb_cluster.c",
            json!({
                "id": "d", "cluster_identifier": "d", "db_subnet_group_name": "docdb",
                "vpc_security_group_ids": ["sg-1"],
            }),
        ),
        ("aws_neptune_subnet_group.g", group("neptune")),
        (
            "aws_neptune_cluster.c",
            json!({
                "id": "n", "cluster_identifier": "n", "neptune_subnet_group_name": "neptune",
                "vpc_security_group_ids": ["sg-1"],
            }),
        ),
        ("aws_elasticache_subnet_group.g", group("cache")),
        (
            "aws_elasticache_replication_group.c",
            json!({
                "id": "r", "replication_group_id": "r", "subnet_group_name": "cache", "security_group_ids": ["sg-1"],
            }),
        ),
        ("aws_redshift_subnet_group.g", group("redshift")),
        (
            "aws_redshift_cluster.c",
            json!({
                "id": "w", "cluster_identifier": "w", "cluster_subnet_group_name": "redshift",
                "vpc_security_group_ids": ["sg-1"], "publicly_accessible": true,
            }),
        ),
        (
            "aws_opensearch_domain.d",
            json!({
                "id": "o", "domain_name": "o",
                "vpc_options": [{ "subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"] }],
            }),
        ),
        ("aws_msk_cluster.m", json!({ "id": "m", "cluster_name": "m", "broker_node_group_info": nodes })),
    ]);
    let expected = expected(&[
        ("RDSNetworkInterface", "subnet-1", 1, false),
        ("RDSNetworkInterface", "subnet-1", 1, false),
        ("ElastiCache r", "subnet-1", 1, false),
        ("RedshiftNetworkInterface", "subnet-1", 1, true),
        ("ES o", "subnet-1", 1, false),
        ("DO NOT DELETE - Amazon MSK network interface for cluster m", "subnet-1", 1, false),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn a_database_without_a_known_group_stands_nobody_knows_where() {
    let translation =
        state(&[("aws_db_instance.a", json!({ "id": "a", "identifier": "a", "db_subnet_group_name": "elsewhere" }))]);
    let interface = &translation.list("NetworkInterfaces")[0];
    assert_eq!((&interface["SubnetId"], &interface["VpcId"]), (&json!(UNKNOWN), &json!(UNKNOWN)));
    assert_eq!(translation.notes, ["aws_db_instance.a: its subnet group is not in the document"]);
}
