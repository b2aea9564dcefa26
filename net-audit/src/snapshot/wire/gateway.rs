//! Gateways and endpoints as AWS writes them.

use serde::Deserialize;

use super::Described;
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
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct EgressOnlyInternetGateway {
    #[serde(rename = "EgressOnlyInternetGatewayId")]
    id: String,
    attachments: Option<Vec<GatewayAttachment>>,
}

fn gateway(id: String, attachments: Option<Vec<GatewayAttachment>>) -> Vec<(String, inventory::InternetGateway)> {
    let gateway = inventory::InternetGateway { id: id.clone(), vpcs: attached(attachments) };
    vec![(id, gateway)]
}

impl Described for InternetGateway {
    type Resource = inventory::InternetGateway;

    fn resources(self) -> Result<Vec<(String, inventory::InternetGateway)>, String> {
        Ok(gateway(self.id, self.attachments))
    }
}

impl Described for EgressOnlyInternetGateway {
    type Resource = inventory::InternetGateway;

    fn resources(self) -> Result<Vec<(String, inventory::InternetGateway)>, String> {
        Ok(gateway(self.id, self.attachments))
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
        let gateway =
            inventory::NatGateway { id: id.clone(), vpc: self.vpc_id, place, connectivity, state: self.state };
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
    subnet_ids: Option<Vec<String>>,
}

impl Described for VpcEndpoint {
    type Resource = inventory::VpcEndpoint;

    fn resources(self) -> Result<Vec<(String, inventory::VpcEndpoint)>, String> {
        let endpoint = inventory::VpcEndpoint {
            id: self.id.clone(),
            kind: self.kind,
            state: self.state.to_ascii_lowercase(),
            subnets: self.subnet_ids.unwrap_or_default(),
        };
        Ok(vec![(self.id, endpoint)])
    }
}
