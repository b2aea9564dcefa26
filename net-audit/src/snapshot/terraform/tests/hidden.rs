//! What stands in subnets and says little of it.

use super::*;

/// The interfaces of one resource: their subnet, groups, public address, and the instance that they are attached to.
fn interfaces(address: &str, values: &Value) -> Vec<(String, Vec<String>, bool, bool)> {
    let translation = state(&[
        ("aws_vpc.a", json!({ "id": "vpc-1" })),
        ("aws_subnet.a", json!({ "id": "subnet-1", "vpc_id": "vpc-1" })),
        (address, values.clone()),
    ]);
    let told = translation.list("NetworkInterfaces").into_iter().map(|one| {
        let groups = one["Groups"].as_array().unwrap().iter();
        let groups = groups.map(|group| group["GroupId"].as_str().unwrap().to_owned()).collect();
        let subnet = one["SubnetId"].as_str().unwrap().to_owned();
        (subnet, groups, one["Association"].is_object(), one["Attachment"]["InstanceId"] == address)
    });
    told.collect()
}

fn one(subnet: &str, groups: &[&str], is_public: bool, is_doubtful: bool) -> Vec<(String, Vec<String>, bool, bool)> {
    vec![(subnet.to_owned(), groups.iter().map(|group| (*group).to_owned()).collect(), is_public, is_doubtful)]
}

#[test]
fn what_says_whether_it_is_public_is_believed() {
    for (public, expected) in [(true, true), (false, false)] {
        let broker = json!({ "subnet_ids": ["subnet-1"], "security_groups": ["sg-1"], "publicly_accessible": public });
        assert_eq!(interfaces("aws_mq_broker.a", &broker), one("subnet-1", &["sg-1"], expected, false));
    }
    let target = json!({ "ecs_target": [{ "network_configuration": [{
        "subnets": ["subnet-1"], "security_groups": ["sg-1"], "assign_public_ip": true,
    }] }] });
    assert_eq!(interfaces("aws_cloudwatch_event_target.a", &target), one("subnet-1", &["sg-1"], true, false));
}

#[test]
fn what_never_has_a_public_address_has_none() {
    let cluster = json!({ "vpc_config": [{ "subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"],
        "cluster_security_group_id": "sg-2", "public_access_cidrs": ["0.0.0.0/0"] }] });
    assert_eq!(interfaces("aws_eks_cluster.a", &cluster), one("subnet-1", &["sg-1", "sg-2"], false, false));
    let project = json!({ "vpc_config": [{ "subnets": ["subnet-1"], "security_group_ids": ["sg-1"] }] });
    assert_eq!(interfaces("aws_codebuild_project.a", &project), one("subnet-1", &["sg-1"], false, false));
}

#[test]
fn of_everything_else_it_is_not_known_whether_the_internet_reaches_it() {
    let nodes = json!({ "ec2_attributes": [{ "subnet_id": "subnet-1", "emr_managed_master_security_group": "sg-1",
        "additional_master_security_groups": "sg-2,sg-3" }] });
    let expected = one("subnet-1", &["sg-1", "sg-2", "sg-3"], true, true);
    assert_eq!(interfaces("aws_emr_cluster.a", &nodes), expected);
    let new = json!({ "subnet_ids": ["subnet-1"] });
    assert_eq!(interfaces("aws_service_of_tomorrow.a", &new), one("subnet-1", &[UNKNOWN], true, true));
    let settings = json!({ "setting": [
        { "namespace": "aws:autoscaling:launchconfiguration", "name": "SecurityGroups", "value": "sg-1" },
        { "namespace": "aws:ec2:vpc", "name": "Subnets", "value": "subnet-1" },
    ] });
    assert_eq!(interfaces("aws_elastic_beanstalk_environment.a", &settings), one("subnet-1", &["sg-1"], true, true));
    assert_eq!(interfaces("aws_elastic_beanstalk_environment.a", &json!({})), one(UNKNOWN, &[UNKNOWN], true, true));
}

#[test]
fn what_only_speaks_of_subnets_and_groups_has_no_interface() {
    for (address, values) in [
        ("aws_ssm_parameter.a", json!({ "value": "sg-1,subnet-1" })),
        ("aws_db_subnet_group.a", json!({ "subnet_ids": ["subnet-1"] })),
        ("aws_vpc_security_group_ingress_rule.a", json!({ "security_group_id": "sg-1" })),
        ("aws_flow_log.a", json!({ "id": "fl-1", "subnet_id": "subnet-1" })),
        ("aws_s3_bucket.a", json!({ "tags": { "subnets": "subnet-1" } })),
    ] {
        assert_eq!(interfaces(address, &values), [], "{address}");
    }
}

#[test]
fn a_replication_instance_is_public_unless_it_says_no() {
    let instance = |public: Value| {
        let translation = state(&[
            ("aws_subnet.a", json!({ "id": "subnet-1", "vpc_id": "vpc-1" })),
            (
                "aws_dms_replication_subnet_group.a",
                json!({ "id": "g", "replication_subnet_group_id": "g", "subnet_ids": ["subnet-1"] }),
            ),
            (
                "aws_dms_replication_instance.a",
                json!({ "replication_subnet_group_id": "g", "vpc_security_group_ids": ["sg-1"], "publicly_accessible": public }),
            ),
        ]);
        translation.find("NetworkInterfaces", "SubnetId", "subnet-1")["Association"].is_object()
    };
    assert_eq!([Value::Null, json!(true), json!(false)].map(instance), [true, true, false]);
}

/// What is said of a public subnet with a group that lets SSH in, and a resource that has it.
fn audited(address: &str, values: Value) -> (Vec<&'static str>, Vec<&'static str>) {
    let ssh = json!([{ "cidr_blocks": ["0.0.0.0/0"], "from_port": 22, "to_port": 22, "protocol": "tcp" }]);
    let route = json!([{ "cidr_block": "0.0.0.0/0", "gateway_id": "igw-1" }]);
    let vpc = json!({ "id": "vpc-1", "cidr_block": "10.0.0.0/16", "default_network_acl_id": "acl-1" });
    let subnet = json!({ "id": "subnet-1", "vpc_id": "vpc-1", "cidr_block": "10.0.0.0/24" });
    let resources = [
        ("aws_vpc.a", vpc),
        ("aws_subnet.a", subnet),
        ("aws_internet_gateway.a", json!({ "id": "igw-1", "vpc_id": "vpc-1" })),
        ("aws_route_table.a", json!({ "id": "rtb-1", "vpc_id": "vpc-1", "route": route })),
        ("aws_route_table_association.a", json!({ "subnet_id": "subnet-1", "route_table_id": "rtb-1" })),
        ("aws_security_group.a", json!({ "id": "sg-1", "name": "ssh", "vpc_id": "vpc-1", "ingress": ssh })),
        (address, values),
    ];
    let resources = resources.iter().map(|(address, values)| resource(address, values)).collect::<Vec<Value>>();
    let document = json!({ "format_version": "1.0", "values": { "root_module": { "resources": resources } } });
    let (found, unknown) = crate::audit::check::fixture::everything(&document);
    let of_interest = |id: &&str| matches!(*id, "NET003" | "NET020");
    let mut unknown: Vec<&str> = unknown.iter().map(|unknown| unknown.rule.id()).filter(of_interest).collect();
    unknown.dedup();
    (found.iter().map(|finding| finding.rule.id()).filter(of_interest).collect(), unknown)
}

#[test]
fn a_group_is_neither_unused_nor_exposed_where_nobody_can_tell() {
    let named = json!({ "subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"] });
    assert_eq!(audited("aws_service_of_tomorrow.a", named), (vec![], vec!["NET003"]));
    let nodes = json!({ "id": "n", "subnet_ids": ["subnet-1"] });
    assert_eq!(audited("aws_eks_node_group.a", nodes).0, ["NET020"; 0]);
    let group = json!({ "vpc_zone_identifier": ["subnet-1"] });
    assert_eq!(audited("aws_autoscaling_group.a", group), (vec![], vec!["NET003", "NET020"]));
    let broker = json!({ "subnet_ids": ["subnet-1"], "security_groups": ["sg-1"], "publicly_accessible": true });
    assert_eq!(audited("aws_mq_broker.a", broker), (vec!["NET003"], vec![]));
}
