//! Databases and caches: what they are, and the interfaces that they may have in each subnet of their group.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::gateway::vpc_of;
use super::members::{Members, each};
use super::service::{Interfaces, name, plain};
use super::world::{SECURITY_GROUP, SUBNET, UNKNOWN, View, Wanted, World};

const DB_SUBNET_GROUP: Wanted = &["aws_db_subnet_group"];

/// A service with a subnet group.
struct Engine {
    kind: &'static str,
    /// The attribute that names the subnet group, and the group's kind.
    group: (&'static str, Wanted),
    security_groups: &'static str,
    /// The attribute that holds its name.
    name: &'static str,
    /// How AWS describes its interfaces; `{}` is the name.
    description: &'static str,
    requester: &'static str,
}

const ENGINES: [Engine; 9] = [
    Engine { kind: "aws_rds_cluster", group: ("db_subnet_group_name", DB_SUBNET_GROUP), ..RDS },
    Engine { kind: "aws_docdb_cluster", group: ("db_subnet_group_name", &["aws_docdb_subnet_group"]), ..RDS },
    Engine { kind: "aws_neptune_cluster", group: ("neptune_subnet_group_name", &["aws_neptune_subnet_group"]), ..RDS },
    Engine { kind: "aws_elasticache_cluster", name: "cluster_id", ..CACHE },
    Engine { kind: "aws_elasticache_replication_group", name: "replication_group_id", ..CACHE },
    Engine { kind: "aws_memorydb_cluster", name: "name", ..CACHE },
    Engine {
        kind: "aws_dax_cluster",
        group: ("subnet_group_name", &["aws_dax_subnet_group"]),
        name: "cluster_name",
        description: "DAX {}",
        ..CACHE
    },
    Engine {
        kind: "aws_dms_replication_instance",
        group: ("replication_subnet_group_id", &["aws_dms_replication_subnet_group"]),
        name: "replication_instance_id",
        description: "DMSNetworkInterface",
        ..RDS
    },
    Engine {
        kind: "aws_redshift_cluster",
        group: ("cluster_subnet_group_name", &["aws_redshift_subnet_group"]),
        security_groups: "vpc_security_group_ids",
        name: "cluster_identifier",
        description: "RedshiftNetworkInterface",
        requester: "amazon-redshift",
    },
];

const RDS: Engine = Engine {
    kind: "aws_db_instance",
    group: ("db_subnet_group_name", DB_SUBNET_GROUP),
    security_groups: "vpc_security_group_ids",
    name: "cluster_identifier",
    description: "RDSNetworkInterface",
    requester: "amazon-rds",
};

const CACHE: Engine = Engine {
    kind: "aws_elasticache_cluster",
    group: ("subnet_group_name", &["aws_elasticache_subnet_group", "aws_memorydb_subnet_group"]),
    security_groups: "security_group_ids",
    name: "cluster_id",
    description: "ElastiCache {}",
    requester: "amazon-elasticache",
};

const CLUSTERS: [(&str, &str, &str); 3] = [
    ("aws_rds_cluster_instance", "aws_rds_cluster", "db_subnet_group_name"),
    ("aws_docdb_cluster_instance", "aws_docdb_cluster", "db_subnet_group_name"),
    ("aws_neptune_cluster_instance", "aws_neptune_cluster", "neptune_subnet_group_name"),
];

pub(super) fn translate(world: &World, members: &mut Members) {
    for view in world.managed(&["aws_db_subnet_group"]) {
        members.push("DBSubnetGroups", subnet_group(&view, &view.texts("subnet_ids", SUBNET)));
    }
    for view in world.managed(&[RDS.kind]) {
        let subnets = subnets(&view, RDS.group, members);
        members.push("DBInstances", instance(&view, &view, RDS.group, &subnets));
        interfaces(view, &RDS, subnets, view.flag("publicly_accessible") == Some(true), members);
    }
    let mut public = BTreeSet::new();
    for (kind, cluster, group) in CLUSTERS {
        let wanted = [cluster];
        for view in world.managed(&[kind]) {
            let id = cluster_of(&view, cluster);
            let is_owner = |owner: &View<'_>| id.as_ref().is_some_and(|id| is_named(owner, id));
            let Some(owner) = world.managed(&wanted).find(is_owner) else {
                members.note(format!("{}: its cluster is not in the document", view.instance.address));
                continue;
            };
            let engine = ENGINES.iter().find(|engine| engine.kind == cluster).unwrap_or(&RDS);
            let subnets = subnets(&owner, (group, engine.group.1), members);
            members.push("DBInstances", instance(&view, &owner, engine.group, &subnets));
            if view.flag("publicly_accessible") == Some(true) {
                public.insert(owner.instance.address.as_str());
            }
        }
    }
    for engine in &ENGINES {
        for view in world.managed(&[engine.kind]) {
            let subnets = subnets(&view, engine.group, members);
            let instances_are = public.contains(view.instance.address.as_str());
            // AWS makes what replicates public unless it is told otherwise.
            let is_left =
                view.instance.kind == "aws_dms_replication_instance" && view.flag("publicly_accessible").is_none();
            let is_public = instances_are || is_left || view.flag("publicly_accessible") == Some(true);
            interfaces(view, engine, subnets, is_public, members);
        }
    }
    blocks(world, members);
}

/// Services that name their subnets in a block.
fn blocks(world: &World, members: &mut Members) {
    for view in world.managed(&["aws_opensearch_domain", "aws_elasticsearch_domain"]) {
        for block in view.blocks("vpc_options") {
            let subnets = block.texts("subnet_ids", SUBNET);
            let description = format!("ES {}", name(&view, "domain_name"));
            let requester = Some("amazon-elasticsearch");
            Interfaces { subnets, description, requester, ..plain(block, "security_group_ids") }.push(members);
        }
    }
    for view in world.managed(&["aws_msk_cluster"]) {
        for block in view.blocks("broker_node_group_info") {
            let subnets = block.texts("client_subnets", SUBNET);
            let cluster = name(&view, "cluster_name");
            let description = format!("DO NOT DELETE - Amazon MSK network interface for cluster {cluster}");
            let is_public = block.blocks("connectivity_info").iter().any(|info| {
                let access = info.blocks("public_access");
                access.iter().any(|access| access.known("type").is_some_and(|kind| kind != "DISABLED"))
            });
            Interfaces { subnets, description, is_public, ..plain(block, "security_groups") }.push(members);
        }
    }
}

fn cluster_of(view: &View<'_>, cluster: &str) -> Option<String> {
    let wanted: Wanted = match cluster {
        "aws_rds_cluster" => &["aws_rds_cluster"],
        "aws_docdb_cluster" => &["aws_docdb_cluster"],
        _ => &["aws_neptune_cluster"],
    };
    view.text("cluster_identifier", wanted)
}

fn is_named(owner: &View<'_>, id: &str) -> bool {
    owner.id() == id || owner.known("cluster_identifier").as_deref() == Some(id)
}

/// The subnets of the group that an attribute names; unknown if there is no such group in the document.
fn subnets(view: &View<'_>, group: (&str, Wanted), members: &mut Members) -> Vec<String> {
    let found = view.written(group.0, group.1).and_then(|id| view.world.find(&id, group.1));
    match found.map(|group| group.texts("subnet_ids", SUBNET)) {
        Some(subnets) if !subnets.is_empty() => subnets,
        _ => {
            members.note(format!("{}: its subnet group is not in the document", view.instance.address));
            vec![UNKNOWN.to_owned()]
        }
    }
}

fn interfaces(view: View<'_>, engine: &Engine, subnets: Vec<String>, is_public: bool, members: &mut Members) {
    let description = engine.description.replace("{}", &name(&view, engine.name));
    let requester = Some(engine.requester);
    Interfaces { subnets, description, requester, is_public, ..plain(view, engine.security_groups) }.push(members);
}

fn subnet_group(view: &View<'_>, subnets: &[String]) -> Value {
    let vpc = subnets.iter().find(|subnet| *subnet != UNKNOWN);
    json!({
        "DBSubnetGroupName": name(view, "name"),
        "VpcId": vpc.map(|subnet| vpc_of(view.world, subnet)),
        "Subnets": each("SubnetIdentifier", subnets.iter().cloned()),
    })
}

/// A database as RDS describes it. What a cluster decides for all its instances is asked of the owner.
fn instance(view: &View<'_>, owner: &View<'_>, group: (&str, Wanted), subnets: &[String]) -> Value {
    let known = |attribute: &str| view.known(attribute).or_else(|| owner.known(attribute));
    let named = owner.written(group.0, group.1);
    let vpc = subnets.iter().find(|subnet| *subnet != UNKNOWN).map(|subnet| vpc_of(view.world, subnet));
    let groups = owner.texts("vpc_security_group_ids", SECURITY_GROUP);
    let port = view.number("port").or_else(|| owner.number("port"));
    json!({
        "DBInstanceIdentifier": name(view, "identifier"),
        "DBClusterIdentifier": (view.instance.address != owner.instance.address).then(|| name(owner, "cluster_identifier")),
        "DBInstanceArn": view.known("arn"),
        "Engine": known("engine"),
        "DBInstanceStatus": "available",
        "PubliclyAccessible": view.flag("publicly_accessible") == Some(true),
        "ReadReplicaSourceDBInstanceIdentifier": view
            .known("replicate_source_db")
            .or_else(|| view.is_unknown("replicate_source_db").then(|| UNKNOWN.to_owned())),
        "MultiAZ": view.flag("multi_az"),
        "AvailabilityZone": view.known("availability_zone"),
        "Endpoint": { "Address": view.known("address").or_else(|| view.known("endpoint")), "Port": port },
        "DBSubnetGroup": {
            "DBSubnetGroupName": named,
            "VpcId": vpc,
            "Subnets": each("SubnetIdentifier", subnets.iter().cloned()),
        },
        "VpcSecurityGroups": groups.iter().map(|id| json!({
            "VpcSecurityGroupId": id, "Status": "active",
        })).collect::<Vec<Value>>(),
    })
}
