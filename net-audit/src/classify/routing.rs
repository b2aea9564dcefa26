//! Which route takes which addresses: route tables and route priority.
//!
//! Source: Amazon VPC User Guide, "How route priority works".

use crate::address::prefix::{Family, Prefix};
use crate::address::set::AddressSet;
use crate::inventory::gap::Gap;
use crate::inventory::{Destination, Inventory, Listing, Origin, PrefixList, Route, RouteState};
use crate::inventory::{RouteTable, Subnet, Target};

/// The route table that decides for a subnet.
#[derive(Clone, Copy, Debug)]
pub struct EffectiveTable<'a> {
    /// The table.
    pub table: &'a RouteTable,
    /// Whether it decides only because the subnet has none of its own.
    pub by_default: bool,
}

/// Finds the route table that decides for a subnet: its own, else the main one of its VPC.
///
/// # Errors
/// Neither is in the snapshot, or which of them it is is just being changed.
pub fn effective_table<'a>(inventory: &'a Inventory, subnet: &Subnet) -> Result<EffectiveTable<'a>, Gap> {
    let (index, tables) = (&inventory.index, &inventory.route_tables);
    let changing = index.changing_table_of_subnet(&subnet.id);
    if let Some(table) = changing {
        let what = format!("the association of {table} with {} is just being changed", subnet.id);
        return Err(Gap::NotUnderstood(what));
    }
    if let Some(table) = index.table_of_subnet(&subnet.id).and_then(|id| tables.get(id)) {
        return Ok(EffectiveTable { table, by_default: false });
    }
    if let Some(loose) = index.loose_table_of_vpc(&subnet.vpc) {
        return Err(Gap::NotUnderstood(format!(
            "which subnet {loose} is for is not known before Terraform is applied"
        )));
    }
    if let Some(table) = index.changing_main_table_of_vpc(&subnet.vpc) {
        let what = format!("{table} is just becoming the main route table of {}, or ceases to be it", subnet.vpc);
        return Err(Gap::NotUnderstood(what));
    }
    index
        .main_table_of_vpc(&subnet.vpc)
        .and_then(|id| tables.get(id))
        .map(|table| EffectiveTable { table, by_default: true })
        .ok_or_else(|| Gap::MainRouteTable(subnet.vpc.clone()))
}

/// The addresses that one route takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    /// The route.
    pub route: &'a Route,
    /// All addresses for which it is the best route.
    pub addresses: AddressSet,
}

/// All routes of a table in one family, the addresses shared out.
#[derive(Clone, Debug, Default)]
pub struct Division<'a> {
    /// Routes that take at least one address, in the order of the table.
    pub claims: Vec<Claim<'a>>,
    /// Routes to prefix lists whose entries are not known: what they take cannot be said.
    pub undetermined: Vec<(&'a Route, Gap)>,
}

impl<'a> Division<'a> {
    /// The best route for one address, if any takes it. Of equals the first.
    #[must_use]
    pub fn best(&self, address: u128) -> Option<&'a Route> {
        self.claims.iter().find(|claim| claim.addresses.contains(address)).map(|claim| claim.route)
    }
}

/// How strong a route's claim to a block is: the longest block first, then the maker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Priority {
    width: u8,
    maker: Maker,
    prefix: Prefix,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Maker {
    Static,
    PrefixList,
    Propagated,
}

/// Shares out the addresses of a family among routes. `local` routes are left out: their addresses are no internet.
///
/// Routes of equal priority all get what they compete for: AWS picks one of them, and does not say which.
#[must_use]
pub fn divide<'a>(routes: &'a [Route], family: Family, prefix_lists: &Listing<PrefixList>) -> Division<'a> {
    share_out(routes.iter().filter(|route| route.target != Target::Local), family, prefix_lists)
}

/// Shares out the addresses of a family among all routes, `local` ones included: for conversations inside a VPC.
///
/// What is propagated never takes an address from `local`, however long its block.
#[must_use]
pub fn divide_all<'a>(routes: &'a [Route], family: Family, prefix_lists: &Listing<PrefixList>) -> Division<'a> {
    share_out(routes.iter(), family, prefix_lists)
}

fn share_out<'a>(
    routes: impl Iterator<Item = &'a Route>,
    family: Family,
    prefix_lists: &Listing<PrefixList>,
) -> Division<'a> {
    let routes: Vec<&Route> = routes.filter(|route| route.state != RouteState::Filtered).collect();
    let local =
        routes.iter().filter(|route| route.target == Target::Local).filter_map(|route| route.destination.block());
    let local = AddressSet::of_prefixes(local.filter(|block| block.family() == family));
    let mut candidates: Vec<(Priority, usize)> = Vec::new();
    let mut undetermined = Vec::new();
    for (index, route) in routes.iter().enumerate() {
        match blocks(route, prefix_lists) {
            Ok(blocks) => candidates.extend(blocks.iter().map(|prefix| (priority(route, *prefix), index))),
            Err(gap) => undetermined.push((*route, gap)),
        }
    }
    candidates.retain(|(priority, _)| priority.prefix.family() == family);
    candidates.sort_unstable();
    candidates.dedup();
    let mut taken = AddressSet::default();
    let mut shares = vec![AddressSet::default(); routes.len()];
    for rivals in candidates.chunk_by(|(one, _), (other, _)| one == other) {
        let Some((priority, _)) = rivals.first() else { continue };
        let block = AddressSet::from(priority.prefix);
        let block = if priority.maker == Maker::Propagated { block.subtract(&local) } else { block };
        let free = block.subtract(&taken);
        for (_, index) in rivals {
            if let Some(share) = shares.get_mut(*index) {
                *share = share.union(&free);
            }
        }
        taken = taken.union(&block);
    }
    let claims = routes.into_iter().zip(shares);
    let claims = claims.map(|(route, addresses)| Claim { route, addresses });
    Division { claims: claims.filter(|claim| !claim.addresses.is_empty()).collect(), undetermined }
}

fn blocks(route: &Route, prefix_lists: &Listing<PrefixList>) -> Result<Vec<Prefix>, Gap> {
    match &route.destination {
        Destination::Block(prefix) => Ok(vec![*prefix]),
        Destination::PrefixList(id) => prefix_lists.find(id).map(|list| list.blocks.clone()),
        Destination::Unknown => {
            let target = route.target.id();
            Err(Gap::NotUnderstood(format!("what is sent to {target} is not known before Terraform is applied")))
        }
    }
}

fn priority(route: &Route, prefix: Prefix) -> Priority {
    let maker = match (&route.destination, route.origin) {
        (_, Origin::Propagated) => Maker::Propagated,
        (Destination::PrefixList(_), Origin::Static) => Maker::PrefixList,
        (Destination::Block(_) | Destination::Unknown, Origin::Static) => Maker::Static,
    };
    Priority { width: prefix.family().bits() - prefix.length(), maker, prefix }
}

#[cfg(test)]
mod tests;
