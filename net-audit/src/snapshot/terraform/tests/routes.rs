//! VPCs, subnets and route tables.

use super::*;

fn destinations(table: &Value) -> Vec<(String, String)> {
    let routes = table["Routes"].as_array().unwrap().iter();
    let text = |route: &Value, names: &[&str]| {
        let found = names.iter().find_map(|name| route[*name].as_str());
        found.unwrap_or_default().to_owned()
    };
    let destination = ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"];
    let target = ["GatewayId", "NatGatewayId", "NetworkInterfaceId", "TransitGatewayId"];
    routes.map(|route| (text(route, &destination), text(route, &target))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
}

#[test]
fn blocks_of_both_families_are_those_that_are_asked_for() {
    let translation = state(&[
        ("aws_vpc.a", json!({ "id": "vpc-1", "cidr_block": "10.0.0.0/16", "ipv6_cidr_block": "2600:1f18::/56" })),
        ("aws_vpc_ipv4_cidr_block_association.a", json!({ "id": "x", "vpc_id": "vpc-1", "cidr_block": "10.1.0.0/16" })),
        (
            "aws_subnet.a",
            json!({ "id": "subnet-1", "vpc_id": "vpc-1", "cidr_block": "10.0.1.0/24", "ipv6_cidr_block": "" }),
        ),
    ]);
    let vpc = translation.find("Vpcs", "VpcId", "vpc-1");
    assert_eq!(vpc["CidrBlockAssociationSet"][1]["CidrBlock"], "10.1.0.0/16");
    assert_eq!(vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"], "2600:1f18::/56");
    assert_eq!(translation.list("Subnets")[0]["Ipv6CidrBlockAssociationSet"], json!([]));
    let mut resources = network();
    resources[0].1["assign_generated_ipv6_cidr_block"] = true.into();
    resources[0].2["ipv6_cidr_block"] = true.into();
    resources[1].2["ipv6_cidr_block"] = true.into();
    resources[1].3["ipv6_cidr_block"] = refers(&["aws_vpc.a.ipv6_cidr_block", "aws_vpc.a"]);
    let translation = plan(&resources);
    for (member, id, name) in [("Vpcs", "VpcId", "aws_vpc.a"), ("Subnets", "SubnetId", "aws_subnet.a")] {
        let blocks = &translation.find(member, id, name)["Ipv6CidrBlockAssociationSet"];
        assert_eq!(blocks[0]["Ipv6CidrBlock"], UNKNOWN, "{member}");
    }
}

#[test]
fn block_public_access_is_off_where_it_is_excluded() {
    let translation = state(&[
        (
            "aws_vpc_block_public_access_options.a",
            json!({ "id": "1", "internet_gateway_block_mode": "block-bidirectional" }),
        ),
        (
            "aws_vpc_block_public_access_exclusion.a",
            json!({ "id": "e1", "vpc_id": "vpc-1", "internet_gateway_exclusion_mode": "allow-egress" }),
        ),
        (
            "aws_vpc_block_public_access_exclusion.b",
            json!({ "id": "e2", "subnet_id": "subnet-2", "internet_gateway_exclusion_mode": "allow-bidirectional" }),
        ),
        ("aws_vpc.a", json!({ "id": "vpc-1" })),
        ("aws_vpc.b", json!({ "id": "vpc-2" })),
        ("aws_subnet.a", json!({ "id": "subnet-1", "vpc_id": "vpc-1" })),
        ("aws_subnet.b", json!({ "id": "subnet-2", "vpc_id": "vpc-1" })),
        ("aws_subnet.c", json!({ "id": "subnet-3", "vpc_id": "vpc-2" })),
    ]);
    let mode = |subnet: &str| {
        let subnet = translation.find("Subnets", "SubnetId", subnet);
        subnet["BlockPublicAccessStates"]["InternetGatewayBlockMode"].clone()
    };
    assert_eq!([mode("subnet-1"), mode("subnet-2"), mode("subnet-3")], ["block-ingress", "off", "block-bidirectional"]);
}

#[test]
fn only_a_vpc_that_terraform_makes_has_a_main_table_of_which_the_routes_are_known() {
    let translation = state(&[
        (
            "aws_vpc.a",
            json!({
                "id": "vpc-1", "cidr_block": "10.0.0.0/16", "default_route_table_id": "rtb-1",
                "main_route_table_id": "rtb-1",
            }),
        ),
        (
            "aws_vpc.changed",
            json!({ "id": "vpc-2", "default_route_table_id": "rtb-2", "main_route_table_id": "rtb-other" }),
        ),
        (
            "aws_default_vpc.a",
            json!({ "id": "vpc-3", "default_route_table_id": "rtb-3", "main_route_table_id": "rtb-3" }),
        ),
        ("data.aws_vpc.a", json!({ "id": "vpc-4", "main_route_table_id": "rtb-4" })),
    ]);
    let tables = translation.list("RouteTables");
    let found: Vec<(&Value, bool)> =
        tables.iter().map(|table| (&table["RouteTableId"], table["Associations"][0]["Main"] == true)).collect();
    assert_eq!(found, [(&json!("rtb-1"), true), (&json!("rtb-2"), false)]);
    assert_eq!(destinations(&tables[0]), pairs(&[("10.0.0.0/16", "local")]));
}

#[test]
fn a_default_table_that_is_taken_over_is_the_main_one_and_another_may_be_made_it() {
    let mut resources = network();
    let of_vpc = refers(&["aws_vpc.a.default_route_table_id", "aws_vpc.a"]);
    let unknown = json!({ "id": true, "default_route_table_id": true, "vpc_id": true, "route": true });
    resources.push(("aws_default_route_table.d", json!({}), unknown, json!({ "default_route_table_id": of_vpc })));
    let main = |translation: &Translation| {
        let tables = translation.list("RouteTables");
        let mut mains = tables.iter().filter(|table| table["Associations"][0]["Main"] == true);
        let main = mains.next().unwrap()["RouteTableId"].as_str().unwrap().to_owned();
        assert!(mains.next().is_none());
        main
    };
    assert_eq!(main(&plan(&resources)), "aws_default_route_table.d");
    let vpc = refers(&["aws_vpc.a.id", "aws_vpc.a"]);
    resources.push((
        "aws_route_table.t",
        json!({}),
        json!({ "id": true, "vpc_id": true, "route": true }),
        json!({ "vpc_id": vpc }),
    ));
    let both = json!({ "vpc_id": vpc, "route_table_id": refers(&["aws_route_table.t.id", "aws_route_table.t"]) });
    resources.push((
        "aws_main_route_table_association.m",
        json!({}),
        json!({ "id": true, "vpc_id": true, "route_table_id": true }),
        both,
    ));
    assert_eq!(main(&plan(&resources)), "aws_route_table.t");
}

#[test]
fn routes_of_both_makes_meet_in_their_table_once() {
    let route =
        |to: &str| json!({ "cidr_block": "0.0.0.0/0", "gateway_id": to, "nat_gateway_id": "", "ipv6_cidr_block": "" });
    let translation = state(&[
        ("aws_route_table.t", json!({ "id": "rtb-1", "vpc_id": "vpc-1", "route": [route("igw-1")] })),
        (
            "aws_route.a",
            json!({
                "id": "r-1", "route_table_id": "rtb-1", "destination_cidr_block": "0.0.0.0/0", "gateway_id": "igw-1",
                "state": "blackhole",
            }),
        ),
        (
            "aws_route.b",
            json!({
                "id": "r-2", "route_table_id": "rtb-1", "destination_ipv6_cidr_block": "::/0",
                "egress_only_gateway_id": "eigw-1",
            }),
        ),
        (
            "aws_route.c",
            json!({
                "id": "r-3", "route_table_id": "rtb-9", "destination_cidr_block": "0.0.0.0/0", "gateway_id": "igw-1",
            }),
        ),
    ]);
    let table = &translation.list("RouteTables")[0];
    assert_eq!(destinations(table)[0], ("0.0.0.0/0".to_owned(), "igw-1".to_owned()));
    assert_eq!(table["Routes"][0]["State"], "blackhole");
    assert_eq!(table["Routes"][1]["EgressOnlyInternetGatewayId"], "eigw-1");
    assert_eq!(translation.notes, ["aws_route.c: its route table rtb-9 is not in the document"]);
}

#[test]
fn a_route_that_the_plan_deletes_is_gone_from_its_table() {
    let route = json!([{ "cidr_block": "0.0.0.0/0", "gateway_id": "igw-1" }, { "cidr_block": "10.9.0.0/16", "gateway_id": "vgw-1" }]);
    let mut document = plan_document(&[(
        "aws_route_table.t",
        json!({ "id": "rtb-1", "vpc_id": "vpc-1", "route": route }),
        json!({}),
        json!({}),
    )]);
    let before = json!({ "route_table_id": "rtb-1", "destination_cidr_block": "0.0.0.0/0", "gateway_id": "igw-1" });
    let change = json!({ "actions": ["delete"], "before": before, "after_unknown": {} });
    document["resource_changes"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "address": "aws_route.a", "type": "aws_route", "change": change }));
    let table = &translated(&document).list("RouteTables")[0];
    assert_eq!(destinations(table), pairs(&[("10.9.0.0/16", "vgw-1")]));
}

#[test]
fn a_route_of_an_unknown_table_may_be_in_any_that_has_none_like_it() {
    let tables = ["aws_route_table.t", "aws_route_table.u"];
    let mut resources = network();
    for table in tables {
        let vpc = json!({ "vpc_id": refers(&["aws_vpc.a.id", "aws_vpc.a"]) });
        resources.push((table, json!({}), json!({ "id": true, "vpc_id": true, "route": true }), vpc));
    }
    let unknown = json!({ "id": true, "route_table_id": true });
    let values = |to: &str| json!({ "destination_cidr_block": "0.0.0.0/0", "gateway_id": to });
    let to_first = json!({ "route_table_id": refers(&["aws_route_table.t.id", "aws_route_table.t"]) });
    resources.push(("aws_route.a", values("igw-1"), unknown.clone(), to_first));
    resources.push(("aws_route.b", values("igw-2"), unknown, json!({ "route_table_id": refers(&["local.table"]) })));
    let translation = plan(&resources);
    let default = |id: &str| {
        let routes = destinations(translation.find("RouteTables", "RouteTableId", id));
        routes.into_iter().find(|(destination, _)| destination == "0.0.0.0/0").map(|(_, target)| target)
    };
    assert_eq!(default("aws_route_table.t").as_deref(), Some("igw-1"));
    assert_eq!(default("aws_route_table.u").as_deref(), Some(UNKNOWN));
    assert_eq!(default("aws_vpc.a.default_route_table_id").as_deref(), Some(UNKNOWN));
    assert_eq!(translation.notes, ["aws_route.b: it is not known which route table it is in"]);
}

#[test]
fn a_table_that_is_looked_up_tells_its_routes_and_subnets() {
    let translation = state(&[
        ("data.aws_vpc.a", json!({ "id": "vpc-1", "cidr_block": "10.0.0.0/16" })),
        ("data.aws_subnet.a", json!({ "id": "subnet-1", "vpc_id": "vpc-1", "cidr_block": "10.0.0.0/24" })),
        (
            "data.aws_route_table.a",
            json!({
                "route_table_id": "rtb-1",
                "vpc_id": "vpc-1",
                "routes": [{ "cidr_block": "0.0.0.0/0", "gateway_id": "igw-1", "nat_gateway_id": "" }],
                "associations": [{ "main": false, "subnet_id": "subnet-1", "gateway_id": "" }, { "main": true, "subnet_id": "" }],
            }),
        ),
    ]);
    let table = translation.find("RouteTables", "RouteTableId", "rtb-1");
    assert_eq!(destinations(table), pairs(&[("0.0.0.0/0", "igw-1"), ("10.0.0.0/16", "local")]));
    let associations = table["Associations"].as_array().unwrap();
    assert_eq!((&associations[0]["SubnetId"], &associations[1]["Main"]), (&json!("subnet-1"), &json!(true)));
    assert_eq!(translation.list("Subnets")[0]["VpcId"], "vpc-1");
}

#[test]
fn gateways_and_endpoints_have_their_places_in_tables() {
    let translation = state(&[
        ("aws_route_table.t", json!({ "id": "rtb-1", "vpc_id": "vpc-1", "route": [], "propagating_vgws": ["vgw-1"] })),
        (
            "aws_route_table_association.g",
            json!({ "id": "a", "route_table_id": "rtb-1", "gateway_id": "igw-1", "subnet_id": "" }),
        ),
        (
            "aws_vpn_gateway_route_propagation.p",
            json!({ "id": "p", "route_table_id": "rtb-1", "vpn_gateway_id": "vgw-2" }),
        ),
        (
            "aws_vpc_endpoint.s3",
            json!({ "id": "vpce-1", "vpc_id": "vpc-1", "prefix_list_id": "pl-1", "route_table_ids": ["rtb-1"] }),
        ),
        ("aws_vpc_endpoint.ddb", json!({ "id": "vpce-2", "vpc_id": "vpc-1", "prefix_list_id": "pl-2" })),
        (
            "aws_vpc_endpoint_route_table_association.e",
            json!({ "id": "e", "route_table_id": "rtb-1", "vpc_endpoint_id": "vpce-2" }),
        ),
    ]);
    let table = &translation.list("RouteTables")[0];
    assert_eq!(table["Associations"][0]["GatewayId"], "igw-1");
    assert_eq!(table["PropagatingVgws"], json!([{ "GatewayId": "vgw-1" }, { "GatewayId": "vgw-2" }]));
    assert_eq!(destinations(table), pairs(&[("pl-1", "vpce-1"), ("pl-2", "vpce-2")]));
}
