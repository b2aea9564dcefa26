//! What was typed behind `--explain`: two places, and a port.

use std::fmt;
use std::net::IpAddr;

use thiserror::Error;

use crate::inventory::Protocol;

/// A place as it was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Everything outside.
    Internet,
    /// An address, wherever it is.
    Address(IpAddr),
    /// An id or a name, as it is or behind the kind of thing: `orders`, `database/orders`, `service/production/web`.
    Named(String),
}

/// One protocol and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The port.
    pub port: u16,
}

/// Who wants to speak to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who begins.
    pub from: Place,
    /// Whom it speaks to.
    pub to: Place,
    /// On which port; `None` leaves it to what stands there.
    pub service: Option<Service>,
}

/// What was typed names no place or no port.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotQuestion {
    /// Nothing was typed.
    #[error("an end has no name: say `internet`, an address, an id or a name")]
    Empty,
    /// The port is none.
    #[error("`{0}` is no port: say a number from 1 to 65535, with `/udp` behind it if it is not TCP")]
    Port(String),
    /// Who begins a conversation does so from any port.
    #[error("`{0}` begins the conversation and needs no port: put it behind the other end")]
    PortOfSource(String),
    /// A bracket is not closed, or holds no IPv6 address.
    #[error("`{0}` is no address: write IPv6 as [2001:db8::1]:443")]
    Bracket(String),
}

impl NotQuestion {
    /// A question that can be asked.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let (from, to) = match self {
            Self::Empty => ("internet", "load-balancer/NAME".to_owned()),
            Self::Port(_) => ("internet", "load-balancer/NAME:443".to_owned()),
            Self::PortOfSource(name) => (name.as_str(), "database/NAME:5432".to_owned()),
            Self::Bracket(_) => ("internet", quoted("[2001:db8::1]:443")),
        };
        Some(format!("net-audit SNAPSHOT --explain {} {to}", quoted(from)))
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@,+=".contains(&byte);
    if word.bytes().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Internet => formatter.write_str("internet"),
            Self::Address(address) => address.fmt(formatter),
            Self::Named(name) => formatter.write_str(name),
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.protocol, self.port)
    }
}

impl Question {
    /// Reads both places: `FROM` and `TO[:PORT]`.
    ///
    /// # Errors
    /// One of them is no place, or the port is none.
    pub fn parse(from: &str, to: &str) -> Result<Self, NotQuestion> {
        let (to, service) = split(to)?;
        let (source, port) = split(from).unwrap_or((from, None));
        if port.is_some() {
            return Err(NotQuestion::PortOfSource(source.to_owned()));
        }
        Ok(Self { from: place(source)?, to: place(to)?, service })
    }

    /// The same question with another one that begins, as it is typed.
    pub(super) fn begun_at(&self, from: &str) -> String {
        let to = match (&self.to, self.service) {
            (Place::Address(IpAddr::V6(address)), Some(_)) => format!("[{address}]"),
            (to, _) => to.to_string(),
        };
        format!("{} {}", quoted(from), self.with_port(&to))
    }

    /// The same question to another one, as it is typed.
    pub(super) fn put_to(&self, to: &str) -> String {
        format!("{} {}", quoted(&self.from.to_string()), self.with_port(to))
    }

    fn with_port(&self, to: &str) -> String {
        match self.service {
            None => quoted(to),
            Some(Service { protocol: Protocol::UDP, port }) => quoted(&format!("{to}:{port}/udp")),
            Some(Service { port, .. }) => quoted(&format!("{to}:{port}")),
        }
    }
}

/// A place and the port behind it.
fn split(text: &str) -> Result<(&str, Option<Service>), NotQuestion> {
    if let Some(rest) = text.strip_prefix('[') {
        let bracket = || NotQuestion::Bracket(text.to_owned());
        let (address, port) = rest.split_once(']').ok_or_else(bracket)?;
        address.parse::<std::net::Ipv6Addr>().map_err(|_| bracket())?;
        let port = match (port, port.strip_prefix(':')) {
            ("", _) => None,
            (_, Some(port)) => Some(service(port)?),
            _ => return Err(bracket()),
        };
        return Ok((address, port));
    }
    if text.parse::<IpAddr>().is_ok() {
        return Ok((text, None));
    }
    match text.rsplit_once(':') {
        None => Ok((text, None)),
        // An ARN has colons of its own.
        Some((name, port)) if text.starts_with("arn:") => {
            Ok(service(port).map_or((text, None), |service| (name, Some(service))))
        }
        Some((name, port)) => Ok((name, Some(service(port)?))),
    }
}

fn service(text: &str) -> Result<Service, NotQuestion> {
    let error = || NotQuestion::Port(text.to_owned());
    let (port, protocol) = match text.split_once('/') {
        None => (text, Protocol::TCP),
        Some((port, "tcp")) => (port, Protocol::TCP),
        Some((port, "udp")) => (port, Protocol::UDP),
        Some(_) => return Err(error()),
    };
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|port| is_number && *port > 0).ok_or_else(error)?;
    Ok(Service { protocol, port })
}

fn place(text: &str) -> Result<Place, NotQuestion> {
    match text.trim() {
        "" => Err(NotQuestion::Empty),
        text if text.eq_ignore_ascii_case("internet") => Ok(Place::Internet),
        text => Ok(text.parse().map_or_else(|_| Place::Named(text.to_owned()), Place::Address)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(to: &str, expected: &str) {
        let answer = match Question::parse("internet", to) {
            Ok(Question { to, service: Some(service), .. }) => format!("{to} on {service}"),
            Ok(Question { to, service: None, .. }) => to.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(answer, expected, "{to}");
    }

    #[test]
    fn a_place_may_carry_a_port() {
        check("orders", "orders");
        check("orders:5432", "orders on tcp 5432");
        check("10.0.0.1:53/udp", "10.0.0.1 on udp 53");
        check("2001:db8::1", "2001:db8::1");
        check("[2001:db8::1]:443", "2001:db8::1 on tcp 443");
        check("[2001:db8::1]", "2001:db8::1");
        check("internet:443/tcp", "internet on tcp 443");
        check("arn:aws:rds:eu-central-1:1:db:orders", "arn:aws:rds:eu-central-1:1:db:orders");
        check("arn:aws:rds:eu-central-1:1:db:orders:5432", "arn:aws:rds:eu-central-1:1:db:orders on tcp 5432");
    }

    #[test]
    fn what_is_no_place_or_no_port_is_refused() {
        let port = |text: &str| NotQuestion::Port(text.to_owned()).to_string();
        check("web:http", &port("http"));
        check("web:0", &port("0"));
        check("web:65536", &port("65536"));
        check("web:+1", &port("+1"));
        check("web:53/icmp", &port("53/icmp"));
        check("[10.0.0.1]:22", &NotQuestion::Bracket("[10.0.0.1]:22".to_owned()).to_string());
        check("[::1", &NotQuestion::Bracket("[::1".to_owned()).to_string());
        check("", &NotQuestion::Empty.to_string());
        check(":22", &NotQuestion::Empty.to_string());
        assert_eq!(Question::parse("web:443", "db"), Err(NotQuestion::PortOfSource("web".to_owned())));
    }
}
