//! Services that more than one of us asks. Source: the service models that the AWS SDKs are generated from.

use super::{Protocol, ServiceModel};

/// Elastic Load Balancing: application, network and gateway load balancers.
pub const LOAD_BALANCING: ServiceModel = ServiceModel {
    name: "elasticloadbalancing",
    id: "Elastic Load Balancing v2",
    signing_name: "elasticloadbalancing",
    endpoint_prefix: "elasticloadbalancing",
    protocol: Protocol::Query { version: "2015-12-01" },
    is_global: false,
};

/// Security Token Service: who one is, and roles.
pub const STS: ServiceModel = ServiceModel {
    name: "sts",
    id: "STS",
    signing_name: "sts",
    endpoint_prefix: "sts",
    protocol: Protocol::Query { version: "2011-06-15" },
    is_global: false,
};
