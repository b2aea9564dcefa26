//! Network interfaces, instances, and Elastic IP addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Tags;

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkInterface {
    /// `eni-…`.
    pub id: String,
    /// Its tags.
    pub tags: Tags,
    /// The subnet it is in.
    pub subnet: String,
    /// Whether it drops what is neither from nor for itself; then it cannot forward.
    pub source_destination_check: bool,
    /// What it is attached to.
    pub attachment: Attachment,
    /// `interface`, or AWS's other word for what it is.
    pub kind: String,
    /// What its maker says that it is.
    pub description: String,
    /// Who made it, if a service did: an account, or a name such as `amazon-elb`.
    pub requester: Option<String>,
    /// Its security groups.
    pub groups: Vec<String>,
    /// Whether it has more of them or not is not said: nobody described them.
    pub has_unknown_groups: bool,
    /// Its addresses in the VPC, the first one first.
    pub private_addresses: Vec<Ipv4Addr>,
    /// Its IPv6 addresses.
    pub ipv6_addresses: Vec<Ipv6Addr>,
    /// Its addresses in the internet.
    pub public_addresses: Vec<PublicAddress>,
}

/// An IPv4 address by which the internet knows an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicAddress {
    /// The address; `None` if it is not given out before Terraform is applied.
    pub address: Option<Ipv4Addr>,
    /// `eipalloc-…`, if it stays when the instance is stopped.
    pub allocation: Option<String>,
    /// The private address that it stands for, if it is said.
    pub private: Option<Ipv4Addr>,
}

/// What a network interface is attached to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// Nothing.
    Detached,
    /// An instance, by id.
    Instance(String),
    /// Something that AWS runs.
    Service,
    /// Something that nobody described.
    Unsaid,
}

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// `i-…`.
    pub id: String,
    /// Its tags.
    pub tags: Tags,
    /// The subnet of its first interface.
    pub subnet: Option<String>,
    /// Whether its first interface drops what is neither from nor for itself.
    pub source_destination_check: bool,
    /// `running`, or AWS's other word for how it is.
    pub state: String,
}

/// An Elastic IP address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// `eipalloc-…`.
    pub id: String,
    /// Its tags.
    pub tags: Tags,
    /// The address, if it is known.
    pub public_ip: Option<Ipv4Addr>,
    /// The interface that has it.
    pub interface: Option<String>,
    /// Whether anything has it.
    pub is_associated: bool,
    /// The pool that it is out of: `amazon`, or one of the account's own blocks.
    pub pool: Option<String>,
}

impl NetworkInterface {
    /// Its `Name` tag.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.tags.name()
    }
}

impl Address {
    /// Whether it is of a block that the account brought along: it costs nothing, and goes back to its pool.
    ///
    /// Source: Amazon EC2 User Guide, "Bring your own IP addresses"; Amazon VPC pricing, "Public IPv4 Address".
    #[must_use]
    pub fn is_brought_along(&self) -> bool {
        self.pool.as_deref().is_some_and(|pool| pool.starts_with("ipv4pool-ec2-"))
    }
}

impl Instance {
    /// Its `Name` tag.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.tags.name()
    }
}
