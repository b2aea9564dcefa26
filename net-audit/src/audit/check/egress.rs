//! Ways out that nobody needs: NET011.

use std::collections::BTreeMap;

use super::doubt::doubt;
use super::occupants::{in_subnet, who};
use super::remedy::aws;
use super::remedy::route::destination_option;
use super::remedy::table::{Becomes, OwnTable};
use super::resources::{listed, subnet, table, zones};
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Resource};
use crate::audit::rule::Rule;
use crate::classify::class::Class;
use crate::classify::routing::EffectiveTable;
use crate::classify::{Proof, SubnetVerdict};
use crate::exposure::purpose::Purpose;
use crate::facts::Facts;
use crate::facts::intent::Meant;
use crate::inventory::{Route, RouteTable};

const RULE: Rule = Rule::NeedlessEgress;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings) {
    let interfaces = facts.inventory.network_interfaces.known();
    let may_be_tier = |verdict: &SubnetVerdict<'_>| tier(facts, verdict).is_some() || interfaces.is_err();
    doubt(facts, &[RULE], findings, may_be_tier);
    let mut tiers: BTreeMap<&str, Tier<'_>> = BTreeMap::new();
    let mut is_open = false;
    for verdict in facts.subnets.iter().filter(|verdict| ways_out(verdict).next().is_some()) {
        let Some(confidence) = tier(facts, verdict) else {
            is_open = true;
            continue;
        };
        let Some(table) = verdict.route_table else { continue };
        let tier = tiers.entry(&table.table.id).or_insert_with(|| Tier::new(facts, table));
        tier.confidence = tier.confidence.min(confidence);
        tier.subnets.push(verdict);
    }
    // Without interfaces it is not known what stands in the subnets of which nothing says what they are for.
    if let Err(gap) = interfaces
        && is_open
    {
        findings.unknown(RULE, gap);
    }
    for tier in tiers.into_values() {
        let has_others = facts.users(&tier.table.id).count() > tier.subnets.len();
        findings.add(tier.finding(has_others));
    }
}

/// Whether a subnet is a tier of databases or meant to be without a way to the internet, and how sure that is.
fn tier(facts: &Facts<'_>, verdict: &SubnetVerdict<'_>) -> Option<Confidence> {
    let meant = facts.setting.intent.of(facts.inventory, verdict.subnet);
    let (mut stores, mut others) = (0_usize, 0_usize);
    for exposure in in_subnet(facts, &verdict.subnet.id) {
        match &*exposure.purpose {
            // Mount targets of EFS stand beside what mounts them.
            Purpose::Store { service: "EFS", .. }
            | Purpose::NatGateway
            | Purpose::Endpoint
            | Purpose::TransitGateway
            | Purpose::Nothing => {}
            Purpose::Store { .. } => stores += 1,
            _ => others += 1,
        }
    }
    match (meant, stores > 0, others > 0) {
        (Meant::Isolated, true, false) => Some(Confidence::High),
        (Meant::Isolated, false, false) | (Meant::Unsaid, true, false) => Some(Confidence::Medium),
        // A name says so, and something stands there that may need the internet; or only databases do, and more may come.
        (Meant::Isolated, _, true) | (Meant::Private | Meant::Public, true, false) => Some(Confidence::Low),
        _ => None,
    }
}

/// The routes by which a subnet can speak to the internet, and the internet not to it.
fn ways_out<'v>(verdict: &'v SubnetVerdict<'_>) -> impl Iterator<Item = &'v Proof<'v>> {
    let lets_out = |class: Class| matches!(class, Class::PrivateNat | Class::PrivateNatInstance | Class::EgressOnly);
    let families = verdict.families.iter().filter(move |family| lets_out(family.class));
    families.flat_map(|family| &family.proof).filter(move |way| lets_out(way.class))
}

/// Subnets of one table that need no internet and have it.
struct Tier<'f> {
    facts: &'f Facts<'f>,
    table: &'f RouteTable,
    subnets: Vec<&'f SubnetVerdict<'f>>,
    confidence: Confidence,
}

impl<'f> Tier<'f> {
    fn new(facts: &'f Facts<'f>, table: EffectiveTable<'f>) -> Self {
        Self { facts, table: table.table, subnets: Vec::new(), confidence: Confidence::High }
    }

    fn finding(&self, has_others: bool) -> Finding {
        let table = table(self.table);
        let subnets: Vec<Resource> = self.subnets.iter().map(|verdict| subnet(verdict.subnet)).collect();
        let labels: Vec<String> = subnets.iter().map(Resource::label).collect();
        // Where others need the route, it is the subnets that are to be moved.
        let resources = if has_others {
            subnets.into_iter().chain([table]).collect()
        } else {
            std::iter::once(table).chain(subnets).collect()
        };
        let verb = if labels.len() == 1 { "is a tier" } else { "are a tier" };
        Finding {
            rule: RULE,
            severity: RULE.severity(),
            title: format!("{} {verb} of databases and can reach the internet", listed(&labels)),
            resources,
            vpc: Some(self.table.vpc.clone()),
            availability_zones: zones(self.subnets.iter().map(|verdict| verdict.subnet)),
            proof: self.proof(),
            blast_radius: who(self.facts, self.subnets.iter().map(|verdict| verdict.subnet.id.as_str())),
            money: None,
            confidence: self.confidence,
            remedy: self.remedy(has_others),
        }
    }

    fn proof(&self) -> Vec<String> {
        let mut proof: Vec<String> = Vec::new();
        for verdict in &self.subnets {
            for way in ways_out(verdict) {
                let line = format!("{}: {}", way.route.sent_by(&self.table.id), way.because);
                if !proof.contains(&line) {
                    proof.push(line);
                }
            }
        }
        for verdict in &self.subnets {
            let subnet = &verdict.subnet.id;
            let stands = who(self.facts, [subnet.as_str()]);
            let meant = match self.facts.setting.intent.of(self.facts.inventory, verdict.subnet) {
                Meant::Isolated => "meant to be isolated",
                _ => "said by nothing to be meant for more",
            };
            proof.push(format!("{subnet} uses {}, is {meant}, and holds: {stands}", self.table.id));
        }
        proof
    }

    fn routes(&self) -> Vec<&'f Route> {
        let mut routes: Vec<&Route> = Vec::new();
        for way in self.subnets.iter().flat_map(|verdict| ways_out(verdict)) {
            if !routes.contains(&way.route) {
                routes.push(way.route);
            }
        }
        routes
    }

    fn remedy(&self, has_others: bool) -> Remedy {
        let facts = self.facts;
        let table = &self.table.id;
        let routes = self.routes();
        let names: Vec<String> = routes.iter().map(|route| route.destination_name()).collect();
        let names = listed(&names);
        let instead = "What they fetch from S3 or DynamoDB goes by gateway endpoints, which are free; other services of AWS \
                       by interface endpoints.";
        if self.confidence == Confidence::Low {
            return self.look_first(&names, instead);
        }
        if !has_others {
            let delete = |route: &&Route| {
                let what = destination_option(route)?;
                Some(aws(facts, format_args!("ec2 delete-route --route-table-id {table} {what}")))
            };
            return Remedy {
                advice: format!(
                    "Drop the route to {names} from {table}: databases answer, they need not ask. {instead}"
                ),
                cli: routes.iter().filter_map(delete).collect(),
                terraform: format!("# remove the aws_route (or the route block) to {names} from {table}"),
            };
        }
        let is_out = |route: &Route| routes.iter().any(|out| std::ptr::eq(*out, route));
        let subnets = self.subnets.iter().map(|verdict| verdict.subnet.id.as_str());
        let own = OwnTable::new(facts, self.table, &format!("isolated_from_{table}"), subnets, |route| {
            if is_out(route) { Becomes::Gone } else { Becomes::Same }
        });
        Remedy {
            advice: format!(
                "Give them a route table without a route to {names}: other subnets use {table} too, so it keeps the route.{} \
                 {instead}",
                own.advice()
            ),
            cli: own.cli(),
            terraform: own.terraform(),
        }
    }

    /// What stands there may need the internet: whether it does is to be seen before anything is taken away.
    fn look_first(&self, names: &str, instead: &str) -> Remedy {
        let ids: Vec<&str> = self.subnets.iter().map(|verdict| verdict.subnet.id.as_str()).collect();
        let filter = format!("--filters Name=subnet-id,Values={}", ids.join(","));
        Remedy {
            advice: format!(
                "Look first what stands there and whether it needs the internet. What does belongs into another subnet; then \
                 the rest needs no route to {names}. If it is to stay, the names or tags of the subnets say too much, or \
                 waive this finding. {instead}"
            ),
            cli: vec![aws(self.facts, format_args!("ec2 describe-network-interfaces {filter}"))],
            terraform: String::new(),
        }
    }
}

#[cfg(test)]
mod tests;
