//! Markdown, SARIF, and the two pictures, read by programs of others where there are any.

use std::path::PathBuf;

use serde_json::{Value, json};
use testkit::peer;
use testkit::sandbox::Sandbox;

use crate::{CLEAN, add, find, spoilt};

fn rendered(account: &str, form: &str) -> String {
    Sandbox::new().tool("net-audit").args(["-o", form, "--fail-on", "never"]).pipe_in(account).run().code(0).stdout()
}

/// The account with names that would break a picture, a page or a terminal if they were taken as they are.
fn hostile() -> String {
    spoilt(|account| {
        let name = "\"]; end\\ `<script>` # \u{1b}[31m|x|";
        find(account, "Subnets", "SubnetId", "subnet-0publica00000")["Tags"] =
            json!([{ "Key": "Name", "Value": name }]);
        account["Vpcs"][0]["Tags"] = json!([{ "Key": "Name", "Value": name }]);
    })
}

#[test]
fn graphviz_draws_every_subnet_gateway_and_exposed_thing() {
    let Some(dot) = peer::find("dot") else { return };
    for account in [CLEAN.to_owned(), hostile()] {
        let graph = rendered(&account, "dot");
        let run = Sandbox::new().program(&dot).args(["-Tjson"]).pipe_in(graph).run();
        let drawn: Value = serde_json::from_str(&run.code(0).stderr_is("").stdout()).unwrap();
        let objects = drawn["objects"].as_array().unwrap();
        let nodes = objects.iter().filter(|object| object["name"].as_str().unwrap().starts_with('n'));
        // The internet, its gateway, two NAT gateways, two gateway endpoints, six subnets, two interfaces of the load balancer.
        assert_eq!(nodes.count(), 14);
        let clusters = objects.iter().filter(|object| object["name"].as_str().unwrap().starts_with("cluster"));
        assert_eq!(clusters.count(), 3, "a VPC and its two zones");
        assert_eq!(drawn["edges"].as_array().unwrap().len(), 11);
    }
}

#[test]
fn a_flowchart_has_one_statement_a_line_whatever_things_are_called() {
    for account in [CLEAN.to_owned(), hostile()] {
        let chart = rendered(&account, "mermaid");
        let mut lines = chart.lines();
        assert_eq!(lines.next(), Some("flowchart LR"));
        let mut depth = 0;
        for line in lines.map(str::trim) {
            match line.split([' ', '[']).next().unwrap() {
                "subgraph" => depth += 1,
                "end" => depth -= 1,
                "classDef" | "linkStyle" => {}
                node if node.starts_with('n') => {}
                _ => panic!("{line}"),
            }
            let label = line.split_once("[\"").map(|(_, rest)| rest.split_once("\"]").unwrap().0).unwrap_or_default();
            let plain = label.replace("<br/>", "");
            assert!(!plain.contains(['"', '<', '>', '`']), "{line}");
        }
        assert_eq!(depth, 0);
    }
}

#[test]
fn what_stands_in_the_picture_is_coloured_by_its_class() {
    let chart = rendered(CLEAN, "mermaid");
    for expected in [
        "[\"public-a<br/>10.20.0.0/24<br/>public\"]:::public",
        "[\"app-a<br/>10.20.16.0/24<br/>private-nat\"]:::private",
        "[\"db-a<br/>10.20.32.0/24<br/>isolated\"]:::isolated",
        "[\"nat-a<br/>NAT gateway\"]:::gateway",
        "[\"web<br/>load balancer in public-a<br/>tcp 443\"]:::exposed",
    ] {
        assert!(chart.contains(expected), "{expected} is not in\n{chart}");
    }
}

#[test]
fn sarif_has_a_result_for_each_finding_and_follows_the_schema() {
    let account = spoilt(|account| {
        find(account, "SecurityGroups", "GroupId", "sg-0lb")["IpPermissions"] =
            json!([{ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }]);
    });
    let log: Value = serde_json::from_str(&rendered(&account, "sarif")).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let results = run["results"].as_array().unwrap();
    let result = results.iter().find(|result| result["ruleId"] == "NET003").expect("SSH is open at a load balancer");
    assert_eq!((&result["level"], &log["version"]), (&json!("warning"), &json!("2.1.0")));
    let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], "NET003");
}

/// The results' fingerprints of one rule.
fn fingerprints(account: &str, rule: &str) -> Vec<String> {
    let log: Value = serde_json::from_str(&rendered(account, "sarif")).unwrap_or_default();
    let results = log["runs"][0]["results"].as_array().into_iter().flatten();
    let of_rule = results.filter(|result| result["ruleId"] == rule);
    of_rule.filter_map(|result| result["partialFingerprints"]["net-audit/v1"].as_str()).map(str::to_owned).collect()
}

/// The account with a bastion host for each of some public subnets; all have one security group that lets SSH in.
fn with_bastions(subnets: &[&str], more: &dyn Fn(&mut Value)) -> String {
    spoilt(|account| {
        let rule = json!({ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{ "CidrIp": "0.0.0.0/0" }],
            "Ipv6Ranges": [{ "CidrIpv6": "::/0" }] });
        let mut group = find(account, "SecurityGroups", "GroupId", "sg-0lb").clone();
        group["GroupId"] = json!("sg-0ssh");
        group["IpPermissions"] = json!([rule]);
        add(account, "SecurityGroups", group);
        for (place, subnet) in subnets.iter().enumerate() {
            let mut interface = json!({
                "NetworkInterfaceId": format!("eni-0bastion{place}"), "SubnetId": subnet, "SourceDestCheck": true,
                "Description": "a bastion", "Groups": [{ "GroupId": "sg-0ssh" }], "Attachment": { "Status": "attached" },
                "PrivateIpAddress": format!("10.20.{place}.200"),
                "Association": { "PublicIp": format!("18.1.1.{place}") },
            });
            more(&mut interface);
            add(account, "NetworkInterfaces", interface);
        }
    })
}

#[test]
fn two_findings_of_one_group_have_two_fingerprints_and_each_the_same_in_every_run() {
    let publics = ["subnet-0publica00000", "subnet-0publicb00000"];
    let both = fingerprints(&with_bastions(&publics, &|_| {}), "NET003");
    let first = fingerprints(&with_bastions(&publics[..1], &|_| {}), "NET003");
    assert_eq!(both, fingerprints(&with_bastions(&publics, &|_| {}), "NET003"));
    assert_eq!(both.iter().collect::<std::collections::BTreeSet<_>>().len(), both.len());
    assert_eq!(first, ["NET003 111122223333 eu-central-1 eni-0bastion0 sg-0ssh"]);
}

#[test]
fn an_interface_of_both_families_is_drawn_once_with_what_is_open_in_either() {
    let dual = |interface: &mut Value| {
        interface["Ipv6Addresses"] = json!([{ "Ipv6Address": "2600:1f14::c8" }]);
    };
    let account = with_bastions(&["subnet-0publica00000"], &dual);
    let mut account: Value = serde_json::from_str(&account).unwrap();
    let block = json!([{ "Ipv6CidrBlock": "2600:1f14::/64", "Ipv6CidrBlockState": { "State": "associated" } }]);
    find(&mut account, "Subnets", "SubnetId", "subnet-0publica00000")["Ipv6CidrBlockAssociationSet"] = block;
    for table in account["RouteTables"].as_array_mut().unwrap() {
        let to_internet = |route: &&Value| route["GatewayId"].as_str().is_some_and(|id| id.starts_with("igw-"));
        let Some(mut route) = table["Routes"].as_array().unwrap().iter().find(to_internet).cloned() else { continue };
        route.as_object_mut().unwrap().remove("DestinationCidrBlock");
        route["DestinationIpv6CidrBlock"] = json!("::/0");
        table["Routes"].as_array_mut().unwrap().push(route);
    }
    for acl in account["NetworkAcls"].as_array_mut().unwrap() {
        for egress in [false, true] {
            let all = json!({ "Ipv6CidrBlock": "::/0", "Egress": egress, "Protocol": "-1", "RuleAction": "allow",
                "RuleNumber": 99 });
            acl["Entries"].as_array_mut().unwrap().push(all);
        }
    }
    let exposed = serde_json::from_str::<Value>(&rendered(&account.to_string(), "json")).unwrap();
    let families = exposed["network"]["interfaces"].as_array().unwrap().iter();
    let bastion = |one: &&Value| one["id"] == "eni-0bastion0" && one["exposed"] == true;
    assert_eq!(families.filter(bastion).count(), 2, "it is exposed in both families");
    let chart = rendered(&account.to_string(), "mermaid");
    let nodes: Vec<&str> = chart.lines().filter(|line| line.contains("a bastion<br/>")).collect();
    assert!(matches!(&*nodes, [node] if node.contains("tcp 22")), "{chart}");
}

#[test]
fn markdown_tells_what_to_do_and_names_cannot_become_markup() {
    let account = spoilt(|account| {
        find(account, "SecurityGroups", "GroupId", "sg-0lb")["IpPermissions"] =
            json!([{ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }]);
    });
    let page = rendered(&account, "markdown");
    for expected in [
        "## Network: **passed**",
        "| public-a | eu-central-1a | 10.20.0.0/24 | public | igw-0clean0000000001 | public |",
        "NET003",
        "```sh\naws ",
        "```terraform\n",
    ] {
        assert!(page.contains(expected), "{expected} is not in\n{page}");
    }
    let page = rendered(&hostile(), "markdown");
    assert!(!page.contains("<script>") && !page.contains('\u{1b}'), "{page}");
}

#[test]
fn a_failure_is_told_in_every_form() {
    for (form, expected) in
        [("markdown", "**refused**"), ("sarif", "\"executionSuccessful\":false"), ("mermaid", "n0["), ("dot", "n0 [")]
    {
        let outcome = Sandbox::new().tool("net-audit").args(["-o", form]).pipe_in("nonsense").run().code(2);
        let stdout = outcome.stdout();
        assert!(stdout.contains(expected) && stdout.contains("not JSON"), "{stdout}");
    }
}

#[test]
fn the_section_follows_its_schema() {
    let Some(checker): Option<PathBuf> = peer::find("check-jsonschema") else { return };
    let sandbox = Sandbox::new();
    sandbox.write("schema.json", sandbox.tool("net-audit").args(["--schema"]).run().code(0).stdout());
    sandbox.write("document.json", sandbox.tool("net-audit").pipe_in(hostile()).run().stdout());
    let run = sandbox.program(&checker).args(["--schemafile", "schema.json", "document.json"]);
    let _ = run.run().code(0);
}
