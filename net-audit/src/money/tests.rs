use serde_json::{Value, json};

use super::cost::dollars;
use super::{Advice, Bill, Charge, Design, Usage, advice, bill};
use crate::audit::audit;
use crate::audit::finding::{Confidence, Finding, Money, Remedy, Resource, Severity};
use crate::audit::rule::Rule;
use crate::facts::Setting;
use crate::facts::intent::Intent;
use crate::money::price::built_in;
use crate::snapshot::read;

const CLEAN: &str = include_str!("../../tests/fixtures/clean.json");
const VPC: &str = "vpc-0clean0000000001";

/// The account in which nothing is wrong, in a region.
fn account(region: &str, spoil: impl FnOnce(&mut Value)) -> Value {
    let mut account = serde_json::from_str(&CLEAN.replace("eu-central-1", region)).unwrap();
    spoil(&mut account);
    account
}

fn of(account: &Value, gb: Option<f64>) -> (Bill, Option<Advice>) {
    let estate = read([account.to_string().as_bytes()]).unwrap();
    let (intent, prices) = (Intent::default(), built_in());
    let region = audit(&estate, Setting { intent: &intent, prices: &prices, gb }).remove(0);
    let advice = advice(&region.facts, &Usage::of(&region.facts), VPC);
    (bill(&region.facts, &region.findings.found), advice)
}

fn sum(bill: &Bill, what: Charge) -> String {
    let items = bill.items.iter().filter(|item| item.what == what);
    dollars(items.filter_map(|item| item.monthly).sum())
}

fn unmeasured(account: &mut Value) {
    account.as_object_mut().unwrap().remove("NatGatewayTraffic");
}

#[test]
fn a_bill_is_the_sum_of_hours_gigabytes_and_addresses() {
    let (bill, _) = of(&account("us-east-1", |_| {}), None);
    assert_eq!(sum(&bill, Charge::NatHours), "$65.70");
    // 434.52 GB at $0.045.
    assert_eq!(sum(&bill, Charge::NatGigabytes), "$19.55");
    // Two of gateways, two of a load balancer.
    assert_eq!(sum(&bill, Charge::PublicIpv4), "$14.60");
    assert_eq!((dollars(bill.now), dollars(bill.then)), ("$99.85".to_owned(), "$99.85".to_owned()));
    assert_eq!((bill.complete, bill.unpriced.len()), (true, 0));
    assert!(bill.items.iter().all(|item| !item.inputs.is_empty()));
}

#[test]
fn addresses_of_an_own_block_are_not_billed() {
    let own = account("us-east-1", |account| {
        for address in account["Addresses"].as_array_mut().unwrap() {
            address["PublicIpv4Pool"] = json!("ipv4pool-ec2-0123");
        }
    });
    // Those of the load balancer are Amazon's.
    assert_eq!(sum(&of(&own, None).0, Charge::PublicIpv4), "$7.30");
}

#[test]
fn an_endpoint_of_network_firewall_has_no_price_and_is_no_gateway_load_balancers() {
    let endpoint = |tags: Value| {
        let account = account("us-east-1", |account| {
            account["VpcEndpoints"].as_array_mut().unwrap().push(json!({
                "VpcEndpointId": "vpce-0fw", "VpcEndpointType": "GatewayLoadBalancer", "VpcId": VPC,
                "ServiceName": "com.amazonaws.vpce.us-east-1.vpce-svc-0123", "State": "available",
                "SubnetIds": ["subnet-0appa00000001"], "Tags": tags,
            }));
        });
        of(&account, None).0
    };
    let firewall = endpoint(json!([{ "Key": "AWSNetworkFirewallManaged", "Value": "true" }]));
    assert_eq!(sum(&firewall, Charge::GatewayLoadBalancerEndpointHours), "$0.00");
    assert!(firewall.unpriced[0].starts_with("endpoints of Network Firewall (vpce-0fw)"), "{:?}", firewall.unpriced);
    assert_ne!(sum(&endpoint(json!([])), Charge::GatewayLoadBalancerEndpointHours), "$0.00");
}

#[test]
fn the_bill_of_sao_paulo_is_what_was_paid() {
    let (bill, _) = of(&account("sa-east-1", unmeasured), Some(18_987.55 / 2.0));
    assert_eq!(sum(&bill, Charge::NatGigabytes), "$1,765.84");
    assert_eq!(sum(&bill, Charge::NatHours), "$135.78");
    let gigabytes = bill.items.iter().find(|item| item.what == Charge::NatGigabytes).unwrap();
    assert_eq!(gigabytes.inputs[0].source, "assumed: --gb");
}

#[test]
fn what_nobody_measured_is_named_and_not_counted() {
    let (bill, _) = of(&account("us-east-1", unmeasured), None);
    assert_eq!(dollars(bill.now), "$80.30");
    assert!(!bill.complete);
    assert_eq!(bill.unpriced, ["NAT gateway gigabytes: no price or no measure"]);
    let gigabytes = bill.items.iter().find(|item| item.what == Charge::NatGigabytes).unwrap();
    assert_eq!((gigabytes.monthly, gigabytes.inputs[0].source.as_str()), (None, "none"));
}

#[test]
fn a_kind_that_nobody_described_makes_a_bill_incomplete() {
    for member in ["NatGateways", "VpcEndpoints", "NetworkInterfaces", "Addresses", "TransitGatewayVpcAttachments"] {
        let blind = account("us-east-1", |account| drop(account.as_object_mut().unwrap().remove(member)));
        let (bill, _) = of(&blind, None);
        assert!(!bill.complete && bill.unpriced[0].ends_with(&format!("the snapshot has no {member}")), "{bill:?}");
    }
}

#[test]
fn endpoints_and_attachments_are_billed_by_zone_and_hour() {
    let account = account("us-east-1", |account| {
        for (id, kind) in [("vpce-0logs", "Interface"), ("vpce-0fire", "GatewayLoadBalancer")] {
            let endpoint = json!({
                "VpcEndpointId": id, "VpcEndpointType": kind, "VpcId": VPC, "State": "available",
                "SubnetIds": ["subnet-0appa00000001", "subnet-0appb00000001"],
            });
            account["VpcEndpoints"].as_array_mut().unwrap().push(endpoint);
        }
        account["TransitGatewayVpcAttachments"] = json!([{
            "TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1", "VpcId": VPC, "State": "available",
        }]);
    });
    let (bill, _) = of(&account, None);
    assert_eq!(sum(&bill, Charge::InterfaceEndpointHours), "$14.60");
    assert_eq!(sum(&bill, Charge::GatewayLoadBalancerEndpointHours), "$14.60");
    assert_eq!(sum(&bill, Charge::TransitGatewayAttachmentHours), "$36.50");
    assert_eq!(bill.unpriced.len(), 2);
}

#[test]
fn mending_an_idle_address_and_an_idle_gateway_is_what_is_saved() {
    let account = account("us-east-1", |account| {
        let address = json!({"AllocationId": "eipalloc-0old", "Domain": "vpc", "PublicIp": "18.184.9.9"});
        account["Addresses"].as_array_mut().unwrap().push(address);
        account["NatGatewayTraffic"][1]["BytesInFromSource"] = json!(0.0);
        account["NatGatewayTraffic"][1]["BytesInFromDestination"] = json!(0.0);
    });
    let (bill, _) = of(&account, None);
    assert_eq!(dollars(bill.now - bill.then), "$40.15");
}

#[test]
fn crossing_zones_is_billed_and_a_gateway_more_costs_what_it_does_not_save() {
    let account = account("us-east-1", |account| {
        account["RouteTables"][3]["Routes"][1]["NatGatewayId"] = json!("nat-0clean00000000a1");
        account["NatGateways"].as_array_mut().unwrap().pop();
    });
    let (bill, _) = of(&account, None);
    // Half of 217.26 GB, on either side.
    assert_eq!(sum(&bill, Charge::CrossZoneGigabytes), "$2.17");
    // $36.50 for the gateway, less the $2.17.
    assert_eq!(dollars(bill.then - bill.now), "$34.33");
}

#[test]
fn what_two_findings_want_gone_is_gone_once() {
    let finding = |resource: &str, saving: f64| Finding {
        rule: Rule::IdleNat,
        severity: Severity::Low,
        title: String::new(),
        resources: vec![Resource::new(resource, None)],
        vpc: None,
        availability_zones: Vec::new(),
        proof: Vec::new(),
        blast_radius: String::new(),
        money: Some(Money { monthly: saving.abs(), saving, saving_up_to: None, inputs: Vec::new() }),
        confidence: Confidence::High,
        remedy: Remedy { advice: String::new(), cli: Vec::new(), terraform: String::new() },
    };
    let findings = [finding("nat-1", 30.0), finding("nat-1", 36.5), finding("nat-2", -36.5), finding("nat-3", 1.0)];
    assert!((super::savings(&findings) - 1.0).abs() < 1e-9);
}

fn month(advice: &Advice, design: Design) -> Option<String> {
    let option = advice.options.iter().find(|option| option.design == design)?;
    option.monthly.map(dollars)
}

#[test]
fn production_gets_a_gateway_in_each_zone() {
    let (_, advice) = of(&account("us-east-1", |_| {}), None);
    let advice = advice.unwrap();
    assert_eq!((advice.current, advice.recommended), (Some(Design::NatPerZone), Design::NatPerZone));
    // 36.50 + 434.52 GB at $0.045, of which half crosses at $0.02.
    assert_eq!(month(&advice, Design::SingleNat).as_deref(), Some("$60.40"));
    assert_eq!(month(&advice, Design::NatPerZone).as_deref(), Some("$92.55"));
    assert_eq!(month(&advice, Design::RegionalNat).as_deref(), Some("$92.55"));
    assert_eq!(month(&advice, Design::GatewayEndpoints).as_deref(), Some("$0.00"));
    assert_eq!(month(&advice, Design::NatInstance), None);
    let regional = advice.options.iter().find(|option| option.design == Design::RegionalNat).unwrap();
    assert!(regional.inputs.iter().any(|input| input.source == "not certain: no primary source"));
}

#[test]
fn what_is_not_production_gets_one_until_it_costs_more() {
    let staging = |account: &mut Value| account["Vpcs"][0]["Tags"][1]["Value"] = json!("staging");
    let (_, advice) = of(&account("us-east-1", staging), None);
    let advice = advice.unwrap();
    assert_eq!(advice.recommended, Design::SingleNat);
    assert!(advice.because.starts_with("Environment=staging says that it is not production"), "{}", advice.because);
    // $3.07 for a t4g.nano, and an address.
    assert_eq!(month(&advice, Design::NatInstance).as_deref(), Some("$6.72"));
    let busy = account("us-east-1", |account| {
        staging(account);
        unmeasured(account);
    });
    assert_eq!(of(&busy, Some(5_000.0)).1.unwrap().recommended, Design::NatPerZone);
    // Elsewhere nobody knows what the instance costs.
    let elsewhere = of(&account("eu-west-1", staging), None).1.unwrap();
    assert_eq!(month(&elsewhere, Design::NatInstance), None);
}

#[test]
fn without_prices_the_advice_stands_without_figures() {
    let (_, advice) = of(&account("eu-north-1", |_| {}), None);
    let advice = advice.unwrap();
    assert_eq!((advice.recommended, month(&advice, Design::NatPerZone)), (Design::NatPerZone, None));
}

#[test]
fn one_zone_needs_one_gateway_and_without_nat_there_is_no_advice() {
    let one = account("us-east-1", |account| account["RouteTables"][3]["Routes"].as_array_mut().unwrap().truncate(1));
    assert_eq!(of(&one, None).1.unwrap().recommended, Design::SingleNat);
    let none = account("us-east-1", |account| {
        for table in [2, 3] {
            account["RouteTables"][table]["Routes"].as_array_mut().unwrap().truncate(1);
        }
    });
    assert_eq!(of(&none, None).1, None);
}
