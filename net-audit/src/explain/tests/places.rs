use super::*;

#[test]
fn without_interfaces_an_end_is_judged_by_where_it_will_stand() {
    let account = spoilt(|account| {
        account["NetworkInterfaces"] = json!([]);
    });
    check(&account, "internet", "load-balancer/web", "yes");
    check(&account, "internet", "orders", "no: route");
    assert_eq!(answer(&account, "internet", "load-balancer/web").confidence, Confidence::Medium);
}

#[test]
fn an_instance_of_which_no_interface_is_known_is_unknown() {
    let mut account = with_bastion();
    account.as_object_mut().unwrap().remove("NetworkInterfaces");
    check(&account, "bastion", "orders", "unknown");
}

#[test]
fn a_subnet_stands_for_what_is_in_it_and_for_what_may_be_put_there() {
    check(&clean(), "app-a", "orders", "yes");
    check(&clean(), "public-b", "orders", "no: security group in");
    check(&clean(), "internet", "public-a:443", "yes");
    check(&clean(), "internet", "db-a:5432", "no: route");
    check(&clean(), "10.20.16.77", "orders", "no: security group in");
}

#[test]
fn a_name_that_fits_several_things_is_refused_with_all_of_them() {
    let error = ask(&clean(), "internet", "web").unwrap_err();
    assert_eq!(error.to_string(), "`web` may be load-balancer/web, service/production/web: name one of them");
    check(
        &clean(),
        "internet",
        "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/web/50dc6c495c0c9188",
        "yes",
    );
}

#[test]
fn a_misspelt_name_is_refused_with_those_that_are_near() {
    let error = ask(&clean(), "internet", "ordres").unwrap_err();
    assert_eq!(error.to_string(), "nothing is called `ordres`: did you mean orders?");
    let error = ask(&clean(), "internet", "warehouse").unwrap_err();
    assert_eq!(
        error.to_string(),
        "nothing is called `warehouse`: searched were Subnets, NetworkInterfaces, Reservations, DBInstances, LoadBalancers"
    );
    let blind = spoilt(|account| {
        account.as_object_mut().unwrap().remove("DBInstances");
    });
    let error = ask(&blind, "internet", "orders").unwrap_err().to_string();
    assert!(error.ends_with("(the snapshot has no DBInstances)"), "{error}");
}

#[test]
fn from_outside_to_outside_there_is_nothing_to_explain() {
    assert!(matches!(ask(&clean(), "internet", "1.1.1.1"), Err(PlaceError::BothOutside { .. })));
}

#[test]
fn people_read_the_answer_then_the_steps() {
    let text = answer(&with_bastion(), "internet", "orders").table();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("internet to database orders (eni-0dba), tcp 5432: no"));
    assert!(lines.next().unwrap().starts_with("stopped at step 1, route: "), "{text}");
    assert!(text.contains("by way of instance bastion (eni-0bastion), on tcp 22: yes"), "{text}");
    assert!(text.lines().count() < 30, "{text}");
}
