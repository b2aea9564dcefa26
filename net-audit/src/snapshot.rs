//! Reads a snapshot: one JSON object whose members are those of `aws ec2 describe-… --output json`, any number of them merged.
//!
//! A member that is missing or `null` means that nobody looked, not that there is nothing. So is a page that says another follows.

mod wire;

use std::collections::BTreeMap;

use contract::raw::RawObject;
use serde::de::{DeserializeOwned, IgnoredAny};
use thiserror::Error;

use crate::gap::Kind;
use crate::inventory::{Inventory, Listing};
use crate::terraform;
use wire::Described;

/// Why bytes are no snapshot.
#[derive(Debug, Error)]
pub enum ReadError {
    /// There are none.
    #[error("the snapshot is empty")]
    Empty,
    /// The JSON ends too early.
    #[error("the snapshot is cut off: {0}")]
    Truncated(serde_json::Error),
    /// It is no JSON, or more than one document.
    #[error("the snapshot is not one JSON document: {0}")]
    Malformed(serde_json::Error),
    /// It is UTF-16, as `>` of an old PowerShell writes it.
    #[error("the snapshot is UTF-16")]
    Utf16,
    /// It is JSON of another shape.
    #[error("this is not a snapshot of a network: {0}")]
    Alien(String),
    /// A member that is always needed is missing.
    #[error("the snapshot has no {}", names(.0))]
    Incomplete(Vec<Kind>),
    /// It is the first of several pages.
    #[error("the snapshot is one page of several: `NextToken` is set")]
    OnePage,
    /// A member is not what AWS writes.
    #[error("the snapshot's `{member}` is not understood: {cause}")]
    Member {
        /// Which.
        member: &'static str,
        /// What is wrong.
        cause: String,
    },
    /// There is no subnet in it.
    #[error("the snapshot has no subnet: there is nothing to classify")]
    NoSubnets,
}

fn names(kinds: &[Kind]) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.member()).collect();
    names.join(", ")
}

impl From<serde_json::Error> for ReadError {
    fn from(error: serde_json::Error) -> Self {
        if error.is_eof() { Self::Truncated(error) } else { Self::Malformed(error) }
    }
}

/// Reads a snapshot whole, or says why not.
///
/// # Errors
/// It is not one JSON object with at least VPCs, subnets and route tables, each as AWS describes them, and at least one subnet.
pub fn read(bytes: &[u8]) -> Result<Inventory, ReadError> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(ReadError::Utf16);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ReadError::Empty);
    }
    let snapshot = Snapshot(translated(object(bytes)?, bytes)?);
    snapshot.recognise()?;
    let inventory = snapshot.inventory()?;
    if inventory.subnets.iter().next().is_none() {
        return Err(ReadError::NoSubnets);
    }
    Ok(inventory)
}

fn object(bytes: &[u8]) -> Result<RawObject, ReadError> {
    if bytes.trim_ascii_start().starts_with(b"{") {
        return Ok(serde_json::from_slice(bytes)?);
    }
    let _whole: IgnoredAny = serde_json::from_slice(bytes)?;
    Err(ReadError::Alien("it is not a JSON object".to_owned()))
}

/// What Terraform shows, in the words of the AWS CLI; any other document as it is.
fn translated(object: RawObject, bytes: &[u8]) -> Result<RawObject, ReadError> {
    if !terraform::recognises(object.iter().map(|(name, _)| name)) {
        return Ok(object);
    }
    let translation = terraform::translate(bytes).map_err(|error| ReadError::Alien(error.to_string()))?;
    Ok(serde_json::from_value(translation.members.into())?)
}

struct Snapshot(RawObject);

impl Snapshot {
    /// A member that is there and not `null`.
    fn member(&self, name: &str) -> Option<&str> {
        self.0.get(name).filter(|raw| *raw != "null")
    }

    fn recognise(&self) -> Result<(), ReadError> {
        let known = || Kind::ALL.iter().flat_map(|kind| kind.members());
        let misspelt = |name: &&str| known().any(|known| known != name && known.eq_ignore_ascii_case(name));
        if let Some(name) = self.0.iter().map(|(name, _)| name).find(misspelt) {
            return Err(ReadError::Alien(format!("member `{name}` is not spelled as AWS spells it")));
        }
        if !known().any(|name| self.member(name).is_some()) {
            return Err(ReadError::Alien("it describes neither VPCs nor subnets nor routes".to_owned()));
        }
        let missing: Vec<Kind> =
            Kind::REQUIRED.into_iter().filter(|kind| self.member(kind.member()).is_none()).collect();
        if !missing.is_empty() {
            return Err(ReadError::Incomplete(missing));
        }
        if self.member("NextToken").is_some() {
            return Err(ReadError::OnePage);
        }
        Ok(())
    }

    fn inventory(&self) -> Result<Inventory, ReadError> {
        Ok(Inventory {
            vpcs: self.listing::<wire::Vpc>(Kind::Vpcs)?,
            subnets: self.listing::<wire::Subnet>(Kind::Subnets)?,
            route_tables: self.listing::<wire::RouteTable>(Kind::RouteTables)?,
            internet_gateways: self.listing::<wire::InternetGateway>(Kind::InternetGateways)?,
            egress_only_internet_gateways: self
                .listing::<wire::EgressOnlyInternetGateway>(Kind::EgressOnlyInternetGateways)?,
            nat_gateways: self.listing::<wire::NatGateway>(Kind::NatGateways)?,
            vpc_endpoints: self.listing::<wire::VpcEndpoint>(Kind::VpcEndpoints)?,
            prefix_lists: self.listing::<wire::PrefixList>(Kind::PrefixLists)?,
            network_interfaces: self.listing::<wire::NetworkInterface>(Kind::NetworkInterfaces)?,
            instances: self.listing::<wire::InstanceOrReservation>(Kind::Instances)?,
        })
    }

    fn listing<D: Described + DeserializeOwned>(&self, kind: Kind) -> Result<Listing<D::Resource>, ReadError> {
        let mut items: Option<BTreeMap<String, D::Resource>> = None;
        for member in kind.members() {
            let Some(raw) = self.member(member) else { continue };
            let invalid = |cause: String| ReadError::Member { member, cause };
            let described: Vec<D> = serde_json::from_str(raw).map_err(|error| invalid(error.to_string()))?;
            let items = items.get_or_insert_default();
            for one in described {
                for (id, resource) in one.resources().map_err(invalid)? {
                    // Pages that were taken one after the other may overlap.
                    if items.get(&id).is_some_and(|other| *other != resource) {
                        return Err(invalid(format!("{id} stands there twice, and differs")));
                    }
                    items.insert(id, resource);
                }
            }
        }
        Ok(Listing::new(kind, items))
    }
}

#[cfg(test)]
mod tests;
