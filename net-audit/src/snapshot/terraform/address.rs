//! Elastic IP addresses, and what they are for.

use std::collections::BTreeMap;

use serde_json::json;

use super::members::Members;
use super::world::{ANYTHING, EIP, INSTANCE, INTERFACE, UNKNOWN, View, World};

/// What an address is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Instance(String),
    Interface(String),
    /// Of a load balancer.
    Service,
}

/// All addresses by id, and what each is for.
#[derive(Debug)]
pub(super) struct Addresses {
    uses: BTreeMap<String, Use>,
    /// Whether something has an address of which it is not known which one.
    any_may_be_used: bool,
}

pub(super) fn translate(world: &World, members: &mut Members) {
    let addresses = Addresses::of(world);
    for view in world.of(EIP) {
        let id = view.id();
        let found = addresses.uses.get(&id);
        let unassociated = found.is_none() && !addresses.any_may_be_used;
        let association = view.known("association_id").or_else(|| (!unassociated).then(|| UNKNOWN.to_owned()));
        let (instance, interface) = match found {
            Some(Use::Instance(id)) => (Some(id), None),
            Some(Use::Interface(id)) => (None, Some(id)),
            Some(Use::Service) | None => (None, None),
        };
        let address = json!({
            "AllocationId": id,
            "PublicIp": public(&view),
            "Domain": "vpc",
            "AssociationId": association,
            "InstanceId": instance,
            "NetworkInterfaceId": interface,
            "PrivateIpAddress": view.known("private_ip"),
            "PublicIpv4Pool": view.known("public_ipv4_pool"),
            "Tags": view.tags(),
        });
        members.push("Addresses", address);
    }
}

/// The address itself: it will be one, be its number known or not.
fn public(view: &View<'_>) -> String {
    view.known("public_ip").unwrap_or_else(|| UNKNOWN.to_owned())
}

impl Addresses {
    pub(super) fn of(world: &World) -> Self {
        let mut addresses = Self { uses: BTreeMap::new(), any_may_be_used: false };
        for view in world.managed(EIP) {
            let instance = view.written("instance", INSTANCE).map(Use::Instance);
            let found = instance.or_else(|| view.written("network_interface", INTERFACE).map(Use::Interface));
            if let Some(found) = found {
                addresses.uses.insert(view.id(), found);
            }
        }
        for view in world.managed(&["aws_eip_association"]) {
            let instance = view.written("instance_id", INSTANCE).map(Use::Instance);
            let found = instance.or_else(|| view.written("network_interface_id", INTERFACE).map(Use::Interface));
            addresses.add(view.written("allocation_id", EIP), found.unwrap_or(Use::Service));
        }
        for view in world.managed(&["aws_nat_gateway"]) {
            let interface = view.known("network_interface_id");
            let interface = interface.unwrap_or_else(|| format!("{}.network_interface_id", view.instance.address));
            addresses.add(view.written("allocation_id", EIP), Use::Interface(interface));
        }
        for view in world.managed(&["aws_lb", "aws_alb"]) {
            for mapping in view.blocks("subnet_mapping") {
                addresses.add(mapping.written("allocation_id", EIP), Use::Service);
            }
        }
        addresses
    }

    fn add(&mut self, address: Option<String>, found: Use) {
        match address {
            Some(id) if id == UNKNOWN => self.any_may_be_used = true,
            Some(id) => {
                self.uses.insert(id, found);
            }
            None => {}
        }
    }

    /// The public address that some use has, if the document gives it one.
    pub(super) fn given(&self, world: &World, wanted: &Use) -> Option<String> {
        let id = self.uses.iter().find_map(|(id, found)| (found == wanted).then_some(id))?;
        Some(world.find(id, EIP).map_or_else(|| UNKNOWN.to_owned(), |view| public(&view)))
    }
}

impl View<'_> {
    /// The first of a list, if it has any.
    pub(super) fn first(&self, attribute: &str) -> Option<String> {
        self.texts(attribute, ANYTHING).into_iter().find(|text| text != UNKNOWN)
    }
}
