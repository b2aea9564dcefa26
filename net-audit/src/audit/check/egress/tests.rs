use serde_json::{Value, json};

use crate::audit::check::fixture::{add, find, findings, ids, spoilt, unknown, without};
use crate::audit::finding::{Confidence, Severity};
use crate::audit::rule::Rule;

const RULE: Rule = Rule::NeedlessEgress;

/// The databases' table leads to a NAT gateway.
fn opened(account: &mut Value) {
    let route = json!({
        "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-0clean00000000a1", "Origin": "CreateRoute", "State": "active",
    });
    find(account, "RouteTables", "RouteTableId", "rtb-0db")["Routes"].as_array_mut().unwrap().push(route);
}

fn named(account: &mut Value, subnet: &str, name: &str) {
    find(account, "Subnets", "SubnetId", subnet)["Tags"] = json!([{"Key": "Name", "Value": name}]);
}

#[test]
fn a_tier_of_databases_with_a_way_out_is_found() {
    let found = findings(&spoilt(opened), RULE);
    assert_eq!(found.len(), 1);
    let finding = &found[0];
    assert_eq!((finding.severity, finding.confidence), (Severity::Medium, Confidence::High));
    assert_eq!(ids(finding), ["rtb-0db", "subnet-0dba00000001", "subnet-0dbb00000001"]);
    assert!(finding.proof[0].starts_with("rtb-0db sends 0.0.0.0/0 to nat-0clean00000000a1: "), "{:?}", finding.proof);
    assert_eq!(finding.blast_radius, "1 database");
    let delete =
        "aws ec2 delete-route --route-table-id rtb-0db --destination-cidr-block 0.0.0.0/0 --region eu-central-1";
    assert_eq!(finding.remedy.cli, [delete]);
}

#[test]
fn databases_in_the_applications_table_get_one_of_their_own() {
    let account = spoilt(|account| {
        let tables = account["RouteTables"].as_array_mut().unwrap();
        tables.retain(|table| table["RouteTableId"] != "rtb-0db");
        let table = find(account, "RouteTables", "RouteTableId", "rtb-0appa");
        for subnet in ["subnet-0dba00000001", "subnet-0dbb00000001"] {
            table["Associations"].as_array_mut().unwrap().push(json!({"Main": false, "SubnetId": subnet}));
        }
    });
    let found = findings(&account, RULE);
    assert_eq!(ids(&found[0]), ["subnet-0dba00000001", "subnet-0dbb00000001", "rtb-0appa"]);
    let cli = found[0].remedy.cli.join("\n");
    assert!(!cli.contains("delete-route") && !cli.contains("0appa00000001"), "{cli}");
    assert!(cli.contains("create-route-table --vpc-id vpc-0clean0000000001"), "{cli}");
    // The way to S3 stays, the way to the internet does not come along.
    let endpoint = "--vpc-endpoint-id vpce-0s3000000000001 --add-route-table-ids \"$table\"";
    assert!(cli.contains(endpoint) && !cli.contains("0.0.0.0/0"), "{cli}");
}

#[test]
fn only_databases_make_a_tier_whatever_it_is_called() {
    let account = spoilt(|account| {
        opened(account);
        for subnet in ["subnet-0dba00000001", "subnet-0dbb00000001"] {
            named(account, subnet, "blue");
        }
    });
    assert_eq!(findings(&account, RULE)[0].confidence, Confidence::Medium);
}

#[test]
fn a_name_that_only_sounds_like_databases_is_doubtful() {
    let account = spoilt(|account| named(account, "subnet-0appa00000001", "data-processing"));
    let finding = &findings(&account, RULE)[0];
    assert_eq!(finding.confidence, Confidence::Low);
    // What may need the internet is not cut off from it.
    assert!(finding.remedy.cli.iter().all(|command| command.contains(" describe-")), "{:?}", finding.remedy.cli);
}

#[test]
fn applications_may_ask_and_a_mount_target_beside_them_is_no_database() {
    let account = spoilt(|account| {
        let interface = find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0taska");
        interface["Description"] = json!("EFS mount target for fs-1 (fsmt-1)");
    });
    assert_eq!(findings(&account, RULE), []);
}

#[test]
fn egress_only_over_ipv6_is_a_way_out_too() {
    let account = spoilt(|account| {
        let gateway = json!({"EgressOnlyInternetGatewayId": "eigw-0db", "Attachments": [{"VpcId": "vpc-0clean0000000001", "State": "attached"}]});
        add(account, "EgressOnlyInternetGateways", gateway);
        let subnet = find(account, "Subnets", "SubnetId", "subnet-0dba00000001");
        subnet["Ipv6CidrBlockAssociationSet"] =
            json!([{"Ipv6CidrBlock": "2001:db8:1::/64", "Ipv6CidrBlockState": {"State": "associated"}}]);
        let route = json!({
            "DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-0db", "Origin": "CreateRoute", "State": "active",
        });
        find(account, "RouteTables", "RouteTableId", "rtb-0db")["Routes"].as_array_mut().unwrap().push(route);
    });
    let found = findings(&account, RULE);
    // The other subnet has no address of that family, and keeps what it has on the same table.
    assert_eq!(ids(&found[0]), ["subnet-0dba00000001", "rtb-0db"]);
}

#[test]
fn without_interfaces_it_is_not_known_what_stands_behind_nat() {
    let blind = |account: &mut Value| without(account, "NetworkInterfaces");
    assert_eq!(unknown(&spoilt(blind), RULE), ["the snapshot has no NetworkInterfaces"]);
    let blind_and_said = spoilt(|account| {
        opened(account);
        blind(account);
    });
    assert_eq!(findings(&blind_and_said, RULE).len(), 1);
}

#[test]
fn without_gateways_only_the_tiers_of_databases_are_doubtful() {
    let blind = |account: &mut Value| without(account, "NatGateways");
    assert_eq!(unknown(&spoilt(blind), RULE), Vec::<String>::new());
    let opened_and_blind = spoilt(|account| {
        opened(account);
        blind(account);
    });
    assert_eq!(unknown(&opened_and_blind, RULE), ["the snapshot has no NatGateways"]);
}
