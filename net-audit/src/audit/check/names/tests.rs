use serde_json::{Value, json};

use crate::audit::audit;
use crate::audit::check::fixture::{add, clean, find, findings, one, spoilt, unknown, with_facts, without};
use crate::audit::finding::{Confidence, Severity};
use crate::audit::rule::Rule;
use crate::exposure::names::names_of;
use crate::facts::Setting;
use crate::facts::intent::Intent;
use crate::money::price::built_in;
use crate::snapshot::read;

fn record(name: &str, kind: &str, values: &[&str]) -> Value {
    let values: Vec<Value> = values.iter().map(|value| json!({ "Value": value })).collect();
    json!({ "HostedZoneId": "Z0CLEAN", "Name": name, "Type": kind, "TTL": 300, "ResourceRecords": values })
}

fn with_record(name: &str, kind: &str, values: &[&str]) -> Value {
    spoilt(|account| add(account, "ResourceRecordSets", record(name, kind, values)))
}

#[test]
fn a_record_of_somebody_elses_address_is_looked_at_first_for_it_may_be_meant() {
    let account = with_record("old.example.com.", "A", &["93.184.216.34"]);
    let finding = one(&account, Rule::DanglingName);
    assert_eq!((finding.severity, finding.confidence), (Severity::Medium, Confidence::Low));
    let ids: Vec<&str> = finding.resources.iter().map(|resource| resource.id.as_str()).collect();
    assert_eq!(ids, ["old.example.com", "Z0CLEAN"]);
    let show = "aws route53 list-resource-record-sets --hosted-zone-id Z0CLEAN --query \"ResourceRecordSets[?Name=='old.example.com.' && Type=='A']\" --output json";
    assert_eq!(finding.remedy.cli, [show]);
}

#[test]
fn an_ipv6_address_is_judged_as_an_ipv4_address_is() {
    let foreign = with_record("old.example.com.", "AAAA", &["2606:2800:220:1::1"]);
    let finding = one(&foreign, Rule::DanglingName);
    assert_eq!((finding.severity, finding.confidence), (Severity::Medium, Confidence::Low));
    let own = spoilt(|account| {
        find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0lba")["Ipv6Addresses"] =
            json!([{ "Ipv6Address": "2a05:d014::5" }]);
        add(account, "ResourceRecordSets", record("a.example.com.", "AAAA", &["2a05:d014::5"]));
    });
    assert_eq!(findings(&own, Rule::DanglingName), []);
}

#[test]
fn a_record_loses_the_value_that_is_wrong_and_keeps_the_others() {
    let account = with_record("www2.example.com.", "A", &["18.184.1.1", "93.184.216.34"]);
    let remedy = one(&account, Rule::DanglingName).remedy;
    assert_eq!(
        remedy.cli,
        [
            "aws route53 list-resource-record-sets --hosted-zone-id Z0CLEAN --query \"{Changes: ResourceRecordSets[?Name=='www2.example.com.' && Type=='A'].{Action: 'UPSERT', ResourceRecordSet: merge(@, {ResourceRecords: ResourceRecords[?Value!='93.184.216.34']})}}\" --output json > change.json",
            "aws route53 change-resource-record-sets --hosted-zone-id Z0CLEAN --change-batch file://change.json",
        ]
    );
    assert!(remedy.terraform.contains("records = [\"18.184.1.1\"]"), "{}", remedy.terraform);
}

#[test]
fn a_record_set_beside_one_of_an_own_address_is_high_and_alone_deleted() {
    let account = |set: &str| {
        spoilt(|account| {
            for (set, address) in [("blue", "18.184.1.1"), (set, "93.184.216.34")] {
                let mut weighted = record("\\052.example.com.", "A", &[address]);
                weighted["SetIdentifier"] = set.into();
                add(account, "ResourceRecordSets", weighted);
            }
        })
    };
    let finding = one(&account("green"), Rule::DanglingName);
    assert_eq!((finding.severity, finding.confidence), (Severity::High, Confidence::Medium));
    let chosen = "{Changes: ResourceRecordSets[?Name=='\\052.example.com.' && Type=='A' && SetIdentifier=='green'].{Action: 'DELETE'";
    assert!(finding.remedy.cli[0].contains(chosen), "{}", finding.remedy.cli[0]);
    assert!(finding.remedy.terraform.contains("name    = \"*.example.com\""), "{}", finding.remedy.terraform);
    // What no shell should see could not be told from its siblings: they are shown, and nothing is changed.
    let remedy = one(&account("'; rm -r \"$HOME\""), Rule::DanglingName).remedy;
    assert_eq!(remedy.cli.len(), 1);
    assert!(!remedy.cli[0].contains("rm") && !remedy.cli[0].contains("Changes"), "{}", remedy.cli[0]);
}

#[test]
fn a_foreign_address_beside_an_own_one_is_high() {
    let account = with_record("old.example.com.", "A", &["18.184.1.1", "93.184.216.34"]);
    let finding = one(&account, Rule::DanglingName);
    assert_eq!((finding.severity, finding.confidence), (Severity::High, Confidence::Medium));
}

#[test]
fn the_host_name_of_somebody_elses_instance_is_high() {
    let host = |address: &str| format!("ec2-{address}.eu-central-1.compute.amazonaws.com");
    let account = with_record("old.example.com.", "CNAME", &[&host("18-184-200-1")]);
    let finding = one(&account, Rule::DanglingName);
    assert_eq!((finding.severity, finding.confidence), (Severity::High, Confidence::Medium));
    let own = with_record("a.example.com.", "CNAME", &[&host("18-184-1-1")]);
    assert_eq!(findings(&own, Rule::DanglingName), []);
}

#[test]
fn records_of_own_addresses_are_fine() {
    for address in ["18.184.1.1", "18.184.0.1", "192.0.2.1"] {
        assert_eq!(findings(&with_record("a.example.com.", "A", &[address]), Rule::DanglingName), [], "{address}");
    }
}

#[test]
fn a_record_of_an_idle_address_is_medium() {
    let account = spoilt(|account| {
        add(
            account,
            "Addresses",
            json!({ "AllocationId": "eipalloc-0idle", "PublicIp": "18.184.8.8", "Domain": "vpc" }),
        );
        add(account, "ResourceRecordSets", record("old.example.com.", "A", &["18.184.8.8"]));
    });
    let finding = one(&account, Rule::DanglingName);
    assert_eq!(finding.severity, Severity::Medium);
    assert!(finding.proof[1].contains("eipalloc-0idle"));
    assert!(finding.remedy.cli[0].contains("'DELETE'"), "{}", finding.remedy.cli[0]);
}

#[test]
fn a_load_balancer_that_is_gone_is_high() {
    let account = spoilt(|account| {
        account["ResourceRecordSets"][0]["AliasTarget"]["DNSName"] =
            "dualstack.old-987654321.eu-central-1.elb.amazonaws.com.".into();
    });
    let finding = one(&account, Rule::DanglingName);
    assert_eq!((finding.severity, finding.confidence), (Severity::High, Confidence::High));
    assert_eq!(finding.resources[0].id, "www.example.com");
    let network = with_record("tcp.example.com.", "CNAME", &["tcp-0123456789abcdef.elb.eu-central-1.amazonaws.com"]);
    assert_eq!(one(&network, Rule::DanglingName).severity, Severity::High);
}

#[test]
fn a_classic_load_balancer_is_known_by_its_interface() {
    let host = "internal-Legacy-987654321.eu-central-1.elb.amazonaws.com";
    let account = spoilt(|account| {
        add(account, "ResourceRecordSets", record("old.example.com.", "CNAME", &[host]));
        find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0dbb")["Description"] = "ELB legacy".into();
    });
    assert_eq!(findings(&account, Rule::DanglingName), []);
}

#[test]
fn hosts_of_other_regions_and_providers_are_not_judged() {
    for host in ["old-987654321.us-east-1.elb.amazonaws.com", "shop.myshopify.com", "d111.cloudfront.net"] {
        let account = with_record("old.example.com.", "CNAME", &[host]);
        assert_eq!(findings(&account, Rule::DanglingName), [], "{host}");
        assert_eq!(unknown(&account, Rule::DanglingName), [""; 0], "{host}");
    }
}

#[test]
fn a_database_that_is_gone_is_high_and_one_that_is_there_is_fine() {
    let host = |name: &str| format!("{name}.c0abcdefghij.eu-central-1.rds.amazonaws.com");
    let gone = with_record("db.example.com.", "CNAME", &[&host("old")]);
    assert_eq!(one(&gone, Rule::DanglingName).severity, Severity::High);
    let there = with_record("db.example.com.", "CNAME", &[&host("orders")]);
    assert_eq!(findings(&there, Rule::DanglingName), []);
}

#[test]
fn private_zones_point_where_they_like() {
    let account = spoilt(|account| {
        find(account, "HostedZones", "Id", "/hostedzone/Z0CLEAN")["Config"]["PrivateZone"] = true.into();
        add(account, "ResourceRecordSets", record("a.example.com.", "A", &["93.184.216.34"]));
        add(account, "ResourceRecordSets", record("b.example.com.", "A", &["10.20.16.20"]));
    });
    for rule in super::RULES {
        assert_eq!(findings(&account, rule), []);
    }
}

#[test]
fn a_private_address_in_a_public_zone_is_low() {
    for (kind, address) in [("A", "10.20.16.20"), ("AAAA", "fd00::5")] {
        let account = with_record("db.example.com.", kind, &[address]);
        let finding = one(&account, Rule::PrivateAddressInPublicName);
        assert_eq!((finding.severity, finding.resources[0].id.as_str()), (Severity::Low, "db.example.com"));
        assert!(finding.proof[0].contains(address));
        // Who asks for it today has no other answer.
        assert!(finding.remedy.cli.iter().all(|command| !command.contains("change-resource-record-sets")));
        assert_eq!(findings(&account, Rule::DanglingName), []);
    }
}

#[test]
fn a_record_that_does_not_say_its_zone_is_in_that_with_the_longest_name() {
    let account = |private: bool| {
        spoilt(|account| {
            let zone = json!({ "Id": "Z0INNER", "Name": "inner.example.com.", "Config": { "PrivateZone": private } });
            add(account, "HostedZones", zone);
            let mut loose = record("db.inner.example.com.", "A", &["10.20.16.20"]);
            loose.as_object_mut().unwrap().remove("HostedZoneId");
            add(account, "ResourceRecordSets", loose);
        })
    };
    assert_eq!(findings(&account(true), Rule::PrivateAddressInPublicName), []);
    assert_eq!(one(&account(false), Rule::PrivateAddressInPublicName).resources[1].id, "Z0INNER");
}

#[test]
fn a_record_in_one_of_two_zones_of_a_name_is_unknown_if_it_matters() {
    let account = spoilt(|account| {
        let zone = json!({ "Id": "Z0SPLIT", "Name": "example.com.", "Config": { "PrivateZone": true } });
        add(account, "HostedZones", zone);
        for (name, address) in [("db.example.com.", "10.20.16.20"), ("web.example.com.", "18.184.1.1")] {
            let mut loose = record(name, "A", &[address]);
            loose.as_object_mut().unwrap().remove("HostedZoneId");
            add(account, "ResourceRecordSets", loose);
        }
    });
    assert_eq!(
        unknown(&account, Rule::PrivateAddressInPublicName),
        ["db.example.com does not say whether it is in the public or the private zone example.com"]
    );
    assert_eq!(unknown(&account, Rule::DanglingName), [""; 0]);
}

#[test]
fn without_records_or_zones_names_are_unknown() {
    for member in ["ResourceRecordSets", "HostedZones"] {
        let account = spoilt(|account| without(account, member));
        for rule in super::RULES {
            assert_eq!(unknown(&account, rule), [format!("the snapshot has no {member}")]);
        }
    }
}

#[test]
fn without_load_balancers_a_host_that_is_not_found_is_unknown() {
    let account = spoilt(|account| without(account, "LoadBalancers"));
    assert_eq!(unknown(&account, Rule::DanglingName), ["the snapshot has no LoadBalancers"]);
}

#[test]
fn the_region_that_has_the_zones_answers_for_all() {
    let regions = |second: Value| {
        let first =
            spoilt(|account| add(account, "ResourceRecordSets", record("old.example.com.", "A", &["93.184.216.34"])));
        let region = |name: &str, mut members: Value| {
            members["region"] = name.into();
            members
        };
        json!({
            "schema": crate::snapshot::capture::SCHEMA,
            "regions": [region("eu-central-1", first), region("eu-west-1", second)],
        })
    };
    let other = spoilt(|account| {
        without(account, "HostedZones");
        without(account, "ResourceRecordSets");
    });
    for (second, count) in [(other, 1), (clean(), 1)] {
        let text = regions(second).to_string();
        let estate = read([text.as_bytes()]).unwrap();
        let (intent, prices) = (Intent::default(), built_in());
        let all = audit(&estate, Setting { intent: &intent, prices: &prices, gb: None });
        let found = all.iter().flat_map(|one| &one.findings.found).filter(|one| one.rule == Rule::DanglingName);
        assert_eq!(found.count(), count);
        let unknown = all.iter().flat_map(|one| &one.findings.unknown);
        assert_eq!(unknown.filter(|one| super::RULES.contains(&one.rule)).count(), 0);
    }
}

#[test]
fn things_are_called_by_the_records_that_lead_to_them() {
    let account = spoilt(|account| {
        add(account, "ResourceRecordSets", record("shop.example.com.", "CNAME", &["www.example.com"]));
        add(account, "ResourceRecordSets", record("task.example.com.", "A", &["10.20.16.20"]));
    });
    with_facts(&account, |facts| {
        let names = names_of(facts);
        assert_eq!(names["eni-0lba"], ["shop.example.com", "www.example.com"]);
        assert_eq!(names["eni-0taska"], ["task.example.com"]);
        assert!(!names.contains_key("eni-0dba"));
    });
}
