use super::*;

/// The account beside another VPC, with a network in between and routes to and from it.
fn with_other_vpc(target: &str, back: bool) -> Value {
    spoilt(|account| {
        let key = if target.starts_with("pcx") { "VpcPeeringConnectionId" } else { "TransitGatewayId" };
        let route = |block: &str| {
            let mut route = json!({ "DestinationCidrBlock": block, "Origin": "CreateRoute", "State": "active" });
            route[key] = json!(target);
            route
        };
        let mut vpc = find(account, "Vpcs", "VpcId", VPC).clone();
        vpc["VpcId"] = json!("vpc-0other");
        vpc["CidrBlock"] = json!("10.30.0.0/16");
        vpc["CidrBlockAssociationSet"] = json!([]);
        add(account, "Vpcs", vpc);
        add(
            account,
            "Subnets",
            json!({ "SubnetId": "subnet-0other", "VpcId": "vpc-0other", "CidrBlock": "10.30.0.0/24" }),
        );
        let local = json!({
            "DestinationCidrBlock": "10.30.0.0/16", "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active",
        });
        let routes = if back { json!([local, route("10.20.0.0/16")]) } else { json!([local]) };
        add(
            account,
            "RouteTables",
            json!({
                "RouteTableId": "rtb-0other", "VpcId": "vpc-0other", "Routes": routes, "Associations": [{ "Main": true }],
            }),
        );
        let routes = find(account, "RouteTables", "RouteTableId", "rtb-0appa")["Routes"].as_array_mut().unwrap();
        routes.push(route("10.30.0.0/16"));
        acl(account)["Associations"].as_array_mut().unwrap().push(json!({ "SubnetId": "subnet-0other" }));
        group(account, "sg-0other", &[rule(5000, ("UserIdGroupPairs", json!([{ "GroupId": "sg-0app" }])))], &[]);
        add_instance(account, "other", "subnet-0other", "10.30.0.7", "sg-0other");
        let side = |vpc: &str| json!({ "VpcId": vpc, "Region": "eu-central-1" });
        add(
            account,
            "VpcPeeringConnections",
            json!({
                "VpcPeeringConnectionId": "pcx-0", "Status": { "Code": "active" },
                "RequesterVpcInfo": side(VPC), "AccepterVpcInfo": side("vpc-0other"),
            }),
        );
        for vpc in [VPC, "vpc-0other"] {
            add(
                account,
                "TransitGatewayVpcAttachments",
                json!({
                    "TransitGatewayAttachmentId": format!("tgw-attach-{vpc}"), "TransitGatewayId": "tgw-0", "VpcId": vpc,
                    "State": "available", "SubnetIds": [],
                }),
            );
        }
    })
}

#[test]
fn a_task_reaches_the_database_on_its_port_only() {
    check(&clean(), "service/web", "orders", "yes");
    check(&clean(), "eni-0taska", "eni-0dbb:5432", "yes");
    check(&clean(), "10.20.16.20", "10.20.33.30:5432", "yes");
    check(&clean(), "service/web", "orders:22", "no: security group in");
    check(&clean(), "service/web", "orders:5432/udp", "no: security group in");
    let because = because(&clean(), "service/web", "orders:22");
    assert_eq!(because, "no rule of sg-0db lets tcp 22 in from 10.20.16.20; it lets tcp 5432 in from sg-0app");
    let answer = answer(&clean(), "service/web", "orders");
    assert_eq!(
        words(&answer.hops),
        [
            "security group out",
            "network ACL out",
            "route",
            "network ACL in",
            "security group in",
            "answer: network ACL out",
            "answer: route",
            "answer: network ACL in"
        ]
    );
}

#[test]
fn a_database_begins_no_conversation() {
    check(&clean(), "orders", "service/web:8080", "no: security group out");
    check(&clean(), "orders", "internet", "no: security group out");
}

#[test]
fn an_acl_that_lets_no_answers_through_stops_the_conversation() {
    let out = spoilt(|account| {
        acl(account)["Entries"][0] = json!({
            "CidrBlock": "0.0.0.0/0", "Egress": true, "Protocol": "6", "RuleAction": "allow", "RuleNumber": 100,
            "PortRange": { "From": 0, "To": 1023 },
        });
    });
    check(&out, "internet", "load-balancer/web", "no: answer: network ACL out");
    check(&out, "service/web", "orders", "no: network ACL out");
    let denied =
        spoilt(|account| {
            acl(account)["Entries"].as_array_mut().unwrap().insert(0, json!({
            "CidrBlock": "10.20.32.0/23", "Egress": false, "Protocol": "6", "RuleAction": "deny", "RuleNumber": 90,
            "PortRange": { "From": 1024, "To": 65535 },
        }));
        });
    check(&denied, "service/web", "orders", "no: answer: network ACL in");
    let because = because(&denied, "eni-0taska", "eni-0dba");
    assert_eq!(because, "entry 90 of acl-0clean denies answers (tcp 1024-65535) in from 10.20.32.30");
}

#[test]
fn within_one_subnet_no_acl_is_asked() {
    let account = spoilt(|account| {
        add_instance(account, "worker", "subnet-0dba00000001", "10.20.32.40", "sg-0app");
        acl(account)["Entries"] = json!([]);
    });
    check(&account, "worker", "eni-0dba:5432", "yes");
    check(&account, "worker", "eni-0dbb:5432", "no: network ACL out");
}

#[test]
fn a_longer_route_leads_by_way_of_a_firewall_and_groups_do_not_count_there() {
    let firewall = |account: &mut Value| {
        add_instance(account, "firewall", "subnet-0publica00000", "10.20.0.50", "sg-0lb");
        find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0firewall")["SourceDestCheck"] = json!(false);
        let routes = find(account, "RouteTables", "RouteTableId", "rtb-0appa")["Routes"].as_array_mut().unwrap();
        routes.push(json!({
            "DestinationCidrBlock": "10.20.32.0/24", "NetworkInterfaceId": "eni-0firewall",
            "Origin": "CreateRoute", "State": "active",
        }));
    };
    let by_group = spoilt(firewall);
    check(&by_group, "eni-0taska", "eni-0dba", "no: security group in");
    check(&by_group, "eni-0taska", "eni-0dbb", "yes");
    let mut by_address = by_group.clone();
    let database = find(&mut by_address, "SecurityGroups", "GroupId", "sg-0db");
    let rules = database["IpPermissions"].as_array_mut().unwrap();
    rules.push(rule(5432, ("IpRanges", json!([{ "CidrIp": "10.20.16.0/24" }]))));
    check(&by_address, "eni-0taska", "eni-0dba", "yes");
    let hops = answer(&by_address, "eni-0taska", "eni-0dba").hops;
    let middlebox = hops.iter().find(|hop| hop.what == What::Middlebox).unwrap();
    assert_eq!(middlebox.because, "by way of eni-0firewall, which sends on; its own rules are not seen");
    assert_eq!(answer(&by_address, "eni-0taska", "eni-0dba").confidence, Confidence::Medium);
    find(&mut by_address, "NetworkInterfaces", "NetworkInterfaceId", "eni-0firewall")["SourceDestCheck"] = json!(true);
    check(&by_address, "eni-0taska", "eni-0dba", "no: by way of");
}

#[test]
fn peering_needs_a_route_there_and_a_route_back() {
    let account = with_other_vpc("pcx-0", true);
    check(&account, "eni-0taska", "other:5000", "yes");
    check(&account, "eni-0taskb", "other:5000", "no: route");
    let because_of_nat = because(&account, "eni-0taskb", "other:5000");
    assert_eq!(
        because_of_nat,
        "rtb-0appb sends 0.0.0.0/0 to nat-0clean00000000b1, from where nothing but the internet is in reach, and vpc-0other is not"
    );
    check(&with_other_vpc("pcx-0", false), "eni-0taska", "other:5000", "no: answer: route");
    let because = because(&with_other_vpc("pcx-0", false), "eni-0taska", "other:5000");
    assert_eq!(because, "rtb-0other has no route to 10.20.16.20");
    let mut pending = with_other_vpc("pcx-0", true);
    find(&mut pending, "VpcPeeringConnections", "VpcPeeringConnectionId", "pcx-0")["Status"]["Code"] = json!("deleted");
    check(&pending, "eni-0taska", "other:5000", "no: peering");
}

#[test]
fn what_is_not_told_of_a_peering_connection_is_unknown() {
    let mut account = with_other_vpc("pcx-0", true);
    account.as_object_mut().unwrap().remove("VpcPeeringConnections");
    check(&account, "eni-0taska", "other:5000", "unknown");
}

#[test]
fn beyond_a_transit_gateway_nothing_is_certain() {
    let account = with_other_vpc("tgw-0", true);
    check(&account, "eni-0taska", "other:5000", "unknown");
    let answer = answer(&account, "eni-0taska", "other:5000");
    assert_eq!(answer.confidence, Confidence::Medium);
    assert!(answer.gaps.iter().any(|gap| gap.to_string().contains("the route tables of tgw-0 are not seen")));
    check(&with_other_vpc("tgw-0", false), "eni-0taska", "other:5000", "no: answer: route");
    check(&account, "eni-0taska", "other:22", "no: security group in");
}

#[test]
fn without_security_groups_the_answer_is_unknown_and_says_what_is_missing() {
    let account = spoilt(|account| {
        account.as_object_mut().unwrap().remove("SecurityGroups");
    });
    check(&account, "service/web", "orders", "unknown");
    assert_eq!(
        answer(&account, "service/web", "orders").gaps,
        [Gap::Kind(crate::inventory::gap::Kind::SecurityGroups)]
    );
    check(&account, "internet", "orders", "no: route");
}
