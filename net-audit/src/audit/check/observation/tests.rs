//! NET021 on an account that is spoilt in one way at a time.

use serde_json::{Value, json};

use crate::audit::check::fixture::{add, find, findings, ids, one, spoilt, unknown, without};
use crate::audit::finding::{Confidence, Severity};
use crate::audit::rule::Rule;

const VPC: &str = "vpc-0clean0000000001";
const RULE: Rule = Rule::Unobserved;
const ANYWHERE: &str = "0.0.0.0/0";
const ANSWERS: (u16, u16) = (1024, 65535);

fn watch(resources: &[&str], status: &str) -> Value {
    let logs = resources.iter().enumerate().map(|(number, resource)| {
        json!({ "FlowLogId": format!("fl-{number}"), "FlowLogStatus": status, "ResourceId": resource })
    });
    let logs: Vec<Value> = logs.collect();
    spoilt(|account| account["FlowLogs"] = logs.into())
}

#[test]
fn a_vpc_without_a_flow_log_is_not_seen() {
    let finding = one(&watch(&[], "ACTIVE"), RULE);
    assert_eq!((finding.severity, ids(&finding)[0]), (Severity::Info, VPC));
    assert_eq!(finding.proof[0], format!("no flow log watches {VPC}"));
    assert_eq!(finding.blast_radius, "1 database, 2 ECS tasks, 1 load balancer, 2 NAT gateways");
    assert!(
        finding.remedy.cli[0]
            .starts_with(&format!("aws ec2 create-flow-logs --resource-type VPC --resource-ids {VPC}"))
    );
    let idle = one(&watch(&[VPC], "FAILED"), RULE);
    assert_eq!(idle.proof[0], format!("fl-0 watches {VPC} and is not active"));
}

#[test]
fn flow_logs_on_all_that_is_in_a_vpc_watch_it_too() {
    let subnets = ["subnet-0publica00000", "subnet-0publicb00000", "subnet-0appa00000001", "subnet-0appb00000001"];
    let all = [&subnets[..], &["eni-0dba", "subnet-0dbb00000001"]].concat();
    assert_eq!(findings(&watch(&all, "ACTIVE"), RULE), []);
    let most = [&subnets[..], &["eni-0dba"]].concat();
    assert_eq!(ids(&one(&watch(&most, "ACTIVE"), RULE)), [VPC, "subnet-0dbb00000001"]);
}

#[test]
fn an_empty_vpc_needs_no_flow_log() {
    let account = spoilt(|account| {
        let mode = json!({ "InternetGatewayBlockMode": "block-ingress" });
        add(account, "Vpcs", json!({ "VpcId": "vpc-empty", "OwnerId": "111122223333", "CidrBlock": "10.99.0.0/16" }));
        let subnet = json!({ "SubnetId": "subnet-empty", "VpcId": "vpc-empty", "CidrBlock": "10.99.0.0/24", "BlockPublicAccessStates": mode });
        add(account, "Subnets", subnet);
        let main = json!({ "RouteTableId": "rtb-empty", "VpcId": "vpc-empty", "Associations": [{ "Main": true }], "Routes": [] });
        add(account, "RouteTables", main);
    });
    assert_eq!(findings(&account, RULE), []);
}

#[test]
fn without_a_kind_it_is_unknown_what_is_seen() {
    for member in ["FlowLogs", "NetworkAcls"] {
        assert_eq!(
            unknown(&spoilt(|account| without(account, member)), RULE),
            [format!("the snapshot has no {member}")]
        );
    }
    // The VPC is watched, whatever is in it.
    assert_eq!(unknown(&spoilt(|account| without(account, "NetworkInterfaces")), RULE), [""; 0]);
    let mut account = watch(&[], "ACTIVE");
    without(&mut account, "NetworkInterfaces");
    assert_eq!(unknown(&account, RULE), ["the snapshot has no NetworkInterfaces"]);
}

#[test]
fn of_a_vpc_that_another_account_shares_it_is_unknown_who_watches_it() {
    let mut account = watch(&[], "ACTIVE");
    account["account"] = "444455556666".into();
    let shared = json!({ "schema": crate::snapshot::capture::SCHEMA, "regions": [account] });
    assert_eq!(findings(&shared, RULE), []);
    assert_eq!(unknown(&shared, RULE), [format!("{VPC} belongs to 111122223333: this account sees a part of it only")]);
}

/// Whether it goes out, its ports, and its block.
type Entry<'e> = (bool, (u16, u16), &'e str);

/// The account in which some subnets have an ACL of these entries.
fn guarded(subnets: &[&str], entries: &[Entry<'_>]) -> Value {
    spoilt(|account| guard(account, subnets, entries))
}

fn guard(account: &mut Value, subnets: &[&str], entries: &[Entry<'_>]) {
    let default = find(account, "NetworkAcls", "NetworkAclId", "acl-0clean");
    let associations = default["Associations"].as_array_mut().unwrap();
    associations.retain(|association| !subnets.contains(&association["SubnetId"].as_str().unwrap()));
    let associations: Vec<Value> = subnets.iter().map(|subnet| json!({ "SubnetId": subnet })).collect();
    let entries = entries.iter().enumerate().map(|(number, (is_egress, (from, to), block))| {
        json!({
            "CidrBlock": block, "Egress": is_egress, "Protocol": "6", "PortRange": { "From": from, "To": to },
            "RuleAction": "allow", "RuleNumber": 100 + number,
        })
    });
    let entries: Vec<Value> = entries.collect();
    add(
        account,
        "NetworkAcls",
        json!({ "NetworkAclId": "acl-0own", "VpcId": VPC, "Associations": associations, "Entries": entries }),
    );
}

const APP: [&str; 2] = ["subnet-0appa00000001", "subnet-0appb00000001"];
const PUBLIC: [&str; 2] = ["subnet-0publica00000", "subnet-0publicb00000"];
const DATABASE: [&str; 2] = ["subnet-0dba00000001", "subnet-0dbb00000001"];

#[test]
fn an_acl_that_lets_questions_out_and_no_answers_in_breaks_the_way_out() {
    let entries = [(true, (443, 443), ANYWHERE), (true, ANSWERS, "10.20.0.0/16"), (false, (0, 65535), "10.20.0.0/16")];
    let finding = one(&guarded(&APP, &entries), RULE);
    assert_eq!((finding.severity, ids(&finding)), (Severity::Medium, vec!["acl-0own", APP[0], APP[1]]));
    assert_eq!(finding.proof, ["acl-0own lets questions out to the internet and none of the answers in"]);
    assert_eq!(finding.blast_radius, format!("app-a ({}), app-b ({}): 2 ECS tasks", APP[0], APP[1]));
    let entry =
        "--rule-number 100 --protocol tcp --port-range From=1024,To=65535 --cidr-block 0.0.0.0/0 --rule-action allow";
    let command = "aws ec2 create-network-acl-entry --network-acl-id acl-0own --ingress";
    assert_eq!(finding.remedy.cli, [format!("{command} {entry} --region eu-central-1")]);
}

#[test]
fn the_acls_of_the_documentation_are_sound() {
    let app: &[Entry<'_>] = &[
        (true, (443, 443), ANYWHERE),
        (true, ANSWERS, "10.20.0.0/16"),
        (false, (8080, 8080), "10.20.0.0/16"),
        (false, ANSWERS, ANYWHERE),
    ];
    assert_eq!(findings(&guarded(&APP, app), RULE), []);
    // Linux does not ask from the ports below.
    let linux: &[Entry<'_>] = &[(true, (443, 443), ANYWHERE), (false, (32768, 61000), ANYWHERE)];
    assert_eq!(findings(&guarded(&APP, linux), RULE), []);
    let database: &[Entry<'_>] = &[(false, (5432, 5432), "10.20.16.0/20"), (true, ANSWERS, "10.20.16.0/20")];
    assert_eq!(findings(&guarded(&DATABASE, database), RULE), []);
    let open_out: &[Entry<'_>] = &[(false, (5432, 5432), "10.20.16.0/20"), (true, (0, 65535), ANYWHERE)];
    assert_eq!(findings(&guarded(&DATABASE, open_out), RULE), []);
    assert_eq!(findings(&guarded(&DATABASE, &[]), RULE), []);
}

#[test]
fn a_nat_gateway_asks_from_all_high_ports() {
    let entries: &[Entry<'_>] =
        &[(true, (0, 65535), ANYWHERE), (false, (443, 443), ANYWHERE), (false, (32768, 65535), ANYWHERE)];
    let finding = one(&guarded(&PUBLIC, entries), RULE);
    assert_eq!(finding.severity, Severity::Medium);
    assert!(finding.proof[0].contains("NAT gateways"), "{:?}", finding.proof);
    let windows: &[Entry<'_>] = &[(true, (443, 443), ANYWHERE), (false, (49152, 65535), ANYWHERE)];
    let finding = one(&guarded(&APP, windows), RULE);
    assert_eq!((finding.severity, finding.confidence), (Severity::Info, Confidence::Medium));
}

#[test]
fn a_load_balancer_does_not_ask_the_internet() {
    let entries: &[Entry<'_>] =
        &[(true, (0, 65535), ANYWHERE), (false, (443, 443), ANYWHERE), (false, (0, 65535), "10.20.0.0/16")];
    let account = spoilt(|account| {
        guard(account, &PUBLIC, entries);
        let interfaces = account["NetworkInterfaces"].as_array_mut().unwrap();
        interfaces.retain(|interface| interface["InterfaceType"] != "nat_gateway");
    });
    assert_eq!(findings(&account, RULE), []);
}

#[test]
fn a_public_service_whose_answers_are_held_back_is_broken() {
    let entries: &[Entry<'_>] =
        &[(false, (443, 443), ANYWHERE), (false, ANSWERS, ANYWHERE), (true, (0, 65535), "10.0.0.0/8")];
    let finding = one(&guarded(&PUBLIC, entries), RULE);
    assert_eq!((finding.severity, ids(&finding)), (Severity::Medium, vec!["acl-0own", PUBLIC[0], PUBLIC[1]]));
    assert_eq!(finding.proof, ["acl-0own lets the internet ask and none of the answers out"]);
    assert!(finding.remedy.cli[0].contains("--egress --rule-number 100"), "{:?}", finding.remedy.cli);
}

#[test]
fn an_entry_that_nobody_gets_an_answer_by_is_told() {
    let entries: &[Entry<'_>] = &[(false, (5432, 5432), "10.20.16.0/20"), (true, ANSWERS, "10.99.0.0/16")];
    let finding = one(&guarded(&DATABASE, entries), RULE);
    assert_eq!((finding.severity, finding.confidence), (Severity::Info, Confidence::Medium));
    assert_eq!(
        finding.proof,
        ["entry 100 of acl-0own lets tcp 5432 in from 10.20.16.0/20, and no entry lets answers out to there"]
    );
}

#[test]
fn addresses_that_are_denied_are_meant_to_get_no_answer() {
    let account = spoilt(|account| {
        let entries = find(account, "NetworkAcls", "NetworkAclId", "acl-0clean")["Entries"].as_array_mut().unwrap();
        for is_egress in [true, false] {
            let block = if is_egress { "45.0.0.0/8" } else { "46.0.0.0/8" };
            entries.push(json!({ "CidrBlock": block, "Egress": is_egress, "Protocol": "-1", "RuleAction": "deny", "RuleNumber": 50 }));
        }
    });
    assert_eq!(findings(&account, RULE), []);
}

#[test]
fn an_entry_that_terraform_does_not_know_yet_is_unknown() {
    let mut account = guarded(&APP, &[(true, (443, 443), ANYWHERE)]);
    find(&mut account, "NetworkAcls", "NetworkAclId", "acl-0own")["Entries"][0]["CidrBlock"] =
        "(known after apply)".into();
    let missing = "whom entry 100 of acl-0own is for is not known before Terraform is applied";
    assert_eq!(unknown(&account, RULE), [missing]);
}

/// The account with Block Public Access off.
fn unblocked(account: &mut Value) {
    for subnet in account["Subnets"].as_array_mut().unwrap() {
        subnet["BlockPublicAccessStates"]["InternetGatewayBlockMode"] = "off".into();
    }
}

#[test]
fn block_public_access_that_is_off_is_told_once_a_region() {
    let finding = one(&spoilt(unblocked), RULE);
    assert_eq!((finding.severity, finding.confidence, finding.vpc.as_ref()), (Severity::Info, Confidence::Low, None));
    assert_eq!(finding.blast_radius, "4 private subnets: 1 database, 2 ECS tasks");
    let exclusion =
        "aws ec2 create-vpc-block-public-access-exclusion --internet-gateway-exclusion-mode allow-bidirectional";
    assert_eq!(
        finding.remedy.cli,
        [
            format!("{exclusion} --subnet-id subnet-0publica00000 --region eu-central-1"),
            format!("{exclusion} --subnet-id subnet-0publicb00000 --region eu-central-1"),
            "aws ec2 describe-vpc-block-public-access-exclusions --query \"VpcBlockPublicAccessExclusions[].[ResourceArn,State]\" --output table --region eu-central-1"
                .to_owned(),
            "aws ec2 modify-vpc-block-public-access-options --internet-gateway-block-mode block-ingress --region eu-central-1"
                .to_owned(),
        ]
    );
    let advice = &finding.remedy.advice;
    assert!(advice.contains("cut off what stands in 2 public subnets: 1 load balancer."), "{advice}");
    let terraform = &finding.remedy.terraform;
    assert_eq!(terraform.matches("resource \"aws_vpc_block_public_access_exclusion\"").count(), 2, "{terraform}");
    let (_, switch) = terraform.split_once("resource \"aws_vpc_block_public_access_options\"").unwrap();
    assert!(switch.contains("aws_vpc_block_public_access_exclusion.subnet_0publicb00000,"), "{switch}");
}

#[test]
fn more_public_subnets_than_exclusions_are_excluded_by_their_vpc() {
    let account = spoilt(|account| {
        unblocked(account);
        for number in 0..50 {
            let id = format!("subnet-more{number}");
            let subnet = json!({ "SubnetId": id, "VpcId": "vpc-0clean0000000001", "CidrBlock": format!("10.20.{}.0/24", 100 + number) });
            add(account, "Subnets", subnet);
            let table = find(account, "RouteTables", "RouteTableId", "rtb-0public");
            table["Associations"].as_array_mut().unwrap().push(json!({ "Main": false, "SubnetId": id }));
        }
    });
    let remedy = one(&account, RULE).remedy;
    assert_eq!(remedy.cli.len(), 3, "{:?}", remedy.cli);
    assert!(remedy.cli[0].contains("--vpc-id vpc-0clean0000000001"), "{:?}", remedy.cli);
    assert!(
        remedy.terraform.contains("vpc_id                          = \"vpc-0clean0000000001\""),
        "{}",
        remedy.terraform
    );
}

#[test]
fn nothing_is_switched_while_it_is_not_known_what_is_public() {
    let account = spoilt(|account| {
        unblocked(account);
        without(account, "InternetGateways");
    });
    let remedy = one(&account, RULE).remedy;
    assert!(remedy.cli.iter().all(|command| command.contains(" describe-")), "{:?}", remedy.cli);
}

#[test]
fn block_public_access_protects_nothing_where_nothing_private_is() {
    let account = spoilt(|account| {
        unblocked(account);
        account["NetworkInterfaces"]
            .as_array_mut()
            .unwrap()
            .retain(|interface| PUBLIC.contains(&interface["SubnetId"].as_str().unwrap()));
    });
    assert_eq!(findings(&account, RULE), []);
    let account = spoilt(|account| {
        unblocked(account);
        without(account, "NetworkInterfaces");
    });
    assert_eq!(unknown(&account, RULE), ["the snapshot has no NetworkInterfaces"]);
}
