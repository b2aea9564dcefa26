//! The words that say what a name is the name of, and what has a name and is no end of a conversation.

use crate::facts::Facts;
use crate::inventory::Tags;

use super::near::distance;

/// The words for each kind of end; the first is the one that is printed.
const KINDS: [&[&str]; 8] = [
    &["subnet"],
    &["interface", "eni", "network-interface"],
    &["instance", "ec2"],
    &["database", "db", "rds"],
    &["load-balancer", "loadbalancer", "load_balancer", "lb", "alb", "nlb", "elb"],
    &["service", "ecs", "task"],
    &["function", "lambda"],
    &["store", "cache"],
];

/// What ids begin with that are no ends, the longer ones first.
const NO_ENDS: [(&str, &str); 16] = [
    ("eipalloc-", "an Elastic IP address"),
    ("tgw-attach-", "an attachment of a transit gateway"),
    ("tgw-", "a transit gateway"),
    ("vpce-", "a VPC endpoint"),
    ("eigw-", "an egress-only internet gateway"),
    ("igw-", "an internet gateway"),
    ("vgw-", "a virtual private gateway"),
    ("rtb-", "a route table"),
    ("acl-", "a network ACL"),
    ("nat-", "a NAT gateway"),
    ("vpc-", "a VPC"),
    ("pcx-", "a peering connection"),
    ("vpn-", "a VPN connection"),
    ("sg-", "a security group"),
    ("pl-", "a prefix list"),
    ("fl-", "a flow log"),
];

/// Ids have at least so many hexadecimal digits.
const SHORTEST: usize = 8;

/// The kind that a word stands for, in any case.
pub(super) fn kind(word: &str) -> Option<&'static str> {
    let kind = KINDS.iter().find(|words| words.iter().any(|known| known.eq_ignore_ascii_case(word)))?;
    kind.first().copied()
}

/// The kind that a word with a slip in it stands for.
pub(super) fn near_kind(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    let most = word.chars().count() / 3;
    let near = KINDS.iter().filter_map(|words| {
        let nearest = words.iter().map(|known| distance(&word, known)).min()?;
        (nearest <= most).then_some((nearest, words.first().copied()?))
    });
    near.min().map(|(_, kind)| kind)
}

/// What something is that has a name or an id and cannot begin or hear a conversation, and the ends that have to do with it.
pub(super) fn no_end(regions: &[&Facts<'_>], text: &str) -> Option<(&'static str, Vec<String>)> {
    regions.iter().find_map(|facts| known(facts, text)).or_else(|| {
        let (prefix, what) = NO_ENDS.iter().find(|(prefix, _)| text.starts_with(prefix))?;
        let digits = text.strip_prefix(prefix)?;
        let is_id = digits.len() >= SHORTEST && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_id.then(|| (*what, Vec::new()))
    })
}

fn known(facts: &Facts<'_>, text: &str) -> Option<(&'static str, Vec<String>)> {
    let inventory = facts.inventory;
    let is = |id: &str, tags: &Tags| id == text || tags.name() == Some(text);
    let mut what = None;
    let mut near = Vec::new();
    if let Some(vpc) = inventory.vpcs.iter().find(|vpc| is(&vpc.id, &vpc.tags)) {
        let subnets = inventory.index.subnets_of_vpc(&vpc.id).filter_map(|id| inventory.subnets.get(id));
        near.extend(subnets.map(|subnet| format!("subnet/{}", subnet.name().unwrap_or(&subnet.id))));
        what = Some("a VPC");
    } else if let Some(group) = inventory.security_groups.iter().find(|group| group.id == text || group.label() == text)
    {
        let with_it = facts.exposures.iter().filter(|exposure| exposure.interface.groups.contains(&group.id));
        near.extend(with_it.map(|exposure| format!("interface/{}", exposure.interface.id)));
        what = Some("a security group");
    } else if inventory.nat_gateways.iter().any(|gateway| is(&gateway.id, &gateway.tags)) {
        what = Some("a NAT gateway");
    } else if inventory.route_tables.iter().any(|table| table.id == text || table.name() == Some(text)) {
        what = Some("a route table");
    } else if inventory.internet_gateways.iter().any(|gateway| is(&gateway.id, &gateway.tags)) {
        what = Some("an internet gateway");
    } else if inventory.egress_only_internet_gateways.iter().any(|gateway| is(&gateway.id, &gateway.tags)) {
        what = Some("an egress-only internet gateway");
    } else if inventory.network_acls.iter().any(|acl| is(&acl.id, &acl.tags)) {
        what = Some("a network ACL");
    } else if inventory.vpc_endpoints.iter().any(|endpoint| is(&endpoint.id, &endpoint.tags)) {
        what = Some("a VPC endpoint");
    } else if inventory.peerings.iter().any(|peering| is(&peering.id, &peering.tags)) {
        what = Some("a peering connection");
    } else if inventory.transit_attachments.iter().any(|attachment| attachment.gateway == text) {
        what = Some("a transit gateway");
    }
    near.sort();
    near.dedup();
    what.map(|what| (what, near))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_people_and_of_aws_name_the_same_kinds() {
        for (word, expected) in [
            ("lb", "load-balancer"),
            ("ALB", "load-balancer"),
            ("loadbalancer", "load-balancer"),
            ("db", "database"),
            ("rds", "database"),
            ("ecs", "service"),
            ("eni", "interface"),
            ("Subnet", "subnet"),
        ] {
            assert_eq!(kind(word), Some(expected), "{word}");
        }
        assert_eq!(kind("production"), None);
    }

    #[test]
    fn a_slip_in_a_kind_is_understood() {
        for (word, expected) in [
            ("databse", Some("database")),
            ("sevice", Some("service")),
            ("laod-balancer", Some("load-balancer")),
            ("production", None),
            ("xy", None),
        ] {
            assert_eq!(near_kind(word), expected, "{word}");
        }
    }
}
