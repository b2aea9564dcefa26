//! Where a release must have gone through before: `--promote-from stage`. Pure.
//!
//! `--require deployment` asks only that some deployment of the image went through. The document that a run in production left shows one as well,
//! and so does that of any other cluster.

use std::fmt;
use std::str::FromStr;

use contract::Document;
use serde::Deserialize;
use thiserror::Error;

/// A cluster, and a service in it if one is named.
///
/// Written as `CLUSTER`, `CLUSTER/SERVICE`, or as the ARN of either, which also names the region and the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    text: String,
    account: Option<Account>,
    cluster: String,
    service: Option<String>,
}

/// What is no [`Place`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected CLUSTER, CLUSTER/SERVICE, or the ARN of a cluster or service")]
pub struct NotAPlace;

/// Region and account, as ARNs have them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Account {
    region: String,
    id: String,
}

impl Account {
    fn of_arn(arn: &str) -> Option<Self> {
        let mut parts = arn.strip_prefix("arn:")?.split(':').skip(2);
        Some(Self { region: parts.next()?.to_owned(), id: parts.next()?.to_owned() })
    }
}

impl fmt::Display for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "account {} in {}", self.id, self.region)
    }
}

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let (account, names) = if text.starts_with("arn:") {
            let account = Account::of_arn(text).ok_or(NotAPlace)?;
            let resource = text.splitn(6, ':').nth(5).ok_or(NotAPlace)?;
            let names = match resource.split_once('/') {
                Some(("cluster", name)) if !name.contains('/') => name,
                Some(("service", names)) if names.contains('/') => names,
                _ => return Err(NotAPlace),
            };
            (Some(account), names)
        } else {
            (None, text)
        };
        let names: Vec<&str> = names.split('/').collect();
        let (cluster, service) = match names[..] {
            [cluster] => (cluster, None),
            [cluster, service] => (cluster, Some(service.to_owned())),
            _ => return Err(NotAPlace),
        };
        if cluster.is_empty() || service.as_ref().is_some_and(String::is_empty) {
            return Err(NotAPlace);
        }
        Ok(Self { text: text.to_owned(), account, cluster: cluster.to_owned(), service })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Place {
    /// Whether nothing tells it from a cluster that is to be deployed to.
    #[must_use]
    pub fn is_cluster(&self, cluster: &str) -> bool {
        let other: Result<Self, _> = cluster.parse();
        other.is_ok_and(|other| {
            let is_same_account = self.account.is_none() || other.account.is_none() || self.account == other.account;
            self.cluster == other.cluster && is_same_account
        })
    }
}

/// Why a release is not let through.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NotPromoted {
    /// It went through elsewhere.
    #[error("the release is to come from {expected}, but its document is of {found}")]
    OtherCluster {
        /// Where it must have gone through.
        expected: String,
        /// The cluster, or the account, that the document speaks of.
        found: String,
    },
    /// The service is not among those that were deployed.
    #[error("the release is to come from {expected}, but its document has no such service")]
    OtherService {
        /// Where it must have gone through.
        expected: String,
    },
    /// It is not what serves there.
    #[error("the release is to come from {expected}, where it was not deployed: {outcome}")]
    NotDeployed {
        /// Where it must have gone through.
        expected: String,
        /// What became of it.
        outcome: String,
    },
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Section {
    cluster: String,
    outcome: String,
    services: Vec<Entry>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    service: String,
    outcome: String,
    task_definition: Option<String>,
}

/// Checks that the document's deployment is one to `place`, and that it went through. Of which image it is, and that it says yes, is checked by
/// `--require deployment`.
///
/// # Errors
/// It is not.
pub(super) fn check(document: &Document, place: &Place) -> Result<(), NotPromoted> {
    let read = |raw| serde_json::from_str(raw).ok();
    let section: Section = document.raw("deployment").and_then(read).unwrap_or_default();
    let expected = place.to_string();
    let elsewhere = |found: String| NotPromoted::OtherCluster { expected: expected.clone(), found };
    let found: Place = section.cluster.parse().map_err(|_| elsewhere("no cluster".to_owned()))?;
    if found.cluster != place.cluster {
        return Err(elsewhere(section.cluster));
    }
    let is_meant = |entry: &&Entry| place.service.as_ref().is_none_or(|service| *service == entry.service);
    let services: Vec<&Entry> = section.services.iter().filter(is_meant).collect();
    if services.is_empty() {
        return Err(NotPromoted::OtherService { expected });
    }
    for entry in services {
        // The cluster of a document is as it was typed; the revision that was rolled out always has an ARN.
        let account = entry.task_definition.as_deref().and_then(Account::of_arn);
        if place.account.is_some() && place.account != account {
            let found = account.map_or_else(|| "an account that it does not name".to_owned(), |it| it.to_string());
            return Err(elsewhere(found));
        }
        let bad =
            [&section.outcome, &entry.outcome].into_iter().find(|it| !["deployed", "unchanged"].contains(&it.as_str()));
        if let Some(outcome) = bad {
            return Err(NotPromoted::NotDeployed { expected, outcome: outcome.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
