//! Who uses which route table, and who else is told of a VPC: shared by the rules over routes, gateways and connections.

use std::collections::{HashMap, HashSet};

use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{
    Association, Inventory, NatGateway, NatPlace, RouteTable, Subnet, Target, UNKNOWN_UNTIL_APPLY, Vpc,
};

/// Who uses the route tables of a region.
pub(in crate::audit::check) struct Usage<'f, 'a> {
    pub(in crate::audit::check) facts: &'f Facts<'a>,
    nat_gateways: HashMap<&'a str, Vec<&'a NatGateway>>,
    told: HashSet<&'a str>,
}

impl<'f, 'a> Usage<'f, 'a> {
    pub(in crate::audit::check) fn new(facts: &'f Facts<'a>) -> Self {
        let told = facts.inventory.vpcs.iter().filter(|vpc| is_told_by_owner(facts, vpc));
        let told = told.map(|vpc| vpc.id.as_str()).collect();
        let mut nat_gateways: HashMap<&str, Vec<&NatGateway>> = HashMap::new();
        for gateway in facts.inventory.nat_gateways.iter() {
            nat_gateways.entry(&gateway.vpc).or_default().push(gateway);
        }
        Self { facts, nat_gateways, told }
    }

    pub(in crate::audit::check) fn inventory(&self) -> &'a Inventory {
        self.facts.inventory
    }

    /// The subnets for which a table decides.
    pub(in crate::audit::check) fn subnets(&self, table: &str) -> Vec<&'a Subnet> {
        self.facts.users(table).map(|verdict| verdict.subnet).collect()
    }

    /// The NAT gateways of a VPC.
    pub(in crate::audit::check) fn nat_gateways(&self, vpc: &str) -> &[&'a NatGateway] {
        self.nat_gateways.get(vpc).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether anything sends, or may send, by this table.
    pub(in crate::audit::check) fn is_used(&self, table: &RouteTable) -> bool {
        let is_loose = || self.inventory().index.loose_table_of_vpc(&table.vpc).is_some();
        let uses = |association: &Association| *association != Association::Main || is_loose();
        self.facts.users(&table.id).next().is_some() || table.associations.iter().any(uses)
    }

    /// Whether a VPC is only shared with this account, and its owner's account is described too: that one is told what is wrong with it.
    pub(in crate::audit::check) fn is_told_by_owner(&self, vpc: &str) -> bool {
        self.told.contains(vpc)
    }

    /// Whether it can be said of a VPC that something is missing or not used in it, and nobody else says it: another account's VPC is seen in part only.
    pub(in crate::audit::check) fn sees_all_of(&self, vpc: &str) -> Result<bool, Gap> {
        if self.is_told_by_owner(vpc) || vpc == UNKNOWN_UNTIL_APPLY {
            return Ok(false);
        }
        let inventory = self.inventory();
        match owner_elsewhere(inventory, inventory.vpcs.find(vpc)?) {
            Some(owner) => {
                Err(Gap::NotUnderstood(format!("{vpc} belongs to {owner}: this account sees a part of it only")))
            }
            None => Ok(true),
        }
    }
}

/// The account that owns a VPC, if it is another one: what is in it is seen in part only.
fn owner_elsewhere<'a>(inventory: &Inventory, vpc: &'a Vpc) -> Option<&'a str> {
    let account = inventory.account.as_deref()?;
    vpc.owner.as_deref().filter(|owner| *owner != account)
}

/// The subnet that a target stands in.
pub(in crate::audit::check) fn place<'a>(inventory: &'a Inventory, target: &Target) -> Option<&'a str> {
    match target {
        Target::NatGateway(id) => match &inventory.nat_gateways.get(id)?.place {
            NatPlace::Subnet(place) => Some(place),
            NatPlace::Region => None,
        },
        Target::VpcEndpoint(id) => inventory.vpc_endpoints.get(id)?.subnets.first().map(String::as_str),
        Target::NetworkInterface(id) => Some(&inventory.network_interfaces.get(id)?.subnet),
        Target::Instance(id) => inventory.instances.get(id)?.subnet.as_deref(),
        _ => None,
    }
}

fn is_told_by_owner(facts: &Facts<'_>, vpc: &Vpc) -> bool {
    let Some(owner) = owner_elsewhere(facts.inventory, vpc) else { return false };
    let mut others = facts.estate.regions.iter();
    others.any(|other| other.account.as_deref() == Some(owner) && other.vpcs.get(&vpc.id).is_some())
}
