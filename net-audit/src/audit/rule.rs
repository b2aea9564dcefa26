//! The rules: what each of them looks for, and how bad that usually is.

use std::fmt;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::audit::finding::Severity;

macro_rules! rules {
    ($($rule:ident $id:literal $severity:ident $title:literal;)*) => {
        /// A rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $(#[doc = $title] $rule,)* }

        impl Rule {
            /// All of them, by id.
            pub const ALL: &'static [Self] = &[$(Self::$rule,)*];

            /// Its id.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$rule => $id,)* }
            }

            /// The worst that its findings can be.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$rule => Severity::$severity,)* }
            }

            /// How much it counts that it could not be asked: as much as the worst of its findings, but for what is found by names. Who audits
            /// a network without its DNS has not left anything out.
            #[must_use]
            pub fn severity_unanswered(self) -> Severity {
                match self {
                    Self::DanglingName => Severity::Low,
                    other => other.severity(),
                }
            }

            /// What it looks for.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$rule => $title,)* }
            }
        }
    };
}

rules! {
    ExposedDatabase "NET001" Critical "a database is exposed to the internet";
    AllPortsOpen "NET002" Critical "all ports of something are open to the internet";
    RemoteAccessOpen "NET003" High "remote administration is open to the internet";
    DatabaseInPublicSubnet "NET004" High "a database may be placed in a public subnet";
    BlackholeRoute "NET005" High "a route leads to something that is gone";
    BrokenEgress "NET006" High "a way to the internet cannot work";
    PublicByDefault "NET007" Medium "new subnets are public by default";
    SingleNat "NET008" Medium "one NAT gateway serves several zones";
    CrossZoneNat "NET009" Medium "a subnet uses a NAT gateway of another zone beside one of its own";
    MissingGatewayEndpoint "NET010" Medium "traffic to S3 or DynamoDB is paid for";
    NeedlessEgress "NET011" Medium "a tier of databases can reach the internet";
    UselessPublicAddress "NET012" Medium "a public address in a private subnet";
    PublicOverIpv6 "NET013" Medium "a private subnet is public over IPv6";
    PeeringRoutes "NET014" Medium "routes to another network are too wide, one-way or overlap";
    OneZoneTier "NET015" Medium "a tier stands in one zone only";
    IdleNat "NET016" Low "a NAT gateway is not used";
    IdleAddress "NET017" Low "a public address is not used or not needed";
    CostlyEndpoints "NET018" Low "endpoints or NAT gateways that cost more than they save";
    UnusedGateway "NET019" Low "gateways and route tables that nothing uses";
    OpenDefaults "NET020" Medium "defaults that are open";
    Unobserved "NET021" Medium "nobody would see it: flow logs, ACLs against themselves, Block Public Access";
    DanglingName "NET022" High "a name points at an address that is not yours any more";
    PrivateAddressInPublicName "NET023" Low "a public name tells a private address";
    PublicWithoutIntent "NET024" High "a subnet is public, and nothing says that it is meant to be";
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.id())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl JsonSchema for Rule {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rule".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let ids: Vec<&str> = Self::ALL.iter().map(|rule| rule.id()).collect();
        schemars::json_schema!({ "type": "string", "enum": ids })
    }
}
