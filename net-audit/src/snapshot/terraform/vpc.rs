//! VPCs and subnets, and what Block Public Access does to them.

use serde_json::{Value, json};

use super::members::Members;
use super::world::{ANYTHING, SUBNET, UNKNOWN, VPC, View, World};

const SECONDARY: [&str; 2] = ["aws_vpc_ipv4_cidr_block_association", "aws_vpc_ipv6_cidr_block_association"];

pub(super) fn translate(world: &World, members: &mut Members) {
    let access = PublicAccess::of(world);
    for view in world.of(VPC) {
        if view.instance.managed || view.known("id").is_some() {
            members.push("Vpcs", vpc(&view, &access));
        } else {
            members.note(format!("{} is looked up during apply: nothing is known of it", view.instance.address));
        }
    }
    for view in world.of(SUBNET) {
        if view.instance.managed || view.known("id").is_some() {
            members.push("Subnets", subnet(&view, &access));
        } else {
            members.note(format!("{} is looked up during apply: nothing is known of it", view.instance.address));
        }
    }
}

/// A block that is known or is going to be; `None` if there is none.
fn block(view: &View<'_>, attribute: &str) -> Option<String> {
    view.known(attribute).or_else(|| view.is_unknown(attribute).then(|| UNKNOWN.to_owned()))
}

fn ipv4(block: &str) -> Value {
    json!({ "CidrBlock": block, "CidrBlockState": { "State": "associated" } })
}

fn ipv6(block: &str) -> Value {
    json!({ "Ipv6CidrBlock": block, "Ipv6CidrBlockState": { "State": "associated" } })
}

/// The IPv6 block of a VPC: AWS gives one only if it is asked to.
fn vpc_ipv6(view: &View<'_>) -> Option<String> {
    let asked = ["assign_generated_ipv6_cidr_block", "ipv6_ipam_pool_id", "ipv6_cidr_block"];
    let is_asked = |attribute: &&str| match view.flag(attribute) {
        Some(flag) => flag,
        None => view.known(attribute).is_some() || (view.is_unknown(attribute) && view.is_written(attribute)),
    };
    let asked = asked.iter().any(is_asked);
    view.known("ipv6_cidr_block").or_else(|| asked.then(|| UNKNOWN.to_owned()))
}

fn vpc(view: &View<'_>, access: &PublicAccess) -> Value {
    let id = view.id();
    let primary = block(view, "cidr_block");
    let mut blocks: Vec<Value> = primary.iter().map(|block| ipv4(block)).collect();
    let mut blocks6: Vec<Value> = vpc_ipv6(view).iter().map(|block| ipv6(block)).collect();
    let of_data = view.blocks("cidr_block_associations");
    let known = of_data.iter().filter_map(|association| association.known("cidr_block"));
    blocks.extend(known.filter(|block| Some(block) != primary.as_ref()).map(|block| ipv4(&block)));
    for association in view.world.managed(&SECONDARY) {
        let vpc = association.text("vpc_id", VPC);
        if vpc.as_deref() != Some(&id) && vpc.as_deref() != Some(UNKNOWN) {
            continue;
        }
        if association.instance.kind == "aws_vpc_ipv4_cidr_block_association" {
            let text = if vpc.as_deref() == Some(UNKNOWN) { None } else { association.known("cidr_block") };
            blocks.push(ipv4(&text.unwrap_or_else(|| UNKNOWN.to_owned())));
        } else {
            let text = if vpc.as_deref() == Some(UNKNOWN) { None } else { association.known("ipv6_cidr_block") };
            blocks6.push(ipv6(&text.unwrap_or_else(|| UNKNOWN.to_owned())));
        }
    }
    json!({
        "VpcId": id,
        "CidrBlock": primary,
        "CidrBlockAssociationSet": blocks,
        "Ipv6CidrBlockAssociationSet": blocks6,
        "IsDefault": view.instance.kind == "aws_default_vpc" || view.flag("default") == Some(true),
        "OwnerId": view.known("owner_id"),
        "EnableDnsSupport": view.flag("enable_dns_support"),
        "EnableDnsHostnames": view.flag("enable_dns_hostnames"),
        "State": "available",
        "BlockPublicAccessStates": access.states(&[&id]),
        "Tags": view.tags(),
    })
}

fn subnet(view: &View<'_>, access: &PublicAccess) -> Value {
    let id = view.id();
    let vpc = view.text("vpc_id", VPC).unwrap_or_else(|| UNKNOWN.to_owned());
    let native = view.flag("ipv6_native") == Some(true);
    let block4 = if native { None } else { Some(block(view, "cidr_block").unwrap_or_else(|| UNKNOWN.to_owned())) };
    let asked6 = view.is_unknown("ipv6_cidr_block") && (native || view.is_written("ipv6_cidr_block"));
    let block6 = view.known("ipv6_cidr_block").or_else(|| asked6.then(|| UNKNOWN.to_owned()));
    json!({
        "SubnetId": id,
        "VpcId": vpc,
        "CidrBlock": block4,
        "Ipv6CidrBlockAssociationSet": block6.iter().map(|block| ipv6(block)).collect::<Vec<Value>>(),
        "Ipv6Native": native,
        "AvailabilityZone": view.known("availability_zone"),
        "AvailabilityZoneId": view.known("availability_zone_id"),
        "MapPublicIpOnLaunch": view.flag("map_public_ip_on_launch"),
        "AssignIpv6AddressOnCreation": view.flag("assign_ipv6_address_on_creation"),
        "DefaultForAz": view.instance.kind == "aws_default_subnet",
        "OwnerId": view.known("owner_id"),
        "SubnetArn": view.known("arn"),
        "State": "available",
        "BlockPublicAccessStates": access.states(&[&id, &vpc]),
        "Tags": view.tags(),
    })
}

/// Block Public Access, as far as the document sets it.
struct PublicAccess {
    mode: Option<String>,
    exclusions: Vec<(String, Option<String>)>,
}

impl PublicAccess {
    fn of(world: &World) -> Self {
        let options = world.managed(&["aws_vpc_block_public_access_options"]).next();
        let mode = options.map(|view| view.known("internet_gateway_block_mode").unwrap_or_else(|| UNKNOWN.to_owned()));
        let exclusions = world.managed(&["aws_vpc_block_public_access_exclusion"]).map(|view| {
            let place = view.text("subnet_id", SUBNET).or_else(|| view.text("vpc_id", VPC));
            (place.unwrap_or_else(|| UNKNOWN.to_owned()), view.text("internet_gateway_exclusion_mode", ANYTHING))
        });
        Self { exclusions: exclusions.collect(), mode }
    }

    /// The state of a VPC, or of a subnet and its VPC: an exclusion of the nearer one counts first.
    fn states(&self, places: &[&str]) -> Option<Value> {
        let mode = self.mode.as_deref()?;
        let find = |place: &str| self.exclusions.iter().find(|(excluded, _)| excluded == place);
        let exclusion = places.iter().find_map(|place| find(place)).or_else(|| find(UNKNOWN));
        let mode = match exclusion {
            None => mode,
            Some((place, _)) if place == UNKNOWN => UNKNOWN,
            Some((_, Some(exclusion))) if exclusion == "allow-bidirectional" => "off",
            Some((_, Some(exclusion))) if exclusion == "allow-egress" => "block-ingress",
            Some(_) => UNKNOWN,
        };
        Some(json!({ "InternetGatewayBlockMode": mode }))
    }
}
