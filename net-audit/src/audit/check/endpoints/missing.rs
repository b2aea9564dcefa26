//! NET010: traffic to S3 or DynamoDB is paid for, where a gateway endpoint would carry it for nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::BehindNat;
use crate::audit::check::occupants::who;
use crate::audit::check::remedy::{aws, terraform_name};
use crate::audit::check::resources::{table, vpc_of, zones};
use crate::audit::finding::{Confidence, Finding, Findings, Money, Remedy, Resource};
use crate::audit::rule::Rule;
use crate::classify::SubnetVerdict;
use crate::facts::Facts;
use crate::inventory::{NatGateway, RouteTable, Target, VpcEndpoint};
use crate::money::Usage;
use crate::money::cost::{self, Cost, dollars, rate};

const RULE: Rule = Rule::MissingGatewayEndpoint;

/// A service that has gateway endpoints.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Service {
    S3,
    DynamoDb,
}

impl Service {
    const ALL: [Self; 2] = [Self::S3, Self::DynamoDb];

    fn name(self) -> &'static str {
        match self {
            Self::S3 => "S3",
            Self::DynamoDb => "DynamoDB",
        }
    }

    /// The end of its endpoints' service name, which begins with `com.amazonaws.` or, in China, also with `cn.com.amazonaws.`.
    fn id(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::DynamoDb => "dynamodb",
        }
    }

    fn of(endpoint: &VpcEndpoint) -> Option<Self> {
        let id = endpoint.service.as_deref()?.rsplit('.').next()?;
        Self::ALL.into_iter().find(|service| service.id() == id)
    }
}

/// The endpoints of a VPC for one service.
#[derive(Default)]
struct Endpoints<'f> {
    gateways: Vec<&'f VpcEndpoint>,
    interfaces: Vec<&'f VpcEndpoint>,
}

pub(super) fn check(facts: &Facts<'_>, usage: &Usage<'_>, behind_nat: &BehindNat<'_>, findings: &mut Findings) {
    let mut endpoints: HashMap<(&str, Service), Endpoints<'_>> = HashMap::new();
    for endpoint in facts.inventory.vpc_endpoints.iter() {
        let is_there = matches!(endpoint.state.as_str(), "available" | "pending" | "pendingacceptance");
        let (Some(vpc), Some(service), true) = (endpoint.vpc.as_deref(), Service::of(endpoint), is_there) else {
            continue;
        };
        let of_service = endpoints.entry((vpc, service)).or_default();
        match endpoint.kind.as_str() {
            "Gateway" => of_service.gateways.push(endpoint),
            "Interface" => of_service.interfaces.push(endpoint),
            _ => {}
        }
    }
    for (vpc, subnets) in behind_nat {
        for service in Service::ALL {
            let none = Endpoints::default();
            let of_service = endpoints.get(&(*vpc, service)).unwrap_or(&none);
            let missing = Missing::of(facts, usage, vpc, service, of_service, subnets);
            if let Some(missing) = missing {
                findings.add(missing.finding());
            }
        }
    }
}

/// Tables that lead to no gateway endpoint of a service.
struct Missing<'f> {
    facts: &'f Facts<'f>,
    vpc: &'f str,
    service: Service,
    endpoints: &'f Endpoints<'f>,
    tables: BTreeMap<&'f str, &'f RouteTable>,
    subnets: Vec<&'f SubnetVerdict<'f>>,
    gateways: Vec<&'f NatGateway>,
    usage: &'f Usage<'f>,
}

impl<'f> Missing<'f> {
    fn of(
        facts: &'f Facts<'f>,
        usage: &'f Usage<'f>,
        vpc: &'f str,
        service: Service,
        endpoints: &'f Endpoints<'f>,
        behind_nat: &[&'f SubnetVerdict<'f>],
    ) -> Option<Self> {
        let ids: HashSet<&str> = endpoints.gateways.iter().map(|endpoint| endpoint.id.as_str()).collect();
        let on: HashSet<&str> =
            endpoints.gateways.iter().flat_map(|endpoint| &endpoint.route_tables).map(String::as_str).collect();
        let leads = |table: &RouteTable| {
            let targets = table.routes.iter().map(|route| &route.target);
            on.contains(table.id.as_str())
                || targets
                    .into_iter()
                    .any(|target| matches!(target, Target::VpcEndpoint(id) if ids.contains(id.as_str())))
        };
        let (mut tables, mut subnets) = (BTreeMap::new(), Vec::new());
        for verdict in behind_nat {
            let Some(table) = verdict.route_table.filter(|table| !leads(table.table)) else { continue };
            tables.insert(table.table.id.as_str(), table.table);
            subnets.push(*verdict);
        }
        if tables.is_empty() {
            return None;
        }
        let gateways = usage.gateways(vpc).iter().copied();
        let serves = |gateway: &&NatGateway| {
            usage
                .served(&gateway.id)
                .iter()
                .any(|verdict| verdict.route_table.is_some_and(|table| tables.contains_key(table.table.id.as_str())))
        };
        let gateways = gateways.filter(serves).collect();
        Some(Self { facts, vpc, service, endpoints, tables, subnets, gateways, usage })
    }

    fn finding(&self) -> Finding {
        let vpc = vpc_of(self.facts, self.vpc);
        let endpoint = self.endpoints.gateways.first();
        let endpoint = endpoint.map(|endpoint| Resource::new(&endpoint.id, endpoint.tags.name()));
        let first = endpoint.unwrap_or_else(|| vpc.clone());
        let tables = self.tables.values().map(|own| table(own));
        let service = self.service.name();
        let title = if self.endpoints.gateways.is_empty() {
            format!("{} sends what is for {service} through NAT: it has no gateway endpoint for it", vpc.label())
        } else {
            let tables = match self.tables.len() {
                1 => "a route table that sends".to_owned(),
                number => format!("{number} route tables that send"),
            };
            format!("{} is not on {tables} what is for {service} through NAT", first.label())
        };
        Finding {
            rule: RULE,
            severity: RULE.severity(),
            title,
            resources: std::iter::once(first).chain(tables).collect(),
            vpc: Some(self.vpc.to_owned()),
            availability_zones: zones(self.subnets.iter().map(|verdict| verdict.subnet)),
            proof: self.proof(),
            blast_radius: who(self.facts, self.subnets.iter().map(|verdict| verdict.subnet.id.as_str())),
            money: self.money(),
            confidence: self.confidence(),
            remedy: self.remedy(),
        }
    }

    /// Layers of images and packages come from S3 wherever something runs; whether anything speaks to DynamoDB is not known.
    fn confidence(&self) -> Confidence {
        match self.service {
            _ if !self.endpoints.interfaces.is_empty() => Confidence::Low,
            Service::S3 => Confidence::High,
            Service::DynamoDb => Confidence::Low,
        }
    }

    fn proof(&self) -> Vec<String> {
        let service = self.service.name();
        let mut proof: Vec<String> = Vec::new();
        for table in self.tables.values() {
            let user =
                self.subnets.iter().find(|verdict| verdict.route_table.is_some_and(|own| own.table.id == table.id));
            let ways = user.into_iter().flat_map(|verdict| &verdict.families).flat_map(|family| &family.proof);
            for way in ways {
                let line =
                    format!("{}, and has no route to a gateway endpoint for {service}", way.route.sent_by(&table.id));
                if !proof.contains(&line) {
                    proof.push(line);
                }
            }
        }
        for endpoint in &self.endpoints.interfaces {
            let id = &endpoint.id;
            proof.push(format!(
                "{id} is an interface endpoint for {service}: what its private name takes is paid for there"
            ));
        }
        proof
    }

    /// What all of it would come to; how much of it is for this service nobody knows, so nothing is said to be saved.
    fn money(&self) -> Option<Money> {
        let carried = self.usage.gigabytes_of(&self.gateways);
        let mut cost = Cost::carrying(&self.facts.prices, &carried).filter(|_| !self.gateways.is_empty())?;
        let share = format!("share of it that is for {}", self.service.name());
        cost.add_inputs([cost::count(&share, 0.0, "of 1", "none: from nothing to all of it")]);
        let most = Some(cost.monthly).filter(|monthly| *monthly > 0.0);
        Some(Money { saving_up_to: most, ..cost.saving(0.0) })
    }

    fn remedy(&self) -> Remedy {
        let service = self.service.name();
        let price = self.facts.prices.nat_gateway_gb.as_ref().filter(|_| !self.gateways.is_empty());
        let now = match price {
            Some(price) => format!("every gigabyte to {service} costs {} now and nothing then", rate(price)),
            None => format!("what goes to {service} passes NAT now, and costs nothing then"),
        };
        let at_most =
            self.money().map(|money| format!(", at most {} a month", dollars(money.monthly))).unwrap_or_default();
        let how = match self.endpoints.gateways.first() {
            Some(endpoint) => format!("Put {} on these route tables", endpoint.id),
            None => format!("Add a gateway endpoint for {service}"),
        };
        let advice = format!(
            "{how}: it is free of charge, and {now}{at_most}. Security groups that restrict what goes out must allow its prefix list."
        );
        let (cli, terraform) = match self.endpoints.gateways.first() {
            Some(endpoint) => self.extended(endpoint),
            None => self.created(),
        };
        Remedy { advice, cli: vec![cli], terraform }
    }

    fn extended(&self, endpoint: &VpcEndpoint) -> (String, String) {
        let id = &endpoint.id;
        let tables = self.table_ids().join(" ");
        let cli = aws(
            self.facts,
            format_args!("ec2 modify-vpc-endpoint --vpc-endpoint-id {id} --add-route-table-ids {tables}"),
        );
        let terraform = self.table_ids().into_iter().map(|table| {
            let name = terraform_name(&format!("{}_{table}", self.service.id()));
            format!(
                "resource \"aws_vpc_endpoint_route_table_association\" \"{name}\" {{\n  vpc_endpoint_id = \"{id}\"\n  \
                 route_table_id  = \"{table}\"\n}}"
            )
        });
        (cli, terraform.collect::<Vec<_>>().join("\n\n"))
    }

    fn created(&self) -> (String, String) {
        let (vpc, id) = (self.vpc, self.service.id());
        // In China too: only other services begin with `cn.` there.
        let service = format!("com.amazonaws.{}.{id}", self.facts.inventory.region.as_deref().unwrap_or("REGION"));
        let tables = self.table_ids();
        let command = format!(
            "ec2 create-vpc-endpoint --vpc-id {vpc} --vpc-endpoint-type Gateway --service-name {service} --route-table-ids {}",
            tables.join(" ")
        );
        let quoted: Vec<String> = tables.iter().map(|table| format!("\"{table}\"")).collect();
        let terraform = format!(
            "resource \"aws_vpc_endpoint\" \"{id}\" {{\n  vpc_id            = \"{vpc}\"\n  service_name      = \"{service}\"\n  \
             vpc_endpoint_type = \"Gateway\"\n  route_table_ids   = [{}]\n}}",
            quoted.join(", ")
        );
        (aws(self.facts, &command), terraform)
    }

    fn table_ids(&self) -> Vec<&'f str> {
        self.tables.keys().copied().collect()
    }
}
