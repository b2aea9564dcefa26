//! Hosts of AWS that a record stands for, and that are not there any more.

use std::collections::HashSet;
use std::net::Ipv4Addr;

use super::Fault;
use super::remedy::Change;
use crate::audit::finding::{Confidence, Severity};
use crate::audit::rule::Rule;
use crate::inventory::gap::{Gap, Kind};
use crate::inventory::{Inventory, RecordSet};
use crate::snapshot::Estate;

/// A host by which AWS calls a load balancer or a database.
#[derive(Debug, PartialEq, Eq)]
struct Host<'h> {
    kind: HostKind,
    /// Its first label.
    label: &'h str,
    region: &'h str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HostKind {
    LoadBalancer,
    Database,
    /// A cluster of databases, with an endpoint of its own.
    Cluster,
}

/// Takes `NAME-ID.REGION.elb.amazonaws.com`, `NAME-ID.elb.REGION.amazonaws.com` and `NAME.HASH.REGION.rds.amazonaws.com` apart.
/// A proxy of databases is none of these: proxies are not described.
fn parse(host: &str) -> Option<Host<'_>> {
    let rest = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    let labels: Vec<&str> = rest.split('.').collect();
    match labels.as_slice() {
        [label, region, "elb"] | [label, "elb", region] => Some(Host { kind: HostKind::LoadBalancer, label, region }),
        [_, hash, _, "rds"] if hash.starts_with("proxy-") => None,
        [label, hash, region, "rds"] if hash.starts_with("cluster-") => {
            Some(Host { kind: HostKind::Cluster, label, region })
        }
        [label, _, region, "rds"] => Some(Host { kind: HostKind::Database, label, region }),
        _ => None,
    }
}

/// The address of an instance by its public host name: `ec2-18-184-1-1.eu-central-1.compute.amazonaws.com`.
pub(super) fn machine(host: &str) -> Option<Ipv4Addr> {
    let (label, rest) = host.split_once('.')?;
    let is_machine = rest.ends_with("compute.amazonaws.com") || rest == "compute-1.amazonaws.com";
    let address = label.strip_prefix("ec2-").filter(|_| is_machine)?;
    address.replace('-', ".").parse().ok()
}

/// The hosts of everything that was described.
pub(super) struct Hosts<'a>(Vec<RegionHosts<'a>>);

struct RegionHosts<'a> {
    region: &'a Inventory,
    hosts: HashSet<String>,
    clusters: HashSet<&'a str>,
    /// Classic load balancers have hosts of the same form as others, and are only seen by their interfaces: `ELB NAME`.
    classic: HashSet<String>,
}

impl<'a> RegionHosts<'a> {
    fn of(region: &'a Inventory) -> Self {
        let balancers = region.load_balancers.iter().filter_map(|balancer| balancer.host.as_deref());
        let databases = region.databases.iter().filter_map(|database| database.host.as_deref());
        let interfaces = region.network_interfaces.iter().filter_map(|one| one.description.strip_prefix("ELB "));
        Self {
            region,
            hosts: balancers.chain(databases).map(str::to_ascii_lowercase).collect(),
            clusters: region.databases.iter().filter_map(|database| database.cluster.as_deref()).collect(),
            classic: interfaces.filter(|name| !name.contains('/')).map(str::to_ascii_lowercase).collect(),
        }
    }

    fn has(&self, host: &Host<'_>, name: &str) -> bool {
        match host.kind {
            HostKind::LoadBalancer => self.hosts.contains(name) || self.has_classic(host.label),
            HostKind::Database => self.hosts.contains(name),
            HostKind::Cluster => self.clusters.contains(host.label),
        }
    }

    /// The label is the name and a number.
    fn has_classic(&self, label: &str) -> bool {
        let label = label.strip_prefix("internal-").unwrap_or(label);
        label.rsplit_once('-').is_some_and(|(name, _)| self.classic.contains(name))
    }

    fn gap(&self, host: &Host<'_>) -> Option<Gap> {
        let region = self.region;
        match host.kind {
            HostKind::LoadBalancer => {
                region.load_balancers.known().err().or_else(|| region.network_interfaces.known().err())
            }
            HostKind::Database => region.databases.known().err(),
            // A cluster may be without instances for a while.
            HostKind::Cluster => Some(region.databases.known().err().unwrap_or_else(|| Gap::Resource {
                kind: Kind::Databases,
                id: format!("an instance of the cluster {}", host.label),
            })),
        }
    }
}

impl<'a> Hosts<'a> {
    pub(super) fn of(estate: &'a Estate) -> Self {
        Self(estate.regions.iter().map(RegionHosts::of).collect())
    }

    /// Judges a host that a record stands for; `None` if it is there, or in a region that was not described at all.
    pub(super) fn judge(&self, record: &RecordSet, name: &str) -> super::Answer {
        let host = parse(name)?;
        let regions = || self.0.iter().filter(|one| one.region.region.as_deref() == Some(host.region));
        if regions().next().is_none() || regions().any(|region| region.has(&host, name)) {
            return None;
        }
        if let Some(gap) = regions().find_map(|region| region.gap(&host)) {
            return Some(Err((Rule::DanglingName, gap)));
        }
        let what = match host.kind {
            HostKind::LoadBalancer => "load balancer",
            HostKind::Database | HostKind::Cluster => "database",
        };
        Some(Ok(Fault {
            rule: Rule::DanglingName,
            severity: Severity::High,
            confidence: Confidence::High,
            title: format!("{} points at a {what} that is not there", record.name),
            proof: vec![
                format!("the {} record {} stands for {name}", record.kind, record.name),
                format!("no {what} described in {} has this host name", host.region),
            ],
            advice: "Delete the record, or let it point at what took the place. If it belongs to another account, describe that account too, or waive this finding.",
            change: Change::Deleted,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_aws_are_taken_apart() {
        let cases = [
            ("web-1234567890.eu-central-1.elb.amazonaws.com", Some((HostKind::LoadBalancer, "web-1234567890"))),
            (
                "net-50dc6c495c0c9188.elb.eu-central-1.amazonaws.com",
                Some((HostKind::LoadBalancer, "net-50dc6c495c0c9188")),
            ),
            ("orders.c0abcdefghij.eu-central-1.rds.amazonaws.com", Some((HostKind::Database, "orders"))),
            ("orders.cluster-c0abcdefghij.eu-central-1.rds.amazonaws.com", Some((HostKind::Cluster, "orders"))),
            ("orders.cluster-ro-c0abcdefghij.eu-central-1.rds.amazonaws.com", Some((HostKind::Cluster, "orders"))),
            ("pool.proxy-c0abcdefghij.eu-central-1.rds.amazonaws.com", None),
            ("d111111abcdef8.cloudfront.net", None),
            ("s3-website.eu-central-1.amazonaws.com", None),
            ("elb.amazonaws.com.example.com", None),
        ];
        for (host, expected) in cases {
            let parsed = parse(host);
            assert!(parsed.as_ref().is_none_or(|host| host.region == "eu-central-1"), "{host}");
            assert_eq!(parsed.map(|host| (host.kind, host.label)), expected, "{host}");
        }
    }
}
