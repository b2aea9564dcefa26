//! What can go wrong, and what to do then.

use std::path::{Path, PathBuf};

use contract::aws::{CallError, CallErrorKind};
use contract::document::DocumentError;
use contract::requirement::Unmet;
use contract::{Exit, Fault};
use thiserror::Error;

use crate::audit::finding::Severity;
use crate::audit::waiver::WaiverError;
use crate::explain::{NotQuestion, PlaceError};
use crate::inventory::gap::{Gap, Kind};
use crate::money::price::PriceError;
use crate::snapshot::ReadError;

/// So many gaps are named in a message; the section has all.
const NAMED: usize = 3;

/// An error of `net-audit`.
#[derive(Debug, Error)]
pub enum Error {
    /// A release document came, but no snapshot.
    #[error("there is no snapshot to audit")]
    NoSnapshot,
    /// The snapshot's file cannot be read.
    #[error("{}", unreadable(path, cause))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// Several profiles and a role are named.
    #[error("several profiles are named, and a role: which profile takes it on is not said")]
    ProfilesAndRoles,
    /// No network can be seen.
    #[error(transparent)]
    Aws(#[from] CallError),
    /// The snapshot is no proof.
    #[error("{}{cause}", prefixed(source_name.as_deref()))]
    Snapshot {
        /// The file that it is about, if it is about one of several or of a known name.
        source_name: Option<String>,
        /// What is wrong.
        cause: ReadError,
    },
    /// There are regions that could not be looked at.
    #[error("{} cannot be seen: {because}", regions.join(", "))]
    Unseen {
        /// Which, with their accounts.
        regions: Vec<String>,
        /// Why the first of them could not.
        because: String,
    },
    /// There are subnets whose class cannot be said.
    #[error("{} cannot be classified: {}", counted(*subnets), named(gaps))]
    Unknown {
        /// How many.
        subnets: usize,
        /// What is missing, each once.
        gaps: Vec<Gap>,
    },
    /// There are rules that cannot be asked.
    #[error("{} cannot be answered: {}", rules.join(", "), named(gaps))]
    Unanswered {
        /// Their ids.
        rules: Vec<&'static str>,
        /// What is missing, each once.
        gaps: Vec<Gap>,
    },
    /// There are findings that count.
    #[error("{} at or above {threshold}: {worst}{}", findings_of(*findings), besides(unanswered))]
    Found {
        /// How many.
        findings: usize,
        /// The lowest severity that counts.
        threshold: Severity,
        /// The worst of them.
        worst: String,
        /// Rules that cannot be asked and would count.
        unanswered: Vec<&'static str>,
    },
    /// There is no way from the one place to the other.
    #[error("{0}")]
    Stopped(String),
    /// It cannot be said whether there is a way, or whether something became worse.
    #[error("{summary}: {}", named(gaps))]
    WayUnknown {
        /// What was asked, and that it is unknown.
        summary: String,
        /// What is missing.
        gaps: Vec<Gap>,
    },
    /// Something that counts became worse.
    #[error("{0}")]
    Worse(String),
    /// The ends of a way are not understood.
    #[error(transparent)]
    Question(#[from] NotQuestion),
    /// The ends of a way are not there, or several things are called so.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A form is asked for that does not fit the question.
    #[error("--output {form} tells of findings, not of a way or a difference")]
    NoSuchForm {
        /// The form.
        form: &'static str,
    },
    /// A file of waivers cannot be read.
    #[error("waivers in `{}`: {cause}", path.display())]
    Waivers {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: WaiverError,
    },
    /// A file of prices cannot be read.
    #[error("prices in `{}`: {cause}", path.display())]
    Prices {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: PriceError,
    },
    /// The release document is not understood.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// `--require` is not met.
    #[error(transparent)]
    Require(#[from] Unmet),
}

fn unreadable(path: &Path, cause: &std::io::Error) -> String {
    match cause.kind() {
        std::io::ErrorKind::IsADirectory => format!("`{}` is a directory", path.display()),
        _ => format!("`{}` cannot be read: {cause}", path.display()),
    }
}

fn prefixed(name: Option<&str>) -> String {
    name.map(|name| format!("`{name}`: ")).unwrap_or_default()
}

fn counted(subnets: usize) -> String {
    if subnets == 1 { "1 subnet".to_owned() } else { format!("{subnets} subnets") }
}

fn besides(rules: &[&str]) -> String {
    if rules.is_empty() { String::new() } else { format!("; besides, {} cannot be answered", rules.join(", ")) }
}

fn findings_of(count: usize) -> String {
    if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") }
}

fn named(gaps: &[Gap]) -> String {
    let mut texts: Vec<String> = gaps.iter().take(NAMED).map(Gap::to_string).collect();
    if gaps.len() > NAMED {
        texts.push(format!("and {} more", gaps.len() - NAMED));
    }
    texts.join("; ")
}

/// The commands whose output is missing.
fn commands(kinds: impl IntoIterator<Item = Kind>) -> String {
    let mut kinds: Vec<Kind> = kinds.into_iter().collect();
    kinds.sort_unstable();
    kinds.dedup();
    let commands: Vec<&str> = kinds.into_iter().map(Kind::command).collect();
    commands.join(", ")
}

impl Fault for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NoSnapshot
            | Self::Unreadable { .. }
            | Self::ProfilesAndRoles
            | Self::Question(_)
            | Self::Place(_)
            | Self::NoSuchForm { .. }
            | Self::Snapshot { .. }
            | Self::Waivers { .. }
            | Self::Prices { .. } => Exit::Usage,
            // Nothing but reading was under way: after a timeout there is nothing to be unsure of.
            Self::Aws(_) => Exit::World,
            Self::Unseen { .. }
            | Self::Unknown { .. }
            | Self::Unanswered { .. }
            | Self::Found { .. }
            | Self::Stopped(_)
            | Self::WayUnknown { .. }
            | Self::Worse(_) => Exit::No,
            Self::Document(error) => error.exit(),
            Self::Require(error) => error.exit(),
        }
    }

    fn code(&self) -> String {
        match self {
            Self::NoSnapshot => "snapshot.missing".to_owned(),
            Self::Unreadable { .. } => "snapshot.unreadable".to_owned(),
            Self::Aws(error) => error.code(),
            Self::Snapshot { cause, .. } => snapshot_code(cause).to_owned(),
            Self::Unseen { .. } | Self::Unknown { .. } | Self::Unanswered { .. } | Self::WayUnknown { .. } => {
                "network.unknown".to_owned()
            }
            Self::Found { .. } => "network.findings".to_owned(),
            Self::Stopped(_) => "network.stopped".to_owned(),
            Self::Worse(_) => "network.worse".to_owned(),
            Self::ProfilesAndRoles | Self::Question(_) | Self::NoSuchForm { .. } => "usage".to_owned(),
            Self::Place(_) => "network.no_place".to_owned(),
            Self::Waivers { .. } => "waivers.invalid".to_owned(),
            Self::Prices { .. } => "prices.invalid".to_owned(),
            Self::Document(error) => error.code(),
            Self::Require(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoSnapshot => Some("name the snapshot: net-audit SNAPSHOT --input -".to_owned()),
            Self::Unreadable { path, cause } if cause.kind() == std::io::ErrorKind::IsADirectory => {
                Some(format!("name its files: {}", path.join("*.json").display()))
            }
            Self::Unreadable { .. } => Some("check the name, and that the snapshot was taken".to_owned()),
            Self::ProfilesAndRoles => Some("name one profile with all the roles that it takes on".to_owned()),
            Self::Aws(error) if error.kind == CallErrorKind::Timeout => Some("run it again".to_owned()),
            Self::Aws(error) => error.hint(),
            Self::Snapshot { cause, .. } => Some(snapshot_hint(cause)),
            Self::Unseen { .. } => {
                Some("allow what net-audit --live --iam-policy prints, or leave the region out".to_owned())
            }
            Self::Unknown { gaps, .. } | Self::WayUnknown { gaps, .. } => Some(unknown_hint(gaps)),
            Self::Unanswered { gaps, .. } => {
                Some(format!("{}; --fail-on never only tells what is found", unknown_hint(gaps)))
            }
            Self::Found { .. } => Some(
                "net-audit SNAPSHOT --output markdown tells what to do about each; --waivers FILE accepts some"
                    .to_owned(),
            ),
            Self::Stopped(_) => Some("net-audit SNAPSHOT --explain FROM TO --output table shows every step".to_owned()),
            Self::Worse(_) => Some("net-audit --diff OLD NEW --output table shows what changed".to_owned()),
            Self::Question(error) => error.hint(),
            Self::Place(error) => error.hint(),
            Self::NoSuchForm { .. } => Some("use json, table or markdown".to_owned()),
            Self::Waivers { .. } => Some("a waiver has id, reason and expires; docs/net-audit.md shows one".to_owned()),
            Self::Prices { .. } => Some("docs/net-audit.md shows what such a file looks like".to_owned()),
            Self::Document(error) => error.hint(),
            Self::Require(error) => error.hint(),
        }
    }

    fn request_id(&self) -> Option<String> {
        match self {
            Self::Aws(error) => error.request_id(),
            _ => None,
        }
    }
}

fn snapshot_code(error: &ReadError) -> &'static str {
    match error {
        ReadError::Empty => "snapshot.empty",
        ReadError::Truncated(_) => "snapshot.truncated",
        ReadError::Malformed(_) | ReadError::Text => "snapshot.malformed",
        ReadError::Utf16 => "snapshot.utf16",
        ReadError::Alien(_) => "snapshot.unknown_format",
        ReadError::Packed => "snapshot.packed",
        ReadError::NothingPlanned | ReadError::NoSubnets => "snapshot.no_subnets",
        ReadError::SeveralRegions(_) => "snapshot.several_regions",
        ReadError::Twice { .. } => "snapshot.twice",
        ReadError::OfSource { cause, .. } => snapshot_code(cause),
        ReadError::Terraform(_) => "snapshot.terraform",
        ReadError::Incomplete { .. } => "snapshot.incomplete",
        ReadError::OnePage(_) => "snapshot.one_page",
        ReadError::Member { .. } => "snapshot.invalid",
        ReadError::NoPlace => "snapshot.no_place",
    }
}

fn snapshot_hint(error: &ReadError) -> String {
    match error {
        ReadError::Empty | ReadError::Truncated(_) => {
            "look at the exit code and standard error of the command that took it".to_owned()
        }
        ReadError::Malformed(_) => "look at the snapshot with: jq . SNAPSHOT".to_owned(),
        ReadError::Utf16 => "write it as UTF-8".to_owned(),
        ReadError::Text => "write it with --output json".to_owned(),
        ReadError::Alien(_) => format!("give it the output of: {}", commands(Kind::REQUIRED)),
        ReadError::Packed | ReadError::Terraform(_) => "terraform show -json FILE > FILE.json".to_owned(),
        ReadError::NothingPlanned => "leave it out where no network is planned".to_owned(),
        ReadError::SeveralRegions(_) => "take one snapshot: net-audit --collect --region REGION,REGION".to_owned(),
        ReadError::Twice { .. } => "compare two looks at the same with: net-audit --diff OLD NEW".to_owned(),
        ReadError::OfSource { cause, .. } => snapshot_hint(cause),
        ReadError::Incomplete { missing, .. } => format!("add the output of: {}", commands(missing.iter().copied())),
        ReadError::OnePage(_) => "take it without --max-items and --no-paginate, so that all pages are read".to_owned(),
        ReadError::Member { .. } => "compare it with what the AWS CLI writes with --output json".to_owned(),
        ReadError::NoPlace => "audit them with the snapshot of their region alone".to_owned(),
        ReadError::NoSubnets => "check region and account, and the filters it was taken with".to_owned(),
    }
}

fn unknown_hint(gaps: &[Gap]) -> String {
    let was_denied = gaps.iter().any(|gap| matches!(gap, Gap::Denied { .. }));
    let commands = commands(gaps.iter().filter(|gap| !matches!(gap, Gap::Denied { .. })).filter_map(Gap::kind));
    match (was_denied, commands.is_empty()) {
        (true, _) => "allow what net-audit --live --iam-policy prints".to_owned(),
        (false, true) => "net-audit SNAPSHOT --output table shows which".to_owned(),
        (false, false) => format!("add the output of: {commands}; or take all of it with net-audit --collect"),
    }
}
