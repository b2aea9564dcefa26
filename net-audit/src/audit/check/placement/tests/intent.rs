//! NET024: public subnets of which nothing says that they are meant to be.

use super::*;

#[test]
fn nat_gateways_and_internet_facing_load_balancers_say_that_a_subnet_is_public() {
    let account = spoilt(|account| unsaid(account, PUBLIC));
    assert_eq!(findings(&account, Rule::PublicWithoutIntent), []);
}

#[test]
fn they_do_not_excuse_public_addresses_for_whatever_starts_there() {
    let account = spoilt(|account| {
        unsaid(account, PUBLIC);
        find(account, "Subnets", "SubnetId", PUBLIC)["MapPublicIpOnLaunch"] = true.into();
    });
    assert_eq!(one(&account, Rule::PublicWithoutIntent).severity, Severity::Low);
}

#[test]
fn a_workload_in_a_public_subnet_of_which_nothing_says_why_is_medium() {
    let account = spoilt(|account| {
        unsaid(account, PUBLIC);
        add_exposed_instance(account, "0web", "web", &["sg-0lb"]);
    });
    assert_eq!(one(&account, Rule::PublicWithoutIntent).severity, Severity::Medium);
}

#[test]
fn jump_hosts_and_nat_instances_belong_into_a_public_subnet() {
    for (name, check) in [("bastion", true), ("fck-nat", false)] {
        let account = spoilt(|account| {
            unsaid(account, PUBLIC);
            add_exposed_instance(account, "0host", name, &["sg-0lb"]);
            find(account, "NetworkInterfaces", "NetworkInterfaceId", "eni-0host")["SourceDestCheck"] = check.into();
        });
        assert_eq!(findings(&account, Rule::PublicWithoutIntent), [], "{name}");
    }
}

#[test]
fn an_empty_public_subnet_is_low_but_not_in_the_default_vpc() {
    let account = |is_default: bool| {
        spoilt(|account| {
            unsaid(account, PUBLIC);
            empty(account);
            find(account, "Vpcs", "VpcId", "vpc-0clean0000000001")["IsDefault"] = is_default.into();
        })
    };
    assert_eq!(one(&account(false), Rule::PublicWithoutIntent).severity, Severity::Low);
    assert_eq!(findings(&account(true), Rule::PublicWithoutIntent), []);
}
