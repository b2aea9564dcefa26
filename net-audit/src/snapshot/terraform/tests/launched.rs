//! Instances of spot requests, Auto Scaling groups, fleets and node groups.

use super::*;

/// The groups of an interface, and its public address.
fn told(interface: &Value) -> (Vec<&str>, &Value) {
    let groups = interface["Groups"].as_array().unwrap().iter().map(|group| group["GroupId"].as_str().unwrap());
    (groups.collect(), &interface["Association"]["PublicIp"])
}

fn subnets() -> Vec<(&'static str, Value)> {
    vec![
        ("aws_vpc.a", json!({ "id": "vpc-1", "default_security_group_id": "sg-default" })),
        ("aws_subnet.a", json!({ "id": "subnet-1", "vpc_id": "vpc-1", "map_public_ip_on_launch": true })),
        ("aws_subnet.b", json!({ "id": "subnet-2", "vpc_id": "vpc-1", "map_public_ip_on_launch": false })),
    ]
}

/// A state with an Auto Scaling group of both subnets that starts from a template with these values.
fn group_of(template: &Value, named: &Value) -> Translation {
    let mut resources = subnets();
    let mut values = template.clone();
    values["id"] = json!("lt-1");
    values["name"] = json!("web");
    resources.push(("aws_launch_template.web", values));
    let group = json!({ "id": "web", "name": "web", "vpc_zone_identifier": ["subnet-1", "subnet-2"] });
    let mut group = group.as_object().unwrap().clone();
    group.extend(named.as_object().unwrap().clone());
    resources.push(("aws_autoscaling_group.web", Value::Object(group)));
    state(&resources)
}

#[test]
fn the_instance_of_a_spot_request_is_an_instance() {
    let mut resources = subnets();
    let request = json!({
        "id": "sir-1", "spot_instance_id": "i-1", "subnet_id": "subnet-1", "vpc_security_group_ids": ["sg-1"],
        "public_ip": "203.0.113.1", "primary_network_interface_id": "eni-1",
    });
    resources.push(("aws_spot_instance_request.a", request));
    let translation = state(&resources);
    assert_eq!(translation.list("Reservations")[0]["Instances"][0]["InstanceId"], "i-1");
    let interface = translation.find("NetworkInterfaces", "NetworkInterfaceId", "eni-1");
    assert_eq!(told(interface), (vec!["sg-1"], &json!("203.0.113.1")));
    assert_eq!(interface["Attachment"]["InstanceId"], "i-1");
    assert_eq!(translation.notes, [""; 0]);
}

#[test]
fn an_elastic_address_of_a_spot_request_is_its_interfaces() {
    let mut resources = network();
    let own = json!({ "subnet_id": refers(&["aws_subnet.a.id", "aws_subnet.a"]) });
    let unknown = json!({ "id": true, "subnet_id": true, "public_ip": true, "spot_instance_id": true });
    resources.push(("aws_spot_instance_request.a", json!({ "associate_public_ip_address": false }), unknown, own));
    let names = refers(&["aws_spot_instance_request.a.spot_instance_id", "aws_spot_instance_request.a"]);
    let unknown = json!({ "id": true, "instance": true, "public_ip": true });
    resources.push(("aws_eip.a", json!({}), unknown, json!({ "instance": names })));
    let translation = plan(&resources);
    assert_eq!(translation.find("NetworkInterfaces", "SubnetId", "aws_subnet.a")["Association"]["PublicIp"], UNKNOWN);
}

#[test]
fn an_auto_scaling_group_stands_in_each_of_its_subnets_as_its_template_says() {
    let by_id = json!({ "launch_template": [{ "id": "lt-1", "version": "$Latest" }] });
    let by_name = json!({ "launch_template": [{ "name": "web", "version": "" }] });
    let mixed = json!({ "mixed_instances_policy": [{ "launch_template": [{
        "launch_template_specification": [{ "launch_template_id": "lt-1", "version": "$Default" }],
    }] }] });
    let plain = json!({ "vpc_security_group_ids": ["sg-1"], "network_interfaces": [] });
    for named in [&by_id, &by_name, &mixed] {
        let translation = group_of(&plain, named);
        let interfaces = translation.list("NetworkInterfaces");
        assert_eq!(interfaces.len(), 2);
        let of = |subnet: &str| translation.find("NetworkInterfaces", "SubnetId", subnet);
        assert_eq!(told(of("subnet-1")), (vec!["sg-1"], &json!(UNKNOWN)), "its subnet gives addresses");
        assert_eq!(told(of("subnet-2")), (vec!["sg-1"], &Value::Null));
        assert_eq!(of("subnet-1")["Description"], "Auto Scaling group web");
        let tags = of("subnet-1")["TagSet"].as_array().unwrap().clone();
        assert!(tags.contains(&json!({ "Key": "net-audit:planned", "Value": "true" })));
        assert_eq!(of("subnet-1")["Attachment"], json!({ "Status": "attached" }));
    }
    let asks = |public: &str| {
        let own = json!([{ "device_index": 0, "security_groups": ["sg-2"], "associate_public_ip_address": public }]);
        let translation = group_of(&json!({ "network_interfaces": own }), &by_id);
        translation.list("NetworkInterfaces").iter().map(|one| told(one).1.clone()).collect::<Vec<Value>>()
    };
    assert_eq!(asks("true"), [json!(UNKNOWN), json!(UNKNOWN)]);
    assert_eq!(asks("false"), [Value::Null, Value::Null]);
    assert_eq!(asks(""), [Value::Null, json!(UNKNOWN)], "the subnet decides");
}

#[test]
fn without_a_group_of_its_own_a_template_has_the_default_one() {
    let translation = group_of(&json!({}), &json!({ "launch_template": [{ "id": "lt-1", "version": "$Latest" }] }));
    assert_eq!(told(translation.find("NetworkInterfaces", "SubnetId", "subnet-2")).0, ["sg-default"]);
}

#[test]
fn of_a_template_or_a_version_that_is_not_here_nothing_is_known() {
    let template = json!({ "vpc_security_group_ids": ["sg-1"], "latest_version": 3, "default_version": 1 });
    for (id, version) in [("lt-1", "1"), ("lt-1", "$Default"), ("lt-2", "$Latest")] {
        let translation = group_of(&template, &json!({ "launch_template": [{ "id": id, "version": version }] }));
        let interface =
            translation.find("NetworkInterfaces", "NetworkInterfaceId", "aws_autoscaling_group.web in subnet-2");
        assert_eq!(told(interface), (vec![UNKNOWN], &json!(UNKNOWN)), "{id} {version}");
    }
    let translation = group_of(&template, &json!({ "launch_template": [{ "id": "lt-1", "version": "3" }] }));
    assert_eq!(told(translation.find("NetworkInterfaces", "SubnetId", "subnet-2")).0, ["sg-1"]);
}

#[test]
fn a_launch_configuration_and_a_node_group_are_read_too() {
    let mut resources = subnets();
    let configuration =
        json!({ "id": "old", "name": "old", "security_groups": ["sg-1"], "associate_public_ip_address": true });
    resources.push(("aws_launch_configuration.old", configuration));
    let group = json!({ "id": "old", "launch_configuration": "old", "vpc_zone_identifier": ["subnet-2"] });
    resources.push(("aws_autoscaling_group.old", group));
    resources.push(("aws_eks_node_group.n", json!({ "id": "n", "node_group_name": "n", "subnet_ids": ["subnet-1"] })));
    let translation = state(&resources);
    assert_eq!(told(translation.find("NetworkInterfaces", "SubnetId", "subnet-2")), (vec!["sg-1"], &json!(UNKNOWN)));
    assert_eq!(told(translation.find("NetworkInterfaces", "SubnetId", "subnet-1")), (vec![UNKNOWN], &json!(UNKNOWN)));
}

#[test]
fn a_planned_group_is_resolved_through_its_template() {
    let mut resources = network();
    let unknown = json!({ "id": true, "vpc_id": true });
    resources.push((
        "aws_security_group.a",
        json!({ "name": "a" }),
        unknown,
        json!({ "vpc_id": refers(&["aws_vpc.a.id", "aws_vpc.a"]) }),
    ));
    let groups = json!({ "vpc_security_group_ids": refers(&["aws_security_group.a.id", "aws_security_group.a"]) });
    let unknown = json!({ "id": true, "latest_version": true, "vpc_security_group_ids": [true] });
    resources.push(("aws_launch_template.a", json!({ "vpc_security_group_ids": [null] }), unknown, groups));
    let written = json!({
        "vpc_zone_identifier": refers(&["aws_subnet.a.id", "aws_subnet.a"]),
        "launch_template": [{ "id": refers(&["aws_launch_template.a.id", "aws_launch_template.a"]),
            "version": { "constant_value": "$Latest" } }],
    });
    let known = json!({ "launch_template": [{ "version": "$Latest" }], "vpc_zone_identifier": [null] });
    let unknown = json!({ "id": true, "vpc_zone_identifier": [true], "launch_template": [{ "id": true }] });
    resources.push(("aws_autoscaling_group.a", known, unknown, written));
    let translation = plan(&resources);
    let interfaces = translation.list("NetworkInterfaces");
    assert_eq!(interfaces.len(), 1, "{interfaces:#?}");
    assert_eq!(interfaces[0]["SubnetId"], "aws_subnet.a");
    assert_eq!(told(&interfaces[0]), (vec!["aws_security_group.a"], &json!(UNKNOWN)));
}

#[test]
fn a_template_that_nothing_here_uses_may_be_used_by_something_else() {
    let mut resources = subnets();
    resources.push(("aws_launch_template.web", json!({ "id": "lt-1", "vpc_security_group_ids": ["sg-1"] })));
    let translation = state(&resources);
    let interfaces = translation.list("NetworkInterfaces");
    assert_eq!((interfaces.len(), told(&interfaces[0]).0), (1, vec!["sg-1"]));
    assert_eq!(interfaces[0]["SubnetId"], UNKNOWN);
}
