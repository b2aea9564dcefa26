//! `terraform show -json` through the binary: a network can be audited before there is one.

use serde_json::{Value, json};
use testkit::sandbox::{Outcome, Sandbox};

const PLAN: &str = include_str!("../fixtures/terraform-plan.json");
const STATE: &str = include_str!("../fixtures/terraform-state.json");

const MODULES_PLAN: &str = include_str!("../fixtures/terraform-modules-plan.json");
const MODULES_STATE: &str = include_str!("../fixtures/terraform-modules-state.json");

fn audited(document: &str) -> Outcome {
    Sandbox::new().tool("net-audit").args(["--fail-on", "never"]).pipe_in(document).run()
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

/// Name and class of every subnet.
fn classes(document: &Value) -> Vec<Value> {
    let subnets = list(&document["network"], "vpcs").flat_map(|vpc| list(vpc, "subnets"));
    let mut classes: Vec<Value> = subnets.map(|subnet| json!([subnet["name"], subnet["class"]])).collect();
    classes.sort_by_key(ToString::to_string);
    classes
}

/// The plan with other references in one expression of the module's resource.
fn with_references(block: &str, attribute: &str, references: &Value) -> String {
    let Ok(mut plan) = serde_json::from_str::<Value>(PLAN) else { panic!("the plan is no JSON") };
    let module = &mut plan["configuration"]["root_module"]["module_calls"]["net"]["module"];
    let mut resources = module["resources"].as_array_mut().into_iter().flatten();
    let Some(resource) = resources.find(|resource| resource["address"] == block) else { panic!("no {block}") };
    resource["expressions"][attribute]["references"] = references.clone();
    plan.to_string()
}

#[test]
fn a_plan_and_the_state_that_comes_of_it_have_the_same_classes() {
    let expected = json!([
        ["app-0", "private-nat"],
        ["app-1", "private-nat"],
        ["database-a", "isolated"],
        ["database-b", "isolated"],
        ["public-0", "public"],
        ["public-1", "public"],
        ["split", "public"],
    ]);
    for document in [PLAN, STATE] {
        let outcome = audited(document).code(0).says("/network/unknown", json!([]));
        assert_eq!(Value::from(classes(&outcome.json())), expected);
    }
}

#[test]
fn modules_called_by_count_and_for_each_have_the_same_classes_before_and_after() {
    let of_vpcs = |document: &str| {
        let outcome = audited(document).code(0).says("/network/unknown", json!([]));
        let document = outcome.json();
        let class = |subnet: &Value| json!([subnet["cidrs"][0], subnet["class"]]);
        let vpc = |vpc: &Value| json!([vpc["name"], list(vpc, "subnets").map(class).collect::<Vec<Value>>()]);
        let mut vpcs: Vec<Value> = list(&document["network"], "vpcs").map(vpc).collect();
        vpcs.sort_by_key(ToString::to_string);
        Value::from(vpcs)
    };
    let zones = |vpc: u8, more: &[(u8, &str)]| -> Vec<Value> {
        let classes = [
            (0, "public"),
            (1, "public"),
            (2, "public"),
            (10, "private-nat"),
            (11, "private-nat"),
            (12, "private-nat"),
        ];
        let all = classes.iter().chain(more);
        all.map(|(subnet, class)| json!([format!("10.{vpc}.{subnet}.0/24"), class])).collect()
    };
    let expected = json!([
        // One subnet behind a NAT instance, one on the main table, to which the configuration adds a route.
        ["one", zones(3, &[(200, "private-nat-instance"), (201, "public")])],
        // One subnet on the main table that is taken over.
        ["prod", zones(1, &[(200, "public")])],
        ["stage", zones(2, &[])],
    ]);
    assert_eq!(of_vpcs(MODULES_STATE), expected);
    assert_eq!(of_vpcs(MODULES_PLAN), expected);
}

#[test]
fn what_is_not_made_yet_has_its_address_for_a_name() {
    let document = audited(PLAN).code(0).json();
    let vpc = &document["network"]["vpcs"][0];
    assert_eq!((&vpc["id"], &vpc["name"]), (&json!("module.net.aws_vpc.main"), &json!("prod")));
    let named = |name: &str| list(vpc, "subnets").find(|subnet| subnet["name"] == name).unwrap();
    let app = named("app-1");
    assert_eq!(app["id"], "module.net.aws_subnet.app[1]");
    assert_eq!(app["route_table"]["id"], "module.net.aws_route_table.app[1]");
    assert_eq!(app["ipv4"]["proof"][0]["target"], "module.net.aws_nat_gateway.main");
    assert_eq!(named("database-a")["id"], "module.net.aws_subnet.database[\"a\"]");
    let main = json!({ "id": "module.net.aws_vpc.main.default_route_table_id", "name": null, "by_default": true });
    assert_eq!(named("database-a")["route_table"], main);
}

#[test]
fn a_target_that_is_known_after_apply_only_makes_its_subnets_unknown() {
    let plan = with_references("aws_route.app", "nat_gateway_id", &json!(["local.nat_gateway_id"]));
    let _ = audited(&plan)
        .code(1)
        .says("/error/code", "network.unknown")
        .says("/network/counts", json!({ "public": 3, "private": 0, "isolated": 2, "unknown": 2 }))
        .says("/network/unknown/0/subnet", "module.net.aws_subnet.app[0]");
}

#[test]
fn a_table_that_is_known_after_apply_only_makes_its_subnets_unknown() {
    let plan = with_references("aws_route_table_association.app", "route_table_id", &json!(["aws_route_table.app"]));
    let _ = audited(&plan)
        .code(1)
        .says("/network/counts", json!({ "public": 3, "private": 0, "isolated": 2, "unknown": 2 }));
    // Any subnet that has no table of its own may be the one that is meant.
    let plan = with_references("aws_route_table_association.app", "subnet_id", &json!(["local.subnet_id"]));
    let _ = audited(&plan)
        .code(1)
        .says("/network/counts", json!({ "public": 3, "private": 0, "isolated": 0, "unknown": 4 }));
}

#[test]
fn a_gateway_of_a_vpc_that_is_known_after_apply_only_makes_its_subnets_unknown() {
    let plan =
        with_references("aws_internet_gateway.main", "vpc_id", &json!(["local.vpc_id", "aws_cloudformation_stack.x"]));
    let _ = audited(&plan)
        .code(1)
        .says("/network/counts", json!({ "public": 0, "private": 0, "isolated": 2, "unknown": 5 }));
}

#[test]
fn a_plan_that_ends_too_early_is_refused() {
    let _ = audited(&PLAN[..PLAN.len() / 2]).code(2).says("/error/code", "snapshot.truncated");
    let _ = audited(r#"{"format_version":"1.0","values":{"root_module":7}}"#)
        .code(2)
        .says("/error/code", "snapshot.terraform");
    let _ = audited(r#"{"format_version":"1.0","values":{}}"#).code(2).says("/error/code", "snapshot.no_subnets");
}
