//! NET019 on an account that is spoilt in one way at a time.

use serde_json::{Value, json};

use crate::audit::check::fixture::{add, find, findings, one, spoilt, unknown, without};
use crate::audit::finding::{Confidence, Severity};
use crate::audit::rule::Rule;

const VPC: &str = "vpc-0clean0000000001";
const IGW: &str = "igw-0clean0000000001";
const RULE: Rule = Rule::UnusedGateway;

/// The account without a route to its internet gateway.
fn closed(account: &mut Value) {
    find(account, "RouteTables", "RouteTableId", "rtb-0public")["Routes"].as_array_mut().unwrap().pop();
}

fn table(associations: &Value, routes: &Value) -> Value {
    json!({ "RouteTableId": "rtb-0new", "VpcId": VPC, "Associations": associations, "Routes": routes })
}

#[test]
fn an_internet_gateway_that_no_route_in_use_leads_to_is_not_used() {
    let finding = one(&spoilt(closed), RULE);
    assert_eq!((finding.severity, finding.confidence), (Severity::Low, Confidence::Medium));
    assert_eq!(finding.resources[0].id, IGW);
    assert_eq!(
        finding.proof,
        [format!("{IGW} is attached to {VPC}, and no route table that a subnet uses leads to it")]
    );
    assert_eq!(
        finding.remedy.cli,
        [
            format!("aws ec2 detach-internet-gateway --internet-gateway-id {IGW} --vpc-id {VPC} --region eu-central-1"),
            format!("aws ec2 delete-internet-gateway --internet-gateway-id {IGW} --region eu-central-1"),
        ]
    );
    let only_by_an_orphan = spoilt(|account| {
        closed(account);
        let route = json!({ "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": IGW });
        add(account, "RouteTables", table(&json!([]), &json!([route])));
    });
    let found = findings(&only_by_an_orphan, RULE);
    assert_eq!(found.iter().map(|finding| finding.resources[0].id.as_str()).collect::<Vec<_>>(), [IGW, "rtb-0new"]);
}

#[test]
fn what_uses_an_internet_gateway_without_a_route_is_use() {
    let regional = spoilt(|account| {
        closed(account);
        let gateway = json!({ "NatGatewayId": "nat-regional", "VpcId": VPC, "State": "available", "AvailabilityMode": "regional" });
        add(account, "NatGateways", gateway);
        // Its own table.
        let route = json!({ "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": IGW });
        add(account, "RouteTables", table(&json!([]), &json!([route])));
    });
    assert_eq!(findings(&regional, RULE), []);
    for group in ["CloudFront-VPCOrigins-Service-SG", "GlobalAccelerator"] {
        let entered = spoilt(|account| {
            closed(account);
            let group = json!({ "GroupId": "sg-0service", "GroupName": group, "VpcId": VPC, "IpPermissions": [] });
            add(account, "SecurityGroups", group);
        });
        assert_eq!(findings(&entered, RULE), []);
    }
    let ingress = spoilt(|account| {
        closed(account);
        add(account, "RouteTables", table(&json!([{ "GatewayId": IGW }]), &json!([])));
    });
    assert_eq!(findings(&ingress, RULE), []);
}

#[test]
fn gateways_that_are_attached_to_nothing_are_not_used() {
    let account = spoilt(|account| {
        add(account, "InternetGateways", json!({ "InternetGatewayId": "igw-loose", "Attachments": [] }));
        add(
            account,
            "EgressOnlyInternetGateways",
            json!({ "EgressOnlyInternetGatewayId": "eigw-1", "Attachments": [{ "VpcId": VPC }] }),
        );
    });
    let found = findings(&account, RULE);
    assert_eq!(found.len(), 2);
    assert_eq!(
        found[0].remedy.cli,
        ["aws ec2 delete-internet-gateway --internet-gateway-id igw-loose --region eu-central-1"]
    );
    let command = "aws ec2 delete-egress-only-internet-gateway --egress-only-internet-gateway-id eigw-1";
    assert_eq!(found[1].remedy.cli, [format!("{command} --region eu-central-1")]);
}

#[test]
fn an_orphan_table_is_not_used_and_a_gateways_table_is() {
    let orphan = spoilt(|account| add(account, "RouteTables", table(&json!([]), &json!([]))));
    let finding = one(&orphan, RULE);
    assert_eq!(finding.title, "no subnet uses the route table rtb-0new");
    assert_eq!(finding.remedy.cli, ["aws ec2 delete-route-table --route-table-id rtb-0new --region eu-central-1"]);
    let edge = spoilt(|account| add(account, "RouteTables", table(&json!([{ "GatewayId": "vgw-1" }]), &json!([]))));
    assert_eq!(findings(&edge, RULE), []);
    // A subnet that the account does not see.
    let hidden =
        spoilt(|account| add(account, "RouteTables", table(&json!([{ "SubnetId": "subnet-hidden" }]), &json!([]))));
    assert_eq!(findings(&hidden, RULE), []);
}

#[test]
fn a_gateway_endpoint_on_no_table_serves_nobody_and_an_interface_endpoint_needs_none() {
    let endpoint = |kind: &str| {
        spoilt(|account| {
            let endpoint = json!({
                "VpcEndpointId": "vpce-0new", "VpcEndpointType": kind, "VpcId": VPC, "State": "available",
                "ServiceName": "com.amazonaws.eu-central-1.s3", "RouteTableIds": [],
            });
            add(account, "VpcEndpoints", endpoint);
        })
    };
    let finding = one(&endpoint("Gateway"), RULE);
    assert_eq!(finding.title, "vpce-0new is on no route table: nothing reaches com.amazonaws.eu-central-1.s3 by it");
    assert_eq!(
        finding.remedy.cli[0],
        "aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-0new --add-route-table-ids rtb-0appa rtb-0appb rtb-0db rtb-0public --region eu-central-1"
    );
    assert_eq!(findings(&endpoint("Interface"), RULE), []);
}

#[test]
fn without_a_kind_it_is_unknown_whether_it_is_used() {
    for member in ["InternetGateways", "EgressOnlyInternetGateways", "VpcEndpoints"] {
        let account = spoilt(|account| {
            account.as_object_mut().unwrap().remove(member).unwrap();
        });
        assert_eq!(unknown(&account, RULE), [format!("the snapshot has no {member}")]);
    }
    let without_nat = |spoil: fn(&mut Value)| {
        spoilt(|account| {
            spoil(account);
            without(account, "NatGateways");
        })
    };
    let account = without_nat(closed);
    assert_eq!(
        (findings(&account, RULE), unknown(&account, RULE)),
        (Vec::new(), vec!["the snapshot has no NatGateways".to_owned()])
    );
    // What is in use is so without any.
    assert_eq!(unknown(&without_nat(|_| {}), RULE), [""; 0]);
}

#[test]
fn of_a_vpc_that_another_account_shares_it_is_unknown() {
    let mut account = spoilt(|account| add(account, "RouteTables", table(&json!([]), &json!([]))));
    account["account"] = "444455556666".into();
    let shared = json!({ "schema": crate::snapshot::capture::SCHEMA, "regions": [account] });
    assert_eq!(findings(&shared, RULE), []);
    assert_eq!(unknown(&shared, RULE), [format!("{VPC} belongs to 111122223333: this account sees a part of it only")]);
}
