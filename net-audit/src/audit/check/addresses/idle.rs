//! NET017, of Elastic IP addresses: those that nothing has, or that stand at something that does not run.

use std::collections::HashMap;

use super::{RULE, month};
use crate::address::prefix::Family;
use crate::audit::check::remedy::aws;
use crate::audit::finding::{Confidence, Finding, Findings, Remedy, Resource, Severity};
use crate::classify::class::Group;
use crate::exposure::purpose::Purpose;
use crate::exposure::runs;
use crate::facts::Facts;
use crate::inventory::{Address, Attachment, NetworkInterface};
use crate::money::cost::dollars;

pub(super) fn check<'f>(facts: &'f Facts<'_>, all: impl Iterator<Item = &'f Address>, findings: &mut Findings) {
    let held = Held::of(facts);
    for address in all {
        let interface = held.interface(facts, address);
        // A description that is older than the gateway's does not make an address idle.
        if held.gateways.contains_key(address.id.as_str()) {
            continue;
        }
        match interface {
            None if !address.is_associated => findings.add(idle(facts, address)),
            Some(interface) if is_still(facts, interface) => findings.add(still(facts, address, interface)),
            _ => {}
        }
    }
}

/// What says that it has an allocation.
struct Held<'f> {
    gateways: HashMap<&'f str, &'f str>,
    interfaces: HashMap<&'f str, &'f NetworkInterface>,
}

impl<'f> Held<'f> {
    fn of(facts: &'f Facts<'_>) -> Self {
        let (mut gateways, mut interfaces) = (HashMap::new(), HashMap::new());
        for gateway in facts.inventory.nat_gateways.iter().filter(|gateway| gateway.state != "deleted") {
            let allocations = gateway.addresses.iter().filter_map(|address| address.allocation.as_deref());
            gateways.extend(allocations.map(|allocation| (allocation, gateway.id.as_str())));
        }
        for interface in facts.inventory.network_interfaces.iter() {
            let allocations = interface.public_addresses.iter().filter_map(|public| public.allocation.as_deref());
            interfaces.extend(allocations.map(|allocation| (allocation, interface)));
        }
        Self { gateways, interfaces }
    }

    fn interface(&self, facts: &'f Facts<'_>, address: &Address) -> Option<&'f NetworkInterface> {
        let named = address.interface.as_deref().and_then(|id| facts.inventory.network_interfaces.get(id));
        named.or_else(|| self.interfaces.get(address.id.as_str()).copied())
    }
}

/// Whether nothing answers at an interface. What stands where no route leads is another rule's.
fn is_still(facts: &Facts<'_>, interface: &NetworkInterface) -> bool {
    if runs(facts, interface) != Ok(false) {
        return false;
    }
    // An interface that a service still names is its own, though it is attached to nothing.
    let is_of_service = facts
        .exposures_of(&interface.id)
        .iter()
        .any(|exposure| !matches!(*exposure.purpose, Purpose::Nothing | Purpose::Instance { .. }));
    let is_private = matches!(facts.class(&interface.subnet, Family::Ipv4).group(), Group::Private | Group::Isolated);
    !is_of_service && (interface.attachment == Attachment::Detached || !is_private)
}

/// What an address costs, in words, and what becomes of it.
struct Told {
    text: String,
    cost: String,
    fate: &'static str,
    severity: Severity,
    money: Option<crate::audit::finding::Money>,
}

fn told(facts: &Facts<'_>, address: &Address) -> Told {
    let is_brought_along = address.is_brought_along();
    let money = month(facts, u32::from(!is_brought_along));
    let (cost, fate) = if is_brought_along {
        ("it is of your own block, and costs nothing".to_owned(), "It goes back to its pool then")
    } else {
        let cost = money.as_ref().map(|money| format!(", {} a month", dollars(money.saving))).unwrap_or_default();
        (format!("an address is billed whether it is used or not{cost}"), "It is gone for good then")
    };
    Told {
        text: address.public_ip.map_or_else(|| "an address".to_owned(), |address| address.to_string()),
        cost,
        fate,
        severity: if is_brought_along { Severity::Info } else { RULE.severity() },
        money,
    }
}

fn idle(facts: &Facts<'_>, address: &Address) -> Finding {
    let id = &address.id;
    let resource = Resource::new(id, address.tags.name());
    let Told { text, cost, fate, severity, money } = told(facts, address);
    Finding {
        rule: RULE,
        severity,
        title: format!("{} is associated with nothing", resource.label()),
        resources: vec![resource],
        vpc: None,
        availability_zones: Vec::new(),
        proof: vec![format!("{id} ({text}) has no association, and no interface or NAT gateway names it")],
        blast_radius: "nothing uses it".to_owned(),
        remedy: Remedy {
            advice: format!(
                "Release it: {cost}. {fate}; see first that no DNS record and no partner's list names {text}."
            ),
            cli: vec![aws(facts, format_args!("ec2 release-address --allocation-id {id}"))],
            terraform: format!("# remove the aws_eip that is {id}"),
        },
        money,
        confidence: Confidence::High,
    }
}

/// An address at what is stopped or detached: it may be waited for.
fn still(facts: &Facts<'_>, address: &Address, interface: &NetworkInterface) -> Finding {
    let id = &address.id;
    let resource = Resource::new(id, address.tags.name());
    let Told { text, cost, severity, money, .. } = told(facts, address);
    let (what, why) = match &interface.attachment {
        Attachment::Instance(instance) => {
            let state = facts.inventory.instances.get(instance).map_or("stopped", |one| one.state.as_str());
            (format!("{instance}, which is {state}"), format!("{instance} is {state}"))
        }
        Attachment::Detached | Attachment::Service | Attachment::Unsaid => (
            format!("{}, which is attached to nothing", interface.id),
            format!("{} is attached to nothing", interface.id),
        ),
    };
    let subnet = facts.inventory.subnets.get(&interface.subnet);
    Finding {
        rule: RULE,
        severity,
        title: format!("{} is kept by {what}", resource.label()),
        resources: vec![resource, Resource::new(&*interface.id, interface.name())],
        vpc: subnet.map(|subnet| subnet.vpc.clone()),
        availability_zones: subnet.and_then(|subnet| subnet.availability_zone.clone()).into_iter().collect(),
        proof: vec![format!("{id} ({text}) is associated with {}", interface.id), why],
        blast_radius: "nothing answers there now".to_owned(),
        remedy: Remedy {
            advice: format!(
                "Decide whether it will run again under this address: {cost}. If it will, keep it and waive this finding. \
                 If not, see that no DNS record and no partner's list names {text}, then disassociate and release it."
            ),
            cli: vec![aws(facts, format_args!("ec2 describe-addresses --allocation-ids {id}"))],
            terraform: format!("# when it is decided: remove the aws_eip that is {id} and its aws_eip_association"),
        },
        money,
        confidence: Confidence::Medium,
    }
}
