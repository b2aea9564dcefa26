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
    let ended = |text: &str| format!("{text} --region eu-central-1");
    assert_eq!(
        cli[1],
        ended(&format!(
            "aws ec2 create-route --route-table-id \"$table\" --destination-cidr-block 0.0.0.0/0 --gateway-id {IGW}"
        ))
    );
    assert_eq!(cli[2], ended("aws ec2 describe-route-tables --route-table-ids \"$table\""));
    assert!(cli[3].contains("associate-route-table --subnet-id subnet-0publica00000 --route-table-id \"$table\""));
    assert_eq!(cli[4], ended("aws ec2 delete-route --route-table-id rtb-0main --destination-cidr-block 0.0.0.0/0"));
}

#[test]
fn whoever_leaves_the_main_table_keeps_all_its_other_routes() {
    let account = spoilt(|account| {
        add_route(account, "rtb-0main", to_internet());
        let active = |destination: &str, argument: &str, id: &str| json!({ "DestinationCidrBlock": destination, argument: id, "State": "active" });
        add_route(account, "rtb-0main", active("10.0.0.0/8", "TransitGatewayId", "tgw-1"));
        add_route(account, "rtb-0main", active("172.16.0.0/16", "VpcPeeringConnectionId", "pcx-1"));
        let mut propagated = active("192.168.0.0/16", "GatewayId", "vgw-1");
        propagated["Origin"] = json!("EnableVgwRoutePropagation");
        add_route(account, "rtb-0main", propagated);
        add_route(
            account,
            "rtb-0main",
            json!({ "DestinationPrefixListId": "pl-0s3", "GatewayId": "vpce-0s3000000000001", "State": "active" }),
        );
        // One subnet relies on the main table, the other was put on it.
        let public = table(account, "rtb-0public")["Associations"].take();
        let explicit: Vec<Value> = public
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["SubnetId"] == "subnet-0publicb00000")
            .cloned()
            .collect();
        table(account, "rtb-0public")["Associations"] = json!([]);
        table(account, "rtb-0main")["Associations"].as_array_mut().unwrap().extend(explicit);
    });
    let remedy = one(&account, Rule::PublicByDefault).remedy;
    let cli = remedy.cli.join("\n");
    for copied in [
        "--destination-cidr-block 10.0.0.0/8 --transit-gateway-id tgw-1",
        "--destination-cidr-block 172.16.0.0/16 --vpc-peering-connection-id pcx-1",
        "enable-vgw-route-propagation --route-table-id \"$table\" --gateway-id vgw-1",
        "modify-vpc-endpoint --vpc-endpoint-id vpce-0s3000000000001 --add-route-table-ids \"$table\"",
    ] {
        assert!(cli.contains(copied) && cli.find(copied) < cli.find("associate-route-table"), "{copied}: {cli}");
    }
    assert!(cli.contains("associate-route-table --subnet-id subnet-0publica00000"), "{cli}");
    assert!(cli.contains("replace-route-table-association"), "{cli}");
    assert!(cli.find("replace-route-table-association") < cli.find("delete-route "), "{cli}");
    let terraform = &remedy.terraform;
    for written in [
        "resource \"aws_route_table\" \"from_rtb_0main\"",
        "propagating_vgws = [\"vgw-1\"]",
        "resource \"aws_route_table_association\" \"subnet_0publica00000\"",
        "resource \"aws_route_table_association\" \"subnet_0publicb00000\"",
        "resource \"aws_vpc_endpoint_route_table_association\" \"from_rtb_0main_vpce_0s3000000000001\"",
    ] {
        assert_eq!(terraform.matches(written).count(), 1, "{written}: {terraform}");
    }
    // What the main table keeps is written too: Terraform takes the rest away.
    let (_, main) = terraform.split_once("aws_default_route_table").unwrap();
    assert!(main.contains("tgw-1") && main.contains("pcx-1") && !main.contains(IGW), "{main}");
    assert!(main.contains("[\"vgw-1\"]") && !main.contains("vpce-"), "{main}");
    assert!(main.contains("aws_route_table_association.subnet_0publica00000,"), "{main}");
}

#[test]
fn what_no_command_copies_keeps_the_subnets_where_they_are() {
    let account = spoilt(|account| {
        add_route(account, "rtb-0main", to_internet());
        add_route(
            account,
            "rtb-0main",
            json!({ "DestinationCidrBlock": "10.9.0.0/16", "InstanceId": "i-1", "State": "active" }),
        );
        let public = table(account, "rtb-0public")["Associations"].as_array_mut().unwrap();
        public.retain(|association| association["SubnetId"] != "subnet-0publica00000");
    });
    let remedy = one(&account, Rule::PublicByDefault).remedy;
    let cli = remedy.cli.join("\n");
    assert!(!cli.contains("associate-route-table") && !cli.contains("delete-route "), "{cli}");
    assert!(remedy.advice.contains("No command can be told for 10.9.0.0/16 to i-1"), "{}", remedy.advice);
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
