//! What AWS describes, a file for each family. Source: the API references of EC2, RDS, Elastic Load Balancing, Route 53 and CloudWatch.

mod database;
mod dns;
mod gateway;
mod instance;
mod interface;
mod load_balancer;
mod metric;
mod security;
mod vpc;

pub(super) use database::{DB_INSTANCE, DB_SUBNET_GROUP};
pub(super) use dns::{HOSTED_ZONE, RECORD_SET};
pub(super) use gateway::{
    EGRESS_ONLY_INTERNET_GATEWAY, INTERNET_GATEWAY, NAT_GATEWAY, TRANSIT_GATEWAY_ATTACHMENT, VPC_ENDPOINT,
    VPC_PEERING_CONNECTION,
};
pub(super) use instance::RESERVATION;
pub(super) use interface::{ADDRESS, NETWORK_INTERFACE};
pub(super) use load_balancer::LOAD_BALANCER;
pub(super) use metric::METRIC_RESULT;
pub(super) use security::{NETWORK_ACL, PREFIX_LIST_ENTRY, SECURITY_GROUP};
pub(super) use vpc::{FLOW_LOG, ROUTE_TABLE, SUBNET, VPC};
