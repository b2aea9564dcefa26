//! Network interfaces, instances and addresses as AWS writes them.

use std::net::Ipv4Addr;

use serde::Deserialize;

use super::{Described, Tag, tags};
use crate::inventory::{self, Attachment, PublicAddress, UNKNOWN_UNTIL_APPLY};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct NetworkInterface {
    #[serde(rename = "NetworkInterfaceId")]
    id: String,
    subnet_id: String,
    source_dest_check: bool,
    attachment: Option<NetworkInterfaceAttachment>,
    interface_type: Option<String>,
    #[serde(default)]
    description: String,
    requester_id: Option<String>,
    groups: Option<Vec<Group>>,
    private_ip_address: Option<String>,
    private_ip_addresses: Option<Vec<PrivateAddress>>,
    ipv6_addresses: Option<Vec<Ipv6Address>>,
    association: Option<AddressAssociation>,
    tag_set: Option<Vec<Tag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkInterfaceAttachment {
    instance_id: Option<String>,
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Group {
    group_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PrivateAddress {
    private_ip_address: Option<String>,
    association: Option<AddressAssociation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Ipv6Address {
    ipv6_address: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AddressAssociation {
    public_ip: Option<String>,
    allocation_id: Option<String>,
}

/// An IPv4 address, or `None` where it is not known before Terraform is applied.
fn ipv4(text: &str) -> Result<Option<Ipv4Addr>, String> {
    if text == UNKNOWN_UNTIL_APPLY {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| format!("`{text}` is no IPv4 address"))
}

impl AddressAssociation {
    fn read(self) -> Result<Option<PublicAddress>, String> {
        let Some(text) = self.public_ip.filter(|text| !text.is_empty()) else { return Ok(None) };
        Ok(Some(PublicAddress { address: ipv4(&text)?, allocation: self.allocation_id }))
    }
}

impl NetworkInterface {
    fn attachment(attachment: Option<NetworkInterfaceAttachment>) -> Attachment {
        let Some(attachment) = attachment else { return Attachment::Detached };
        if attachment.status.is_some_and(|status| status == "detached" || status == "detaching") {
            return Attachment::Detached;
        }
        attachment.instance_id.map_or(Attachment::Service, Attachment::Instance)
    }
}

impl Described for NetworkInterface {
    type Resource = inventory::NetworkInterface;

    fn resources(self) -> Result<Vec<(String, inventory::NetworkInterface)>, String> {
        let about = |cause: String| format!("{}: {cause}", self.id);
        let mut private: Vec<Ipv4Addr> = Vec::new();
        let mut public: Vec<PublicAddress> = Vec::new();
        let mut associations = vec![self.association];
        let first = self.private_ip_address;
        let mut texts: Vec<String> = first.into_iter().collect();
        for address in self.private_ip_addresses.unwrap_or_default() {
            texts.extend(address.private_ip_address);
            associations.push(address.association);
        }
        for text in texts.iter().filter(|text| !text.is_empty()) {
            private.extend(ipv4(text).map_err(about)?);
        }
        for association in associations.into_iter().flatten() {
            public.extend(association.read().map_err(about)?);
        }
        // The first of either stands there twice.
        let mut seen = Vec::new();
        private.retain(|address| {
            !seen.contains(address) && {
                seen.push(*address);
                true
            }
        });
        let mut seen = Vec::new();
        public.retain(|address| {
            !seen.contains(address) && {
                seen.push(address.clone());
                true
            }
        });
        let ipv6 = self.ipv6_addresses.unwrap_or_default().into_iter();
        let ipv6 = ipv6.filter(|address| address.ipv6_address != UNKNOWN_UNTIL_APPLY).map(|address| {
            let text = address.ipv6_address;
            text.parse().map_err(|_| about(format!("`{text}` is no IPv6 address")))
        });
        let interface = inventory::NetworkInterface {
            tags: tags(self.tag_set),
            subnet: self.subnet_id,
            source_destination_check: self.source_dest_check,
            attachment: Self::attachment(self.attachment),
            kind: self.interface_type.unwrap_or_else(|| "interface".to_owned()),
            description: self.description,
            requester: self.requester_id,
            groups: self.groups.unwrap_or_default().into_iter().map(|group| group.group_id).collect(),
            private_addresses: private,
            ipv6_addresses: ipv6.collect::<Result<_, String>>()?,
            public_addresses: public,
            id: self.id.clone(),
        };
        Ok(vec![(self.id, interface)])
    }
}

/// What `describe-instances` writes, or an instance out of it.
#[derive(Deserialize)]
#[serde(untagged)]
pub(in crate::snapshot) enum InstanceOrReservation {
    Reservation {
        #[serde(rename = "Instances")]
        instances: Vec<Instance>,
    },
    Instance(Instance),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct Instance {
    #[serde(rename = "InstanceId")]
    id: String,
    subnet_id: Option<String>,
    source_dest_check: Option<bool>,
    state: InstanceState,
    tags: Option<Vec<Tag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InstanceState {
    name: String,
}

impl Described for InstanceOrReservation {
    type Resource = inventory::Instance;

    fn resources(self) -> Result<Vec<(String, inventory::Instance)>, String> {
        let instances = match self {
            Self::Reservation { instances } => instances,
            Self::Instance(instance) => vec![instance],
        };
        let read = |instance: Instance| {
            let one = inventory::Instance {
                id: instance.id.clone(),
                tags: tags(instance.tags),
                subnet: instance.subnet_id,
                source_destination_check: instance.source_dest_check.unwrap_or(true),
                state: instance.state.name,
            };
            (instance.id, one)
        };
        Ok(instances.into_iter().map(read).collect())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct Address {
    allocation_id: Option<String>,
    association_id: Option<String>,
    public_ip: Option<String>,
    instance_id: Option<String>,
    network_interface_id: Option<String>,
    #[serde(rename = "PublicIpv4Pool")]
    pool: Option<String>,
    tags: Option<Vec<Tag>>,
}

impl Described for Address {
    type Resource = inventory::Address;

    fn resources(self) -> Result<Vec<(String, inventory::Address)>, String> {
        let said = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let is_associated = said(&self.association_id) || said(&self.instance_id) || said(&self.network_interface_id);
        // An address of EC2-Classic had no allocation.
        let id = self.allocation_id.or_else(|| self.public_ip.clone()).ok_or("an address has no allocation id")?;
        let address = inventory::Address {
            id: id.clone(),
            tags: tags(self.tags),
            public_ip: self.public_ip.as_deref().map(ipv4).transpose()?.flatten(),
            interface: self.network_interface_id.filter(|id| !id.is_empty()),
            is_associated,
            pool: self.pool,
        };
        Ok(vec![(id, address)])
    }
}
