//! How what NET005 and NET006 find is repaired.

use serde_json::{Value, json};

use super::{IGW, NAT_A, NAT_B, VPC, add_route, nat, route, table};
use crate::audit::check::fixture::{add_interface, everything, find, findings, ids, one, spoilt, unknown, without};
use crate::audit::finding::{Confidence, Severity};
use crate::audit::rule::Rule;

fn gone() -> Value {
    json!({ "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-0gone", "State": "blackhole" })
}

#[test]
fn subnets_that_are_meant_to_be_isolated_are_given_no_way_out() {
    let remedy = one(&spoilt(|account| add_route(account, "rtb-0db", gone())), Rule::BlackholeRoute).remedy;
    let command = "aws ec2 delete-route --route-table-id rtb-0db --destination-cidr-block 0.0.0.0/0";
    assert_eq!(remedy.cli, [format!("{command} --region eu-central-1")]);
    assert!(remedy.advice.contains("are meant to have no way to the internet"), "{}", remedy.advice);
}

#[test]
fn subnets_of_one_table_that_are_not_meant_alike_are_divided_first() {
    let account = spoilt(|account| {
        add_route(account, "rtb-0db", gone());
        find(account, "Subnets", "SubnetId", "subnet-0dbb00000001")["Tags"] = json!([]);
    });
    let remedy = one(&account, Rule::BlackholeRoute).remedy;
    assert_eq!(remedy.cli, ["aws ec2 describe-route-tables --route-table-ids rtb-0db --region eu-central-1"]);
}

/// Both zones send by one table to a gateway that is gone.
fn shared(account: &mut Value) {
    account["RouteTables"].as_array_mut().unwrap().retain(|table| table["RouteTableId"] != "rtb-0appb");
    let other = json!({ "Main": false, "SubnetId": "subnet-0appb00000001" });
    table(account, "rtb-0appa")["Associations"].as_array_mut().unwrap().push(other);
    let dead = route(account, "rtb-0appa", NAT_A);
    dead["NatGatewayId"] = json!("nat-0gone");
    dead["State"] = json!("blackhole");
}

#[test]
fn each_zone_is_sent_to_the_gateway_that_stands_in_it() {
    let remedy = one(&spoilt(shared), Rule::BlackholeRoute).remedy;
    let cli = remedy.cli.join("\n");
    let (first, then) = cli.split_once("create-route-table").unwrap();
    assert!(first.contains("replace-route ") && first.contains(NAT_B), "{cli}");
    assert!(then.contains(NAT_A) && !then.contains(NAT_B) && then.contains("subnet-0appa00000001"), "{cli}");
    assert!(then.contains("--vpc-endpoint-id vpce-0s3000000000001 --add-route-table-ids"), "{cli}");
}

#[test]
fn a_zone_without_a_gateway_is_told_what_the_other_zones_costs() {
    let account = spoilt(|account| {
        shared(account);
        nat(account, NAT_A)["State"] = json!("failed");
    });
    let remedy = one(&account, Rule::BlackholeRoute).remedy;
    assert!(remedy.cli.len() == 1 && remedy.cli[0].contains(NAT_B), "{:?}", remedy.cli);
    assert!(remedy.advice.contains("no other works in eu-central-1a"), "{}", remedy.advice);
}

fn detached(account: &mut Value) {
    find(account, "InternetGateways", "InternetGatewayId", IGW)["Attachments"] = json!([]);
}

#[test]
fn an_internet_gateway_that_is_not_attached_is_told_once_and_attached() {
    let account = spoilt(|account| {
        detached(account);
        route(account, "rtb-0public", IGW)["State"] = json!("blackhole");
    });
    let finding = one(&account, Rule::BlackholeRoute);
    let attach = format!("aws ec2 attach-internet-gateway --internet-gateway-id {IGW} --vpc-id {VPC}");
    assert_eq!(finding.remedy.cli, [format!("{attach} --region eu-central-1")]);
    assert!(finding.blast_radius.contains("goes out by NAT gateways there"), "{}", finding.blast_radius);
    assert!(finding.blast_radius.ends_with("2 ECS tasks"), "{}", finding.blast_radius);
    for rule in [Rule::BrokenEgress, Rule::UselessPublicAddress] {
        assert_eq!(findings(&account, rule), []);
    }
}

#[test]
fn tables_that_lead_to_the_same_detached_gateway_are_one_finding() {
    let account = spoilt(|account| {
        detached(account);
        let mut other = table(account, "rtb-0public").clone();
        other["RouteTableId"] = json!("rtb-0publicb");
        other["Associations"].as_array_mut().unwrap().remove(0);
        table(account, "rtb-0public")["Associations"].as_array_mut().unwrap().pop();
        account["RouteTables"].as_array_mut().unwrap().push(other);
    });
    let finding = one(&account, Rule::BlackholeRoute);
    assert_eq!(ids(&finding)[..3], ["rtb-0public", "rtb-0publicb", IGW]);
    assert_eq!((finding.proof.len(), finding.remedy.cli.len()), (2, 1));
    assert!(finding.title.contains("send 0.0.0.0/0 (everything outside) to igw-"), "{}", finding.title);
    assert_eq!(findings(&account, Rule::BrokenEgress), []);
}

#[test]
fn a_nat_gateway_that_failed_is_told_though_the_internet_gateway_is_detached() {
    let account = spoilt(|account| {
        detached(account);
        nat(account, NAT_A)["State"] = json!("failed");
    });
    assert_eq!(one(&account, Rule::BrokenEgress).resources[0].id, NAT_A);
}

#[test]
fn what_another_gateway_has_replaced_is_not_attached() {
    let account = spoilt(|account| {
        detached(account);
        let attachments = json!([{ "VpcId": VPC, "State": "available" }]);
        let other = json!({ "InternetGatewayId": "igw-other", "Attachments": attachments });
        account["InternetGateways"].as_array_mut().unwrap().push(other);
    });
    let cli = one(&account, Rule::BlackholeRoute).remedy.cli;
    assert!(cli.iter().all(|command| !command.contains("attach-internet-gateway")), "{cli:?}");
}

/// A function's interface in a public subnet.
fn function(account: &mut Value, members: &Value) {
    let mut all = json!({ "InterfaceType": "lambda", "Description": "AWS Lambda VPC ENI-report-1a2b3c4d-1111-2222-3333-444455556666" });
    all.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    add_interface(account, "eni-function", "subnet-0publica00000", &all);
}

#[test]
fn a_function_has_no_way_out_by_an_internet_gateway() {
    let finding = one(&spoilt(|account| function(account, &json!({}))), Rule::BrokenEgress);
    assert_eq!((finding.severity, finding.confidence), (Severity::Medium, Confidence::Medium));
    assert_eq!(finding.resources[0].id, "eni-function");
    assert!(finding.proof.contains(&format!("rtb-0public sends 0.0.0.0/0 to {IGW}")), "{:?}", finding.proof);
    assert!(finding.remedy.advice.contains("subnet-0appa00000001"), "{}", finding.remedy.advice);
    assert!(finding.remedy.cli.iter().all(|command| command.contains(" describe-")));
}

#[test]
fn who_goes_out_by_ipv6_or_by_endpoints_may_need_no_public_address() {
    let account = spoilt(|account| function(account, &json!({ "Ipv6Addresses": [{ "Ipv6Address": "2a05:d014::9" }] })));
    assert_eq!(findings(&account, Rule::BrokenEgress), []);
    let account = spoilt(|account| {
        function(account, &json!({}));
        let endpoint = json!({
            "VpcEndpointId": "vpce-ecr", "VpcEndpointType": "Interface", "VpcId": VPC, "State": "available",
            "ServiceName": "com.amazonaws.eu-central-1.ecr.dkr",
        });
        account["VpcEndpoints"].as_array_mut().unwrap().push(endpoint);
    });
    assert_eq!(one(&account, Rule::BrokenEgress).severity, Severity::Low);
}

#[test]
fn without_interfaces_it_is_not_known_who_lacks_an_address() {
    let account = spoilt(|account| without(account, "NetworkInterfaces"));
    assert_eq!(unknown(&account, Rule::BrokenEgress), ["the snapshot has no NetworkInterfaces"]);
    assert!(everything(&account).0.iter().all(|finding| finding.rule != Rule::BrokenEgress));
}
