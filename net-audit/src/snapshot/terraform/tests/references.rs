//! How references are followed.

use super::*;

/// Subnets by count, and associations by count that refer to them with these references.
fn associated(associations: usize, tables: usize, references: &[&str], variables: &Value) -> Translation {
    let mut resources = network();
    resources.truncate(1);
    let vpc = json!({ "vpc_id": refers(&["aws_vpc.a.id", "aws_vpc.a"]) });
    let names: Vec<String> = (0..associations)
        .flat_map(|index| [format!("aws_subnet.a[{index}]"), format!("aws_route_table_association.a[{index}]")])
        .collect();
    let table_names: Vec<String> = (0..tables).map(|index| format!("aws_route_table.a[{index}]")).collect();
    let unknown = json!({ "id": true, "vpc_id": true, "route": true });
    for name in &table_names {
        resources.push((name, json!({}), unknown.clone(), vpc.clone()));
    }
    for pair in names.chunks(2) {
        resources.push((&pair[0], json!({ "cidr_block": "10.0.1.0/24" }), unknown.clone(), vpc.clone()));
        let expressions =
            json!({ "subnet_id": refers(&["aws_subnet.a", "count.index"]), "route_table_id": refers(references) });
        let both = json!({ "id": true, "subnet_id": true, "route_table_id": true });
        resources.push((&pair[1], json!({}), both, expressions));
    }
    let mut document = plan_document(&resources);
    document["variables"] = variables.clone();
    translated(&document)
}

fn table_of(translation: &Translation, subnet: &str) -> String {
    let is_its = |table: &&Value| table["Associations"].as_array().unwrap().iter().any(|one| one["SubnetId"] == subnet);
    let tables = translation.list("RouteTables");
    let table = tables.iter().find(is_its).unwrap_or_else(|| panic!("{subnet} has no table"));
    table["RouteTableId"].as_str().unwrap().to_owned()
}

#[test]
fn an_index_that_runs_along_means_the_same_key() {
    let along = ["aws_route_table.a", "count.index"];
    let translation = associated(2, 2, &along, &json!({}));
    assert_eq!(table_of(&translation, "aws_subnet.a[1]"), "aws_route_table.a[1]");
    assert_eq!(translation.notes, Vec::<String>::new());
}

#[test]
fn what_there_is_only_one_of_is_meant() {
    let translation = associated(3, 1, &["aws_route_table.a", "count.index"], &json!({}));
    assert_eq!(table_of(&translation, "aws_subnet.a[2]"), "aws_route_table.a[0]");
}

#[test]
fn an_index_that_was_calculated_with_is_not_guessed() {
    let not_told = |translation: &Translation| {
        let table = table_of(translation, "aws_subnet.a[0]");
        assert_eq!(table, "aws_route_table_association.a[0] in aws_vpc.a");
        let routes = &translation.find("RouteTables", "RouteTableId", &table)["Routes"];
        assert_eq!((&routes[0]["GatewayId"], &routes[1]["GatewayId"]), (&json!(UNKNOWN), &json!(UNKNOWN)));
        assert_eq!(translation.notes.len(), 3, "{:?}", translation.notes);
    };
    not_told(&associated(3, 2, &["aws_route_table.a", "count.index"], &json!({})));
    not_told(&associated(3, 3, &["aws_route_table.a"], &json!({})));
    not_told(&associated(3, 3, &["aws_route_table.a", "count.index", "local.offset"], &json!({})));
    let offset = json!({ "offset": { "value": 1 } });
    not_told(&associated(3, 3, &["aws_route_table.a", "count.index", "var.offset"], &offset));
}

#[test]
fn yes_or_no_does_not_move_an_index() {
    let single = json!({ "single": { "value": false } });
    let translation = associated(3, 3, &["aws_route_table.a", "var.single", "count.index"], &single);
    assert_eq!(table_of(&translation, "aws_subnet.a[2]"), "aws_route_table.a[2]");
}

fn by_local(others: &[(&'static str, Value, Value, Value)]) -> Translation {
    let mut resources = network();
    resources[1].3 = json!({ "vpc_id": refers(&["local.vpc_id"]) });
    resources.extend(others.iter().cloned());
    plan(&resources)
}

#[test]
fn a_local_value_is_told_only_by_elimination() {
    let vpc = |translation: &Translation| translation.find("Subnets", "SubnetId", "aws_subnet.a")["VpcId"].clone();
    assert_eq!(vpc(&by_local(&[])), "aws_vpc.a");
    let second = ("aws_vpc.b", json!({}), json!({ "id": true }), json!({}));
    assert_eq!(vpc(&by_local(&[second])), UNKNOWN);
    let looked_up = ("data.aws_vpc.b", json!({}), json!({ "id": true }), json!({}));
    assert_eq!(vpc(&by_local(&[looked_up])), UNKNOWN);
    let passed_on = ("terraform_data.b", json!({}), json!({ "output": true }), json!({}));
    assert_eq!(vpc(&by_local(&[passed_on])), UNKNOWN);
}

#[test]
fn references_lead_through_inputs_and_outputs_of_modules() {
    let resource = |module: &str, address: &str, values: &Value| {
        let mut resource = resource(address, values);
        resource["address"] = format!("{module}.{address}").into();
        resource
    };
    let change = |address: &str, kind: &str, unknown: Value| {
        json!({
            "address": address, "type": kind, "change": { "actions": ["create"], "after_unknown": unknown },
        })
    };
    let net = |key: &str| {
        let address = format!("module.net[\"{key}\"]");
        json!({
            "address": address,
            "resources": [resource(&address, "aws_vpc.main", &json!({ "cidr_block": "10.0.0.0/16" }))],
        })
    };
    let app = json!({
        "address": "module.app",
        "resources": [resource("module.app", "aws_subnet.app", &json!({ "cidr_block": "10.0.0.0/24" }))],
    });
    let output = json!({ "expression": refers(&["aws_vpc.main.id", "aws_vpc.main"]) });
    let block = |kind: &str, name: &str, expressions: Value| {
        json!({
            "mode": "managed", "type": kind, "name": name, "expressions": expressions,
        })
    };
    let document = json!({
        "format_version": "1.2",
        "planned_values": { "root_module": { "child_modules": [net("x"), net("y"), app] } },
        "resource_changes": [
            change("module.net[\"x\"].aws_vpc.main", "aws_vpc", json!({ "id": true })),
            change("module.net[\"y\"].aws_vpc.main", "aws_vpc", json!({ "id": true })),
            change("module.app.aws_subnet.app", "aws_subnet", json!({ "id": true, "vpc_id": true })),
        ],
        "configuration": { "root_module": { "module_calls": {
            "net": { "module": {
                "outputs": { "vpc_id": output },
                "resources": [block("aws_vpc", "main", json!({}))],
            } },
            "app": {
                "expressions": { "vpc": refers(&["module.net[\"y\"].vpc_id", "module.net[\"y\"]", "module.net"]) },
                "module": { "resources": [block("aws_subnet", "app", json!({ "vpc_id": refers(&["var.vpc"]) }))] },
            },
        } } },
    });
    let subnet = &translated(&document).list("Subnets")[0];
    assert_eq!(subnet["SubnetId"], "module.app.aws_subnet.app");
    assert_eq!(subnet["VpcId"], "module.net[\"y\"].aws_vpc.main");
}

#[test]
fn a_block_whose_references_are_those_of_others_too_is_told_by_kind() {
    let gateway = |name: &'static str| {
        (
            name,
            json!({}),
            json!({ "id": true, "vpc_id": true }),
            json!({ "vpc_id": refers(&["aws_vpc.a.id", "aws_vpc.a"]) }),
        )
    };
    let table = |references: &[&str]| {
        let mut resources = network();
        resources.push(gateway("aws_internet_gateway.a"));
        resources.push(gateway("aws_internet_gateway.b"));
        resources.push(("aws_vpc_peering_connection.p", json!({}), json!({ "id": true, "vpc_id": true }), json!({})));
        let routes = json!([{ "cidr_block": "0.0.0.0/0" }, { "cidr_block": "10.9.0.0/16" }]);
        let unknown = json!([{ "gateway_id": true }, { "vpc_peering_connection_id": true }]);
        let expressions = json!({ "route": refers(references), "vpc_id": refers(&["aws_vpc.a.id", "aws_vpc.a"]) });
        resources.push((
            "aws_route_table.t",
            json!({ "route": routes }),
            json!({ "id": true, "vpc_id": true, "route": unknown }),
            expressions,
        ));
        plan(&resources).find("RouteTables", "RouteTableId", "aws_route_table.t")["Routes"].clone()
    };
    let peering = ["aws_vpc_peering_connection.p.id", "aws_vpc_peering_connection.p"];
    let one = table(&[&["aws_internet_gateway.b.id", "aws_internet_gateway.b"], &peering[..]].concat());
    assert_eq!(
        (&one[0]["GatewayId"], &one[2]["VpcPeeringConnectionId"]),
        (&json!("aws_internet_gateway.b"), &json!("aws_vpc_peering_connection.p"))
    );
    let two = table(
        &[
            &[
                "aws_internet_gateway.a.id",
                "aws_internet_gateway.a",
                "aws_internet_gateway.b.id",
                "aws_internet_gateway.b",
            ],
            &peering[..],
        ]
        .concat(),
    );
    assert_eq!(two[0]["GatewayId"], UNKNOWN);
    let hidden = table(&["local.gateway", "aws_internet_gateway.b.id", "aws_internet_gateway.b"]);
    assert_eq!(hidden[0]["GatewayId"], UNKNOWN);
}

/// The class of every subnet of a plan.
fn classes(document: &Value) -> std::collections::BTreeMap<String, crate::classify::class::Class> {
    let inventory = crate::snapshot::read([document.to_string().as_bytes()]).unwrap().regions.remove(0);
    let verdicts = crate::classify::classify(&inventory);
    verdicts.iter().map(|verdict| (verdict.subnet.id.clone(), verdict.class())).collect()
}

/// The places of all lists of references.
fn places(value: &Value, place: &str, found: &mut Vec<String>) {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(elements) => {
            elements.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => return,
    };
    for (name, value) in members {
        let inner = format!("{place}/{name}");
        if name == "references" {
            found.push(inner);
        } else {
            places(value, &inner, found);
        }
    }
}

#[test]
fn what_is_hidden_makes_unknown_and_nothing_else() {
    for text in [PLAN, include_str!("../../../../tests/fixtures/terraform-modules-plan.json")] {
        let plan: Value = serde_json::from_str(text).unwrap();
        let expected = classes(&plan);
        let mut found = Vec::new();
        places(&plan["configuration"], "/configuration", &mut found);
        assert!(found.len() > 50);
        let mut hidden = 0;
        let ways = [json!(["local.hidden"]), json!(["module.hidden.id", "module.hidden"]), json!([])];
        for (place, way) in found.iter().zip(ways.iter().cycle()) {
            let mut changed = plan.clone();
            changed.pointer_mut(place).unwrap().clone_from(way);
            for (subnet, class) in classes(&changed) {
                let is_unknown = class == crate::classify::class::Class::Unknown;
                assert!(is_unknown || class == expected[&subnet], "{place}: {subnet} is {class}");
                hidden += usize::from(is_unknown);
            }
        }
        assert!(hidden > 50, "{hidden}");
    }
}
