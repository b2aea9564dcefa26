//! NET006.

use serde_json::{Value, json};

use super::{APP_A, IGW, NAT_A, NAT_B, VPC, add_route, attachment, nat, route, table};
use crate::address::prefix::Family;
use crate::audit::check::fixture::{add, find, findings, ids, one, spoilt, with_facts};
use crate::audit::finding::Severity;
use crate::audit::rule::Rule;
use crate::classify::class::Class;

#[test]
fn a_failed_nat_gateway_breaks_the_way_out_of_all_that_send_there() {
    let account = spoilt(|account| {
        nat(account, NAT_A)["State"] = "failed".into();
        route(account, "rtb-0appb", NAT_B)["NatGatewayId"] = NAT_A.into();
    });
    let finding = one(&account, Rule::BrokenEgress);
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
    let finding = one(&account, Rule::BrokenEgress);
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
    assert!(cli[3].ends_with("--nat-gateway-id \"$gateway\" --region eu-central-1"), "{cli:?}");
}

#[test]
fn without_any_public_subnet_the_nat_gateways_own_is_routed_to_the_internet() {
    let account = spoilt(|account| {
        table(account, "rtb-0public")["Routes"].as_array_mut().unwrap().pop();
    });
    let found = findings(&account, Rule::BrokenEgress);
    assert_eq!(found.len(), 2);
    let cli = &found[0].remedy.cli;
    assert!(cli[0].starts_with(&format!("table=$(aws ec2 create-route-table --vpc-id {VPC}")), "{cli:?}");
    assert!(cli[1].contains(&format!("--destination-cidr-block 0.0.0.0/0 --gateway-id {IGW}")), "{cli:?}");
    assert!(cli[4].contains("--association-id \"$association\" --route-table-id \"$table\""), "{cli:?}");
}

#[test]
fn a_table_that_only_the_nat_gateways_subnet_has_gets_the_route_itself() {
    let account = spoilt(|account| {
        table(account, "rtb-0public")["Routes"].as_array_mut().unwrap().pop();
        table(account, "rtb-0public")["Associations"].as_array_mut().unwrap().pop();
    });
    let found = findings(&account, Rule::BrokenEgress);
    let command = "aws ec2 create-route --route-table-id rtb-0public --destination-cidr-block 0.0.0.0/0";
    assert_eq!(found[0].remedy.cli, [format!("{command} --gateway-id {IGW} --region eu-central-1")]);
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
    assert_eq!(one(&alone, Rule::BrokenEgress).severity, Severity::High);
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
    let finding = one(&account, Rule::BrokenEgress);
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
    assert_eq!(one(&nowhere, Rule::BrokenEgress).resources[0].id, "vpce-0fw");
}

fn nat_instance(account: &mut Value, state: &str, checks: bool) {
    add(
        account,
        "NetworkInterfaces",
        json!({
            "NetworkInterfaceId": "eni-0fck", "SubnetId": "subnet-0publica00000", "SourceDestCheck": checks,
            "PrivateIpAddress": "10.20.0.77", "Attachment": { "InstanceId": "i-0fck", "Status": "attached" },
            "Association": { "PublicIp": "18.184.9.7" }, "Groups": [{ "GroupId": "sg-0app" }],
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
    let finding = one(&checks, Rule::BrokenEgress);
    let command = "aws ec2 modify-network-interface-attribute --network-interface-id eni-0fck";
    assert_eq!(finding.remedy.cli, [format!("{command} --no-source-dest-check --region eu-central-1")]);
    let stopped = spoilt(|account| nat_instance(account, "stopped", false));
    assert_eq!(
        one(&stopped, Rule::BrokenEgress).remedy.cli,
        ["aws ec2 start-instances --instance-ids i-0fck --region eu-central-1"]
    );
    let works = spoilt(|account| nat_instance(account, "running", false));
    assert_eq!(findings(&works, Rule::BrokenEgress), []);
    let unknown = spoilt(|account| {
        nat_instance(account, "running", false);
        find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0fck")["Association"] = Value::Null;
    });
    let command = "aws ec2 associate-address --network-interface-id eni-0fck --allocation-id";
    assert!(one(&unknown, Rule::BrokenEgress).remedy.cli[1].starts_with(command));
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
    let finding = one(&dual("vpc-other"), Rule::BrokenEgress);
    assert_eq!(ids(&finding), ["eigw-1", "rtb-0appa", APP_A]);
    assert!(
        finding.remedy.cli[1]
            .contains("--destination-ipv6-cidr-block ::/0 --egress-only-internet-gateway-id \"$gateway\"")
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
