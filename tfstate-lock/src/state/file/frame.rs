//! What a state says about itself, read out of its members.

use std::ops::Range;

use super::members::{Members, length};
use super::{FORMAT_VERSION, Form, StateFileError};
use crate::state::lineage::Lineage;

const WHOLE_NUMBER: &str = "a whole number from 0 to 18446744073709551615";

/// A state without what it holds and without what has to be computed from all of its bytes.
pub(super) struct Frame {
    pub(super) serial: u64,
    pub(super) lineage: Lineage,
    pub(super) form: Form,
    /// Where the digits of the serial are.
    digits: Range<usize>,
}

impl Frame {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, StateFileError> {
        let members = Members::find(bytes)?;
        let form = form(&members)?;
        let serial = required(&members, "serial")?;
        Ok(Self {
            serial: number("serial", serial)?,
            lineage: lineage(required(&members, "lineage")?)?,
            form,
            digits: place(bytes, serial),
        })
    }

    /// What stands before and behind the digits of the serial.
    pub(super) fn around_serial<'a>(&self, bytes: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        (&bytes[..self.digits.start], &bytes[self.digits.end..])
    }
}

fn form(members: &Members<'_>) -> Result<Form, StateFileError> {
    let sealed = ["encryption_version", "encrypted_data"].iter().any(|name| members.get(name).is_some());
    match (members.get("version"), sealed) {
        (None, false) => Err(StateFileError::Missing("version")),
        (None, true) => encrypted(members),
        (Some(_), true) => Err(StateFileError::Ambiguous),
        (Some(version), false) => plain(members, number("version", version)?),
    }
}

fn plain(members: &Members<'_>, version: u64) -> Result<Form, StateFileError> {
    match version {
        FORMAT_VERSION => Ok(Form::Plain {
            terraform_version: members.get("terraform_version").map_or(Ok(None), terraform_version)?,
            resources: members.get("resources").map_or(Ok(0), resources)?,
        }),
        0..FORMAT_VERSION => Err(StateFileError::TooOld(version)),
        _ => Err(StateFileError::TooNew(version)),
    }
}

/// OpenTofu goes by `encryption_version` alone and can decrypt nothing without the other two.
fn encrypted(members: &Members<'_>) -> Result<Form, StateFileError> {
    if required(members, "encryption_version")? != "\"v0\"" {
        return Err(StateFileError::UnknownEncryption);
    }
    let begins = |member, with, expected| {
        let json = required(members, member)?;
        if json.starts_with(with) { Ok(()) } else { Err(StateFileError::WrongType { member, expected }) }
    };
    begins("meta", '{', "an object")?;
    begins("encrypted_data", '"', "a string")?;
    Ok(Form::Encrypted)
}

fn required<'a>(members: &Members<'a>, name: &'static str) -> Result<&'a str, StateFileError> {
    members.get(name).ok_or(StateFileError::Missing(name))
}

/// Go reads no `4.0` and no `4e0` where it wants a whole number, and neither does Rust.
fn number(member: &'static str, json: &str) -> Result<u64, StateFileError> {
    json.parse().map_err(|_| StateFileError::WrongType { member, expected: WHOLE_NUMBER })
}

fn lineage(json: &str) -> Result<Lineage, StateFileError> {
    let wrong = StateFileError::WrongType { member: "lineage", expected: "a string of one line that is not empty" };
    let text: String = serde_json::from_str(json).map_err(|_| wrong)?;
    text.parse().map_err(|_| wrong)
}

/// Terraform reads a state only if this is a version. Here it is enough that it can be shown.
fn terraform_version(json: &str) -> Result<Option<String>, StateFileError> {
    let wrong = StateFileError::WrongType { member: "terraform_version", expected: "a version" };
    let text: String = serde_json::from_str(json).map_err(|_| wrong)?;
    let allowed = |character: char| character.is_ascii_alphanumeric() || ".-+~_".contains(character);
    if text.chars().all(allowed) { Ok(Some(text).filter(|text| !text.is_empty())) } else { Err(wrong) }
}

fn resources(json: &str) -> Result<usize, StateFileError> {
    length(json).ok_or(StateFileError::WrongType { member: "resources", expected: "a list" })
}

/// Where a part of the bytes lies in them.
fn place(bytes: &[u8], part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - bytes.as_ptr().addr();
    start..start + part.len()
}
