//! Routes as AWS writes them: one member for each kind of target, most of them empty.

use serde::Deserialize;

use super::parse_if_known;
use crate::inventory::{self, Destination, Origin, RouteState, Target, UNKNOWN_UNTIL_APPLY};

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in crate::snapshot) struct Route {
    destination_cidr_block: Option<String>,
    destination_ipv6_cidr_block: Option<String>,
    destination_prefix_list_id: Option<String>,
    carrier_gateway_id: Option<String>,
    core_network_arn: Option<String>,
    egress_only_internet_gateway_id: Option<String>,
    gateway_id: Option<String>,
    instance_id: Option<String>,
    local_gateway_id: Option<String>,
    nat_gateway_id: Option<String>,
    network_interface_id: Option<String>,
    odb_network_arn: Option<String>,
    transit_gateway_id: Option<String>,
    vpc_peering_connection_id: Option<String>,
    origin: Option<String>,
    state: Option<String>,
}

impl Route {
    pub(super) fn read(self) -> Result<inventory::Route, String> {
        let destination = self.destination()?;
        let origin = match self.origin.as_deref() {
            None | Some("CreateRoute" | "CreateRouteTable") => Origin::Static,
            // Advertised by a VPC route server.
            Some("EnableVgwRoutePropagation" | "Advertisement") => Origin::Propagated,
            Some(other) => return Err(format!("a route has origin `{other}`")),
        };
        let state = match self.state.as_deref() {
            None | Some("active") => RouteState::Active,
            Some("blackhole") => RouteState::Blackhole,
            Some("filtered") => RouteState::Filtered,
            Some(other) => return Err(format!("a route has state `{other}`")),
        };
        Ok(inventory::Route { destination, target: self.target(), origin, state })
    }

    fn destination(&self) -> Result<Destination, String> {
        if let Some(id) = &self.destination_prefix_list_id {
            let is_known = id != UNKNOWN_UNTIL_APPLY;
            return Ok(if is_known { Destination::PrefixList(id.clone()) } else { Destination::Unknown });
        }
        let block = self.destination_cidr_block.as_ref().or(self.destination_ipv6_cidr_block.as_ref());
        match block {
            Some(text) => Ok(parse_if_known(text)?.map_or(Destination::Unknown, Destination::Block)),
            None => Err("a route has no destination".to_owned()),
        }
    }

    fn target(self) -> Target {
        let specific = [
            self.nat_gateway_id.map(Target::NatGateway),
            self.egress_only_internet_gateway_id.map(Target::EgressOnlyInternetGateway),
            self.carrier_gateway_id.map(Target::CarrierGateway),
            self.network_interface_id.map(Target::NetworkInterface),
            self.instance_id.map(Target::Instance),
            self.transit_gateway_id.map(Target::OtherNetwork),
            self.vpc_peering_connection_id.map(Target::OtherNetwork),
            self.local_gateway_id.map(Target::OtherNetwork),
            self.core_network_arn.map(Target::OtherNetwork),
            self.odb_network_arn.map(Target::OtherNetwork),
            self.gateway_id.map(gateway),
        ];
        let named = specific.into_iter().flatten().next();
        let named = named.filter(|target| target.id() != UNKNOWN_UNTIL_APPLY);
        named.unwrap_or_else(|| Target::Unrecognised("a route has no target that is known".to_owned()))
    }
}

/// `GatewayId` holds five kinds of thing, told apart by how their ids begin.
fn gateway(id: String) -> Target {
    match id.split_once('-').map_or(id.as_str(), |(kind, _)| kind) {
        "local" => Target::Local,
        "igw" => Target::InternetGateway(id),
        "vgw" => Target::OtherNetwork(id),
        "vpce" => Target::VpcEndpoint(id),
        "nat" => Target::NatGateway(id),
        "eigw" => Target::EgressOnlyInternetGateway(id),
        "cagw" => Target::CarrierGateway(id),
        _ => planned(&id).unwrap_or_else(|| Target::Unrecognised(format!("{id} is no gateway that is known"))),
    }
}

/// A gateway that Terraform is going to make has its address for an id, `module.net.aws_internet_gateway.main`.
fn planned(id: &str) -> Option<Target> {
    match id.split('.').find(|word| word.starts_with("aws_"))? {
        "aws_internet_gateway" => Some(Target::InternetGateway(id.to_owned())),
        "aws_vpn_gateway" => Some(Target::OtherNetwork(id.to_owned())),
        "aws_vpc_endpoint" => Some(Target::VpcEndpoint(id.to_owned())),
        _ => None,
    }
}
