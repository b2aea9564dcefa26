//! Instances and network interfaces.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::address::{Addresses, Use};
use super::gateway::{nat_interface, vpc_of};
use super::members::{Members, each};
use super::world::{INSTANCE, SECURITY_GROUP, SUBNET, UNKNOWN, VPC, View, World};

const INTERFACE: &[&str] = &["aws_network_interface"];

pub(super) fn translate(world: &World, members: &mut Members) {
    let addresses = Addresses::of(world);
    let mut written = BTreeSet::new();
    for view in world.managed(INTERFACE) {
        written.insert(view.id());
        let mut one = interface(&view, &addresses);
        add_groups(&mut one, attached_groups(world, &view.id(), members));
        members.push("NetworkInterfaces", one);
    }
    for view in world.managed(INSTANCE) {
        let Some(place) = Place::of(&view) else {
            members.note(format!("{}: it is not known which subnet it stands in", view.instance.address));
            continue;
        };
        let instance = json!({
            "InstanceId": view.id(),
            "SubnetId": place.subnet,
            "VpcId": vpc_of(world, &place.subnet),
            "SourceDestCheck": place.checks,
            "State": { "Name": state(&view) },
            "InstanceType": view.known("instance_type"),
            "NetworkInterfaces": [{ "NetworkInterfaceId": place.interface }],
            "Tags": view.tags(),
        });
        members.push("Reservations", json!({ "Instances": [instance] }));
        if written.insert(place.interface.clone()) {
            let mut one = interface_of_instance(&view, &place, &addresses, members);
            add_groups(&mut one, attached_groups(world, &place.interface, members));
            members.push("NetworkInterfaces", one);
        }
    }
    for view in world.managed(&["aws_nat_gateway"]) {
        if let Some(interface) = nat_interface(&view) {
            members.push("NetworkInterfaces", interface);
        }
    }
}

fn state(view: &View<'_>) -> String {
    view.known("instance_state").unwrap_or_else(|| "running".to_owned())
}

/// Where an instance's first interface stands.
struct Place {
    interface: String,
    subnet: String,
    checks: bool,
}

impl Place {
    fn of(view: &View<'_>) -> Option<Self> {
        let mut blocks = view.blocks("network_interface");
        blocks.extend(view.blocks("primary_network_interface"));
        let first = blocks.iter().find(|block| block.number("device_index").unwrap_or(0) == 0);
        let other = first.and_then(|block| block.written("network_interface_id", INTERFACE));
        if let Some(other) = other.and_then(|id| view.world.find(&id, INTERFACE)) {
            let subnet = other.text("subnet_id", SUBNET)?;
            return Some(Self {
                interface: other.id(),
                subnet,
                checks: other.flag("source_dest_check") != Some(false),
            });
        }
        let known = view.known("primary_network_interface_id");
        Some(Self {
            interface: known.unwrap_or_else(|| format!("{}.primary_network_interface_id", view.instance.address)),
            subnet: view.text("subnet_id", SUBNET)?,
            checks: view.flag("source_dest_check") != Some(false),
        })
    }
}

/// The groups of an interface: those that are written, else the one that AWS made along with the VPC.
fn groups(view: &View<'_>, attribute: &str, vpc: &str) -> Vec<Value> {
    groups_or_default(view.world, view.texts(attribute, SECURITY_GROUP), vpc)
}

pub(super) fn groups_or_default(world: &World, written: Vec<String>, vpc: &str) -> Vec<Value> {
    let otherwise = || {
        let vpc = world.find(vpc, VPC);
        vec![vpc.map_or_else(|| UNKNOWN.to_owned(), |vpc| vpc.made_along("default_security_group_id"))]
    };
    each("GroupId", if written.is_empty() { otherwise() } else { written })
}

/// A state tells an interface's groups with those that others attach, a plan without.
fn add_groups(interface: &mut Value, groups: Vec<Value>) {
    if let Some(own) = interface["Groups"].as_array_mut() {
        for group in groups {
            if !own.contains(&group) {
                own.push(group);
            }
        }
    }
}

/// The groups that are attached to an interface by resources of their own.
fn attached_groups(world: &World, interface: &str, members: &mut Members) -> Vec<Value> {
    let mut groups = Vec::new();
    for view in world.managed(&["aws_network_interface_sg_attachment"]) {
        let group = || view.text("security_group_id", SECURITY_GROUP).unwrap_or_else(|| UNKNOWN.to_owned());
        match view.written("network_interface_id", super::world::INTERFACE) {
            Some(id) if id == interface => groups.push(group()),
            Some(id) if id == UNKNOWN => {
                members.note(format!("{}: it is not known which interface it is for", view.instance.address));
                groups.push(id);
            }
            _ => {}
        }
    }
    each("GroupId", groups)
}

/// The public address of an instance's first interface. It is certain that there is one, even if its number is not known.
fn public_address(view: &View<'_>, place: &Place, addresses: &Addresses, members: &mut Members) -> Option<String> {
    let uses = [Use::Instance(view.id()), Use::Interface(place.interface.clone())];
    let given = uses.iter().find_map(|wanted| addresses.given(view.world, wanted));
    if let Some(known) = given.or_else(|| view.known("public_ip")) {
        return Some(known);
    }
    if !view.is_unknown("public_ip") {
        return None;
    }
    let subnet = || view.world.find(&place.subnet, SUBNET)?.flag("map_public_ip_on_launch");
    let asked = view.flag("associate_public_ip_address").or_else(subnet);
    if asked.is_none() {
        let address = &view.instance.address;
        members.note(format!("{address}: it is not known whether it gets a public address; it is taken to get one"));
    }
    asked.unwrap_or(true).then(|| UNKNOWN.to_owned())
}

fn interface_of_instance(view: &View<'_>, place: &Place, addresses: &Addresses, members: &mut Members) -> Value {
    let vpc = vpc_of(view.world, &place.subnet);
    let public = public_address(view, place, addresses, members);
    json!({
        "NetworkInterfaceId": place.interface,
        "SubnetId": place.subnet,
        "VpcId": vpc,
        "Description": "",
        "InterfaceType": "interface",
        "Groups": groups(view, "vpc_security_group_ids", &vpc),
        "PrivateIpAddress": view.known("private_ip"),
        "Ipv6Addresses": ipv6(view),
        "Association": public.map(|address| json!({ "PublicIp": address })),
        "Attachment": { "InstanceId": view.id(), "DeviceIndex": 0, "Status": "attached" },
        "SourceDestCheck": place.checks,
        "Status": "in-use",
        "TagSet": view.tags(),
    })
}

fn ipv6(view: &View<'_>) -> Vec<Value> {
    let asked = view.number("ipv6_address_count").is_some_and(|count| count > 0);
    let mut known = view.texts("ipv6_addresses", super::world::ANYTHING);
    if known.is_empty() && asked {
        known.push(UNKNOWN.to_owned());
    }
    each("Ipv6Address", known)
}

fn interface(view: &View<'_>, addresses: &Addresses) -> Value {
    let id = view.id();
    let subnet = view.text("subnet_id", SUBNET).unwrap_or_else(|| UNKNOWN.to_owned());
    let vpc = vpc_of(view.world, &subnet);
    let owner = owner(view, &id);
    let uses = owner.iter().cloned().map(Use::Instance).chain([Use::Interface(id.clone())]);
    let public = uses.into_iter().find_map(|wanted| addresses.given(view.world, &wanted));
    json!({
        "NetworkInterfaceId": id,
        "SubnetId": subnet,
        "VpcId": vpc,
        "Description": view.known("description").unwrap_or_default(),
        "InterfaceType": view.known("interface_type").unwrap_or_else(|| "interface".to_owned()),
        "Groups": groups(view, "security_groups", &vpc),
        "PrivateIpAddress": view.known("private_ip").or_else(|| view.first("private_ips")),
        "Ipv6Addresses": ipv6(view),
        "Association": public.map(|address| json!({ "PublicIp": address })),
        "Attachment": owner.as_ref().map(|id| json!({ "InstanceId": id, "Status": "attached" })),
        "SourceDestCheck": view.flag("source_dest_check") != Some(false),
        "Status": if owner.is_some() { "in-use" } else { "available" },
        "TagSet": view.tags(),
    })
}

/// The instance that an interface is attached to: by its own block, an attachment, or a block of the instance.
fn owner(view: &View<'_>, id: &str) -> Option<String> {
    let is_this = |one: &View<'_>| one.written("network_interface_id", INTERFACE).as_deref() == Some(id);
    let by_block = view.blocks("attachment").iter().find_map(|block| block.text("instance", INSTANCE));
    let by_attachment = || {
        let attachments = view.world.managed(&["aws_network_interface_attachment"]);
        attachments.filter(is_this).find_map(|attachment| attachment.text("instance_id", INSTANCE))
    };
    let by_instance = || {
        let mut instances = view.world.managed(INSTANCE);
        let names = |instance: &View<'_>| {
            let blocks = ["network_interface", "primary_network_interface"].into_iter();
            blocks.flat_map(|name| instance.blocks(name)).any(|block| is_this(&block))
        };
        instances.find(names).map(|instance| instance.id())
    };
    // One that is attached to something may be attached to any.
    let by_anything = || {
        let mut attachments = view.world.managed(&["aws_network_interface_attachment"]);
        let is_hidden = |one: View<'_>| one.written("network_interface_id", INTERFACE).as_deref() == Some(UNKNOWN);
        attachments.any(is_hidden).then(|| UNKNOWN.to_owned())
    };
    by_block.or_else(by_attachment).or_else(by_instance).or_else(by_anything)
}
