//! What stands on the network as AWS writes it: databases, load balancers, tasks, flow logs.

use serde::Deserialize;

use super::{Described, Tag, tags};
use crate::inventory;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct Database {
    #[serde(rename = "DBInstanceIdentifier")]
    id: String,
    #[serde(rename = "DBInstanceArn")]
    arn: Option<String>,
    #[serde(default)]
    engine: String,
    publicly_accessible: Option<bool>,
    endpoint: Option<Endpoint>,
    vpc_security_groups: Option<Vec<GroupMembership>>,
    #[serde(rename = "DBSubnetGroup")]
    subnet_group: Option<SubnetGroup>,
    availability_zone: Option<String>,
    #[serde(rename = "MultiAZ")]
    multi_zone: Option<bool>,
    #[serde(rename = "DBClusterIdentifier")]
    cluster: Option<String>,
    #[serde(rename = "ReadReplicaSourceDBInstanceIdentifier")]
    source: Option<String>,
    tag_list: Option<Vec<Tag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Endpoint {
    address: Option<String>,
    port: Option<u16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GroupMembership {
    vpc_security_group_id: String,
    status: Option<String>,
}

impl GroupMembership {
    /// A group that is on its way out does not count.
    fn is_held(&self) -> bool {
        self.status.as_deref() != Some("removing")
    }
}

impl Described for Database {
    type Resource = inventory::Database;

    fn resources(self) -> Result<Vec<(String, inventory::Database)>, String> {
        let (host, port) = self.endpoint.map_or((None, None), |endpoint| (endpoint.address, endpoint.port));
        let groups = self.vpc_security_groups.unwrap_or_default().into_iter();
        let database = inventory::Database {
            id: self.id.clone(),
            tags: tags(self.tag_list),
            arn: self.arn,
            engine: self.engine,
            publicly_accessible: self.publicly_accessible.unwrap_or(false),
            host,
            port,
            groups: groups.filter(GroupMembership::is_held).map(|group| group.vpc_security_group_id).collect(),
            subnet_group: self.subnet_group.map(SubnetGroup::read),
            availability_zone: self.availability_zone,
            is_multi_zone: self.multi_zone.unwrap_or(false),
            cluster: self.cluster,
            replica_of: self.source.filter(|source| !source.is_empty()),
        };
        Ok(vec![(self.id, database)])
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct SubnetGroup {
    #[serde(rename = "DBSubnetGroupName")]
    name: String,
    vpc_id: Option<String>,
    subnets: Option<Vec<GroupSubnet>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GroupSubnet {
    subnet_identifier: String,
}

impl SubnetGroup {
    fn read(self) -> inventory::SubnetGroup {
        let mut subnets: Vec<String> =
            self.subnets.unwrap_or_default().into_iter().map(|subnet| subnet.subnet_identifier).collect();
        subnets.sort();
        inventory::SubnetGroup { name: self.name, vpc: self.vpc_id, subnets }
    }
}

impl Described for SubnetGroup {
    type Resource = inventory::SubnetGroup;

    fn resources(self) -> Result<Vec<(String, inventory::SubnetGroup)>, String> {
        Ok(vec![(self.name.clone(), self.read())])
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct LoadBalancer {
    #[serde(rename = "LoadBalancerArn")]
    arn: String,
    #[serde(rename = "LoadBalancerName")]
    name: String,
    #[serde(rename = "DNSName")]
    host: Option<String>,
    scheme: Option<String>,
    #[serde(rename = "Type")]
    kind: Option<String>,
    vpc_id: Option<String>,
    security_groups: Option<Vec<String>>,
    availability_zones: Option<Vec<LoadBalancerZone>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LoadBalancerZone {
    subnet_id: Option<String>,
}

impl Described for LoadBalancer {
    type Resource = inventory::LoadBalancer;

    fn resources(self) -> Result<Vec<(String, inventory::LoadBalancer)>, String> {
        let zones = self.availability_zones.unwrap_or_default().into_iter();
        let balancer = inventory::LoadBalancer {
            arn: self.arn.clone(),
            name: self.name,
            host: self.host.map(|host| host.to_ascii_lowercase()),
            is_internet_facing: self.scheme.as_deref() == Some("internet-facing"),
            kind: self.kind.unwrap_or_else(|| "application".to_owned()),
            vpc: self.vpc_id,
            groups: self.security_groups.unwrap_or_default(),
            subnets: zones.filter_map(|zone| zone.subnet_id).collect(),
        };
        Ok(vec![(self.arn, balancer)])
    }
}

/// A task as ECS writes it: its names begin with small letters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::snapshot) struct Task {
    #[serde(rename = "taskArn")]
    arn: String,
    group: Option<String>,
    cluster_arn: Option<String>,
    attachments: Option<Vec<TaskAttachment>>,
}

#[derive(Deserialize)]
struct TaskAttachment {
    details: Option<Vec<Detail>>,
}

#[derive(Deserialize)]
struct Detail {
    name: String,
    value: String,
}

impl Described for Task {
    type Resource = inventory::Task;

    fn resources(self) -> Result<Vec<(String, inventory::Task)>, String> {
        let details = self.attachments.unwrap_or_default().into_iter().flat_map(|one| one.details.unwrap_or_default());
        let interfaces = details.filter(|detail| detail.name == "networkInterfaceId").map(|detail| detail.value);
        let cluster = self.cluster_arn.map(|arn| arn.rsplit('/').next().unwrap_or(&arn).to_owned());
        let task = |interface: String| inventory::Task {
            arn: self.arn.clone(),
            group: self.group.clone(),
            cluster: cluster.clone(),
            interface,
        };
        Ok(interfaces.map(|interface| (interface.clone(), task(interface))).collect())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct FlowLog {
    #[serde(rename = "FlowLogId")]
    id: String,
    resource_id: String,
    #[serde(rename = "FlowLogStatus")]
    status: Option<String>,
    #[serde(rename = "DeliverLogsStatus")]
    delivery: Option<String>,
}

impl Described for FlowLog {
    type Resource = inventory::FlowLog;

    fn resources(self) -> Result<Vec<(String, inventory::FlowLog)>, String> {
        // An active one whose records do not arrive shows nothing.
        let is_active = self.status.as_deref().is_none_or(|status| status == "ACTIVE")
            && self.delivery.as_deref() != Some("FAILED");
        Ok(vec![(self.id.clone(), inventory::FlowLog { id: self.id, resource: self.resource_id, is_active })])
    }
}
