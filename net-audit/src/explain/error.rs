//! Places that could not be found, and what can be typed instead.

use thiserror::Error;

use crate::inventory::gap::{Gap, Kind};

/// So many candidates are named.
const NAMED: usize = 8;

/// A place that could not be found, or not for certain.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlaceError {
    /// Nothing has the name.
    #[error("nothing in the snapshot is called `{text}`{}{}", nearly(near), not_seen(unseen))]
    Nothing {
        /// What was typed.
        text: String,
        /// What may have been meant, as it can be typed.
        near: Vec<String>,
        /// Some of what there is, one of each kind.
        known: Vec<String>,
        /// Kinds that could not be searched.
        unseen: Vec<Gap>,
        /// The question with one of them.
        example: Option<String>,
    },
    /// Several things have the name.
    #[error("`{text}` may be {}: name one of them", some(candidates))]
    Several {
        /// What was typed.
        text: String,
        /// What it can be, as it can be typed.
        candidates: Vec<String>,
        /// The question with one of them.
        example: Option<String>,
    },
    /// It is something that neither begins nor hears a conversation.
    #[error("`{text}` is {what}: name an instance, an interface, a subnet, a database, a load balancer or a service")]
    NoEnd {
        /// What was typed.
        text: String,
        /// What it is: `a NAT gateway`.
        what: &'static str,
        /// What has to do with it, as it can be typed.
        candidates: Vec<String>,
        /// The question with one of them.
        example: Option<String>,
    },
    /// It is a name of DNS that leads to something else.
    #[error("`{text}` leads to {}, which is not in the snapshot", hosts.join(", "))]
    LeadsOut {
        /// What was typed.
        text: String,
        /// The hosts and addresses that it leads to.
        hosts: Vec<String>,
    },
    /// Neither end is in what was described.
    #[error("neither `{from}` nor `{to}` is in the snapshot: there is nothing to be explained")]
    BothOutside {
        /// Who begins.
        from: String,
        /// The other one.
        to: String,
    },
    /// One end has only IPv4 addresses, the other only IPv6 ones.
    #[error("`{from}` and `{to}` have no address family in common")]
    NoFamily {
        /// Who begins.
        from: String,
        /// The other one.
        to: String,
    },
}

impl PlaceError {
    /// What can be typed instead, or how to find it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let ask = |example: &String| format!("net-audit SNAPSHOT --explain {example}");
        match self {
            Self::Nothing { near, unseen, .. } if near.is_empty() && !unseen.is_empty() => {
                let commands: Vec<&str> = unseen.iter().filter_map(Gap::kind).map(Kind::command).collect();
                Some(format!("add the output of: {}", commands.join(", ")))
            }
            Self::Nothing { near, known, example: Some(example), .. } if near.is_empty() => {
                Some(format!("there are {}, for instance: {}", some(known), ask(example)))
            }
            Self::Nothing { example, .. } | Self::NoEnd { example, .. } => {
                Some(example.as_ref().map_or_else(|| ask(&"internet load-balancer/NAME".to_owned()), ask))
            }
            Self::Several { example, .. } => Some(
                example
                    .as_ref()
                    .map_or_else(|| "name it by its id, or give the snapshot of one region".to_owned(), ask),
            ),
            Self::LeadsOut { .. } => Some("add the snapshot of the account or region that has it".to_owned()),
            Self::BothOutside { .. } => Some("name one end that is in the snapshot, such as subnet/NAME".to_owned()),
            Self::NoFamily { .. } => Some("name an end by its address of the other family".to_owned()),
        }
    }

    /// The same, with a question that can be asked, made of what can be typed instead.
    pub(super) fn with_example(mut self, ask: impl Fn(&str) -> String) -> Self {
        match &mut self {
            Self::Nothing { near, known, example, .. } => {
                *example = near.first().or(known.first()).map(|name| ask(name));
            }
            // What is in several regions has no name that tells them apart.
            Self::Several { candidates, example, .. } => {
                *example = candidates.first().filter(|name| !name.contains(" in ")).map(|name| ask(name));
            }
            Self::NoEnd { candidates, example, .. } => *example = candidates.first().map(|name| ask(name)),
            Self::LeadsOut { .. } | Self::BothOutside { .. } | Self::NoFamily { .. } => {}
        }
        self
    }
}

fn nearly(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; near: {}", near.join(", ")) }
}

/// The first of many.
fn some(candidates: &[String]) -> String {
    let named = candidates.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match candidates.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named}, and {more} more"),
    }
}

fn not_seen(unseen: &[Gap]) -> String {
    let text = |gap: &Gap| match gap {
        Gap::Kind(kind) => format!("; the snapshot has no {}", plural(*kind)),
        Gap::Denied { kind, why } => format!("; {} could not be listed: {why}", plural(*kind)),
        other => format!("; {other}"),
    };
    unseen.iter().map(text).collect()
}

/// What people call the kinds that have names.
fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::NetworkInterfaces => "network interfaces",
        Kind::Instances => "instances",
        Kind::Databases => "databases",
        Kind::LoadBalancers => "load balancers",
        other => other.member(),
    }
}
