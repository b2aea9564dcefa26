//! Security groups and network ACLs.

use super::*;

/// What a group permits in one direction: protocol, ports, peer.
fn permitted(group: &Value, direction: &str) -> Vec<String> {
    let permissions = group[direction].as_array().unwrap().iter();
    let written = permissions.map(|one| {
        let peers = ["IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"];
        let peer = peers.iter().find_map(|name| one[*name][0].as_object()?.values().next()?.as_str()).unwrap();
        let ports = one["FromPort"].as_i64().zip(one["ToPort"].as_i64());
        let ports = ports.map_or_else(|| "*".to_owned(), |(from, to)| format!("{from}-{to}"));
        format!("{} {ports} {peer}", one["IpProtocol"].as_str().unwrap())
    });
    written.collect()
}

#[test]
fn rules_of_all_makes_meet_in_their_group_once() {
    let web =
        json!({ "protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"], "self": false });
    let own = json!({ "protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": [], "self": true });
    let translation = state(&[
        (
            "aws_security_group.a",
            json!({ "id": "sg-1", "name": "web", "vpc_id": "vpc-1", "ingress": [web, own], "egress": [] }),
        ),
        (
            "aws_security_group_rule.a",
            json!({
                "id": "r", "security_group_id": "sg-1", "type": "ingress", "protocol": "tcp", "from_port": 443,
                "to_port": 443, "cidr_blocks": ["0.0.0.0/0"], "ipv6_cidr_blocks": ["::/0"],
            }),
        ),
        (
            "aws_security_group_rule.b",
            json!({
                "id": "r", "security_group_id": "sg-1", "type": "egress", "protocol": "all", "from_port": 0,
                "to_port": 65535, "source_security_group_id": "sg-2",
            }),
        ),
        (
            "aws_vpc_security_group_ingress_rule.c",
            json!({
                "id": "r", "security_group_id": "sg-1", "ip_protocol": "udp", "from_port": 53, "to_port": 53,
                "prefix_list_id": "pl-1", "cidr_ipv4": "",
            }),
        ),
        (
            "aws_vpc_security_group_egress_rule.d",
            json!({ "id": "r", "security_group_id": "sg-9", "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0" }),
        ),
        ("data.aws_security_group.e", json!({ "id": "sg-3", "name": "other" })),
    ]);
    let group = translation.find("SecurityGroups", "GroupId", "sg-1");
    let expected = ["-1 * sg-1", "tcp 443-443 0.0.0.0/0", "tcp 443-443 ::/0", "udp 53-53 pl-1"];
    assert_eq!(permitted(group, "IpPermissions"), expected);
    assert_eq!(permitted(group, "IpPermissionsEgress"), ["-1 * sg-2"]);
    assert_eq!(translation.list("SecurityGroups").len(), 1);
    let expected = [
        "aws_vpc_security_group_egress_rule.d: its security group sg-9 is not in the document",
        "data.aws_security_group.e: a data source does not tell a security group's rules",
    ];
    assert_eq!(translation.notes, expected);
}

#[test]
fn a_rule_that_the_plan_changes_is_not_there_as_it_was() {
    let old = json!({ "protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0", "10.0.0.0/8"] });
    let rule = |block: &str| {
        json!({
            "security_group_id": "sg-1", "ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_ipv4": block,
        })
    };
    let mut document = plan_document(&[
        ("aws_security_group.a", json!({ "id": "sg-1", "vpc_id": "vpc-1", "ingress": [old] }), json!({}), json!({})),
        ("aws_vpc_security_group_ingress_rule.a", rule("192.0.2.0/24"), json!({}), json!({})),
    ]);
    document["resource_changes"][1]["change"] =
        json!({ "actions": ["update"], "before": rule("0.0.0.0/0"), "after_unknown": {} });
    let group = &translated(&document).list("SecurityGroups")[0];
    assert_eq!(permitted(group, "IpPermissions"), ["tcp 22-22 10.0.0.0/8", "tcp 22-22 192.0.2.0/24"]);
}

#[test]
fn a_new_group_without_rules_permits_nothing_and_the_default_one_its_members() {
    let mut resources = network();
    let unknown = json!({ "id": true, "vpc_id": true, "ingress": true, "egress": true });
    let vpc = json!({ "vpc_id": refers(&["aws_vpc.a.id", "aws_vpc.a"]) });
    resources.push(("aws_security_group.a", json!({ "name": "a" }), unknown.clone(), vpc.clone()));
    let translation = plan(&resources);
    let group = translation.find("SecurityGroups", "GroupId", "aws_security_group.a");
    assert_eq!((&group["IpPermissions"], &group["IpPermissionsEgress"]), (&json!([]), &json!([])));
    let default = translation.find("SecurityGroups", "GroupName", "default");
    assert_eq!(permitted(default, "IpPermissions"), ["-1 * aws_vpc.a.default_security_group_id"]);
    resources.push(("aws_default_security_group.d", json!({}), unknown, vpc));
    let taken_over = plan(&resources);
    let group = taken_over.find("SecurityGroups", "GroupId", "aws_default_security_group.d");
    assert_eq!(group["IpPermissions"], json!([]));
    assert_eq!(taken_over.list("SecurityGroups").len(), 2);
}

#[test]
fn what_a_rule_permits_may_be_unknown() {
    let mut resources = network();
    let block = json!([{ "protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": [null] }]);
    let unknown = json!({ "id": true, "ingress": [{ "cidr_blocks": [true] }] });
    let written = json!({ "ingress": refers(&["aws_eip.a.public_ip", "aws_eip.a"]) });
    resources.push(("aws_security_group.a", json!({ "ingress": block, "vpc_id": "vpc-1" }), unknown, written));
    let rule =
        json!({ "type": "ingress", "protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": ["0.0.0.0/0"] });
    let lost = json!({ "security_group_id": refers(&["local.group"]) });
    resources.push(("aws_security_group_rule.lost", rule, json!({ "id": true, "security_group_id": true }), lost));
    let translation = plan(&resources);
    let group = translation.find("SecurityGroups", "GroupId", "aws_security_group.a");
    let expected = [format!("tcp 22-22 {UNKNOWN}"), format!("tcp 80-80 {UNKNOWN}")];
    assert_eq!(permitted(group, "IpPermissions"), expected);
    assert_eq!(translation.notes, ["aws_security_group_rule.lost: it is not known which security group it is in"]);
}

/// The entries of an ACL in one direction: number, action, protocol, block, ports.
fn entries(acl: &Value, egress: bool) -> Vec<String> {
    let entries = acl["Entries"].as_array().unwrap().iter().filter(|entry| entry["Egress"] == egress);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let written = entries.map(|entry| {
        let block = if entry["CidrBlock"].is_null() { &entry["Ipv6CidrBlock"] } else { &entry["CidrBlock"] };
        let (action, protocol) = (text(&entry["RuleAction"]), text(&entry["Protocol"]));
        format!("{} {action} {protocol} {} {}", entry["RuleNumber"], text(block), entry["PortRange"])
    });
    written.collect()
}

#[test]
fn an_acl_ends_with_a_refusal_and_the_default_one_has_all_other_subnets() {
    let inline = json!([{ "rule_no": 200, "action": "allow", "protocol": "tcp", "cidr_block": "0.0.0.0/0", "from_port": 443, "to_port": 443, "ipv6_cidr_block": "" }]);
    let subnet = |id: &str| json!({ "id": id, "vpc_id": "vpc-1", "cidr_block": "10.0.0.0/24" });
    let translation = state(&[
        ("aws_vpc.a", json!({ "id": "vpc-1", "default_network_acl_id": "acl-0" })),
        (
            "aws_network_acl.a",
            json!({ "id": "acl-1", "vpc_id": "vpc-1", "ingress": inline, "egress": [], "subnet_ids": ["subnet-1"] }),
        ),
        (
            "aws_network_acl_rule.a",
            json!({
                "id": "r", "network_acl_id": "acl-1", "rule_number": 100, "egress": false, "protocol": "-1",
                "rule_action": "deny", "ipv6_cidr_block": "::/0",
            }),
        ),
        ("aws_network_acl_association.a", json!({ "id": "x", "network_acl_id": "acl-1", "subnet_id": "subnet-2" })),
        ("aws_subnet.a", subnet("subnet-1")),
        ("aws_subnet.b", subnet("subnet-2")),
        ("aws_subnet.c", subnet("subnet-3")),
    ]);
    let acl = translation.find("NetworkAcls", "NetworkAclId", "acl-1");
    let expected = [
        "100 deny -1 ::/0 null",
        "200 allow 6 0.0.0.0/0 {\"From\":443,\"To\":443}",
        "32767 deny -1 0.0.0.0/0 null",
        "32768 deny -1 ::/0 null",
    ];
    assert_eq!(entries(acl, false), expected);
    assert_eq!(entries(acl, true), expected[2..]);
    assert_eq!(acl["Associations"], json!([{ "SubnetId": "subnet-1" }, { "SubnetId": "subnet-2" }]));
    let default = translation.find("NetworkAcls", "NetworkAclId", "acl-0");
    assert_eq!((&default["IsDefault"], &default["Associations"]), (&json!(true), &json!([{ "SubnetId": "subnet-3" }])));
    assert_eq!(entries(default, true)[0], "100 allow -1 0.0.0.0/0 null");
}

#[test]
fn a_default_acl_that_is_taken_over_allows_only_what_is_written() {
    let mut resources = network();
    let of_vpc = json!({ "default_network_acl_id": refers(&["aws_vpc.a.default_network_acl_id", "aws_vpc.a"]) });
    resources.push((
        "aws_default_network_acl.d",
        json!({}),
        json!({ "id": true, "default_network_acl_id": true, "vpc_id": true }),
        of_vpc,
    ));
    let acls = plan(&resources).list("NetworkAcls");
    assert_eq!(acls.len(), 1);
    assert_eq!(
        (&acls[0]["NetworkAclId"], &acls[0]["VpcId"]),
        (&json!("aws_default_network_acl.d"), &json!("aws_vpc.a"))
    );
    assert_eq!(acls[0]["Associations"], json!([{ "SubnetId": "aws_subnet.a" }]));
    assert_eq!(entries(&acls[0], false).len(), 2);
}

#[test]
fn an_acl_that_does_not_tell_its_subnets_leaves_none_to_the_default_one() {
    let mut resources = network();
    let unknown = json!({ "id": true, "vpc_id": true, "subnet_ids": true });
    let written = json!({ "vpc_id": refers(&["aws_vpc.a.id", "aws_vpc.a"]), "subnet_ids": refers(&["local.subnets"]) });
    resources.push(("aws_network_acl.a", json!({}), unknown, written));
    let translation = plan(&resources);
    let default = translation.find("NetworkAcls", "NetworkAclId", "aws_vpc.a.default_network_acl_id");
    assert_eq!(default["Associations"], json!([]));
    let other = translation.find("NetworkAcls", "NetworkAclId", "aws_network_acl.a");
    assert_eq!(other["Associations"], json!([{ "SubnetId": UNKNOWN }]));
}
