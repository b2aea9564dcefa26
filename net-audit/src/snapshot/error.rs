//! Why bytes describe no network.

use thiserror::Error;

use crate::inventory::gap::Kind;

/// Why bytes describe no network.
#[derive(Debug, Error)]
pub enum ReadError {
    /// There are none.
    #[error("the snapshot is empty")]
    Empty,
    /// The JSON ends too early.
    #[error("the snapshot is cut off: {0}")]
    Truncated(serde_json::Error),
    /// It is no JSON.
    #[error("the snapshot is not JSON: {0}")]
    Malformed(serde_json::Error),
    /// It is text: a table, YAML or CSV.
    #[error("the snapshot is not JSON, but text")]
    Text,
    /// It is UTF-16, as `>` of an old PowerShell writes it.
    #[error("the snapshot is UTF-16")]
    Utf16,
    /// It is an archive: what `terraform plan -out` writes is one.
    #[error("this is an archive, perhaps a plan as Terraform stores it, not JSON")]
    Packed,
    /// It is JSON of another shape.
    #[error("this is not a snapshot of a network: {0}")]
    Alien(String),
    /// It is Terraform's, and not understood.
    #[error("{0}")]
    Terraform(String),
    /// Members that are always needed are missing.
    #[error("the snapshot{} has no {}{}", of(region.as_deref()), names(missing), because(denied.as_deref()))]
    Incomplete {
        /// Which.
        missing: Vec<Kind>,
        /// Of which region.
        region: Option<String>,
        /// Why the first of them could not be listed, if it was tried.
        denied: Option<String>,
    },
    /// It is one of several pages, as this member says.
    #[error("the snapshot is one page of several: `{0}` is set")]
    OnePage(String),
    /// A member is not what AWS writes.
    #[error("the snapshot's `{member}` is not understood: {cause}")]
    Member {
        /// Which.
        member: String,
        /// What is wrong.
        cause: String,
    },
    /// There is no subnet in it.
    #[error("the snapshot has no subnet: there is nothing to classify")]
    NoSubnets,
    /// There is no subnet in what Terraform shows.
    #[error("Terraform manages no subnet here: there is nothing to audit")]
    NothingPlanned,
    /// Documents of the AWS CLI are of several regions.
    #[error("these documents are of several regions ({}), and do not say which of them each is from", .0.join(", "))]
    SeveralRegions(Vec<String>),
    /// A region of an account was looked at twice.
    #[error("{region} of {account} is there twice")]
    Twice {
        /// The account.
        account: String,
        /// The region.
        region: String,
    },
    /// Something is wrong with one of the sources.
    #[error("{cause}")]
    OfSource {
        /// Its place among the sources.
        place: usize,
        /// What is wrong.
        cause: Box<Self>,
    },
    /// There are documents of the AWS CLI beside snapshots of several regions.
    #[error("documents of the AWS CLI do not say which region they are from, and the snapshots are of several")]
    NoPlace,
}

fn names(kinds: &[Kind]) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.member()).collect();
    names.join(", ")
}

fn of(region: Option<&str>) -> String {
    region.map(|region| format!(" of {region}")).unwrap_or_default()
}

fn because(denied: Option<&str>) -> String {
    denied.map(|why| format!(": {why}")).unwrap_or_default()
}

impl ReadError {
    /// The same, with the place of the source that it is about.
    pub(super) fn of_source(self, place: usize) -> Self {
        Self::OfSource { place, cause: Box::new(self) }
    }

    /// What is wrong, and with which of the sources if it is one.
    #[must_use]
    pub fn cause(self) -> (Self, Option<usize>) {
        match self {
            Self::OfSource { place, cause } => (*cause, Some(place)),
            cause => (cause, None),
        }
    }
}

impl From<serde_json::Error> for ReadError {
    fn from(error: serde_json::Error) -> Self {
        if error.is_eof() { Self::Truncated(error) } else { Self::Malformed(error) }
    }
}
