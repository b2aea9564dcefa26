//! Instances that forward: NAT instances, and firewalls that somebody runs.

use super::{Passage, Sender, Traveller, broken, follow, open};
use crate::address::prefix::Family;
use crate::address::set::internet;
use crate::classify::back;
use crate::classify::class::Class;
use crate::inventory::gap::{Gap, Kind};
use crate::inventory::{Attachment, Inventory, Route, Subnet};

pub(super) fn network_interface(
    inventory: &Inventory,
    id: &str,
    route: &Route,
    traveller: &Traveller<'_>,
) -> Result<Passage, Gap> {
    let interface = inventory.network_interfaces.find(id)?;
    match &interface.attachment {
        Attachment::Detached => return Ok(broken(format!("{id} is attached to nothing"))),
        Attachment::Unsaid => {
            return Err(Gap::NotUnderstood(format!("{id} is in use, and by what is not said")));
        }
        Attachment::Service => {
            return Err(Gap::NotUnderstood(format!("{id} belongs to a service: what it does cannot be seen")));
        }
        Attachment::Instance(owner) => {
            let state = &inventory.instances.find(owner)?.state;
            if state != "running" {
                return Ok(broken(format!("{id} belongs to {owner}, which is {state}")));
            }
        }
    }
    if interface.source_destination_check {
        return Ok(does_not_forward(id));
    }
    let place = inventory.subnets.find(&interface.subnet)?;
    if back::comes_in_by(inventory, &route.target, traveller) {
        let because = format!("{id} forwards, and traffic from the internet comes in by it");
        return Ok(open(traveller, Class::PublicInspected, because));
    }
    let Attachment::Instance(owner) = &interface.attachment else {
        return Err(Gap::NotUnderstood(format!("{id} is attached to nothing that is known")));
    };
    forwarding(inventory, (id, owner), place, traveller)
}

pub(super) fn instance(inventory: &Inventory, id: &str, traveller: &Traveller<'_>) -> Result<Passage, Gap> {
    let instance = inventory.instances.find(id)?;
    if instance.state != "running" {
        return Ok(broken(format!("{id} is {}", instance.state)));
    }
    if instance.source_destination_check {
        return Ok(does_not_forward(id));
    }
    let Some(place) = &instance.subnet else {
        return Err(Gap::Resource { kind: Kind::NetworkInterfaces, id: format!("the interface of {id}") });
    };
    forwarding(inventory, (id, id), inventory.subnets.find(place)?, traveller)
}

fn does_not_forward(id: &str) -> Passage {
    broken(format!("{id} does not forward: its source/destination check is on"))
}

fn forwarding(
    inventory: &Inventory,
    (id, owner): (&str, &str),
    place: &Subnet,
    traveller: &Traveller<'_>,
) -> Result<Passage, Gap> {
    let beyond = follow(inventory, traveller, place, Sender::Anyone)?;
    let because = format!("{id} forwards from {}, which is {beyond}", place.id);
    Ok(match beyond {
        Class::Isolated | Class::BrokenEgress => broken(because),
        Class::EgressOnly | Class::PrivateRouted => Passage::Leads(beyond, because),
        Class::Public | Class::PublicPartial | Class::PublicInspected
            if !has_public_address(inventory, owner, traveller.family)? =>
        {
            let what = if traveller.family == Family::Ipv4 { "public" } else { "global IPv6" };
            broken(format!("{because}, but {owner} has no {what} address to send from"))
        }
        _ => Passage::Leads(Class::PrivateNatInstance, because),
    })
}

/// Whether an instance has an address that an internet gateway sends for, at any of its interfaces: what comes in by one may go out by another.
fn has_public_address(inventory: &Inventory, instance: &str, family: Family) -> Result<bool, Gap> {
    inventory.network_interfaces.known()?;
    let ids = inventory.index.interfaces_of_instance(instance);
    let mut interfaces = ids.filter_map(|id| inventory.network_interfaces.get(id)).peekable();
    if interfaces.peek().is_none() {
        return Err(Gap::Resource { kind: Kind::NetworkInterfaces, id: format!("the interface of {instance}") });
    }
    let global = internet(Family::Ipv6, &[]);
    Ok(interfaces.any(|interface| match family {
        Family::Ipv4 => !interface.public_addresses.is_empty(),
        Family::Ipv6 => interface.ipv6_addresses.iter().any(|address| global.contains(address.to_bits())),
    }))
}
