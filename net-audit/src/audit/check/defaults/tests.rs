use serde_json::{Value, json};

use crate::audit::check::fixture::{add_exposed_instance, add_group, find, findings, one, spoilt, unknown, without};
use crate::audit::finding::{Finding, Severity};
use crate::audit::rule::Rule;

fn found(account: &Value) -> Vec<Finding> {
    findings(account, Rule::OpenDefaults)
}

/// The rules that AWS gives to a default group.
fn as_aws_makes_it(account: &mut Value) {
    let group = find(account, "SecurityGroups", "GroupId", "sg-0default");
    group["IpPermissions"] = json!([{ "IpProtocol": "-1", "UserIdGroupPairs": [{ "GroupId": "sg-0default" }] }]);
    group["IpPermissionsEgress"] = json!([{ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }]);
}

fn put_task_into(account: &mut Value, group: &str) {
    let interface = find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0taska");
    interface["Groups"].as_array_mut().unwrap().push(json!({ "GroupId": group }));
}

#[test]
fn a_default_group_as_aws_makes_it_is_fine_until_something_uses_it() {
    let unused = spoilt(as_aws_makes_it);
    assert_eq!(found(&unused), []);
    let used = spoilt(|account| {
        as_aws_makes_it(account);
        put_task_into(account, "sg-0default");
    });
    let finding = one(&used, Rule::OpenDefaults);
    assert_eq!(finding.severity, Severity::Low);
    let ids: Vec<&str> = finding.resources.iter().map(|resource| resource.id.as_str()).collect();
    assert_eq!(ids, ["sg-0default", "eni-0taska"]);
    assert_eq!(finding.blast_radius, "1 ECS task");
    assert!(finding.remedy.cli[0].contains("revoke-security-group-ingress --group-id sg-0default"));
    assert!(finding.remedy.terraform.contains("aws_default_security_group"));
}

#[test]
fn a_default_group_that_lets_addresses_in_is_told_even_if_nothing_uses_it() {
    let account = spoilt(|account| {
        find(account, "SecurityGroups", "GroupId", "sg-0default")["IpPermissions"] = json!([{
            "IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "IpRanges": [{ "CidrIp": "10.0.0.0/8" }]
        }]);
    });
    assert_eq!(one(&account, Rule::OpenDefaults).severity, Severity::Low);
}

#[test]
fn a_group_that_something_unseen_may_have_is_not_called_unused() {
    let account = spoilt(|account| {
        add_group(account, "sg-0old", "old", &[("tcp", 22, 22, "0.0.0.0/0")]);
        put_task_into(account, "(known after apply)");
    });
    assert_eq!(found(&account), []);
    let gaps = unknown(&account, Rule::OpenDefaults);
    assert!(gaps.iter().any(|gap| gap.contains("which security groups eni-0taska has")), "{gaps:?}");
}

#[test]
fn an_open_group_of_nothing_is_low_and_closed_but_not_deleted_for_a_template_may_name_it() {
    let account = spoilt(|account| add_group(account, "sg-0old", "old", &[("tcp", 22, 22, "0.0.0.0/0")]));
    let finding = one(&account, Rule::OpenDefaults);
    assert_eq!((finding.severity, finding.resources[0].id.as_str()), (Severity::Low, "sg-0old"));
    assert_eq!(finding.proof, ["sg-0old lets in tcp 22 from 0.0.0.0/0", "no interface has sg-0old right now"]);
    assert!(finding.title.ends_with("attached to nothing right now"), "{}", finding.title);
    let revoke = "aws ec2 revoke-security-group-ingress --group-id sg-0old --ip-permissions '[{\"IpProtocol\":\"tcp\",\"FromPort\":22,\"ToPort\":22,\"IpRanges\":[{\"CidrIp\":\"0.0.0.0/0\"}]}]' --region eu-central-1";
    assert_eq!(finding.remedy.cli, [revoke]);
}

#[test]
fn an_open_group_of_what_is_not_exposed_is_medium() {
    let account = spoilt(|account| {
        add_group(account, "sg-0ssh", "ssh", &[("tcp", 22, 22, "0.0.0.0/1"), ("tcp", 22, 22, "128.0.0.0/1")]);
        put_task_into(account, "sg-0ssh");
    });
    let finding = one(&account, Rule::OpenDefaults);
    assert_eq!(finding.severity, Severity::Medium);
    assert_eq!(finding.proof.last().unwrap(), "eni-0taska is stopped by its route");
    // What is inside may come by this rule.
    assert_eq!(finding.remedy.cli, ["aws ec2 describe-security-groups --group-ids sg-0ssh --region eu-central-1"]);
}

#[test]
fn an_open_group_of_what_is_exposed_is_told_as_what_it_is() {
    let account = spoilt(|account| {
        add_group(account, "sg-0ssh", "ssh", &[("tcp", 22, 22, "0.0.0.0/0")]);
        add_exposed_instance(account, "0web", "web", &["sg-0ssh"]);
    });
    assert_eq!(found(&account), []);
    assert_eq!(findings(&account, Rule::RemoteAccessOpen).len(), 1);
}

#[test]
fn open_web_ports_and_listed_addresses_are_fine() {
    let account = spoilt(|account| {
        add_group(account, "sg-0web", "web", &[("tcp", 443, 443, "0.0.0.0/0"), ("tcp", 22, 22, "93.184.216.34/32")]);
        put_task_into(account, "sg-0web");
    });
    assert_eq!(found(&account), []);
}

#[test]
fn a_default_vpc_is_told_if_something_stands_in_it() {
    let account = |is_empty: bool| {
        spoilt(|account| {
            find(account, "Vpcs", "VpcId", "vpc-0clean0000000001")["IsDefault"] = true.into();
            if is_empty {
                account["NetworkInterfaces"] = json!([]);
            }
        })
    };
    let finding = one(&account(false), Rule::OpenDefaults);
    assert_eq!((finding.severity, finding.resources[0].id.as_str()), (Severity::Low, "vpc-0clean0000000001"));
    assert_eq!(found(&account(true)), []);
}

#[test]
fn without_groups_it_is_unknown() {
    let account = spoilt(|account| without(account, "SecurityGroups"));
    assert_eq!(unknown(&account, Rule::OpenDefaults), ["the snapshot has no SecurityGroups"]);
}

#[test]
fn without_interfaces_only_groups_that_matter_are_unknown() {
    let account = spoilt(|account| without(account, "NetworkInterfaces"));
    assert_eq!(unknown(&account, Rule::OpenDefaults), [""; 0]);
    let account = spoilt(|account| {
        without(account, "NetworkInterfaces");
        as_aws_makes_it(account);
    });
    assert_eq!(unknown(&account, Rule::OpenDefaults), ["the snapshot has no NetworkInterfaces"]);
}

#[test]
fn an_unknown_list_is_not_forgotten_because_another_rule_opens_something() {
    let with = |protocol: &str, port: u16| {
        spoilt(|account| {
            add_group(account, "sg-0open", "open", &[(protocol, 22, 22, "0.0.0.0/0")]);
            let group = find(account, "SecurityGroups", "GroupId", "sg-0open");
            let rule = json!({ "IpProtocol": "tcp", "FromPort": port, "ToPort": port,
                "PrefixListIds": [{ "PrefixListId": "pl-0unlisted" }] });
            group["IpPermissions"].as_array_mut().unwrap().push(rule);
        })
    };
    assert_eq!(
        unknown(&with("tcp", 3306), Rule::OpenDefaults),
        ["pl-0unlisted is not among the snapshot's PrefixLists"]
    );
    assert_eq!(unknown(&with("tcp", 443), Rule::OpenDefaults), [] as [&str; 0]);
    assert_eq!(unknown(&with("-1", 3306), Rule::OpenDefaults), [] as [&str; 0]);
}
