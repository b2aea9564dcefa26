//! Connections to other networks as AWS writes them.

use serde::Deserialize;

use super::{Described, Tag, parse_if_known, tags};
use crate::inventory::{self, PeerVpc};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct Peering {
    #[serde(rename = "VpcPeeringConnectionId")]
    id: String,
    status: Option<Status>,
    accepter_vpc_info: Option<Side>,
    requester_vpc_info: Option<Side>,
    tags: Option<Vec<Tag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Status {
    code: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Side {
    vpc_id: Option<String>,
    owner_id: Option<String>,
    region: Option<String>,
    cidr_block: Option<String>,
    cidr_block_set: Option<Vec<Block>>,
    ipv6_cidr_block_set: Option<Vec<Block>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Block {
    cidr_block: Option<String>,
    ipv6_cidr_block: Option<String>,
}

impl Side {
    fn read(self) -> Result<PeerVpc, String> {
        let sets = [self.cidr_block_set, self.ipv6_cidr_block_set].into_iter().flatten().flatten();
        let texts = sets.filter_map(|block| block.cidr_block.or(block.ipv6_cidr_block)).chain(self.cidr_block);
        let blocks = texts.filter(|text| !text.is_empty()).map(|text| parse_if_known(&text));
        let mut blocks: Vec<_> = blocks.collect::<Result<Vec<_>, String>>()?.into_iter().flatten().collect();
        blocks.sort();
        blocks.dedup();
        Ok(PeerVpc { vpc: self.vpc_id.unwrap_or_default(), account: self.owner_id, region: self.region, blocks })
    }
}

impl Described for Peering {
    type Resource = inventory::Peering;

    fn resources(self) -> Result<Vec<(String, inventory::Peering)>, String> {
        let peering = inventory::Peering {
            id: self.id.clone(),
            tags: tags(self.tags),
            status: self.status.map_or_else(|| "active".to_owned(), |status| status.code),
            sides: [
                self.requester_vpc_info.unwrap_or_default().read()?,
                self.accepter_vpc_info.unwrap_or_default().read()?,
            ],
        };
        Ok(vec![(self.id, peering)])
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct TransitAttachment {
    #[serde(rename = "TransitGatewayAttachmentId")]
    id: String,
    transit_gateway_id: String,
    vpc_id: String,
    state: Option<String>,
    subnet_ids: Option<Vec<String>>,
}

impl Described for TransitAttachment {
    type Resource = inventory::TransitAttachment;

    fn resources(self) -> Result<Vec<(String, inventory::TransitAttachment)>, String> {
        let attachment = inventory::TransitAttachment {
            id: self.id.clone(),
            gateway: self.transit_gateway_id,
            vpc: self.vpc_id,
            state: self.state.unwrap_or_else(|| "available".to_owned()),
            subnets: self.subnet_ids.unwrap_or_default(),
        };
        Ok(vec![(self.id, attachment)])
    }
}
