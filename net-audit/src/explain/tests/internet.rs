use super::*;

#[test]
fn the_internet_reaches_the_load_balancer_on_its_port() {
    check(&clean(), "internet", "load-balancer/web", "yes");
    check(&clean(), "internet", "load-balancer/web:443", "yes");
    check(&clean(), "198.51.101.7", "18.184.1.1:443", "yes");
    check(&clean(), "internet", "load-balancer/web:22", "no: security group in");
    let answer = answer(&clean(), "internet", "load-balancer/web");
    assert_eq!(answer.traffic, "tcp 443");
    assert_eq!(answer.openings, ["tcp 443"]);
    assert_eq!(
        words(&answer.hops),
        [
            "route",
            "public address",
            "Block Public Access",
            "network ACL in",
            "security group in",
            "answer: network ACL out"
        ]
    );
    assert_eq!(answer.to.interface.as_deref(), Some("eni-0lba"));
}

#[test]
fn without_a_port_everything_that_gets_through_is_told() {
    let answer = answer(&clean(), "internet", "eni-0lba:443");
    assert_eq!(answer.traffic, "tcp 443");
    let answer = self::answer(&clean(), "load-balancer/web", "service/web");
    assert_eq!((answer.reaches, answer.openings), (Some(true), vec!["tcp 8080".to_owned()]));
    check(&clean(), "service/web", "load-balancer/web:8080", "no: security group in");
}

#[test]
fn the_internet_is_stopped_at_the_route_of_a_database() {
    check(&clean(), "internet", "orders:5432", "no: route");
    let because = because(&clean(), "internet", "orders:5432");
    assert_eq!(because, "subnet-0dba00000001 is isolated: rtb-0db has no route to the internet");
    let answer = answer(&clean(), "internet", "orders");
    assert_eq!(answer.stopped_by.unwrap().resource.unwrap().label(), "db (rtb-0db)");
    assert_eq!(answer.traffic, "tcp 5432");
    assert!(answer.via.is_empty(), "{:?}", answer.via);
}

#[test]
fn a_bastion_is_among_the_hops_of_another_way() {
    let account = with_bastion();
    check(&account, "internet", "orders:5432", "no: route");
    let answer = answer(&account, "internet", "orders:5432");
    let [via] = answer.via.as_slice() else { panic!("{:?}", answer.via) };
    assert_eq!((via.title.as_str(), via.jump_host.id.as_str()), ("instance bastion", "eni-0bastion"));
    assert_eq!((via.reaches, via.openings.as_slice()), (Some(true), ["tcp 22".to_owned()].as_slice()));
    assert!(words(&via.hops).contains(&"jump host"));
    assert!(via.hops.iter().enumerate().all(|(at, hop)| hop.number == at + 1));
    assert!(via.hops.iter().all(|hop| hop.holds == Some(true)));
}

#[test]
fn a_stopped_bastion_or_one_that_the_database_does_not_name_is_no_way() {
    let mut account = with_bastion();
    account["Reservations"][0]["Instances"][0]["State"]["Name"] = json!("stopped");
    assert!(answer(&account, "internet", "orders").via.is_empty());
    let mut account = with_bastion();
    find(&mut account, "SecurityGroups", "GroupId", "sg-0db")["IpPermissions"].as_array_mut().unwrap().pop();
    assert!(answer(&account, "internet", "orders").via.is_empty());
}

#[test]
fn tasks_are_reached_by_way_of_the_load_balancer() {
    let answer = answer(&clean(), "internet", "service/production/web");
    assert_eq!((answer.reaches, answer.reaches_by_any_way), (Some(false), Some(true)));
    let [way] = answer.via.as_slice() else { panic!("{:?}", answer.via) };
    assert_eq!((way.title.as_str(), way.openings.as_slice()), ("load balancer web", ["tcp 443".to_owned()].as_slice()));
    assert_eq!(way.onward, ["tcp 8080"]);
    assert!(way.hops.iter().any(|hop| hop.what == What::Middlebox), "{:?}", way.hops);
    assert!(way.hops.iter().all(|hop| hop.what != What::JumpHost), "{:?}", way.hops);
    let summary = answer.summary();
    assert_eq!(
        summary,
        "internet to ECS service web (eni-0taska), any port: no directly, yes by way of load balancer web (tcp 443, then tcp 8080)"
    );
    let reason = answer.reason();
    assert!(reason.starts_with(&format!("{summary}; directly it is stopped by route: subnet-")), "{reason}");
}

#[test]
fn over_all_ways_the_answer_is_no_only_if_nothing_was_left_out() {
    let over_all = |account: &Value, from: &str, to: &str| answer(account, from, to).reaches_by_any_way;
    assert_eq!(over_all(&clean(), "internet", "load-balancer/web"), Some(true));
    assert_eq!(over_all(&with_bastion(), "internet", "orders"), Some(true));
    assert_eq!(over_all(&clean(), "internet", "orders"), Some(false));
    let blind = spoilt(|account| {
        account.as_object_mut().unwrap().remove("NetworkInterfaces");
    });
    assert_eq!(answer(&blind, "internet", "orders").reaches, Some(false));
    assert_eq!(over_all(&blind, "internet", "orders"), None);
    assert_eq!(over_all(&clean(), "orders", "internet"), None);
}

#[test]
fn a_task_reaches_the_internet_by_its_nat_gateway() {
    for to in ["internet", "internet:443", "1.1.1.1:443"] {
        check(&clean(), "service/web", to, "yes");
    }
    let answer = answer(&clean(), "eni-0taska", "1.1.1.1:443");
    let nat = answer.hops.iter().find(|hop| hop.what == What::NatGateway).unwrap();
    assert_eq!(nat.resource.as_ref().unwrap().id, "nat-0clean00000000a1");
    assert_eq!(
        nat.because,
        "nat-0clean00000000a1 is available in subnet-0publica00000, and the internet sees 18.184.0.1"
    );
}

#[test]
fn a_nat_gateway_that_failed_or_whose_acl_is_shut_is_no_way() {
    let failed = spoilt(|account| {
        find(account, "NatGateways", "NatGatewayId", "nat-0clean00000000a1")["State"] = json!("failed");
    });
    check(&failed, "eni-0taska", "internet:443", "no: route");
    check(&failed, "service/web", "internet:443", "yes");
    let shut = spoilt(|account| {
        let mut public = acl(account).clone();
        let subnet = |subnet: &Value| subnet["SubnetId"] == "subnet-0publica00000";
        acl(account)["Associations"].as_array_mut().unwrap().retain(|association| !subnet(association));
        public["NetworkAclId"] = json!("acl-0public");
        public["Associations"].as_array_mut().unwrap().retain(subnet);
        public["Entries"][2]["CidrBlock"] = json!("10.0.0.0/8");
        add(account, "NetworkAcls", public);
    });
    check(&shut, "eni-0taska", "internet:443", "no: answer: network ACL in");
}

#[test]
fn addresses_of_s3_are_reached_by_the_gateway_endpoint_where_the_internet_is_not() {
    let account = spoilt(|account| {
        find(account, "SecurityGroups", "GroupId", "sg-0db")["IpPermissionsEgress"] = json!([anywhere()]);
    });
    check(&account, "orders", "internet:443", "no: route");
    check(&account, "orders", "3.5.136.9:443", "yes");
    check(&account, "orders", "1.1.1.1:443", "no: route");
}

#[test]
fn an_instance_without_a_public_address_cannot_speak_by_an_internet_gateway() {
    let mut account = with_bastion();
    check(&account, "bastion", "1.1.1.1:443", "yes");
    find(&mut account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0bastion")["Association"] = Value::Null;
    check(&account, "bastion", "1.1.1.1:443", "no: public address");
}

#[test]
fn what_is_stopped_or_attached_to_nothing_is_the_first_reason() {
    let mut account = with_bastion();
    check(&account, "bastion", "orders", "yes");
    account["Reservations"][0]["Instances"][0]["State"]["Name"] = json!("stopped");
    check(&account, "bastion", "orders", "no: runs");
    check(&account, "internet", "i-0bastion:22", "no: runs");
    assert_eq!(because(&account, "bastion", "orders"), "i-0bastion is stopped");
    let detached = spoilt(|account| {
        let interface = find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0dba");
        interface["Attachment"] = Value::Null;
        interface["Status"] = "available".into();
    });
    check(&detached, "service/web", "eni-0dba:5432", "no: runs");
}

#[test]
fn a_public_address_is_reached_from_inside_by_the_internet() {
    check(&clean(), "eni-0taska", "18.184.1.2:443", "yes");
    check(&clean(), "eni-0taska", "eni-0lbb:443", "yes");
    let words = words(&answer(&clean(), "eni-0taska", "18.184.1.2:443").hops);
    assert!(words.contains(&"NAT gateway") && words.contains(&"security group in"), "{words:?}");
}

#[test]
fn an_address_in_no_known_network_is_unknown_beyond_the_last_route() {
    let account = spoilt(|account| {
        let routes = find(account, "RouteTables", "RouteTableId", "rtb-0appa")["Routes"].as_array_mut().unwrap();
        routes.push(json!({
            "DestinationCidrBlock": "192.168.0.0/16", "GatewayId": "vgw-0", "Origin": "CreateRoute", "State": "active",
        }));
    });
    check(&account, "eni-0taska", "192.168.1.1:443", "unknown");
    check(&account, "orders", "192.168.1.1:443", "no: security group out");
}

#[test]
fn over_ipv6_the_public_path_is_proved_too() {
    let account = spoilt(|account| {
        let block = |block: &str| json!([{ "Ipv6CidrBlock": block, "Ipv6CidrBlockState": { "State": "associated" } }]);
        find(account, "Vpcs", "VpcId", VPC)["Ipv6CidrBlockAssociationSet"] = block("2a05:d014:1::/56");
        find(account, "Subnets", "SubnetId", "subnet-0publica00000")["Ipv6CidrBlockAssociationSet"] =
            block("2a05:d014:1::/64");
        let routes = find(account, "RouteTables", "RouteTableId", "rtb-0public")["Routes"].as_array_mut().unwrap();
        routes.push(json!({ "DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-0clean0000000001", "State": "active", "Origin": "CreateRoute" }));
        find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0lba")["Ipv6Addresses"] =
            json!([{ "Ipv6Address": "2a05:d014:1::10" }]);
        let rules = find(account, "SecurityGroups", "GroupId", "sg-0lb")["IpPermissions"].as_array_mut().unwrap();
        rules.push(rule(443, ("Ipv6Ranges", json!([{ "CidrIpv6": "::/0" }]))));
        let all = |egress: bool| json!({ "Ipv6CidrBlock": "::/0", "Egress": egress, "Protocol": "-1", "RuleAction": "allow", "RuleNumber": 101 });
        let entries = acl(account)["Entries"].as_array_mut().unwrap();
        entries.extend([all(true), all(false)]);
    });
    check(&account, "internet", "[2a05:d014:1::10]:443", "yes");
    check(&account, "2606:4700::1", "[2a05:d014:1::10]:443", "yes");
    check(&account, "internet", "[2a05:d014:1::10]:80", "no: security group in");
    let error = ask(&account, "2606:4700::1", "orders").unwrap_err();
    assert_eq!(error.to_string(), "`2606:4700::1` and `orders` have no address family in common");
}
