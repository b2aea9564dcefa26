//! Route tables, put together from the many resources that fill them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::members::{Members, each};
use super::resolve::Resolution;
use super::route::{self, anywhere, former_destination, local, somewhere};
use super::world::{ROUTE_TABLE, SUBNET, UNKNOWN, VPC, View, World};

const VPN_GATEWAY: &[&str] = &["aws_vpn_gateway"];
const GATEWAY: &[&str] = &["aws_internet_gateway", "aws_vpn_gateway"];

/// A route table in the making.
#[derive(Debug, Default)]
struct Table {
    vpc: String,
    is_main: bool,
    associations: Vec<Value>,
    /// By destination: a table holds each once.
    routes: BTreeMap<String, Value>,
    propagating: Vec<String>,
    tags: Vec<Value>,
}

pub(super) fn translate(world: &World, members: &mut Members) {
    let mut tables = tables(world, members);
    for view in world.managed(&["aws_route"]) {
        add_route(&view, &mut tables, members);
    }
    propagate(world, &mut tables);
    add_endpoints(world, &mut tables);
    associate(world, &mut tables, members);
    make_main(world, &mut tables, members);
    for (id, table) in tables {
        members.push("RouteTables", table.written(&id));
    }
}

impl Table {
    fn of(view: &View<'_>, vpc: String) -> Self {
        let local = local_routes(view.world, &vpc);
        let mut table = Self { vpc, tags: view.tags(), routes: local, ..Self::default() };
        table.routes.extend(inline_routes(view));
        table.propagating = view.texts("propagating_vgws", VPN_GATEWAY);
        table
    }

    fn written(self, id: &str) -> Value {
        let mut associations = self.associations;
        if self.is_main {
            associations.push(json!({ "Main": true, "AssociationState": { "State": "associated" } }));
        }
        json!({
            "RouteTableId": id,
            "VpcId": self.vpc,
            "Associations": associations,
            "Routes": self.routes.into_values().collect::<Vec<Value>>(),
            "PropagatingVgws": each("GatewayId", self.propagating),
            "Tags": self.tags,
        })
    }
}

fn local_routes(world: &World, vpc: &str) -> BTreeMap<String, Value> {
    let vpc = world.find(vpc, VPC);
    let attributes = ["cidr_block", "ipv6_cidr_block"].into_iter();
    attributes.filter_map(|attribute| vpc?.known(attribute)).map(|block| local(&block)).collect()
}

/// The routes that are written inside a table. Without any, the attribute tells what AWS had before, other resources' routes included.
fn inline_routes(view: &View<'_>) -> Vec<(String, Value)> {
    if view.is_unknown("route") {
        return if view.is_written("route") { anywhere() } else { Vec::new() };
    }
    let id = view.id();
    let of_this =
        |former: &&super::document::Former| former.values.get("route_table_id").and_then(Value::as_str) == Some(&id);
    let former = view.world.former(&["aws_route"]).filter(of_this);
    let gone: BTreeSet<&str> = former.filter_map(|former| former_destination(&former.values)).collect();
    let attribute = if view.instance.managed { "route" } else { "routes" };
    let routes = view.blocks(attribute).into_iter().filter_map(|block| route::of(&block));
    routes.filter(|(destination, _)| !gone.contains(destination.as_str())).collect()
}

/// All tables that are known: those that the document describes, and those that AWS makes along with its VPCs.
fn tables(world: &World, members: &mut Members) -> BTreeMap<String, Table> {
    let mut tables = BTreeMap::new();
    for view in world.of(&["aws_route_table"]) {
        if !view.instance.managed && view.id() == view.instance.address {
            members.note(format!("{} is looked up during apply: nothing is known of it", view.instance.address));
            continue;
        }
        let vpc = view.text("vpc_id", VPC).unwrap_or_else(|| UNKNOWN.to_owned());
        let mut table = Table::of(&view, vpc);
        for association in view.blocks("associations") {
            table.is_main |= association.flag("main") == Some(true);
            let place = [("SubnetId", "subnet_id"), ("GatewayId", "gateway_id")];
            let place = place.into_iter().find_map(|(member, attribute)| Some((member, association.known(attribute)?)));
            table.associations.extend(place.map(|(member, id)| association_with(member, &id)));
        }
        tables.insert(view.id(), table);
    }
    for view in world.managed(&["aws_default_route_table"]) {
        let owner = view.text("default_route_table_id", ROUTE_TABLE);
        let is_of = |vpc: &View<'_>| owner.as_ref() == Some(&vpc.made_along("default_route_table_id"));
        let vpc = world.of(VPC).find(is_of).map(|vpc| vpc.id());
        let vpc = vpc.or_else(|| view.known("vpc_id")).unwrap_or_else(|| UNKNOWN.to_owned());
        tables.insert(view.id(), Table::of(&view, vpc));
    }
    // The default VPC's own table leads to the internet, unless someone changed that: only of new VPCs is it known what it holds.
    let any = world.takes_over_any("aws_default_route_table", "default_route_table_id", ROUTE_TABLE);
    for view in world.managed(&["aws_vpc"]).filter(|_| !any) {
        let empty = || Table { vpc: view.id(), routes: local_routes(world, &view.id()), ..Table::default() };
        tables.entry(view.made_along("default_route_table_id")).or_insert_with(empty);
    }
    tables
}

/// The tables that an attribute may mean, and whether it is certain.
fn meant(view: &View<'_>, tables: &BTreeMap<String, Table>) -> (Vec<String>, bool) {
    match view.resolve("route_table_id", ROUTE_TABLE) {
        Resolution::One(id) => (vec![id], true),
        Resolution::Among(ids) => (ids.into_iter().collect(), false),
        Resolution::Absent | Resolution::LeftToAws | Resolution::Unknown => (tables.keys().cloned().collect(), false),
    }
}

fn add_route(view: &View<'_>, tables: &mut BTreeMap<String, Table>, members: &mut Members) {
    let Some((destination, route)) = route::of(view) else { return };
    let address = &view.instance.address;
    let (ids, is_certain) = meant(view, tables);
    if !is_certain {
        members.note(format!("{address}: it is not known which route table it is in"));
    }
    for id in ids {
        match (tables.get_mut(&id), is_certain) {
            (Some(table), true) => {
                table.routes.insert(destination.clone(), route.clone());
            }
            // If another route has the destination already, this one is not in the table.
            (Some(table), false) => {
                table.routes.entry(destination.clone()).or_insert_with(|| somewhere(&destination));
            }
            (None, _) => members.note(format!("{address}: its route table {id} is not in the document")),
        }
    }
}

fn propagate(world: &World, tables: &mut BTreeMap<String, Table>) {
    for view in world.managed(&["aws_vpn_gateway_route_propagation"]) {
        let gateway = view.text("vpn_gateway_id", VPN_GATEWAY).unwrap_or_else(|| UNKNOWN.to_owned());
        for id in meant(&view, tables).0 {
            if let Some(table) = tables.get_mut(&id).filter(|table| !table.propagating.contains(&gateway)) {
                table.propagating.push(gateway.clone());
            }
        }
    }
}

/// A gateway endpoint puts a route for its service's addresses into its tables.
fn add_endpoints(world: &World, tables: &mut BTreeMap<String, Table>) {
    let mut add = |table: &str, endpoint: &View<'_>| {
        let Some(table) = tables.get_mut(table) else { return };
        let list = endpoint.known("prefix_list_id");
        let id = endpoint.id();
        let written = |list: &str| json!({ "DestinationPrefixListId": list, "GatewayId": id, "State": "active" });
        match list {
            Some(list) => table.routes.insert(list.clone(), written(&list)),
            None => table.routes.insert(id.clone(), written(UNKNOWN)),
        };
    };
    for view in world.managed(&["aws_vpc_endpoint"]) {
        for table in view.texts("route_table_ids", ROUTE_TABLE) {
            add(&table, &view);
        }
    }
    for view in world.managed(&["aws_vpc_endpoint_route_table_association"]) {
        let table = view.text("route_table_id", ROUTE_TABLE);
        let endpoint = view.text("vpc_endpoint_id", &["aws_vpc_endpoint"]);
        let endpoint = endpoint.and_then(|id| world.find(&id, &["aws_vpc_endpoint"]));
        if let (Some(table), Some(endpoint)) = (table, endpoint) {
            add(&table, &endpoint);
        }
    }
}

fn association_with(member: &str, id: &str) -> Value {
    json!({ "Main": false, member: id, "AssociationState": { "State": "associated" } })
}

/// Gives every subnet its table. Where it cannot be told which one it is, a table stands in of which nothing is known.
fn associate(world: &World, tables: &mut BTreeMap<String, Table>, members: &mut Members) {
    let of_subnet = |view: View<'_>| (view.id(), view.text("vpc_id", VPC).unwrap_or_else(|| UNKNOWN.to_owned()));
    let subnets: BTreeMap<String, String> = world.of(SUBNET).map(of_subnet).collect();
    let mut told: BTreeSet<String> = BTreeSet::new();
    let mut doubtful = Vec::new();
    for view in world.managed(&["aws_route_table_association"]) {
        if let Some(gateway) = view.written("gateway_id", GATEWAY) {
            let (ids, _) = meant(&view, tables);
            for id in ids {
                if let Some(table) = tables.get_mut(&id) {
                    table.associations.push(association_with("GatewayId", &gateway));
                }
            }
            continue;
        }
        let may_be = match view.resolve("subnet_id", SUBNET) {
            Resolution::One(subnet) => vec![subnet],
            Resolution::Among(ids) => ids.into_iter().collect(),
            Resolution::Absent | Resolution::LeftToAws | Resolution::Unknown => subnets.keys().cloned().collect(),
        };
        let table = match meant(&view, tables) {
            (ids, true) => ids.into_iter().next().filter(|id| tables.contains_key(id)),
            (_, false) => None,
        };
        match (may_be.as_slice(), table.and_then(|id| tables.get_mut(&id))) {
            ([subnet], Some(table)) => {
                // A table is in the VPC of its subnets.
                if let Some(vpc) = subnets.get(subnet).filter(|_| table.vpc == UNKNOWN) {
                    table.vpc.clone_from(vpc);
                }
                table.associations.push(association_with("SubnetId", subnet));
                told.insert(subnet.clone());
            }
            _ => doubtful.push((view.instance.address.clone(), may_be)),
        }
    }
    for (address, may_be) in doubtful {
        let left: Vec<String> = may_be.into_iter().filter(|subnet| !told.contains(subnet)).collect();
        if left.is_empty() {
            continue;
        }
        members.note(format!("{address}: it is not known which route table and subnet it brings together"));
        let mut by_vpc: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for subnet in left {
            if let Some(vpc) = subnets.get(&subnet) {
                by_vpc.entry(vpc.clone()).or_default().push(subnet.clone());
                told.insert(subnet);
            }
        }
        for (vpc, subnets) in by_vpc {
            let associations = subnets.iter().map(|subnet| association_with("SubnetId", subnet)).collect();
            let routes = anywhere().into_iter().collect();
            let table = Table { vpc: vpc.clone(), associations, routes, ..Table::default() };
            tables.insert(format!("{address} in {vpc}"), table);
        }
    }
}

/// Marks the main table of every VPC.
fn make_main(world: &World, tables: &mut BTreeMap<String, Table>, members: &mut Members) {
    let mut chosen: BTreeMap<String, String> = BTreeMap::new();
    for view in world.managed(&["aws_main_route_table_association"]) {
        let vpc = view.text("vpc_id", VPC).unwrap_or_else(|| UNKNOWN.to_owned());
        let table = view.text("route_table_id", ROUTE_TABLE).unwrap_or_else(|| UNKNOWN.to_owned());
        if vpc == UNKNOWN || table == UNKNOWN {
            members.note(format!("{}: it is not known what becomes the main table", view.instance.address));
        }
        chosen.insert(vpc, table);
    }
    for view in world.of(VPC) {
        let id = view.id();
        let main = match chosen.get(&id) {
            Some(table) => table.clone(),
            None if chosen.contains_key(UNKNOWN) => continue,
            None => match view.known("main_route_table_id") {
                Some(main) => main,
                None => view.made_along("default_route_table_id"),
            },
        };
        if let Some(table) = tables.get_mut(&main) {
            table.is_main = true;
        }
    }
}
