//! Interfaces of which the snapshot does not say what groups they have: that is not to have none.

use super::*;

fn without_groups(interface: &str) -> Value {
    spoilt(|account| {
        let interface = find(account, "NetworkInterfaces", "NetworkInterfaceId", interface);
        interface.as_object_mut().unwrap().remove("Groups");
    })
}

#[test]
fn groups_that_are_not_said_make_the_way_unknown() {
    check(&without_groups("eni-0dba"), "eni-0taska", "eni-0dba:5432", "unknown");
    check(&without_groups("eni-0lba"), "internet", "eni-0lba:443", "unknown");
    let answer = answer(&without_groups("eni-0dba"), "eni-0taska", "eni-0dba:5432");
    let gaps: Vec<String> = answer.gaps.iter().map(ToString::to_string).collect();
    assert!(gaps.iter().any(|gap| gap.contains("which security groups eni-0dba has is not said")), "{gaps:?}");
}

#[test]
fn a_rule_that_names_a_group_may_mean_who_does_not_say_its_own() {
    check(&without_groups("eni-0taska"), "eni-0taska", "eni-0dba:5432", "unknown");
    check(&without_groups("eni-0taska"), "eni-0taska", "eni-0dba:22", "no: security group in");
}

#[test]
fn no_group_at_all_is_no_filter() {
    let account = spoilt(|account| {
        find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0dba")["Groups"] = json!([]);
        find(account, "SecurityGroups", "GroupId", "sg-0app")["IpPermissionsEgress"] = json!([anywhere()]);
    });
    check(&account, "eni-0taska", "eni-0dba:5432", "yes");
}
