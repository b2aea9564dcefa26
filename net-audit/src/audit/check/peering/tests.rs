//! NET014 on an account that is connected in one way at a time.

use serde_json::{Value, json};

use crate::audit::check::fixture::{add, clean, find, findings, ids, one, spoilt, unknown};
use crate::audit::finding::{Confidence, Severity};
use crate::audit::rule::Rule;
use crate::snapshot::capture::SCHEMA;

const VPC: &str = "vpc-0clean0000000001";
const RULE: Rule = Rule::PeeringRoutes;

fn peering(status: &str, theirs: &Value) -> Value {
    json!({
        "VpcPeeringConnectionId": "pcx-1", "Status": { "Code": status },
        "RequesterVpcInfo": { "VpcId": VPC, "OwnerId": "111122223333", "CidrBlock": "10.20.0.0/16" },
        "AccepterVpcInfo": { "VpcId": "vpc-peer", "OwnerId": "444455556666", "CidrBlock": theirs },
    })
}

fn add_route(account: &mut Value, destination: &str, target: &str) {
    let member = if target.starts_with("pcx-") { "VpcPeeringConnectionId" } else { "TransitGatewayId" };
    let route = json!({ "DestinationCidrBlock": destination, member: target });
    find(account, "RouteTables", "RouteTableId", "rtb-0appa")["Routes"].as_array_mut().unwrap().push(route);
}

fn peered(status: &str, routed: &str) -> Value {
    spoilt(|account| {
        add(account, "VpcPeeringConnections", peering(status, &json!("10.30.0.0/16")));
        add_route(account, routed, "pcx-1");
    })
}

/// Another VPC with one subnet and these routes, in an account of its own.
fn other(vpc: &str, block: &str, routes: &Value) -> Value {
    json!({
        "account": "444455556666", "region": "eu-west-1",
        "Vpcs": [{ "VpcId": vpc, "OwnerId": "444455556666", "CidrBlock": block }],
        "Subnets": [{ "SubnetId": format!("subnet-of-{vpc}"), "VpcId": vpc, "CidrBlock": block }],
        "RouteTables": [{ "RouteTableId": format!("rtb-of-{vpc}"), "VpcId": vpc, "Associations": [{ "Main": true }], "Routes": routes }],
    })
}

fn estate(account: &Value, others: Vec<Value>) -> Value {
    let mut own = account.clone();
    own["account"] = "111122223333".into();
    let regions: Vec<Value> = std::iter::once(own).chain(others).collect();
    json!({ "schema": SCHEMA, "regions": regions })
}

#[test]
fn a_route_that_is_wider_than_the_peer_loses_the_rest() {
    let finding = one(&peered("active", "10.28.0.0/14"), RULE);
    assert_eq!(finding.severity, Severity::Medium);
    assert_eq!(ids(&finding), ["pcx-1", "rtb-0appa"]);
    assert_eq!(
        finding.proof,
        [
            "rtb-0appa sends 10.28.0.0/14 to pcx-1; vpc-peer has 10.30.0.0/16, so 10.28.0.0/15, 10.31.0.0/16 is lost there"
        ]
    );
    assert_eq!(finding.blast_radius, "app-a (subnet-0appa00000001): 1 ECS task");
    let command = "aws ec2 create-route --route-table-id rtb-0appa --destination-cidr-block 10.30.0.0/16";
    assert_eq!(
        finding.remedy.cli,
        [
            format!("{command} --vpc-peering-connection-id pcx-1 --region eu-central-1"),
            "aws ec2 delete-route --route-table-id rtb-0appa --destination-cidr-block 10.28.0.0/14 --region eu-central-1"
                .to_owned(),
        ]
    );
}

#[test]
fn routes_within_the_peers_blocks_are_as_they_should_be() {
    assert_eq!(findings(&peered("active", "10.30.0.0/16"), RULE), []);
    assert_eq!(findings(&peered("active", "10.30.7.0/24"), RULE), []);
    // The rest of a wide route is taken by better ones, or is the VPC's own.
    let covered = spoilt(|account| {
        add(account, "VpcPeeringConnections", peering("active", &json!("10.30.0.0/16")));
        add(account, "TransitGatewayVpcAttachments", attachment(VPC));
        add_route(account, "10.30.0.0/15", "pcx-1");
        add_route(account, "10.31.0.0/16", "tgw-1");
    });
    assert_eq!(findings(&covered, RULE), []);
    let next = spoilt(|account| {
        add(account, "VpcPeeringConnections", peering("active", &json!("10.21.0.0/16")));
        add_route(account, "10.20.0.0/15", "pcx-1");
    });
    assert_eq!(findings(&next, RULE), []);
}

#[test]
fn a_table_that_nothing_uses_sends_nothing_to_a_peer() {
    let account = spoilt(|account| {
        add(account, "VpcPeeringConnections", peering("active", &json!("10.30.0.0/16")));
        let route = json!({ "DestinationCidrBlock": "10.0.0.0/8", "VpcPeeringConnectionId": "pcx-1" });
        let table = json!({ "RouteTableId": "rtb-0orphan", "VpcId": VPC, "Associations": [], "Routes": [route] });
        add(account, "RouteTables", table);
    });
    assert_eq!(findings(&account, RULE), []);
}

#[test]
fn a_peer_whose_blocks_nobody_tells_is_unknown_until_it_is_described() {
    let account = spoilt(|account| {
        add(account, "VpcPeeringConnections", peering("active", &Value::Null));
        add_route(account, "10.28.0.0/14", "pcx-1");
    });
    assert_eq!(findings(&account, RULE), []);
    assert_eq!(unknown(&account, RULE), ["the blocks of vpc-peer, the other side of pcx-1, are not told"]);
    let back = json!([{ "DestinationCidrBlock": "10.20.0.0/16", "VpcPeeringConnectionId": "pcx-1" }]);
    let both = estate(&account, vec![other("vpc-peer", "10.28.0.0/14", &back)]);
    assert_eq!((findings(&both, RULE), unknown(&both, RULE)), (Vec::new(), Vec::new()));
}

#[test]
fn without_peerings_or_attachments_a_route_to_them_is_unknown_and_without_a_route_they_are_not_missed() {
    let without = |routed: Option<(&str, &str)>, member: &str| {
        spoilt(|account| {
            if let Some((destination, target)) = routed {
                add_route(account, destination, target);
            }
            account.as_object_mut().unwrap().remove(member).unwrap();
        })
    };
    let (peerings, attachments) = ("VpcPeeringConnections", "TransitGatewayVpcAttachments");
    let routed = without(Some(("10.0.0.0/8", "pcx-1")), peerings);
    assert_eq!(unknown(&routed, RULE), ["the snapshot has no VpcPeeringConnections"]);
    let routed = without(Some(("10.0.0.0/8", "tgw-1")), attachments);
    assert_eq!(unknown(&routed, RULE), ["the snapshot has no TransitGatewayVpcAttachments"]);
    assert_eq!(unknown(&without(None, peerings), RULE), [""; 0]);
    assert_eq!(unknown(&without(None, attachments), RULE), [""; 0]);
}

#[test]
fn a_peer_without_a_route_back_does_not_answer() {
    let account = peered("active", "10.30.0.0/16");
    let silent = json!([{ "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-9" }]);
    let finding = one(&estate(&account, vec![other("vpc-peer", "10.30.0.0/16", &silent)]), RULE);
    assert_eq!((finding.severity, ids(&finding)), (Severity::Medium, vec!["pcx-1", "rtb-0appa"]));
    assert!(finding.title.contains("routed one way"));
    let command = "aws ec2 create-route --route-table-id rtb-of-vpc-peer --destination-cidr-block 10.20.0.0/16";
    assert_eq!(finding.remedy.cli, [format!("{command} --vpc-peering-connection-id pcx-1 --region eu-west-1")]);
}

#[test]
fn a_peer_that_answers_to_a_part_or_by_another_way_answers() {
    let account = peered("active", "10.30.0.0/16");
    for routes in [
        json!([{ "DestinationCidrBlock": "10.20.16.0/24", "VpcPeeringConnectionId": "pcx-1" }]),
        json!([{ "DestinationCidrBlock": "10.0.0.0/8", "TransitGatewayId": "tgw-1" }]),
        json!([{ "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "vpce-0firewall" }]),
    ] {
        let both = estate(&account, vec![other("vpc-peer", "10.30.0.0/16", &routes)]);
        assert_eq!(findings(&both, RULE), []);
    }
    // Nobody described the peer: what it answers is not asked.
    assert_eq!(findings(&account, RULE), []);
}

#[test]
fn routes_to_a_connection_that_is_not_accepted_wait() {
    let finding = one(&peered("pending-acceptance", "10.0.0.0/8"), RULE);
    assert_eq!(finding.severity, Severity::Low);
    assert_eq!(finding.proof, ["pcx-1 is pending-acceptance", "rtb-0appa sends 10.0.0.0/8 to pcx-1"]);
    assert!(
        finding.remedy.cli[0].starts_with("aws ec2 accept-vpc-peering-connection --vpc-peering-connection-id pcx-1")
    );
    assert_eq!(findings(&peered("provisioning", "10.0.0.0/8"), RULE), []);
    // That one is a black hole.
    assert_eq!(findings(&peered("deleted", "10.0.0.0/8"), RULE), []);
}

#[test]
fn both_sides_of_a_connection_need_their_own_addresses() {
    let account = spoilt(|account| add(account, "VpcPeeringConnections", peering("active", &json!("10.20.128.0/17"))));
    let finding = one(&account, RULE);
    assert_eq!(ids(&finding), ["pcx-1", VPC, "vpc-peer"]);
    assert_eq!(finding.title, "both sides of pcx-1 claim 10.20.0.0/16");
}

fn attachment(vpc: &str) -> Value {
    json!({ "TransitGatewayAttachmentId": format!("tgw-attach-{vpc}"), "TransitGatewayId": "tgw-1", "VpcId": vpc, "State": "available" })
}

/// The account and another one on a transit gateway.
fn on_transit(block: &str, routes: &Value) -> Value {
    let account = spoilt(|account| {
        add(account, "TransitGatewayVpcAttachments", attachment(VPC));
        add_route(account, "10.0.0.0/8", "tgw-1");
    });
    let mut theirs = other("vpc-zz", block, routes);
    theirs["TransitGatewayVpcAttachments"] = json!([attachment("vpc-zz")]);
    estate(&account, vec![theirs])
}

fn to_transit() -> Value {
    json!([{ "DestinationCidrBlock": "0.0.0.0/0", "TransitGatewayId": "tgw-1" }])
}

#[test]
fn vpcs_of_one_transit_gateway_need_their_own_addresses() {
    let finding = one(&on_transit("10.20.128.0/17", &to_transit()), RULE);
    assert_eq!(ids(&finding), ["tgw-1", VPC, "vpc-zz"]);
    assert_eq!((finding.severity, finding.confidence), (Severity::Medium, Confidence::Medium));
    assert_eq!(finding.proof[..2], [format!("{VPC} has 10.20.0.0/16"), "vpc-zz has 10.20.128.0/17".to_owned()]);
}

#[test]
fn summaries_default_routes_and_blocks_that_are_meant_to_be_reused_are_normal_on_a_transit_gateway() {
    let normal = on_transit("10.40.0.0/16", &to_transit());
    assert_eq!((findings(&normal, RULE), unknown(&normal, RULE)), (Vec::new(), Vec::new()));
    // It is attached and sends nothing there.
    assert_eq!(findings(&on_transit("10.20.128.0/17", &json!([])), RULE), []);
    let mut pods = on_transit("100.64.0.0/16", &to_transit());
    let secondary = json!({ "CidrBlock": "100.64.0.0/16", "CidrBlockState": { "State": "associated" } });
    pods["regions"][0]["Vpcs"][0]["CidrBlockAssociationSet"].as_array_mut().unwrap().push(secondary);
    assert_eq!(findings(&pods, RULE), []);
}

#[test]
fn vpcs_of_a_transit_gateway_that_nobody_described_are_unknown_once() {
    let account = spoilt(|account| {
        for vpc in [VPC, "vpc-x", "vpc-y"] {
            add(account, "TransitGatewayVpcAttachments", attachment(vpc));
        }
    });
    assert_eq!(unknown(&account, RULE), ["the blocks of vpc-x, vpc-y, which tgw-1 connects, are not in the snapshot"]);
    assert_eq!(unknown(&clean(), RULE), [""; 0]);
}
