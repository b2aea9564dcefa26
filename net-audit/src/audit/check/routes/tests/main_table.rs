//! NET007.

use serde_json::{Value, json};

use super::{IGW, NAT_A, VPC, add_route, table};
use crate::audit::check::fixture::{add, findings, ids, one, spoilt, unknown, without};
use crate::audit::finding::Severity;
use crate::audit::rule::Rule;

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
    let finding = one(&account, Rule::PublicByDefault);
    assert_eq!(finding.severity, Severity::Medium);
    assert_eq!(ids(&finding), ["rtb-0main", "subnet-0publica00000"]);
    assert_eq!(finding.proof[0], format!("rtb-0main, the main route table of {VPC}, sends 0.0.0.0/0 to {IGW}"));
    assert_eq!(finding.blast_radius, "public-a (subnet-0publica00000): 1 load balancer, 1 NAT gateway");
    let cli = &finding.remedy.cli;
    assert!(cli[2].contains("associate-route-table --subnet-id subnet-0publica00000 --route-table-id \"$table\""));
    assert_eq!(
        cli[3],
        "aws ec2 delete-route --route-table-id rtb-0main --destination-cidr-block 0.0.0.0/0 --region eu-central-1"
    );
}

#[test]
fn a_main_table_that_nobody_relies_on_is_less_bad() {
    let account = spoilt(|account| add_route(account, "rtb-0main", to_internet()));
    let finding = one(&account, Rule::PublicByDefault);
    assert_eq!((finding.severity, ids(&finding)), (Severity::Low, vec!["rtb-0main"]));
    let blocked = spoilt(|account| {
        add_route(account, "rtb-0main", to_internet());
        account["Vpcs"][0]["BlockPublicAccessStates"] = json!({ "InternetGatewayBlockMode": "block-ingress" });
    });
    assert!(one(&blocked, Rule::PublicByDefault).title.contains("only Block Public Access keeps"));
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
    assert_eq!(one(&untouched, Rule::PublicByDefault).severity, Severity::Info);
    let used = spoilt(|account| {
        default_vpc(account);
        add(
            account,
            "NetworkInterfaces",
            json!({ "NetworkInterfaceId": "eni-9", "SubnetId": "subnet-default", "SourceDestCheck": true,
                "Attachment": { "InstanceId": "i-9" }, "PrivateIpAddress": "172.31.0.9" }),
        );
    });
    assert_eq!(one(&used, Rule::PublicByDefault).severity, Severity::Medium);
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
