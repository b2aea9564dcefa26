//! Everything else that stands in subnets or has security groups: what it is can be told by the attributes that name them.
//!
//! Few of these services say whether what they run has a public address. Where that is not known to be no, nobody can tell whether the internet
//! reaches it. In no case is a security group that such a resource names one that nothing uses.

use serde_json::json;

use super::members::Members;
use super::service::{Interfaces, plain};
use super::world::{SECURITY_GROUP, SUBNET, UNKNOWN, View, Wanted, World};

/// Blocks lie so deep in each other at most.
const MAX_DEPTH: usize = 6;

/// Kinds that name subnets or groups and have no interface, or one that is translated elsewhere.
const OTHERS: [&str; 58] = [
    "aws_alb",
    "aws_autoscaling_group",
    "aws_dax_cluster",
    "aws_db_instance",
    "aws_default_network_acl",
    "aws_default_route_table",
    "aws_default_security_group",
    "aws_default_subnet",
    "aws_default_vpc",
    "aws_dms_replication_instance",
    "aws_docdb_cluster",
    "aws_docdb_cluster_instance",
    "aws_ec2_client_vpn_authorization_rule",
    "aws_ec2_client_vpn_network_association",
    "aws_ec2_client_vpn_route",
    "aws_ec2_fleet",
    "aws_ec2_subnet_cidr_reservation",
    "aws_ec2_transit_gateway_vpc_attachment",
    "aws_ec2_transit_gateway_vpc_attachment_accepter",
    "aws_ecs_service",
    "aws_efs_mount_target",
    "aws_eip",
    "aws_eip_association",
    "aws_eks_node_group",
    "aws_elasticache_cluster",
    "aws_elasticache_replication_group",
    "aws_elasticsearch_domain",
    "aws_elb",
    "aws_flow_log",
    "aws_instance",
    "aws_lambda_function",
    "aws_launch_configuration",
    "aws_launch_template",
    "aws_lb",
    "aws_memorydb_cluster",
    "aws_msk_cluster",
    "aws_nat_gateway",
    "aws_neptune_cluster",
    "aws_neptune_cluster_instance",
    "aws_network_acl",
    "aws_network_acl_association",
    "aws_network_interface",
    "aws_network_interface_sg_attachment",
    "aws_networkfirewall_firewall",
    "aws_opensearch_domain",
    "aws_rds_cluster",
    "aws_rds_cluster_instance",
    "aws_redshift_cluster",
    "aws_route_table_association",
    "aws_security_group",
    "aws_security_group_rule",
    "aws_spot_fleet_request",
    "aws_spot_instance_request",
    "aws_subnet",
    "aws_vpc",
    "aws_vpc_block_public_access_exclusion",
    "aws_vpc_endpoint",
    "aws_vpc_endpoint_subnet_association",
];

/// The same, by how they begin or end.
const OTHERS_BEGIN: [&str; 3] = ["aws_vpc_security_group_", "aws_vpc_endpoint_security_group_", "aws_ram_"];
const OTHERS_END: [&str; 1] = ["_subnet_group"];

/// Kinds whose interfaces have no public address, by how they begin. Source: each service's user guide, on VPCs.
const PRIVATE: [&str; 34] = [
    "aws_apigatewayv2_vpc_link",
    "aws_apprunner_vpc_connector",
    "aws_cloudhsm_v2_",
    "aws_codebuild_",
    "aws_datasync_",
    "aws_db_option_group",
    "aws_db_proxy",
    "aws_directory_service_",
    "aws_docdbelastic_",
    "aws_ec2_instance_connect_endpoint",
    "aws_eks_cluster",
    "aws_eks_fargate_profile",
    "aws_elasticache_serverless_cache",
    "aws_emr_studio",
    "aws_fsx_",
    "aws_glue_connection",
    "aws_grafana_workspace",
    "aws_kinesisanalyticsv2_application",
    "aws_lambda_event_source_mapping",
    "aws_msk_serverless_cluster",
    "aws_mskconnect_connector",
    "aws_mwaa_environment",
    "aws_opensearch_vpc_endpoint",
    "aws_opensearchserverless_vpc_endpoint",
    "aws_quicksight_vpc_connection",
    "aws_redshift_endpoint_access",
    "aws_route53_resolver_endpoint",
    "aws_sagemaker_",
    "aws_synthetics_canary",
    "aws_verifiedaccess_",
    "aws_vpc_route_server_endpoint",
    "aws_vpclattice_",
    "aws_workspacesweb_",
    "aws_lambda_capacity_provider",
];

/// Kinds that stand in subnets even if they name none.
const ANYWHERE: [&str; 4] =
    ["aws_elastic_beanstalk_environment", "aws_emr_cluster", "aws_cloud9_environment_ec2", "aws_mq_broker"];

/// Kinds that name subnets and groups in settings of any name.
const LOOSE: [&str; 2] = ["aws_elastic_beanstalk_environment", "aws_lambda_event_source_mapping"];

/// Attributes of these names say whether there is a public address.
const PUBLIC: [&str; 3] = ["publicly_accessible", "assign_public_ip", "associate_public_ip_address"];

/// What a resource names.
#[derive(Debug, Default)]
struct Named {
    subnets: Vec<String>,
    groups: Vec<String>,
    /// Whether it has a public address, if it says so.
    is_public: Option<bool>,
}

pub(super) fn translate(world: &World, members: &mut Members) {
    let mut kinds: Vec<&str> = world.document.instances.iter().map(|instance| instance.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.retain(|kind| kind.starts_with("aws_") && !is_other(kind));
    for view in world.managed(&kinds) {
        let mut named = Named::default();
        named.read(&view, 0);
        named.read_associations(&view);
        let kind = view.instance.kind.as_str();
        if named.subnets.is_empty() && named.groups.is_empty() && !ANYWHERE.contains(&kind) {
            continue;
        }
        if named.groups.is_empty() {
            named.groups.push(UNKNOWN.to_owned());
        }
        let address = &view.instance.address;
        let is_private = PRIVATE.iter().any(|begin| kind.starts_with(begin));
        let is_doubtful = named.is_public.is_none() && !is_private;
        if is_doubtful {
            members.note(format!("{address}: whether it has public addresses cannot be seen in Terraform's document"));
        }
        named.groups.sort();
        named.groups.dedup();
        let (subnets, groups) = (named.subnets, Some(named.groups));
        let is_public = named.is_public == Some(true);
        let tags = vec![json!({ "Key": "Name", "Value": address })];
        let description = format!("what {address} runs");
        Interfaces { groups, subnets, description, is_public, is_doubtful, tags, ..plain(view, "") }.push(members);
    }
}

fn is_other(kind: &str) -> bool {
    OTHERS.contains(&kind)
        || OTHERS_BEGIN.iter().any(|begin| kind.starts_with(begin))
        || OTHERS_END.iter().any(|end| kind.ends_with(end))
}

impl Named {
    fn read(&mut self, view: &View<'_>, depth: usize) {
        for name in view.names() {
            if names_groups(name) {
                self.groups.extend(ids(view, name, SECURITY_GROUP));
            } else if names_subnets(name) {
                self.subnets.extend(ids(view, name, SUBNET));
            } else if PUBLIC.contains(&name) {
                self.is_public = view.flag(name);
            } else if matches!(name, "value" | "uri") && LOOSE.contains(&view.instance.kind.as_str()) {
                self.read_loosely(&view.known(name).unwrap_or_default());
            } else if depth < MAX_DEPTH && !matches!(name, "tags" | "tags_all") {
                view.blocks(name).iter().for_each(|block| self.read(block, depth + 1));
            }
        }
    }

    /// Some resources have settings of any name, or the kind of a thing before its id: `security_group:sg-1`.
    fn read_loosely(&mut self, text: &str) {
        for id in text.split(',').map(|part| part.rsplit(':').next().unwrap_or_default().trim()) {
            if id.starts_with("sg-") {
                self.groups.push(id.to_owned());
            } else if id.starts_with("subnet-") {
                self.subnets.push(id.to_owned());
            }
        }
    }

    /// The subnets of a client VPN are resources of their own.
    fn read_associations(&mut self, view: &View<'_>) {
        if view.instance.kind != "aws_ec2_client_vpn_endpoint" {
            return;
        }
        let id = view.id();
        for association in view.world.managed(&["aws_ec2_client_vpn_network_association"]) {
            let endpoint = association.text("client_vpn_endpoint_id", &["aws_ec2_client_vpn_endpoint"]);
            if endpoint.is_some_and(|endpoint| endpoint == id || endpoint == UNKNOWN) {
                self.subnets.extend(association.text("subnet_id", SUBNET));
            }
        }
    }
}

/// Whether an attribute names the resource's own security groups, and not whom it lets in.
fn names_groups(name: &str) -> bool {
    const ENDS: [&str; 7] = [
        "security_group",
        "security_groups",
        "security_group_id",
        "security_group_ids",
        "security_group_id_list",
        "security_group_names",
        "security_group_memberships",
    ];
    ENDS.iter().any(|end| name.ends_with(end)) && !name.starts_with("source_")
}

fn names_subnets(name: &str) -> bool {
    ["subnets", "subnet_id", "subnet_ids"].iter().any(|end| name.ends_with(end))
}

/// The ids that an attribute holds: a list, one, or one behind the other with commas between.
fn ids(view: &View<'_>, name: &str, wanted: Wanted) -> Vec<String> {
    let listed = view.texts(name, wanted);
    if !listed.is_empty() && !view.is_unknown(name) {
        return listed;
    }
    let text = view.text(name, wanted).unwrap_or_default();
    text.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect()
}
