//! Waivers: which finding need not count, why, and until when. Pure.
//!
//! The file is that of all tools ([`contract::waiver`]); `resource`, `vpc`, `region` and `account` narrow an entry down. All that is given must match,
//! and what a finding does not say never matches. A waiver is as narrow as it is written: but for finding ids, case matters.

use contract::waiver::{Entry, Refusal};
use jiff::Timestamp;
use thiserror::Error;

use crate::request::region;

const NARROWINGS: [&str; 4] = ["resource", "vpc", "region", "account"];

/// One waiver.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// The findings' ids, such as `NET003`, in any case: one of them must match.
    pub ids: Vec<String>,
    /// The finding's main resource: its id, its ARN if that is how it is known, or its name.
    pub resource: Option<Pattern>,
    /// The id or the name of the VPC.
    pub vpc: Option<Pattern>,
    /// The region, such as `eu-central-1`.
    pub region: Option<String>,
    /// The account, twelve digits.
    pub account: Option<String>,
    /// Why.
    pub reason: String,
    /// From when on it does not hold any more.
    pub expires: Timestamp,
    /// Where it stands: `waivers.toml, waiver 1 (line 2)`.
    pub origin: String,
}

/// How an id, an ARN or a name is matched: `*` stands for anything, slashes and colons included, `?` for one character, all else for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(glob::Pattern);

impl Pattern {
    /// Every text is a pattern but those with `**`, which elsewhere means more than `*` and here would not.
    ///
    /// # Errors
    /// It has `**`.
    pub fn of(text: &str) -> Result<Self, String> {
        if text.contains("**") {
            return Err(format!("`{text}` is no pattern: write one `*`, which stands for anything"));
        }
        // Brackets are sets to the crate, and part of names to people.
        glob::Pattern::new(&text.replace('[', "[[]"))
            .map(Self)
            .map_err(|error| format!("`{text}` is no pattern: {error}"))
    }

    /// Whether the whole text fits.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        self.0.matches(text)
    }
}

/// Why a file of waivers cannot be read.
#[derive(Debug, Error)]
pub enum WaiverError {
    /// Nothing is there.
    #[error("it is empty")]
    Empty,
    /// It is no text.
    #[error("it is no UTF-8")]
    Encoding,
    /// Something in it is wrong.
    #[error(transparent)]
    Entry(#[from] Refusal),
}

/// Reads a file of waivers; `name` is how it was named.
///
/// # Errors
/// It is empty, or one of its entries is not understood to the letter.
pub fn read(name: &str, bytes: &[u8]) -> Result<Vec<Waiver>, WaiverError> {
    let text = std::str::from_utf8(bytes).map_err(|_| WaiverError::Encoding)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(WaiverError::Empty);
    }
    let entries = contract::waiver::read(text, &NARROWINGS)?;
    Ok(entries.into_iter().map(|entry| waiver(name, entry)).collect::<Result<_, _>>()?)
}

fn waiver(name: &str, entry: Entry) -> Result<Waiver, Refusal> {
    let is_plain = |id: &String| id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if let Some(id) = entry.ids.iter().find(|id| !is_plain(id)) {
        return Err(entry.wrong("id", &format!("`{id}` is no finding's id: it must be written out, such as NET003")));
    }
    let (mut resource, mut vpc, mut region, mut account) = (None, None, None, None);
    for narrowing in &entry.narrowings {
        let text = narrowing.text.as_str();
        let wrong = |cause: String| narrowing.wrong(&cause);
        match narrowing.key.as_str() {
            "resource" => resource = Some(Pattern::of(text).map_err(wrong)?),
            "vpc" => vpc = Some(Pattern::of(text).map_err(wrong)?),
            "region" => region = Some(region::named(text).map_err(wrong)?.to_owned()),
            "account" => account = Some(account_id(text).map_err(wrong)?.to_owned()),
            _ => return Err(narrowing.wrong("it is not followed")),
        }
    }
    let origin = format!("{name}, {}", entry.place);
    Ok(Waiver { ids: entry.ids, resource, vpc, region, account, reason: entry.reason, expires: entry.expires, origin })
}

fn account_id(text: &str) -> Result<&str, String> {
    let is_id = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_id { Ok(text) } else { Err(format!("`{text}` is no account: it has twelve digits")) }
}

/// A finding as a waiver sees it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its id, such as `NET003`.
    pub id: &'a str,
    /// Its resources, each by its id (or ARN) and its name. The first is the main one, which the finding is about; the others only prove it, or are
    /// what it hits, and a waiver is not about them.
    pub resources: &'a [(&'a str, Option<&'a str>)],
    /// The VPC's id.
    pub vpc: Option<&'a str>,
    /// The VPC's name.
    pub vpc_name: Option<&'a str>,
    /// The region.
    pub region: Option<&'a str>,
    /// The account.
    pub account: Option<&'a str>,
}

impl Waiver {
    /// Whether it is about the finding, whether or not it still holds.
    #[must_use]
    pub fn is_about(&self, subject: &Subject<'_>) -> bool {
        let (resource, name) = subject.resources.first().map_or((None, None), |(id, name)| (Some(*id), *name));
        self.ids.iter().any(|id| id.eq_ignore_ascii_case(subject.id))
            && fits_either(self.resource.as_ref(), [resource, name])
            && fits_either(self.vpc.as_ref(), [subject.vpc, subject.vpc_name])
            && self.region.as_deref().is_none_or(|region| subject.region == Some(region))
            && self.account.as_deref().is_none_or(|account| subject.account == Some(account))
    }

    /// Whether it does not hold any more.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires <= now
    }
}

fn fits_either(pattern: Option<&Pattern>, texts: [Option<&str>; 2]) -> bool {
    pattern.is_none_or(|pattern| texts.into_iter().flatten().any(|text| pattern.fits(text)))
}

/// What the waivers say of one finding; the number is a waiver's place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It counts: no waiver is about it.
    Counts,
    /// This waiver says that it need not count.
    Waived(usize),
    /// It counts: of the waivers that are about it, none holds any more; this one held longest.
    Expired(usize),
}

/// What the waivers say of a finding. The first that is about it and holds decides.
#[must_use]
pub fn rule(waivers: &[Waiver], subject: &Subject<'_>, now: Timestamp) -> Ruling {
    let about = || waivers.iter().enumerate().filter(|(_, waiver)| waiver.is_about(subject));
    if let Some((index, _)) = about().find(|(_, waiver)| !waiver.is_expired(now)) {
        return Ruling::Waived(index);
    }
    let latest = about().max_by_key(|(_, waiver)| waiver.expires);
    latest.map_or(Ruling::Counts, |(index, _)| Ruling::Expired(index))
}

/// The waivers, by their place in the list, that are about none of the findings, whether or not they still hold: each silences nothing.
#[must_use]
pub fn idle(waivers: &[Waiver], subjects: &[Subject<'_>]) -> Vec<usize> {
    let is_idle = |waiver: &Waiver| !subjects.iter().any(|subject| waiver.is_about(subject));
    waivers.iter().enumerate().filter(|(_, waiver)| is_idle(waiver)).map(|(index, _)| index).collect()
}

#[cfg(test)]
mod tests;
