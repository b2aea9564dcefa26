//! Places that are named by DNS: a record, or the host name of a load balancer or a database.

use std::collections::{BTreeSet, HashMap};

use crate::exposure::names::{hosts, ipv6_addresses, records};
use crate::inventory::RecordSet;
use crate::snapshot::Estate;

/// A CNAME that leads to a CNAME leads no further than this.
const MAXIMUM_CHAIN: usize = 8;

/// A name, and what its records lead to.
#[derive(Debug)]
pub(super) struct Host {
    /// The name and all hosts behind it, as [`canonical`] writes them.
    names: BTreeSet<String>,
    /// What nothing further is known of: hosts without records, and addresses; empty if the name has no record.
    pub(super) leads_to: BTreeSet<String>,
}

/// A name of DNS in lower case, without a final point and without `dualstack.`, which stands for the same load balancer.
pub(super) fn canonical(name: &str) -> String {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name.strip_prefix("dualstack.").map(str::to_owned).unwrap_or(name)
}

impl Host {
    /// Follows a name; `None` if it cannot be one of DNS.
    pub(super) fn of(estate: &Estate, text: &str) -> Option<Self> {
        if !text.contains('.') || text.contains(['/', ':']) {
            return None;
        }
        let mut by_name: HashMap<String, Vec<&RecordSet>> = HashMap::new();
        for record in records(estate) {
            by_name.entry(canonical(&record.name)).or_default().push(record);
        }
        let mut host = Self { names: BTreeSet::from([canonical(text)]), leads_to: BTreeSet::new() };
        let mut level = vec![canonical(text)];
        for _ in 0..MAXIMUM_CHAIN {
            let here = level.iter().filter_map(|name| by_name.get(name)).flatten();
            let here: Vec<&RecordSet> = here.copied().collect();
            level.clear();
            for record in here {
                host.leads_to.extend(record.addresses().map(|address| address.to_string()));
                host.leads_to.extend(ipv6_addresses(record).map(|address| address.to_string()));
                for next in hosts(record) {
                    if !by_name.contains_key(&next) {
                        host.leads_to.insert(next.clone());
                    }
                    if host.names.insert(next.clone()) {
                        level.push(next);
                    }
                }
            }
        }
        Some(host)
    }

    /// Whether the host name of something is among them.
    pub(super) fn is(&self, host: Option<&str>) -> bool {
        host.is_some_and(|host| self.names.contains(&canonical(host)))
    }

    /// Whether one of the names that records give to an interface is the one that was typed.
    pub(super) fn names(&self, names: &[String]) -> bool {
        names.iter().any(|name| self.names.contains(&canonical(name)))
    }
}
