//! NET005.

use serde_json::{Value, json};

use super::{APP_A, IGW, NAT_A, NAT_B, VPC, add_route, attachment, nat, route};
use crate::audit::check::fixture::{add, find, findings, ids, one, spoilt, unknown, without};
use crate::audit::finding::Severity;
use crate::audit::rule::Rule;

fn peering(status: &str) -> Value {
    json!({
        "VpcPeeringConnectionId": "pcx-1", "Status": { "Code": status },
        "RequesterVpcInfo": { "VpcId": VPC, "CidrBlock": "10.20.0.0/16" },
        "AccepterVpcInfo": { "VpcId": "vpc-peer", "CidrBlock": "10.30.0.0/16" },
    })
}

#[test]
fn a_black_hole_tells_who_loses_what_and_where_to_send_it() {
    let account = spoilt(|account| {
        account["NatGateways"].as_array_mut().unwrap().retain(|gateway| gateway["NatGatewayId"] != NAT_A);
        route(account, "rtb-0appa", NAT_A)["State"] = "blackhole".into();
    });
    let finding = one(&account, Rule::BlackholeRoute);
    assert_eq!(finding.severity, Severity::High);
    assert_eq!(ids(&finding), ["rtb-0appa", NAT_A, APP_A]);
    assert_eq!(finding.vpc.as_deref(), Some(VPC));
    assert_eq!(finding.availability_zones, ["eu-central-1a"]);
    assert_eq!(
        finding.title,
        format!("app-a (rtb-0appa) sends 0.0.0.0/0 (everything outside) to {NAT_A}, which drops it")
    );
    assert_eq!(
        finding.proof,
        [format!("rtb-0appa sends 0.0.0.0/0 to {NAT_A}, and {NAT_A} is gone: AWS calls the route a black hole")]
    );
    assert_eq!(finding.blast_radius, format!("app-a ({APP_A}) loses 0.0.0.0/0 (everything outside): 1 ECS task"));
    let command = "aws ec2 replace-route --route-table-id rtb-0appa --destination-cidr-block 0.0.0.0/0";
    assert_eq!(finding.remedy.cli, [format!("{command} --nat-gateway-id {NAT_B} --region eu-central-1")]);
    assert!(finding.remedy.terraform.contains(&format!("nat_gateway_id         = \"{NAT_B}\"")));
    assert_eq!(findings(&account, Rule::BrokenEgress), []);
}

#[test]
fn a_target_that_is_known_to_be_gone_is_one_even_if_the_route_does_not_say_so() {
    let deleted = spoilt(|account| nat(account, NAT_A)["State"] = "deleted".into());
    assert_eq!(
        one(&deleted, Rule::BlackholeRoute).proof,
        [format!("rtb-0appa sends 0.0.0.0/0 to {NAT_A}, and {NAT_A} is deleted")]
    );
    assert_eq!(findings(&deleted, Rule::BrokenEgress), []);

    let detached = spoilt(|account| {
        find(account, "InternetGateways", "InternetGatewayId", IGW)["Attachments"] = json!([]);
    });
    let finding = one(&detached, Rule::BlackholeRoute);
    let public = ["rtb-0public", IGW, "subnet-0publica00000", "subnet-0publicb00000"];
    assert_eq!(ids(&finding), [&public[..], &[APP_A, "subnet-0appb00000001"]].concat());

    let deleted = spoilt(|account| {
        find(account, "VpcEndpoints", "VpcEndpointId", "vpce-0s3000000000001")["State"] = "deleted".into();
    });
    assert_eq!(findings(&deleted, Rule::BlackholeRoute).len(), 3);
}

#[test]
fn a_deleted_connection_to_another_network_loses_that_network_only() {
    let account = spoilt(|account| {
        add(account, "VpcPeeringConnections", peering("deleted"));
        add(account, "TransitGatewayVpcAttachments", attachment("deleted"));
        let to_peer = json!({ "DestinationCidrBlock": "10.30.0.0/16", "VpcPeeringConnectionId": "pcx-1" });
        add_route(account, "rtb-0appa", to_peer);
        add_route(account, "rtb-0db", json!({ "DestinationCidrBlock": "10.0.0.0/8", "TransitGatewayId": "tgw-1" }));
    });
    let found = findings(&account, Rule::BlackholeRoute);
    assert_eq!(found.len(), 2);
    assert!(found[0].blast_radius.contains("loses 10.30.0.0/16: 1 ECS task"));
    assert_eq!(
        found[0].remedy.cli,
        ["aws ec2 delete-route --route-table-id rtb-0appa --destination-cidr-block 10.30.0.0/16 --region eu-central-1"]
    );
    assert_eq!(found[1].proof, ["rtb-0db sends 10.0.0.0/8 to tgw-1, and tgw-attach-1 is deleted"]);
}

#[test]
fn connections_that_stand_are_no_black_holes() {
    let account = spoilt(|account| {
        add(account, "VpcPeeringConnections", peering("active"));
        add(account, "TransitGatewayVpcAttachments", attachment("deleted"));
        let mut again = attachment("available");
        again["TransitGatewayAttachmentId"] = "tgw-attach-2".into();
        add(account, "TransitGatewayVpcAttachments", again);
        let to_peer = json!({ "DestinationCidrBlock": "10.30.0.0/16", "VpcPeeringConnectionId": "pcx-1" });
        add_route(account, "rtb-0appa", to_peer);
        add_route(account, "rtb-0db", json!({ "DestinationCidrBlock": "10.0.0.0/8", "TransitGatewayId": "tgw-1" }));
        add_route(account, "rtb-0db", json!({ "DestinationCidrBlock": "172.16.0.0/12", "GatewayId": "vgw-1" }));
    });
    assert_eq!(findings(&account, Rule::BlackholeRoute), []);
    assert_eq!(unknown(&account, Rule::BlackholeRoute), [""; 0]);
}

#[test]
fn an_orphan_table_and_a_route_in_the_shade_of_better_ones_lose_nothing() {
    let orphan = spoilt(|account| {
        let dead =
            json!({ "DestinationCidrBlock": "10.9.0.0/16", "VpcPeeringConnectionId": "pcx-9", "State": "blackhole" });
        let table = json!({ "RouteTableId": "rtb-0orphan", "VpcId": VPC, "Associations": [], "Routes": [dead] });
        add(account, "RouteTables", table);
    });
    let finding = one(&orphan, Rule::BlackholeRoute);
    assert_eq!((finding.severity, finding.blast_radius.as_str()), (Severity::Low, "no subnet uses the table"));

    let shaded = spoilt(|account| {
        let dead =
            json!({ "DestinationCidrBlock": "0.0.0.0/0", "VpcPeeringConnectionId": "pcx-9", "State": "blackhole" });
        add_route(account, "rtb-0db", dead);
        for half in ["0.0.0.0/1", "128.0.0.0/1"] {
            add_route(account, "rtb-0db", json!({ "DestinationCidrBlock": half, "GatewayId": "vgw-1" }));
        }
    });
    let finding = one(&shaded, Rule::BlackholeRoute);
    assert_eq!(finding.severity, Severity::Low);
    assert_eq!(finding.blast_radius, "nothing is lost: better routes take all of these addresses");
}

#[test]
fn a_table_with_subnets_in_which_nothing_sits_is_less_bad() {
    let account = spoilt(|account| {
        account["NetworkInterfaces"].as_array_mut().unwrap().retain(|interface| interface["SubnetId"] != APP_A);
        route(account, "rtb-0appa", NAT_A)["State"] = "blackhole".into();
    });
    assert_eq!(one(&account, Rule::BlackholeRoute).severity, Severity::Medium);
}

#[test]
fn what_comes_in_by_a_gateway_is_lost_to_the_subnets_that_it_is_for() {
    let account = spoilt(|account| {
        let dead = json!({ "DestinationCidrBlock": "10.20.0.0/24", "GatewayId": "vpce-0gone", "State": "blackhole" });
        let table = json!({
            "RouteTableId": "rtb-0edge", "VpcId": VPC, "Associations": [{ "GatewayId": IGW }], "Routes": [dead],
        });
        add(account, "RouteTables", table);
    });
    let finding = one(&account, Rule::BlackholeRoute);
    assert_eq!(ids(&finding), ["rtb-0edge", "vpce-0gone", "subnet-0publica00000"]);
    assert_eq!(finding.severity, Severity::High);
}

#[test]
fn a_target_that_nobody_described_is_unknown_and_not_gone() {
    let account = spoilt(|account| {
        account["NatGateways"].as_array_mut().unwrap().retain(|gateway| gateway["NatGatewayId"] != NAT_A);
    });
    assert_eq!(findings(&account, Rule::BlackholeRoute), []);
    assert_eq!(unknown(&account, Rule::BlackholeRoute), [format!("{NAT_A} is not among the snapshot's NatGateways")]);
    let account = spoilt(|account| without(account, "NatGateways"));
    assert_eq!(unknown(&account, Rule::BlackholeRoute), ["the snapshot has no NatGateways"]);
    assert_eq!(unknown(&account, Rule::BrokenEgress), ["the snapshot has no NatGateways"]);
    let account = spoilt(|account| {
        add_route(account, "rtb-0db", json!({ "DestinationCidrBlock": "10.0.0.0/8", "TransitGatewayId": "tgw-1" }));
    });
    let missing = format!("the attachment of {VPC} to tgw-1 is not among the snapshot's TransitGatewayVpcAttachments");
    assert_eq!(unknown(&account, Rule::BlackholeRoute), [missing]);
}

#[test]
fn a_kind_that_no_route_leads_to_is_not_missed() {
    let account = spoilt(|account| {
        for member in
            ["EgressOnlyInternetGateways", "TransitGatewayVpcAttachments", "VpcPeeringConnections", "Reservations"]
        {
            without(account, member);
        }
    });
    for rule in [Rule::BlackholeRoute, Rule::BrokenEgress, Rule::PublicByDefault] {
        assert_eq!(unknown(&account, rule), [""; 0]);
    }
}

/// The account as others of the organisation see it, each by its own number, the one that is asked first.
fn seen_by(account: &Value, numbers: &[&str]) -> Value {
    let seen = numbers.iter().map(|number| {
        let mut region = account.clone();
        region["account"] = (*number).into();
        region
    });
    json!({ "schema": crate::snapshot::capture::SCHEMA, "regions": seen.collect::<Vec<_>>() })
}

#[test]
fn what_is_wrong_with_a_shared_vpc_is_told_to_its_owner_if_that_one_is_asked_too() {
    let account = spoilt(|account| route(account, "rtb-0appa", NAT_A)["State"] = "blackhole".into());
    let owner = "111122223333";
    assert_eq!(findings(&seen_by(&account, &["444455556666", owner]), Rule::BlackholeRoute), []);
    assert_eq!(findings(&seen_by(&account, &[owner, "444455556666"]), Rule::BlackholeRoute).len(), 1);
    assert_eq!(findings(&seen_by(&account, &["444455556666"]), Rule::BlackholeRoute).len(), 1);
}

#[test]
fn the_route_of_a_gateway_endpoint_is_taken_away_by_the_endpoint() {
    let account = spoilt(|account| {
        let endpoint = find(account, "VpcEndpoints", "VpcEndpointId", "vpce-0s3000000000001");
        endpoint["State"] = "deleted".into();
    });
    let found = findings(&account, Rule::BlackholeRoute);
    let command = "aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-0s3000000000001 --remove-route-table-ids";
    assert_eq!(found[0].remedy.cli, [format!("{command} rtb-0appa --region eu-central-1")]);
}
