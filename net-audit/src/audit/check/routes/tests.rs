//! NET005 to NET007 on an account that is spoilt in one way at a time.

mod blackhole;
mod broken;
mod main_table;
mod repair;

use serde_json::{Value, json};

use crate::audit::check::fixture::find;

const VPC: &str = "vpc-0clean0000000001";
const APP_A: &str = "subnet-0appa00000001";
const NAT_A: &str = "nat-0clean00000000a1";
const NAT_B: &str = "nat-0clean00000000b1";
const IGW: &str = "igw-0clean0000000001";

fn table<'v>(account: &'v mut Value, id: &str) -> &'v mut Value {
    find(account, "RouteTables", "RouteTableId", id)
}

fn route<'v>(account: &'v mut Value, owner: &str, target: &str) -> &'v mut Value {
    let routes = table(account, owner)["Routes"].as_array_mut().unwrap();
    routes.iter_mut().find(|route| route.to_string().contains(target)).unwrap()
}

fn add_route(account: &mut Value, owner: &str, route: Value) {
    table(account, owner)["Routes"].as_array_mut().unwrap().push(route);
}

fn nat<'v>(account: &'v mut Value, id: &str) -> &'v mut Value {
    find(account, "NatGateways", "NatGatewayId", id)
}

fn attachment(state: &str) -> Value {
    json!({ "TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1", "VpcId": VPC, "State": state })
}
