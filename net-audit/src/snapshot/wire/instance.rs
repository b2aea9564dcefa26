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
    status: Option<String>,
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
    /// The address that a carrier's network knows, in a Wavelength zone.
    carrier_ip: Option<String>,
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
    fn read(self, private: Option<Ipv4Addr>) -> Result<Option<PublicAddress>, String> {
        let mut said = [self.public_ip, self.carrier_ip].into_iter().flatten().filter(|text| !text.is_empty());
        let Some(text) = said.next() else { return Ok(None) };
        Ok(Some(PublicAddress { address: ipv4(&text)?, allocation: self.allocation_id, private }))
    }
}

/// An IPv4 address that may not be said.
fn said(text: Option<&String>) -> Result<Option<Ipv4Addr>, String> {
    text.filter(|text| !text.is_empty()).map_or(Ok(None), |text| ipv4(text))
}

impl NetworkInterface {
    fn attachment(attachment: Option<NetworkInterfaceAttachment>, status: Option<&str>) -> Attachment {
        let Some(attachment) = attachment else {
            return if status == Some("in-use") { Attachment::Unsaid } else { Attachment::Detached };
        };
        if attachment.status.is_some_and(|status| status == "detached" || status == "detaching") {
            return Attachment::Detached;
        }
        attachment.instance_id.map_or(Attachment::Service, Attachment::Instance)
    }

    /// Its addresses in the VPC and in the internet, each once: the first of either stands there twice.
    fn addresses(&mut self) -> Result<(Vec<Ipv4Addr>, Vec<PublicAddress>), String> {
        let first =
            PrivateAddress { private_ip_address: self.private_ip_address.take(), association: self.association.take() };
        let (mut private, mut public): (Vec<Ipv4Addr>, Vec<PublicAddress>) = (Vec::new(), Vec::new());
        for one in std::iter::once(first).chain(self.private_ip_addresses.take().unwrap_or_default()) {
            let address = said(one.private_ip_address.as_ref())?;
            private.extend(address.filter(|address| !private.contains(address)));
            let Some(new) = one.association.map_or(Ok(None), |association| association.read(address))? else {
                continue;
            };
            let is_it =
                |known: &&mut PublicAddress| (known.address, &known.allocation) == (new.address, &new.allocation);
            match public.iter_mut().find(is_it) {
                Some(known) => known.private = known.private.or(new.private),
                None => public.push(new),
            }
        }
        Ok((private, public))
    }
}

impl Described for NetworkInterface {
    type Resource = inventory::NetworkInterface;

    fn resources(mut self) -> Result<Vec<(String, inventory::NetworkInterface)>, String> {
        let (private, public) = self.addresses().map_err(|cause| format!("{}: {cause}", self.id))?;
        let about = |cause: String| format!("{}: {cause}", self.id);
        let ipv6 = self.ipv6_addresses.unwrap_or_default().into_iter();
        let ipv6 = ipv6.filter(|address| address.ipv6_address != UNKNOWN_UNTIL_APPLY).map(|address| {
            let text = address.ipv6_address;
            text.parse().map_err(|_| about(format!("`{text}` is no IPv6 address")))
        });
        let interface = inventory::NetworkInterface {
            tags: tags(self.tag_set),
            subnet: self.subnet_id,
            source_destination_check: self.source_dest_check,
            attachment: Self::attachment(self.attachment, self.status.as_deref()),
            kind: self.interface_type.unwrap_or_else(|| "interface".to_owned()),
            description: self.description,
            requester: self.requester_id,
            has_unknown_groups: self.groups.is_none(),
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
