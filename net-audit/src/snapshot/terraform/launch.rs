//! Instances that are started from a template: by Auto Scaling groups, fleets and node groups. One interface for each subnet that they may stand in.

use std::collections::BTreeSet;

use serde_json::json;

use super::members::Members;
use super::service::{Interfaces, name, plain};
use super::world::{SECURITY_GROUP, SUBNET, UNKNOWN, View, Wanted, World};

const TEMPLATE: Wanted = &["aws_launch_template"];
const CONFIGURATION: Wanted = &["aws_launch_configuration"];

/// What the instances that are started from a template have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shape {
    /// The template's own address, if it is one of its own.
    template: Option<String>,
    groups: Vec<String>,
    /// Whether they get a public address; else their subnet decides.
    is_public: Option<bool>,
    subnets: Vec<String>,
}

/// The attributes by which a block names a template.
type Names = (&'static str, &'static str);

const SHORT: Names = ("id", "name");
const LONG: Names = ("launch_template_id", "launch_template_name");

pub(super) fn translate(world: &World, members: &mut Members) {
    let mut used = BTreeSet::new();
    for view in world.managed(&["aws_autoscaling_group"]) {
        let group = name(&view, "name");
        let tag = json!({ "Key": "aws:autoscaling:groupName", "Value": group });
        let what =
            Interfaces { tags: vec![tag], description: format!("Auto Scaling group {group}"), ..plain(view, "") };
        push(&what, &view.texts("vpc_zone_identifier", SUBNET), shapes_of_group(&view), &mut used, members);
    }
    for view in world.managed(&["aws_eks_node_group"]) {
        let templates = view.blocks("launch_template");
        let mut shapes: Vec<Shape> = templates.iter().map(|block| Shape::named(block, SHORT)).collect();
        if shapes.is_empty() {
            shapes.push(Shape { is_public: None, ..Shape::unknown() });
        }
        for shape in shapes.iter_mut().filter(|shape| shape.groups.is_empty()) {
            // They have the cluster's, which AWS makes.
            shape.groups.push(UNKNOWN.to_owned());
        }
        let description = format!("node group {}", name(&view, "node_group_name"));
        let what = Interfaces { description, ..plain(view, "") };
        push(&what, &view.texts("subnet_ids", SUBNET), shapes, &mut used, members);
    }
    for view in world.managed(&["aws_spot_fleet_request", "aws_ec2_fleet"]) {
        let description = format!("fleet {}", view.id());
        let what = Interfaces { description, ..plain(view, "") };
        push(&what, &[], shapes_of_fleet(&view), &mut used, members);
    }
    for view in world.managed(&["aws_launch_template", "aws_launch_configuration"]) {
        if used.contains(&view.instance.address) {
            continue;
        }
        let address = &view.instance.address;
        members.note(format!("{address}: nothing here starts instances from it, something else may"));
        let shape = Shape::of(&view);
        let (groups, subnets) = (Some(shape.groups), shape.subnets);
        let description = format!("instances of {}", name(&view, "name"));
        Interfaces { groups, subnets, description, is_doubtful: true, ..plain(view, "") }.push(members);
    }
}

/// The templates of an Auto Scaling group.
fn shapes_of_group(view: &View<'_>) -> Vec<Shape> {
    let mut shapes: Vec<Shape> = Vec::new();
    if let Some(id) = view.text("launch_configuration", CONFIGURATION) {
        shapes.push(find(view.world, &id, CONFIGURATION).map_or_else(Shape::unknown, |found| Shape::of(&found)));
    }
    shapes.extend(view.blocks("launch_template").iter().map(|block| Shape::named(block, SHORT)));
    for template in view.blocks("mixed_instances_policy").iter().flat_map(|policy| policy.blocks("launch_template")) {
        let others = template.blocks("override");
        let others = others.iter().flat_map(|other| other.blocks("launch_template_specification"));
        let all = template.blocks("launch_template_specification").into_iter().chain(others);
        shapes.extend(all.map(|block| Shape::named(&block, LONG)));
    }
    shapes
}

/// The templates of a fleet, each with the subnets that it is used in.
fn shapes_of_fleet(view: &View<'_>) -> Vec<Shape> {
    let specifications = view.blocks("launch_specification");
    let mut shapes: Vec<Shape> = specifications.iter().map(Shape::of_block).collect();
    for configuration in view.blocks("launch_template_config") {
        let overrides = ["overrides", "override"].into_iter().flat_map(|name| configuration.blocks(name));
        let subnets: Vec<String> = overrides.filter_map(|one| one.text("subnet_id", SUBNET)).collect();
        for block in configuration.blocks("launch_template_specification") {
            let names = if view.instance.kind == "aws_ec2_fleet" { LONG } else { SHORT };
            let shape = Shape::named(&block, names);
            let subnets = if subnets.is_empty() { shape.subnets.clone() } else { subnets.clone() };
            shapes.push(Shape { subnets, ..shape });
        }
    }
    shapes
}

/// Writes the interfaces of each template, in the owner's subnets or its own.
fn push(
    what: &Interfaces<'_>,
    subnets: &[String],
    mut shapes: Vec<Shape>,
    used: &mut BTreeSet<String>,
    members: &mut Members,
) {
    let address = &what.view.instance.address;
    members.note(format!("{address}: an interface in each of its subnets stands for all instances that it starts"));
    if shapes.is_empty() {
        shapes.push(Shape::unknown());
    }
    shapes.dedup();
    for (place, shape) in shapes.into_iter().enumerate() {
        let variant = (place > 0).then(|| format!("template {}", place + 1));
        let mut own = if subnets.is_empty() { shape.subnets } else { subnets.to_vec() };
        if own.is_empty() {
            own.push(UNKNOWN.to_owned());
        }
        let is_public = |subnet: &String| shape.is_public.unwrap_or_else(|| maps_public(what.view.world, subnet));
        for public in [false, true] {
            let subnets: Vec<String> = own.iter().filter(|subnet| is_public(subnet) == public).cloned().collect();
            if !subnets.is_empty() {
                let (variant, groups) = (variant.clone(), Some(shape.groups.clone()));
                let (description, tags) = (what.description.clone(), what.tags.clone());
                let planned = Interfaces { variant, groups, subnets, description, tags, ..plain(what.view, "") };
                Interfaces { is_public: public, ..planned }.push(members);
            }
        }
        used.extend(shape.template);
    }
}

/// Whether a subnet gives public addresses. One that does not tell may.
fn maps_public(world: &World, subnet: &str) -> bool {
    world.find(subnet, SUBNET).and_then(|view| view.flag("map_public_ip_on_launch")).unwrap_or(true)
}

/// A template by its id or its name.
fn find<'w>(world: &'w World, id: &str, wanted: Wanted) -> Option<View<'w>> {
    let is_named = |view: &View<'_>| view.known("name").as_deref() == Some(id);
    world.find(id, wanted).or_else(|| world.of(wanted).find(is_named))
}

/// Whether a version of a template is the one that its attributes describe. The document holds the latest only.
fn is_latest(block: &View<'_>, template: &View<'_>) -> bool {
    let (latest, default) = (template.number("latest_version"), template.number("default_version"));
    let is_unknown = block.is_unknown("version");
    match block.known("version").as_deref() {
        Some("$Latest") => true,
        None if is_unknown => true,
        None | Some("$Default") => latest.zip(default).is_none_or(|(latest, default)| latest == default),
        Some(number) => latest.is_none_or(|latest| number == latest.to_string()),
    }
}

impl Shape {
    /// Of a template that is not in the document.
    fn unknown() -> Self {
        Self { groups: vec![UNKNOWN.to_owned()], is_public: Some(true), ..Self::default() }
    }

    /// Of the template that a block names.
    fn named(block: &View<'_>, (id, name): Names) -> Self {
        let mut ids = [id, name].into_iter().filter_map(|attribute| block.text(attribute, TEMPLATE));
        let found = ids.find_map(|id| find(block.world, &id, TEMPLATE));
        let Some(template) = found else { return Self::unknown() };
        if is_latest(block, &template) {
            return Self::of(&template);
        }
        Self { template: Some(template.instance.address.clone()), ..Self::unknown() }
    }

    fn of(template: &View<'_>) -> Self {
        Self { template: Some(template.instance.address.clone()), ..Self::of_block(template) }
    }

    /// Of a template, a launch configuration, or a block that says the same.
    fn of_block(view: &View<'_>) -> Self {
        let interfaces = view.blocks("network_interfaces");
        let first = interfaces.iter().find(|interface| interface.number("device_index").unwrap_or(0) == 0);
        let first = first.or(interfaces.first());
        if first.is_none() && view.is_unknown("network_interfaces") && view.is_written("network_interfaces") {
            return Self::unknown();
        }
        let mut groups = Vec::new();
        // A second interface has no public address, but it has groups.
        for one in [*view].iter().chain(&interfaces) {
            groups.extend(
                ["security_groups", "vpc_security_group_ids"]
                    .into_iter()
                    .flat_map(|name| one.texts(name, SECURITY_GROUP)),
            );
        }
        if view.names().contains("security_group_names") && !view.texts("security_group_names", &[]).is_empty() {
            groups.push(UNKNOWN.to_owned());
        }
        groups.sort();
        groups.dedup();
        let decides = first.unwrap_or(view);
        let attribute = "associate_public_ip_address";
        let text = || decides.known(attribute).and_then(|text| text.parse().ok());
        // One that is known after apply only may be yes.
        let hidden = || (decides.is_unknown(attribute) && decides.is_written(attribute)).then_some(true);
        let is_public = decides.flag(attribute).or_else(text).or_else(hidden);
        let subnets = decides.text("subnet_id", SUBNET).into_iter().collect();
        Self { template: None, groups, is_public, subnets }
    }
}
