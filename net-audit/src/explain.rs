//! Whether one place can speak to another, and by which way: `net-audit --explain FROM TO[:PORT]`. Pure.
//!
//! Security groups keep state: only the side that begins is asked. Network ACLs and routes do not: both ways are asked, answers included.

mod dns;
mod end;
mod error;
mod filter;
mod gateway;
mod internet;
mod jump;
mod kind;
mod leg;
mod missing;
mod near;
mod place;
mod search;
mod table;
mod thing;
mod walk;
mod within;

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::address::prefix::Family;
use crate::audit::finding::{Confidence, Resource};
use crate::facts::Facts;
use crate::inventory::gap::Gap;

use end::{End, set_of};
use jump::Ways;
use search::find;
use thing::Found;
use walk::{Side, Walk, openings};

pub use error::PlaceError;
pub use place::{NotQuestion, Place, Question, Service};

/// The answer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Explanation {
    /// Who begins.
    pub from: EndReport,
    /// Whom it speaks to.
    pub to: EndReport,
    /// What is asked about: `tcp 5432`, or `any port`.
    pub traffic: String,
    /// The address family in which it gets furthest.
    pub family: Family,
    /// Whether it gets there directly; `null` if that cannot be said.
    pub reaches: Option<bool>,
    /// Whether it gets there at all, directly or by way of one thing in between (`via`); `null` if that cannot be said. To the internet only the
    /// direct way is looked for.
    pub reaches_by_any_way: Option<bool>,
    /// How sure it is.
    pub confidence: Confidence,
    /// What gets through, if it gets there.
    pub openings: Vec<String>,
    /// All steps of the way there and back, as far as it was gone.
    pub hops: Vec<HopStep>,
    /// The first step that does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<HopStep>,
    /// If it does not get there for certain: ways by one thing in between, a load balancer or a jump host.
    pub via: Vec<Alternative>,
    /// What is missing for an answer.
    #[serde(serialize_with = "in_words")]
    #[schemars(with = "Vec<String>")]
    pub gaps: Vec<Gap>,
}

/// An end of the conversation.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EndReport {
    /// What it is: `database orders`.
    pub title: String,
    /// What was found under the name.
    #[serde(flatten)]
    pub resource: Resource,
    /// The one of its interfaces that is spoken of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// Its subnet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
    /// Its VPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc: Option<String>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HopStep {
    /// Its number, from 1.
    pub number: usize,
    /// What is asked.
    pub what: What,
    /// What it is asked of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// Whether it holds; `null` if it cannot be said.
    pub holds: Option<bool>,
    /// Why: the rule, the route, the state.
    pub because: String,
}

/// What a step asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Whether an end runs.
    Running,
    /// Whether the groups of the one that begins let it out.
    SecurityGroupOut,
    /// Whether a subnet's ACL lets it out.
    NetworkAclOut,
    /// Whether a subnet's routes lead there.
    Route,
    /// Both ends are in one subnet.
    SameSubnet,
    /// Whether something that forwards does so; with a load balancer, the conversation before it ends here, and another one begins.
    Middlebox,
    /// A NAT gateway.
    NatGateway,
    /// A peering connection.
    Peering,
    /// A transit gateway.
    TransitGateway,
    /// Whether it has an address that the internet knows.
    PublicAddress,
    /// Whether Block Public Access stands in the way.
    BlockPublicAccess,
    /// Whether a subnet's ACL lets it in.
    NetworkAclIn,
    /// Whether the groups of the other end let it in.
    SecurityGroupIn,
    /// Whether a subnet's ACL lets answers out.
    AnswerAclOut,
    /// Whether a subnet's routes lead back.
    AnswerRoute,
    /// Whether a subnet's ACL lets answers in.
    AnswerAclIn,
    /// The jump host: the conversation before it ends here, and another one begins.
    JumpHost,
}

impl What {
    /// The words for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Running => "runs",
            Self::SecurityGroupOut => "security group out",
            Self::NetworkAclOut => "network ACL out",
            Self::Route => "route",
            Self::SameSubnet => "same subnet",
            Self::Middlebox => "by way of",
            Self::NatGateway => "NAT gateway",
            Self::Peering => "peering",
            Self::TransitGateway => "transit gateway",
            Self::PublicAddress => "public address",
            Self::BlockPublicAccess => "Block Public Access",
            Self::NetworkAclIn => "network ACL in",
            Self::SecurityGroupIn => "security group in",
            Self::AnswerAclOut => "answer: network ACL out",
            Self::AnswerRoute => "answer: route",
            Self::AnswerAclIn => "answer: network ACL in",
            Self::JumpHost => "jump host",
        }
    }
}

/// A way by something in between: a load balancer that sends on, or a jump host.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Alternative {
    /// What it is: `instance bastion`.
    pub title: String,
    /// Its interface.
    #[serde(flatten)]
    pub jump_host: Resource,
    /// What it is itself spoken to by.
    pub openings: Vec<String>,
    /// What gets through from there to the other end.
    pub onward: Vec<String>,
    /// Whether it gets there; `null` if that cannot be said.
    pub reaches: Option<bool>,
    /// All steps, it among them.
    pub hops: Vec<HopStep>,
}

fn in_words<S: Serializer>(gaps: &[Gap], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(gaps.iter().map(ToString::to_string))
}

/// A way, and the ends that it is between.
struct Attempt<'a> {
    walk: Walk,
    from: End<'a>,
    to: End<'a>,
}

/// Answers a question.
///
/// # Errors
/// A place is not there, or it may be several.
pub fn explain<'a>(regions: &[&'a Facts<'a>], question: &Question) -> Result<Explanation, PlaceError> {
    let from =
        find(regions, &question.from, true).map_err(|error| error.with_example(|name| question.begun_at(name)))?;
    let to = find(regions, &question.to, false).map_err(|error| error.with_example(|name| question.put_to(name)))?;
    let is_outside =
        |found: &Found<'_>| !found.ends.is_empty() && found.ends.iter().all(|end| !matches!(end, End::Inside(_)));
    let texts = || (question.from.to_string(), question.to.to_string());
    if is_outside(&from) && is_outside(&to) {
        let (from, to) = texts();
        return Err(PlaceError::BothOutside { from, to });
    }
    let service = question.service.or(to.service);
    let traffic = service.map_or_else(|| "any port".to_owned(), |service| service.to_string());
    let Some(attempt) = attempt(&from, &to, service) else {
        let mut gaps: Vec<Gap> = from.gaps.iter().chain(&to.gaps).cloned().collect();
        gaps.sort();
        gaps.dedup();
        if gaps.is_empty() {
            let (from, to) = texts();
            return Err(PlaceError::NoFamily { from, to });
        }
        return Ok(unknown(&from, &to, traffic, gaps));
    };
    let reaches = attempt.walk.reaches();
    let ways = if reaches == Some(true) { Ways::default() } else { jump::ways(regions, &from, &to, service) };
    let Attempt { mut walk, from: mut source, to: mut destination } = attempt;
    for (end, side) in [(&mut source, Side::Source), (&mut destination, Side::Destination)] {
        if let End::Inside(inside) = end {
            inside.settle(walk.family, &walk.left(side));
        }
    }
    walk.trust_only(from.confidence.min(to.confidence));
    Ok(Explanation {
        from: report(&from, Some(&source)),
        to: report(&to, Some(&destination)),
        traffic,
        family: walk.family,
        reaches,
        reaches_by_any_way: ways.reach(reaches),
        confidence: walk.confidence,
        openings: if walk.stopped { Vec::new() } else { openings(&walk.flows) },
        stopped_by: walk.steps.iter().find(|step| step.holds == Some(false)).cloned(),
        hops: walk.steps,
        via: ways.told,
        gaps: walk.gaps,
    })
}

fn unknown(from: &Found<'_>, to: &Found<'_>, traffic: String, gaps: Vec<Gap>) -> Explanation {
    Explanation {
        from: report(from, None),
        to: report(to, None),
        traffic,
        family: Family::Ipv4,
        reaches: None,
        reaches_by_any_way: None,
        confidence: Confidence::Low,
        openings: Vec::new(),
        hops: Vec::new(),
        stopped_by: None,
        via: Vec::new(),
        gaps,
    }
}

fn report(found: &Found<'_>, end: Option<&End<'_>>) -> EndReport {
    let inside = match end {
        Some(End::Inside(inside)) => Some(inside),
        _ => None,
    };
    EndReport {
        title: found.title.clone(),
        resource: found.resource.clone(),
        interface: inside.and_then(|inside| inside.interfaces.first()).map(|interface| interface.id.clone()),
        subnet: inside.map(|inside| inside.subnet.id.clone()),
        vpc: inside.map(|inside| inside.subnet.vpc.clone()),
    }
}

/// Tries every end with every other in both families, until one gets there; else the one that gets furthest.
fn attempt<'a>(from: &Found<'a>, to: &Found<'a>, service: Option<Service>) -> Option<Attempt<'a>> {
    let mut best: Option<Attempt<'a>> = None;
    for family in [Family::Ipv4, Family::Ipv6] {
        let in_family = |found: &Found<'a>| -> Vec<End<'a>> {
            found.ends.iter().filter(|end| search::has_family(end, family)).cloned().collect()
        };
        let (sources, destinations) = (in_family(from), in_family(to));
        for source in &sources {
            for destination in &destinations {
                let Some(walk) = walk(source, destination, family, service) else { continue };
                if best.as_ref().is_none_or(|best| walk.rank() > best.walk.rank()) {
                    best = Some(Attempt { walk, from: source.clone(), to: destination.clone() });
                }
                if best.as_ref().is_some_and(|best| best.walk.reaches() == Some(true)) {
                    return best;
                }
            }
        }
    }
    best
}

/// The way from one end to the other; `None` if nothing of it is inside.
fn walk<'a>(from: &End<'a>, to: &End<'a>, family: Family, service: Option<Service>) -> Option<Walk> {
    Some(match (from, to) {
        (End::Inside(from), End::Inside(to)) => match to.public.filter(|_| family == Family::Ipv4) {
            Some(address) => internet::around(from, to, IpAddr::V4(address), service),
            None => within::within(from, to, family, service),
        },
        (End::Inside(from), End::Internet(address)) => internet::outbound(from, *address, family, service),
        (End::Inside(from), End::Elsewhere(address)) => internet::elsewhere(from, *address, false, service),
        (End::Internet(None), End::Inside(to)) => {
            internet::inbound(&internet::space(to, family, None), to, family, service)
        }
        (End::Internet(Some(address)), End::Inside(to)) => internet::inbound(&set_of(*address).1, to, family, service),
        (End::Elsewhere(address), End::Inside(to)) => internet::elsewhere(to, *address, true, service),
        (End::Internet(_) | End::Elsewhere(_), End::Internet(_) | End::Elsewhere(_)) => return None,
    })
}

#[cfg(test)]
mod tests;
