//! NET018, of endpoints: interface endpoints that can hardly pay for themselves beside NAT gateways.

use std::collections::BTreeMap;

use super::BehindNat;
use crate::address::prefix::Family;
use crate::audit::check::occupants::in_subnet;
use crate::audit::check::remedy::aws;
use crate::audit::check::resources;
use crate::audit::finding::{Confidence, Finding, Findings, Money, Remedy, Resource};
use crate::audit::rule::Rule;
use crate::classify::class::Class;
use crate::exposure::purpose::Purpose;
use crate::facts::Facts;
use crate::inventory::gap::{Gap, Kind};
use crate::inventory::{NatGateway, VpcEndpoint};
use crate::money::cost::{self, Cost, dollars, gigabytes};
use crate::money::price::month::endpoint_break_even_gb;
use crate::money::{Gigabytes, Usage, zones};

const RULE: Rule = Rule::CostlyEndpoints;

pub(super) fn check(facts: &Facts<'_>, usage: &Usage<'_>, behind_nat: &BehindNat<'_>, findings: &mut Findings) {
    let mut endpoints: BTreeMap<&str, Vec<&VpcEndpoint>> = BTreeMap::new();
    for endpoint in facts.inventory.vpc_endpoints.iter() {
        let stands = endpoint.kind == "Interface" && endpoint.state == "available" && !endpoint.subnets.is_empty();
        let stands = stands && endpoint.service.as_deref().is_some_and(|service| is_public(facts, service));
        if let Some(vpc) = endpoint.vpc.as_deref().filter(|_| stands) {
            endpoints.entry(vpc).or_default().push(endpoint);
        }
    }
    for (vpc, endpoints) in endpoints {
        // Where nothing else leads to the service, the endpoint is not there to save money.
        if !behind_nat.contains_key(vpc) || somebody_needs_them(facts, vpc) {
            continue;
        }
        let serves = |gateway: &&NatGateway| !usage.served(&gateway.id).is_empty();
        let gateways: Vec<&NatGateway> = usage.gateways(vpc).iter().copied().filter(serves).collect();
        if gateways.is_empty() {
            continue;
        }
        let costly = Costly { facts, vpc, zones: endpoints.iter().map(|endpoint| zones(endpoint)).sum(), endpoints };
        match costly.judge(&usage.gigabytes_of(&gateways)) {
            Ok(Some(finding)) => findings.add(finding),
            Ok(None) => {}
            Err(gap) => findings.unknown_of(RULE, vpc, gap),
        }
    }
}

/// Services of which what is private answers at endpoints only.
///
/// Source: the user guides of the services: private APIs of API Gateway, private services of App Runner, private web servers of Airflow, private
/// workspaces of Grafana, endpoints of Transfer Family, private collections of `OpenSearch` Serverless, streaming of `AppStream` and `WorkSpaces`.
const PRIVATE: [&str; 8] = [
    "execute-api",
    "apprunner.requests",
    "airflow.",
    "grafana-workspace",
    "transfer.server",
    "aoss",
    "appstream.streaming",
    "storagegateway",
];

/// Whether a service of AWS's own answers in the internet too, so that NAT may stand in for an endpoint. Those of others (`com.amazonaws.vpce.…`) do not.
fn is_public(facts: &Facts<'_>, service: &str) -> bool {
    let region = facts.inventory.region.as_deref().unwrap_or_default();
    let own = service.strip_prefix("cn.").unwrap_or(service).strip_prefix("com.amazonaws.");
    let Some(name) = own.and_then(|own| own.strip_prefix(region)).and_then(|own| own.strip_prefix('.')) else {
        return false;
    };
    !PRIVATE.iter().any(|private| name.starts_with(private))
}

/// Whether something that may ask services stands in a subnet that has no other way to them.
fn somebody_needs_them(facts: &Facts<'_>, vpc: &str) -> bool {
    let asks = |purpose: &Purpose<'_>| {
        matches!(purpose, Purpose::Task { .. } | Purpose::Instance { .. } | Purpose::Function(_) | Purpose::Other(_))
    };
    facts.inventory.index.subnets_of_vpc(vpc).any(|subnet| {
        let class = facts.class(subnet, Family::Ipv4);
        let has_no_other = !matches!(
            class,
            Class::PrivateNat
                | Class::PrivateNatInstance
                | Class::Public
                | Class::PublicPartial
                | Class::PublicInspected
        );
        has_no_other && in_subnet(facts, subnet).any(|exposure| asks(&exposure.purpose))
    })
}

/// The interface endpoints of a VPC.
struct Costly<'f> {
    facts: &'f Facts<'f>,
    vpc: &'f str,
    endpoints: Vec<&'f VpcEndpoint>,
    zones: u32,
}

impl Costly<'_> {
    fn judge(&self, carried: &Gigabytes) -> Result<Option<Finding>, Gap> {
        let prices = &self.facts.prices;
        let Some(each) = endpoint_break_even_gb(prices).map(|figure| figure.value) else {
            let region = self.facts.inventory.region.as_deref().unwrap_or("this region");
            let what =
                format!("from when on interface endpoints pay in {region} is not known: give prices by --prices");
            return Err(Gap::NotUnderstood(what));
        };
        // What stands in a subnet decides whether endpoints are needed there.
        self.facts.inventory.network_interfaces.known()?;
        let even = each * f64::from(self.zones);
        let Some(monthly) = carried.monthly else {
            return Err(self.facts.inventory.nat_traffic.known().err().unwrap_or(Gap::Kind(Kind::NatTraffic)));
        };
        Ok((monthly < even).then(|| self.finding(carried, each, even)))
    }

    fn finding(&self, carried: &Gigabytes, each: f64, even: f64) -> Finding {
        let (number, zones) = (self.endpoints.len(), self.zones);
        let zones_of = self.endpoints.iter().flat_map(|endpoint| &endpoint.subnets);
        let zones_of = resources::zones(zones_of.filter_map(|id| self.facts.inventory.subnets.get(id)));
        let all = gigabytes(carried.monthly.unwrap_or_default());
        let mut proof = vec![
            format!(
                "endpoints pay for themselves beside a NAT gateway from {} a month in each zone on",
                gigabytes(each)
            ),
            format!("{number} endpoints in {zones} zones together: from {} a month on", gigabytes(even)),
            format!("all NAT gateways of {} carry {all} a month ({})", self.vpc, carried.source),
        ];
        for endpoint in &self.endpoints {
            let (id, service) = (&endpoint.id, endpoint.service.as_deref().unwrap_or("a service that is not named"));
            proof.push(format!("{id} for {service} stands in {}", endpoint.subnets.join(", ")));
        }
        let money = self.money(carried, each);
        Finding {
            rule: RULE,
            severity: RULE.severity(),
            title: format!(
                "{number} interface endpoints in {} can hardly pay for themselves",
                resources::vpc_of(self.facts, self.vpc).label()
            ),
            resources: self
                .endpoints
                .iter()
                .map(|endpoint| Resource::new(&endpoint.id, endpoint.tags.name()))
                .collect(),
            vpc: Some(self.vpc.to_owned()),
            availability_zones: zones_of,
            proof,
            blast_radius: "what asks these services would reach them through the NAT gateways instead".to_owned(),
            remedy: self.remedy(money.as_ref(), even),
            money,
            // What the endpoints carry is not in what the gateways carry.
            confidence: Confidence::Low,
        }
    }

    /// What they carry would be paid for at the NAT gateways; as nobody measured it, nothing is said to be saved.
    fn money(&self, carried: &Gigabytes, each: f64) -> Option<Money> {
        let mut cost = Cost::interface_endpoints(&self.facts.prices, self.zones)?;
        cost.add_inputs([
            cost::count("break-even of an endpoint in a zone", each, "GB", "worked out of these prices"),
            cost::carried(carried),
            cost::count("carried by the endpoints in a month", 0.0, "GB", "none"),
        ]);
        Some(cost.saving(0.0))
    }

    fn remedy(&self, money: Option<&Money>, even: f64) -> Remedy {
        let ids: Vec<&str> = self.endpoints.iter().map(|endpoint| endpoint.id.as_str()).collect();
        let cost = money.map(|money| format!(" They cost {} a month.", dollars(money.monthly))).unwrap_or_default();
        let even = gigabytes(even);
        let advice = format!(
            "Look at what each of them carries (CloudWatch, AWS/PrivateLinkEndpoints, BytesProcessed).{cost} Together they \
             pay from {even} a month on. Decide for each that carries little whether the NAT gateways can do its work: not if \
             other networks use it, if a policy names it (aws:sourceVpce, aws:sourceVpc) or if traffic must stay in AWS. \
             Delete those one by one; if all are to stay, waive this finding."
        );
        let cli = vec![
            aws(
                self.facts,
                "cloudwatch list-metrics --namespace AWS/PrivateLinkEndpoints --metric-name BytesProcessed",
            ),
            aws(self.facts, format_args!("ec2 describe-vpc-endpoints --vpc-endpoint-ids {}", ids.join(" "))),
        ];
        let terraform = format!("# when it is decided: remove the aws_vpc_endpoint that is {}", ids.join(" or "));
        Remedy { advice, cli, terraform }
    }
}
