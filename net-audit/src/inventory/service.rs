//! What stands on the network, and what names it: databases, load balancers, tasks, flow logs, DNS.

use std::net::Ipv4Addr;

use super::Tags;

/// A database instance of RDS, `DocumentDB` or Neptune: they share one API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Its identifier.
    pub id: String,
    /// Its tags.
    pub tags: Tags,
    /// Its ARN.
    pub arn: Option<String>,
    /// `postgres` and the like.
    pub engine: String,
    /// Whether its name resolves to a public address from outside.
    pub publicly_accessible: bool,
    /// The host name of its endpoint.
    pub host: Option<String>,
    /// The port it listens on.
    pub port: Option<u16>,
    /// Its security groups.
    pub groups: Vec<String>,
    /// The subnet group it is placed by.
    pub subnet_group: Option<SubnetGroup>,
    /// The zone of its primary.
    pub availability_zone: Option<String>,
    /// Whether it has a standby in another zone.
    pub is_multi_zone: bool,
    /// The cluster it belongs to.
    pub cluster: Option<String>,
    /// The database that it is a read replica of.
    pub replica_of: Option<String>,
}

/// The subnets in which databases may be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubnetGroup {
    /// Its name.
    pub name: String,
    /// The VPC.
    pub vpc: Option<String>,
    /// The subnets.
    pub subnets: Vec<String>,
}

/// A load balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadBalancer {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The host name that points at it.
    pub host: Option<String>,
    /// Whether it is meant for the internet.
    pub is_internet_facing: bool,
    /// `application`, `network` or `gateway`.
    pub kind: String,
    /// The VPC.
    pub vpc: Option<String>,
    /// Its security groups.
    pub groups: Vec<String>,
    /// The subnets it stands in.
    pub subnets: Vec<String>,
}

/// A task of ECS with an interface of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its ARN.
    pub arn: String,
    /// `service:NAME` or what else started it.
    pub group: Option<String>,
    /// The cluster.
    pub cluster: Option<String>,
    /// Its network interface.
    pub interface: String,
}

/// A flow log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowLog {
    /// `fl-…`.
    pub id: String,
    /// What it watches: a VPC, a subnet or an interface.
    pub resource: String,
    /// Whether it works.
    pub is_active: bool,
}

/// A hosted zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostedZone {
    /// Its id without `/hostedzone/`.
    pub id: String,
    /// Its name, without the final point.
    pub name: String,
    /// Whether only VPCs can ask it.
    pub is_private: bool,
}

/// A record set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordSet {
    /// The zone it is in, if the record set says it.
    pub zone: Option<String>,
    /// Its name, without the final point.
    pub name: String,
    /// `A`, `CNAME` and the like.
    pub kind: String,
    /// Which one it is of several of the same name and type.
    pub set: Option<String>,
    /// Its values.
    pub values: Vec<String>,
    /// The name that it stands for.
    pub alias: Option<String>,
}

impl RecordSet {
    /// The IPv4 addresses among its values.
    pub fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> {
        let is_address = self.kind == "A";
        self.values.iter().filter(move |_| is_address).filter_map(|value| value.parse().ok())
    }
}
