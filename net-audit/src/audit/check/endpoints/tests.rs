use serde_json::{Value, json};

use crate::audit::check::fixture::{add, clean, everything, find, findings, ids, spoilt, unknown, without};
use crate::audit::finding::{Confidence, Severity};
use crate::audit::rule::Rule;

const RULE: Rule = Rule::MissingGatewayEndpoint;
const S3: &str = "vpce-0s3000000000001";

/// Takes an endpoint off a table.
fn take_off(account: &mut Value, table: &str, endpoint: &str) {
    let routes = find(account, "RouteTables", "RouteTableId", table)["Routes"].as_array_mut().unwrap();
    routes.retain(|route| route["GatewayId"] != endpoint);
    let tables = find(account, "VpcEndpoints", "VpcEndpointId", endpoint)["RouteTableIds"].as_array_mut().unwrap();
    tables.retain(|other| other != table);
}

/// Removes an endpoint and all routes to it.
fn take_away(account: &mut Value, endpoint: &str) {
    for table in ["rtb-0appa", "rtb-0appb", "rtb-0db"] {
        take_off(account, table, endpoint);
    }
    account["VpcEndpoints"].as_array_mut().unwrap().retain(|other| other["VpcEndpointId"] != endpoint);
}

fn elsewhere(account: &Value, region: &str) -> Value {
    serde_json::from_str(&account.to_string().replace("eu-central-1", region)).unwrap()
}

/// An interface endpoint for a service in both application subnets.
fn interface(account: &mut Value, id: &str, service: &str) {
    let endpoint = json!({
        "VpcEndpointId": id, "VpcEndpointType": "Interface", "VpcId": "vpc-0clean0000000001",
        "ServiceName": format!("com.amazonaws.eu-central-1.{service}"), "State": "available",
        "RouteTableIds": [], "SubnetIds": ["subnet-0appa00000001", "subnet-0appb00000001"], "NetworkInterfaceIds": [],
    });
    add(account, "VpcEndpoints", endpoint);
}

#[test]
fn a_vpc_behind_nat_without_an_endpoint_for_s3_pays_for_s3() {
    let (found, unknown) = everything(&spoilt(|account| take_away(account, S3)));
    let finding = found.iter().find(|finding| finding.rule == RULE).unwrap();
    assert_eq!((found.iter().filter(|finding| finding.rule == RULE).count(), unknown.len()), (1, 0));
    assert_eq!((finding.severity, finding.confidence), (Severity::Medium, Confidence::High));
    assert_eq!(ids(finding), ["vpc-0clean0000000001", "rtb-0appa", "rtb-0appb"]);
    let proof = "rtb-0appa sends 0.0.0.0/0 to nat-0clean00000000a1, and has no route to a gateway endpoint for S3";
    assert_eq!(finding.proof[0], proof);
    assert_eq!(finding.blast_radius, "2 ECS tasks");
    let create = "aws ec2 create-vpc-endpoint --vpc-id vpc-0clean0000000001 --vpc-endpoint-type Gateway --service-name \
                  com.amazonaws.eu-central-1.s3 --route-table-ids rtb-0appa rtb-0appb --region eu-central-1";
    assert_eq!(finding.remedy.cli, [create]);
    assert!(finding.remedy.advice.contains("costs $0.052 (not certain) now and nothing then, at most $22.60 a month"));
    // How much of it is for S3 nobody knows.
    let money = finding.money.as_ref().unwrap();
    assert!(money.saving.abs() < f64::EPSILON);
    assert_eq!(money.saving_up_to.map(|most| format!("{most:.2}")), Some("22.60".to_owned()));
}

#[test]
fn the_bill_of_sao_paulo_is_that_of_the_gigabytes_that_two_gateways_carry() {
    let account = spoilt(|account| {
        account["VpcEndpoints"] = json!([]);
        for table in ["rtb-0appa", "rtb-0appb", "rtb-0db"] {
            find(account, "RouteTables", "RouteTableId", table)["Routes"]
                .as_array_mut()
                .unwrap()
                .retain(|route| !route["GatewayId"].as_str().is_some_and(|gateway| gateway.starts_with("vpce-")));
        }
        for (gateway, gigabytes) in [("nat-0clean00000000a1", 10_000.0), ("nat-0clean00000000b1", 8_987.55)] {
            let traffic = find(account, "NatGatewayTraffic", "NatGatewayId", gateway);
            traffic["Days"] = json!(730.0 / 24.0);
            traffic["BytesInFromSource"] = json!(gigabytes * 1e9 / 2.0);
            traffic["BytesInFromDestination"] = json!(gigabytes * 1e9 / 2.0);
        }
    });
    let found = findings(&elsewhere(&account, "sa-east-1"), RULE);
    let services: Vec<bool> = found.iter().map(|finding| finding.title.contains("DynamoDB")).collect();
    assert_eq!(services, [false, true]);
    for finding in &found {
        let money = finding.money.as_ref().unwrap();
        assert_eq!(format!("{:.2}", money.monthly), "1765.84");
        let gb = money.inputs.iter().find(|input| input.name == "carried by NAT gateways in a month").unwrap();
        assert_eq!(format!("{:.2}", gb.value), "18987.55");
    }
}

#[test]
fn an_endpoint_that_is_not_on_a_table_is_put_on_it() {
    let found = findings(&spoilt(|account| take_off(account, "rtb-0appb", S3)), RULE);
    assert_eq!(found.len(), 1);
    assert_eq!(ids(&found[0]), [S3, "rtb-0appb"]);
    assert_eq!(found[0].availability_zones, ["eu-central-1b"]);
    let modify = format!(
        "aws ec2 modify-vpc-endpoint --vpc-endpoint-id {S3} --add-route-table-ids rtb-0appb --region eu-central-1"
    );
    assert_eq!(found[0].remedy.cli, [modify]);
    assert!(found[0].remedy.terraform.contains("aws_vpc_endpoint_route_table_association"));
}

#[test]
fn whether_anything_speaks_to_dynamodb_is_not_known() {
    let found = findings(&spoilt(|account| take_away(account, "vpce-0ddb00000000001")), RULE);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].confidence, Confidence::Low);
}

#[test]
fn an_endpoint_that_is_gone_or_of_another_vpc_is_none() {
    for (key, value) in
        [("State", "deleted"), ("VpcId", "vpc-0other"), ("ServiceName", "com.amazonaws.eu-central-1.s3express")]
    {
        let account = spoilt(|account| {
            find(account, "VpcEndpoints", "VpcEndpointId", S3)[key] = json!(value);
        });
        assert_eq!(findings(&account, RULE).len(), 1, "{value}");
    }
    let chinese = spoilt(|account| {
        let name = json!("cn.com.amazonaws.eu-central-1.s3");
        find(account, "VpcEndpoints", "VpcEndpointId", S3)["ServiceName"] = name;
    });
    assert_eq!(findings(&chinese, RULE), []);
}

#[test]
fn isolated_and_public_subnets_need_no_endpoint() {
    let account = spoilt(|account| take_off(account, "rtb-0db", S3));
    assert_eq!(findings(&account, RULE), []);
}

#[test]
fn an_interface_endpoint_for_s3_may_take_it_already() {
    let account = spoilt(|account| {
        take_away(account, S3);
        interface(account, "vpce-0interface", "s3");
    });
    let finding = findings(&account, RULE).remove(0);
    assert_eq!(finding.confidence, Confidence::Low);
    assert!(finding.proof.last().unwrap().starts_with("vpce-0interface is an interface endpoint for S3"));
}

#[test]
fn without_endpoints_it_is_not_known_and_without_nat_it_does_not_matter() {
    let blind = spoilt(|account| without(account, "VpcEndpoints"));
    assert_eq!(unknown(&blind, RULE), ["the snapshot has no VpcEndpoints"]);
    let no_nat = spoilt(|account| {
        without(account, "VpcEndpoints");
        for table in ["rtb-0appa", "rtb-0appb"] {
            let routes = find(account, "RouteTables", "RouteTableId", table)["Routes"].as_array_mut().unwrap();
            routes.truncate(1);
        }
    });
    assert_eq!(unknown(&no_nat, RULE), Vec::<String>::new());
    assert_eq!(findings(&no_nat, RULE), []);
}

#[test]
fn without_gateways_it_is_not_known_who_goes_through_them() {
    let blind = spoilt(|account| without(account, "NatGateways"));
    assert_eq!(unknown(&blind, RULE), ["the snapshot has no NatGateways"]);
    assert_eq!(unknown(&blind, Rule::CostlyEndpoints), ["the snapshot has no NatGateways"]);
}

/// Two endpoints in two zones each, where prices are known.
fn endpoints() -> Value {
    let account = spoilt(|account| {
        interface(account, "vpce-0logs", "logs");
        interface(account, "vpce-0ecr", "ecr.dkr");
    });
    elsewhere(&account, "us-east-1")
}

#[test]
fn endpoints_that_the_gateways_traffic_could_never_pay_for_are_costly() {
    let finding = findings(&endpoints(), Rule::CostlyEndpoints).remove(0);
    assert_eq!((finding.severity, finding.confidence), (Severity::Low, Confidence::Low));
    assert_eq!(ids(&finding), ["vpce-0ecr", "vpce-0logs"]);
    assert_eq!(
        finding.proof[0],
        "endpoints pay for themselves beside a NAT gateway from 209 GB a month in each zone on"
    );
    // 4 times 208.57 GB, while both gateways carry 435.
    assert_eq!(finding.proof[1], "2 endpoints in 4 zones together: from 834 GB a month on");
    assert_eq!(
        finding.proof[2],
        "all NAT gateways of vpc-0clean0000000001 carry 435 GB a month (metric: CloudWatch, 14 days)"
    );
    let money = finding.money.as_ref().unwrap();
    assert_eq!((format!("{:.2}", money.monthly), money.saving.abs() < f64::EPSILON), ("29.20".to_owned(), true));
    // Nobody has looked yet which of them carries little.
    let show = "aws ec2 describe-vpc-endpoints --vpc-endpoint-ids vpce-0ecr vpce-0logs --region us-east-1";
    assert_eq!(finding.remedy.cli.last().unwrap(), show);
}

#[test]
fn endpoints_that_nat_cannot_stand_in_for_are_neither_counted_nor_named() {
    let mut account = endpoints();
    for (id, service) in [
        ("vpce-0api", "com.amazonaws.us-east-1.execute-api"),
        ("vpce-0partner", "com.amazonaws.vpce.us-east-1.vpce-svc-0abc"),
        ("vpce-0other", "com.example.service"),
    ] {
        interface(&mut account, id, "logs");
        find(&mut account, "VpcEndpoints", "VpcEndpointId", id)["ServiceName"] = json!(service);
    }
    let finding = findings(&account, Rule::CostlyEndpoints).remove(0);
    assert_eq!(ids(&finding), ["vpce-0ecr", "vpce-0logs"]);
    assert_eq!(finding.proof[1], "2 endpoints in 4 zones together: from 834 GB a month on");
}

#[test]
fn endpoints_pay_where_the_gateways_carry_much() {
    let mut account = endpoints();
    find(&mut account, "NatGatewayTraffic", "NatGatewayId", "nat-0clean00000000a1")["BytesInFromSource"] = json!(900e9);
    assert_eq!(findings(&account, Rule::CostlyEndpoints), []);
}

#[test]
fn endpoints_are_needed_where_something_has_no_other_way() {
    let mut isolated = endpoints();
    let task = clean()["NetworkInterfaces"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["NetworkInterfaceId"] == "eni-0taska")
        .cloned();
    let mut task = task.unwrap();
    task["NetworkInterfaceId"] = json!("eni-0batch");
    task["SubnetId"] = json!("subnet-0dba00000001");
    add(&mut isolated, "NetworkInterfaces", task);
    assert_eq!(findings(&isolated, Rule::CostlyEndpoints), []);
    let mut without_nat = endpoints();
    for table in ["rtb-0appa", "rtb-0appb"] {
        find(&mut without_nat, "RouteTables", "RouteTableId", table)["Routes"].as_array_mut().unwrap().remove(1);
    }
    without_nat["NatGateways"] = json!([]);
    assert_eq!(findings(&without_nat, Rule::CostlyEndpoints), []);
}

#[test]
fn without_gigabytes_or_prices_it_is_not_known_whether_endpoints_pay() {
    let mut blind = endpoints();
    blind.as_object_mut().unwrap().remove("NatGatewayTraffic");
    assert_eq!(unknown(&blind, Rule::CostlyEndpoints), ["the snapshot has no NatGatewayTraffic"]);
    let unpriced = unknown(&spoilt(|account| interface(account, "vpce-0logs", "logs")), Rule::CostlyEndpoints);
    assert_eq!(
        unpriced,
        ["from when on interface endpoints pay in eu-central-1 is not known: give prices by --prices"]
    );
}

#[test]
fn without_internet_gateways_it_is_not_known_whether_endpoints_stand_beside_nat() {
    let blind = |account: &mut Value| without(account, "InternetGateways");
    assert_eq!(unknown(&spoilt(blind), Rule::CostlyEndpoints), Vec::<String>::new());
    let mut account = endpoints();
    blind(&mut account);
    assert_eq!(unknown(&account, Rule::CostlyEndpoints), ["the snapshot has no InternetGateways"]);
}
