//! What became of a state while its lock was held. Pure: no clock, no network.
//!
//! In their daily work Terraform and OpenTofu write a snapshot with a higher serial and the same lineage, or nothing, and leave the object
//! there, also after `destroy`. Whatever else is found was done past them, or by force: `state push -force`, `init -migrate-state`,
//! `workspace delete`. Source: both repositories, `internal/states/remote/state.go`, `PersistState` and `WriteStateForMigration`.

use std::fmt;

use crate::state::file::{Reading, StateFile, StateFileError};
use crate::state::lineage::Lineage;

/// What became of a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aftermath {
    /// Nothing: not a byte is different.
    Unchanged {
        /// Its serial; none if there is no state.
        serial: Option<u64>,
    },
    /// It was written, as Terraform does.
    Written {
        /// The serial before.
        from: u64,
        /// The serial now.
        to: u64,
    },
    /// There was none, and now there is.
    Created {
        /// Its serial.
        serial: u64,
    },
    /// It is gone.
    Removed {
        /// The serial that it had; none if nobody could read it.
        serial: Option<u64>,
    },
    /// It is an older snapshot than before.
    WentBack {
        /// The serial before.
        from: u64,
        /// The serial now.
        to: u64,
    },
    /// It is another state.
    OtherLineage {
        /// The lineage before.
        from: Lineage,
        /// The lineage now.
        to: Lineage,
    },
    /// Its bytes are different, but the serial is not: a forced push of the snapshot before leaves it so (Terraform 1.11.4 on S3).
    Rewritten {
        /// The serial.
        serial: u64,
    },
    /// It cannot be read now.
    Unreadable(StateFileError),
    /// It could not be read before, so nobody knows what was changed.
    Unknown {
        /// The serial now.
        serial: u64,
    },
}

/// Judges what became of a state from what was found before and after. An empty object is no state, as for Terraform; but a state that
/// became one is lost, and not by Terraform's will.
#[must_use]
pub fn judge(before: Option<&Reading>, after: Option<&Reading>) -> Aftermath {
    let before = before.filter(|before| **before != Err(StateFileError::Empty));
    match (before, after) {
        (None, None | Some(Err(StateFileError::Empty))) => Aftermath::Unchanged { serial: None },
        (_, Some(Err(error))) => Aftermath::Unreadable(*error),
        (None, Some(Ok(after))) => Aftermath::Created { serial: after.serial },
        (Some(before), None) => Aftermath::Removed { serial: before.as_ref().ok().map(|before| before.serial) },
        (Some(Err(_)), Some(Ok(after))) => Aftermath::Unknown { serial: after.serial },
        (Some(Ok(before)), Some(Ok(after))) => between(before, after),
    }
}

fn between(before: &StateFile, after: &StateFile) -> Aftermath {
    let (from, to) = (before.serial, after.serial);
    if before.lineage != after.lineage {
        return Aftermath::OtherLineage { from: before.lineage.clone(), to: after.lineage.clone() };
    }
    if to > from {
        return Aftermath::Written { from, to };
    }
    if to < from {
        return Aftermath::WentBack { from, to };
    }
    if before.digest != after.digest {
        return Aftermath::Rewritten { serial: to };
    }
    Aftermath::Unchanged { serial: Some(to) }
}

impl Aftermath {
    /// Whether someone has to look: Terraform does not do that unless it is forced, or nobody knows what was done.
    #[must_use]
    pub fn is_alarming(&self) -> bool {
        match self {
            Self::Unchanged { .. } | Self::Written { .. } | Self::Created { .. } => false,
            Self::Removed { .. }
            | Self::WentBack { .. }
            | Self::OtherLineage { .. }
            | Self::Rewritten { .. }
            | Self::Unreadable(_)
            | Self::Unknown { .. } => true,
        }
    }
}

/// One line for people.
impl fmt::Display for Aftermath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unchanged { serial: Some(serial) } => write!(formatter, "the state is as it was, serial {serial}"),
            Self::Unchanged { serial: None } => write!(formatter, "there is no state, as before"),
            Self::Written { from, to } => write!(formatter, "the state was written: serial {from} before, {to} now"),
            Self::Created { serial } => write!(formatter, "the state was created, serial {serial}"),
            Self::Removed { serial: Some(serial) } => write!(formatter, "the state is gone: it had serial {serial}"),
            Self::Removed { serial: None } => write!(formatter, "the state is gone: nobody could read it before"),
            Self::WentBack { from, to } => {
                write!(formatter, "the state went back: serial {from} before, {to} now, which is an older snapshot")
            }
            Self::OtherLineage { from, to } => {
                write!(formatter, "the state is another one: lineage {from} before, {to} now")
            }
            Self::Rewritten { serial } => {
                write!(
                    formatter,
                    "the state has other content under the same serial {serial}: a plan made before would still be applied"
                )
            }
            Self::Unreadable(error) => write!(formatter, "the state cannot be read now: {error}"),
            Self::Unknown { serial } => {
                write!(
                    formatter,
                    "the state could not be read before, so nobody knows what was changed: serial {serial} now"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Lineage, serial, content; anything else is no state.
    fn reading(text: &str) -> Reading {
        let parts: Vec<&str> = text.split(' ').collect();
        let json = match parts.as_slice() {
            [lineage, serial, content] => {
                format!(r#"{{"version":4,"serial":{serial},"lineage":"{lineage}","outputs":{{"x":"{content}"}}}}"#)
            }
            _ => text.to_owned(),
        };
        StateFile::parse(json.as_bytes())
    }

    fn verdict(before: &str, after: &str) -> Aftermath {
        let seen = |text: &str| (text != "-").then(|| reading(text));
        judge(seen(before).as_ref(), seen(after).as_ref())
    }

    #[test]
    fn what_terraform_does_every_day_is_no_alarm() {
        let cases = [
            ("-", "-", "there is no state, as before"),
            ("", "", "there is no state, as before"),
            ("", "-", "there is no state, as before"),
            ("-", "", "there is no state, as before"),
            ("a 5 x", "a 5 x", "the state is as it was, serial 5"),
            ("a 5 x", "a 6 y", "the state was written: serial 5 before, 6 now"),
            ("a 5 x", "a 9 x", "the state was written: serial 5 before, 9 now"),
            ("-", "a 1 x", "the state was created, serial 1"),
            ("", "a 1 x", "the state was created, serial 1"),
        ];
        for (before, after, expected) in cases {
            let verdict = verdict(before, after);
            assert_eq!((verdict.to_string().as_str(), verdict.is_alarming()), (expected, false), "{before} -> {after}");
        }
    }

    #[test]
    fn what_was_done_past_terraform_or_by_force_is_an_alarm() {
        let cases = [
            ("a 5 x", "-", "the state is gone: it had serial 5"),
            ("{}", "-", "the state is gone: nobody could read it before"),
            ("a 7 x", "a 5 x", "the state went back: serial 7 before, 5 now, which is an older snapshot"),
            ("a 5 x", "b 6 x", "the state is another one: lineage a before, b now"),
            ("a 5 x", "b 1 x", "the state is another one: lineage a before, b now"),
            (
                "a 5 x",
                "a 5 y",
                "the state has other content under the same serial 5: a plan made before would still be applied",
            ),
            ("a 5 x", "", "the state cannot be read now: it is empty"),
            ("a 5 x", "{", "the state cannot be read now: it is cut off"),
            ("-", "{", "the state cannot be read now: it is cut off"),
            ("{", "{", "the state cannot be read now: it is cut off"),
            ("{", "a 5 x", "the state could not be read before, so nobody knows what was changed: serial 5 now"),
        ];
        for (before, after, expected) in cases {
            let verdict = verdict(before, after);
            assert_eq!((verdict.to_string().as_str(), verdict.is_alarming()), (expected, true), "{before} -> {after}");
        }
    }

    proptest! {
        #[test]
        fn a_serial_that_does_not_rise_is_an_alarm_unless_nothing_was_changed(
            (before, after) in (any::<u64>(), any::<u64>()),
            (x, y) in ("[ab]", "[ab]"),
        ) {
            let verdict = verdict(&format!("a {before} {x}"), &format!("a {after} {y}"));
            let same = before == after && x == y;
            prop_assert_eq!(verdict.is_alarming(), after <= before && !same, "{}", verdict);
            prop_assert_eq!(verdict == Aftermath::Unchanged { serial: Some(before) }, same);
        }
    }
}
