//! Conversations through NAT gateways: their own subnets' routes decide for the very address.

use super::*;

fn public_routes(account: &mut Value) -> &mut Vec<Value> {
    find(account, "RouteTables", "RouteTableId", "rtb-0public")["Routes"].as_array_mut().unwrap()
}

fn default_route(routes: &mut [Value]) -> &mut Value {
    routes.iter_mut().find(|route| route["DestinationCidrBlock"] == "0.0.0.0/0").unwrap()
}

#[test]
fn an_address_that_the_subnet_of_the_nat_gateway_has_no_route_to_is_not_reached() {
    let account = spoilt(|account| {
        default_route(public_routes(account))["DestinationCidrBlock"] = json!("18.0.0.0/8");
    });
    check(&account, "eni-0taska", "8.8.8.8:443", "no: route");
    assert_eq!(because(&account, "eni-0taska", "8.8.8.8:443"), "rtb-0public has no route to 8.8.8.8");
    check(&account, "eni-0taska", "18.1.1.1:443", "yes");
    check(&account, "eni-0taska", "internet:443", "yes");
    let answer = answer(&account, "eni-0taska", "internet:443");
    let route = answer.hops.iter().rfind(|hop| hop.what == What::Route).unwrap();
    assert_eq!(
        route.because,
        "rtb-0public sends 18.0.0.0/8 to igw-0clean0000000001, and igw-0clean0000000001 is attached; \
         the rest of the internet has no route"
    );
}

#[test]
fn a_black_hole_behind_the_nat_gateway_takes_its_addresses_alone() {
    let account = spoilt(|account| {
        let gone = json!({
            "DestinationCidrBlock": "52.0.0.0/8", "NetworkInterfaceId": "eni-0gone", "Origin": "CreateRoute", "State": "blackhole",
        });
        public_routes(account).push(gone);
    });
    check(&account, "eni-0taska", "52.1.1.1:443", "no: route");
    check(&account, "eni-0taska", "8.8.8.8:443", "yes");
    let answer = answer(&account, "eni-0taska", "internet:443");
    assert_eq!(answer.reaches, Some(true));
    assert!(
        answer.table().contains("; rtb-0public sends 52.0.0.0/8 to eni-0gone, which does not get through"),
        "{}",
        answer.table()
    );
}

#[test]
fn nothing_is_said_to_be_left_behind_where_everything_gets_through() {
    let table = answer(&clean(), "eni-0taska", "internet:443").table();
    assert!(!table.contains("does not get through") && !table.contains("the rest of"), "{table}");
}

#[test]
fn what_lies_behind_another_network_is_unknown_for_its_addresses_alone() {
    let account = spoilt(|account| {
        let away = json!({
            "DestinationCidrBlock": "52.0.0.0/8", "TransitGatewayId": "tgw-0", "Origin": "CreateRoute", "State": "active",
        });
        public_routes(account).push(away);
    });
    check(&account, "eni-0taska", "52.1.1.1:443", "unknown");
    check(&account, "eni-0taska", "8.8.8.8:443", "yes");
}

#[test]
fn a_peer_leads_nobody_on_to_the_internet() {
    let account = spoilt(|account| {
        let side = |vpc: &str, block: &str| json!({ "VpcId": vpc, "CidrBlock": block, "CidrBlockSet": [{ "CidrBlock": block }] });
        account["VpcPeeringConnections"] = json!([{
            "VpcPeeringConnectionId": "pcx-0a", "Status": { "Code": "active" },
            "RequesterVpcInfo": side(VPC, "10.20.0.0/16"), "AccepterVpcInfo": side("vpc-0two", "10.30.0.0/16"),
        }]);
        let routes = find(account, "RouteTables", "RouteTableId", "rtb-0appa")["Routes"].as_array_mut().unwrap();
        *default_route(routes) = json!({
            "DestinationCidrBlock": "0.0.0.0/0", "VpcPeeringConnectionId": "pcx-0a", "Origin": "CreateRoute", "State": "active",
        });
    });
    check(&account, "eni-0taska", "internet:443", "no: route");
    check(&account, "eni-0taska", "8.8.8.8:443", "no: route");
}

#[test]
fn block_public_access_lets_nat_gateways_send() {
    let account = spoilt(|account| {
        for subnet in account["Subnets"].as_array_mut().unwrap() {
            subnet["BlockPublicAccessStates"]["InternetGatewayBlockMode"] = json!("block-ingress");
        }
    });
    check(&account, "eni-0taska", "8.8.8.8:443", "yes");
    check(&account, "internet", "load-balancer/web", "no: Block Public Access");
}
