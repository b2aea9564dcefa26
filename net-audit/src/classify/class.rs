//! What a subnet is, as seen from the internet.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// The class of a subnet in one address family, or of one of its routes. Ordered: what deserves more attention is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// No way to or from the internet.
    Isolated,
    /// Out by way of an egress-only internet gateway.
    EgressOnly,
    /// Internet addresses lead into another network: a transit gateway, a peer, a VPN. What that one does with them is not known.
    PrivateRouted,
    /// Out by way of a NAT gateway that works.
    PrivateNat,
    /// Out by way of an instance that forwards.
    PrivateNatInstance,
    /// A way out is meant, and cannot work.
    BrokenEgress,
    /// The snapshot does not hold what the verdict needs.
    Unknown,
    /// In and out by way of a firewall.
    PublicInspected,
    /// In and out, for a part of the internet.
    PublicPartial,
    /// In and out, for all of the internet.
    Public,
}

/// The three answers that most questions need, and the one that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// The internet can begin a conversation, if addresses and security groups let it.
    Public,
    /// Only the subnet can begin one, or is meant to.
    Private,
    /// Neither can.
    Isolated,
    /// It cannot be said.
    Unknown,
}

impl Class {
    /// The answer that this class amounts to. Broken egress counts as private: one repair elsewhere opens the way out.
    #[must_use]
    pub fn group(self) -> Group {
        match self {
            Self::Public | Self::PublicPartial | Self::PublicInspected => Group::Public,
            Self::PrivateNat
            | Self::PrivateNatInstance
            | Self::PrivateRouted
            | Self::EgressOnly
            | Self::BrokenEgress => Group::Private,
            Self::Isolated => Group::Isolated,
            Self::Unknown => Group::Unknown,
        }
    }

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Isolated => "isolated",
            Self::EgressOnly => "egress-only",
            Self::PrivateRouted => "private-routed",
            Self::PrivateNat => "private-nat",
            Self::PrivateNatInstance => "private-nat-instance",
            Self::BrokenEgress => "broken-egress",
            Self::Unknown => "unknown",
            Self::PublicInspected => "public-inspected",
            Self::PublicPartial => "public-partial",
            Self::Public => "public",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_and_the_table_use_the_same_words() {
        for class in [
            Class::Isolated,
            Class::EgressOnly,
            Class::PrivateRouted,
            Class::PrivateNat,
            Class::PrivateNatInstance,
            Class::BrokenEgress,
            Class::Unknown,
            Class::PublicInspected,
            Class::PublicPartial,
            Class::Public,
        ] {
            assert_eq!(serde_json::to_value(class).unwrap(), class.word());
        }
    }
}
