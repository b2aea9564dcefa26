//! Reads the files that are consulted beside the reports. Each must be whole and understood, or there is no verdict.

use std::fs::File;
use std::path::{Path, PathBuf};

use contract::Document;
use contract::input::read_file;
use jiff::Timestamp;
use serde::Deserialize;

use crate::error::{Error, Role};
use crate::inspection::Inspection;
use crate::judge::alias::Aliases;
use crate::judge::baseline::{Baseline, Fingerprints};
use crate::judge::{Evidence, judge};
use crate::policy::{Policy, PolicyFile};
use crate::proof::age;
use crate::reader;
use crate::request::Consulted;
use crate::threat::exploit_prediction::ExploitPrediction;
use crate::threat::known_exploited::KnownExploited;
use crate::waiver::{Effect, Pattern, Waiver, file};

/// What the consulted files say.
#[derive(Debug, Default)]
pub(crate) struct Consultation {
    /// All statements of all waiver files.
    pub(crate) waivers: Vec<Waiver>,
    /// What is to be said about those files.
    pub(crate) notes: Vec<String>,
    /// What is known to be exploited.
    pub(crate) known_exploited: Option<KnownExploited>,
    /// How probable exploitation is.
    pub(crate) exploit_prediction: Option<ExploitPrediction>,
    /// What was there before.
    pub(crate) baseline: Option<Baseline>,
}

impl Consultation {
    /// It, as the judge wants it.
    #[must_use]
    pub(crate) fn evidence(&self) -> Evidence<'_> {
        Evidence {
            waivers: &self.waivers,
            known_exploited: self.known_exploited.as_ref(),
            exploit_prediction: self.exploit_prediction.as_ref(),
            baseline: self.baseline.as_ref(),
        }
    }
}

/// Reads the policy file, if there is one.
///
/// # Errors
/// It cannot be read, or is not understood.
pub(crate) async fn policy(path: Option<&Path>) -> Result<PolicyFile, Error> {
    let Some(path) = path else { return Ok(PolicyFile::default()) };
    let wrong = |cause| Error::Consulted { role: Role::Policy, path: path.to_owned(), cause };
    let text = String::from_utf8(bytes(Role::Policy, path).await?).map_err(|error| wrong(error.to_string()))?;
    PolicyFile::parse(&text).map_err(wrong)
}

/// Reads the other files.
///
/// # Errors
/// One of them cannot be read, or is not understood.
pub(crate) async fn consult(consulted: Consulted, policy: &Policy, now: Timestamp) -> Result<Consultation, Error> {
    let mut consultation = Consultation::default();
    for path in &consulted.waivers {
        let bytes = bytes(Role::Waivers, path).await?;
        let read = file::read(&path.display().to_string(), &bytes).map_err(because(Role::Waivers, path))?;
        consultation.waivers.extend(read.waivers);
        consultation.notes.extend(read.notes);
    }
    consultation.waivers.iter_mut().for_each(|waiver| void_if_from_the_future(waiver, now));
    consultation.notes.extend(conflicts(&consultation.waivers, now));
    if let Some(path) = &consulted.known_exploited {
        let bytes = bytes(Role::KnownExploited, path).await?;
        consultation.known_exploited = Some(KnownExploited::read(&bytes).map_err(because(Role::KnownExploited, path))?);
    }
    if let Some(path) = &consulted.exploit_prediction {
        let bytes = bytes(Role::ExploitPrediction, path).await?;
        consultation.exploit_prediction =
            Some(ExploitPrediction::read(&bytes).map_err(because(Role::ExploitPrediction, path))?);
    }
    if let Some(path) = consulted.baseline {
        consultation.baseline = Some(baseline(path, policy.clone(), now).await?);
    }
    Ok(consultation)
}

fn because<E: std::fmt::Display>(role: Role, path: &Path) -> impl FnOnce(E) -> Error {
    let path = path.to_owned();
    move |cause| Error::Consulted { role, path, cause: cause.to_string() }
}

async fn bytes(role: Role, path: &Path) -> Result<Vec<u8>, Error> {
    read_file(path).await.map_err(because(role, path))
}

/// A statement from the future would outlast every other one, and no honest clock makes one.
fn void_if_from_the_future(waiver: &mut Waiver, now: Timestamp) {
    let is_from_the_future = waiver.stated_at.is_some_and(|stated| age::age(stated, now).is_none());
    if is_from_the_future && waiver.effect == Effect::Silences {
        waiver.effect = Effect::Void("it is dated in the future".to_owned());
    }
}

/// An id that is waived in one place and whose waiver ran out in another: the one that ran out is easily taken for the one that holds.
fn conflicts(waivers: &[Waiver], now: Timestamp) -> Vec<String> {
    let silences = |waiver: &&Waiver| waiver.effect == Effect::Silences;
    let ids = |waiver: &Waiver| -> Vec<String> {
        let exact = waiver.ids.iter().filter_map(|id| match id {
            Pattern::Exact(id) => Some(id.to_ascii_uppercase()),
            _ => None,
        });
        exact.collect()
    };
    let expired = waivers.iter().filter(silences).filter(|waiver| waiver.is_expired(now));
    let mut notes = Vec::new();
    for gone in expired {
        let holding = waivers.iter().filter(silences).filter(|waiver| !waiver.is_expired(now));
        for still in holding {
            notes.extend(ids(gone).iter().filter(|id| ids(still).contains(id)).map(|id| {
                let (gone, still) = (&gone.origin, &still.origin);
                format!(
                    "{id} has expired at {} of {} and is still waived at {} of {}",
                    gone.place, gone.file, still.place, still.file
                )
            }));
        }
    }
    notes
}

/// The part of a verdict that a baseline needs.
#[derive(Deserialize)]
struct Verdict {
    fingerprints: Option<Fingerprints>,
}

async fn baseline(path: PathBuf, policy: Policy, now: Timestamp) -> Result<Baseline, Error> {
    let read = {
        let path = path.clone();
        tokio::task::spawn_blocking(move || read_baseline(&path, &policy, now)).await
    };
    read.map_err(|error| error.to_string()).and_then(|read| read).map_err(because(Role::Baseline, &path))
}

fn read_baseline(path: &Path, policy: &Policy, now: Timestamp) -> Result<Baseline, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    if Document::recognises(&bytes) {
        let document = Document::parse(&bytes).map_err(|error| error.to_string())?;
        let verdict: Option<Verdict> = document.read("scan").map_err(|error| error.to_string())?;
        let fingerprints = verdict.and_then(|verdict| verdict.fingerprints);
        let fingerprints = fingerprints.ok_or("it holds no verdict that could tell")?;
        return Baseline::try_from(&fingerprints).map_err(|error| error.to_string());
    }
    let stream = File::open(path).map_err(|error| error.to_string())?;
    let inspections = reader::read(Box::new(stream), None).map_err(|error| error.to_string())?;
    let inspections: Vec<&Inspection> = inspections.iter().collect();
    if let Some(missing) = crate::proof::part::missing(&inspections).first() {
        return Err(missing.clone());
    }
    let aliases = Aliases::of(inspections.iter().flat_map(|inspection| &inspection.findings));
    let verdict = judge(&inspections, &aliases, policy, Evidence::default(), now);
    Ok(Baseline::of_issues(&verdict.issues))
}
