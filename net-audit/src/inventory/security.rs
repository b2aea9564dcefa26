//! Security groups and network ACLs.

use std::fmt;

use super::Tags;
use crate::address::prefix::Prefix;

/// A security group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityGroup {
    /// `sg-…`.
    pub id: String,
    /// Its tags.
    pub tags: Tags,
    /// Its group name, which is not its `Name` tag.
    pub name: String,
    /// The VPC it is in.
    pub vpc: Option<String>,
    /// Who may send in.
    pub ingress: Vec<Permission>,
    /// Who may be sent to.
    pub egress: Vec<Permission>,
}

/// A rule of a security group: it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Of which protocol.
    pub protocol: Protocol,
    /// To which ports.
    pub ports: Ports,
    /// From or to whom.
    pub peers: Vec<Peer>,
}

/// The other end of a security group's rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A block.
    Block(Prefix),
    /// A prefix list, by its id.
    PrefixList(String),
    /// Whatever has this security group.
    Group(String),
    /// It is not known before Terraform is applied.
    Unknown,
}

/// A protocol by its number, or all. Source: IANA, Assigned Internet Protocol Numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// Every protocol.
    All,
    /// One.
    Number(u8),
}

/// Ports, both ends included. For protocols without ports: all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ports {
    /// The lowest.
    pub first: u16,
    /// The highest.
    pub last: u16,
}

/// A network ACL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkAcl {
    /// `acl-…`.
    pub id: String,
    /// Its tags.
    pub tags: Tags,
    /// The VPC it is in.
    pub vpc: Option<String>,
    /// The subnets that have it.
    pub subnets: Vec<String>,
    /// Its entries by number: the first that fits decides.
    pub entries: Vec<AclEntry>,
}

/// An entry of a network ACL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclEntry {
    /// Its number; the final entry that denies everything is 32767.
    pub number: u32,
    /// Whether it is about what leaves the subnet.
    pub is_egress: bool,
    /// Whether it lets through.
    pub allows: bool,
    /// Of which protocol.
    pub protocol: Protocol,
    /// To which ports.
    pub ports: Ports,
    /// From or to which addresses; `None` if that is not known before Terraform is applied.
    pub block: Option<Prefix>,
}

impl Protocol {
    /// ICMP.
    pub const ICMP: Self = Self::Number(1);
    /// TCP.
    pub const TCP: Self = Self::Number(6);
    /// UDP.
    pub const UDP: Self = Self::Number(17);
    /// ICMP for IPv6.
    pub const ICMPV6: Self = Self::Number(58);

    /// Whether a rule for this protocol speaks of the other one.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self == Self::All || self == other
    }

    /// It and its ports, for people: `tcp 443`, `icmp`.
    #[must_use]
    pub fn with(self, ports: Ports) -> String {
        if self.has_ports() { format!("{self} {ports}") } else { self.to_string() }
    }

    /// Whether it has ports.
    #[must_use]
    pub fn has_ports(self) -> bool {
        matches!(self, Self::TCP | Self::UDP)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::All => formatter.write_str("all protocols"),
            Self::ICMP => formatter.write_str("icmp"),
            Self::TCP => formatter.write_str("tcp"),
            Self::UDP => formatter.write_str("udp"),
            Self::ICMPV6 => formatter.write_str("icmpv6"),
            Self::Number(number) => write!(formatter, "protocol {number}"),
        }
    }
}

impl Ports {
    /// All of them.
    pub const ALL: Self = Self { first: 0, last: u16::MAX };

    /// A single one.
    #[must_use]
    pub const fn one(port: u16) -> Self {
        Self { first: port, last: port }
    }

    /// Whether a port is among them.
    #[must_use]
    pub fn contain(self, port: u16) -> bool {
        self.first <= port && port <= self.last
    }

    /// Whether any port is in both.
    #[must_use]
    pub fn overlap(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            &Self::ALL => formatter.write_str("all ports"),
            Self { first, last } if first == last => write!(formatter, "{first}"),
            Self { first, last } => write!(formatter, "{first}-{last}"),
        }
    }
}

impl SecurityGroup {
    /// Its `Name` tag, else its group name.
    #[must_use]
    pub fn label(&self) -> &str {
        self.tags.name().unwrap_or(&self.name)
    }
}
