//! What is not known, and what may be so besides what is.

use serde_json::{Value, json};

use super::*;

fn is_not_understood(verdict: &Verdict, text: &str) -> bool {
    matches!(verdict, Verdict::Unknown(gaps) if gaps.iter().any(|gap| gap.to_string() == text))
}

#[test]
fn what_is_not_said_of_an_interface_is_unknown_and_not_the_safe_answer() {
    let verdict = verdict_of(BALANCER, Family::Ipv4, |account| {
        one(account, "NetworkInterfaces", BALANCER)["Attachment"] = Value::Null;
    });
    assert!(is_not_understood(&verdict, "eni-0lba is in use, and by what is not said"), "{verdict:?}");
    let verdict = verdict_of(BALANCER, Family::Ipv4, |account| {
        one(account, "NetworkInterfaces", BALANCER)["Groups"] = Value::Null;
    });
    assert!(is_not_understood(&verdict, "which security groups eni-0lba has is not said"), "{verdict:?}");
}

#[test]
fn an_interface_may_have_ipv6_of_which_its_subnet_says_nothing() {
    let unsaid = |account: &mut Value| {
        only_ipv6(account);
        one(account, "Subnets", "subnet-0publica00000")["Ipv6CidrBlockAssociationSet"] = json!([]);
    };
    assert_eq!(verdict_of(BALANCER, Family::Ipv6, unsaid), Verdict::Exposed);
}

#[test]
fn what_may_be_open_besides_is_kept_in_mind() {
    assert_eq!(doubts(|_| ()), [] as [&str; 0]);
    let unlisted = |account: &mut Value| {
        push(&mut one(account, "NetworkInterfaces", BALANCER)["Groups"], json!({ "GroupId": "sg-0unlisted" }));
    };
    let missing = "sg-0unlisted is not among the snapshot's SecurityGroups";
    assert_eq!(doubts(unlisted), [missing]);
    // The ACL holds back whatever the group may let in.
    let narrow = |account: &mut Value| {
        unlisted(account);
        add_entry(account, entry(80, false, "allow", "6", Some((443, 443)), "0.0.0.0/0"));
        add_entry(account, entry(90, false, "deny", "-1", None, "0.0.0.0/0"));
    };
    assert_eq!(doubts(narrow), [] as [&str; 0]);
    let by_entry = doubts(|account| {
        add_entry(account, entry(80, false, "allow", "6", Some((443, 443)), "8.0.0.0/8"));
        add_entry(account, entry(90, false, "deny", "-1", None, "(known after apply)"));
    });
    assert_eq!(by_entry, ["whom entry 90 of acl-0clean is for is not known before Terraform is applied"]);
    let by_route = doubts(|account| {
        route_by(account, &[("0.0.0.0/0", "GatewayId", "vpce-0unlisted"), ("8.0.0.0/8", IGW.0, IGW.1)]);
    });
    assert_eq!(by_route, ["vpce-0unlisted is not among the snapshot's VpcEndpoints"]);
}

#[test]
fn the_proof_blames_the_acl_only_for_what_it_does() {
    let because = |spoil: &dyn Fn(&mut Value)| {
        let mut account: Value = serde_json::from_str(CLEAN).unwrap();
        spoil(&mut account);
        with_exposures(&account, |facts| {
            let exposure = facts.exposures.iter().find(|exposure| exposure.interface.id == BALANCER).unwrap();
            let step = ask(facts, exposure, Condition::NetworkAcl);
            (step.holds, step.because)
        })
    };
    // The group lets nobody in: what the ACL would let in is another matter.
    let (holds, text) = because(&|account| let_in(account, &["10.0.0.0/8"]));
    assert_eq!((holds, text.as_str()), (Some(true), "acl-0clean lets through: all protocols from anywhere"));
    let (holds, text) = because(&|account| add_entry(account, entry(90, false, "deny", "6", None, "0.0.0.0/0")));
    assert_eq!(holds, Some(false));
    assert!(text.starts_with("acl-0clean lets in nothing of what the security groups do"), "{text}");
    let (holds, text) = because(&|account| add_entry(account, entry(90, false, "deny", "-1", None, "0.0.0.0/0")));
    assert_eq!(holds, Some(false));
    assert!(text.starts_with("acl-0clean lets no address of the internet in"), "{text}");
}

#[test]
fn so_many_addresses_that_nobody_knows_them_are_wide() {
    let of = |text: &str| {
        let block: crate::address::prefix::Prefix = text.parse().unwrap();
        Coverage::of(&block.into(), block.family())
    };
    for (text, expected) in [
        ("0.0.0.0/0", Coverage::Any),
        ("8.0.0.0/7", Coverage::Wide),
        ("8.8.0.0/16", Coverage::Listed),
        ("2000::/3", Coverage::Any),
        ("2a00::/12", Coverage::Wide),
        ("2a05:d000::/28", Coverage::Wide),
        ("2a05:d014::/32", Coverage::Listed),
        ("2a05:d014::/48", Coverage::Listed),
    ] {
        assert_eq!(of(text), expected, "{text}");
    }
}

/// Lets an accelerator into the VPC, and puts an instance behind it that nothing but its place and its missing address keeps from the internet.
fn accelerated(account: &mut Value, block: &str) {
    let accelerator = json!({ "NetworkInterfaceId": "eni-0ga", "SubnetId": "subnet-0publica00000", "SourceDestCheck": true,
        "Description": "GlobalAccelerator managed ENI", "InterfaceType": "global_accelerator_managed", "Groups": [],
        "PrivateIpAddress": "10.20.0.70", "Attachment": { "Status": "attached" } });
    push(&mut account["NetworkInterfaces"], accelerator);
    let instance = json!({ "NetworkInterfaceId": "eni-0i", "SubnetId": "subnet-0appa00000001", "SourceDestCheck": true,
        "Groups": [{ "GroupId": "sg-0i" }], "PrivateIpAddress": "10.20.16.70",
        "Attachment": { "InstanceId": "i-0i", "Status": "attached" } });
    push(&mut account["NetworkInterfaces"], instance);
    push(
        &mut account["Reservations"],
        json!({ "Instances": [{ "InstanceId": "i-0i", "State": { "Name": "running" } }] }),
    );
    let rule = json!({ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{ "CidrIp": block }] });
    push(&mut account["SecurityGroups"], json!({ "GroupId": "sg-0i", "IpPermissions": [rule] }));
    for subnet in account["Subnets"].as_array_mut().unwrap() {
        subnet["BlockPublicAccessStates"]["InternetGatewayBlockMode"] = "off".into();
    }
}

#[test]
fn an_accelerator_may_lead_where_no_route_does() {
    let may = "a Global Accelerator may lead to it: its endpoints are not described";
    let of = |interface: &str, spoil: &dyn Fn(&mut Value)| {
        verdict_of(interface, Family::Ipv4, |account| {
            accelerated(account, "0.0.0.0/0");
            spoil(account);
        })
    };
    let verdict = of("eni-0i", &|_| ());
    assert!(is_not_understood(&verdict, may), "{verdict:?}");
    let by_route = Verdict::Stopped(Condition::Route);
    // It needs a group that lets the client in, no Block Public Access, and something that runs.
    assert_eq!(
        of("eni-0i", &|account| {
            one(account, "SecurityGroups", "sg-0i")["IpPermissions"][0]["IpRanges"][0]["CidrIp"] = "10.0.0.0/8".into();
        }),
        by_route
    );
    assert_eq!(
        of("eni-0i", &|account| {
            one(account, "Subnets", "subnet-0appa00000001")["BlockPublicAccessStates"]["InternetGatewayBlockMode"] =
                "block-ingress".into();
        }),
        by_route
    );
    assert_eq!(
        of("eni-0i", &|account| {
            let instances = account["Reservations"].as_array_mut().unwrap().last_mut().unwrap();
            instances["Instances"][0]["State"]["Name"] = "stopped".into();
        }),
        by_route
    );
    // Without an accelerator, or for what is no endpoint of one, nothing changes.
    assert_eq!(of("eni-0taska", &|_| ()), by_route);
    assert_eq!(
        of("eni-0i", &|account| {
            account["NetworkInterfaces"]
                .as_array_mut()
                .unwrap()
                .retain(|interface| interface["NetworkInterfaceId"] != "eni-0ga");
        }),
        by_route
    );
}
