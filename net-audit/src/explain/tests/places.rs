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
fn what_is_not_there_yet_has_a_public_address_only_if_it_is_certain_to_get_one() {
    let planned = |spoil: &dyn Fn(&mut Value)| {
        spoilt(|account| {
            account["NetworkInterfaces"] = json!([]);
            spoil(account);
        })
    };
    let internal = planned(&|account| account["LoadBalancers"][0]["Scheme"] = json!("internal"));
    check(&internal, "internet", "load-balancer/web", "no: public address");
    let with_database = |public: bool| {
        planned(&|account| {
            let database = &mut account["DBInstances"][0];
            database["PubliclyAccessible"] = json!(public);
            for (at, subnet) in ["subnet-0publica00000", "subnet-0publicb00000"].into_iter().enumerate() {
                database["DBSubnetGroup"]["Subnets"][at]["SubnetIdentifier"] = json!(subnet);
            }
            find(account, "SecurityGroups", "GroupId", "sg-0db")["IpPermissions"] = json!([anywhere()]);
        })
    };
    check(&with_database(true), "internet", "orders", "yes");
    check(&with_database(false), "internet", "orders", "no: public address");
    let empty = planned(&|_| {});
    check(&empty, "internet", "public-a:443", "unknown");
    check(&empty, "public-a", "1.1.1.1:443", "unknown");
    let hops = answer(&empty, "internet", "public-a:443").hops;
    let step = hops.iter().find(|hop| hop.what == What::PublicAddress).unwrap();
    assert_eq!(step.holds, None);
    assert_eq!(step.because, "nothing stands there yet, and whether it will get a public address is not known");
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

/// What is said of an end that is not there, and the question that is offered instead.
fn refused(account: &Value, from: &str, to: &str) -> (String, String) {
    let error = ask(account, from, to).unwrap_err();
    (error.to_string(), error.hint().unwrap_or_default())
}

#[track_caller]
fn offered(to: &str, near: &str, question: &str) {
    let (said, hint) = refused(&clean(), "internet", to);
    let name = to.split(':').next().unwrap();
    assert_eq!(said, format!("nothing in the snapshot is called `{name}`; near: {near}"));
    assert_eq!(hint, format!("net-audit SNAPSHOT --explain {question}"));
}

#[test]
fn a_misspelt_name_is_refused_with_those_that_are_near() {
    offered("oders", "database/orders", "internet database/orders");
    offered("ordres:5432", "database/orders", "internet database/orders:5432");
    offered("databse/oders", "database/orders", "internet database/orders");
    offered("db/oders:53/udp", "database/orders", "internet database/orders:53/udp");
    offered("wbe", "load-balancer/web, service/production/web", "internet load-balancer/web");
    offered("sevice/web", "service/production/web, load-balancer/web", "internet service/production/web");
    offered("prodution/web", "service/production/web", "internet service/production/web");
    offered("ap-a", "subnet/app-a", "internet subnet/app-a");
    offered("ww.example.com", "www.example.com", "internet www.example.com");
    let (_, hint) = refused(&clean(), "wbe", "orders:5432");
    assert_eq!(hint, "net-audit SNAPSHOT --explain load-balancer/web orders:5432");
}

#[test]
fn a_name_that_is_like_none_is_refused_with_some_of_what_there_is() {
    let (said, hint) = refused(&clean(), "internet", "warehouse");
    assert_eq!(said, "nothing in the snapshot is called `warehouse`");
    assert!(
        hint.starts_with("there are database/orders, load-balancer/web, service/production/web, subnet/"),
        "{hint}"
    );
    assert!(hint.ends_with("for instance: net-audit SNAPSHOT --explain internet database/orders"), "{hint}");
    let blind = spoilt(|account| {
        account.as_object_mut().unwrap().remove("DBInstances");
    });
    let (said, hint) = refused(&blind, "internet", "orders");
    assert_eq!(said, "nothing in the snapshot is called `orders`; the snapshot has no databases");
    assert_eq!(hint, "add the output of: aws rds describe-db-instances");
}

#[test]
fn what_neither_begins_nor_hears_a_conversation_is_told_apart() {
    for (text, what) in [
        ("nat-0clean00000000a1", "a NAT gateway"),
        ("vpc-0clean0000000001", "a VPC"),
        ("sg-0lb", "a security group"),
        ("igw-0clean0000000001", "an internet gateway"),
        ("rtb-0db", "a route table"),
        ("acl-0clean", "a network ACL"),
        ("tgw-0123456789abcdef0", "a transit gateway"),
        ("pl-0123456789abcdef0", "a prefix list"),
        ("eipalloc-0123456789abcdef0", "an Elastic IP address"),
    ] {
        let (said, _) = refused(&clean(), text, "orders");
        let instead = "name an instance, an interface, a subnet, a database, a load balancer or a service";
        assert_eq!(said, format!("`{text}` is {what}: {instead}"));
    }
    let (_, hint) = refused(&clean(), "internet", "sg-0db");
    assert_eq!(hint, "net-audit SNAPSHOT --explain internet interface/eni-0dba");
    let (said, _) = refused(&clean(), "internet", "nat-x");
    assert!(said.starts_with("nothing in the snapshot is called `nat-x`"), "{said}");
}

#[test]
fn ends_are_known_by_other_words_for_their_kinds_too() {
    for word in ["lb", "alb", "ALB", "loadbalancer", "load-balancer"] {
        check(&clean(), "Internet", &format!("{word}/web"), "yes");
    }
    for from in ["service/web", "ecs/web", "service/production/web", "eni/eni-0taska", "interface/eni-0taska"] {
        for word in ["db", "database", "rds"] {
            check(&clean(), from, &format!("{word}/orders"), "yes");
        }
    }
    check(&clean(), "INTERNET", "subnet/db-a:5432", "no: route");
    check(&with_bastion(), "ec2/bastion", "orders", "yes");
}

#[test]
fn a_cluster_may_be_called_like_a_kind() {
    let account = spoilt(|account| {
        for interface in ["eni-0taska", "eni-0taskb"] {
            let tags = &mut find(account, "NetworkInterfaces", "NetworkInterfaceId", interface)["TagSet"];
            let cluster = |tag: &&mut Value| tag["Key"] == "aws:ecs:clusterName";
            tags.as_array_mut().unwrap().iter_mut().find(cluster).unwrap()["Value"] = json!("db");
        }
    });
    check(&account, "db/web", "orders", "yes");
}

#[test]
fn names_of_dns_lead_to_what_stands_behind_them() {
    for to in [
        "www.example.com",
        "WWW.example.com.:443",
        "web-1234567890.eu-central-1.elb.amazonaws.com",
        "dualstack.web-1234567890.eu-central-1.elb.amazonaws.com",
    ] {
        check(&clean(), "internet", to, "yes");
        assert_eq!(answer(&clean(), "internet", to).to.title, "load balancer web");
    }
    check(&clean(), "service/web", "orders.c0abcdefghij.eu-central-1.rds.amazonaws.com:5432", "yes");
    let planned = spoilt(|account| account["NetworkInterfaces"] = json!([]));
    check(&planned, "internet", "www.example.com", "yes");
    let bastion = {
        let mut account = with_bastion();
        add(
            &mut account,
            "ResourceRecordSets",
            json!({ "HostedZoneId": "Z0CLEAN", "Name": "jump.example.com.", "Type": "A",
                "ResourceRecords": [{ "Value": "18.184.9.9" }] }),
        );
        account
    };
    check(&bastion, "internet", "jump.example.com:22", "yes");
    assert_eq!(answer(&bastion, "internet", "jump.example.com:22").to.title, "instance bastion");
}

#[test]
fn a_name_of_dns_that_leads_elsewhere_says_where() {
    let account = spoilt(|account| {
        add(
            account,
            "ResourceRecordSets",
            json!({ "HostedZoneId": "Z0CLEAN", "Name": "cdn.example.com.", "Type": "CNAME",
                "ResourceRecords": [{ "Value": "d111111abcdef8.cloudfront.net" }] }),
        );
    });
    let (said, _) = refused(&account, "internet", "cdn.example.com");
    assert_eq!(said, "`cdn.example.com` leads to d111111abcdef8.cloudfront.net, which is not in the snapshot");
}

#[test]
fn from_outside_to_outside_there_is_nothing_to_explain() {
    assert!(matches!(ask(&clean(), "internet", "1.1.1.1"), Err(PlaceError::BothOutside { .. })));
}

#[test]
fn people_read_the_answer_then_the_steps() {
    let text = answer(&with_bastion(), "internet", "orders").table();
    let blocks: Vec<&str> = text.split("\n\n").collect();
    let [head, steps, way] = blocks.as_slice() else { panic!("{text}") };
    assert_eq!(
        *head,
        "internet to database orders (eni-0dba), tcp 5432: no directly, yes with instance bastion as jump host (tcp 22, then tcp 5432)\ndirectly stopped at step 1, route"
    );
    assert!(steps.starts_with(" #"), "{text}");
    assert!(way.starts_with("with instance bastion as jump host (eni-0bastion), on tcp 22: yes\n #"), "{text}");
    assert!(!text.starts_with('\n') && !text.ends_with("\n\n"), "{text}");
    let because = because(&with_bastion(), "internet", "orders");
    assert_eq!(text.matches(&because).count(), 1, "{text}");
    assert!(text.lines().count() < 30, "{text}");
}

#[test]
fn what_is_missing_stands_in_the_table_once() {
    let account = spoilt(|account| {
        account.as_object_mut().unwrap().remove("SecurityGroups");
    });
    let text = answer(&account, "service/web", "orders").table();
    assert!(text.contains("the snapshot has no SecurityGroups") && !text.contains("not known:"), "{text}");
}
