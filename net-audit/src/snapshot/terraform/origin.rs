//! Where the network is: region and account. And what of it this translation leaves out.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::Document;
use super::members::Members;
use super::world::World;

/// Kinds that put something into a network that is not translated, and what.
const LEFT_OUT: [(&str, &str); 7] = [
    ("aws_networkfirewall_firewall", "the endpoints that it makes, which routes may lead to"),
    ("aws_vpc_route_server", "the routes that it advertises"),
    ("aws_ec2_client_vpn_endpoint", "the way in that it is"),
    ("aws_cloudformation_stack", "whatever it makes"),
    ("aws_dx_gateway_association", "the routes that it propagates"),
    ("aws_vpn_connection", "the routes that it propagates"),
    ("aws_globalaccelerator_endpoint_group", "the way in that it is"),
];

/// Where a document's network is.
#[derive(Debug, Default)]
pub(super) struct Origin {
    pub(super) region: Option<String>,
    pub(super) account: Option<String>,
}

pub(super) fn of(world: &World, members: &mut Members) -> Origin {
    if world.document.is_partial {
        members.note("the plan is not complete: after it is applied there may be more than it tells".to_owned());
    }
    for (kind, what) in LEFT_OUT {
        for view in world.managed(&[kind]) {
            members.note(format!("{}: {what} cannot be seen in Terraform's document", view.instance.address));
        }
    }
    let (mut regions, mut accounts) = (BTreeSet::new(), BTreeSet::new());
    for instance in world.document.instances.iter().filter(|instance| instance.managed) {
        let text = |attribute: &str| instance.values.get(attribute).and_then(Value::as_str).unwrap_or_default();
        let mut arn = text("arn").split(':').skip(3);
        regions.extend(arn.next().filter(|region| !region.is_empty()).map(str::to_owned));
        regions.extend(region_of_zone(text("availability_zone")).map(str::to_owned));
        regions.extend(Some(text("region")).filter(|region| !region.is_empty()).map(str::to_owned));
        let owners = [arn.next().unwrap_or_default(), text("owner_id")];
        let is_account = |owner: &&str| owner.len() == 12 && owner.bytes().all(|byte| byte.is_ascii_digit());
        accounts.extend(owners.into_iter().filter(is_account).map(str::to_owned));
    }
    if accounts.len() > 1 {
        members.note(format!("there are resources of several accounts: {}", listed(&accounts)));
    }
    if regions.is_empty() {
        regions = configured(&world.document);
    }
    if regions.len() > 1 {
        members.note(format!("there are resources of several regions: {}", listed(&regions)));
    }
    let only = |set: BTreeSet<String>| if set.len() == 1 { set.into_iter().next() } else { None };
    Origin { region: only(regions), account: only(accounts) }
}

fn listed(set: &BTreeSet<String>) -> String {
    set.iter().map(String::as_str).collect::<Vec<&str>>().join(", ")
}

/// The region of a zone: `us-east-1` of `us-east-1a`, and of the local zone `us-east-1-bos-1a` too. Its first number ends it.
fn region_of_zone(zone: &str) -> Option<&str> {
    let is_number = |(place, hyphen): &(usize, &str)| {
        zone.get(place + hyphen.len()..).is_some_and(|behind| behind.starts_with(|digit: char| digit.is_ascii_digit()))
    };
    let (hyphen, _) = zone.match_indices('-').find(is_number)?;
    let number = zone.get(hyphen + 1..)?;
    let digits = number.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(number.len());
    zone.get(..hyphen + 1 + digits)
}

/// The regions that providers of AWS are set up for.
fn configured(document: &Document) -> BTreeSet<String> {
    let is_aws = |(key, provider): &(&String, &Value)| provider["name"] == "aws" || key.as_str() == "aws";
    let providers = document.configuration.provider_config.iter().filter(is_aws);
    providers.filter_map(|(_, provider)| region_of_provider(document, provider)).collect()
}

fn region_of_provider(document: &Document, provider: &Value) -> Option<String> {
    let expression = provider.get("expressions")?.get("region")?;
    let constant = expression.get("constant_value").and_then(Value::as_str);
    let variable = || {
        let references = expression.get("references")?.as_array()?;
        let name = references.first()?.as_str()?.strip_prefix("var.")?;
        document.variables.get(name)?.as_str()
    };
    constant.or_else(variable).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_tells_its_region() {
        let cases = [
            ("us-east-1a", Some("us-east-1")),
            ("us-gov-west-1b", Some("us-gov-west-1")),
            ("us-east-1-bos-1a", Some("us-east-1")),
            ("us-east-1-wl1-bos-wlz-1", Some("us-east-1")),
            ("", None),
        ];
        for (zone, region) in cases {
            assert_eq!(region_of_zone(zone), region, "{zone}");
        }
    }
}
