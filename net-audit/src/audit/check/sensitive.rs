//! Ports that strangers have no business at.

use crate::address::prefix::Family;
use crate::exposure::Coverage;
use crate::exposure::traffic::{Opening, joined};
use crate::inventory::{Ports, Protocol};

/// A port of a protocol.
pub(super) type Door = (Protocol, u16);

/// A port, and what usually answers at it.
type Named = (Protocol, u16, &'static str);

/// Ports of databases, caches, queues and files.
///
/// Source: IANA Service Name and Port Number Registry, and the products' own manuals; for UDP: CISA alert TA14-017A, UDP-based amplification
/// attacks. Ports that are as often served to everybody on purpose are none of these: 123, 1883, 8080, 9090.
const DATABASES: [Named; 19] = [
    (Protocol::TCP, 1433, "SQL Server"),
    (Protocol::TCP, 1521, "Oracle"),
    (Protocol::TCP, 2049, "NFS"),
    (Protocol::TCP, 2379, "etcd"),
    (Protocol::TCP, 2380, "etcd peers"),
    (Protocol::TCP, 3306, "MySQL"),
    (Protocol::TCP, 5432, "PostgreSQL"),
    (Protocol::TCP, 5439, "Redshift"),
    (Protocol::TCP, 5601, "Kibana"),
    (Protocol::TCP, 5984, "CouchDB"),
    (Protocol::TCP, 6379, "Redis"),
    (Protocol::TCP, 8086, "InfluxDB"),
    (Protocol::TCP, 9042, "Cassandra"),
    (Protocol::TCP, 9200, "Elasticsearch"),
    (Protocol::TCP, 9300, "Elasticsearch nodes"),
    (Protocol::TCP, 11211, "memcached"),
    (Protocol::TCP, 27017, "MongoDB"),
    (Protocol::TCP, 27018, "MongoDB shard"),
    (Protocol::UDP, 11211, "memcached"),
];

/// Ports of remote administration and directories. Source: as above; the manuals of Docker, the kubelet and `RabbitMQ`.
const REMOTE: [Named; 16] = [
    (Protocol::TCP, 22, "SSH"),
    (Protocol::TCP, 23, "Telnet"),
    (Protocol::TCP, 389, "LDAP"),
    (Protocol::TCP, 445, "SMB"),
    (Protocol::TCP, 636, "LDAP over TLS"),
    (Protocol::TCP, 2375, "Docker"),
    (Protocol::TCP, 2376, "Docker over TLS"),
    (Protocol::TCP, 3389, "RDP"),
    (Protocol::TCP, 5900, "VNC"),
    (Protocol::TCP, 5985, "WinRM"),
    (Protocol::TCP, 5986, "WinRM over TLS"),
    (Protocol::TCP, 10250, "kubelet"),
    (Protocol::TCP, 15672, "RabbitMQ management"),
    (Protocol::UDP, 161, "SNMP"),
    (Protocol::UDP, 389, "CLDAP"),
    (Protocol::UDP, 1900, "SSDP"),
];

/// Below it are the ports of services that everybody knows. Source: RFC 6335, section 6.
const FIRST_OF_USERS: u16 = 1024;

/// So many ports in a row were not opened for one service.
const MANY: u32 = 1000;

/// The ports of a protocol that strangers have no business at, in order.
pub(super) fn known(protocol: Protocol) -> Vec<u16> {
    let all = REMOTE.iter().chain(&DATABASES).filter(|(of, ..)| *of == protocol);
    let mut ports: Vec<u16> = all.map(|(_, port, _)| *port).collect();
    ports.sort_unstable();
    ports
}

/// Whether ports are so many that they were not opened for one service.
pub(super) fn is_wide(ports: Ports) -> bool {
    length(ports) >= MANY
}

/// What anybody can speak to, as far as nobody should.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Doors {
    /// A thousand ports in a row or more; of all protocols if there is such a rule.
    pub(super) wide: Vec<(Protocol, Ports)>,
    /// Ports of remote administration that were opened one by one.
    pub(super) remote: Vec<Door>,
    /// Ports of databases that were opened one by one.
    pub(super) databases: Vec<Door>,
}

impl Doors {
    /// Looks for them among what is open in a family.
    pub(super) fn of(openings: &[Opening], family: Family) -> Self {
        let world = openings.iter().filter(|opening| Coverage::of(&opening.addresses, family).is_world());
        let ranges = joined(world.map(|opening| (opening.protocol, opening.ports)));
        if ranges.iter().any(|(protocol, _)| *protocol == Protocol::All) {
            return Self { wide: vec![(Protocol::All, Ports::ALL)], ..Self::default() };
        }
        let wide = |range: &&(Protocol, Ports)| range.0.has_ports() && is_wide(range.1);
        let single: Vec<(Protocol, Ports)> = ranges.iter().filter(|range| !wide(range)).copied().collect();
        let among = |known: &[Named]| {
            let doors = known.iter().map(|(protocol, port, _)| (*protocol, *port));
            doors.filter(|(of, port)| single.iter().any(|range| range.0 == *of && range.1.contain(*port))).collect()
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

    /// Whether many ports are open, and they are a part of UDP's upper ones only: media servers need that. Half of all ports is no part of one server.
    pub(super) fn is_media(&self) -> bool {
        let is_part = |ports: Ports| ports.first >= FIRST_OF_USERS && length(ports) <= u32::from(u16::MAX / 2) + 1;
        self.wide.iter().all(|(protocol, ports)| *protocol == Protocol::UDP && is_part(*ports))
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
pub(super) fn ranges(doors: &[Door]) -> Vec<(Protocol, Ports)> {
    doors.iter().map(|(protocol, port)| (*protocol, Ports::one(*port))).collect()
}

/// Ports for people: `22 (SSH), udp 389 (CLDAP)`.
pub(super) fn told(doors: &[Door]) -> String {
    let texts = doors.iter().map(|(protocol, port)| {
        let name = REMOTE.iter().chain(&DATABASES).find(|(of, candidate, _)| of == protocol && candidate == port);
        let name = name.map(|(.., name)| format!(" ({name})")).unwrap_or_default();
        let protocol = if *protocol == Protocol::TCP { String::new() } else { format!("{protocol} ") };
        format!("{protocol}{port}{name}")
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// Ranges for people: `all protocols`, `tcp 1000-65535`.
pub(super) fn ranges_told(ranges: &[(Protocol, Ports)]) -> String {
    let texts = ranges.iter().map(|(protocol, ports)| protocol.with(*ports));
    texts.collect::<Vec<_>>().join(", ")
}
