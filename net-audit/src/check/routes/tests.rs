//! NET005 to NET007 on an account that is spoilt in one way at a time.

use serde_json::{Value, json};

use crate::check::fixture::{add, find, findings, spoilt, unknown, with_facts};
use crate::class::Class;
use crate::finding::{Finding, Severity};
use crate::prefix::Family;
use crate::rule::Rule;

const VPC: &str = "vpc-0clean0000000001";
const APP_A: &str = "subnet-0appa00000001";
const NAT_A: &str = "nat-0clean00000000a1";
const NAT_B: &str = "nat-0clean00000000b1";
const IGW: &str = "igw-0clean0000000001";

fn table<'v>(account: &'v mut Value, id: &str) -> &'v mut Value {
    find(account, "RouteTables", "RouteTableId", id)
}

fn route<'v>(account: &'v mut Value, owner: &str, target: &str) -> &'v mut Value {
    let routes = table(account, owner)["Routes"].as_array_mut().unwrap();
    routes.iter_mut().find(|route| route.to_string().contains(target)).unwrap()
}

fn add_route(account: &mut Value, owner: &str, route: Value) {
    table(account, owner)["Routes"].as_array_mut().unwrap().push(route);
}

fn nat<'v>(account: &'v mut Value, id: &str) -> &'v mut Value {
    find(account, "NatGateways", "NatGatewayId", id)
}

fn ids(finding: &Finding) -> Vec<&str> {
    finding.resources.iter().map(|resource| resource.id.as_str()).collect()
}

fn only(account: &Value, rule: Rule) -> Finding {
    let mut found = findings(account, rule);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

fn without(account: &mut Value, member: &str) {
    account.as_object_mut().unwrap().remove(member).unwrap();
}

#[test]
fn a_black_hole_tells_who_loses_what_and_where_to_send_it() {
    let account = spoilt(|account| {
        account["NatGateways"].as_array_mut().unwrap().retain(|gateway| gateway["NatGatewayId"] != NAT_A);
        route(account, "rtb-0appa", NAT_A)["State"] = "blackhole".into();
    });
    let finding = only(&account, Rule::BlackholeRoute);
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
    assert_eq!(finding.blast_radius, format!("app-a ({APP_A}) lose 0.0.0.0/0 (everything outside): 1 ECS task"));
    let command = "aws ec2 replace-route --route-table-id rtb-0appa --destination-cidr-block 0.0.0.0/0";
    assert_eq!(finding.remedy.cli, [format!("{command} --nat-gateway-id {NAT_B} --region eu-central-1")]);
    assert!(finding.remedy.terraform.contains(&format!("nat_gateway_id = \"{NAT_B}\"")));
    assert_eq!(findings(&account, Rule::BrokenEgress), []);
}

#[test]
fn a_target_that_is_known_to_be_gone_is_one_even_if_the_route_does_not_say_so() {
    let deleted = spoilt(|account| nat(account, NAT_A)["State"] = "deleted".into());
    assert_eq!(
        only(&deleted, Rule::BlackholeRoute).proof,
        [format!("rtb-0appa sends 0.0.0.0/0 to {NAT_A}, and {NAT_A} is deleted")]
    );
    assert_eq!(findings(&deleted, Rule::BrokenEgress), []);

    let detached = spoilt(|account| {
        find(account, "InternetGateways", "InternetGatewayId", IGW)["Attachments"] = json!([]);
    });
    let finding = only(&detached, Rule::BlackholeRoute);
    assert_eq!(ids(&finding), ["rtb-0public", IGW, "subnet-0publica00000", "subnet-0publicb00000"]);

    let deleted = spoilt(|account| {
        find(account, "VpcEndpoints", "VpcEndpointId", "vpce-0s3000000000001")["State"] = "deleted".into();
    });
    assert_eq!(findings(&deleted, Rule::BlackholeRoute).len(), 3);
}

fn peering(status: &str) -> Value {
    json!({
        "VpcPeeringConnectionId": "pcx-1", "Status": { "Code": status },
        "RequesterVpcInfo": { "VpcId": VPC, "CidrBlock": "10.20.0.0/16" },
        "AccepterVpcInfo": { "VpcId": "vpc-peer", "CidrBlock": "10.30.0.0/16" },
    })
}

fn attachment(state: &str) -> Value {
    json!({ "TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1", "VpcId": VPC, "State": state })
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
    assert!(found[0].blast_radius.contains("lose 10.30.0.0/16: 1 ECS task"));
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
    let finding = only(&orphan, Rule::BlackholeRoute);
    assert_eq!((finding.severity, finding.blast_radius.as_str()), (Severity::Low, "no subnet uses the table"));

    let shaded = spoilt(|account| {
        let dead =
            json!({ "DestinationCidrBlock": "0.0.0.0/0", "VpcPeeringConnectionId": "pcx-9", "State": "blackhole" });
        add_route(account, "rtb-0db", dead);
        for half in ["0.0.0.0/1", "128.0.0.0/1"] {
            add_route(account, "rtb-0db", json!({ "DestinationCidrBlock": half, "GatewayId": "vgw-1" }));
        }
    });
    let finding = only(&shaded, Rule::BlackholeRoute);
    assert_eq!(finding.severity, Severity::Low);
    assert_eq!(finding.blast_radius, "nothing is lost: better routes take all of these addresses");
}

#[test]
fn a_table_with_subnets_in_which_nothing_sits_is_less_bad() {
    let account = spoilt(|account| {
        account["NetworkInterfaces"].as_array_mut().unwrap().retain(|interface| interface["SubnetId"] != APP_A);
        route(account, "rtb-0appa", NAT_A)["State"] = "blackhole".into();
    });
    assert_eq!(only(&account, Rule::BlackholeRoute).severity, Severity::Medium);
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
    let finding = only(&account, Rule::BlackholeRoute);
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

#[test]
fn a_failed_nat_gateway_breaks_the_way_out_of_all_that_send_there() {
    let account = spoilt(|account| {
        nat(account, NAT_A)["State"] = "failed".into();
        route(account, "rtb-0appb", NAT_B)["NatGatewayId"] = NAT_A.into();
    });
    let finding = only(&account, Rule::BrokenEgress);
    assert_eq!(finding.severity, Severity::High);
    assert_eq!(ids(&finding), [NAT_A, "rtb-0appa", "rtb-0appb", APP_A, "subnet-0appb00000001"]);
    assert_eq!(finding.title, format!("nat-a ({NAT_A}) carries nothing to the internet: {NAT_A} is failed"));
    assert_eq!(finding.availability_zones, ["eu-central-1a", "eu-central-1b"]);
    assert!(finding.blast_radius.ends_with("2 ECS tasks"), "{}", finding.blast_radius);
    assert_eq!(finding.remedy.cli.len(), 2);
    let command = "aws ec2 replace-route --route-table-id rtb-0appb --destination-cidr-block 0.0.0.0/0";
    assert_eq!(finding.remedy.cli[1], format!("{command} --nat-gateway-id {NAT_B} --region eu-central-1"));
    assert_eq!(findings(&account, Rule::BlackholeRoute), []);
}

#[test]
fn a_nat_gateway_that_is_being_made_needs_patience_only() {
    let account = spoilt(|account| nat(account, NAT_A)["State"] = "pending".into());
    let finding = only(&account, Rule::BrokenEgress);
    assert_eq!(finding.severity, Severity::Low);
    assert_eq!(
        finding.remedy.cli,
        [format!("aws ec2 wait nat-gateway-available --nat-gateway-ids {NAT_A} --region eu-central-1")]
    );
}

#[test]
fn a_nat_gateway_in_the_subnet_that_sends_to_it_is_broken() {
    let account = spoilt(|account| {
        nat(account, NAT_A)["SubnetId"] = APP_A.into();
        // The only one that worked is gone with its subnet's way out.
        nat(account, NAT_B)["SubnetId"] = "subnet-0dbb00000001".into();
    });
    let found = findings(&account, Rule::BrokenEgress);
    assert_eq!(found.iter().map(|finding| finding.resources[0].id.as_str()).collect::<Vec<_>>(), [NAT_A, NAT_B]);
    assert_eq!(
        found[0].proof,
        [format!("rtb-0appa sends 0.0.0.0/0 to {NAT_A}, and {NAT_A} is in {APP_A}, which is isolated")]
    );
    let cli = &found[0].remedy.cli;
    assert!(cli[1].contains("--subnet-id subnet-0publica00000"), "{cli:?}");
    assert!(cli[3].ends_with("--nat-gateway-id $NAT --region eu-central-1"), "{cli:?}");
}

#[test]
fn without_any_public_subnet_the_nat_gateways_own_is_routed_to_the_internet() {
    let account = spoilt(|account| {
        table(account, "rtb-0public")["Routes"].as_array_mut().unwrap().pop();
    });
    let found = findings(&account, Rule::BrokenEgress);
    assert_eq!(found.len(), 2);
    let cli = &found[0].remedy.cli;
    assert!(cli[0].starts_with(&format!("TABLE=$(aws ec2 create-route-table --vpc-id {VPC}")), "{cli:?}");
    assert!(cli[1].contains(&format!("--destination-cidr-block 0.0.0.0/0 --gateway-id {IGW}")), "{cli:?}");
    assert!(cli[2].contains("replace-route-table-association --route-table-id $TABLE"), "{cli:?}");
}

#[test]
fn a_private_nat_gateway_in_front_of_another_network_is_a_way_out() {
    let routed = |account: &mut Value| {
        nat(account, NAT_A)["ConnectivityType"] = "private".into();
        nat(account, NAT_A)["SubnetId"] = "subnet-0dba00000001".into();
        add(account, "TransitGatewayVpcAttachments", attachment("available"));
        add_route(account, "rtb-0db", json!({ "DestinationCidrBlock": "0.0.0.0/0", "TransitGatewayId": "tgw-1" }));
    };
    let account = spoilt(routed);
    assert_eq!(findings(&account, Rule::BrokenEgress), []);
    assert_eq!(with_facts(&account, |facts| facts.class(APP_A, Family::Ipv4)), Class::PrivateRouted);
    let alone = spoilt(|account| nat(account, NAT_A)["ConnectivityType"] = "private".into());
    assert_eq!(only(&alone, Rule::BrokenEgress).severity, Severity::High);
}

fn firewall(account: &mut Value, place: &str, state: &str) {
    add(
        account,
        "VpcEndpoints",
        json!({ "VpcEndpointId": "vpce-0fw", "VpcEndpointType": "GatewayLoadBalancer", "VpcId": VPC, "State": state, "SubnetIds": [place] }),
    );
    let default = route(account, "rtb-0appa", NAT_A);
    *default = json!({ "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "vpce-0fw" });
}

#[test]
fn a_firewall_endpoint_that_is_not_available_breaks_the_way_out() {
    let account = spoilt(|account| firewall(account, "subnet-0dba00000001", "pendingAcceptance"));
    let finding = only(&account, Rule::BrokenEgress);
    assert_eq!((finding.severity, finding.resources[0].id.as_str()), (Severity::High, "vpce-0fw"));
    assert!(finding.remedy.advice.contains("accept"));
}

#[test]
fn central_inspection_is_no_broken_way_out() {
    // Firewall, then NAT: egress. Firewall, then transit gateway: between networks only, the default route is short for them.
    let egress = spoilt(|account| firewall(account, "subnet-0appb00000001", "available"));
    assert_eq!(findings(&egress, Rule::BrokenEgress), []);
    let between = spoilt(|account| {
        firewall(account, "subnet-0dba00000001", "available");
        add(account, "TransitGatewayVpcAttachments", attachment("available"));
        add_route(account, "rtb-0db", json!({ "DestinationCidrBlock": "10.0.0.0/8", "TransitGatewayId": "tgw-1" }));
    });
    assert_eq!(findings(&between, Rule::BrokenEgress), []);
    let nowhere = spoilt(|account| firewall(account, "subnet-0dba00000001", "available"));
    assert_eq!(only(&nowhere, Rule::BrokenEgress).resources[0].id, "vpce-0fw");
}

fn nat_instance(account: &mut Value, state: &str, checks: bool) {
    add(
        account,
        "NetworkInterfaces",
        json!({
            "NetworkInterfaceId": "eni-0fck", "SubnetId": "subnet-0publica00000", "SourceDestCheck": checks,
            "PrivateIpAddress": "10.20.0.77", "Attachment": { "InstanceId": "i-0fck", "Status": "attached" },
        }),
    );
    let instance = json!({ "InstanceId": "i-0fck", "SubnetId": "subnet-0publica00000", "State": { "Name": state } });
    add(account, "Reservations", json!({ "Instances": [instance] }));
    let default = route(account, "rtb-0appa", NAT_A);
    *default = json!({ "DestinationCidrBlock": "0.0.0.0/0", "NetworkInterfaceId": "eni-0fck", "InstanceId": "i-0fck" });
}

#[test]
fn a_nat_instance_has_to_run_and_to_forward() {
    let checks = spoilt(|account| nat_instance(account, "running", true));
    let finding = only(&checks, Rule::BrokenEgress);
    let command = "aws ec2 modify-network-interface-attribute --network-interface-id eni-0fck";
    assert_eq!(finding.remedy.cli, [format!("{command} --no-source-dest-check --region eu-central-1")]);
    let stopped = spoilt(|account| nat_instance(account, "stopped", false));
    assert_eq!(
        only(&stopped, Rule::BrokenEgress).remedy.cli,
        ["aws ec2 start-instances --instance-ids i-0fck --region eu-central-1"]
    );
    let works = spoilt(|account| nat_instance(account, "running", false));
    assert_eq!(findings(&works, Rule::BrokenEgress), []);
}

#[test]
fn block_public_access_both_ways_stops_nat_gateways_too() {
    let account = spoilt(|account| {
        for subnet in account["Subnets"].as_array_mut().unwrap() {
            subnet["BlockPublicAccessStates"]["InternetGatewayBlockMode"] = "block-bidirectional".into();
        }
    });
    let found = findings(&account, Rule::BrokenEgress);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].severity, Severity::Medium);
    let command = "aws ec2 create-vpc-block-public-access-exclusion --subnet-id subnet-0publica00000";
    assert_eq!(
        found[0].remedy.cli,
        [format!("{command} --internet-gateway-exclusion-mode allow-egress --region eu-central-1")]
    );
}

#[test]
fn an_egress_only_gateway_of_another_vpc_leads_nowhere() {
    let dual = |vpc: &str| {
        spoilt(|account| {
            find(account, "Subnets", "SubnetId", APP_A)["Ipv6CidrBlockAssociationSet"] =
                json!([{ "Ipv6CidrBlock": "2a05:d014::/64", "Ipv6CidrBlockState": { "State": "associated" } }]);
            let gateway = json!({ "EgressOnlyInternetGatewayId": "eigw-1", "Attachments": [{ "VpcId": vpc, "State": "attached" }] });
            add(account, "EgressOnlyInternetGateways", gateway);
            let route = json!({ "DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1" });
            add_route(account, "rtb-0appa", route);
        })
    };
    assert_eq!(findings(&dual(VPC), Rule::BrokenEgress), []);
    let finding = only(&dual("vpc-other"), Rule::BrokenEgress);
    assert_eq!(ids(&finding), ["eigw-1", "rtb-0appa", APP_A]);
    assert!(
        finding.remedy.cli[1].contains("--destination-ipv6-cidr-block ::/0 --egress-only-internet-gateway-id $GATEWAY")
    );
}

#[test]
fn a_public_subnet_without_public_addresses_is_not_broken() {
    let account = spoilt(|account| {
        for interface in account["NetworkInterfaces"].as_array_mut().unwrap() {
            interface.as_object_mut().unwrap().remove("Association");
            interface["PrivateIpAddresses"] = json!([]);
        }
    });
    assert_eq!(findings(&account, Rule::BrokenEgress), []);
}

fn to_internet() -> Value {
    json!({ "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": IGW, "State": "active" })
}

#[test]
fn a_main_table_that_leads_to_the_internet_makes_subnets_public_by_default() {
    let account = spoilt(|account| {
        add_route(account, "rtb-0main", to_internet());
        let public = table(account, "rtb-0public")["Associations"].as_array_mut().unwrap();
        public.retain(|association| association["SubnetId"] != "subnet-0publica00000");
    });
    let finding = only(&account, Rule::PublicByDefault);
    assert_eq!(finding.severity, Severity::Medium);
    assert_eq!(ids(&finding), ["rtb-0main", "subnet-0publica00000"]);
    assert_eq!(finding.proof[0], format!("rtb-0main, the main route table of {VPC}, sends 0.0.0.0/0 to {IGW}"));
    assert_eq!(finding.blast_radius, "public-a (subnet-0publica00000): 1 NAT gateway, 1 load balancer");
    let cli = &finding.remedy.cli;
    assert!(cli[2].contains("associate-route-table --route-table-id $TABLE --subnet-id subnet-0publica00000"));
    assert_eq!(
        cli[3],
        "aws ec2 delete-route --route-table-id rtb-0main --destination-cidr-block 0.0.0.0/0 --region eu-central-1"
    );
}

#[test]
fn a_main_table_that_nobody_relies_on_is_less_bad() {
    let account = spoilt(|account| add_route(account, "rtb-0main", to_internet()));
    let finding = only(&account, Rule::PublicByDefault);
    assert_eq!((finding.severity, ids(&finding)), (Severity::Low, vec!["rtb-0main"]));
    let blocked = spoilt(|account| {
        add_route(account, "rtb-0main", to_internet());
        account["Vpcs"][0]["BlockPublicAccessStates"] = json!({ "InternetGatewayBlockMode": "block-ingress" });
    });
    assert!(only(&blocked, Rule::PublicByDefault).title.contains("only Block Public Access keeps"));
}

#[test]
fn a_main_table_may_lead_to_a_nat_gateway_or_to_private_addresses() {
    let account = spoilt(|account| {
        add_route(account, "rtb-0main", json!({ "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": NAT_A }));
        add_route(account, "rtb-0main", json!({ "DestinationCidrBlock": "172.16.0.0/12", "GatewayId": IGW }));
    });
    assert_eq!(findings(&account, Rule::PublicByDefault), []);
}

/// What AWS makes with an account.
fn default_vpc(account: &mut Value) {
    add(
        account,
        "Vpcs",
        json!({ "VpcId": "vpc-default", "OwnerId": "111122223333", "CidrBlock": "172.31.0.0/16", "IsDefault": true }),
    );
    let subnet = json!({
        "SubnetId": "subnet-default", "VpcId": "vpc-default", "AvailabilityZone": "eu-central-1a", "CidrBlock": "172.31.0.0/20",
        "BlockPublicAccessStates": { "InternetGatewayBlockMode": "off" },
    });
    add(account, "Subnets", subnet);
    let attachments = json!([{ "VpcId": "vpc-default", "State": "available" }]);
    add(account, "InternetGateways", json!({ "InternetGatewayId": "igw-default", "Attachments": attachments }));
    let route = json!({ "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-default", "State": "active" });
    let main = json!({ "RouteTableId": "rtb-default", "VpcId": "vpc-default", "Associations": [{ "Main": true }], "Routes": [route] });
    add(account, "RouteTables", main);
}

#[test]
fn a_default_vpc_is_awss_own_doing_until_something_sits_in_it() {
    let untouched = spoilt(default_vpc);
    assert_eq!(only(&untouched, Rule::PublicByDefault).severity, Severity::Info);
    let used = spoilt(|account| {
        default_vpc(account);
        add(
            account,
            "NetworkInterfaces",
            json!({ "NetworkInterfaceId": "eni-9", "SubnetId": "subnet-default", "SourceDestCheck": true,
                "Attachment": { "InstanceId": "i-9" }, "PrivateIpAddress": "172.31.0.9" }),
        );
    });
    assert_eq!(only(&used, Rule::PublicByDefault).severity, Severity::Medium);
}

#[test]
fn without_main_table_or_gateways_it_cannot_be_said_what_is_public_by_default() {
    let account = spoilt(|account| {
        account["RouteTables"].as_array_mut().unwrap().retain(|table| table["RouteTableId"] != "rtb-0main");
    });
    assert_eq!(unknown(&account, Rule::PublicByDefault), [format!("the snapshot has no main route table of {VPC}")]);
    let account = spoilt(|account| {
        add_route(account, "rtb-0main", to_internet());
        without(account, "InternetGateways");
    });
    assert_eq!(unknown(&account, Rule::PublicByDefault), ["the snapshot has no InternetGateways"]);
}

/// The account as others of the organisation see it, each by its own number, the one that is asked first.
fn seen_by(account: &Value, numbers: &[&str]) -> Value {
    let seen = numbers.iter().map(|number| {
        let mut region = account.clone();
        region["account"] = (*number).into();
        region
    });
    json!({ "schema": crate::snapshot::SCHEMA, "regions": seen.collect::<Vec<_>>() })
}

#[test]
fn what_is_wrong_with_a_shared_vpc_is_told_to_its_owner_if_that_one_is_asked_too() {
    let account = spoilt(|account| route(account, "rtb-0appa", NAT_A)["State"] = "blackhole".into());
    let owner = "111122223333";
    assert_eq!(findings(&seen_by(&account, &["444455556666", owner]), Rule::BlackholeRoute), []);
    assert_eq!(findings(&seen_by(&account, &[owner, "444455556666"]), Rule::BlackholeRoute).len(), 1);
    assert_eq!(findings(&seen_by(&account, &["444455556666"]), Rule::BlackholeRoute).len(), 1);
}
