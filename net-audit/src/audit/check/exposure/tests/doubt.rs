//! What cannot be said of what is exposed.

use super::*;

#[test]
fn a_database_of_which_it_cannot_be_said_is_unknown() {
    let account = spoilt(|account| {
        exposed_database(account, (5432, 5432), "0.0.0.0/0");
        without(account, "NetworkAcls");
    });
    assert_eq!(unknown(&account, Rule::ExposedDatabase), ["the snapshot has no NetworkAcls"]);
}

#[test]
fn without_databases_their_flags_are_unknown() {
    let account = spoilt(|account| without(account, "DBInstances"));
    assert_eq!(unknown(&account, Rule::ExposedDatabase), ["the snapshot has no DBInstances"]);
}

/// What the rules cannot say of an interface.
fn doubted(account: &Value, interface: &str) -> Vec<Rule> {
    let unknown = everything(account).1.into_iter();
    let mut rules: Vec<Rule> =
        unknown.filter(|unknown| unknown.resource.as_deref() == Some(interface)).map(|unknown| unknown.rule).collect();
    rules.sort_unstable();
    rules
}

#[test]
fn an_unknown_group_is_not_forgotten_because_another_opens_something() {
    let with = |ports: (u16, u16), protocol: &'static str| {
        spoilt(|account| {
            add_group(account, "sg-0web", "web", &[(protocol, ports.0, ports.1, "0.0.0.0/0")]);
            add_exposed_instance(account, "0web", "web", &["sg-0web", "sg-0unlisted"]);
        })
    };
    let all = vec![Rule::ExposedDatabase, Rule::AllPortsOpen, Rule::RemoteAccessOpen];
    assert_eq!(doubted(&with((443, 443), "tcp"), "eni-0web"), all);
    // What is found is known; what is open to everybody cannot be opened further.
    assert_eq!(doubted(&with((22, 22), "tcp"), "eni-0web"), all[..2]);
    assert_eq!(doubted(&with((0, 0), "-1"), "eni-0web"), []);
}

#[test]
fn an_unknown_prefix_list_leaves_in_doubt_only_the_ports_that_it_is_for() {
    for (port, expected) in [(22, vec![Rule::RemoteAccessOpen]), (8443, Vec::new())] {
        let account = spoilt(|account| {
            add_group(account, "sg-0web", "web", &[("tcp", 443, 443, "0.0.0.0/0")]);
            let group = find(account, "SecurityGroups", "GroupId", "sg-0web");
            let rule = json!({ "IpProtocol": "tcp", "FromPort": port, "ToPort": port,
                "PrefixListIds": [{ "PrefixListId": "pl-0unlisted" }] });
            group["IpPermissions"].as_array_mut().unwrap().push(rule);
            add_exposed_instance(account, "0web", "web", &["sg-0web"]);
        });
        assert_eq!(doubted(&account, "eni-0web"), expected, "{port}");
        assert_eq!(found(&account), []);
    }
}

#[test]
fn a_database_with_an_unknown_group_is_in_doubt_though_it_answers_to_ping_only() {
    let account = spoilt(|account| {
        exposed_database(account, (5432, 5432), "0.0.0.0/0");
        find(account, "SecurityGroups", "GroupId", "sg-0db")["IpPermissions"][0]["IpProtocol"] = "icmp".into();
        find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0dba")["Groups"] =
            json!([{ "GroupId": "sg-0db" }, { "GroupId": "sg-0unlisted" }]);
    });
    assert_eq!(doubted(&account, "eni-0dba"), [Rule::ExposedDatabase]);
}

#[test]
fn what_keeps_a_flagged_database_from_the_internet_is_not_the_acl_that_lets_everything_in() {
    let account = spoilt(|account| {
        find(account, "DBInstances", "DBInstanceIdentifier", "orders")["PubliclyAccessible"] = true.into();
    });
    let title = one(&account, Rule::ExposedDatabase).title;
    assert!(title.contains("its security group"), "{title}");
    assert!(!title.contains("network ACL"), "{title}");
}

#[test]
fn an_unknown_list_for_443_alone_raises_no_doubt_about_doors() {
    let account = spoilt(|account| {
        find(account, "SecurityGroups", "GroupId", "sg-0lb")["IpPermissions"] = json!([{ "IpProtocol": "tcp",
            "FromPort": 443, "ToPort": 443, "PrefixListIds": [{ "PrefixListId": "pl-0cloudfront" }] }]);
    });
    for rule in [Rule::ExposedDatabase, Rule::AllPortsOpen, Rule::RemoteAccessOpen] {
        assert_eq!(unknown(&account, rule), [""; 0]);
    }
}

#[test]
fn where_the_port_of_a_database_is_not_described_no_open_port_is_called_idle() {
    let account = spoilt(|account| {
        exposed_database(account, (6000, 6000), "0.0.0.0/0");
        account["DBInstances"] = json!([]);
    });
    assert_eq!(findings(&account, Rule::ExposedDatabase)[0].severity, Severity::High);
}

#[test]
fn nearly_all_ports_of_udp_are_as_bad_as_all() {
    for (first, last, expected) in [
        (1, 65_535, Severity::Critical),
        (1, 1023, Severity::Critical),
        (10_000, 20_000, Severity::Medium),
        (1024, 65_535, Severity::Critical),
    ] {
        let account = spoilt(|account| {
            add_group(account, "sg-0media", "media", &[("udp", first, last, "0.0.0.0/0")]);
            add_exposed_instance(account, "0media", "media", &["sg-0media"]);
        });
        assert_eq!(one(&account, Rule::AllPortsOpen).severity, expected, "{first}-{last}");
    }
}
