//! The lines of a bill.

use std::collections::{BTreeMap, HashSet};

use super::cost::{self, Cost};
use super::{BillItem, Charge, Usage};
use crate::audit::finding::MoneyInput;
use crate::facts::Facts;
use crate::inventory::gap::Gap;
use crate::inventory::{Address, Inventory, NatGateway, NatPlace, PublicAddress, VpcEndpoint};

/// How it is known which part of a gateway's traffic crosses zones.
pub(crate) const EVEN: &str = "assumed: every subnet sends the same";

pub(super) fn charges(facts: &Facts<'_>) -> (Vec<BillItem>, Vec<String>) {
    let mut charges = Charges { facts, items: Vec::new(), unpriced: Vec::new() };
    charges.nat_gateways();
    charges.addresses();
    charges.endpoints();
    charges.attachments();
    (charges.items, charges.unpriced)
}

struct Charges<'f> {
    facts: &'f Facts<'f>,
    items: Vec<BillItem>,
    unpriced: Vec<String>,
}

impl Charges<'_> {
    fn add(&mut self, resource: &str, vpc: Option<&str>, what: Charge, cost: Option<Cost>, known: Vec<MoneyInput>) {
        let (monthly, inputs) = match cost {
            Some(cost) => (Some(cost.monthly), cost.inputs),
            None => (None, known),
        };
        self.items.push(BillItem { resource: resource.to_owned(), vpc: vpc.map(str::to_owned), what, monthly, inputs });
    }

    fn missing(&mut self, what: &str, gap: &Gap) {
        self.unpriced.push(format!("{what}: {gap}"));
    }

    fn nat_gateways(&mut self) {
        let facts = self.facts;
        let gateways = match facts.inventory.nat_gateways.known() {
            Ok(gateways) => gateways,
            Err(gap) => return self.missing("NAT gateways", &gap),
        };
        let usage = Usage::of(facts);
        for gateway in gateways.values().filter(|gateway| gateway.state == "available") {
            let (id, vpc, prices) = (gateway.id.as_str(), Some(gateway.vpc.as_str()), &facts.prices);
            let zones = active_zones(gateway);
            let mut standing = Cost::standing(prices, zones, 0);
            if gateway.place == NatPlace::Region
                && let Some(cost) = &mut standing
            {
                cost.add_inputs([regional_rule()]);
            }
            self.add(id, vpc, Charge::NatHours, standing, Vec::new());
            let gigabytes = usage.gigabytes(id);
            let carried = cost::carried(&gigabytes);
            let rate = cost::price("NAT gateway, both directions", "USD/GB", prices.nat_gateway_gb.as_ref());
            let known = std::iter::once(carried.clone()).chain(rate).collect();
            self.add(id, vpc, Charge::NatGigabytes, Cost::carrying(prices, &gigabytes), known);
            let Some(own) = gateway.zone(facts.inventory) else { continue };
            let share = share_of_other_zones(&usage, gateway, own);
            if share > 0.0 {
                let crossing = Cost::crossing(prices, &gigabytes, share, EVEN);
                self.add(id, vpc, Charge::CrossZoneGigabytes, crossing, vec![carried]);
            }
        }
    }

    /// Public addresses stand at interfaces, at gateways without an interface of their own, and at nothing.
    fn addresses(&mut self) {
        let inventory = self.facts.inventory;
        for (what, gap) in [
            ("public IPv4 addresses of interfaces", inventory.network_interfaces.known().err()),
            ("Elastic IP addresses that are idle", inventory.addresses.known().err()),
        ] {
            if let Some(gap) = gap {
                self.missing(what, &gap);
            }
        }
        let mut seen: HashSet<String> = HashSet::new();
        let mut of_vpc: BTreeMap<Option<&str>, u32> = BTreeMap::new();
        for interface in inventory.network_interfaces.iter().filter(|interface| !interface.public_addresses.is_empty())
        {
            let vpc = inventory.subnets.get(&interface.subnet).map(|subnet| subnet.vpc.as_str());
            for public in interface.public_addresses.iter().filter(|public| is_billed(inventory, public)) {
                if public.address.is_none_or(|address| seen.insert(address.to_string())) {
                    *of_vpc.entry(vpc).or_default() += 1;
                }
            }
        }
        for gateway in inventory.nat_gateways.iter().filter(|gateway| gateway.state == "available") {
            let new = gateway
                .addresses
                .iter()
                .filter(|address| is_billed_allocation(inventory, address.allocation.as_deref()));
            let new = new.filter_map(|address| address.public_ip.clone());
            let new = new.filter(|address| seen.insert(address.clone())).map(|_| 1).sum::<u32>();
            *of_vpc.entry(Some(&gateway.vpc)).or_default() += new;
        }
        for address in inventory.addresses.iter().filter(|address| !address.is_brought_along()) {
            if address.public_ip.is_none_or(|address| seen.insert(address.to_string())) {
                *of_vpc.entry(None).or_default() += 1;
            }
        }
        let region = inventory.region.as_deref().unwrap_or("the region");
        for (vpc, number) in of_vpc.into_iter().filter(|(_, number)| *number > 0) {
            let cost = Cost::addresses(&self.facts.prices, number);
            self.add(vpc.unwrap_or(region), vpc, Charge::PublicIpv4, cost, Vec::new());
        }
    }

    fn endpoints(&mut self) {
        let facts = self.facts;
        let endpoints = match facts.inventory.vpc_endpoints.known() {
            Ok(endpoints) => endpoints,
            Err(gap) => return self.missing("VPC endpoints", &gap),
        };
        let available = || endpoints.values().filter(|endpoint| endpoint.state == "available");
        let prices = &facts.prices;
        for endpoint in available().filter(|endpoint| endpoint.kind == "Interface") {
            let cost = Cost::interface_endpoints(prices, zones(endpoint));
            self.add(&endpoint.id, endpoint.vpc.as_deref(), Charge::InterfaceEndpointHours, cost, Vec::new());
        }
        let rate = prices.gateway_load_balancer_endpoint_hour.as_ref();
        let of_balancers = || available().filter(|endpoint| endpoint.kind == "GatewayLoadBalancer");
        // Source: AWS Network Firewall pricing: an endpoint of a firewall has a price of its own, by the hour and gigabyte.
        let of_firewalls: Vec<&str> =
            of_balancers().filter(|endpoint| is_of_firewall(endpoint)).map(|endpoint| endpoint.id.as_str()).collect();
        if !of_firewalls.is_empty() {
            let ids = of_firewalls.join(", ");
            self.unpriced.push(format!("endpoints of Network Firewall ({ids}): firewalls are not in the price list"));
        }
        for endpoint in of_balancers().filter(|endpoint| !is_of_firewall(endpoint)) {
            let cost = Cost::hourly("Gateway Load Balancer endpoint in a zone", rate, zones(endpoint));
            self.add(&endpoint.id, endpoint.vpc.as_deref(), Charge::GatewayLoadBalancerEndpointHours, cost, Vec::new());
        }
        if available().any(|endpoint| endpoint.kind != "Gateway") {
            self.unpriced.push("what endpoints carry: it is not measured".to_owned());
        }
    }

    fn attachments(&mut self) {
        let facts = self.facts;
        let attachments = match facts.inventory.transit_attachments.known() {
            Ok(attachments) => attachments,
            Err(gap) => return self.missing("transit gateway attachments", &gap),
        };
        let rate = facts.prices.transit_gateway_attachment_hour.as_ref();
        let mut any = false;
        for attachment in attachments.values().filter(|attachment| attachment.state == "available") {
            let cost = Cost::hourly("transit gateway attachment", rate, 1);
            let what = Charge::TransitGatewayAttachmentHours;
            self.add(&attachment.id, Some(&attachment.vpc), what, cost, Vec::new());
            any = true;
        }
        if any {
            self.unpriced.push("what transit gateways carry: it is not measured".to_owned());
        }
    }
}

/// How many zones an endpoint is billed in: those of its subnets, one each.
pub(crate) fn zones(endpoint: &VpcEndpoint) -> u32 {
    u32::try_from(endpoint.subnets.len()).unwrap_or(u32::MAX)
}

/// How many gateways' hours a gateway is billed: a regional one those of each zone that it has an address in.
pub(crate) fn active_zones(gateway: &NatGateway) -> u32 {
    if gateway.place != NatPlace::Region {
        return 1;
    }
    let zones: HashSet<&str> =
        gateway.addresses.iter().filter_map(|address| address.availability_zone.as_deref()).collect();
    u32::try_from(zones.len()).unwrap_or(u32::MAX).max(1)
}

/// Whether Network Firewall made an endpoint: it tags what it makes.
fn is_of_firewall(endpoint: &VpcEndpoint) -> bool {
    endpoint.tags.get("AWSNetworkFirewallManaged").is_some()
        || endpoint.service.as_deref().is_some_and(|service| service.contains("network-firewall"))
}

/// Whether a public address costs anything: one of a block that the account brought along does not.
pub(crate) fn is_billed(inventory: &Inventory, public: &PublicAddress) -> bool {
    is_billed_allocation(inventory, public.allocation.as_deref())
}

fn is_billed_allocation(inventory: &Inventory, allocation: Option<&str>) -> bool {
    !allocation.and_then(|id| inventory.addresses.get(id)).is_some_and(Address::is_brought_along)
}

/// How many public addresses of a gateway are billed.
pub(crate) fn public_addresses(inventory: &Inventory, gateway: &NatGateway) -> u32 {
    let is_billed = |allocation: Option<&str>| is_billed_allocation(inventory, allocation);
    let public = gateway.addresses.iter().filter(|address| address.public_ip.is_some());
    let public = public.filter(|address| is_billed(address.allocation.as_deref()));
    u32::try_from(public.count()).unwrap_or(u32::MAX)
}

pub(super) fn regional_rule() -> MoneyInput {
    cost::count("gateways that a regional one counts as in a zone", 1.0, "gateways", "not certain: no primary source")
}

/// The part of a gateway's subnets that are known to be in another zone than it is.
pub(crate) fn share_of_other_zones(usage: &Usage<'_>, gateway: &NatGateway, own: &str) -> f64 {
    let served = usage.served(&gateway.id);
    let others =
        served.iter().filter(|verdict| verdict.subnet.availability_zone.as_deref().is_some_and(|zone| zone != own));
    share(others.count(), served.len())
}

/// A part of a whole, from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "numbers of subnets are far below what a f64 counts exactly")]
pub(crate) fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
