//! Ports that strangers have no business at.

use crate::address::prefix::Family;
use crate::exposure::Coverage;
use crate::exposure::traffic::{Opening, joined};
use crate::inventory::{Ports, Protocol};

/// Ports of databases, caches and queues. Source: IANA Service Name and Port Number Registry, and the products' own manuals.
const DATABASES: [(u16, &str); 11] = [
    (1433, "SQL Server"),
    (1521, "Oracle"),
    (2379, "etcd"),
    (3306, "MySQL"),
    (5432, "PostgreSQL"),
    (5439, "Redshift"),
    (6379, "Redis"),
    (9042, "Cassandra"),
    (9200, "Elasticsearch"),
    (11211, "memcached"),
    (27017, "MongoDB"),
];

/// Ports of remote administration.
const REMOTE: [(u16, &str); 6] =
    [(22, "SSH"), (23, "Telnet"), (3389, "RDP"), (5900, "VNC"), (5985, "WinRM"), (5986, "WinRM over TLS")];

/// So many ports in a row were not opened for one service.
const MANY: u32 = 1000;

/// What anybody can speak to, as far as nobody should.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Doors {
    /// A thousand ports in a row or more; of all protocols if there is such a rule.
    pub(super) wide: Vec<(Protocol, Ports)>,
    /// Ports of remote administration that were opened one by one.
    pub(super) remote: Vec<u16>,
    /// Ports of databases that were opened one by one.
    pub(super) databases: Vec<u16>,
}

impl Doors {
    /// Looks for them among what is open in a family.
    pub(super) fn of(openings: &[Opening], family: Family) -> Self {
        let world = openings.iter().filter(|opening| Coverage::of(&opening.addresses, family).is_world());
        let ranges = joined(world.map(|opening| (opening.protocol, opening.ports)));
        if ranges.iter().any(|(protocol, _)| *protocol == Protocol::All) {
            return Self { wide: vec![(Protocol::All, Ports::ALL)], ..Self::default() };
        }
        let wide = |range: &&(Protocol, Ports)| range.0.has_ports() && length(range.1) >= MANY;
        let single = ranges.iter().filter(|range| range.0 == Protocol::TCP && !wide(range));
        let single: Vec<Ports> = single.map(|(_, ports)| *ports).collect();
        let among = |known: &[(u16, &str)]| {
            let ports = known.iter().map(|(port, _)| *port);
            ports.filter(|port| single.iter().any(|range| range.contain(*port))).collect()
        };
        Self {
            wide: ranges.iter().filter(wide).copied().collect(),
            remote: among(&REMOTE),
            databases: among(&DATABASES),
        }
    }

    /// The doors of both.
    pub(super) fn with(mut self, other: &Self) -> Self {
        merge(&mut self.wide, &other.wide);
        merge(&mut self.remote, &other.remote);
        merge(&mut self.databases, &other.databases);
        self
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.wide.is_empty() && self.remote.is_empty() && self.databases.is_empty()
    }

    /// Whether many ports are open, and they are a part of UDP's only: media servers need that.
    pub(super) fn is_media(&self) -> bool {
        self.wide.iter().all(|(protocol, ports)| *protocol == Protocol::UDP && *ports != Ports::ALL)
    }
}

fn merge<T: Ord + Copy>(ours: &mut Vec<T>, theirs: &[T]) {
    ours.extend(theirs);
    ours.sort_unstable();
    ours.dedup();
}

fn length(ports: Ports) -> u32 {
    u32::from(ports.last) + 1 - u32::from(ports.first)
}

/// Single ports as protocol and ports.
pub(super) fn ranges(ports: &[u16]) -> Vec<(Protocol, Ports)> {
    ports.iter().map(|port| (Protocol::TCP, Ports::one(*port))).collect()
}

/// Ports for people: `22 (SSH), 3389 (RDP)`.
pub(super) fn told(ports: &[u16]) -> String {
    let texts = ports.iter().map(|port| {
        let name = REMOTE.iter().chain(&DATABASES).find(|(candidate, _)| candidate == port);
        name.map_or_else(|| port.to_string(), |(_, name)| format!("{port} ({name})"))
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// Ranges for people: `all protocols`, `tcp 1000-65535`.
pub(super) fn ranges_told(ranges: &[(Protocol, Ports)]) -> String {
    let texts = ranges.iter().map(|(protocol, ports)| protocol.with(*ports));
    texts.collect::<Vec<_>>().join(", ")
}
