mod doubt;

use serde_json::{Value, json};

use crate::audit::check::fixture::{
    add_exposed_instance, add_group, add_interface, everything, find, findings, one, spoilt, unknown, without,
};
use crate::audit::finding::{Confidence, Severity};
use crate::audit::rule::Rule;

/// The rules that find something, each with how bad and the first resource.
fn found(account: &Value) -> Vec<(Rule, Severity, String)> {
    let rules = [Rule::ExposedDatabase, Rule::AllPortsOpen, Rule::RemoteAccessOpen];
    let all = everything(account).0.into_iter().filter(|finding| rules.contains(&finding.rule));
    all.map(|finding| (finding.rule, finding.severity, finding.resources[0].id.clone())).collect()
}

/// A rule by protocol, ports and block.
type OpenRule = (&'static str, u16, u16, &'static str);

/// A database in a public subnet, with a public address, and its group opened.
fn exposed_database(account: &mut Value, port: (u16, u16), block: &str) {
    let interface = find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0dba");
    interface["SubnetId"] = "subnet-0publica00000".into();
    interface["Association"] = json!({ "PublicIp": "18.184.5.5", "IpOwnerId": "amazon-rds" });
    let database = find(account, "DBInstances", "DBInstanceIdentifier", "orders");
    database["PubliclyAccessible"] = true.into();
    database["DBSubnetGroup"]["Subnets"][0]["SubnetIdentifier"] = "subnet-0publica00000".into();
    let group = find(account, "SecurityGroups", "GroupId", "sg-0db");
    group["IpPermissions"] = json!([{
        "IpProtocol": "tcp", "FromPort": port.0, "ToPort": port.1, "IpRanges": [{ "CidrIp": block }]
    }]);
}

#[test]
fn a_database_that_anybody_can_speak_to_is_critical() {
    let account = spoilt(|account| exposed_database(account, (5432, 5432), "0.0.0.0/0"));
    let finding = one(&account, Rule::ExposedDatabase);
    assert_eq!((finding.severity, finding.confidence), (Severity::Critical, Confidence::High));
    assert_eq!(finding.title, "database orders (RDS) at 18.184.5.5 is exposed to the internet, its own port included");
    let ids: Vec<&str> = finding.resources.iter().map(|resource| resource.id.as_str()).collect();
    assert_eq!(ids, ["orders", "eni-0dba", "sg-0db"]);
    assert_eq!(finding.vpc.as_deref(), Some("vpc-0clean0000000001"));
    assert_eq!(finding.availability_zones, ["eu-central-1a"]);
    assert!(finding.proof.iter().any(|line| line.contains("rtb-0public sends 0.0.0.0/0 to igw-0clean0000000001")));
    assert!(finding.proof.iter().any(|line| line.contains("sg-0db: tcp 5432 from anywhere")));
    assert_eq!(
        finding.remedy.cli,
        [
            "aws rds modify-db-instance --db-instance-identifier orders --no-publicly-accessible --region eu-central-1",
            "aws ec2 revoke-security-group-ingress --group-id sg-0db --ip-permissions '[{\"IpProtocol\":\"tcp\",\"FromPort\":5432,\"ToPort\":5432,\"IpRanges\":[{\"CidrIp\":\"0.0.0.0/0\"}]}]' --region eu-central-1",
        ]
    );
    assert!(finding.remedy.terraform.contains("publicly_accessible = false"));
}

#[test]
fn a_database_that_single_addresses_reach_is_medium_and_open_to_them_only() {
    let account = spoilt(|account| exposed_database(account, (5432, 5432), "93.184.216.34/32"));
    let finding = one(&account, Rule::ExposedDatabase);
    assert_eq!(finding.severity, Severity::Medium);
    assert_eq!(finding.title, "database orders (RDS) at 18.184.5.5 is open to 93.184.216.34/32 (tcp 5432)");
    // Somebody works there: nothing is closed before it is known who.
    assert_eq!(finding.remedy.cli, ["aws ec2 describe-security-groups --group-ids sg-0db --region eu-central-1"]);
}

#[test]
fn a_database_of_which_the_internet_gets_to_other_ports_only_is_low() {
    let account = spoilt(|account| exposed_database(account, (22, 22), "0.0.0.0/0"));
    let finding = one(&account, Rule::ExposedDatabase);
    assert_eq!(finding.severity, Severity::Low);
    assert!(finding.title.ends_with("at which nothing listens"), "{}", finding.title);
    assert!(finding.remedy.cli.iter().all(|command| !command.contains("revoke")), "{:?}", finding.remedy.cli);
}

#[test]
fn a_database_that_loses_a_group_is_still_known() {
    let account = spoilt(|account| {
        exposed_database(account, (5432, 5432), "0.0.0.0/0");
        let group = |id: &str, status: &str| json!({ "VpcSecurityGroupId": id, "Status": status });
        find(account, "DBInstances", "DBInstanceIdentifier", "orders")["VpcSecurityGroups"] =
            json!([group("sg-0db", "active"), group("sg-0app", "removing")]);
        find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0dba")["Groups"] =
            json!([{ "GroupId": "sg-0db" }, { "GroupId": "sg-0app" }]);
    });
    assert_eq!(found(&account), [(Rule::ExposedDatabase, Severity::Critical, "orders".to_owned())]);
}

#[test]
fn ports_around_an_administrative_one_stay_open() {
    let account = spoilt(|account| {
        add_group(account, "sg-0web", "web", &[("tcp", 22, 443, "0.0.0.0/0")]);
        add_exposed_instance(account, "0web", "web", &["sg-0web"]);
    });
    let finding = one(&account, Rule::RemoteAccessOpen);
    let rule = |first: u16, last: u16| {
        format!(
            "{{\"IpProtocol\":\"tcp\",\"FromPort\":{first},\"ToPort\":{last},\"IpRanges\":[{{\"CidrIp\":\"0.0.0.0/0\"}}]}}"
        )
    };
    let change = |verb: &str, rules: &str| {
        format!(
            "aws ec2 {verb}-security-group-ingress --group-id sg-0web --ip-permissions '[{rules}]' --region eu-central-1"
        )
    };
    // Nobody who is served loses the way in between.
    let kept = format!("{},{}", rule(24, 388), rule(390, 443));
    assert_eq!(finding.remedy.cli[..2], [change("authorize", &kept), change("revoke", &rule(22, 443))]);
    let terraform = &finding.remedy.terraform;
    assert!(terraform.contains("of sg-0web that lets in tcp 22-443 from 0.0.0.0/0"), "{terraform}");
    assert!(terraform.contains("# write one instead that lets in tcp 24-388 from 0.0.0.0/0"), "{terraform}");
}

#[test]
fn many_small_blocks_that_are_a_wide_opening_together_are_all_taken_back() {
    let account = spoilt(|account| {
        add_group(account, "sg-0ssh", "ssh", &[("tcp", 22, 22, "203.0.113.7/32")]);
        let blocks: Vec<Value> = (0..1024_u32)
            .map(|at| json!({ "CidrIp": format!("{}.{}.{}.0/17", 60 + at / 512, at / 2 % 256, at % 2 * 128) }))
            .collect();
        let rule = &mut find(account, "SecurityGroups", "GroupId", "sg-0ssh")["IpPermissions"][0];
        rule["IpRanges"].as_array_mut().unwrap().extend(blocks);
        add_exposed_instance(account, "0web", "web", &["sg-0ssh"]);
    });
    let finding = one(&account, Rule::RemoteAccessOpen);
    assert_eq!(finding.proof[0].matches("/17").count(), 8);
    assert!(finding.proof[0].ends_with("and 1016 more"), "{}", finding.proof[0]);
    let revoke = &finding.remedy.cli[0];
    assert!(revoke.contains("revoke") && revoke.matches("/17").count() == 1024 && !revoke.contains("/32"), "{revoke}");
}

#[test]
fn daemons_and_directories_are_administration_and_udp_counts() {
    let account = spoilt(|account| {
        let rules = [
            ("tcp", 2375, 2375, "0.0.0.0/0"),
            ("tcp", 445, 445, "0.0.0.0/0"),
            ("udp", 389, 389, "0.0.0.0/0"),
            ("udp", 11211, 11211, "0.0.0.0/0"),
            ("tcp", 27018, 27018, "0.0.0.0/0"),
            ("udp", 123, 123, "0.0.0.0/0"),
            ("tcp", 9090, 9090, "0.0.0.0/0"),
        ];
        add_group(account, "sg-0x", "x", &rules);
        add_exposed_instance(account, "0x", "x", &["sg-0x"]);
    });
    let title = |rule: Rule| one(&account, rule).title;
    let remote =
        "445 (SMB), 2375 (Docker), udp 389 (CLDAP) of instance x (18.184.9.9) are open to the internet, by x (sg-0x)";
    assert_eq!(title(Rule::RemoteAccessOpen), remote);
    let stores = "27018 (MongoDB shard), udp 11211 (memcached) of instance x (18.184.9.9) are open to the internet, by x (sg-0x)";
    assert_eq!(title(Rule::ExposedDatabase), stores);
    assert!(one(&account, Rule::RemoteAccessOpen).remedy.cli.iter().all(|command| !command.contains("ssm")));
}

#[test]
fn a_database_with_all_ports_open_is_told_once() {
    let account = spoilt(|account| exposed_database(account, (0, 65535), "0.0.0.0/0"));
    assert_eq!(found(&account), [(Rule::ExposedDatabase, Severity::Critical, "orders".to_owned())]);
}

#[test]
fn a_public_flag_with_an_open_group_is_latent_and_names_what_saves_it() {
    let account = spoilt(|account| {
        find(account, "DBInstances", "DBInstanceIdentifier", "orders")["PubliclyAccessible"] = true.into();
        find(account, "SecurityGroups", "GroupId", "sg-0db")["IpPermissions"] = json!([{
            "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432,
            "IpRanges": [{ "CidrIp": "0.0.0.0/1" }, { "CidrIp": "128.0.0.0/1" }]
        }]);
        let interface = find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0dba");
        interface["Association"] = json!({ "PublicIp": "18.184.5.5", "IpOwnerId": "amazon-rds" });
    });
    let finding = one(&account, Rule::ExposedDatabase);
    assert_eq!(finding.severity, Severity::High);
    assert!(finding.title.starts_with("latent: "), "{}", finding.title);
    assert!(finding.title.contains("the route of its subnet"), "{}", finding.title);
    assert!(finding.proof.iter().any(|line| line.contains("0.0.0.0/1, 128.0.0.0/1")), "{:?}", finding.proof);
    // It is not told once more as an open group.
    assert_eq!(findings(&account, Rule::OpenDefaults), []);
}

#[test]
fn a_public_flag_alone_is_medium() {
    let account = spoilt(|account| {
        find(account, "DBInstances", "DBInstanceIdentifier", "orders")["PubliclyAccessible"] = true.into();
    });
    assert_eq!(found(&account), [(Rule::ExposedDatabase, Severity::Medium, "orders".to_owned())]);
}

#[test]
fn a_database_port_opened_by_name_on_a_machine_is_an_exposed_database() {
    let account = spoilt(|account| {
        add_group(account, "sg-0redis", "redis", &[("tcp", 6379, 6379, "0.0.0.0/0")]);
        add_exposed_instance(account, "0cache", "cache", &["sg-0redis"]);
    });
    let finding = one(&account, Rule::ExposedDatabase);
    assert_eq!((finding.severity, finding.confidence), (Severity::Critical, Confidence::Medium));
    assert_eq!(
        finding.title,
        "6379 (Redis) of instance cache (18.184.9.9) is open to the internet, by redis (sg-0redis)"
    );
    assert_eq!(finding.resources[0].id, "sg-0redis");
}

#[test]
fn all_ports_open_is_critical_and_told_instead_of_each_port() {
    for (protocol, first, last) in [("-1", 0, 0), ("tcp", 0, 65535), ("tcp", 1024, 65535)] {
        let account = spoilt(|account| {
            add_group(account, "sg-0all", "all", &[(protocol, first, last, "0.0.0.0/0"), ("tcp", 22, 22, "0.0.0.0/0")]);
            add_exposed_instance(account, "0web", "web", &["sg-0all"]);
        });
        assert_eq!(found(&account), [(Rule::AllPortsOpen, Severity::Critical, "sg-0all".to_owned())], "{protocol}");
    }
}

#[test]
fn only_the_rule_that_opens_everything_is_taken_back() {
    let account = spoilt(|account| {
        let rules = [("-1", 0, 0, "0.0.0.0/0"), ("tcp", 443, 443, "0.0.0.0/0")];
        add_group(account, "sg-0all", "all", &rules);
        add_exposed_instance(account, "0web", "web", &["sg-0all"]);
    });
    let revoke = &one(&account, Rule::AllPortsOpen).remedy.cli[0];
    assert!(revoke.contains("\"-1\"") && !revoke.contains("443"), "{revoke}");
}

#[test]
fn ports_of_a_media_server_are_no_more_than_medium() {
    let account = spoilt(|account| {
        add_group(account, "sg-0turn", "turn", &[("udp", 49152, 65535, "0.0.0.0/0")]);
        add_exposed_instance(account, "0turn", "turn", &["sg-0turn"]);
    });
    assert_eq!(found(&account), [(Rule::AllPortsOpen, Severity::Medium, "sg-0turn".to_owned())]);
}

#[test]
fn ssh_open_to_the_world_is_high_and_one_finding_for_all_machines_of_the_group() {
    let account = spoilt(|account| {
        add_group(account, "sg-0ssh", "ssh", &[("tcp", 22, 22, "0.0.0.0/1"), ("tcp", 22, 22, "128.0.0.0/1")]);
        for number in 0..5 {
            add_exposed_instance(account, &format!("0web{number}"), "web", &["sg-0ssh"]);
        }
    });
    let finding = one(&account, Rule::RemoteAccessOpen);
    assert_eq!(finding.severity, Severity::High);
    assert_eq!(finding.resources.len(), 6);
    assert_eq!(finding.resources[0].id, "sg-0ssh");
    assert_eq!(finding.blast_radius, "5 instances");
    assert!(finding.remedy.cli[0].contains("--group-id sg-0ssh"), "{:?}", finding.remedy.cli);
    assert_eq!(finding.remedy.cli[1], "aws ssm start-session --target i-0web0 --region eu-central-1");
}

#[test]
fn ssh_over_ipv6_counts_too() {
    let account = spoilt(|account| {
        let subnet = find(account, "Subnets", "SubnetId", "subnet-0publica00000");
        subnet["Ipv6CidrBlockAssociationSet"] = json!([{
            "Ipv6CidrBlock": "2a05:d014::/64", "Ipv6CidrBlockState": { "State": "associated" }
        }]);
        let table = find(account, "RouteTables", "RouteTableId", "rtb-0public");
        table["Routes"].as_array_mut().unwrap().push(json!({
            "DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-0clean0000000001", "Origin": "CreateRoute",
            "State": "active"
        }));
        let acl = find(account, "NetworkAcls", "NetworkAclId", "acl-0clean");
        for egress in [true, false] {
            acl["Entries"].as_array_mut().unwrap().push(json!({
                "Ipv6CidrBlock": "::/0", "Egress": egress, "Protocol": "-1", "RuleAction": "allow", "RuleNumber": 101
            }));
        }
        add_group(account, "sg-0ssh", "ssh", &[("tcp", 22, 22, "::/0")]);
        add_exposed_instance(account, "0web", "web", &["sg-0ssh"]);
        let interface = find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0web");
        interface["Ipv6Addresses"] = json!([{ "Ipv6Address": "2a05:d014::5" }]);
    });
    let finding = one(&account, Rule::RemoteAccessOpen);
    assert!(finding.remedy.cli[0].contains("\"CidrIpv6\":\"::/0\""), "{:?}", finding.remedy.cli);
}

#[test]
fn a_jump_host_is_told_how_to_do_without() {
    let account = spoilt(|account| {
        add_group(account, "sg-0ssh", "ssh", &[("tcp", 22, 22, "0.0.0.0/0")]);
        add_exposed_instance(account, "0jump", "bastion-1", &["sg-0ssh"]);
    });
    let finding = one(&account, Rule::RemoteAccessOpen);
    assert_eq!(finding.severity, Severity::High);
    assert!(finding.remedy.advice.contains("EC2 Instance Connect endpoint"));
}

#[test]
fn what_users_would_call_a_false_alarm_is_none() {
    let cases: [(&str, &[OpenRule]); 5] = [
        ("web ports", &[("tcp", 80, 80, "0.0.0.0/0"), ("tcp", 443, 443, "0.0.0.0/0")]),
        ("another web port", &[("tcp", 8443, 8443, "0.0.0.0/0")]),
        ("a listed address", &[("tcp", 22, 22, "93.184.216.34/32")]),
        ("ping", &[("icmp", 8, 0, "0.0.0.0/0")]),
        ("private addresses", &[("tcp", 0, 65535, "10.0.0.0/8")]),
    ];
    for (name, rules) in cases {
        let account = spoilt(|account| {
            add_group(account, "sg-0web", "web", rules);
            add_exposed_instance(account, "0web", "web", &["sg-0web"]);
        });
        assert_eq!(found(&account), [], "{name}");
    }
}

#[test]
fn a_network_acl_that_keeps_ssh_out_is_believed() {
    let account = spoilt(|account| {
        add_group(account, "sg-0ssh", "ssh", &[("tcp", 22, 22, "0.0.0.0/0")]);
        add_exposed_instance(account, "0web", "web", &["sg-0ssh"]);
        find(account, "NetworkAcls", "NetworkAclId", "acl-0clean")["Entries"].as_array_mut().unwrap().push(json!({
            "CidrBlock": "0.0.0.0/0", "Egress": false, "Protocol": "6", "RuleAction": "deny", "RuleNumber": 90,
            "PortRange": { "From": 22, "To": 22 }
        }));
    });
    assert_eq!(found(&account), []);
}

#[test]
fn a_load_balancer_without_groups_is_open_at_its_listeners_only() {
    let account = spoilt(|account| {
        add_interface(
            account,
            "eni-0nlb",
            "subnet-0publica00000",
            &json!({
                "Description": "ELB net/tcp/0123456789abcdef", "InterfaceType": "network_load_balancer",
                "Association": { "PublicIp": "18.184.7.7", "IpOwnerId": "amazon-elb" },
            }),
        );
    });
    assert_eq!(found(&account), []);
}

#[test]
fn without_interfaces_nothing_can_be_said() {
    let account = spoilt(|account| without(account, "NetworkInterfaces"));
    for rule in [Rule::ExposedDatabase, Rule::AllPortsOpen, Rule::RemoteAccessOpen] {
        assert_eq!(unknown(&account, rule), ["the snapshot has no NetworkInterfaces"], "{rule}");
    }
}

#[test]
fn without_acls_only_what_the_groups_open_is_unknown() {
    let account = spoilt(|account| {
        without(account, "NetworkAcls");
        add_group(account, "sg-0ssh", "ssh", &[("tcp", 22, 22, "0.0.0.0/0")]);
        add_exposed_instance(account, "0web", "web", &["sg-0ssh"]);
    });
    assert_eq!(unknown(&account, Rule::RemoteAccessOpen), ["the snapshot has no NetworkAcls"]);
    assert_eq!(unknown(&account, Rule::AllPortsOpen), [""; 0]);
    assert_eq!(unknown(&account, Rule::ExposedDatabase), [""; 0]);
    assert_eq!(found(&account), []);
}
