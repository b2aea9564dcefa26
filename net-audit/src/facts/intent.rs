//! What is meant to be public. In doubt a subnet should be behind NAT.

use crate::inventory::{Inventory, Subnet, Tags, Vpc};
use crate::snapshot::Estate;

/// What a subnet is meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meant {
    /// Reached by the internet.
    Public,
    /// Not reached by it.
    Private,
    /// Without any way to it: a tier of databases.
    Isolated,
    /// Nothing says it.
    Unsaid,
}

/// What was said on the command line: names, ids or patterns of subnets and VPCs, which win over tags.
#[derive(Clone, Debug, Default)]
pub struct Intent {
    /// What is meant to be public.
    pub public: Vec<glob::Pattern>,
    /// What is not.
    pub private: Vec<glob::Pattern>,
}

/// Tags whose value says what a subnet is for.
const TIER_KEYS: [&str; 8] =
    ["tier", "type", "network", "subnet-type", "subnettype", "aws-cdk:subnet-type", "visibility", "access"];

impl Intent {
    /// What a subnet is meant to be: by the command line, else by its tags, its name the last of them.
    #[must_use]
    pub fn of(&self, inventory: &Inventory, subnet: &Subnet) -> Meant {
        // Who says both has said the safer one.
        if self.private.iter().any(|pattern| names(inventory, subnet).any(|name| pattern.matches(name))) {
            return Meant::Private;
        }
        if self.public.iter().any(|pattern| names(inventory, subnet).any(|name| pattern.matches(name))) {
            return Meant::Public;
        }
        by_tags(&subnet.tags)
    }

    /// Patterns that fit no subnet, told for a person: what is misspelt is meant to fit one.
    #[must_use]
    pub fn idle(&self, estate: &Estate) -> Vec<String> {
        let flags = [("--public", &self.public), ("--private", &self.private)];
        let patterns =
            flags.into_iter().flat_map(|(flag, patterns)| patterns.iter().map(move |pattern| (flag, pattern)));
        let fits = |pattern: &glob::Pattern| {
            estate.regions.iter().any(|inventory| {
                let mut subnets = inventory.subnets.iter();
                subnets.any(|subnet| names(inventory, subnet).any(|name| pattern.matches(name)))
            })
        };
        let idle = patterns.filter(|(_, pattern)| !fits(pattern));
        idle.map(|(flag, pattern)| format!("{flag} {pattern} fits no subnet")).collect()
    }
}

/// What a subnet can be called by: id and name of its own and of its VPC.
fn names<'i>(inventory: &'i Inventory, subnet: &'i Subnet) -> impl Iterator<Item = &'i str> {
    let vpc = inventory.vpcs.get(&subnet.vpc).and_then(Vpc::name);
    [Some(subnet.id.as_str()), subnet.name(), Some(subnet.vpc.as_str()), vpc].into_iter().flatten()
}

fn by_tags(tags: &Tags) -> Meant {
    let tier = tags.iter().filter(|(key, _)| TIER_KEYS.contains(&key.to_ascii_lowercase().as_str()));
    let said: Vec<Meant> = tier.map(|(_, value)| meaning(value)).filter(|meant| *meant != Meant::Unsaid).collect();
    if !said.is_empty() {
        return agreed(said.into_iter());
    }
    // Source: AWS Load Balancer Controller, "Subnet auto-discovery".
    let role = |key: &str| tags.get(key).is_some_and(|value| value == "1" || value == "true");
    match (role("kubernetes.io/role/elb"), role("kubernetes.io/role/internal-elb")) {
        (true, false) => Meant::Public,
        (false, true) => Meant::Private,
        _ => tags.name().map_or(Meant::Unsaid, meaning),
    }
}

/// What the words of a text mean; the last word that means something decides how private it is. One that says both that it is public and that it is not,
/// as `public-app-a` does, says nothing.
fn meaning(text: &str) -> Meant {
    agreed(text.split(|character: char| !character.is_alphanumeric()).flat_map(|word| match meaning_of(word) {
        Meant::Unsaid => parts(word).into_iter().map(meaning_of).collect(),
        said => vec![said],
    }))
}

/// What meanings have in common.
fn agreed(meanings: impl Iterator<Item = Meant>) -> Meant {
    let mut agreed = Meant::Unsaid;
    for meant in meanings.filter(|meant| *meant != Meant::Unsaid) {
        if agreed != Meant::Unsaid && (agreed == Meant::Public) != (meant == Meant::Public) {
            return Meant::Unsaid;
        }
        agreed = meant;
    }
    agreed
}

fn meaning_of(word: &str) -> Meant {
    match word.to_ascii_lowercase().as_str() {
        "public" | "dmz" | "edge" | "ingress" => Meant::Public,
        "private" | "app" | "application" | "internal" | "workload" => Meant::Private,
        "isolated" | "intra" | "db" | "database" | "databases" | "data" | "rds" | "cache" => Meant::Isolated,
        _ => Meant::Unsaid,
    }
}

/// The parts of a word that is written `PrivateSubnet1`.
fn parts(word: &str) -> Vec<&str> {
    let characters: Vec<(usize, char)> = word.char_indices().collect();
    let mut starts = vec![0];
    for (index, pair) in characters.windows(2).enumerate() {
        let [(_, one), (at, other)] = *pair else { continue };
        let is_hump = other.is_uppercase() && !one.is_uppercase();
        // `DBSubnet`: the last capital belongs to what follows.
        let follows = characters.get(index + 2).is_some_and(|(_, third)| third.is_lowercase());
        let ends_capitals = one.is_uppercase() && other.is_uppercase() && follows;
        if is_hump || ends_capitals || one.is_numeric() != other.is_numeric() {
            starts.push(at);
        }
    }
    let ends = starts.iter().copied().skip(1).chain([word.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| word.get(*start..end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_a_subnet_is_meant_to_be() {
        let cases = [
            ("prod-public-a", Meant::Public),
            ("DMZ", Meant::Public),
            ("private_app-1", Meant::Private),
            ("prod-db-b", Meant::Isolated),
            ("republic", Meant::Unsaid),
            ("PrivateSubnet1", Meant::Private),
            ("publicSubnetA", Meant::Public),
            ("Public1a", Meant::Public),
            ("prodDBSubnet2", Meant::Isolated),
            ("private-db-a", Meant::Isolated),
            ("public-app-a", Meant::Unsaid),
            ("prod-public-db-a", Meant::Unsaid),
            ("PublicDatabaseSubnet", Meant::Unsaid),
            ("", Meant::Unsaid),
        ];
        for (text, expected) in cases {
            assert_eq!(meaning(text), expected, "{text}");
        }
    }
}
