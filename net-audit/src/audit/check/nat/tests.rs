use serde_json::{Value, json};

use crate::audit::check::fixture::{add, clean, everything, find, findings, ids, spoilt, unknown, without};
use crate::audit::finding::{Confidence, Finding, Severity};
use crate::audit::rule::Rule;

const A: &str = "nat-0clean00000000a1";
const B: &str = "nat-0clean00000000b1";

fn remove(account: &mut Value, member: &str, key: &str, id: &str) {
    account[member].as_array_mut().unwrap().retain(|element| element[key] != id);
}

fn lead(account: &mut Value, table: &str, gateway: &str) {
    find(account, "RouteTables", "RouteTableId", table)["Routes"][1]["NatGatewayId"] = json!(gateway);
}

/// Zone b goes out by the gateway of zone a, and has none of its own.
fn single(account: &mut Value) {
    lead(account, "rtb-0appb", A);
    remove(account, "NatGateways", "NatGatewayId", B);
    remove(account, "NatGatewayTraffic", "NatGatewayId", B);
}

fn carries(account: &mut Value, gateway: &str, days: f64, gigabytes: f64) {
    let traffic = find(account, "NatGatewayTraffic", "NatGatewayId", gateway);
    traffic["Days"] = json!(days);
    traffic["BytesInFromSource"] = json!(gigabytes * 1e9);
    traffic["BytesInFromDestination"] = json!(0.0);
}

fn elsewhere(account: &Value, region: &str) -> Value {
    serde_json::from_str(&account.to_string().replace("eu-central-1", region)).unwrap()
}

/// The one finding that there is in the account: of this rule.
#[track_caller]
fn only(account: &Value, rule: Rule) -> Finding {
    let (mut found, unknown) = everything(account);
    found.retain(|finding| finding.rule == rule || is_ours(finding.rule));
    assert_eq!(found.iter().map(|finding| finding.rule).collect::<Vec<_>>(), [rule]);
    assert_eq!(unknown.iter().filter(|unknown| is_ours(unknown.rule)).count(), 0);
    found.remove(0)
}

fn is_ours(rule: Rule) -> bool {
    [
        Rule::SingleNat,
        Rule::CrossZoneNat,
        Rule::IdleNat,
        Rule::CostlyEndpoints,
        Rule::MissingGatewayEndpoint,
        Rule::NeedlessEgress,
        Rule::IdleAddress,
    ]
    .contains(&rule)
}

fn sums(finding: &Finding) -> (String, String) {
    let money = finding.money.as_ref().unwrap();
    (format!("{:.2}", money.monthly), format!("{:.2}", money.saving))
}

fn input<'f>(finding: &'f Finding, name: &str) -> (f64, &'f str) {
    let inputs = &finding.money.as_ref().unwrap().inputs;
    let input = inputs.iter().find(|input| input.name == name).unwrap_or_else(|| panic!("no {name} in {inputs:?}"));
    (input.value, &input.source)
}

#[test]
fn one_gateway_for_two_zones_is_found_with_the_routes_that_prove_it() {
    let finding = only(&spoilt(single), Rule::SingleNat);
    assert_eq!(finding.severity, Severity::Medium);
    assert_eq!(ids(&finding), [A, "subnet-0appa00000001", "subnet-0appb00000001"]);
    assert_eq!(finding.availability_zones, ["eu-central-1a", "eu-central-1b"]);
    let proof = format!("rtb-0appb sends 0.0.0.0/0 of subnet-0appb00000001, in eu-central-1b, to {A}");
    assert!(finding.proof.contains(&proof), "{:?}", finding.proof);
    assert_eq!(finding.blast_radius, "2 ECS tasks");
    let cli = [
        "allocation=$(aws ec2 allocate-address --domain vpc --query \"AllocationId\" --output text --region eu-central-1)",
        "gateway=$(aws ec2 create-nat-gateway --subnet-id subnet-0publicb00000 --allocation-id \"$allocation\" --query \
         \"NatGateway.NatGatewayId\" --output text --region eu-central-1)",
        "aws ec2 wait nat-gateway-available --nat-gateway-ids \"$gateway\" --region eu-central-1",
        "aws ec2 replace-route --route-table-id rtb-0appb --destination-cidr-block 0.0.0.0/0 --nat-gateway-id \"$gateway\" \
         --region eu-central-1",
    ];
    assert_eq!(finding.remedy.cli, cli);
    assert!(finding.remedy.terraform.contains("nat_gateway_id         = aws_nat_gateway.eu_central_1b.id"));
}

#[test]
fn a_second_gateway_in_virginia_costs_36_dollars_and_pays_from_1825_gigabytes() {
    let account = elsewhere(&spoilt(single), "us-east-1");
    let finding = only(&account, Rule::SingleNat);
    // 217 GB a month, half of which crosses: $2.17.
    assert_eq!(sums(&finding), ("2.17".to_owned(), "-34.33".to_owned()));
    assert_eq!(input(&finding, "carried by NAT gateways in a month").1, "metric: CloudWatch, 14 days");
    assert_eq!(input(&finding, "share that crosses zones"), (0.5, "assumed: every subnet sends the same"));
    assert_eq!(format!("{:.0}", input(&finding, "break-even of a gateway more").0), "1825");
    assert!(finding.remedy.advice.contains("costs $36.50 a month, and pays for itself from 1,825 GB"));

    let account = elsewhere(
        &spoilt(|account| {
            single(account);
            remove(account, "NatGatewayTraffic", "NatGatewayId", A);
        }),
        "us-east-1",
    );
    let finding = findings(&account, Rule::SingleNat).remove(0);
    assert_eq!(sums(&finding), ("0.00".to_owned(), "-36.50".to_owned()));
    assert_eq!(input(&finding, "carried by NAT gateways in a month"), (0.0, "none"));
}

#[test]
fn outside_production_one_gateway_is_right_until_too_much_crosses() {
    let staging = |account: &mut Value| {
        single(account);
        account["Vpcs"][0]["Tags"][1]["Value"] = json!("staging");
    };
    let finding = only(&spoilt(staging), Rule::SingleNat);
    assert_eq!(finding.severity, Severity::Low);
    assert!(finding.remedy.advice.starts_with("Leave it: Environment=staging"), "{}", finding.remedy.advice);
    assert!(finding.remedy.cli.is_empty());
    assert!(finding.money.unwrap().saving.abs() < f64::EPSILON);

    let busy = spoilt(|account| {
        staging(account);
        carries(account, A, 30.0, 20_000.0);
    });
    let finding = only(&busy, Rule::SingleNat);
    assert_eq!(finding.severity, Severity::Medium);
    assert!(finding.money.unwrap().saving > 0.0);
}

#[test]
fn a_table_that_both_zones_use_is_divided() {
    let account = spoilt(|account| {
        single(account);
        remove(account, "RouteTables", "RouteTableId", "rtb-0appb");
        let association = json!({"Main": false, "SubnetId": "subnet-0appb00000001"});
        let table = find(account, "RouteTables", "RouteTableId", "rtb-0appa");
        table["Associations"].as_array_mut().unwrap().push(association);
    });
    let finding = only(&account, Rule::SingleNat);
    let cli = finding.remedy.cli.join("\n");
    assert!(!cli.contains("replace-route "), "{cli}");
    assert!(cli.contains("create-route-table --vpc-id vpc-0clean0000000001"), "{cli}");
    assert!(cli.contains("Values=subnet-0appb00000001") && !cli.contains("Values=subnet-0appa"), "{cli}");
    for endpoint in ["vpce-0s3000000000001", "vpce-0ddb00000000001"] {
        let copied = format!("--vpc-endpoint-id {endpoint} --add-route-table-ids \"$table\"");
        assert!(cli.contains(&copied) && cli.find(&copied) < cli.find("replace-route-table-association"), "{cli}");
    }
    assert!(finding.remedy.advice.contains("copy the other routes of rtb-0appa"), "{}", finding.remedy.advice);
    // The table that zone a keeps must not be led elsewhere.
    let terraform = &finding.remedy.terraform;
    assert!(!terraform.contains("\"rtb-0appa\"") && terraform.contains("aws_route_table_association"), "{terraform}");
}

#[test]
fn a_regional_gateway_is_the_only_one_of_no_zone() {
    let account = spoilt(|account| {
        single(account);
        let gateway = find(account, "NatGateways", "NatGatewayId", A);
        gateway["AvailabilityMode"] = json!("regional");
        gateway.as_object_mut().unwrap().remove("SubnetId");
    });
    assert_eq!(findings(&account, Rule::SingleNat), []);
    assert_eq!(findings(&account, Rule::IdleNat), []);
}

#[test]
fn one_gateway_for_two_subnets_of_one_zone_is_enough() {
    let account = spoilt(|account| {
        single(account);
        find(account, "Subnets", "SubnetId", "subnet-0appb00000001")["AvailabilityZone"] = json!("eu-central-1a");
    });
    assert_eq!(findings(&account, Rule::SingleNat), []);
}

#[test]
fn without_a_public_subnet_in_the_zone_a_regional_gateway_is_advised() {
    let account = spoilt(|account| {
        single(account);
        find(account, "Subnets", "SubnetId", "subnet-0publicb00000")["AvailabilityZone"] = json!("eu-central-1a");
    });
    let cli = findings(&account, Rule::SingleNat).remove(0).remedy.cli;
    assert!(
        cli[0].contains("create-nat-gateway --vpc-id vpc-0clean0000000001 --availability-mode regional"),
        "{cli:?}"
    );
}

#[test]
fn a_subnet_that_goes_out_through_another_zone_beside_its_own_gateway_is_found() {
    let account = spoilt(|account| lead(account, "rtb-0appb", A));
    // The gateway that is passed by is to be used, not to be deleted: it is not called idle.
    let finding = only(&account, Rule::CrossZoneNat);
    assert_eq!(finding.severity, Severity::Medium);
    assert_eq!(ids(&finding), ["rtb-0appb", "subnet-0appb00000001", A, B]);
    let proof = format!("rtb-0appb sends 0.0.0.0/0 to {A}, which stands in eu-central-1a");
    assert!(finding.proof.contains(&proof), "{:?}", finding.proof);
    assert_eq!(sums(&finding), ("2.17".to_owned(), "2.17".to_owned()));
    let command = format!(
        "aws ec2 replace-route --route-table-id rtb-0appb --destination-cidr-block 0.0.0.0/0 --nat-gateway-id {B} --region \
         eu-central-1"
    );
    assert_eq!(finding.remedy.cli, [command]);
}

#[test]
fn a_gateway_of_the_own_zone_that_cannot_work_is_no_better_way() {
    for (key, value) in [("State", "failed"), ("ConnectivityType", "private")] {
        let account = spoilt(|account| {
            lead(account, "rtb-0appb", A);
            find(account, "NatGateways", "NatGatewayId", B)[key] = json!(value);
        });
        assert_eq!(findings(&account, Rule::CrossZoneNat), [], "{value}");
        assert_eq!(findings(&account, Rule::SingleNat).len(), 1, "{value}");
    }
}

#[test]
fn a_gateway_behind_block_ingress_still_works() {
    let account = spoilt(|account| {
        lead(account, "rtb-0appb", A);
        let subnet = find(account, "Subnets", "SubnetId", "subnet-0publicb00000");
        subnet["BlockPublicAccessStates"]["InternetGatewayBlockMode"] = json!("block-ingress");
    });
    assert_eq!(findings(&account, Rule::CrossZoneNat).len(), 1);
}

#[test]
fn a_gateway_that_no_route_leads_to_is_idle() {
    let account = spoilt(|account| {
        single(account);
        let subnet = find(account, "Subnets", "SubnetId", "subnet-0appb00000001");
        subnet["AvailabilityZone"] = json!("eu-central-1a");
        add(account, "NatGateways", clean()["NatGateways"][1].clone());
    });
    let finding = only(&account, Rule::IdleNat);
    assert_eq!((finding.severity, finding.confidence), (Severity::Low, Confidence::High));
    assert_eq!(ids(&finding), [B]);
    assert_eq!(finding.proof, [format!("no route table that a subnet of vpc-0clean0000000001 uses leads to {B}")]);
    // 730 hours at $0.052, and an address.
    assert_eq!(sums(&finding), ("41.61".to_owned(), "41.61".to_owned()));
    assert_eq!(input(&finding, "NAT gateway").1, "not confirmed: secondary sources say 0.048 to 0.052");
    let cli = [
        format!("aws ec2 delete-nat-gateway --nat-gateway-id {B} --region eu-central-1"),
        format!("aws ec2 wait nat-gateway-deleted --nat-gateway-ids {B} --region eu-central-1"),
        "aws ec2 release-address --allocation-id eipalloc-0natb --region eu-central-1".to_owned(),
    ];
    assert_eq!(finding.remedy.cli, cli);
}

#[test]
fn a_route_in_a_table_that_no_subnet_uses_is_no_use() {
    let account = spoilt(|account| {
        let table = find(account, "RouteTables", "RouteTableId", "rtb-0appb");
        table["Associations"] = json!([]);
        table["RouteTableId"] = json!("rtb-0left");
    });
    let finding = findings(&account, Rule::IdleNat).remove(0);
    assert!(finding.proof[1].contains("rtb-0left leads to it, but no subnet uses"), "{:?}", finding.proof);
    // It carried something in the days before: perhaps somebody is at work on it.
    assert_eq!(finding.confidence, Confidence::Medium);
}

#[test]
fn a_gateway_that_carried_nothing_in_a_week_is_idle() {
    let finding = only(&spoilt(|account| carries(account, B, 14.0, 0.0)), Rule::IdleNat);
    assert_eq!(ids(&finding), [B]);
    assert_eq!(finding.proof[0], format!("CloudWatch: {B} carried 0 bytes in 14 days, both directions together"));
    assert_eq!(finding.blast_radius, "what could send through it, and did not: 1 ECS task");
    let first =
        "aws ec2 delete-route --route-table-id rtb-0appb --destination-cidr-block 0.0.0.0/0 --region eu-central-1";
    assert_eq!(finding.remedy.cli[0], first);
}

#[test]
fn three_days_of_nothing_say_nothing_and_a_byte_says_enough() {
    let short = spoilt(|account| carries(account, B, 3.0, 0.0));
    assert_eq!(findings(&short, Rule::IdleNat), []);
    assert_eq!(unknown(&short, Rule::IdleNat), [format!("{B} carried nothing, but only 3 days were looked at")]);
    let a_little = spoilt(|account| carries(account, B, 14.0, 1e-9));
    assert_eq!(findings(&a_little, Rule::IdleNat), []);
    assert_eq!(unknown(&a_little, Rule::IdleNat), Vec::<String>::new());
}

#[test]
fn without_metrics_a_routed_gateway_may_be_idle_and_one_without_routes_is() {
    let gap = "the snapshot has no NatGatewayTraffic";
    let blind = spoilt(|account| without(account, "NatGatewayTraffic"));
    assert_eq!(unknown(&blind, Rule::IdleNat), [gap, gap]);
    let blind = spoilt(|account| {
        without(account, "NatGatewayTraffic");
        account["NatGateways"] = json!([]);
        for table in ["rtb-0appa", "rtb-0appb"] {
            find(account, "RouteTables", "RouteTableId", table)["Routes"].as_array_mut().unwrap().remove(1);
        }
    });
    assert_eq!(unknown(&blind, Rule::IdleNat), Vec::<String>::new());
}

#[test]
fn without_gateways_no_rule_about_them_passes() {
    let blind = spoilt(|account| without(account, "NatGateways"));
    for rule in [Rule::SingleNat, Rule::CrossZoneNat, Rule::IdleNat] {
        assert_eq!(unknown(&blind, rule), ["the snapshot has no NatGateways"], "{rule}");
    }
    let blind_and_isolated = spoilt(|account| {
        without(account, "NatGateways");
        for table in ["rtb-0appa", "rtb-0appb"] {
            find(account, "RouteTables", "RouteTableId", table)["Routes"].as_array_mut().unwrap().remove(1);
        }
    });
    assert_eq!(unknown(&blind_and_isolated, Rule::SingleNat), Vec::<String>::new());
    assert_eq!(unknown(&blind_and_isolated, Rule::IdleNat).len(), 1);
}

#[test]
fn a_zone_that_is_not_known_may_be_another() {
    let account = spoilt(|account| {
        single(account);
        let subnet = find(account, "Subnets", "SubnetId", "subnet-0appb00000001");
        subnet.as_object_mut().unwrap().remove("AvailabilityZone");
    });
    let gaps = unknown(&account, Rule::SingleNat);
    assert_eq!(gaps, ["the availability zone of subnet-0appb00000001 is not known"]);
}

#[test]
fn a_subnet_without_a_known_table_may_use_the_gateway() {
    let account = spoilt(|account| {
        find(account, "RouteTables", "RouteTableId", "rtb-0appb")["Associations"] = json!([]);
        remove(account, "RouteTables", "RouteTableId", "rtb-0main");
    });
    assert_eq!(findings(&account, Rule::IdleNat), []);
    assert_eq!(unknown(&account, Rule::IdleNat), ["the snapshot has no main route table of vpc-0clean0000000001"]);
}

/// Both gateways and the subnets that use them stand in zone a.
fn crowded(account: &mut Value) {
    for subnet in ["subnet-0appb00000001", "subnet-0publicb00000"] {
        find(account, "Subnets", "SubnetId", subnet)["AvailabilityZone"] = json!("eu-central-1a");
    }
    carries(account, A, 14.0, 10.0);
}

#[test]
fn two_gateways_in_one_zone_are_one_too_many() {
    let finding = only(&spoilt(crowded), Rule::CostlyEndpoints);
    assert_eq!((finding.severity, finding.confidence), (Severity::Low, Confidence::Medium));
    // What carries less goes.
    assert_eq!(ids(&finding), [A, B]);
    assert_eq!(sums(&finding), ("41.61".to_owned(), "41.61".to_owned()));
    let cli = finding.remedy.cli.join("\n");
    assert!(
        cli.contains(&format!("--route-table-id rtb-0appa --destination-cidr-block 0.0.0.0/0 --nat-gateway-id {B}"))
    );
    assert!(cli.contains(&format!("delete-nat-gateway --nat-gateway-id {A}")) && cli.contains("eipalloc-0nata"));
}

#[test]
fn much_traffic_needs_several_gateways_and_an_idle_one_is_another_matter() {
    let busy = spoilt(|account| {
        crowded(account);
        carries(account, A, 30.0, 150_000.0);
    });
    assert_eq!(findings(&busy, Rule::CostlyEndpoints), []);
    let idle = spoilt(|account| {
        crowded(account);
        carries(account, A, 30.0, 0.0);
    });
    assert_eq!(ids(&only(&idle, Rule::IdleNat)), [A]);
}

#[test]
fn without_metrics_two_gateways_in_one_zone_are_only_suspicious() {
    let account = spoilt(|account| {
        crowded(account);
        without(account, "NatGatewayTraffic");
    });
    let finding = findings(&account, Rule::CostlyEndpoints).remove(0);
    assert_eq!(finding.confidence, Confidence::Low);
    assert_eq!(input(&finding, "carried by NAT gateways in a month"), (0.0, "none"));
}
