use serde_json::{Value, json};

use crate::audit::check::fixture::{add_interface, find, findings, ids, one, spoilt, unknown, without};
use crate::audit::finding::{Confidence, Finding, Severity};
use crate::audit::rule::Rule;

const RULE: Rule = Rule::PublicWithoutIntent;
const PUBLIC: &str = "subnet-0publica00000";
const APP: &str = "subnet-0appa00000001";
const DATABASE: &str = "subnet-0dba00000001";

fn named(account: &mut Value, subnet: &str, name: &str) {
    find(account, "Subnets", "SubnetId", subnet)["Tags"] = json!([{ "Key": "Name", "Value": name }]);
}

/// A subnet goes from its own table to one that leads to the internet gateway, and to other networks.
fn opened(account: &mut Value, subnet: &str, own: &str) {
    find(account, "Subnets", "SubnetId", subnet)["BlockPublicAccessStates"] =
        json!({ "InternetGatewayBlockMode": "off" });
    let associations = find(account, "RouteTables", "RouteTableId", own)["Associations"].as_array_mut().unwrap();
    associations.retain(|association| association["SubnetId"] != subnet);
    let table = json!({
        "RouteTableId": "rtb-0open", "VpcId": "vpc-0clean0000000001", "Associations": [{ "Main": false, "SubnetId": subnet }],
        "Routes": [
            { "DestinationCidrBlock": "10.20.0.0/16", "GatewayId": "local", "State": "active" },
            { "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-0clean0000000001", "State": "active" },
            { "DestinationCidrBlock": "10.0.0.0/8", "TransitGatewayId": "tgw-1", "State": "active" },
        ],
    });
    account["RouteTables"].as_array_mut().unwrap().push(table);
}

fn of(account: &Value, subnet: &str) -> Finding {
    let mut found = findings(account, RULE);
    found.retain(|finding| ids(finding)[0] == subnet);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

#[test]
fn a_subnet_with_a_nat_gateway_is_never_put_on_another_table() {
    let account = spoilt(|account| named(account, PUBLIC, "private-a"));
    let finding = one(&account, RULE);
    assert_eq!((finding.severity, finding.confidence), (Severity::Medium, Confidence::Low));
    assert!(finding.title.contains("only what belongs into a public subnet stands there"), "{}", finding.title);
    let show = "aws ec2 describe-network-interfaces --filters Name=subnet-id,Values=subnet-0publica00000 --region eu-central-1";
    assert_eq!(finding.remedy.cli, [show]);
    assert_eq!(finding.remedy.terraform, "");
    assert!(finding.remedy.advice.contains("first: 1 load balancer, 1 NAT gateway."), "{}", finding.remedy.advice);
}

#[test]
fn a_gateway_that_no_interface_shows_stands_there_too() {
    let account = spoilt(|account| {
        named(account, PUBLIC, "private-a");
        account["NetworkInterfaces"].as_array_mut().unwrap().retain(|interface| interface["SubnetId"] != PUBLIC);
    });
    assert!(of(&account, PUBLIC).remedy.cli.iter().all(|command| command.contains("describe")));
}

#[test]
fn names_that_say_both_say_nothing() {
    for name in ["public-app-a", "prod-public-db-a"] {
        let account = spoilt(|account| named(account, PUBLIC, name));
        assert_eq!(findings(&account, RULE), [], "{name}");
    }
    let camel = spoilt(|account| named(account, PUBLIC, "PrivateSubnet1"));
    assert_eq!(findings(&camel, RULE).len(), 1);
}

#[test]
fn a_private_subnet_goes_to_the_nat_gateway_of_its_zone_and_keeps_its_other_routes() {
    let finding = of(&spoilt(|account| opened(account, APP, "rtb-0appa")), APP);
    assert_eq!((finding.severity, finding.confidence), (Severity::High, Confidence::High));
    let cli = finding.remedy.cli.join("\n");
    assert!(cli.contains("--destination-cidr-block 0.0.0.0/0 --nat-gateway-id nat-0clean00000000a1"), "{cli}");
    assert!(cli.contains("--destination-cidr-block 10.0.0.0/8 --transit-gateway-id tgw-1"), "{cli}");
    assert!(cli.find("tgw-1") < cli.find("replace-route-table-association"), "{cli}");
    let terraform = &finding.remedy.terraform;
    assert!(
        terraform.contains("cidr_block         = \"10.0.0.0/8\"\n    transit_gateway_id = \"tgw-1\""),
        "{terraform}"
    );
}

#[test]
fn a_table_of_the_zone_that_has_all_other_routes_is_taken_as_it_is() {
    let account = spoilt(|account| {
        opened(account, APP, "rtb-0appa");
        named(account, "subnet-0publicb00000", "public");
        let route = json!({ "DestinationCidrBlock": "10.0.0.0/8", "TransitGatewayId": "tgw-1", "State": "active" });
        let table = find(account, "RouteTables", "RouteTableId", "rtb-0appb");
        table["Routes"].as_array_mut().unwrap().push(route);
        find(account, "Subnets", "SubnetId", "subnet-0appb00000001")["AvailabilityZone"] = json!("eu-central-1a");
    });
    let cli = of(&account, APP).remedy.cli.join("\n");
    assert!(cli.contains("--route-table-id rtb-0appb") && !cli.contains("create-route-table"), "{cli}");
}

#[test]
fn an_isolated_subnet_gets_no_way_to_the_internet() {
    let remedy = of(&spoilt(|account| opened(account, DATABASE, "rtb-0db")), DATABASE).remedy;
    let cli = remedy.cli.join("\n");
    assert!(!cli.contains("nat-") && !cli.contains("igw-") && !cli.contains("0.0.0.0/0"), "{cli}");
    assert!(cli.contains("--transit-gateway-id tgw-1"), "{cli}");
    assert!(remedy.advice.starts_with("Give it a route table without a way to the internet."), "{}", remedy.advice);
}

#[test]
fn what_has_a_public_address_is_not_cut_off() {
    let account = spoilt(|account| {
        opened(account, APP, "rtb-0appa");
        let members = json!({
            "Attachment": { "AttachmentId": "eni-attach-0", "Status": "attached", "InstanceId": "i-9" },
            "Association": { "PublicIp": "18.184.9.9", "IpOwnerId": "amazon" },
        });
        add_interface(account, "eni-9", APP, &members);
    });
    let remedy = of(&account, APP).remedy;
    assert!(remedy.cli.len() == 1 && remedy.cli[0].contains("describe-network-interfaces"), "{:?}", remedy.cli);
    assert!(remedy.advice.contains("1 instance"), "{}", remedy.advice);
}

#[test]
fn without_a_nat_gateway_elsewhere_one_is_to_be_made_first() {
    let account = spoilt(|account| {
        opened(account, APP, "rtb-0appa");
        account["NatGateways"] = json!([]);
    });
    let remedy = of(&account, APP).remedy;
    assert!(remedy.cli.len() == 1 && remedy.cli[0].contains("describe-"), "{:?}", remedy.cli);
    assert!(remedy.advice.contains("make one in a public subnet of its zone first"), "{}", remedy.advice);
}

#[test]
fn without_interfaces_only_subnets_that_say_nothing_are_unknown() {
    let account = spoilt(|account| {
        find(account, "Subnets", "SubnetId", "subnet-0publica00000")["Tags"] = json!([]);
        without(account, "NetworkInterfaces");
    });
    assert_eq!(unknown(&account, Rule::PublicWithoutIntent), ["the snapshot has no NetworkInterfaces"]);
    let account = spoilt(|account| without(account, "NetworkInterfaces"));
    assert_eq!(unknown(&account, Rule::PublicWithoutIntent), [""; 0]);
}
