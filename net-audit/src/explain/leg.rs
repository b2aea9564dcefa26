//! One way of a conversation inside: where a subnet's routes send the other end's addresses, over peering, transit gateways and middleboxes.

use crate::address::prefix::Family;
use crate::address::set::AddressSet;
use crate::audit::finding::{Confidence, Resource};
use crate::classify::routing::{Claim, divide_all, effective_table};
use crate::inventory::gap::Gap;
use crate::inventory::{
    Attachment, Inventory, NatPlace, Peering, Route, RouteState, RouteTable, Target, TransitAttachment,
};

use super::What;
use super::end::Inside;
use super::filter::References;
use super::walk::{Answer, Side, Walk, addresses};

/// Which way it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// From the one that begins to the other.
    There,
    /// Back.
    Back,
}

/// Where a subnet sends another one's addresses, step by step.
pub(super) struct Leg<'a> {
    steps: Vec<(What, Option<Resource>, Answer)>,
    /// The addresses that this way is for; others may go another one.
    covers: Option<AddressSet>,
    bound: Bound,
    /// What takes it, if it leaves the VPC or goes by way of something.
    by: Option<&'a Target>,
    pub(super) references: References,
    confidence: Confidence,
}

impl<'a> Leg<'a> {
    /// Looks up the way from one end to the other.
    pub(super) fn find(here: &Inside<'a>, there: &Inside<'a>, family: Family, bound: Bound) -> Self {
        let mut leg = Self {
            steps: Vec::new(),
            covers: None,
            bound,
            by: None,
            references: References::Count,
            confidence: Confidence::High,
        };
        leg.go(here, there, family);
        leg
    }

    /// Tells the walk, and what of its traffic takes this way.
    pub(super) fn walk(self, walk: &mut Walk) {
        if walk.stopped {
            return;
        }
        let side = if self.bound == Bound::There { Side::Destination } else { Side::Source };
        if let Some(covers) = &self.covers {
            walk.keep(side, covers);
        }
        for (what, resource, answer) in self.steps {
            walk.ask(what, resource, answer);
        }
        walk.trust_only(self.confidence);
    }

    /// Adds that answers must go by what the request came by.
    pub(super) fn must_go_by(&mut self, there: &Self, here: &Inside<'_>, across: bool) {
        let stops = |leg: &Self| leg.steps.iter().any(|(_, _, answer)| matches!(answer, Ok((false, _))));
        let is_seen = !across || matches!(there.by, Some(Target::OtherNetwork(_)));
        if self.by == there.by || !is_seen || stops(self) {
            return;
        }
        if !across {
            // A firewall that sees only one way may drop it.
            self.confidence = self.confidence.min(Confidence::Medium);
            return;
        }
        let name = |target: Option<&Target>| target.map_or("local", Target::id).to_owned();
        let because = format!("{} sends answers to {}, not back to {}", here.subnet.id, name(self.by), name(there.by));
        self.steps.push((What::AnswerRoute, Some(here.place()), Ok((false, because))));
    }

    fn tell(&mut self, what: What, resource: Option<Resource>, answer: Answer) {
        self.steps.push((what, resource, answer));
    }

    fn go(&mut self, here: &Inside<'a>, there: &Inside<'a>, family: Family) {
        let what = if self.bound == Bound::There { What::Route } else { What::AnswerRoute };
        let inventory = here.facts.inventory;
        let wanted = there.addresses(family);
        let table = match effective_table(inventory, here.subnet) {
            Ok(effective) => effective.table,
            Err(gap) => return self.unknown(what, here.place(), gap),
        };
        let resource = Resource::new(table.id.as_str(), table.name());
        let division = divide_all(&table.routes, family, &inventory.prefix_lists);
        let undetermined =
            division.undetermined.into_iter().filter(|(route, _)| !is_gateway_endpoint(inventory, route));
        let undetermined = undetermined.map(|(_, gap)| gap).next();
        let meets = |claim: &Claim<'a>| claim.addresses.intersect(wanted).size();
        let claim = division.claims.iter().filter(|claim| meets(claim) > 0).max_by_key(|claim| meets(claim));
        let same_vpc = here.subnet.vpc == there.subnet.vpc;
        let Some(claim) = claim else {
            let addresses = addresses(wanted, family);
            let answer = match undetermined {
                Some(gap) => return self.unknown(what, resource, gap),
                // Every table has it, whether or not the document shows it.
                None if same_vpc => (true, format!("{} is local", here.subnet.vpc)),
                None => (false, format!("{} has no route to {addresses}", table.id)),
            };
            return self.tell(what, Some(resource), Ok(answer));
        };
        if let Some(gap) = undetermined.filter(|_| claim.route.target != Target::Local) {
            return self.unknown(what, resource, gap);
        }
        self.covers = Some(claim.addresses.intersect(wanted));
        self.follow(table, claim.route, here, there, what);
    }

    fn unknown(&mut self, what: What, resource: Resource, gap: Gap) {
        self.references = References::Unknown(gap.clone());
        self.tell(what, Some(resource), Err(gap));
    }

    fn follow(&mut self, table: &'a RouteTable, route: &'a Route, here: &Inside<'a>, there: &Inside<'a>, what: What) {
        let resource = Resource::new(table.id.as_str(), table.name());
        let sends = route.sent_by(&table.id);
        if route.state == RouteState::Blackhole {
            return self.tell(what, Some(resource), Ok((false, format!("{sends}, which is gone: a black hole"))));
        }
        let same_vpc = here.subnet.vpc == there.subnet.vpc;
        let inventory = here.facts.inventory;
        match &route.target {
            Target::Local if same_vpc => self.tell(what, Some(resource), Ok((true, sends))),
            Target::Local => {
                let because = format!("{sends}: {} and {} have the same addresses", here.subnet.vpc, there.subnet.vpc);
                self.tell(what, Some(resource), Ok((false, because)));
            }
            target @ (Target::NetworkInterface(_) | Target::Instance(_) | Target::VpcEndpoint(_)) if same_vpc => {
                self.by = Some(target);
                self.references = References::Ignored;
                self.confidence = Confidence::Medium;
                self.tell(what, Some(resource), Ok((true, format!("{sends}, by way of which it goes"))));
                self.tell(What::Middlebox, Some(Resource::new(target.id(), None)), forwards(inventory, target));
            }
            Target::InternetGateway(_) | Target::CarrierGateway(_) | Target::EgressOnlyInternetGateway(_)
                if !there.addresses(Family::Ipv4).is_empty() =>
            {
                let because = format!("{sends}, and the internet knows no address of {}", there.subnet.vpc);
                self.tell(what, Some(resource), Ok((false, because)));
            }
            target @ Target::OtherNetwork(id) if id.starts_with("pcx-") => {
                self.by = Some(target);
                self.tell(what, Some(resource), Ok((true, sends)));
                self.peering(id, here, there);
            }
            target @ Target::OtherNetwork(id) if id.starts_with("tgw-") => {
                self.by = Some(target);
                self.tell(what, Some(resource), Ok((true, sends)));
                self.transit(id, here, there);
            }
            Target::NatGateway(id) if !same_vpc && translates_to_internet_only(inventory, id, there) => {
                let because = format!(
                    "{sends}, from where nothing but the internet is in reach, and {} is not",
                    there.subnet.vpc
                );
                self.tell(what, Some(resource), Ok((false, because)));
            }
            target => {
                self.by = Some(target);
                let gap = Gap::NotUnderstood(format!("{sends}: what it does with it is not seen"));
                self.unknown(what, resource, gap);
            }
        }
    }

    fn peering(&mut self, id: &str, here: &Inside<'a>, there: &Inside<'a>) {
        let (ours, theirs) = (here.facts.inventory, there.facts.inventory);
        let found = ours.peerings.find(id).or_else(|gap| theirs.peerings.get(id).ok_or(gap));
        let across = matches!((&ours.region, &theirs.region), (Some(one), Some(other)) if one != other);
        if across {
            self.references = References::Ignored;
        }
        match found {
            Err(gap) => self.unknown(What::Peering, Resource::new(id, None), gap),
            Ok(peering) => {
                let resource = Resource::new(id, peering.tags.name());
                self.tell(What::Peering, Some(resource), Ok(leads(peering, &here.subnet.vpc, &there.subnet.vpc)));
            }
        }
    }

    fn transit(&mut self, id: &str, here: &Inside<'a>, there: &Inside<'a>) {
        for end in [here, there] {
            let (vpc, attachments) = (end.subnet.vpc.as_str(), &end.facts.inventory.transit_attachments);
            let of_vpc = |attachment: &&TransitAttachment| attachment.gateway == id && attachment.vpc == vpc;
            let answer = match (attachments.iter().find(of_vpc), attachments.known()) {
                (Some(attachment), _) => {
                    let because = format!("{} ties {vpc} to it and is {}", attachment.id, attachment.state);
                    Ok((attachment.state == "available", because))
                }
                (None, Err(gap)) => Err(gap),
                (None, Ok(_)) => {
                    Err(Gap::NotUnderstood(format!("{vpc} has no attachment to {id}: others may lead on to it")))
                }
            };
            self.tell(What::TransitGateway, Some(Resource::new(id, None)), answer);
        }
        let gap = Gap::NotUnderstood(format!(
            "the route tables of {id} are not seen: whether it carries this cannot be said"
        ));
        self.confidence = Confidence::Medium;
        self.unknown(What::TransitGateway, Resource::new(id, None), gap);
    }
}

/// Whether a peering connection leads from one VPC to the other.
fn leads(peering: &Peering, from: &str, to: &str) -> (bool, String) {
    let id = &peering.id;
    match peering.other_side(from) {
        _ if peering.status != "active" => (false, format!("{id} is {}", peering.status)),
        None => (false, format!("{id} does not begin at {from}")),
        Some(other) if other.vpc == to => (true, format!("{id} is active between {from} and {to}")),
        Some(other) => (false, format!("{id} leads to {}, and peering leads no further than that", other.vpc)),
    }
}

/// Lists of S3 and DynamoDB hold no address of a VPC.
fn is_gateway_endpoint(inventory: &Inventory, route: &Route) -> bool {
    let Target::VpcEndpoint(id) = &route.target else { return false };
    inventory.vpc_endpoints.get(id).is_none_or(|endpoint| endpoint.kind == "Gateway")
}

/// Whether the subnet of a NAT gateway sends an end's addresses to the internet, or nowhere.
fn translates_to_internet_only(inventory: &Inventory, id: &str, there: &Inside<'_>) -> bool {
    let place = inventory.nat_gateways.get(id).map(|gateway| &gateway.place);
    let Some(NatPlace::Subnet(place)) = place else { return false };
    let Some(Ok(effective)) = inventory.subnets.get(place).map(|subnet| effective_table(inventory, subnet)) else {
        return false;
    };
    let division = divide_all(&effective.table.routes, Family::Ipv4, &inventory.prefix_lists);
    let wanted = there.addresses(Family::Ipv4);
    let mut taking = division.claims.iter().filter(|claim| !claim.addresses.intersect(wanted).is_empty());
    division.undetermined.is_empty() && taking.all(|claim| matches!(claim.route.target, Target::InternetGateway(_)))
}

/// Whether something that traffic is sent by sends it on.
fn forwards(inventory: &Inventory, target: &Target) -> Answer {
    let id = target.id();
    let on = || format!("by way of {id}, which sends on; its own rules are not seen");
    match target {
        Target::VpcEndpoint(_) => {
            let endpoint = inventory.vpc_endpoints.find(id)?;
            let works = endpoint.kind == "GatewayLoadBalancer" && endpoint.state == "available";
            let not = || format!("{id} is of type {} and {}", endpoint.kind, endpoint.state);
            Ok((works, if works { on() } else { not() }))
        }
        Target::NetworkInterface(_) => {
            let interface = inventory.network_interfaces.find(id)?;
            match &interface.attachment {
                Attachment::Detached => return Ok((false, format!("{id} is attached to nothing"))),
                Attachment::Service | Attachment::Unsaid => {}
                Attachment::Instance(owner) => {
                    let state = &inventory.instances.find(owner)?.state;
                    if state != "running" {
                        return Ok((false, format!("{id} belongs to {owner}, which is {state}")));
                    }
                }
            }
            Ok(checked(id, interface.source_destination_check, on()))
        }
        _ => {
            let instance = inventory.instances.find(id)?;
            if instance.state != "running" {
                return Ok((false, format!("{id} is {}", instance.state)));
            }
            Ok(checked(id, instance.source_destination_check, on()))
        }
    }
}

fn checked(id: &str, check: bool, on: String) -> (bool, String) {
    if check { (false, format!("{id} does not forward: its source/destination check is on")) } else { (true, on) }
}
