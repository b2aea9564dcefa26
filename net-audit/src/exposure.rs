//! Whether the internet can begin a conversation with an interface: six conditions, all of which must hold. Pure.
//!
//! Routes both ways, an address that the internet knows, a security group that lets in, a network ACL that lets in and lets answers out, no Block
//! Public Access, and something that runs.

mod court;
pub mod hop;
pub mod names;
mod proof;
pub mod purpose;
pub mod traffic;

use std::fmt;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Serialize;

use crate::address::prefix::Family;
use crate::address::set::{AddressSet, internet};
use crate::exposure::purpose::{Purpose, purpose};
use crate::exposure::traffic::Opening;
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{NetworkInterface, Subnet};

pub use court::runs;
pub use proof::{Prover, Step, ask, prove};

/// A condition of exposure, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// The subnet's routes lead to the internet and back.
    Route,
    /// The interface has an address that the internet knows.
    Address,
    /// A security group lets addresses of the internet in.
    SecurityGroup,
    /// The network ACL lets them in, and answers out.
    NetworkAcl,
    /// Block Public Access does not stand in the way.
    BlockPublicAccess,
    /// It is attached to something that runs.
    Running,
}

impl Condition {
    /// All of them, in order.
    pub const ALL: [Self; 6] =
        [Self::Route, Self::Address, Self::SecurityGroup, Self::NetworkAcl, Self::BlockPublicAccess, Self::Running];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Address => "address",
            Self::SecurityGroup => "security-group",
            Self::NetworkAcl => "network-acl",
            Self::BlockPublicAccess => "block-public-access",
            Self::Running => "running",
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// Whether an interface is exposed in one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All six conditions hold.
    Exposed,
    /// This is the first that does not.
    Stopped(Condition),
    /// None is known not to hold, and this is missing.
    Unknown(Vec<Gap>),
}

/// An interface in one address family, as seen from the internet.
#[derive(Clone, Debug)]
pub struct Exposure<'a> {
    /// The interface.
    pub interface: &'a NetworkInterface,
    /// The subnet it is in, if that is known.
    pub subnet: Option<&'a Subnet>,
    /// What it is there for.
    pub purpose: Arc<Purpose<'a>>,
    /// The family.
    pub family: Family,
    /// Whether it is exposed.
    pub verdict: Verdict,
    /// What the internet can speak to: what gets through group and ACL if it is exposed, else nothing.
    pub openings: Arc<[Opening]>,
    /// What it can speak to at most, if it is exposed or may be: as if all that is not known let it through.
    pub possible: Arc<[Opening]>,
    /// Of what is exposed: why more may be open than is certain.
    pub doubts: Vec<Gap>,
}

/// How much of the internet an opening is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Coverage {
    /// Some addresses: of IPv4 at most one in 256, of IPv6 at most as many as one network has.
    Listed,
    /// More than that, so many that nobody can know them.
    Wide,
    /// Every address.
    Any,
}

/// As many IPv6 addresses as one network has: 65,536 sites of a /48 each.
///
/// A share of `2000::/3` would say little, for most of it is given to nobody. A provider gets a /32, or a /29 if it asks for it, so what is larger than a
/// /32 is more than the sites of one organisation. Source: RIPE NCC, IPv6 Address Allocation and Assignment Policy, "Initial allocation"; RFC 6177:
/// a /48 is the most that a site is given as a rule.
const NETWORK: u128 = 1 << 96;

impl Coverage {
    /// How much of the internet these addresses are.
    #[must_use]
    pub fn of(addresses: &AddressSet, family: Family) -> Self {
        let whole = whole(family);
        let part = addresses.intersect(whole);
        // A VPC's own public addresses are missing from what it sees of the internet.
        if part.size() >= whole.size() - whole.size() / 1024 {
            return Self::Any;
        }
        let most = match family {
            Family::Ipv4 => whole.size() / 256,
            Family::Ipv6 => NETWORK,
        };
        if part.size() > most { Self::Wide } else { Self::Listed }
    }

    /// Whether it is open to people whom nobody knows.
    #[must_use]
    pub fn is_world(self) -> bool {
        self > Self::Listed
    }
}

/// The internet of a family.
fn whole(family: Family) -> &'static AddressSet {
    static IPV4: LazyLock<AddressSet> = LazyLock::new(|| internet(Family::Ipv4, &[]));
    static IPV6: LazyLock<AddressSet> = LazyLock::new(|| internet(Family::Ipv6, &[]));
    match family {
        Family::Ipv4 => &IPV4,
        Family::Ipv6 => &IPV6,
    }
}

/// Judges every interface in every family in which it has an address, by id.
#[must_use]
pub fn expose<'a>(facts: &Facts<'a>) -> Vec<Exposure<'a>> {
    let mut court = court::Court::new(facts);
    let mut exposures = Vec::new();
    for interface in facts.inventory.network_interfaces.iter() {
        let purpose = Arc::new(purpose(facts.inventory, interface));
        for family in families(interface) {
            exposures.push(court.judge(interface, Arc::clone(&purpose), family));
        }
    }
    exposures
}

/// The families in which an interface has an address; IPv4 if nothing is known of its addresses.
fn families(interface: &NetworkInterface) -> impl Iterator<Item = Family> {
    let has_ipv6 = !interface.ipv6_addresses.is_empty();
    let has_ipv4 = !interface.private_addresses.is_empty() || !interface.public_addresses.is_empty() || !has_ipv6;
    [(Family::Ipv4, has_ipv4), (Family::Ipv6, has_ipv6)].into_iter().filter(|(_, has)| *has).map(|(family, _)| family)
}

#[cfg(test)]
mod tests;
