//! Interfaces that a service of AWS puts into subnets: tasks, functions, endpoints, file systems.

use serde_json::{Value, json};

use super::gateway::{endpoint_subnets, vpc_of};
use super::interface::groups_or_default;
use super::members::Members;
use super::world::{SECURITY_GROUP, SUBNET, UNKNOWN, View, World};

/// Interfaces of one service, one for each subnet that it may stand in.
pub(super) struct Interfaces<'a> {
    /// The resource, or a block in it.
    pub(super) view: View<'a>,
    /// Which of its kind they are, if it puts several into a subnet.
    pub(super) variant: Option<String>,
    /// Without any it has the VPC's default one; `None` if it has none at all.
    pub(super) groups: Option<Vec<String>>,
    pub(super) subnets: Vec<String>,
    pub(super) description: String,
    pub(super) kind: &'a str,
    pub(super) requester: Option<&'a str>,
    pub(super) is_public: bool,
    /// Whether it is not known if anything runs there that the internet can reach.
    pub(super) is_doubtful: bool,
    pub(super) tags: Vec<Value>,
}

impl Interfaces<'_> {
    /// Writes them. None is in the document itself: a tag says so.
    pub(super) fn push(self, members: &mut Members) {
        let mut subnets = self.subnets;
        if subnets.is_empty() {
            subnets.push(UNKNOWN.to_owned());
        }
        subnets.sort();
        subnets.dedup();
        let owner = &self.view.instance.address;
        let address = self.variant.map_or_else(|| owner.clone(), |variant| format!("{owner} from {variant}"));
        // What stands behind an instance that nobody described is unknown, and the resource's address says why.
        let instance = self.is_doubtful.then_some(owner);
        for subnet in subnets {
            let vpc = vpc_of(self.view.world, &subnet);
            let (mut tags, groups) = (self.tags.clone(), self.groups.clone());
            tags.push(json!({ "Key": "net-audit:planned", "Value": "true" }));
            let interface = json!({
                "NetworkInterfaceId": format!("{address} in {subnet}"),
                "SubnetId": subnet,
                "VpcId": vpc,
                "Description": self.description,
                "InterfaceType": self.kind,
                "RequesterId": self.requester,
                "RequesterManaged": true,
                "Groups": groups.map(|groups| groups_or_default(self.view.world, groups, &vpc)).unwrap_or_default(),
                "Association": (self.is_public || self.is_doubtful).then(|| json!({ "PublicIp": UNKNOWN })),
                "Attachment": { "InstanceId": instance, "Status": "attached" },
                "SourceDestCheck": true,
                "Status": "in-use",
                "TagSet": tags,
            });
            members.push("NetworkInterfaces", interface);
        }
    }
}

/// A name that is known, or the address.
pub(super) fn name(view: &View<'_>, attribute: &str) -> String {
    view.known(attribute).unwrap_or_else(|| view.instance.address.clone())
}

pub(super) fn translate(world: &World, members: &mut Members) {
    for view in world.managed(&["aws_ecs_service"]) {
        for block in view.blocks("network_configuration") {
            task(&view, block).push(members);
        }
    }
    for view in world.managed(&["aws_lambda_function"]) {
        for block in view.blocks("vpc_config") {
            let subnets = block.texts("subnet_ids", SUBNET);
            if subnets.is_empty() {
                continue;
            }
            let description = format!("AWS Lambda VPC ENI-{}", name(&view, "function_name"));
            let interfaces = Interfaces { subnets, description, kind: "lambda", ..plain(block, "security_group_ids") };
            interfaces.push(members);
        }
    }
    for view in world.managed(&["aws_vpc_endpoint"]) {
        let is_interface = view.known("vpc_endpoint_type").is_some_and(|kind| kind == "Interface");
        if is_interface {
            let subnets = endpoint_subnets(&view);
            let description = format!("VPC Endpoint Interface {}", view.id());
            let groups = Some(endpoint_groups(&view));
            let kind = "vpc_endpoint";
            Interfaces { groups, subnets, description, kind, ..plain(view, "security_group_ids") }.push(members);
        }
    }
    for view in world.managed(&["aws_efs_mount_target"]) {
        let subnets = view.text("subnet_id", SUBNET).into_iter().collect();
        let description = format!("EFS mount target for {}", name(&view, "file_system_id"));
        let interfaces = Interfaces { subnets, description, kind: "efs", ..plain(view, "security_groups") };
        interfaces.push(members);
    }
}

/// A private interface of which nothing is known but its security groups.
pub(super) fn plain<'a>(view: View<'a>, groups: &str) -> Interfaces<'a> {
    Interfaces {
        view,
        variant: None,
        groups: Some(view.texts(groups, SECURITY_GROUP)),
        subnets: Vec::new(),
        description: String::new(),
        kind: "interface",
        requester: None,
        is_public: false,
        is_doubtful: false,
        tags: Vec::new(),
    }
}

/// The security groups of an endpoint: its own, and those that other resources add.
fn endpoint_groups(view: &View<'_>) -> Vec<String> {
    let mut groups = view.texts("security_group_ids", SECURITY_GROUP);
    let id = view.id();
    for association in view.world.managed(&["aws_vpc_endpoint_security_group_association"]) {
        let endpoint = association.text("vpc_endpoint_id", &["aws_vpc_endpoint"]);
        let group = association.text("security_group_id", SECURITY_GROUP).unwrap_or_else(|| UNKNOWN.to_owned());
        if endpoint.is_some_and(|endpoint| endpoint == id || endpoint == UNKNOWN) && !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups
}

fn task<'a>(view: &View<'a>, block: View<'a>) -> Interfaces<'a> {
    // The cluster may be an ARN, of which the name is the end.
    let cluster = view.text("cluster", &["aws_ecs_cluster"]).unwrap_or_else(|| "default".to_owned());
    let cluster = cluster.rsplit('/').next().unwrap_or_default();
    let tag = |key: &str, value: &str| json!({ "Key": key, "Value": value });
    Interfaces {
        subnets: block.texts("subnets", SUBNET),
        description: format!("arn:aws:ecs:::attachment/{}", view.instance.address),
        is_public: block.flag("assign_public_ip") == Some(true),
        tags: vec![tag("aws:ecs:serviceName", &name(view, "name")), tag("aws:ecs:clusterName", cluster)],
        ..plain(block, "security_groups")
    }
}

/// Whether a resource names security groups at all.
pub(super) fn names_groups(view: &View<'_>, attribute: &str) -> bool {
    !view.texts(attribute, SECURITY_GROUP).is_empty()
}
