//! Gateways and endpoints as AWS writes them.

use serde::Deserialize;

use super::{Described, Tag, tags};
use crate::inventory::{self, Connectivity, NatPlace};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GatewayAttachment {
    vpc_id: String,
    state: Option<String>,
}

/// The VPCs that a gateway is attached to. AWS says `available` where its reference says `attached`, so only a way out counts as gone.
fn attached(attachments: Option<Vec<GatewayAttachment>>) -> Vec<String> {
    let gone = |state: &str| matches!(state, "detaching" | "detached");
    let attachments = attachments.unwrap_or_default().into_iter();
    attachments
        .filter(|attachment| !attachment.state.as_deref().is_some_and(gone))
        .map(|attachment| attachment.vpc_id)
        .collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct InternetGateway {
    #[serde(rename = "InternetGatewayId")]
    id: String,
    attachments: Option<Vec<GatewayAttachment>>,
    tags: Option<Vec<Tag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct EgressOnlyInternetGateway {
    #[serde(rename = "EgressOnlyInternetGatewayId")]
    id: String,
    attachments: Option<Vec<GatewayAttachment>>,
    tags: Option<Vec<Tag>>,
}

fn gateway(
    id: String,
    attachments: Option<Vec<GatewayAttachment>>,
    own: Option<Vec<Tag>>,
) -> Vec<(String, inventory::InternetGateway)> {
    let gateway = inventory::InternetGateway { id: id.clone(), tags: tags(own), vpcs: attached(attachments) };
    vec![(id, gateway)]
}

impl Described for InternetGateway {
    type Resource = inventory::InternetGateway;

    fn resources(self) -> Result<Vec<(String, inventory::InternetGateway)>, String> {
        if self.attachments.is_none() {
            return Err(format!("{} does not say what it is attached to", self.id));
        }
        Ok(gateway(self.id, self.attachments, self.tags))
    }
}

impl Described for EgressOnlyInternetGateway {
    type Resource = inventory::InternetGateway;

    fn resources(self) -> Result<Vec<(String, inventory::InternetGateway)>, String> {
        Ok(gateway(self.id, self.attachments, self.tags))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct NatGateway {
    #[serde(rename = "NatGatewayId")]
    id: String,
    vpc_id: String,
    subnet_id: Option<String>,
    state: String,
    connectivity_type: Option<String>,
    availability_mode: Option<String>,
    #[serde(rename = "NatGatewayAddresses")]
    addresses: Option<Vec<NatAddress>>,
    tags: Option<Vec<Tag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NatAddress {
    allocation_id: Option<String>,
    network_interface_id: Option<String>,
    public_ip: Option<String>,
    availability_zone: Option<String>,
}

impl NatAddress {
    fn read(self) -> inventory::NatAddress {
        inventory::NatAddress {
            allocation: self.allocation_id,
            interface: self.network_interface_id,
            public_ip: self.public_ip,
            availability_zone: self.availability_zone,
        }
    }
}

impl Described for NatGateway {
    type Resource = inventory::NatGateway;

    fn resources(self) -> Result<Vec<(String, inventory::NatGateway)>, String> {
        let id = self.id;
        let place = match (self.availability_mode.as_deref(), self.subnet_id) {
            (Some("regional"), _) => NatPlace::Region,
            (_, Some(subnet)) => NatPlace::Subnet(subnet),
            (_, None) => return Err(format!("{id} is not regional and names no subnet")),
        };
        let connectivity = match self.connectivity_type.as_deref() {
            None | Some("public") => Connectivity::Public,
            Some("private") => Connectivity::Private,
            Some(other) => return Err(format!("{id} has connectivity type `{other}`")),
        };
        let gateway = inventory::NatGateway {
            id: id.clone(),
            tags: tags(self.tags),
            vpc: self.vpc_id,
            place,
            connectivity,
            state: self.state,
            addresses: self.addresses.unwrap_or_default().into_iter().map(NatAddress::read).collect(),
        };
        Ok(vec![(id, gateway)])
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct VpcEndpoint {
    #[serde(rename = "VpcEndpointId")]
    id: String,
    #[serde(rename = "VpcEndpointType")]
    kind: String,
    state: String,
    vpc_id: Option<String>,
    service_name: Option<String>,
    subnet_ids: Option<Vec<String>>,
    route_table_ids: Option<Vec<String>>,
    network_interface_ids: Option<Vec<String>>,
    tags: Option<Vec<Tag>>,
}

impl Described for VpcEndpoint {
    type Resource = inventory::VpcEndpoint;

    fn resources(self) -> Result<Vec<(String, inventory::VpcEndpoint)>, String> {
        let endpoint = inventory::VpcEndpoint {
            id: self.id.clone(),
            tags: tags(self.tags),
            vpc: self.vpc_id,
            kind: self.kind,
            service: self.service_name,
            state: self.state.to_ascii_lowercase(),
            subnets: self.subnet_ids.unwrap_or_default(),
            route_tables: self.route_table_ids.unwrap_or_default(),
            interfaces: self.network_interface_ids.unwrap_or_default(),
        };
        Ok(vec![(self.id, endpoint)])
    }
}

/// A metric of a shorter time says nothing of a month.
const LEAST_DAYS: f64 = 1.0 / 24.0;

/// What an own snapshot says of a NAT gateway's traffic.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct NatTraffic {
    nat_gateway_id: String,
    days: f64,
    bytes_in_from_source: f64,
    bytes_in_from_destination: f64,
}

impl Described for NatTraffic {
    type Resource = inventory::NatTraffic;

    fn resources(self) -> Result<Vec<(String, inventory::NatTraffic)>, String> {
        if [self.days, self.bytes_in_from_source, self.bytes_in_from_destination].iter().any(|number| *number < 0.0) {
            return Err(format!("the traffic of {} is less than nothing", self.nat_gateway_id));
        }
        if self.days < LEAST_DAYS {
            return Ok(Vec::new());
        }
        let traffic = inventory::NatTraffic {
            gateway: self.nat_gateway_id.clone(),
            days: self.days,
            bytes_from_source: self.bytes_in_from_source,
            bytes_from_destination: self.bytes_in_from_destination,
        };
        Ok(vec![(self.nat_gateway_id, traffic)])
    }
}
