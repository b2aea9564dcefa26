//! The verdict over every subnet: its class in each address family, and the routes that prove it. Pure.

mod back;
pub mod class;
mod passage;
mod reach;
pub mod routing;

use crate::address::prefix::{Family, Prefix};
use crate::address::set::{AddressSet, internet, translated};
use crate::classify::class::{Class, Group};
use crate::classify::routing::{Claim, EffectiveTable, divide, effective_table};
use crate::inventory::gap::Gap;
use crate::inventory::{Inventory, Route, Subnet, Target};

use passage::{Passage, Traveller};
pub use reach::Reach;

/// The verdict over one subnet.
#[derive(Clone, Debug)]
pub struct SubnetVerdict<'a> {
    /// The subnet.
    pub subnet: &'a Subnet,
    /// The route table that decides for it, if the snapshot has it.
    pub route_table: Option<EffectiveTable<'a>>,
    /// One verdict for each family in which the subnet has addresses.
    pub families: Vec<FamilyVerdict<'a>>,
}

/// The verdict over one subnet in one address family.
#[derive(Clone, Debug, PartialEq)]
pub struct FamilyVerdict<'a> {
    /// The family.
    pub family: Family,
    /// The class.
    pub class: Class,
    /// The routes that internet addresses take, in the order of the table.
    pub proof: Vec<Proof<'a>>,
    /// For [`Class::PublicPartial`]: the blocks that lead to an internet gateway.
    pub public_blocks: Vec<Prefix>,
    /// The internet's addresses that can come in.
    pub reach: Reach,
    /// For [`Class::Unknown`]: what is missing.
    pub gaps: Vec<Gap>,
}

/// A route that takes internet addresses, and where it leads.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof<'a> {
    /// The route.
    pub route: &'a Route,
    /// Its share of the internet's addresses, from 0 to 1.
    pub share: f64,
    /// What it makes of the subnet.
    pub class: Class,
    /// Why.
    pub because: String,
}

impl FamilyVerdict<'_> {
    /// The route that makes a subnet what it is: `subnet-… is public: rtb-… sends 0.0.0.0/0 to igw-…, and igw-… is attached`.
    #[must_use]
    pub fn told(&self, subnet: &str, table: Option<&str>) -> String {
        let (class, table) = (self.class, table.unwrap_or("its route table"));
        match self.proof.iter().max_by_key(|proof| proof.class) {
            Some(proof) => format!("{subnet} is {class}: {}, and {}", proof.route.sent_by(table), proof.because),
            None => format!("{subnet} is {class}: {table} has no route to the internet"),
        }
    }
}

impl SubnetVerdict<'_> {
    /// The class that deserves most attention of all families; unknown if there is none.
    #[must_use]
    pub fn class(&self) -> Class {
        let classes = self.families.iter().map(|family| family.class);
        classes.max().unwrap_or(Class::Unknown)
    }

    /// The class in short.
    #[must_use]
    pub fn group(&self) -> Group {
        self.class().group()
    }

    /// The verdict in one family, if the subnet has addresses of it.
    #[must_use]
    pub fn family(&self, family: Family) -> Option<&FamilyVerdict<'_>> {
        self.families.iter().find(|verdict| verdict.family == family)
    }

    /// Whether it cannot be said what the subnet is, in one of its families at least.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.families.iter().any(|family| family.class == Class::Unknown) || self.families.is_empty()
    }

    /// All that is missing for a verdict.
    pub fn gaps(&self) -> impl Iterator<Item = &Gap> {
        self.families.iter().flat_map(|family| &family.gaps)
    }
}

/// Classifies every subnet, by VPC, then by address.
#[must_use]
pub fn classify(inventory: &Inventory) -> Vec<SubnetVerdict<'_>> {
    let mut subnets: Vec<&Subnet> = inventory.subnets.iter().collect();
    subnets.sort_by_key(|subnet| (&subnet.vpc, &subnet.blocks, &subnet.id));
    let verdicts = subnets.into_iter().map(|subnet| classify_subnet(inventory, subnet));
    verdicts.collect()
}

fn classify_subnet<'a>(inventory: &'a Inventory, subnet: &'a Subnet) -> SubnetVerdict<'a> {
    let has = |family: &Family| {
        subnet.blocks.iter().any(|prefix| prefix.family() == *family)
            || (subnet.has_unknown_block && *family == Family::Ipv4)
    };
    let families = [Family::Ipv4, Family::Ipv6].into_iter().filter(has);
    SubnetVerdict {
        subnet,
        route_table: effective_table(inventory, subnet).ok(),
        families: families.map(|family| survey(inventory, &Traveller::new(subnet, family))).collect(),
    }
}

/// The verdict over one subnet in one family, as if there were no Block Public Access.
#[must_use]
pub fn classify_unblocked<'a>(inventory: &'a Inventory, subnet: &'a Subnet, family: Family) -> FamilyVerdict<'a> {
    survey(inventory, &Traveller::new(subnet, family).unblocked())
}

/// Addresses that one route of a subnet takes, and where it leads them.
#[derive(Clone, Debug, PartialEq)]
pub struct WayOut<'a> {
    /// The route.
    pub route: &'a Route,
    /// The addresses.
    pub addresses: AddressSet,
    /// What it makes of the subnet, and why; no class if it leads to a service of AWS by a gateway endpoint.
    pub leads: Result<(Option<Class>, String), Gap>,
}

/// Where each route of a subnet leads that is not `local`.
///
/// # Errors
/// The route table that decides is not known, or which addresses one of its routes takes.
pub fn ways_out<'a>(inventory: &'a Inventory, subnet: &'a Subnet, family: Family) -> Result<Vec<WayOut<'a>>, Gap> {
    let traveller = Traveller::new(subnet, family);
    let table = effective_table(inventory, subnet)?.table;
    let division = divide(&table.routes, family, &inventory.prefix_lists);
    let serves = |route: &Route| passage::judge(inventory, route, &traveller) == Passage::Service;
    if let Some((_, gap)) = division.undetermined.into_iter().find(|(route, _)| !serves(route)) {
        return Err(gap);
    }
    let ways = division.claims.into_iter().map(|claim| Way::new(inventory, claim, &traveller));
    let ways = ways.map(|Way { claim: Claim { route, addresses }, passage }| {
        let leads = match passage {
            Passage::Leads(class, because) => Ok((Some(class), because)),
            Passage::Service => Ok((None, format!("{} is a gateway endpoint", route.target.id()))),
            Passage::Unknown(gap) => Err(gap),
        };
        WayOut { route, addresses, leads }
    });
    Ok(ways.collect())
}

/// Looks where the internet's addresses lead from where the traveller is.
fn survey<'a>(inventory: &'a Inventory, traveller: &Traveller<'a>) -> FamilyVerdict<'a> {
    try_survey(inventory, traveller).unwrap_or_else(|gap| FamilyVerdict {
        family: traveller.family,
        class: Class::Unknown,
        proof: Vec::new(),
        public_blocks: Vec::new(),
        reach: Reach::unknown(traveller.family, gap.clone()),
        gaps: vec![gap],
    })
}

fn try_survey<'a>(inventory: &'a Inventory, traveller: &Traveller<'a>) -> Result<FamilyVerdict<'a>, Gap> {
    let family = traveller.family;
    let table = effective_table(inventory, traveller.subnet)?.table;
    let vpc = inventory.vpcs.find(&traveller.subnet.vpc)?;
    let division = divide(&table.routes, family, &inventory.prefix_lists);
    let claims = division.claims.into_iter();
    let ways: Vec<Way> = claims.map(|claim| Way::new(inventory, claim, traveller)).collect();
    let space = without_services(&internet(family, &vpc.blocks), &ways);
    let mut gaps: Vec<Gap> = Vec::new();
    let mut proof = Vec::new();
    for way in ways.iter().filter(|way| way.matters(&space, family)) {
        let (class, because) = match &way.passage {
            Passage::Leads(class, because) => (*class, because.clone()),
            Passage::Unknown(gap) => {
                gaps.push(gap.clone());
                (Class::Unknown, gap.to_string())
            }
            Passage::Service => continue,
        };
        proof.push(Proof {
            route: way.claim.route,
            share: share(&way.claim.addresses.intersect(&space), &space),
            class,
            because,
        });
    }
    let reach = Reach::of(inventory, traveller, &ways, &division.undetermined, &space);
    let known = proof.iter().map(|proof| proof.class).max().unwrap_or(Class::Isolated);
    let undetermined = division.undetermined.into_iter();
    gaps.extend(
        undetermined
            .filter(|(route, _)| could_be_worse(&passage::judge(inventory, route, traveller), known))
            .map(|(_, gap)| gap),
    );
    let class = if gaps.is_empty() { known } else { known.max(Class::Unknown) };
    let (class, public_blocks) = narrowed(class, &ways, &space, family);
    if class != Class::Unknown {
        gaps.clear();
    }
    gaps.sort();
    gaps.dedup();
    Ok(FamilyVerdict { family, class, proof, public_blocks, reach, gaps })
}

/// Whatever a list of addresses holds, a way that is no worse than those that are known cannot change the verdict.
fn could_be_worse(passage: &Passage, known: Class) -> bool {
    match passage {
        Passage::Leads(class, _) => *class > known,
        Passage::Unknown(_) => Class::Unknown > known,
        Passage::Service => false,
    }
}

/// Tells whether a public subnet is so for all of the internet, and if not, for which blocks.
fn narrowed(class: Class, ways: &[Way<'_>], space: &AddressSet, family: Family) -> (Class, Vec<Prefix>) {
    let is_public = |way: &&Way<'_>| matches!(way.passage, Passage::Leads(Class::Public, _));
    let public = ways.iter().filter(is_public);
    let public = public.fold(AddressSet::default(), |addresses, way| addresses.union(&way.claim.addresses));
    if class != Class::Public || space.subtract(&public).is_empty() {
        return (class, Vec::new());
    }
    (Class::PublicPartial, public.prefixes(family))
}

/// A route's addresses, and where they lead.
struct Way<'a> {
    claim: Claim<'a>,
    passage: Passage,
}

impl<'a> Way<'a> {
    fn new(inventory: &'a Inventory, claim: Claim<'a>, traveller: &Traveller<'a>) -> Self {
        let passage = passage::judge(inventory, claim.route, traveller);
        let way = Self { claim, passage };
        let native = traveller.family == Family::Ipv6 && way.leads_to_nat_gateway() && !way.translates();
        if !native {
            return way;
        }
        let because = "a NAT gateway carries IPv6 only if it is translated (64:ff9b::/96)".to_owned();
        Self { passage: Passage::Leads(Class::BrokenEgress, because), ..way }
    }

    /// Whether it takes internet addresses, or those that a NAT gateway translates into such.
    fn matters(&self, space: &AddressSet, family: Family) -> bool {
        let addresses = &self.claim.addresses;
        !addresses.intersect(space).is_empty() || (family == Family::Ipv6 && self.translates())
    }

    fn leads_to_nat_gateway(&self) -> bool {
        matches!(self.claim.route.target, Target::NatGateway(_))
    }

    fn translates(&self) -> bool {
        self.leads_to_nat_gateway() && !self.claim.addresses.intersect(&translated()).is_empty()
    }
}

/// Addresses behind a gateway endpoint are a service of AWS in reach, no matter how the internet is.
fn without_services(space: &AddressSet, ways: &[Way<'_>]) -> AddressSet {
    let services = ways.iter().filter(|way| way.passage == Passage::Service);
    services.fold(space.clone(), |space, way| space.subtract(&way.claim.addresses))
}

#[expect(clippy::cast_precision_loss, reason = "a share for people; classes are decided on whole numbers")]
fn share(part: &AddressSet, whole: &AddressSet) -> f64 {
    if whole.is_empty() {
        return 0.0;
    }
    part.size() as f64 / whole.size() as f64
}

#[cfg(test)]
mod tests;
